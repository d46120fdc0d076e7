"""The plan's pages in a browser: by clicks, by keyboard, without scripts, in every look and on paper."""

import re
from datetime import date, timedelta
from typing import Literal

import pytest
from playwright.sync_api import Page, expect

from curriculum.catalogue import Catalogue
from tests.browser.conftest import CheckPage, Look, OpenPage
from tests.browser.test_reading import log_in, open_path
from tests.browser.test_walk import fits
from tests.fixtures.cast import WEEK, make_learner
from tracker import clock
from tracker.journal.models import StudySession
from tracker.library import words
from tracker.people.models import User
from tracker.plans import actions, queries
from tracker.plans.models import Mark, Plan

pytestmark = pytest.mark.django_db(transaction=True)
WEEKS_AGO = 14
DONE = 9
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


@pytest.fixture
def learner(content: Catalogue) -> User:
    """Alice, fourteen weeks into a plan and behind it; one pause is over and one is to come."""
    alice = make_learner("Alice")
    now, today = clock.now(), clock.today(alice.zone_info)
    begun = today - timedelta(weeks=WEEKS_AGO)
    wish = actions.Wish("ai-security-engineer", begun, WEEK, None)
    plan = actions.make_plan(
        alice, wish, content=content, known_modules=(), now=now - timedelta(weeks=WEEKS_AGO), on=begun
    )
    keys = [row.key for module in content.modules for row in module.required_in(plan.track_key)]
    for week in range(WEEKS_AGO):
        StudySession.objects.create(
            learner=alice, minutes=90 + 15 * (week % 4), studied_on=begun + timedelta(weeks=week, days=2),
            zone=alice.zone, logged_at=now, activity_key=keys[week], module_key=keys[week].partition(".")[0],
        )  # fmt: skip
    for week, key in enumerate(keys[:DONE]):
        done_on = begun + timedelta(weeks=week, days=3)
        actions.mark_activity(alice, plan, key, "done", content=content, now=now, on=done_on)
    for first_on in (today - timedelta(weeks=4), today + timedelta(weeks=8)):
        actions.pause_plan(plan, first_on, first_on + timedelta(weeks=1), now=now)
    return alice


@pytest.fixture
def page(open_page: OpenPage, learner: User, base_url: str) -> Page:
    """Alice's browser."""
    found = open_page(Look())
    log_in(found, learner, base_url)
    return found


def inputs(user: User) -> str:
    return actions.canonical_inputs(plan_of(user))


def plan_of(user: User) -> Plan:
    return user.plans.get(ended_at__isnull=True)


def finish_of(user: User) -> date:
    found = queries.standing(user.pk, clock.today(user.zone_info)).finish_on
    assert found is not None
    return found


# ---------------------------------------------------------------------------------------------- in every look


CROWDED = """() => {
    // Words of a chart that stand outside it, or on other words.
    const found = [];
    for (const chart of document.querySelectorAll("svg.chart")) {
        if (!chart.checkVisibility()) continue;
        const frame = chart.getBoundingClientRect();
        const words = [...chart.querySelectorAll("text")]
            .map((text) => [text.textContent, text.getBoundingClientRect()]);
        words.forEach(([said, box], place) => {
            const outside = Math.max(frame.left - box.left, box.right - frame.right, frame.top - box.top,
                box.bottom - frame.bottom);
            if (outside > 1) found.push(`“${said}” stands ${outside.toFixed()} px outside`);
            for (const [other, there] of words.slice(place + 1)) {
                const wide = Math.min(box.right, there.right) - Math.max(box.left, there.left);
                const high = Math.min(box.bottom, there.bottom) - Math.max(box.top, there.top);
                // A line's box is higher than its letters.
                if (wide > 0 && high > 5) found.push(`“${said}” stands on “${other}”`);
            }
        });
    }
    return found;
}"""


