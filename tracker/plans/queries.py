"""Where learners stand: rows read into the plain values that rules, pages and mails take.

`standings` is the one place that says hours against target, percent and what is next; a page asks it for one
learner, a batch of mails for hundreds, with the same number of queries.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property, lru_cache
from typing import NamedTuple, TypedDict

from django.db.models import Subquery

from curriculum.catalogue import (
    Activity,
    Catalogue,
    Module,
    Track,
    catalogue,
    current,
    newest_revision,
    revision_numbers,
)
from curriculum.changes import Changes, compare
from tracker.journal import queries as journal_queries
from tracker.journal.rules import Week, week_of
from tracker.plans.models import Mark, Pause, Plan, SelfCheckAnswer, SkillRating
from tracker.plans.rules import choice, order, progress, replan, schedule, skills, weeks
from tracker.plans.rules.forecast import (
    WEEKS_SEEN,
    Finished,
    day_after,
    estimate,
    forecast,
    study_weeks,
)

RECENT_WEEKS = 8


@dataclass(frozen=True, slots=True)
class DayHours:
    """One day of the week: what was logged and what the plan asks of it."""

    day: date
    logged_minutes: int
    target_minutes: int
    is_off: bool


@dataclass(frozen=True, slots=True)
class WeekHours(weeks.Kept):
    """One week: what was logged and what the plan asked of it."""

    week: Week
    number: int  # counted from the plan's first week, 1


@dataclass(frozen=True, slots=True)
class NextActivity:
    """An open activity with what it still takes."""

    standing: "ActivityStanding"
    module: Module


@dataclass(frozen=True, slots=True)
class FinishRange:
    """The forecast on dates: the likely day and the ends of the two ranges; what it is made from.

    None stands for a day that cannot be said: an open pause lies before it, or it is more than 20 years away.
    """

    likely_on: date | None
    low_50_on: date | None
    high_50_on: date | None
    low_80_on: date | None
    high_80_on: date | None
    weeks_of_data: int
    ratio: float
    is_own_ratio: bool  # the learner's own; else the curriculum's minutes as they are

    @property
    def half(self) -> tuple[date, date] | None:
        """The days that the finish lies between as likely as not; None where one cannot be said."""
        return (self.low_50_on, self.high_50_on) if self.low_50_on and self.high_50_on else None

    @property
    def most(self) -> tuple[date, date] | None:
        """The days that the finish lies between four times in five; None where one cannot be said."""
        return (self.low_80_on, self.high_80_on) if self.low_80_on and self.high_80_on else None

    @property
    def percent(self) -> int:
        """Real hours in per cent of planned ones."""
        return round(self.ratio * 100)


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
    sooner_on: date | None  # where they would lead if a learner who is ahead moved the rest up; else None
    forecast: FinishRange | None  # where the learner's own weeks lead; None with too few of them
    weeks_of_data: int  # whole weeks before this one that a forecast can be made from
    paused_until: date | None
    done_this_week: int
    fitting_this_week: int  # open activities, in order, that the hours left this week are enough for
    last_sign_on: date | None  # of the latest session or mark; None where there is none in a year
    begun_modules: frozenset[str]  # keys of the modules of which something is done

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
    is_left_out: bool  # the track asks for it, the learner does not
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


def last_day_off(pause: Pause) -> date | None:
    """The last day of a pause; None while it is open."""
    return pause.until_on - timedelta(days=1) if pause.until_on else None


@lru_cache(maxsize=64)
def track_pieces(revision: int, track_key: str) -> tuple[progress.Piece, ...]:
    """The activities of a track in the plan's order. A revision never changes, so this is kept."""
    return tuple(
        progress.Piece(activity.key, activity.minutes, activity.needs[track_key] == "required")
        for module in catalogue(revision).modules_in(track_key)
        for activity in module.activities_in(track_key)
    )


