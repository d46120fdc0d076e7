"""`/plan/<module>/`: a module's activities to tick."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect

from curriculum.catalogue import Activity
from tracker import clock
from tracker.desk.forms import LogForm
from tracker.desk.paths import local_path
from tracker.desk.views.learning import updated_on
from tracker.desk.views.today import today_parts
from tracker.journal import queries as journal_queries
from tracker.library.views import covers_of
from tracker.library.words import element_id
from tracker.milestones import queries as milestones_queries
from tracker.people.requests import LearnerRequest
from tracker.plans import actions as plans_actions
from tracker.plans import queries as plans_queries
from tracker.plans.access import own_activity, own_module
from tracker.plans.models import Mark


@require_safe
def module(request: LearnerRequest, module_key: str) -> HttpResponse:
    """A module: what it is for, its activities to tick, labs, recall, its milestone."""
    plan, content, module = own_module(request, module_key)
    marks = plans_queries.marks_of([request.user.pk])[request.user.pk]
    logged = journal_queries.minutes_by_activity([request.user.pk])[request.user.pk]
    activities = plans_queries.activity_standings(module, plan, marks, logged)
    return render(
        request,
        "desk/module.html",
        {
            "nav": "plan",
            "plan": plan,
            "module": module,
            "track": content.track(plan.track_key),
            "prerequisites": [
                (content.module(key), key in content.track(plan.track_key).module_keys)
                for key in module.prerequisites
            ],
            "tracks": [content.track(plan.track_key)],
            "covers": covers_of(content, module),
            "begun": any(row.state != "todo" for row in activities),
            "updated_on": updated_on(plan, request, module.text_since),
            "activities": activities,
            "summary": plans_queries.measure_activities(activities),
            "labs": module.labs_in(plan.track_key),
            "resources": content.resources_of(module),
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
    plan, content, activity = own_activity(request, module_key, activity_key)
    kind = request.POST.get("kind", "")
    if kind not in {*Mark.Kind.values, "open"}:
        messages.error(request, "An activity is done, known, or open; nothing was changed.")
        there = reverse("module", args=[module_key])
        return HttpResponseClientRedirect(there) if request.htmx else redirect(there)
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
        if kind != "open":
            messages.success(request, marked_message(kind, activity))
        return redirect(f"{local_path(request, default='today')}#activity-{element_id(activity.key)}")
    found = plans_queries.facts_of(request.user.pk, clock.today(request.user.zone_info))
    module = content.module(module_key)
    activities = plans_queries.activity_standings(module, plan, found.marks, found.by_activity)
    page = request.POST.get("page", "")
    page = page if page in ("today", "activity") else "module"
    parts = today_parts(plans_queries.stand(found)) if page == "today" else {}
    return render(
        request,
        "desk/_activity_marked.html",
        {
            "item": next(item for item in activities if item.activity.key == activity.key),
            "module": module,
            "summary": plans_queries.measure_activities(activities),
            "page": page,
            **parts,
            "log_query": urlencode({"subject": activity.key, "length": str(activity.minutes)}),
        },
    )


@require_POST
def put_off(request: LearnerRequest, module_key: str, activity_key: str) -> HttpResponse:
    """Not now: the activity is not offered on Today again this week. The same again takes that back."""
    plan, _, activity = own_activity(request, module_key, activity_key)
    again = request.POST.get("again") == "yes"
    plans_actions.put_off(plan, activity.key, on=clock.today(request.user.zone_info), again=again)
    if not again:
        messages.success(request, f"Not this week: {activity.title}.")
    return redirect("today")


def marked_message(kind: str, activity: Activity) -> str:
    """What was marked, with the way to take it back."""
    there = reverse("module", args=[activity.module_key]) + f"#activity-{element_id(activity.key)}"
    said = "Done" if kind == Mark.Kind.DONE else "Known before"
    return format_html('{}: {}. <a href="{}">Undo it in its module</a>', said, activity.title, there)
