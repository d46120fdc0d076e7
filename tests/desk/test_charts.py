"""The numbers behind the pictures of a plan: whatever is drawn, it is drawn inside. No database."""

import math
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curriculum.catalogue import Module
from tracker.desk.charts import (
    BURN_UP_LEFT,
    BURN_UP_TOP,
    EDGE,
    NAME,
    NARROW_BURN_UP,
    NARROW_ROAD,
    WIDE_BURN_UP,
    WIDE_ROAD,
    Axis,
    BurnUpChart,
    BurnUpShape,
    Road,
    RoadShape,
    axis,
    bands,
    burn_up_chart,
    road,
    week_bars,
)
from tracker.desk.views.plan import by_month
from tracker.journal.rules import week_of
from tracker.plans.queries import BurnUp, FinishRange, RoadModule, WeekHours
from tracker.plans.rules.progress import Progress
from tracker.plans.rules.schedule import Off

TODAY = date(2026, 11, 19)
# What a name takes: "Sep 27" in the letters that charts have on paper.
SHORTEST_GAP = 48.0
# An hour a week on the longest track ends after seven and a half years; nothing is dated after twenty.
DAYS = st.integers(-3 * 366, 20 * 366).map(lambda n: TODAY + timedelta(days=n))
SPANS = st.builds(lambda first, length: (first, first + timedelta(days=length)), DAYS, st.integers(0, 900))
PAUSES = st.lists(
    st.builds(
        lambda first, length: Off(first, first + timedelta(days=length) if length else None),
        DAYS,
        st.integers(0, 400),
    ),
    max_size=6,
)
ROADS = st.sampled_from([WIDE_ROAD, NARROW_ROAD])
BURN_UPS = st.sampled_from([WIDE_BURN_UP, NARROW_BURN_UP])


@st.composite
def finishes(draw: st.DrawFn) -> FinishRange:
    """Five days in order, in the past or far away; from one of them on, none can be said."""
    days = sorted(draw(st.lists(DAYS, min_size=5, max_size=5)))
    said = draw(st.integers(0, 5))
    low_80, low_50, likely, high_50, high_80 = (
        day if place < said else None for place, day in enumerate(days)
    )
    return FinishRange(
        likely, low_50, high_50, low_80, high_80, weeks_of_data=9, ratio=1.0, is_own_ratio=False
    )


FINISHES = st.none() | finishes()


@st.composite
def road_modules(draw: st.DrawFn) -> RoadModule:
    done, known, left = (draw(st.integers(0, 3000)) for _ in range(3))
    return RoadModule(
        module=cast("Module", None),  # a chart takes its place, not what it says
        state=draw(st.sampled_from(["todo", "part", "done", "known"])),
        progress=Progress(done_minutes=done, known_minutes=known, open_minutes=left),
        baseline=draw(st.none() | SPANS),
        now=draw(st.none() | SPANS),
    )


def finish_range(low_80: int, low_50: int, likely: int, high_50: int, high_80: int | None) -> FinishRange:
    """The range on days so many after today."""
    days = [
        TODAY + timedelta(days=n) if n is not None else None
        for n in (low_80, low_50, likely, high_50, high_80)
    ]
    return FinishRange(
        days[2], days[1], days[3], days[0], days[4], weeks_of_data=9, ratio=1.0, is_own_ratio=False
    )


def numbers(path: str) -> list[tuple[float, float]]:
    """The corners of a path of M, L and H."""
    found: list[tuple[float, float]] = []
    for letter, x, y in re.findall(r"([MLH])(-?[\d.]+)(?: (-?[\d.]+))?", path):
        found.append((float(x), float(y) if letter != "H" else found[-1][1]))
    assert re.fullmatch(r"([MLH]-?\d+\.\d( -?\d+\.\d)?)+Z?", path), path
    return found


def is_inside(numbers: Sequence[float], low: float, high: float) -> bool:
    """Whether all of them are numbers, and lie there; a tenth is what is written of them."""
    return all(math.isfinite(number) and low - 0.05 <= number <= high + 0.05 for number in numbers)


