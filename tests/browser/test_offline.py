"""A phone without a network: what it shows and keeps, that each session arrives once, what log-out leaves."""

import re
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Error, Page, expect

from tests.browser.conftest import CheckPage, Look, OpenPage
from tests.browser.test_reading import log_in
from tests.browser.test_walk import fits
from tests.fixtures.cast import make_learner, make_plan, make_session
from tests.fixtures.curriculum import load_test_curriculum
from tracker import clock
from tracker.desk.device import owner_of
from tracker.journal.models import StudySession
from tracker.operations.processes import wait_until
from tracker.people.models import User

pytestmark = pytest.mark.django_db(transaction=True)
PHONE = Look("phone")
LINES = ("45 garak", "30m yesterday stride", "1:30 atlas")
ENTRIES = "() => queue.all()"


@pytest.fixture
def learner(transactional_db: None) -> User:
    alice = make_learner("Alice", zone="Europe/Berlin")
    make_plan(alice, load_test_curriculum())
    return alice


def ready(page: Page, path: str = "/today/") -> None:
    """Opens a page and waits until the service worker stands behind it."""
    page.goto(path)
    until(page, "navigator.serviceWorker.controller !== null")
    until(page, "caches.keys().then((names) => names.length === 1)")


def until(page: Page, promise: str) -> None:
    """Waits until it holds on the page. Playwright's own way to wait is forbidden by the page's policy."""

    def holds() -> bool:
        try:
            return bool(page.evaluate(promise))
        except Error as error:
            # The page is being left for the next one, where it is asked again.
            if "context was destroyed" in str(error) or "queue is not defined" in str(error):
                return False
            raise

    assert wait_until(holds, 10), promise


def lose_network(context: BrowserContext) -> None:
    context.set_offline(True)


def find_network(context: BrowserContext) -> None:
    context.set_offline(False)


def keep(page: Page, *lines: str) -> None:
    """Writes sessions on the page that stands in for all pages."""
    expect(page.get_by_role("heading", level=1)).to_have_text("No connection")
    for line in lines:
        page.get_by_label("How long").fill(line)
        page.get_by_role("button", name="Keep until there is a network").click()
        expect(page.locator("#waiting li", has_text=line)).to_be_visible()


def until_empty(page: Page) -> None:
    """Waits until nothing is in the queue."""
    until(page, "queue.all().then((entries) => entries.length === 0)")


def minutes_logged() -> list[int]:
    return sorted(StudySession.objects.values_list("minutes", flat=True))


# --- written without a network, logged with one ------------------------------------------------------------


