"""Ticking criteria and completing milestones."""

import json
from datetime import date, datetime

from django.db import transaction

from curriculum.catalogue import Module, catalogue
from tracker.milestones import queries
from tracker.milestones.models import Completion, CriterionTick
from tracker.people.models import User
from tracker.plans.models import Plan


class MilestoneIsCompleted(ValueError):
    """The record is frozen; its criteria change no more."""


class CriteriaAreOpen(ValueError):
    """A criterion of the milestone has nothing to back it yet."""


@transaction.atomic
def tick_criterion(
    learner: User, module: Module, criterion_key: str, *, link: str, note: str, now: datetime
) -> CriterionTick:
    """Claims a criterion as met, backed by a link or a note; once more changes its backing."""
    _refuse_when_completed(learner, module)
    tick, _ = CriterionTick.objects.update_or_create(
        learner=learner,
        criterion_key=criterion_key,
        defaults={"link": link, "note": note, "ticked_at": now},
    )
    return tick


@transaction.atomic
def untick_criterion(learner: User, module: Module, criterion_key: str) -> None:
    """Takes the claim back."""
    _refuse_when_completed(learner, module)
    CriterionTick.objects.filter(learner=learner, criterion_key=criterion_key).delete()


def _refuse_when_completed(learner: User, module: Module) -> None:
    # The learner's row is locked so that a tick and a completion at the same moment come one after the other.
    User.objects.select_for_update().get(pk=learner.pk)
    if Completion.objects.filter(learner=learner, module_key=module.key).exists():
        raise MilestoneIsCompleted(f"{module.milestone_title} is completed; its record is frozen.")


@transaction.atomic
def complete_milestone(learner: User, plan: Plan, module: Module, *, now: datetime, on: date) -> Completion:
    """Completes the milestone and freezes its record. Completing it again changes nothing.

    Raises CriteriaAreOpen while a criterion of the plan's track is not ticked.
    """
    User.objects.select_for_update().get(pk=learner.pk)
    already = Completion.objects.filter(learner=learner, module_key=module.key).first()
    if already:
        return already
    standing = queries.milestone(learner.pk, module, plan.track_key)
    if not standing.is_ready:
        raise CriteriaAreOpen("Every criterion needs a link or a note before the milestone is completed.")
    return Completion.objects.create(
        learner=learner,
        module_key=module.key,
        track_key=plan.track_key,
        revision=plan.revision,
        completed_on=on,
        completed_at=now,
        snapshot=json.dumps(
            snapshot(learner, plan, standing, on), sort_keys=True, separators=(",", ":"), ensure_ascii=False
        ),
    )


def snapshot(learner: User, plan: Plan, standing: queries.MilestoneStanding, on: date) -> dict[str, object]:
    """The record of a milestone as plain values: planned and real, criteria with their backing, editions."""
    module = standing.module
    real = queries.studied(learner.pk, module.key)
    planned = queries.planned(plan, module)
    return {
        "module": module.key,
        "title": module.title,
        "milestone": module.milestone_title,
        "track": plan.track_key,
        "revision": plan.revision,
        "planned": {
            "minutes": planned.minutes,
            "first_on": _iso(planned.first_on),
            "last_on": _iso(planned.last_on),
        },
        "real": {
            "minutes": real.minutes,
            "sessions": real.sessions,
            "first_on": _iso(real.first_on),
            "last_on": on.isoformat(),
            "confidence": round(real.confidence, 2) if real.confidence is not None else None,
        },
        "criteria": [
            {
                "key": item.criterion.key,
                "text": item.criterion.text,
                "link": item.tick.link,
                "note": item.tick.note,
                "ticked_at": item.tick.ticked_at.isoformat(),
            }
            for item in standing.criteria
            if item.tick
        ],
        "editions": list(catalogue(plan.revision).editions_in(module)),
    }


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None
