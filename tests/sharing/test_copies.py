"""A copy of the weekly mail for a mentor: asked for, confirmed, sent once, ended with one click."""

import re
from datetime import timedelta
from smtplib import SMTPRecipientsRefused, SMTPServerDisconnected
from typing import Any

import pytest
from django.core import mail
from django.core.cache import cache
from django.core.mail.backends.locmem import EmailBackend
from django.test import Client
from django.urls import reverse

from curriculum.catalogue import Catalogue
from tests.fixtures.cast import NOW, make_plan, make_session
from tests.sharing.factories import make_copies, make_mentor_link
from tracker.people import actions as people_actions
from tracker.people.models import User
from tracker.reminders.models import Reminder
from tracker.sharing import actions
from tracker.sharing.models import MentorCopy, MentorLink, MentorMail
from tracker.sharing.tasks import send_copies

pytestmark = pytest.mark.usefixtures("now")
GRACE = "grace@example.org"


@pytest.fixture
def link(alice: User, curriculum: Catalogue) -> MentorLink:
    """A mentor's link of Alice's, who has a plan and studied."""
    cache.clear()
    make_plan(alice, curriculum)
    make_session(alice, note="my private note")
    return make_mentor_link(alice, name="Grace")[0]


def weekly_mail(learner: User, **fields: Any) -> Reminder:
    """A mail of the learner's that was sent."""
    return Reminder.objects.create(
        **{
            "learner": learner,
            "iso_year": 2026,
            "iso_week": 47,
            "state": "sent",
            "message_id": f"<{learner.pk}-{fields.get('iso_week', 47)}@localhost>",
            "due_at": NOW,
            "claimed_at": NOW,
            "not_before": NOW,
            "finished_at": NOW,
            **fields,
        }
    )


def post(name: str, token: str, **said: str) -> Any:
    return Client(enforce_csrf_checks=True).post(reverse(name, args=[token]), said)


def test_nothing_comes_before_the_address_is_confirmed(alice: User) -> None:
    cache.clear()
    _, token = make_mentor_link(alice)
    assert post("ask-for-copies", token, address=GRACE).status_code == 302
    weekly_mail(alice)
    assert send_copies() == 0
    asked = mail.outbox.pop()
    assert asked.to == [GRACE]
    assert alice.email not in str(asked.message())
    found = re.search(r"/mentor-mail/([A-Za-z0-9_-]{43})/", str(asked.body))
    assert found
    # Opening it changes nothing: programs that look for harm open every link.
    assert "Have copies of the weekly mail?" in Client().get(found[0]).text
    assert send_copies() == 0
    assert "The copies will come." in post("mentor-mail", found[1]).text
    assert send_copies() == 1
    assert [each.to for each in mail.outbox] == [[GRACE]]


def test_a_copy_says_the_week_and_holds_nothing_that_acts_for_the_learner(
    alice: User, link: MentorLink
) -> None:
    wish = make_copies(link)
    weekly_mail(alice)
    assert send_copies() == 1
    message = mail.outbox[0]
    text = str(message.message())
    assert "45 min of 6 h 30" in message.subject
    assert alice.email not in text
    assert "my private note" not in text
    addresses = set(re.findall(r"https?://\S+?(?=[>\s])", text))
    leave = f"/mentor-mail/{wish.unsubscribe_token}/leave/"
    assert addresses
    assert all(each.endswith(leave) for each in addresses)
    assert message.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_a_copy_goes_once_and_for_each_week(alice: User, link: MentorLink) -> None:
    make_copies(link)
    weekly_mail(alice)
    assert [send_copies(), send_copies()] == [1, 0]
    weekly_mail(alice, iso_week=48)
    assert [send_copies(), send_copies()] == [1, 0]
    assert MentorCopy.objects.filter(state="sent").count() == 2


@pytest.mark.parametrize("case", ["revoked", "left", "locked", "leaving", "old", "not-sent", "asked-anew"])
def test_there_are_reasons_for_no_copy(alice: User, link: MentorLink, case: str) -> None:
    wish = make_copies(link)
    weekly_mail(
        alice,
        finished_at=NOW - timedelta(days=3) if case == "old" else NOW,
        state="skipped" if case == "not-sent" else "sent",
        reason="late: the week was over" if case == "not-sent" else "",
    )
    match case:
        case "revoked":
            actions.revoke_mentor_link(alice, link.pk, now=NOW)
        case "left":
            actions.leave_copies(wish, now=NOW)
        case "locked":
            people_actions.set_active(alice, active=False)
        case "leaving":
            people_actions.ask_for_deletion(alice, NOW)
        case "asked-anew":
            actions.ask_for_copies(link, "another@example.org", now=NOW)
    assert send_copies() == 0
    assert mail.outbox == []


