"""The learner's one timer, the same on every device."""

from ninja import Body
from ninja.responses import Status

from curriculum.catalogue import Catalogue
from tracker.api import schemas
from tracker.api.door import ApiRequest, May
from tracker.api.operations import Section
from tracker.api.problems import Problem, refused
from tracker.api.views.sessions import read_line, refused_line, session_of, subject_now, subject_of
from tracker.journal import actions, models, queries
from tracker.journal.actions import Entry
from tracker.journal.rules.timing import asks_what_happened, elapsed_seconds, minutes_of
from tracker.plans.queries import active_plan
from tracker.plans.subjects import Subject, content_of, read_subject, subject_title

section = Section("Timer")

# Both may be asked for without a body.
_STARTED = schemas.TimerStarted()
_LOGGED = schemas.TimerLogged()


def timer_of(timer: models.Timer, content: Catalogue, request: ApiRequest) -> schemas.Timer:
    """The timer as programs see it."""
    if timer.stopped_at is not None:
        state = "stopped"
    else:
        state = "paused" if timer.running_since is None else "running"
    seconds = elapsed_seconds(timer.banked_seconds, timer.running_since, request.now)
    return schemas.Timer(
        state=state,
        module=timer.module_key,
        activity=timer.activity_key,
        title=subject_title(timer.activity_key or timer.module_key, content),
        started_at=timer.started_at,
        seconds=seconds,
        asks=asks_what_happened(seconds),
    )


def _content(request: ApiRequest) -> Catalogue:
    return content_of(active_plan(request.learner.pk))


def _found(timer: models.Timer | None, request: ApiRequest) -> schemas.Timer:
    """Raises the 404 where there is none."""
    if timer is None:
        raise Problem(404, "There is no timer.")
    return timer_of(timer, _content(request), request)


@section.operation("GET", "/timer", name="api-timer", may=May.ANY, answers={200: schemas.Timer})
def read_timer(request: ApiRequest) -> schemas.Timer:
    """The timer as it stands."""
    timer = queries.timer_of(request.learner.pk)
    return schemas.Timer(state="none") if timer is None else timer_of(timer, _content(request), request)


@section.operation(
    "POST", "/timer/start", name="api-start-timer", may=May.LOG, answers={201: schemas.Timer}, refuses=(409,)
)
def start_timer(request: ApiRequest, said: Body[schemas.TimerStarted] = _STARTED) -> Status[schemas.Timer]:
    """Starts the timer. There is one at a time: where there is one already, it stands in the 409."""
    if said.line.strip():
        if said.module or said.activity:
            raise refused(("line", "Say it in a line or by keys, not both."))
        reading, content = read_line(request, said.line, None)
        if problem := refused_line(reading, content, "line", "subject"):
            raise problem
        # A line that starts a timer says what it is for; what it says beside that would get lost.
        if not reading.subject:
            raise refused(("line", "No module or activity of your plan is called that."))
        if reading.minutes is not None:
            raise refused(("line", "A timer measures by itself. Leave the length out, or log the session."))
        subject = read_subject(reading.subject, content) or Subject()
    else:
        content = _content(request)
        subject = subject_of(said.module, said.activity, content)
    timer, is_new = actions.start_timer(
        request.learner,
        module_key=subject.module_key,
        activity_key=subject.activity_key,
        now=request.now,
    )
    found = timer_of(timer, content, request)
    if not is_new:
        raise Problem(
            "timer-runs",
            "There is a timer already. Log it or throw it away first.",
            timer=found.model_dump(mode="json"),
        )
    return Status(201, found)


@section.operation(
    "POST", "/timer/pause", name="api-pause-timer", may=May.LOG, answers={200: schemas.Timer}, refuses=(404,)
)
def pause_timer(request: ApiRequest) -> schemas.Timer:
    """Lets the timer stand still. One that stands, stands."""
    return _found(actions.pause_timer(request.learner, now=request.now), request)


@section.operation(
    "POST",
    "/timer/resume",
    name="api-resume-timer",
    may=May.LOG,
    answers={200: schemas.Timer},
    refuses=(404,),
)
def resume_timer(request: ApiRequest) -> schemas.Timer:
    """Lets the timer run on, a stopped one too."""
    return _found(actions.resume_timer(request.learner, now=request.now), request)


@section.operation(
    "POST", "/timer/stop", name="api-stop-timer", may=May.LOG, answers={200: schemas.Timer}, refuses=(404,)
)
def stop_timer(request: ApiRequest) -> schemas.Timer:
    """Stops the timer. It then waits to be logged or discarded."""
    return _found(actions.stop_timer(request.learner, now=request.now), request)


@section.operation(
    "POST", "/timer/log", name="api-log-timer", may=May.LOG, answers={201: schemas.Session}, refuses=(404,)
)
def log_timer(request: ApiRequest, said: Body[schemas.TimerLogged] = _LOGGED) -> Status[schemas.Session]:
    """Logs what the timer measured, on the day it was started or today if that is earlier, and takes it away.

    One that still runs is stopped by it. One that ran for over six hours was forgotten: then say `minutes`.
    A day that would pass 16 hours is refused with the question whether that is right, and the timer stays:
    `confirm_long_day` says yes.
    """
    timer = queries.timer_of(request.learner.pk)
    if timer is None:
        raise Problem(404, "There is no timer.")
    content = _content(request)
    seconds = elapsed_seconds(timer.banked_seconds, timer.running_since, request.now)
    if said.minutes is None and (question := asks_what_happened(seconds)):
        raise refused(("minutes", question))
    kept = Subject(timer.module_key, timer.activity_key)
    subject = subject_now(said, kept, content)
    session, _ = actions.log_session(
        request.learner,
        Entry(
            minutes=said.minutes or minutes_of(seconds),
            # Who has travelled west since may have started it tomorrow.
            studied_on=min(timer.started_on, request.today),
            module_key=subject.module_key,
            activity_key=subject.activity_key,
            note=said.note,
            confidence=said.confidence,
        ),
        now=request.now,
        submission=timer.submission,
        source=models.StudySession.Source.TIMER,
        logged_with=request.token,
        confirmed=said.confirm_long_day,
    )
    return Status(201, session_of(session, content))


@section.operation("DELETE", "/timer", name="api-timer", may=May.LOG, answers={204: None})
def discard_timer(request: ApiRequest) -> Status[None]:
    """Throws the timer away, with what it measured. Where there is none, nothing happens."""
    actions.discard_timer(request.learner)
    return Status(204, None)
