"""`/journal/`: study sessions by week against target; logging, correcting, deleting, putting back."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Any, TypeVar
from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Sum
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from curriculum.catalogue import Catalogue
from tracker import clock
from tracker.desk.forms import LogForm
from tracker.desk.paths import local_path
from tracker.desk.views.today import log_form, today_parts
from tracker.journal import actions, queries
from tracker.journal.actions import Entry
from tracker.journal.models import StudySession
from tracker.journal.rules import Week, asks_about, refuse_more, week_of
from tracker.library import words
from tracker.people.requests import LearnerRequest
from tracker.plans import queries as plans_queries
from tracker.plans.models import Plan
from tracker.plans.subjects import Subject, content_of, subject_title

_Kept = TypeVar("_Kept")

WEEKS_A_PAGE = 6
SESSIONS_A_PAGE = 250
FOUND_A_PAGE = 100
LONGEST_SEARCH = 200


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


def week_asked(text: str, today: date) -> Week:
    """The week that the address names by its Monday; this week where it names none that can be."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return week_of(today)
    return week_of(min(day, today)) if day.year >= 2000 else week_of(today)


@dataclass(frozen=True, slots=True)
class Search:
    """What of the journal is looked for: sessions on a module, and with words in their note."""

    module_key: str
    text: str

    def __bool__(self) -> bool:
        return bool(self.module_key or self.text)

    @property
    def query(self) -> str:
        """As it stands in an address."""
        return urlencode({"module": self.module_key, "q": self.text})


def search_asked(request: LearnerRequest, content: Catalogue) -> Search:
    """What the address looks for. A module that there is not is none; nothing that no note can hold."""
    module = content.find_module(request.GET.get("module", ""))
    text = "".join(letter for letter in request.GET.get("q", "")[:LONGEST_SEARCH] if letter.isprintable())
    return Search(module.key if module else "", text.strip())


@require_safe
def journal(request: LearnerRequest) -> HttpResponse:
    """The sessions of six weeks, newest first; or those that are looked for."""
    today = clock.today(request.user.zone_info)
    plan = plans_queries.active_plan(request.user.pk)
    content = content_of(plan)
    search = search_asked(request, content)
    context: dict[str, Any] = {
        "nav": "journal",
        "form": LogForm(
            today=today, content=content if plan else None, track_key=plan.track_key if plan else ""
        ),
        "search": search,
        "modules": content.modules,
        "this_week": week_of(today),
        "timer": queries.timer_of(request.user.pk),
    }
    more = _found(request, search, content) if search else _weeks(request, plan, content, today)
    return render(request, "desk/journal.html", context | more)


def _found(request: LearnerRequest, search: Search, content: Catalogue) -> dict[str, Any]:
    """What is looked for, by week, a hundred sessions a page."""
    rows = queries.found_sessions(request.user.pk, search.module_key, search.text)
    total = rows.aggregate(sessions=Count("pk"), minutes=Sum("minutes"))
    page = Paginator(rows.prefetch_related("corrections"), FOUND_A_PAGE).get_page(request.GET.get("page"))
    weeks = []
    for week, sessions in groupby(page, key=lambda session: week_of(session.studied_on)):
        lines = tuple(_line(session, content) for session in sessions)
        weeks.append(JournalWeek(None, week, sum(line.session.minutes for line in lines), lines, 0))
    return {"weeks": weeks, "page": page, "found": total["sessions"], "found_minutes": total["minutes"] or 0}


def _line(session: StudySession, content: Catalogue) -> Line:
    return Line(session, title_of(session, content), bool(session.corrections.all()))


def _weeks(request: LearnerRequest, plan: Plan | None, content: Catalogue, today: date) -> dict[str, Any]:
    """Six weeks with their sessions, against their targets."""
    last = week_asked(request.GET.get("week", ""), today)
    first = last.shifted(1 - WEEKS_A_PAGE)
    # This week's page ends where the sessions do: who has travelled west may have one of the coming Monday.
    until_on = last.until_on if last < week_of(today) else today + timedelta(days=7)
    found = list(
        queries.sessions_of(request.user.pk)
        .filter(studied_on__gte=first.first_on, studied_on__lt=until_on)
        .prefetch_related("corrections")[: SESSIONS_A_PAGE + 1]
    )
    if found:
        last = max(last, week_of(found[0].studied_on))
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
        lines = tuple(_line(session, content) for session in sessions if session.studied_on in week)
        logged = by_week.get(week, 0)
        began = plan is not None and week >= week_of(plan.start_on)
        hours = plans_queries.week_hours(week, plan, pace, logged) if plan and pace and began else None
        if lines or hours:
            hidden = logged - sum(line.session.minutes for line in lines)
            weeks.append(JournalWeek(hours, week, logged, lines, hidden))
    return {
        "weeks": weeks,
        "older": week_of(older.studied_on) if older else None,
        "newer": last.shifted(WEEKS_A_PAGE) if last < week_of(today) else None,
    }


def title_of(session: StudySession, content: Catalogue) -> str:
    """What a session was spent on, in words."""
    return subject_title(session.activity_key or session.module_key, content)


