"""`/plan/`: the whole road, with its weeks, pauses and history."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from tracker import clock
from tracker.desk.charts import (
    NARROW_BURN_UP,
    NARROW_ROAD,
    WIDE_BURN_UP,
    WIDE_ROAD,
    burn_up_chart,
    road,
    week_bars,
)
from tracker.library import words
from tracker.people.requests import LearnerRequest
from tracker.plans import actions as plans_actions
from tracker.plans import queries as plans_queries
from tracker.plans.forms import PauseForm
from tracker.plans.models import PlanChange
from tracker.plans.queries import Facts, Standing
from tracker.plans.rules import weeks
from tracker.plans.rules.replan import refuse_undo

YEAR_WIDTH = 1120.0
CHANGES_SHOWN = 5


@require_safe
def plan(request: LearnerRequest) -> HttpResponse:
    """The whole road: every module with its state, hours, baseline and dates now."""
    return _plan_page(request, PauseForm(today=clock.today(request.user.zone_info)))


def _plan_page(request: LearnerRequest, form: PauseForm) -> HttpResponse:
    found = plans_queries.facts_of(request.user.pk, form.today)
    stands = plans_queries.stand(found)
    if stands.plan is None:
        return render(request, "desk/no_plan.html", {"nav": "plan", "stands": stands})
    changes = list(stands.plan.changes.order_by("-changed_at", "-pk")[:CHANGES_SHOWN])
    return render(
        request,
        "desk/plan.html",
        {
            "nav": "plan",
            "stands": stands,
            "weekdays": list(zip(words.WEEKDAYS, stands.plan.weekday_minutes, strict=True)),
            "changes": changes,
            "can_undo": bool(changes) and can_undo(changes[0]),
            "pauses": [(pause, plans_queries.last_day_off(pause)) for pause in reversed(found.pauses)],
            "pause_form": form,
            "newer": plans_queries.newer_revision(stands.plan),
            **_road(found, stands),
            **_weeks(found),
        },
        status=422 if form.is_bound else 200,
    )


def _road(found: Facts, stands: Standing) -> dict[str, Any]:
    """The road and the burn-up, each as two pictures and a table. One query."""
    assert found.plan is not None
    baseline = plans_queries.baseline_of(found.plan)
    rows = plans_queries.road(found, baseline)
    baseline_on = plans_queries.baseline_end(baseline)
    ways = plans_queries.ways_on(found, baseline_on)
    off, finish = found.pace.off, stands.forecast
    burnt = plans_queries.burn_up(found, baseline)
    return {
        "rows": rows,
        "roads": [road(rows, found.on, off, finish, shape) for shape in (WIDE_ROAD, NARROW_ROAD)],
        "baseline_on": baseline_on,
        "is_behind": ways is not None and ways.is_behind,
        "burn_ups": [
            burn_up_chart(burnt, found.on, finish, shape) for shape in (WIDE_BURN_UP, NARROW_BURN_UP)
        ],
        "burnt_by_month": by_month(burnt, found.on),
    }


def by_month(burnt: plans_queries.BurnUp, today: date) -> list[tuple[date, int | None, int | None]]:
    """The last day of each month with what was planned and what was done by then; this month ends today."""
    first = burnt.planned[0][0]
    last = max(burnt.planned[-1][0], today)
    rows = []
    day = date(first.year, first.month, 1)
    while day <= last:
        following = date(day.year + day.month // 12, day.month % 12 + 1, 1)
        done = _level(burnt.done, following) if day <= today else None
        rows.append((day, _level(burnt.planned, following), done))
        day = following
    return rows


def _level(points: tuple[tuple[date, int], ...], before: date) -> int | None:
    """The height of a line on the last point before a day; None before it begins."""
    return next((minutes for on, minutes in reversed(points) if on < before), None)


def _weeks(found: Facts) -> dict[str, Any]:
    """A year of weeks against their targets."""
    year = plans_queries.year_of_weeks(found)
    return {
        "year": week_bars(year, YEAR_WIDTH) if len(year) > 1 else (),
        "average_minutes": weeks.average(year[:-1]),
        "in_a_row": weeks.in_a_row(year[:-1]),
    }


def can_undo(change: PlanChange) -> bool:
    """Whether the last change of a plan can be taken back now."""
    refusal = refuse_undo(change.changed_at, clock.now(), is_last=True, has_before=bool(change.before))
    return not refusal


@require_POST
def add_pause(request: LearnerRequest) -> HttpResponse:
    """Plans time off, ahead or after the fact."""
    plan = plans_queries.active_plan(request.user.pk)
    if plan is None:
        raise Http404
    form = PauseForm(request.POST, today=clock.today(request.user.zone_info))
    if not form.is_valid():
        return _plan_page(request, form)
    plans_actions.pause_plan(
        plan, form.cleaned_data["first_on"], form.cleaned_data["until_on"], now=clock.now()
    )
    messages.success(request, "The pause is kept. No mail comes and no hours are asked while it runs.")
    return redirect("plan")


@require_POST
def end_pause(request: LearnerRequest, pk: int) -> HttpResponse:
    """Ends a pause today, or takes out one that does not run."""
    plan = plans_queries.active_plan(request.user.pk)
    today = clock.today(request.user.zone_info)
    if plan is None or not plans_actions.end_pause(plan, pk, today, now=clock.now()):
        raise Http404
    messages.success(request, "The pause is over.")
    return redirect("plan")


@require_POST
def own_ratio(request: LearnerRequest) -> HttpResponse:
    """Whether the forecast counts with the learner's own ratio of real to planned hours."""
    plan = plans_queries.active_plan(request.user.pk)
    if plan is None:
        raise Http404
    uses = request.POST.get("uses") == "yes"
    plans_actions.use_own_ratio(plan, uses=uses, now=clock.now())
    messages.success(
        request,
        "The forecast counts with your own hours." if uses else "The forecast counts with the planned hours.",
    )
    return redirect("plan")