class Said(NamedTuple):
    """What a mark says: its kind (done, known), the day, and the minutes the activity had in the plan."""

    kind: str
    marked_on: date
    planned_minutes: int


def marks_of(learner_ids: Collection[int]) -> dict[int, dict[str, Said]]:
    """Every mark, by learner and activity key. One query."""
    marks: dict[int, dict[str, Said]] = {learner_id: {} for learner_id in learner_ids}
    rows = Mark.objects.filter(learner_id__in=learner_ids).values_list(
        "learner_id", "activity_key", "kind", "marked_on", "planned_minutes"
    )
    for learner_id, key, kind, marked_on, planned_minutes in rows:
        marks[learner_id][key] = Said(kind, marked_on, planned_minutes)
    return marks


@dataclass(frozen=True)
class Facts:
    """The rows behind a standing, read once: what pages, mails and the first layout are all made from.

    What follows from them is worked out once: `replace` makes other facts, and nothing in them is changed.
    """

    learner_id: int
    on: date
    plan: Plan | None
    pauses: tuple[Pause, ...]
    marks: Mapping[str, Said]  # by activity key
    off_ever: tuple[schedule.Off, ...]  # the days off of this plan and of all before it
    by_day: Mapping[date, int]  # minutes logged in the last year
    by_activity: Mapping[str, int]  # minutes logged, ever, by activity key
    today_by_activity: Mapping[str, int]  # those of them that were logged on this day

    @cached_property
    def pace(self) -> schedule.Pace:
        """What the plan asks of a week."""
        assert self.plan is not None
        return pace_of(self.plan, self.pauses)

    @property
    def laid_from(self) -> date:
        """The first day that can hold work: this one, or the plan's first."""
        assert self.plan is not None
        return max(self.on, self.plan.start_on)

    @cached_property
    def work(self) -> tuple[choice.Candidate, ...]:
        """What the plan asks for that is neither done nor known, in order, with what it still takes."""
        assert self.plan is not None
        return open_work(self.plan, self.marks, self.by_activity)

    @property
    def open_minutes(self) -> int:
        """What all of it still takes."""
        return sum(item.remaining_minutes for item in self.work)

    @cached_property
    def start(self) -> schedule.Start:
        """Where a layout of what is open begins, if it begins as soon as it can."""
        return schedule.Start(self.laid_from, self.spent_minutes)

    @property
    def spent_minutes(self) -> int:
        """What of the first day cannot be planned again: by how much today's logging shortened the plan.

        What was logged beside the plan, or on an activity that is down to its last quarter, takes no time
        from it: logging never puts the finish off.
        """
        assert self.plan is not None
        if self.laid_from != self.on:
            return 0
        content = catalogue(self.plan.revision)
        spent = 0
        for key, today in self.today_by_activity.items():
            activity = content.find_activity(key)
            if activity is not None and activity.needs.get(self.plan.track_key) == "required":
                logged = self.by_activity.get(key, 0)
                spent += progress.remaining_minutes(activity.minutes, logged - today)
                spent -= progress.remaining_minutes(activity.minutes, logged)
        return spent


def facts(on: Mapping[int, date]) -> dict[int, Facts]:
    """The rows of these learners, each on their own local day. Five queries at most for any number."""
    # The newest revision comes along: Today asks for it too, and would for one number more ask once more.
    newest = Subquery(revision_numbers()[:1])
    rows = Plan.objects.filter(learner_id__in=on).annotate(newest_revision=newest)
    plans_ever = {plan.pk: plan for plan in rows}
    plans = {plan.learner_id: plan for plan in plans_ever.values() if plan.ended_at is None}
    pauses: dict[int, list[Pause]] = {plan.pk: [] for plan in plans.values()}
    off_ever: dict[int, list[schedule.Off]] = {learner_id: [] for learner_id in on}
    for pause in Pause.objects.filter(plan__in=plans_ever).order_by("first_on"):
        off_ever[plans_ever[pause.plan_id].learner_id].append(schedule.Off(pause.first_on, pause.until_on))
        if pause.plan_id in pauses:
            pauses[pause.plan_id].append(pause)
    marks = marks_of(on)
    sessions = _sessions(on)
    return {
        learner_id: Facts(
            learner_id=learner_id,
            on=day,
            plan=plans.get(learner_id),
            pauses=tuple(pauses[plans[learner_id].pk]) if learner_id in plans else (),
            marks=marks[learner_id],
            off_ever=tuple(off_ever[learner_id]),
            **sessions[learner_id],
        )
        for learner_id, day in on.items()
    }


