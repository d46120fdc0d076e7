"""Where learners stand: rows read into the plain values that rules, pages and mails take.

`standings` is the one place that says hours against target, percent and what is next; a page asks it for one
learner, a batch of mails for hundreds, with the same number of queries.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from curriculum.catalogue import Activity, Catalogue, Module, Track, catalogue
from tracker.journal import queries as journal_queries
from tracker.journal.rules import Week, week_of
from tracker.plans.models import Baseline, Mark, Pause, Plan
from tracker.plans.rules import choice, progress, schedule

RECENT_WEEKS = 8


@dataclass(frozen=True, slots=True)
class DayHours:
    """One day of the week: what was logged and what the plan asks of it."""

    day: date
    logged_minutes: int
    target_minutes: int
    is_off: bool


@dataclass(frozen=True, slots=True)
class WeekHours:
    """One week: what was logged and what the plan asked of it."""

    week: Week
    number: int  # counted from the plan's first week, 1
    logged_minutes: int
    target_minutes: int
    is_paused: bool

    @property
    def on_target(self) -> bool:
        return self.target_minutes > 0 and self.logged_minutes >= self.target_minutes


@dataclass(frozen=True, slots=True)
class NextActivity:
    """An open activity with what it still takes."""

    standing: "ActivityStanding"
    module: Module


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one learner stands on one day. `plan` is None where there is no active plan."""

    learner_id: int
    on: date
    plan: Plan | None
    catalogue: Catalogue | None
    track: Track | None
    state: str  # none, not-started, active, paused, finished
    week: Week
    days: tuple[DayHours, ...]
    weeks: tuple[WeekHours, ...]  # the last eight of the plan, this one included, oldest first
    progress: progress.Progress
    remaining_minutes: int  # of the open activities, less what was logged on them
    next: tuple[NextActivity, ...]
    finish_on: date | None  # where the plan's own hours lead; None with nothing to date
    paused_until: date | None
    done_this_week: int

    @property
    def logged_minutes(self) -> int:
        return sum(day.logged_minutes for day in self.days)

    @property
    def target_minutes(self) -> int:
        return sum(day.target_minutes for day in self.days)

    @property
    def left_minutes(self) -> int:
        """What this week's target still asks."""
        return max(0, self.target_minutes - self.logged_minutes)

    @property
    def week_number(self) -> int:
        return self.weeks[-1].number if self.weeks else 0


@dataclass(frozen=True, slots=True)
class ActivityStanding:
    """One activity as the module page shows it."""

    activity: Activity
    required: bool
    state: str  # todo, part, done, known
    logged_minutes: int
    remaining_minutes: int
    marked_on: date | None


def active_plan(learner_id: int) -> Plan | None:
    """The learner's plan, if they have one."""
    return Plan.objects.filter(learner_id=learner_id, ended_at__isnull=True).first()


def pace_of(plan: Plan, pauses: Iterable[Pause]) -> schedule.Pace:
    """What the plan asks of a week."""
    return schedule.Pace(
        weekday_minutes=plan.weekday_minutes,
        off=tuple(schedule.Off(pause.first_on, pause.until_on) for pause in pauses),
    )


@lru_cache(maxsize=64)
def track_pieces(revision: int, track_key: str) -> tuple[progress.Piece, ...]:
    """The activities of a track in the plan's order. A revision never changes, so this is kept."""
    return tuple(
        progress.Piece(activity.key, activity.minutes, activity.needs[track_key] == "required")
        for module in catalogue(revision).modules_in(track_key)
        for activity in module.activities_in(track_key)
    )


def marks_of(learner_ids: Collection[int]) -> dict[int, dict[str, Mark]]:
    """Every mark, by learner and activity key. One query."""
    marks: dict[int, dict[str, Mark]] = {learner_id: {} for learner_id in learner_ids}
    for mark in Mark.objects.filter(learner_id__in=learner_ids):
        marks[mark.learner_id][mark.activity_key] = mark
    return marks


def standing(learner_id: int, on: date) -> Standing:
    """Where one learner stands on `on`, their own local day."""
    return standings({learner_id: on})[learner_id]


def standings(on: Mapping[int, date]) -> dict[int, Standing]:
    """Where these learners stand, each on their own local day. Five queries, however many they are."""
    plans = {plan.learner_id: plan for plan in Plan.objects.filter(learner_id__in=on, ended_at__isnull=True)}
    pauses: dict[int, list[Pause]] = {plan.pk: [] for plan in plans.values()}
    for pause in Pause.objects.filter(plan__in=plans.values()).order_by("first_on"):
        pauses[pause.plan_id].append(pause)
    marks = marks_of(on)
    earliest = min((week_of(day).shifted(1 - RECENT_WEEKS).first_on for day in on.values()), default=date.max)
    by_day = journal_queries.minutes_by_day(on, earliest)
    by_activity = journal_queries.minutes_by_activity(on)
    return {
        learner_id: _standing(
            learner_id,
            day,
            plan=plans.get(learner_id),
            pauses=pauses[plans[learner_id].pk] if learner_id in plans else [],
            marks=marks[learner_id],
            by_day=by_day[learner_id],
            by_activity=by_activity[learner_id],
        )
        for learner_id, day in on.items()
    }


