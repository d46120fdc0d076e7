"""What a link shows, from the rows it may show; and the learner's own links."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from curriculum.catalogue import Module, current
from tracker.badges.queries import tokens_of
from tracker.evidence.models import Artefact, HandInFile, Run, StoredFile
from tracker.milestones import queries as milestones_queries
from tracker.milestones.queries import CriterionStanding, MilestoneStanding, Record
from tracker.milestones.rules.snapshot import (
    ArtefactRecord,
    CriterionRecord,
    KeptFile,
    LabRecord,
    Snapshot,
    Span,
)
from tracker.people.actions import token_hash
from tracker.plans import queries as plans_queries
from tracker.plans.queries import RoadModule, Standing
from tracker.reminders.models import Reminder
from tracker.reminders.queries import may_be_token
from tracker.sharing.models import (
    Comment,
    MentorCopy,
    MentorLink,
    MentorMail,
    Portfolio,
    PortfolioItem,
    SharedMilestone,
)
from tracker.sharing.rules import (
    Allowed,
    RunFact,
    ShownCriterion,
    ShownMilestone,
    is_good,
    shown_criterion,
    shown_record,
)

# A copy follows the mail that it is of, or does not come.
COPIED_WITHIN = timedelta(days=2)
ENDED_SHOWN = 10

# --- links ------------------------------------------------------------------------------------------------


def portfolio_with(token: str, now: datetime) -> Portfolio | None:
    """The portfolio at the address with this token, and its learner. One query, the same for every token.

    None where there is none, it ran out or was revoked, or the account is locked, gone or going.
    """
    found = Portfolio.objects.select_related("learner").filter(token_hash=token_hash(token)).first()
    return found if found is not None and _opens(found, now) else None


def mentor_with(token: str, now: datetime) -> MentorLink | None:
    """The mentor's link with this token, and its learner; as `portfolio_with`."""
    found = MentorLink.objects.select_related("learner").filter(token_hash=token_hash(token)).first()
    return found if found is not None and _opens(found, now) else None


def _opens(link: Portfolio | MentorLink, now: datetime) -> bool:
    owner = link.learner
    return (
        is_good(link.expires_at, link.revoked_at, now) and owner.is_active and owner.deletion_due_at is None
    )


def good_at(now: datetime) -> Q:
    """Links that still show something, as a condition on their rows."""
    return Q(revoked_at__isnull=True) & (Q(expires_at__isnull=True) | Q(expires_at__gt=now))


def portfolios_of(learner_id: int, now: datetime) -> QuerySet[Portfolio]:
    """The learner's portfolios whose link is good, the newest first."""
    return Portfolio.objects.filter(good_at(now), learner_id=learner_id).order_by("-made_at", "-pk")


def mentor_links_of(learner_id: int, now: datetime) -> QuerySet[MentorLink]:
    """The learner's good links for mentors, with where copies go, the newest first."""
    rows = MentorLink.objects.filter(good_at(now), learner_id=learner_id).select_related("mail")
    return rows.order_by("-made_at", "-pk")


def ended_links(learner_id: int, now: datetime) -> list[Portfolio | MentorLink]:
    """The learner's latest links that were revoked or ran out, of each kind. Two queries."""
    found: list[Portfolio | MentorLink] = []
    for rows in (Portfolio.objects, MentorLink.objects):
        found += (
            rows.filter(learner_id=learner_id).exclude(good_at(now)).order_by("-made_at", "-pk")[:ENDED_SHOWN]
        )
    return found


def portfolio(learner_id: int, pk: int) -> Portfolio | None:
    """A portfolio of the learner's; None for anything else."""
    return Portfolio.objects.filter(learner_id=learner_id, pk=pk).first()


# --- what a portfolio shows -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Choice:
    """A completed milestone with what its learner chose for it. `shared` is None while it is private."""

    record: Record
    shared: SharedMilestone | None

    @property
    def visibility(self) -> str:
        """private, link or public."""
        return self.shared.visibility if self.shared else "private"