class _Sessions(TypedDict):
    """The sums of sessions among the facts."""

    by_day: Mapping[date, int]
    by_activity: Mapping[str, int]
    today_by_activity: Mapping[str, int]


def _sessions(on: Mapping[int, date]) -> dict[int, _Sessions]:
    """What was logged, for each learner. Two queries."""
    earliest = min((week_of(day).shifted(-WEEKS_SEEN).first_on for day in on.values()), default=date.max)
    by_day: dict[int, defaultdict[date, int]] = {learner_id: defaultdict(int) for learner_id in on}
    of_today: dict[int, defaultdict[str, int]] = {learner_id: defaultdict(int) for learner_id in on}
    for learner_id, day, key, minutes in journal_queries.logged_since(on, earliest):
        by_day[learner_id][day] += minutes
        if day == on[learner_id]:
            of_today[learner_id][key] += minutes
    by_activity = journal_queries.minutes_by_activity(on)
    return {
        learner_id: _Sessions(
            by_day=by_day[learner_id],
            by_activity=by_activity[learner_id],
            today_by_activity=of_today[learner_id],
        )
        for learner_id in on
    }


def facts_after_logging(found: Facts) -> Facts:
    """The same once a session was logged or taken back: its sums read again, nothing else. Two queries."""
    return replace(found, **_sessions({found.learner_id: found.on})[found.learner_id])


def facts_of(learner_id: int, on: date) -> Facts:
    """The rows of one learner."""
    return facts({learner_id: on})[learner_id]


def standings(on: Mapping[int, date]) -> dict[int, Standing]:
    """Where these learners stand, each on their own local day. Five queries at most for any number."""
    return {learner_id: stand(found) for learner_id, found in facts(on).items()}


def standing(learner_id: int, on: date) -> Standing:
    """Where one learner stands on `on`, their own local day."""
    return stand(facts_of(learner_id, on))


