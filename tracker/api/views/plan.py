"""The plan: its dates and weeks, its activities, what is next, milestones."""

from datetime import date
from typing import Annotated, Literal

from ninja import Query
from ninja.responses import Status

from curriculum.catalogue import catalogue
from tracker.api import schemas
from tracker.api.door import ApiRequest, May
from tracker.api.operations import Section
from tracker.api.problems import Problem
from tracker.journal import queries as journal_queries
from tracker.journal.rules import week_of
from tracker.milestones import queries as milestones_queries
from tracker.people.models import ApiToken
from tracker.plans import actions, queries
from tracker.plans.models import Plan

section = Section("Plan")

MOST_WEEKS = 104


def _plan_of(request: ApiRequest) -> Plan:
    """The learner's plan. Raises the 404."""
    plan = queries.active_plan(request.learner.pk)
    if plan is None:
        raise Problem("no-plan", "There is no plan yet. It is made on the site, in four steps.")
    return plan


def _span(days: tuple[date, date] | None) -> schemas.Span | None:
    return schemas.Span(first_on=days[0], last_on=days[1]) if days else None


@section.operation("GET", "/plan", name="api-plan", may=May.READ, answers={200: schemas.Plan}, refuses=(404,))
def read_plan(request: ApiRequest) -> schemas.Plan:
    """The plan with its dates, as the plan page shows it."""
    found = queries.facts_of(request.learner.pk, request.today)
    stands = queries.stand(found)
    plan = stands.plan
    if plan is None or stands.track is None:
        raise Problem("no-plan", "There is no plan yet. It is made on the site, in four steps.")
    said = stands.forecast
    return schemas.Plan(
        track=plan.track_key,
        track_title=stands.track.title,
        revision=plan.revision,
        state=stands.state,
        start_on=plan.start_on,
        target_on=plan.target_on,
        weekday_minutes=list(plan.weekday_minutes),
        finish_on=stands.finish_on,
        forecast=schemas.Forecast(
            likely_on=said.likely_on,
            low_50_on=said.low_50_on,
            high_50_on=said.high_50_on,
            low_80_on=said.low_80_on,
            high_80_on=said.high_80_on,
            weeks_of_data=said.weeks_of_data,
        )
        if said
        else None,
        remaining_minutes=stands.remaining_minutes,
        done_minutes=stands.progress.done_minutes,
        percent=stands.progress.percent,
        pauses=[
            schemas.Break(first_on=pause.first_on, last_on=queries.last_day_off(pause))
            for pause in found.pauses
        ],
        modules=[
            schemas.PlannedModule(
                key=row.module.key,
                number=row.module.number,
                title=row.module.title,
                state=row.state,
                done_minutes=row.progress.done_minutes,
                open_minutes=row.progress.open_minutes,
                baseline=_span(row.baseline),
                now=_span(row.now),
            )
            for row in queries.road(found, queries.baseline_of(plan))
        ],
    )


@section.operation("GET", "/weeks", name="api-weeks", may=May.READ, answers={200: schemas.Weeks})
def list_weeks(
    request: ApiRequest, weeks: Annotated[int, Query(ge=1, le=MOST_WEEKS, description="How many.")] = 8
) -> schemas.Weeks:
    """Weeks against their targets, this one first."""
    learner_id, this = request.learner.pk, week_of(request.today)
    shown = [this.shifted(-back) for back in range(weeks)]
    plan = queries.active_plan(learner_id)
    pace = queries.pace_of(plan, plan.pauses.all()) if plan else None
    by_day = journal_queries.minutes_by_day_and_activity([learner_id], shown[-1].first_on)[learner_id]
    logged = journal_queries.minutes_by_week(journal_queries.minutes_by_day(by_day))
    items = []
    for week in shown:
        minutes = logged.get(week, 0)
        began = plan is not None and week >= week_of(plan.start_on)
        hours = queries.week_hours(week, plan, pace, minutes) if plan and pace and began else None
        items.append(
            schemas.Week(
                first_on=week.first_on,
                number=hours.number if hours else None,
                logged_minutes=minutes,
                target_minutes=hours.target_minutes if hours else 0,
                paused=hours.is_paused if hours else False,
            )
        )
    return schemas.Weeks(items=items)


@section.operation("GET", "/weeks/this", name="api-this-week", may=May.ANY, answers={200: schemas.ThisWeek})
def read_this_week(request: ApiRequest) -> schemas.ThisWeek:
    """This week's totals against its target, day by day."""
    stands = queries.standing(request.learner.pk, request.today)
    this = stands.weeks[-1] if stands.weeks else None
    return schemas.ThisWeek(
        first_on=stands.week.first_on,
        number=this.number if this else None,
        logged_minutes=stands.logged_minutes,
        target_minutes=stands.target_minutes,
        paused=this.is_paused if this else False,
        left_minutes=stands.left_minutes,
        days=[
            schemas.DayOfWeek(
                on=day.day,
                logged_minutes=day.logged_minutes,
                target_minutes=day.target_minutes,
                off=day.is_off,
            )
            for day in stands.days
        ],
    )


