"""`/plan/behind/`: ways on from a date that moved, side by side; and taking a change back."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from tracker import clock
from tracker.library import words
from tracker.people.requests import LearnerRequest
from tracker.plans import actions as plans_actions
from tracker.plans import queries as plans_queries
from tracker.plans.models import Plan, PlanChange
from tracker.plans.queries import active_plan


@require_http_methods(["GET", "HEAD", "POST"])
def behind(request: LearnerRequest) -> HttpResponse:
    """Keep the date, or keep the hours: before and after of each. POST takes the one that was looked at."""
    found = plans_queries.facts_of(request.user.pk, clock.today(request.user.zone_info))
    if found.plan is None:
        raise Http404
    ways = plans_queries.ways_on(found, plans_queries.baseline_end(found.plan))
    if request.method == "POST":
        wanted = request.POST.get("way", "")
        taken = False
        if ways and wanted == f"date:{ways.week_minutes}" and ways.weekday_minutes is not None:
            taken = plans_actions.replan(
                found.plan,
                reason=f"Kept {words.long_date(ways.date_on)}: {words.hours(ways.week_minutes or 0)} a week",
                weekday_minutes=ways.weekday_minutes,
                now=clock.now(),
            )
        elif ways and ways.finish_on and wanted == f"hours:{ways.finish_on.isoformat()}":
            taken = plans_actions.replan(
                found.plan,
                reason=f"Kept the hours: the date moves to {words.long_date(ways.finish_on)}",
                target_on=ways.finish_on,
                now=clock.now(),
            )
        if taken:
            messages.success(request, "The plan is changed. You can take it back for seven days.")
            return redirect("plan")
        messages.info(request, "Nothing was changed: the plan has moved since. Look at the ways on again.")
        return redirect("behind")
    context = {
        "nav": "plan",
        "plan": found.plan,
        "stands": plans_queries.stand(found),
        "ways": ways,
        "now_minutes": found.pace.week_minutes,
        "weekdays": list(
            zip(words.WEEKDAYS, found.plan.weekday_minutes, ways.weekday_minutes, strict=True)
            if ways and ways.weekday_minutes
            else ()
        ),
    }
    return render(request, "desk/behind.html", context)


@require_POST
def choose_order(request: LearnerRequest) -> HttpResponse:
    """One module after the other, or independent ones side by side."""
    plan = active_plan(request.user.pk)
    if plan is None:
        raise Http404
    chosen = request.POST.get("order", "")
    if chosen not in Plan.Order.values:
        messages.error(request, "Modules run one after the other or side by side; nothing was changed.")
    elif plans_actions.choose_order(plan, chosen, now=clock.now()):
        messages.success(request, f"{Plan.Order(chosen).label}, from today on.")
    return redirect("plan")


@require_POST
def undo_change(request: LearnerRequest, pk: int) -> HttpResponse:
    """Takes the last change of the plan back; says why where that cannot be."""
    plan = active_plan(request.user.pk)
    if plan is None:
        raise Http404
    try:
        refusal = plans_actions.undo_change(plan, pk, now=clock.now())
    except PlanChange.DoesNotExist:
        raise Http404 from None
    if refusal:
        messages.error(request, refusal)
    else:
        messages.success(request, "The change is taken back.")
    return redirect("plan")
