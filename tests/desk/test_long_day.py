"""A day that passes 16 hours is kept when the learner says that it is right; nothing typed is lost."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from curriculum.catalogue import Catalogue
from tests.desk.test_quick_line import plain, sent
from tests.fixtures.cast import NOW, TODAY, browser_of, make_plan, make_session
from tests.reminders.factories import make_leased, make_recipient
from tracker.journal import actions
from tracker.journal.actions import Entry
from tracker.journal.models import StudySession, Timer
from tracker.people.actions import token_hash
from tracker.people.models import User
from tracker.reminders import actions as reminder_actions
from tracker.reminders import queries as reminder_queries

pytestmark = pytest.mark.usefixtures("now")
HTMX = {"HX-Request": "true"}
ASKED = "With this, 2026-11-19 has 17 h. Is that right?"


@pytest.fixture
def web(alice: User, curriculum: Catalogue) -> Client:
    """Alice's browser, on a day that has 16 hours already."""
    make_plan(alice, curriculum)
    make_session(alice, minutes=16 * 60)
    return browser_of(alice)


def yes_in(page: str) -> str:
    """What the button "Yes" sends."""
    found = re.search(r'name="confirmed" value="([^"]*)"', page)
    assert found
    return found[1]


def test_sixteen_hours_are_not_asked_about(alice: User) -> None:
    actions.log_session(alice, Entry(960, TODAY), now=NOW, confirmed=False)
    with pytest.raises(actions.LongDay, match="has 16 h 01"):
        actions.log_session(alice, Entry(1, TODAY), now=NOW, confirmed=False)
    actions.log_session(alice, Entry(480, TODAY), now=NOW, confirmed=True)
    with pytest.raises(actions.Refused, match="24 hours") as refused:
        actions.log_session(alice, Entry(1, TODAY), now=NOW, confirmed=True)
    assert not isinstance(refused.value, actions.LongDay)


@pytest.mark.parametrize("htmx", [True, False])
def test_it_is_asked_and_logged_after_a_yes(web: Client, htmx: bool) -> None:
    headers = HTMX if htmx else {}
    form = sent("60m stride, confidence 4", note="a long day", submission=str(uuid4()), page="today")
    asked = web.post(reverse("log"), form, headers=headers)
    assert asked.status_code == 422
    assert ASKED in asked.text
    for typed in (form["length"], form["note"], form["submission"]):
        assert typed in asked.text
    assert StudySession.objects.count() == 1
    web.post(reverse("log"), {**form, "confirmed": yes_in(asked.text)}, headers=headers)
    session = StudySession.objects.latest("pk")
    assert (session.minutes, session.module_key, session.confidence) == (60, "stride", 4)
    assert session.note == "a long day"


@pytest.mark.parametrize("changed", [{"length": "2h"}, {"confirmed": "yes"}, {"confirmed": "2026-11-18 60"}])
def test_a_yes_is_to_what_was_asked_and_to_nothing_else(web: Client, changed: dict[str, str]) -> None:
    form = {**sent("60m stride"), "confirmed": "2026-11-19 60", **changed}
    assert web.post(reverse("log"), form).status_code == 422
    assert StudySession.objects.count() == 1


def test_another_day_is_not_asked_about(web: Client) -> None:
    assert web.post(reverse("log"), sent("60m yesterday stride")).status_code == 302


def test_it_is_asked_before_it_is_sent(web: Client) -> None:
    said = plain(web.post(reverse("read-line"), sent("60m stride")).text)
    assert said.startswith("Logs 1 h on Thu 19 Nov: ")
    assert said.strip().endswith(ASKED)
    assert "Logs" not in web.post(reverse("read-line"), sent("9h stride")).text
    assert "would have more" in web.post(reverse("read-line"), sent("9h stride")).text


def test_what_the_timer_measured_is_asked_about_and_kept_meanwhile(web: Client, alice: User) -> None:
    web.post(reverse("start-timer"))
    web.post(reverse("stop-timer"))
    form = sent("1 h", submission=str(Timer.objects.get().submission))
    asked = web.post(reverse("log"), form)
    assert ASKED in asked.text
    assert Timer.objects.filter(learner=alice).exists()
    web.post(reverse("log"), {**form, "confirmed": yes_in(asked.text)})
    assert StudySession.objects.latest("pk").source == "timer"
    assert not Timer.objects.exists()


def test_a_correction_is_asked_about_where_it_adds_to_a_day(web: Client, alice: User) -> None:
    session = make_session(alice, minutes=120)
    address = reverse("study-session", args=[session.pk])
    # Eighteen hours as they were; a shorter time and another note need no yes.
    for form in (sent("2 h", note="x"), sent("1 h 30", note="x")):
        assert web.post(address, form).status_code == 302
    asked = web.post(address, sent("3 h", note="my own words"))
    assert asked.status_code == 422
    assert "2026-11-19 has 19 h." in asked.text
    assert "my own words" in asked.text
    session.refresh_from_db()
    assert session.minutes == 90
    web.post(address, sent("3 h", note="my own words", confirmed=yes_in(asked.text)))
    session.refresh_from_db()
    assert (session.minutes, session.note) == (180, "my own words")


def test_a_correction_onto_a_long_day_is_asked_about(web: Client, alice: User) -> None:
    session = make_session(alice, minutes=60, studied_on=TODAY - timedelta(days=1))
    asked = web.post(reverse("study-session", args=[session.pk]), sent("30 min"))
    assert asked.status_code == 422
    assert "has 16 h 30" in asked.text


def test_the_link_of_a_mail_asks_and_tells_no_sum(web: Client, alice: User) -> None:
    token = "t" * 43
    make_recipient(alice)
    row, lease = make_leased(alice)
    link = reminder_actions.LogLink(
        token_hash(token), ("garak.run-six-families",), reminder_queries.stamp_of(alice.password)
    )
    assert reminder_actions.begin_hand_over(row.pk, lease, alice.email, NOW, link)
    assert reminder_actions.record_sent(row.pk, lease, NOW, "250 OK")
    stranger, address = Client(), reverse("log-from-mail", args=[token])
    form = {"length": "1:00", "activity": "", "day": "0", "submission": str(uuid4())}
    asked = stranger.post(address, form)
    assert asked.status_code == 422
    assert "that day has more than 16 hours. Is that right?" in asked.text
    assert "17 h" not in plain(asked.text)
    assert 'value="1:00"' in asked.text
    assert StudySession.objects.count() == 1
    row.refresh_from_db()
    assert row.log_submissions == [], "what was asked about is none of the five"
    stranger.post(address, {**form, "confirmed": yes_in(asked.text)})
    assert StudySession.objects.latest("pk").source == "mail"
