"""What a learner has to show, and the maps that follow from it."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property, lru_cache
from zoneinfo import ZoneInfo

from django.db.models import Count, Max, Min, Sum

from curriculum.catalogue import (
    Catalogue,
    Edition,
    Framework,
    UnknownRevision,
    catalogue,
    newest,
)
from curriculum.schema import edition_slug
from tracker.coverage.models import Claim
from tracker.coverage.rules.content import Content, Place, Teaching, Tie
from tracker.coverage.rules.layout import Section, cells_of, sections
from tracker.coverage.rules.levels import (
    COUNTERFIT,
    GARAK,
    Claimed,
    HandedIn,
    Level,
    Probed,
    Proof,
    Seen,
    Standing,
    ToolRun,
    Work,
    standings,
)
from tracker.evidence.models import HandIn, Result, Run
from tracker.journal.models import StudySession
from tracker.people.models import User
from tracker.plans.models import Mark, Plan

TOOLS = (GARAK, COUNTERFIT)
MOST_REVISIONS = 6
"""The catalogue keeps eight of them read."""


@dataclass(frozen=True, slots=True)
class Shown:
    """An edition of a framework as it stands in an address."""

    framework: Framework
    edition: Edition
    slug: str


@dataclass(frozen=True, slots=True)
class CoverageMap:
    """A map of one edition with the learner's levels. `main_ids` are the topics that its counts are of."""

    shown: Shown
    sections: tuple[Section, ...]
    standings: Mapping[str, Standing]
    main_ids: tuple[str, ...]


@dataclass(frozen=True)
class Known:
    """What is read once for all maps: the newest curriculum, what it says of topics, and the proof."""

    newest: Catalogue
    content: Content
    proof: Proof

    @cached_property
    def seen(self) -> Seen:
        """The proof, sorted by what it can speak for."""
        return Seen(self.content, self.proof)


def find_edition(content: Catalogue, framework_key: str, slug: str) -> Shown | None:
    """The edition with this address, or None."""
    framework = content.find_framework(framework_key)
    for edition in framework.editions if framework else ():
        if framework is not None and edition_slug(edition.name) == slug:
            return Shown(framework, edition, slug)
    return None


def known_of(learner: User) -> Known:
    """Everything that the maps of a learner are made from, in a constant number of queries.

    Raises `NoCurriculum`.
    """
    zone = learner.zone_info
    marks = list(
        Mark.objects.filter(learner=learner).values_list("activity_key", "kind", "marked_on", "revision")
    )
    hand_ins = list(
        HandIn.objects.filter(learner=learner, state=HandIn.State.JUDGED)
        .order_by("handed_in_at")
        .values_list("lab_key", "judged", "handed_in_at", "revision")
    )
    plan = (
        Plan.objects.filter(learner=learner, ended_at__isnull=True).values_list("revision", flat=True).first()
    )
    content = newest()
    # What was done in a revision still counts where a newer one does without that activity.
    revisions = {revision for *_, revision in marks} | {revision for *_, revision in hand_ins}
    revisions |= {plan} if plan is not None else set()
    older = sorted(revisions - {content.revision}, reverse=True)[:MOST_REVISIONS]
    proof = Proof(
        work=_work(learner, [(key, kind, on) for key, kind, on, _ in marks]),
        hand_ins=tuple(_handed_in(lab, judged, at, zone) for lab, judged, at, _ in hand_ins),
        runs=_runs(learner, zone),
        claims=_claims(learner, zone),
    )
    return Known(content, said_of_topics(content.revision, tuple(older)), proof)


def map_of(known: Known, shown: Shown) -> CoverageMap:
    """The map of an edition. No query."""
    found = sections(shown.edition)
    return CoverageMap(
        shown=shown,
        sections=found,
        standings=standings(known.seen, shown.framework, shown.edition),
        main_ids=tuple(cell.topic.topic_id for cell in cells_of(found[0])) if found else (),
    )


@lru_cache(maxsize=16)
def said_of_topics(revision: int, older: tuple[int, ...]) -> Content:
    """What a revision says of topics, with what older ones taught. Revisions never change, so it is kept."""
    content = catalogue(revision)
    teachings: dict[Place, dict[str, Teaching]] = defaultdict(dict)
    titles: dict[str, str] = {}
    for one in [content, *_those_there(older)]:
        for module in one.modules:
            for lab in module.labs:
                titles.setdefault(lab.key, lab.title)
            for cover in module.covers:
                rows = teachings[cover.framework, cover.edition, cover.topic_id]
                for key in cover.taught_in:
                    activity = one.activity(key)
                    rows.setdefault(key, Teaching(key, module.key, activity.title, activity.lab_key or ""))
    ties: dict[Place, list[Tie]] = defaultdict(list)
    for framework in content.frameworks:
        for link in framework.links:
            here = (link.framework, link.edition, link.topic_id)
            there = (link.to_framework, link.to_edition, link.to_topic)
            for tool, other in ((here, there), (there, here)):
                if tool[0] in TOOLS:
                    ties[other].append(Tie(*tool, link.basis, link.source))
    return Content(
        frameworks={framework.key: framework for framework in content.frameworks},
        teachings={place: tuple(rows.values()) for place, rows in teachings.items()},
        ties={place: tuple(rows) for place, rows in ties.items()},
        lab_titles=titles,
    )


