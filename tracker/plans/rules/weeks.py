"""Weeks against their target: the average of four, and how many in a row. A paused week is neutral. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

AVERAGED = 4


@dataclass(frozen=True, slots=True)
class Kept:
    """A whole week: the minutes logged and asked, and whether it was paused."""

    logged_minutes: int
    target_minutes: int
    is_paused: bool

    @property
    def on_target(self) -> bool:
        """Whether something was asked and was done."""
        return self.target_minutes > 0 and self.logged_minutes >= self.target_minutes


def average(weeks: Sequence[Kept]) -> int | None:
    """The mean minutes of the last four weeks that were not paused; None with fewer than four."""
    counted = [week.logged_minutes for week in weeks if not week.is_paused][-AVERAGED:]
    return round(sum(counted) / AVERAGED) if len(counted) == AVERAGED else None


def in_a_row(weeks: Sequence[Kept]) -> int:
    """How many weeks up to the last one were on target; a paused one neither counts nor breaks the row."""
    number = 0
    for week in reversed(weeks):
        if week.is_paused:
            continue
        if not week.on_target:
            break
        number += 1
    return number
