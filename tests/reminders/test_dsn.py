"""Delivery status notifications, as mail servers write them and as nobody should; and what they end."""

import mailbox
from datetime import timedelta
from email import message_from_bytes, message_from_string, policy
from email.message import Message
from io import StringIO
from pathlib import Path

import pytest
from allauth.account.models import EmailAddress
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from curriculum.catalogue import Catalogue
from tests.fixtures.cast import NOW, browser_of, make_plan, make_session
from tests.reminders.factories import DUE, WORDING, make_recipient, make_reminder
from tracker.people.models import User
from tracker.reminders import actions, queries
from tracker.reminders.dsn import Returned, read_notification, reported
from tracker.reminders.models import Recipient, Reminder

OURS = "<progress.2026-w47.0123456789abcdef01234567@cairn.example.org>"
BLOCK = """\
Original-Recipient: rfc822;Alice@example.org
Final-Recipient: rfc822; alice@mx.example.net
Action: failed
Status: 5.1.1
Remote-MTA: dns; mx.example.net
Diagnostic-Code: smtp; 550 5.1.1 <alice@example.org>: Recipient address
    rejected: User unknown
"""
RETURNED = f"""\
Content-Type: message/rfc822

From: Cairn <cairn@cairn.example.org>
To: alice@example.org
Subject: Week 7
Message-ID: {OURS}

4 h 10 of 6 h 30.
"""
HEADERS = f"""\
Content-Type: text/rfc822-headers

Subject: Week 7
Message-Id:
 {OURS}
""".replace("Message-Id:\n ", "Message-Id: ")


def notification(block: str = BLOCK, returned: str = RETURNED) -> Message:
    """What Postfix sends, with these two parts."""
    return message_from_string(f"""\
From: MAILER-DAEMON@mx.example.net
To: cairn@cairn.example.org
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

I'm sorry to have to inform you that your message could not be delivered.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net
Arrival-Date: Thu, 19 Nov 2026 10:00:00 +0100

{block}
--b
{returned}
--b--
""")


@pytest.mark.parametrize("returned", [RETURNED, HEADERS])
def test_a_failure_names_the_mail_the_address_and_why(returned: str) -> None:
    assert read_notification(notification(returned=returned)) == (
        Returned(
            message_id=OURS,
            address="alice@example.org",
            status="5.1.1",
            reason="550 5.1.1 <alice@example.org>: Recipient address rejected: User unknown",
            is_for_good=True,
        ),
    )


@pytest.mark.parametrize(
    ("status", "is_for_good"),
    [("5.1.1", True), ("5.1.10", True), ("5.2.1", True), ("5.4.4", True), ("5.2.2", False), ("5.3.4", False),
     ("5.7.1", False), ("5.0.0", False), ("4.4.1", False)],
)  # fmt: skip
def test_only_an_address_that_is_no_good_is_for_good(status: str, is_for_good: bool) -> None:
    [found] = read_notification(notification(BLOCK.replace("Status: 5.1.1", f"Status: {status}")))
    assert (found.status, found.is_for_good) == (status, is_for_good)


@pytest.mark.parametrize("sign", ["\x00", "\ud800", "\x07"])
def test_what_no_database_takes_names_no_mail(sign: str) -> None:
    message = notification(BLOCK.replace("alice@example.org", f"alice{sign}@example.org"))
    assert all(row.address.isprintable() for row in read_notification(message))
    fields = {"kind": "bounced", "address": "alice@example.org", "said": "", "message_id": OURS}
    assert reported(**fields) is not None
    assert reported(**{**fields, "address": f"alice{sign}@example.org"}) is None
    if sign == "\x00":
        assert reported(**{**fields, "message_id": "<a\x00b@example.org>"}) is None


def test_an_address_outside_ascii_is_found_in_either_spelling(alice: User) -> None:
    EmailAddress.objects.filter(user=alice).update(email="alice@bücher.example")
    for spelling in ("alice@bücher.example", "alice@xn--bcher-kva.example"):
        assert queries.learners_at(spelling) == [alice.pk]
    assert queries.learners_at("alice@xn--.example") == []


def test_without_an_original_recipient_the_final_one_counts() -> None:
    block = "".join(BLOCK.splitlines(keepends=True)[1:])
    [found] = read_notification(notification(block))
    assert found.address == "alice@mx.example.net"


def test_two_recipients_are_two() -> None:
    other = BLOCK.replace("Alice@example.org", "bob@example.org").replace("5.1.1", "5.2.2")
    found = read_notification(notification(f"{BLOCK}\n{other}"))
    assert [(row.address, row.is_for_good) for row in found] == [
        ("alice@example.org", True),
        ("bob@example.org", False),
    ]


