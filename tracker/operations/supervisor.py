"""One process tree: starts the broker, the web server, the worker and beat, restarts what dies, stops all.

Runs in the main thread of `manage.py run`; knows nothing of what the children do.
"""

import contextlib
import fcntl
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from types import FrameType

from tracker.folders import make_private
from tracker.operations.processes import (
    end_group,
    identity,
    last_lines,
    signal_group,
    tether,
    wait_until,
)
from tracker.operations.rules import next_restart

LOG_BYTES = 5_000_000
LOG_LOOK_SECONDS = 60.0
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class RefusedError(Exception):
    """Why nothing was started: one sentence for the operator."""


@dataclass(frozen=True)
class Program:
    """One child: what it is called, how it is started and how it ends.

    grace_seconds: how long it may take to end after SIGTERM before its whole group is killed.
    orphaned: the signal it gets when the supervisor itself is killed (Linux).
    """

    name: str
    command: Sequence[str]
    grace_seconds: float
    orphaned: signal.Signals = signal.SIGTERM


@dataclass
class Child:
    """A program and the process that runs it at the moment, if any."""

    program: Program
    log: Path
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    log_start: int = 0
    deaths: int = 0
    start_after: float = 0.0


def private_folder(folder: Path) -> None:
    """Makes the folder, open to its owner alone. RefusedError where that cannot be or it is not ours."""
    try:
        make_private(folder)
    except OSError as error:
        raise RefusedError(
            f"The data folder {folder} cannot be used ({error.strerror}): set CAIRN_DATA to another one."
        ) from None


def take_lock(folder: Path) -> int:
    """Locks the data folder for this process and its life; returns the descriptor that holds the lock."""
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.read(descriptor, 200).decode(errors="replace").strip()
        os.close(descriptor)
        raise RefusedError(
            f"Cairn is already running on the data in {folder}{f' ({holder})' if holder else ''}: "
            "stop it first, or set CAIRN_DATA to another folder."
        ) from None
    os.ftruncate(descriptor, 0)
    os.write(descriptor, f"process {os.getpid()}\n".encode())
    return descriptor


def numeric_address(host: str) -> str:
    """The IP address that `host` names (`localhost` and `127.1` too): the web server takes nothing else.

    RefusedError where it names none, or one that the web server cannot listen at.
    """
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (socket.gaierror, UnicodeError):
        raise RefusedError(f"HOST={host} is no address of this machine.") from None
    address = str(found[0][4][0])
    if ":" in address and ip_address(address).is_link_local:
        raise RefusedError(f"HOST={host} is an address of one link alone: set HOST to another one.")
    return address