def stand(found: Facts) -> Standing:
    """Where a learner stands, from what was read of them. No query."""
    week = week_of(found.on)
    plan = found.plan
    if plan is None:
        return Standing(
            learner_id=found.learner_id, on=found.on, plan=None, catalogue=None, track=None, state="none",
            week=week, days=tuple(DayHours(day, found.by_day.get(day, 0), 0, False) for day in week.days),
            weeks=(), progress=progress.Progress(0, 0, 0), remaining_minutes=0, next=(), finish_on=None,
            sooner_on=None, forecast=None, weeks_of_data=0, paused_until=None, done_this_week=0,
            fitting_this_week=0, last_sign_on=None, begun_modules=frozenset(),
        )  # fmt: skip
    pace = found.pace
    content = catalogue(plan.revision)
    measured = measure(plan, found.marks)
    candidates, remaining = found.work, found.open_minutes
    days = tuple(_day_hours(day, plan, pace, found.by_day) for day in week.days)
    left = max(0, sum(d.target_minutes for d in days) - sum(d.logged_minutes for d in days))
    own_weeks = study_weeks(found.by_day, found.off_ever, found.on)
    put_off = put_off_in(plan, week)
    ready = choice.ready(candidates, prerequisites(plan.revision, plan.track_key))
    wanted = [item for item in ready if item.key not in put_off] or ready
    coming = [content.activity(key) for key in choice.choose_next(wanted, left)]
    sooner = schedule.end_of(remaining, pace, found.start) if remaining else None
    agreed = agreed_end(plan)
    is_ahead = sooner is not None and agreed is not None and sooner.on < agreed.on
    return Standing(
        learner_id=found.learner_id,
        on=found.on,
        plan=plan,
        catalogue=content,
        track=content.track(plan.track_key),
        state=_state(found.on, plan, pace, measured),
        week=week,
        days=days,
        weeks=_recent_weeks(found.on, plan, pace, found.by_day),
        progress=measured,
        remaining_minutes=remaining,
        next=tuple(
            NextActivity(
                activity_standing(activity, plan, None, found.by_activity.get(activity.key, 0)),
                content.module(activity.module_key),
            )
            for activity in coming
        ),
        finish_on=(agreed.on if agreed and is_ahead else sooner.on) if sooner else None,
        sooner_on=sooner.on if sooner and is_ahead else None,
        forecast=finish_range(found, own_weeks, [item.remaining_minutes for item in candidates]),
        weeks_of_data=len(own_weeks),
        paused_until=next((off.until_on for off in pace.off if found.on in off), None),
        done_this_week=sum(
            1 for mark in found.marks.values() if mark.kind == progress.DONE and mark.marked_on in week
        ),
        fitting_this_week=choice.fitting([item.remaining_minutes for item in candidates], left),
        last_sign_on=max(
            [
                *(day for day, minutes in found.by_day.items() if minutes),
                *(mark.marked_on for mark in found.marks.values()),
            ],
            default=None,
        ),
        begun_modules=frozenset(
            key.partition(".")[0] for key, mark in found.marks.items() if mark.kind == progress.DONE
        ),
    )


def finish_range(found: Facts, own_weeks: Sequence[int], open_minutes: Sequence[int]) -> FinishRange | None:
    """Where the learner's own weeks lead; None with too few of them or nothing left. No query."""
    plan = found.plan
    assert plan is not None
    if not open_minutes:
        return None
    finished = [
        Finished(said.planned_minutes, found.by_activity.get(key, 0))
        for key, said in found.marks.items()
        if said.kind == progress.DONE
    ]
    modules = modules_finished(plan, found.marks) if plan.uses_own_ratio else 0
    held = estimate(finished, open_minutes, modules)
    said = forecast(sum(open_minutes) * held.ratio, own_weeks, held.error)
    if said is None:
        return None

    off = found.pace.off

    def on(weeks_ahead: float) -> date | None:
        return day_after(weeks_ahead, found.laid_from, off)

    return FinishRange(
        likely_on=on(said.likely),
        low_50_on=on(said.low_50),
        high_50_on=on(said.high_50),
        low_80_on=on(said.low_80),
        high_80_on=on(said.high_80),
        weeks_of_data=len(own_weeks),
        ratio=held.ratio,
        is_own_ratio=held.is_own,
    )


def modules_finished(plan: Plan, marks: Mapping[str, Said]) -> int:
    """How many modules of the plan have nothing required left, and something done."""
    number = 0
    for module in catalogue(plan.revision).modules_in(plan.track_key):
        asked = [row for row in module.required_in(plan.track_key) if row.key not in plan.left_out]
        required = [marks.get(row.key) for row in asked]
        if all(required) and any(said is not None and said.kind == progress.DONE for said in required):
            number += 1
    return number


def _state(on: date, plan: Plan, pace: schedule.Pace, measured: progress.Progress) -> str:
    if measured.is_finished:
        return "finished"
    return schedule.phase(on, plan.start_on, pace.off)


def _day_hours(day: date, plan: Plan, pace: schedule.Pace, by_day: Mapping[date, int]) -> DayHours:
    asked = pace.minutes_on(day) if day >= plan.start_on else 0
    return DayHours(day, by_day.get(day, 0), asked, pace.is_off(day))


