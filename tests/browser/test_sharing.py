"""From a completed milestone to a portfolio and a mentor's word, in a browser."""

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect
from pypdf import PdfReader

from curriculum.catalogue import Catalogue
from tests.browser.conftest import CheckPage, Look, OpenPage
from tests.browser.test_reading import log_in
from tests.browser.test_walk import fits
from tests.fixtures.cast import make_learner, make_plan
from tests.milestones.factories import back_all
from tests.sharing.factories import make_completion
from tracker.milestones.models import Confirmation
from tracker.people.models import User

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def alice(curriculum: Catalogue) -> User:
    """She has completed a milestone."""
    learner = make_learner("Alice")
    plan = make_plan(learner, curriculum)
    make_completion(learner, plan, curriculum, link="https://example.org/a-very-long-address/" + "x" * 80)
    return learner


@pytest.fixture
def title(curriculum: Catalogue) -> str:
    return curriculum.module("mindset").milestone_title


def test_a_portfolio_is_made_previewed_and_seen(
    edge_look: Look, open_page: OpenPage, axe: CheckPage, base_url: str, alice: User, title: str
) -> None:
    page = open_page(edge_look)
    log_in(page, alice, base_url)

    page.goto("/sharing/")
    page.get_by_label("Shown").select_option("By link")
    page.get_by_label("Links, commits, notes").first.check()
    page.get_by_role("button", name="Save what is shared").click()
    page.get_by_text("A new portfolio").click()
    fits(page)
    axe(page)
    page.get_by_label("Title").fill("Alice")
    page.get_by_role("button", name="Make the portfolio").click()
    address = page.get_by_text(re.compile(r"/p/[A-Za-z0-9_-]{43}/$")).inner_text()
    fits(page)
    axe(page)
    page.get_by_role("checkbox", name=title).check()
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="See what a stranger sees").click()
    expect(page.get_by_role("heading", name=title)).to_be_visible()
    fits(page)
    axe(page)

    stranger = open_page(edge_look)
    stranger.goto(urlsplit(address).path)
    expect(stranger.get_by_role("heading", name=title)).to_be_visible()
    fits(stranger)
    axe(stranger)
    assert stranger.context.cookies() == []


def test_from_completion_to_portfolio_to_pdf(
    open_page: OpenPage, base_url: str, curriculum: Catalogue, title: str
) -> None:
    charlie = make_learner("Charlie")
    make_plan(charlie, curriculum)
    back_all(charlie, curriculum)
    page = open_page(Look("desktop"))
    log_in(page, charlie, base_url)
    page.goto("/milestones/mindset/")
    page.get_by_role("button", name="Complete the milestone").click()
    expect(page.get_by_role("heading", name="Looking back")).to_be_visible()
    page.goto("/sharing/")
    page.get_by_label("Shown").select_option("In every portfolio")
    page.get_by_role("button", name="Save what is shared").click()
    page.get_by_text("A new portfolio").click()
    page.get_by_label("Title").fill("Charlie")
    page.get_by_role("button", name="Make the portfolio").click()
    with page.expect_download() as coming:
        page.get_by_role("link", name="Download as a PDF").click()
    said = " ".join(PdfReader(coming.value.path()).pages[0].extract_text().split())
    assert said.startswith(f"Charlie {title}")
    assert curriculum.module("mindset").criteria[0].text in said


def test_a_mentor_looks_comments_and_confirms(
    edge_look: Look, open_page: OpenPage, axe: CheckPage, base_url: str, alice: User, title: str
) -> None:
    page = open_page(edge_look)
    log_in(page, alice, base_url)
    page.goto("/sharing/")
    page.get_by_text("A link for a mentor").click()
    page.get_by_label("The mentor's name").fill("Grace")
    page.get_by_label("Evidence: names").check()
    page.get_by_role("button", name="Make the link").click()
    mentors = page.get_by_text(re.compile(r"/mentor/[A-Za-z0-9_-]{43}/$")).inner_text()
    fits(page)
    axe(page)

    stranger = open_page(edge_look)
    stranger.goto(urlsplit(mentors).path)
    fits(stranger)
    axe(stranger)
    stranger.get_by_role("link", name=title).click()
    stranger.get_by_role("textbox", name="Comment").fill("Look at the *baseline* again.")
    stranger.get_by_role("button", name="Comment").click()
    expect(stranger.get_by_text("Look at the baseline again.")).to_be_visible()
    stranger.get_by_role("button", name="Confirm the milestone").click()
    expect(stranger.get_by_text("You have confirmed this milestone.")).to_be_visible()
    fits(stranger)
    axe(stranger)
    assert stranger.context.cookies() == []
    assert Confirmation.objects.get().name == "Grace"

    page.goto("/sharing/comments/mindset/")
    expect(page.get_by_text("Confirmed by Grace")).to_be_visible()
    fits(page)
    axe(page)
