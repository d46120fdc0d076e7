"""Writing what was handed in, what was read of it, and what was judged."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from tracker.evidence import queries
from tracker.evidence.models import (
    Artefact,
    FilePart,
    HandIn,
    HandInFile,
    Result,
    Run,
    Statement,
    StoredFile,
    Upload,
)
from tracker.evidence.rules.judge import Judged
from tracker.evidence.rules.names import file_name, media_type_of
from tracker.evidence.rules.reports.report import Report
from tracker.people.actions import lock_learner
from tracker.people.models import ApiToken, User

Row = TypeVar("Row", Upload, HandIn)

PART_BYTES = 262_144
RESULTS_AT_ONCE = 500
# Longer than any file may take to read: whoever took it is gone.
TAKEN_FOR = timedelta(minutes=10)
MOST_ATTEMPTS = 3
GAVE_UP = "Reading this was begun three times and never ended. Nothing was kept of it."


class TooMuch(ValueError):
    """There is no room for this. The message says so to the learner."""


class NotYours(ValueError):
    """The run is another learner's."""


NOT_YOURS = (
    "This run was handed in by somebody else. A run counts for one person: yours needs one of its own."
)


# --- files ------------------------------------------------------------------------------------------------


def store_file(learner: User, name: str, pieces: Iterable[bytes], now: datetime) -> StoredFile:
    """Keeps a file in parts, within the caller's transaction. Raises `TooMuch` where there is no room."""
    stored = StoredFile(learner=learner, name=file_name(name), stored_at=now, media_type="", size_bytes=1)
    used = queries.stored_bytes(learner.pk)
    digest, size = hashlib.sha256(), 0
    begins = b""
    for number, part in enumerate(_parts(pieces)):
        if number == 0:
            begins = part
            stored.save(force_insert=True)
        digest.update(part)
        size += len(part)
        if size > settings.UPLOAD_BYTES_MAX:
            raise TooMuch(f"{stored.name} is larger than {megabytes(settings.UPLOAD_BYTES_MAX)}.")
        if used + size > settings.STORED_BYTES_MAX:
            raise TooMuch(
                f"You keep {megabytes(used)} of files, and may keep {megabytes(settings.STORED_BYTES_MAX)}. "
                "Delete one that you no longer need."
            )
        FilePart.objects.create(file=stored, number=number, content=part)
    if not size:
        raise TooMuch(f"{stored.name} is empty.")
    stored.size_bytes, stored.sha256 = size, digest.hexdigest()
    stored.media_type = media_type_of(begins)
    stored.save(update_fields=["size_bytes", "sha256", "media_type"])
    return stored


