"""Reading the curriculum and saying what one knows, in a browser: it fits, it can be read, it answers."""

import re

import pytest
from playwright.sync_api import Page, expect

from curriculum.catalogue import Catalogue
from tests.browser.conftest import CheckPage, Look, OpenPage
from tests.browser.test_walk import fits
from tests.fixtures.cast import browser_of, make_learner, make_plan
from tests.fixtures.newer import ADDED, SENTENCE, newer_content, publish
from tracker.people.models import User
from tracker.plans.models import Mark, SelfCheckAnswer, SkillRating

pytestmark = pytest.mark.django_db(transaction=True)

LOOKS = [Look("small", "dark"), Look("desktop")]
OPEN = (
    "/curriculum/",
    "/curriculum/role/",
    "/curriculum/modules/garak/",
    "/curriculum/modules/garak/run-six-families/",
    "/curriculum/frameworks/",
    "/curriculum/frameworks/mitre-atlas/5.6.0/",
    "/curriculum/frameworks/eu-ai-act/2026-1744/",
    "/curriculum/frameworks/garak/0.17.1/",
    "/curriculum/frameworks/mitre-atlas/5.6.0/AML.T0051/",
    "/curriculum/frameworks/owasp-llm/2025/LLM01:2025/",
    "/curriculum/search/",
    "/curriculum/search/?q=poison",
    "/curriculum/search/?q=zzqxv",
)


@pytest.fixture
def learner(content: Catalogue) -> User:
    """Alice, with a plan."""
    alice = make_learner("Alice")
    make_plan(alice, content)
    return alice


def log_in(page: Page, learner: User, base_url: str) -> None:
    cookies = browser_of(learner).cookies
    page.context.add_cookies(
        [{"name": name, "value": morsel.value, "url": base_url} for name, morsel in cookies.items()]
    )


def open_path(page: Page, path: str) -> None:
    answer = page.goto(path)
    assert answer is not None
    assert answer.status == 200, path
    page.wait_for_load_state("load")


# -------------------------------------------------------------------------------------- in every look, by axe


@pytest.mark.parametrize("look", LOOKS, ids=str)
def test_what_is_open_to_everybody_can_be_read(
    look: Look, open_page: OpenPage, axe: CheckPage, content: Catalogue
) -> None:
    page = open_page(look)
    faults = []
    for path in OPEN:
        open_path(page, path)
        # One curriculum loaded for all of them; each page with a fault is named, not the first alone.
        for check in (fits, axe):
            try:
                check(page)
            except AssertionError as fault:
                faults.append(str(fault))
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("look", LOOKS, ids=str)
def test_what_is_a_learners_own_can_be_read(
    look: Look, open_page: OpenPage, axe: CheckPage, learner: User, base_url: str, content: Catalogue
) -> None:
    page = open_page(look)
    log_in(page, learner, base_url)

    def seen() -> None:
        fits(page)
        axe(page)

    for path in (
        "/plan/garak/",
        "/plan/garak/run-six-families/",
        "/plan/newer/",
        "/skills/",
        "/plan/behind/",
    ):
        open_path(page, path)
        seen()
    check_oneself(page, content, seen)
    rate_oneself(page, seen)
    publish(newer_content())
    for path in ("/today/", "/plan/", "/plan/newer/"):
        open_path(page, path)
        seen()


def test_every_module_fits_on_the_smallest_phone(
    open_page: OpenPage, learner: User, base_url: str, content: Catalogue
) -> None:
    """Commands, tables and names without a space differ from module to module."""
    page = open_page(Look("small"))
    log_in(page, learner, base_url)
    for module in content.modules:
        open_path(page, f"/curriculum/modules/{module.key}/")
        fits(page)
        for activity in module.activities_in("ai-security-engineer"):
            open_path(page, f"/plan/{module.key}/{activity.slug}/")
            fits(page)


# ---------------------------------------------------------------------------------------------- what one does


