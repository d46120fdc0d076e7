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
from tracker.reminders import actions, delivery, queries

log = logging.getLogger(__name__)

HEARTBEAT = "wake-reminders"
CLAIM_BATCH = 500
CLAIM_BATCHES = 40
DELIVERIES_A_TICK = 8

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
