"""Study sessions as the plain values that rules and pages take."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import Q, QuerySet, Sum

from tracker.journal.models import ImportBatch, SessionCorrection, StudySession, Timer, WaitingFile
from tracker.journal.rules import Week, week_of
from tracker.journal.rules.importing import Logged, lasting_number
from tracker.journal.rules.tables import Known, Row


def sessions_of(learner_id: int) -> QuerySet[StudySession]:
    """A learner's sessions that are not deleted, newest day first."""
    return StudySession.objects.filter(learner_id=learner_id, deleted_at__isnull=True).order_by(
        "-studied_on", "-id"
    )


def logged_since(learner_ids: Collection[int], first_on: date) -> Iterable[tuple[int, date, str, int]]:
    """What was logged from `first_on` on: learner, day, activity (empty: none) and minutes. One query."""
    # For the caller to sum: there are hardly fewer days and activities than sessions, so that to group them
    # in the database would cost more than the rows it spares.
    return (
        StudySession.objects.filter(
            learner_id__in=learner_ids, deleted_at__isnull=True, studied_on__gte=first_on
        )
        .order_by()
        .values_list("learner_id", "studied_on", "activity_key", "minutes")
    )


def found_sessions(learner_id: int, module_key: str, text: str) -> QuerySet[StudySession]:
    """A learner's sessions on a module whose note has this text, newest day first; "" asks for any.

    Large and small letters are alike; SQLite by itself knows that of ASCII alone.
    """
    sessions = sessions_of(learner_id)
    if module_key:
        sessions = sessions.filter(module_key=module_key)
    if text:
        spellings = {text, text.lower(), text.upper(), text.capitalize()}
        has_it = Q()
        for spelling in spellings:
            has_it |= Q(note__icontains=spelling)
        sessions = sessions.filter(has_it)
    return sessions


def minutes_by_day_and_activity(
    learner_ids: Collection[int], first_on: date
) -> dict[int, dict[tuple[date, str], int]]:
    """Minutes logged on each day from `first_on` and each activity (empty: none), by learner. One query."""
    totals: dict[int, dict[tuple[date, str], int]] = {learner_id: {} for learner_id in learner_ids}
    for learner_id, day, key, minutes in logged_since(learner_ids, first_on):
        own = totals[learner_id]
        own[day, key] = own.get((day, key), 0) + minutes
    return totals


def minutes_by_day(by_day_and_activity: Mapping[tuple[date, str], int]) -> dict[date, int]:
    """Activities summed into their days."""
    totals: dict[date, int] = {}
    for (day, _), minutes in by_day_and_activity.items():
        totals[day] = totals.get(day, 0) + minutes
    return totals


def minutes_by_activity(learner_ids: Collection[int]) -> dict[int, dict[str, int]]:
    """Minutes logged on each activity, ever, by learner. One query."""
    rows = (
        StudySession.objects.filter(learner_id__in=learner_ids, activity_key__gt="", deleted_at__isnull=True)
        .order_by()
        .values_list("learner_id", "activity_key")
        .annotate(total=Sum("minutes"))
    )
    totals: dict[int, dict[str, int]] = {learner_id: {} for learner_id in learner_ids}
    for learner_id, key, total in rows:
        totals[learner_id][key] = total
    return totals


def minutes_by_week(by_day: Mapping[date, int]) -> dict[Week, int]:
    """Days summed into their weeks."""
    totals: dict[Week, int] = {}
    for day, minutes in by_day.items():
        week = week_of(day)
        totals[week] = totals.get(week, 0) + minutes
    return totals


def timer_of(learner_id: int) -> Timer | None:
    """The learner's timer; None where there is none."""
    return Timer.objects.filter(learner_id=learner_id).first()


def minutes_on(learner_id: int, day: date, *, but: int | None = None) -> int:
    """Minutes logged on one day; `but` leaves out one session by its id."""
    sessions = StudySession.objects.filter(learner_id=learner_id, deleted_at__isnull=True, studied_on=day)
    if but is not None:
        sessions = sessions.exclude(pk=but)
    return sessions.aggregate(total=Sum("minutes"))["total"] or 0


FILES_WAIT = timedelta(hours=1)
IMPORTS_CAN_BE_TAKEN_BACK = timedelta(days=7)


def waiting_file(learner_id: int, pk: UUID, now: datetime) -> WaitingFile | None:
    """The learner's file that waits under this number; None where it is another's, or waited too long."""
    return WaitingFile.objects.filter(learner_id=learner_id, pk=pk, uploaded_at__gt=now - FILES_WAIT).first()


def import_made_of(learner_id: int, waiting_id: UUID) -> ImportBatch | None:
    """The import that a file ended in; None where it did not, or is another's."""
    return ImportBatch.objects.filter(learner_id=learner_id, waiting_id=waiting_id).first()


def imports_of(learner_id: int) -> QuerySet[ImportBatch]:
    """A learner's imports, the latest first."""
    return ImportBatch.objects.filter(learner_id=learner_id).order_by("-made_at", "-id")


def logged_for_import(learner_id: int) -> Logged:
    """Every session of a learner, as an import is compared with them. Two queries."""
    sessions: list[Known] = []
    taken_back: dict[UUID, int] = {}
    rows = (
        StudySession.objects.filter(learner_id=learner_id)
        .order_by("studied_on", "id")
        .values_list(
            "pk",
            "minutes",
            "studied_on",
            "module_key",
            "activity_key",
            "note",
            "confidence",
            "submission",
            "logged_at",
            "deleted_at",
            "import_batch__taken_back_at",
        )
    )
    for pk, minutes, day, module, activity, note, confidence, said, logged_at, *ended in rows.iterator(2000):
        deleted_at, taken_back_at = ended
        if deleted_at is not None and deleted_at == taken_back_at:
            if said is not None:
                taken_back[said] = pk
            continue
        number = lasting_number(said, pk, logged_at)
        is_deleted = deleted_at is not None
        sessions.append(
            Known(pk, minutes, day, module, activity, note, confidence, submission=number, deleted=is_deleted)
        )
    corrected = (
        SessionCorrection.objects.filter(session__learner_id=learner_id)
        .order_by()
        .values_list("session_id", flat=True)
        .distinct()
    )
    return Logged(tuple(sessions), frozenset(corrected), taken_back)


def sessions_in_order(learner_id: int, module_key: str, text: str) -> Iterator[StudySession]:
    """The sessions of `found_sessions`, the oldest first. One query."""
    found = found_sessions(learner_id, module_key, text).order_by("studied_on", "id")
    return found.iterator(chunk_size=2000)


def row_of(session: StudySession) -> Row:
    """A session as files have it."""
    return Row(
        line=0,
        minutes=session.minutes,
        studied_on=session.studied_on,
        module_key=session.module_key,
        activity_key=session.activity_key,
        confidence=session.confidence,
        note=session.note,
        source_id=str(lasting_number(session.submission, session.pk, session.logged_at)),
    )