def months_have_room(months: Sequence[tuple[float, str]], left: float, right: float) -> bool:
    """Whether the names stand from left to right, none on another, and the last has room."""
    places = [x for x, _ in months]
    apart = all(after - before >= SHORTEST_GAP for before, after in pairwise(places))
    return apart and is_inside(places, left, right - SHORTEST_GAP)


# -------------------------------------------------------------------------------------------------- the axis


@given(dates=st.lists(DAYS, min_size=1, max_size=12), finish=FINISHES, day=DAYS, shape=ROADS)
def test_an_axis_holds_every_day_in_order_and_what_lies_outside_at_its_edges(
    dates: list[date], finish: FinishRange | None, day: date, shape: RoadShape
) -> None:
    on = axis(dates, finish, shape.left, shape.width - EDGE)
    assert (on.first, on.last >= max(dates)) == (min(dates), True)
    assert on.x(on.first) == on.left
    assert on.end(on.last) == pytest.approx(on.right)
    assert on.per_day > 0
    assert is_inside([on.x(day), on.end(day)], on.left, on.right)
    assert on.x(day) <= on.end(day)
    assert on.x(day) <= on.x(day + timedelta(days=1))
    if on.first <= day <= on.last:
        assert on.x(day) < on.end(day)


@given(dates=st.lists(DAYS, min_size=1, max_size=12), finish=finishes())
def test_a_finish_range_makes_an_axis_at_most_three_times_as_long(
    dates: list[date], finish: FinishRange
) -> None:
    on = axis(dates, finish, 0, 100)
    first, last = min(dates), max(dates)
    room = last + 2 * max(last - first, timedelta(days=60))
    low, high = finish.low_80_on, finish.high_80_on
    if low is None or low > room:
        assert on.last == last, "an empty picture would say nothing of a day so far away"
    else:
        assert on.last == max(last, low, min(high or low, room))


@given(first=DAYS, days=st.integers(0, 23 * 366), shape=ROADS | BURN_UPS)
def test_months_stand_in_order_and_none_on_another(
    first: date, days: int, shape: RoadShape | BurnUpShape
) -> None:
    left = shape.left if isinstance(shape, RoadShape) else BURN_UP_LEFT
    on = Axis(first, first + timedelta(days=days), left, shape.width - EDGE)
    months = on.months()
    assert months_have_room(months, on.left, on.right)
    # Room for at least two names, so there is one wherever the axis holds a January that has room behind it.
    januaries = [date(year, 1, 1) for year in range(on.first.year, on.last.year + 1)]
    if (
        any(on.first <= day <= on.last and on.right - on.x(day) >= NAME for day in januaries)
        and days < 7 * 366
    ):
        assert months
    names = [name for _, name in months]
    assert all(name.endswith(tuple("0123456789")) for name in names[:1])
    assert len(set(names)) == len(names) or days > 366, "a name without a year stands once in a year"


def test_an_axis_of_one_day() -> None:
    on = axis([TODAY], None, 0, 352)
    assert (on.first, on.last, on.per_day) == (TODAY, TODAY, 352)
    assert (on.x(TODAY), on.end(TODAY)) == (0, 352)
    assert on.months() == ()
    assert axis([date(2026, 11, 1)], None, 0, 352).months() == ((0, "Nov 26"),)


@pytest.mark.parametrize(
    ("days", "first_names"),
    [
        (100, ["Dec 26", "Jan 27", "Feb"]),
        (1400, ["Jan 27", "Jan 28"]),
        (9 * 366, ["Jan 28", "Jan 30", "Jan 32"]),
    ],
)
def test_the_longer_the_axis_the_fewer_the_names(days: int, first_names: list[str]) -> None:
    names = [name for _, name in Axis(TODAY, TODAY + timedelta(days=days), 0, 352).months()]
    assert names[: len(first_names)] == first_names


# ------------------------------------------------------------------------------------ finish range and pauses


