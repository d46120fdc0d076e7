"""The weekly mail as it would be now, in Settings; and one that is sent at once."""

from datetime import datetime

import pytest
from django.test import Client
from django.urls import reverse

from curriculum.catalogue import Catalogue
from tests.fixtures.cast import browser_of, make_plan, make_session
from tests.reminders.factories import make_recipient
from tracker.people.models import User
from tracker.reminders.models import Reminder

PREVIEW, SHOWN, SEND = (
    reverse(name) for name in ("preview-reminder", "preview-reminder-html", "send-reminder")
)


@pytest.fixture
def web(alice: User, curriculum: Catalogue) -> Client:
    """Alice's browser; she has a plan."""
    make_plan(alice, curriculum)
    return browser_of(alice)


def test_the_preview_says_what_the_mail_would_say(
    alice: User, curriculum: Catalogue, web: Client, now: datetime
) -> None:
    make_recipient(alice)
    make_session(alice, minutes=250)
    page = web.get(PREVIEW).text
    assert "Week 7: 4 h 10 of 6 h 30</h1>" in page
    assert "0 of 2 activities" in page
    # It logs behind the log-in: no token is made for a preview.
    assert "http://127.0.0.1:8000/journal/log/" in page
    assert "/log/" not in page.replace("/journal/log/", "")
    assert not Reminder.objects.exists()


def test_the_mail_as_it_looks_can_do_nothing(
    alice: User, curriculum: Catalogue, web: Client, now: datetime
) -> None:
    make_recipient(alice)
    answer = web.get(SHOWN)
    policy = answer.headers["Content-Security-Policy"]
    for part in ("default-src 'none'", "script-src 'none'", "form-action 'none'", "frame-ancestors 'none'"):
        assert part in policy
    assert "sandbox" in policy
    assert "allow-scripts" not in policy
    assert "unsafe-inline" in policy
    assert answer.text.startswith("<!doctype html>")


def test_nobody_without_the_mail_has_a_preview(alice: User, web: Client) -> None:
    assert web.get(PREVIEW).status_code == 404
    assert web.get(SHOWN).status_code == 404
    assert "See what it would say" not in web.get(reverse("settings")).text
    answer = web.post(SEND, follow=True)
    assert "Nothing is sent" in answer.text
    assert not Reminder.objects.exists()


def test_one_is_sent_now_once_a_week(
    alice: User, bob: User, curriculum: Catalogue, web: Client, now: datetime
) -> None:
    make_recipient(alice)
    make_recipient(bob)
    assert "It comes within a minute or two." in web.post(SEND, follow=True).text
    assert "there was one this week already" in web.post(SEND, follow=True).text
    row = Reminder.objects.get()
    assert (row.learner, row.kind, row.state) == (alice, "asked-for", "claimed")
    make_plan(bob, curriculum)
    assert "within a minute" in browser_of(bob).post(SEND, follow=True).text
