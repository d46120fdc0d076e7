"""The order of work: one module after the other, or independent ones side by side. Pure and deterministic."""

from collections.abc import Sequence
from dataclasses import dataclass

AT_ONCE = 2
"""So many modules at most run side by side: more would be a week of beginnings."""


@dataclass(frozen=True, slots=True)
class ModuleWork:
    """A module's open work in its own order: keys with minutes; `needs` are modules it builds on."""

    key: str
    number: int
    needs: frozenset[str]
    work: tuple[tuple[str, int], ...]


def side_by_side(modules: Sequence[ModuleWork], at_once: int = AT_ONCE) -> tuple[str, ...]:
    """The keys of all work, modules whose prerequisites are finished taking turns.

    In turn is the one that has had fewest minutes so far, of equals the one with the lower number. A module
    begins only when everything it builds on is laid out before it; needs outside of `modules` count as met.
    The order of the argument does not matter.
    """
    waiting = sorted((row for row in modules if row.work), key=lambda row: row.number)
    unfinished = {row.key for row in waiting}
    active: list[_Turn] = []
    ordered: list[str] = []
    while waiting or active:
        for row in list(waiting):
            if len(active) < at_once and not row.needs & unfinished:
                # A newcomer does not catch up on the minutes that others had before it came.
                active.append(_Turn(row, had=min((turn.had for turn in active), default=0)))
                waiting.remove(row)
        if not active:
            # Needs that run in a circle cannot come from a checked curriculum; the order of numbers then.
            active.append(_Turn(waiting.pop(0), had=0))
        turn = min(active, key=lambda each: (each.had, each.row.number))
        key, minutes = turn.row.work[turn.place]
        ordered.append(key)
        turn.place += 1
        turn.had += minutes
        if turn.place == len(turn.row.work):
            active.remove(turn)
            unfinished.discard(turn.row.key)
    return tuple(ordered)


@dataclass(slots=True)
class _Turn:
    """A module under way: how far it is, and the minutes it had."""

    row: ModuleWork
    had: int
    place: int = 0
