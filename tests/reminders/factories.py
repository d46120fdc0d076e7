"""Recipients and reminders as tests need them."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from tests.fixtures.cast import NOW
from tracker.people.models import User
from tracker.reminders import actions, rules
from tracker.reminders.models import Recipient, Reminder

WORDING = "Mail me."
# A minute before the cast's NOW: 09:59 on Thursday 19 November 2026 in Vienna, ISO week 47.
DUE = NOW - timedelta(minutes=1)


def make_recipient(learner: User, *, due_at: datetime | None = DUE, **fields: Any) -> Recipient:
    """A learner who agreed to the mail long ago and whose next one is due at `due_at`."""
    recipient = actions.set_reminder(
        learner, 4, 9, wording=WORDING, place="settings", now=NOW - timedelta(days=60)
    )
    changes = {"next_due_at": due_at, **fields}
    Recipient.objects.filter(pk=recipient.pk).update(**changes)
    recipient.refresh_from_db()
    return recipient


def make_reminder(learner: User, **fields: Any) -> Reminder:
    """The claimed mail of the week of `DUE`."""
    week = rules.iso_week_of(DUE, learner.zone_info)
    year, number, _ = week.first_on.isocalendar()
    return Reminder.objects.create(
        learner=learner,
        **{
            "iso_year": year,
            "iso_week": number,
            "state": Reminder.State.CLAIMED,
            "message_id": rules.message_id_of("progress", learner.pk, week, "cairn.example.org"),
            "due_at": DUE,
            "claimed_at": NOW,
            "not_before": NOW,
            **fields,
        },
    )


def make_leased(learner: User, **fields: Any) -> tuple[Reminder, UUID]:
    """A claimed mail that a worker has leased at `NOW`, and the worker's token."""
    token = uuid4()
    fields = {"lease_token": token, "leased_until": NOW + actions.lease_length(), **fields}
    return make_reminder(learner, **fields), token
