"""Changing a plan: ways on from a date that moved, other hours or another track; and taking a change back.

What a page shows before a change is worked out as the change itself is: the same facts with other inputs.
"""

from collections.abc import Callable, Collection, Sequence
from copy import copy
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from curriculum.catalogue import Module, catalogue
from tracker import clock
from tracker.desk.forms import ChangeForm
from tracker.library import words
from tracker.people.requests import LearnerRequest
from tracker.plans import actions as plans_actions
from tracker.plans import queries as plans_queries
from tracker.plans.access import own_activity
from tracker.plans.models import DAY_FIELDS, Plan, PlanChange
from tracker.plans.queries import Facts, Leavable, Standing, active_plan
from tracker.plans.rules import schedule
from tracker.plans.rules.replan import Ways, fewest_that_make_room

TAKEN = "The plan is changed. You can take it back for seven days."


def own_facts(request: LearnerRequest) -> Facts:
    """What the learner's plan is made from; a 404 without one."""
    found = plans_queries.facts_of(request.user.pk, clock.today(request.user.zone_info))
    if found.plan is None:
        raise Http404
    return found


def would(found: Facts, **inputs: Any) -> Facts:
    """The same learner with other inputs, what is open laid out from today. Nothing is written."""
    plan = copy(found.plan)
    assert plan is not None
    for name, value in inputs.items():
        setattr(plan, name, value)
    changed = replace(found, plan=plan)
    return plans_queries.agreed_anew(changed, changed.start)


# ------------------------------------------------------------------------------------------- I am behind


@dataclass(frozen=True, slots=True)
class LeavingOut:
    """The third way on: what may go, what of it is chosen, and where the plan stands without it."""

    rows: tuple[tuple[Leavable, bool], ...]
    chosen: tuple[Leavable, ...]
    stands: Standing

    @property
    def minutes(self) -> int:
        """What leaving the chosen ones out saves."""
        return sum(row.remaining_minutes for row in self.chosen)


