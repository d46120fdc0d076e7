"""The process that reads one file: it limits itself, reads standard input, and writes JSON lines.

    python -I reader_process.py WANTED < FILE

WANTED is a JSON object with `memory_bytes` and `cpu_seconds`; for a tool's report with `attack`, `target`,
`parameters` and the fields of `Limits`; for a lab's plain file with its `name` and `format`. Each line of the
answer has one key: `read` (bytes read so far), and at the end `report` or `document`, `refused` (a sentence),
or `failed` (the name of an exception).

It imports no Django: what reads a stranger's file knows no settings, no database and no key.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

Reads = Callable[[], dict[str, Any]]

# `tracker` itself imports Celery, which imports the settings. Here it is a folder to find modules in.
_TRACKER = Path(__file__).resolve().parents[1]


def limit_this_process(memory_bytes: int, cpu_seconds: int) -> None:
    """Take from this process what reading a file does not need. What a platform does not have is left out."""
    try:
        import resource  # noqa: PLC0415 - Windows has none
    except ImportError:
        return
    wanted = {
        "RLIMIT_AS": memory_bytes,
        "RLIMIT_CPU": cpu_seconds,
        "RLIMIT_NOFILE": 16,
        "RLIMIT_FSIZE": 0,
        "RLIMIT_CORE": 0,
        "RLIMIT_NPROC": 0,
    }
    for name, value in wanted.items():
        number = getattr(resource, name, None)
        if number is None:
            continue
        try:
            resource.setrlimit(number, (value, value))
        except (ValueError, OSError):  # macOS refuses RLIMIT_AS; a lower hard limit stands already
            continue


def main() -> None:
    """Read the file at standard input and write what it is."""
    package = ModuleType("tracker")
    package.__path__ = [str(_TRACKER)]
    sys.modules["tracker"] = package
    wanted: dict[str, Any] = json.loads(sys.argv[1])
    limits = wanted.pop("memory_bytes"), wanted.pop("cpu_seconds")
    reads = _document_reader(**wanted) if "format" in wanted else _report_reader(**wanted)
    # After the imports, before the first byte of the file.
    limit_this_process(*limits)
    try:
        answer = reads()
    except Exception as error:
        # By its name alone, without what it read.
        answer = {"failed": type(error).__name__}
    _say(answer)


def _report_reader(attack: str, target: str, parameters: str | None, **limits: int) -> Reads:
    """What reads a tool's report."""
    from tracker.evidence.rules.reports.limits import Limits  # noqa: PLC0415 - see _TRACKER
    from tracker.evidence.rules.reports.reader import Stated, read_report  # noqa: PLC0415
    from tracker.evidence.rules.reports.report import Refused, to_values  # noqa: PLC0415

    stated = Stated(
        attack=attack,
        target=target,
        parameters=None if parameters is None else parameters.encode("utf-8", "surrogatepass"),
    )

    def reads() -> dict[str, Any]:
        try:
            report = read_report(
                sys.stdin.buffer,
                limits=Limits(**limits),
                stated=stated,
                progress=lambda read: _say({"read": read}),
            )
        except Refused as refused:
            return {"refused": str(refused)}
        return {"report": to_values(report)}

    return reads


def _document_reader(name: str, format: str) -> Reads:
    """What reads a lab's plain file."""
    from tracker.evidence.rules.files import Unreadable, read_file  # noqa: PLC0415 - see _TRACKER

    def reads() -> dict[str, Any]:
        try:
            return {"document": read_file(name, format, sys.stdin.buffer.read())}
        except Unreadable as refused:
            return {"refused": str(refused)}
        except MemoryError:
            return {"refused": f"{name} needs more memory to be read than a lab's file does."}

    return reads


def _say(values: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(values) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