@given(dates=st.lists(DAYS, min_size=1, max_size=6), finish=FINISHES, pauses=PAUSES, shape=ROADS)
def test_bands_lie_on_the_axis_and_none_is_empty(
    dates: list[date], finish: FinishRange | None, pauses: list[Off], shape: RoadShape
) -> None:
    on = axis(dates, finish, shape.left, shape.width - EDGE)
    found = bands(on, pauses, finish)
    for band in found:
        assert band.width > 0
        assert is_inside([band.x, band.x + band.width], on.left, on.right)
    kinds = [band.kind for band in found]
    assert kinds == sorted(kinds, key=["b80", "b50", "off"].index), "the narrower range lies on the wider"
    wide, half = ([band for band in found if band.kind == kind] for kind in ("b80", "b50"))
    if half and wide:
        assert wide[0].x <= half[0].x
        assert half[0].x + half[0].width <= wide[0].x + wide[0].width + 1e-6
    shown = [
        off for off in pauses if off.first_on <= on.last and (not off.until_on or off.until_on > on.first)
    ]
    assert kinds.count("off") == len(shown), "each pause that touches the axis, and no other"


def test_a_range_without_an_end_goes_on_to_the_edge_and_one_of_the_past_is_not_drawn() -> None:
    on = Axis(TODAY, TODAY + timedelta(days=99), 0, 100)
    open_end = bands(on, [Off(TODAY + timedelta(days=50), None)], finish_range(10, 20, 30, 40, None))
    assert [(band.kind, band.x, band.x + band.width) for band in open_end] == [
        ("b80", 10, 100), ("b50", 20, 41), ("off", 50, 100),
    ]  # fmt: skip
    assert bands(on, [Off(TODAY - timedelta(days=9), TODAY)], finish_range(-50, -40, -30, -20, -10)) == ()


# -------------------------------------------------------------------------------------------------- the road


@given(
    modules=st.lists(road_modules(), min_size=1, max_size=17),
    today=DAYS,
    pauses=PAUSES,
    finish=FINISHES,
    shape=ROADS,
)
def test_everything_on_the_road_lies_inside(
    modules: list[RoadModule], today: date, pauses: list[Off], finish: FinishRange | None, shape: RoadShape
) -> None:
    found = road(modules, today, pauses, finish, shape)
    assert (found is None) == all(row.baseline is None and row.now is None for row in modules)
    if found is None:
        return
    assert is_inside([found.today_x, found.range_x], shape.left, shape.width)
    assert months_have_room(found.months, shape.left, shape.width)
    for band in found.bands:
        assert is_inside([band.x, band.x + band.width], shape.left, shape.width)
    for row in found.rows:
        assert is_inside([row.top, row.label_y, row.bar_y], 0, found.bottom)
        assert bool(row.base) == (row.module.baseline is not None)
        assert is_inside([x for x, _ in numbers(row.base)] if row.base else [], shape.left, shape.width)
        assert row.now_width >= 0
        assert 0 <= row.part_width <= row.now_width
        if row.module.now:
            assert is_inside([row.now_x, row.now_x + row.now_width], shape.left, shape.width)
            assert row.now_width >= 3, "a module of one day in twenty years can be seen"
    tops = [row.top for row in found.rows]
    assert [after - before for before, after in pairwise(tops)] == [shape.row] * (len(tops) - 1)
    assert found.height > found.bottom


@given(shape=ROADS, ahead=st.integers(0, 900), days=st.integers(0, 900), finish=finishes())
def test_the_words_of_the_finish_range_have_room(
    shape: RoadShape, ahead: int, days: int, finish: FinishRange
) -> None:
    """They end where the range ends, unless that is so near the left edge that they would begin outside."""
    span = (TODAY, TODAY + timedelta(days=days))
    row = RoadModule(cast("Module", None), "todo", Progress(0, 60, 0), span, span)
    found = road([row], TODAY + timedelta(days=min(ahead, days)), [], finish, shape)
    assert found is not None
    assert found.range_x >= shape.range_words


def one_module(today: date, shape: RoadShape = NARROW_ROAD) -> Road:
    """A road of a hundred days from 19 November on."""
    span = (TODAY, TODAY + timedelta(days=99))
    found = road(
        [RoadModule(cast("Module", None), "todo", Progress(0, 60, 0), span, span)], today, [], None, shape
    )
    assert found is not None
    return found


@pytest.mark.parametrize(("ahead", "anchor"), [(0, "start"), (50, "middle"), (99, "end")])
@pytest.mark.parametrize("shape", [WIDE_ROAD, NARROW_ROAD], ids=["wide", "narrow"])
def test_todays_word_stays_inside(shape: RoadShape, ahead: int, anchor: str) -> None:
    assert one_module(TODAY + timedelta(days=ahead), shape).today_anchor == anchor


