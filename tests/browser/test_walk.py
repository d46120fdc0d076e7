"""The whole way through the product, as a person walks it: from the first page to a milestone reviewed."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from curriculum.catalogue import Catalogue
from tests.browser.conftest import CheckPage, Look, OpenPage
from tests.fixtures.cast import PASSWORD
from tracker.journal.models import StudySession
from tracker.milestones.models import Completion
from tracker.people.models import User
from tracker.plans.models import Mark, Plan
from tracker.reminders.models import Consent

pytestmark = pytest.mark.django_db(transaction=True)
Seen = Callable[[Page], None]


def fits(page: Page) -> None:
    """Nothing scrolls sideways."""
    # An answer to a click is in the document before its stylesheet is; without it every page is too wide.
    page.wait_for_load_state("load")
    wide = page.evaluate(
        """() => {
            const root = document.documentElement;
            if (root.scrollWidth <= window.innerWidth) return [];
            const out = [...document.querySelectorAll("body *")]
                .filter((element) => element.getBoundingClientRect().right > window.innerWidth + 0.5)
                .map((element) => element.outerHTML.slice(0, 120));
            return [`${root.scrollWidth} of ${window.innerWidth}`, ...out.slice(-3)];
        }"""
    )
    assert wide == [], f"{page.url} is too wide: {wide}"


def sign_up(page: Page, seen: Seen) -> None:
    page.goto("/")
    seen(page)
    page.get_by_role("link", name="Sign up").first.click()
    page.wait_for_url("**/accounts/signup/")
    seen(page)
    page.get_by_label("E-mail").fill("alice@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign up").click()
    page.wait_for_url("**/start/")


def make_a_plan(page: Page, seen: Seen, *, zone: str) -> None:
    seen(page)
    page.get_by_role("radio", name=re.compile("^AI security engineer")).check()
    page.get_by_role("button", name="Go on to your hours").click()
    page.wait_for_url("**/start/hours/")
    seen(page)
    # A mistake first: refused beside its field, and what was typed is still there.
    page.get_by_label("Monday").fill("30")
    page.get_by_label("Saturday").fill("2:30")
    page.get_by_role("button", name="Go on to what you know").click()
    expect(page.get_by_text("A day has 24 hours, not 30.")).to_be_visible()
    expect(page.get_by_label("Saturday")).to_have_value("2:30")
    seen(page)
    page.get_by_label("Monday").fill("1")
    page.get_by_role("button", name="Go on to what you know").click()
    page.wait_for_url("**/start/known/")
    seen(page)
    page.get_by_role("checkbox", name=re.compile("^Adversarial ML: evasion")).check()
    page.get_by_role("button", name="Go on to the reminder").click()
    page.wait_for_url("**/start/reminder/")
    seen(page)
    expect(page.get_by_label("Time zone")).to_have_value(zone)
    page.get_by_label("Day").select_option("7")
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="See the plan").click()
    page.wait_for_url("**/start/preview/")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Done by")
    seen(page)
    assert not Plan.objects.exists()
    page.get_by_role("button", name="Make this plan").click()
    page.wait_for_url("**/today/")


def log_study(page: Page, seen: Seen, content: Catalogue, *, javascript: bool) -> None:
    seen(page)
    activity = content.module("mindset").activities[0]
    page.get_by_label("How long").fill("a while")
    page.get_by_label("On what").select_option(activity.key)
    page.get_by_role("button", name="Log", exact=True).click()
    expect(page.get_by_text("Say how long you studied")).to_be_visible()
    expect(page.get_by_label("How long")).to_have_value("a while")
    expect(page.get_by_label("On what")).to_have_value(activity.key)
    seen(page)
    page.get_by_label("How long").fill("1:30")
    page.get_by_role("button", name="Log", exact=True).click()
    expect(page.get_by_text(re.compile(r"^Logged 1.h.30 on"))).to_be_visible()
    if javascript:
        expect(page.get_by_role("heading", level=1)).to_contain_text(re.compile(r"1.h.30 of"))
    seen(page)
    session = StudySession.objects.get()
    assert (session.minutes, session.activity_key) == (90, activity.key)
    page.goto("/today/")
    expect(page.get_by_role("heading", level=1)).to_contain_text(re.compile(r"1.h.30 of"))


def tick_an_activity(page: Page, seen: Seen, content: Catalogue) -> None:
    first = content.module("mindset").activities[0]
    page.goto("/plan/")
    seen(page)
    page.get_by_role("link", name="Mindset and baseline").click()
    page.wait_for_url("**/plan/mindset/")
    seen(page)
    expect(page.locator("#module-facts")).to_contain_text("0\N{NO-BREAK SPACE}min")
    row = page.locator(f"#activity-{first.key.replace('.', '-')}")
    row.get_by_role("button", name=re.compile("^Done")).click()
    expect(row).to_contain_text("Done on")
    expect(page.locator("#module-facts")).to_contain_text("45\N{NO-BREAK SPACE}min")
    seen(page)
    assert Mark.objects.get(activity_key=first.key).kind == "done"
    row.get_by_role("button", name=re.compile("^Undo")).click()
    expect(row).not_to_contain_text("Done on")
    row.get_by_role("button", name=re.compile("^Done")).click()
    expect(row).to_contain_text("Done on")


def complete_a_milestone(page: Page, seen: Seen, content: Catalogue) -> None:
    criteria = content.module("mindset").criteria_in("ai-security-engineer")
    page.goto("/milestones/")
    seen(page)
    page.get_by_role("link", name=content.module("mindset").milestone_title).click()
    page.wait_for_url("**/milestones/mindset/")
    seen(page)
    for place in range(len(criteria)):
        row = page.locator("ol.rows > li").nth(place)
        row.locator("summary").click()
        row.get_by_label("Note").fill(f"It is in the notebook, page {place + 1}.")
        row.get_by_role("button", name="Save").click()
        expect(page.locator("ol.rows > li").nth(place)).to_contain_text("Claimed")
    seen(page)
    page.get_by_role("button", name="Complete the milestone").click()
    expect(page.get_by_role("heading", name="Planned and actual")).to_be_visible()
    seen(page)
    assert Completion.objects.get().module_key == "mindset"
    page.goto("/milestones/")
    expect(page.get_by_role("heading", level=1)).to_contain_text("One milestone completed")
    seen(page)


def look_around(page: Page, seen: Seen) -> None:
    for path in (
        "/journal/",
        "/journal/log/",
        "/settings/",
        "/settings/mail/",
        "/settings/leave/",
        "/settings/tokens/",
        "/settings/channel/",
        "/sharing/",
        "/api/v1/docs",
        "/no-such-page/",
    ):
        page.goto(path)
        seen(page)
    page.goto("/journal/")
    page.get_by_role("link", name=re.compile("^Correct")).first.click()
    expect(page.get_by_role("button", name="Save the correction")).to_be_visible()
    seen(page)


# The two looks that differ most; a phone walks below, and the pages' own tests have them crosswise.
def test_the_whole_way(edge_look: Look, open_page: OpenPage, axe: CheckPage, content: Catalogue) -> None:
    page = open_page(edge_look)

    def seen(page: Page) -> None:
        fits(page)
        axe(page)

    sign_up(page, seen)
    make_a_plan(page, seen, zone="Europe/Berlin")
    log_study(page, seen, content, javascript=True)
    tick_an_activity(page, seen, content)
    complete_a_milestone(page, seen, content)
    look_around(page, seen)
    assert User.objects.get().zone == "Europe/Berlin"
    assert Consent.objects.get().given


@pytest.mark.parametrize("viewport", ["phone", "desktop"])
def test_the_whole_way_without_javascript(viewport: str, open_page: OpenPage, content: Catalogue) -> None:
    page = open_page(Look(viewport, javascript=False))  # type: ignore[arg-type]

    def seen(page: Page) -> None:
        expect(page.get_by_role("heading", level=1)).to_be_visible()

    sign_up(page, seen)
    make_a_plan(page, seen, zone="UTC")
    log_study(page, seen, content, javascript=False)
    tick_an_activity(page, seen, content)
    complete_a_milestone(page, seen, content)
    look_around(page, seen)


def test_by_keyboard_alone(open_page: OpenPage, content: Catalogue) -> None:
    page = open_page(Look())
    sign_up(page, lambda page: None)
    make_a_plan(page, lambda page: None, zone="Europe/Berlin")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("l")
    expect(page.get_by_label("How long")).to_be_focused()
    page.keyboard.type("50")
    page.keyboard.press("Enter")
    # The answer takes the focus, so that a screen reader reads it and Tab goes on to its Undo.
    expect(page.locator("#log .message")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Undo")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Taken back: 50")).to_be_visible()
    assert StudySession.objects.get().deleted_at is not None


def test_the_theme_switch(open_page: OpenPage, axe: CheckPage) -> None:
    for look in (Look("phone"), Look("desktop", javascript=False)):
        page = open_page(look)
        page.goto("/")
        page.get_by_role("button", name="Dark").click()
        expect(page.locator("html")).to_have_attribute("data-theme", "dark")
        expect(page.get_by_role("button", name="Dark")).to_have_attribute("aria-pressed", "true")
        if look.javascript:
            axe(page)