def _parts(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in parts of one size."""
    waiting = bytearray()
    for piece in pieces:
        waiting += piece
        while len(waiting) >= PART_BYTES:
            yield bytes(waiting[:PART_BYTES])
            del waiting[:PART_BYTES]
    if waiting:
        yield bytes(waiting)


def megabytes(size: int) -> str:
    """A size in words."""
    return f"{size / 1_000_000:.0f} MB" if size >= 10_000_000 else f"{size / 1_000_000:.1f} MB"


@transaction.atomic
def delete_file(learner: User, file_id: UUID) -> str | None:
    """Throws a file away that nobody has to read any more. Its name; None for anything else.

    The run stays, and so does what a lab was judged by, with the file's name and SHA-256, and the record of a
    completed milestone. A criterion of an open one is not backed by it any more.
    """
    lock_learner(learner)
    file = queries.files_of(learner.pk).filter(pk=file_id).first()
    if file is None:
        return None
    file.delete()
    return file.name


# --- a tool's report --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Told:
    """What the learner says of a report that does not say it itself."""

    attack: str = ""
    target: str = ""
    parameters: str = ""


NOTHING_TOLD = Told()


@transaction.atomic
def add_upload(
    learner: User,
    name: str,
    pieces: Iterable[bytes],
    *,
    submission: UUID,
    now: datetime,
    told: Told = NOTHING_TOLD,
    keeps_file: bool = False,
    sent_with: ApiToken | None = None,
) -> Upload:
    """Keeps a report until a worker has read it. The same submission again is the same upload.

    sent_with: the program that it came from. Raises `TooMuch`.
    """
    lock_learner(learner)
    there = Upload.objects.filter(learner=learner, submission=submission).first()
    if there is not None:
        return there
    stored = store_file(learner, name, pieces, now)
    upload = Upload.objects.create(
        learner=learner,
        submission=submission,
        sent_with=sent_with,
        name=stored.name,
        size_bytes=stored.size_bytes,
        sha256=stored.sha256,
        attack=told.attack,
        told_target=told.target,
        parameters=told.parameters,
        keeps_file=keeps_file,
        file=stored,
        uploaded_at=now,
    )
    known = Run.objects.filter(learner=learner, sha256=stored.sha256).select_for_update().first()
    if known is not None:
        _end_read(upload, known, now, was_known=True)
    return upload


@transaction.atomic
def take_upload(upload_id: UUID, now: datetime) -> Upload | None:
    """Takes an upload for reading; None where it is read already, or in another worker's hands.

    One that was taken too often is refused: what ends a worker each time will do so again.
    """
    return _taken(Upload.objects.filter(pk=upload_id), _refuse_upload, now)


def _taken(rows: QuerySet[Row], refuse: Callable[[Row, str, datetime], None], now: datetime) -> Row | None:
    """The one row, taken, where it waits or whoever took it never came back."""
    is_free = Q(state="waiting") | Q(state="reading", taken_at__lte=now - TAKEN_FOR)
    row = rows.filter(is_free).select_for_update(skip_locked=True).first()
    if row is None:
        return None
    if row.attempts == MOST_ATTEMPTS:
        refuse(row, GAVE_UP, now)
        return None
    row.state, row.taken_at, row.attempts = "reading", now, row.attempts + 1
    row.save(update_fields=["attempts", "state", "taken_at"])
    return row


def note_progress(upload: Upload, read_bytes: int) -> None:
    """How far a worker is with an upload that it took."""
    Upload.objects.filter(pk=upload.pk, taken_at=upload.taken_at, state="reading").update(
        read_bytes=read_bytes
    )


def refuse_upload(upload: Upload, sentence: str, now: datetime) -> None:
    """Ends an upload that is no report. The file is thrown away."""
    with transaction.atomic():
        held = _held(upload)
        if held is not None:
            _refuse_upload(held, sentence, now)


def _refuse_upload(held: Upload, sentence: str, now: datetime) -> None:
    _end(held, now, state=Upload.State.REFUSED, sentence=sentence[:400])


def finish_upload(upload: Upload, report: Report, now: datetime) -> Run | None:
    """Keeps what a report showed, all of it or nothing; None where the upload is not this worker's any more.

    A run that is there already is not kept twice, whatever the file is called; where it was partial and is
    whole now, the whole one takes its place. Somebody else's run is refused.
    """
    try:
        return _finished(upload, report, now)
    except NotYours as refusal:
        refuse_upload(upload, str(refusal), now)
        return None
    except IntegrityError:
        # Another worker has just kept the same run: it is there now.
        return _finished(upload, report, now)


@transaction.atomic
def _finished(upload: Upload, report: Report, now: datetime) -> Run | None:
    held = _held(upload)
    if held is None:
        return None
    run, was_known = _kept(held.learner, report, held.sha256, now)
    held.read_bytes = held.size_bytes
    _end_read(held, run, now, was_known=was_known)
    return run


def _kept(learner: User, report: Report, sha256: str, now: datetime) -> tuple[Run, bool]:
    """The run of a report, and whether it was there before. Raises `NotYours`."""
    same = Q(sha256=sha256)
    if report.run_id:
        same |= Q(tool=report.tool, run_id=report.run_id)
    known = Run.objects.filter(same).select_for_update().first()
    if known is not None and known.learner_id != learner.pk:
        raise NotYours(NOT_YOURS)
    if known is not None and not (known.state == Run.State.PARTIAL and report.state == "complete"):
        return known, True
    fields = {
        "version": report.version,
        "target": report.target,
        "state": report.state,
        "why_partial": report.why_partial,
        "sha256": sha256,
        "started_at": report.started_at,
        "ended_at": report.ended_at,
        "generations": report.generations,
        "attempts": report.attempts,
        "is_self_test": report.is_self_test,
        "requested": list(report.requested),
        "planned": list(report.planned),
        "tags": {probe: list(tags) for probe, tags in report.tags.items()},
        "notes": list(report.notes),
    }
    if known is None:
        run = Run.objects.create(
            learner=learner, tool=report.tool, run_id=report.run_id, read_at=now, **fields
        )
    else:
        run, before = known, known.file
        # What is kept beside a run is the file that it was read from.
        for name, value in {**fields, "file": None}.items():
            setattr(run, name, value)
        run.save(update_fields=[*fields, "file"])
        run.results.all().delete()
        if before is not None:
            before.delete()
    Result.objects.bulk_create(
        (
            Result(
                run=run,
                position=position,
                probe=row.probe,
                detector=row.detector,
                passed=row.passed,
                evaluated=row.evaluated,
                not_scored=row.not_scored,
            )
            for position, row in enumerate(report.evals)
        ),
        batch_size=RESULTS_AT_ONCE,
    )
    return run, known is not None


def _held(upload: Upload) -> Upload | None:
    """The upload, locked, where it is still in the hands of the worker that took it."""
    return (
        Upload.objects.select_for_update(of=("self",))
        .select_related("learner", "file")
        .filter(pk=upload.pk, taken_at=upload.taken_at, state=Upload.State.READING)
        .first()
    )


def _end_read(upload: Upload, run: Run, now: datetime, *, was_known: bool) -> None:
    """Ends an upload that was read. Its file is the run's where the learner keeps it and the run has none."""
    if upload.keeps_file and run.file_id is None:
        run.file, upload.file = upload.file, None
        run.save(update_fields=["file"])
    _end(upload, now, state=Upload.State.READ, run=run, was_known=was_known)


def _end(upload: Upload, now: datetime, **fields: object) -> None:
    """Ends an upload, and throws the file away that it still has."""
    thrown_away = upload.file
    changed = {**fields, "read_bytes": upload.read_bytes, "finished_at": now, "file": None}
    for name, value in changed.items():
        setattr(upload, name, value)
    upload.save(update_fields=list(changed))
    if thrown_away is not None:
        thrown_away.delete()


@transaction.atomic
def keep_run(learner: User, report: Report, sha256: str, now: datetime) -> Run:
    """Keeps what a report showed that was read at once, as `finish_upload`. Raises `NotYours`."""
    lock_learner(learner)
    return _kept(learner, report, sha256, now)[0]


@transaction.atomic
def delete_run(run: Run) -> None:
    """Takes a run out, with the file where that was kept. What was judged of it before stays judged."""
    # A file may have been kept, or the run taken out, since it was looked up.
    lock_learner(run.learner)
    held = Run.objects.select_related("file").filter(pk=run.pk).first()
    if held is None:
        return
    if held.file is not None:
        held.file.delete()
    held.delete()


# --- a lab ------------------------------------------------------------------------------------------------


@transaction.atomic
def hand_in(
    learner: User,
    lab_key: str,
    files: Sequence[tuple[str, str, Iterable[bytes]]],
    *,
    track_key: str,
    revision: int,
    submission: UUID,
    now: datetime,
) -> HandIn:
    """Keeps the files of a lab until a worker has judged them. The same submission again is the same hand-in.

    files: the name that the lab asks for, the name that the learner's file has, and its content. Raises
    `TooMuch`.
    """
    lock_learner(learner)
    there = HandIn.objects.filter(learner=learner, submission=submission).first()
    if there is not None:
        return there
    made = HandIn.objects.create(
        learner=learner,
        submission=submission,
        lab_key=lab_key,
        track_key=track_key,
        revision=revision,
        handed_in_at=now,
    )
    for wanted, name, pieces in files:
        stored = store_file(learner, name, pieces, now)
        HandInFile.objects.create(
            hand_in=made, name=wanted, file=stored, size_bytes=stored.size_bytes, sha256=stored.sha256
        )
    return made


@transaction.atomic
def take_hand_in(hand_in_id: UUID, now: datetime) -> HandIn | None:
    """Takes a hand-in for judging; as `take_upload`."""
    return _taken(HandIn.objects.filter(pk=hand_in_id), _refuse_hand_in, now)


def finish_hand_in(
    hand_in: HandIn, judged: Sequence[Judged], reports: Mapping[int, Report], now: datetime
) -> bool:
    """Keeps what became of each rule, and the runs that reports among the files showed. All of it or nothing.

    reports: by the number of the file. The file of a report is thrown away: it holds prompts and outputs.
    Raises `NotYours` for another learner's run.
    """
    with transaction.atomic():
        held = _held_hand_in(hand_in)
        if held is None:
            return False
        for row in HandInFile.objects.filter(hand_in=held).select_related("file"):
            report = reports.get(row.pk)
            if report is None:
                continue
            run, _ = _kept(held.learner, report, row.sha256, now)
            file, row.run, row.file = row.file, run, None
            row.save(update_fields=["run", "file"])
            if file is not None:
                file.delete()
        held.judged = [asdict(row) for row in judged]
        held.state, held.finished_at, held.sentence = HandIn.State.JUDGED, now, ""
        held.save(update_fields=["judged", "state", "finished_at", "sentence"])
        return True


def refuse_hand_in(hand_in: HandIn, sentence: str, now: datetime) -> None:
    """Ends a hand-in whose files cannot be judged. The files are thrown away."""
    with transaction.atomic():
        held = _held_hand_in(hand_in)
        if held is not None:
            _refuse_hand_in(held, sentence, now)


def _refuse_hand_in(held: HandIn, sentence: str, now: datetime) -> None:
    held.state, held.sentence, held.finished_at = HandIn.State.REFUSED, sentence[:400], now
    held.save(update_fields=["state", "sentence", "finished_at"])
    StoredFile.objects.filter(handed_in__hand_in=held).delete()


def _held_hand_in(hand_in: HandIn) -> HandIn | None:
    return (
        HandIn.objects.select_for_update(of=("self",))
        .select_related("learner")
        .filter(pk=hand_in.pk, taken_at=hand_in.taken_at, state=HandIn.State.READING)
        .first()
    )


@transaction.atomic
def state_rule(learner: User, lab_key: str, sentence: str, note: str, now: datetime) -> Statement:
    """Keeps what the learner says of a rule; once more changes the note."""
    stated, _ = Statement.objects.update_or_create(
        learner=learner, lab_key=lab_key, sentence=sentence, defaults={"note": note, "stated_at": now}
    )
    return stated


@transaction.atomic
def take_back_statement(learner: User, lab_key: str, sentence: str) -> bool:
    """Takes a statement back; whether there was one."""
    return Statement.objects.filter(learner=learner, lab_key=lab_key, sentence=sentence).delete()[0] > 0


# --- artefacts --------------------------------------------------------------------------------------------


@transaction.atomic
def add_file(
    learner: User, criterion_key: str, title: str, name: str, pieces: Iterable[bytes], now: datetime
) -> Artefact:
    """Keeps a file that backs a criterion; the same file again is the same artefact. Raises `TooMuch`."""
    lock_learner(learner)
    stored = store_file(learner, name, pieces, now)
    there = Artefact.objects.filter(
        learner=learner, criterion_key=criterion_key, file__sha256=stored.sha256
    ).first()
    if there is not None:
        stored.delete()
        return there
    return Artefact.objects.create(
        learner=learner,
        criterion_key=criterion_key,
        kind=Artefact.Kind.FILE,
        title=title or stored.name,
        file=stored,
        added_at=now,
    )


@transaction.atomic
def add_link(
    learner: User, criterion_key: str, title: str, *, url: str, commit: str, now: datetime
) -> Artefact:
    """Keeps a link, or a commit with or without one, that backs a criterion."""
    kind = Artefact.Kind.COMMIT if commit else Artefact.Kind.LINK
    artefact, _ = Artefact.objects.get_or_create(
        learner=learner,
        criterion_key=criterion_key,
        kind=kind,
        url=url,
        commit=commit,
        defaults={"title": title or (commit[:12] if commit else url)[:120], "added_at": now},
    )
    return artefact


@transaction.atomic
def remove_artefact(artefact: Artefact) -> None:
    """Takes an artefact away, and its file."""
    if artefact.file is not None:
        artefact.file.delete()  # the artefact goes with it
    else:
        artefact.delete()
