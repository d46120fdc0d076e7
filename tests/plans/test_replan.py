"""Ways on from a date that moved, and taking a change back."""

import json
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from curriculum.catalogue import Catalogue
from tests.fixtures.cast import NOW, TODAY, browser_of, make_plan, make_session
from tests.plans.test_layout import FEW, rolled_back
from tracker.people.models import User
from tracker.plans import actions, queries
from tracker.plans.models import Mark, Plan, PlanChange
from tracker.plans.rules.replan import hours_that_keep, refuse_undo, stretch, ways
from tracker.plans.rules.schedule import QUARTER, Off, Pace, Start, finish_on, merged, touch

MONDAY = date(2026, 11, 23)
WEEKS = st.lists(st.integers(0, 32).map(lambda n: n * QUARTER), min_size=7, max_size=7).filter(any)


# ------------------------------------------------------------------------------------------------- pure


@given(week=WEEKS, minutes=st.integers(1, 20_000), days=st.integers(0, 700), spent=st.integers(0, 120))
def test_hours_that_keep_a_date_do_keep_it_and_never_shrink(
    week: list[int], minutes: int, days: int, spent: int
) -> None:
    pace, date_on = Pace(tuple(week)), MONDAY + timedelta(days=days)
    kept = hours_that_keep(minutes, pace, Start(MONDAY, spent), date_on)
    if kept is None:
        return
    assert all(after >= before and after % QUARTER == 0 for before, after in zip(week, kept, strict=True))
    assert [bool(after) for after in kept] == [bool(before) for before in week], "no other days than now"
    ends_on = finish_on(minutes, Pace(kept), Start(MONDAY, spent))
    assert ends_on is not None
    assert ends_on <= date_on


@given(week=WEEKS, minutes=st.integers(1, 20_000), days=st.integers(1, 700))
def test_a_plan_that_is_not_behind_needs_no_more_hours(week: list[int], minutes: int, days: int) -> None:
    found = ways(minutes, Pace(tuple(week)), Start(MONDAY), MONDAY + timedelta(days=days))
    if not found.is_behind:
        assert found.weekday_minutes is not None
        assert sum(found.weekday_minutes) >= sum(week)
        assert sum(found.weekday_minutes) < sum(week) + 8 * QUARTER


def test_a_week_without_time_has_no_hours_that_keep_anything() -> None:
    assert stretch((0,) * 7, 600) is None
    assert hours_that_keep(600, Pace((0,) * 7), Start(MONDAY), MONDAY + timedelta(days=70)) is None


def test_a_day_has_24_hours() -> None:
    assert (
        hours_that_keep(10_000, Pace((0, 0, 0, 0, 0, 60, 0)), Start(MONDAY), MONDAY + timedelta(days=8))
        is None
    )


def test_what_can_be_undone() -> None:
    def refused(days: int = 0, *, is_last: bool = True, has_before: bool = True) -> str:
        return refuse_undo(NOW, NOW + timedelta(days=days), is_last=is_last, has_before=has_before)

    assert refused(7) == ""
    assert "seven" in refused(8) or "7 days" in refused(8)
    assert "later change" in refused(is_last=False)
    assert "nothing before it" in refused(has_before=False)


DAYS = st.integers(0, 60).map(lambda n: MONDAY + timedelta(days=n))
PAUSES = st.builds(
    lambda first, length: Off(first, first + timedelta(days=length) if length else None),
    DAYS,
    st.integers(0, 20),
)


@given(one=PAUSES, other=PAUSES, day=DAYS)
def test_two_pauses_that_touch_are_one_over_the_same_days(one: Off, other: Off, day: date) -> None:
    assert touch(one, other) == touch(other, one)
    if touch(one, other):
        assert (day in merged([one, other])) == (day in one or day in other)
    else:
        assert not (day in one and day in other)


# ------------------------------------------------------------------------------------- in the database


def inputs(user: User) -> str:
    return actions.canonical_inputs(user.plans.get(ended_at__isnull=True))


def test_pauses_merge_and_one_inside_another_changes_nothing(alice: User, curriculum: Catalogue) -> None:
    plan = make_plan(alice, curriculum)
    first = TODAY + timedelta(days=10)
    actions.pause_plan(plan, first, first + timedelta(days=5), now=NOW)
    actions.pause_plan(plan, first + timedelta(days=20), first + timedelta(days=25), now=NOW)
    changes = plan.changes.count()
    actions.pause_plan(plan, first + timedelta(days=1), first + timedelta(days=3), now=NOW)
    assert plan.changes.count() == changes, "those days are off already"
    actions.pause_plan(plan, first + timedelta(days=5), first + timedelta(days=21), now=NOW)
    pause = plan.pauses.get()
    assert (pause.first_on, pause.until_on) == (first, first + timedelta(days=25))
    actions.pause_plan(plan, first - timedelta(days=3), None, now=NOW)
    pause = plan.pauses.get()
    assert (pause.first_on, pause.until_on) == (first - timedelta(days=3), None)


