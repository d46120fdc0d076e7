"""Periodic work on the journal."""

from celery import shared_task

from tracker import clock
from tracker.journal import actions


@shared_task
def forget_waiting_files() -> None:
    """Files whose import nobody has confirmed within an hour."""
    actions.forget_waiting_files(clock.now())
