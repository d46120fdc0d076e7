"""The minute's tick, and the batches it asks for. A lost message loses nothing: the table is the outbox."""

import logging
import threading
from typing import Any

from celery import shared_task
from celery.signals import worker_shutting_down
from django.conf import settings
from kombu.exceptions import OperationalError as BrokerIsAway

from tracker import clock
from tracker.operations.actions import beat
from tracker.reminders import actions, delivery, queries, rules, trial
from tracker.reminders.models import MailTrial
from tracker.reminders.status import HEARTBEAT

log = logging.getLogger(__name__)

CLAIM_BATCH = 500
CLAIM_BATCHES = 40
DELIVERIES_A_TICK = 8
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
    for _ in range(-(-ready // size)):
        try:
            deliver.apply_async((size,), expires=max(10, settings.TICK_SECONDS))
        except BrokerIsAway:
            log.warning("The broker is away; reminders wait for the next tick.")
            return


@shared_task
def deliver(limit: int) -> None:
    """Hands over up to `limit` mails that wait."""
    delivery.deliver(limit, now=clock.now, stopping=_stopping.is_set)


def ask_for_trial(row: MailTrial) -> bool:
    """Asks a worker for a test mail; False where the broker is away.

    A page waits for this, so a broker that does not answer is given up after a second.
    """
    options = {**settings.CELERY_BROKER_TRANSPORT_OPTIONS, **dict.fromkeys(SOCKET_TIMEOUTS, 1)}
    try:
        with send_trial.app.connection_for_write(transport_options=options) as broker:
            # Celery takes a connection here; its stubs do not know.
            send_trial.apply_async(  # type: ignore[call-arg]
                (row.pk, row.number), expires=rules.TRIAL_GOOD_FOR.total_seconds(), connection=broker
            )
    except BrokerIsAway:
        log.warning("The broker is away; a test mail is not sent.")
        return False
    return True


@shared_task
def send_trial(trial_id: int, number: int) -> None:
    """Hands over one test mail."""
    trial.send(trial_id, number, now=clock.now)