def test_undo_restores_every_input_byte_for_byte_and_can_be_undone(
    alice: User, curriculum: Catalogue
) -> None:
    plan = make_plan(alice, curriculum)
    actions.pause_plan(plan, TODAY + timedelta(days=3), TODAY + timedelta(days=9), now=NOW)
    before = inputs(alice)
    actions.mark_activity(
        alice, plan, "mindset.rate-six-skills", "done", content=curriculum, now=NOW, on=TODAY
    )
    actions.replan(plan, reason="More", weekday_minutes=(120,) * 7, target_on=date(2027, 6, 30), now=NOW)
    after = inputs(alice)
    assert after != before
    change = plan.changes.latest("pk")
    assert (change.before, change.after) == (before, after)
    assert actions.undo_change(plan, change.pk, now=NOW + timedelta(days=7)) == ""
    assert inputs(alice) == before
    assert Mark.objects.get().kind == "done", "marks are no input of the plan"
    undoing = plan.changes.latest("pk")
    assert (undoing.before, undoing.after, undoing.reason) == (after, before, "Undone: More")
    assert actions.undo_change(plan, undoing.pk, now=NOW + timedelta(days=7)) == ""
    assert inputs(alice) == after


def test_undo_is_refused_with_a_sentence(alice: User, charlie: User, curriculum: Catalogue) -> None:
    plan, other = make_plan(alice, curriculum), make_plan(charlie, curriculum)
    made = plan.changes.get()
    assert "nothing before it" in actions.undo_change(plan, made.pk, now=NOW)
    actions.replan(plan, reason="One", weekday_minutes=(60,) * 7, now=NOW)
    one = plan.changes.latest("pk")
    actions.replan(plan, reason="Two", weekday_minutes=(90,) * 7, now=NOW)
    two = plan.changes.latest("pk")
    assert "later change" in actions.undo_change(plan, one.pk, now=NOW)
    assert "7 days" in actions.undo_change(plan, two.pk, now=NOW + timedelta(days=8))
    with pytest.raises(PlanChange.DoesNotExist):
        actions.undo_change(other, two.pk, now=NOW)
    assert json.loads(inputs(alice))["weekday_minutes"] == [90] * 7


LEFT_OUT = "mindset.read-two-cases"


@pytest.fixture
def ahead(alice: User, curriculum: Catalogue) -> Plan:
    """A plan with a pause that runs and an activity left out, of a learner who is ahead by half a module."""
    plan = make_plan(alice, curriculum, target_on=date(2027, 12, 31))
    actions.pause_plan(plan, TODAY - timedelta(days=3), TODAY + timedelta(days=4), now=NOW)
    actions.leave_out(plan, [LEFT_OUT], reason="Left out", now=NOW)
    for key in list(queries.layout(queries.facts_of(alice.pk, TODAY)))[:6]:
        actions.mark_activity(alice, plan, key, "done", content=curriculum, now=NOW, on=TODAY)
    return Plan.objects.get(pk=plan.pk)


def _end_pause(plan: Plan, content: Catalogue, now: datetime) -> Any:
    pause = plan.pauses.order_by("first_on").first()
    return pause is not None and actions.end_pause(plan, pause.pk, TODAY, now=now)


def _mark_known(plan: Plan, content: Catalogue, now: datetime) -> Any:
    keys = [row.key for row in content.module("garak").activities_in(plan.track_key)]
    return actions.mark_known(plan.learner, plan, keys, content=content, now=now, on=TODAY)


# Every way to change a plan's inputs but moving to another revision, of which test_agreed.py knows.
CHANGES: dict[str, Callable[[Plan, Catalogue, datetime], Any]] = {
    "hours": lambda plan, _, now: actions.replan(plan, reason="", weekday_minutes=(90,) * 7, now=now),
    "target": lambda plan, _, now: actions.replan(plan, reason="", target_on=date(2028, 6, 30), now=now),
    "no target": lambda plan, _, now: actions.replan(plan, reason="", target_on=None, now=now),
    "track": lambda plan, _, now: actions.replan(plan, reason="", track_key="security-aware-mle", now=now),
    "order": lambda plan, _, now: actions.choose_order(plan, "side-by-side", now=now),
    "own ratio": lambda plan, _, now: actions.use_own_ratio(plan, uses=False, now=now),
    "pause": lambda plan, _, now: actions.pause_plan(
        plan, TODAY + timedelta(days=2), TODAY + timedelta(days=30), now=now
    ),
    "open pause": lambda plan, _, now: actions.pause_plan(plan, TODAY + timedelta(days=60), None, now=now),
    "end of pause": _end_pause,
    "leave out": lambda plan, _, now: actions.leave_out(
        plan, ["mindset.compare-two-roles"], reason="", now=now
    ),
    "take in": lambda plan, _, now: actions.take_in(plan, LEFT_OUT, reason="", now=now),
    "move up": lambda plan, _, now: actions.move_up(plan, reason="", now=now),
    "known": _mark_known,
}