def _activity(item: queries.ActivityStanding, request: ApiRequest) -> schemas.Activity:
    """An activity; how long was studied on it is not for tokens that may only log."""
    reads = request.token.scope != ApiToken.Scope.LOG
    return schemas.Activity(
        key=item.activity.key,
        title=item.activity.title,
        module=item.activity.module_key,
        minutes=item.activity.minutes,
        kind=item.activity.kind,
        required=item.required,
        state=item.state,
        logged_minutes=item.logged_minutes if reads else None,
    )


@section.operation(
    "GET", "/activities", name="api-activities", may=May.ANY, answers={200: schemas.Activities}
)
def list_activities(
    request: ApiRequest,
    module: Annotated[str, Query(max_length=120, description="Only those of this module.")] = "",
    state: Annotated[
        Literal["todo", "part", "done", "known"] | None, Query(description="Only those in this state.")
    ] = None,
) -> schemas.Activities:
    """The activities of the plan, in its order."""
    found = queries.facts_of(request.learner.pk, request.today)
    plan = found.plan
    if plan is None:
        return schemas.Activities(items=[])
    standings = [
        item
        for each in catalogue(plan.revision).modules_in(plan.track_key)
        if module in {"", each.key}
        for item in queries.activity_standings(each, plan, found.marks, found.by_activity)
    ]
    return schemas.Activities(
        items=[_activity(item, request) for item in standings if state in {None, item.state}]
    )


@section.operation("GET", "/next", name="api-next", may=May.ANY, answers={200: schemas.Activities})
def list_next(request: ApiRequest) -> schemas.Activities:
    """What Today offers: at most three activities."""
    stands = queries.standing(request.learner.pk, request.today)
    return schemas.Activities(items=[_activity(item.standing, request) for item in stands.next])


def _own_activity(request: ApiRequest, key: str) -> Plan:
    """The plan that has this activity. Raises the 404."""
    plan = _plan_of(request)
    activity = catalogue(plan.revision).find_activity(key)
    if activity is None or plan.track_key not in activity.needs:
        raise Problem(404, "Your plan has no such activity.")
    return plan


@section.operation(
    "PUT",
    "/activities/{key}/mark",
    name="api-mark",
    may=May.ALL,
    answers={200: schemas.Activity},
    refuses=(404,),
)
def mark_activity(request: ApiRequest, key: str, said: schemas.MarkSaid) -> schemas.Activity:
    """Ticks an activity as done, or as known before."""
    plan = _own_activity(request, key)
    content = catalogue(plan.revision)
    actions.mark_activity(
        request.learner, plan, key, said.kind, content=content, now=request.now, on=request.today
    )
    found = queries.facts_of(request.learner.pk, request.today)
    standing = queries.activity_standing(
        content.activity(key), plan, found.marks.get(key), found.by_activity.get(key, 0)
    )
    return _activity(standing, request)


@section.operation(
    "DELETE", "/activities/{key}/mark", name="api-mark", may=May.ALL, answers={204: None}, refuses=(404,)
)
def unmark_activity(request: ApiRequest, key: str) -> Status[None]:
    """Opens an activity again. What was logged on it stays."""
    _own_activity(request, key)
    actions.unmark_activity(request.learner, key)
    return Status(204, None)


@section.operation(
    "GET", "/milestones", name="api-milestones", may=May.READ, answers={200: schemas.Milestones}
)
def list_milestones(request: ApiRequest) -> schemas.Milestones:
    """The milestones of the plan's track, with what is ticked."""
    plan = queries.active_plan(request.learner.pk)
    if plan is None:
        return schemas.Milestones(items=[])
    modules = catalogue(plan.revision).modules_in(plan.track_key)
    return schemas.Milestones(
        items=[
            schemas.Milestone(
                key=item.module.milestone_key,
                title=item.module.milestone_title,
                module=item.module.key,
                state=item.state,
                completed_on=item.completed_on,
                criteria=[
                    schemas.Criterion(
                        key=each.criterion.key,
                        text=each.criterion.text,
                        ticked=each.tick is not None,
                        state=each.state,
                    )
                    for each in item.criteria
                ],
            )
            for item in milestones_queries.milestones(request.learner.pk, modules, plan.track_key)
        ]
    )
