"""`manage.py run`: everything in one process tree, with nothing else to install or start."""

import io
import os
import signal
import sys
from argparse import ArgumentParser
from pathlib import Path
from types import FrameType
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connections

from tracker.operations import broker
from tracker.operations.health import broker_answers
from tracker.operations.rules import content_stamp, is_loopback
from tracker.operations.supervisor import (
    Program,
    RefusedError,
    Supervisor,
    check_address,
    numeric_address,
    private_folder,
    ready,
    take_lock,
)

BROKER_SECONDS = 20.0
READY_SECONDS = 60.0


class Command(BaseCommand):
    help = "Starts Cairn: database, broker, web server, workers and beat, until Ctrl-C."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.epilog = "HOST, PORT, CAIRN_DATA and all else come from the environment: docs/settings.md."

    def handle(self, *args: Any, **options: Any) -> None:
        environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
        supervisor = Supervisor(settings.DATA_DIR, settings.BASE_DIR, environment, self.say)
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, interrupt)
        try:
            # The lock lasts as long as this process: nobody closes its descriptor.
            address = check_and_lock(supervisor)
            prepare_data()
        except KeyboardInterrupt:
            self.say("Stopped.")
            return
        except (RefusedError, ImproperlyConfigured) as error:
            raise CommandError(str(error)) from None
        except DatabaseError as error:
            raise CommandError(f"The database does not work: {error}") from None
        supervisor.listen()
        try:
            if self.brought_up(supervisor, address):
                supervisor.watch()
            elif not supervisor.asked_to_stop:
                raise CommandError(f"Cairn did not get ready; its logs are in {settings.DATA_DIR / 'log'}.")
        finally:
            supervisor.stop()
        self.say("Stopped.")

    def say(self, line: str) -> None:
        """Prints one line at once. The terminal may be gone; that must not keep anything from stopping."""
        try:
            self.stdout.write(line)
            self.stdout.flush()
        except OSError:
            sys.stdout = io.StringIO()
            self.stdout._out = sys.stdout  # type: ignore[attr-defined]

    def brought_up(self, supervisor: Supervisor, address: str) -> bool:
        """Starts all programs, the web server at the IP `address`, and says where the first page is.

        False where they do not get ready.
        """
        if not settings.REDIS_URL:
            supervisor.start(broker_program())
            if not supervisor.watch_until(broker_answers, BROKER_SECONDS):
                return False
        supervisor.start(web_program(address))
        if not supervisor.watch_until(lambda: ready(own_url(address)), READY_SECONDS):
            return False
        # Not before: on two cores their start would make the first page wait.
        supervisor.start(worker_program())
        supervisor.start(reader_program())
        supervisor.start(beat_program())
        self.say(f"Cairn is ready at {settings.PUBLIC_URL}/ - Ctrl-C stops it.")
        first_steps = io.StringIO()
        call_command("set_up_address", stdout=first_steps)
        close_connections()
        if first_steps.getvalue().strip():
            self.say(first_steps.getvalue().strip())
        return True


def interrupt(number: int, frame: FrameType | None) -> None:
    """Before the children run, every stop signal acts as Ctrl-C."""
    raise KeyboardInterrupt


def check_and_lock(supervisor: Supervisor) -> str:
    """Everything that can be refused, before anything is started; RefusedError says why in one sentence.

    Returns the IP address at which the web server is to listen.
    """
    if not settings.EMBEDDED:
        raise RefusedError(
            "manage.py run is for CAIRN_MODE=embedded; docs/settings.md says how a server runs."
        )
    address = numeric_address(settings.HOST)
    if settings.MAIL_AS_FILES and settings.SIGN_UP_OPEN and not is_loopback(address):
        raise RefusedError(
            f"HOST={settings.HOST} would let others sign up while mail goes to files and confirms nothing: "
            "set CAIRN_SIGNUP=closed, or SMTP_HOST for real mail."
        )
    if not settings.REDIS_URL:
        broker.binary()
    for folder in (
        settings.DATA_DIR,
        *(settings.DATA_DIR / name for name in ("run", "log", "broker", "mail")),
        settings.BROKER_SOCKET.parent,
    ):
        private_folder(folder)
    take_lock(settings.DATA_DIR / "run")
    supervisor.take_over()
    check_address(settings.HOST, settings.PORT)
    return address


def prepare_data() -> None:
    """Brings the database, the static files and the curriculum up to date."""
    call_command("migrate", interactive=False, verbosity=0)
    collect_static()
    call_command("load_curriculum", stdout=io.StringIO())
    close_connections()


def collect_static() -> None:
    """Collects the static files where one has changed since the last time."""
    kept = settings.DATA_DIR / "run" / "static.stamp"
    files = [
        (path, Path(storage.path(path)).read_bytes())
        for finder in get_finders()
        for path, storage in finder.list([])
    ]
    stamp = content_stamp([("storage", settings.STORAGES["staticfiles"]["BACKEND"].encode()), *files])
    if kept.exists() and kept.read_text() == stamp and settings.STATIC_ROOT.is_dir():
        return
    call_command("collectstatic", interactive=False, clear=True, verbosity=0)
    kept.write_text(stamp)


def close_connections() -> None:
    """Leaves no connection, pool or thread behind: the supervisor forks and lives long."""
    for connection in connections.all(initialized_only=True):
        connection.close()
        if connection.vendor == "postgresql":
            connection.close_pool()  # type: ignore[attr-defined]


def own_url(address: str) -> str:
    """Where this machine reaches the web server that listens at the IP `address`, whatever others call it."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address, address)  # noqa: S104
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.PORT}"


def broker_program() -> Program:
    command = broker.arguments(settings.DATA_DIR / "broker", settings.BROKER_SOCKET)
    return Program("broker", command, grace_seconds=2.0)


def web_program(address: str) -> Program:
    command = [
        *(sys.executable, "-m", "granian", "tracker.wsgi:application"),
        *("--interface", "wsgi", "--host", address, "--port", str(settings.PORT)),
        *("--workers", "1", "--blocking-threads", "4", "--respawn-failed-workers"),
        *("--workers-kill-timeout", "2", "--log-level", "warning"),
    ]
    return Program("web", command, grace_seconds=3.0)


def worker_program() -> Program:
    command = [
        *(sys.executable, "-m", "celery", "--quiet", "-A", "tracker", "worker"),
        *("--pool", "threads", "--concurrency", "2", "--queues", settings.CELERY_TASK_DEFAULT_QUEUE),
        *("--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "WARNING"),
    ]
    # Orphaned, it has no broker to say goodbye to; its tasks are given out again.
    return Program("worker", command, grace_seconds=3.0, orphaned=signal.SIGKILL)


def reader_program() -> Program:
    command = [
        *(sys.executable, "-m", "celery", "--quiet", "-A", "tracker", "worker"),
        *("--pool", "threads", "--concurrency", "1", "--queues", settings.IMPORT_QUEUE),
        *("--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "WARNING"),
        *("--hostname", "reader@%h"),
    ]
    return Program("reader", command, grace_seconds=3.0, orphaned=signal.SIGKILL)


def beat_program() -> Program:
    command = [
        *(sys.executable, "-m", "celery", "--quiet", "-A", "tracker", "beat"),
        *("--pidfile", "", "--loglevel", "WARNING"),
    ]
    return Program("beat", command, grace_seconds=1.0, orphaned=signal.SIGKILL)