def change_of(learner: User) -> str:
    """The address of a preview: another track, more hours, a target."""
    asked = "&".join(f"{day.lower()}=1" for day in words.WEEKDAYS)
    ahead = clock.today(learner.zone_info) + timedelta(days=120)
    return f"/plan/change/?track=t-shaped-lead&{asked}&target={ahead:%Y-%m}"


def test_each_page_can_be_read_in_every_look(page: Page, learner: User, axe: CheckPage) -> None:
    faults = []
    for path in ("/plan/", "/plan/behind/", change_of(learner)):
        open_path(page, path)
        faults += [f"{path} at {fault}" for fault in faults_of(page, axe)]
    assert not faults, "\n".join(faults)


def faults_of(page: Page, axe: CheckPage) -> list[str]:
    """What is wrong with a page at any width, in light or in dark; folded first, then open."""
    faults = []
    for is_open in (False, True):
        if is_open:
            page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
        for width in (320, 768, 1280):
            page.set_viewport_size({"width": width, "height": 800})
            try:
                fits(page)
            except AssertionError as fault:
                faults.append(f"{width} px: {fault}")
            faults += [f"{width} px: {said}" for said in page.evaluate(CROWDED)]
            for scheme in SCHEMES if is_open else ():
                page.emulate_media(color_scheme=scheme)
                try:
                    axe(page)
                except AssertionError as fault:
                    faults.append(f"{width} px, {scheme}: {fault}")
    return faults


def test_on_paper_the_pictures_and_the_tables_are_there(page: Page, content: Catalogue) -> None:
    open_path(page, "/plan/")
    page.emulate_media(media="print")
    # A4 less its margins.
    page.set_viewport_size({"width": 673, "height": 1000})
    for picture in page.locator("figure.road-wide").all():
        expect(picture).to_be_visible()
    for picture in page.locator("figure.road-narrow").all():
        expect(picture).to_be_hidden()
    expect(page.locator("figure.road-wide svg")).to_have_count(2)
    rows = page.locator(".plan-table tbody tr")
    expect(rows).to_have_count(len(content.modules))
    for row in rows.all():
        expect(row).to_be_visible()
    for name in (
        "Every module with its hours and dates",
        "Hours of the plan at the end of each month",
        "Hours for each",
    ):
        table = page.get_by_role("table", name=re.compile(name))
        expect(table.locator("tbody tr").first).to_be_visible()
        expect(table.locator("tbody tr").last).to_be_visible()
    # What one can only click or type is not printed.
    expect(page.get_by_role("button", name="Take it back")).to_be_hidden()
    expect(page.get_by_label("First day off")).to_be_hidden()
    crowded = page.evaluate(CROWDED)
    assert not crowded, "\n".join(crowded)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "cut off at the right"
    assert page.pdf(format="A4", prefer_css_page_size=True).startswith(b"%PDF-")


# ------------------------------------------------------------------------------------------------ by keyboard


FOCUS = """() => {
    const link = document.activeElement;
    const picture = link.closest("figure[class^='road-'] svg");
    if (!picture || !link.matches("a")) return null;
    const frame = getComputedStyle(link.querySelector(".hit"));
    const box = link.querySelector(".hit").getBoundingClientRect();
    return {
        path: link.getAttribute("href"),
        isSeen: frame.stroke !== "none" && parseFloat(frame.strokeWidth) >= 2,
        isInView: box.top >= 0 && box.bottom <= window.innerHeight,
    };
}"""


