"""`/start/`: the first plan in four steps and a preview.

Answers wait in the session, as they were typed, until the plan is made.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods

from curriculum.catalogue import Catalogue, Module, newest
from tracker import clock
from tracker.desk import actions
from tracker.desk.forms import HoursForm, KnownForm, TrackForm, typed_hours
from tracker.people import queries as people_queries
from tracker.people.forms import ZoneForm
from tracker.people.requests import LearnerRequest
from tracker.people.rules import offered_zones
from tracker.plans import actions as plans_actions
from tracker.plans import queries as plans_queries
from tracker.plans.actions import Wish
from tracker.plans.models import DAY_FIELDS
from tracker.plans.queries import active_plan
from tracker.plans.rules import schedule
from tracker.reminders import queries as reminders_queries
from tracker.reminders.forms import CONSENT_WORDING, ReminderForm

STEPS = ("start", "start-hours", "start-known", "start-reminder", "start-preview")
DRAFT = "start"
QUESTIONS = 4
ASKED = ("track", *DAY_FIELDS, "start_on", "target", "known", "weekday", "hour", "zone", "consent")


def draft_of(request: HttpRequest) -> dict[str, Any]:
    """The answers so far, by step."""
    draft = request.session.get(DRAFT)
    return dict(draft) if isinstance(draft, dict) else {}


def keep(request: HttpRequest, step: str) -> None:
    """Keeps a step's answers as they were typed."""
    answers = {key: request.POST.getlist(key) for key in ASKED if key in request.POST}
    request.session[DRAFT] = {**draft_of(request), step: answers}


def answers_to(draft: dict[str, Any], step: str) -> Any:
    """A step's kept answers in the shape that forms read, or None where there are none."""
    if step not in draft:
        return None
    data = QueryDict(mutable=True)
    for key, values in draft[step].items():
        data.setlist(key, values)
    return data


@dataclass
class Answers:
    """The forms of all steps, bound to what is kept."""

    content: Catalogue
    track: TrackForm
    hours: HoursForm
    known: KnownForm
    reminder: ReminderForm
    zone: ZoneForm

    def first_open(self) -> str | None:
        """The first step without a good answer; None where all have one."""
        for step, forms in (
            ("start", (self.track,)),
            ("start-hours", (self.hours,)),
            ("start-known", (self.known,)),
            ("start-reminder", (self.reminder, self.zone)),
        ):
            if not all(form.is_valid() for form in forms):
                return step
        return None

    @property
    def track_key(self) -> str:
        return str(self.track.cleaned_data["track"]) if self.track.is_valid() else ""

    @property
    def wish(self) -> Wish:
        return Wish(
            track_key=self.track_key,
            start_on=self.hours.cleaned_data["start_on"],
            weekday_minutes=self.hours.weekday_minutes,
            target_on=self.hours.target_on,
        )


def read_answers(request: LearnerRequest, *, step: str = "") -> Answers:
    """Every step's form: the posted one for `step`, the kept ones for the others."""
    draft = draft_of(request)
    if step and request.method == "POST":
        draft[step] = {key: request.POST.getlist(key) for key in request.POST}
    content = newest()
    today = clock.today(request.user.zone_info)
    plan = active_plan(request.user.pk)
    track = TrackForm(
        answers_to(draft, "start"), content=content, initial={"track": plan.track_key} if plan else None
    )
    modules: tuple[Module, ...] = ()
    if track.is_valid():
        modules = content.modules_in(track.cleaned_data["track"])
    return Answers(
        content=content,
        track=track,
        hours=HoursForm(
            answers_to(draft, "start-hours"), today=today, initial=typed_hours(plan, today) if plan else None
        ),
        known=KnownForm(answers_to(draft, "start-known"), modules=modules),
        reminder=ReminderForm(
            answers_to(draft, "start-reminder"),
            initial=reminders_queries.form_values(reminders_queries.recipient_of(request.user.pk)),
        ),
        zone=ZoneForm(answers_to(draft, "start-reminder"), initial={"zone": request.user.zone}),
    )


def show(
    request: LearnerRequest, step: str, answers: Answers, *, refused: bool = False, **more: Any
) -> HttpResponse:
    """One step's page."""
    number = STEPS.index(step)
    return render(
        request,
        f"desk/{step.replace('-', '_')}.html",
        {
            "answers": answers,
            "question": number + 1 if number < QUESTIONS else None,
            "back": STEPS[number - 1] if number else "",
            "refused": refused,
            "zones": offered_zones() if step == "start-reminder" else (),
            **more,
        },
        status=422 if refused else 200,
    )


@require_http_methods(["GET", "HEAD", "POST"])
def start(request: LearnerRequest) -> HttpResponse:
    """Step 1: the track."""
    answers = read_answers(request, step="start")
    if request.method == "POST":
        if not answers.track.is_valid():
            return show(request, "start", answers, refused=True)
        keep(request, "start")
        return redirect("start-hours")
    tracks = [
        (
            track,
            answers.content.minutes_in(track.key),
            [answers.content.track(key) for key in track.builds_on],
        )
        for track in answers.content.tracks
    ]
    return show(request, "start", answers, tracks=tracks, plan=active_plan(request.user.pk))


