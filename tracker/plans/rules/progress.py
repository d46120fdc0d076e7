"""How far a learner has come, in minutes of the plan. Pure: the one place where percentages are made."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

DONE = "done"
KNOWN = "known"


@dataclass(frozen=True, slots=True)
class Marked:
    """What was said of an activity, and the minutes it had in the plan then."""

    key: str
    kind: str
    minutes: int


@dataclass(frozen=True, slots=True)
class Piece:
    """An activity of the plan's revision as the plan needs it."""

    key: str
    minutes: int
    required: bool


@dataclass(frozen=True, slots=True)
class Progress:
    """Minutes of the plan. Known ones stand apart: neither done nor to do."""

    done_minutes: int
    open_minutes: int
    known_minutes: int

    @property
    def plan_minutes(self) -> int:
        """Done and open together: what the percentage is a share of."""
        return self.done_minutes + self.open_minutes

    @property
    def percent(self) -> int:
        """Rounded down, so that 100 means all of it."""
        return self.done_minutes * 100 // self.plan_minutes if self.plan_minutes else 100

    @property
    def is_finished(self) -> bool:
        return self.open_minutes == 0


def remaining_minutes(planned: int, logged: int) -> int:
    """What an open activity still takes: its minutes less those logged on it, never under a quarter."""
    return max(planned - logged, -(-planned // 4))


def measure(pieces: Iterable[Piece], marks: Mapping[str, Marked]) -> Progress:
    """The progress over these activities.

    A done activity counts with the minutes of the plan's revision, an optional one too; a done one that the
    revision has no more (retired) keeps the minutes it had when it was done. Optional ones that are not
    done, and known ones, are outside the sum.
    """
    done = known = still_open = 0
    seen: set[str] = set()
    for piece in pieces:
        seen.add(piece.key)
        mark = marks.get(piece.key)
        if mark is None:
            still_open += piece.minutes if piece.required else 0
        elif mark.kind == DONE:
            done += piece.minutes
        else:
            known += piece.minutes
    retired = [mark for mark in marks.values() if mark.key not in seen and mark.kind == DONE]
    return Progress(done + sum(mark.minutes for mark in retired), still_open, known)