def test_the_keyboard_reaches_every_module_on_the_road(page: Page, content: Catalogue) -> None:
    wanted = [f"/plan/{module.key}/" for module in content.modules]
    assert len(wanted) == 17
    for width in (320, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        open_path(page, "/plan/")
        assert reached_by_tab(page) == wanted, "each once, in the order of the road"
    # The next stop is the table behind the picture, and Enter opens it.
    summary = page.get_by_text("All 17 modules as a table")
    expect(summary).to_be_focused()
    rows = page.locator(".plan-table tbody tr")
    expect(rows.first).to_be_hidden()
    page.keyboard.press("Enter")
    expect(rows.first).to_be_visible()
    expect(rows).to_have_count(17)
    # And back to the last module, which Enter opens.
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{wanted[-1]}")
    expect(page.get_by_role("heading", level=1)).to_have_text(content.module("portfolio").title)


def reached_by_tab(page: Page) -> list[str]:
    """Where the links of the road picture lead that Tab reaches from the top of the page, in its order."""
    found: list[str] = []
    for _ in range(80):
        page.keyboard.press("Tab")
        focus = page.evaluate(FOCUS)
        if focus is None:
            if found:
                break
            continue
        assert focus["isSeen"], f"{focus['path']} has the focus and does not show it"
        assert focus["isInView"], f"{focus['path']} has the focus outside the window"
        found.append(focus["path"])
    return found


def test_a_screen_reader_hears_of_each_module_what_the_picture_shows(page: Page, content: Catalogue) -> None:
    open_path(page, "/plan/")
    road = page.get_by_role("group", name="The road: modules from first to last day")
    expect(road.get_by_role("link")).to_have_count(17)
    first = road.get_by_role("link", name=re.compile("^1 Mindset and baseline: "))
    said = first.get_attribute("aria-label")
    assert said
    day = r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun)\s\d+\s\w{3}\s\d{4}"
    assert re.fullmatch(
        rf"1 Mindset and baseline: (Done|In progress), {day} to {day}; first layout to {day}", said
    )
    expect(page.get_by_role("img", name="Hours of the plan, planned and done by date")).to_have_count(1)


# -------------------------------------------------------------------------------------------------- by clicks


def take_it_back(page: Page, learner: User, before: str) -> None:
    """The button that takes the last change back restores what the plan was made from."""
    assert inputs(learner) != before
    page.get_by_role("button", name="Take it back").click()
    expect(page.locator(".message.success")).to_have_text("The change is taken back.")
    assert inputs(learner) == before


def is_taken(page: Page) -> None:
    page.wait_for_url(re.compile("/plan/(#.*)?$"))
    expect(page.locator(".message.success")).to_contain_text("You can take it back for seven days.")


def look_at_the_ways_on(page: Page) -> None:
    open_path(page, "/plan/")
    page.get_by_role("link", name="I am behind").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("The date has moved.")


def keep_the_date(page: Page, learner: User) -> None:
    before = inputs(learner)
    look_at_the_ways_on(page)
    way = page.get_by_role("region", name="Keep the date")
    expect(way.get_by_role("row", name=re.compile("^A week"))).to_contain_text(
        "6\N{NO-BREAK SPACE}h\N{NO-BREAK SPACE}30"
    )
    hours = way.locator(".big").inner_text().removesuffix(" a week")
    assert inputs(learner) == before
    way.get_by_role("button", name=f"Study {hours} a week").click()
    is_taken(page)
    assert words.hours(sum(plan_of(learner).weekday_minutes)) == hours
    expect(page.get_by_role("link", name="Ways on")).to_be_visible()
    take_it_back(page, learner, before)


def keep_the_hours(page: Page, learner: User) -> None:
    before = inputs(learner)
    look_at_the_ways_on(page)
    way = page.get_by_role("region", name="Keep the hours")
    day = way.locator(".big").inner_text()
    assert day == words.long_date(finish_of(learner))
    way.get_by_role("button", name=re.compile("^Aim at")).click()
    is_taken(page)
    assert words.long_date(plan_of(learner).target_on or date.min) == day
    assert plan_of(learner).weekday_minutes == WEEK
    take_it_back(page, learner, before)


