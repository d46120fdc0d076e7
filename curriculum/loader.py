"""Checked content files become a new, immutable revision. Loading the same content twice changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar

from django.db import IntegrityError, transaction
from django.db import models as orm

from curriculum import models, reading, schema
from curriculum.catalogue import DATED, Catalogue, NoCurriculum, newest
from curriculum.checks import item_keys, vanished
from curriculum.plain_yaml import ContentError, Problem

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
    return publish(reading.read_content(folder), loaded_at)


def publish(content: reading.Content, loaded_at: datetime) -> LoadResult:
    """Make checked content, with the editions that were imported here, the newest revision.

    One transaction. Raises `ContentError` when a key of the newest revision is gone without being retired.
    Content equal to that of the newest makes no new one; going back to what an older one held makes one. Two
    calls at the same moment make one revision: the unique number decides, and the loser reports the winner's
    with `created=False`. Raises `ValueError` when `loaded_at` has no zone.
    """
    if loaded_at.tzinfo is None:
        raise ValueError("loaded_at must carry a zone")
    content = _with_imported(content)
    digest = content.digest()
    size = (len(content.modules), content.activity_count())
    attempts_left = ATTEMPTS
    while True:
        found = _number_of(digest)
        if found is not None:
            return LoadResult(found, False, *size)
        try:
            with transaction.atomic():
                # Looked for again: another load may have ended since.
                found = _number_of(digest)
                if found is not None:
                    return LoadResult(found, False, *size)
                previous = _newest_or_none()
                _refuse_vanished(content, previous)
                return LoadResult(_insert(content, digest, loaded_at, previous).number, True, *size)
        except IntegrityError:
            # Another load took this number between our look and our insert. A second look finds the same
            # content there, or the next free number; anything else is a fault of ours and must show.
            attempts_left -= 1
            if not attempts_left:
                raise


def add_edition(framework_key: str, edition: schema.Edition, loaded_at: datetime) -> LoadResult:
    """Publish the newest content with this edition of a framework, and keep it for all later revisions.

    An edition equal to the one that is there changes nothing. Raises `NoCurriculum` when there is no content
    to add it to, `KeyError` when the content has no such framework.
    """
    newest_row = models.Revision.objects.order_by("-number").first()
    if newest_row is None or not newest_row.canonical:
        raise NoCurriculum("No curriculum is loaded yet; run manage.py load_curriculum.")
    content = reading.Content.from_canonical(newest_row.canonical)
    changed = content.with_edition(framework_key, edition)
    if changed.digest() == newest_row.digest:
        return LoadResult(newest_row.number, False, len(content.modules), content.activity_count())
    with transaction.atomic():
        models.ImportedEdition.objects.create(
            framework_key=framework_key,
            name=edition.edition,
            content=edition.model_dump_json(exclude_none=True),
            imported_at=loaded_at,
        )
        return publish(changed, loaded_at)


def used_topics(framework_key: str) -> frozenset[str]:
    """The ids of a framework's topics that a module of any revision covers."""
    return frozenset(
        models.Cover.objects.filter(topic__edition__framework__key=framework_key).values_list(
            "topic__topic_id", flat=True
        )
    )


def _with_imported(content: reading.Content) -> reading.Content:
    """The content with every edition that was imported here, where it has the framework."""
    known = {framework.key for framework in content.frameworks}
    for row in models.ImportedEdition.objects.order_by("pk"):
        if row.framework_key in known:
            edition = schema.Edition.model_validate_json(row.content)
            content = content.with_edition(row.framework_key, edition)
    return content


def _newest_or_none() -> Catalogue | None:
    try:
        return newest()
    except NoCurriculum:
        return None


