"""The skills matrix rated again when a milestone is completed."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse

from curriculum.catalogue import Catalogue
from tests.fixtures.cast import NOW, TODAY, browser_of, make_plan
from tracker.milestones import actions as milestones_actions
from tracker.people.models import User
from tracker.plans import actions
from tracker.plans.models import Plan, SkillRating

pytestmark = pytest.mark.usefixtures("now")
PROVED = "Proved by what you completed"


@pytest.fixture
def plan(alice: User, curriculum: Catalogue) -> Plan:
    return make_plan(alice, curriculum)


@pytest.fixture
def web(alice: User, plan: Plan) -> Client:
    return browser_of(alice)


def words_of(text: str) -> str:
    return unescape(re.sub(r"<[^>]+>", "", text)).replace("\N{NO-BREAK SPACE}", " ")


def complete(learner: User, plan: Plan, content: Catalogue, key: str) -> None:
    module = content.module(key)
    for criterion in module.criteria_in(plan.track_key):
        milestones_actions.tick_criterion(learner, module, criterion.key, link="", note="Done.", now=NOW)
    milestones_actions.complete_milestone(learner, plan, module, now=NOW, on=TODAY)


def test_a_completed_milestone_offers_the_skills_it_proves(
    web: Client, alice: User, plan: Plan, curriculum: Catalogue
) -> None:
    skill = curriculum.skills[0]
    key = skill.proof_modules[0]
    proves = [row for row in curriculum.skills if key in row.proof_modules]
    others = [row for row in curriculum.skills if key not in row.proof_modules]
    before = {row.key: (1, "") for row in curriculum.skills}
    actions.rate_skills(alice, before, now=NOW - timedelta(days=9), on=TODAY - timedelta(days=9))
    assert PROVED not in web.get(reverse("skills-matrix")).text
    complete(alice, plan, curriculum, key)
    offer = f"{reverse('skills-matrix')}?after={key}"
    assert f'href="{offer}"' in web.get(reverse("milestone", args=[key])).text
    text = web.get(reverse("skills-matrix")).text
    offered = re.findall(r'href="#skill-([^"]+)"', text)
    assert offered == [row.key for row in proves]
    assert all(f'id="skill-{row.key}"' in text for row in [*proves, *others])
    # Rated on the day itself, nothing is offered by itself; right after the completion it still is.
    web.post(reverse("skills-matrix"), {f"level-{row.key}": "2" for row in curriculum.skills})
    assert PROVED not in web.get(reverse("skills-matrix")).text
    assert PROVED in web.get(offer).text
    # Before and after: both are kept.
    assert list(
        SkillRating.objects.filter(learner=alice, skill_key=skill.key)
        .order_by("rated_on")
        .values_list("level", flat=True)
    ) == [1, 2]


@pytest.mark.parametrize("after", ["", "garak", "nothing", "%00", "a" * 3000])
def test_what_was_not_completed_offers_nothing(web: Client, after: str) -> None:
    answer = web.get(f"{reverse('skills-matrix')}?after={after}")
    assert (answer.status_code, PROVED in answer.text) == (200, False)


def test_a_fall_is_shown_and_not_counted(web: Client, alice: User, curriculum: Catalogue) -> None:
    grown, fallen = [row for row in curriculum.skills if row.kind == "growth"][:2]
    for days, levels in ((20, (0, 2)), (10, (2, 3)), (0, (2, 1))):
        said = {grown.key: (levels[0], "proof"), fallen.key: (levels[1], "proof")}
        at, on = NOW - timedelta(days=days), TODAY - timedelta(days=days)
        actions.rate_skills(alice, said, now=at, on=on)
    text = words_of(web.get(reverse("skills-matrix")).text)
    assert "two levels below Mon 9 Nov 2026" in text or "two levels below 9 Nov 2026" in text
    assert re.search(r"\b2 of \d+ levels grown\.", text)


def test_charlie_is_offered_nothing(charlie: User, alice: User, plan: Plan, curriculum: Catalogue) -> None:
    key = curriculum.skills[0].proof_modules[0]
    complete(alice, plan, curriculum, key)
    make_plan(charlie, curriculum)
    assert PROVED not in browser_of(charlie).get(f"{reverse('skills-matrix')}?after={key}").text
