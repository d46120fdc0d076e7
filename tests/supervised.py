"""The real thing: `manage.py run` as an operator starts it, on a free port and a data folder of its own."""

import json
import os
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from tests.servers import ROOT, clean_environment, free_port
from tracker.operations.processes import identity, tether, wait_until

READY_SECONDS = 60.0
# A proxy of the environment must not be asked for this machine's own address.
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Cairn:
    """A running `manage.py run` (or what `command` says) and its children.

    data: the data folder.  lines: what it has printed so far.  process: the supervisor itself, or make.
    """

    def __init__(
        self, data: Path, *, port: int | None = None, command: Sequence[str] = (), **environment: str
    ) -> None:
        self.data = data
        self.port = port or free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.environment = clean_environment(CAIRN_DATA=str(data), PORT=str(self.port), **environment)
        self.lines: list[str] = []
        self.process = subprocess.Popen(
            command or [sys.executable, "manage.py", "run"],
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            process_group=0,
            preexec_fn=tether(signal.SIGKILL),  # noqa: PLW1509 - tether neither imports nor locks
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))

    @property
    def output(self) -> str:
        return "\n".join(self.lines)

    def wait_until_ready(self) -> "Cairn":
        """Returns once it has said its address and all children run; AssertionError with its words else."""
        wait_until(lambda: self.process.poll() is not None or self._is_up(), READY_SECONDS)
        assert self.process.poll() is None, f"it ended with {self.process.returncode}:\n{self.output}"
        assert self._is_up(), f"not ready:\n{self.output}"
        return self

    def _is_up(self) -> bool:
        return f"{self.address}/" in self.output and "beat" in self.pids() and self.is_ready()

    def get(self, path: str) -> int | None:
        """The status of the page, or None where nobody answers."""
        try:
            with OPENER.open(self.address + path, timeout=5) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return None

    def is_ready(self) -> bool:
        return self.get("/readyz") == 200

    def pids(self) -> dict[str, int]:
        """The process numbers of the children, by name, as the supervisor has written them down."""
        try:
            rows = json.loads((self.data / "run" / "children.json").read_text())
        except (OSError, ValueError):
            return {}
        return {name: pid for name, pid, _ in rows}

    def family(self) -> dict[int, str]:
        """Every process below the supervisor, children's children too: number to identity."""
        return {pid: known for pid in descendants(self.process.pid) if (known := identity(pid)) is not None}

    def manage(self, *arguments: str) -> str:
        """Runs another `manage.py` command on the same data; returns what it printed."""
        answer = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert answer.returncode == 0, answer.stderr
        return answer.stdout

    def send(self, number: signal.Signals) -> int:
        """Sends a signal to the supervisor (or make) and waits for its end; returns its exit status."""
        self.process.send_signal(number)
        return self.wait()

    def wait(self, seconds: float = 30) -> int:
        """Waits for its end; returns its exit status."""
        status = self.process.wait(seconds)
        self._reader.join(5)
        return status

    def close(self) -> None:
        """Ends whatever still runs, so that a failed test leaves nothing."""
        if self.process.poll() is None:
            family = self.family()
            self.process.terminate()
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                for pid in (*family, self.process.pid):
                    os.kill(pid, signal.SIGKILL)
                self.process.wait()
        self._reader.join(5)


def descendants(pid: int) -> list[int]:
    """All processes below this one, at this moment."""
    if Path("/proc/self/stat").exists():
        parents = {
            int(place.name): int(fields[1])
            for place in Path("/proc").glob("[0-9]*")
            if (fields := status_fields(place / "stat"))
        }
    else:
        table = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True)
        parents = {int(row.split()[0]): int(row.split()[1]) for row in table.stdout.splitlines()}
    found: list[int] = []
    level = [pid]
    while level:
        level = [child for child, parent in parents.items() if parent in level]
        found += level
    return found


def status_fields(path: Path) -> list[str]:
    """The fields of a Linux process's `stat` after its name; empty where the process has gone."""
    try:
        return path.read_text().rpartition(")")[2].split()
    except OSError:
        return []


def all_gone(family: dict[int, str], seconds: float) -> bool:
    """Whether every process of the family has ended within `seconds`."""
    return wait_until(lambda: all(identity(pid) != known for pid, known in family.items()), seconds)
