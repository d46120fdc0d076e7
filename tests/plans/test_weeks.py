"""Weeks against their target: the average of four, and weeks in a row."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.plans.rules.weeks import Kept, average, in_a_row

WEEKS = st.lists(st.builds(Kept, st.integers(0, 900), st.integers(0, 900), st.booleans()), max_size=60)
PAUSE = Kept(0, 0, is_paused=True)


def week(logged: int, target: int = 300) -> Kept:
    return Kept(logged, target, is_paused=False)


@given(weeks=WEEKS, at=st.integers(0, 60))
def test_a_paused_week_is_neutral_wherever_it_stands(weeks: list[Kept], at: int) -> None:
    with_pause = [*weeks[:at], PAUSE, *weeks[at:]]
    assert in_a_row(with_pause) == in_a_row(weeks)
    assert average(with_pause) == average(weeks)


@given(weeks=WEEKS)
def test_a_week_on_target_adds_one_and_one_under_it_ends_the_row(weeks: list[Kept]) -> None:
    assert in_a_row([*weeks, week(300)]) == in_a_row(weeks) + 1
    assert in_a_row([*weeks, week(299)]) == 0


@given(weeks=WEEKS)
def test_the_average_lies_between_the_weeks_it_is_made_of(weeks: list[Kept]) -> None:
    counted = [row.logged_minutes for row in weeks if not row.is_paused][-4:]
    found = average(weeks)
    if len(counted) < 4:
        assert found is None
    else:
        assert found is not None
        assert min(counted) <= found <= max(counted)


@pytest.mark.parametrize(("logged", "expected"), [([100, 200, 300, 400], 250), ([9000, 0, 0, 0, 0], 0)])
def test_only_the_last_four_are_averaged(logged: list[int], expected: int) -> None:
    assert average([week(minutes) for minutes in logged]) == expected


def test_a_week_that_asked_for_nothing_is_not_on_target() -> None:
    assert in_a_row([week(300), week(500, 0)]) == 0