def test_three_sessions_written_offline_are_logged_once(
    open_page: OpenPage, learner: User, base_url: str
) -> None:
    page = open_page(PHONE)
    log_in(page, learner, base_url)
    ready(page)
    lose_network(page.context)
    page.goto("/plan/")
    keep(page, *LINES)
    expect(page.get_by_text("3 sessions wait on this device. Cairn cannot be reached.")).to_be_visible()
    assert minutes_logged() == []
    find_network(page.context)
    expect(page.get_by_text("3 sessions logged that waited on this device.")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text("Connected")
    until_empty(page)
    assert minutes_logged() == [30, 45, 90]
    page.goto("/journal/")
    expect(page.locator("main")).to_contain_text("45\N{NO-BREAK SPACE}min")
    assert minutes_logged() == [30, 45, 90]


def test_the_same_with_the_page_killed_in_between(open_page: OpenPage, learner: User, base_url: str) -> None:
    page = open_page(PHONE)
    log_in(page, learner, base_url)
    ready(page)
    context = page.context
    lose_network(context)
    page.goto("/journal/log/")
    keep(page, *LINES[:2])
    page.close()
    page = context.new_page()
    page.goto("/today/")
    keep(page, LINES[2])
    expect(page.locator("#waiting li")).to_have_count(3)
    page.close()
    find_network(context)
    page = context.new_page()
    page.goto("/journal/")
    # The worker may have been first: then the page says what it sent.
    expect(page.get_by_text("3 sessions logged that waited on this device.")).to_be_visible()
    until_empty(page)
    assert minutes_logged() == [30, 45, 90]


def test_the_queue_replayed_logs_once(open_page: OpenPage, learner: User, base_url: str) -> None:
    """The answers get lost on the way back: the device sends all again and is told that they are there."""
    page = open_page(PHONE)
    log_in(page, learner, base_url)
    ready(page)
    lose_network(page.context)
    page.goto("/plan/")
    keep(page, *LINES)
    entries = page.evaluate(ENTRIES)
    find_network(page.context)
    until_empty(page)
    page.evaluate("async (entries) => { for (const entry of entries) await queue.keep(entry); }", entries)
    assert len(page.evaluate(ENTRIES)) == 3
    page.goto("/today/")
    until_empty(page)
    assert minutes_logged() == [30, 45, 90]


def test_two_pages_at_once_send_each_once(open_page: OpenPage, learner: User, base_url: str) -> None:
    page = open_page(PHONE)
    log_in(page, learner, base_url)
    ready(page)
    other = page.context.new_page()
    other.goto("/today/")
    lose_network(page.context)
    page.goto("/plan/")
    keep(page, *LINES)
    posts: list[str] = []
    page.context.on(
        "request",
        lambda sent: posts.append(sent.url) if "waiting" in sent.url and sent.method == "POST" else None,
    )
    find_network(page.context)
    for one in (page, other):
        one.evaluate("queue.send()")
    until_empty(page)
    assert minutes_logged() == [30, 45, 90]
    assert len(posts) <= 3, "one sender at a time"


def test_a_question_is_answered_in_the_log_form(
    open_page: OpenPage, learner: User, base_url: str, axe: CheckPage
) -> None:
    page = open_page(Look("small", "dark"))
    log_in(page, learner, base_url)
    ready(page)
    lose_network(page.context)
    page.goto("/plan/")
    page.get_by_label("Note").fill("on the way")
    keep(page, "garak, confidence 3")
    find_network(page.context)
    expect(page.get_by_text("1 session needs an answer before being logged.")).to_be_visible()
    expect(page.locator("#waiting .mistake")).to_have_text("Say how long you studied, such as 45 or 1:30.")
    fits(page)
    axe(page)
    page.get_by_role("link", name="Answer").click()
    expect(page.get_by_text("without a network: “garak, confidence 3”")).to_be_visible()
    assert "on the way" not in page.url
    expect(page.get_by_label("On what")).to_have_value("garak")
    expect(page.get_by_label("Confidence")).to_have_value("3")
    expect(page.get_by_label("Note")).to_have_value("on the way")
    fits(page)
    axe(page)
    page.get_by_label("How long").fill("50")
    page.get_by_role("button", name="Log", exact=True).click()
    expect(page.get_by_text(re.compile("^Logged 50"))).to_be_visible()
    until_empty(page)
    expect(page.get_by_text("waited on this device")).to_have_count(0)
    session = StudySession.objects.get()
    assert (session.minutes, session.module_key, session.note) == (50, "garak", "on the way")


def test_a_long_day_is_said_yes_to_in_the_log_form(
    open_page: OpenPage, learner: User, base_url: str, axe: CheckPage
) -> None:
    page = open_page(PHONE)
    log_in(page, learner, base_url)
    make_session(learner, minutes=16 * 60, studied_on=clock.today(learner.zone_info))
    ready(page)
    lose_network(page.context)
    page.goto("/plan/")
    keep(page, "45 garak - in the train")
    find_network(page.context)
    question = re.compile(r"has 16 h 45\. Is that right\?")
    expect(page.locator("#waiting .mistake")).to_have_text(question)
    page.get_by_role("link", name="Answer").click()
    expect(page.get_by_text("without a network: “45 garak - in the train”")).to_have_text(question)
    page.get_by_role("button", name="Log", exact=True).click()
    expect(page.get_by_role("alert").filter(has_text=question)).to_be_visible()
    fits(page)
    axe(page)
    assert StudySession.objects.count() == 1
    page.get_by_role("button", name="Yes, log it").click()
    expect(page.get_by_text(re.compile("^Logged 45"))).to_be_visible()
    until_empty(page)
    expect(page.get_by_text("waited on this device")).to_have_count(0)
    session = StudySession.objects.latest("pk")
    assert (session.minutes, session.module_key, session.note) == (45, "garak", "in the train")
    assert StudySession.objects.count() == 2


def test_what_waits_can_be_deleted_and_put_back(open_page: OpenPage, learner: User, base_url: str) -> None:
    page = open_page(PHONE)
    log_in(page, learner, base_url)
    ready(page)
    lose_network(page.context)
    page.goto("/plan/")
    keep(page, *LINES)
    page.get_by_role("button", name="Delete: 45 garak").click()
    expect(page.locator("#waiting li")).to_have_count(2)
    expect(page.get_by_role("button", name="Put it back")).to_be_focused()
    page.get_by_role("button", name="Put it back").click()
    expect(page.locator("#waiting li")).to_have_count(3)
    page.get_by_role("button", name="Delete: 45 garak").click()
    expect(page.locator("#waiting li")).to_have_count(2)
    find_network(page.context)
    until_empty(page)
    assert minutes_logged() == [30, 90]


def test_nothing_typed_is_a_mistake_beside_its_field(
    open_page: OpenPage, axe: CheckPage, learner: User, base_url: str
) -> None:
    page = open_page(Look("small"))
    ready(page, "/")
    lose_network(page.context)
    page.goto("/plan/")
    page.get_by_label("Day").fill("2199-01-01")
    page.get_by_role("button", name="Keep").click()
    expect(page.get_by_text("Say how long you studied")).to_be_visible()
    expect(page.get_by_text("That day is still to come.")).to_be_visible()
    expect(page.get_by_label("How long")).to_be_focused()
    fits(page)
    axe(page)
    assert page.evaluate(ENTRIES) == []


# --- whose it is --------------------------------------------------------------------------------------------


def test_with_the_session_over_the_entries_stay(open_page: OpenPage, learner: User, base_url: str) -> None:
    page = open_page(PHONE)
    log_in(page, learner, base_url)
    ready(page)
    lose_network(page.context)
    page.goto("/plan/")
    keep(page, *LINES)
    page.context.clear_cookies()
    find_network(page.context)
    expect(
        page.get_by_text("3 sessions wait on this device. Log in and what waits is logged.")
    ).to_be_visible()
    page.goto("/today/")
    page.wait_for_url("**/accounts/login/**")
    expect(page.get_by_text("3 sessions wait on this device.")).to_be_visible()
    log_in(page, learner, base_url)
    page.goto("/today/")
    expect(page.get_by_text("3 sessions logged that waited on this device.")).to_be_visible()
    assert minutes_logged() == [30, 45, 90]


def test_another_learner_gets_nothing_and_sees_nothing(
    open_page: OpenPage, learner: User, base_url: str
) -> None:
    page = open_page(PHONE)
    log_in(page, learner, base_url)
    ready(page)
    lose_network(page.context)
    page.goto("/plan/")
    keep(page, *LINES)
    page.context.clear_cookies()
    charlie = make_learner("Charlie")
    log_in(page, charlie, base_url)
    find_network(page.context)
    expect(page.get_by_role("heading", level=1)).to_have_text("Connected")
    page.goto("/journal/")
    until(page, f"queue.read('owner').then((kept) => kept === '{owner_of(charlie.pk)}')")
    assert page.evaluate("queue.send()") == "sent"
    assert len(page.evaluate(ENTRIES)) == 3
    assert minutes_logged() == []
    expect(page.locator("#messages")).to_be_empty()
    page.goto("/offline/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Connected")
    expect(page.locator("#waiting")).to_be_hidden()
    assert "garak" not in page.locator("main").inner_text()
    log_in(page, learner, base_url)
    page.goto("/today/")
    until_empty(page)
    assert set(StudySession.objects.values_list("learner", flat=True)) == {learner.pk}
    assert minutes_logged() == [30, 45, 90]


def test_what_nobody_wrote_is_asked_about(open_page: OpenPage, learner: User, base_url: str) -> None:
    page = open_page(PHONE)
    ready(page, "/")
    lose_network(page.context)
    page.goto("/plan/")
    keep(page, *LINES)
    log_in(page, learner, base_url)
    find_network(page.context)
    page.goto("/today/")
    asked = "3 sessions were written on this device without a network. Log them?"
    expect(page.get_by_text(asked)).to_be_visible()
    assert minutes_logged() == []
    page.get_by_role("button", name="Log them").click()
    expect(page.get_by_text("3 sessions logged that waited on this device.")).to_be_visible()
    expect(page.get_by_text(asked)).to_have_count(0)
    assert minutes_logged() == [30, 45, 90]


# --- logging out --------------------------------------------------------------------------------------------


def kept_addresses(page: Page) -> list[str]:
    """Every address in every cache."""
    found: list[str] = page.evaluate(
        """async () => {
            const found = [];
            for (const name of await caches.keys()) {
                const kept = await (await caches.open(name)).keys();
                found.push(...kept.map((request) => new URL(request.url).pathname));
            }
            return found.sort();
        }"""
    )
    return found


SHELL = [
    "/offline/",
    *(f"/static/{name}" for name in ("cairn.css", "cairn.js", "icon.svg", "offline.js", "queue.js")),
]


def test_no_page_of_a_learner_is_ever_kept(open_page: OpenPage, learner: User, base_url: str) -> None:
    page = open_page(PHONE)
    log_in(page, learner, base_url)
    ready(page)
    for path in ("/plan/", "/journal/", "/settings/", "/milestones/"):
        page.goto(path)
    assert kept_addresses(page) == SHELL


def log_out(page: Page) -> None:
    page.goto("/accounts/logout/")
    page.get_by_role("button", name="Log out", exact=True).click()


def test_after_log_out_nothing_private_is_left(open_page: OpenPage, learner: User, base_url: str) -> None:
    page = open_page(PHONE)
    log_in(page, learner, base_url)
    ready(page)
    # Something waits, put there behind the page's back, and is sent before the session ends.
    page.goto("/accounts/logout/")
    page.evaluate(
        """(owner) => queue.keep({
            submission: queue.newSubmission(), line: "45 garak", studied_on: queue.localDay(),
            typed_on: queue.localDay(), confidence: "", note: "", owner, kept_at: 1,
        })""",
        owner_of(learner.pk),
    )
    page.get_by_role("button", name="Log out", exact=True).click()
    page.wait_for_url(f"{base_url}/")
    assert minutes_logged() == [45]
    assert page.evaluate("indexedDB.databases()") == []
    until(page, "navigator.serviceWorker.ready.then(() => true)")
    until(page, "caches.keys().then((names) => names.length === 1)")
    assert kept_addresses(page) == SHELL
    # The session's storage has the address of the page that is shown, which htmx notes on every page.
    assert page.evaluate("[localStorage.length, Object.values(sessionStorage)]") == [0, ["/"]]
    names = {cookie["name"] for cookie in page.context.cookies()}
    assert "cairn_session" not in names


@pytest.mark.parametrize("stays", [True, False])
def test_what_cannot_be_sent_is_said_before_it_is_lost(
    open_page: OpenPage, learner: User, base_url: str, axe: CheckPage, stays: bool
) -> None:
    page = open_page(Look("small"))
    log_in(page, learner, base_url)
    ready(page)
    lose_network(page.context)
    page.goto("/plan/")
    keep(page, "a while, garak")
    find_network(page.context)
    expect(page.get_by_text("needs an answer")).to_be_visible()
    log_out(page)
    expect(
        page.get_by_text("1 session waits on this device and could not be logged. Logging out deletes it.")
    ).to_be_visible()
    fits(page)
    axe(page)
    if stays:
        page.get_by_role("button", name="Stay logged in").click()
        expect(page.get_by_text("could not be logged")).to_have_count(0)
        assert len(page.evaluate(ENTRIES)) == 1
        page.goto("/today/")
        page.wait_for_url("**/today/")
    else:
        page.get_by_role("button", name="Log out and delete").click()
        page.wait_for_url(f"{base_url}/")
        assert page.evaluate("indexedDB.databases()") == []
    assert minutes_logged() == []


def test_who_leaves_takes_what_waits_along(open_page: OpenPage, learner: User, base_url: str) -> None:
    page = open_page(PHONE)
    log_in(page, learner, base_url)
    ready(page)
    lose_network(page.context)
    page.goto("/plan/")
    keep(page, "a while, garak")
    find_network(page.context)
    page.goto("/settings/leave/")
    page.get_by_label("address").fill(learner.email)
    page.get_by_role("main").get_by_role("button", name=re.compile("[Dd]elete")).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("It will be deleted")
    until(page, "indexedDB.databases().then((kept) => kept.length === 0)")


# --- how it looks, and installing it ------------------------------------------------------------------------


def test_the_offline_page_is_readable_in_every_look(
    look: Look, open_page: OpenPage, axe: CheckPage, learner: User, base_url: str
) -> None:
    page = open_page(look)
    log_in(page, learner, base_url)
    ready(page)
    lose_network(page.context)
    page.goto("/plan/")
    keep(page, *LINES)
    fits(page)
    axe(page)


def test_the_offline_page_has_the_theme_that_was_chosen(
    open_page: OpenPage, learner: User, base_url: str
) -> None:
    page = open_page(PHONE)
    log_in(page, learner, base_url)
    ready(page)
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("html[data-theme=dark]")).to_be_attached()
    until(page, "queue.read('theme').then((theme) => theme === 'dark')")
    lose_network(page.context)
    page.goto("/plan/")
    expect(page.locator("html[data-theme=dark]")).to_be_attached()


