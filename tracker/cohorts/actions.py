"""Making cohorts, joining and leaving them, proposing a revision and answering."""

import secrets
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from curriculum.catalogue import catalogue, newest_revision
from tracker.cohorts.models import Answer, Cohort, Membership, Proposal
from tracker.people.actions import lock_learner, token_hash
from tracker.people.models import User
from tracker.plans import actions as plans_actions
from tracker.plans import queries as plans_queries

MOST_COHORTS = 20
MOST_MEMBERS = 200
INVITED_FOR = timedelta(days=14)


class Refused(ValueError):
    """Nothing was done. The message says why."""


def _invitation(now: datetime) -> tuple[str, dict[str, object]]:
    """A token, and what is kept of it."""
    token = secrets.token_urlsafe(32)
    kept = {
        "invite_hash": token_hash(token),
        "invite_hint": token[-4:],
        "invite_expires_at": now + INVITED_FOR,
    }
    return token, kept


def make_cohort(lead: User, name: str, *, now: datetime) -> tuple[Cohort, str]:
    """A new cohort and the token that invites to it. Raises Refused."""
    token, kept = _invitation(now)
    try:
        with transaction.atomic():
            lock_learner(lead)
            if Cohort.objects.filter(lead=lead).count() >= MOST_COHORTS:
                raise Refused(f"You lead {MOST_COHORTS} cohorts. End one that you no longer need.")
            made = Cohort.objects.create(lead=lead, name=name, name_key=name.casefold(), made_at=now, **kept)
            return made, token
    except IntegrityError as error:
        raise Refused("You lead a cohort of this name already.") from error


@transaction.atomic
def invite_anew(cohort: Cohort, *, now: datetime) -> str:
    """Another token; the one before invites nobody any more."""
    token, kept = _invitation(now)
    Cohort.objects.filter(pk=cohort.pk).update(**kept)
    return token


@transaction.atomic
def end_cohort(cohort: Cohort) -> None:
    """The cohort is gone, and nobody's plan is seen by it any more."""
    cohort.delete()


def join(learner: User, cohort: Cohort, name: str, *, now: datetime) -> Membership:
    """From now on the lead sees how this learner's plan goes. Once more changes the name. Raises Refused."""
    if cohort.lead_id == learner.pk:
        raise Refused("You lead this cohort: you see your own plan anyway.")
    named = {"name": name, "name_key": name.casefold()}
    try:
        with transaction.atomic():
            held = Cohort.objects.select_for_update().filter(pk=cohort.pk).first()
            if held is None:
                raise Refused("This cohort is no more.")
            others = Membership.objects.filter(cohort=held).exclude(learner=learner)
            if others.count() >= MOST_MEMBERS:
                raise Refused(f"This cohort has {MOST_MEMBERS} members, and takes no more.")
            made, _ = Membership.objects.update_or_create(
                cohort=held,
                learner=learner,
                defaults=named,
                create_defaults={**named, "joined_at": now},
            )
            return made
    except IntegrityError as error:
        raise Refused("Somebody in this cohort has this name. Choose another.") from error


@transaction.atomic
def leave(learner: User, cohort_id: int) -> bool:
    """The lead sees nothing of this learner's from now on; whether they were a member."""
    cohort = Cohort.objects.filter(pk=cohort_id).first()
    return cohort is not None and _end(Membership.objects.filter(learner=learner, cohort=cohort))


@transaction.atomic
def remove_member(cohort: Cohort, membership_id: int) -> bool:
    """Takes a member out; whether there was one."""
    return _end(Membership.objects.filter(cohort=cohort, pk=membership_id))


def _end(rows: QuerySet[Membership]) -> bool:
    """Ends a membership, after whoever answers a proposal with it at this moment."""
    held = rows.select_for_update().first()
    if held is not None:
        held.delete()
    return held is not None


@transaction.atomic
def end_all_memberships(now: datetime) -> None:
    """For a database that was brought back: who has left since would be seen again, and invitations that were
    replaced would be good.
    """
    Membership.objects.all().delete()
    Cohort.objects.update(invite_expires_at=now)


# --- a newer curriculum -----------------------------------------------------------------------------------


@transaction.atomic
def propose(cohort: Cohort, revision: int, note: str, *, now: datetime) -> Proposal:
    """Proposes the newest revision; a second time only the note changes. Raises Refused for another one."""
    held = Cohort.objects.select_for_update().filter(pk=cohort.pk).first()
    if held is None:
        raise Refused("This cohort is no more.")
    if revision != newest_revision():
        raise Refused("A newer revision was published since. Look at it, then propose that one.")
    made, _ = Proposal.objects.update_or_create(
        cohort=held,
        revision=revision,
        defaults={"note": note},
        create_defaults={"note": note, "made_at": now},
    )
    return made


@transaction.atomic
def take(learner: User, proposal: Proposal, membership: Membership, *, now: datetime) -> bool:
    """Moves the learner's plan to the revision; False where there is nothing to move."""
    lock_learner(learner)  # two that are taken at once come one after the other
    plan = plans_queries.active_plan(learner.pk)
    if plan is None or plans_queries.changes_to(plan, proposal.revision) is None:
        return False
    if not _answer(proposal, membership, Answer.Choice.TAKEN, now):
        return False
    return plans_actions.move_to_revision(plan, catalogue(proposal.revision), now=now)


@transaction.atomic
def leave_it(learner: User, proposal: Proposal, membership: Membership, *, now: datetime) -> bool:
    """Says that the learner stays with the revision they have; it can be taken later.

    False where there is nothing to leave: the plan follows it by now.
    """
    lock_learner(learner)
    plan = plans_queries.active_plan(learner.pk)
    if plan is not None and plan.revision >= proposal.revision:
        return False
    return _answer(proposal, membership, Answer.Choice.LEFT, now)


def _answer(proposal: Proposal, membership: Membership, choice: str, now: datetime) -> bool:
    """Keeps an answer; False where the membership has ended meanwhile."""
    held = Membership.objects.select_for_update().filter(pk=membership.pk).first()
    if held is None:
        return False
    Answer.objects.update_or_create(
        proposal=proposal, membership=held, defaults={"choice": choice, "answered_at": now}
    )
    return True
