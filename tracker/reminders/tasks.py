"""The minute's tick, and the batches it asks for. A lost message loses nothing: the table is the outbox."""

import threading
from datetime import datetime
from typing import Any

from celery import shared_task
from celery.signals import worker_shutting_down
from django.conf import settings

from tracker import clock
from tracker.celery import PAGE_WAITS, TASK_WAITS, publish
from tracker.operations.actions import beat
from tracker.reminders import actions, channel_trial, delivery, queries, rules, trial
from tracker.reminders.models import Channel, MailTrial
from tracker.reminders.status import HEARTBEAT

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
    if not ready:
        return
    batches = -(-ready // size)
    publish(deliver, [(size,)] * batches, expires=max(10, settings.TICK_SECONDS), within=TASK_WAITS)


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
    publish(self, [(limit,)], expires=until, within=TASK_WAITS)


def ask_for_trial(row: MailTrial) -> bool:
    """Asks a worker for a test mail; False where the broker is away."""
    return _asked(send_trial, row.pk, row.number)


def ask_for_channel_trial(row: Channel) -> bool:
    """Asks a worker for a test of a channel; False where the broker is away."""
    return _asked(send_channel_trial, row.pk, row.number)


def _asked(task: Any, pk: int, number: int) -> bool:
    good_for = rules.TRIAL_GOOD_FOR.total_seconds()
    return publish(task, [(pk, number)], expires=good_for, within=PAGE_WAITS)


@shared_task
def send_trial(trial_id: int, number: int) -> None:
    """Hands over one test mail."""
    trial.send(trial_id, number, now=clock.now)


@shared_task
def send_channel_trial(channel_id: int, number: int) -> None:
    """Sends one test message to a learner's channel."""
    channel_trial.send(channel_id, number, now=clock.now)