def test_the_done_share_of_a_module_in_progress() -> None:
    span = (TODAY, TODAY + timedelta(days=99))
    row = RoadModule(cast("Module", None), "part", Progress(45, 135, 0), None, span)
    for state, share in (("part", 0.25), ("todo", 0.0), ("done", 0.0)):
        found = road([replace(row, state=state)], TODAY, [], None, WIDE_ROAD)
        assert found is not None
        assert found.rows[0].part_width == pytest.approx(found.rows[0].now_width * share)


# ------------------------------------------------------------------------------------------------ the burn-up


@st.composite
def burn_ups(draw: st.DrawFn) -> tuple[BurnUp, date]:
    """A plan and what was done of it, and today."""
    begun = draw(DAYS)
    today = begun + timedelta(days=draw(st.integers(0, 2000)))

    def line(until: date) -> tuple[tuple[date, int], ...]:
        steps = draw(st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 9000)), max_size=12))
        days = sorted(
            {begun, until, *(begun + timedelta(days=min(n, (until - begun).days)) for n, _ in steps)}
        )
        grown = sorted([0, *(minutes for _, minutes in steps)])
        return tuple(zip(days, [*grown, *[grown[-1]] * len(days)], strict=False))

    planned, done = line(begun + timedelta(days=draw(st.integers(0, 3000)))), line(today)
    whole = draw(st.integers(0, 30_000))
    return BurnUp(planned, done, max(whole, done[-1][1])), today


@given(found=burn_ups(), finish=FINISHES, shape=BURN_UPS)
def test_everything_of_the_burn_up_lies_inside(
    found: tuple[BurnUp, date], finish: FinishRange | None, shape: BurnUpShape
) -> None:
    burnt, today = found
    chart = burn_up_chart(burnt, today, finish, shape)
    assert is_inside([chart.whole_y, chart.done_y], BURN_UP_TOP, chart.floor)
    assert is_inside([chart.today_x], BURN_UP_LEFT, shape.width - EDGE)
    assert months_have_room(chart.months, BURN_UP_LEFT, shape.width)
    for path in (chart.planned, chart.done, *(path for _, path in chart.wedges)):
        assert is_inside([x for x, _ in numbers(path)], BURN_UP_LEFT, shape.width - EDGE)
        assert is_inside([y for _, y in numbers(path)], BURN_UP_TOP, chart.floor)
    for path in (chart.planned, chart.done):
        for (x, y), (next_x, next_y) in pairwise(numbers(path)):
            assert next_x >= x
            assert next_y <= y, "what is done stays done"
    assert numbers(chart.done)[-1] == pytest.approx((chart.today_x, chart.done_y), abs=0.06)
    heights = [y for y, _ in chart.hours]
    assert chart.hours[0] == (chart.floor, 0)
    assert is_inside(heights, BURN_UP_TOP, chart.floor)
    assert heights == sorted(heights, reverse=True)
    assert len(chart.hours) <= 7 or chart.hours[1][1] == 500
    assert all(path.endswith("Z") for _, path in chart.wedges)


@given(found=burn_ups(), finish=finishes(), shape=BURN_UPS)
def test_a_wedge_begins_at_what_is_done_and_reaches_the_whole_on_its_days_alone(
    found: tuple[BurnUp, date], finish: FinishRange, shape: BurnUpShape
) -> None:
    """A line of the forecast that is cut off at the edge has not reached the whole there."""
    burnt, today = found
    chart = burn_up_chart(burnt, today, finish, shape)
    ends = {"b80": (finish.low_80_on, finish.high_80_on), "b50": (finish.low_50_on, finish.high_50_on)}
    on = axis(
        [today, *(day for day, _ in burnt.planned + burnt.done)], finish, BURN_UP_LEFT, shape.width - EDGE
    )
    assert [kind for kind, _ in chart.wedges] == [kind for kind, (low, _) in ends.items() if low]
    for kind, path in chart.wedges:
        first, *corners = numbers(path)
        assert first == pytest.approx((chart.today_x, chart.done_y), abs=0.06)
        low, high = ends[kind]
        assert low is not None
        wanted = [(on.end(day), chart.whole_y) for day in (low, high) if day and day <= on.last]
        if len(wanted) < 2:
            # The area ends at the right edge: from the line to the early end, or the whole above it, down to
            # the line to the late end; that one is level where no late end can be said.
            if not wanted:
                wanted.append((on.right, height_at_the_edge(chart, on.last, today, low)))
            else:
                wanted.append((on.right, chart.whole_y))
            wanted.append((on.right, height_at_the_edge(chart, on.last, today, high)))
        assert len(corners) == len(wanted)
        for corner, there in zip(corners, wanted, strict=True):
            assert corner == pytest.approx(there, abs=0.06)