def choices_of(learner_id: int) -> list[Choice]:
    """The learner's completed milestones, the latest first. Four queries."""
    shared = {row.completion_id: row for row in SharedMilestone.objects.filter(learner_id=learner_id)}
    return [Choice(record, shared.get(record.pk)) for record in _standing_records(learner_id)]


def chosen_for(portfolio: Portfolio) -> set[int]:
    """The shared milestones that were chosen for a portfolio. One query."""
    return set(PortfolioItem.objects.filter(portfolio=portfolio).values_list("shared_id", flat=True))


def _standing_records(learner_id: int) -> list[Record]:
    """What is completed now: a milestone that was opened again is shown to nobody."""
    return [row for row in milestones_queries.records(learner_id) if row.reopened_at is None]


@dataclass(frozen=True, slots=True)
class ShownPortfolio:
    """All that a portfolio's page says."""

    title: str
    intro: str
    milestones: tuple[ShownMilestone, ...]

    @property
    def has_badges(self) -> bool:
        """Whether any of them has a signed badge."""
        return any(row.badge for row in self.milestones)


def shown_portfolio(found: Portfolio) -> ShownPortfolio:
    """What whoever has the link sees. A number of queries that no number of milestones changes."""
    chosen = PortfolioItem.objects.filter(shared=OuterRef("pk"), portfolio=found)
    rows = SharedMilestone.objects.filter(learner_id=found.learner_id).filter(
        Q(visibility="public") | Q(Exists(chosen), visibility="link")
    )
    shared = {row.completion_id: row for row in rows}
    records = [row for row in _standing_records(found.learner_id) if row.pk in shared] if shared else []
    hashes = {
        file.sha256 for row in records if shared[row.pk].shows_evidence for file in row.snapshot.files()
    }
    runs = run_facts(found.learner_id, hashes)
    with_files = {pk for pk, row in shared.items() if row.shows_evidence}
    badges = tokens_of([row.pk for row in records], with_files=with_files)
    return ShownPortfolio(
        found.title,
        found.intro,
        tuple(
            shown_record(
                row.snapshot,
                completed_on=row.completed_on,
                confirmations=len(row.confirmations),
                allowed=Allowed(shared[row.pk].shows_evidence, shared[row.pk].shows_details, {}),
                runs=runs,
                badge=badges.get(row.pk, ""),
            )
            for row in records
        ),
    )


def run_facts(learner_id: int, hashes: Collection[str]) -> dict[str, RunFact]:
    """What the learner's reports are of, by the SHA-256 of their file. One query."""
    rows = Run.objects.filter(learner_id=learner_id, sha256__in=hashes)
    return {
        sha256: RunFact(tool, version, attempts, target)
        for sha256, tool, version, attempts, target in rows.values_list(
            "sha256", "tool", "version", "attempts", "target"
        )
    }


# --- what a mentor sees -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MentorMilestone:
    """A milestone in a mentor's list: how many of its criteria are backed, and when it was completed."""

    key: str
    title: str
    module_title: str
    state: str  # confirmed, evidenced, claimed; begun or open where it is not completed
    backed: int
    criteria: int
    completed_on: date | None
    comments: int


@dataclass(frozen=True, slots=True)
class MentorPage:
    """Plan against actual, and the milestones. `road` is empty without a plan."""

    standing: Standing
    road: tuple[RoadModule, ...]
    first_end: date | None  # of the first layout
    milestones: tuple[MentorMilestone, ...]


def mentor_page(learner_id: int, on: date) -> MentorPage:
    """What a mentor's first page says, on the learner's local day. The number of queries is constant."""
    facts = plans_queries.facts_of(learner_id, on)
    records = _standing_records(learner_id)
    comments: dict[str, int] = {}
    for key in Comment.objects.filter(learner_id=learner_id).values_list("module_key", flat=True):
        comments[key] = comments.get(key, 0) + 1
    found = [_completed(row, comments) for row in records]
    road: tuple[RoadModule, ...] = ()
    first_end = None
    if facts.plan is not None:
        baseline = plans_queries.baseline_of(facts.plan)
        road = tuple(plans_queries.road(facts, baseline))
        first_end = plans_queries.baseline_end(baseline)
        modules = current(facts.plan.revision).modules_in(facts.plan.track_key)
        done = {row.module_key for row in records}
        standings = milestones_queries.milestones(learner_id, modules, facts.plan.track_key)
        found += [_ahead(each, comments) for each in standings if each.module.key not in done]
    return MentorPage(plans_queries.stand(facts), road, first_end, tuple(found))


