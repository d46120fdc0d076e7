"""Logging from the mail: the token does this and nothing else, five times, for fourteen days."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from curriculum.catalogue import Catalogue
from tests.fixtures.cast import NOW, TODAY, browser_of, make_plan, make_session
from tests.reminders.factories import make_leased, make_recipient
from tracker.journal.models import StudySession
from tracker.people.actions import token_hash
from tracker.people.models import User
from tracker.reminders import actions, queries
from tracker.reminders.models import Reminder

pytestmark = pytest.mark.usefixtures("now")
TOKEN = "t" * 43
ACTIVITIES = ("mindset.rate-six-skills", "garak.run-six-families")


@pytest.fixture
def reminder(alice: User, curriculum: Catalogue) -> Reminder:
    """A mail of Alice's that was handed over at NOW, with its link."""
    make_plan(alice, curriculum)
    make_recipient(alice)
    row, lease = make_leased(alice)
    link = actions.LogLink(token_hash(TOKEN), ACTIVITIES, queries.stamp_of(alice.password))
    assert actions.begin_hand_over(row.pk, lease, alice.email, NOW, link)
    assert actions.record_sent(row.pk, lease, NOW, "250 OK")
    return row


@pytest.fixture
def stranger() -> Client:
    return Client()


def address(token: str = TOKEN) -> str:
    return reverse("log-from-mail", args=[token])


def answers(**changed: str) -> dict[str, str]:
    return {"length": "45", "activity": ACTIVITIES[1], "day": "0", "submission": str(uuid4()), **changed}


def test_one_post_logs_and_says_so(stranger: Client, reminder: Reminder, alice: User) -> None:
    answer = stranger.post(address(), answers(), follow=True)
    session = StudySession.objects.get()
    assert (session.learner, session.minutes, session.studied_on) == (alice, 45, TODAY)
    assert (session.module_key, session.activity_key, session.source) == ("garak", ACTIVITIES[1], "mail")
    assert "Logged 45\N{NO-BREAK SPACE}min." in answer.text
    journal = browser_of(alice).get(reverse("study-session", args=[session.pk])).text
    assert "Logged from mail" in journal


def test_yesterday_is_the_day_before_on_the_learners_calendar(stranger: Client, reminder: Reminder) -> None:
    stranger.post(address(), answers(day="1", activity=""))
    session = StudySession.objects.get()
    assert (session.studied_on, session.activity_key) == (TODAY - timedelta(days=1), "")


@pytest.mark.parametrize("method", ["get", "head"])
def test_looking_changes_nothing(stranger: Client, reminder: Reminder, method: str) -> None:
    before = Reminder.objects.values().get()
    for _ in range(7):
        assert getattr(stranger, method)(address()).status_code == 200
    assert Reminder.objects.values().get() == before
    assert not StudySession.objects.exists()


def test_the_page_shows_the_mails_activities_and_nothing_else(
    stranger: Client, reminder: Reminder, alice: User, curriculum: Catalogue
) -> None:
    make_session(alice, note="a private note", activity_key="stride.read-asset-table", module_key="stride")
    page = stranger.get(address()).text
    for key in ACTIVITIES:
        assert curriculum.activity(key).title in page
    others = [
        row.title for module in curriculum.modules for row in module.activities if row.key not in ACTIVITIES
    ]
    assert not [title for title in others if title in page]
    for private in (alice.email, "a private note", "Vienna", "2026", "19 Nov"):
        assert private not in page


def test_five_sessions_and_no_more(stranger: Client, reminder: Reminder) -> None:
    for _ in range(5):
        assert stranger.post(address(), answers()).status_code == 302
    refused = stranger.post(address(), answers())
    assert refused.status_code == 422
    assert "This link has logged as often as it may." in refused.text
    assert StudySession.objects.count() == 5


def test_the_same_form_sent_twice_logs_once(stranger: Client, reminder: Reminder) -> None:
    form = answers()
    for _ in range(6):
        assert stranger.post(address(), form).status_code == 302
    assert StudySession.objects.count() == 1
    reminder.refresh_from_db()
    assert len(reminder.log_submissions) == 1


def test_what_it_logged_can_be_undone_and_nothing_else_can(
    stranger: Client, reminder: Reminder, alice: User
) -> None:
    other = make_session(alice, submission=uuid4())
    assert stranger.post(address(), {"undo": str(other.submission)}).status_code == 404
    form = answers()
    stranger.post(address(), form)
    answer = stranger.post(address(), {"undo": form["submission"]}, follow=True)
    assert "Taken back." in answer.text
    assert StudySession.objects.get(submission=form["submission"]).deleted_at is not None
    other.refresh_from_db()
    assert other.deleted_at is None
    # What was taken back still counts as one of five, or the link could log without end.
    reminder.refresh_from_db()
    assert len(reminder.log_submissions) == 1


