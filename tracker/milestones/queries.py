"""Milestones as pages show them: what is asked, what is ticked, what was completed."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from django.db.models import Avg, Count, Min, Prefetch, QuerySet, Sum

from curriculum.catalogue import Criterion, Module
from tracker.evidence import queries as evidence_queries
from tracker.evidence.models import Artefact, StoredFile
from tracker.evidence.queries import LabStanding
from tracker.journal import queries as journal_queries
from tracker.milestones.models import (
    Completion,
    Confirmation,
    CriterionTick,
    Retrospective,
    RetrospectiveAddition,
)
from tracker.milestones.rules import snapshot as snapshots
from tracker.milestones.rules.retrospective import QUESTIONS
from tracker.milestones.rules.snapshot import Snapshot
from tracker.plans.models import Plan
from tracker.plans.queries import marks_of


@dataclass(frozen=True, slots=True)
class CriterionStanding:
    """A criterion of the learner's track, with what backs it: a lab, artefacts, or the learner's word."""

    criterion: Criterion
    tick: CriterionTick | None
    lab: LabStanding | None
    artefacts: tuple[Artefact, ...]

    @property
    def state(self) -> Literal["open", "claimed", "evidenced"]:
        """evidenced: Cairn has seen it (a lab is met, or a file is kept); claimed: it is said; open."""
        if (self.lab and self.lab.outcome == "met") or any(row.kind == "file" for row in self.artefacts):
            return "evidenced"
        if self.tick or self.artefacts or (self.lab and self.lab.outcome == "claimed"):
            return "claimed"
        return "open"

    @property
    def is_backed(self) -> bool:
        """Whether anything speaks for it."""
        return self.state != "open"


@dataclass(frozen=True, slots=True)
class MilestoneStanding:
    """One milestone of the learner's track."""

    module: Module
    criteria: tuple[CriterionStanding, ...]
    completed_on: date | None

    @property
    def ticked(self) -> int:
        """How many criteria are backed."""
        return sum(1 for standing in self.criteria if standing.is_backed)

    @property
    def is_ready(self) -> bool:
        """Every criterion is backed, and it is not completed yet."""
        return self.completed_on is None and all(standing.is_backed for standing in self.criteria)

    @property
    def state(self) -> str:
        """The shape of its stone: done, part or todo."""
        if self.completed_on:
            return "done"
        return "part" if self.ticked else "todo"


@dataclass(frozen=True, slots=True)
class Studied:
    """What the journal says of one module: minutes, sessions, first day, mean confidence (1 to 5)."""

    minutes: int
    sessions: int
    first_on: date | None
    confidence: float | None


@dataclass(frozen=True, slots=True)
class Record:
    """A completion with its frozen snapshot, read back, and what was said of it since.

    `number` counts the completions of the milestone; `reopened_at` is None where it stands.
    """

    pk: int
    module_key: str
    number: int
    completed_on: date
    completed_at: datetime
    reopened_at: datetime | None
    snapshot: Snapshot
    confirmations: tuple[Confirmation, ...]
    retrospective: Retrospective | None

    @property
    def state(self) -> str:
        """confirmed: by a mentor; else evidenced or claimed, as the snapshot says."""
        return "confirmed" if self.confirmations else self.snapshot.state

    @property
    def has_answers(self) -> bool:
        """Whether any question was answered."""
        return self.retrospective is not None and self.retrospective.answered_at is not None

    @property
    def additions(self) -> tuple[RetrospectiveAddition, ...]:
        """What was added later, the oldest first."""
        return tuple(self.retrospective.additions.all()) if self.retrospective else ()

    @property
    def answers(self) -> tuple[tuple[str, str], ...]:
        """Question and answer, of those that were answered."""
        if self.retrospective is None:
            return ()
        said = ((question, getattr(self.retrospective, field)) for field, question in QUESTIONS)
        return tuple((question, answer) for question, answer in said if answer)


def milestone(learner_id: int, module: Module, track_key: str) -> MilestoneStanding:
    """One milestone. Six queries at most."""
    return milestones(learner_id, (module,), track_key)[0]


def milestones(learner_id: int, modules: tuple[Module, ...], track_key: str) -> list[MilestoneStanding]:
    """These modules' milestones. Six queries at most, however many there are."""
    ticks = ticks_of(learner_id)
    completed = dict(
        Completion.objects.filter(learner_id=learner_id, reopened_at__isnull=True).values_list(
            "module_key", "completed_on"
        )
    )
    labs = [lab for module in modules for lab in module.labs]
    standings = evidence_queries.lab_standings(learner_id, labs, track_key)
    keys = [criterion.key for module in modules for criterion in module.criteria_in(track_key)]
    artefacts = evidence_queries.artefacts_of(learner_id, keys)
    return [
        MilestoneStanding(
            module,
            tuple(
                CriterionStanding(
                    criterion,
                    ticks.get(criterion.key),
                    standings.get(criterion.lab_key or ""),
                    tuple(artefacts[criterion.key]),
                )
                for criterion in module.criteria_in(track_key)
            ),
            completed.get(module.key),
        )
        for module in modules
    ]


