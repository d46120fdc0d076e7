"""What a lead sees of those who agreed, and what a learner has agreed to."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, Max, Q, QuerySet

from curriculum.catalogue import newest_revision
from curriculum.changes import Changes
from tracker.cohorts.models import Answer, Cohort, Membership, Proposal
from tracker.journal.rules.tables import as_csv
from tracker.milestones.queries import completed_by
from tracker.people.actions import token_hash
from tracker.plans import queries as plans_queries
from tracker.plans.models import Baseline
from tracker.plans.queries import Standing

WEEKS_SHOWN = 4


def _is_here(whose: str) -> Q:
    """A condition: whoever this leads to is neither locked nor about to leave Cairn."""
    return Q(**{f"{whose}__is_active": True, f"{whose}__deletion_due_at__isnull": True})


def led_by(lead_id: int) -> QuerySet[Cohort]:
    """The cohorts that a learner leads, with the number of their members, by name."""
    seen = Count("memberships", filter=_is_here("memberships__learner"))
    rows = Cohort.objects.filter(lead_id=lead_id).annotate(members=seen)
    return rows.order_by("name", "pk")


def led(lead_id: int, pk: int) -> Cohort | None:
    """A cohort that this learner leads; None for anything else."""
    return Cohort.objects.filter(lead_id=lead_id, pk=pk).first()


def invited_by(token: str, now: datetime) -> Cohort | None:
    """The cohort that this token invites to. None where it is guessed, replaced or ran out. One query."""
    rows = Cohort.objects.filter(_is_here("lead"), invite_hash=token_hash(token), invite_expires_at__gt=now)
    return rows.select_related("lead").first()


def membership(learner_id: int, cohort_id: int) -> Membership | None:
    """The learner's membership of a cohort; None where they are no member."""
    return Membership.objects.filter(learner_id=learner_id, cohort_id=cohort_id).first()


# --- what a lead sees -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Member:
    """Plan against actual of one member. Minutes of whole weeks; weeks of a pause ask for nothing.

    first_end: of the plan as first laid out. answer: taken, left, or "" of the latest proposal.
    """

    pk: int
    name: str
    standing: Standing
    first_end: date | None
    completed: int
    answer: str

    @property
    def whole_weeks(self) -> tuple[plans_queries.WeekHours, ...]:
        """The last whole weeks, the oldest first."""
        return self.standing.weeks[:-1][-WEEKS_SHOWN:]

    @property
    def logged_minutes(self) -> int:
        """In these weeks."""
        return sum(row.logged_minutes for row in self.whole_weeks)

    @property
    def target_minutes(self) -> int:
        """What the plan asked of these weeks."""
        return sum(row.target_minutes for row in self.whole_weeks if not row.is_paused)

    @property
    def total_minutes(self) -> int:
        """Of the whole plan: done, and open."""
        return self.standing.progress.done_minutes + self.standing.remaining_minutes


def members_of(cohort: Cohort, now: datetime, proposal: Proposal | None = None) -> list[Member]:
    """The members by name: nobody is ranked. The number of queries is constant.

    Who is locked, or about to leave Cairn, is not among them. proposal: the one whose answers are asked for.
    """
    found = Membership.objects.filter(_is_here("learner"), cohort=cohort).select_related("learner")
    rows = sorted(found, key=lambda row: row.name_key)
    on = {row.learner_id: now.astimezone(row.learner.zone_info).date() for row in rows}
    standings = plans_queries.standings(on)
    completed = completed_by(list(on))
    plans = [each.plan.pk for each in standings.values() if each.plan]
    layouts = Baseline.objects.filter(plan__in=plans).values("plan").annotate(end=Max("last_on"))
    ends = dict(layouts.values_list("plan", "end"))
    answers = dict(Answer.objects.filter(proposal=proposal).values_list("membership", "choice"))
    return [
        Member(
            row.pk,
            row.name,
            standing := standings[row.learner_id],
            ends.get(standing.plan.pk) if standing.plan else None,
            len(completed[row.learner_id]),
            answers.get(row.pk, ""),
        )
        for row in rows
    ]


def latest_proposal(cohort: Cohort) -> Proposal | None:
    """What was proposed last."""
    return Proposal.objects.filter(cohort=cohort).order_by("-made_at", "-pk").first()


COLUMNS = (
    *("name", "track", "revision", "state", "weeks", "logged_minutes", "target_minutes"),
    *("done_minutes", "total_minutes", "milestones", "first_end", "end", "forecast_from", "forecast_until"),
)


def table_of(members: Iterable[Member]) -> str:
    """The members as CSV, in the order given."""
    return as_csv(COLUMNS, map(_cells, members))


def _cells(member: Member) -> list[str]:
    stands = member.standing
    half = stands.forecast.half if stands.forecast else None
    cells = (
        member.name,
        stands.track.title if stands.track else "",
        stands.plan.revision if stands.plan else "",
        stands.state,
        len(member.whole_weeks),
        member.logged_minutes,
        member.target_minutes,
        stands.progress.done_minutes,
        member.total_minutes,
        member.completed,
        member.first_end,
        stands.finish_on,
        *(half or (None, None)),
    )
    return ["" if cell is None else str(cell) for cell in cells]


# --- what a learner has agreed to -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Proposed:
    """What a lead proposes, as a member sees it. `changes` is None where there is nothing to take.

    choice: taken, left, or "" while it is open.
    """

    proposal: Proposal
    choice: str
    changes: Changes | None


@dataclass(frozen=True, slots=True)
class Joined:
    """A cohort that the learner is in."""

    membership: Membership
    proposed: Proposed | None


def joined_by(learner_id: int) -> list[Joined]:
    """The learner's cohorts by name, each with what is proposed there. The number of queries is constant."""
    rows = Membership.objects.filter(learner_id=learner_id).select_related("cohort__lead")
    memberships = sorted(rows, key=lambda row: (row.cohort.name_key, row.pk))
    latest: dict[int, Proposal] = {}
    proposals = Proposal.objects.filter(cohort__in=[row.cohort_id for row in memberships])
    for proposal in proposals.order_by("made_at", "pk"):
        latest[proposal.cohort_id] = proposal
    answers = {
        (row.proposal_id, row.membership_id): row.choice
        for row in Answer.objects.filter(membership__in=memberships)
    }
    plan = plans_queries.active_plan(learner_id) if latest else None
    found = []
    for row in memberships:
        proposed = None
        if (proposal_of := latest.get(row.cohort_id)) is not None:
            changes = plans_queries.changes_to(plan, proposal_of.revision) if plan else None
            proposed = Proposed(proposal_of, answers.get((proposal_of.pk, row.pk), ""), changes)
        found.append(Joined(row, proposed))
    return found


def proposed_to(learner_id: int, proposal_id: int) -> tuple[Proposal, Membership] | None:
    """A proposal made to a cohort that the learner is in; None for anything else."""
    proposal = Proposal.objects.filter(pk=proposal_id, cohort__memberships__learner_id=learner_id).first()
    found = membership(learner_id, proposal.cohort_id) if proposal else None
    return (proposal, found) if proposal and found else None


def may_propose(proposal: Proposal | None, members: Iterable[Member]) -> int | None:
    """The newest revision, where it was not proposed yet and a member's plan follows an earlier one."""
    number = newest_revision()
    plans = [member.standing.plan for member in members]
    is_news = any(plan is not None and plan.revision < number for plan in plans)
    return number if is_news and (proposal is None or proposal.revision < number) else None
