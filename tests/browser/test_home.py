"""The first page a visitor sees, in every look."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import CheckPage, Look, OpenPage, Watch


def test_home_is_readable_and_fits_in_every_look(open_page: OpenPage, axe: CheckPage, look: Look) -> None:
    page = open_page(look)
    answer = page.goto("/")
    assert answer is not None
    assert answer.status == 200
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "scrolls sideways"
    axe(page)


def test_home_without_javascript_leads_to_sign_up(open_page: OpenPage, axe: CheckPage) -> None:
    page = open_page(Look("phone", javascript=False))
    page.goto("/")
    axe(page)
    page.get_by_role("link", name="Sign up").first.click()
    expect(page.locator("input[type=email]")).to_be_visible()


def test_policy_forbids_inline_code_and_other_origins(open_page: OpenPage) -> None:
    answer = open_page(Look()).goto("/")
    assert answer is not None
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy


# --- that the fixtures see what they are there for ------------------------------------------------------


@pytest.mark.parametrize("javascript", [True, False])
def test_axe_finds_a_planted_fault(open_page: OpenPage, axe: CheckPage, javascript: bool) -> None:
    page: Page = open_page(Look(javascript=javascript))
    page.goto("/")
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=\"/static/icon.svg\">')")
    with pytest.raises(AssertionError, match="image-alt"):
        axe(page)


def test_watch_sees_what_the_policy_stops(open_page: OpenPage, watch: Watch) -> None:
    page = open_page(Look())
    page.goto("/")
    assert watch.faults == []
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<p style=\"color: red\">x</p>')")
    page.wait_for_function("true")
    assert any("style" in fault for fault in watch.faults), watch.faults
    watch.faults.clear()
