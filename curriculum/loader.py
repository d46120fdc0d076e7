"""Checked content files become a new, immutable revision. Loading the same content twice changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from django.db import IntegrityError, transaction
from django.db import models as orm

from curriculum import models, schema

CONTENT = Path(__file__).resolve().parent / "content"
"""The curriculum that comes with the product."""

ATTEMPTS = 5
_Row = TypeVar("_Row", bound=orm.Model)


@dataclass(frozen=True, slots=True)
class LoadResult:
    """Which revision holds the content now, and whether this call made it."""

    revision_number: int
    created: bool
    modules: int
    activities: int


def load(folder: Path, loaded_at: datetime) -> LoadResult:
    """Read, check and publish the content of a folder.

    Raises `ContentError` with every reason when the content is not in order; nothing is written then.
    """
    return publish(schema.read_content(folder), loaded_at)


def publish(content: schema.Content, loaded_at: datetime) -> LoadResult:
    """Make checked content the newest revision, in one transaction.

    Content equal to that of any earlier revision makes no new one. Two calls at the same moment make one
    revision: the unique digest decides, and the loser reports the winner's number with `created=False`.
    Raises `ValueError` when `loaded_at` has no zone.
    """
    if loaded_at.tzinfo is None:
        raise ValueError("loaded_at must carry a zone")
    digest = content.digest()
    size = (len(content.modules), content.activity_count())
    attempts_left = ATTEMPTS
    while True:
        found = _number_of(digest)
        if found is not None:
            return LoadResult(found, False, *size)
        try:
            with transaction.atomic():
                return LoadResult(_insert(content, digest, loaded_at).number, True, *size)
        except IntegrityError:
            # Another load took this digest or this number between our look and our insert. A second look
            # finds the digest, or the next free number; anything else is a fault of ours and must show.
            attempts_left -= 1
            if not attempts_left:
                raise


def _number_of(digest: str) -> int | None:
    return models.Revision.objects.filter(digest=digest).values_list("number", flat=True).first()


def _insert(content: schema.Content, digest: str, loaded_at: datetime) -> models.Revision:
    newest = models.Revision.objects.aggregate(newest=orm.Max("number"))["newest"] or 0
    revision = models.Revision.objects.create(
        number=newest + 1, digest=digest, title=content.title, loaded_at=loaded_at
    )
    tracks = _by_key(
        _inserted(
            models.Track(
                revision=revision,
                key=track.key,
                position=position,
                title=track.title,
                summary=track.summary,
                completion=track.completion,
                electives=list(track.electives),
            )
            for position, track in enumerate(content.tracks)
        )
    )
    _insert_skills(revision, content)
    topics = _insert_frameworks(revision, content)
    modules = _insert_modules(revision, content, topics)
    _insert_items(content, modules, tracks)
    _inserted(
        models.PermanentKey(revision=revision, key=key, kind=kind)
        for module in content.modules
        for key, kind, _ in schema.item_keys(module)
    )
    return revision


def _inserted(rows: Iterable[_Row]) -> list[_Row]:
    """Insert rows of one model; they come back with their primary keys."""
    listed = list(rows)
    return listed and type(listed[0])._default_manager.bulk_create(listed, batch_size=500)


def _by_key(rows: Iterable[models.Track]) -> dict[str, models.Track]:
    return {row.key: row for row in rows}


def _insert_skills(revision: models.Revision, content: schema.Content) -> None:
    _inserted(
        models.Skill(
            revision=revision,
            key=skill.key,
            position=position,
            title=skill.title,
            kind=skill.kind,
            levels=list(skill.levels),
            typical_start=skill.typical_start,
            targets=dict(skill.targets),
            proof_modules=list(skill.proof_modules),
            note=skill.note or "",
        )
        for position, skill in enumerate(content.skills)
    )


def _insert_frameworks(
    revision: models.Revision, content: schema.Content
) -> dict[tuple[str, str, str], models.Topic]:
    """Insert frameworks, editions and topics; returns topics by framework, edition and topic id."""
    frameworks = _inserted(
        models.Framework(revision=revision, key=row.key, title=row.title, url=row.url, source=row.source)
        for row in content.frameworks
    )
    editions = _inserted(
        models.Edition(framework=framework, name=row.edition, position=position, title=row.title)
        for framework, known in zip(frameworks, content.frameworks, strict=True)
        for position, row in enumerate(known.editions)
    )
    checked = [(known.key, row) for known in content.frameworks for row in known.editions]
    topics: dict[tuple[str, str, str], models.Topic] = {}
    for edition, (key, row) in zip(editions, checked, strict=True):
        for position, topic in enumerate(row.topics):
            topics[key, row.edition, topic.id] = models.Topic(
                edition=edition,
                topic_id=topic.id,
                position=position,
                name=topic.name,
                kind=topic.kind,
                parent=topic.parent or "",
                groups=list(topic.groups),
            )
    _inserted(topics.values())
    return topics


def _insert_modules(
    revision: models.Revision,
    content: schema.Content,
    topics: Mapping[tuple[str, str, str], models.Topic],
) -> dict[str, models.Module]:
    modules = {
        row.key: row
        for row in _inserted(
            models.Module(
                revision=revision,
                key=module.key,
                number=module.number,
                title=module.title,
                goal=module.goal,
                why=module.why,
                learner_scoped=module.learner_scoped,
            )
            for module in content.modules
        )
    }
    _inserted(
        models.Prerequisite(module=modules[module.key], needs=modules[key], position=position)
        for module in content.modules
        for position, key in enumerate(module.prerequisites)
    )
    _inserted(
        models.Cover(
            module=modules[module.key],
            topic=topics[cover.framework, cover.edition, cover.topic],
            position=position,
        )
        for module in content.modules
        for position, cover in enumerate(module.covers)
    )
    return modules


def _insert_items(
    content: schema.Content, modules: Mapping[str, models.Module], tracks: Mapping[str, models.Track]
) -> None:
    labs = _insert_labs(content, modules, tracks)
    _insert_activities(content, modules, tracks, labs)
    _insert_milestones(content, modules, tracks, labs)
    _inserted(
        models.Question(
            module=modules[module.key],
            key=question.key,
            position=position,
            prompt=question.prompt,
            answer=question.answer,
            source=question.source,
        )
        for module in content.modules
        for position, question in enumerate(module.questions)
    )
    _inserted(
        models.Resource(
            module=modules[module.key],
            key=resource.key,
            position=position,
            title=resource.title,
            url=resource.url,
            kind=resource.kind,
        )
        for module in content.modules
        for position, resource in enumerate(module.resources)
    )


def _insert_labs(
    content: schema.Content, modules: Mapping[str, models.Module], tracks: Mapping[str, models.Track]
) -> dict[str, models.Lab]:
    labs = {
        lab.key: models.Lab(
            module=modules[module.key],
            key=lab.key,
            position=position,
            title=lab.title,
            needs=lab.needs,
            files=list(lab.evidence.files),
            rules=list(lab.evidence.rules),
            variants=dict(lab.variants),
        )
        for module in content.modules
        for position, lab in enumerate(module.labs)
    }
    _inserted(labs.values())
    _inserted(
        models.LabTrack(lab=labs[lab.key], track=tracks[key])
        for module in content.modules
        for lab in module.labs
        for key in lab.tracks
    )
    return labs


def _insert_activities(
    content: schema.Content,
    modules: Mapping[str, models.Module],
    tracks: Mapping[str, models.Track],
    labs: Mapping[str, models.Lab],
) -> None:
    activities = {
        activity.key: models.Activity(
            module=modules[module.key],
            key=activity.key,
            position=position,
            title=activity.title,
            kind=activity.kind,
            minutes=activity.minutes,
            lab=labs[activity.lab] if activity.lab else None,
            summary=activity.summary,
        )
        for module in content.modules
        for position, activity in enumerate(module.activities)
    }
    _inserted(activities.values())
    _inserted(
        models.ActivityTrack(activity=activities[activity.key], track=tracks[key], need=need)
        for module in content.modules
        for activity in module.activities
        for key, need in activity.tracks.items()
    )


def _insert_milestones(
    content: schema.Content,
    modules: Mapping[str, models.Module],
    tracks: Mapping[str, models.Track],
    labs: Mapping[str, models.Lab],
) -> None:
    milestones = _inserted(
        models.Milestone(module=modules[module.key], key=module.milestone.key, title=module.milestone.title)
        for module in content.modules
    )
    criteria = {
        criterion.key: models.Criterion(
            milestone=milestone,
            key=criterion.key,
            position=position,
            text=criterion.text,
            lab=labs[criterion.backed_by.lab] if criterion.backed_by.lab else None,
            artefact=criterion.backed_by.artefact or "",
        )
        for milestone, module in zip(milestones, content.modules, strict=True)
        for position, criterion in enumerate(module.milestone.criteria)
    }
    _inserted(criteria.values())
    _inserted(
        models.CriterionTrack(criterion=criteria[criterion.key], track=tracks[key])
        for module in content.modules
        for criterion in module.milestone.criteria
        for key in criterion.tracks
    )
