"""Logging from any page: the button, the key `l` and the sheet; the other keys and their switch."""

import pytest
from playwright.sync_api import Page, expect

from curriculum.catalogue import Catalogue
from tests.browser.conftest import CheckPage, Look, OpenPage
from tests.browser.test_reading import log_in, open_path
from tests.browser.test_walk import fits
from tests.fixtures.cast import make_learner, make_plan
from tracker.journal.models import StudySession
from tracker.people.models import User

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def alice(content: Catalogue) -> User:
    learner = make_learner("Alice")
    make_plan(learner, content)
    return learner


def test_a_line_is_logged_from_any_page_and_undone_there(
    open_page: OpenPage, alice: User, base_url: str, edge_look: Look, axe: CheckPage
) -> None:
    page = open_page(edge_look)
    log_in(page, alice, base_url)
    open_path(page, "/skills/")
    page.locator(".log-button").click()
    field = page.get_by_label("How long or a whole line")
    expect(field).to_be_focused()
    field.fill("45m garak encoding probes, confident 3")
    expect(page.locator("#reading")).to_contain_text("Logs 45\N{NO-BREAK SPACE}min on")
    axe(page)
    fits(page)
    field.press("Enter")
    expect(page.get_by_text("Logged 45\N{NO-BREAK SPACE}min on")).to_be_visible()
    assert page.url.endswith("/skills/")
    session = StudySession.objects.get(learner=alice)
    assert (session.minutes, session.module_key, session.confidence) == (45, "garak", 3)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("button", name="Put it back")).to_be_visible()
    session.refresh_from_db()
    assert session.deleted_at is not None


def test_without_scripts_the_button_is_a_link_to_the_form(
    open_page: OpenPage, alice: User, base_url: str
) -> None:
    page = open_page(Look("small", javascript=False))
    log_in(page, alice, base_url)
    open_path(page, "/skills/")
    page.locator(".log-button").click()
    page.get_by_label("How long or a whole line").fill("1:30 stride")
    page.get_by_role("button", name="Log", exact=True).click()
    expect(page.get_by_text("Logged 1\N{NO-BREAK SPACE}h\N{NO-BREAK SPACE}30 on")).to_be_visible()
    assert page.url.endswith("/skills/")


def test_keys(open_page: OpenPage, alice: User, base_url: str, axe: CheckPage) -> None:
    page = open_page(Look())
    log_in(page, alice, base_url)
    open_path(page, "/skills/")
    page.keyboard.press("l")
    field = page.get_by_label("How long or a whole line")
    expect(field).to_be_focused()
    # Typed into a field, the letters are letters.
    page.keyboard.type("tl?")
    page.keyboard.press("Escape")
    expect(field).to_be_hidden()
    page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="Keys")
    expect(sheet).to_be_visible()
    axe(page)
    page.keyboard.press("Escape")
    page.keyboard.press("l")
    expect(field).to_have_value("tl?")
    page.keyboard.press("Escape")
    page.keyboard.press("t")
    page.wait_for_url("**/timer/")


def test_keys_can_be_switched_off(open_page: OpenPage, alice: User, base_url: str, axe: CheckPage) -> None:
    page = open_page(Look())
    log_in(page, alice, base_url)
    open_path(page, "/keys/")
    axe(page)
    page.get_by_role("button", name="Switch them off").click()
    expect(page.get_by_role("button", name="Switch them on")).to_be_visible()
    open_path(page, "/skills/")
    for key in ("?", "l", "t"):
        page.keyboard.press(key)
    assert page.url.endswith("/skills/")
    expect(page.get_by_role("dialog")).to_have_count(0)
    open_path(page, "/keys/")
    page.get_by_role("button", name="Switch them on").click()
    expect(page.get_by_role("button", name="Switch them off")).to_be_visible()


def test_where_the_page_has_the_form_the_key_leads_to_it(
    open_page: OpenPage, alice: User, base_url: str
) -> None:
    page: Page = open_page(Look())
    log_in(page, alice, base_url)
    open_path(page, "/today/")
    expect(page.locator(".log-button")).to_be_hidden()
    page.keyboard.press("l")
    expect(page.get_by_label("How long or a whole line")).to_be_focused()