def week_hours(week: Week, plan: Plan, pace: schedule.Pace, logged_minutes: int) -> WeekHours:
    """One week of the plan against its target. A week with a day off and nothing asked is paused."""
    asked = pace.minutes_in(day for day in week.days if day >= plan.start_on)
    number = (week.first_on - week_of(plan.start_on).first_on).days // 7 + 1
    paused = asked == 0 and any(pace.is_off(day) for day in week.days)
    return WeekHours(logged_minutes, asked, paused, week, number)


def _recent_weeks(
    on: date, plan: Plan, pace: schedule.Pace, by_day: Mapping[date, int]
) -> tuple[WeekHours, ...]:
    this = week_of(on)
    shown = [this.shifted(-back) for back in range(RECENT_WEEKS - 1, -1, -1)]
    first = week_of(plan.start_on)
    return tuple(
        week_hours(week, plan, pace, sum(by_day.get(day, 0) for day in week.days))
        for week in shown
        if week >= first
    )


def put_off_in(plan: Plan, week: Week) -> frozenset[str]:
    """The activities that were put off in this week."""
    return frozenset(key for key, day in plan.deferred.items() if date.fromisoformat(day) in week)


def year_of_weeks(found: Facts) -> tuple[WeekHours, ...]:
    """The plan's weeks of the last year, this one last, each against what the plan asks now. No query."""
    plan = found.plan
    assert plan is not None
    by_week = journal_queries.minutes_by_week(found.by_day)
    first, this = week_of(plan.start_on), week_of(found.on)
    shown = [this.shifted(-back) for back in range(WEEKS_SEEN, -1, -1)]
    pace = found.pace
    return tuple(week_hours(week, plan, pace, by_week.get(week, 0)) for week in shown if week >= first)


def measure(plan: Plan, marks: Mapping[str, Said]) -> progress.Progress:
    """The plan's progress: what its track holds, and what it held once and the learner finished."""
    said = {
        key: progress.Marked(key, mark.kind, mark.planned_minutes)
        for key, mark in counted(plan, marks).items()
    }
    return progress.measure(pieces_of(plan), said)


def counted(plan: Plan, marks: Mapping[str, Said]) -> dict[str, Said]:
    """The marks that count in a plan: on what its track holds, and on what it held once."""
    content = catalogue(plan.revision)
    modules = set(content.track(plan.track_key).module_keys)
    return {
        key: mark
        for key, mark in marks.items()
        if _counts(content.find_activity(key), key.partition(".")[0] in modules, plan.track_key)
    }


def done_minutes(plan: Plan, marks: Mapping[str, Said]) -> list[tuple[Said, int]]:
    """Every mark that says done, with the minutes it counts: those of `measure`, one by one."""
    minutes = {piece.key: piece.minutes for piece in track_pieces(plan.revision, plan.track_key)}
    return [
        (mark, minutes.get(key, mark.planned_minutes))
        for key, mark in counted(plan, marks).items()
        if mark.kind == progress.DONE
    ]


def pieces_of(plan: Plan) -> tuple[progress.Piece, ...]:
    """The activities of a plan, in order: those of its track, what the learner left out being optional."""
    pieces = track_pieces(plan.revision, plan.track_key)
    if not plan.left_out:
        return pieces
    left_out = set(plan.left_out)
    return tuple(replace(piece, required=False) if piece.key in left_out else piece for piece in pieces)


@lru_cache(maxsize=64)
def prerequisites(revision: int, track_key: str) -> Mapping[str, frozenset[str]]:
    """What each module of a track builds on. A revision never changes, so this is kept."""
    return {
        module.key: frozenset(module.prerequisites) for module in catalogue(revision).modules_in(track_key)
    }


def _counts(activity: Activity | None, module_in_track: bool, track_key: str) -> bool:
    """Whether a mark counts in a track: it holds the activity, or its module once did."""
    return module_in_track if activity is None else track_key in activity.needs


