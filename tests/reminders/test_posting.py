"""A batch of which some go by their learner's channel, from lease to record."""

import json
import socket
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from allauth.account.models import EmailAddress
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext

from curriculum.catalogue import Catalogue
from tests.faults.sink import Sink
from tests.fixtures.cast import NOW, browser_of, make_learner
from tests.reminders.factories import make_recipient, make_reminder
from tests.reminders.receiver import Receiver, status
from tests.reminders.test_delivery import deliver, states, text_of, with_plan
from tests.servers import free_port
from tracker.journal.models import StudySession
from tracker.people.models import User
from tracker.plans.models import Plan
from tracker.reminders import actions, channels, delivery, queries
from tracker.reminders import status as reminders_status
from tracker.reminders.models import Channel, Recipient, Reminder

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("now")]
DAY = timedelta(days=1)
Made = Callable[..., User]


@pytest.fixture
def sink(tmp_path: Path, settings: Any) -> Iterator[Sink]:
    with Sink(tmp_path / "sink.log") as running:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", running.port
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        settings.EMAIL_TIMEOUT = 5
        settings.SMTP_CONNECTIONS = 1
        yield running


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    with Receiver() as running:
        settings.HOOK_HOSTS = frozenset({f"127.0.0.1:{running.port}"})
        yield running


@pytest.fixture
def learner(curriculum: Catalogue, receiver: Receiver) -> Made:
    """A learner with a claimed message, who has it by this kind of channel."""

    def make(kind: str = "web-hook") -> User:
        found = with_plan(make_learner(f"learner{User.objects.count()}"))
        Plan.objects.update(revision=curriculum.revision)
        make_reminder(found)
        if kind != "mail":
            use_channel(found, kind, f"http://127.0.0.1:{receiver.port}/hook")
        return found

    return make


def use_channel(learner: User, kind: str, address: str) -> None:
    channels.choose(learner, kind, address=address, token="", now=NOW)
    Channel.objects.filter(learner=learner).update(confirmed_at=NOW)


def row_of(learner: User) -> Reminder:
    return Reminder.objects.get(learner=learner)


# --- the good way -----------------------------------------------------------------------------------------


def test_a_batch_of_several_channels_gives_everyone_one_message(
    sink: Sink, receiver: Receiver, learner: Made
) -> None:
    said_before: list[str] = []

    def answers(connection: socket.socket) -> None:
        said_before.append(sink.commands[-1])
        status(200)(connection)

    receiver.answer = answers
    hook, by_mail, ntfy, also_mail = (learner(kind) for kind in ("web-hook", "mail", "ntfy", "mail"))
    assert deliver() == {"sent": 4}
    assert states() == ["sent"] * 4
    assert sorted(mail.to for mail in sink.accepted()) == sorted([by_mail.email, also_mail.email])
    assert sink.connections == 1
    said = [json.loads(body) for body in receiver.bodies]
    assert said[0]["id"] == row_of(hook).message_id.strip("<>")
    assert said[1]["topic"] == "hook"
    # The mails' connection has ended before the first receiver is asked, which may be slow.
    assert [word.upper() for word in said_before] == ["QUIT", "QUIT"]
    assert [row_of(each).channel for each in (hook, by_mail, ntfy)] == ["web-hook", "mail", "ntfy"]
    assert row_of(hook).reason == "Reply to the web hook: 200 OK"
    assert row_of(hook).log_token_hash == ""
    assert deliver() == {}
    assert len(receiver.requests) == 2


