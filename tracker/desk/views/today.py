"""`/today/`: this week, and what is next."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tracker import clock
from tracker.desk.charts import week_bars
from tracker.desk.forms import LogForm
from tracker.people.requests import LearnerRequest
from tracker.plans.queries import Standing, facts_of, newer_revision, stand
from tracker.recall import views as recall_views


def log_form(stands: Standing, data: Any = None, **initial: Any) -> LogForm:
    """The log form for a learner on their plan."""
    return LogForm(
        data,
        today=stands.on,
        content=stands.catalogue,
        track_key=stands.plan.track_key if stands.plan else "",
        near=[item.standing.activity for item in stands.next],
        initial=initial,
    )


@require_safe
def today(request: LearnerRequest) -> HttpResponse:
    """Hours against target, what is next, and a line to log on."""
    found = facts_of(request.user.pk, clock.today(request.user.zone_info))
    stands = stand(found)
    if stands.plan is None:
        return render(request, "desk/no_plan.html", {"nav": "today", "stands": stands})
    return render(
        request,
        "desk/today.html",
        {
            "nav": "today",
            "form": log_form(stands),
            "newer": newer_revision(stands.plan),
            **recall_views.today_parts(request, found),
            **today_parts(stands),
        },
    )


def today_parts(stands: Standing) -> dict[str, Any]:
    """What the parts of the page need that change when something is logged or ticked."""
    return {
        "stands": stands,
        "bars": week_bars(stands.weeks),
        "weeks_on_target": sum(1 for week in stands.weeks[:-1] if week.on_target),
        "full_weeks": sum(1 for week in stands.weeks[:-1] if not week.is_paused),
    }
