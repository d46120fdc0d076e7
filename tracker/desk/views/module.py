"""`/plan/` and `/plan/<module>/`: the road, and a module's activities to tick."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import urlencode
from django.views.decorators.http import require_POST, require_safe

from curriculum.catalogue import Catalogue, Module, catalogue
from tracker import clock
from tracker.desk.charts import Span, road
from tracker.desk.forms import LogForm
from tracker.desk.paths import local_path
from tracker.journal import queries as journal_queries
from tracker.library import words
from tracker.milestones import queries as milestones_queries
from tracker.people.requests import LearnerRequest
from tracker.plans import actions as plans_actions
from tracker.plans import queries as plans_queries
from tracker.plans.models import Mark, Plan


def own_module(request: LearnerRequest, module_key: str) -> tuple[Plan, Catalogue, Module]:
    """The module in the learner's own track; a 404 for any other."""
    plan = plans_queries.active_plan(request.user.pk)
    if plan is None:
        raise Http404
    content = catalogue(plan.revision)
    if module_key not in content.track(plan.track_key).module_keys:
        raise Http404
    return plan, content, content.module(module_key)


@require_safe
def plan(request: LearnerRequest) -> HttpResponse:
    """The whole road: every module with its state, hours, baseline and dates now."""
    today = clock.today(request.user.zone_info)
    found = plans_queries.facts_of(request.user.pk, today)
    stands = plans_queries.stand(found)
    if stands.plan is None:
        return render(request, "desk/no_plan.html", {"nav": "plan", "stands": stands})
    rows = plans_queries.road(found)
    spans = [Span(row.module.number, row.module.title, row.state, row.baseline, row.now) for row in rows]
    return render(
        request,
        "desk/plan.html",
        {
            "nav": "plan",
            "stands": stands,
            "rows": rows,
            "weekdays": list(zip(words.WEEKDAYS, stands.plan.weekday_minutes, strict=True)),
            "road": road(spans, today),
            "baseline_on": max((row.baseline[1] for row in rows if row.baseline), default=None),
            "changes": stands.plan.changes.order_by("-changed_at")[:5],
            "pauses": found.pauses,
        },
    )


@require_safe
def module(request: LearnerRequest, module_key: str) -> HttpResponse:
    """A module: what it is for, its activities to tick, labs, recall, its milestone."""
    plan, content, module = own_module(request, module_key)
    marks = plans_queries.marks_of([request.user.pk])[request.user.pk]
    logged = journal_queries.minutes_by_activity([request.user.pk])[request.user.pk]
    activities = plans_queries.activity_standings(module, plan.track_key, marks, logged)
    labs = {activity.lab_key for activity in module.activities_in(plan.track_key) if activity.lab_key}
    return render(
        request,
        "desk/module.html",
        {
            "nav": "plan",
            "plan": plan,
            "module": module,
            "track": content.track(plan.track_key),
            "prerequisites": [content.module(key) for key in module.prerequisites],
            "activities": activities,
            "editions": content.editions_in(module),
            "summary": plans_queries.measure_activities(activities),
            "labs": [lab for lab in module.labs if lab.key in labs],
            "milestone": milestones_queries.milestone(request.user.pk, module, plan.track_key),
            "form": LogForm(
                today=clock.today(request.user.zone_info),
                content=content,
                track_key=plan.track_key,
                initial={"subject": module.key},
            ),
        },
    )


@require_POST
def mark_activity(request: LearnerRequest, module_key: str, activity_key: str) -> HttpResponse:
    """Ticks an activity as done or known, or opens it again."""
    plan, content, module = own_module(request, module_key)
    activity = content.find_activity(activity_key)
    if activity is None or activity.module_key != module.key or plan.track_key not in activity.needs:
        raise Http404
    kind = request.POST.get("kind", "")
    if kind not in {*Mark.Kind.values, "open"}:
        messages.error(request, "An activity is done, known, or open; nothing was changed.")
        return redirect("module", module_key)
    if kind == "open":
        plans_actions.unmark_activity(request.user, activity.key)
    else:
        plans_actions.mark_activity(
            request.user,
            plan,
            activity.key,
            kind,
            content=content,
            now=clock.now(),
            on=clock.today(request.user.zone_info),
        )
    if not request.htmx:
        return redirect(f"{local_path(request, default='today')}#activity-{activity.key.replace('.', '-')}")
    marks = plans_queries.marks_of([request.user.pk])[request.user.pk]
    logged = journal_queries.minutes_by_activity([request.user.pk])[request.user.pk]
    activities = plans_queries.activity_standings(module, plan.track_key, marks, logged)
    return render(
        request,
        "desk/_activity_marked.html",
        {
            "item": next(item for item in activities if item.activity.key == activity.key),
            "module": module,
            "summary": plans_queries.measure_activities(activities),
            "page": "today" if request.POST.get("page") == "today" else "module",
            "log_query": urlencode({"subject": activity.key, "length": str(activity.minutes)}),
        },
    )
