"""Time: changed clocks, year ends, far zones, a learner who moves, starts long ago or ahead, leap days."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest
import time_machine as clockwork
from django.test import Client
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st

from curriculum.catalogue import Catalogue
from tests.fixtures.cast import NOW, TODAY, WEEK, browser_of, make_learner, make_session
from tracker import clock
from tracker.desk.forms import HoursForm
from tracker.journal.models import StudySession
from tracker.journal.rules import Week, week_of
from tracker.library import words
from tracker.people.models import User
from tracker.plans import actions, queries
from tracker.plans.models import DAY_FIELDS, Baseline, Plan
from tracker.plans.rules.forecast import WEEKS_SEEN, study_weeks
from tracker.plans.rules.progress import DONE, KNOWN
from tracker.plans.rules.schedule import Off

A_DAY = timedelta(days=1)
A_WEEK = timedelta(weeks=1)
A_MINUTE = timedelta(minutes=1)
A_QUARTER = timedelta(minutes=15)
EVERY_DAY = (60,) * 7
FIRST = "mindset.rate-six-skills"
VIENNA = "Europe/Vienna"
AUCKLAND, LOS_ANGELES = "Pacific/Auckland", "America/Los_Angeles"
KIRITIMATI = "Pacific/Kiritimati"


def at(zone: str, day: date, hour: int = 0, minute: int = 0) -> datetime:
    """A wall-clock time in a zone as the instant it is, in UTC."""
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def make_plan_at(learner: User, content: Catalogue, moment: datetime, **fields: Any) -> Plan:
    """A plan on the longer track, made at this instant, from the learner's own day on."""
    on = moment.astimezone(learner.zone_info).date()
    known = fields.pop("known_modules", ())
    wish = actions.Wish(
        **{
            "track_key": "ai-security-engineer",
            "start_on": on,
            "weekday_minutes": WEEK,
            "target_on": None,
            **fields,
        }
    )
    return actions.make_plan(learner, wish, content=content, known_modules=known, now=moment, on=on)


def log(web: Client, length: int, **fields: str) -> StudySession:
    """Logs so many minutes by the page, as sent without a day, and gives what was kept."""
    answer = web.post(reverse("log"), {"length": str(length), **fields})
    assert answer.status_code == 302, answer.text
    return StudySession.objects.latest("pk")


def page(web: Client, name: str, *args: Any, **query: str) -> str:
    """A page that is there, with plain blanks."""
    answer = web.get(reverse(name, args=args), query)
    assert answer.status_code == 200
    return answer.text.replace("\N{NO-BREAK SPACE}", " ")


