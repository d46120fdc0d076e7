"""What the bench says of a plan. That it runs, and that its figures hold together: never how long it took."""

from datetime import timedelta

import pytest

from bench.plans import measure, said
from curriculum.catalogue import Catalogue
from tests.fixtures.cast import NOW, TODAY, make_plan, make_session
from tracker.people.models import User
from tracker.plans import actions, queries

CALLS = ("fetch", "facts", "stand", "layout", "finish", "forecast")


def test_every_figure_is_of_the_longest_track_and_a_year_of_weeks(alice: User, curriculum: Catalogue) -> None:
    plan = make_plan(alice, curriculum)
    for weeks in range(60):
        make_session(alice, minutes=90, studied_on=TODAY - timedelta(weeks=weeks))
    actions.mark_activity(
        alice, plan, "mindset.rate-six-skills", "done", content=curriculum, now=NOW, on=TODAY
    )
    before = queries.standing(alice.pk, TODAY)

    figures = measure(alice.pk, TODAY, rounds=2)

    longest = max((track.key for track in curriculum.tracks), key=curriculum.minutes_in)
    assert figures["activities"] == sum(
        len(module.required_in(longest)) for module in curriculum.modules_in(longest)
    )
    assert figures["weeks_of_data"] == 52
    assert all(figures[f"{name}_microseconds"] > 0 for name in CALLS)
    assert figures["rules_microseconds"] == pytest.approx(
        sum(figures[f"{name}_microseconds"] for name in ("layout", "finish", "forecast"))
    )
    for name in CALLS[1:]:
        assert figures[f"{name}_of_fetch"] == pytest.approx(
            figures[f"{name}_microseconds"] / figures["fetch_microseconds"]
        )
    assert queries.standing(alice.pk, TODAY) == before


def test_the_figures_are_said_beside_a_bare_page() -> None:
    lines = said(
        {
            "activities": 160,
            "weeks_of_data": 52,
            "layout_microseconds": 900.4,
            "finish_microseconds": 30,
            "forecast_microseconds": 69.6,
            "rules_microseconds": 1000,
            "stand_microseconds": 600,
            "facts_microseconds": 1500,
            "facts_of_fetch": 6.25,
        },
        bare_microseconds=2000,
    )
    assert "160 activities, the longest track, laid out in 900 µs; their end in 30 µs" in lines[0]
    assert "forecast from 52 weeks in 70 µs. Together 0.50 of a request of the bare page" in lines[0]
    assert "where it stands takes 600 µs (0.30 of a bare page)" in lines[1]
    assert "its facts 1500 µs (0.75), 6.2 times as long as fetching their rows" in lines[1]
