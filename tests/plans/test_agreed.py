"""Nothing unfinished is laid out earlier than it was agreed, but by a click that says so."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from curriculum.catalogue import Catalogue
from tests.fixtures.cast import NOW, TODAY
from tests.fixtures.newer import forget_revisions, newer_content, publish
from tests.plans.test_layout import (
    A_DAY,
    DAYS_OFF,
    FEW,
    HOURS,
    LEAD,
    MANY,
    ONE_BY_ONE,
    OPEN_END,
    ORDERS,
    PATIENT,
    SHORTER,
    Learner,
    agreed_ahead,
    learners,
    remaining,
    rolled_back,
    write,
)
from tracker.people.models import User
from tracker.plans import actions, queries
from tracker.plans.models import Plan
from tracker.plans.queries import Facts
from tracker.plans.rules.schedule import (
    End,
    Laid,
    Off,
    Pace,
    Start,
    Work,
    end_of,
    lay_out,
    start_towards,
)

SIDE_BY_SIDE = Plan.Order.SIDE_BY_SIDE
STARTS = st.builds(Start, st.integers(0, 60).map(lambda n: TODAY + n * A_DAY), st.integers(0, 600))
PACES = st.builds(Pace, HOURS, st.lists(DAYS_OFF | OPEN_END, max_size=3).map(tuple))


def check_nothing_earlier(before: Mapping[str, Laid], after: Mapping[str, Laid]) -> None:
    """Whatever is still open begins and ends no earlier than it did."""
    for key, row in after.items():
        if key in before:
            assert row.first_on >= before[key].first_on, f"{key} begins on {row.first_on}"
            assert row.last_on >= before[key].last_on, f"{key} ends on {row.last_on}"


# ------------------------------------------------------------------------------------------------- pure


def is_no_later(one: End | None, other: End) -> bool:
    return one is not None and (one.on, -one.spare_minutes) <= (other.on, -other.spare_minutes)


@PATIENT
@given(pace=PACES, start=STARTS, earliest=STARTS, total=st.integers(1, 9000), left=st.integers(1, 9000))
def test_work_laid_out_towards_an_end_ends_there_or_as_soon_as_it_can(
    pace: Pace, start: Start, earliest: Start, total: int, left: int
) -> None:
    end = end_of(total, pace, start)
    assume(end is not None)
    assert end is not None
    begins = start_towards(end, left, pace, earliest)
    soonest = end_of(left, pace, earliest)
    assert end_of(left, pace, begins) == (end if is_no_later(soonest, end) else soonest)
    assert (begins.on, begins.spent_minutes) >= (earliest.on, earliest.spent_minutes)
    assert start_towards(end, left, pace, earliest) == begins
    # The work that an end came from begins where it began.
    again = start_towards(end, total, pace, start)
    assert lay_out([Work("m.a", total)], pace, again) == lay_out([Work("m.a", total)], pace, start)


@PATIENT
@given(
    pace=PACES,
    start=STARTS,
    later=st.integers(0, 40),
    work=st.lists(st.tuples(st.integers(1, 600), st.integers(0, 100)), min_size=1, max_size=12),
)
def test_what_is_left_of_work_lies_no_earlier_than_all_of_it_did(
    pace: Pace, start: Start, later: int, work: list[tuple[int, int]]
) -> None:
    """Each piece with its minutes and the share of them, in per cent, that is done later on."""
    pieces = [Work(f"m.a{place}", minutes) for place, (minutes, _) in enumerate(work)]
    end = end_of(sum(row.minutes for row in pieces), pace, start)
    assume(end is not None)
    assert end is not None
    before = {row.key: row for row in lay_out(pieces, pace, start)}
    shares = [share for _, share in work]
    left = [
        Work(row.key, row.minutes * (100 - share) // 100) for row, share in zip(pieces, shares, strict=True)
    ]
    left = [row for row in left if row.minutes]
    today = Start(start.on + later * A_DAY, 0 if later else start.spent_minutes)
    begins = start_towards(end, sum(row.minutes for row in left), pace, today) if left else today
    check_nothing_earlier(before, {row.key: row for row in lay_out(left, pace, begins)})


# ------------------------------------------------------------------- whatever happens, without a click


# What happens, with two numbers that say to which open activity, or how much.
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["a day passes", "days pass", "done", "known", "logged", "logged late"]),
        st.integers(0, 200),
        st.integers(1, 400),
    ),
    min_size=1,
    max_size=8,
)


def lived(
    drawn: Learner, steps: list[tuple[str, int, int]], content: Catalogue
) -> Iterator[tuple[Learner, date]]:
    """The learner's rows and the day, after each step."""
    on = TODAY
    for what, place, amount in steps:
        left = list(remaining(drawn, content))
        key = left[place % len(left)] if left else ""
        if what == "a day passes":
            on += A_DAY
        elif what == "days pass":
            on += amount % 40 * A_DAY
        elif what in ("done", "known") and key:
            drawn = replace(drawn, marks=(*drawn.marks, (key, what, on)))
        else:
            day = on - amount % 4 * A_DAY if what == "logged late" else on
            drawn = replace(drawn, sessions=(*drawn.sessions, (day, key, amount)))
        yield drawn, on


