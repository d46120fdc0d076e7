"""Periodic work on accounts."""

from celery import shared_task

from tracker import clock
from tracker.people import actions


@shared_task
def delete_due_accounts() -> None:
    """Accounts whose seven days to undo are over."""
    actions.delete_due(clock.now())