def _refuse_vanished(content: reading.Content, previous: Catalogue | None) -> None:
    """Raise `ContentError` for keys of the newest revision that the content neither has nor retires."""
    if previous is None:
        return
    published = models.PermanentKey.objects.filter(revision__number=previous.revision).order_by("pk")
    in_use = {key: kind for module in content.modules for key, kind, _ in item_keys(module)}
    retired = {row.key: row.kind for row in content.retired}
    place = f"revision {previous.revision}"
    problems = [
        replace(problem, file=place, line=0)
        for problem in vanished(list(published.values_list("key", "kind")), in_use, retired)
    ]
    gone = models.RetiredKey.objects.filter(revision__number=previous.revision).values_list("key", flat=True)
    problems += [
        Problem(place, 0, "", f"{key!r} is retired; expected it to stay in retired.yaml and out of use")
        for key in gone
        if key not in retired
    ]
    if problems:
        raise ContentError(problems)


def _number_of(digest: str) -> int | None:
    """The number of the newest revision, where it has this content."""
    newest_row = models.Revision.objects.order_by("-number").values_list("number", "digest").first()
    return newest_row[0] if newest_row is not None and newest_row[1] == digest else None


class _TextSince:
    """Since when a text reads as it does: as long as in the previous revision, where that reads the same."""

    def __init__(self, previous: Catalogue | None, loaded_at: datetime) -> None:
        self._loaded_at = loaded_at
        self._before: dict[str, Any] = {}
        for module in previous.modules if previous else ():
            self._before[module.key] = module
            self._before |= {row.key: row for row in module.activities}
            self._before |= {row.key: row for row in module.labs}
            self._before |= {row.key: row for row in module.questions}

    def of(self, row: schema.Module | schema.Activity | schema.Lab | schema.Question) -> datetime:
        before = self._before.get(row.key)
        names = DATED[type(row).__name__.lower()]
        if before is not None and all(getattr(row, name) == getattr(before, name) for name in names):
            return before.text_since or self._loaded_at
        return self._loaded_at


def _insert(
    content: reading.Content, digest: str, loaded_at: datetime, previous: Catalogue | None
) -> models.Revision:
    newest_number = models.Revision.objects.aggregate(newest=orm.Max("number"))["newest"] or 0
    revision = models.Revision.objects.create(
        number=newest_number + 1,
        digest=digest,
        canonical=content.canonical().decode(),
        title=content.title,
        loaded_at=loaded_at,
    )
    since = _TextSince(previous, loaded_at)
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
                builds_on=list(track.builds_on),
            )
            for position, track in enumerate(content.tracks)
        )
    )
    _insert_skills(revision, content)
    _insert_role(revision, content)
    topics = _insert_frameworks(revision, content)
    modules = _insert_modules(revision, content, topics, since)
    _insert_items(content, modules, tracks, since)
    _inserted(
        models.PermanentKey(revision=revision, key=key, kind=kind)
        for module in content.modules
        for key, kind, _ in item_keys(module)
    )
    _inserted(
        models.RetiredKey(
            revision=revision,
            key=row.key,
            kind=row.kind,
            reason=row.reason,
            successor=row.successor or "",
        )
        for row in content.retired
    )
    return revision


def _inserted(rows: Iterable[_Row]) -> list[_Row]:
    """Insert rows of one model; they come back with their primary keys."""
    listed = list(rows)
    return listed and type(listed[0])._default_manager.bulk_create(listed, batch_size=500)


def _by_key(rows: Iterable[models.Track]) -> dict[str, models.Track]:
    return {row.key: row for row in rows}


def _insert_skills(revision: models.Revision, content: reading.Content) -> None:
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


def _insert_role(revision: models.Revision, content: reading.Content) -> None:
    _inserted(
        models.RoleRow(
            revision=revision,
            position=position,
            asks=row.asks,
            where=row.where,
            modules=list(row.modules),
            left_out=row.left_out or "",
        )
        for position, row in enumerate(content.role)
    )


