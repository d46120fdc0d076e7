"""Completed milestones and what is said of them, for tests that need some there."""

from datetime import date, datetime

from curriculum.catalogue import Catalogue
from tests.fixtures.cast import NOW, TODAY
from tracker.milestones import actions
from tracker.milestones.models import Completion
from tracker.people.models import User
from tracker.plans.models import Plan

TRACK = "ai-security-engineer"


def back_all(learner: User, content: Catalogue, module_key: str = "mindset", note: str = "Shown.") -> None:
    """Backs every criterion of a module with a note."""
    module = content.module(module_key)
    for criterion in module.criteria_in(TRACK):
        actions.tick_criterion(learner, module, criterion.key, link="", note=note, now=NOW)


def make_completion(
    learner: User,
    plan: Plan,
    content: Catalogue,
    module_key: str = "mindset",
    *,
    now: datetime = NOW,
    on: date = TODAY,
) -> Completion:
    """A milestone completed by the learner's word."""
    back_all(learner, content, module_key)
    return actions.complete_milestone(learner, plan, content.module(module_key), now=now, on=on)


def look_back_on(completion: Completion, words: str = "It leaked.") -> None:
    """Answers, an addition, a star and a mentor's confirmation."""
    now = completion.completed_at
    answers = {"surprised": words, "weak": words, "next_step": words}
    actions.answer_retrospective(completion, answers, now=now)
    actions.add_to_retrospective(completion, words, now=now, on=completion.completed_on)
    actions.star_retrospective(completion, is_starred=True)
    actions.confirm_milestone(completion, name="Bob", note=words, now=now)