def leave_work_out(page: Page, learner: User) -> None:
    """Others than the ones that were ticked: the preview follows, then they go, then they come back."""
    before = inputs(learner)
    look_at_the_ways_on(page)
    way = page.get_by_role("region", name="Leave work out")
    may_go = page.get_by_role("group", name="Activities that may be left out")
    suggested = way.locator(".big").inner_text()
    assert may_go.get_by_role("checkbox", checked=True).count() > 0
    while (ticked := may_go.get_by_role("checkbox", checked=True)).count() > 0:
        ticked.first.uncheck()
    wanted = may_go.get_by_role("checkbox").last
    wanted.check()
    key = wanted.get_attribute("value")
    assert key
    page.get_by_role("button", name="Show what that gives").click()
    page.wait_for_url("**/plan/behind/?shown=1&leave=*")
    assert way.locator(".big").inner_text() != suggested
    after = way.get_by_role("row", name=re.compile("^Done by")).get_by_role("cell").last.inner_text()
    assert inputs(learner) == before, "a preview changes nothing"
    way.get_by_role("button", name="Leave out one activity").click()
    is_taken(page)
    assert plan_of(learner).left_out == [key]
    assert after == f"{words.short_date(finish_of(learner))} {finish_of(learner).year}"
    module = key.partition(".")[0]
    open_path(page, f"/plan/{module}/")
    row = page.locator(f"#activity-{words.element_id(key)}")
    expect(row).to_contain_text("left out of the plan")
    row.get_by_role("button", name=re.compile("^Take it in again")).click()
    expect(page.locator(".message.success")).to_contain_text("In the plan again")
    expect(row).not_to_contain_text("left out of the plan")
    assert plan_of(learner).left_out == []
    # Taking in is a change as well: taken back, the activity is out; taken back again, it is in.
    open_path(page, "/plan/")
    page.get_by_role("button", name="Take it back").click()
    expect(page.locator(".message.success")).to_have_text("The change is taken back.")
    assert plan_of(learner).left_out == [key]


def change_the_hours(page: Page, learner: User) -> None:
    before = inputs(learner)
    open_path(page, "/plan/")
    page.get_by_role("link", name="Change the plan").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Change the plan")
    expect(page.get_by_label("Saturday")).to_have_value("3 h")
    page.get_by_label("Saturday").fill("25")
    page.get_by_role("button", name="Show what that gives").click()
    expect(page.get_by_text("A day has 24 hours, not 25.")).to_be_visible()
    expect(page.get_by_label("Saturday")).to_have_value("25")
    page.get_by_label("Saturday").fill("8")
    page.get_by_role("button", name="Show what that gives").click()
    shown = page.get_by_role("region", name="Before and after")
    expect(shown.get_by_role("row", name=re.compile("^A week"))).to_contain_text(
        "11\N{NO-BREAK SPACE}h\N{NO-BREAK SPACE}30"
    )
    after = shown.get_by_role("row", name=re.compile("^Done by")).get_by_role("cell").last.inner_text()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Done by {after}.")
    assert inputs(learner) == before, "a preview changes nothing"
    shown.get_by_role("button", name="Change the plan").click()
    is_taken(page)
    assert plan_of(learner).weekday_minutes == (60, 90, 0, 60, 0, 480, 0)
    assert words.long_date(finish_of(learner)) == after
    take_it_back(page, learner, before)


def test_every_way_on_is_taken_and_taken_back(page: Page, learner: User) -> None:
    baseline = list(plan_of(learner).baseline.order_by("pk").values())
    keep_the_date(page, learner)
    keep_the_hours(page, learner)
    change_the_hours(page, learner)
    leave_work_out(page, learner)
    assert list(plan_of(learner).baseline.order_by("pk").values()) == baseline
    # The history says all of it, newest first.
    said = page.get_by_role("region", name="What changed").get_by_role("listitem")
    expect(said.nth(0)).to_contain_text("Undone: Taken in again")
    expect(said.nth(1)).to_contain_text("Taken in again")
    expect(said.nth(2)).to_contain_text("Left out: one activity")


def test_the_ways_on_without_javascript(open_page: OpenPage, learner: User, base_url: str) -> None:
    page = open_page(Look("phone", javascript=False))
    log_in(page, learner, base_url)
    leave_work_out(page, learner)
    change_the_hours(page, learner)
    open_path(page, "/plan/")
    page.get_by_text("All 17 modules as a table").click()
    expect(page.locator(".plan-table tbody tr").last).to_be_visible()


