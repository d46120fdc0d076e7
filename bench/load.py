"""Ten thousand mails due in the same minute: how long they take, and whether a worker's memory stays flat.

    python -m bench.load [--learners N] [--database NAME]
                               JSON: figures by the name of the database

A real Celery worker, started as `manage.py run` starts it, with a broker and a database of the run's own that
wait for the disk, hands the mails to the bench's SMTP server. It is told once a minute to look, as beat does.
The clock runs from the first tick until the last mail is on record; the worker's resident memory is read when
a tenth, a half and all of the mails are.

*Task overhead* is what a message costs that has nothing to do, from the publishing of some hundred to the end
of the last, the look for rows in it included. It stands beside the time that a batch of mails takes.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import django

from bench.claims import CLAIMERS, product
from bench.mails import line_of, process
from bench.server import HOST
from bench.sites import base_environment, python

LEARNERS = 10_000
THREADS = 2
MARKS = (10, 2, 1)
"""The memory is read when one part in so many of the mails are on record."""
MOST_SECONDS = 900
MESSAGES = 300


# --- inside a process of the product ----------------------------------------------------------------------


@contextmanager
def worker(log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A worker that is ready."""
    from tracker.operations.processes import wait_until  # noqa: PLC0415 - these load after django.setup()

    pool = ["--pool", "threads", "--concurrency", str(THREADS), "--without-gossip", "--without-mingle"]
    with log.open("wb") as file:
        running = subprocess.Popen(
            [sys.executable, "-m", "celery", "-A", "tracker", "worker", *pool, "--loglevel", "INFO"],
            stdout=file,
            stderr=file,
        )
        try:
            if not wait_until(lambda: b" ready." in log.read_bytes(), 60):
                raise RuntimeError(f"the worker did not start:\n{log.read_text()}")
            yield running
        finally:
            running.terminate()
            running.wait()


def resident_kilobytes(pid: int) -> int:
    """The memory that a process has at this moment."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise RuntimeError(f"process {pid} has no memory")


def message_milliseconds(log: Path, batch: int) -> float:
    """What it costs to have a worker asked for a batch, with nothing due."""
    from tracker.celery import TASK_WAITS, publish  # noqa: PLC0415
    from tracker.operations.processes import wait_until  # noqa: PLC0415
    from tracker.reminders.tasks import deliver  # noqa: PLC0415

    def seconds(messages: int) -> float:
        done = log.read_bytes().count(b" succeeded in ") + messages
        begun = time.perf_counter()
        if not publish(deliver, [(batch,)] * messages, expires=600, within=TASK_WAITS):
            raise RuntimeError("the broker is away")
        if not wait_until(lambda: log.read_bytes().count(b" succeeded in ") >= done, MOST_SECONDS):
            raise RuntimeError("the messages were not done")
        return time.perf_counter() - begun

    seconds(10)
    return 1000 * seconds(MESSAGES) / MESSAGES


def measure(learners: int) -> dict[str, Any]:
    """Drains so many due mails with one worker."""
    from django.conf import settings  # noqa: PLC0415

    from tests.faults.due_learners import make_due_learners  # noqa: PLC0415
    from tracker.reminders.models import Reminder  # noqa: PLC0415
    from tracker.reminders.tasks import wake  # noqa: PLC0415

    memory: dict[int, int] = {}
    log = Path(settings.DATA_DIR) / "worker.log"
    with worker(log) as running:
        message = message_milliseconds(log, settings.REMINDER_BATCH)
        make_due_learners(learners)
        idle = resident_kilobytes(running.pid)
        begun = told = time.perf_counter()
        wake.delay()
        done = 0
        while done < learners:
            time.sleep(0.1)
            now = time.perf_counter()
            if now - begun > MOST_SECONDS or running.poll() is not None:
                raise RuntimeError(f"{done} of {learners} mails in {now - begun:.0f} s")
            if now - told >= settings.TICK_SECONDS:
                told = now
                wake.delay()
            done = Reminder.objects.filter(state="sent").count()
            for part in MARKS:
                if done >= learners // part and part not in memory:
                    memory[part] = resident_kilobytes(running.pid)
        seconds = time.perf_counter() - begun
    return {
        "learners": learners,
        "seconds": seconds,
        "a_second": learners / seconds,
        "message_ms": message,
        "overhead": message / (1000 * settings.REMINDER_BATCH * seconds / learners),
        "idle_kb": idle,
        "memory_kb": [memory[part] for part in MARKS],
    }


# --- both databases ---------------------------------------------------------------------------------------


def on_both(names: list[str], learners: int) -> dict[str, dict[str, Any]]:
    """The figures by the name of the database."""
    from tests.servers import start_valkey  # noqa: PLC0415

    found = {}
    for name in names:
        with (
            tempfile.TemporaryDirectory(prefix="cairn-bench-") as place,
            process("bench.sink", base_environment()) as sink,
        ):
            broker = start_valkey(Path(place) / "broker")
            mail = {"SMTP_HOST": HOST, "SMTP_PORT": line_of(sink.stdout), "SMTP_SECURITY": "none"}
            try:
                with product(name, Path(place), REDIS_URL=broker.url, **mail) as environment:
                    found[name] = json.loads(
                        python(environment, "-m", "bench.load", "--measure", str(learners))
                    )
            finally:
                broker.stop()
    return found


def said(figures: Mapping[str, Any]) -> list[str]:
    """The figures as lines under the table."""
    lines = []
    for name, title in (("sqlite", "SQLite"), ("postgres", "PostgreSQL")):
        if name not in figures:
            continue
        row = figures[name]
        first, half, last = (f"{kilobytes / 1024:.0f}" for kilobytes in row["memory_kb"])
        lines.append(
            f"{row['learners']:,} mails due at once on {title}, one worker of {THREADS} threads: "
            f"{row['seconds']:.0f} s, {row['a_second']:.0f} a second; its memory {first}, {half} and {last} "
            f"MB after a tenth, a half and all of them (aim: flat)."
        )
        lines.append(
            f"Task overhead on {title}: {row['message_ms']:.1f} ms a message, {row['overhead']:.1%} of the "
            "time that its batch takes (limit: 2 %)."
        )
    return lines


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Measure ten thousand mails due at once.")
    parser.add_argument("--learners", type=int, default=LEARNERS)
    parser.add_argument("--database", choices=list(CLAIMERS), help="this one alone")
    parser.add_argument("--measure", type=int, metavar="LEARNERS", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        django.setup()
        print(json.dumps(measure(options.measure)))
    else:
        print(
            json.dumps(on_both([options.database] if options.database else list(CLAIMERS), options.learners))
        )


if __name__ == "__main__":
    main()