def _those_there(revisions: Collection[int]) -> list[Catalogue]:
    found = []
    for revision in revisions:
        try:
            found.append(catalogue(revision))
        except UnknownRevision:
            continue
    return found


def _work(learner: User, marks: Sequence[tuple[str, str, date]]) -> tuple[Work, ...]:
    logged = {
        key: (minutes, last_on)
        for key, minutes, last_on in StudySession.objects.filter(
            learner=learner, activity_key__gt="", deleted_at__isnull=True
        )
        .order_by()
        .values("activity_key")
        .annotate(total=Sum("minutes"), last_on=Max("studied_on"))
        .values_list("activity_key", "total", "last_on")
    }
    marked = {key: (kind, on) for key, kind, on in marks}
    found = []
    for key in sorted(marked.keys() | logged.keys()):
        kind, marked_on = marked.get(key, ("", None))
        minutes, last_on = logged.get(key, (0, None))
        found.append(Work(key, kind, marked_on, minutes, last_on))
    return tuple(found)


def _handed_in(lab_key: str, judged: list[dict[str, str]], at: datetime, zone: ZoneInfo) -> HandedIn:
    outcomes = Counter(row.get("outcome") for row in judged)
    return HandedIn(
        lab_key=lab_key,
        on=at.astimezone(zone).date(),
        met=outcomes["met"],
        claimed=outcomes["claimed"],
        missing=len(judged) - outcomes["met"] - outcomes["claimed"],
    )


def _runs(learner: User, zone: ZoneInfo) -> tuple[ToolRun, ...]:
    """Every run with what it showed, probe by probe. Two queries."""
    probes: dict[int, list[tuple[str, int, int]]] = defaultdict(list)
    for run_id, probe, passed, evaluated in (
        Result.objects.filter(run__learner=learner)
        .order_by()
        .values("run_id", "probe")
        .annotate(all_passed=Sum("passed"), all_evaluated=Sum("evaluated"), place=Min("position"))
        .order_by("run_id", "place")
        .values_list("run_id", "probe", "all_passed", "all_evaluated")
    ):
        probes[run_id].append((probe, passed, evaluated))
    rows = Run.objects.filter(learner=learner).only(
        "tool", "version", "target", "state", "is_self_test", "tags", "read_at"
    )
    return tuple(
        ToolRun(
            pk=row.pk,
            tool=row.tool,
            version=row.version,
            target=row.target,
            is_complete=row.state == Run.State.COMPLETE,
            is_self_test=row.is_self_test,
            on=row.read_at.astimezone(zone).date(),
            probes=tuple(
                Probed(probe, passed, evaluated, tuple(row.tags.get(probe, ())))
                for probe, passed, evaluated in probes[row.pk]
            ),
        )
        for row in rows.order_by("-read_at", "-pk")
    )


def _claims(learner: User, zone: ZoneInfo) -> dict[tuple[str, str], tuple[Claimed, ...]]:
    found: dict[tuple[str, str], list[Claimed]] = defaultdict(list)
    for claim in Claim.objects.filter(learner=learner).order_by("source", "topic_id"):
        found[claim.framework_key, claim.edition].append(
            Claimed(
                claim.topic_id, Level(claim.level), claim.source, claim.claimed_at.astimezone(zone).date()
            )
        )
    return {place: tuple(claims) for place, claims in found.items()}


@dataclass(frozen=True, slots=True)
class ClaimedLayer:
    """A layer that was brought along to an edition."""

    source: str
    topics: int
    at: datetime


def layers_of(learner: User, framework_key: str, edition: str) -> list[ClaimedLayer]:
    """The layers behind the claims on an edition, the latest first. One query."""
    rows = (
        Claim.objects.filter(learner=learner, framework_key=framework_key, edition=edition)
        .values("source")
        .annotate(topics=Count("pk"), at=Max("claimed_at"))
        .order_by("-at", "source")
        .values_list("source", "topics", "at")
    )
    return [ClaimedLayer(*row) for row in rows]