def _completed(row: Record, comments: Mapping[str, int]) -> MentorMilestone:
    shot = row.snapshot
    return MentorMilestone(
        row.module_key,
        shot.milestone,
        shot.title,
        row.state,
        len(shot.criteria),
        len(shot.criteria),
        row.completed_on,
        comments.get(row.module_key, 0),
    )


def _ahead(standing: MilestoneStanding, comments: Mapping[str, int]) -> MentorMilestone:
    module = standing.module
    return MentorMilestone(
        module.key,
        module.milestone_title,
        module.title,
        "begun" if standing.ticked else "open",
        standing.ticked,
        len(standing.criteria),
        None,
        comments.get(module.key, 0),
    )


@dataclass(frozen=True, slots=True)
class MentorMilestonePage:
    """One milestone as its mentor sees it. `completion_id` is None where there is nothing to confirm."""

    shown: ShownMilestone
    completion_id: int | None
    confirmed_by_them: bool
    comments: tuple[Comment, ...]


def mentor_milestone(link: MentorLink, module_key: str) -> MentorMilestonePage | None:
    """A milestone of the learner's track, or one that is completed; None for anything else."""
    learner_id = link.learner_id
    records = milestones_queries.records_of(learner_id, module_key)
    record = records[0] if records and records[0].reopened_at is None else None
    if record is not None:
        snapshot = record.snapshot
    else:
        module, track_key = _module_of(learner_id, module_key)
        if module is None:
            return None
        snapshot = _as_it_stands(milestones_queries.milestone(learner_id, module, track_key))
    hashes = {file.sha256 for file in snapshot.files()} if link.shows_evidence else set()
    allowed = Allowed(
        link.shows_evidence,
        link.shows_details,
        _kept(learner_id, hashes) if link.may_download else {},
    )
    runs = run_facts(learner_id, hashes)
    if record is not None:
        shown = shown_record(
            snapshot,
            completed_on=record.completed_on,
            confirmations=len(record.confirmations),
            allowed=allowed,
            runs=runs,
        )
    else:
        shown = _shown_open(snapshot, allowed, runs)
    return MentorMilestonePage(
        shown,
        record.pk if record else None,
        any(row.name == link.name for row in record.confirmations) if record else False,
        tuple(comments_on(learner_id, module_key)),
    )


def _module_of(learner_id: int, module_key: str) -> tuple[Module | None, str]:
    plan = plans_queries.active_plan(learner_id)
    if plan is None:
        return None, ""
    modules = current(plan.revision).modules_in(plan.track_key)
    return next((each for each in modules if each.key == module_key), None), plan.track_key


def _as_it_stands(standing: MilestoneStanding) -> Snapshot:
    """A milestone that is not completed in the shape of a record, so that both are shown by one rule."""
    module, nothing = standing.module, Span(0, None, None)
    return Snapshot(
        format=0,
        module_key=module.key,
        title=module.title,
        milestone=module.milestone_title,
        track_key="",
        revision=None,
        planned=nothing,
        real=nothing,
        sessions=0,
        confidence=None,
        criteria=tuple(map(_criterion, standing.criteria)),
        editions=(),
    )


def _criterion(row: CriterionStanding) -> CriterionRecord:
    lab = None
    if row.lab is not None and row.lab.hand_in is not None and row.lab.outcome:
        files = (KeptFile(each.name, each.size_bytes, each.sha256) for each in row.lab.hand_in.files.all())
        lab = LabRecord(row.lab.lab.title, row.lab.outcome, (), tuple(files))
    return CriterionRecord(
        key=row.criterion.key,
        text=row.criterion.text,
        state=row.state,
        link=row.tick.link if row.tick else "",
        note=row.tick.note if row.tick else "",
        lab=lab,
        artefacts=tuple(map(_artefact, row.artefacts)),
    )


