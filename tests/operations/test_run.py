"""`manage.py run` for real: starts, restarts what dies, stops all, loses nothing, refuses in one sentence."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.servers import ROOT, Server, clean_environment
from tests.supervised import Cairn, all_gone
from tracker.operations.processes import identity, wait_until

pytestmark = pytest.mark.faults

CHILDREN = ["broker", "web", "worker", "reader", "beat"]
STOP_SECONDS = 10
# An account whose seven days are over is what the task of `late_deletion` deletes.
MAKE_ACCOUNT = (
    "from tracker import clock; from tracker.people.models import User; from datetime import timedelta;"
    "User.objects.create_user({email!r}, 'a long password', deletion_due_at=clock.now() - timedelta(days=1))"
)
ASK_FOR_DELETION = "from tracker.people.tasks import delete_due_accounts; delete_due_accounts.delay()"
COUNT = "from tracker.people.models import User; print('accounts:', User.objects.count())"


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Cairn]]:
    """Starts Cairn on `tmp_path/data` unless told otherwise; everything is ended after the test."""
    started: list[Cairn] = []

    def start_one(data: Path | None = None, **more: str) -> Cairn:
        started.append(Cairn(data or tmp_path / "data", **more))  # type: ignore[arg-type]
        return started[-1]

    yield start_one
    for cairn in started:
        cairn.close()


def accounts(cairn: Cairn) -> int:
    return int(cairn.manage("shell", "-v", "0", "-c", COUNT).rpartition("accounts:")[2])


def add_account(cairn: Cairn, email: str) -> None:
    cairn.manage("shell", "-v", "0", "-c", MAKE_ACCOUNT.format(email=email))


def test_starts_says_one_address_and_stops_all_on_sigterm(start: Callable[..., Cairn]) -> None:
    cairn = start().wait_until_ready()
    assert sorted(cairn.pids()) == sorted(CHILDREN)
    assert cairn.get("/healthz") == 200
    wait_until(lambda: len(cairn.lines) >= 2, 5)
    ready, set_up = cairn.lines
    assert ready.startswith(f"Cairn is ready at {cairn.address}/")
    assert f"{cairn.address}/" in set_up
    for folder in (cairn.data, *(cairn.data / name for name in ("run", "log", "broker", "mail"))):
        assert folder.stat().st_mode & 0o777 == 0o700
    family = cairn.family()
    assert len(family) >= len(CHILDREN)
    started = time.monotonic()
    assert cairn.send(signal.SIGTERM) == 0
    assert time.monotonic() - started < STOP_SECONDS
    assert all_gone(family, 0.5)
    assert cairn.lines[-1] == "Stopped."


def test_no_file_of_the_data_is_open_to_others(start: Callable[..., Cairn]) -> None:
    """With an ordinary umask, while it runs: database and its log, broker's file, logs, list of children."""
    before = os.umask(0o022)
    try:
        cairn = start()
    finally:
        os.umask(before)
    cairn.wait_until_ready()
    modes = {
        str(path.relative_to(cairn.data)): path.stat().st_mode & 0o777
        for path in cairn.data.rglob("*")
        if path.is_file() and "static" not in path.relative_to(cairn.data).parts
    }
    assert {"cairn.sqlite3", "cairn.sqlite3-wal", "run/children.json", "log/web.log"} <= set(modes)
    assert any(name.startswith("broker/") for name in modes)
    assert {name: oct(mode) for name, mode in modes.items() if mode & 0o077} == {}


@pytest.mark.parametrize("host", ["127.1", "localhost", "::", "[::1]"])
def test_any_spelling_of_host_works(start: Callable[..., Cairn], host: str) -> None:
    closed = {"CAIRN_SIGNUP": "closed"} if host == "::" else {}
    cairn = start(HOST=host, **closed)
    name = {"::": "[::]"}.get(host, host)
    assert wait_until(lambda: "Cairn is ready at" in cairn.output or cairn.process.poll() is not None, 60)
    assert cairn.lines[0].startswith(f"Cairn is ready at http://{name}:{cairn.port}/"), cairn.output
    assert "starts again" not in cairn.output
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(
        f"http://{name}:{cairn.port}/accounts/login/", timeout=5
    ) as answer:
        assert answer.status == 200


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_other_stop_signals_stop_all(start: Callable[..., Cairn], number: signal.Signals) -> None:
    cairn = start().wait_until_ready()
    family = cairn.family()
    assert cairn.send(number) == 0
    assert all_gone(family, 0.5)


