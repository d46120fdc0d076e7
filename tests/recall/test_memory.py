"""FSRS as py-fsrs 6.3 publishes it: what its own tests expect is what our days get."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from fsrs.scheduler import DEFAULT_PARAMETERS
from hypothesis import given
from hypothesis import strategies as st

from tracker.recall.rules.memory import (
    AGAIN,
    EASY,
    GOOD,
    GRADES,
    HARD,
    BadWeights,
    Memory,
    Weights,
    read_weights,
    review,
    strength,
)

FIRST_DAY = date(2022, 11, 29)
grades = st.sampled_from(GRADES)
waits = st.integers(1, 400)


def after(reviews: list[tuple[int, int]], weights: Weights | None = None) -> list[Memory]:
    """The memory after each review: grade, and days since the one before."""
    on, held, seen = FIRST_DAY, None, []
    for grade, days in reviews:
        on += timedelta(days=days)
        held = review(held, grade, on, weights).memory
        seen.append(held)
    return seen


# test_memo_state of py-fsrs, and the same of fsrs-rs with the weights of the same day at nought.
MEMO = [(AGAIN, 0), (GOOD, 0), (GOOD, 1), (GOOD, 3), (GOOD, 8), (GOOD, 21)]


def test_the_published_memory_state() -> None:
    held = after(MEMO)[-1]
    assert held.stability == pytest.approx(53.62691, abs=1e-4)
    assert held.difficulty == pytest.approx(6.3574867, abs=1e-4)


def test_the_published_memory_state_of_other_parameters() -> None:
    weights = read_weights([*DEFAULT_PARAMETERS[:17], 0.0, 0.0, 0.0, DEFAULT_PARAMETERS[20]])
    held = after(MEMO, weights)[-1]
    assert held.stability == pytest.approx(53.335106, abs=1e-4)
    assert held.difficulty == pytest.approx(6.3574867, abs=1e-4)


def test_the_published_intervals() -> None:
    """test_review_card of py-fsrs: six times Good, twice Again, five times Good, each on the day it is due.

    There a first Good, and what was forgotten, comes back after minutes: an interval of 0 days. We ask of no
    one the same day, so that each such review is on the day of the one before, as it is there.
    """
    ratings = [GOOD] * 6 + [AGAIN] * 2 + [GOOD] * 5
    published = [0, 2, 11, 46, 163, 498, 0, 0, 2, 4, 7, 12, 21]
    on, held, given_days = FIRST_DAY, None, []
    for grade, days in zip(ratings, published, strict=True):
        outcome = review(held, grade, on)
        given_days.append((outcome.due_on - on).days)
        held = outcome.memory
        on += timedelta(days=days)
    asked_in_minutes = [place for place, days in enumerate(published) if days == 0]
    assert [days for place, days in enumerate(given_days) if place not in asked_in_minutes] == [
        days for days in published if days
    ]
    assert all(given_days[place] >= 1 for place in asked_in_minutes)


def test_the_published_first_stability_and_difficulty() -> None:
    first = [review(None, grade, FIRST_DAY).memory for grade in GRADES]
    assert [held.stability for held in first] == pytest.approx([0.212, 1.2931, 2.3065, 8.2956])
    assert [held.difficulty for held in first] == pytest.approx([6.4133, 5.11217071, 2.11810397, 1.0])


def test_repeated_easy_ends_at_the_least_difficulty() -> None:
    assert after([(EASY, 0)] * 10)[-1].difficulty == 1.0


def test_after_as_many_days_as_the_stability_nine_in_ten_are_left() -> None:
    held = Memory(20.0, 5.0, FIRST_DAY)
    assert strength(held, FIRST_DAY) == 1.0
    assert strength(held, FIRST_DAY + timedelta(days=20)) == pytest.approx(0.9)


@given(st.lists(st.tuples(grades, waits), min_size=1, max_size=12))
def test_what_comes_back_comes_back_on_another_day(reviews: list[tuple[int, int]]) -> None:
    held = after(reviews)[-1]
    next_days = [review(held, grade, held.reviewed_on + timedelta(days=3)).due_on for grade in GRADES]
    assert all(day > held.reviewed_on + timedelta(days=3) for day in next_days)
    assert next_days == sorted(next_days)  # the better the answer, the later


@given(st.lists(st.tuples(grades, waits), min_size=1, max_size=12))
def test_it_fades_and_never_grows_by_waiting(reviews: list[tuple[int, int]]) -> None:
    held = after(reviews)[-1]
    seen = [strength(held, held.reviewed_on + timedelta(days=days)) for days in (0, 1, 7, 60, 1000)]
    assert all(0 < later <= earlier <= 1 for earlier, later in pairwise(seen))


def test_who_travels_west_is_not_asked_in_the_past() -> None:
    held = review(None, GOOD, FIRST_DAY).memory
    assert review(held, GOOD, FIRST_DAY - timedelta(days=1)).memory.reviewed_on == FIRST_DAY
    assert strength(held, FIRST_DAY - timedelta(days=1)) == 1.0


@pytest.mark.parametrize("grade", [0, 5, -1])
def test_no_other_grade_is_taken(grade: int) -> None:
    with pytest.raises(ValueError, match="not a valid Rating"):
        review(None, grade, FIRST_DAY)


@pytest.mark.parametrize(
    ("weights", "reason"),
    [
        ([1.0] * 20, "Expected 21 parameters"),
        ([float("nan"), *DEFAULT_PARAMETERS[1:]], "finite"),
        ([-1.0, *DEFAULT_PARAMETERS[1:]], r"parameters\[0\] = -1.0 is out of bounds"),
    ],
)
def test_parameters_are_what_the_library_takes(weights: list[float], reason: str) -> None:
    with pytest.raises(BadWeights, match=reason):
        read_weights(weights)
    assert read_weights(DEFAULT_PARAMETERS) == DEFAULT_PARAMETERS


def test_the_grades_are_the_librarys_own() -> None:
    assert (AGAIN, HARD, GOOD, EASY) == (1, 2, 3, 4)
