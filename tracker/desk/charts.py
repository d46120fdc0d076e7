"""Charts as plain numbers for SVG templates: shapes and classes, no colour and no style. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from tracker.library import words
from tracker.plans.queries import BurnUp, FinishRange, RoadModule, WeekHours
from tracker.plans.rules.schedule import Off


@dataclass(frozen=True, slots=True)
class Bar:
    """One week: x, y, width and height of its bar, and where its target lies. In the chart's own units."""

    week: WeekHours
    x: float
    y: float
    width: float
    height: float
    goal_y: float | None
    middle: float
    is_current: bool

    @property
    def goal(self) -> str:
        """The target's line as a path."""
        return f"M{self.x - 5:.1f} {self.goal_y:.1f}H{self.x + self.width + 5:.1f}" if self.goal_y else ""


WIDTH, FLOOR, TOP = 320.0, 110.0, 5.0


def week_bars(weeks: Sequence[WeekHours], width: float = WIDTH) -> tuple[Bar, ...]:
    """The weeks side by side, the last one being this week."""
    tallest = max((max(week.logged_minutes, week.target_minutes) for week in weeks), default=0) or 1
    step = width / max(len(weeks), 4)
    bars = []
    for place, week in enumerate(weeks):
        height = (FLOOR - TOP) * week.logged_minutes / tallest
        goal = FLOOR - (FLOOR - TOP) * week.target_minutes / tallest if week.target_minutes else None
        x = place * step + step * 0.2
        bars.append(
            Bar(week, x, FLOOR - height, step * 0.6, height, goal, x + step * 0.3, place == len(weeks) - 1)
        )
    return tuple(bars)


# What keeps the last day inside, and the room that a month's name takes: on paper, where letters are larger.
EDGE, NAME = 6.0, 54.0


