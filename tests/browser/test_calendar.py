"""The page of the calendar address in a browser, in the two looks that differ most."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import CheckPage, Look, OpenPage
from tests.browser.test_reading import log_in
from tests.browser.test_walk import fits
from tests.fixtures.cast import make_learner

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_address_is_made_seen_and_ended(
    edge_look: Look, open_page: OpenPage, axe: CheckPage, base_url: str
) -> None:
    page = open_page(edge_look)
    log_in(page, make_learner("Alice"), base_url)
    page.goto("/settings/")
    page.get_by_role("link", name="The calendar address").click()
    page.get_by_role("button", name="Make the address").click()
    shown = page.get_by_text(re.compile(r"/calendar/[A-Za-z0-9_-]{43}\.ics$"))
    expect(shown).to_be_visible()
    expect(page.get_by_role("link", name="Open in a calendar program")).to_have_attribute(
        "href", re.compile(r"^webcal://")
    )
    fits(page)
    axe(page)
    page.get_by_role("button", name="End it").click()
    expect(page.get_by_text("There is none.")).to_be_visible()
    expect(shown).to_be_hidden()
    fits(page)
    axe(page)
