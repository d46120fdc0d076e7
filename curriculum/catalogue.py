"""A published revision as frozen values, read once per process. Pages and mails ask this.

`catalogue(number)` builds a revision with a constant number of queries and keeps it; a revision never
changes, so what is kept is never stale. `newest_revision()` asks the database each time (one query), so
that publishing needs no restart. `current(number)` is what a learner on an older revision reads: its
structure, with the prose of the newest.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Any, TypeVar

from django.db.models import QuerySet

from curriculum import models, schema

KEPT_REVISIONS = 8


class UnknownRevision(LookupError):
    """No revision has this number."""


class NoCurriculum(LookupError):
    """No curriculum has been loaded yet."""


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic of one edition. `parent` is "" at the top; the other ids are of the same edition.

    `groups` are topics of another kind it stands under, `relates` those its owner ties to it.
    """

    topic_id: str
    name: str
    kind: str
    parent: str
    groups: tuple[str, ...]
    relates: tuple[str, ...]
    note: str
    retired: bool


@dataclass(frozen=True, slots=True)
class Edition:
    """One edition of a framework with its topics in the owner's order."""

    name: str
    title: str
    published_on: date | None
    source: str
    topics: tuple[Topic, ...]
    _topics: Mapping[str, Topic] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_topics", MappingProxyType({row.topic_id: row for row in self.topics}))

    def find_topic(self, topic_id: str) -> Topic | None:
        """The topic with this id, or None."""
        return self._topics.get(topic_id)


@dataclass(frozen=True, slots=True)
class MapRow:
    """What became of a topic in a later edition; `to_topic` is "" where it is gone."""

    from_topic: str
    to_topic: str
    how: str


@dataclass(frozen=True, slots=True)
class EditionMap:
    """How the topics of one edition go on in another. `basis`: owner, third-party or ours."""

    from_edition: str
    to_edition: str
    basis: str
    source: str
    rows: tuple[MapRow, ...]


@dataclass(frozen=True, slots=True)
class Link:
    """A tie from a topic to one of another framework. `basis`: owner, third-party or ours."""

    framework: str
    edition: str
    topic_id: str
    to_framework: str
    to_edition: str
    to_topic: str
    basis: str
    source: str


@dataclass(frozen=True, slots=True)
class CalendarRow:
    """When a topic applies: first enacted for one day, in force for another when it was checked."""

    topic_id: str
    what: str
    enacted_on: date
    applies_on: date
    source: str
    checked_on: date


@dataclass(frozen=True, slots=True)
class Framework:
    """A framework and the editions known here, oldest first; `links` are those that begin here."""

    key: str
    title: str
    url: str
    source: str
    editions: tuple[Edition, ...]
    maps: tuple[EditionMap, ...]
    links: tuple[Link, ...]
    dates: tuple[CalendarRow, ...]

    def find_edition(self, name: str) -> Edition | None:
        """The edition with this name, or None."""
        return next((edition for edition in self.editions if edition.name == name), None)


@dataclass(frozen=True, slots=True)
class Cover:
    """A topic that a module teaches, in the activities named. Never shown without its edition."""

    framework: str
    edition: str
    topic_id: str
    topic_name: str
    taught_in: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RoleRow:
    """One thing the role asks for, and the keys of the modules that teach it, or why it is left out."""

    asks: str
    where: str
    module_keys: tuple[str, ...]
    left_out: str


@dataclass(frozen=True, slots=True)
class Skill:
    """A row of the skills matrix: sentences for the levels 0 to 4, and the target level by track key."""

    key: str
    title: str
    kind: str
    levels: tuple[str, ...]
    typical_start: int
    targets: Mapping[str, int] = field(hash=False)
    proof_modules: tuple[str, ...]
    note: str


@dataclass(frozen=True, slots=True)
class Resource:
    """A public page or file to read or use."""

    key: str
    title: str
    url: str
    kind: str


@dataclass(frozen=True, slots=True)
class EvidenceFile:
    """A file to hand in; `format` is one of `schema.FILE_FORMATS`."""

    name: str
    format: str