@dataclass(frozen=True, slots=True)
class Axis:
    """Days from left to right, both included, in a chart's own units. What lies outside is at the edge."""

    first: date
    last: date
    left: float
    right: float

    @property
    def per_day(self) -> float:
        """The width of one day."""
        return (self.right - self.left) / ((self.last - self.first).days + 1)

    def x(self, day: date) -> float:
        """The left side of a day."""
        return min(max(self.left + (day - self.first).days * self.per_day, self.left), self.right)

    def end(self, day: date) -> float:
        """The right side of a day."""
        return self.x(day + timedelta(days=1))

    def months(self) -> tuple[tuple[float, str], ...]:
        """First days of months with their names, as many as have room; January and the first say the year."""
        step = next((s for s in (1, 2, 3, 6, 12, 24, 60) if s * 30 * self.per_day >= NAME), 120)
        found: list[tuple[float, str]] = []
        day = date(self.first.year, self.first.month, 1)
        while day <= self.last:
            is_shown = day >= self.first and (day.year * 12 + day.month - 1) % step == 0
            if is_shown and self.right - self.x(day) >= NAME - EDGE:
                year = f" {day:%y}" if not found or day.month == 1 else ""
                found.append((self.x(day), f"{words.MONTHS[day.month - 1][:3]}{year}"))
            day = date(day.year + day.month // 12, day.month % 12 + 1, 1)
        return tuple(found)


def axis(dates: Iterable[date], finish: FinishRange | None, left: float, right: float) -> Axis:
    """An axis for these dates and the finish range; of a range that goes far on, as much as has room."""
    days = sorted(dates)
    first, last = days[0], days[-1]
    room = last + 2 * max(last - first, timedelta(days=60))
    if finish and finish.low_80_on and finish.low_80_on <= room:
        last = max(last, finish.low_80_on, min(finish.high_80_on or last, room))
    return Axis(first, last, left, right)


@dataclass(frozen=True, slots=True)
class Band:
    """A stretch of days behind a chart: `b80`, `b50` (the finish range) or `off` (a pause)."""

    kind: str
    x: float
    width: float


def bands(on: Axis, pauses: Iterable[Off], finish: FinishRange | None) -> tuple[Band, ...]:
    """The finish range and the pauses. What has no end goes on to the edge."""
    found = []
    ranges: list[tuple[str, date | None, date | None]] = []
    if finish:
        ranges.append(("b80", finish.low_80_on, finish.high_80_on))
        ranges.append(("b50", finish.low_50_on, finish.high_50_on))
    for kind, low, high in ranges:
        if low is not None:
            found.append(Band(kind, on.x(low), (on.end(high) if high else on.right) - on.x(low)))
    for off in pauses:
        until = on.x(off.until_on) if off.until_on else on.right
        if until > on.x(off.first_on):
            found.append(Band("off", on.x(off.first_on), until - on.x(off.first_on)))
    return tuple(band for band in found if band.width > 0)


@dataclass(frozen=True, slots=True)
class RoadShape:
    """How a road is set: where its bars begin, and the heights of a row, all in the chart's own units."""

    name: str
    width: float
    left: float
    row: float
    label: float  # from the row's top to its title's baseline
    bar: float  # to the bar's top
    thickness: float
    longest_title: int  # in letters, where a bar begins as early as one can
    range_words: float  # the width that the words of the finish range take


# What stands below the last row: today's word, and under it the words of the finish range.
TOP_OF_ROAD, RANGE_DOWN = 38.0, 38.0
WIDE_ROAD = RoadShape("wide", 1120.0, 264.0, 30.0, 23.0, 12.0, 9.0, 29, 330.0)
NARROW_ROAD = RoadShape("narrow", 358.0, 0.0, 42.0, 19.0, 25.0, 11.0, 44, 290.0)
# Where titles begin, and the width that a letter takes on paper, where they are largest.
TITLE_LEFT, LETTER = 26.0, 8.2


@dataclass(frozen=True, slots=True)
class RoadRow:
    """One module on the road."""

    module: RoadModule
    top: float
    label_y: float
    bar_y: float
    base: str
    now_x: float
    now_width: float
    part_width: float  # of a module in progress: the share that is done
    longest_title: int  # in letters


@dataclass(frozen=True, slots=True)
class Road:
    """Modules on a time axis."""

    shape: RoadShape
    rows: tuple[RoadRow, ...]
    months: tuple[tuple[float, str], ...]
    bands: tuple[Band, ...]
    today_x: float
    bottom: float
    range_x: float  # where the words of the finish range end
    range_y: float
    height: float

    @property
    def today_anchor(self) -> str:
        """Where today's word hangs on its line, so that it stays inside."""
        if self.today_x - self.shape.left < NAME / 2:
            return "start"
        return "end" if self.shape.width - self.today_x < NAME / 2 else "middle"


def road(
    modules: Sequence[RoadModule],
    today: date,
    pauses: Sequence[Off],
    finish: FinishRange | None,
    shape: RoadShape,
) -> Road | None:
    """The modules from the first date to the last, with the finish range; None where nothing is dated."""
    dates = [day for row in modules for pair in (row.baseline, row.now) if pair for day in pair]
    if not dates:
        return None
    on = axis([*dates, today], finish, shape.left, shape.width - EDGE)
    rows = []
    for place, row in enumerate(modules):
        top = TOP_OF_ROAD + place * shape.row
        bar_y = top + shape.bar
        base_y = bar_y + shape.thickness + 4.5
        base = (
            f"M{on.x(row.baseline[0]):.1f} {base_y:.1f}H{on.end(row.baseline[1]):.1f}" if row.baseline else ""
        )
        now_x = on.x(row.now[0]) if row.now else 0.0
        now_width = max(3.0, on.end(row.now[1]) - now_x) if row.now else 0.0
        whole = row.progress.plan_minutes
        share = row.progress.done_minutes / whole if whole and row.state == "part" else 0.0
        # Beside its bar a title has the room up to the first of what is drawn; above it, that of the road.
        drawn_from = min((on.x(pair[0]) for pair in (row.baseline, row.now) if pair), default=on.right)
        letters = int((drawn_from - TITLE_LEFT) / LETTER) if shape.left else 0
        rows.append(
            RoadRow(
                module=row,
                top=top,
                label_y=top + shape.label,
                bar_y=bar_y,
                base=base,
                now_x=now_x,
                now_width=now_width,
                part_width=now_width * share,
                longest_title=max(shape.longest_title, letters),
            )
        )
    bottom = TOP_OF_ROAD + len(rows) * shape.row
    behind = bands(on, pauses, finish)
    range_x = max((band.x + band.width for band in behind if band.kind == "b80"), default=on.right)
    return Road(
        shape=shape,
        rows=tuple(rows),
        months=on.months(),
        bands=behind,
        today_x=on.x(today),
        bottom=bottom,
        range_x=max(range_x, shape.range_words),
        range_y=bottom + RANGE_DOWN,
        height=bottom + (RANGE_DOWN + 23 if finish else 24),
    )


@dataclass(frozen=True, slots=True)
class BurnUpShape:
    """The size of a burn-up chart, in its own units."""

    name: str
    width: float
    height: float


WIDE_BURN_UP = BurnUpShape("wide", 1120.0, 300.0)
NARROW_BURN_UP = BurnUpShape("narrow", 358.0, 260.0)
BURN_UP_LEFT, BURN_UP_TOP, BURN_UP_FLOOR = 52.0, 34.0, 8.0


@dataclass(frozen=True, slots=True)
class BurnUpChart:
    """Hours of the plan by date: planned, done, and the forecast as two wedges from today to the finish."""

    shape: BurnUpShape
    left: float
    planned: str
    done: str
    wedges: tuple[tuple[str, str], ...]  # (kind, path), the wider one first
    whole_y: float
    floor: float
    hours: tuple[tuple[float, int], ...]  # heights with their hours
    months: tuple[tuple[float, str], ...]
    today_x: float
    done_y: float


def burn_up_chart(found: BurnUp, today: date, finish: FinishRange | None, shape: BurnUpShape) -> BurnUpChart:
    """The chart of a burn-up."""
    on = axis(
        [today, *(day for day, _ in found.planned + found.done)], finish, BURN_UP_LEFT, shape.width - EDGE
    )
    floor = shape.height - BURN_UP_FLOOR
    highest = max(found.whole_minutes, *(minutes for _, minutes in found.planned + found.done), 60)

    def y(minutes: float) -> float:
        return floor - (floor - BURN_UP_TOP) * minutes / highest

    def line(points: Sequence[tuple[date, int]]) -> str:
        return "".join(
            f"{'L' if place else 'M'}{on.x(day):.1f} {y(minutes):.1f}"
            for place, (day, minutes) in enumerate(points)
        )

    def wedge(low: date, high: date | None) -> str:
        """From today up to the whole, between the early and the late end; cut off where the axis ends."""
        now = found.done[-1][1]

        def at_the_edge(end: date | None) -> tuple[float, float]:
            """Where the line to this end leaves the chart; level where no end can be said."""
            share = (on.last - today) / (end - today) if end else 0.0
            return on.right, now + (found.whole_minutes - now) * share

        points: list[tuple[float, float]] = [(on.x(today), now)]
        if low <= on.last:
            points.append((on.end(low), found.whole_minutes))
        if high is not None and high <= on.last:
            points.append((on.end(high), found.whole_minutes))
        else:
            points.append((on.right, found.whole_minutes) if low <= on.last else at_the_edge(low))
            points.append(at_the_edge(high))
        return "M" + "L".join(f"{x:.1f} {y(minutes):.1f}" for x, minutes in points) + "Z"

    wedges = []
    if finish and finish.low_80_on:
        wedges.append(("b80", wedge(finish.low_80_on, finish.high_80_on)))
    if finish and finish.low_50_on:
        wedges.append(("b50", wedge(finish.low_50_on, finish.high_50_on)))
    step = next((s for s in (5, 10, 20, 50, 100, 200) if highest / 60 / s <= 6), 500)
    hours = tuple((y(n * 60), n) for n in range(0, int(highest / 60) + 1, step))
    return BurnUpChart(
        shape=shape,
        left=on.left,
        planned=line(found.planned),
        done=line(found.done),
        wedges=tuple(wedges),
        whole_y=y(found.whole_minutes),
        floor=floor,
        hours=hours,
        months=on.months(),
        today_x=on.x(today),
        done_y=y(found.done[-1][1]),
    )
