"""Links, and milestones that are shared."""

from collections.abc import Iterable
from datetime import datetime
from uuid import uuid4

from curriculum.catalogue import Catalogue
from tests.fixtures.cast import NOW, TODAY
from tracker.milestones import actions as milestones_actions
from tracker.milestones.models import Completion
from tracker.people.models import User
from tracker.plans.models import Plan
from tracker.sharing import actions
from tracker.sharing.models import MentorLink, MentorMail, Portfolio, PortfolioItem, SharedMilestone


def make_completion(
    learner: User,
    plan: Plan,
    content: Catalogue,
    module_key: str = "mindset",
    *,
    note: str = "Kept.",
    link: str = "",
) -> Completion:
    """A milestone of which every criterion is ticked and that is completed."""
    module = content.module(module_key)
    for criterion in module.criteria_in(plan.track_key):
        milestones_actions.tick_criterion(learner, module, criterion.key, link=link, note=note, now=NOW)
    return milestones_actions.complete_milestone(learner, plan, module, now=NOW, on=TODAY)


def make_portfolio(
    learner: User,
    *,
    title: str = "Alice",
    intro: str = "",
    expires_at: datetime | None = None,
    now: datetime = NOW,
) -> tuple[Portfolio, str]:
    """A portfolio and its token."""
    return actions.make_portfolio(learner, title=title, intro=intro, expires_at=expires_at, now=now)


def share(
    learner: User,
    module_key: str,
    *,
    visibility: str = "public",
    evidence: bool = True,
    details: bool = False,
    portfolios: Iterable[Portfolio] = (),
) -> SharedMilestone:
    """The completion of this module that stands, shared."""
    completion = Completion.objects.get(learner=learner, module_key=module_key, reopened_at=None)
    actions.share_milestones(learner, {completion.pk: actions.Shown(visibility, evidence, details)})
    shared = SharedMilestone.objects.get(completion=completion)
    for portfolio in portfolios:
        PortfolioItem.objects.create(portfolio=portfolio, shared=shared)
    return shared


def make_mentor_link(
    learner: User,
    *,
    name: str = "Bob",
    evidence: bool = False,
    details: bool = False,
    download: bool = False,
    expires_at: datetime | None = None,
    now: datetime = NOW,
) -> tuple[MentorLink, str]:
    """A mentor's link and its token."""
    return actions.make_mentor_link(
        learner,
        name=name,
        shows_evidence=evidence,
        shows_details=details,
        may_download=download,
        expires_at=expires_at,
        now=now,
    )


def make_copies(link: MentorLink, address: str = "grace@example.org") -> MentorMail:
    """Copies of the weekly mail, confirmed."""
    actions.ask_for_copies(link, address, now=NOW)
    mail = MentorMail.objects.get(link=link)
    actions.confirm_copies(mail, now=NOW)
    return mail


def everything_shared(learner: User) -> None:
    """A row in every table of sharing. The learner has completed `mindset`."""
    portfolio, _ = make_portfolio(learner)
    share(learner, "mindset", visibility="link", portfolios=[portfolio])
    link, _ = make_mentor_link(learner)
    mail = make_copies(link)
    assert actions.begin_copy(mail, 2026, 47, now=NOW)
    actions.comment(learner, "mindset", "Read.", submission=uuid4(), now=NOW, mentor=link)