@dataclass(frozen=True, slots=True)
class Lab:
    """Practical work that ends in evidence. `variants` says by track key what differs there.

    `text_since`, here and below: when the prose became what it is; None where that is not known.
    """

    key: str
    title: str
    needs: str
    setup: str
    safety: str
    hand_in: str
    files: tuple[EvidenceFile, ...]
    rules: tuple[schema.Rule, ...] = field(hash=False)
    tracks: frozenset[str]
    variants: Mapping[str, str] = field(hash=False)
    text_since: datetime | None

    @property
    def slug(self) -> str:
        """The key within its module, as it stands in addresses."""
        return self.key.split(".", 1)[1]

    @property
    def has_proposals(self) -> bool:
        """Whether a rule names a threshold that nobody has measured."""
        return any("(proposal)" in rule.sentence for rule in self.rules)

    def rules_in(self, track_key: str) -> tuple[schema.Rule, ...]:
        """The rules that count in a track."""
        return tuple(rule for rule in self.rules if not rule.tracks or track_key in rule.tracks)


@dataclass(frozen=True, slots=True)
class Question:
    """A recall question with its answer and where the answer can be looked up.

    `checks` are keys of the activities a right answer speaks for.
    """

    key: str
    prompt: str
    answer: str
    source: str
    checks: tuple[str, ...]
    text_since: datetime | None


@dataclass(frozen=True, slots=True)
class Criterion:
    """One thing that must be true for the milestone. Backed by `lab_key`, or by `artefact` in words."""

    key: str
    text: str
    tracks: frozenset[str]
    lab_key: str | None
    artefact: str


@dataclass(frozen=True, slots=True)
class Activity:
    """One piece of work. `needs` says required or optional by track key; other tracks do not have it.

    `if_left_out` says what a learner short of time loses without it, "" where it must stay.
    """

    key: str
    title: str
    kind: str
    minutes: int
    needs: Mapping[str, str] = field(hash=False)
    lab_key: str | None
    summary: str
    steps: tuple[str, ...]
    done: str
    if_left_out: str
    module_key: str
    text_since: datetime | None

    @property
    def slug(self) -> str:
        """The key within its module, as it stands in addresses."""
        return self.key.split(".", 1)[1]


@dataclass(frozen=True, slots=True)
class Module:
    """A chapter. `learner_scoped`: what it covers depends on the learner's own system."""

    key: str
    number: int
    title: str
    goal: str
    why: str
    primer: str
    prerequisites: tuple[str, ...]
    activities: tuple[Activity, ...]
    labs: tuple[Lab, ...]
    questions: tuple[Question, ...]
    milestone_key: str
    milestone_title: str
    criteria: tuple[Criterion, ...]
    resources: tuple[Resource, ...]
    see_also: tuple[str, ...]
    covers: tuple[Cover, ...]
    learner_scoped: bool
    text_since: datetime | None

    def activities_in(self, track_key: str) -> tuple[Activity, ...]:
        """The activities of a track, required and optional."""
        return tuple(activity for activity in self.activities if track_key in activity.needs)

    def required_in(self, track_key: str) -> tuple[Activity, ...]:
        """The required activities of a track; none where the module is an elective."""
        return tuple(row for row in self.activities if row.needs.get(track_key) == "required")

    def labs_in(self, track_key: str) -> tuple[Lab, ...]:
        """The labs open in a track."""
        return tuple(lab for lab in self.labs if track_key in lab.tracks)

    def required_labs_in(self, track_key: str) -> tuple[Lab, ...]:
        """The labs that a required activity of the track works on."""
        keys = {activity.lab_key for activity in self.required_in(track_key)}
        return tuple(lab for lab in self.labs if lab.key in keys)

    def criteria_in(self, track_key: str) -> tuple[Criterion, ...]:
        """The milestone's criteria in a track."""
        return tuple(criterion for criterion in self.criteria if track_key in criterion.tracks)

    def minutes_in(self, track_key: str) -> int:
        """The minutes of a track's required activities."""
        return sum(activity.minutes for activity in self.required_in(track_key))


@dataclass(frozen=True, slots=True)
class Track:
    """A choice of activities. `elective_keys` are those of `module_keys` that may be left out altogether.

    `builds_on` are tracks of which one is finished before this one begins.
    """

    key: str
    title: str
    summary: str
    module_keys: tuple[str, ...]
    elective_keys: tuple[str, ...]
    builds_on: tuple[str, ...]
    completion: str