@pytest.mark.parametrize("order", Plan.Order.values)
@MANY
@given(data=st.data(), steps=STEPS, ahead_days=st.integers(0, 40))
def test_days_marks_and_hours_move_nothing_up(
    curriculum: Catalogue, order: str, data: st.DataObject, steps: list[tuple[str, int, int]], ahead_days: int
) -> None:
    drawn = data.draw(learners(curriculum, st.just(order), ends=True))
    agreed = agreed_ahead(drawn.facts(curriculum), ahead_days)
    assert agreed.plan is not None
    before = queries.layout(agreed)
    for rows, on in lived(drawn, steps, curriculum):
        found = replace(rows.facts(curriculum, on), plan=agreed.plan)
        after, stands = queries.layout(found), queries.stand(found)
        left = sum(remaining(rows, curriculum).values())
        if not left:
            assert (after, stands.finish_on, stands.sooner_on) == ({}, None, None)
            continue
        assert agreed.plan.agreed_on is not None
        assert stands.finish_on == max(row.last_on for row in after.values()) >= agreed.plan.agreed_on
        (at_once,) = lay_out([Work("all of it", left)], found.pace, found.start)
        is_ahead = at_once.last_on < stands.finish_on
        assert stands.sooner_on == (at_once.last_on if is_ahead else None)
        # Side by side the turns depend on what is left: there the end alone holds.
        if order != SIDE_BY_SIDE:
            check_nothing_earlier(before, after)


# -------------------------------------------------------------------- changes that move the rest up, or not


def check_laid_out_from_today(found: Facts) -> None:
    """What is open begins as soon as it can, and so it was agreed."""
    assert found.plan is not None
    candidates = queries.open_work(found.plan, found.marks, found.by_activity)
    work = [Work(row.key, row.remaining_minutes) for row in candidates]
    assert list(queries.layout(found).values()) == list(lay_out(work, found.pace, found.start))
    assert queries.agreed_end(found.plan) == queries.end_from(found, found.start)
    assert queries.stand(found).sooner_on is None


@FEW
@given(data=st.data(), ahead_days=st.integers(1, 90))
def test_moving_up_gives_the_day_that_was_said(
    alice: User, curriculum: Catalogue, data: st.DataObject, ahead_days: int
) -> None:
    drawn = data.draw(learners(curriculum, ends=True))
    with rolled_back():
        plan = write(drawn, alice, curriculum, ahead_days=ahead_days)
        before = queries.standing(alice.pk, TODAY)
        assume(before.sooner_on is not None)
        assert actions.move_up(plan, reason="Up", now=NOW)
        after = queries.standing(alice.pk, TODAY)
        assert (after.finish_on, after.sooner_on) == (before.sooner_on, None)
        assert after.remaining_minutes == before.remaining_minutes
        check_laid_out_from_today(queries.facts_of(alice.pk, TODAY))
        assert not actions.move_up(plan, reason="Up", now=NOW)


@FEW
@given(data=st.data(), ahead_days=st.integers(0, 60), off=DAYS_OFF)
def test_a_pause_moves_nothing_up(
    alice: User, curriculum: Catalogue, data: st.DataObject, ahead_days: int, off: Off
) -> None:
    drawn = data.draw(learners(curriculum, ONE_BY_ONE, ends=True))
    with rolled_back():
        plan = write(drawn, alice, curriculum, ahead_days=ahead_days)
        found = queries.facts_of(alice.pk, TODAY)
        before, stood = queries.layout(found), queries.stand(found)
        actions.pause_plan(plan, off.first_on, off.until_on, now=NOW)
        found = queries.facts_of(alice.pk, TODAY)
        after, stands = queries.layout(found), queries.stand(found)
    assert set(after) == set(before)
    check_nothing_earlier(before, after)
    assert not any(row.first_on in off or row.last_on in off for row in after.values())
    if after:
        assert stood.finish_on is not None
        assert stands.finish_on is not None
        assert stands.finish_on >= stood.finish_on


@FEW
@given(data=st.data(), ahead_days=st.integers(0, 60), order=ORDERS)
def test_another_order_or_way_to_forecast_leaves_the_finish_where_it_is(
    alice: User, curriculum: Catalogue, data: st.DataObject, ahead_days: int, order: str
) -> None:
    drawn = data.draw(learners(curriculum, ends=True))
    with rolled_back():
        plan = write(drawn, alice, curriculum, ahead_days=ahead_days)
        stood = queries.standing(alice.pk, TODAY)
        laid = queries.layout(queries.facts_of(alice.pk, TODAY))
        actions.use_own_ratio(plan, uses=False, now=NOW)
        assert queries.layout(queries.facts_of(alice.pk, TODAY)) == laid
        actions.choose_order(plan, order, now=NOW)
        stands = queries.standing(alice.pk, TODAY)
        assert (stands.finish_on, stands.sooner_on) == (stood.finish_on, stood.sooner_on)
        assert set(queries.layout(queries.facts_of(alice.pk, TODAY))) == set(laid)


