"""Re-checks in a browser: from Today to a grade, small and wide, light and dark, by keyboard, scriptless."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from curriculum.catalogue import Catalogue
from tests.browser.conftest import CheckPage, Look, OpenPage
from tests.browser.test_reading import log_in
from tests.browser.test_walk import fits
from tests.fixtures.cast import make_learner, make_plan
from tests.recall.factories import finish
from tracker import clock
from tracker.people.models import User
from tracker.recall.models import Review

pytestmark = pytest.mark.django_db(transaction=True)


def make_finisher(content: Catalogue) -> User:
    """Somebody who finished the first module last week."""
    learner = make_learner("Alice")
    on = clock.today(learner.zone_info) - timedelta(days=7)
    finish(learner, make_plan(learner, content), content.module("mindset"), on)
    return learner


def test_a_question_is_answered_and_graded(
    edge_look: Look, open_page: OpenPage, axe: CheckPage, content: Catalogue, base_url: str
) -> None:
    page = open_page(edge_look)
    learner = make_finisher(content)
    log_in(page, learner, base_url)
    page.goto("/today/")
    fits(page)
    page.get_by_role("link", name="Re-checks").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Do you still know it?")
    fits(page)
    axe(page)
    page.locator("main ol.rows a").first.click()
    show = page.get_by_role("link", name="Show the answer")
    expect(page.get_by_role("button", name="Again")).to_have_count(0)
    axe(page)
    show.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="How did it go?")).to_be_visible()
    fits(page)
    axe(page)
    again = page.get_by_role("button", name="Again")
    again.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="If you like")).to_be_visible()
    fits(page)
    axe(page)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("The grade is taken back.")).to_be_visible()
    axe(page)
    fits(page)
    assert Review.objects.get().undone_at is not None


def test_it_works_without_javascript(
    open_page: OpenPage, axe: CheckPage, content: Catalogue, base_url: str
) -> None:
    page = open_page(Look("small", javascript=False))
    learner = make_finisher(content)
    log_in(page, learner, base_url)
    page.goto("/recall/")
    page.locator("main ol.rows a").first.click()
    page.get_by_role("link", name="Show the answer").click()
    page.get_by_role("button", name="Good").click()
    expect(page.get_by_role("heading", name="Graded today")).to_be_visible()
    axe(page)
    assert Review.objects.get().grade == 3