@dataclass(frozen=True, slots=True)
class Catalogue:
    """One revision, whole. Modules are in the order of their numbers."""

    revision: int
    loaded_at: datetime
    title: str
    tracks: tuple[Track, ...]
    modules: tuple[Module, ...]
    skills: tuple[Skill, ...]
    role: tuple[RoleRow, ...]
    frameworks: tuple[Framework, ...]
    _frameworks: Mapping[str, Framework] = field(init=False, repr=False, compare=False)
    _tracks: Mapping[str, Track] = field(init=False, repr=False, compare=False)
    _modules: Mapping[str, Module] = field(init=False, repr=False, compare=False)
    _activities: Mapping[str, Activity] = field(init=False, repr=False, compare=False)
    _labs: Mapping[str, Lab] = field(init=False, repr=False, compare=False)
    _criteria: Mapping[str, Criterion] = field(init=False, repr=False, compare=False)
    _questions: Mapping[str, Question] = field(init=False, repr=False, compare=False)
    _resources: Mapping[str, Resource] = field(init=False, repr=False, compare=False)
    _taught: Mapping[tuple[str, str, str], tuple[Activity, ...]] = field(
        init=False, repr=False, compare=False
    )
    _links: Mapping[tuple[str, str, str], tuple[Link, ...]] = field(init=False, repr=False, compare=False)
    _homes: Mapping[str, Module] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        def index(name: str, rows: Iterable[Any]) -> None:
            object.__setattr__(self, name, MappingProxyType({row.key: row for row in rows}))

        index("_frameworks", self.frameworks)
        index("_tracks", self.tracks)
        index("_modules", self.modules)
        index("_activities", (row for module in self.modules for row in module.activities))
        index("_labs", (row for module in self.modules for row in module.labs))
        index("_criteria", (row for module in self.modules for row in module.criteria))
        index("_questions", (row for module in self.modules for row in module.questions))
        index("_resources", (row for module in self.modules for row in module.resources))
        homes = {
            row.key: module
            for module in self.modules
            for rows in (module.activities, module.labs, module.criteria, module.questions, module.resources)
            for row in rows
            # A module that is read today holds the resources of others that it sees (`current`).
            if row.key.startswith(f"{module.key}.")
        }
        homes |= {module.milestone_key: module for module in self.modules}
        object.__setattr__(self, "_homes", MappingProxyType(homes))
        taught: dict[tuple[str, str, str], list[Activity]] = defaultdict(list)
        for module in self.modules:
            for cover in module.covers:
                rows = (self._activities[key] for key in cover.taught_in)
                taught[cover.framework, cover.edition, cover.topic_id].extend(rows)
        links: dict[tuple[str, str, str], list[Link]] = defaultdict(list)
        for framework in self.frameworks:
            for link in framework.links:
                links[link.framework, link.edition, link.topic_id].append(link)
                links[link.to_framework, link.to_edition, link.to_topic].append(link)
        object.__setattr__(self, "_taught", {key: tuple(rows) for key, rows in taught.items()})
        object.__setattr__(self, "_links", {key: tuple(rows) for key, rows in links.items()})

    def framework(self, key: str) -> Framework:
        """The framework with this key. `KeyError` if there is none."""
        return self._frameworks[key]

    def find_framework(self, key: str) -> Framework | None:
        """The framework with this key, or None."""
        return self._frameworks.get(key)

    def taught(self, framework: str, edition: str, topic_id: str) -> tuple[Activity, ...]:
        """The activities that teach a topic, in the order of the modules."""
        return self._taught.get((framework, edition, topic_id), ())

    def links_of(self, framework: str, edition: str, topic_id: str) -> tuple[Link, ...]:
        """The ties of a topic to those of other frameworks, whichever of them says so."""
        return self._links.get((framework, edition, topic_id), ())

    def resources_of(self, module: Module) -> tuple[Resource, ...]:
        """A module's resources and those it sees in other modules."""
        return (*module.resources, *(self._resources[key] for key in module.see_also))

    def editions_in(self, module: Module) -> tuple[str, ...]:
        """The editions that a module covers, by the names people use: `MITRE ATLAS 5.6.0`."""
        named = {(self._frameworks[cover.framework].title, cover.edition) for cover in module.covers}
        return tuple(f"{title} {edition}" for title, edition in sorted(named))

    def track(self, key: str) -> Track:
        """The track with this key. `KeyError` if there is none."""
        return self._tracks[key]

    def module(self, key: str) -> Module:
        """The module with this key. `KeyError` if there is none."""
        return self._modules[key]

    def find_module(self, key: str) -> Module | None:
        """The module with this key, or None."""
        return self._modules.get(key)

    def activity(self, key: str) -> Activity:
        """The activity with this key. `KeyError` if there is none."""
        return self._activities[key]

    def find_activity(self, key: str) -> Activity | None:
        """The activity with this key, or None: it may have been retired."""
        return self._activities.get(key)

    def lab(self, key: str) -> Lab:
        """The lab with this key. `KeyError` if there is none."""
        return self._labs[key]

    def criterion(self, key: str) -> Criterion:
        """The criterion with this key. `KeyError` if there is none."""
        return self._criteria[key]

    def question(self, key: str) -> Question:
        """The question with this key. `KeyError` if there is none."""
        return self._questions[key]

    def module_of(self, key: str) -> Module:
        """The module that holds this activity, lab, question, criterion, resource or milestone.

        `KeyError` if no such key is in this revision.
        """
        return self._homes[key]

    def modules_in(self, track_key: str) -> tuple[Module, ...]:
        """The modules of a track in the order of their numbers, electives included. `KeyError` if unknown."""
        return tuple(self._modules[key] for key in self._tracks[track_key].module_keys)

    def minutes_in(self, track_key: str) -> int:
        """The minutes of all required activities of a track. `KeyError` if there is no such track."""
        return sum(module.minutes_in(track_key) for module in self.modules_in(track_key))