def plan_time_off(page: Page, first_on: date | None, until_on: date | None) -> None:
    open_path(page, "/plan/")
    page.get_by_role("link", name="Pause", exact=True).click()
    page.get_by_text("Plan time off").click()
    page.get_by_label("First day off").fill(first_on.isoformat() if first_on else "")
    page.get_by_label("Back on").fill(until_on.isoformat() if until_on else "")
    page.get_by_role("button", name="Pause", exact=True).click()


def test_time_off_and_the_rest_moved_up(page: Page, learner: User, content: Catalogue) -> None:
    today, before = clock.today(learner.zone_info), inputs(learner)
    pauses = page.get_by_role("region", name="Pauses").get_by_role("listitem")
    far = today + timedelta(weeks=20)
    # A mistake first: what was typed is still there, and the form stays open.
    plan_time_off(page, far, far - timedelta(days=1))
    expect(page.get_by_text("The day you are back lies after the first day off.")).to_be_visible()
    expect(page.get_by_label("Back on")).to_have_value((far - timedelta(days=1)).isoformat())
    assert inputs(learner) == before
    # Two weeks, planned ahead.
    plan_time_off(page, far, far + timedelta(weeks=2))
    expect(page.locator(".message.success")).to_contain_text("The pause is kept.")
    expect(pauses.first).to_contain_text(
        f"{words.short_date(far)} to {words.long_date(far + timedelta(days=13))}"
    )
    take_it_back(page, learner, before)
    expect(pauses).to_have_count(2)
    # A single day.
    plan_time_off(page, far, far + timedelta(days=1))
    expect(pauses.first.get_by_role("paragraph")).to_have_text(words.long_date(far))
    pauses.first.get_by_role("button", name=re.compile("^Take out")).click()
    expect(page.locator(".message.success")).to_have_text("The pause is over.")
    expect(pauses).to_have_count(2)
    # One that runs since yesterday and has no end: no date can be said until it ends.
    plan_time_off(page, today - timedelta(days=1), None)
    running = pauses.filter(has_text="open")
    expect(running).to_contain_text(f"From {words.long_date(today - timedelta(days=1))}, open")
    expect(page.get_by_text("The pause has no end, so no date can be said.")).to_be_visible()
    open_path(page, "/today/")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Paused.")
    open_path(page, "/plan/")
    running.get_by_role("button", name=re.compile("^End")).click()
    expect(page.locator(".message.success")).to_have_text("The pause is over.")
    expect(pauses.filter(has_text=words.long_date(today - timedelta(days=1)))).to_have_count(1)
    move_the_rest_up(page, learner, content)


def move_the_rest_up(page: Page, learner: User, content: Catalogue) -> None:
    """Much is done at once: the plan keeps its date until somebody asks for the earlier one."""
    open_path(page, "/plan/")
    expect(page.get_by_role("button", name="Move the rest up")).to_have_count(0)
    finish, today, before = finish_of(learner), clock.today(learner.zone_info), inputs(learner)
    keys = [row.key for module in content.modules for row in module.required_in("ai-security-engineer")]
    Mark.objects.bulk_create(
        Mark(
            learner=learner, activity_key=key, kind="done", marked_on=today, marked_at=clock.now(),
            revision=plan_of(learner).revision, planned_minutes=content.activity(key).minutes,
        )
        for key in keys[DONE : DONE + 20]
    )  # fmt: skip
    page.reload()
    assert finish_of(learner) == finish
    ahead = page.locator("form.note").filter(has_text="You are ahead")
    sooner = queries.standing(learner.pk, today).sooner_on
    assert sooner is not None
    assert sooner < finish
    expect(ahead).to_contain_text(words.long_date(sooner))
    ahead.get_by_role("button", name="Move the rest up").click()
    is_taken(page)
    assert finish_of(learner) == sooner
    expect(ahead).to_have_count(0)
    take_it_back(page, learner, before)
    assert finish_of(learner) == finish