@require_http_methods(["GET", "HEAD", "POST"])
def start_hours(request: LearnerRequest) -> HttpResponse:
    """Step 2: hours for each weekday, the first day, the target."""
    answers = read_answers(request, step="start-hours")
    if not answers.track.is_valid():
        return redirect("start")
    if request.method == "POST":
        if not answers.hours.is_valid():
            return show(request, "start-hours", answers, refused=True)
        keep(request, "start-hours")
        return redirect("start-known")
    return show(request, "start-hours", answers)


@require_http_methods(["GET", "HEAD", "POST"])
def start_known(request: LearnerRequest) -> HttpResponse:
    """Step 3: what one knows already."""
    answers = read_answers(request, step="start-known")
    if not answers.track.is_valid():
        return redirect("start")
    modules = answers.content.modules_in(answers.track_key)
    rows = [(module, module.minutes_in(answers.track_key)) for module in modules]
    if request.method == "POST":
        if not answers.known.is_valid():
            return show(request, "start-known", answers, refused=True, rows=rows)
        keep(request, "start-known")
        return redirect("start-reminder")
    chosen = answers.known["known"].value() or []
    return show(request, "start-known", answers, rows=rows, chosen=set(chosen))


@require_http_methods(["GET", "HEAD", "POST"])
def start_reminder(request: LearnerRequest) -> HttpResponse:
    """Step 4: day, hour, zone and consent."""
    answers = read_answers(request, step="start-reminder")
    if not answers.track.is_valid():
        return redirect("start")
    if request.method == "POST":
        # Both are asked, so that every mistake is shown at once.
        if not all([answers.reminder.is_valid(), answers.zone.is_valid()]):
            return show(request, "start-reminder", answers, refused=True, wording=CONSENT_WORDING)
        keep(request, "start-reminder")
        return redirect("start-preview")
    return show(request, "start-reminder", answers, wording=CONSENT_WORDING)


@require_http_methods(["GET", "HEAD", "POST"])
def start_preview(request: LearnerRequest) -> HttpResponse:
    """The dated plan before it is made; POST makes it."""
    answers = read_answers(request)
    if missing := answers.first_open():
        return redirect(missing)
    known = set(answers.known.cleaned_data["known"])
    if request.method == "POST":
        actions.start(
            request.user,
            answers.wish,
            actions.ReminderWish(
                weekday=answers.reminder.cleaned_data["weekday"],
                hour=answers.reminder.cleaned_data["hour"],
                wording=CONSENT_WORDING if answers.reminder.cleaned_data["consent"] else "",
            ),
            zone=answers.zone.cleaned_data["zone"],
            content=answers.content,
            known_modules=known,
            now=clock.now(),
            on=day_of(answers),
        )
        request.session.pop(DRAFT, None)
        messages.success(request, "Your plan is made.")
        if answers.reminder.cleaned_data["consent"] and not people_queries.address_is_confirmed(request.user):
            messages.info(
                request,
                format_html(
                    'The weekly mail waits until your address is confirmed. <a href="{}">Confirm it</a>',
                    reverse("account_email"),
                ),
            )
        return redirect("today")
    return show(
        request,
        "start-preview",
        answers,
        preview=preview(request, answers),
        mail=answers.reminder.cleaned_data,
        plan=active_plan(request.user.pk),
    )


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """A module on its dates; None where all of it is known or done."""

    module: Module
    minutes: int
    known: bool
    optional: bool
    first_on: date | None
    last_on: date | None


def day_of(answers: Answers) -> date:
    """Today in the zone that was chosen: it is the learner's from then on."""
    return clock.today(ZoneInfo(answers.zone.cleaned_data["zone"]))


def preview(request: LearnerRequest, answers: Answers) -> dict[str, Any]:
    """The plan that these answers give: modules on dates, the finish, and what the target would take."""
    wish = answers.wish
    known = set(answers.known.cleaned_data["known"])
    found = plans_actions.preview(
        request.user,
        wish,
        content=answers.content,
        known_modules=known,
        now=clock.now(),
        on=day_of(answers),
    )
    stands = plans_queries.stand(found)
    laid = plans_queries.layout(found)
    rows = []
    for module in answers.content.modules_in(wish.track_key):
        own = [
            laid[activity.key] for activity in module.activities_in(wish.track_key) if activity.key in laid
        ]
        rows.append(
            PreviewRow(
                module=module,
                minutes=sum(item.minutes for item in own),
                known=module.key in known,
                optional=not module.required_in(wish.track_key),
                first_on=min((item.first_on for item in own), default=None),
                last_on=max((item.last_on for item in own), default=None),
            )
        )
    finish_on = stands.finish_on
    is_late = wish.target_on is not None and finish_on is not None and finish_on > wish.target_on
    needed = None
    if is_late and wish.target_on:
        needed = schedule.week_minutes_needed(
            stands.remaining_minutes, found.pace, found.laid_from, wish.target_on
        )
    return {
        "rows": rows,
        "total_minutes": stands.remaining_minutes,
        "week_minutes": found.pace.week_minutes,
        "finish_on": finish_on,
        "from_on": found.laid_from,
        "target_on": wish.target_on,
        "is_late": is_late,
        "needed_week_minutes": needed,
    }