def ticks_of(learner_id: int) -> dict[str, CriterionTick]:
    """The learner's ticks, by criterion key."""
    return {tick.criterion_key: tick for tick in CriterionTick.objects.filter(learner_id=learner_id)}


def completed_by(learner_ids: Collection[int]) -> dict[int, list[tuple[str, date]]]:
    """The milestones that these learners have completed, with the days. One query, however many they are."""
    found: dict[int, list[tuple[str, date]]] = {learner_id: [] for learner_id in learner_ids}
    rows = Completion.objects.filter(learner_id__in=learner_ids, reopened_at__isnull=True)
    for learner_id, key, on in rows.values_list("learner_id", "module_key", "completed_on"):
        found[learner_id].append((key, on))
    return found


def completions_of(learner_id: int) -> QuerySet[Completion]:
    """The learner's completions, those of milestones that were opened again among them."""
    return Completion.objects.filter(learner_id=learner_id)


def _completions(learner_id: int) -> QuerySet[Completion]:
    rows = completions_of(learner_id).select_related("retrospective")
    return rows.prefetch_related(
        Prefetch("confirmations", Confirmation.objects.order_by("confirmed_at", "pk")),
        Prefetch("retrospective__additions", RetrospectiveAddition.objects.order_by("added_at", "pk")),
    )


def records(learner_id: int) -> list[Record]:
    """The last completion of every milestone that has any, the latest first. Three queries."""
    found: dict[str, Completion] = {}
    for row in _completions(learner_id).order_by("number"):
        found[row.module_key] = row
    return sorted(map(_record, found.values()), key=lambda one: (one.completed_on, one.pk), reverse=True)


def records_of(learner_id: int, module_key: str) -> list[Record]:
    """Every completion of one milestone, the latest first. Three queries."""
    return [
        _record(row) for row in _completions(learner_id).filter(module_key=module_key).order_by("-number")
    ]


def completion(learner_id: int, module_key: str, number: int) -> Completion | None:
    """A completion of the learner's; None for anything else."""
    return Completion.objects.filter(learner_id=learner_id, module_key=module_key, number=number).first()


def _record(row: Completion) -> Record:
    return Record(
        row.pk,
        row.module_key,
        row.number,
        row.completed_on,
        row.completed_at,
        row.reopened_at,
        snapshots.read(row.snapshot),
        tuple(row.confirmations.all()),
        getattr(row, "retrospective", None),
    )


def kept_files(learner_id: int, record: Record) -> dict[str, UUID]:
    """Which files that a record names are still kept, by SHA-256. One query."""
    named = {file.sha256 for file in record.snapshot.files()}
    rows = StoredFile.objects.filter(learner_id=learner_id, sha256__in=named)
    return dict(rows.order_by("stored_at").values_list("sha256", "pk"))


@dataclass(frozen=True, slots=True)
class Stone:
    """A completed milestone on the trail.

    `size`, 1 to 5, is by its hours among the trail's. `memory_percent`: how much of it is remembered, where
    that is known.
    """

    record: Record
    size: int
    memory_percent: int | None


@dataclass(frozen=True, slots=True)
class TrailYear:
    """A year of the trail, the latest stone first, with its hours on these milestones."""

    year: int
    stones: tuple[Stone, ...]


def trail(learner_id: int, memory: Mapping[str, float] | None = None) -> list[TrailYear]:
    """Completed milestones by year, the latest first. Three queries.

    memory: by module key, the share of its questions that the learner is expected to recall now, 0 to 1.
    """
    found = records(learner_id)
    most = max((record.snapshot.real.minutes for record in found), default=0) or 1
    years: dict[int, list[Stone]] = {}
    for record in found:
        share = (memory or {}).get(record.module_key)
        stone = Stone(
            record,
            1 + min(4, 5 * record.snapshot.real.minutes // most),
            round(100 * share) if share is not None else None,
        )
        years.setdefault(record.completed_on.year, []).append(stone)
    return [TrailYear(year, tuple(stones)) for year, stones in years.items()]


def studied(learner_id: int, module_key: str) -> Studied:
    """What was logged on a module so far."""
    found = (
        journal_queries.sessions_of(learner_id)
        .filter(module_key=module_key)
        .order_by()
        .aggregate(
            minutes=Sum("minutes"),
            sessions=Count("id"),
            first_on=Min("studied_on"),
            confidence=Avg("confidence"),
        )
    )
    return Studied(found["minutes"] or 0, found["sessions"], found["first_on"], found["confidence"])


@dataclass(frozen=True, slots=True)
class Planned:
    """What the plan's first layout said of one module."""

    minutes: int
    first_on: date | None
    last_on: date | None


def planned(plan: Plan, module: Module) -> Planned:
    """The baseline rows of a module together."""
    rows = [row for row in plan.baseline.all() if row.activity_key.partition(".")[0] == module.key]
    return Planned(
        minutes=sum(row.minutes for row in rows),
        first_on=min((row.first_on for row in rows), default=None),
        last_on=max((row.last_on for row in rows), default=None),
    )


def open_activities(learner_id: int, module: Module, track_key: str) -> int:
    """How many required activities of the module are neither done nor known. One query."""
    marks = marks_of([learner_id])[learner_id]
    return sum(1 for activity in module.required_in(track_key) if activity.key not in marks)
