"""What a learner does with study sessions (log, correct, delete, put back), with their timer, with files."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from tracker.journal import queries
from tracker.journal.models import ImportBatch, SessionCorrection, StudySession, Timer, WaitingFile
from tracker.journal.rules import asks_about, refuse_day, refuse_more
from tracker.journal.rules.importing import sort_out
from tracker.journal.rules.tables import Row
from tracker.journal.rules.timing import elapsed_seconds
from tracker.people.models import ApiToken, User


class Refused(ValueError):
    """A session that cannot be kept; the message is the sentence for the learner."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field  # of Entry


class LongDay(Refused):
    """A session that is kept once the learner says that so long a day is right; the message asks them."""

    def __init__(self, question: str) -> None:
        super().__init__("confirmed", question)


@dataclass(frozen=True, slots=True)
class Entry:
    """What the learner says of one stretch of study."""

    minutes: int
    studied_on: date
    module_key: str = ""
    activity_key: str = ""
    note: str = ""
    confidence: int | None = None


@transaction.atomic
def log_session(
    learner: User,
    entry: Entry,
    *,
    now: datetime,
    submission: UUID | None = None,
    source: str = StudySession.Source.PAGE,
    logged_with: ApiToken | None = None,
    confirmed: bool = True,
) -> tuple[StudySession, bool]:
    """Logs one session; the same submission sent again answers with the session it made the first time.

    Returns the session and whether it is new. A timer with this submission is over with it. Raises `Refused`
    for a day to come or long ago, and where the day would have more than 24 hours; `LongDay` where it would
    have more than 16 and nobody has `confirmed` that.
    """
    lock_day(learner)
    if submission is not None:
        made = StudySession.objects.filter(learner=learner, submission=submission).first()
        if made is not None:
            return made, False
    refuse(learner, entry, now=now, confirmed=confirmed)
    timed = (
        submission is not None and Timer.objects.filter(learner=learner, submission=submission).delete()[0]
    )
    session = StudySession.objects.create(
        learner=learner,
        zone=learner.zone,
        logged_at=now,
        submission=submission,
        source=StudySession.Source.TIMER if timed else source,
        logged_with=logged_with,
        **asdict(entry),
    )
    return session, True


def lock_day(learner: User) -> None:
    """For the rest of the transaction nobody else logs for this learner: two sessions see one another."""
    User.objects.select_for_update().only("pk").get(pk=learner.pk)


def refuse(
    learner: User,
    entry: Entry,
    *,
    now: datetime,
    corrects: StudySession | None = None,
    confirmed: bool = True,
) -> None:
    """Raises `Refused` where an entry cannot be kept, or cannot take the place of the session it corrects.

    `LongDay` where that is to be `confirmed` first: not where its day gets no more than it had.
    """
    # A day that was kept is good: it may lie ahead of somebody who has travelled west since.
    is_kept = corrects is not None and corrects.studied_on == entry.studied_on
    refusal = refuse_day(entry.studied_on, now.astimezone(learner.zone_info).date())
    if refusal and not is_kept:
        raise Refused("studied_on", refusal)
    logged = queries.minutes_on(learner.pk, entry.studied_on, but=corrects.pk if corrects else None)
    if refusal := refuse_more(entry.minutes, logged):
        raise Refused("minutes", refusal)
    adds = corrects is None or not is_kept or entry.minutes > corrects.minutes
    if adds and not confirmed and (question := asks_about(entry.minutes + logged, entry.studied_on)):
        raise LongDay(question)


@transaction.atomic
def correct_session(session: StudySession, entry: Entry, *, now: datetime, confirmed: bool = True) -> bool:
    """Corrects a session and keeps what it said before. False where nothing is different.

    Raises `Refused` and `LongDay` as `log_session` does.
    """
    lock_day(session.learner)
    locked = StudySession.objects.select_for_update().get(pk=session.pk)
    before = entry_of(locked)
    if before == entry:
        return False
    refuse(session.learner, entry, now=now, corrects=locked, confirmed=confirmed)
    SessionCorrection.objects.create(session=locked, corrected_at=now, **asdict(before))
    fields = asdict(entry)
    for name, value in fields.items():
        setattr(locked, name, value)
    locked.save(update_fields=list(fields))
    return True


def entry_of(session: StudySession) -> Entry:
    """What a session says."""
    return Entry(
        minutes=session.minutes,
        studied_on=session.studied_on,
        module_key=session.module_key,
        activity_key=session.activity_key,
        note=session.note,
        confidence=session.confidence,
    )


