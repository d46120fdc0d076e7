"""The attack success rate and its interval."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.evidence.rules.reports.rates import attack_success_rate, wilson


@pytest.mark.parametrize(
    ("passed", "evaluated", "share", "low", "high"),
    [
        # The intervals are those that textbooks give for these counts.
        (80, 100, 0.2, 0.1334, 0.2888),
        (94, 100, 0.06, 0.0278, 0.1248),
        (0, 10, 1.0, 0.7225, 1.0),
        (10, 10, 0.0, 0.0, 0.2775),
        (1, 2, 0.5, 0.0945, 0.9055),
    ],
)
def test_the_rate_is_what_did_not_pass(
    passed: int, evaluated: int, share: float, low: float, high: float
) -> None:
    rate = attack_success_rate(passed, evaluated)
    assert rate is not None
    assert (rate.share, rate.low, rate.high) == pytest.approx((share, low, high), abs=5e-5)


def test_nothing_scored_has_no_rate() -> None:
    assert attack_success_rate(0, 0) is None


@pytest.mark.parametrize(("passed", "evaluated"), [(2, 1), (-1, 1), (1, 0)])
def test_impossible_counts_have_none_either(passed: int, evaluated: int) -> None:
    with pytest.raises(ValueError, match="cannot have passed"):
        attack_success_rate(passed, evaluated)


@given(st.integers(1, 10**12), st.data())
def test_a_rate_lies_inside_its_interval(total: int, data: st.DataObject) -> None:
    rate = wilson(data.draw(st.integers(0, total)), total)
    assert 0 <= rate.low <= rate.share <= rate.high <= 1
    assert rate.low < rate.high