def open_work(
    plan: Plan, marks: Mapping[str, Said], by_activity: Mapping[str, int]
) -> tuple[choice.Candidate, ...]:
    """What the plan asks for that is neither done nor known, in order, with what it still takes."""
    untouched = untouched_work(plan.revision, plan.track_key)
    work = {
        piece.key: _begun(untouched[piece.key], piece.minutes, by_activity[piece.key])
        if by_activity.get(piece.key)
        else untouched[piece.key]
        for piece in pieces_of(plan)
        if piece.required and piece.key not in marks
    }
    if plan.order != Plan.Order.SIDE_BY_SIDE:
        return tuple(work.values())
    modules = [
        order.ModuleWork(
            module.key,
            module.number,
            frozenset(module.prerequisites),
            tuple(
                (row.key, work[row.key].remaining_minutes)
                for row in module.required_in(plan.track_key)
                if row.key in work
            ),
        )
        for module in catalogue(plan.revision).modules_in(plan.track_key)
    ]
    return tuple(work[key] for key in order.side_by_side(modules))


@lru_cache(maxsize=64)
def untouched_work(revision: int, track_key: str) -> Mapping[str, choice.Candidate]:
    """Every activity of a track as it is before anything was logged on it. Most of a plan is untouched."""
    return {
        piece.key: choice.Candidate(piece.key, piece.key.partition(".")[0], piece.minutes, False)
        for piece in track_pieces(revision, track_key)
    }


def _begun(candidate: choice.Candidate, planned: int, logged: int) -> choice.Candidate:
    return replace(candidate, remaining_minutes=progress.remaining_minutes(planned, logged), started=True)


def layout(found: Facts) -> dict[str, schedule.Laid]:
    """Every open activity of the plan on its dates, by key. No query."""
    work = [schedule.Work(item.key, item.remaining_minutes) for item in found.work]
    laid = schedule.lay_out(work, found.pace, layout_start(found))
    return {item.key: item for item in laid}


def layout_start(found: Facts) -> schedule.Start:
    """Where the layout begins: today, or later where the learner is ahead of what was agreed. No query."""
    assert found.plan is not None
    minutes = found.open_minutes
    agreed = agreed_end(found.plan)
    if agreed is None or not minutes:
        return found.start
    sooner = schedule.end_of(minutes, found.pace, found.start)
    if sooner is None or sooner.on > agreed.on:
        return found.start
    return schedule.start_towards(agreed, minutes, found.pace, found.start)


def agreed_end(plan: Plan) -> schedule.End | None:
    """Where the layout ended when the plan was last changed by a click."""
    return schedule.End(plan.agreed_on, plan.agreed_spare_minutes) if plan.agreed_on else None


def end_from(found: Facts, start: schedule.Start) -> schedule.End | None:
    """Where what is open ends if its layout begins there; None with nothing open, or no end. No query."""
    minutes = found.open_minutes
    return schedule.end_of(minutes, found.pace, start) if minutes else None


def agreed_anew(found: Facts, start: schedule.Start) -> Facts:
    """The same as if a change of the plan had just been agreed to, its layout beginning there. No query."""
    plan = copy(found.plan)
    assert plan is not None
    end = end_from(found, start)
    plan.agreed_on, plan.agreed_spare_minutes = (end.on, end.spare_minutes) if end else (None, 0)
    return replace(found, plan=plan)


class FirstLaid(NamedTuple):
    """An activity in the first layout."""

    minutes: int
    first_on: date
    last_on: date


def baseline_of(plan: Plan) -> dict[str, FirstLaid]:
    """The first layout, by activity key. One query."""
    rows = plan.baseline.values_list("activity_key", "minutes", "first_on", "last_on")
    return {key: FirstLaid(minutes, first_on, last_on) for key, minutes, first_on, last_on in rows}


