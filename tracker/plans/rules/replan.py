"""What to do about a date that moved: the plan's own hours against its date. Pure.

Nothing here changes a plan. Each way on says what it would change, so that it can be shown beside the others.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from tracker.plans.rules.schedule import QUARTER, Pace, Start, Work, finish_on, week_minutes_needed

UNDO_DAYS = 7
DAY_MINUTES = 24 * 60


@dataclass(frozen=True, slots=True)
class Ways:
    """The ways on from a plan that leads to another day than it should.

    `date_on` is the day to keep: the target, or where there is none the end of the first layout.
    `weekday_minutes` keep it, None where no week is long enough; `finish_on` is where the present hours lead,
    None where no day can be said; `minutes_over` is how much work finds no room before the day to keep.
    """

    date_on: date
    weekday_minutes: tuple[int, ...] | None
    finish_on: date | None
    minutes_over: int

    @property
    def week_minutes(self) -> int | None:
        """The hours of the week that keep the date."""
        return sum(self.weekday_minutes) if self.weekday_minutes is not None else None

    @property
    def is_behind(self) -> bool:
        """Whether the present hours lead past the day to keep."""
        return self.finish_on is None or self.finish_on > self.date_on


def ways(minutes: int, pace: Pace, start: Start, date_on: date) -> Ways:
    """The ways on for so many minutes that are left."""
    return Ways(
        date_on=date_on,
        weekday_minutes=hours_that_keep(minutes, pace, start, date_on),
        finish_on=finish_on(minutes, pace, start),
        minutes_over=max(0, minutes - minutes_until(pace, start, date_on)),
    )


def hours_that_keep(minutes: int, pace: Pace, start: Start, date_on: date) -> tuple[int, ...] | None:
    """The minutes of each weekday with which the work ends by `date_on`: the shape of the week stays.

    Whole quarters of an hour, never fewer than now. None where a day would have to hold more than it has.
    """
    wanted = week_minutes_needed(minutes, pace, start.on, date_on)
    while wanted is not None:
        stretched = stretch(pace.weekday_minutes, max(wanted, pace.week_minutes))
        if stretched is None:
            return None
        ends_on = finish_on(minutes, Pace(stretched, pace.off), start)
        if ends_on is not None and ends_on <= date_on:
            return stretched
        # What was studied today already, and rounding, can leave it a little late.
        wanted = max(wanted, pace.week_minutes) + QUARTER
    return None


def stretch(weekday_minutes: Sequence[int], week_minutes: int) -> tuple[int, ...] | None:
    """The same week with so many minutes or a little more, in quarters of an hour; None if a day is full."""
    before = sum(weekday_minutes)
    if before <= 0:
        return None
    grown = tuple(
        -(-minutes * week_minutes // (before * QUARTER)) * QUARTER if minutes else 0
        for minutes in weekday_minutes
    )
    return grown if max(grown) <= DAY_MINUTES else None


def minutes_until(pace: Pace, start: Start, date_on: date) -> int:
    """What the plan's hours hold from the start to the end of `date_on`."""
    days = max(0, (date_on - start.on).days + 1)
    whole = pace.minutes_in(start.on + timedelta(days=ahead) for ahead in range(days))
    return max(0, whole - min(start.spent_minutes, pace.minutes_on(start.on) if days else 0))


def fewest_that_make_room(work: Sequence[Work], minutes: int) -> frozenset[str]:
    """As few of these as take so many minutes or more, and of those few no longer ones than needed.

    All of them where they do not suffice, none where nothing is asked.
    """
    longest_first = sorted(enumerate(work), key=lambda row: (-row[1].minutes, -row[0]))
    gone: list[Work] = []
    left = minutes
    for _, item in longest_first:
        if left <= 0:
            break
        gone.append(item)
        left -= item.minutes
    if gone and left < 0:
        # The last one may be longer than it has to be.
        needed = left + gone[-1].minutes
        others = [item for _, item in longest_first if item not in gone[:-1] and item.minutes >= needed]
        gone[-1] = others[-1]
    return frozenset(item.key for item in gone)


def refuse_undo(changed_at: datetime, now: datetime, *, is_last: bool, has_before: bool) -> str:
    """Why a change of the plan cannot be undone; empty where it can."""
    if not has_before:
        return "The plan began with this; there is nothing before it to go back to."
    if not is_last:
        return "The plan was changed again since; undo the later change first."
    if now - changed_at > timedelta(days=UNDO_DAYS):
        return f"A change can be undone for {UNDO_DAYS} days, and these are over."
    return ""
