"""What a mail provider reports: signed, it ends the mail to an address; unsigned, it changes nothing."""

import hashlib
import hmac
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from anymail.signals import tracking
from django.test import Client

from tests.reminders.factories import make_recipient, make_reminder
from tests.servers import ROOT, clean_environment
from tracker.people.models import User
from tracker.reminders import provider
from tracker.reminders.dsn import reported
from tracker.reminders.models import Recipient, Reminder

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.urls("tests.reminders.with_provider_urls"),
    pytest.mark.usefixtures("now"),
]

KEY = "key-0123456789"


@pytest.fixture(autouse=True)
def named(settings: Any) -> Iterator[None]:
    """A provider is named, as CAIRN_ANYMAIL does it."""
    settings.ANYMAIL_PROVIDER = "mailgun"
    settings.ANYMAIL = {"MAILGUN_WEBHOOK_SIGNING_KEY": KEY}
    provider.connect()
    yield
    tracking.disconnect(dispatch_uid="cairn")


@pytest.fixture
def sent(alice: User) -> Reminder:
    make_recipient(alice)
    return make_reminder(alice, state="sent", reason="Reply to the mail: 250 taken")


def report(row: Reminder, *, key: str = KEY, **event: Any) -> dict[str, Any]:
    """What Mailgun posts when a mail has failed for good."""
    token, timestamp = "t" * 50, "1763542800"
    signature = hmac.new(key.encode(), f"{timestamp}{token}".encode(), hashlib.sha256).hexdigest()
    said = {"code": 550, "message": "550 5.1.1 <alice@example.org>: no such user"}
    return {
        "signature": {"timestamp": timestamp, "token": token, "signature": signature},
        "event-data": {
            "event": "failed",
            "severity": "permanent",
            "reason": "bounce",
            "timestamp": 1763542800.5,
            "recipient": "Alice@example.org",
            "message": {"headers": {"message-id": row.message_id.strip("<>")}},
            "delivery-status": said,
            **event,
        },
    }


def post(body: object, browser: Client | None = None) -> int:
    """The status that a program without cookie or CSRF token gets."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    browser = browser or Client(enforce_csrf_checks=True)
    return browser.post("/hooks/mailgun/", content, content_type="application/json").status_code


def has_bounced() -> bool:
    return Recipient.objects.get().bounced_at is not None


def test_a_signed_report_ends_the_mail_once(sent: Reminder) -> None:
    assert post(report(sent)) == 200
    recipient = Recipient.objects.get()
    assert recipient.bounced_mail == sent.message_id
    assert recipient.bounced_reason == "550 5.1.1 <alice@example.org>: no such user"
    Recipient.objects.update(bounced_at=None)  # the choice was saved again
    assert post(report(sent)) == 200
    assert not has_bounced()


def test_a_complaint_ends_the_mail(sent: Reminder) -> None:
    assert post(report(sent, event="complained", severity=None)) == 200
    assert has_bounced()


@pytest.mark.parametrize(
    "event",
    [
        {"event": "delivered", "severity": None},
        {"severity": "temporary"},
        {"delivery-status": {"message": "552 5.2.2 mailbox full"}},
        {"delivery-status": {"message": "550 5.7.1 looks like spam"}},
        {"recipient": "other@example.org"},
        {"message": {"headers": {"message-id": "somebody-else@example.net"}}},
        {"message": {"headers": {}}},
        {"recipient": None},
    ],
)
def test_what_says_nothing_against_the_address_changes_nothing(sent: Reminder, event: dict[str, Any]) -> None:
    assert post(report(sent, **event)) == 200
    assert not has_bounced()


@pytest.mark.parametrize("wrong", ["other key", "no signature", "changed"])
def test_an_unsigned_report_is_refused(sent: Reminder, wrong: str) -> None:
    body = report(sent, key="key-of-another" if wrong == "other key" else KEY)
    if wrong == "no signature":
        del body["signature"]
    if wrong == "changed":
        body["signature"]["timestamp"] = "1763542801"
    assert post(body) == 400
    assert not has_bounced()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b"\xff\xfe",
        b'{"signature": 1}',
        b'{"signature": {"token": "\xc3\xa9"}}',
    ],
)
def test_a_body_that_cannot_be_read_is_refused(sent: Reminder, body: bytes) -> None:
    assert post(body) == 400
    assert not has_bounced()


@pytest.mark.parametrize("data", [[], None, "text", {"event": []}, {}, {"event": "failed", "message": 1}])
def test_a_signed_body_of_another_shape_is_no_error_of_ours(sent: Reminder, data: object) -> None:
    assert post({**report(sent), "event-data": data}) in {200, 400}
    assert not has_bounced()


@pytest.mark.parametrize("method", ["get", "head", "put", "delete"])
def test_nothing_but_post(sent: Reminder, method: str) -> None:
    assert getattr(Client(), method)("/hooks/mailgun/").status_code == 405


def test_what_a_provider_reports_of_no_failure_is_none() -> None:
    mail = {"message_id": "<a@b>", "address": "alice@example.org", "said": ""}
    assert reported(kind="opened", **mail) is None
    assert reported(kind="bounced", **{**mail, "message_id": "no id"}) is None
    found = reported(kind="rejected", **{**mail, "said": "too\r\nmany \x00 words"})
    assert found is not None
    assert (found.reason, found.is_for_good) == ("too many words", True)


CHECK = """
import django
django.setup()
from django.urls import reverse
from anymail.signals import tracking
print(reverse("provider-hook"), len(tracking.receivers))
"""


def asked(**environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", CHECK],
        cwd=ROOT,
        env=clean_environment(
            CAIRN_DATA=os.environ["CAIRN_DATA"], DJANGO_SETTINGS_MODULE="tracker.settings", **environment
        ),
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_address_is_there_where_a_provider_is_named() -> None:
    done = asked(CAIRN_ANYMAIL="mailgun", CAIRN_ANYMAIL_SECRET=KEY)
    assert done.stdout.split() == ["/hooks/mailgun/", "1"], done.stderr
    assert "NoReverseMatch" in asked().stderr


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"CAIRN_ANYMAIL": "mailgun"}, "CAIRN_ANYMAIL_SECRET must be the key"),
        ({"CAIRN_ANYMAIL": "pigeon", "CAIRN_ANYMAIL_SECRET": "k"}, "CAIRN_ANYMAIL must be one of mailgun"),
        ({"CAIRN_FROM": "Cairn\r\nBcc: eve@example.net <cairn@example.org>"}, "CAIRN_FROM must be one line"),
        ({"CAIRN_FROM": "Cairn"}, "CAIRN_FROM must be one line"),
    ],
)
def test_a_setting_that_cannot_work_is_said_at_the_start(environment: dict[str, str], words: str) -> None:
    done = asked(**environment)
    assert done.returncode != 0
    assert words in done.stderr
