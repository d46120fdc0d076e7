"""What has to be settled in a database that was just brought back from a backup."""

from datetime import datetime

from django.contrib.sessions.models import Session
from django.db import transaction

from tracker.badges import actions as badges_actions
from tracker.cohorts import actions as cohorts_actions
from tracker.people import actions as people_actions
from tracker.reminders import actions as reminders_actions
from tracker.reminders import channels
from tracker.reminders.models import Reminder
from tracker.reminders.queries import OPEN_STATES
from tracker.sharing import actions as sharing_actions

BATCH = 500
REASON = "The database was restored from a backup; whether this mail had gone out by then is not known."


@transaction.atomic
def settle(now: datetime) -> None:
    """Makes an older database safe to run on at `now`.

    Nobody is mailed twice: a mail that was due or under way may have gone out after the backup was made, so
    it becomes unknown, which is shown and never sent by machine. Nobody stays logged in, and no program's
    token, calendar address, portfolio or mentor's link is good: one that was ended since would be open
    again. Nobody is in a cohort, for they may have left it since. No later badge has the place of one that
    was signed since. Messages go by mail until their channel is confirmed anew.
    """
    # A claim takes one week of a learner; those who missed several come up several times.
    while reminders_actions.claim_due(now, BATCH):
        pass
    Reminder.objects.filter(state__in=OPEN_STATES).update(
        state=Reminder.State.UNKNOWN, reason=REASON, finished_at=now, lease_token=None, leased_until=None
    )
    Session.objects.all().delete()
    people_actions.revoke_all_tokens(now)
    reminders_actions.end_all_feed_addresses()
    sharing_actions.revoke_all(now)
    cohorts_actions.end_all_memberships(now)
    badges_actions.skip_places(now)
    channels.unconfirm_all()
