"""Periodic work on accounts and on what programs were answered."""

from celery import shared_task

from tracker import clock
from tracker.people import actions


@shared_task
def delete_due_accounts() -> None:
    """Accounts whose seven days to undo are over."""
    actions.delete_due(clock.now())


@shared_task
def forget_old_answers() -> None:
    """What programs were answered more than thirty days ago."""
    actions.forget_old_answers(clock.now())