def activity_standings(
    module: Module, plan: Plan, marks: Mapping[str, Said], by_activity: Mapping[str, int]
) -> tuple[ActivityStanding, ...]:
    """The activities of a module as a learner with this plan has them."""
    return tuple(
        activity_standing(activity, plan, marks.get(activity.key), by_activity.get(activity.key, 0))
        for activity in module.activities_in(plan.track_key)
    )


def activity_standing(
    activity: Activity, plan: Plan, mark: Said | None, logged_minutes: int
) -> ActivityStanding:
    """One activity: its mark speaks first, then the minutes logged on it."""
    unmarked = "part" if logged_minutes else "todo"
    asked = activity.needs[plan.track_key] == "required"
    is_left_out = asked and activity.key in plan.left_out
    return ActivityStanding(
        activity=activity,
        required=asked and not is_left_out,
        is_left_out=is_left_out,
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


def road(found: Facts, baseline: Mapping[str, FirstLaid]) -> list[RoadModule]:
    """Every module of the plan's track on its dates. No query."""
    plan = found.plan
    assert plan is not None
    laid = layout(found)
    rows = []
    for module in catalogue(plan.revision).modules_in(plan.track_key):
        standings = activity_standings(module, plan, found.marks, found.by_activity)
        keys = [item.activity.key for item in standings]
        measured = measure_activities(standings)
        done = _span(
            [
                (item.marked_on, item.marked_on)
                for item in standings
                if item.state == progress.DONE and item.marked_on
            ]
        )
        ahead = _span([(laid[key].first_on, laid[key].last_on) for key in keys if key in laid])
        rows.append(
            RoadModule(
                module=module,
                state=_module_state(measured, begun=any(item.state == "part" for item in standings)),
                progress=measured,
                baseline=_span(
                    [(baseline[key].first_on, baseline[key].last_on) for key in keys if key in baseline]
                ),
                now=_span([span for span in (done, ahead) if span]),
            )
        )
    return rows


@dataclass(frozen=True, slots=True)
class BurnUp:
    """Minutes of the plan by date: as first laid out, and done, each from the plan's first week on.

    Both end with a point: the last day of the first layout, and today. `whole_minutes` is done and open now.
    """

    planned: tuple[tuple[date, int], ...]
    done: tuple[tuple[date, int], ...]
    whole_minutes: int


def burn_up(found: Facts, baseline: Mapping[str, FirstLaid]) -> BurnUp:
    """What was planned and what was done, at the end of each week. No query."""
    plan = found.plan
    assert plan is not None
    begun_on = min([plan.start_on, found.on, *(row.first_on for row in baseline.values())])
    # A day ahead was today for somebody who has travelled west since.
    done = [(min(mark.marked_on, found.on), minutes) for mark, minutes in done_minutes(plan, found.marks)]
    before = sum(minutes for on, minutes in done if on < begun_on)
    laid = [(row.last_on, row.minutes) for row in baseline.values()]
    return BurnUp(
        planned=_cumulative(laid, before, begun_on, max((on for on, _ in laid), default=begun_on)),
        done=_cumulative([row for row in done if row[0] >= begun_on], before, begun_on, found.on),
        whole_minutes=measure(plan, found.marks).plan_minutes,
    )


def _cumulative(
    rows: Iterable[tuple[date, int]], before: int, begun_on: date, until_on: date
) -> tuple[tuple[date, int], ...]:
    """The sum of all minutes so far on the Monday after each week that has any, and on the last day."""
    by_week: dict[Week, int] = {}
    for on, minutes in rows:
        by_week[week_of(on)] = by_week.get(week_of(on), 0) + minutes
    total, points = before, [(begun_on, before)]
    for week in sorted(by_week):
        # A level line up to the week in which something was done, and up in it.
        if points[-1][0] < week.first_on:
            points.append((week.first_on, total))
        total += by_week[week]
        points.append((min(week.shifted(1).first_on, until_on), total))
    if points[-1][0] < until_on:
        points.append((until_on, total))
    return tuple(points)


def _span(pairs: list[tuple[date, date]]) -> tuple[date, date] | None:
    return (min(first for first, _ in pairs), max(last for _, last in pairs)) if pairs else None


def _module_state(measured: progress.Progress, *, begun: bool) -> str:
    if measured.open_minutes == 0 and (measured.done_minutes or measured.known_minutes):
        return "done" if measured.done_minutes else "known"
    return "part" if measured.done_minutes or begun else "todo"


def baseline_end(baseline: Mapping[str, FirstLaid]) -> date | None:
    """The last day of the first layout."""
    return max((row.last_on for row in baseline.values()), default=None)


def ways_on(found: Facts, baseline_on: date | None) -> replan.Ways | None:
    """The ways on from where the plan leads to where it should: its target, or the end of the first layout.

    None where nothing is left, or there is no such day. No query.
    """
    plan = found.plan
    assert plan is not None
    minutes = found.open_minutes
    date_on = plan.target_on or baseline_on
    if not minutes or date_on is None:
        return None
    return replan.ways(minutes, found.pace, found.start, date_on)


@dataclass(frozen=True, slots=True)
class Leavable:
    """An open activity that can be left out of a plan, with what it still takes."""

    activity: Activity
    module: Module
    remaining_minutes: int


def leavable(found: Facts) -> tuple[Leavable, ...]:
    """The open activities that the curriculum lets a learner leave out, in the plan's order. One query."""
    plan = found.plan
    assert plan is not None
    content = current(plan.revision)
    rows = []
    for item in found.work:
        activity = content.activity(item.key)
        if activity.if_left_out:
            rows.append(Leavable(activity, content.module(item.module_key), item.remaining_minutes))
    return tuple(rows)


@lru_cache(maxsize=64)
def changes_between(before: int, after: int, track_key: str) -> Changes:
    """What a learner of a track meets on moving between two revisions. They never change, so it is kept."""
    return compare(catalogue(before), catalogue(after), track_key)


def changes_to(plan: Plan, revision: int) -> Changes | None:
    """What would be different under this later revision; None where it is not later, has no such track, or
    asks for nothing else.
    """
    if revision <= plan.revision or plan.track_key not in {track.key for track in catalogue(revision).tracks}:
        return None
    changes = changes_between(plan.revision, revision, plan.track_key)
    return None if changes.is_empty else changes


@dataclass(frozen=True, slots=True)
class NewerRevision:
    """A revision that a plan could move to, and what would be different."""

    number: int
    changes: Changes


def newer_revision(plan: Plan) -> NewerRevision | None:
    """The newest revision, where it still has the plan's track and asks for something else.

    One query; none for a plan of `facts`, which brings the number along.
    """
    number = getattr(plan, "newest_revision", None) or newest_revision()
    changes = changes_to(plan, number)
    return NewerRevision(number, changes) if changes else None


def self_check_answers(learner_id: int) -> dict[str, str]:
    """What the learner said of recall questions, by question key. One query."""
    rows = SelfCheckAnswer.objects.filter(learner_id=learner_id)
    return dict(rows.values_list("question_key", "knows"))


def ratings_of(learner_id: int) -> dict[str, list[skills.Rated]]:
    """Every rating of a learner by skill key, the first one first. One query."""
    found: dict[str, list[skills.Rated]] = {}
    rows = SkillRating.objects.filter(learner_id=learner_id).order_by("rated_at")
    for key, level, rated_on, proof in rows.values_list("skill_key", "level", "rated_on", "proof"):
        found.setdefault(key, []).append(skills.Rated(level, rated_on, proof))
    return found


def skill_standings(learner_id: int, content: Catalogue, track_key: str) -> list[skills.SkillStanding]:
    """The skills matrix of a learner on a track, row by row. One query."""
    ratings = ratings_of(learner_id)
    return [
        skills.standing(skill.key, skill.kind, skill.targets[track_key], ratings.get(skill.key, ()))
        for skill in content.skills
    ]