def _standing(
    learner_id: int,
    on: date,
    *,
    plan: Plan | None,
    pauses: list[Pause],
    marks: dict[str, Mark],
    by_day: dict[date, int],
    by_activity: dict[str, int],
) -> Standing:
    week = week_of(on)
    if plan is None:
        return Standing(
            learner_id=learner_id, on=on, plan=None, catalogue=None, track=None, state="none", week=week,
            days=tuple(DayHours(day, by_day.get(day, 0), 0, False) for day in week.days), weeks=(),
            progress=progress.Progress(0, 0, 0), remaining_minutes=0, next=(), finish_on=None,
            paused_until=None, done_this_week=0,
        )  # fmt: skip
    pace = pace_of(plan, pauses)
    content = catalogue(plan.revision)
    measured = measure(plan, marks)
    candidates = open_work(plan, marks, by_activity)
    work = tuple(schedule.Work(item.key, item.remaining_minutes) for item in candidates)
    laid_from = max(on, plan.start_on)
    remaining = sum(item.minutes for item in work)
    days = tuple(_day_hours(day, plan, pace, by_day) for day in week.days)
    left = max(0, sum(d.target_minutes for d in days) - sum(d.logged_minutes for d in days))
    keys = choice.choose_next(candidates, left)
    return Standing(
        learner_id=learner_id,
        on=on,
        plan=plan,
        catalogue=content,
        track=content.track(plan.track_key),
        state=_state(on, plan, pace, measured),
        week=week,
        days=days,
        weeks=_recent_weeks(on, plan, pace, by_day),
        progress=measured,
        remaining_minutes=remaining,
        next=tuple(
            NextActivity(
                standing=activity_standing(
                    content.activity(key), plan.track_key, None, by_activity.get(key, 0)
                ),
                module=content.module(content.activity(key).module_key),
            )
            for key in keys
        ),
        finish_on=schedule.finish_on(remaining, pace, laid_from, by_day.get(laid_from, 0))
        if remaining
        else None,
        paused_until=next((off.until_on for off in pace.off if on in off), None),
        done_this_week=sum(1 for m in marks.values() if m.kind == progress.DONE and m.marked_on in week),
    )


def _state(on: date, plan: Plan, pace: schedule.Pace, measured: progress.Progress) -> str:
    if measured.is_finished:
        return "finished"
    if pace.is_off(on):
        return "paused"
    return "active" if plan.start_on <= on else "not-started"


def _day_hours(day: date, plan: Plan, pace: schedule.Pace, by_day: Mapping[date, int]) -> DayHours:
    asked = pace.minutes_on(day) if day >= plan.start_on else 0
    return DayHours(day, by_day.get(day, 0), asked, pace.is_off(day))


def week_hours(week: Week, plan: Plan, pace: schedule.Pace, logged_minutes: int) -> WeekHours:
    """One week of the plan against its target. A week with a day off and nothing asked is paused."""
    asked = pace.minutes_in(day for day in week.days if day >= plan.start_on)
    number = (week.first_on - week_of(plan.start_on).first_on).days // 7 + 1
    paused = asked == 0 and any(pace.is_off(day) for day in week.days)
    return WeekHours(week, number, logged_minutes, asked, paused)


def _recent_weeks(
    on: date, plan: Plan, pace: schedule.Pace, by_day: dict[date, int]
) -> tuple[WeekHours, ...]:
    by_week = journal_queries.minutes_by_week(by_day)
    this = week_of(on)
    shown = [this.shifted(-back) for back in range(RECENT_WEEKS - 1, -1, -1)]
    first = week_of(plan.start_on)
    return tuple(week_hours(week, plan, pace, by_week.get(week, 0)) for week in shown if week >= first)


def measure(plan: Plan, marks: Mapping[str, Mark]) -> progress.Progress:
    """The plan's progress: what its track holds, and what it held once and the learner finished."""
    content = catalogue(plan.revision)
    modules = set(content.track(plan.track_key).module_keys)
    said = {
        key: progress.Marked(key, mark.kind, mark.planned_minutes)
        for key, mark in marks.items()
        if _counts(content.find_activity(key), key.partition(".")[0] in modules, plan.track_key)
    }
    return progress.measure(track_pieces(plan.revision, plan.track_key), said)


def _counts(activity: Activity | None, module_in_track: bool, track_key: str) -> bool:
    """Whether a mark counts in a track: it holds the activity, or its module once did."""
    return module_in_track if activity is None else track_key in activity.needs


