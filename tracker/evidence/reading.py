"""A learner's file is read in a process of its own, with limits, and becomes a report or is refused."""

from __future__ import annotations

import json
import logging
import os
import selectors
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from tracker.evidence.rules.files import MAX_BYTES
from tracker.evidence.rules.reports.limits import DEFAULT, MB, Limits
from tracker.evidence.rules.reports.report import Refused, Report, from_values

logger = logging.getLogger(__name__)

_PROCESS = Path(__file__).with_name("reader_process.py")
_PIPE_BYTES = 65_536
PARAMETER_BYTES = 12_000
"""A params.json is handed over as an argument, of which Linux takes 128 kB; escaped it may grow sixfold."""
# Where a Python was built to find its own library by this; nothing else of the environment goes in.
_ENVIRONMENT = ("LD_LIBRARY_PATH",)


@dataclass(frozen=True, slots=True)
class Sandbox:
    """What the reading process may use at most."""

    memory_bytes: int = 1_000 * MB
    """Of address space: the file's own share of it does not grow with the file."""
    cpu_seconds: int = 60
    wall_seconds: float = 120.0
    answer_bytes: int = 32 * MB


def read_report(
    path: Path,
    *,
    attack: str = "",
    target: str = "",
    parameters: bytes | None = None,
    limits: Limits = DEFAULT,
    sandbox: Sandbox = Sandbox(),
    progress: Callable[[int], None] | None = None,
) -> Report:
    """The report in a file. Raises `Refused` with a sentence, and nothing else whatever stands in the file.

    `attack`, `target` and `parameters` (the content of params.json) complete a Counterfit summary. `progress`
    is told the bytes read, about once a megabyte. `OSError` where the file cannot be opened.
    """
    if parameters is not None and len(parameters) > PARAMETER_BYTES:
        raise Refused("The file beside the summary is too large for Counterfit's params.json.")
    wanted = asdict(limits) | {
        "memory_bytes": sandbox.memory_bytes,
        "cpu_seconds": sandbox.cpu_seconds,
        "attack": attack[:1000],
        "target": target[:1000],
        "parameters": None if parameters is None else parameters.decode("utf-8", "replace"),
    }
    values = _read_in_a_process(path, wanted, sandbox, "report", progress)
    try:
        return from_values(values)
    except (TypeError, KeyError, AttributeError):
        raise Refused("This file could not be read: what was found in it is no report.") from None


def read_plain(path: Path, name: str, file_format: str, sandbox: Sandbox = Sandbox()) -> Any:
    """The value of a lab's plain file (`rules.files`). Raises `Refused` with a sentence that names it."""
    if path.stat().st_size > MAX_BYTES:
        raise Refused(f"{name} is larger than {MAX_BYTES // MB} MB.")
    wanted = {
        "memory_bytes": sandbox.memory_bytes,
        "cpu_seconds": sandbox.cpu_seconds,
        "name": name,
        "format": file_format,
    }
    return _read_in_a_process(path, wanted, sandbox, "document")


def _read_in_a_process(
    path: Path,
    wanted: dict[str, Any],
    sandbox: Sandbox,
    answer: str,
    progress: Callable[[int], None] | None = None,
) -> Any:
    """What the reading process answers under this name."""
    with path.open("rb") as file:
        # -I: neither the environment nor the folder it is started in decides what is imported.
        process = subprocess.Popen(
            [sys.executable, "-I", "-B", str(_PROCESS), json.dumps(wanted)],
            stdin=file,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
            close_fds=True,
        )
    assert process.stdout is not None
    try:
        return _answer(process.stdout, sandbox, answer, progress)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def _answer(pipe: IO[bytes], sandbox: Sandbox, answer: str, progress: Callable[[int], None] | None) -> Any:
    """What the process says in the end."""
    for line in _lines(pipe, sandbox):
        said = _parsed(line)
        if answer in said:
            return said[answer]
        if "refused" in said:
            raise Refused(str(said["refused"]))
        if "failed" in said:
            logger.error("The reader of reports failed: %s", said["failed"])
            break
        if progress is not None and isinstance(said.get("read"), int):
            progress(said["read"])
    # It ended without an answer: killed for its memory or time by the system, or a fault of ours.
    raise Refused(
        "This file could not be read: it is damaged, or takes more memory or time than a report does."
    )


def _lines(pipe: IO[bytes], sandbox: Sandbox) -> Iterator[bytes]:
    """The lines the process writes, until it ends. `Refused` at the deadline, or where it writes too much."""
    deadline = time.monotonic() + sandbox.wall_seconds
    waiting, size = bytearray(), 0
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        while True:
            left = deadline - time.monotonic()
            if left <= 0 or not selector.select(left):
                raise Refused(
                    "Reading this file took too long, so it was stopped. A report is read in seconds."
                )
            data = os.read(pipe.fileno(), _PIPE_BYTES)
            if not data:
                return
            size += len(data)
            if size > sandbox.answer_bytes:
                raise Refused("This file holds more results than a report does.")
            waiting += data
            if b"\n" in data:
                *whole, rest = waiting.split(b"\n")
                waiting = bytearray(rest)
                yield from map(bytes, whole)


def _parsed(line: bytes) -> dict[str, Any]:
    try:
        said = json.loads(line)
    except ValueError:
        return {"failed": "an answer that is not JSON"}
    return said if isinstance(said, dict) else {"failed": "an answer of another shape"}
