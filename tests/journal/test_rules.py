"""Weeks and lengths."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.journal.rules import read_minutes, refuse_day, week_of

DAYS = st.dates(date(1990, 1, 1), date(2100, 12, 31))


@given(DAYS)
def test_a_day_is_in_its_week_and_in_no_other(day: date) -> None:
    week = week_of(day)
    assert day in week
    assert day not in week.shifted(1)
    assert day not in week.shifted(-1)
    assert week.first_on.weekday() == 0
    assert week.until_on - week.first_on == timedelta(days=7)
    assert week.last_on == week.days[-1]
    assert week.first_on.isocalendar().week == day.isocalendar().week


@given(st.integers(1, 1440))
def test_minutes_are_read_as_they_are_written(minutes: int) -> None:
    hours, rest = divmod(minutes, 60)
    assert read_minutes(str(minutes)) == minutes
    assert read_minutes(f" {minutes} min ") == minutes
    assert read_minutes(f"{hours}:{rest:02}") == minutes
    if hours:
        assert read_minutes(f"{hours} h {rest:02}") == minutes
        assert read_minutes(f"{hours}h{rest}m") == minutes


@pytest.mark.parametrize(
    ("said", "minutes"),
    [
        ("45m", 45),
        ("٣٠", 30),
        ("1.5h", 90),
        ("1,5 h", 90),
        ("1.25 h", 75),
        ("0,33h", 20),
        ("2 hours", 120),
        ("1\N{NO-BREAK SPACE}h\N{NO-BREAK SPACE}30", 90),
    ],
)
def test_other_ways_to_say_a_length(said: str, minutes: int) -> None:
    assert read_minutes(said) == minutes


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("0", "at least one minute"),
        ("-30", "negative"),
        ("\N{MINUS SIGN}5", "negative"),
        ("1500", "24 hours"),
        ("25:00", "24 hours"),
        ("two hours", "is not a length"),
        ("", "is not a length"),
        ("1:75", "is not a length"),
        ("9" * 30, "is not a length"),
        ("45\x00", "is not a length"),
        ("1.30h", "can be 90 minutes or 78. Write 1:30, or 78 min."),
        ("1,05 h", "can be 65 minutes or 63"),
    ],
)
def test_what_is_no_length_is_refused_with_the_reason(said: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        read_minutes(said)


@given(st.text(max_size=60))
def test_any_text_is_a_length_or_refused_with_a_sentence(said: str) -> None:
    refusal = ""
    minutes = 1
    try:
        minutes = read_minutes(said)
    except ValueError as refused:
        refusal = str(refused)
    assert 1 <= minutes <= 1440
    assert refusal == "" or refusal.endswith(".")


@given(DAYS)
def test_no_day_to_come_can_be_logged(day: date) -> None:
    assert refuse_day(day + timedelta(days=1), day)
    assert bool(refuse_day(day, day)) == (day < date(2000, 1, 1))
