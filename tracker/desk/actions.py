"""Acts that touch two features or more, each one transaction."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from curriculum.catalogue import Catalogue
from tracker.people import actions as people_actions
from tracker.people.models import User
from tracker.plans import actions as plans_actions
from tracker.plans.models import Plan
from tracker.reminders import actions as reminders_actions


@dataclass(frozen=True, slots=True)
class ReminderWish:
    """When the weekly mail should come; `wording` is what the learner agreed to, empty for no mail."""

    weekday: int
    hour: int
    wording: str


@transaction.atomic
def start(
    learner: User,
    wish: plans_actions.Wish,
    reminder: ReminderWish,
    *,
    zone: str,
    content: Catalogue,
    known_modules: Collection[str],
    now: datetime,
    on: date,
) -> Plan:
    """What `/start/` ends in: zone, plan and reminder together."""
    people_actions.set_zone(learner, zone)
    plan = plans_actions.make_plan(
        learner, wish, content=content, known_modules=known_modules, now=now, on=on
    )
    reminders_actions.set_reminder(
        learner, reminder.weekday, reminder.hour, wording=reminder.wording, place="start", now=now
    )
    return plan


@transaction.atomic
def change_zone(learner: User, zone: str, *, now: datetime) -> None:
    """A new zone moves the days of the plan and the reminder's hour with it."""
    people_actions.set_zone(learner, zone)
    reminders_actions.reschedule_for(learner, now)
