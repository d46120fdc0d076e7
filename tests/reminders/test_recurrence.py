"""Days that come again, and zones as RFC 5545 has them, on any day and in every zone."""

from bisect import bisect_right
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

from hypothesis import given
from hypothesis import strategies as st

from tracker.plans.rules.schedule import Off
from tracker.reminders.recurrence import onsets, series

days = st.dates(date(2026, 1, 1), date(2032, 12, 31))


@given(days, st.integers(0, 400), st.integers(1, 7), st.integers(0, 400), st.integers(1, 60), st.booleans())
def test_a_series_has_each_such_weekday_once_and_none_that_is_off(
    from_on: date, length: int, weekday: int, ahead: int, off_days: int, is_monthly: bool
) -> None:
    to_on = from_on + timedelta(days=length)
    begins = from_on + timedelta(days=ahead)
    off = Off(begins, begins + timedelta(days=off_days))
    wanted = [
        day
        for day in (from_on + timedelta(days=n) for n in range(length + 1))
        if day.isoweekday() == weekday and day not in off and (day.day <= 7 or not is_monthly)
    ]
    found = series(from_on, to_on, weekday, [off], is_monthly=is_monthly)
    if found is None:
        assert wanted == []
        return
    assert (found.first_on, found.last_on) == (wanted[0], wanted[-1])
    step = (found.first_on + timedelta(days=n) for n in range(0, length + 1, 7))
    between = [day for day in step if day <= found.last_on and (day.day <= 7 or not is_monthly)]
    assert [day for day in between if day not in found.without] == wanted
    assert set(found.without) <= set(between)


def test_an_open_pause_ends_a_series() -> None:
    found = series(date(2026, 10, 5), date(2027, 3, 1), 7, [Off(date(2026, 11, 1), None)])
    assert found is not None
    assert (found.first_on, found.last_on) == (date(2026, 10, 11), date(2026, 10, 25))
    assert found.without == ()


def test_vienna_goes_forward_at_two_and_back_at_three() -> None:
    first, forward, back = onsets(ZoneInfo("Europe/Vienna"), 2027, 2027)
    assert (first.at, first.offset_from, first.offset_to) == (
        datetime(2026, 12, 31, 1),
        *[timedelta(hours=1)] * 2,
    )
    assert (forward.at, forward.offset_to, forward.is_daylight) == (
        datetime(2027, 3, 28, 2),
        timedelta(hours=2),
        True,
    )
    assert (back.at, back.offset_to, back.is_daylight) == (
        datetime(2027, 10, 31, 3),
        timedelta(hours=1),
        False,
    )
    assert (forward.name, back.name) == ("CEST", "CET")


def test_in_every_zone_the_onsets_say_what_the_clocks_say() -> None:
    for name in sorted(available_timezones() - {"localtime", "Factory"}):
        zone = ZoneInfo(name)
        found = onsets(zone, 2026, 2028)
        starts = [(onset.at - onset.offset_from).replace(tzinfo=UTC) for onset in found]
        assert starts == sorted(set(starts)), name
        for start, onset in zip(starts[1:], found[1:], strict=True):
            assert start.astimezone(zone).utcoffset() == onset.offset_to, (name, start)
            assert (start - timedelta(seconds=1)).astimezone(zone).utcoffset() == onset.offset_from, name
        for half_days in range(3 * 365 * 2):
            moment = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=12 * half_days)
            at = bisect_right(starts, moment) - 1
            assert moment.astimezone(zone).utcoffset() == found[at].offset_to, (name, moment)
