"""Starting and ending other processes: what the supervisor and the tests' own servers share."""

import contextlib
import ctypes
import os
import platform
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

PR_SET_PDEATHSIG = 1
# Loaded before any fork: between fork and exec a child must not import or take locks.
LIBC = ctypes.CDLL(None) if platform.system() == "Linux" else None


def tether(number: signal.Signals) -> Callable[[], None]:
    """What a child runs before its program starts, so that it gets `number` when its parent dies.

    For `preexec_fn` of Popen, called from the main thread (the kernel watches the thread that forked).
    Linux only; elsewhere the child stays untethered.
    """
    parent = os.getpid()

    def in_the_child() -> None:
        if LIBC is not None:
            LIBC.prctl(PR_SET_PDEATHSIG, int(number), 0, 0, 0)
            if os.getppid() != parent:  # the parent died before the line above
                os._exit(1)

    return in_the_child


def signal_group(group: int, number: signal.Signals) -> bool:
    """Sends `number` to every process of the group; says whether the group had any."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):  # macOS answers EPERM for a group of zombies
        return False
    return True


def end_group(child: subprocess.Popen[bytes], number: signal.Signals, grace: float) -> None:
    """Asks the leader of a process group to end, waits `grace` seconds, then kills all that is left of it.

    The child must lead its own group (`process_group=0`).
    """
    if child.poll() is None:
        child.send_signal(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(grace)
    signal_group(child.pid, signal.SIGKILL)
    child.wait()


def wait_until(condition: Callable[[], bool], seconds: float, pause: float = 0.05) -> bool:
    """Whether `condition` came true within `seconds`; looks every `pause` seconds."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(pause)
    return True


def identity(pid: int) -> str | None:
    """What tells this process from a later one with the same number; None where there is none (or a zombie).

    On Linux the kernel's start tick, elsewhere the start time as `ps` prints it.
    """
    if platform.system() == "Linux":
        try:
            # The second field is the program's name in brackets and may hold spaces.
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            return None
        state, started = fields[0], fields[19]
        return None if state in "ZX" else started
    answer = subprocess.run(
        ["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout.strip()
    return None if not answer or answer.startswith("Z") else answer.partition(" ")[2].strip()


def last_lines(path: Path, count: int = 12, since: int = 0) -> list[str]:
    """The last `count` lines of a log file, none from before byte `since`; empty where there is no file."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(since if since <= size else 0, size - 16_384))
            return file.read().decode(errors="replace").splitlines()[-count:]
    except FileNotFoundError:
        return []
