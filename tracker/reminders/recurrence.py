"""The days of an event that comes again, and a time zone as RFC 5545 describes one. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from tracker.plans.rules.schedule import Off

_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Series:
    """The days of an event that comes every week, or on the first such weekday of every month.

    first_on, last_on: its first and last day. without: days between them on which it does not come.
    """

    first_on: date
    last_on: date
    is_monthly: bool
    without: tuple[date, ...]


def series(
    from_on: date, to_on: date, weekday: int, off: Sequence[Off], *, is_monthly: bool = False
) -> Series | None:
    """The series on an ISO weekday within these days, both included, that leaves out days off.

    None where no day is left.
    """
    first = from_on + timedelta(days=(weekday - from_on.isoweekday()) % 7)
    days = [first + n * 7 * _DAY for n in range((to_on - first).days // 7 + 1)]
    if is_monthly:
        days = [day for day in days if day.day <= 7]
    without = {day for day in days if any(day in pause for pause in off)}
    held = [day for day in days if day not in without]
    if not held:
        return None
    first_on, last_on = held[0], held[-1]
    return Series(
        first_on, last_on, is_monthly, tuple(sorted(day for day in without if first_on < day < last_on))
    )


@dataclass(frozen=True, slots=True)
class Onset:
    """A moment from which the clocks of a zone have another offset from UTC, or another name for it.

    at: on the clock as it stood before, which is how a VTIMEZONE gives it.
    """

    at: datetime
    offset_from: timedelta
    offset_to: timedelta
    name: str
    is_daylight: bool


def onsets(zone: ZoneInfo, first_year: int, last_year: int) -> tuple[Onset, ...]:
    """The onsets of a zone in these years, both included, beginning with what holds at their first moment."""
    moment = datetime(first_year, 1, 1, tzinfo=UTC) - _DAY
    until = datetime(last_year + 1, 1, 1, tzinfo=UTC) + _DAY
    found = [_onset(zone, moment, _clock(zone, moment)[0])]
    for change in _changes(zone, moment, until):
        found.append(_onset(zone, change, _clock(zone, change - _SECOND)[0]))
    return tuple(found)


def _clock(zone: tzinfo, moment: datetime) -> tuple[timedelta, str, bool]:
    """The offset, its name, and whether it is daylight saving time."""
    local = moment.astimezone(zone)
    return local.utcoffset() or timedelta(), local.tzname() or "", bool(local.dst())


def _onset(zone: tzinfo, moment: datetime, offset_from: timedelta) -> Onset:
    offset_to, name, is_daylight = _clock(zone, moment)
    return Onset((moment + offset_from).replace(tzinfo=None), offset_from, offset_to, name, is_daylight)


def _changes(zone: tzinfo, first: datetime, until: datetime) -> Iterator[datetime]:
    """The instants within `(first, until]` at which the clocks change, to the second."""
    before, at = first, _clock(zone, first)
    while before < until:
        after = before + _DAY
        following = _clock(zone, after)
        if following != at:
            low, high = before, after
            while high - low > _SECOND:
                middle = low + (high - low) // (2 * _SECOND) * _SECOND
                low, high = (middle, high) if _clock(zone, middle) == at else (low, middle)
            yield high
        before, at = after, following
