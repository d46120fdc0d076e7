"""The forecast: a range from the learner's own weeks."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.calibration import cases, promise, share_held
from bench.learners import KINDS, learners
from tracker.plans.rules.forecast import (
    MODULES_NEEDED,
    SLOWEST,
    UNSEEN_ERROR,
    WEEKS_NEEDED,
    Finished,
    estimate,
    forecast,
)

WEEKS = st.lists(st.integers(0, 3000), min_size=WEEKS_NEEDED, max_size=160).filter(any)
LEFT = st.integers(1, 60_000)
ERROR = st.floats(0, 2)


@given(left=LEFT, weeks=WEEKS, error=ERROR)
def test_the_ranges_lie_inside_one_another_around_the_likely_time(
    left: int, weeks: list[int], error: float
) -> None:
    said = forecast(left, weeks, error)
    assert said is not None
    assert 0 < said.low_80 <= said.low_50 <= said.likely <= said.high_50 <= said.high_80
    assert said.high_80 <= said.likely / SLOWEST * (1 + 1e-9)
    assert all(math.isfinite(end) for end in (said.low_80, said.high_80))


@given(left=LEFT, more=st.integers(1, 10_000), weeks=WEEKS, error=ERROR)
def test_more_to_do_never_ends_sooner(left: int, more: int, weeks: list[int], error: float) -> None:
    said, later = forecast(left, weeks, error), forecast(left + more, weeks, error)
    assert said is not None
    assert later is not None
    assert later.likely > said.likely
    assert later.high_80 >= said.high_80


@given(left=LEFT, weeks=WEEKS, error=ERROR, more=st.floats(0.01, 1))
def test_more_doubt_makes_the_range_wider(left: int, weeks: list[int], error: float, more: float) -> None:
    sure, unsure = forecast(left, weeks, error), forecast(left, weeks, error + more)
    assert sure is not None
    assert unsure is not None
    assert unsure.low_80 <= sure.low_80
    assert unsure.high_80 >= sure.high_80


@given(left=LEFT, weeks=WEEKS, factor=st.integers(2, 5), error=ERROR)
def test_it_has_no_unit_of_its_own(left: int, weeks: list[int], factor: int, error: float) -> None:
    """Twice the work at twice the pace takes as long."""
    said = forecast(left, weeks, error)
    same = forecast(left * factor, [week * factor for week in weeks], error)
    assert said is not None
    assert same is not None
    assert same.high_80 == pytest.approx(said.high_80)
    assert same.low_50 == pytest.approx(said.low_50)


def test_recent_weeks_weigh_more() -> None:
    slowing, quickening = [600] * 10 + [300] * 10, [300] * 10 + [600] * 10
    slow, quick = forecast(6000, slowing, 0.2), forecast(6000, quickening, 0.2)
    assert slow is not None
    assert quick is not None
    assert slow.likely > 6000 / 450 > quick.likely


def test_steady_weeks_give_a_narrower_range_than_bursts_of_the_same_pace() -> None:
    steady, bursty = forecast(6000, [400] * 20, 0.1), forecast(6000, [0, 800] * 10, 0.1)
    assert steady is not None
    assert bursty is not None
    assert steady.high_80 - steady.low_80 < bursty.high_80 - bursty.low_80


@pytest.mark.parametrize("weeks", [[], [400], [400, 300], [0, 0, 0, 0]])
def test_too_little_is_said_to_be_too_little(weeks: list[int]) -> None:
    assert forecast(6000, weeks, 0.2) is None


def test_nothing_left_is_done_now() -> None:
    said = forecast(0, [400, 400, 400], 0.2)
    assert said is not None
    assert said.likely == said.high_80 == 0


def test_the_own_ratio_counts_from_the_third_finished_module_on() -> None:
    finished = [Finished(60, 90), Finished(120, 180), Finished(30, 45)]
    early = estimate(finished, [60, 60], MODULES_NEEDED - 1)
    assert (early.ratio, early.error, early.is_own) == (1.0, UNSEEN_ERROR, False)
    own = estimate(finished, [60, 60], MODULES_NEEDED)
    assert (own.ratio, own.is_own) == (1.5, True)
    assert own.error == pytest.approx(0), "every activity took half as long again, so nothing scatters"


def test_activities_without_logged_minutes_say_nothing_of_the_ratio() -> None:
    assert estimate([Finished(60, 0)], [60], 5).is_own is False
    assert estimate([Finished(60, 0), Finished(60, 120)], [60], 5).ratio == 2.0


@given(
    st.lists(st.builds(Finished, st.integers(15, 600), st.integers(0, 2000)), max_size=40),
    st.lists(st.integers(1, 600), max_size=40),
    st.integers(0, 17),
)
def test_any_record_gives_a_ratio_and_an_error(
    finished: list[Finished], left: list[int], modules: int
) -> None:
    said = estimate(finished, left, modules)
    assert said.ratio > 0
    assert math.isfinite(said.ratio)
    assert 0 <= said.error < math.inf


def test_the_promise_holds_on_learners_it_was_not_tuned_on() -> None:
    """A small cut of bench/calibration.py with another seed; docs/forecast.md has the whole."""
    said = [row for one in learners(200, 5) for case in cases(one) if (row := promise(case)) is not None]
    assert 0.75 <= share_held(said) <= 0.93
    for kind in KINDS:
        assert share_held(row for row in said if row.case.kind == kind) >= 0.65