@require_http_methods(["GET", "HEAD", "POST"])
def log(request: LearnerRequest) -> HttpResponse:
    """Logs one session, from any page. GET is the form by itself, which also takes what a link fills in."""
    found = plans_queries.facts_of(request.user.pk, clock.today(request.user.zone_info))
    stands = plans_queries.stand(found)
    if request.method != "POST":
        filled = {
            name: request.GET[name][:120]
            for name in ("length", "subject")
            if request.GET.get(name, "").strip()
        }
        template = "desk/_log_sheet.html" if request.htmx else "desk/log.html"
        following = request.GET.get("next", "")[:500]  # judged when it comes back
        context = {"nav": "journal", "form": log_form(stands, None, **filled), "next": following}
        return render(request, template, context)
    form = log_form(stands, request.POST)
    page = request.POST.get("page", "")
    context = {"nav": "journal", "form": form, "next": request.POST.get("next", ""), "page": page}
    logged = kept(
        form,
        lambda entry: actions.log_session(
            request.user,
            entry,
            now=clock.now(),
            submission=form.cleaned_data["submission"],
            confirmed=form.is_confirmed,
        ),
    )
    if logged is None:
        template = "desk/_log.html" if request.htmx else "desk/log.html"
        return render(request, template, context, status=422)
    session, is_new = logged
    said = said_of(session, content_of(stands.plan), is_new=is_new)
    if not request.htmx:
        messages.success(
            request,
            format_html(
                '{} <a href="{}">Correct it</a>',
                said,
                reverse("study-session", args=[session.pk]),
            ),
            # Which session the page offers to take back.
            extra_tags="" if session.deleted_at else str(session.pk),
        )
        return redirect(local_path(request, default="today"))
    fresh = plans_queries.stand(plans_queries.facts_after_logging(found))
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


@require_POST
def read_line(request: LearnerRequest) -> HttpResponse:
    """What the log form would log as it stands, or what it would ask. Nothing is written."""
    stands = plans_queries.standing(request.user.pk, clock.today(request.user.zone_info))
    form = log_form(stands, request.POST)
    # What is being typed is no mistake yet: an empty line says nothing.
    typed = bool(request.POST.get("length", "").strip())
    context = {"form": form, "typed": typed, "title": ""}
    if typed and form.is_valid():
        entry = form.entry
        context["title"] = subject_title(entry.activity_key or entry.module_key, content_of(stands.plan))
        logged = queries.minutes_on(request.user.pk, entry.studied_on)
        context["asks"] = asks_about(entry.minutes + logged, entry.studied_on)
        if refusal := refuse_more(entry.minutes, logged):
            context["refusal"] = refusal
        else:
            context["entry"] = entry
    return render(request, "desk/_reading.html", context)


def kept(form: LogForm, keep: Callable[[Entry], _Kept]) -> _Kept | None:
    """What keeping the form's entry gives; None where it cannot be kept, and the form then says why."""
    if not form.is_valid():
        return None
    try:
        return keep(form.entry)
    except actions.LongDay as long_day:
        form.question = str(long_day)
        return None
    except actions.Refused as refusal:
        form.add_error({"minutes": "length"}.get(refusal.field, refusal.field), str(refusal))
        return None


def said_of(session: StudySession, content: Catalogue, *, is_new: bool) -> str:
    """What was understood, shown back; of a form sent again, what became of it the first time."""
    about = title_of(session, content)
    sure = f", confidence {session.confidence}" if session.confidence else ""
    what = f"{words.hours(session.minutes)} on {words.week_date(session.studied_on)}: {about}{sure}."
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
    changed = None
    if request.method == "POST":
        changed = kept(
            form,
            lambda entry: actions.correct_session(
                session, entry, now=clock.now(), confirmed=form.is_confirmed
            ),
        )
    if changed is not None:
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
        taken_back = f"Taken back: {words.hours(session.minutes)} on {words.week_date(session.studied_on)}."
        return _log_again(request, session, undone=taken_back)
    messages.success(
        request, f"Deleted {words.hours(session.minutes)} on {words.week_date(session.studied_on)}."
    )
    return redirect("study-session", pk)


def _log_again(request: LearnerRequest, session: StudySession, **said: str) -> HttpResponse:
    """The log form with what became of a session, for the page that has it."""
    stands = plans_queries.standing(request.user.pk, clock.today(request.user.zone_info))
    return render(
        request,
        "desk/_logged.html",
        {
            "form": log_form(stands, None, subject=request.POST.get("subject", "")),
            "next": request.POST.get("next", ""),
            "page": request.POST.get("page", ""),
            "session": session,
            **said,
            **today_parts(stands),
        },
    )


@require_POST
def put_back_session(request: LearnerRequest, pk: int) -> HttpResponse:
    """Undoes a deletion."""
    session = own_session(request, pk)
    try:
        actions.put_back_session(session)
    except actions.Refused as refusal:
        if request.htmx:
            return _log_again(request, session, undone=f"{refusal} It stays taken back.")
        messages.error(request, str(refusal))
        return redirect("study-session", pk)
    put_back = f"Put back: {words.hours(session.minutes)} on {words.week_date(session.studied_on)}."
    if request.htmx:
        return _log_again(request, session, said=put_back)
    messages.success(request, put_back)
    return redirect(local_path(request, default="journal"))
