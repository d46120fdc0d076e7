"""The plan by programs: dates, weeks, activities and milestones, the same as on the pages."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from curriculum.catalogue import Catalogue
from tests.api.programs import Program, fields_in, make_program, problem_in
from tests.fixtures.cast import NOW, TODAY, WEEK, make_plan, make_session
from tracker.milestones import actions as milestones_actions
from tracker.people.models import User
from tracker.plans import actions, queries
from tracker.plans.models import Mark

FIRST = "mindset.rate-six-skills"


def test_the_plan_is_that_of_the_page(program: Program, learner: User) -> None:
    plan = queries.active_plan(learner.pk)
    assert plan is not None
    actions.pause_plan(plan, date(2026, 12, 21), date(2027, 1, 4), now=NOW)
    actions.pause_plan(plan, date(2027, 2, 1), None, now=NOW)
    make_session(learner, activity_key=FIRST, module_key="mindset")
    said = program.get("/plan").json()
    found = queries.facts_of(learner.pk, TODAY)
    stands = queries.stand(found)
    assert (said["track"], said["start_on"], said["target_on"]) == (
        "ai-security-engineer",
        "2026-10-05",
        None,
    )
    assert said["weekday_minutes"] == list(WEEK)
    assert said["state"] == "active"
    assert said["remaining_minutes"] == stands.remaining_minutes > 0
    assert (said["percent"], said["done_minutes"]) == (0, 0)
    assert said["forecast"] is None
    # The last day of a pause is in it; an open one has none.
    assert said["pauses"] == [
        {"first_on": "2026-12-21", "last_on": "2027-01-03"},
        {"first_on": "2027-02-01", "last_on": None},
    ]
    rows = queries.road(found, queries.baseline_of(plan))
    assert [module["key"] for module in said["modules"]] == [row.module.key for row in rows]
    first = said["modules"][0]
    assert first["state"] == "part"
    assert rows[0].now is not None
    assert first["now"] == {"first_on": rows[0].now[0].isoformat(), "last_on": rows[0].now[1].isoformat()}


def test_the_forecast_is_that_of_the_page(program: Program, learner: User) -> None:
    for week in range(1, 10):
        make_session(learner, studied_on=TODAY - timedelta(weeks=week), minutes=300)
    said = program.get("/plan").json()["forecast"]
    shown = queries.standing(learner.pk, TODAY).forecast
    assert shown is not None
    assert shown.likely_on is not None
    assert said["likely_on"] == shown.likely_on.isoformat()
    assert said["weeks_of_data"] == shown.weeks_of_data


@pytest.mark.usefixtures("now")
def test_without_a_plan(alice: User, curriculum: Catalogue) -> None:
    program = make_program(alice)
    make_session(alice, minutes=45)
    assert program.get("/me").json()["plan"] is False
    assert problem_in(program.get("/plan"), 404)["type"] == "/api/v1/problems/no-plan"
    for path in ("/activities", "/next", "/milestones"):
        assert program.get(path).json() == {"items": []}
    week = {"from": "2026-11-16", "number": None, "logged_minutes": 45, "target_minutes": 0, "paused": False}
    assert program.get("/weeks?weeks=1").json()["items"] == [week]
    assert program.get("/weeks/this").json().items() >= week.items()
    problem_in(program.ask("PUT", f"/activities/{FIRST}/mark", {"kind": "done"}), 404)
    assert program.post("/timer/start", {"module": "mindset"}).status_code == 201


def test_weeks_against_their_targets(program: Program, learner: User) -> None:
    make_session(learner, minutes=100)
    make_session(learner, minutes=50, studied_on=TODAY - timedelta(weeks=1))
    make_session(learner, minutes=20, studied_on=date(2026, 9, 29))  # before the plan
    items = program.get("/weeks").json()["items"]
    assert len(items) == 8
    assert items[0] == {
        "from": "2026-11-16",
        "number": 7,
        "logged_minutes": 100,
        "target_minutes": sum(WEEK),
        "paused": False,
    }
    assert (items[1]["from"], items[1]["logged_minutes"]) == ("2026-11-09", 50)
    assert (items[7]["from"], items[7]["number"]) == ("2026-09-28", None)
    assert (items[7]["logged_minutes"], items[7]["target_minutes"]) == (20, 0)
    for weeks in ("0", "105", "x", "-1"):
        assert fields_in(program.get(f"/weeks?weeks={weeks}")) == {"weeks"}


def test_this_week_day_by_day(logger: Program, learner: User) -> None:
    make_session(learner, minutes=100)
    said = logger.get("/weeks/this").json()
    assert (said["from"], said["logged_minutes"], said["left_minutes"]) == (
        "2026-11-16",
        100,
        sum(WEEK) - 100,
    )
    assert [day["target_minutes"] for day in said["days"]] == list(WEEK)
    assert said["days"][3] == {"on": "2026-11-19", "logged_minutes": 100, "target_minutes": 60, "off": False}


def test_activities_in_the_plans_order(program: Program, learner: User, curriculum: Catalogue) -> None:
    make_session(learner, minutes=10, activity_key=FIRST, module_key="mindset")
    items = program.get("/activities").json()["items"]
    assert [item["key"] for item in items] == [
        activity.key
        for module in curriculum.modules_in("ai-security-engineer")
        for activity in module.activities_in("ai-security-engineer")
    ]
    assert items[0] | {"title": ""} == {
        "key": FIRST,
        "title": "",
        "module": "mindset",
        "minutes": curriculum.activity(FIRST).minutes,
        "kind": curriculum.activity(FIRST).kind,
        "required": True,
        "state": "part",
        "logged_minutes": 10,
    }
    assert [item["key"] for item in program.get("/activities?state=part").json()["items"]] == [FIRST]
    garak = program.get("/activities?module=garak&state=todo").json()["items"]
    assert garak
    assert {item["module"] for item in garak} == {"garak"}
    assert program.get("/activities?module=no-such").json() == {"items": []}
    assert fields_in(program.get("/activities?state=half")) == {"state"}


def test_next_is_what_today_offers(program: Program, learner: User) -> None:
    offered = [item.standing.activity.key for item in queries.standing(learner.pk, TODAY).next]
    assert [item["key"] for item in program.get("/next").json()["items"]] == offered


def test_ticking_and_opening_again(program: Program, learner: User) -> None:
    address = f"/activities/{FIRST}/mark"
    for kind in ("done", "known", "known"):
        said = program.ask("PUT", address, {"kind": kind}).json()
        assert (said["key"], said["state"]) == (FIRST, kind)
    mark = Mark.objects.get()
    assert (mark.learner, mark.kind, mark.marked_on) == (learner, "known", TODAY)
    for _ in range(2):
        assert program.ask("DELETE", address).status_code == 204
    assert not Mark.objects.exists()
    for body in ({"kind": "half"}, {"kind": None}, {}):
        assert fields_in(program.ask("PUT", address, body)) == {"kind"}


def test_what_is_not_in_the_track_is_not_there(charlie: User, curriculum: Catalogue, now: object) -> None:
    make_plan(charlie, curriculum, track_key="security-aware-mle")
    program = make_program(charlie)
    for key in ("mindset.log-ten-assumptions", "mindset", "mindset.x", "%00", "x" * 1000):
        for method, body in (("PUT", {"kind": "done"}), ("DELETE", None)):
            problem_in(program.ask(method, f"/activities/{key}/mark", body), 404)
    assert not Mark.objects.exists()


def test_a_tick_is_ones_own(program: Program, stranger: Program) -> None:
    program.ask("PUT", f"/activities/{FIRST}/mark", {"kind": "done"})
    assert stranger.get("/activities?state=done").json() == {"items": []}
    stranger.ask("DELETE", f"/activities/{FIRST}/mark")
    assert len(program.get("/activities?state=done").json()["items"]) == 1


def test_milestones_say_what_is_ticked(program: Program, learner: User, curriculum: Catalogue) -> None:
    mindset = curriculum.module("mindset")
    plan = queries.active_plan(learner.pk)
    assert plan is not None
    first, *rest = mindset.criteria_in(plan.track_key)
    milestones_actions.tick_criterion(learner, mindset, first.key, link="", note="private", now=NOW)
    said = program.get("/milestones").json()["items"]
    assert [item["module"] for item in said] == [
        module.key for module in curriculum.modules_in(plan.track_key)
    ]
    assert said[0] == {
        "key": mindset.milestone_key,
        "title": mindset.milestone_title,
        "module": "mindset",
        "state": "part",
        "completed_on": None,
        "criteria": [
            {
                "key": each.key,
                "text": each.text,
                "ticked": each == first,
                "state": "claimed" if each == first else "open",
            }
            for each in (first, *rest)
        ],
    }
    for each in rest:
        milestones_actions.tick_criterion(learner, mindset, each.key, link="", note="private", now=NOW)
    milestones_actions.complete_milestone(learner, plan, mindset, now=NOW, on=TODAY)
    item = program.get("/milestones").json()["items"][0]
    assert (item["state"], item["completed_on"]) == ("done", "2026-11-19")


@pytest.mark.parametrize(
    "path", ["/plan", "/weeks", "/weeks/this", "/activities", "/next", "/milestones", "/me", "/timer"]
)
def test_reading_takes_as_many_queries_with_few_rows_as_with_many(
    program: Program, learner: User, curriculum: Catalogue, path: str
) -> None:
    make_session(learner, activity_key=FIRST, module_key="mindset")
    program.get(path)
    with CaptureQueriesContext(connection) as few:
        program.get(path)
    plan = queries.active_plan(learner.pk)
    assert plan is not None
    for back in range(40):
        make_session(
            learner, activity_key=FIRST, module_key="mindset", studied_on=TODAY - timedelta(days=back)
        )
    for activity in curriculum.module("garak").activities_in(plan.track_key):
        actions.mark_activity(learner, plan, activity.key, "done", content=curriculum, now=NOW, on=TODAY)
    for month in (1, 2, 3):
        actions.pause_plan(plan, date(2027, month, 1), date(2027, month, 8), now=NOW)
    with CaptureQueriesContext(connection) as many:
        program.get(path)
    assert len(many) == len(few) <= 9
