"""Study sessions: listed, logged by field or by line, corrected, taken back, put back."""

from dataclasses import replace
from datetime import date
from typing import Annotated, Any

from django.db import transaction
from django.db.models import Q
from django.http import Http404
from ninja import Body, Query
from ninja.responses import Status

from curriculum.catalogue import Catalogue
from tracker.api import schemas
from tracker.api.cursors import cursor_of, no_cursor, place_of
from tracker.api.door import ApiRequest, May
from tracker.api.operations import Section
from tracker.api.problems import Problem, refused
from tracker.journal import actions, queries
from tracker.journal.actions import Entry
from tracker.journal.models import StudySession
from tracker.journal.rules import asks_about, refuse_day
from tracker.journal.rules.quick_log import Reading, read_quick_log
from tracker.people.actions import lock_learner
from tracker.people.models import ApiToken
from tracker.plans import queries as plans_queries
from tracker.plans.subjects import Subject, content_of, log_candidates, read_subject, subject_title

section = Section("Sessions")

MOST_A_PAGE = 100
LARGEST_ID = 2**63 - 1


def session_of(session: StudySession, content: Catalogue, *, asks: str = "") -> schemas.Session:
    """A session as programs see it."""
    return schemas.Session(
        id=session.pk,
        minutes=session.minutes,
        studied_on=session.studied_on,
        zone=session.zone,
        module=session.module_key,
        activity=session.activity_key,
        title=subject_title(session.activity_key or session.module_key, content),
        note=session.note,
        confidence=session.confidence,
        source=StudySession.Source(session.source),
        logged_at=session.logged_at,
        deleted=session.deleted_at is not None,
        asks=asks,
    )


def kept_session(session: StudySession, content: Catalogue) -> schemas.Session:
    """A session that is kept on a day about which nobody was asked, with the question that the day raises."""
    minutes = queries.minutes_on(session.learner_id, session.studied_on)
    return session_of(session, content, asks=asks_about(minutes, session.studied_on))


def subject_of(module: str, activity: str, content: Catalogue, kept: Subject | None = None) -> Subject:
    """What these keys mean; `kept` stays good, whatever edition knows it. Raises the 422."""
    wanted = activity or module
    if kept is not None and wanted == kept.value and module in {"", kept.module_key}:
        return kept
    subject = read_subject(wanted, content)
    if subject is None or (activity and not subject.activity_key) or (not activity and subject.activity_key):
        field = "activity" if activity else "module"
        raise refused((field, f"The curriculum has no such {field}."))
    if module and subject.module_key != module:
        raise refused(("activity", "This activity is of another module."))
    return subject


def subject_now(said: schemas.SubjectChanged, kept: Subject, content: Catalogue) -> Subject:
    """What the subject is from now on: what is left out stays. Raises the 422.

    An activity brings its module along; a module that is named alone is meant as a whole.
    """
    if not said.model_fields_set & {"module", "activity"}:
        return kept
    if "module" not in said.model_fields_set and not said.activity:
        return Subject(kept.module_key)
    return subject_of(said.module or "", said.activity or "", content, kept)


def own_session(request: ApiRequest, session_id: int) -> StudySession:
    """The learner's own session; a 404 for anybody else's."""
    session = StudySession.objects.filter(pk=session_id, learner=request.learner).first()
    if session is None:
        raise Http404
    # Whose zone and days count is known already.
    session.learner = request.learner
    return session


def _content(request: ApiRequest) -> Catalogue:
    return content_of(plans_queries.active_plan(request.learner.pk))


# --- lines ------------------------------------------------------------------------------------------------


def read_line(request: ApiRequest, line: str, typed_on: date | None) -> tuple[Reading, Catalogue]:
    """What a line says to a learner on their plan, on the day that it was typed on. Raises the 422."""
    on = typed_on or request.today
    if refusal := refuse_day(on, request.today):
        raise refused(("studied_on", refusal))
    stands = plans_queries.standing(request.learner.pk, request.today)
    content = content_of(stands.plan)
    candidates = log_candidates(
        content,
        stands.plan.track_key if stands.plan else "",
        [item.standing.activity.key for item in stands.next],
    )
    return read_quick_log(line, candidates, on), content