def rows_of(plan: Plan) -> tuple[object, list[Any], list[Any]]:
    """Every column of a plan, its pauses and its first layout."""
    columns = Plan.objects.filter(pk=plan.pk).values().get()
    pauses = list(plan.pauses.order_by("first_on").values_list("first_on", "until_on"))
    return columns, pauses, list(plan.baseline.order_by("pk").values())


@pytest.mark.parametrize("name", CHANGES)
def test_every_change_can_be_taken_back_byte_for_byte_and_that_as_well(
    ahead: Plan, curriculum: Catalogue, name: str
) -> None:
    learner = ahead.learner
    older = ahead.changes.latest("pk")
    before, rows = inputs(learner), rows_of(ahead)
    CHANGES[name](ahead, curriculum, NOW)
    change = ahead.changes.latest("pk")
    after, changed = inputs(learner), rows_of(ahead)
    assert (change.before, change.after) == (before, after)
    assert after != before
    assert "later change" in actions.undo_change(ahead, older.pk, now=NOW)
    for restored, columns in [(before, rows), (after, changed), (before, rows)]:
        undone = ahead.changes.latest("pk")
        assert actions.undo_change(ahead, undone.pk, now=NOW) == ""
        assert inputs(learner) == restored
        assert rows_of(ahead) == columns
        assert "later change" in actions.undo_change(ahead, undone.pk, now=NOW), "once, not twice"
        assert "later change" in actions.undo_change(ahead, older.pk, now=NOW)
        assert inputs(learner) == restored, "what was refused has changed nothing"


@FEW
@given(names=st.lists(st.sampled_from(sorted(CHANGES)), min_size=2, max_size=6))
def test_after_any_changes_the_last_one_is_taken_back_and_the_others_are_not(
    ahead: Plan, curriculum: Catalogue, names: list[str]
) -> None:
    learner = ahead.learner
    with rolled_back():
        for place, name in enumerate(names):
            before, rows, number = inputs(learner), rows_of(ahead), ahead.changes.count()
            CHANGES[name](ahead, curriculum, NOW + timedelta(hours=place))
            changed = inputs(learner) != before
            assert ahead.changes.count() == number + changed, f"{name} is kept once, if it changes anything"
            if changed:
                change = ahead.changes.latest("pk")
                assert (change.before, change.after) == (before, inputs(learner))
                last_before, last_rows = before, rows
        later = NOW + timedelta(days=7)
        *others, last = ahead.changes.order_by("pk")
        for other in others:
            assert actions.undo_change(ahead, other.pk, now=later)
        assert actions.undo_change(ahead, last.pk, now=later) == ""
        assert inputs(learner) == last_before
        assert rows_of(ahead) == last_rows


# The end of a pause is left out: asked for again, the pause that is over goes altogether.
@pytest.mark.parametrize("name", [name for name in CHANGES if name != "end of pause"])
def test_the_same_change_twice_is_one_change(ahead: Plan, curriculum: Catalogue, name: str) -> None:
    number = ahead.changes.count()
    assert CHANGES[name](ahead, curriculum, NOW)
    changed = inputs(ahead.learner)
    CHANGES[name](ahead, curriculum, NOW)
    assert (ahead.changes.count(), inputs(ahead.learner)) == (number + 1, changed)
    # Three days after it moved up, an idle learner is not ahead any more.
    if name != "move up":
        CHANGES[name](ahead, curriculum, NOW + timedelta(days=3))
        assert (ahead.changes.count(), inputs(ahead.learner)) == (number + 1, changed)


# ----------------------------------------------------------------------------------------------- pages


@pytest.fixture
def web(alice: User, curriculum: Catalogue, now: object) -> Client:
    make_plan(alice, curriculum, target_on=date(2027, 3, 31))
    return browser_of(alice)


