"""What a weekly mail costs: from claim to recorded outcome, beside mails that are only handed over.

    python -m bench.mails [--learners N] [--rounds N]
                               JSON, inside a process whose environment names an empty CAIRN_DATA

Every learner has a plan and eight weeks of sessions. In every round the same mails go into the same server
(bench.sink, which keeps nothing) four ways: already written, over one connection by smtplib (`raw`); rendered
and sent by a plain loop of Django over one connection, from facts read before the clock starts, without claim
or record (`plain`, a yardstick); claimed, written, handed over and recorded by one worker, and by two.
Workers are processes that have started before the clock does. First on SQLite, then on a PostgreSQL of the
run's own; both wait for the disk. What is said is each rate as a share of the raw one of its round.
"""

import argparse
import json
import os
import smtplib
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import IO, Any

import django

from bench.server import HOST
from bench.sites import base_environment, python

LEARNERS, ROUNDS = 400, 5
BATCH = 200
WORKERS = (1, 2)


@contextmanager
def process(module: str, environment: Mapping[str, str], *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A program of the bench that is talked to over its standard streams."""
    running = subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield running
    finally:
        running.kill()
        running.wait()


def line_of(stream: IO[str] | None) -> str:
    """The next line that a process prints. RuntimeError where it ended instead."""
    line = stream.readline() if stream else ""
    if not line:
        raise RuntimeError("a process of the bench ended early")
    return line.strip()


# --- inside a process of the product ----------------------------------------------------------------------


def make_learners(number: int) -> None:
    """Learners whose mail is due, with a plan and three sessions a week for eight weeks."""
    from tests.faults.due_learners import make_due_learners  # noqa: PLC0415 - these load after django.setup()
    from tracker import clock  # noqa: PLC0415
    from tracker.journal.models import StudySession  # noqa: PLC0415
    from tracker.people.models import User  # noqa: PLC0415

    make_due_learners(number)
    now = clock.now()
    StudySession.objects.bulk_create(
        [
            StudySession(
                learner=learner,
                minutes=45 + 5 * (days % 7),
                studied_on=now.date() - timedelta(days=days),
                zone="UTC",
                module_key="mindset",
                logged_at=now,
            )
            for learner in User.objects.all()
            for days in range(1, 57)
            if days % 7 in (1, 3, 6)
        ],
        batch_size=1000,
    )


def due_again() -> None:
    """Every learner's mail is due once more."""
    from tracker import clock  # noqa: PLC0415
    from tracker.reminders.models import Recipient, Reminder  # noqa: PLC0415

    Reminder.objects.all().delete()
    Recipient.objects.update(next_due_at=clock.now() - timedelta(minutes=1))


def work() -> None:
    """A worker: for each line it reads it delivers until nothing waits, and prints what it did."""
    from tracker import clock  # noqa: PLC0415
    from tracker.reminders import delivery  # noqa: PLC0415

    print("ready", flush=True)
    for _ in sys.stdin:
        sent = 0
        while counts := delivery.deliver(BATCH, now=clock.now, stopping=lambda: False):
            sent += counts["sent"]
        print(sent, flush=True)


def writers(number: int) -> list[Callable[[], Any]]:
    """For every mail what writes it, from facts that are read already."""
    from tracker import clock  # noqa: PLC0415
    from tracker.plans.queries import standings  # noqa: PLC0415
    from tracker.reminders import actions, mail, queries  # noqa: PLC0415
    from tracker.reminders.models import Reminder  # noqa: PLC0415

    now = clock.now()
    actions.claim_due(now, number)
    rows = queries.leased(list(Reminder.objects.values_list("pk", flat=True)))
    found = standings({row.person.learner_id: now.date() for row in rows})
    due_again()
    return [partial(mail.weekly_letter, row, found[row.person.learner_id], now, "t" * 43) for row in rows]


def questions(number: int) -> float:
    """How many reads a mail costs, amortised: of twice as many mails, what is asked more often."""
    from django.db import connection  # noqa: PLC0415
    from django.test.utils import CaptureQueriesContext  # noqa: PLC0415

    from tracker import clock  # noqa: PLC0415
    from tracker.reminders import actions, delivery  # noqa: PLC0415

    asked = []
    for batch in (number // 4, number // 2):
        due_again()
        actions.claim_due(clock.now(), batch)
        with CaptureQueriesContext(connection) as captured:
            delivery.deliver(batch, now=clock.now, stopping=lambda: False)
        asked.append(
            sum(row["sql"].lstrip().upper().startswith("SELECT") for row in captured.captured_queries)
        )
    return (asked[1] - asked[0]) / (number // 4)


def plain_seconds(letters: list[Callable[[], Any]]) -> float:
    """How long a loop takes that renders each mail, makes Django's message of it and sends it."""
    from django.core.mail import get_connection  # noqa: PLC0415

    connection = get_connection()
    connection.open()
    begun = time.perf_counter()
    for write in letters:
        write().as_django(connection).send()
    seconds = time.perf_counter() - begun
    connection.close()
    return seconds


def raw_seconds(port: int, mails: list[tuple[str, str, bytes]]) -> float:
    """How long written mails take over one connection."""
    with smtplib.SMTP(HOST, port, timeout=30) as server:
        server.ehlo()
        begun = time.perf_counter()
        for sender, to, body in mails:
            server.sendmail(sender, [to], body)
        return time.perf_counter() - begun


def measure(port: int, learners: int, rounds: int) -> dict[str, float]:
    """Rates and shares on the database of this process's environment."""
    from tracker import clock  # noqa: PLC0415
    from tracker.reminders import actions  # noqa: PLC0415
    from tracker.reminders.models import Reminder  # noqa: PLC0415

    make_learners(learners)
    letters = writers(learners)
    mails = [("cairn@localhost", letter.to, letter.as_bytes()) for letter in (write() for write in letters)]
    took: dict[str, list[float]] = {"raw": [], "plain": [], **{f"workers_{count}": [] for count in WORKERS}}
    with (
        process("bench.mails", os.environ, "--work") as one,
        process("bench.mails", os.environ, "--work") as two,
    ):
        workers = (one, two)
        for worker in workers:
            line_of(worker.stdout)

        def drain(count: int) -> float:
            due_again()
            begun = time.perf_counter()
            actions.claim_due(clock.now(), learners)
            for worker in workers[:count]:
                assert worker.stdin is not None
                worker.stdin.write("\n")
                worker.stdin.flush()
            sent = sum(int(line_of(worker.stdout)) for worker in workers[:count])
            seconds = time.perf_counter() - begun
            if sent != learners or Reminder.objects.filter(state="sent").count() != learners:
                raise RuntimeError(f"{sent} of {learners} mails were sent")
            return seconds

        ways: dict[str, Callable[[], float]] = {
            "raw": lambda: raw_seconds(port, mails),
            "plain": lambda: plain_seconds(letters),
            "workers_1": lambda: drain(1),
            "workers_2": lambda: drain(2),
        }
        for way in ways.values():
            way()
        for turn in range(rounds):
            names = list(ways)
            for name in names[turn % len(names) :] + names[: turn % len(names)]:
                took[name].append(ways[name]())
    shares = {
        f"{name}_of_raw": statistics.median(
            raw / way for raw, way in zip(took["raw"], took[name], strict=True)
        )
        for name in took
        if name != "raw"
    }
    rates = {f"{name}_a_second": learners / statistics.median(times) for name, times in took.items()}
    size = statistics.median(len(body) for _, _, body in mails)
    return {**shares, **rates, "reads_a_mail": questions(learners), "mail_bytes": size}


# --- both databases ---------------------------------------------------------------------------------------


def on_both(learners: int, rounds: int) -> dict[str, dict[str, float]]:
    """The figures by the name of the database."""
    from tests.servers import start_postgres  # noqa: PLC0415

    found = {}
    with process("bench.sink", base_environment()) as sink, tempfile.TemporaryDirectory() as place:
        port = line_of(sink.stdout)
        for name in ("sqlite", "postgres"):
            data = Path(place) / name
            data.mkdir()
            environment = {
                **base_environment(),
                "DJANGO_SETTINGS_MODULE": "tracker.settings",
                "CAIRN_DATA": str(data),
                "SMTP_HOST": HOST,
                "SMTP_PORT": port,
                "SMTP_SECURITY": "none",
            }
            server = start_postgres(Path(place) / "server", durable=True) if name == "postgres" else None
            if server is not None:
                environment["DATABASE_URL"] = server.url
            try:
                python(environment, "manage.py", "migrate", "--verbosity", "0")
                arguments = ("--measure", port, "--learners", str(learners), "--rounds", str(rounds))
                found[name] = json.loads(python(environment, "-m", "bench.mails", *arguments))
            finally:
                if server is not None:
                    server.stop()
    return found


def said(figures: Mapping[str, Any]) -> list[str]:
    """The figures as lines under the table."""
    lines = []
    for name, title in (("sqlite", "SQLite"), ("postgres", "PostgreSQL")):
        row = figures[name]
        lines.append(
            f"Weekly mail on {title}: {row['workers_1_a_second']:.0f} a second with one worker, "
            f"{row['workers_2_a_second']:.0f} with two; {row['workers_1_of_raw']:.2f} and "
            f"{row['workers_2_of_raw']:.2f} of {row['raw_a_second']:.0f} mails of the same "
            f"{row['mail_bytes'] / 1024:.1f} kB that are only handed over (floor 0.35, aim 0.5 with two). "
            f"A plain loop of Django without claim or record: {row['plain_of_raw']:.2f}. "
            f"{row['reads_a_mail']:.2f} reads a mail (aim: at most 0.1)."
        )
    return lines


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Measure the weekly mail.")
    parser.add_argument("--learners", type=int, default=LEARNERS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--work", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--measure", type=int, metavar="PORT", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        django.setup()
        work()
    elif options.measure:
        django.setup()
        print(json.dumps(measure(options.measure, options.learners, options.rounds)))
    else:
        print(json.dumps(on_both(options.learners, options.rounds)))


if __name__ == "__main__":
    main()
