"""A learner who has finished a module, and days on which they are asked."""

from datetime import UTC, date, datetime, timedelta

from curriculum.catalogue import Module
from tests.fixtures.cast import NOW, TODAY
from tracker.people.models import User
from tracker.plans.models import Mark, Plan

FINISHED_ON = TODAY - timedelta(days=3)


def finish(learner: User, plan: Plan, module: Module, on: date = FINISHED_ON, kind: str = "done") -> None:
    """Marks every activity that the module asks for."""
    Mark.objects.bulk_create(
        Mark(
            learner=learner,
            activity_key=activity.key,
            kind=kind,
            marked_on=on,
            marked_at=datetime(on.year, on.month, on.day, 9, tzinfo=UTC),
            planned_minutes=activity.minutes,
            revision=plan.revision,
        )
        for activity in module.required_in(plan.track_key)
    )


def later(days: int) -> datetime:
    """The moment of `NOW` so many days on."""
    return NOW + timedelta(days=days)
