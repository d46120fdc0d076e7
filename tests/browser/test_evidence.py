"""Handing in with a browser: the page shows how far the reading is and what it came to, without a reload."""

import threading
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from playwright.sync_api import Page, expect

from curriculum.catalogue import Catalogue
from tests.browser.conftest import CheckPage, Look, OpenPage
from tests.browser.test_reading import log_in
from tests.browser.test_walk import fits
from tests.curriculum.labs.example import example
from tests.evidence.factories import make_artefact, make_run
from tests.evidence.reports.build import as_lines, garak
from tests.fixtures.cast import make_learner, make_plan
from tracker.evidence import tasks
from tracker.people.models import User

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """A worker's thread that begins once it may: until then what is handed in waits."""
    may = threading.Event()
    threads = []

    def ask(task: Any, row_id: Any) -> None:
        def work() -> None:
            may.wait(20)
            task(str(row_id))
            connection.close()

        threads.append(threading.Thread(target=work))
        threads[-1].start()

    monkeypatch.setattr(tasks, "ask", ask)
    return may


@pytest.fixture
def learner(curriculum: Catalogue) -> User:
    alice = make_learner("Alice")
    make_plan(alice, curriculum)
    return alice


def choose(page: Page, label: str, folder: Path, files: dict[str, bytes]) -> None:
    paths = []
    for name, content in files.items():
        (folder / name).write_bytes(content)
        paths.append(folder / name)
    page.get_by_label(label).set_input_files(paths)


def test_a_report_is_read_while_the_page_looks_on(
    open_page: OpenPage, learner: User, base_url: str, tmp_path: Path, worker: threading.Event
) -> None:
    page = open_page(Look("phone"))
    log_in(page, learner, base_url)
    page.goto("/milestones/")
    page.get_by_role("link", name="Evidence", exact=True).click()
    choose(page, "Report, or several", tmp_path, {"my.report.jsonl": as_lines(garak())})
    page.get_by_role("button", name="Hand in").click()
    expect(page.get_by_text("Waiting for a worker")).to_be_visible()
    assert "/evidence/uploads/" in page.url
    worker.set()
    expect(page.get_by_text("The run is in.")).to_be_visible()
    expect(page.get_by_role("row", name="alpha.One")).to_be_visible()
    page.get_by_role("link", name="What it showed").click()
    expect(page.get_by_role("heading", name="garak 0.17.1 against rest.RestGenerator")).to_be_visible()


def test_without_javascript_a_lab_judges_itself(
    open_page: OpenPage, learner: User, base_url: str, tmp_path: Path, worker: threading.Event
) -> None:
    page = open_page(Look("small", javascript=False))
    log_in(page, learner, base_url)
    page.goto("/plan/mindset/labs/lab-first-break/")
    handed = example("mindset", "mindset.lab-first-break").refused
    choose(
        page,
        "Files",
        tmp_path,
        {name: content for name, content in handed.items() if isinstance(content, bytes)},
    )
    page.get_by_role("button", name="Hand in").click()
    worker.set()
    again = page.get_by_role("link", name="Look again")
    while again.is_visible():  # each look is a whole request; the worker is at it meanwhile
        again.click()
    expect(page.get_by_text("Not met", exact=True).first).to_be_visible()
    page.get_by_text("Say why it counts all the same").first.click()
    page.get_by_label("Why").first.fill("Measured by hand.")
    page.get_by_role("button", name="Claim it").first.click()
    expect(page.get_by_text("Measured by hand.")).to_be_visible()
    fits(page)


def test_what_is_too_large_is_said_before_it_is_sent(
    open_page: OpenPage, learner: User, base_url: str, tmp_path: Path, settings: Any
) -> None:
    settings.UPLOAD_BYTES_MAX = 1_000_000
    page = open_page(Look("phone"))
    log_in(page, learner, base_url)
    page.goto("/evidence/")
    choose(page, "Report, or several", tmp_path, {"large.jsonl": b"x" * 1_000_001})
    said = page.get_by_label("Report, or several").evaluate("field => field.validationMessage")
    assert said == "large.jsonl is larger than 1 MB, which is the most."
    page.get_by_role("button", name="Hand in").click()
    assert page.url.endswith("/evidence/")


def test_the_pages_of_evidence_are_readable(
    edge_look: Look, open_page: OpenPage, axe: CheckPage, learner: User, curriculum: Catalogue, base_url: str
) -> None:
    before = make_run(learner, target="rest.RestGenerator http://a-quite-long-name.internal.example.org:8080")
    after = make_run(learner, target=before.target, keeps_file=True)
    make_artefact(learner, curriculum.module("mindset").criteria[0].key)
    page = open_page(edge_look)
    log_in(page, learner, base_url)
    for path in (
        "/evidence/",
        "/evidence/files/",
        f"/evidence/runs/{after.pk}/",
        f"/evidence/runs/{after.pk}/with/{before.pk}/",
        "/evidence/attack-result/",
        "/plan/garak/labs/lab-scan/",
        "/milestones/mindset/",
    ):
        page.goto(path)
        page.evaluate("document.querySelectorAll('main details').forEach((part) => { part.open = true })")
        fits(page)
        axe(page)