def plain(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ")


def week_total(web: Client) -> str:
    """What Today says in its title: `1 h of 6 h 30`."""
    found = re.search(r"<title>Today: (.*?) · Cairn</title>", page(web, "today"))
    assert found
    return found[1]


def mondays_linked(text: str) -> list[date]:
    """The weeks that a page links to in the journal, in its order."""
    return [date.fromisoformat(day) for day in re.findall(r'\?week=(\d{4}-\d\d-\d\d)"', text)]


def head_of(text: str) -> str:
    """The head of the plan page: title, dates, and what they are made from."""
    return text.partition('<dl class="facts">')[0]


def first_layout_end(plan: Plan) -> date:
    """The last day of the frozen layout."""
    return max(row.last_on for row in Baseline.objects.filter(plan=plan))


def numbers(tag: str) -> dict[str, float]:
    """The attributes of a drawn shape that are numbers."""
    return {name: float(value) for name, value in re.findall(r'\b([a-z]+)="(-?[\d.]+)"', tag)}


def corners(path: str) -> list[tuple[float, float]]:
    """The points of a path made of M, L, H, V and Z."""
    x, y, found = 0.0, 0.0, []
    for command, first, second in re.findall(r"([MLHV])(-?[\d.]+)(?:[ ,](-?[\d.]+))?", path):
        x = x if command == "V" else float(first)
        y = y if command == "H" else float(first if command == "V" else second)
        found.append((x, y))
    return found


def check_drawings(text: str) -> None:
    """Every bar and line of every picture lies inside it; the lines of the burn-up only go on and up."""
    pictures = re.findall(r'<svg[^>]*viewBox="0 0 ([\d.]+) ([\d.]+)"[^>]*>(.*?)</svg>', text, re.DOTALL)
    assert pictures
    for width, height, drawn in pictures:
        assert not re.search(r'="[^"]*\b(nan|inf|None)\b', drawn)
        for bar in map(numbers, re.findall(r"<rect[^>]*>", drawn)):
            assert bar["x"] >= 0, bar
            assert bar["y"] >= 0, bar
            assert bar["x"] + bar["width"] <= float(width) + 0.2, bar
            assert bar["y"] + bar["height"] <= float(height) + 0.2, bar
        for path in re.findall(r' d="([^"]*)"', drawn):
            # The line of a week's target is a little wider than its bar.
            assert all(-6 <= x <= float(width) + 6 and 0 <= y <= float(height) for x, y in corners(path)), (
                path
            )
    burn_up = text.partition('aria-labelledby="bu"')[2].partition('<ul class="key"')[0]
    lines = [corners(path) for path in re.findall(r'class="(?:base|real)" d="([^"]*)"', burn_up)]
    assert lines, "no burn-up"
    for line in lines:
        assert all(x <= later_x and y >= later_y for (x, y), (later_x, later_y) in pairwise(line)), line


# ------------------------------------------------------------------------------ the nights of a changed clock


@dataclass(frozen=True)
class Change:
    """A Sunday on which a zone moves its clock, and by how many minutes the day is shorter for it."""

    zone: str
    sunday: date
    shorter: int

    @property
    def week(self) -> Week:
        return Week(self.sunday - timedelta(days=6))

    @property
    def instant(self) -> datetime:
        """The first minute on the other side."""
        moment = at(self.zone, self.sunday)
        zone = ZoneInfo(self.zone)
        before = moment.astimezone(zone).utcoffset()
        while moment.astimezone(zone).utcoffset() == before:
            moment += A_MINUTE
        return moment


CHANGES = [
    Change(VIENNA, date(2026, 3, 29), 60),
    Change(VIENNA, date(2026, 10, 25), -60),
    Change(LOS_ANGELES, date(2026, 3, 8), 60),
    Change(LOS_ANGELES, date(2026, 11, 1), -60),
    Change(AUCKLAND, date(2026, 9, 27), 60),
    Change(AUCKLAND, date(2026, 4, 5), -60),
    Change("Australia/Lord_Howe", date(2026, 10, 4), 30),
    Change("Australia/Lord_Howe", date(2026, 4, 5), -30),
]
changes = pytest.mark.parametrize(
    "change", CHANGES, ids=lambda change: f"{change.zone.rpartition('/')[2]}-{change.sunday}"
)


@changes
def test_the_week_of_a_change_runs_between_local_midnights(change: Change, time_machine: Any) -> None:
    zone, saturday, sunday = ZoneInfo(change.zone), change.sunday - A_DAY, change.sunday
    begins, ends = at(change.zone, change.week.first_on), at(change.zone, change.week.until_on)
    assert ends - begins == A_WEEK - timedelta(minutes=change.shorter), "the table above says what is so"
    for moment, day, week in [
        (begins - A_MINUTE, change.week.first_on - A_DAY, change.week.shifted(-1)),
        (begins + A_MINUTE, change.week.first_on, change.week),
        (at(change.zone, saturday, 23, 59), saturday, change.week),
        (at(change.zone, sunday, 0, 1), sunday, change.week),
        (change.instant - A_MINUTE, sunday, change.week),
        (change.instant, sunday, change.week),
        (at(change.zone, sunday, 23, 59), sunday, change.week),
        (ends - A_MINUTE, sunday, change.week),
        (ends, change.week.until_on, change.week.shifted(1)),
        (ends + A_MINUTE, change.week.until_on, change.week.shifted(1)),
    ]:
        time_machine.move_to(moment, tick=False)
        assert clock.today(zone) == day
        assert week_of(clock.today(zone)) == week


@changes
def test_the_sunday_of_a_change_has_as_many_quarters_as_it_lasts(change: Change, time_machine: Any) -> None:
    moment, found = at(change.zone, change.sunday - A_DAY, 12), []
    while moment < at(change.zone, change.sunday + A_DAY, 12):
        time_machine.move_to(moment, tick=False)
        found.append(clock.today(ZoneInfo(change.zone)))
        moment += A_QUARTER
    assert found == sorted(found), "no day comes back"
    assert sorted(set(found)) == [change.sunday - A_DAY, change.sunday, change.sunday + A_DAY]
    assert found.count(change.sunday) == (24 * 60 - change.shorter) // 15


@changes
def test_what_is_logged_around_a_change_keeps_its_local_day_and_week(
    change: Change, curriculum: Catalogue, time_machine: Any
) -> None:
    saturday, sunday, monday = change.sunday - A_DAY, change.sunday, change.sunday + A_DAY
    learner = make_learner("Alice", zone=change.zone)
    made_at = at(change.zone, sunday - 4 * A_WEEK, 10)
    time_machine.move_to(made_at, tick=False)
    make_plan_at(learner, curriculum, made_at, start_on=change.week.shifted(-4).first_on)
    time_machine.move_to(at(change.zone, saturday, 12), tick=False)
    web = browser_of(learner)
    kept = []
    for moment, minutes in [
        (at(change.zone, saturday, 23, 59), 5),
        (at(change.zone, sunday, 0, 1), 10),
        (change.instant - A_MINUTE, 15),
        (change.instant, 20),
        (change.instant + timedelta(minutes=30), 25),
        (at(change.zone, sunday, 23, 59), 30),
    ]:
        time_machine.move_to(moment, tick=False)
        kept.append(log(web, minutes))
    assert [session.studied_on for session in kept] == [saturday, *[sunday] * 5]
    assert {session.zone for session in kept} == {change.zone}
    assert week_total(web) == "1 h 45 of 6 h 30"
    text = page(web, "today")
    assert f'<p class="where">{plain(words.week_date(sunday))} · week 5' in text
    assert "<b>Sat</b><span>5 min</span>" in text
    assert "<b>Sun</b><span>1 h 40</span>" in text

    time_machine.move_to(at(change.zone, monday, 0, 1), tick=False)
    assert log(web, 40).studied_on == monday
    assert week_total(web) == "40 min of 6 h 30"
    assert f'<p class="where">{plain(words.week_date(monday))} · week 6' in page(web, "today")
    year = queries.year_of_weeks(queries.facts_of(learner.pk, monday))
    assert [week.logged_minutes for week in year] == [0, 0, 0, 0, 105, 40]


@changes
@pytest.mark.parametrize("hour", [0, 23])
def test_a_plan_laid_over_a_change_loses_no_day_and_has_none_twice(
    change: Change, hour: int, curriculum: Catalogue, time_machine: Any
) -> None:
    """Made in the last minutes of the Saturday, or in the first of the Sunday of the change."""
    day = change.sunday if hour == 0 else change.sunday - A_DAY
    moment = at(change.zone, day, hour, 1 if hour == 0 else 59)
    time_machine.move_to(moment, tick=False)
    learner = make_learner("Alice", zone=change.zone)
    plan = make_plan_at(learner, curriculum, clock.now(), weekday_minutes=EVERY_DAY)
    rows = sorted(Baseline.objects.filter(plan=plan), key=lambda row: (row.first_on, row.last_on))
    assert rows[0].first_on == day
    covered = {
        row.first_on + ahead * A_DAY for row in rows for ahead in range((row.last_on - row.first_on).days + 1)
    }
    assert covered == {day + ahead * A_DAY for ahead in range(len(covered))}, "a day is missing"
    assert {day, change.sunday, change.sunday + A_DAY} <= covered
    # An hour a day: with a day twice, or with one less, it would be more days or fewer.
    assert len(covered) == -(-sum(row.minutes for row in rows) // 60)
    assert page(browser_of(learner), "plan")


# ------------------------------------------------------------------------------------- year ends, and week 53


@pytest.mark.parametrize("year", [2015, 2020, 2026, 2032])
def test_the_53rd_week_is_one_week_over_two_years(year: int) -> None:
    week = week_of(date(year, 12, 31))
    assert {day.isocalendar()[:2] for day in week.days} == {(year, 53)}
    assert week_of(date(year + 1, 1, 1)) == week
    assert {day.year for day in week.days} == {year, year + 1}
    assert week.shifted(1).first_on.isocalendar()[:2] == (year + 1, 1)
    assert [week_of(day) for day in week.days] == [week] * 7


@pytest.mark.parametrize(("year", "number"), [(2024, (2025, 1)), (2025, (2026, 1)), (2027, (2027, 52))])
def test_a_year_without_a_53rd_week_ends_in_one_week_all_the_same(year: int, number: tuple[int, int]) -> None:
    week = week_of(date(year, 12, 31))
    assert {day.isocalendar()[:2] for day in week.days} == {number}
    assert [week_of(day) for day in week.days] == [week] * 7
    assert week_of(week.until_on) == week.shifted(1)


@pytest.mark.parametrize("zone", [VIENNA, KIRITIMATI, "Pacific/Niue", LOS_ANGELES])
def test_the_year_changes_in_the_middle_of_a_week(
    zone: str, curriculum: Catalogue, time_machine: Any
) -> None:
    learner = make_learner("Alice", zone=zone)
    make_plan_at(learner, curriculum, NOW, start_on=date(2026, 10, 5))
    time_machine.move_to(at(zone, date(2026, 12, 31), 23, 59), tick=False)
    web = browser_of(learner)
    assert log(web, 30).studied_on == date(2026, 12, 31)
    assert '<p class="where">Thu 31 Dec · week 13' in page(web, "today")
    time_machine.move_to(at(zone, date(2027, 1, 1), 0, 1), tick=False)
    assert log(web, 50).studied_on == date(2027, 1, 1)
    text = page(web, "today")
    assert '<p class="where">Fri 1 Jan · week 13' in text
    assert "<b>Thu</b><span>30 min</span>" in text
    assert "<b>Fri</b><span>50 min</span>" in text
    assert week_total(web) == "1 h 20 of 6 h 30"
    time_machine.move_to(at(zone, date(2027, 1, 3), 23, 59), tick=False)
    assert week_total(web) == "1 h 20 of 6 h 30"
    time_machine.move_to(at(zone, date(2027, 1, 4), 0, 1), tick=False)
    assert '<p class="where">Mon 4 Jan · week 14' in page(web, "today")
    assert week_total(web) == "0 min of 6 h 30"


@pytest.mark.parametrize(
    ("first_on", "on"),
    [
        (date(2026, 10, 5), date(2027, 1, 31)),  # over week 53, from the first week of the plan
        (date(2019, 1, 7), date(2021, 1, 3)),  # a whole year that ends in one
        (date(2019, 1, 7), date(2021, 12, 31)),  # a whole year that begins with one
        (date(2019, 1, 9), date(2020, 1, 2)),  # a year without one, begun in mid-week
    ],
)
def test_a_year_of_weeks_has_each_week_once(
    alice: User, curriculum: Catalogue, first_on: date, on: date
) -> None:
    make_plan_at(alice, curriculum, at(VIENNA, first_on, 10))
    days = [week_of(on).first_on - timedelta(days=ahead) for ahead in range(60)]
    for place, day in enumerate(days):
        make_session(alice, studied_on=day, minutes=place + 1)
    found = queries.facts_of(alice.pk, on)
    year = queries.year_of_weeks(found)
    assert year[-1].week == week_of(on)
    assert year[0].week == max(week_of(first_on), week_of(on).shifted(-WEEKS_SEEN))
    assert all(later.week == before.week.shifted(1) for before, later in pairwise(year))
    assert all(row.week.first_on.weekday() == 0 for row in year)
    assert len({row.week.first_on.isocalendar()[:2] for row in year}) == len(year)
    assert [row.number for row in year] == list(range(year[0].number, year[0].number + len(year)))
    assert year[-1].number == (week_of(on).first_on - week_of(first_on).first_on).days // 7 + 1
    assert sum(row.logged_minutes for row in year) == sum(range(1, 61)), (
        "no day in two weeks, none in no week"
    )
    for row in year:
        assert row.logged_minutes == sum(n + 1 for n, day in enumerate(days) if day in row.week)
    stands = queries.stand(found)
    assert [row.week for row in stands.weeks] == [row.week for row in year[-8:]]
    assert stands.week_number == year[-1].number


def test_a_year_of_weeks_begins_with_a_monday_and_not_with_the_sunday_before(
    alice: User, curriculum: Catalogue
) -> None:
    on = date(2021, 12, 31)
    make_plan_at(alice, curriculum, at(VIENNA, date(2019, 1, 7), 10))
    monday = date(2020, 12, 28)  # of week 53, and 52 weeks before
    make_session(alice, studied_on=monday - A_DAY, minutes=7)
    assert queries.standing(alice.pk, on).weeks_of_data == 0
    make_session(alice, studied_on=monday, minutes=9)
    assert queries.standing(alice.pk, on).weeks_of_data == WEEKS_SEEN
    year = queries.year_of_weeks(queries.facts_of(alice.pk, on))
    assert [row.logged_minutes for row in year] == [9, *[0] * WEEKS_SEEN]


def test_the_plan_page_links_each_week_over_a_year_end_once(
    alice: User, curriculum: Catalogue, time_machine: Any
) -> None:
    make_plan_at(alice, curriculum, at(VIENNA, date(2026, 10, 5), 10))
    time_machine.move_to(at(VIENNA, date(2027, 1, 20), 10), tick=False)
    text = page(browser_of(alice), "plan")
    assert mondays_linked(text) == [date(2026, 10, 5) + n * A_WEEK for n in range(16)]
    check_drawings(text)


@pytest.mark.parametrize(("year", "monday"), [(2026, date(2026, 12, 28)), (2020, date(2020, 12, 28))])
@pytest.mark.parametrize("asked", ["{year}-12-28", "{next}-01-01", "{next}-01-03", "{year}-W53-1"])
def test_the_journal_has_the_53rd_week_by_any_of_its_days(
    alice: User, curriculum: Catalogue, time_machine: Any, year: int, monday: date, asked: str
) -> None:
    make_plan_at(alice, curriculum, at(VIENNA, date(year, 11, 2), 10))
    for day in week_of(monday).days:
        make_session(alice, studied_on=day, minutes=10)
    make_session(alice, studied_on=monday - A_DAY, minutes=7)
    make_session(alice, studied_on=monday + A_WEEK, minutes=9)
    time_machine.move_to(at(VIENNA, date(year + 1, 1, 20), 10), tick=False)
    text = page(browser_of(alice), "journal", week=asked.format(year=year, next=year + 1))
    sections = re.findall(r'<h2 id="w-([\d-]+)">(.*?)</h2>', text)
    assert [day for day, _ in sections] == [(monday - n * A_WEEK).isoformat() for n in range(6)]
    assert sections[0][1] == f"28 Dec to Sun 3 Jan {year + 1}: 1 h 10 of 6 h 30"
    assert sections[1][1] == f"21 Dec to Sun 27 Dec {year}: 7 min of 6 h 30"
    shown = re.findall(r"<time datetime=\"([\d-]+)\">", text)
    assert shown[:7] == [day.isoformat() for day in reversed(week_of(monday).days)]
    assert (monday + A_WEEK).isoformat() not in shown


# -------------------------------------------------------------------------------------- one instant, two days


# 12:30 on the day between: in Kiritimati the next one has begun, in Niue and Samoa the one before still runs.
SPLIT = datetime(2026, 11, 19, 10, 30, tzinfo=UTC)
far_west = pytest.mark.parametrize("west", ["Pacific/Niue", "Pacific/Pago_Pago"])


@far_west
def test_at_one_instant_each_learner_has_their_own_day(
    west: str, curriculum: Catalogue, time_machine: Any
) -> None:
    alice, bob = make_learner("Alice", zone=KIRITIMATI), make_learner("Bob", zone=west)
    time_machine.move_to(SPLIT, tick=False)
    for learner in (alice, bob):
        make_plan_at(learner, curriculum, NOW - 4 * A_WEEK, start_on=date(2026, 10, 5))
    assert clock.today(alice.zone_info) == date(2026, 11, 20)
    assert clock.today(bob.zone_info) == date(2026, 11, 18)
    webs = browser_of(alice), browser_of(bob)
    texts = [page(web, "today") for web in webs]
    assert '<p class="where">Fri 20 Nov · week 7' in texts[0]
    assert '<p class="where">Wed 18 Nov · week 7' in texts[1]
    assert '<li class="today"><b>Fri</b>' in texts[0]
    assert '<li class="today"><b>Wed</b>' in texts[1]
    assert log(webs[0], 30).studied_on == date(2026, 11, 20)
    assert log(webs[1], 40).studied_on == date(2026, 11, 18)
    assert [week_total(web) for web in webs] == ["30 min of 6 h 30", "40 min of 6 h 30"]
    # What is today's date for one is still to come for the other.
    for web, status in zip(webs, (302, 422), strict=True):
        answer = web.post(reverse("log"), {"length": "15", "studied_on": "2026-11-20"})
        assert answer.status_code == status


@far_west
@pytest.mark.parametrize(
    ("moment", "mondays"),
    [
        # Monday at half past midnight in Kiritimati, Saturday in Niue.
        (datetime(2026, 11, 22, 10, 30, tzinfo=UTC), (date(2026, 11, 23), date(2026, 11, 16))),
        # Tuesday in Kiritimati, Sunday in Niue; at noon in London it is Monday.
        (datetime(2026, 11, 23, 10, 30, tzinfo=UTC), (date(2026, 11, 23), date(2026, 11, 16))),
        # Wednesday in Kiritimati, Monday in Niue.
        (datetime(2026, 11, 24, 11, 30, tzinfo=UTC), (date(2026, 11, 23), date(2026, 11, 23))),
    ],
)
def test_at_one_instant_each_learner_has_their_own_week_on_every_page(
    west: str,
    moment: datetime,
    mondays: tuple[date, date],
    curriculum: Catalogue,
    time_machine: Any,
) -> None:
    time_machine.move_to(moment, tick=False)
    learners = make_learner("Alice", zone=KIRITIMATI), make_learner("Bob", zone=west)
    for learner, monday in zip(learners, mondays, strict=True):
        make_plan_at(learner, curriculum, moment - 4 * A_WEEK, weekday_minutes=EVERY_DAY)
        web = browser_of(learner)
        stands = queries.standing(learner.pk, moment.astimezone(learner.zone_info).date())
        assert f'<h2 id="w-{monday.isoformat()}">This week: 0 min of 7 h</h2>' in page(web, "journal")
        assert mondays_linked(page(web, "plan"))[-1] == monday
        assert stands.finish_on is not None
        # Four weeks of nothing, so that the rest begins today and each day later ends one later.
        for name in ("plan", "behind"):
            assert f"{plain(words.long_date(stands.finish_on))}." in page(web, name)


@far_west
def test_one_call_stands_learners_on_their_own_days_and_weeks(west: str, curriculum: Catalogue) -> None:
    """A Tuesday in Kiritimati is the Sunday of the week before in Niue."""
    alice, bob = make_learner("Alice", zone=KIRITIMATI), make_learner("Bob", zone=west)
    moment = datetime(2026, 11, 24, 10, 30, tzinfo=UTC) - A_DAY
    days = {learner.pk: moment.astimezone(learner.zone_info).date() for learner in (alice, bob)}
    assert list(days.values()) == [date(2026, 11, 24), date(2026, 11, 22)]
    for learner in (alice, bob):
        make_plan_at(learner, curriculum, NOW - 60 * A_WEEK, start_on=date(2025, 9, 1))
        for back in range(60):
            # Both have weeks at the far end of the year that only the week of one of them still sees.
            make_session(learner, studied_on=date(2026, 11, 20) - back * A_WEEK, minutes=100 + back)
    make_session(alice, studied_on=date(2026, 11, 23), minutes=30)
    make_session(bob, studied_on=date(2026, 11, 22), minutes=40)
    found = queries.standings(days)
    assert (found[alice.pk].on, found[bob.pk].on) == (date(2026, 11, 24), date(2026, 11, 22))
    assert found[alice.pk].week == Week(date(2026, 11, 23))
    assert found[bob.pk].week == Week(date(2026, 11, 16))
    assert (found[alice.pk].logged_minutes, found[bob.pk].logged_minutes) == (30, 140)
    assert found[alice.pk].week_number == found[bob.pk].week_number + 1
    assert found[alice.pk].forecast is not None
    for pk, day in days.items():
        assert found[pk] == queries.standing(pk, day), "alone or among others is the same"
    both = queries.facts(days)
    for pk, day in days.items():
        assert queries.year_of_weeks(both[pk]) == queries.year_of_weeks(queries.facts_of(pk, day))


# ---------------------------------------------------------------------------- a learner who moves in mid-week


WEDNESDAY = date(2026, 11, 18)
# Nine in the morning of the Wednesday in Auckland, noon of the Tuesday in Los Angeles.
MOVED_AT = at(AUCKLAND, WEDNESDAY, 9)


def move(web: Client, zone: str) -> None:
    """Changes the zone by the settings page."""
    answer = web.post(reverse("change-zone"), {"zone": zone}, follow=True)
    assert f"Your days and weeks now follow {zone}." in answer.text


def own_standing(learner: User) -> queries.Standing:
    """Where a learner stands now, by the zone that is kept."""
    zone = User.objects.get(pk=learner.pk).zone_info
    return queries.standing(learner.pk, clock.today(zone))


@dataclass(frozen=True)
class Mover:
    """A learner with a plan, a browser and an hour and a half logged this week."""

    learner: User
    web: Client


def make_mover(curriculum: Catalogue, zone: str, moment: datetime) -> Mover:
    """Six weeks into a plan, with sessions on Monday and on the local day of the move."""
    learner = make_learner("Alice", zone=zone)
    make_plan_at(learner, curriculum, moment - 6 * A_WEEK, start_on=date(2026, 10, 5))
    for back in range(1, 6):
        make_session(learner, studied_on=date(2026, 11, 21) - back * A_WEEK, minutes=300)
    make_session(learner, studied_on=date(2026, 11, 16), minutes=45)
    web = browser_of(learner)
    log(web, 40, subject=FIRST)
    return Mover(learner, web)


@pytest.fixture
def mover(curriculum: Catalogue, time_machine: Any) -> Mover:
    time_machine.move_to(MOVED_AT, tick=False)
    return make_mover(curriculum, AUCKLAND, MOVED_AT)


def test_a_move_westwards_makes_today_the_day_before_and_leaves_the_sum(mover: Mover) -> None:
    assert '<p class="where">Wed 18 Nov · week 7' in page(mover.web, "today")
    assert week_total(mover.web) == "1 h 25 of 6 h 30"
    kept = list(StudySession.objects.order_by("pk").values_list("studied_on", "zone", "minutes"))
    assert kept[-1] == (WEDNESDAY, AUCKLAND, 40)

    move(mover.web, LOS_ANGELES)
    assert list(StudySession.objects.order_by("pk").values_list("studied_on", "zone", "minutes")) == kept
    text = page(mover.web, "today")
    assert '<p class="where">Tue 17 Nov · week 7' in text
    assert '<li class="today"><b>Tue</b>' in text
    assert "<b>Mon</b><span>45 min</span>" in text
    assert "<b>Wed</b><span>40 min</span>" in text, "logged tomorrow, by the new zone"
    assert week_total(mover.web) == "1 h 25 of 6 h 30"
    assert "This week: 1 h 25 of 6 h 30" in page(mover.web, "journal")


def test_after_a_move_every_page_is_there_with_all_that_was_logged(mover: Mover) -> None:
    move(mover.web, LOS_ANGELES)
    session = StudySession.objects.latest("pk")
    assert '<time datetime="2026-11-18">' in page(mover.web, "journal")
    assert "40 min on Wed 18 Nov" in page(mover.web, "study-session", session.pk)
    for name in ("plan", "behind", "journal", "log", "settings", "skills-matrix", "my-data"):
        assert page(mover.web, name)
    check_drawings(page(mover.web, "plan"))
    assert '"2026-11-18"' in page(mover.web, "my-data")
    year = queries.year_of_weeks(queries.facts_of(mover.learner.pk, WEDNESDAY - A_DAY))
    assert [week.logged_minutes for week in year] == [0, 300, 300, 300, 300, 300, 85][-len(year) :]


def test_after_a_move_the_finish_still_stands(mover: Mover) -> None:
    before = own_standing(mover.learner)
    move(mover.web, LOS_ANGELES)
    after = own_standing(mover.learner)
    assert after.remaining_minutes == before.remaining_minutes
    assert after.progress == before.progress
    assert after.weeks_of_data == before.weeks_of_data
    assert before.finish_on is not None
    assert after.finish_on is not None
    # A day was won, so that the end comes no later, and by no more than the hours of that day sooner.
    assert before.finish_on - A_WEEK <= after.finish_on <= before.finish_on
    assert before.forecast is not None
    assert after.forecast is not None
    assert before.forecast.likely_on is not None
    assert after.forecast.likely_on == before.forecast.likely_on - A_DAY
    assert plain(words.long_date(after.finish_on)) in head_of(page(mover.web, "plan"))


def test_logging_on_the_new_today_works_and_so_does_the_day_that_comes_again(
    mover: Mover, time_machine: Any
) -> None:
    move(mover.web, LOS_ANGELES)
    session = log(mover.web, 20)
    assert (session.studied_on, session.zone) == (WEDNESDAY - A_DAY, LOS_ANGELES)
    assert week_total(mover.web) == "1 h 45 of 6 h 30"
    text = page(mover.web, "today")
    assert "<b>Tue</b><span>20 min</span>" in text
    assert "<b>Wed</b><span>40 min</span>" in text

    time_machine.move_to(at(LOS_ANGELES, WEDNESDAY, 0, 1), tick=False)
    assert log(mover.web, 15).studied_on == WEDNESDAY
    assert week_total(mover.web) == "2 h of 6 h 30"
    assert "<b>Wed</b><span>55 min</span>" in page(mover.web, "today")


def test_a_form_that_was_open_over_the_move_is_refused_with_its_reason(mover: Mover) -> None:
    move(mover.web, LOS_ANGELES)
    answer = mover.web.post(reverse("log"), {"length": "20", "studied_on": WEDNESDAY.isoformat()})
    assert answer.status_code == 422
    assert "That day is still to come." in answer.text
    assert 'value="20"' in answer.text
    assert week_total(mover.web) == "1 h 25 of 6 h 30"


def test_the_way_back_brings_everything_back(mover: Mover) -> None:
    before = own_standing(mover.learner)
    move(mover.web, LOS_ANGELES)
    move(mover.web, AUCKLAND)
    assert own_standing(mover.learner) == before
    assert '<p class="where">Wed 18 Nov · week 7' in page(mover.web, "today")
    assert log(mover.web, 20).studied_on == WEDNESDAY
    assert week_total(mover.web) == "1 h 45 of 6 h 30"


@pytest.mark.parametrize("hour", [12, 23])
def test_a_move_eastwards_leaves_a_day_out_and_no_minutes(
    hour: int, curriculum: Catalogue, time_machine: Any
) -> None:
    moment = at(LOS_ANGELES, WEDNESDAY - A_DAY, hour, 30)
    time_machine.move_to(moment, tick=False)
    mover = make_mover(curriculum, LOS_ANGELES, moment)
    assert '<p class="where">Tue 17 Nov · week 7' in page(mover.web, "today")
    before = own_standing(mover.learner)
    move(mover.web, AUCKLAND)
    text = page(mover.web, "today")
    assert '<p class="where">Wed 18 Nov · week 7' in text
    assert "<b>Tue</b><span>40 min</span>" in text
    assert week_total(mover.web) == "1 h 25 of 6 h 30"
    after = own_standing(mover.learner)
    assert after.remaining_minutes == before.remaining_minutes
    assert before.finish_on is not None
    assert after.finish_on is not None
    assert before.finish_on <= after.finish_on <= before.finish_on + A_WEEK
    session = log(mover.web, 20)
    assert (session.studied_on, session.zone) == (WEDNESDAY, AUCKLAND)
    assert week_total(mover.web) == "1 h 45 of 6 h 30"


def test_a_move_over_a_monday_leaves_each_week_its_sessions(curriculum: Catalogue, time_machine: Any) -> None:
    """On the Monday in Auckland it is still Sunday in Los Angeles: this week becomes the one before."""
    monday = date(2026, 11, 23)
    moment = at(AUCKLAND, monday, 9)
    time_machine.move_to(moment, tick=False)
    mover = make_mover(curriculum, AUCKLAND, moment)
    assert week_total(mover.web) == "40 min of 6 h 30"
    move(mover.web, LOS_ANGELES)
    assert '<p class="where">Sun 22 Nov · week 7' in page(mover.web, "today")
    assert week_total(mover.web) == "45 min of 6 h 30"
    assert log(mover.web, 10).studied_on == monday - A_DAY
    assert week_total(mover.web) == "55 min of 6 h 30"
    time_machine.move_to(at(LOS_ANGELES, monday, 0, 1), tick=False)
    assert '<p class="where">Mon 23 Nov · week 8' in page(mover.web, "today")
    assert week_total(mover.web) == "40 min of 6 h 30"
    assert "16 Nov to Sun 22 Nov 2026: 55 min of 6 h 30" in page(mover.web, "journal")


# -------------------------------------------------------------------- starts long ago and ahead; nothing left


PAGES = ("today", "plan", "behind", "journal", "log")


@pytest.mark.parametrize("start_on", [date(2023, 11, 20), date(2021, 2, 28), date(2000, 1, 1)])
def test_a_plan_begun_and_made_years_ago(
    alice: User, curriculum: Catalogue, time_machine: Any, start_on: date
) -> None:
    plan = make_plan_at(alice, curriculum, at(VIENNA, start_on, 10))
    for back in range(1, 157):
        make_session(alice, studied_on=date(2026, 11, 21) - back * A_WEEK, minutes=180)
    found = queries.facts_of(alice.pk, TODAY)
    stands = queries.stand(found)
    number = (week_of(TODAY).first_on - week_of(start_on).first_on).days // 7 + 1
    assert (stands.state, stands.week_number) == ("active", number)
    year = queries.year_of_weeks(found)
    assert [row.logged_minutes for row in year] == [180] * WEEKS_SEEN + [0]
    assert [row.number for row in year] == list(range(number - WEEKS_SEEN, number + 1))

    # Everything is laid out from today, in the hours that the weeks have.
    assert stands.finish_on is not None
    days = [TODAY + ahead * A_DAY for ahead in range((stands.finish_on - TODAY).days + 1)]
    assert found.pace.minutes_in(days) >= stands.remaining_minutes > found.pace.minutes_in(days[:-1])
    laid = queries.layout(found)
    assert min(item.first_on for item in laid.values()) >= TODAY
    assert max(item.last_on for item in laid.values()) == stands.finish_on
    assert first_layout_end(plan) < TODAY

    # Three hours in every one of the last 52 weeks, so the likely day is plain arithmetic.
    assert stands.weeks_of_data == WEEKS_SEEN
    said = stands.forecast
    assert said is not None
    assert said.likely_on is not None
    assert said.low_80_on is not None
    assert said.high_80_on is not None
    assert abs((said.likely_on - TODAY).days - stands.remaining_minutes / 180 * 7) <= 1
    assert TODAY < said.low_80_on < said.likely_on < said.high_80_on

    time_machine.move_to(NOW, tick=False)
    web = browser_of(alice)
    for name in PAGES:
        assert page(web, name)
    assert f"· week {number}<" in page(web, "today")
    text = page(web, "plan")
    assert f"from {plain(words.long_date(start_on))}" in text
    assert plain(words.long_date(stands.finish_on)) in head_of(text)
    assert f"The first layout said {plain(words.long_date(first_layout_end(plan)))}." in text
    assert "I am behind" in text
    assert "The last four weeks: 3 h on average" in text
    assert "your last 52 weeks" in head_of(text)
    assert f"{plain(words.short_date(said.low_80_on))}" in head_of(text)
    assert f"{plain(words.short_date(said.high_80_on))} {said.high_80_on.year}" in head_of(text)
    assert mondays_linked(text) == [row.week.first_on for row in year]
    check_drawings(text)


def test_a_plan_that_should_have_ended_years_ago_has_a_way_on(
    alice: User, curriculum: Catalogue, time_machine: Any
) -> None:
    plan = make_plan_at(alice, curriculum, at(VIENNA, date(2021, 3, 1), 10))
    time_machine.move_to(NOW, tick=False)
    web = browser_of(alice)
    text = page(web, "behind")
    assert "The date has moved." in text
    assert "No week is long enough" in text
    assert f"none lies before {plain(words.long_date(first_layout_end(plan)))}" in text
    finish_on = queries.standing(alice.pk, TODAY).finish_on
    assert finish_on is not None
    web.post(reverse("behind"), {"way": f"hours:{finish_on.isoformat()}"})
    plan.refresh_from_db()
    assert plan.target_on == finish_on
    assert "The plan holds." in page(web, "behind")


def test_a_start_years_ago_of_a_plan_made_today_lays_nothing_in_the_past(
    alice: User, curriculum: Catalogue, time_machine: Any
) -> None:
    plan = make_plan_at(alice, curriculum, NOW, start_on=date(2019, 6, 3))
    assert min(row.first_on for row in Baseline.objects.filter(plan=plan)) == TODAY
    time_machine.move_to(NOW, tick=False)
    web = browser_of(alice)
    text = page(web, "plan")
    assert "from Mon 3 Jun 2019" in text
    assert len(mondays_linked(text)) == WEEKS_SEEN + 1
    check_drawings(text)
    assert "The plan holds." in page(web, "behind")
    assert "so far there are no" in page(web, "today")


def test_a_plan_that_begins_in_a_year(alice: User, curriculum: Catalogue, time_machine: Any) -> None:
    start_on = date(2027, 11, 20)  # a Saturday, in mid-week
    plan = make_plan_at(alice, curriculum, NOW, start_on=start_on)
    for back in range(1, 5):
        make_session(alice, studied_on=TODAY - back * A_WEEK, minutes=390)
    found = queries.facts_of(alice.pk, TODAY)
    stands = queries.stand(found)
    assert (stands.state, stands.week_number, stands.target_minutes) == ("not-started", 0, 0)
    assert queries.year_of_weeks(found) == ()
    laid = queries.layout(found)
    assert min(item.first_on for item in laid.values()) == start_on
    assert max(item.last_on for item in laid.values()) == stands.finish_on == first_layout_end(plan)
    said = stands.forecast
    assert said is not None
    assert said.low_80_on is not None
    assert said.low_80_on >= start_on

    time_machine.move_to(NOW, tick=False)
    web = browser_of(alice)
    for name in PAGES:
        assert page(web, name)
    text = page(web, "today")
    assert "It starts on Sat 20 Nov 2027." in text
    assert "Nothing is asked of you before. What you log already counts." in text
    text = page(web, "plan")
    assert mondays_linked(text) == []
    check_drawings(text)
    assert "The plan holds." in page(web, "behind")
    log(web, 30, subject=FIRST)
    assert queries.standing(alice.pk, TODAY).remaining_minutes == stands.remaining_minutes - 30

    # The first week asks for what is left of it alone, and is the first of the plan.
    stands = queries.standing(alice.pk, start_on)
    assert (stands.state, stands.week_number, stands.target_minutes) == ("active", 1, 180)
    assert [week.target_minutes for week in stands.weeks] == [180]


@pytest.mark.parametrize("kind", [DONE, KNOWN])
@pytest.mark.parametrize("target_on", [None, date(2027, 9, 30)])
def test_with_nothing_left_every_page_says_so(
    alice: User, curriculum: Catalogue, time_machine: Any, kind: str, target_on: date | None
) -> None:
    time_machine.move_to(NOW, tick=False)
    modules = [module.key for module in curriculum.modules_in("ai-security-engineer")]
    plan = make_plan_at(
        alice,
        curriculum,
        NOW,
        start_on=date(2026, 10, 5),
        target_on=target_on,
        known_modules=modules if kind == KNOWN else (),
    )
    if kind == DONE:
        for piece in queries.track_pieces(plan.revision, plan.track_key):
            actions.mark_activity(alice, plan, piece.key, kind, content=curriculum, now=NOW, on=TODAY)
    stands = queries.standing(alice.pk, TODAY)
    assert (stands.state, stands.progress.percent, stands.remaining_minutes) == ("finished", 100, 0)
    assert (stands.finish_on, stands.forecast, stands.next) == (None, None, ())
    everything = plain(words.hours(stands.progress.done_minutes or stands.progress.known_minutes))

    web = browser_of(alice)
    text = page(web, "today")
    assert "The plan is done." in text
    said = f"{everything} studied" if kind == DONE else f"0 min studied, {everything} known before"
    assert f"{said}. Two ways on: look back at what you built, or take another track." in text
    assert "Next, " not in text
    text = page(web, "plan")
    assert "The plan is done." in text
    assert "Done by " not in text
    assert "I am behind" not in text
    assert "<dt>Share of the plan</dt><dd>100 %</dd>" in text
    check_drawings(text)
    text = page(web, "behind")
    assert "Nothing to move." in text
    assert "Nothing is left to study, or no day was ever named." in text
    for way in ("hours:2026-11-19", "date:390", ""):
        answer = web.post(reverse("behind"), {"way": way}, follow=True)
        assert "Nothing was changed" in answer.text
    assert plan.changes.count() == 1
    assert page(web, "journal")
    log(web, 30)
    assert queries.standing(alice.pk, TODAY).logged_minutes == 30


# -------------------------------------------------------------------------------------- any instant, any zone


ZONES = st.sampled_from(sorted(available_timezones()))
INSTANTS = st.datetimes(datetime(1972, 1, 1), datetime(2199, 12, 31), timezones=st.just(UTC))
# Where clocks and calendars jump: around midnights and hours on the days of the table above, and year ends.
NEAR = st.builds(
    lambda day, minutes: datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(minutes=minutes),
    st.sampled_from([change.sunday for change in CHANGES] + [date(2026, 12, 31), date(2028, 2, 29)]),
    st.integers(-26 * 60, 50 * 60),
)


@settings(deadline=None, max_examples=300)
@given(instant=INSTANTS | NEAR, name=ZONES)
def test_a_learners_week_contains_their_today(instant: datetime, name: str) -> None:
    zone = ZoneInfo(name)
    local = instant.astimezone(zone)
    with clockwork.travel(instant, tick=False):
        assert clock.now() == instant
        today = clock.today(zone)
    assert today == date(local.year, local.month, local.day)
    assert abs((today - instant.date()).days) <= 1
    week = week_of(today)
    assert today in week
    assert week.first_on.weekday() == 0
    assert sum(today in week.shifted(weeks) for weeks in range(-60, 61)) == 1


@settings(deadline=None, max_examples=200)
@given(instant=INSTANTS | NEAR, ahead=st.integers(0, 100 * 24 * 60), name=ZONES)
def test_consecutive_weeks_tile_the_days_between_any_two_instants(
    instant: datetime, ahead: int, name: str
) -> None:
    zone = ZoneInfo(name)
    todays = []
    for moment in (instant, instant + timedelta(minutes=ahead)):
        with clockwork.travel(moment, tick=False):
            todays.append(clock.today(zone))
    first, last = week_of(min(todays)), week_of(max(todays))
    weeks = [first]
    while weeks[-1] < last:
        weeks.append(weeks[-1].shifted(1))
    assert weeks[-1] == last
    assert all(before.until_on == later.first_on for before, later in pairwise(weeks))
    days = [day for week in weeks for day in week.days]
    assert days == [first.first_on + n * A_DAY for n in range(7 * len(weeks))]
    for day in days:
        assert [week for week in weeks if day in week] == [week_of(day)]


@settings(deadline=None, max_examples=200)
@given(
    instant=INSTANTS | NEAR,
    name=ZONES,
    logged=st.dictionaries(st.integers(0, 70 * 7), st.integers(1, 900), max_size=120),
    paused=st.lists(st.tuples(st.integers(0, 70), st.integers(1, 6)), max_size=4),
)
def test_study_weeks_hold_the_minutes_of_whole_unpaused_weeks(
    instant: datetime, name: str, logged: dict[int, int], paused: list[tuple[int, int]]
) -> None:
    on = instant.astimezone(ZoneInfo(name)).date()
    this = week_of(on)
    by_day = {on - back * A_DAY: minutes for back, minutes in logged.items()}
    off = [Off(this.shifted(-back).first_on, this.shifted(length - back).first_on) for back, length in paused]
    whole = [this.shifted(-back) for back in range(WEEKS_SEEN, 0, -1)]
    expected = [
        sum(by_day.get(day, 0) for day in week.days)
        for week in whole
        if not any(week.first_on in pause for pause in off)
    ]
    found = study_weeks(by_day, off, on)
    assert sum(found) == sum(expected)
    assert list(found) == expected[len(expected) - len(found) :], "and each week on its own, in their order"


@settings(deadline=None, max_examples=200)
@given(
    instant=INSTANTS | NEAR,
    name=ZONES,
    minutes=st.lists(st.integers(1, 300), min_size=7 * 12, max_size=7 * 12),
    week=st.integers(1, 12),
    first=st.integers(0, 6),
    days=st.integers(1, 3),
)
def test_a_pause_within_a_week_changes_the_figures_of_no_other_week(
    instant: datetime, name: str, minutes: list[int], week: int, first: int, days: int
) -> None:
    on = instant.astimezone(ZoneInfo(name)).date()
    this = week_of(on)
    by_day = {this.first_on - (ahead + 1) * A_DAY: length for ahead, length in enumerate(minutes)}
    paused = this.shifted(-week)
    first_on = paused.first_on + min(first, 7 - days) * A_DAY
    without = study_weeks(by_day, [], on)
    found = study_weeks(by_day, [Off(first_on, first_on + days * A_DAY)], on)
    assert sum(without) == sum(minutes)
    assert len(found) == len(without) == 12
    place = 12 - week
    assert found[:place] + found[place + 1 :] == without[:place] + without[place + 1 :]
    left = sum(by_day[day] for day in paused.days if not first_on <= day < first_on + days * A_DAY)
    assert found[place] == pytest.approx(left * 7 / (7 - days), abs=0.51)


# --------------------------------------------------------------------------------------- the 29th of February


LEAP_DAY = date(2028, 2, 29)  # a Tuesday


def test_a_plan_that_begins_on_a_leap_day(alice: User, curriculum: Catalogue, time_machine: Any) -> None:
    moment = at(VIENNA, LEAP_DAY, 10)
    plan = make_plan_at(alice, curriculum, moment)
    assert min(row.first_on for row in Baseline.objects.filter(plan=plan)) == LEAP_DAY
    time_machine.move_to(moment, tick=False)
    web = browser_of(alice)
    assert log(web, 30).studied_on == LEAP_DAY
    # Monday lies before the first day: the week asks for its rest alone.
    assert week_total(web) == "30 min of 5 h 30"
    assert "from Tue 29 Feb 2028" in page(web, "plan")
    for day, number in [
        (date(2028, 3, 5), 1),
        (date(2028, 3, 6), 2),
        (date(2029, 2, 28), 53),
        (date(2029, 3, 1), 53),
        (date(2029, 3, 5), 54),
        (date(2032, 2, 29), 209),
    ]:
        found = queries.facts_of(alice.pk, day)
        year = queries.year_of_weeks(found)
        assert queries.stand(found).week_number == year[-1].number == number
        assert len(year) == min(number, WEEKS_SEEN + 1)
        assert year[0].logged_minutes == (30 if number <= 53 else 0)
        time_machine.move_to(at(VIENNA, day, 10), tick=False)
        web = browser_of(alice)
        for name in PAGES:
            assert page(web, name)


@pytest.mark.parametrize(
    ("first_on", "until_on", "off", "said"),
    [
        ("2028-02-29", "2028-03-01", [LEAP_DAY], "Tue 29 Feb 2028"),
        ("2028-02-28", "2028-02-29", [LEAP_DAY - A_DAY], "Mon 28 Feb 2028"),
        ("2028-02-28", "2028-03-01", [LEAP_DAY - A_DAY, LEAP_DAY], "28 Feb to Tue 29 Feb 2028"),
        ("2028-02-29", "2028-03-02", [LEAP_DAY, LEAP_DAY + A_DAY], "29 Feb to Wed 1 Mar 2028"),
    ],
)
def test_a_pause_over_a_leap_day_has_the_days_it_says(
    alice: User,
    curriculum: Catalogue,
    time_machine: Any,
    first_on: str,
    until_on: str,
    off: list[date],
    said: str,
) -> None:
    moment = at(VIENNA, date(2028, 2, 21), 10)
    make_plan_at(alice, curriculum, moment, weekday_minutes=EVERY_DAY)
    assert off[0] in [
        row.first_on for row in queries.layout(queries.facts_of(alice.pk, moment.date())).values()
    ]
    time_machine.move_to(moment, tick=False)
    web = browser_of(alice)
    answer = web.post(reverse("add-pause"), {"first_on": first_on, "until_on": until_on}, follow=True)
    assert f"<p>{said}</p>" in plain(answer.text)
    for day in (LEAP_DAY + n * A_DAY for n in range(-3, 4)):
        stands = queries.standing(alice.pk, day)
        assert stands.state == ("paused" if day in off else "active")
    stands = queries.standing(alice.pk, LEAP_DAY)
    assert [day.day for day in stands.days if day.is_off] == off
    assert stands.target_minutes == 7 * 60 - 60 * len(off)
    laid = queries.layout(queries.facts_of(alice.pk, moment.date())).values()
    assert not {row.first_on for row in laid} & set(off)
    assert not {row.last_on for row in laid} & set(off)


def test_a_leap_day_of_another_year_is_no_date(alice: User, curriculum: Catalogue, time_machine: Any) -> None:
    moment = at(VIENNA, LEAP_DAY, 10)
    make_plan_at(alice, curriculum, moment)
    time_machine.move_to(moment, tick=False)
    answer = browser_of(alice).post(reverse("add-pause"), {"first_on": "2029-02-29"})
    assert answer.status_code == 422
    assert "That is not a date." in answer.text


def hours_form(today: date, **said: str) -> HoursForm:
    return HoursForm({"monday": "1", "start_on": today.isoformat(), "target": "", **said}, today=today)


def test_a_target_in_february_is_its_last_day() -> None:
    for today, target, last in [
        (date(2027, 9, 1), "2028-02", LEAP_DAY),
        (date(2026, 9, 1), "2027-02", date(2027, 2, 28)),
        (date(2027, 9, 1), "2029-02", date(2029, 2, 28)),
    ]:
        form = hours_form(today, target=target)
        assert form.is_valid(), form.errors
        assert form.target_on == last


def test_the_start_forms_bounds_on_a_leap_day() -> None:
    months = [value for value, _ in hours_form(LEAP_DAY).fields["target"].choices]  # type: ignore[attr-defined]
    assert months[:2] == ["", "2028-03"]
    assert months[-1] == "2030-02"
    for day, is_near in [
        ("2027-02-28", True),
        ("2027-02-27", False),
        ("2029-03-01", True),
        ("2029-03-02", False),
        ("2028-02-29", True),
    ]:
        assert hours_form(LEAP_DAY, start_on=day).is_valid() == is_near


def test_a_leap_day_is_a_target_that_can_be_kept(
    alice: User, curriculum: Catalogue, time_machine: Any
) -> None:
    moment = at(VIENNA, date(2027, 9, 1), 10)
    plan = make_plan_at(alice, curriculum, moment, target_on=LEAP_DAY)
    time_machine.move_to(moment, tick=False)
    web = browser_of(alice)
    text = page(web, "behind")
    assert "The date has moved." in text
    assert "Your target is Tue 29 Feb 2028." in text
    ways = queries.ways_on(queries.facts_of(alice.pk, moment.date()), None)
    assert ways is not None
    web.post(reverse("behind"), {"way": f"date:{ways.week_minutes}"})
    plan.refresh_from_db()
    assert sum(plan.weekday_minutes) == ways.week_minutes
    finish_on = queries.standing(alice.pk, moment.date()).finish_on
    assert finish_on is not None
    assert finish_on <= LEAP_DAY
    assert "The plan holds." in page(web, "behind")


@pytest.mark.parametrize(
    ("target_on", "said"), [(LEAP_DAY, "The plan holds."), (LEAP_DAY - A_DAY, "The date has moved.")]
)
def test_a_leap_day_is_one_day_of_the_plan(
    alice: User, curriculum: Catalogue, time_machine: Any, target_on: date, said: str
) -> None:
    """An hour a day, begun as many days before as the plan has hours: it ends on the 29th."""
    hours = -(-curriculum.minutes_in("ai-security-engineer") // 60)
    start_on = LEAP_DAY - (hours - 1) * A_DAY
    moment = at(VIENNA, start_on, 10)
    make_plan_at(alice, curriculum, moment, weekday_minutes=EVERY_DAY, target_on=target_on)
    assert queries.standing(alice.pk, start_on).finish_on == LEAP_DAY
    time_machine.move_to(moment, tick=False)
    web = browser_of(alice)
    assert said in page(web, "behind")
    assert "Tue 29 Feb 2028" in head_of(page(web, "plan"))


# ---------------------------------------------------------------------- what a move once broke, and does not


def test_the_journal_has_a_session_of_a_monday_that_is_still_to_come(
    curriculum: Catalogue, time_machine: Any
) -> None:
    monday = date(2026, 11, 23)
    moment = at(AUCKLAND, monday, 9)
    time_machine.move_to(moment, tick=False)
    learner = make_learner("Alice", zone=AUCKLAND)
    make_plan_at(learner, curriculum, moment)
    web = browser_of(learner)
    make_session(learner, studied_on=monday)
    move(web, LOS_ANGELES)
    assert '<time datetime="2026-11-23">' in page(web, "journal")
    assert "Nothing is logged yet." not in page(web, "journal")


def test_a_tick_of_the_coming_monday_leaves_the_burn_up_in_order(
    curriculum: Catalogue, time_machine: Any
) -> None:
    monday = date(2026, 11, 23)
    moment = at(AUCKLAND, monday, 9)
    time_machine.move_to(moment, tick=False)
    mover = make_mover(curriculum, AUCKLAND, moment)
    mover.web.post(reverse("mark-activity", args=["mindset", "mindset.rate-six-skills"]), {"kind": "done"})
    move(mover.web, LOS_ANGELES)
    check_drawings(page(mover.web, "plan"))


def test_a_session_of_tomorrow_can_be_corrected_and_keeps_its_day(
    curriculum: Catalogue, time_machine: Any
) -> None:
    time_machine.move_to(MOVED_AT, tick=False)
    mover = make_mover(curriculum, AUCKLAND, MOVED_AT)
    session = StudySession.objects.latest("pk")
    move(mover.web, LOS_ANGELES)
    answer = mover.web.post(
        reverse("study-session", args=[session.pk]),
        {
            "length": "50",
            "subject": session.activity_key,
            "studied_on": session.studied_on.isoformat(),
        },
    )
    assert answer.status_code == 302
    session.refresh_from_db()
    assert session.minutes == 50


def test_the_first_layout_begins_on_the_day_of_the_zone_that_was_chosen(
    curriculum: Catalogue, time_machine: Any
) -> None:
    # Noon on Thursday for the server; in Kiritimati, chosen in the last step, it is Friday already.
    time_machine.move_to(datetime(2026, 11, 19, 12, tzinfo=UTC), tick=False)
    learner = make_learner("Alice", zone="UTC")
    web = browser_of(learner)
    web.post(reverse("start"), {"track": "ai-security-engineer"})
    web.post(
        reverse("start-hours"),
        {**dict.fromkeys(DAY_FIELDS, "1"), "start_on": "2026-11-19", "target": ""},
    )
    web.post(reverse("start-known"), {})
    web.post(reverse("start-reminder"), {"weekday": "1", "hour": "9", "zone": "Pacific/Kiritimati"})
    assert web.post(reverse("start-preview")).status_code == 302
    plan = Plan.objects.get(learner=learner)
    assert min(row.first_on for row in plan.baseline.all()) == date(2026, 11, 20)


def test_the_hours_can_be_kept_where_all_that_is_left_ends_on_the_first_day(
    alice: User, curriculum: Catalogue, time_machine: Any
) -> None:
    time_machine.move_to(NOW, tick=False)
    others = [module.key for module in curriculum.modules_in("ai-security-engineer")][1:]
    plan = make_plan_at(
        alice, curriculum, NOW, start_on=TODAY, weekday_minutes=(600,) * 7, known_modules=others
    )
    for row in curriculum.module("mindset").required_in(plan.track_key)[1:]:
        actions.mark_activity(alice, plan, row.key, "done", content=curriculum, now=NOW, on=TODAY)
    answer = browser_of(alice).post(reverse("behind"), {"way": f"hours:{TODAY.isoformat()}"})
    assert answer.status_code == 302
    plan.refresh_from_db()
    assert plan.target_on == TODAY