def revision_numbers() -> QuerySet[models.Revision, int]:
    """The numbers of all revisions, the newest first, for a query of whoever reads something else anyway."""
    return models.Revision.objects.order_by("-number").values_list("number", flat=True)


def newest_revision() -> int:
    """The number of the newest revision, in one query. Raises `NoCurriculum` when nothing is loaded."""
    number = revision_numbers().first()
    if number is None:
        raise NoCurriculum("No curriculum is loaded yet; run manage.py load_curriculum.")
    return number


def newest() -> Catalogue:
    """The newest revision: one query once it is known. Raises `NoCurriculum` when nothing is loaded."""
    return catalogue(newest_revision())


@lru_cache(maxsize=KEPT_REVISIONS)
def catalogue(revision: int) -> Catalogue:
    """A revision by its number, kept for the life of the process. Raises `UnknownRevision`."""
    row = models.Revision.objects.filter(number=revision).first()
    if row is None:
        raise UnknownRevision(f"There is no revision {revision}.")
    modules = _modules(row)
    return Catalogue(
        revision=row.number,
        loaded_at=row.loaded_at,
        title=row.title,
        tracks=_tracks(row, modules),
        modules=modules,
        skills=_skills(row),
        role=tuple(
            RoleRow(role.asks, role.where, tuple(role.modules), role.left_out)
            for role in models.RoleRow.objects.filter(revision=row).order_by("position")
        ),
        frameworks=_frameworks(row),
    )


def current(revision: int) -> Catalogue:
    """A revision as it is read today: its structure, with the prose of the newest, in one query once known.

    What is done, in which order, how long it takes and what proves it stays as published; how it is explained
    follows the newest revision, wherever that still has the key. Raises as `catalogue` and `newest` do.
    """
    newest_number = newest_revision()
    return catalogue(revision) if revision == newest_number else _with_prose(revision, newest_number)


PROSE: Mapping[str, tuple[str, ...]] = {
    "module": ("goal", "why", "primer"),
    "activity": ("summary", "steps", "done", "if_left_out"),
    "lab": ("needs", "setup", "safety", "hand_in", "variants"),
    "question": ("prompt", "answer", "source"),
}
"""What explains, by kind: it may change without a new key. Everything else is structure."""

DATED: Mapping[str, tuple[str, ...]] = {
    # What is lost without an activity stands where a plan is changed, not among the words one works by.
    kind: tuple(name for name in names if name != "if_left_out")
    for kind, names in PROSE.items()
}
"""The prose whose change is a new date of the text (`text_since`)."""

_Prosaic = TypeVar("_Prosaic", Module, Activity, Lab, Question)


@lru_cache(maxsize=KEPT_REVISIONS)
def _with_prose(revision: int, newest_number: int) -> Catalogue:
    pinned, today = catalogue(revision), catalogue(newest_number)

    def explained(row: _Prosaic, now: _Prosaic | None, kind: str) -> _Prosaic:
        if now is None:
            return row
        prose: dict[str, Any] = {name: getattr(now, name) for name in (*PROSE[kind], "text_since")}
        return replace(row, **prose)

    def activity_today(module: Module, row: Activity) -> Activity:
        row = explained(row, today._activities.get(row.key), "activity")
        # Where the pinned revision still proves a criterion by this lab, its activity must stay.
        backs = row.lab_key is not None and any(said.lab_key == row.lab_key for said in module.criteria)
        return replace(row, if_left_out="") if backs else row

    def module_today(module: Module) -> Module:
        now = today.find_module(module.key)
        explained_module = explained(module, now, "module")
        return replace(
            explained_module,
            activities=tuple(activity_today(module, row) for row in module.activities),
            labs=tuple(explained(row, today._labs.get(row.key), "lab") for row in module.labs),
            questions=tuple(
                explained(row, today._questions.get(row.key), "question") for row in module.questions
            ),
            resources=today.resources_of(now) if now else module.resources,
            see_also=() if now else module.see_also,
        )

    return replace(pinned, modules=tuple(module_today(module) for module in pinned.modules))