def test_stop_signal_before_anything_is_ready_stops_too(start: Callable[..., Cairn]) -> None:
    cairn = start()
    assert wait_until(lambda: "web" in cairn.pids(), 30), cairn.output
    family = cairn.family()
    started = time.monotonic()
    assert cairn.send(signal.SIGTERM) == 0
    assert time.monotonic() - started < STOP_SECONDS
    assert all_gone(family, 0.5)


def test_second_start_keeps_the_data_and_is_warm(start: Callable[..., Cairn]) -> None:
    first = start().wait_until_ready()
    add_account(first, "alice@example.org")
    first.send(signal.SIGTERM)
    collected = (first.data / "static").stat().st_mtime_ns
    started = time.monotonic()
    second = start().wait_until_ready()
    took = time.monotonic() - started
    print(f"second start: ready after {took:.1f} s")
    assert took < 15
    assert accounts(second) == 1
    assert (second.data / "static").stat().st_mtime_ns == collected, "static files collected again"
    assert len(second.lines) == 1, "somebody is here: no set-up address"


def test_every_killed_child_is_started_again_and_works(start: Callable[..., Cairn]) -> None:
    cairn = start().wait_until_ready()
    for name in CHILDREN:
        before = cairn.pids()
        os.kill(before[name], signal.SIGKILL)
        assert wait_until(lambda: cairn.pids().get(name, 0) not in {0, before[name]}, 10), cairn.output  # noqa: B023
        assert wait_until(cairn.is_ready, 20), f"{name}: {cairn.output}"
        assert f"{name} ended by signal 9; it starts again in 0.5 s." in cairn.output
        others = {other: pid for other, pid in cairn.pids().items() if other != name}
        assert others == {other: pid for other, pid in before.items() if other != name}
    add_account(cairn, "alice@example.org")
    cairn.manage("shell", "-v", "0", "-c", ASK_FOR_DELETION)
    assert wait_until(lambda: accounts(cairn) == 0, 30, pause=0.5), cairn.output


def test_web_process_inside_the_server_is_replaced(start: Callable[..., Cairn]) -> None:
    cairn = start().wait_until_ready()
    (inside,) = set(family_of(cairn, "web"))
    os.kill(inside, signal.SIGKILL)
    assert wait_until(lambda: set(family_of(cairn, "web")) - {inside} != set(), 20)
    assert wait_until(cairn.is_ready, 20)


def family_of(cairn: Cairn, name: str) -> list[int]:
    """The processes below one child, helpers of Python's own that share nothing left out."""
    from tests.supervised import descendants

    return [
        pid
        for pid in descendants(cairn.pids()[name])
        if b"resource_tracker" not in Path(f"/proc/{pid}/cmdline").read_bytes()
    ]


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_task_sent_while_the_worker_is_dead_is_done_after_its_restart(
    start: Callable[..., Cairn], own_postgres: Callable[[], Server], database: str
) -> None:
    more = {"DATABASE_URL": own_postgres().url} if database == "postgres" else {}
    cairn = start(**more).wait_until_ready()
    add_account(cairn, "alice@example.org")
    # Held still, the supervisor cannot restart the worker before the task is in the queue.
    os.kill(cairn.process.pid, signal.SIGSTOP)
    os.kill(cairn.pids()["worker"], signal.SIGKILL)
    cairn.manage("shell", "-v", "0", "-c", ASK_FOR_DELETION)
    assert accounts(cairn) == 1
    os.kill(cairn.process.pid, signal.SIGCONT)
    assert wait_until(lambda: accounts(cairn) == 0, 30, pause=0.5), cairn.output


