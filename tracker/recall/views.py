"""`/recall/`: what is asked today, the answer beside its source, four grades, and how well it sits."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from curriculum.catalogue import Catalogue, catalogue, current
from tracker import clock
from tracker.library import prose, words
from tracker.people.requests import LearnerRequest
from tracker.plans.queries import Facts, Standing, facts_of, stand
from tracker.recall import actions, queries
from tracker.recall.models import Grade, Review
from tracker.recall.rules import asking, memory

MEANS = {
    Grade.AGAIN: "I did not know it, or got it wrong.",
    Grade.HARD: "I got there, with effort or with a gap.",
    Grade.GOOD: "I knew it, after a moment.",
    Grade.EASY: "I knew it at once.",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One item in a list."""

    key: str
    title: str
    module_title: str
    is_task: bool


@dataclass(frozen=True, slots=True)
class GradedRow:
    """What was graded today."""

    row: Row
    review: Review


@dataclass(frozen=True, slots=True)
class HourRow:
    """An hour that is offered."""

    module_key: str
    title: str
    minutes: int


@require_safe
def recall(request: LearnerRequest) -> HttpResponse:
    """Today's handful, what was graded today, and the hours that are offered."""
    found = _facts(request)
    if found.plan is None:
        return _no_plan(request, found)
    day = queries.day_of(found)
    content = current(found.plan.revision)
    context = {
        "nav": "today",
        "day": day,
        "rows": rows_of(content, [item.key for item in day.items]),
        "graded": [
            GradedRow(row, review)
            for review in queries.graded_on(request.user.pk, day.on)
            for row in rows_of(content, [review.card.item_key])
        ],
        "hours": hour_rows(request, day, content),
        "a_day": asking.A_DAY,
    }
    return render(request, "recall/recall.html", context)


@require_safe
def recheck(request: LearnerRequest, item_key: str) -> HttpResponse:
    """One question or task: asked today, with `?answer=1` its answer too; below, every grade it had."""
    return _recheck_page(request, item_key)


def _recheck_page(request: LearnerRequest, item_key: str, *, mistake: str = "") -> HttpResponse:
    found = _facts(request)
    if found.plan is None:
        return _no_plan(request, found)
    day = queries.day_of(found)
    card = queries.card_of(request.user.pk, item_key) if item_key.isprintable() else None
    if item_key not in day.known and card is None:
        raise Http404
    shown = queries.shown(current(found.plan.revision), item_key)
    is_asked = day.find(item_key) is not None and shown is not None
    held = queries.memory_of(card)
    weights = queries.weights_of([request.user.pk])[request.user.pk]
    strength = memory.strength(held, day.on, weights) if held else None
    known = day.known.get(item_key)
    reviews = queries.reviews_of(card) if card else []
    context: dict[str, Any] = {
        "nav": "today",
        "key": item_key,
        "day": day,
        "shown": shown,
        "title": prose.plain(shown.prompt) if shown else item_key,
        "is_asked": is_asked,
        "has_answer": is_asked and (bool(mistake) or "answer" in request.GET),
        "mistake": mistake,
        "choices": [
            (choice, MEANS[choice.grade]) for choice in queries.choices(card, day.on, day.off, weights)
        ],
        "next_on": known.due_on if known else None,
        "held": held,
        "percent": round(strength * 100) if strength is not None else None,
        "strength": asking.strength_words(strength) if strength is not None else "",
        "reviews": reviews,
        "last": next((row for row in reviews if row.undone_at is None), None),
    }
    return render(request, "recall/recheck.html", context, status=422 if mistake else 200)


@require_POST
def grade_recheck(request: LearnerRequest, item_key: str) -> HttpResponse:
    """Keeps how the answer went, and goes on to what else is asked today."""
    found = _facts(request)
    if found.plan is None:
        raise Http404
    day = queries.day_of(found)
    if item_key not in day.known:
        raise Http404
    if day.find(item_key) is None:
        messages.info(request, "It is not asked now; nothing was changed.")
        return redirect("recheck", item_key)
    chosen = request.POST.get("grade", "")
    if chosen not in {str(grade.value) for grade in Grade}:
        return _recheck_page(request, item_key, mistake="Choose one of the four; nothing was kept yet.")
    grade = Grade(int(chosen))
    try:
        review = actions.grade_item(request.user, item_key, grade, now=clock.now(), on=day.on)
    except actions.IsGraded as refusal:
        messages.info(request, str(refusal))
        return redirect("recall")
    due_on = asking.moved(review.due_on, review.reviewed_on, day.off)
    again = f"It comes back on {words.long_date(due_on)}." if due_on else "It comes back after the pause."
    offer = " An hour on its module is offered below." if grade == Grade.AGAIN else ""
    messages.success(request, f"{grade.label}. {again}{offer}")
    return redirect("recall")


@require_POST
def undo_grade(request: LearnerRequest, item_key: str, pk: int) -> HttpResponse:
    """Takes the last grade of an item back."""
    review = queries.review(request.user.pk, pk)
    if review is None or review.card.item_key != item_key:
        raise Http404
    try:
        actions.undo_grade(review, now=clock.now())
    except actions.IsNotLast as refusal:
        messages.info(request, str(refusal))
    else:
        messages.success(request, "The grade is taken back.")
    return redirect("recheck", item_key)


@require_POST
def leave_hour(request: LearnerRequest, module_key: str) -> HttpResponse:
    """The hour on a module is not wanted."""
    found = _facts(request)
    if found.plan is None or module_key not in {key.partition(".")[0] for key in queries.day_of(found).known}:
        raise Http404
    actions.leave_hour(request.user, module_key)
    messages.success(request, "The hour is left. Nothing else changes.")
    return redirect("recall")


def rows_of(content: Catalogue, keys: list[str]) -> list[Row]:
    """Items as a list shows them; what the curriculum no longer has is left out. No query."""
    found = [queries.shown(content, key) for key in keys]
    return [
        Row(shown.key, prose.plain(shown.prompt), shown.module.title, shown.activity is not None)
        for shown in found
        if shown is not None
    ]


def hour_rows(request: LearnerRequest, day: queries.Day, content: Catalogue) -> list[HourRow]:
    """The hours that are offered, as a list shows them."""
    return [
        HourRow(hour.module_key, module.title, hour.minutes)
        for hour in queries.hours(request.user.pk, day, request.user.zone_info)
        if (module := content.find_module(hour.module_key)) is not None
    ]


def today_parts(request: LearnerRequest, found: Facts) -> dict[str, Any]:
    """What Today shows of it: one re-check at most, and one hour. One query, two where an hour is offered."""
    assert found.plan is not None
    day = queries.day_of(found)
    content = catalogue(found.plan.revision)
    return {
        "rechecks": rows_of(content, [item.key for item in day.items[:1]]),
        "hours": hour_rows(request, day, content)[:1],
    }


def _facts(request: LearnerRequest) -> Facts:
    return facts_of(request.user.pk, clock.today(request.user.zone_info))


def _no_plan(request: LearnerRequest, found: Facts) -> HttpResponse:
    stands: Standing = stand(found)
    return render(request, "desk/no_plan.html", {"nav": "today", "stands": stands})
