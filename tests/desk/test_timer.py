"""The timer: one a learner, the same on every device, and nothing it measured is lost."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from curriculum.catalogue import Catalogue
from tests.fixtures.cast import NOW, TODAY, browser_of, make_plan
from tracker.journal.models import StudySession, Timer
from tracker.journal.rules.timing import elapsed_seconds, is_forgotten, minutes_of
from tracker.people.models import User

pytestmark = pytest.mark.usefixtures("now")


@pytest.fixture
def web(alice: User, curriculum: Catalogue) -> Client:
    make_plan(alice, curriculum)
    return browser_of(alice)


def plain(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ")


def act(web: Client, verb: str, **form: str) -> str:
    """One press of a button; the page it leads to."""
    return plain(web.post(reverse(f"{verb}-timer"), form, follow=True).text)


# ------------------------------------------------------------------------------------------------- pure


@given(st.integers(0, 10**6), st.integers(-(10**6), 10**6))
def test_no_clock_takes_anything_away_that_was_measured(banked: int, ahead: int) -> None:
    seconds = elapsed_seconds(banked, NOW, NOW + timedelta(seconds=ahead))
    assert seconds == banked + max(0, ahead)
    assert elapsed_seconds(banked, None, NOW) == banked


@given(st.integers(0, 10**6))
def test_minutes_are_the_nearest_and_never_none(seconds: int) -> None:
    assert minutes_of(seconds) >= 1
    if seconds >= 30:
        assert abs(minutes_of(seconds) * 60 - seconds) <= 30


def test_six_hours_are_a_long_day_and_more_is_forgotten() -> None:
    assert not is_forgotten(6 * 3600)
    assert is_forgotten(6 * 3600 + 1)


# ------------------------------------------------------------------------------------------------ pages


def test_start_pause_go_on_stop_and_log(web: Client, alice: User, time_machine: Any) -> None:
    act(web, "start", subject="garak.run-six-families")
    time_machine.move_to(NOW + timedelta(minutes=20), tick=False)
    assert "20 min" in act(web, "pause")
    time_machine.move_to(NOW + timedelta(minutes=50), tick=False)
    assert "20 min</span>, paused" in plain(web.get(reverse("timer")).text)
    act(web, "resume")
    time_machine.move_to(NOW + timedelta(minutes=65), tick=False)
    page = act(web, "stop")
    assert "35 min, to be logged." in page
    assert 'value="35 min"' in page
    timer = Timer.objects.get()
    web.post(
        reverse("log"),
        {
            "length": "35 min",
            "subject": "garak.run-six-families",
            "studied_on": TODAY.isoformat(),
            "submission": str(timer.submission),
        },
    )
    session = StudySession.objects.get()
    assert (session.minutes, session.source, session.activity_key) == (35, "timer", "garak.run-six-families")
    assert not Timer.objects.exists()


def test_another_device_sees_the_same_timer(web: Client, alice: User, time_machine: Any) -> None:
    act(web, "start")
    time_machine.move_to(NOW + timedelta(minutes=10), tick=False)
    elsewhere = browser_of(alice)
    assert "10 min" in plain(elsewhere.get(reverse("timer")).text)
    act(elsewhere, "stop")
    assert "10 min, to be logged." in plain(web.get(reverse("timer")).text)


def test_there_is_one_at_a_time(web: Client, alice: User) -> None:
    act(web, "start", subject="stride")
    assert "There is a timer already" in act(web, "start", subject="garak")
    assert Timer.objects.get().module_key == "stride"
    with pytest.raises(IntegrityError), transaction.atomic():
        Timer.objects.create(learner=alice, started_at=NOW, started_on=TODAY)


def test_a_forgotten_one_asks_and_fills_in_no_length(web: Client, time_machine: Any) -> None:
    act(web, "start")
    time_machine.move_to(NOW + timedelta(hours=14), tick=False)
    assert "if you forgot it" in web.get(reverse("timer")).text
    page = act(web, "stop")
    assert "How long was it really?" in page
    assert "ran for 14 h" in page
    assert 'name="length"' in page
    assert 'value="14 h"' not in page


def test_what_was_measured_belongs_to_the_day_it_began(web: Client, time_machine: Any) -> None:
    # 23:40 in Vienna; stopped at ten past midnight.
    late = NOW.replace(hour=22, minute=40)
    time_machine.move_to(late, tick=False)
    act(web, "start")
    time_machine.move_to(late + timedelta(minutes=30), tick=False)
    assert f'value="{TODAY.isoformat()}"' in act(web, "stop")


def test_who_travels_west_meanwhile_logs_it_today(web: Client, alice: User, time_machine: Any) -> None:
    # Half past midnight in Vienna, and still the day before in New York.
    late = NOW.replace(hour=23, minute=30)
    time_machine.move_to(late, tick=False)
    act(web, "start")
    User.objects.update(zone="America/New_York")
    time_machine.move_to(late + timedelta(minutes=30), tick=False)
    assert f'value="{TODAY.isoformat()}"' in act(web, "stop")
    form = {
        "length": "30",
        "studied_on": TODAY.isoformat(),
        "submission": str(Timer.objects.get().submission),
    }
    assert web.post(reverse("log"), form).status_code == 302
    session = StudySession.objects.get()
    assert (session.source, session.zone) == ("timer", "America/New_York")


def test_a_clock_that_goes_back_takes_nothing_away(web: Client, time_machine: Any) -> None:
    act(web, "start")
    time_machine.move_to(NOW + timedelta(minutes=20), tick=False)
    act(web, "pause")
    act(web, "resume")
    time_machine.move_to(NOW - timedelta(hours=3), tick=False)
    assert "20 min, to be logged." in act(web, "stop")


def test_a_stopped_one_waits_and_can_go_on(web: Client, time_machine: Any) -> None:
    act(web, "start")
    time_machine.move_to(NOW + timedelta(minutes=30), tick=False)
    act(web, "stop")
    time_machine.move_to(NOW + timedelta(days=2), tick=False)
    assert "30 min, to be logged." in plain(web.get(reverse("timer")).text)
    act(web, "resume")
    time_machine.move_to(NOW + timedelta(days=2, minutes=5), tick=False)
    assert "35 min, to be logged." in act(web, "stop")


def test_pressed_twice_is_pressed_once(web: Client, time_machine: Any) -> None:
    act(web, "start")
    time_machine.move_to(NOW + timedelta(minutes=10), tick=False)
    for verb in ("pause", "pause", "resume", "resume", "stop", "stop"):
        act(web, verb)
    assert "10 min, to be logged." in plain(web.get(reverse("timer")).text)


def test_thrown_away_it_logs_nothing(web: Client) -> None:
    act(web, "start")
    assert "Nothing was logged." in act(web, "discard")
    assert not StudySession.objects.exists()
    for verb in ("pause", "resume", "stop"):
        assert "There is no timer" in act(web, verb)


def test_a_subject_that_is_none_starts_a_timer_on_something_else(web: Client) -> None:
    act(web, "start", subject="no.such-thing")
    assert Timer.objects.get().activity_key == ""


def test_charlie_has_a_timer_of_his_own(web: Client, charlie: User, alice: User) -> None:
    act(web, "start", subject="stride")
    other = browser_of(charlie)
    act(other, "stop")
    act(other, "discard")
    assert Timer.objects.get().learner == alice
    assert "STRIDE" not in other.get(reverse("timer")).text.partition("<main")[2].partition("<form")[0]
    # A form of Alice's number, sent by Charlie, ends no timer of hers.
    timer = Timer.objects.get()
    other.post(reverse("log"), {"length": "5", "submission": str(timer.submission)})
    assert Timer.objects.filter(pk=timer.pk).exists()
