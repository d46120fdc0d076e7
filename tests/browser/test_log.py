"""Logging in a browser: a line is shown back, asked about, logged, undone; a long day; the link of a mail."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import CheckPage, Look, OpenPage
from tests.browser.test_reading import log_in
from tests.browser.test_walk import fits
from tests.fixtures.cast import make_learner, make_plan, make_session
from tests.fixtures.curriculum import load_test_curriculum
from tests.reminders.factories import make_leased, make_recipient
from tracker import clock
from tracker.journal.models import StudySession
from tracker.library import words
from tracker.people.actions import token_hash
from tracker.people.models import User
from tracker.reminders import actions, queries

pytestmark = pytest.mark.django_db(transaction=True)
LOOKS = [Look("small", "dark"), Look("phone"), Look("desktop", "dark")]
SCRIPTLESS = [Look("small", javascript=False), Look("desktop", "dark", javascript=False)]
FOUR_LOOKS = [LOOKS[0], LOOKS[2], SCRIPTLESS[0]]
TOKEN = "t" * 43


@pytest.fixture
def learner(transactional_db: None) -> User:
    alice = make_learner("Alice")
    make_plan(alice, load_test_curriculum())
    return alice


def seen(page: Page, axe: CheckPage) -> None:
    fits(page)
    axe(page)


def field(page: Page) -> str:
    """What stands in the field of the line."""
    return page.get_by_label("How long").input_value()


def open_today(page: Page, learner: User, base_url: str) -> None:
    log_in(page, learner, base_url)
    page.goto("/today/")


def type_line(page: Page, line: str) -> None:
    page.get_by_label("How long").fill(line)


def kept() -> list[StudySession]:
    return list(StudySession.objects.filter(deleted_at=None).order_by("pk"))


@pytest.mark.parametrize("look", LOOKS, ids=str)
def test_a_line_is_shown_back_logged_taken_back_and_put_back(
    look: Look, open_page: OpenPage, learner: User, axe: CheckPage, base_url: str
) -> None:
    page = open_page(look)
    open_today(page, learner, base_url)
    yesterday = clock.today(learner.zone_info) - timedelta(days=1)
    said = re.compile(rf"45.min on {words.week_date(yesterday).replace(words.NBSP, '.')}: ")
    page.keyboard.press("l")
    expect(page.get_by_label("How long")).to_be_focused()
    page.keyboard.type("45m yesterday garak encoding probes, confident 3")
    reading = page.locator("#reading")
    expect(reading).to_have_text(said)
    expect(reading).to_contain_text("confidence 3")
    expect(reading).to_contain_text("“encoding probes”")
    assert not kept(), "shown back before it is logged"
    seen(page, axe)
    page.keyboard.press("Enter")
    status = page.locator("#log [role=status]")
    expect(status).to_contain_text("Logged")
    expect(status).to_have_text(said)
    expect(status).to_be_focused()
    (session,) = kept()
    assert (session.minutes, session.studied_on, session.confidence) == (45, yesterday, 3)
    seen(page, axe)
    page.get_by_role("button", name="Undo").click()
    expect(status).to_contain_text("Taken back")
    assert not kept()
    seen(page, axe)
    page.get_by_role("button", name="Put it back").click()
    expect(status).to_contain_text("Put back")
    assert kept() == [session]
    seen(page, axe)


def test_enter_logs_the_next_line_and_presses_no_undo(
    open_page: OpenPage, learner: User, base_url: str
) -> None:
    page = open_page(Look())
    open_today(page, learner, base_url)
    for number, line in enumerate(("45m garak", "20m stride"), 1):
        type_line(page, line)
        page.keyboard.press("Enter")
        expect(page.locator("#log [role=status]")).to_contain_text(
            "45\N{NO-BREAK SPACE}min" if number == 1 else "20\N{NO-BREAK SPACE}min"
        )
        expect(page.locator("#log [role=status]")).to_contain_text("Logged")
    assert [session.minutes for session in kept()] == [45, 20]


@pytest.mark.parametrize("look", [LOOKS[0], LOOKS[2], *SCRIPTLESS], ids=str)
def test_what_is_open_is_asked_at_its_field_and_logged_after_an_answer(
    look: Look, open_page: OpenPage, learner: User, axe: CheckPage, base_url: str
) -> None:
    page = open_page(look)
    open_today(page, learner, base_url)
    today = clock.today(learner.zone_info)
    line = f"45m garak and stride, {today:%A} confidence 4"
    type_line(page, line)
    page.get_by_role("button", name="Log", exact=True).click()
    expect(page.get_by_text("Which of these is it on?")).to_be_visible()
    expect(page.get_by_text(f"Today is {today:%A}. Was it today, or")).to_be_visible()
    assert field(page) == line, "what was typed is still there"
    assert not kept()
    seen(page, axe)
    page.get_by_label("On what").select_option("stride")
    expect(page.locator("#id_studied_on")).to_have_value("")
    page.locator("#id_studied_on").fill(today.isoformat())
    page.get_by_role("button", name="Log", exact=True).click()
    expect(page.get_by_text(re.compile("Logged 45.min on"))).to_be_visible()
    (session,) = kept()
    assert (session.module_key, session.studied_on, session.confidence) == ("stride", today, 4)
    seen(page, axe)


@pytest.mark.parametrize("look", FOUR_LOOKS, ids=str)
def test_a_long_day_is_asked_about_and_keeps_what_was_typed(
    look: Look, open_page: OpenPage, learner: User, axe: CheckPage, base_url: str
) -> None:
    page = open_page(look)
    today = clock.today(learner.zone_info)
    make_session(learner, minutes=16 * 60, studied_on=today)
    open_today(page, learner, base_url)
    line = "1:15 stride - after a long day"
    type_line(page, line)
    page.get_by_role("button", name="Log", exact=True).click()
    expect(page.get_by_role("alert").filter(has_text="has 17 h 15. Is that right?")).to_be_visible()
    assert field(page) == line
    assert len(kept()) == 1
    seen(page, axe)
    page.get_by_role("button", name="Yes, log it").click()
    expect(page.get_by_text(re.compile("Logged 1.h.15 on"))).to_be_visible()
    _, session = kept()
    assert (session.minutes, session.note) == (75, "after a long day")
    page.goto(f"/journal/{session.pk}/")
    page.get_by_label("How long").fill("2 h")
    page.get_by_role("button", name="Save the correction").click()
    expect(page.get_by_text("has 18 h. Is that right?")).to_be_visible()
    seen(page, axe)
    page.get_by_role("button", name="Yes, save it").click()
    expect(page.get_by_text("Corrected. What it said before is kept.")).to_be_visible()
    seen(page, axe)


def test_without_scripts_a_line_is_logged_and_deleted_and_put_back(
    open_page: OpenPage, learner: User, axe: CheckPage, base_url: str
) -> None:
    page = open_page(SCRIPTLESS[0])
    open_today(page, learner, base_url)
    type_line(page, "1:30 stride - went well")
    page.get_by_role("button", name="Log", exact=True).click()
    expect(page.get_by_text(re.compile("Logged 1.h.30 on"))).to_be_visible()
    seen(page, axe)
    page.get_by_role("link", name="Correct it").click()
    seen(page, axe)
    page.get_by_role("button", name="Delete this session").click()
    expect(page.get_by_text("This session is deleted and in no sum.")).to_be_visible()
    assert not kept()
    page.get_by_role("button", name="Put it back").click()
    expect(page.get_by_text("Put back:")).to_be_visible()
    assert len(kept()) == 1


@pytest.mark.parametrize("look", FOUR_LOOKS, ids=str)
def test_the_link_of_a_mail_logs_without_a_log_in_and_undoes(
    look: Look, open_page: OpenPage, learner: User, axe: CheckPage
) -> None:
    make_recipient(learner)
    now = clock.now()
    row, lease = make_leased(learner, leased_until=now + actions.lease_length())
    link = actions.LogLink(token_hash(TOKEN), ("garak.run-six-families",), queries.stamp_of(learner.password))
    assert actions.begin_hand_over(row.pk, lease, learner.email, now, link)
    assert actions.record_sent(row.pk, lease, now, "250 OK")
    make_session(learner, minutes=16 * 60, studied_on=clock.today(learner.zone_info), note="of my own")
    page = open_page(look)
    page.goto(f"/log/{TOKEN}/")
    expect(page.get_by_role("heading", name="Log study")).to_be_visible()
    assert "of my own" not in page.content()
    seen(page, axe)
    page.get_by_role("button", name="Log", exact=True).click()
    expect(page.get_by_text("Say how long you studied")).to_be_visible()
    seen(page, axe)
    page.get_by_label("How long").fill("45")
    page.get_by_role("button", name="Log", exact=True).click()
    expect(page.get_by_text("that day has more than 16 hours. Is that right?")).to_be_visible()
    seen(page, axe)
    page.get_by_role("button", name="Yes, log it").click()
    expect(page.get_by_role("heading", name=re.compile("Logged 45.min"))).to_be_visible()
    assert [session.source for session in kept()] == ["page", "mail"]
    seen(page, axe)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("heading", name="Taken back.")).to_be_visible()
    assert [session.source for session in kept()] == ["page"]
    seen(page, axe)
