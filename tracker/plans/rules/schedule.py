"""Work laid on dates, from minutes for each weekday, a start and pauses. Pure and deterministic."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

# Beyond this a plan has no date: one hour a week needs about seven and a half years for the longest track.
LONGEST_DAYS = 366 * 20
WEEK = timedelta(days=7)
QUARTER = 15


@dataclass(frozen=True, slots=True)
class Off:
    """Days off, half-open `[first_on, until_on)`; an end of None is open."""

    first_on: date
    until_on: date | None

    def __contains__(self, day: date) -> bool:
        return self.first_on <= day and (self.until_on is None or day < self.until_on)

    def days_in(self, from_on: date, until_on: date) -> Iterator[date]:
        """Its days within `[from_on, until_on)`."""
        first = max(self.first_on, from_on)
        end = until_on if self.until_on is None else min(self.until_on, until_on)
        return (first + timedelta(days=ahead) for ahead in range((end - first).days))


def touch(one: Off, other: Off) -> bool:
    """Whether two pauses overlap, or one begins on the day the other ends."""
    return (one.until_on is None or other.first_on <= one.until_on) and (
        other.until_on is None or one.first_on <= other.until_on
    )


def merged(pauses: Sequence[Off]) -> Off:
    """One pause in place of several that touch."""
    ends = [pause.until_on for pause in pauses]
    known = [end for end in ends if end is not None]
    return Off(min(pause.first_on for pause in pauses), max(known) if len(known) == len(ends) else None)


def phase(on: date, start_on: date, off: Iterable[Off]) -> str:
    """Where a plan that is not finished stands on a day: paused, active or not-started."""
    if any(on in days for days in off):
        return "paused"
    return "active" if start_on <= on else "not-started"


@dataclass(frozen=True, slots=True)
class Work:
    """Something still to be studied."""

    key: str
    minutes: int


@dataclass(frozen=True, slots=True)
class Laid:
    """Work on dates, both days included."""

    key: str
    minutes: int
    first_on: date
    last_on: date


@dataclass(frozen=True, slots=True)
class End:
    """Where a layout ends: its last day, and the minutes of that day which it leaves."""

    on: date
    spare_minutes: int


@dataclass(frozen=True, slots=True)
class Start:
    """Where a layout begins: its first day, and the minutes of that day which it cannot have."""

    on: date
    spent_minutes: int = 0


@dataclass(frozen=True, slots=True)
class Pace:
    """What a week asks: minutes for each weekday, Monday first, and the days that are off."""

    weekday_minutes: tuple[int, ...]
    off: tuple[Off, ...] = ()

    @property
    def week_minutes(self) -> int:
        """What a week without days off asks."""
        return sum(self.weekday_minutes)

    def is_off(self, day: date) -> bool:
        # Every page asks this of a hundred days: a loop, which costs half of what a generator does.
        for off in self.off:  # noqa: SIM110
            if day in off:
                return True
        return False

    def minutes_on(self, day: date) -> int:
        """What the plan asks of one day."""
        return 0 if self.is_off(day) else self.weekday_minutes[day.weekday()]

    def minutes_in(self, days: Iterable[date]) -> int:
        """What the plan asks of these days together."""
        return sum(self.minutes_on(day) for day in days)

    def days_with_time(self, start: Start) -> Iterator[tuple[date, int]]:
        """The days from the start on that have time, with their minutes; ends at the horizon."""
        for ahead in range(LONGEST_DAYS):
            day = start.on + timedelta(days=ahead)
            minutes = self.minutes_on(day) - (start.spent_minutes if ahead == 0 else 0)
            if minutes > 0:
                yield day, minutes


def lay_out(work: Sequence[Work], pace: Pace, start: Start) -> tuple[Laid, ...]:
    """Lays the work on the days from the start, in its order and without a gap.

    Spaced by minutes, never by count. Work that finds no day before the horizon (an open pause, a week
    without time) is left out, and so is all after it.
    """
    laid: list[Laid] = []
    days = pace.days_with_time(start)
    day, left = start.on, 0
    for item in work:
        first_on: date | None = None
        need = item.minutes
        while need > 0:
            if left == 0:
                following = next(days, None)
                if following is None:
                    return tuple(laid)
                day, left = following
            first_on = first_on or day
            spent = min(need, left)
            need -= spent
            left -= spent
        if first_on is not None:
            laid.append(Laid(item.key, item.minutes, first_on, day))
    return tuple(laid)


def finish_on(minutes: int, pace: Pace, start: Start) -> date | None:
    """The day on which so many minutes are done: the last day of their layout.

    None where no day within the horizon is.
    """
    end = end_of(minutes, pace, start)
    return end.on if end else None


def end_of(minutes: int, pace: Pace, start: Start) -> End | None:
    """Where the layout of so many minutes ends; None where it does not end within the horizon."""
    if minutes <= 0:
        return End(start.on, 0)
    # The first week day by day, for what is spent of it; then whole weeks at once as far as no pause begins
    # or runs, and day by day again. A page asks this on every visit.
    second = None
    for day, available in pace.days_with_time(start):
        if day >= start.on + WEEK:
            second = start.on + WEEK
            break
        minutes -= available
        if minutes <= 0:
            return End(day, -minutes)
    if second is None or not pace.week_minutes:
        return None
    quiet_until = min(
        (off.first_on for off in pace.off if off.until_on is None or off.until_on > second), default=None
    )
    weeks = (minutes - 1) // pace.week_minutes
    if quiet_until is not None:
        weeks = min(weeks, max(0, (quiet_until - second).days) // 7)
    weeks = min(weeks, LONGEST_DAYS // 7)
    minutes -= weeks * pace.week_minutes
    for day, available in pace.days_with_time(Start(second + weeks * WEEK)):
        minutes -= available
        if minutes <= 0:
            return End(day, -minutes) if (day - start.on).days < LONGEST_DAYS else None
    return None


def start_towards(end: End, minutes: int, pace: Pace, earliest: Start) -> Start:
    """Where a layout of so many minutes begins that ends there and no sooner; never before `earliest`.

    Work that has only shrunk since a layout ended there then begins no earlier than it did in that layout:
    what lies behind an activity is no more than it was, and it is measured from the same end.
    """
    day, left = end.on, minutes + end.spare_minutes
    while day >= earliest.on:
        available = pace.minutes_on(day)
        if left <= available:
            spent = available - left
            return Start(day, spent if day > earliest.on else max(spent, earliest.spent_minutes))
        left -= available
        day -= timedelta(days=1)
    return earliest


def week_minutes_needed(minutes: int, pace: Pace, from_on: date, target_on: date) -> int | None:
    """What a week must ask so that so many minutes are done by the end of `target_on`.

    The shape of the week stays, its minutes grow together; rounded up to quarters of an hour. None where no
    day before the target has time at all, or where a week is too short for it.
    """
    days = (target_on - from_on).days + 1
    available = pace.minutes_in(from_on + timedelta(days=n) for n in range(max(0, days)))
    if available <= 0:
        return None
    exact = minutes * pace.week_minutes / available
    needed = -(-int(-(-exact // 1)) // QUARTER) * QUARTER
    days_with_time = sum(1 for minutes in pace.weekday_minutes if minutes)
    return needed if needed <= days_with_time * 24 * 60 else None