@pytest.mark.parametrize(
    "message",
    [
        notification(BLOCK.replace("failed", "delayed")),
        notification(BLOCK.replace("failed", "delivered")),
        notification(BLOCK.replace("Status: 5.1.1\n", "")),
        notification("Final-Recipient: x400; nobody\nAction: failed\nStatus: 5.1.1\n"),
        notification(returned="Content-Type: text/plain\n\nMessage-ID: none of ours"),
        notification(returned="Content-Type: message/rfc822\n\nSubject: no number\n\nText"),
        message_from_string("Subject: I am on holiday\n\nBack on Monday."),
        message_from_string("Content-Type: multipart/report; boundary=b\n\nno parts at all"),
        message_from_string(""),
    ],
)
def test_what_reports_no_failure_of_a_mail_says_nothing(message: Message) -> None:
    assert read_notification(message) == ()


@given(st.binary(max_size=400), st.integers(0, 900), st.integers(0, 60))
def test_no_message_raises_an_error(noise: bytes, at: int, length: int) -> None:
    whole = notification().as_bytes()
    for raw in (noise, whole[:at] + noise + whole[at + length :]):
        for chosen in (policy.compat32, policy.default):
            for row in read_notification(message_from_bytes(raw, policy=chosen)):
                assert row.reason.isprintable()
                assert len(row.reason) <= 200


# -- what it ends --------------------------------------------------------------------------------------------


@pytest.fixture
def mailed(alice: User, curriculum: Catalogue) -> Reminder:
    """Alice's mail of last week, which was sent."""
    make_plan(alice, curriculum)
    make_session(alice)
    make_recipient(alice, due_at=DUE + timedelta(days=7))
    return make_reminder(alice, state="sent", message_id=OURS)


def bounces(*paths: Path) -> str:
    said = StringIO()
    call_command("bounces", *map(str, paths), stdout=said)
    return said.getvalue()


def written(folder: Path, message: Message) -> Path:
    path = folder / "returned.eml"
    path.write_bytes(message.as_bytes())
    return path


def test_an_address_that_is_no_good_gets_no_more_mail(mailed: Reminder, alice: User, tmp_path: Path) -> None:
    path = written(tmp_path, notification())
    assert "alice@example.org: no more mail (5.1.1: 550 5.1.1" in bounces(path)
    assert actions.claim_due(NOW + timedelta(days=7), 10) == 1
    assert Reminder.objects.get(state="skipped").reason == "bounced"
    page = browser_of(alice).get("/settings/").text
    assert "came back" in page
    assert "User unknown" in page
    # Read again, it changes nothing.
    assert "nothing changed" in bounces(path)


def test_saving_the_choice_tries_again_and_the_old_report_stops_nothing(
    mailed: Reminder, alice: User, tmp_path: Path
) -> None:
    path = written(tmp_path, notification())
    bounces(path)
    actions.set_reminder(alice, 4, 9, wording=WORDING, place="settings", now=NOW)
    assert Recipient.objects.get().bounced_at is None
    assert "nothing changed" in bounces(path)
    assert Recipient.objects.get().bounced_at is None


def test_another_confirmed_address_gets_mail_again(mailed: Reminder, alice: User, tmp_path: Path) -> None:
    path = written(tmp_path, notification())
    bounces(path)
    EmailAddress.objects.filter(user=alice).update(email="alice@elsewhere.example.org")
    assert actions.claim_due(NOW + timedelta(days=7), 10) == 1
    assert Reminder.objects.exclude(pk=mailed.pk).get().state == "claimed"
    assert "nothing changed" in bounces(path)


@pytest.mark.parametrize(
    "message",
    [
        notification(BLOCK.replace("Status: 5.1.1", "Status: 5.2.2")),
        notification(BLOCK.replace("Alice@example.org", "bob@example.org")),
        notification(returned=RETURNED.replace("0123", "3210")),
        message_from_string("Subject: I am on holiday\n\nBack on Monday."),
    ],
)
def test_what_is_not_about_this_address_for_good_changes_nothing(
    mailed: Reminder, message: Message, tmp_path: Path
) -> None:
    assert "no more mail (" not in bounces(written(tmp_path, message))
    assert Recipient.objects.get().bounced_at is None


@pytest.mark.parametrize("kind", ["mbox", "maildir"])
def test_whole_mailboxes_are_read_and_left_as_they_are(mailed: Reminder, tmp_path: Path, kind: str) -> None:
    path = tmp_path / kind
    box: mailbox.Mailbox[mailbox.Message] = mailbox.mbox(path) if kind == "mbox" else mailbox.Maildir(path)
    box.add("Subject: something else\n\nText\n")
    box.add(notification().as_bytes())
    box.close()
    before = sorted((file.name, file.read_bytes()) for file in tmp_path.rglob("*") if file.is_file())
    said = bounces(path)
    assert "addresses that get no more mail: 1; reports that change nothing: 0; other messages: 1" in said
    assert before == sorted((file.name, file.read_bytes()) for file in tmp_path.rglob("*") if file.is_file())


def test_what_cannot_be_read_is_said(db: None, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="there is no"):
        bounces(tmp_path / "gone")
    with pytest.raises(CommandError, match="no Maildir"):
        bounces(tmp_path)
