"""`/journal/`: study sessions by week against target; logging, correcting, deleting, putting back."""

from dataclasses import dataclass
from datetime import date

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from curriculum.catalogue import Catalogue, catalogue, newest
from tracker import clock
from tracker.desk.forms import LogForm, Subject, subject_title
from tracker.desk.paths import local_path
from tracker.desk.views.today import log_form, today_parts
from tracker.journal import actions, queries, rules
from tracker.journal.models import StudySession
from tracker.journal.rules import Week, week_of
from tracker.library import words
from tracker.people.requests import LearnerRequest
from tracker.plans import queries as plans_queries
from tracker.plans.models import Plan

WEEKS_A_PAGE = 6
SESSIONS_A_PAGE = 250


@dataclass(frozen=True, slots=True)
class Line:
    """One session as the journal shows it."""

    session: StudySession
    title: str
    corrected: bool


@dataclass(frozen=True, slots=True)
class JournalWeek:
    """A week with its sessions, newest first, and its hours against target."""

    hours: plans_queries.WeekHours | None
    week: Week
    logged_minutes: int
    lines: tuple[Line, ...]
    hidden_minutes: int  # of a week that has more sessions than a page shows


def content_of(plan: Plan | None) -> Catalogue:
    """The learner's revision of the curriculum, or the newest where they have no plan."""
    return catalogue(plan.revision) if plan else newest()