@lru_cache(maxsize=512)
def last_title(activity_key: str) -> str:
    """What an activity was called in the last revision that had it, "" where none had. One query, once."""
    if not activity_key.isprintable():  # no key, and not every database takes it
        return ""
    titles = models.Activity.objects.filter(key=activity_key).order_by("-module__revision__number")
    return titles.values_list("title", flat=True).first() or ""


def forget() -> None:
    """Forget every revision that was read: for tests, whose rows are rolled back."""
    catalogue.cache_clear()
    last_title.cache_clear()
    _with_prose.cache_clear()


# Rows are fetched model by model and joined here. Each function asks a fixed number of queries.

_Grouped = defaultdict[int, list[Any]]


def _grouped(pairs: Iterable[tuple[int, Any]]) -> _Grouped:
    rows: _Grouped = defaultdict(list)
    for owner, row in pairs:
        rows[owner].append(row)
    return rows


def _tracks(revision: models.Revision, modules: tuple[Module, ...]) -> tuple[Track, ...]:
    return tuple(
        Track(
            key=row.key,
            title=row.title,
            summary=row.summary,
            module_keys=tuple(module.key for module in modules if module.activities_in(row.key)),
            elective_keys=tuple(row.electives),
            builds_on=tuple(row.builds_on),
            completion=row.completion,
        )
        for row in models.Track.objects.filter(revision=revision).order_by("position")
    )


def _skills(revision: models.Revision) -> tuple[Skill, ...]:
    return tuple(
        Skill(
            key=row.key,
            title=row.title,
            kind=row.kind,
            levels=tuple(row.levels),
            typical_start=row.typical_start,
            targets=MappingProxyType(row.targets),
            proof_modules=tuple(row.proof_modules),
            note=row.note,
        )
        for row in models.Skill.objects.filter(revision=revision).order_by("position")
    )


def _frameworks(revision: models.Revision) -> tuple[Framework, ...]:
    topics = _grouped(
        (
            row.edition_id,
            Topic(
                topic_id=row.topic_id,
                name=row.name,
                kind=row.kind,
                parent=row.parent,
                groups=tuple(row.groups),
                relates=tuple(row.relates),
                note=row.note,
                retired=row.retired,
            ),
        )
        for row in models.Topic.objects.filter(edition__framework__revision=revision).order_by("position")
    )
    editions = _grouped(
        (
            row.framework_id,
            Edition(row.name, row.title, row.published_on, row.source, tuple(topics[row.pk])),
        )
        for row in models.Edition.objects.filter(framework__revision=revision).order_by("position")
    )
    maps = _grouped(
        (
            row.framework_id,
            EditionMap(
                from_edition=row.from_edition,
                to_edition=row.to_edition,
                basis=row.basis,
                source=row.source,
                rows=tuple(MapRow(*said) for said in row.rows),
            ),
        )
        for row in models.EditionMap.objects.filter(framework__revision=revision).order_by("position")
    )
    links = _grouped(
        (
            row.framework_id,
            Link(
                framework=row.framework.key,
                edition=row.edition,
                topic_id=row.topic_id,
                to_framework=row.to_framework,
                to_edition=row.to_edition,
                to_topic=row.to_topic,
                basis=row.basis,
                source=row.source,
            ),
        )
        for row in models.Link.objects.filter(framework__revision=revision)
        .select_related("framework")
        .order_by("position")
    )
    dates = _grouped(
        (
            row.framework_id,
            CalendarRow(row.topic_id, row.what, row.enacted_on, row.applies_on, row.source, row.checked_on),
        )
        for row in models.CalendarRow.objects.filter(framework__revision=revision).order_by("position")
    )
    return tuple(
        Framework(
            key=row.key,
            title=row.title,
            url=row.url,
            source=row.source,
            editions=tuple(editions[row.pk]),
            maps=tuple(maps[row.pk]),
            links=tuple(links[row.pk]),
            dates=tuple(dates[row.pk]),
        )
        for row in models.Framework.objects.filter(revision=revision).order_by("key")
    )