def open_work(
    plan: Plan, marks: Mapping[str, Mark], by_activity: Mapping[str, int]
) -> tuple[choice.Candidate, ...]:
    """The required activities that are neither done nor known, in order, with what they still take."""
    return tuple(
        choice.Candidate(
            piece.key,
            progress.remaining_minutes(piece.minutes, by_activity.get(piece.key, 0)),
            by_activity.get(piece.key, 0) > 0,
        )
        for piece in track_pieces(plan.revision, plan.track_key)
        if piece.required and piece.key not in marks
    )


def layout(plan: Plan, on: date) -> dict[str, schedule.Laid]:
    """Every open activity on its dates from `on`, by key. Four queries."""
    marks = marks_of([plan.learner_id])[plan.learner_id]
    logged = journal_queries.minutes_by_activity([plan.learner_id])[plan.learner_id]
    return _layout(plan, on, marks, logged)


def _layout(
    plan: Plan, on: date, marks: Mapping[str, Mark], logged: Mapping[str, int]
) -> dict[str, schedule.Laid]:
    work = [schedule.Work(item.key, item.remaining_minutes) for item in open_work(plan, marks, logged)]
    pace = pace_of(plan, plan.pauses.order_by("first_on"))
    from_on = max(on, plan.start_on)
    spent = journal_queries.minutes_by_day([plan.learner_id], from_on)[plan.learner_id].get(from_on, 0)
    return {item.key: item for item in schedule.lay_out(work, pace, from_on, spent)}


def baseline_of(plan: Plan) -> dict[str, Baseline]:
    """The first layout, by activity key."""
    return {row.activity_key: row for row in plan.baseline.all()}


def activity_standings(
    module: Module, track_key: str, marks: Mapping[str, Mark], by_activity: Mapping[str, int]
) -> tuple[ActivityStanding, ...]:
    """The activities of a module as a learner on this track has them."""
    return tuple(
        activity_standing(activity, track_key, marks.get(activity.key), by_activity.get(activity.key, 0))
        for activity in module.activities_in(track_key)
    )


def activity_standing(
    activity: Activity, track_key: str, mark: Mark | None, logged_minutes: int
) -> ActivityStanding:
    """One activity: its mark speaks first, then the minutes logged on it."""
    unmarked = "part" if logged_minutes else "todo"
    return ActivityStanding(
        activity=activity,
        required=activity.needs[track_key] == "required",
        state=mark.kind if mark else unmarked,
        logged_minutes=logged_minutes,
        remaining_minutes=0 if mark else progress.remaining_minutes(activity.minutes, logged_minutes),
        marked_on=mark.marked_on if mark else None,
    )


def measure_activities(standings: Iterable[ActivityStanding]) -> progress.Progress:
    """Minutes done, open and known of these activities together."""
    items = list(standings)
    return progress.measure(
        [progress.Piece(item.activity.key, item.activity.minutes, item.required) for item in items],
        {
            item.activity.key: progress.Marked(item.activity.key, item.state, item.activity.minutes)
            for item in items
            if item.marked_on
        },
    )


@dataclass(frozen=True, slots=True)
class RoadModule:
    """One module on the road: hours, state, the baseline's dates and those of now."""

    module: Module
    state: str  # todo, part, done, known
    progress: progress.Progress
    baseline: tuple[date, date] | None
    now: tuple[date, date] | None


def road(plan: Plan, on: date) -> list[RoadModule]:
    """Every module of the plan's track on its dates. A constant number of queries."""
    content = catalogue(plan.revision)
    marks = marks_of([plan.learner_id])[plan.learner_id]
    logged = journal_queries.minutes_by_activity([plan.learner_id])[plan.learner_id]
    laid = _layout(plan, on, marks, logged)
    baseline = baseline_of(plan)
    rows = []
    for module in content.modules_in(plan.track_key):
        standings = activity_standings(module, plan.track_key, marks, logged)
        keys = [item.activity.key for item in standings]
        done = [item.marked_on for item in standings if item.state == progress.DONE and item.marked_on]
        measured = measure_activities(standings)
        now = _span([(laid[key].first_on, laid[key].last_on) for key in keys if key in laid])
        begun = _span([(day, day) for day in done])
        rows.append(
            RoadModule(
                module=module,
                state=_module_state(measured, any(item.state == "part" for item in standings)),
                progress=measured,
                baseline=_span(
                    [(baseline[key].first_on, baseline[key].last_on) for key in keys if key in baseline]
                ),
                now=_span([span for span in (begun, now) if span]),
            )
        )
    return rows


def _span(pairs: list[tuple[date, date]]) -> tuple[date, date] | None:
    return (min(first for first, _ in pairs), max(last for _, last in pairs)) if pairs else None


def _module_state(measured: progress.Progress, begun: bool) -> str:
    if measured.open_minutes == 0:
        return "done" if measured.done_minutes else "known"
    return "part" if measured.done_minutes or begun else "todo"
