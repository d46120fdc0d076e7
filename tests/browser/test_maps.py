"""`/coverage/` in a browser: small and wide, light and dark, by keyboard, without JavaScript, drawn."""

import pytest
from playwright.sync_api import Page, expect

from curriculum.catalogue import Catalogue
from tests.browser.conftest import CheckPage, Look, OpenPage
from tests.browser.test_reading import log_in
from tests.browser.test_walk import fits
from tests.coverage.factories import make_claims, make_hand_in, make_run
from tests.fixtures.cast import make_learner, make_plan

pytestmark = pytest.mark.django_db(transaction=True)
ATLAS = "/coverage/mitre-atlas/5.6.0/"


def covered(page: Page, content: Catalogue, base_url: str) -> None:
    """Somebody with a run, a lab and a layer is logged in."""
    learner = make_learner("Alice")
    make_plan(learner, content)
    make_run(learner, ("encoding.InjectBase64", 200, 256), ("leakreplay.LiteratureCloze", 0, 0))
    make_hand_in(learner, outcomes=("met", "missing"))
    make_claims(learner)
    log_in(page, learner, base_url)


def test_maps_are_readable(
    edge_look: Look, open_page: OpenPage, axe: CheckPage, content: Catalogue, base_url: str
) -> None:
    page = open_page(edge_look)
    covered(page, content, base_url)
    for path in (
        "/coverage/",
        ATLAS,
        f"{ATLAS}?view=table&module=garak",
        "/coverage/mitre-atlas/2026.09/?level=evidenced",
        "/coverage/nist-ai-rmf/1.0/",
        "/coverage/garak/0.17.1/",
        f"{ATLAS}AML.T0068/",
    ):
        page.goto(path)
        for summary in page.locator("main summary:visible").all()[:2]:
            summary.evaluate("element => element.parentElement.open = true")
        fits(page)
        axe(page)


def test_arrow_keys_move_over_the_map(open_page: OpenPage, content: Catalogue, base_url: str) -> None:
    page = open_page(Look())
    covered(page, content, base_url)
    page.goto(ATLAS)
    columns = page.locator("details[data-column]")
    expect(columns).to_have_count(16)
    # Those that are folded are passed over.
    first = columns.nth(0).locator("> ul > li > a[data-cell]")
    first.first.focus()
    page.keyboard.press("ArrowDown")
    expect(first.nth(1)).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowRight")
    expect(columns.nth(1).locator("a[data-cell]").first).to_be_focused()
    page.keyboard.press("End")
    expect(columns.nth(1).locator("> ul > li > a[data-cell]").last).to_be_focused()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowLeft")
    expect(first.first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Search Open Technical Databases")


def test_without_javascript_a_filter_and_a_topic(
    open_page: OpenPage, axe: CheckPage, content: Catalogue, base_url: str
) -> None:
    page = open_page(Look("small", javascript=False))
    covered(page, content, base_url)
    page.goto(ATLAS)
    page.get_by_label("Level").select_option("evidenced")
    page.get_by_role("button", name="Show").click()
    fits(page)
    axe(page)
    expect(page.get_by_role("button", name="Picture (PNG)")).to_have_count(0)
    page.get_by_role("link", name="LLM Prompt Obfus").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("LLM Prompt Obfuscation")


def test_the_picture_is_drawn_in_the_browser(open_page: OpenPage, content: Catalogue, base_url: str) -> None:
    page = open_page(Look())
    covered(page, content, base_url)
    page.goto(ATLAS)
    with page.expect_download() as saved:
        page.get_by_role("button", name="Picture (PNG)").click()
    assert saved.value.suggested_filename == "cairn-mitre-atlas-5.6.0.png"
    assert saved.value.path().read_bytes().startswith(b"\x89PNG\r\n")
    expect(page.get_by_text("The picture is among your downloads.")).to_be_visible()