def _insert_frameworks(
    revision: models.Revision, content: reading.Content
) -> dict[tuple[str, str, str], models.Topic]:
    """Insert frameworks, editions and topics; returns topics by framework, edition and topic id."""
    frameworks = _inserted(
        models.Framework(revision=revision, key=row.key, title=row.title, url=row.url, source=row.source)
        for row in content.frameworks
    )
    editions = _inserted(
        models.Edition(
            framework=framework,
            name=row.edition,
            position=position,
            title=row.title,
            published_on=date.fromisoformat(row.published_on) if row.published_on else None,
            source=row.source or "",
        )
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
                relates=list(topic.relates),
                note=topic.note or "",
                retired=topic.retired,
            )
    _inserted(topics.values())
    for framework, known in zip(frameworks, content.frameworks, strict=True):
        _insert_ties(framework, known)
    return topics


def _insert_ties(framework: models.Framework, known: schema.Framework) -> None:
    """Maps between editions, links to other frameworks, dates."""
    _inserted(
        models.EditionMap(
            framework=framework,
            position=position,
            from_edition=row.from_edition,
            to_edition=row.to_edition,
            basis=row.basis,
            source=row.source,
            rows=[[said.from_, said.to or "", said.how] for said in row.rows],
        )
        for position, row in enumerate(known.maps)
    )
    _inserted(
        models.Link(
            framework=framework,
            position=position,
            edition=row.edition,
            topic_id=row.topic,
            to_framework=row.to_framework,
            to_edition=row.to_edition,
            to_topic=row.to_topic,
            basis=row.basis,
            source=row.source,
        )
        for position, row in enumerate(known.links)
    )
    _inserted(
        models.CalendarRow(
            framework=framework,
            position=position,
            topic_id=row.topic,
            what=row.what,
            enacted_on=date.fromisoformat(row.enacted_on),
            applies_on=date.fromisoformat(row.applies_on),
            source=row.source,
            checked_on=date.fromisoformat(row.checked_on),
        )
        for position, row in enumerate(known.dates)
    )


def _insert_modules(
    revision: models.Revision,
    content: reading.Content,
    topics: Mapping[tuple[str, str, str], models.Topic],
    since: _TextSince,
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
                primer=module.primer,
                see_also=list(module.see_also),
                learner_scoped=module.learner_scoped,
                text_since=since.of(module),
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
            taught_in=list(cover.taught_in),
        )
        for module in content.modules
        for position, cover in enumerate(module.covers)
    )
    return modules


def _insert_items(
    content: reading.Content,
    modules: Mapping[str, models.Module],
    tracks: Mapping[str, models.Track],
    since: _TextSince,
) -> None:
    labs = _insert_labs(content, modules, tracks, since)
    _insert_activities(content, modules, tracks, labs, since)
    _insert_milestones(content, modules, tracks, labs)
    _inserted(
        models.Question(
            module=modules[module.key],
            key=question.key,
            position=position,
            prompt=question.prompt,
            answer=question.answer,
            source=question.source,
            checks=list(question.checks),
            text_since=since.of(question),
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
    content: reading.Content,
    modules: Mapping[str, models.Module],
    tracks: Mapping[str, models.Track],
    since: _TextSince,
) -> dict[str, models.Lab]:
    labs = {
        lab.key: models.Lab(
            module=modules[module.key],
            key=lab.key,
            position=position,
            title=lab.title,
            needs=lab.needs,
            setup=lab.setup,
            safety=lab.safety,
            hand_in=lab.hand_in,
            files=[row.model_dump() for row in lab.evidence.files],
            rules=[
                row.model_dump(mode="json", by_alias=True, exclude_none=True) for row in lab.evidence.rules
            ],
            variants=dict(lab.variants),
            text_since=since.of(lab),
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
    content: reading.Content,
    modules: Mapping[str, models.Module],
    tracks: Mapping[str, models.Track],
    labs: Mapping[str, models.Lab],
    since: _TextSince,
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
            steps=list(activity.steps),
            done=activity.done,
            if_left_out=activity.if_left_out or "",
            text_since=since.of(activity),
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
    content: reading.Content,
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
