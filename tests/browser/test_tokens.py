"""The page of tokens and the page for programs in a browser, in the two looks that differ most."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import CheckPage, Look, OpenPage
from tests.browser.test_reading import log_in
from tests.browser.test_walk import fits
from tests.fixtures.cast import make_learner
from tracker.people.models import ApiToken

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_token_is_made_seen_and_revoked(
    edge_look: Look, open_page: OpenPage, axe: CheckPage, base_url: str
) -> None:
    page = open_page(edge_look)
    log_in(page, make_learner("Alice"), base_url)
    page.goto("/settings/tokens/")
    page.get_by_role("button", name="Make the token").click()
    expect(page.get_by_text("Give it a name")).to_be_visible()
    fits(page)
    axe(page)
    page.get_by_label("Name").fill("The laptop in the study, where the terminal is")
    page.get_by_label("Good for").select_option("90 days")
    page.get_by_role("button", name="Make the token").click()
    expect(page.get_by_text(re.compile("cairn_[A-Za-z0-9_-]{43}"))).to_be_visible()
    fits(page)
    axe(page)
    page.get_by_role("button", name=re.compile("^Revoke")).click()
    expect(page.get_by_role("heading", name="No longer good")).to_be_visible()
    fits(page)
    axe(page)
    assert ApiToken.objects.get().revoked_at


def test_the_page_for_programs_is_readable(
    edge_look: Look, open_page: OpenPage, axe: CheckPage, db: None
) -> None:
    page = open_page(edge_look)
    page.goto("/api/v1/docs#problem-scope")
    expect(page.get_by_role("heading", name="POST /api/v1/sessions", exact=True)).to_be_visible()
    fits(page)
    axe(page)
