"""A milestone completed, looked back at and opened again; the trail and the year."""

import re

import pytest
from playwright.sync_api import expect

from curriculum.catalogue import Catalogue
from tests.browser.conftest import CheckPage, Look, OpenPage, without_scripts
from tests.browser.test_reading import log_in
from tests.browser.test_walk import fits
from tests.fixtures.cast import make_learner, make_plan, make_session
from tests.milestones.factories import back_all, look_back_on
from tracker import clock
from tracker.milestones import actions
from tracker.milestones.models import Completion
from tracker.people.models import User
from tracker.plans.models import Plan

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def learner(content: Catalogue) -> User:
    alice = make_learner("Alice")
    make_plan(alice, content)
    return alice


def complete(learner: User, content: Catalogue, module_key: str) -> Completion:
    """Completed just now, so that its answers can be changed."""
    back_all(learner, content, module_key)
    now = clock.now()
    plan = Plan.objects.get(learner=learner)
    return actions.complete_milestone(
        learner, plan, content.module(module_key), now=now, on=now.astimezone(learner.zone_info).date()
    )


def test_from_completion_to_the_year_and_open_again_without_javascript(
    open_page: OpenPage, axe: CheckPage, learner: User, content: Catalogue, base_url: str
) -> None:
    back_all(learner, content)
    page = open_page(Look("small", javascript=False))
    log_in(page, learner, base_url)
    page.goto("/milestones/mindset/")
    page.get_by_role("button", name="Complete the milestone").click()
    page.get_by_label("What surprised you?").fill("It **leaked** in 42 of 100.")
    page.get_by_role("button", name="Save the answers").click()
    expect(page.get_by_label("What surprised you?")).to_have_value("It **leaked** in 42 of 100.")
    page.get_by_role("button", name="Choose for the year in review").click()
    expect(page.get_by_role("button", name="Take out of the year in review")).to_be_visible()
    axe(without_scripts(page))
    page.get_by_role("link", name=re.compile("in review$")).click()
    expect(page.get_by_text("It leaked in 42 of 100.")).to_be_visible()
    with page.expect_download() as coming:
        page.get_by_role("link", name="As a PDF").click()
    assert coming.value.path().read_bytes().startswith(b"%PDF-")
    page.goto("/milestones/mindset/")
    page.get_by_text("Open it again").click()
    page.get_by_role("button", name="Open the milestone again").click()
    expect(page.get_by_role("heading", name="Earlier records")).to_be_visible()
    assert Completion.objects.get().reopened_at is not None
    fits(page)


def test_the_pages_of_milestones_are_readable(
    edge_look: Look, open_page: OpenPage, axe: CheckPage, learner: User, content: Catalogue, base_url: str
) -> None:
    today = clock.today(learner.zone_info)
    for key in ("mindset", "garak", "foundations"):
        activity = content.module(key).activities[0].key
        make_session(learner, minutes=600, module_key=key, activity_key=activity, studied_on=today)
        look_back_on(complete(learner, content, key), "A-very-long-word-" * 12)
    actions.reopen_milestone(learner, "foundations", now=clock.now())
    page = open_page(edge_look)
    log_in(page, learner, base_url)
    for path in (
        "/milestones/",
        "/milestones/mindset/",
        "/milestones/foundations/",
        "/milestones/mindset/with/garak/",
        f"/milestones/year/{today.year}/",
    ):
        page.goto(path)
        page.evaluate("document.querySelectorAll('main details').forEach((part) => { part.open = true })")
        fits(page)
        axe(page)
