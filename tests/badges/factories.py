"""Milestones that Cairn has seen, and their badges."""

from curriculum.catalogue import Catalogue
from tests.evidence.factories import make_artefact
from tests.fixtures.cast import NOW, TODAY
from tracker.badges import actions
from tracker.badges.models import Badge
from tracker.milestones import actions as milestones_actions
from tracker.milestones.models import Completion
from tracker.people.models import User
from tracker.plans.models import Plan


def make_evidenced(
    learner: User, plan: Plan, content: Catalogue, module_key: str = "mindset", *, note: str = "Kept."
) -> Completion:
    """A completed milestone with a file behind every criterion."""
    module = content.module(module_key)
    for criterion in module.criteria_in(plan.track_key):
        make_artefact(learner, criterion.key, title=note)
        milestones_actions.tick_criterion(learner, module, criterion.key, link="", note=note, now=NOW)
    return milestones_actions.complete_milestone(learner, plan, module, now=NOW, on=TODAY)


def make_badge(learner: User, completion: Completion, *, names_files: bool = True) -> Badge:
    """A signed badge of an evidenced milestone."""
    made = actions.issue(learner, completion.pk, names_files=names_files, now=NOW)
    assert made is not None
    return made
