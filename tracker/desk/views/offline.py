"""Without a network: what makes Cairn an app on a phone, the page it then shows, and what it sends later."""

import hashlib
import json
from datetime import date
from uuid import UUID

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_safe

from tracker import clock
from tracker.desk.device import owner_of
from tracker.desk.forms import CONFIDENCES, LONGEST_NOTE, LogForm
from tracker.desk.views.journal import kept, said_of
from tracker.journal import actions
from tracker.journal import rules as journal_rules
from tracker.journal.models import StudySession
from tracker.journal.rules.quick_log import LONGEST_LINE
from tracker.library import words
from tracker.people.requests import LearnerRequest
from tracker.plans import queries as plans_queries
from tracker.plans.subjects import content_of

# The ground of the stylesheet, in light.
GROUND = "#f8f6f0"
SHELL_FILES = ("cairn.css", "cairn.js", "queue.js", "offline.js", "icon.svg")
# Navigation to these is left to the browser: programs and probes want the answer or its failure.
NOT_PAGES = ("/api/", "/healthz", "/readyz")


@login_not_required
@require_safe
@cache_control(no_cache=True)
def manifest(request: HttpRequest) -> JsonResponse:
    """What a phone needs to install Cairn."""
    icons = [
        ("icon-192.png", 192, "any"),
        ("icon-512.png", 512, "any"),
        ("icon-maskable-512.png", 512, "maskable"),
    ]
    return JsonResponse(
        {
            "id": "/",
            "name": "Cairn",
            "short_name": "Cairn",
            "description": "A study plan in AI security, and how far you are.",
            "lang": "en",
            "start_url": reverse("today"),
            "scope": "/",
            "display": "standalone",
            "theme_color": GROUND,
            "background_color": GROUND,
            "icons": [
                {"src": static(name), "sizes": f"{size}x{size}", "type": "image/png", "purpose": purpose}
                for name, size, purpose in icons
            ],
            "shortcuts": [
                {"name": "Log study", "url": reverse("log")},
                {"name": "Timer", "url": reverse("timer")},
            ],
        },
        content_type="application/manifest+json",
    )


def offline_page() -> str:
    """The page, the same for all: made without the request, so that nothing of a learner can be in it."""
    return render_to_string(
        "desk/offline.html",
        {"confidences": CONFIDENCES, "longest_line": LONGEST_LINE, "longest_note": LONGEST_NOTE},
    )


@login_not_required
@require_safe
@cache_control(no_cache=True)
def offline(request: HttpRequest) -> HttpResponse:
    """What is shown in place of any page that cannot be reached: a log form that keeps, and what waits."""
    return HttpResponse(offline_page())


@login_not_required
@require_safe
@cache_control(no_cache=True)
def service_worker(request: HttpRequest) -> HttpResponse:
    """The service worker, at the root because it serves no page above itself.

    Its lines name files by their content, so that a new release is another worker with another cache.
    """
    page = reverse("offline")
    files = [page, *map(static, SHELL_FILES)]
    digest = hashlib.sha256("\n".join([*files, static("worker.js"), offline_page()]).encode()).hexdigest()
    shell = {"cache": f"cairn-{digest[:16]}", "page": page, "files": files, "not_pages": NOT_PAGES}
    scripts = ", ".join(json.dumps(static(name)) for name in ("queue.js", "worker.js"))
    return HttpResponse(
        f'"use strict";\nself.shell = {json.dumps(shell)};\nimportScripts({scripts});\n',
        content_type="text/javascript; charset=utf-8",
    )


@require_http_methods(["GET", "HEAD", "POST"])
def waiting(request: LearnerRequest) -> JsonResponse:
    """Takes one session that waited on a device. GET says who is logged in there, and the form's token.

    POST: 201 logged; 200 logged before, whatever became of it since; 422 with sentences by field and what
    could be read, to be answered in the log form; 409 where it is another learner's.
    """
    learner = request.user
    owner = owner_of(learner.pk)
    if request.method != "POST":
        return JsonResponse({"owner": owner, "token": get_token(request)})
    sent = request.POST
    if sent.get("owner") != owner:
        return refused({"owner": ["This was written by another learner."]}, status=409)
    submission = number_of(sent.get("submission", ""))
    if submission is None:
        return refused({"submission": ["This has no number, without which it could be logged twice."]})
    today = clock.today(learner.zone_info)
    stands = plans_queries.standing(learner.pk, today)
    content = content_of(stands.plan)
    # Before anything is asked: what was logged, from here or by answering in the log form, asks nothing more.
    if made := StudySession.objects.filter(learner=learner, submission=submission).first():
        return JsonResponse({"said": said_of(made, content, is_new=False)})
    typed_on = day_of(sent.get("typed_on", ""))
    doubt = journal_rules.refuse_typed(typed_on, today) if typed_on else "Say which day it was."
    form = LogForm(
        {**sent.dict(), "length": sent.get("line", "")},
        # The line means the days that it meant when it was typed: "yesterday" is the day before that one.
        today=today if doubt or typed_on is None else typed_on,
        content=stands.catalogue,
        track_key=stands.plan.track_key if stands.plan else "",
        near=[item.standing.activity for item in stands.next],
    )
    if doubt:
        form.add_error("studied_on", doubt)
    logged = kept(
        form,
        lambda entry: actions.log_session(
            learner, entry, now=clock.now(), submission=submission, confirmed=form.is_confirmed
        ),
    )
    if logged is None:
        sentences = {name: [str(error) for error in errors] for name, errors in form.errors.items()}
        if form.question:
            sentences["confirmed"] = [form.question]
        return refused(sentences, fill=understood(form, with_day=not doubt))
    session, is_new = logged
    said = said_of(session, content, is_new=is_new)
    return JsonResponse({"said": said}, status=201 if is_new else 200)


def refused(
    sentences: dict[str, list[str]], *, fill: dict[str, str] | None = None, status: int = 422
) -> JsonResponse:
    """Why an entry was not logged, by field, and what the log form is filled with to answer."""
    return JsonResponse({"sentences": sentences, "fill": fill or {}}, status=status)


def number_of(text: str) -> UUID | None:
    """The number of an entry; None where it is none."""
    try:
        return UUID(text)
    except ValueError:
        return None


def day_of(text: str) -> date | None:
    """A day as a device sends it, 2026-11-23; None where it is none."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def understood(form: LogForm, *, with_day: bool) -> dict[str, str]:
    """What of a refused form the log form can be filled with, as its fields are typed; "" where it is open.

    The line itself is not: read on another day, its "yesterday" would be another one.
    """
    reading = form.reading
    fill = {name: str(form[name].value() or "") for name in ("studied_on", "confidence", "note")}
    if reading is None:
        try:
            minutes = journal_rules.read_minutes(str(form["length"].value() or ""))
        except ValueError:
            minutes = 0
    else:
        minutes = reading.minutes or 0
        fill["subject"] = reading.subject
        if any(part.kind == "studied_on" for part in reading.parts):
            fill["studied_on"] = reading.studied_on.isoformat()
        if reading.confidence is not None:
            fill["confidence"] = str(reading.confidence)
        fill["note"] = "\n\n".join(text for text in (reading.note, fill["note"]) if text)
    fill["length"] = words.hours(minutes).replace(words.NBSP, " ") if minutes else ""
    if not with_day:
        fill["studied_on"] = ""
    return fill