def test_a_copy_is_taken_by_one_of_two_who_saw_that_it_is_due(alice: User, link: MentorLink) -> None:
    wish = make_copies(link)
    assert actions.begin_copy(wish, 2026, 47, now=NOW)
    assert actions.begin_copy(wish, 2026, 47, now=NOW) is None


def test_who_leaves_between_looking_and_sending_gets_none(alice: User, link: MentorLink) -> None:
    wish = make_copies(link)
    actions.leave_copies(wish, now=NOW)
    assert actions.begin_copy(wish, 2026, 47, now=NOW) is None


def test_one_click_ends_them_and_looking_does_not(alice: User, link: MentorLink) -> None:
    wish = make_copies(link)
    assert "End the copies?" in Client().get(reverse("leave-mentor-mail", args=[wish.unsubscribe_token])).text
    assert MentorMail.objects.get().left_at is None
    for _ in range(2):
        answer = post("leave-mentor-mail", wish.unsubscribe_token, **{"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200
        assert "No more copies will come." in answer.text
    assert MentorMail.objects.get().left_at == NOW


@pytest.mark.parametrize(
    ("error", "runs"),
    [
        # Of the two, one is refused and the other goes at once.
        (SMTPRecipientsRefused({GRACE: (550, b"No such mailbox")}), [1, 0]),
        # The server went away: what was not begun goes with the next run.
        (SMTPServerDisconnected("gone"), [0, 1]),
    ],
)
def test_a_copy_that_is_not_taken_is_not_sent_again_and_holds_nobody_up(
    alice: User,
    bob: User,
    link: MentorLink,
    monkeypatch: pytest.MonkeyPatch,
    curriculum: Catalogue,
    error: Exception,
    runs: list[int],
) -> None:
    make_copies(link)
    make_plan(bob, curriculum)
    make_copies(make_mentor_link(bob, name="Ada")[0], "ada@example.org")
    weekly_mail(alice)
    weekly_mail(bob)
    send = mail.EmailMultiAlternatives.send

    def broken(message: mail.EmailMultiAlternatives, fail_silently: bool = False) -> int:
        if message.to == [GRACE]:
            raise error
        return send(message, fail_silently)

    monkeypatch.setattr(mail.EmailMultiAlternatives, "send", broken)
    assert [send_copies(), send_copies()] == runs
    assert sorted(MentorCopy.objects.values_list("state", flat=True)) == ["failed", "sent"]


def test_while_the_mail_server_is_away_no_copy_is_begun(
    alice: User, link: MentorLink, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_copies(link)
    weekly_mail(alice)

    def away(backend: EmailBackend) -> None:
        raise ConnectionRefusedError

    with monkeypatch.context() as patched:
        patched.setattr(EmailBackend, "open", away)
        assert send_copies() == 0
    assert not MentorCopy.objects.exists()
    assert send_copies() == 1


@pytest.mark.parametrize(
    "typed", ["", "nobody", "a@b@c", "a\r\nBcc: x@example.org", "x" * 250 + "@example.org"]
)
def test_what_is_no_address_is_refused(alice: User, typed: str) -> None:
    cache.clear()
    _, token = make_mentor_link(alice)
    assert post("ask-for-copies", token, address=typed).status_code == 422
    assert not MentorMail.objects.exists()
    assert mail.outbox == []


def test_a_link_asks_few_addresses_an_hour(alice: User) -> None:
    cache.clear()
    _, token = make_mentor_link(alice)
    said = [
        post("ask-for-copies", token, address=f"a{number}@example.org").status_code for number in range(4)
    ]
    assert said == [302, 302, 302, 429]
    assert len(mail.outbox) == 3


@pytest.mark.parametrize("name", ["mentor-mail", "leave-mentor-mail", "ask-for-copies"])
def test_a_guess_finds_nothing(db: None, name: str) -> None:
    cache.clear()
    for token in ("g" * 43, "\N{SNOWMAN}", "\x00"):
        assert post(name, token).status_code == 404
