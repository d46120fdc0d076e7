"""The supervisor's parts that need no whole Cairn: locks, addresses, logs."""

import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers import free_port
from tracker.operations import supervisor
from tracker.operations.processes import identity, last_lines, wait_until
from tracker.operations.supervisor import Program, RefusedError, Supervisor


@pytest.fixture
def said() -> list[str]:
    """What the supervisor has told the operator."""
    return []


@pytest.fixture
def runner(tmp_path: Path, said: list[str]) -> Iterator[Supervisor]:
    """A supervisor without signal handlers of its own, on an empty data folder."""
    for name in ("run", "log"):
        (tmp_path / name).mkdir()
    runner = Supervisor(tmp_path, tmp_path, dict(os.environ), said.append)
    runner._wake = os.pipe()
    os.set_blocking(runner._wake[0], False)
    yield runner
    runner.stop()
    for end in runner._wake:
        os.close(end)


def script(name: str, text: str) -> Program:
    return Program(name, [sys.executable, "-u", "-c", text], grace_seconds=2)


def test_lock_is_held_once_and_names_its_holder(tmp_path: Path) -> None:
    descriptor = supervisor.take_lock(tmp_path)
    with pytest.raises(RefusedError, match=f"process {os.getpid()}"):
        supervisor.take_lock(tmp_path)
    os.close(descriptor)
    os.close(supervisor.take_lock(tmp_path))


@pytest.mark.parametrize("listening_on", ["127.0.0.1", "0.0.0.0"])
def test_taken_port_is_refused(listening_on: str) -> None:
    with socket.socket() as other:
        other.bind((listening_on, 0))
        other.listen()
        with pytest.raises(RefusedError, match="is taken"):
            supervisor.check_address("127.0.0.1", other.getsockname()[1])


def test_free_port_is_not_refused() -> None:
    supervisor.check_address("127.0.0.1", free_port())


def test_foreign_address_is_refused() -> None:
    with pytest.raises(RefusedError, match="no address of this machine"):
        supervisor.check_address("192.0.2.1", free_port())


@pytest.mark.parametrize("host", ["127.1", "localhost", "0x7f.1", "127.0.0.1"])
def test_the_web_server_is_given_the_number_that_a_name_stands_for(host: str) -> None:
    """It takes nothing else, and would be started again for ever."""
    assert supervisor.numeric_address(host) in {"127.0.0.1", "::1"}
    supervisor.check_address(host, free_port())


@pytest.mark.parametrize(
    "host", ["no.such.name.invalid", "127.0.0.1.", "256.1.1.1", "a" * 64, "fe80::1%lo", "fe80::1"]
)
def test_a_host_without_a_usable_number_is_refused(host: str) -> None:
    with pytest.raises(RefusedError, match="HOST="):
        supervisor.numeric_address(host)


def test_folder_is_private(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    folder.chmod(0o755)
    supervisor.private_folder(folder)
    assert folder.stat().st_mode & 0o777 == 0o700


def test_folder_of_another_user_or_behind_a_link_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data").mkdir(mode=0o700)
    (tmp_path / "link").symlink_to(tmp_path / "data")
    with pytest.raises(RefusedError, match=r"it is a link.*CAIRN_DATA"):
        supervisor.private_folder(tmp_path / "link")
    mine = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: mine + 1)
    with pytest.raises(RefusedError, match=r"belongs to another user.*CAIRN_DATA"):
        supervisor.private_folder(tmp_path / "data")


def test_log_over_the_limit_goes_to_one_other_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "LOG_BYTES", 10)
    log = tmp_path / "web.log"
    with log.open("ab", buffering=0) as writer:
        writer.write(b"more than ten bytes")
        supervisor.kept_small(log)
        writer.write(b"later")
    assert log.read_bytes() == b"later"
    assert (tmp_path / "web.log.1").read_bytes() == b"more than ten bytes"


def test_dead_child_is_shown_and_started_again_after_its_wait(runner: Supervisor, said: list[str]) -> None:
    runner.start(script("worker", "print('why I died'); raise SystemExit(3)"))
    child = runner.children[0]
    assert child.process is not None
    first = child.process
    first.wait(10)
    assert runner.look() == pytest.approx(0.5)
    assert runner.children[0].process is None
    assert "worker ended with status 3; it starts again in 0.5 s." in said[0]
    assert said[1].strip() == "why I died"
    assert runner.watch_until(lambda: child.process is not None and child.process.pid != first.pid, 5)


def test_helpers_of_a_dead_child_are_killed_with_it(runner: Supervisor, tmp_path: Path) -> None:
    text = (
        "import subprocess, sys;"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']);"
        "print(child.pid)"
    )
    runner.start(script("beat", text))
    child = runner.children[0]
    assert child.process is not None
    child.process.wait(10)
    helper = int(last_lines(child.log)[0])
    assert identity(helper) is not None
    runner.look()
    assert wait_until(lambda: identity(helper) is None, 5)


def test_child_that_will_not_end_is_killed_when_its_grace_is_over(runner: Supervisor) -> None:
    text = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up'); time.sleep(600)"
    runner.start(Program("web", [sys.executable, "-u", "-c", text], grace_seconds=0.3))
    child = runner.children[0]
    assert child.process is not None
    pid = child.process.pid
    assert wait_until(lambda: last_lines(child.log) == ["up"], 10)
    runner.stop()
    assert identity(pid) is None
