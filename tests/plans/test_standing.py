"""Where a learner stands, read from the database."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from curriculum.catalogue import Catalogue
from tests.fixtures.cast import NOW, TODAY, make_learner, make_plan, make_session
from tracker.people.models import User
from tracker.plans import actions, queries
from tracker.plans.models import Baseline, Mark, Plan, PlanChange

FIRST = "mindset.rate-six-skills"


def test_without_a_plan_there_are_still_hours(alice: User) -> None:
    make_session(alice, minutes=45)
    stands = queries.standing(alice.pk, TODAY)
    assert (stands.state, stands.logged_minutes, stands.target_minutes) == ("none", 45, 0)


def test_the_week_against_its_target(alice: User, curriculum: Catalogue) -> None:
    make_plan(alice, curriculum)
    make_session(alice, minutes=45, studied_on=TODAY)
    make_session(alice, minutes=30, studied_on=TODAY - timedelta(days=4))  # Sunday, the week before
    stands = queries.standing(alice.pk, TODAY)
    assert stands.state == "active"
    assert (stands.logged_minutes, stands.target_minutes, stands.left_minutes) == (45, 390, 345)
    assert stands.week_number == 7
    assert [week.logged_minutes for week in stands.weeks] == [0, 0, 0, 0, 0, 30, 45]


def test_a_day_off_is_taken_out_of_the_target(alice: User, curriculum: Catalogue) -> None:
    plan = make_plan(alice, curriculum)
    saturday = date(2026, 11, 21)
    actions.pause_plan(plan, saturday, saturday + timedelta(days=1), now=NOW)
    stands = queries.standing(alice.pk, TODAY)
    assert stands.target_minutes == 210
    assert [day.is_off for day in stands.days] == [False] * 5 + [True, False]
    assert queries.standing(alice.pk, saturday).state == "paused"


def test_a_tick_moves_hours_and_the_next_activity(alice: User, curriculum: Catalogue) -> None:
    plan = make_plan(alice, curriculum)
    before = queries.standing(alice.pk, TODAY)
    assert before.next[0].standing.activity.key == FIRST
    actions.mark_activity(alice, plan, FIRST, "done", content=curriculum, now=NOW, on=TODAY)
    after = queries.standing(alice.pk, TODAY)
    assert after.progress.done_minutes == 45
    assert after.progress.plan_minutes == before.progress.plan_minutes
    assert after.next[0].standing.activity.key != FIRST
    assert after.done_this_week == 1
    actions.unmark_activity(alice, FIRST)
    assert queries.standing(alice.pk, TODAY).progress == before.progress


def test_what_is_put_off_is_not_offered_again_this_week(alice: User, curriculum: Catalogue) -> None:
    plan = make_plan(alice, curriculum)
    before = queries.standing(alice.pk, TODAY)
    actions.put_off(plan, FIRST, on=TODAY)
    after = queries.standing(alice.pk, TODAY)
    assert FIRST in [item.standing.activity.key for item in before.next]
    assert FIRST not in [item.standing.activity.key for item in after.next]
    assert (after.remaining_minutes, after.finish_on) == (before.remaining_minutes, before.finish_on)
    next_week = TODAY + timedelta(days=7)
    assert queries.standing(alice.pk, next_week).next[0].standing.activity.key == FIRST
    actions.put_off(plan, FIRST, on=TODAY, again=True)
    assert queries.standing(alice.pk, TODAY).next[0].standing.activity.key == FIRST


def test_when_everything_is_put_off_something_is_offered_all_the_same(
    alice: User, curriculum: Catalogue
) -> None:
    plan = make_plan(alice, curriculum)
    for module in curriculum.modules_in(plan.track_key):
        for activity in module.required_in(plan.track_key):
            if activity.key != FIRST:
                actions.mark_activity(
                    alice, plan, activity.key, "done", content=curriculum, now=NOW, on=TODAY
                )
    actions.put_off(plan, FIRST, on=TODAY)
    assert queries.standing(alice.pk, TODAY).next[0].standing.activity.key == FIRST


def test_known_is_neither_done_nor_to_do(alice: User, curriculum: Catalogue) -> None:
    plan = make_plan(alice, curriculum, known_modules=["mindset"])
    stands = queries.standing(alice.pk, TODAY)
    minutes = curriculum.module("mindset").minutes_in(plan.track_key)
    assert stands.progress.known_minutes == minutes
    assert stands.progress.plan_minutes == curriculum.minutes_in(plan.track_key) - minutes
    assert stands.progress.done_minutes == 0


def test_what_is_logged_shortens_what_is_left_but_never_under_a_quarter(
    alice: User, curriculum: Catalogue
) -> None:
    make_plan(alice, curriculum)
    make_session(alice, minutes=400, activity_key=FIRST, module_key="mindset", studied_on=date(2026, 10, 6))
    stands = queries.standing(alice.pk, TODAY)
    assert stands.plan is not None
    assert stands.remaining_minutes == curriculum.minutes_in(stands.plan.track_key) - 45 + 12
    assert stands.next[0].standing.state == "part"


def test_the_finish_is_the_last_day_of_the_road(alice: User, curriculum: Catalogue) -> None:
    make_plan(alice, curriculum)
    make_session(alice, minutes=45)
    stands = queries.standing(alice.pk, TODAY)
    assert stands.finish_on == max(
        row.now[1] for row in queries.road(queries.facts_of(alice.pk, TODAY), {}) if row.now
    )


@pytest.mark.parametrize("key", ["", FIRST, "mindset.first-break"])
@pytest.mark.parametrize("minutes", [5, 45, 90, 600])
def test_logging_never_puts_the_finish_off(
    alice: User, curriculum: Catalogue, key: str, minutes: int
) -> None:
    plan = make_plan(alice, curriculum)
    saturday = TODAY + timedelta(days=2)
    finishes = [queries.standing(alice.pk, saturday).finish_on]
    for _ in range(3):
        make_session(alice, minutes=minutes, studied_on=saturday, activity_key=key)
        finishes.append(queries.standing(alice.pk, saturday).finish_on)
    if key:
        actions.mark_activity(alice, plan, key, "done", content=curriculum, now=NOW, on=saturday)
        finishes.append(queries.standing(alice.pk, saturday).finish_on)
    dates = [day for day in finishes if day]
    assert dates == sorted(dates, reverse=True)


def test_the_hours_of_today_are_not_planned_twice(alice: User, curriculum: Catalogue) -> None:
    make_plan(alice, curriculum)
    saturday = TODAY + timedelta(days=2)
    before = queries.standing(alice.pk, saturday).finish_on
    make_session(alice, minutes=100, studied_on=saturday, activity_key="mindset.first-break")
    assert queries.standing(alice.pk, saturday).finish_on == before


def test_a_finished_plan_says_so(alice: User, curriculum: Catalogue) -> None:
    plan = make_plan(alice, curriculum)
    for piece in queries.track_pieces(plan.revision, plan.track_key):
        actions.mark_activity(alice, plan, piece.key, "done", content=curriculum, now=NOW, on=TODAY)
    stands = queries.standing(alice.pk, TODAY)
    assert (stands.state, stands.progress.percent, stands.next, stands.finish_on) == (
        "finished",
        100,
        (),
        None,
    )


def test_marks_outlive_the_plan_and_the_track(alice: User, curriculum: Catalogue) -> None:
    plan = make_plan(alice, curriculum)
    actions.mark_activity(alice, plan, FIRST, "done", content=curriculum, now=NOW, on=TODAY)
    # An activity of the longer track alone.
    actions.mark_activity(
        alice, plan, "mindset.log-ten-assumptions", "done", content=curriculum, now=NOW, on=TODAY
    )
    shorter = make_plan(alice, curriculum, track_key="security-aware-mle")
    stands = queries.standing(alice.pk, TODAY)
    assert stands.plan == shorter
    assert stands.progress.done_minutes == 45
    assert Plan.objects.filter(learner=alice, ended_at__isnull=True).count() == 1
    assert Mark.objects.filter(learner=alice).count() == 2


def test_a_finished_activity_that_was_retired_keeps_counting(alice: User, curriculum: Catalogue) -> None:
    make_plan(alice, curriculum)
    Mark.objects.create(
        learner=alice, activity_key="mindset.gone-since", kind="done", marked_on=TODAY, marked_at=NOW,
        planned_minutes=120, revision=1,
    )  # fmt: skip
    assert queries.standing(alice.pk, TODAY).progress.done_minutes == 120


def test_the_first_layout_is_frozen(alice: User, curriculum: Catalogue) -> None:
    plan = make_plan(alice, curriculum)
    frozen = {row.activity_key: (row.first_on, row.last_on) for row in Baseline.objects.filter(plan=plan)}
    required = [p for p in queries.track_pieces(plan.revision, plan.track_key) if p.required]
    assert len(frozen) == len(required)
    actions.mark_activity(alice, plan, FIRST, "done", content=curriculum, now=NOW, on=TODAY)
    assert frozen == {r.activity_key: (r.first_on, r.last_on) for r in Baseline.objects.filter(plan=plan)}


def test_one_active_plan_is_a_rule_of_the_database(alice: User, curriculum: Catalogue) -> None:
    plan = make_plan(alice, curriculum)
    plan.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        plan.save(force_insert=True)


def test_many_learners_take_as_many_queries_as_one(curriculum: Catalogue) -> None:
    learners = [make_learner(f"learner{number}") for number in range(12)]
    for learner in learners:
        make_session(learner)
        make_plan(learner, curriculum)
    counts = []
    for some in (learners[:1], learners):
        with CaptureQueriesContext(
            connection,
        ) as captured:
            found = queries.standings({learner.pk: TODAY for learner in some})
        assert all(standing.logged_minutes == 45 for standing in found.values())
        counts.append(len(captured))
    assert counts == [5, 5]


def test_canonical_inputs_are_the_same_bytes_for_the_same_plan(alice: User, curriculum: Catalogue) -> None:
    plan = make_plan(alice, curriculum)
    change = PlanChange.objects.get(plan=plan)
    assert change.after == actions.canonical_inputs(Plan.objects.get(pk=plan.pk))
    assert change.before == ""
