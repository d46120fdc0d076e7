"""Which activities to do next. Pure."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Candidate:
    """An open, required activity in the plan's order."""

    key: str
    module_key: str
    remaining_minutes: int
    started: bool


def ready(candidates: Sequence[Candidate], needs: Mapping[str, Set[str]]) -> tuple[Candidate, ...]:
    """Those whose turn has come: begun ones, and those of modules that build on no module with open work.

    `needs` says for each module what it builds on. All of them where modules wait for one another in a
    circle, which a checked curriculum does not have.
    """
    unfinished = {candidate.module_key for candidate in candidates}
    found = tuple(row for row in candidates if row.started or not needs[row.module_key] & unfinished)
    return found or tuple(candidates)


def choose_next(candidates: Sequence[Candidate], minutes_left: int, limit: int = 3) -> tuple[str, ...]:
    """At most `limit` activities that fit the minutes left, in the plan's order.

    What is begun comes before what is not; the first of the plan is always there, however long, so that the
    page never says there is nothing to do while there is.
    """
    near = candidates[: limit * 4]
    in_turn = [c for c in near if c.started] + [c for c in near if not c.started]
    chosen: list[Candidate] = []
    left = minutes_left
    for candidate in in_turn:
        if len(chosen) == limit:
            break
        if not chosen or candidate.remaining_minutes <= left:
            chosen.append(candidate)
            left -= candidate.remaining_minutes
    return tuple(candidate.key for candidate in chosen)


def fitting(remaining: Sequence[int], minutes_left: int) -> int:
    """How many activities, one after the other in the plan's order, the minutes left are enough for."""
    number = 0
    for minutes in remaining:
        minutes_left -= minutes
        if minutes_left < 0:
            break
        number += 1
    return number
