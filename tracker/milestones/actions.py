"""Ticking criteria, completing milestones and opening them again, and looking back at them."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime

from django.db import transaction
from django.db.models import Max

from curriculum.catalogue import Module, catalogue
from tracker.evidence import actions as evidence_actions
from tracker.evidence.models import Artefact
from tracker.evidence.queries import LabStanding
from tracker.milestones import queries
from tracker.milestones.models import (
    Completion,
    Confirmation,
    CriterionTick,
    Retrospective,
    RetrospectiveAddition,
)
from tracker.milestones.rules import retrospective as rules
from tracker.milestones.rules import snapshot as snapshots
from tracker.people.models import User
from tracker.plans.models import Plan


class MilestoneIsCompleted(ValueError):
    """The milestone is completed; its criteria change only once it is opened again."""


class MilestoneIsOpen(ValueError):
    """The completion is not the one that stands: the milestone was opened again."""


class RetrospectiveIsFrozen(ValueError):
    """The week in which the answers can be changed is over; what comes later is added."""


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


def _lock(learner: User) -> None:
    # So that a tick, a completion and an opening at the same moment come one after the other.
    User.objects.select_for_update().get(pk=learner.pk)


def _refuse_when_completed(learner: User, module: Module) -> None:
    _lock(learner)
    if _standing(learner, module.key) is not None:
        raise MilestoneIsCompleted(
            f"{module.milestone_title} is completed. Its criteria can be changed once it is opened again."
        )


def _standing(learner: User, module_key: str) -> Completion | None:
    return Completion.objects.filter(learner=learner, module_key=module_key, reopened_at__isnull=True).first()


@transaction.atomic
def complete_milestone(learner: User, plan: Plan, module: Module, *, now: datetime, on: date) -> Completion:
    """Completes the milestone and freezes its record. Completing it while it is completed changes nothing.

    After it was opened again, this makes the next record, and leaves the earlier ones as they are. Raises
    CriteriaAreOpen while a criterion of the plan's track has nothing that backs it.
    """
    _lock(learner)
    already = _standing(learner, module.key)
    if already:
        return already
    standing = queries.milestone(learner.pk, module, plan.track_key)
    if not standing.is_ready:
        raise CriteriaAreOpen(
            "Every criterion needs something that backs it before the milestone is completed."
        )
    before = Completion.objects.filter(learner=learner, module_key=module.key).aggregate(Max("number"))
    number = (before["number__max"] or 0) + 1
    frozen = snapshot(learner, plan, standing, on)
    return Completion.objects.create(
        learner=learner,
        module_key=module.key,
        number=number,
        track_key=plan.track_key,
        revision=plan.revision,
        completed_on=on,
        completed_at=now,
        snapshot=snapshots.write({**frozen, "number": number, "completed_at": now.isoformat()}),
    )


@transaction.atomic
def reopen_milestone(learner: User, module_key: str, *, now: datetime) -> Completion | None:
    """Opens a completed milestone again. Its record stays, as an earlier completion.

    None where it is open.
    """
    _lock(learner)
    standing = _standing(learner, module_key)
    if standing is not None:
        standing.reopened_at = now
        standing.save(update_fields=["reopened_at"])
    return standing


@transaction.atomic
def confirm_milestone(completion: Completion, *, name: str, note: str, now: datetime) -> Confirmation:
    """Keeps a mentor's word that a completion holds. Once more by the same name changes nothing.

    name: the mentor's, as they gave it; not empty. Raises MilestoneIsOpen where the milestone was opened
    again: what they saw is no longer what stands.
    """
    name = name.strip()
    if not name:
        raise ValueError("A confirmation needs the name of who confirms.")
    locked = Completion.objects.select_for_update().get(pk=completion.pk)
    if locked.reopened_at is not None:
        raise MilestoneIsOpen("The milestone was opened again, so that there is nothing to confirm now.")
    confirmation, _ = Confirmation.objects.get_or_create(
        completion=locked, name=name, defaults={"note": note, "confirmed_at": now}
    )
    return confirmation


@transaction.atomic
def answer_retrospective(completion: Completion, answers: Mapping[str, str], *, now: datetime) -> None:
    """Keeps the answers to the questions of a completion, by their fields.

    Raises RetrospectiveIsFrozen a week after the completion.
    """
    if not rules.is_editable(completion.completed_at, now):
        raise RetrospectiveIsFrozen("The week for these answers is over. You can add to them with a date.")
    said = {field: answers[field] for field, _ in rules.QUESTIONS}
    Retrospective.objects.update_or_create(
        completion=completion, defaults={**said, "answered_at": now if any(said.values()) else None}
    )


@transaction.atomic
def add_to_retrospective(
    completion: Completion, text: str, *, now: datetime, on: date
) -> RetrospectiveAddition:
    """Adds a dated note to a retrospective. `text` is not empty."""
    found, _ = Retrospective.objects.get_or_create(completion=completion)
    return RetrospectiveAddition.objects.create(retrospective=found, text=text, added_on=on, added_at=now)


@transaction.atomic
def star_retrospective(completion: Completion, *, is_starred: bool) -> bool:
    """Takes a retrospective into the year in review, or out. False where there is none."""
    return Retrospective.objects.filter(completion=completion).update(is_starred=is_starred) > 0


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