@pytest.mark.parametrize(("days", "good"), [(14, True), (15, False)])
def test_it_is_good_for_fourteen_days(
    stranger: Client, reminder: Reminder, time_machine: object, days: int, good: bool
) -> None:
    time_machine.move_to(NOW + timedelta(days=days), tick=False)  # type: ignore[attr-defined]
    assert stranger.get(address()).status_code == (200 if good else 404)
    assert stranger.post(address(), answers()).status_code == (302 if good else 404)


def test_a_new_password_voids_it(stranger: Client, reminder: Reminder, alice: User) -> None:
    alice.set_password("another long password")
    alice.save(update_fields=["password"])
    assert stranger.get(address()).status_code == 404
    assert stranger.post(address(), answers()).status_code == 404
    assert not StudySession.objects.exists()


def test_unsubscribing_voids_it_even_for_who_comes_back(
    stranger: Client, reminder: Reminder, alice: User
) -> None:
    actions.unsubscribe(alice.recipient.unsubscribe_token, NOW)
    assert stranger.get(address()).status_code == 404
    actions.set_reminder(alice, 4, 9, wording="Mail me.", place="settings", now=NOW)
    assert stranger.get(address()).status_code == 404


@pytest.mark.parametrize("fields", [{"is_active": False}, {"deletion_due_at": NOW + timedelta(days=7)}])
def test_an_account_that_ends_has_no_link(
    stranger: Client, reminder: Reminder, fields: dict[str, object]
) -> None:
    User.objects.update(**fields)
    assert stranger.get(address()).status_code == 404


@pytest.mark.parametrize("token", ["x" * 43, "short", "t" * 44, "%00" * 15, "t" * 42 + "é"])
def test_a_token_that_is_none_is_not_found(stranger: Client, reminder: Reminder, token: str) -> None:
    assert stranger.get(f"/log/{token}/").status_code == 404


def test_the_unsubscribe_token_logs_nothing_and_the_log_token_ends_no_mail(
    stranger: Client, reminder: Reminder, alice: User
) -> None:
    assert stranger.get(address(alice.recipient.unsubscribe_token)).status_code == 404
    assert stranger.post(reverse("unsubscribe", args=[TOKEN])).status_code == 404


def test_an_earlier_attempts_link_is_void(reminder: Reminder, alice: User, stranger: Client) -> None:
    row, lease = make_leased(alice, iso_week=40, message_id="another@example.org")
    first = actions.LogLink(token_hash("a" * 43), ACTIVITIES, queries.stamp_of(alice.password))
    assert actions.begin_hand_over(row.pk, lease, alice.email, NOW, first)
    assert actions.record_again(row.pk, lease, NOW, "451 later", attempts=1)
    assert stranger.get(address("a" * 43)).status_code == 404


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"length": ""}, "Say how long you studied"),
        ({"length": "-5"}, "at least one minute"),
        ({"length": "25h"}, "A day has 24 hours"),
        ({"activity": "stride.read-asset-table"}, "Choose one that the mail names"),
        ({"day": "3"}, "Choose one of the three days"),
        ({"day": "-1"}, "Choose one of the three days"),
    ],
)
def test_a_refused_form_says_why_and_keeps_what_was_typed(
    stranger: Client, reminder: Reminder, changed: dict[str, str], sentence: str
) -> None:
    answer = stranger.post(address(), answers(**changed))
    assert answer.status_code == 422
    assert sentence in answer.text
    assert not StudySession.objects.exists()
    reminder.refresh_from_db()
    assert reminder.log_submissions == []


def test_a_full_day_is_refused_and_costs_no_turn(stranger: Client, reminder: Reminder, alice: User) -> None:
    make_session(alice, minutes=1430)
    answer = stranger.post(address(), answers())
    assert answer.status_code == 422
    assert "24 hours" in answer.text
    reminder.refresh_from_db()
    assert reminder.log_submissions == []


def test_somebody_else_who_is_logged_in_logs_for_whose_mail_it_is(
    charlie: User, reminder: Reminder, alice: User
) -> None:
    browser_of(charlie).post(address(), answers())
    assert StudySession.objects.get().learner == alice


def test_a_post_from_another_site_is_refused(reminder: Reminder) -> None:
    assert Client(enforce_csrf_checks=True).post(address(), answers()).status_code == 403
