"""`/plan/history/`: every change of a learner's plans, with its reason and what it changed."""

import json
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from curriculum.catalogue import catalogue
from tracker.library import words
from tracker.people.requests import LearnerRequest
from tracker.plans.models import Plan, PlanChange
from tracker.plans.queries import active_plan

CHANGES_A_PAGE = 50


@dataclass(frozen=True, slots=True)
class Difference:
    """One input of a plan before and after a change, in words."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Change:
    """One change with what it changed; the making of a plan has no before."""

    change: PlanChange
    differences: tuple[Difference, ...]


@require_safe
def plan_history(request: LearnerRequest) -> HttpResponse:
    """Every change, newest first, those of earlier plans included."""
    found = PlanChange.objects.filter(plan__learner=request.user).order_by("-changed_at", "-pk")
    page = Paginator(found, CHANGES_A_PAGE).get_page(request.GET.get("page"))
    rows = [Change(change, differences(change.before, change.after)) for change in page]
    plan = active_plan(request.user.pk)
    return render(
        request, "desk/plan_history.html", {"nav": "plan", "page": page, "rows": rows, "plan": plan}
    )


def differences(before: str, after: str) -> tuple[Difference, ...]:
    """What is different between two sets of inputs, both as canonical JSON; nothing where one is empty."""
    if not before or not after:
        return ()
    then, now = in_words(json.loads(before)), in_words(json.loads(after))
    return tuple(Difference(name, then[name], now[name]) for name in now if then[name] != now[name])


def in_words(inputs: dict[str, Any]) -> dict[str, str]:
    """The inputs of a plan by name, in words. What older changes do not say reads as it was then."""
    agreed, pauses = inputs.get("agreed"), inputs["pauses"]
    return {
        "Track": catalogue(inputs["revision"]).track(inputs["track"]).title,
        "Curriculum": f"revision {inputs['revision']}",
        "First day": _day(inputs["start_on"]),
        "Target": _day(inputs["target_on"]),
        "Hours": ", ".join(
            f"{day[:3]} {words.hours(minutes)}"
            for day, minutes in zip(words.WEEKDAYS, inputs["weekday_minutes"], strict=True)
            if minutes
        ),
        "Order": str(Plan.Order(inputs["order"]).label),
        "Forecast": "your own hours" if inputs.get("uses_own_ratio", True) else "the planned hours",
        "Left out": words.count(len(inputs.get("left_out", [])), "activity", "activities"),
        "Pauses": "; ".join(_pause(*pause) for pause in pauses) or "none",
        "Laid out to": _day(agreed[0] if agreed else None),
    }


def _day(text: str | None) -> str:
    return words.long_date(date.fromisoformat(text)) if text else "none"


def _pause(first: str, until: str | None) -> str:
    return f"from {_day(first)}, back on {_day(until)}" if until else f"from {_day(first)}, open"