@transaction.atomic
def delete_session(session: StudySession, *, now: datetime) -> None:
    """Takes a session out of every sum; it can be put back."""
    StudySession.objects.filter(pk=session.pk, deleted_at__isnull=True).update(deleted_at=now)


@transaction.atomic
def put_back_session(session: StudySession) -> None:
    """Undoes a deletion. Raises `Refused` where its day is full by now."""
    lock_day(session.learner)
    locked = StudySession.objects.select_for_update().get(pk=session.pk)
    if locked.deleted_at is None:
        return
    logged = queries.minutes_on(session.learner_id, locked.studied_on)
    if refusal := refuse_more(locked.minutes, logged):
        raise Refused("minutes", refusal)
    locked.deleted_at = None
    locked.save(update_fields=["deleted_at"])


@transaction.atomic
def start_timer(learner: User, *, module_key: str, activity_key: str, now: datetime) -> tuple[Timer, bool]:
    """Starts the learner's timer. Where they have one already, that one as it is, and False."""
    return Timer.objects.get_or_create(
        learner=learner,
        defaults={
            "module_key": module_key,
            "activity_key": activity_key,
            "started_at": now,
            "started_on": now.astimezone(learner.zone_info).date(),
            "running_since": now,
        },
    )


def _own_timer(learner: User) -> Timer | None:
    return Timer.objects.select_for_update().filter(learner=learner).first()


@transaction.atomic
def pause_timer(learner: User, *, now: datetime) -> Timer | None:
    """Stands the timer still; one that stands, stands. None where there is none."""
    timer = _own_timer(learner)
    if timer is not None and timer.running_since is not None:
        _bank(timer, now)
    return timer


@transaction.atomic
def resume_timer(learner: User, *, now: datetime) -> Timer | None:
    """Lets the timer run on, a stopped one too; one that runs, runs. None where there is none."""
    timer = _own_timer(learner)
    if timer is not None and timer.running_since is None:
        timer.running_since, timer.stopped_at = now, None
        timer.save(update_fields=["running_since", "stopped_at"])
    return timer


@transaction.atomic
def stop_timer(learner: User, *, now: datetime) -> Timer | None:
    """Stops the timer, which then waits to be logged or thrown away. None where there is none."""
    timer = _own_timer(learner)
    if timer is not None and timer.stopped_at is None:
        timer.stopped_at = now
        _bank(timer, now)
    return timer


def _bank(timer: Timer, now: datetime) -> None:
    timer.banked_seconds = elapsed_seconds(timer.banked_seconds, timer.running_since, now)
    timer.running_since = None
    timer.save(update_fields=["banked_seconds", "running_since", "stopped_at"])


@transaction.atomic
def discard_timer(learner: User) -> bool:
    """Throws the timer away with what it measured. False where there is none."""
    return Timer.objects.filter(learner=learner).delete()[0] > 0


# SQLite takes fewer at once by itself; a list of ids has to be cut by hand.
CHUNK = 500


class NotAsShown(Exception):
    """An import would do something else by now than its learner has seen, or its file waits no longer."""


class TooLate(ValueError):
    """An import is too old to be taken back; the message is the sentence for the learner."""


@transaction.atomic
def keep_waiting_file(learner: User, name: str, content: bytes, *, now: datetime) -> WaitingFile:
    """Keeps a file until its import is confirmed, in place of the one that waited before."""
    lock_day(learner)
    WaitingFile.objects.filter(learner=learner).delete()
    return WaitingFile.objects.create(learner=learner, name=name, content=content, uploaded_at=now)


@transaction.atomic
def answer_of_waiting_file(
    waiting: WaitingFile,
    *,
    day_first: bool | None = None,
    person: str | None = None,
    subjects: Mapping[str, str] | None = None,
) -> None:
    """Notes what the learner says of a file that waits. What is None stays as it is."""
    said = {"day_first": day_first, "person": person, "subjects": subjects}
    said = {name: answer for name, answer in said.items() if answer is not None}
    WaitingFile.objects.filter(pk=waiting.pk).update(**said)


@transaction.atomic
def forget_waiting_files(now: datetime) -> int:
    """Deletes the files that waited longer than an hour. Returns how many."""
    deleted, _ = WaitingFile.objects.filter(uploaded_at__lte=now - queries.FILES_WAIT).delete()
    return deleted