def check_oneself(page: Page, content: Catalogue, seen: object) -> None:
    """The self-check of the first module: refused once, then answered, and what it suggests is marked."""
    look = seen if callable(seen) else lambda: None
    module = content.module("mindset")
    open_path(page, "/plan/mindset/")
    page.get_by_role("link", name="I know some of this").click()
    page.wait_for_url("**/self-check/")
    look()
    asked = page.locator("fieldset.ask")
    expect(asked).to_have_count(len(module.questions))
    asked.first.get_by_label("Partly").check()
    asked.first.get_by_text("Show the answer").click()
    page.get_by_role("button", name="See what that means").click()
    expect(page.get_by_text("Choose one; not knowing is an answer.").first).to_be_visible()
    expect(asked.first.get_by_label("Partly")).to_be_checked()
    look()
    for place, question in enumerate(module.questions):
        knows = "I knew it" if "mindset.read-two-cases" in question.checks else "I don't know"
        asked.nth(place).get_by_label(knows).check()
    page.get_by_role("button", name="See what that means").click()
    page.wait_for_url("**/self-check/result/")
    look()
    title = content.activity("mindset.read-two-cases").title
    expect(page.get_by_role("checkbox", name=title)).to_be_checked()
    assert page.locator("input[name=known]:checked").count() == 1
    page.get_by_role("button", name="Mark as known").click()
    page.wait_for_url("**/plan/mindset/")
    expect(page.locator(".message.success")).to_contain_text("One activity known before")
    look()


def rate_oneself(page: Page, seen: object) -> None:
    """Two rows of the skills matrix."""
    look = seen if callable(seen) else lambda: None
    open_path(page, "/skills/")
    page.get_by_role("group", name=re.compile("^Adversarial ML")).get_by_role("radio").nth(2).check()
    page.get_by_role("group", name=re.compile("^Model training")).get_by_role("radio").nth(4).check()
    page.get_by_role("button", name="Keep the ratings").click()
    expect(page.get_by_role("heading", name="Before, now, target")).to_be_visible()
    expect(page.locator(".message.success")).to_be_visible()
    look()


def test_knowing_and_moving_without_javascript(
    open_page: OpenPage, learner: User, base_url: str, content: Catalogue
) -> None:
    page = open_page(Look("phone", javascript=False))
    log_in(page, learner, base_url)
    check_oneself(page, content, None)
    assert Mark.objects.get().activity_key == "mindset.read-two-cases"
    assert SelfCheckAnswer.objects.count() == len(content.module("mindset").questions)
    rate_oneself(page, None)
    assert SkillRating.objects.count() == 2
    publish(newer_content())
    open_path(page, "/today/")
    expect(page.get_by_text(SENTENCE)).to_be_visible()
    page.get_by_role("link", name="See what changes").click()
    page.get_by_role("button", name="Move to revision 2").click()
    page.wait_for_url("**/plan/")
    expect(page.locator(".message.success")).to_contain_text("Your plan follows revision 2 now")
    open_path(page, f"/plan/{ADDED[0].replace('.', '/')}/")


def test_search_answers_as_one_types(open_page: OpenPage, axe: CheckPage, content: Catalogue) -> None:
    page = open_page(Look())
    open_path(page, "/curriculum/search/")
    page.evaluate("window.stayed = true")
    field = page.get_by_label("Search the curriculum")
    results = page.locator("#results")
    field.press_sequentially("AML.T00")
    page.wait_for_url("**/curriculum/search/?q=AML.T00")
    expect(results).to_contain_text("the best 40 shown")
    field.press_sequentially("51")
    page.wait_for_url("**/curriculum/search/?q=AML.T0051")
    expect(results.get_by_role("link").first).to_have_text("AML.T0051 LLM Prompt Injection")
    field.press_sequentially(" zzqxv")
    expect(results).to_contain_text("Nothing holds all of these words.")
    expect(field).to_be_focused()
    expect(field).to_have_value("AML.T0051 zzqxv")
    assert page.evaluate("window.stayed"), "the page was loaded anew"
    axe(page)
    # What was pushed is a page of its own, and the way back leads to it.
    field.fill("poison")
    page.wait_for_url("**/curriculum/search/?q=poison")
    page.reload()
    expect(field).to_have_value("poison")
    expect(results).to_contain_text("results")
    results.get_by_role("link").first.click()
    page.wait_for_load_state("load")
    page.go_back()
    page.wait_for_url("**/curriculum/search/?q=poison")
    expect(results).to_contain_text("results")