def week_asked(text: str, today: date) -> Week:
    """The week that the address names by its Monday; this week where it names none that can be."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return week_of(today)
    return week_of(min(day, today)) if day.year >= 2000 else week_of(today)


@require_safe
def journal(request: LearnerRequest) -> HttpResponse:
    """The sessions of six weeks, newest first."""
    today = clock.today(request.user.zone_info)
    plan = plans_queries.active_plan(request.user.pk)
    content = content_of(plan)
    last = week_asked(request.GET.get("week", ""), today)
    first = last.shifted(1 - WEEKS_A_PAGE)
    found = list(
        queries.sessions_of(request.user.pk)
        .filter(studied_on__gte=first.first_on, studied_on__lt=last.until_on)
        .prefetch_related("corrections")[: SESSIONS_A_PAGE + 1]
    )
    sessions = found[:SESSIONS_A_PAGE]
    if len(found) > SESSIONS_A_PAGE:
        # Too many for a page: it ends before the week that does not fit, or within the only one.
        cut = week_of(found[SESSIONS_A_PAGE].studied_on)
        first = min(cut.shifted(1), last)
        sessions = [session for session in sessions if session.studied_on >= first.first_on]
    older = queries.sessions_of(request.user.pk).filter(studied_on__lt=first.first_on).first()
    pace = plans_queries.pace_of(plan, plan.pauses.all()) if plan else None
    by_week = queries.minutes_by_week(
        queries.minutes_by_day(
            queries.minutes_by_day_and_activity([request.user.pk], first.first_on)[request.user.pk]
        )
    )
    weeks = []
    for back in range((last.first_on - first.first_on).days // 7 + 1):
        week = last.shifted(-back)
        lines = tuple(
            Line(s, title_of(s, content), bool(s.corrections.all())) for s in sessions if s.studied_on in week
        )
        logged = by_week.get(week, 0)
        began = plan is not None and week >= week_of(plan.start_on)
        hours = plans_queries.week_hours(week, plan, pace, logged) if plan and pace and began else None
        if lines or hours:
            hidden = logged - sum(line.session.minutes for line in lines)
            weeks.append(JournalWeek(hours, week, logged, lines, hidden))
    stands_form = LogForm(
        today=today, content=content if plan else None, track_key=plan.track_key if plan else ""
    )
    return render(
        request,
        "desk/journal.html",
        {
            "nav": "journal",
            "weeks": weeks,
            "form": stands_form,
            "older": week_of(older.studied_on) if older else None,
            "newer": last.shifted(WEEKS_A_PAGE) if last < week_of(today) else None,
            "this_week": week_of(today),
        },
    )


def title_of(session: StudySession, content: Catalogue) -> str:
    """What a session was spent on, in words."""
    return subject_title(session.activity_key or session.module_key, content)


@require_http_methods(["GET", "HEAD", "POST"])
def log(request: LearnerRequest) -> HttpResponse:
    """Logs one session, from any page. GET is the form by itself, which also takes what a link fills in."""
    stands = plans_queries.standing(request.user.pk, clock.today(request.user.zone_info))
    if request.method != "POST":
        filled = {
            name: request.GET[name][:120]
            for name in ("length", "subject")
            if request.GET.get(name, "").strip()
        }
        return render(request, "desk/log.html", {"nav": "journal", "form": log_form(stands, None, **filled)})
    form = log_form(stands, request.POST)
    page = request.POST.get("page", "")
    context = {"nav": "journal", "form": form, "next": request.POST.get("next", ""), "page": page}
    if not is_good(form, request.user.pk):
        template = "desk/_log.html" if request.htmx else "desk/log.html"
        return render(request, template, context, status=422)
    session, is_new = actions.log_session(
        request.user, form.entry, now=clock.now(), submission=form.cleaned_data["submission"]
    )
    said = said_of(session, content_of(stands.plan), is_new=is_new)
    if not request.htmx:
        messages.success(
            request,
            format_html(
                '{} <a href="{}">Correct or delete it</a>',
                said,
                reverse("study-session", args=[session.pk]),
            ),
        )
        return redirect(local_path(request, default="today"))
    fresh = plans_queries.standing(request.user.pk, stands.on)
    return render(
        request,
        "desk/_logged.html",
        {
            **context,
            "form": log_form(fresh, None, subject=request.POST.get("subject", "")),
            "undone" if session.deleted_at else "said": said,
            "session": session,
            **today_parts(fresh),
        },
    )


def is_good(form: LogForm, learner_id: int, *, but: int | None = None) -> bool:
    """Whether the form can be kept: good in itself, and its day has room. `but`: the session it corrects."""
    if form.is_valid():
        logged = queries.minutes_on(learner_id, form.entry.studied_on, but=but)
        submission = form.cleaned_data["submission"]
        was_logged = submission is not None and queries.is_logged(learner_id, submission)
        refusal = rules.refuse_more(form.entry.minutes, logged)
        if refusal and not was_logged:
            form.add_error("length", refusal)
    return form.is_valid()


def said_of(session: StudySession, content: Catalogue, *, is_new: bool) -> str:
    """What was understood, shown back; of a form sent again, what became of it the first time."""
    about = title_of(session, content)
    what = f"{words.hours(session.minutes)} on {words.week_date(session.studied_on)}: {about}."
    if session.deleted_at is not None:
        return f"Logged before and deleted since: {what}"
    return f"Logged {what}" if is_new else f"Logged already: {what}"


def own_session(request: LearnerRequest, pk: int) -> StudySession:
    """The learner's own session; a 404 for anybody else's."""
    return get_object_or_404(StudySession, pk=pk, learner=request.user)


@require_http_methods(["GET", "HEAD", "POST"])
def study_session(request: LearnerRequest, pk: int) -> HttpResponse:
    """One session, to correct; what it said before stays readable."""
    session = own_session(request, pk)
    plan = plans_queries.active_plan(request.user.pk)
    content = content_of(plan)
    if session.deleted_at is not None and request.method == "POST":
        raise Http404
    form = LogForm(
        request.POST or None,
        today=clock.today(request.user.zone_info),
        content=content,
        track_key=plan.track_key if plan else content.tracks[0].key,
        kept=Subject(session.module_key, session.activity_key),
        initial={
            "length": words.hours(session.minutes).replace(words.NBSP, " "),
            "subject": session.activity_key or session.module_key,
            "studied_on": session.studied_on,
            "confidence": session.confidence,
            "note": session.note,
        },
    )
    if request.method == "POST" and is_good(form, request.user.pk, but=pk):
        changed = actions.correct_session(session, form.entry, now=clock.now())
        messages.success(
            request, "Corrected. What it said before is kept." if changed else "Nothing changed."
        )
        return redirect("study-session", pk)
    before = [
        (was, subject_title(was.activity_key or was.module_key, content))
        for was in session.corrections.order_by("-corrected_at")
    ]
    return render(
        request,
        "desk/session.html",
        {
            "nav": "journal",
            "session": session,
            "title": title_of(session, content),
            "form": form,
            "before": before,
        },
        status=422 if form.is_bound else 200,
    )


@require_POST
def delete_session(request: LearnerRequest, pk: int) -> HttpResponse:
    """Takes a session out; the answer offers to put it back."""
    session = own_session(request, pk)
    actions.delete_session(session, now=clock.now())
    if request.htmx:
        stands = plans_queries.standing(request.user.pk, clock.today(request.user.zone_info))
        taken_back = f"Taken back: {words.hours(session.minutes)} on {words.week_date(session.studied_on)}."
        return render(
            request,
            "desk/_logged.html",
            {
                "form": log_form(stands, None, subject=request.POST.get("subject", "")),
                "next": request.POST.get("next", ""),
                "page": request.POST.get("page", ""),
                "undone": taken_back,
                "session": session,
                **today_parts(stands),
            },
        )
    messages.success(
        request, f"Deleted {words.hours(session.minutes)} on {words.week_date(session.studied_on)}."
    )
    return redirect("study-session", pk)


@require_POST
def put_back_session(request: LearnerRequest, pk: int) -> HttpResponse:
    """Undoes a deletion."""
    session = own_session(request, pk)
    actions.put_back_session(session)
    messages.success(
        request, f"Put back: {words.hours(session.minutes)} on {words.week_date(session.studied_on)}."
    )
    return redirect(local_path(request, default="journal"))