def height_at_the_edge(chart: BurnUpChart, last: date, today: date, end: date | None) -> float:
    """How high a straight line from what is done today to the whole on a later day is on the last day."""
    if end is None:
        return chart.done_y
    return chart.done_y + (chart.whole_y - chart.done_y) * ((last - today).days / (end - today).days)


def test_the_burn_up_of_a_plan_made_today() -> None:
    burnt = BurnUp(((TODAY, 0), (TODAY + timedelta(days=29), 600)), ((TODAY, 0),), 600)
    chart = burn_up_chart(burnt, TODAY, None, NARROW_BURN_UP)
    assert numbers(chart.done) == [(BURN_UP_LEFT, chart.floor)]
    assert chart.wedges == ()
    assert chart.hours == tuple((chart.floor - (chart.floor - BURN_UP_TOP) * n / 10, n) for n in (0, 5, 10))


def test_a_burn_up_of_nothing_has_a_scale_all_the_same() -> None:
    chart = burn_up_chart(BurnUp(((TODAY, 0),), ((TODAY, 0),), 0), TODAY, None, WIDE_BURN_UP)
    assert chart.whole_y == chart.done_y == chart.floor


@given(found=burn_ups())
def test_the_table_of_months_has_each_month_once_and_never_falls(found: tuple[BurnUp, date]) -> None:
    burnt, today = found
    rows = by_month(burnt, today)
    months = [day for day, _, _ in rows]
    first, last = burnt.planned[0][0], max(burnt.planned[-1][0], today)
    assert (months[0], months[-1]) == (first.replace(day=1), last.replace(day=1))
    assert all(
        (after - before).days in {28, 29, 30, 31} and after.day == 1 for before, after in pairwise(months)
    )
    planned = [minutes for _, minutes, _ in rows]
    done = [minutes for day, _, minutes in rows if day <= today]
    assert None not in planned
    assert planned == sorted(minutes for minutes in planned if minutes is not None)
    assert done == sorted(minutes for minutes in done if minutes is not None)
    assert (planned[-1], done[-1]) == (burnt.planned[-1][1], burnt.done[-1][1])
    assert all(minutes is None for day, _, minutes in rows if day > today)


# -------------------------------------------------------------------------------------------------- the weeks


@given(
    weeks=st.lists(st.tuples(st.integers(0, 10_080), st.integers(0, 10_080)), min_size=1, max_size=53),
    width=st.sampled_from([320.0, 1120.0]),
)
def test_bars_of_weeks_lie_side_by_side(weeks: list[tuple[int, int]], width: float) -> None:
    first = week_of(TODAY)
    rows = [
        WeekHours(logged, target, False, first.shifted(place), place + 1)
        for place, (logged, target) in enumerate(weeks)
    ]
    bars = week_bars(rows, width)
    assert [bar.week for bar in bars] == rows
    assert [bar.is_current for bar in bars] == [False] * (len(bars) - 1) + [True]
    for bar in bars:
        assert is_inside([bar.x, bar.x + bar.width, bar.middle], 0, width)
        assert bar.width > 0
        assert is_inside([bar.y, bar.y + bar.height], 5, 110)
        assert bar.height >= 0
        assert bool(bar.goal) == (bar.week.target_minutes > 0)
        assert is_inside([] if bar.goal_y is None else [bar.goal_y], 5, 110)
    for bar, following in pairwise(bars):
        assert bar.x + bar.width <= following.x