def _artefact(row: Artefact) -> ArtefactRecord:
    file = KeptFile(row.file.name, row.file.size_bytes, row.file.sha256) if row.file else None
    return ArtefactRecord(row.kind, row.title, row.url, row.commit, file)


def _shown_open(snapshot: Snapshot, allowed: Allowed, runs: Mapping[str, RunFact]) -> ShownMilestone:
    criteria: Iterable[ShownCriterion] = (shown_criterion(row, allowed, runs) for row in snapshot.criteria)
    return ShownMilestone(
        key=snapshot.module_key,
        title=snapshot.milestone,
        module_title=snapshot.title,
        state="",
        completed_on=None,
        confirmations=0,
        real=snapshot.real,
        criteria=tuple(criteria),
        editions=(),
    )


def _backing(learner_id: int) -> QuerySet[StoredFile]:
    """The learner's files that back a milestone; reports that back nothing are not among them."""
    return StoredFile.objects.filter(learner_id=learner_id).filter(
        Exists(Artefact.objects.filter(learner_id=learner_id, file=OuterRef("pk")))
        | Exists(HandInFile.objects.filter(hand_in__learner_id=learner_id, file=OuterRef("pk")))
    )


def _kept(learner_id: int, hashes: Collection[str]) -> dict[str, UUID]:
    rows = _backing(learner_id).filter(sha256__in=hashes).order_by("stored_at")
    return dict(rows.values_list("sha256", "pk"))


def file_for(link: MentorLink, file_id: UUID) -> StoredFile | None:
    """A file that this mentor may download; None for anything else."""
    if not (link.may_download and link.shows_evidence):
        return None
    return _backing(link.learner_id).filter(pk=file_id).first()


# --- comments ---------------------------------------------------------------------------------------------


def comments_on(learner_id: int, module_key: str) -> QuerySet[Comment]:
    """What was said about one of the learner's milestones, the oldest first."""
    return Comment.objects.filter(learner_id=learner_id, module_key=module_key).order_by("written_at", "pk")


# --- copies of the weekly mail ----------------------------------------------------------------------------


def mail_to_confirm(token: str) -> MentorMail | None:
    """The wish for copies that this token of a mail confirms, confirmed or not; None where there is none."""
    rows = MentorMail.objects.select_related("link__learner").filter(token_hash=token_hash(token))
    return rows.filter(left_at__isnull=True).first()


def mail_to_leave(token: str) -> MentorMail | None:
    """The copies that end with this token; None where there are none."""
    return MentorMail.objects.filter(unsubscribe_token=token).first() if may_be_token(token) else None


def copies_due(now: datetime, limit: int) -> list[tuple[MentorMail, int, int]]:
    """Confirmed mentors whose learner's weekly mail went out in the last two days, with its ISO week.

    Without those that have the copy of that week, or whose link no longer opens. Three queries.
    """
    open_links = MentorLink.objects.filter(good_at(now)).filter(
        learner__is_active=True, learner__deletion_due_at__isnull=True
    )
    wanted = MentorMail.objects.select_related("link__learner").filter(
        confirmed_at__isnull=False, left_at__isnull=True, link__in=open_links
    )
    by_learner: dict[int, list[MentorMail]] = {}
    for row in wanted.order_by("pk"):
        by_learner.setdefault(row.link.learner_id, []).append(row)
    sent = Reminder.objects.filter(
        learner_id__in=by_learner,
        state=Reminder.State.SENT,
        finished_at__gt=now - COPIED_WITHIN,
    ).order_by("finished_at", "pk")
    weeks = {(row.learner_id, row.iso_year, row.iso_week) for row in sent}
    had = set(
        MentorCopy.objects.filter(
            link__learner_id__in=by_learner, begun_at__gt=now - 4 * COPIED_WITHIN
        ).values_list("link_id", "iso_year", "iso_week")
    )
    due = [
        (mail, year, week)
        for learner_id, year, week in sorted(weeks)
        for mail in by_learner[learner_id]
        if (mail.link_id, year, week) not in had
    ]
    return due[:limit]