@FEW
@given(data=st.data(), ahead_days=st.integers(0, 60))
def test_what_is_taken_in_again_moves_nothing_else_up(
    alice: User, curriculum: Catalogue, data: st.DataObject, ahead_days: int
) -> None:
    drawn = data.draw(learners(curriculum, ONE_BY_ONE, ends=True))
    assume(drawn.left_out)
    key = data.draw(st.sampled_from(sorted(drawn.left_out)))
    with rolled_back():
        plan = write(drawn, alice, curriculum, ahead_days=ahead_days)
        before = queries.layout(queries.facts_of(alice.pk, TODAY))
        assert actions.take_in(plan, key, reason="In", now=NOW)
        after = queries.layout(queries.facts_of(alice.pk, TODAY))
    is_open = key not in {marked for marked, _, _ in drawn.marks}
    assert set(after) - set(before) == ({key} if is_open else set())
    check_nothing_earlier(before, after)


def _more_hours(plan: Plan, content: Catalogue) -> bool:
    minutes = tuple(n + 15 for n in plan.weekday_minutes)
    return actions.replan(plan, reason="More", weekday_minutes=minutes, now=NOW)


def _target(plan: Plan, content: Catalogue) -> bool:
    return actions.replan(plan, reason="Target", target_on=date(2030, 1, 1), now=NOW)


def _track(plan: Plan, content: Catalogue) -> bool:
    other = LEAD if plan.track_key == SHORTER else SHORTER
    return actions.replan(plan, reason="Track", track_key=other, now=NOW)


def _leave_out(plan: Plan, content: Catalogue) -> bool:
    rows = queries.leavable(queries.facts_of(plan.learner_id, TODAY))
    return actions.leave_out(plan, [row.activity.key for row in rows[:3]], reason="Out", now=NOW)


def _end_pause(plan: Plan, content: Catalogue) -> bool:
    pause = plan.pauses.order_by("first_on").first()
    return pause is not None and actions.end_pause(plan, pause.pk, TODAY, now=NOW)


def _mark_known(plan: Plan, content: Catalogue) -> bool:
    open_keys = list(queries.layout(queries.facts_of(plan.learner_id, TODAY)))
    marked = actions.mark_known(plan.learner, plan, open_keys[3:6], content=content, now=NOW, on=TODAY)
    return bool(marked)


@pytest.mark.parametrize("click", [_more_hours, _target, _track, _leave_out, _end_pause, _mark_known])
@FEW
@given(data=st.data(), ahead_days=st.integers(0, 60))
def test_a_click_that_shows_new_dates_lays_the_rest_out_from_today(
    alice: User,
    curriculum: Catalogue,
    click: Callable[[Plan, Catalogue], bool],
    data: st.DataObject,
    ahead_days: int,
) -> None:
    drawn = data.draw(learners(curriculum))
    with rolled_back():
        plan = write(drawn, alice, curriculum, ahead_days=ahead_days)
        assume(click(plan, curriculum))
        check_laid_out_from_today(queries.facts_of(alice.pk, TODAY))


@pytest.fixture
def own_revisions() -> Iterator[None]:
    """Revisions that a test publishes are forgotten after it."""
    forget_revisions()
    yield
    forget_revisions()


def test_a_newer_curriculum_begins_where_the_plan_began_and_ends_no_sooner(
    alice: User, own_revisions: None, curriculum: Catalogue
) -> None:
    newest = publish(newer_content())

    @FEW
    @given(data=st.data(), ahead_days=st.integers(0, 60))
    def holds(data: st.DataObject, ahead_days: int) -> None:
        drawn = data.draw(learners(curriculum, ends=True))
        with rolled_back():
            plan = write(drawn, alice, curriculum, ahead_days=ahead_days)
            found = queries.facts_of(alice.pk, TODAY)
            stood, began, inputs = (
                queries.stand(found),
                queries.layout_start(found),
                actions.canonical_inputs(plan),
            )
            assert actions.move_to_revision(plan, newest, now=NOW)
            assert not actions.move_to_revision(plan, newest, now=NOW)
            found = queries.facts_of(alice.pk, TODAY)
            stands = queries.stand(found)
            change = plan.changes.get()
            assert actions.undo_change(plan, change.pk, now=NOW) == ""
            assert actions.canonical_inputs(Plan.objects.get(pk=plan.pk)) == inputs == change.before
        if stood.remaining_minutes and stands.remaining_minutes:
            assert queries.layout_start(found) == began
        if stands.remaining_minutes >= stood.remaining_minutes > 0:
            assert stood.finish_on is not None
            assert stands.finish_on is not None
            assert stands.finish_on >= stood.finish_on

    holds()
