"""A year of study, added up: by kind and week, by module, maps at its begin and end. Pure."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from tracker.coverage.rules.layout import STATES
from tracker.coverage.rules.levels import Proof, Work
from tracker.journal.rules import week_of
from tracker.library.words import MONTHS

KINDS: tuple[tuple[str, str], ...] = (
    ("read", "Read"),
    ("practise", "Practise"),
    ("build", "Build"),
    ("write", "Write"),
    ("measure", "Measure"),
    ("other", "Not on an activity"),
)
"""The kinds of activities with their words, in order. `other`: no activity is named, or nobody knows it."""


@dataclass(frozen=True, slots=True)
class Logged:
    """A session of the year, in minutes. Keys are empty where none was named."""

    on: date
    module_key: str
    activity_key: str
    minutes: int


@dataclass(frozen=True, slots=True)
class WeekOfYear:
    """The days of an ISO week that are in the year, with the minutes of each kind in the order of `KINDS`."""

    first_on: date
    last_on: date
    by_kind: tuple[int, ...]

    @property
    def minutes(self) -> int:
        return sum(self.by_kind)


@dataclass(frozen=True, slots=True)
class KindOfYear:
    """A kind with its minutes, and those of each week in order."""

    kind: str
    word: str
    minutes: int
    by_week: tuple[int, ...]

    def path(self, tallest: int) -> str:
        """A bar a week, 6 units wide with its gap, 24 high where it has `tallest` minutes."""
        bars = []
        for place, minutes in enumerate(self.by_week):
            if minutes:
                height = max(1.0, 24 * minutes / (tallest or 1))
                bars.append(f"M{place * 6 + 1} 24v{-height:.1f}h4v{height:.1f}z")
        return "".join(bars)


@dataclass(frozen=True, slots=True)
class ModuleOfYear:
    """A module that was studied or completed in the year."""

    key: str
    title: str
    minutes: int
    completed_on: date | None


@dataclass(frozen=True, slots=True)
class CompletedInYear:
    """A milestone that was completed in the year. Minutes are those of its frozen record."""

    module_key: str
    title: str
    milestone: str
    on: date
    minutes: int
    planned_minutes: int
    evidence_count: int
    state: str


@dataclass(frozen=True, slots=True)
class MapOfYear:
    """A map at the begin and at the end of the year: topics of each state, in the order of layout.STATES."""

    framework_key: str
    title: str
    edition: str
    slug: str
    kind_words: str
    of: int
    before: tuple[int, ...]
    after: tuple[int, ...]

    @property
    def touched_before(self) -> int:
        return sum(self.before[:3])

    @property
    def touched_after(self) -> int:
        return sum(self.after[:3])


@dataclass(frozen=True, slots=True)
class LookBack:
    """A retrospective that the learner chose: question and answer, and what was added on which day."""

    module_key: str
    title: str
    on: date
    answers: tuple[tuple[str, str], ...]
    additions: tuple[tuple[date, str], ...]


@dataclass(frozen=True, slots=True)
class YearReview:
    """A year of a learner's. `last_on`: the last day that counts, today in a year that is not over."""

    year: int
    last_on: date
    sessions: int
    weeks: tuple[WeekOfYear, ...]
    kinds: tuple[KindOfYear, ...]
    modules: tuple[ModuleOfYear, ...]
    completed: tuple[CompletedInYear, ...]
    maps: tuple[MapOfYear, ...]
    look_backs: tuple[LookBack, ...]

    @property
    def minutes(self) -> int:
        return sum(week.minutes for week in self.weeks)

    @property
    def weeks_studied(self) -> int:
        """How many weeks have any study."""
        return sum(1 for week in self.weeks if week.minutes)

    @property
    def tallest(self) -> int:
        """The most minutes that a kind has in a week: what its bars are measured by."""
        return max((minutes for kind in self.kinds for minutes in kind.by_week), default=0)

    @property
    def is_empty(self) -> bool:
        """Nothing was logged and nothing completed."""
        return not self.minutes and not self.completed


def weeks_of_year(
    year: int, last_on: date, logged: Iterable[Logged], kind_of: Callable[[str], str]
) -> tuple[WeekOfYear, ...]:
    """Every week of the year up to `last_on`. A week across the new year has its days of this year alone."""
    place = {kind: at for at, (kind, _) in enumerate(KINDS)}
    totals: dict[date, list[int]] = defaultdict(lambda: [0] * len(KINDS))
    for row in logged:
        kind = kind_of(row.activity_key) if row.activity_key else "other"
        totals[week_of(row.on).first_on][place.get(kind, place["other"])] += row.minutes
    return tuple(
        WeekOfYear(
            max(monday, date(year, 1, 1)),
            min(monday + timedelta(days=6), date(year, 12, 31)),
            tuple(totals[monday]),
        )
        for monday in _mondays(year, last_on)
    )


def _mondays(year: int, last_on: date) -> Iterator[date]:
    monday = week_of(date(year, 1, 1)).first_on
    while monday <= last_on:
        yield monday
        if (date.max - monday).days < 7:
            return
        monday += timedelta(days=7)


def kinds_of_year(weeks: tuple[WeekOfYear, ...]) -> tuple[KindOfYear, ...]:
    """The kinds that have any minutes, in the order of `KINDS`."""
    found = []
    for at, (kind, word) in enumerate(KINDS):
        by_week = tuple(week.by_kind[at] for week in weeks)
        if any(by_week):
            found.append(KindOfYear(kind, word, sum(by_week), by_week))
    return tuple(found)


def studied_until(
    before: Mapping[str, tuple[int, date]], logged: Iterable[Logged]
) -> dict[str, tuple[int, date]]:
    """Minutes and last day of each activity, with what was logged since added."""
    found = dict(before)
    for row in logged:
        if row.activity_key:
            minutes, last_on = found.get(row.activity_key, (0, row.on))
            found[row.activity_key] = (minutes + row.minutes, max(last_on, row.on))
    return found


def proof_on(proof: Proof, day: date, studied: Mapping[str, tuple[int, date]]) -> Proof:
    """What there was to show at the end of a day. studied: minutes and last day by activity, up to then."""
    marked = {
        row.activity_key: row for row in proof.work if row.marked_on is not None and row.marked_on <= day
    }
    work = []
    for key in sorted(marked.keys() | studied.keys()):
        mark = marked.get(key)
        minutes, last_on = studied.get(key, (0, None))
        work.append(Work(key, mark.mark if mark else "", mark.marked_on if mark else None, minutes, last_on))
    return replace(
        proof,
        work=tuple(work),
        hand_ins=tuple(row for row in proof.hand_ins if row.on <= day),
        runs=tuple(row for row in proof.runs if row.on <= day),
        claims={},
    )


@dataclass(frozen=True, slots=True)
class MapBar:
    """Topics of one state in a bar of all of them: where it begins, and how many."""

    state: str
    begin: int
    number: int


def bars_of(numbers: Iterable[int], of: int) -> tuple[MapBar, ...]:
    """The bars of a map's counts, in the order of `STATES`; those without a level are left open."""
    found, begin = [], 0
    for state, number in zip(STATES, numbers, strict=True):
        if number and state in STATES[:3]:
            found.append(MapBar(state, begin, number))
        begin += number
    assert begin == of
    return tuple(found)


def month_ticks(weeks: Iterable[WeekOfYear]) -> tuple[tuple[int, str], ...]:
    """Where each month begins among the weeks, with its short name."""
    found: dict[str, int] = {}
    for place, week in enumerate(weeks):
        found.setdefault(MONTHS[week.last_on.month - 1][:3], place)
    return tuple((place, name) for name, place in found.items())