def test_keeping_the_date_takes_the_hours_that_were_shown(web: Client, alice: User) -> None:
    page = web.get(reverse("behind")).text
    found = queries.ways_on(queries.facts_of(alice.pk, TODAY), None)
    assert found is not None
    assert found.is_behind
    assert found.weekday_minutes is not None
    assert f'value="date:{found.week_minutes}"' in page
    assert "The date has moved" in page
    web.post(reverse("behind"), {"way": f"date:{found.week_minutes}"})
    plan = alice.plans.get()
    assert plan.weekday_minutes == found.weekday_minutes
    assert str(plan.target_on) == "2027-03-31"
    stands = queries.standing(alice.pk, TODAY)
    assert stands.finish_on is not None
    assert stands.finish_on <= date(2027, 3, 31)
    assert "I am behind" not in web.get(reverse("plan")).text
    baseline = plan.baseline.count()
    assert baseline > 100, "the first layout stays"


def test_keeping_the_hours_moves_the_target(web: Client, alice: User) -> None:
    assert "I am behind" in web.get(reverse("plan")).text
    found = queries.ways_on(queries.facts_of(alice.pk, TODAY), None)
    assert found is not None
    assert found.finish_on is not None
    week = alice.plans.get().weekday_minutes
    web.post(reverse("behind"), {"way": f"hours:{found.finish_on.isoformat()}"})
    plan = alice.plans.get()
    assert (plan.target_on, plan.weekday_minutes) == (found.finish_on, week)
    page = web.get(reverse("plan")).text
    assert "Kept the hours" in page
    assert "Take it back" in page
    web.post(reverse("undo-change", args=[plan.changes.latest("pk").pk]))
    assert str(alice.plans.get().target_on) == "2027-03-31"


@pytest.mark.parametrize("way", ["", "date:1", "hours:2020-01-01", "hours:never", "drop"])
def test_what_was_not_shown_changes_nothing(web: Client, alice: User, way: str) -> None:
    before = inputs(alice)
    assert web.post(reverse("behind"), {"way": way}).headers["Location"] == reverse("behind")
    assert inputs(alice) == before


def test_what_moved_since_is_looked_at_again(web: Client, alice: User) -> None:
    found = queries.ways_on(queries.facts_of(alice.pk, TODAY), None)
    assert found is not None
    make_session(alice, minutes=300, activity_key="mindset.rate-six-skills", module_key="mindset")
    before = inputs(alice)
    web.post(reverse("behind"), {"way": f"date:{(found.week_minutes or 0) + 60}"})
    assert inputs(alice) == before


def test_modules_side_by_side_by_a_click_and_back(web: Client, alice: User) -> None:
    assert "Independent ones side by side" in web.get(reverse("plan")).text
    web.post(reverse("choose-order"), {"order": "side-by-side"})
    assert alice.plans.get().order == "side-by-side"
    assert "two at a time" in web.get(reverse("plan")).text
    assert web.get(reverse("today")).status_code == 200
    web.post(reverse("choose-order"), {"order": "backwards"})
    assert alice.plans.get().order == "side-by-side"
    web.post(reverse("choose-order"), {"order": "one-by-one"})
    assert alice.plans.get().order == "one-by-one"


def test_not_this_week_takes_an_activity_from_today_and_moves_no_date(web: Client, alice: User) -> None:
    address = reverse("put-off", args=["mindset", "mindset.rate-six-skills"])
    before = inputs(alice)
    assert address in web.get(reverse("today")).text
    page = web.post(address, follow=True).text
    assert "Not this week: " in page
    assert address not in page
    assert inputs(alice) == before
    web.post(address, {"again": "yes"})
    assert address in web.get(reverse("today")).text
    assert web.post(reverse("put-off", args=["mindset", "garak.run-six-families"])).status_code == 404


def test_the_forecast_is_said_once_there_are_three_weeks(web: Client, alice: User) -> None:
    assert "needs three whole ones; so far there are no" in web.get(reverse("plan")).text
    for weeks in (1, 2, 3):
        make_session(alice, minutes=300, studied_on=TODAY - timedelta(weeks=weeks))
    page = web.get(reverse("plan")).text
    assert "going by your last three weeks" in page
    assert "four times in five" in page
    assert "From your last three weeks" in web.get(reverse("today")).text


def test_charlie_cannot_undo_what_alice_changed(
    web: Client, alice: User, charlie: User, curriculum: Catalogue
) -> None:
    make_plan(charlie, curriculum)
    actions.replan(alice.plans.get(), reason="More", weekday_minutes=(90,) * 7, now=NOW)
    change = alice.plans.get().changes.latest("pk")
    assert browser_of(charlie).post(reverse("undo-change", args=[change.pk])).status_code == 404
    assert alice.plans.get().weekday_minutes == (90,) * 7


def test_without_a_plan_there_is_no_way_on(charlie: User) -> None:
    web = browser_of(charlie)
    assert web.get(reverse("behind")).status_code == 404
    assert web.post(reverse("undo-change", args=[1])).status_code == 404
