"""An instance made of real processes that a test may kill: Celery workers and beats on stores of its own."""

import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import psycopg

from tests.faults.sink import Sink
from tests.servers import ROOT, Server, clean_environment
from tracker.operations.processes import end_group, last_lines, tether, wait_until

OPEN = ("claimed", "handing_over")
LEASE_SECONDS = 6


class Process:
    """A worker or a beat, leader of its own group, that dies with the test."""

    def __init__(self, name: str, arguments: list[str], environment: dict[str, str], log: Path) -> None:
        self.name = name
        self.log = log
        with log.open("ab") as file:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "celery", "-A", "tracker", *arguments],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                process_group=0,
                preexec_fn=tether(signal.SIGKILL),  # noqa: PLW1509 - neither imports nor locks
            )

    def kill(self) -> None:
        """As a power cut would."""
        end_group(self._process, signal.SIGKILL, grace=10)

    def stop(self) -> None:
        """As an operator would."""
        end_group(self._process, signal.SIGTERM, grace=20)

    def has_said(self, words: str) -> bool:
        """Whether the words are in its log."""
        return self.times_said(words) > 0

    def times_said(self, words: str) -> int:
        """How often the words are in its log."""
        return self.log.read_text(errors="replace").count(words)

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None


class Instance:
    """Cairn's own settings, a store and a broker with durability on, and an SMTP sink."""

    def __init__(self, folder: Path, sink: Sink, broker: Server, database: Server | None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.database = database
        self.processes: list[Process] = []
        self.environment = clean_environment(
            CAIRN_DATA=str(folder),
            REDIS_URL=broker.url,
            SMTP_HOST="127.0.0.1",
            SMTP_PORT=str(sink.port),
            SMTP_SECURITY="none",
            CAIRN_TICK_SECONDS="1",
            CAIRN_LEASE_SECONDS=str(LEASE_SECONDS),
            CAIRN_RETRY_SECONDS="1",
            # Small, so that the workers share what is due.
            CAIRN_BATCH="20",
            DJANGO_SETTINGS_MODULE="tracker.settings",
            **({"DATABASE_URL": database.url} if database else {}),
        )

    def run(self, *arguments: str) -> str:
        """Runs a Python program to its end; returns what it printed."""
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def prepare(self, learners: int) -> None:
        """Makes the database, with so many learners due."""
        self.run("manage.py", "migrate", "-v", "0")
        self.run("-m", "tests.faults.due_learners", str(learners))

    def use_fault_settings(self) -> None:
        """Processes started from now on have the settings of tests/faults/settings.py."""
        self.environment["DJANGO_SETTINGS_MODULE"] = "tests.faults.settings"

    @contextmanager
    def disk_full(self) -> Iterator[None]:
        """The database file may not grow for a while; of processes with the fault settings."""
        full = self.folder / "disk-is-full"
        full.touch()
        yield
        full.unlink()

    def leave_no_room(self, email: str) -> None:
        """Pads the learner's reminder until 20 bytes more would take another page of the file."""
        pad = (
            "UPDATE reminders_reminder SET log_password_stamp = log_password_stamp || ? "
            "WHERE learner_id = (SELECT id FROM people_user WHERE email = ?)"
        )
        sqlite = sqlite3.connect(self.folder / "cairn.sqlite3", timeout=20, isolation_level=None)
        try:
            [before] = sqlite.execute("PRAGMA page_count").fetchone()
            while True:
                sqlite.execute("BEGIN IMMEDIATE")
                sqlite.execute(pad, ("x" * 20, email))
                [pages] = sqlite.execute("PRAGMA page_count").fetchone()
                if pages > before:
                    sqlite.execute("ROLLBACK")
                    return
                sqlite.execute("COMMIT")
        finally:
            sqlite.close()

    def start_worker(self, *, threads: int = 2, clock_off_by: timedelta = timedelta()) -> Process:
        """A worker as `manage.py run` starts it; only with the fault settings can its clock be off."""
        self.environment["CAIRN_TEST_CLOCK"] = str(int(clock_off_by.total_seconds()))
        pool = ["--pool", "threads", "--concurrency", str(threads), "--without-gossip", "--without-mingle"]
        return self._start("worker", ["worker", *pool, "--loglevel", "INFO"])

    def start_beat(self) -> Process:
        self.environment["CAIRN_TEST_CLOCK"] = "0"
        return self._start("beat", ["beat", "--loglevel", "INFO", "--pidfile="])

    def _start(self, kind: str, arguments: list[str]) -> Process:
        name = f"{kind}{len(self.processes)}"
        if kind == "worker":
            arguments = [*arguments, "--hostname", f"{name}@cairn"]
        self.processes.append(Process(name, arguments, self.environment, self.folder / f"{name}.log"))
        return self.processes[-1]

    def close(self) -> None:
        for process in self.processes:
            process.kill()

    # --- what the database says, asked without Django ---------------------------------------------------

    def ask(self, statement: str) -> list[tuple[object, ...]]:
        """The rows of a SELECT; OSError and the driver's own errors where the database is away."""
        if self.database is not None:
            with psycopg.connect(self.database.url, autocommit=True) as postgres:
                return list(postgres.execute(statement.encode()).fetchall())
        sqlite = sqlite3.connect(self.folder / "cairn.sqlite3", timeout=20)
        try:
            return sqlite.execute(statement).fetchall()
        finally:
            sqlite.close()

    def states(self) -> Counter[str]:
        """How many reminders are in which state."""
        return Counter(
            dict(self.ask("SELECT state, count(*) FROM reminders_reminder GROUP BY state"))  # type: ignore[arg-type]
        )

    def state_of(self, email: str) -> str:
        """The state of one learner's only reminder."""
        [[state]] = self.ask(
            "SELECT state FROM reminders_reminder JOIN people_user ON people_user.id = learner_id "
            f"WHERE email = '{email}'"
        )
        return str(state)

    def reasons(self) -> Counter[str]:
        """The reasons of the rows that did not end in `sent`."""
        return Counter(
            str(reason)
            for (reason,) in self.ask("SELECT reason FROM reminders_reminder WHERE state <> 'sent'")
        )

    def is_settled(self, learners: int) -> bool:
        """Whether every learner has a row in a final state."""
        try:
            states = self.states()
        except (psycopg.Error, sqlite3.Error):
            return False
        return sum(states.values()) == learners and not any(states[state] for state in OPEN)

    def wait_until_settled(self, learners: int, seconds: float = 180) -> None:
        assert wait_until(lambda: self.is_settled(learners), seconds, pause=0.2), (
            f"{self.states()}\n{self.reasons()}\n{self.last_words()}"
        )

    def last_words(self) -> str:
        """The ends of the processes' logs, for a failed test."""
        return "\n".join(f"--- {p.name}\n" + "\n".join(last_lines(p.log, 15)) for p in self.processes)


def check_promise(instance: Instance, sink: Sink, learners: int, *, broken_connections: int) -> Counter[str]:
    """The promise, counted in the receiving server's log. Returns the states, for the test's own claims."""
    states = instance.states()
    mails = Counter(mail.to for mail in sink.accepted())
    print(f"{learners} learners, {sum(mails.values())} mails, {dict(states)}, {broken_connections} broken")
    twice = {address for address, number in mails.items() if number > 1}
    assert not twice, f"mailed twice: {twice}"
    assert sum(states.values()) == learners
    assert states["failed"] == states["skipped"] == 0, instance.reasons()
    by_state: dict[str, set[str]] = {"sent": set(), "unknown": set()}
    for email, state in instance.ask(
        "SELECT email, state FROM reminders_reminder JOIN people_user ON people_user.id = learner_id"
    ):
        by_state.setdefault(str(state), set()).add(str(email))
    lost = by_state["sent"] - set(mails)
    assert not lost, f"recorded as sent and nowhere: {lost}"
    assert set(mails) <= by_state["sent"] | by_state["unknown"]
    assert states["sent"] + states["unknown"] == learners
    assert states["unknown"] <= broken_connections, instance.reasons()
    message_ids = [mail.message_id for mail in sink.accepted()]
    assert len(set(message_ids)) == len(message_ids)
    return states
