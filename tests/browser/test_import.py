"""Importing a file in a browser: chosen, answered, looked at, imported and taken back, in every look."""

import os
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import CheckPage, Look, OpenPage
from tests.browser.test_reading import log_in
from tests.browser.test_walk import fits
from tests.fixtures.cast import make_learner, make_plan, make_session
from tests.fixtures.curriculum import load_test_curriculum
from tracker import clock
from tracker.journal.models import StudySession
from tracker.people.models import User

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def learner(transactional_db: None) -> User:
    alice = make_learner("Alice")
    make_plan(alice, load_test_curriculum())
    return alice


def file_of(learner: User) -> bytes:
    """Weeks of study in words of another tool, one session that is there already, and wrong lines."""
    today = clock.today(learner.zone_info)
    make_session(learner, studied_on=today - timedelta(days=3), module_key="garak", note="Encoding probes")
    rows = [f"{today - timedelta(days=3)},45,garak,Encoding probes"]
    for back in range(40):
        subject = ("OWASP reading", "Reading group / papers on attacks against language models", "stride")[
            back % 3
        ]
        rows.append(
            f"{today - timedelta(days=back)},{30 + back},{subject},Chapter {back}: =SUM(A1:A9) <b>and</b> on"
        )
    rows += [
        f"{today - timedelta(days=1)},1000,garak,",
        f"{today + timedelta(days=9)},10,garak,",
        "never,10,garak,",
    ]
    return "\n".join(["date,minutes,module,note", *rows]).encode()


def looked_at(page: Page, look: Look, name: str, axe: CheckPage) -> None:
    if folder := os.environ.get("I5_SHOTS"):
        page.screenshot(path=f"{folder}/{name}-{look}.png", full_page=True)
    fits(page)
    axe(page)


def walk(page: Page, learner: User, look: Look, axe: CheckPage, base_url: str, tmp_path: Path) -> None:
    log_in(page, learner, base_url)
    file = tmp_path / "A year of study, as another tool has written it down for me.csv"
    file.write_bytes(file_of(learner))
    page.goto("/journal/")
    looked_at(page, look, "journal", axe)
    page.get_by_role("link", name="Import study").click()
    looked_at(page, look, "import", axe)
    page.get_by_role("button", name="Show what it holds").click()
    expect(page.get_by_text("Choose a file, or paste its text.")).to_be_visible()
    looked_at(page, look, "nothing", axe)
    page.get_by_label("File").set_input_files(file)
    page.get_by_role("button", name="Show what it holds").click()
    expect(page.get_by_role("heading", name="What was it about?")).to_be_visible()
    looked_at(page, look, "answers", axe)
    page.get_by_label("OWASP reading").select_option("garak")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_text("Nothing is logged yet.")).to_be_visible()
    looked_at(page, look, "preview", axe)
    page.get_by_role("button", name="Import 41 sessions").click()
    expect(page.get_by_role("heading", name="41 sessions")).to_be_visible()
    looked_at(page, look, "batch", axe)
    page.get_by_role("button", name="Take this import back").click()
    expect(page.get_by_text("Taken back: 41 sessions.")).to_be_visible()
    looked_at(page, look, "taken-back", axe)
    assert StudySession.objects.filter(deleted_at=None).count() == 1
    page.get_by_role("button", name="Put them back").click()
    expect(page.get_by_text("Put back: 41 sessions.")).to_be_visible()
    page.goto("/journal/import/")
    page.get_by_label("File").set_input_files(
        {"name": "days.csv", "mimeType": "text/csv", "buffer": b"date,minutes\n03/04/2026,45\n"}
    )
    page.get_by_role("button", name="Show what it holds").click()
    expect(page.get_by_role("heading", name="One question first")).to_be_visible()
    page.get_by_role("button", name="Go on").click()
    looked_at(page, look, "question", axe)


def test_a_file_is_imported(
    look: Look, open_page: OpenPage, learner: User, axe: CheckPage, base_url: str, tmp_path: Path
) -> None:
    walk(open_page(look), learner, look, axe, base_url, tmp_path)


def test_without_scripts(
    open_page: OpenPage, learner: User, axe: CheckPage, base_url: str, tmp_path: Path
) -> None:
    look = Look("phone", javascript=False)
    walk(open_page(look), learner, look, axe, base_url, tmp_path)