def _modules(revision: models.Revision) -> tuple[Module, ...]:
    prerequisites = _grouped(
        models.Prerequisite.objects.filter(module__revision=revision)
        .order_by("position")
        .values_list("module_id", "needs__key")
    )
    covers = _grouped(
        (
            row.module_id,
            Cover(
                framework=row.topic.edition.framework.key,
                edition=row.topic.edition.name,
                topic_id=row.topic.topic_id,
                topic_name=row.topic.name,
                taught_in=tuple(row.taught_in),
            ),
        )
        for row in models.Cover.objects.filter(module__revision=revision)
        .select_related("topic__edition__framework")
        .order_by("position")
    )
    activities = _activities(revision)
    labs = _labs(revision)
    criteria = _criteria(revision)
    questions = _grouped(
        (
            row.module_id,
            Question(row.key, row.prompt, row.answer, row.source, tuple(row.checks), row.text_since),
        )
        for row in models.Question.objects.filter(module__revision=revision).order_by("position")
    )
    resources = _grouped(
        (row.module_id, Resource(row.key, row.title, row.url, row.kind))
        for row in models.Resource.objects.filter(module__revision=revision).order_by("position")
    )
    return tuple(
        Module(
            key=row.key,
            number=row.number,
            title=row.title,
            goal=row.goal,
            why=row.why,
            primer=row.primer,
            prerequisites=tuple(prerequisites[row.pk]),
            activities=tuple(activities[row.pk]),
            labs=tuple(labs[row.pk]),
            questions=tuple(questions[row.pk]),
            milestone_key=row.milestone.key,
            milestone_title=row.milestone.title,
            criteria=tuple(criteria[row.pk]),
            resources=tuple(resources[row.pk]),
            see_also=tuple(row.see_also),
            covers=tuple(covers[row.pk]),
            learner_scoped=row.learner_scoped,
            text_since=row.text_since,
        )
        for row in models.Module.objects.filter(revision=revision)
        .select_related("milestone")
        .order_by("number")
    )


def _activities(revision: models.Revision) -> _Grouped:
    """Activities by module."""
    needs = _grouped(
        (activity, (track, need))
        for activity, track, need in models.ActivityTrack.objects.filter(track__revision=revision)
        .order_by("track__position")
        .values_list("activity_id", "track__key", "need")
    )
    return _grouped(
        (
            row.module_id,
            Activity(
                key=row.key,
                title=row.title,
                kind=row.kind,
                minutes=row.minutes,
                needs=MappingProxyType(dict(needs[row.pk])),
                lab_key=row.lab.key if row.lab else None,
                summary=row.summary,
                steps=tuple(row.steps),
                done=row.done,
                if_left_out=row.if_left_out,
                module_key=row.module.key,
                text_since=row.text_since,
            ),
        )
        for row in models.Activity.objects.filter(module__revision=revision)
        .select_related("lab", "module")
        .order_by("position")
    )


def _labs(revision: models.Revision) -> _Grouped:
    """Labs by module."""
    tracks = _grouped(
        models.LabTrack.objects.filter(track__revision=revision).values_list("lab_id", "track__key")
    )
    return _grouped(
        (
            row.module_id,
            Lab(
                key=row.key,
                title=row.title,
                needs=row.needs,
                setup=row.setup,
                safety=row.safety,
                hand_in=row.hand_in,
                files=tuple(EvidenceFile(**said) for said in row.files),
                rules=tuple(schema.Rule.model_validate_json(json.dumps(said)) for said in row.rules),
                tracks=frozenset(tracks[row.pk]),
                variants=MappingProxyType(row.variants),
                text_since=row.text_since,
            ),
        )
        for row in models.Lab.objects.filter(module__revision=revision).order_by("position")
    )


def _criteria(revision: models.Revision) -> _Grouped:
    """Criteria by module."""
    tracks = _grouped(
        models.CriterionTrack.objects.filter(track__revision=revision).values_list(
            "criterion_id", "track__key"
        )
    )
    return _grouped(
        (
            row.milestone.module_id,
            Criterion(
                key=row.key,
                text=row.text,
                tracks=frozenset(tracks[row.pk]),
                lab_key=row.lab.key if row.lab else None,
                artefact=row.artefact,
            ),
        )
        for row in models.Criterion.objects.filter(milestone__module__revision=revision)
        .select_related("lab", "milestone")
        .order_by("position")
    )