def refused_line(reading: Reading, content: Catalogue, *fields: str) -> Problem | None:
    """The 422 of a line that leaves something open, of these fields or of any; None where it does not."""
    asks = [(ask.field, ask.sentence) for ask in reading.asks if not fields or ask.field in fields]
    if not asks:
        return None
    return refused(*asks, choices=[choice.model_dump() for choice in choices_of(reading, content)])


def choices_of(reading: Reading, content: Catalogue) -> list[schemas.Choice]:
    """What the line may be about."""
    return [schemas.Choice(key=key, title=subject_title(key, content)) for key in reading.choices]


def _entry_of_line(request: ApiRequest, said: schemas.SessionLine) -> tuple[Entry, Catalogue]:
    reading, content = read_line(request, said.line, said.studied_on)
    if problem := refused_line(reading, content):
        raise problem
    assert reading.minutes is not None
    subject = read_subject(reading.subject, content)
    assert subject is not None
    return (
        Entry(
            minutes=reading.minutes,
            studied_on=reading.studied_on,
            module_key=subject.module_key,
            activity_key=subject.activity_key,
            note=reading.note,
            confidence=reading.confidence,
        ),
        content,
    )


def _entry_of_fields(request: ApiRequest, said: schemas.SessionFields) -> tuple[Entry, Catalogue]:
    content = _content(request)
    subject = subject_of(said.module, said.activity, content)
    return (
        Entry(
            minutes=said.minutes,
            studied_on=said.studied_on or request.today,
            module_key=subject.module_key,
            activity_key=subject.activity_key,
            note=said.note,
            confidence=said.confidence,
        ),
        content,
    )


# --- pages ------------------------------------------------------------------------------------------------


def place_after(cursor: str) -> tuple[date, int]:
    """The day and number of the session that a cursor stands after. Raises the 422."""
    try:
        day, number = place_of(cursor)
        studied_on, pk = date.fromisoformat(day), int(number)
    except ValueError:
        raise no_cursor() from None
    if not 0 < pk <= LARGEST_ID or cursor_of(studied_on.isoformat(), pk) != cursor:
        raise no_cursor()
    return studied_on, pk


@section.operation("GET", "/sessions", name="api-sessions", may=May.READ, answers={200: schemas.Sessions})
def list_sessions(
    request: ApiRequest,
    first: Annotated[schemas.Day | None, Query(alias="from", description="The first day.")] = None,
    last: Annotated[schemas.Day | None, Query(alias="to", description="The last day.")] = None,
    module: Annotated[str, Query(max_length=120, description="Only those on this module.")] = "",
    cursor: Annotated[str, Query(max_length=100, description="`next` of the page before.")] = "",
    limit: Annotated[int, Query(ge=1, le=MOST_A_PAGE, description="How many a page holds.")] = 50,
) -> schemas.Sessions:
    """Sessions, the newest day first.

    A page holds what is there when it is read. A session that is logged meanwhile moves none of the others
    from one page to another.
    """
    found = queries.sessions_of(request.learner.pk)
    if first is not None:
        found = found.filter(studied_on__gte=first)
    if last is not None:
        found = found.filter(studied_on__lte=last)
    if module:
        # What cannot be printed is no key, and not every database takes it.
        found = found.filter(module_key=module) if module.isprintable() else found.none()
    if cursor:
        day, pk = place_after(cursor)
        # The first condition is for the index; the second leaves out what was shown of that day.
        found = found.filter(Q(studied_on__lte=day), Q(studied_on__lt=day) | Q(pk__lt=pk))
    rows = list(found[: limit + 1])
    content = _content(request)
    return schemas.Sessions(
        items=[session_of(row, content) for row in rows[:limit]],
        next=cursor_of(rows[limit - 1].studied_on.isoformat(), rows[limit - 1].pk)
        if len(rows) > limit
        else None,
    )


@section.operation("POST", "/sessions", name="api-sessions", may=May.LOG, answers={201: schemas.Session})
def log_session(request: ApiRequest, said: Body[schemas.SessionSaid]) -> Status[schemas.Session]:
    """Logs a session, by its fields or by a line.

    A line that leaves something open is refused with a question for each thing, and with what its words may
    mean: send the answers as fields. A day that would pass 16 hours is refused with the question whether that
    is right: `confirm_long_day` says yes.
    """
    if isinstance(said, schemas.SessionLine):
        entry, content = _entry_of_line(request, said)
    else:
        entry, content = _entry_of_fields(request, said)
    session, _ = actions.log_session(
        request.learner,
        entry,
        now=request.now,
        source=StudySession.Source.API,
        logged_with=request.token,
        confirmed=said.confirm_long_day,
    )
    return Status(201, session_of(session, content))


