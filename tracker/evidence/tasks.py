"""Reading what was handed in. A lost message loses nothing: the tables are the outbox."""

import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from celery import shared_task
from kombu.exceptions import OperationalError as BrokerIsAway

from tracker import clock
from tracker.evidence import actions, judging, queries, reading
from tracker.evidence.models import StoredFile
from tracker.evidence.rules.reports.report import Refused

log = logging.getLogger(__name__)

# A message may still be on its way for so long; after that it is sent again.
MESSAGE_LOST_AFTER = timedelta(seconds=30)
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
    for upload_id in queries.uploads_to_read(sent_before, ASKED_AT_ONCE):
        ask(read_upload, upload_id)
    for hand_in_id in queries.hand_ins_to_judge(sent_before, ASKED_AT_ONCE):
        ask(judge_hand_in, hand_in_id)


def ask(task: Any, row_id: UUID) -> None:
    """Sends a worker to a row. Where the broker is away the row waits for `look_for_waiting`."""
    try:
        task.apply_async((str(row_id),), expires=600)
    except BrokerIsAway:
        log.warning("The broker is away; what was handed in waits for the next look.")
