"""How work lies on dates."""

from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tracker.plans.rules.schedule import Off, Pace, Start, Work, finish_on, lay_out, week_minutes_needed

MONDAY = date(2026, 10, 5)
# As the forms have it: at least an hour a week. Less would lead beyond the horizon of twenty years.
weeks = st.lists(st.integers(0, 600), min_size=7, max_size=7).filter(lambda week: sum(week) >= 60).map(tuple)
works = st.lists(st.integers(1, 900), max_size=30).map(
    lambda lengths: [Work(f"m.a{place}", minutes) for place, minutes in enumerate(lengths)]
)
starts = st.just(MONDAY) | st.dates(date(2024, 1, 1), date(2028, 12, 31))
offs = st.lists(
    st.tuples(st.integers(0, 60), st.integers(1, 30)).map(
        lambda pair: Off(MONDAY + timedelta(days=pair[0]), MONDAY + timedelta(days=pair[0] + pair[1]))
    ),
    max_size=3,
).map(tuple)


@given(works, weeks, starts, offs)
def test_all_work_is_laid_in_order_and_no_day_holds_more_than_it_has(
    work: list[Work], week: tuple[int, ...], start: date, off: tuple[Off, ...]
) -> None:
    pace = Pace(week, off)
    laid = lay_out(work, pace, Start(start))
    assert [item.key for item in laid] == [item.key for item in work]
    for before, after in pairwise(laid):
        assert before.first_on <= before.last_on <= after.first_on
    for item in laid:
        assert pace.minutes_on(item.first_on)
        assert pace.minutes_on(item.last_on)
    if laid:
        # Without a gap: the days up to the last hold the work, the days before the last do not.
        span = [start + timedelta(days=n) for n in range((laid[-1].last_on - start).days + 1)]
        total = sum(item.minutes for item in work)
        assert pace.minutes_in(span) >= total > pace.minutes_in(span[:-1])


@given(works, weeks, starts, offs)
def test_the_same_input_gives_the_same_plan(
    work: list[Work], week: tuple[int, ...], start: date, off: tuple[Off, ...]
) -> None:
    assert lay_out(work, Pace(week, off), Start(start)) == lay_out(work, Pace(week, off), Start(start))


@given(works.filter(bool), weeks, starts, offs, st.integers(0, 700))
def test_the_finish_is_the_last_day_of_the_layout(
    work: list[Work], week: tuple[int, ...], start: date, off: tuple[Off, ...], spent: int
) -> None:
    pace = Pace(week, off)
    total = sum(item.minutes for item in work)
    assert finish_on(total, pace, Start(start, spent)) == lay_out(work, pace, Start(start, spent))[-1].last_on


@given(st.integers(60, 30_000), weeks, starts, st.integers(30, 700))
def test_the_hours_a_target_takes_do_meet_it_and_a_quarter_less_would_not_by_much(
    total: int, week: tuple[int, ...], start: date, ahead: int
) -> None:
    target = start + timedelta(days=ahead)
    pace = Pace(week)
    needed = week_minutes_needed(total, pace, start, target)
    if needed is None:
        return
    days = [start + timedelta(days=n) for n in range(ahead + 1)]
    available = pace.minutes_in(days) * needed / pace.week_minutes
    assert available >= total - 1e-6
    assert pace.minutes_in(days) * (needed - 16) / pace.week_minutes < total


def test_hours_count_not_items() -> None:
    laid = lay_out(
        [Work("m.long", 600), Work("m.short", 60)], Pace((60, 60, 60, 60, 60, 60, 60)), Start(MONDAY)
    )
    assert [(item.first_on, item.last_on) for item in laid] == [
        (MONDAY, MONDAY + timedelta(days=9)),
        (MONDAY + timedelta(days=10), MONDAY + timedelta(days=10)),
    ]


def test_an_open_pause_leaves_what_follows_without_a_date() -> None:
    pace = Pace((60,) * 7, (Off(MONDAY + timedelta(days=2), None),))
    work = [Work("m.a", 120), Work("m.b", 60)]
    assert [item.key for item in lay_out(work, pace, Start(MONDAY))] == ["m.a"]
    assert finish_on(180, pace, Start(MONDAY)) is None


def test_a_pause_moves_what_lies_behind_it() -> None:
    off = Off(MONDAY + timedelta(days=1), MONDAY + timedelta(days=8))
    laid = lay_out([Work("m.a", 120)], Pace((60,) * 7, (off,)), Start(MONDAY))
    assert laid[0].last_on == MONDAY + timedelta(days=8)


def test_a_target_without_a_day_of_study_before_it_cannot_be_met() -> None:
    only_sundays = Pace((0, 0, 0, 0, 0, 0, 60))
    assert week_minutes_needed(600, only_sundays, MONDAY, MONDAY + timedelta(days=3)) is None
    # One Sunday would have to hold thirty hours.
    assert week_minutes_needed(1800, only_sundays, MONDAY, MONDAY + timedelta(days=6)) is None
