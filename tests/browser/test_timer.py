"""The timer in a browser: the same on every device, filled into the log form, asked about when forgotten."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import CheckPage, Look, OpenPage
from tests.browser.test_log import seen
from tests.browser.test_reading import log_in
from tests.fixtures.cast import make_learner, make_plan
from tests.fixtures.curriculum import load_test_curriculum
from tracker.journal.models import StudySession, Timer
from tracker.people.models import User

pytestmark = pytest.mark.django_db(transaction=True)
LOOKS = [Look("small", "dark"), Look("desktop"), Look("small", javascript=False)]


@pytest.fixture
def learner(transactional_db: None) -> User:
    alice = make_learner("Alice")
    make_plan(alice, load_test_curriculum())
    return alice


def open_timer(open_page: OpenPage, look: Look, learner: User, base_url: str) -> Page:
    page = open_page(look)
    log_in(page, learner, base_url)
    page.goto("/timer/")
    return page


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def move_back(**earlier: int) -> None:
    """As though the timer had been started, and let run, so much earlier."""
    timer = Timer.objects.get()
    timer.started_at -= timedelta(**earlier)
    assert timer.running_since is not None
    timer.running_since -= timedelta(**earlier)
    timer.save(update_fields=["started_at", "running_since"])


@pytest.mark.parametrize("look", LOOKS, ids=str)
def test_started_here_paused_there_and_logged(
    look: Look, open_page: OpenPage, learner: User, axe: CheckPage, base_url: str
) -> None:
    here = open_timer(open_page, look, learner, base_url)
    seen(here, axe)
    here.get_by_label("On what").select_option("garak.run-six-families")
    press(here, "Start")
    expect(here.get_by_role("button", name="Pause")).to_be_visible()
    started = Timer.objects.get().started_on
    move_back(minutes=25)
    seen(here, axe)
    there = open_timer(open_page, Look("phone"), learner, base_url)
    expect(there.locator("[data-seconds]")).to_be_visible()
    assert int(there.locator("[data-seconds]").get_attribute("data-seconds") or 0) >= 25 * 60
    press(there, "Pause")
    expect(there.get_by_role("heading", level=1)).to_contain_text("paused")
    here.reload()
    expect(here.get_by_role("heading", level=1)).to_contain_text("paused")
    seen(here, axe)
    press(here, "Go on")
    expect(here.get_by_role("button", name="Pause")).to_be_visible()
    there.reload()
    press(there, "Stop and log")
    expect(there.get_by_role("heading", level=1)).to_have_text(re.compile("25.min, to be logged"))
    here.reload()
    expect(here.get_by_label("How long")).to_have_value("25 min")
    expect(here.get_by_label("On what")).to_have_value("garak.run-six-families")
    seen(here, axe)
    press(here, "Log")
    expect(here.get_by_text(re.compile("Logged 25.min on"))).to_be_visible()
    (session,) = StudySession.objects.all()
    assert (session.minutes, session.source, session.studied_on) == (25, "timer", started)
    assert not Timer.objects.exists()
    there.reload()
    expect(there.get_by_role("button", name="Start")).to_be_visible()


@pytest.mark.parametrize("look", LOOKS, ids=str)
def test_a_forgotten_one_asks_what_really_happened(
    look: Look, open_page: OpenPage, learner: User, axe: CheckPage, base_url: str
) -> None:
    page = open_timer(open_page, look, learner, base_url)
    press(page, "Start")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    move_back(hours=7)
    page.reload()
    expect(page.get_by_text("if you forgot it, stop it")).to_be_visible()
    seen(page, axe)
    press(page, "Stop and log")
    expect(page.get_by_role("heading", name="How long was it really?")).to_be_visible()
    expect(page.get_by_label("How long")).to_have_value("")
    seen(page, axe)
    press(page, "Log")
    expect(page.get_by_text("Say how long you studied")).to_be_visible()
    assert Timer.objects.exists()
    page.get_by_label("How long").fill("1:10")
    press(page, "Log")
    expect(page.get_by_text(re.compile("Logged 1.h.10 on"))).to_be_visible()
    assert StudySession.objects.get().minutes == 70


def test_thrown_away_it_logs_nothing(
    open_page: OpenPage, learner: User, axe: CheckPage, base_url: str
) -> None:
    page = open_timer(open_page, Look("small", javascript=False), learner, base_url)
    press(page, "Start")
    press(page, "Throw it away")
    expect(page.get_by_text("Nothing was logged.")).to_be_visible()
    seen(page, axe)
    assert not StudySession.objects.exists()
