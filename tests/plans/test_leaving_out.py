"""Leaving work out: the fewest activities that make room, and a plan without them."""

from datetime import date, timedelta
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from curriculum.catalogue import Catalogue
from tests.fixtures.cast import TODAY
from tests.plans.test_layout import (
    AHEAD,
    DAYS_OFF,
    HOURS,
    MANY,
    OPEN_END,
    PATIENT,
    activities_of,
    agreed_ahead,
    found_for,
    learners,
    remaining,
)
from tracker.plans import queries
from tracker.plans.rules.replan import fewest_that_make_room, minutes_until, ways
from tracker.plans.rules.schedule import Off, Pace, Start, Work, end_of, finish_on

LENGTHS = st.lists(st.integers(1, 40).map(lambda n: 5 * n), max_size=8)


def work_of(lengths: list[int]) -> list[Work]:
    return [Work(f"m.a{place}", minutes) for place, minutes in enumerate(lengths)]


# ------------------------------------------------------------------------------------------------- pure


@PATIENT
@given(lengths=LENGTHS, minutes=st.integers(-50, 1700))
def test_as_few_go_as_make_room(lengths: list[int], minutes: int) -> None:
    work = work_of(lengths)
    gone = fewest_that_make_room(work, minutes)
    assert gone <= {item.key for item in work}
    assert fewest_that_make_room(work, minutes) == gone
    if minutes <= 0:
        assert not gone
    elif sum(lengths) <= minutes:
        assert gone == {item.key for item in work}, "all of it, also where that does not suffice"
    else:
        assert sum(item.minutes for item in work if item.key in gone) >= minutes
        fewer = combinations(lengths, len(gone) - 1)
        assert not any(sum(some) >= minutes for some in fewer), "fewer would have done"


@PATIENT
@given(lengths=LENGTHS, minutes=st.integers(1, 1700))
def test_the_shortest_of_them_is_no_longer_than_it_has_to_be(lengths: list[int], minutes: int) -> None:
    work = work_of(lengths)
    gone = fewest_that_make_room(work, minutes)
    going = [item.minutes for item in work if item.key in gone]
    if sum(going) < minutes:
        return
    for item in work:
        if item.key not in gone and item.minutes < min(going):
            assert sum(going) - min(going) + item.minutes < minutes, f"{item} would have done"


def test_nothing_goes_for_nothing_and_one_long_one_before_two_short_ones() -> None:
    work = work_of([30, 120, 60, 45])
    assert fewest_that_make_room(work, 0) == frozenset()
    assert fewest_that_make_room([], 60) == frozenset()
    assert fewest_that_make_room(work, 100) == {"m.a1"}
    assert fewest_that_make_room(work, 40) == {"m.a3"}
    assert fewest_that_make_room(work, 150) == {"m.a1", "m.a0"}
    assert fewest_that_make_room(work, 255) == {item.key for item in work}
    assert fewest_that_make_room(work, 256) == {item.key for item in work}


@PATIENT
@given(
    week=HOURS,
    off=st.lists(DAYS_OFF | OPEN_END, max_size=3),
    spent=st.integers(0, 600),
    days=st.integers(-10, 300),
)
def test_the_minutes_until_a_day_are_those_of_its_layout_and_no_more_find_room(
    week: tuple[int, ...], off: list[Off], spent: int, days: int
) -> None:
    pace, start, date_on = Pace(week, tuple(off)), Start(TODAY, spent), TODAY + timedelta(days=days)
    minutes = minutes_until(pace, start, date_on)
    laid = [(day, room) for day, room in pace.days_with_time(start) if day <= date_on]
    assert minutes == sum(room for _, room in laid)
    if minutes:
        end = end_of(minutes, pace, start)
        assert end is not None
        assert (end.on, end.spare_minutes) == (laid[-1][0], 0)
    later_on = finish_on(minutes + 1, pace, start)
    assert later_on is None or later_on > date_on
    assert ways(minutes, pace, start, date_on).minutes_over == 0
    assert ways(minutes + 7, pace, start, date_on).minutes_over == 7


# ------------------------------------------------------------------------------- on the real curriculum


@MANY
@given(data=st.data())
def test_only_open_work_of_which_the_curriculum_says_what_is_lost_can_be_left_out(
    curriculum: Catalogue, data: st.DataObject
) -> None:
    drawn = data.draw(learners(curriculum))
    left = remaining(drawn, curriculum)
    rows = queries.leavable(drawn.facts(curriculum))
    assert {row.activity.key: row.remaining_minutes for row in rows} == {
        row.key: left[row.key]
        for row in activities_of(curriculum, drawn.track_key)
        if row.key in left and row.if_left_out
    }
    assert all(row.module.key == row.activity.module_key for row in rows)
    order = list(queries.layout(drawn.facts(curriculum)))
    in_turn = [row.activity.key for row in rows if row.activity.key in order]
    assert in_turn == [key for key in order if key in in_turn]


@MANY
@given(data=st.data(), days=st.integers(-5, 400))
def test_leaving_out_what_makes_room_keeps_the_date(
    curriculum: Catalogue, data: st.DataObject, days: int
) -> None:
    drawn = data.draw(learners(curriculum))
    found = found_for(drawn, curriculum, data.draw(AHEAD))
    assert found.plan is not None
    plan_minutes, date_on = queries.stand(found).progress.plan_minutes, TODAY + timedelta(days=days)
    found.plan.target_on = date_on
    on_its_way = queries.ways_on(found, None)
    rows = {row.activity.key: row for row in queries.leavable(found)}
    if on_its_way is None or not rows:
        return
    gone = fewest_that_make_room(
        [Work(key, row.remaining_minutes) for key, row in rows.items()], on_its_way.minutes_over
    )
    assert bool(gone) == bool(on_its_way.minutes_over)
    assert not gone or on_its_way.is_behind
    before = queries.open_work(found.plan, found.marks, found.by_activity)
    found.plan.left_out = [*found.plan.left_out, *gone]
    after = agreed_ahead(found, 0)
    stands = queries.stand(after)
    assert {row.key for row in before} - set(queries.layout(after)) >= gone
    assert not gone & {row.activity.key for row in queries.leavable(after)}
    # Left out, it is neither open nor done: as if the curriculum called it optional.
    assert stands.progress.plan_minutes == plan_minutes - sum(rows[key].activity.minutes for key in gone)
    saved = sum(rows[key].remaining_minutes for key in gone)
    assert stands.remaining_minutes == sum(row.remaining_minutes for row in before) - saved
    if saved >= on_its_way.minutes_over:
        assert stands.finish_on is None or stands.finish_on <= date_on
        assert stands.finish_on is not None or not stands.remaining_minutes


def test_a_plan_without_a_date_to_keep_needs_nothing_to_go() -> None:
    pace = Pace((60,) * 7, (Off(TODAY, None),))
    assert minutes_until(pace, Start(TODAY), date(2027, 1, 1)) == 0
    assert ways(90, pace, Start(TODAY), date(2027, 1, 1)).minutes_over == 90