def test_the_first_page_of_the_curriculum_searches_too(open_page: OpenPage, content: Catalogue) -> None:
    page = open_page(Look())
    open_path(page, "/curriculum/")
    field = page.get_by_label("Search the curriculum")
    field.press_sequentially("AML.T0051")
    first = page.locator("#results").get_by_role("link").first
    expect(first).to_have_text("AML.T0051 LLM Prompt Injection")
    field.press("Enter")
    page.wait_for_url("**/curriculum/search/?q=AML.T0051")
    expect(first).to_have_text("AML.T0051 LLM Prompt Injection")


def test_search_without_javascript(open_page: OpenPage, axe: CheckPage, content: Catalogue) -> None:
    page = open_page(Look("phone", javascript=False))
    open_path(page, "/curriculum/")
    page.get_by_label("Search the curriculum").fill("AML.T0051")
    page.get_by_role("button", name="Search").click()
    page.wait_for_url("**/curriculum/search/?q=AML.T0051")
    axe(page)
    page.locator("#results").get_by_role("link").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("LLM Prompt Injection")


LINES = """() => {
    // The characters on each full line of paragraphs that are text alone.
    const found = [];
    for (const paragraph of document.querySelectorAll(".prose p")) {
        if (paragraph.childElementCount || !paragraph.checkVisibility()) continue;
        const text = paragraph.firstChild, range = document.createRange();
        const lines = new Map();
        for (let place = 0; place < text.length; place += 1) {
            range.setStart(text, place);
            range.setEnd(text, place + 1);
            const box = range.getBoundingClientRect();
            if (box.height) lines.set(Math.round(box.top), (lines.get(Math.round(box.top)) || 0) + 1);
        }
        found.push(...[...lines.values()].slice(0, -1));
    }
    return found;
}"""


@pytest.mark.parametrize("path", ["/curriculum/modules/garak/", "/plan/garak/run-six-families/"])
def test_a_line_is_as_long_as_one_reads_well(
    path: str, open_page: OpenPage, learner: User, base_url: str
) -> None:
    page = open_page(Look())
    log_in(page, learner, base_url)
    open_path(page, path)
    lines = sorted(page.evaluate(LINES))
    assert len(lines) > 10
    # Of the words a line ends in, some are long: a few lines are shorter than most.
    assert lines[len(lines) // 10] >= 45
    assert lines[-1] <= 80


def test_code_can_be_taken_along(open_page: OpenPage, content: Catalogue) -> None:
    page = open_page(Look())
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    open_path(page, "/curriculum/modules/garak/run-six-families/")
    code = page.locator(".coded").filter(visible=True).first
    wanted = code.locator("pre").evaluate("element => element.textContent")
    assert wanted.strip()
    code.get_by_role("button", name="Copy").click()
    expect(code.get_by_role("button")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == code.locator("pre").evaluate(
        "e => e.textContent"
    )
    expect(code.get_by_role("button")).to_have_text("Copy")


def test_a_heading_can_be_linked_to(open_page: OpenPage, content: Catalogue) -> None:
    page = open_page(Look("phone"))
    open_path(page, "/curriculum/modules/garak/")
    for link in page.get_by_role("navigation", name="On this page").get_by_role("link").all():
        anchor = link.get_attribute("href")
        assert anchor
        link.click()
        expect(page.locator(f'[id="{anchor.removeprefix("#")}"]')).to_be_in_viewport()