def test_without_javascript_it_says_that_it_needs_a_network(open_page: OpenPage, axe: CheckPage) -> None:
    page = open_page(Look("small", "dark", javascript=False))
    page.goto("/offline/")
    expect(page.get_by_text("Without JavaScript nothing can be kept on this device.")).to_be_visible()
    expect(page.get_by_role("button", name="Keep")).to_have_count(0)
    fits_without_script = page.locator("html").bounding_box()
    assert fits_without_script
    assert fits_without_script["width"] <= 320
    axe(page)


def test_it_can_be_installed(open_page: OpenPage) -> None:
    page = open_page(PHONE)
    ready(page, "/")
    icons: list[dict[str, Any]] = page.evaluate(
        """async () => {
            const manifest = await (await fetch(document.querySelector("link[rel=manifest]").href)).json();
            const read = [];
            for (const icon of manifest.icons) {
                const image = await createImageBitmap(await (await fetch(icon.src)).blob());
                read.push({ ...icon, is: `${image.width}x${image.height}` });
            }
            return read;
        }"""
    )
    assert [icon["is"] for icon in icons] == ["192x192", "512x512", "512x512"]
    assert all(icon["is"] == icon["sizes"] for icon in icons)
    assert {icon["purpose"] for icon in icons} == {"any", "maskable"}
    errors = page.context.new_cdp_session(page).send("Page.getInstallabilityErrors")["installabilityErrors"]
    assert errors in ([], [{"errorId": "in-incognito", "errorArguments": []}])