@transaction.atomic
def import_sessions(
    learner: User,
    waiting: WaitingFile,
    rows: Sequence[Row],
    *,
    made_by: str,
    unread: int,
    seen: str,
    now: datetime,
) -> ImportBatch:
    """Logs what a file holds that is not there yet, all of it or nothing, and takes the file away.

    `rows` are those of the whole file as `importing.numbered` gives them, `made_by` its format, `unread` how
    many lines of it could not be read, `seen` the digest of what the learner has seen would be created. The
    same file sent again answers with the import it made the first time. Raises `NotAsShown` where anything
    else than that would be created, or nothing.
    """
    lock_day(learner)
    if made := queries.import_made_of(learner.pk, waiting.pk):
        return made
    if not WaitingFile.objects.filter(pk=waiting.pk, learner=learner).delete()[0]:
        raise NotAsShown
    logged = queries.logged_for_import(learner.pk)
    outcome = sort_out(rows, logged, now.astimezone(learner.zone_info).date())
    if not outcome.new or outcome.seen != seen:
        raise NotAsShown
    numbers = [UUID(row.source_id) for row in outcome.new]
    # The sessions of an import that was taken back, and is made again by this one, give their numbers up.
    given_up = [logged.taken_back[number] for number in numbers if number in logged.taken_back]
    for start in range(0, len(given_up), CHUNK):
        StudySession.objects.filter(pk__in=given_up[start : start + CHUNK]).update(submission=None)
    batch = ImportBatch.objects.create(
        learner=learner,
        waiting_id=waiting.pk,
        made_at=now,
        file_name=waiting.name,
        made_by=made_by,
        sessions=len(outcome.new),
        minutes=outcome.minutes,
        there_already=len(outcome.there),
        refused=unread + len(outcome.refusals),
    )
    StudySession.objects.bulk_create(
        [
            StudySession(
                learner=learner,
                minutes=row.minutes,
                studied_on=row.studied_on,
                zone=learner.zone,
                module_key=row.module_key,
                activity_key=row.activity_key,
                note=row.note,
                confidence=row.confidence,
                source=StudySession.Source.IMPORT,
                import_batch=batch,
                logged_at=now,
                submission=number,
            )
            for row, number in zip(outcome.new, numbers, strict=True)
        ],
        batch_size=CHUNK,
    )
    return batch


@transaction.atomic
def take_back_import(batch: ImportBatch, *, now: datetime) -> int:
    """Takes an import out of every sum, with what was corrected in it since. Returns how many sessions.

    They can be put back together. Raises `TooLate` seven days after the import.
    """
    lock_day(batch.learner)
    locked = ImportBatch.objects.select_for_update().get(pk=batch.pk)
    if locked.taken_back_at is not None:
        return 0
    if now > locked.made_at + queries.IMPORTS_CAN_BE_TAKEN_BACK:
        raise TooLate("An import can be taken back for seven days. Each of its sessions can be deleted.")
    locked.taken_back_at = now
    locked.save(update_fields=["taken_back_at"])
    return StudySession.objects.filter(import_batch=locked, deleted_at__isnull=True).update(deleted_at=now)


@transaction.atomic
def put_back_import(batch: ImportBatch) -> int:
    """Undoes `take_back_import`, but for sessions that were imported again since. Returns how many.

    Raises `Refused` where a day has too much else by now.
    """
    lock_day(batch.learner)
    locked = ImportBatch.objects.select_for_update().get(pk=batch.pk)
    if locked.taken_back_at is None:
        return 0
    # One that was imported again has given its number up.
    theirs = StudySession.objects.filter(
        import_batch=locked, deleted_at=locked.taken_back_at, submission__isnull=False
    )
    added: Counter[date] = Counter()
    for day, minutes in theirs.values_list("studied_on", "minutes"):
        added[day] += minutes
    if added:
        logged = queries.minutes_by_day(
            queries.minutes_by_day_and_activity([batch.learner_id], min(added))[batch.learner_id]
        )
        for day, minutes in sorted(added.items()):
            if refusal := refuse_more(minutes, logged.get(day, 0)):
                raise Refused("minutes", f"{day}: {refusal}")
    put_back = theirs.update(deleted_at=None)
    if put_back:
        locked.taken_back_at = None
        locked.save(update_fields=["taken_back_at"])
    return put_back
