"""Reading what was handed in. A lost message loses nothing: the tables are the outbox."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from celery import shared_task

from tracker import clock
from tracker.celery import PAGE_WAITS, TASK_WAITS, publish
from tracker.evidence import actions, judging, queries, reading
from tracker.evidence.models import StoredFile
from tracker.evidence.rules.reports.report import Refused

# A message may still be on its way for so long; after that it is sent again.
MESSAGE_LOST_AFTER = timedelta(seconds=30)
GOOD_FOR_SECONDS = 600
ASKED_AT_ONCE = 50


@contextmanager
def as_path(file: StoredFile) -> Iterator[Path]:
    """A file's content at a path of its own, until the block ends."""
    with tempfile.TemporaryDirectory(prefix="cairn-reading-") as folder:
        path = Path(folder) / "file"
        with path.open("wb") as written:
            for part in queries.content_of(file):
                written.write(part)
        yield path


@shared_task
def read_upload(upload_id: str) -> None:
    """Reads one report and keeps what it showed."""
    upload = actions.take_upload(UUID(upload_id), clock.now())
    if upload is None or upload.file is None:
        return
    try:
        with as_path(upload.file) as path:
            report = reading.read_report(
                path,
                attack=upload.attack,
                target=upload.told_target,
                parameters=upload.parameters.encode() or None,
                progress=lambda read_bytes: actions.note_progress(upload, read_bytes),
            )
    except Refused as refusal:
        actions.refuse_upload(upload, str(refusal), clock.now())
    else:
        actions.finish_upload(upload, report, clock.now())


@shared_task
def judge_hand_in(hand_in_id: str) -> None:
    """Reads the files of one hand-in and holds the lab's rules against them."""
    hand_in = actions.take_hand_in(UUID(hand_in_id), clock.now())
    if hand_in is None:
        return
    try:
        judged, reports = judging.judged(hand_in, as_path)
        actions.finish_hand_in(hand_in, judged, reports, clock.now())
    except (Refused, actions.NotYours) as refusal:
        actions.refuse_hand_in(hand_in, str(refusal), clock.now())


@shared_task
def look_for_waiting() -> None:
    """Asks again for what waits longer than a message takes."""
    sent_before = clock.now() - MESSAGE_LOST_AFTER
    uploads = queries.uploads_to_read(sent_before, ASKED_AT_ONCE)
    hand_ins = queries.hand_ins_to_judge(sent_before, ASKED_AT_ONCE)
    # The first that finds no broker speaks for all.
    if not uploads or ask(read_upload, *uploads, within=TASK_WAITS):
        ask(judge_hand_in, *hand_ins, within=TASK_WAITS)


def ask(task: Any, *row_ids: UUID, within: float = PAGE_WAITS) -> bool:
    """Sends a worker to each row; False where the broker is away. Then rows wait for `look_for_waiting`."""
    return publish(task, [(str(row_id),) for row_id in row_ids], expires=GOOD_FOR_SECONDS, within=within)