@section.operation(
    "POST", "/sessions/read", name="api-read-line", may=May.LOG, answers={200: schemas.Reading}
)
def read_session_line(request: ApiRequest, said: schemas.LineSaid) -> schemas.Reading:
    """Reads a line and logs nothing: what it would be, and what it leaves open."""
    reading, content = read_line(request, said.line, said.studied_on)
    subject = read_subject(reading.subject, content) or Subject()
    return schemas.Reading(
        minutes=reading.minutes,
        studied_on=reading.studied_on,
        module=subject.module_key,
        activity=subject.activity_key,
        title=subject_title(subject.value, content),
        confidence=reading.confidence,
        note=reading.note,
        asks=[schemas.Question(field=ask.field, sentence=ask.sentence) for ask in reading.asks],
        choices=choices_of(reading, content),
    )


@section.operation(
    "GET",
    "/sessions/{int:session_id}",
    name="api-session",
    may=May.READ,
    answers={200: schemas.Session},
    refuses=(404,),
)
def read_session(request: ApiRequest, session_id: int) -> schemas.Session:
    """One session, also one that was taken back."""
    return session_of(own_session(request, session_id), _content(request))


@section.operation(
    "PATCH",
    "/sessions/{int:session_id}",
    name="api-session",
    may=May.ALL,
    answers={200: schemas.Session},
    refuses=(404,),
)
def correct_session(request: ApiRequest, session_id: int, said: schemas.SessionCorrected) -> schemas.Session:
    """Corrects a session. What it said before is kept, and shown on its page.

    Where that adds to a day and the day would pass 16 hours, it is refused with the question whether that is
    right: `confirm_long_day` says yes.
    """
    content = _content(request)
    given: dict[str, Any] = said.model_dump(
        exclude_unset=True, exclude={"module", "activity", "confirm_long_day"}
    )
    with transaction.atomic():
        # Read under the lock: of two programs that correct two fields at once, neither undoes the other.
        lock_learner(request.learner)
        session = own_session(request, session_id)
        if session.deleted_at is not None:
            raise Problem("taken-back", "This session was taken back. Restore it first.")
        before = actions.entry_of(session)
        subject = subject_now(said, Subject(before.module_key, before.activity_key), content)
        entry = replace(before, module_key=subject.module_key, activity_key=subject.activity_key, **given)
        actions.correct_session(session, entry, now=request.now, confirmed=said.confirm_long_day)
        session.refresh_from_db()
    return session_of(session, content) if said.confirm_long_day else kept_session(session, content)


def _may_take_back(request: ApiRequest, session: StudySession) -> None:
    """Raises the 403: a token that logs may take back what it logged itself."""
    if request.token.scope != ApiToken.Scope.ALL and session.logged_with_id != request.token.pk:
        raise Problem("scope", "This session was not logged with this token; that needs one of scope 'all'.")


@section.operation(
    "DELETE",
    "/sessions/{int:session_id}",
    name="api-session",
    may=May.LOG,
    answers={204: None},
    refuses=(404,),
)
def delete_session(request: ApiRequest, session_id: int) -> Status[None]:
    """Takes a session back; it can be restored.

    A token of scope `log` may do so with what it logged itself.
    """
    session = own_session(request, session_id)
    _may_take_back(request, session)
    actions.delete_session(session, now=request.now)
    return Status(204, None)


@section.operation(
    "POST",
    "/sessions/{int:session_id}/restore",
    name="api-restore",
    may=May.LOG,
    answers={200: schemas.Session},
    refuses=(404,),
)
def restore_session(request: ApiRequest, session_id: int) -> schemas.Session:
    """Puts a session back that was taken back."""
    session = own_session(request, session_id)
    _may_take_back(request, session)
    actions.put_back_session(session)
    session.deleted_at = None
    return kept_session(session, _content(request))
