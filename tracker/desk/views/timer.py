"""`/timer/`: the learner's one timer, the same on every device; it ends in a log form that is filled in."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from curriculum.catalogue import Catalogue
from tracker import clock
from tracker.desk.forms import LogForm
from tracker.desk.views.today import log_form
from tracker.journal import actions, queries
from tracker.journal.models import Timer
from tracker.journal.rules.timing import elapsed_seconds, is_forgotten, minutes_of
from tracker.library import words
from tracker.people.requests import LearnerRequest
from tracker.plans import queries as plans_queries
from tracker.plans.subjects import Subject, content_of, read_subject, subject_title


@require_safe
def timer(request: LearnerRequest) -> HttpResponse:
    """The timer as it stands; once stopped, the log form with what it measured."""
    stands = plans_queries.standing(request.user.pk, clock.today(request.user.zone_info))
    context: dict[str, Any] = {"nav": "journal", "form": log_form(stands)}
    found = queries.timer_of(request.user.pk)
    if found is not None:
        content = content_of(stands.plan)
        context |= timer_facts(found, content, clock.now())
        if found.stopped_at is not None:
            context["form"] = filled_form(stands, found)
    return render(request, "desk/timer.html", context)


def timer_facts(found: Timer, content: Catalogue, now: datetime) -> dict[str, Any]:
    """What pages say of a timer."""
    seconds = elapsed_seconds(found.banked_seconds, found.running_since, now)
    return {
        "timer": found,
        "timer_title": subject_title(found.activity_key or found.module_key, content),
        "timer_seconds": seconds,
        "timer_minutes": minutes_of(seconds),
        "is_forgotten": is_forgotten(seconds),
    }


def filled_form(stands: plans_queries.Standing, found: Timer) -> LogForm:
    """The log form with what a stopped timer measured; its length is asked for where it ran on unseen."""
    length = ""
    if not is_forgotten(found.banked_seconds):
        length = words.hours(minutes_of(found.banked_seconds)).replace(words.NBSP, " ")
    return log_form(
        stands,
        None,
        length=length,
        subject=found.activity_key or found.module_key,
        # Who has travelled west since may have started it tomorrow.
        studied_on=min(found.started_on, stands.on),
        submission=found.submission,
    )


@require_POST
def start_timer(request: LearnerRequest) -> HttpResponse:
    """Starts the timer; where one is there already, that one stays."""
    plan = plans_queries.active_plan(request.user.pk)
    subject = read_subject(request.POST.get("subject", ""), content_of(plan)) or Subject()
    _, is_new = actions.start_timer(
        request.user, module_key=subject.module_key, activity_key=subject.activity_key, now=clock.now()
    )
    if not is_new:
        messages.info(request, "There is a timer already: log it or throw it away, then start the next.")
    return redirect("timer")


@require_POST
def pause_timer(request: LearnerRequest) -> HttpResponse:
    """Stands the timer still."""
    return _done(request, actions.pause_timer(request.user, now=clock.now()))


@require_POST
def resume_timer(request: LearnerRequest) -> HttpResponse:
    """Lets the timer run on."""
    return _done(request, actions.resume_timer(request.user, now=clock.now()))


@require_POST
def stop_timer(request: LearnerRequest) -> HttpResponse:
    """Stops the timer; the page then has the log form filled in."""
    return _done(request, actions.stop_timer(request.user, now=clock.now()))


def _done(request: LearnerRequest, found: Timer | None) -> HttpResponse:
    if found is None:
        messages.info(request, "There is no timer: it was logged or thrown away elsewhere.")
    return redirect("timer")


@require_POST
def discard_timer(request: LearnerRequest) -> HttpResponse:
    """Throws the timer away."""
    if actions.discard_timer(request.user):
        messages.success(request, "The timer is thrown away. Nothing was logged.")
    return redirect("timer")
