"""`/plan/` and `/plan/<module>/`: the road, and a module's activities to tick."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect

from curriculum.catalogue import Activity
from tracker import clock
from tracker.desk.charts import Span, road, week_bars
from tracker.desk.forms import LogForm
from tracker.desk.paths import local_path
from tracker.desk.views.learning import updated_on
from tracker.desk.views.today import today_parts
from tracker.journal import queries as journal_queries
from tracker.library import words
from tracker.library.views import covers_of
from tracker.library.words import element_id
from tracker.milestones import queries as milestones_queries
from tracker.people.requests import LearnerRequest
from tracker.plans import actions as plans_actions
from tracker.plans import queries as plans_queries
from tracker.plans.access import own_module
from tracker.plans.forms import PauseForm
from tracker.plans.models import Mark
from tracker.plans.rules import weeks
from tracker.plans.rules.replan import refuse_undo

YEAR_WIDTH = 1120.0


@require_safe
def plan(request: LearnerRequest) -> HttpResponse:
    """The whole road: every module with its state, hours, baseline and dates now."""
    return _plan_page(request, PauseForm(today=clock.today(request.user.zone_info)))


def _plan_page(request: LearnerRequest, form: PauseForm) -> HttpResponse:
    today = form.today
    found = plans_queries.facts_of(request.user.pk, today)
    stands = plans_queries.stand(found)
    if stands.plan is None:
        return render(request, "desk/no_plan.html", {"nav": "plan", "stands": stands})
    rows = plans_queries.road(found)
    baseline_on = max((row.baseline[1] for row in rows if row.baseline), default=None)
    ways = plans_queries.ways_on(found, baseline_on)
    year = plans_queries.year_of_weeks(found)
    changes = list(stands.plan.changes.order_by("-changed_at", "-pk")[:5])
    return render(
        request,
        "desk/plan.html",
        {
            "nav": "plan",
            "stands": stands,
            "rows": rows,
            "weekdays": list(zip(words.WEEKDAYS, stands.plan.weekday_minutes, strict=True)),
            "road": road([span_of(row) for row in rows], today),
            "baseline_on": baseline_on,
            "changes": changes,
            "can_undo": bool(changes)
            and not refuse_undo(
                changes[0].changed_at, clock.now(), is_last=True, has_before=bool(changes[0].before)
            ),
            "year": week_bars(year, YEAR_WIDTH) if len(year) > 1 else (),
            "average_minutes": weeks.average(year[:-1]),
            "in_a_row": weeks.in_a_row(year[:-1]),
            "is_behind": ways is not None and ways.is_behind,
            "pauses": [(pause, plans_queries.last_day_off(pause)) for pause in reversed(found.pauses)],
            "pause_form": form,
            "newer": plans_queries.newer_revision(stands.plan),
        },
        status=422 if form.is_bound else 200,
    )


def span_of(row: plans_queries.RoadModule) -> Span:
    """A module of the road as the chart draws it."""
    done, whole = row.progress.done_minutes, row.progress.plan_minutes
    return Span(
        number=row.module.number,
        title=row.module.title,
        state=row.state,
        done_share=done / whole if whole else 0.0,
        base=row.baseline,
        now=row.now,
    )


@require_POST
def add_pause(request: LearnerRequest) -> HttpResponse:
    """Plans time off, ahead or after the fact."""
    plan = plans_queries.active_plan(request.user.pk)
    if plan is None:
        raise Http404
    form = PauseForm(request.POST, today=clock.today(request.user.zone_info))
    if form.is_valid():
        plans_actions.pause_plan(
            plan, form.cleaned_data["first_on"], form.cleaned_data["until_on"], now=clock.now()
        )
    else:
        return _plan_page(request, form)
    messages.success(request, "The pause is kept. No mail comes and no hours are asked while it runs.")
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


@require_POST
def end_pause(request: LearnerRequest, pk: int) -> HttpResponse:
    """Ends a pause today, or takes out one that does not run."""
    plan = plans_queries.active_plan(request.user.pk)
    today = clock.today(request.user.zone_info)
    if plan is None or not plans_actions.end_pause(plan, pk, today, now=clock.now()):
        raise Http404
    messages.success(request, "The pause is over.")
    return redirect("plan")


@require_safe
def module(request: LearnerRequest, module_key: str) -> HttpResponse:
    """A module: what it is for, its activities to tick, labs, recall, its milestone."""
    plan, content, module = own_module(request, module_key)
    marks = plans_queries.marks_of([request.user.pk])[request.user.pk]
    logged = journal_queries.minutes_by_activity([request.user.pk])[request.user.pk]
    activities = plans_queries.activity_standings(module, plan.track_key, marks, logged)
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
    plan, content, module = own_module(request, module_key)
    activity = content.find_activity(activity_key)
    if activity is None or activity.module_key != module.key or plan.track_key not in activity.needs:
        raise Http404
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
    activities = plans_queries.activity_standings(module, plan.track_key, found.marks, found.by_activity)
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
    plan, content, _ = own_module(request, module_key)
    activity = content.find_activity(activity_key)
    if activity is None or activity.module_key != module_key or plan.track_key not in activity.needs:
        raise Http404
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
