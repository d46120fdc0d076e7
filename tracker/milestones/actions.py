"""Ticking criteria and completing milestones."""

import json
from collections.abc import Iterable
from datetime import date, datetime

from django.db import transaction

from curriculum.catalogue import Module, catalogue
from tracker.evidence import actions as evidence_actions
from tracker.evidence.models import Artefact
from tracker.evidence.queries import LabStanding
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


@transaction.atomic
def add_file(
    learner: User,
    module: Module,
    criterion_key: str,
    title: str,
    name: str,
    pieces: Iterable[bytes],
    *,
    now: datetime,
) -> Artefact:
    """Backs a criterion with a file. Raises `evidence.actions.TooMuch`."""
    _refuse_when_completed(learner, module)
    return evidence_actions.add_file(learner, criterion_key, title, name, pieces, now)


@transaction.atomic
def add_link(
    learner: User, module: Module, criterion_key: str, title: str, *, url: str, commit: str, now: datetime
) -> Artefact:
    """Backs a criterion with a link or a commit."""
    _refuse_when_completed(learner, module)
    return evidence_actions.add_link(learner, criterion_key, title, url=url, commit=commit, now=now)


@transaction.atomic
def remove_artefact(learner: User, module: Module, artefact: Artefact) -> None:
    """Takes an artefact away. The record of a completed milestone names what it had, whatever goes later."""
    _refuse_when_completed(learner, module)
    evidence_actions.remove_artefact(artefact)


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
        raise CriteriaAreOpen(
            "Every criterion needs something that backs it before the milestone is completed."
        )
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
                "state": item.state,
                "link": item.tick.link if item.tick else "",
                "note": item.tick.note if item.tick else "",
                "ticked_at": item.tick.ticked_at.isoformat() if item.tick else None,
                "lab": _lab_record(item.lab) if item.lab and item.lab.outcome else None,
                "artefacts": [_artefact_record(row) for row in item.artefacts],
            }
            for item in standing.criteria
        ],
        "editions": list(catalogue(plan.revision).editions_in(module)),
    }


def _lab_record(lab: LabStanding) -> dict[str, object]:
    """A lab's outcome line by line, and its files by name and hash: they stay readable when the files go."""
    hand_in = lab.hand_in
    assert hand_in is not None
    return {
        "key": lab.lab.key,
        "title": lab.lab.title,
        "outcome": lab.outcome,
        "handed_in_at": hand_in.handed_in_at.isoformat(),
        "rules": [
            {"sentence": line.sentence, "outcome": line.outcome, "note": line.note} for line in lab.lines
        ],
        "files": [
            {"name": row.name, "size_bytes": row.size_bytes, "sha256": row.sha256}
            for row in hand_in.files.all()
        ],
    }


def _artefact_record(row: Artefact) -> dict[str, object]:
    return {
        "kind": row.kind,
        "title": row.title,
        "url": row.url,
        "commit": row.commit,
        "name": row.file.name if row.file else "",
        "size_bytes": row.file.size_bytes if row.file else None,
        "sha256": row.file.sha256 if row.file else "",
    }


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None