def test_killed_supervisor_leaves_nothing_and_the_next_start_works(start: Callable[..., Cairn]) -> None:
    cairn = start().wait_until_ready()
    add_account(cairn, "alice@example.org")
    family = cairn.family()
    cairn.send(signal.SIGKILL)
    assert all_gone(family, STOP_SECONDS), {pid: identity(pid) for pid in family}
    assert accounts(start(port=cairn.port).wait_until_ready()) == 1


def test_leftovers_of_a_killed_run_are_taken_over(start: Callable[..., Cairn]) -> None:
    cairn = start().wait_until_ready()
    cairn.send(signal.SIGTERM)
    # As a system without death signals would leave it: a child of the last run is still there.
    left = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], process_group=0)
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], process_group=0)
    try:
        rows = f'[["web", {left.pid}, "{identity(left.pid)}"], ["worker", {stranger.pid}, "another start"]]'
        (cairn.data / "run" / "children.json").write_text(rows)
        again = start().wait_until_ready()
        assert left.wait(5) == -signal.SIGTERM
        assert stranger.poll() is None, "a process that only has the number of an old child"
        assert "Ending web, left over from a run that was killed." in again.output
    finally:
        for process in (left, stranger):
            process.kill()
            process.wait()


def test_second_start_on_the_same_data_is_refused(start: Callable[..., Cairn]) -> None:
    first = start().wait_until_ready()
    second = start()
    assert second.wait() == 1
    assert len(second.lines) == 1
    assert "already running on the data in" in second.output
    assert str(first.process.pid) in second.output
    assert first.is_ready()


def refused(data: Path, **environment: str) -> str:
    """What `manage.py run` says when it refuses: one line, status 1, nothing started."""
    answer = subprocess.run(
        [sys.executable, "manage.py", "run"],
        cwd=ROOT,
        env=clean_environment(CAIRN_DATA=str(data), **environment),
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert answer.returncode == 1, answer.stdout + answer.stderr
    assert answer.stdout == ""
    assert answer.stderr.count("\n") == 1, answer.stderr
    assert not (data / "cairn.sqlite3").exists(), "something was started"
    return answer.stderr


def test_taken_port_is_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        said = refused(tmp_path / "data", PORT=str(port))
    assert f"Port {port} on 127.0.0.1 is taken" in said
    assert "PORT=" in said


@pytest.mark.parametrize(
    ("environment", "word"),
    [
        ({"HOST": "0.0.0.0"}, "CAIRN_SIGNUP=closed"),
        ({"HOST": "::"}, "CAIRN_SIGNUP=closed"),
        ({"HOST": "127.0.0.1:8000"}, "HOST must be an address"),
        ({"HOST": "192.0.2.1", "CAIRN_SIGNUP": "closed"}, "HOST=192.0.2.1"),
        ({"PORT": "eight"}, "PORT must be a whole number"),
        ({"CAIRN_MODE": "server"}, "CAIRN_URL is not set"),
        ({"CAIRN_URL": "nowhere"}, "CAIRN_URL must look like"),
        ({"DATABASE_URL": "oracle://x"}, "DATABASE_URL"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else value.split()[0],
)
def test_bad_settings_are_one_sentence(tmp_path: Path, environment: dict[str, str], word: str) -> None:
    assert word in refused(tmp_path / "data", **environment)


def test_data_folder_that_cannot_be_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "CAIRN_DATA" in refused(tmp_path / "file" / "data")


def test_sigterm_to_make_stops_all(start: Callable[..., Cairn]) -> None:
    assert shutil.which("make"), "make is not installed: the system's package manager has it"
    cairn = start(command=["make", "run"]).wait_until_ready()
    family = cairn.family()
    assert len(family) > len(CHILDREN)
    started = time.monotonic()
    cairn.send(signal.SIGTERM)
    assert all_gone(family, STOP_SECONDS - (time.monotonic() - started))