def check_address(host: str, port: int) -> None:
    """RefusedError, in one sentence, where nothing can listen at the address."""
    other = f"Choose another port, for example PORT={port + 1 if port < 65535 else 8001}."
    numeric = numeric_address(host)
    try:
        family, _, _, _, address = socket.getaddrinfo(
            numeric, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            # As servers do: an address whose last connections still linger is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen(1)
    except PermissionError:
        raise RefusedError(f"Port {port} needs rights that this user does not have. {other}") from None
    except OSError as error:
        if error.errno == 99 or "assign requested address" in str(error):
            raise RefusedError(f"HOST={host} is no address of this machine.") from None
        raise RefusedError(f"Port {port} on {host} is taken by another program. {other}") from None


def kept_small(log: Path) -> None:
    """Keeps a log under 5 MB: what is over goes to `<name>.log.1`, in place of the one before.

    The file is emptied, not replaced: the child that writes (always at the end) still holds it open.
    """
    with contextlib.suppress(FileNotFoundError):
        if log.stat().st_size > LOG_BYTES:
            shutil.copyfile(log, log.with_name(f"{log.name}.1"))
            os.truncate(log, 0)


def ready(address: str) -> bool:
    """Whether the web server answers that it and its parts are ready."""
    try:
        # The address is this machine's own; a proxy of the environment must not be asked.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"{address}/readyz", timeout=5) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False


@dataclass
class Supervisor:
    """Runs programs in order and ends them in reverse.

    folder: the data folder; logs go to `log/`, the list of children to `run/children.json`.
    home: the folder the programs run in.  say: prints one line to the operator.
    """

    folder: Path
    home: Path
    environment: Mapping[str, str]
    say: Callable[[str], None]
    children: list[Child] = field(default_factory=list)
    asked_to_stop: int = 0
    _wake: tuple[int, int] = (-1, -1)
    _looked_at_logs: float = 0.0

    def listen(self) -> None:
        """From here on a stop signal ends the run in order, and a child's death wakes the watch."""
        reading, writing = os.pipe()
        for end in (reading, writing):
            os.set_blocking(end, False)
        self._wake = (reading, writing)
        signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
        for number in STOP_SIGNALS:
            signal.signal(number, self._on_stop)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def _on_stop(self, number: int, frame: FrameType | None) -> None:
        self.asked_to_stop += 1

    def wait(self, seconds: float) -> None:
        """Sleeps until a signal comes, at most `seconds`."""
        select.select([self._wake[0]], [], [], max(0.0, seconds))
        with contextlib.suppress(BlockingIOError):
            while os.read(self._wake[0], 512):
                pass

    def take_over(self) -> None:
        """Ends what a killed supervisor left on this data. Call with the lock held."""
        for name, pid, known in self._recorded():
            if identity(pid) != known:
                continue
            self.say(f"Ending {name}, left over from a run that was killed.")
            signal_group(pid, signal.SIGTERM)
            if not wait_until(lambda pid=pid, known=known: identity(pid) != known, 5):  # type: ignore[misc]
                signal_group(pid, signal.SIGKILL)
                wait_until(lambda pid=pid, known=known: identity(pid) != known, 5)  # type: ignore[misc]
            signal_group(pid, signal.SIGKILL)

    def _record(self) -> None:
        alive = [
            [child.program.name, child.process.pid, identity(child.process.pid)]
            for child in self.children
            if child.process is not None
        ]
        draft = self.folder / "run" / "children.json.new"
        draft.write_text(json.dumps(alive))
        draft.replace(self.folder / "run" / "children.json")

    def _recorded(self) -> list[tuple[str, int, str]]:
        try:
            rows = json.loads((self.folder / "run" / "children.json").read_text())
            return [(str(name), int(pid), str(known)) for name, pid, known in rows]
        except (OSError, ValueError, TypeError):
            return []

    def start(self, program: Program) -> None:
        """Starts a further program and watches it from now on."""
        child = Child(program, self.folder / "log" / f"{program.name}.log")
        self.children.append(child)
        self._start(child)

    def _start(self, child: Child) -> None:
        kept_small(child.log)
        with child.log.open("ab") as log:
            child.log_start = log.tell()
            child.process = subprocess.Popen(
                child.program.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.home,
                env=dict(self.environment),
                process_group=0,
                preexec_fn=tether(child.program.orphaned),  # noqa: PLW1509 - neither imports nor locks
            )
        child.started = time.monotonic()
        self._record()

    def look(self) -> float:
        """Sees to dead children and to the logs; returns in how many seconds to look again."""
        now = time.monotonic()
        for child in self.children:
            if child.process is not None and child.process.poll() is not None:
                self._bury(child, now)
            if child.process is None and now >= child.start_after:
                self._start(child)
        if now - self._looked_at_logs > LOG_LOOK_SECONDS:
            self._looked_at_logs = now
            for child in self.children:
                kept_small(child.log)
        due = [child.start_after - now for child in self.children if child.process is None]
        return max(0.0, min([LOG_LOOK_SECONDS, *due]))

    def _bury(self, child: Child, now: float) -> None:
        """After a death: kills what the child has left in its group and says when it starts again."""
        assert child.process is not None
        signal_group(child.process.pid, signal.SIGKILL)
        restart = next_restart(child.deaths, now - child.started)
        child.deaths = restart.deaths
        child.start_after = now + restart.wait_seconds
        code = child.process.returncode
        how = f"by signal {-code}" if code < 0 else f"with status {code}"
        child.process = None
        self.say(
            f"{child.program.name} ended {how}; it starts again in {restart.wait_seconds:g} s. "
            f"Its last lines in {child.log}:"
        )
        for line in last_lines(child.log, since=child.log_start) or ["(nothing)"]:
            self.say(f"    {line}")

    def watch_until(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Keeps watch until `condition` holds; False after `seconds` or when asked to stop."""
        deadline = time.monotonic() + seconds
        while not self.asked_to_stop and time.monotonic() < deadline:
            self.look()
            if condition():
                return True
            self.wait(0.05)
        return False

    def watch(self) -> None:
        """Keeps watch until asked to stop."""
        while not self.asked_to_stop:
            self.wait(self.look())

    def stop(self) -> None:
        """Ends every child, the last started first, then kills what is left of its group.

        A second stop signal cuts all graces short.
        """
        for child in reversed(self.children):
            if child.process is None:
                continue
            if child.process.poll() is None:
                child.process.terminate()
                deadline = time.monotonic() + child.program.grace_seconds
                while child.process.poll() is None and time.monotonic() < deadline and self.asked_to_stop < 2:
                    self.wait(min(0.5, deadline - time.monotonic()))
            end_group(child.process, signal.SIGKILL, grace=1)
            child.process = None
        self._record()
