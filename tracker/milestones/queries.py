"""Milestones as pages show them: what is asked, what is ticked, what was completed."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Avg, Count, Min, Sum

from curriculum.catalogue import Criterion, Module
from tracker.evidence import queries as evidence_queries
from tracker.evidence.models import Artefact
from tracker.evidence.queries import LabStanding
from tracker.journal import queries as journal_queries
from tracker.milestones.models import Completion, CriterionTick
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
    def state(self) -> str:
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
    """A completed milestone with its frozen snapshot, read back."""

    module_key: str
    completed_on: date
    completed_at: datetime
    snapshot: dict[str, Any]


def milestone(learner_id: int, module: Module, track_key: str) -> MilestoneStanding:
    """One milestone. Six queries at most."""
    return milestones(learner_id, (module,), track_key)[0]


def milestones(learner_id: int, modules: tuple[Module, ...], track_key: str) -> list[MilestoneStanding]:
    """These modules' milestones. Six queries at most, however many there are."""
    ticks = ticks_of(learner_id)
    completed = dict(
        Completion.objects.filter(learner_id=learner_id).values_list("module_key", "completed_on")
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
    rows = Completion.objects.filter(learner_id__in=learner_ids)
    for learner_id, key, on in rows.values_list("learner_id", "module_key", "completed_on"):
        found[learner_id].append((key, on))
    return found


def records(learner_id: int) -> list[Record]:
    """Every completed milestone, the latest first."""
    return [
        _record(row)
        for row in Completion.objects.filter(learner_id=learner_id).order_by("-completed_on", "-id")
    ]


def record(learner_id: int, module_key: str) -> Record | None:
    """One completed milestone."""
    row = Completion.objects.filter(learner_id=learner_id, module_key=module_key).first()
    return _record(row) if row else None


def _record(row: Completion) -> Record:
    return Record(row.module_key, row.completed_on, row.completed_at, json.loads(row.snapshot))


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
