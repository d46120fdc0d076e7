"""Charts as plain numbers for SVG templates: shapes and classes, no colour and no style. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from tracker.library import words
from tracker.plans.queries import WeekHours


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
# On the road: what keeps the last bar inside, and the room that a month's name takes.
EDGE, NAME = 6, 46


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


@dataclass(frozen=True, slots=True)
class RoadRow:
    """One module on the road, in the chart's own units."""

    number: int
    title: str
    state: str
    y: int
    base: str
    now_x: float
    now_width: float
    part_width: float  # of a module in progress: the share that is done


@dataclass(frozen=True, slots=True)
class Road:
    """Modules on a time axis. Heights and widths are in the chart's own units."""

    rows: tuple[RoadRow, ...]
    months: tuple[tuple[float, str], ...]
    today_x: float | None
    height: int
    width: int


@dataclass(frozen=True, slots=True)
class Span:
    """A module's dates: those of the baseline and those of now, where it has them."""

    number: int
    title: str
    state: str
    done_share: float
    base: tuple[date, date] | None
    now: tuple[date, date] | None


def road(spans: Sequence[Span], today: date, *, width: int = 1120, left: int = 264) -> Road | None:
    """The modules on a time axis from the first date to the last; None where nothing is dated."""
    dates = [day for span in spans for pair in (span.base, span.now) if pair for day in pair]
    if not dates:
        return None
    first, last = min([*dates, today]), max([*dates, today])
    days = max(1, (last - first).days + 1)
    per_day = (width - left - EDGE) / days

    def x(day: date) -> float:
        return left + (day - first).days * per_day

    rows = []
    for place, span in enumerate(spans):
        y = 40 + place * 30
        base = f"M{x(span.base[0]):.1f} {y + 14}H{x(span.base[1]) + per_day:.1f}" if span.base else ""
        now_x = x(span.now[0]) if span.now else 0.0
        now_width = max(2.0, x(span.now[1]) + per_day - now_x) if span.now else 0.0
        part = now_width * span.done_share if span.state == "part" else 0.0
        rows.append(RoadRow(span.number, span.title, span.state, y, base, now_x, now_width, part))
    months: list[tuple[float, str]] = []
    step = next((s for s in (1, 2, 3, 6) if s * 30 * per_day >= NAME), 12)
    day = date(first.year, first.month, 1)
    while day <= last:
        if day >= first and (day.month - 1) % step == 0 and width - x(day) >= NAME:
            named = not months or day.month == 1
            months.append((x(day), f"{words.MONTHS[day.month - 1][:3]}{f' {day:%y}' if named else ''}"))
        day = date(day.year + day.month // 12, day.month % 12 + 1, 1)
    return Road(tuple(rows), tuple(months), x(today), 40 + len(spans) * 30 + 30, width)