def test_the_hand_over_is_on_record_before_the_first_byte(
    receiver: Receiver, learner: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    learner()
    seen: list[str] = []
    begin = channels.begin_hand_over

    def looking(*given: Any) -> bool:
        begun = begin(*given)
        seen.extend([*states(), str(any(receiver.heard))])
        return begun

    monkeypatch.setattr(channels, "begin_hand_over", looking)
    assert deliver() == {"sent": 1}
    assert seen == ["handing_over", "False"]


def test_where_the_mail_server_is_away_the_others_go_all_the_same(
    receiver: Receiver, learner: Made, sink: Sink, settings: Any
) -> None:
    settings.EMAIL_PORT = free_port()
    learner("mail")
    learner()
    assert deliver() == {"put off": 1, "sent": 1}


def test_the_silent_get_the_short_message(receiver: Receiver, learner: Made) -> None:
    found = learner()
    StudySession.objects.update(studied_on=NOW.date() - timedelta(weeks=5))
    first = datetime(2026, 12, 3, 9, tzinfo=NOW.tzinfo)
    Reminder.objects.all().delete()
    make_reminder(found, due_at=first, claimed_at=first, not_before=first, iso_week=49)
    assert deliver(at=first) == {"sent": 1}
    assert json.loads(receiver.bodies[0])["kind"] == "short"


def test_one_message_a_day_counts_every_channel(sink: Sink, receiver: Receiver, learner: Made) -> None:
    found = learner()
    assert actions.ask_for_mail(found, NOW) is not None
    assert deliver() == {"sent": 1, "skipped": 1}
    channels.choose(found, "mail", address="", token="", now=NOW)
    Reminder.objects.filter(state="skipped").update(state="claimed", reason="", finished_at=None)
    assert deliver() == {"skipped": 1}
    assert (len(receiver.requests), sink.accepted()) == (1, [])


def test_what_a_batch_asks_does_not_grow_with_it(receiver: Receiver, learner: Made) -> None:
    def cost(number: int) -> tuple[int, int]:
        for _ in range(number):
            learner()
        with CaptureQueriesContext(connection) as captured:
            assert deliver() == {"sent": number}
        writes = [query for query in captured if query["sql"].lstrip().startswith("UPDATE")]
        reads = [query for query in captured if query["sql"].lstrip().startswith("SELECT")]
        return len(writes), len(reads)

    cost(1)
    (few_writes, few_reads), (many_writes, many_reads) = cost(2), cost(7)
    assert many_reads == few_reads
    # Two a message, as for a mail.
    assert many_writes - few_writes == 10


# --- answers ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [408, 425, 429, 500, 503])
def test_what_is_refused_for_now_waits_and_is_tried_again(
    receiver: Receiver, learner: Made, code: int
) -> None:
    found = learner()
    receiver.answer = status(code)
    assert deliver() == {"again": 1}
    row = row_of(found)
    assert (row.state, row.attempts, row.channel) == ("claimed", 1, "web-hook")
    assert row.not_before == NOW + actions.first_wait()
    assert row.reason.startswith(f"Reply to the web hook: {code} ")
    assert deliver() == {}
    receiver.answer = status(200)
    assert deliver(at=row.not_before) == {"sent": 1}
    # The same message, by its number.
    first, second = (receiver.fields(place) for place in (0, 1))
    assert first["idempotency-key"] == second["idempotency-key"]
    assert first["cairn-signature"] != second["cairn-signature"]


@pytest.mark.parametrize("code", [302, 400, 404, 410])
def test_refused_for_good_it_comes_by_mail_the_same_week_and_says_so(
    sink: Sink, receiver: Receiver, learner: Made, code: int
) -> None:
    found = learner()
    receiver.answer = status(code, "Location: http://169.254.169.254/")
    assert deliver() == {"again": 1}
    channel = Channel.objects.get()
    assert channel.confirmed_at is None
    assert channel.failed_at == NOW
    assert channel.failed_reason.startswith(f"Reply to the web hook: {code} ")
    later = NOW + actions.first_wait()
    assert deliver(at=later) == {"sent": 1}
    text = " ".join(text_of(sink, 0).split())
    assert (
        "Your web hook refused a message on Thu 19 Nov 2026, so this comes by mail; Settings say why." in text
    )
    row = row_of(found)
    assert (row.state, row.channel) == ("sent", "mail")
    assert receiver.connections == 1
    page = browser_of(found).get("/settings/channel/").content.decode()
    assert f"refused the message for good. Reply to the web hook: {code} " in page


@pytest.mark.parametrize("code", [None, 504, 101])
def test_what_nobody_knows_is_never_repeated(
    sink: Sink, receiver: Receiver, learner: Made, code: int | None
) -> None:
    found = learner()
    receiver.answer = (lambda connection: None) if code is None else status(code)
    assert deliver() == {"unknown": 1}
    assert row_of(found).state == "unknown"
    assert deliver(at=NOW + DAY) == {}
    assert (receiver.connections, sink.accepted()) == (1, [])
    assert Channel.objects.get().confirmed_at is not None


def test_what_was_put_off_for_a_day_comes_by_mail(
    sink: Sink, receiver: Receiver, learner: Made, settings: Any
) -> None:
    found = learner()
    settings.HOOK_HOSTS = frozenset({"127.0.0.1:1"})
    assert deliver() == {"again": 1}
    assert row_of(found).reason.startswith("Not sent to the web hook: ")
    assert deliver(at=NOW + DAY) == {"sent": 1}
    assert "For a day this could not be sent to your web hook, so it comes by mail." in " ".join(
        text_of(sink, 0).split()
    )
    assert row_of(found).channel == "mail"
    # It is tried again next week.
    assert Channel.objects.get().confirmed_at is not None


def test_a_dead_worker_leaves_a_message_of_unknown_fate(receiver: Receiver, learner: Made) -> None:
    found = learner()
    token = uuid4()
    [pk] = actions.lease(NOW, 1, token)
    assert channels.begin_hand_over(Reminder.objects.get(pk=pk), token, Channel.objects.get(), NOW)
    actions.sweep(NOW + actions.lease_length())
    assert row_of(found).state == "unknown"
    assert deliver(at=NOW + actions.lease_length()) == {}
    assert receiver.connections == 0


# --- changed meanwhile ------------------------------------------------------------------------------------


def changing(monkeypatch: pytest.MonkeyPatch, change: Callable[[], object]) -> None:
    """At the last moment before the hand-over begins."""
    begin = channels.begin_hand_over

    def later(*given: Any) -> bool:
        change()
        monkeypatch.setattr(channels, "begin_hand_over", begin)
        return begin(*given)

    monkeypatch.setattr(channels, "begin_hand_over", later)


def test_who_chooses_mail_meanwhile_gets_a_mail(
    sink: Sink, receiver: Receiver, learner: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = learner()
    changing(monkeypatch, lambda: channels.choose(found, "mail", address="", token="", now=NOW))
    assert deliver() == {"given back": 1}
    assert deliver() == {"sent": 1}
    assert [mail.to for mail in sink.accepted()] == [found.email]
    assert not any(receiver.heard)


def test_who_unsubscribes_meanwhile_gets_nothing(
    receiver: Receiver, learner: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    learner()
    changing(monkeypatch, lambda: actions.unsubscribe(Recipient.objects.get().unsubscribe_token, NOW))
    assert deliver() == {"skipped": 1}
    assert Reminder.objects.get().reason == "unsubscribed"
    assert not any(receiver.heard)


def test_where_the_database_is_away_nothing_leaves(
    receiver: Receiver, learner: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    learner()

    def away() -> None:
        raise OperationalError("gone")

    changing(monkeypatch, away)
    assert deliver() == {"again": 1}
    assert states() == ["claimed"]
    assert not any(receiver.heard)


def test_without_a_confirmed_address_there_is_no_message_by_any_channel(
    receiver: Receiver, learner: Made
) -> None:
    EmailAddress.objects.filter(user=learner()).update(verified=False)
    assert deliver() == {"skipped": 1}
    assert Reminder.objects.get().reason == "unverified"


# --- slow receivers ---------------------------------------------------------------------------------------


def test_slow_receivers_hold_up_no_more_than_a_minute(receiver: Receiver, learner: Made) -> None:
    for _ in range(3):
        learner()
    clock = [NOW]

    def answers(connection: Any) -> None:
        clock[0] += timedelta(seconds=40)
        status(200)(connection)

    receiver.answer = answers
    found = delivery.deliver(200, now=lambda: clock[0], stopping=lambda: False)
    assert found == {"sent": 2, "given back": 1}
    assert sorted(states()) == ["claimed", "sent", "sent"]
    assert queries.ready_count(clock[0], 10) == 1


def test_a_worker_that_is_asked_to_stop_gives_them_back(receiver: Receiver, learner: Made) -> None:
    learner("mail")
    learner()
    assert deliver(stopping=lambda: True) == {"given back": 2}
    assert receiver.connections == 0


# --- what staff and learners see --------------------------------------------------------------------------


def test_the_record_names_the_channel_where_it_is_not_mail(receiver: Receiver, learner: Made) -> None:
    found = learner()
    assert deliver() == {"sent": 1}
    make_recipient(staff := make_learner("Bob", is_staff=True))
    make_reminder(staff, state="sent")
    read = reminders_status.status(NOW)
    assert {row.address: row.channel for row in read.last} == {found.email: "web-hook", staff.email: "mail"}
    lines = "\n".join(reminders_status.lines(read))
    assert f"{found.email}  (web hook)  Reply to the web hook: 200 OK" in lines
    assert "2026-W47, web hook" in browser_of(staff).get("/status/").content.decode()
    assert "Sent, web hook: Reply" in browser_of(found).get("/settings/").content.decode()