def leaving_out(found: Facts, ways: Ways, asked: Collection[str] | None) -> LeavingOut:
    """The third way on for these keys; where none were asked for, for the fewest that keep the date."""
    assert found.plan is not None
    rows = plans_queries.leavable(found)
    if asked is None:
        work = [schedule.Work(row.activity.key, row.remaining_minutes) for row in rows]
        asked = fewest_that_make_room(work, ways.minutes_over)
    chosen = tuple(row for row in rows if row.activity.key in asked)
    left_out = [*found.plan.left_out, *(row.activity.key for row in chosen)]
    return LeavingOut(
        rows=tuple((row, row in chosen) for row in rows),
        chosen=chosen,
        stands=plans_queries.stand(would(found, left_out=left_out)),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def behind(request: LearnerRequest) -> HttpResponse:
    """Keep the date, keep the hours, or leave work out: before and after. POST takes what was looked at."""
    found = own_facts(request)
    assert found.plan is not None
    ways = plans_queries.ways_on(found, plans_queries.baseline_end(plans_queries.baseline_of(found.plan)))
    if request.method == "POST":
        way, _, said = request.POST.get("way", "").partition(":")
        take = TAKES.get(way)
        if take is not None and ways is not None and take(found, ways, said, request.POST.getlist("leave")):
            messages.success(request, TAKEN)
            return redirect("plan")
        messages.info(request, "Nothing was changed: the plan has moved since. Look at the ways on again.")
        return redirect("behind")
    asked = request.GET.getlist("leave") if "shown" in request.GET else None
    stands = plans_queries.stand(found)
    context = {
        "nav": "plan",
        "plan": found.plan,
        "stands": stands,
        "ways": ways,
        "kept_on": _kept_on(found, stands, ways) if ways else None,
        "now_minutes": found.pace.week_minutes,
        "weekdays": list(
            zip(words.WEEKDAYS, found.plan.weekday_minutes, ways.weekday_minutes, strict=True)
            if ways and ways.weekday_minutes
            else ()
        ),
        "leaving": leaving_out(found, ways, asked) if ways else None,
        "was_asked": asked is not None,
    }
    return render(request, "desk/behind.html", context)


def _kept_on(found: Facts, stands: Standing, ways: Ways) -> date | None:
    """Where the hours that keep the date lead: to it, or some days before it."""
    if ways.weekday_minutes is None or ways.week_minutes == found.pace.week_minutes:
        return stands.finish_on
    return plans_queries.stand(would(found, **_days(ways.weekday_minutes))).finish_on


def _days(weekday_minutes: Sequence[int]) -> dict[str, int]:
    """Minutes for each weekday, Monday first, by the fields of a plan."""
    return {f"{day}_minutes": minutes for day, minutes in zip(DAY_FIELDS, weekday_minutes, strict=True)}


def _keep_the_date(found: Facts, ways: Ways, said: str, _: Sequence[str]) -> bool:
    assert found.plan is not None
    if ways.weekday_minutes is None or said != str(ways.week_minutes):
        return False
    return plans_actions.replan(
        found.plan,
        reason=f"Kept {words.long_date(ways.date_on)}: {words.hours(ways.week_minutes or 0)} a week",
        weekday_minutes=ways.weekday_minutes,
        now=clock.now(),
    )


def _keep_the_hours(found: Facts, ways: Ways, said: str, _: Sequence[str]) -> bool:
    assert found.plan is not None
    if ways.finish_on is None or said != ways.finish_on.isoformat():
        return False
    return plans_actions.replan(
        found.plan,
        reason=f"Kept the hours: the date moves to {words.long_date(ways.finish_on)}",
        target_on=ways.finish_on,
        now=clock.now(),
    )


def _leave_out(found: Facts, ways: Ways, said: str, asked: Sequence[str]) -> bool:
    assert found.plan is not None
    leaving = leaving_out(found, ways, asked)
    # What was ticked and cannot go any more was done, or left out, since it was shown.
    if not leaving.chosen or len(leaving.chosen) != len(set(asked)):
        return False
    return plans_actions.leave_out(
        found.plan,
        [row.activity.key for row in leaving.chosen],
        reason=f"Left out: {words.count(len(leaving.chosen), 'activity', 'activities')}, "
        f"{words.hours(leaving.minutes)}",
        now=clock.now(),
    )


TAKES: dict[str, Callable[[Facts, Ways, str, Sequence[str]], bool]] = {
    "date": _keep_the_date,
    "hours": _keep_the_hours,
    "leave-out": _leave_out,
}


@require_POST
def take_in(request: LearnerRequest, module_key: str, activity_key: str) -> HttpResponse:
    """Takes an activity in again that was left out of the plan."""
    plan, _, activity = own_activity(request, module_key, activity_key)
    if plans_actions.take_in(plan, activity.key, reason=f"Taken in again: {activity.title}", now=clock.now()):
        messages.success(request, f"In the plan again: {activity.title}.")
    return redirect("module", module_key)


@require_POST
def move_up(request: LearnerRequest) -> HttpResponse:
    """Moves what is open up, where the learner is ahead of the plan."""
    found = own_facts(request)
    assert found.plan is not None
    stands = plans_queries.stand(found)
    if stands.sooner_on and request.POST.get("to") == stands.sooner_on.isoformat():
        reason = f"Moved up to {words.long_date(stands.sooner_on)}"
        plans_actions.move_up(found.plan, reason=reason, now=clock.now())
        messages.success(request, TAKEN)
    else:
        messages.info(request, "Nothing was changed: the plan has moved since.")
    return redirect("plan")


# ------------------------------------------------------------------------------- other hours, another track


@require_http_methods(["GET", "HEAD", "POST"])
def change_plan(request: LearnerRequest) -> HttpResponse:
    """Other hours, another target or another track: GET with answers previews them, POST takes them."""
    found = own_facts(request)
    assert found.plan is not None
    answers = request.POST if request.method == "POST" else (request.GET if "track" in request.GET else None)
    content = catalogue(found.plan.revision)
    form = ChangeForm(answers, plan=found.plan, content=content, today=found.on)
    is_good = form.is_bound and form.is_valid()
    if request.method == "POST" and is_good:
        if plans_actions.replan(
            found.plan, reason=_what_changes(found.plan, form.inputs), now=clock.now(), **form.inputs
        ):
            messages.success(request, TAKEN)
        else:
            messages.info(request, "Nothing was changed: the plan is so already.")
        return redirect("plan")
    return render(
        request,
        "desk/change_plan.html",
        {
            "nav": "plan",
            "plan": found.plan,
            "form": form,
            "refused": form.is_bound and not is_good,
            "preview": _preview(found, form) if is_good else None,
        },
        status=422 if form.is_bound and not is_good else 200,
    )


def _preview(found: Facts, form: ChangeForm) -> dict[str, Any]:
    """The plan before and after."""
    assert found.plan is not None
    inputs = form.inputs
    minutes = inputs.pop("weekday_minutes")
    changed = would(found, **inputs, **_days(minutes))
    before, after = plans_queries.stand(found), plans_queries.stand(changed)
    is_late = bool(inputs["target_on"] and after.finish_on and after.finish_on > inputs["target_on"])
    now, then = _modules(found.plan), _modules(changed.plan)
    return {
        "before": before,
        "after": after,
        "before_week": found.pace.week_minutes,
        "after_week": changed.pace.week_minutes,
        "is_late": is_late,
        "needed_week_minutes": _needed(changed) if is_late else None,
        "comes": [module for module in then if module not in now],
        "goes": [module for module in now if module not in then],
        "is_same": not _what_changes(found.plan, form.inputs),
        "answers": [(name, form.data.get(name, "")) for name in form.fields],
    }


def _needed(found: Facts) -> int | None:
    """The hours of the week that keep the target, as "Keep the date" says them; None where none do."""
    ways = plans_queries.ways_on(found, None)
    return ways.week_minutes if ways else None


def _modules(plan: Plan | None) -> tuple[Module, ...]:
    assert plan is not None
    return catalogue(plan.revision).modules_in(plan.track_key)


def _what_changes(plan: Plan, inputs: dict[str, Any]) -> str:
    """Which inputs are others than they were, in words; empty where none is."""
    said = []
    if inputs["track_key"] != plan.track_key:
        said.append(f"track {catalogue(plan.revision).track(inputs['track_key']).title}")
    if inputs["weekday_minutes"] != plan.weekday_minutes:
        before, after = sum(plan.weekday_minutes), sum(inputs["weekday_minutes"])
        same = "on other days" if before == after else f"in place of {words.hours(before)}"
        said.append(f"{words.hours(after)} a week {same}")
    if inputs["target_on"] != plan.target_on:
        said.append(f"target {_day(inputs['target_on'])} in place of {_day(plan.target_on)}")
    return "Changed: " + ", ".join(said) if said else ""


def _day(day: date | None) -> str:
    return words.long_date(day) if day else "none"


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
