"""The tick, and the command that looks at what it left."""

import socket
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from kombu.exceptions import OperationalError as BrokerIsAway

from tests.fixtures.cast import NOW, make_learner
from tests.reminders.factories import make_recipient, make_reminder
from tracker.celery import app
from tracker.operations.actions import beat
from tracker.operations.models import Heartbeat
from tracker.people.models import User
from tracker.reminders import actions, tasks
from tracker.reminders.models import Recipient, Reminder

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("now")]


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> list[tuple[tuple[Any, ...], dict[str, Any]]]:
    """What was published instead of going to the broker."""
    messages: list[tuple[tuple[Any, ...], dict[str, Any]]] = []
    monkeypatch.setattr(
        tasks.deliver, "apply_async", lambda args=(), **options: messages.append((args, options))
    )
    return messages


Published = list[tuple[tuple[Any, ...], dict[str, Any]]]


def test_a_tick_notes_itself_settles_claims_and_asks_for_batches(alice: User, published: Published) -> None:
    Recipient.objects.filter(pk=make_recipient(alice).pk).update(unsubscribed_at=NOW)
    lapsed = make_reminder(make_learner("Dora"), state="handing_over", leased_until=NOW)
    # Unsubscribed: the row is skipped at once, so that nothing waits for a worker.
    tasks.wake()
    lapsed.refresh_from_db()
    assert lapsed.state == "unknown"
    assert Reminder.objects.get(learner=alice).reason == "unsubscribed"
    assert Heartbeat.objects.get(name="wake-reminders").beat_at == NOW
    assert published == []


def test_as_many_batches_are_asked_for_as_there_is_work(published: Published, settings: Any) -> None:
    settings.REMINDER_BATCH = 3
    for number in range(7):
        make_reminder(make_learner(f"learner{number}"))
    tasks.wake()
    assert [args for args, _ in published] == [(3,), (3,), (3,)]
    # A batch asked for is worth nothing once the next tick has asked again; nothing is put on a timer.
    assert all(set(options) == {"expires", "connection"} for _, options in published)
    assert all(options["expires"] <= 60 for _, options in published)


def test_a_tick_asks_for_no_more_than_its_share(published: Published, settings: Any) -> None:
    settings.REMINDER_BATCH = 1
    for number in range(tasks.DELIVERIES_A_TICK + 3):
        make_reminder(make_learner(f"learner{number}"))
    tasks.wake()
    assert len(published) == tasks.DELIVERIES_A_TICK


def test_a_tick_that_cannot_publish_loses_nothing(
    published: Published, monkeypatch: pytest.MonkeyPatch, alice: User
) -> None:
    make_reminder(alice)

    def failing(*_: Any, **__: Any) -> None:
        raise BrokerIsAway("connection refused")

    with monkeypatch.context() as away:
        away.setattr(tasks.deliver, "apply_async", failing)
        tasks.wake()
    tasks.wake()
    assert len(published) == 1


def test_a_claim_that_fails_does_not_hold_up_what_is_claimed(
    published: Published, monkeypatch: pytest.MonkeyPatch, alice: User
) -> None:
    make_reminder(alice)

    def failing(*_: Any) -> int:
        raise ZeroDivisionError

    monkeypatch.setattr(actions, "claim_due", failing)
    with pytest.raises(ZeroDivisionError):
        tasks.wake()
    assert len(published) == 1


def test_a_heartbeat_is_one_row(db: None) -> None:
    beat("wake-reminders", NOW)
    beat("wake-reminders", NOW + timedelta(minutes=1))
    assert list(Heartbeat.objects.values_list("name", "beat_at")) == [
        ("wake-reminders", NOW + timedelta(minutes=1))
    ]


def test_deliver_hands_over(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def noting(limit: int, *, now: Callable[[], Any], stopping: Callable[[], bool]) -> Counter[str]:
        assert now() == NOW
        assert not stopping()
        asked.append(limit)
        return Counter()

    monkeypatch.setattr("tracker.reminders.delivery.deliver", noting)
    tasks.deliver(200)
    assert asked == [200]


@pytest.mark.parametrize(
    ("counts", "ends_in", "goes_on"),
    [
        ({"sent": 2, "again": 1}, 30, True),
        ({"skipped": 2, "failed": 1}, 30, True),
        ({"sent": 2}, 30, False),  # nothing is left
        ({"sent": 2, "put off": 1}, 30, False),  # there is no mail server
        ({"sent": 2, "given back": 1}, 30, False),  # the worker stops
        ({"sent": 3}, 0, False),  # the next tick has asked by now
    ],
)
def test_a_full_batch_asks_for_the_next_until_the_next_tick(
    published: Published,
    monkeypatch: pytest.MonkeyPatch,
    counts: dict[str, int],
    ends_in: int,
    goes_on: bool,
) -> None:
    until = (NOW + timedelta(seconds=ends_in)).isoformat()
    monkeypatch.setattr("tracker.reminders.delivery.deliver", lambda *_, **__: Counter(counts))
    tasks.deliver.push_request(expires=until)  # type: ignore[call-arg]
    try:
        tasks.deliver.run(3)
    finally:
        tasks.deliver.pop_request()
    assert [(args, options["expires"]) for args, options in published] == [((3,), until)] * goes_on


def test_a_broker_that_never_answers_does_not_hold_up_a_tick(
    alice: User, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It takes the connection and says nothing, as one does whose machine hangs."""
    make_reminder(alice)
    monkeypatch.setattr(tasks, "TASK_WAITS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        monkeypatch.setattr(app.conf, "broker_write_url", address)
        begun = time.monotonic()
        tasks.wake()
    assert time.monotonic() - begun < 10
    assert "The broker is away, tracker.reminders.tasks.deliver waits" in caplog.text
    assert Reminder.objects.get().state == "claimed"


def test_status_says_what_is_due_open_and_done(alice: User, bob: User, charlie: User) -> None:
    make_recipient(alice)
    make_reminder(bob, state="handing_over")
    make_reminder(charlie, state="failed", reason="Reply to the recipient: 550 nobody")
    out = StringIO()
    call_command("reminders", "status", stdout=out)
    lines = out.getvalue().splitlines()
    for line in ("last tick: never", "due now: 1", "claimed: 0", "handing_over: 1"):
        assert line in lines
    assert (
        "2026-W47  2026-11-19 08:59Z  failed        charlie@example.org  Reply to the recipient: 550 nobody"
        in lines
    )


def test_status_is_the_only_word_it_knows() -> None:
    with pytest.raises(CommandError):
        call_command("reminders", "send")
