"""Making cohorts, joining and leaving them, proposing a revision and answering."""

import secrets
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

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
            return Cohort.objects.create(lead=lead, name=name, made_at=now, **kept), token
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
                defaults={"name": name},
                create_defaults={"name": name, "joined_at": now},
            )
            return made
    except IntegrityError as error:
        raise Refused("Somebody in this cohort has this name. Choose another.") from error


@transaction.atomic
def leave(learner: User, cohort_id: int) -> bool:
    """The lead sees nothing of this learner's from now on; whether they were a member."""
    return Membership.objects.filter(learner=learner, cohort_id=cohort_id).delete()[0] > 0


@transaction.atomic
def remove_member(cohort: Cohort, membership_id: int) -> bool:
    """Takes a member out; whether there was one."""
    return Membership.objects.filter(cohort=cohort, pk=membership_id).delete()[0] > 0


# --- a newer curriculum -----------------------------------------------------------------------------------


@transaction.atomic
def propose(cohort: Cohort, revision: int, note: str, *, now: datetime) -> Proposal:
    """Proposes the newest revision; a second time it is the same proposal. Raises Refused for another one."""
    held = Cohort.objects.select_for_update().get(pk=cohort.pk)
    if revision != newest_revision():
        raise Refused("A newer revision was published since. Look at it, then propose that one.")
    made, _ = Proposal.objects.get_or_create(
        cohort=held, revision=revision, defaults={"note": note, "made_at": now}
    )
    return made


@transaction.atomic
def take(learner: User, proposal: Proposal, membership: Membership, *, now: datetime) -> bool:
    """Moves the learner's plan to the revision; False where there is nothing to move. Raises Refused."""
    plan = plans_queries.active_plan(learner.pk)
    if plan is None or plans_queries.changes_to(plan, proposal.revision) is None:
        return False
    moved = plans_actions.move_to_revision(plan, catalogue(proposal.revision), now=now)
    _answer(proposal, membership, Answer.Choice.TAKEN, now)
    return moved


@transaction.atomic
def leave_it(proposal: Proposal, membership: Membership, *, now: datetime) -> None:
    """Says that the learner stays with the revision they have. It can be taken later."""
    _answer(proposal, membership, Answer.Choice.LEFT, now)


def _answer(proposal: Proposal, membership: Membership, choice: str, now: datetime) -> None:
    Answer.objects.update_or_create(
        proposal=proposal, membership=membership, defaults={"choice": choice, "answered_at": now}
    )
