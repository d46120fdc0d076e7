"""The minute's tick, and the batches it asks for. A lost message loses nothing: the table is the outbox."""

import logging
import threading
from datetime import datetime
from typing import Any

from celery import current_app, shared_task
from celery.signals import worker_shutting_down
from django.conf import settings
from kombu.exceptions import OperationalError as BrokerIsAway

from tracker import clock
from tracker.operations.actions import beat
from tracker.reminders import actions, channel_trial, delivery, queries, rules, trial
from tracker.reminders.models import Channel, MailTrial
from tracker.reminders.status import HEARTBEAT

log = logging.getLogger(__name__)

CLAIM_BATCH = 500
CLAIM_BATCHES = 40
DELIVERIES_A_TICK = 8
BROKER_SECONDS = 5
SOCKET_TIMEOUTS = ("socket_connect_timeout", "socket_timeout")

_stopping = threading.Event()


@worker_shutting_down.connect
def stop_after_this_mail(**_: Any) -> None:
    """A worker that is asked to stop ends its batch at the next mail, long before it would be killed.

    In a prefork worker this reaches the parent alone; its children finish the batch they have.
    """
    _stopping.set()


@shared_task
def wake() -> None:
    """Settles what was left, claims who is due, and asks for as many batches as there is work."""
    now = clock.now()
    beat(HEARTBEAT, now)
    actions.sweep(now)
    try:
        for _ in range(CLAIM_BATCHES):
            if actions.claim_due(now, CLAIM_BATCH) < CLAIM_BATCH:
                break
    finally:
        # What is claimed goes out even where a claim fails.
        ask_for_deliveries()


def ask_for_deliveries() -> None:
    """Publishes one message a batch. Where the broker is away, the next tick publishes them."""
    size = settings.REMINDER_BATCH
    ready = queries.ready_count(clock.now(), size * DELIVERIES_A_TICK)
    if not ready:
        return
    try:
        with _broker(BROKER_SECONDS) as broker:
            for _ in range(-(-ready // size)):
                # Celery takes a connection here; its stubs do not know.
                deliver.apply_async(  # type: ignore[call-arg]
                    (size,), expires=max(10, settings.TICK_SECONDS), connection=broker
                )
    except BrokerIsAway:
        log.warning("The broker is away; reminders wait for the next tick.")


@shared_task(bind=True)
def deliver(self: Any, limit: int) -> None:
    """Hands over up to `limit` mails that wait; where there were as many, asks for the next batch.

    So workers go on while there is work, and a tick's few messages are enough. What follows a message is good
    for as long as that was: the next tick begins anew, and messages never pile up.
    """
    counts = delivery.deliver(limit, now=clock.now, stopping=_stopping.is_set)
    until = self.request.expires
    settled = sum(counts[outcome] for outcome in (*rules.Outcome, "skipped"))
    if settled < limit or until is None or datetime.fromisoformat(until) <= clock.now():
        return
    try:
        with _broker(BROKER_SECONDS) as broker:
            self.apply_async((limit,), expires=until, connection=broker)
    except BrokerIsAway:
        log.warning("The broker is away; reminders wait for the next tick.")


def _broker(seconds: float) -> Any:
    """A connection to the broker that gives up one that does not answer for so long.

    Without an end of its own, a broker that takes connections and is silent would hold its caller for ever.
    """
    options = {**settings.CELERY_BROKER_TRANSPORT_OPTIONS, **dict.fromkeys(SOCKET_TIMEOUTS, seconds)}
    return current_app.connection_for_write(transport_options=options)


def ask_for_trial(row: MailTrial) -> bool:
    """Asks a worker for a test mail; False where the broker is away."""
    return _asked(send_trial, row.pk, row.number)


def ask_for_channel_trial(row: Channel) -> bool:
    """Asks a worker for a test of a channel; False where the broker is away."""
    return _asked(send_channel_trial, row.pk, row.number)


def _asked(task: Any, pk: int, number: int) -> bool:
    """Whether the message to a worker was published.

    A page waits for this, so a broker that does not answer is given up after a second.
    """
    try:
        with _broker(1) as broker:
            task.apply_async((pk, number), expires=rules.TRIAL_GOOD_FOR.total_seconds(), connection=broker)
    except BrokerIsAway:
        log.warning("The broker is away; a test is not sent.")
        return False
    return True


@shared_task
def send_trial(trial_id: int, number: int) -> None:
    """Hands over one test mail."""
    trial.send(trial_id, number, now=clock.now)


@shared_task
def send_channel_trial(channel_id: int, number: int) -> None:
    """Sends one test message to a learner's channel."""
    channel_trial.send(channel_id, number, now=clock.now)
