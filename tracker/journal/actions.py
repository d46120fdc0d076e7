"""What a learner does with study sessions: log, correct, delete, put back."""

from dataclasses import asdict, dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from tracker.journal.models import SessionCorrection, StudySession
from tracker.people.models import User


@dataclass(frozen=True, slots=True)
class Entry:
    """What the learner says of one stretch of study."""

    minutes: int
    studied_on: date
    module_key: str = ""
    activity_key: str = ""
    note: str = ""
    confidence: int | None = None


def log_session(
    learner: User, entry: Entry, *, now: datetime, submission: UUID | None = None
) -> tuple[StudySession, bool]:
    """Logs one session; the same form sent again answers with the session it made the first time.

    Returns the session and whether it is new.
    """
    try:
        with transaction.atomic():
            session = StudySession.objects.create(
                learner=learner, zone=learner.zone, logged_at=now, submission=submission, **asdict(entry)
            )
    except IntegrityError:
        if submission is None:
            raise
        return StudySession.objects.get(learner=learner, submission=submission), False
    return session, True


@transaction.atomic
def correct_session(session: StudySession, entry: Entry, *, now: datetime) -> bool:
    """Corrects a session and keeps what it said before. False where nothing is different."""
    locked = StudySession.objects.select_for_update().get(pk=session.pk)
    before = Entry(
        minutes=locked.minutes,
        studied_on=locked.studied_on,
        module_key=locked.module_key,
        activity_key=locked.activity_key,
        note=locked.note,
        confidence=locked.confidence,
    )
    if before == entry:
        return False
    SessionCorrection.objects.create(session=locked, corrected_at=now, **asdict(before))
    fields = asdict(entry)
    for name, value in fields.items():
        setattr(locked, name, value)
    locked.save(update_fields=list(fields))
    return True


@transaction.atomic
def delete_session(session: StudySession, *, now: datetime) -> None:
    """Takes a session out of every sum; it can be put back."""
    StudySession.objects.filter(pk=session.pk, deleted_at__isnull=True).update(deleted_at=now)


@transaction.atomic
def put_back_session(session: StudySession) -> None:
    """Undoes a deletion."""
    StudySession.objects.filter(pk=session.pk).update(deleted_at=None)
