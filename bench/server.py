"""The web server, started the same way for the product and for the yardstick."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

HOST = "127.0.0.1"

SERVER_ARGUMENTS = ("--interface", "wsgi", "--workers", "1", "--blocking-threads", "4")

READY_SECONDS = 30
STOP_SECONDS = 10


def free_port() -> int:
    """A port of the loopback address that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
    return port


def is_listening(port: int) -> bool:
    """Whether somebody accepts connections on that port."""
    try:
        socket.create_connection((HOST, port), timeout=1).close()
    except OSError:
        return False
    return True


@contextmanager
def served(application: str, environment: Mapping[str, str], port: int, log: Path) -> Iterator[None]:
    """Serve `application` (module:name) on `port` for the length of the block; its output goes to `log`.

    Raises RuntimeError, with what the server said, where it ends or does not listen within 30 seconds.
    """
    command = [
        sys.executable,
        "-m",
        "granian",
        *SERVER_ARGUMENTS,
        "--host",
        HOST,
        "--port",
        str(port),
        application,
    ]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, env=environment, stdout=output, stderr=output, start_new_session=True
        )
    try:
        deadline = time.monotonic() + READY_SECONDS
        while not is_listening(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{application} did not start:\n{log.read_text()}")
            time.sleep(0.05)
        yield
    finally:
        # The server stops its worker itself when it is asked to.
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
