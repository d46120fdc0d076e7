"""Cohorts and their members."""

from tests.fixtures.cast import NOW
from tracker.cohorts import actions
from tracker.cohorts.models import Answer, Cohort, Membership, Proposal
from tracker.people.models import User


def make_cohort(lead: User, name: str = "Autumn") -> tuple[Cohort, str]:
    """A cohort and its invitation's token."""
    return actions.make_cohort(lead, name, now=NOW)


def join(learner: User, cohort: Cohort, name: str = "") -> Membership:
    """A member, by the name before the @ unless told."""
    return actions.join(learner, cohort, name or learner.email.partition("@")[0], now=NOW)


def everything_in_cohorts(learner: User) -> None:
    """A row in every table of cohorts that is the learner's. They are in the one that they lead, as nobody
    gets by the form, so that all of it is theirs.
    """
    cohort, _ = make_cohort(learner, f"Led by {learner.email}")
    membership = Membership.objects.create(
        cohort=cohort, learner=learner, name=learner.email, name_key=learner.email, joined_at=NOW
    )
    proposal = Proposal.objects.create(cohort=cohort, revision=1, note=learner.email, made_at=NOW)
    Answer.objects.create(proposal=proposal, membership=membership, choice="left", answered_at=NOW)
