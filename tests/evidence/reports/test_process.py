"""The reading process: what it is allowed, and that its end, whatever it is, is a report or a refusal."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.evidence.deadline import within
from tests.evidence.reports.build import (
    as_lines,
    every_report,
    garak,
    parameters,
    read,
    run_summary,
)
from tracker.evidence import reader_process, reading
from tracker.evidence.reading import Sandbox, read_report
from tracker.evidence.rules.reports.limits import Limits
from tracker.evidence.rules.reports.report import Refused, from_values, to_values

MB = 1_000_000


@pytest.fixture
def file(tmp_path: Path) -> Callable[[bytes], Path]:
    """Writes a file to be read."""

    def write(content: bytes) -> Path:
        path = tmp_path / "anything"
        path.write_bytes(content)
        return path

    return write


def instead(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, code: str) -> None:
    """Another program in the place of the reading process."""
    program = tmp_path / "program.py"
    program.write_text(code)
    monkeypatch.setattr(reading, "_PROCESS", program)


@pytest.mark.parametrize("name", every_report())
def test_a_report_is_the_same_by_way_of_the_process(name: str, file: Callable[[bytes], Path]) -> None:
    content = every_report()[name]
    assert read_report(file(content)) == read(content)
    assert from_values(json.loads(json.dumps(to_values(read(content))))) == read(content)


def test_a_refusal_comes_with_its_sentence(file: Callable[[bytes], Path]) -> None:
    with pytest.raises(Refused, match="This file is empty"):
        read_report(file(b""))


def test_limits_and_what_is_stated_reach_the_process(file: Callable[[bytes], Path]) -> None:
    with pytest.raises(Refused, match="more than 5 lines"):
        read_report(file(as_lines(garak())), limits=Limits(lines=5))
    odd = "hop\x00skip \ud800 “jump”"
    found = read_report(
        file(json.dumps(run_summary()).encode()),
        attack=odd,
        target="x" * 5000,
        parameters=json.dumps(parameters()).encode(),
    )
    assert found.evals[0].probe == "hopskip \N{REPLACEMENT CHARACTER} “jump”"
    assert len(found.notes) == 1
    with pytest.raises(Refused, match="too large for Counterfit's params"):
        read_report(file(b"{}"), parameters=b"x" * 20_000)


def test_progress_is_told_on_the_way(file: Callable[[bytes], Path]) -> None:
    filler = as_lines([{"entry_type": "x", "a": "y" * 100_000}] * 40)
    path = file(as_lines(garak()[:2]) + filler + as_lines(garak()[2:]))
    told: list[int] = []
    read_report(path, progress=told.append)
    assert len(told) >= 3
    assert told == sorted(told)
    assert told[-1] <= path.stat().st_size


def test_a_file_that_is_not_there_is_the_callers_to_answer(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_report(tmp_path / "nothing")


# ------------------------------------------------------------------------------------------------ what it may


def test_the_process_knows_no_django_and_no_environment(tmp_path: Path) -> None:
    """What is asked of it is to read, with the modules it has then."""
    program = (
        "import runpy, sys, json\n"
        f"sys.argv = ['x', {json.dumps(json.dumps(_wanted()))}]\n"
        f"runpy.run_path({str(reading._PROCESS)!r}, run_name='__main__')\n"
        "print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))\n"
    )
    path = tmp_path / "mine.report.jsonl"
    path.write_bytes(as_lines(garak()))
    with path.open("rb") as stdin:
        done = subprocess.run(
            [sys.executable, "-I", "-c", program], stdin=stdin, capture_output=True, check=True, cwd=tmp_path
        )
    *_, answer, modules = done.stdout.splitlines()
    assert "report" in json.loads(answer)
    assert not {"django", "celery", "kombu", "sqlite3", "psycopg"} & set(json.loads(modules))


def _wanted() -> dict[str, object]:
    return {"memory_bytes": 10**9, "cpu_seconds": 60, "attack": "", "target": "", "parameters": None}


def test_the_process_is_limited_before_it_reads(tmp_path: Path) -> None:
    program = (
        "import runpy, resource, json\n"
        f"limit = runpy.run_path({reader_process.__file__!r})['limit_this_process']\n"
        "limit(900_000_000, 7)\n"
        "names = ('AS', 'CPU', 'NOFILE', 'FSIZE', 'CORE')\n"
        "print(json.dumps([resource.getrlimit(getattr(resource, 'RLIMIT_' + name)) for name in names]))\n"
        "limit(10**12, 10**6)\n"
    )
    done = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, check=True, text=True)
    assert json.loads(done.stdout) == [[900_000_000] * 2, [7, 7], [16, 16], [0, 0], [0, 0]]


def test_memory_that_is_not_there_is_a_refusal(file: Callable[[bytes], Path]) -> None:
    document = b"[\n" + b'{"a": [1]},' * 200_000 + b"{}]"
    with pytest.raises(Refused, match="memory"), within(60):
        read_report(file(document), sandbox=Sandbox(memory_bytes=60 * MB))


# ------------------------------------------------------------------------------------------- however it ends


ENDS = {
    "a crash": "import os; os.abort()",
    "a kill": "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
    "silence": "",
    "an exception": "raise ValueError('x')",
    "a fault that it says": 'print(\'{"failed": "KeyError"}\')',
    "no JSON": "print('hello')",
    "other JSON": "print('[1]')",
    "an answer that is not ended": "print('{\"report\"', end='')",
    "no report": 'print(\'{"report": {"evals": 7}}\')',
    "a report of nothing": "print('{\"report\": null}')",
    "odd progress": 'print(\'{"read": "x"}\')',
}


@pytest.mark.parametrize("name", ENDS)
def test_however_the_process_ends_it_is_a_refusal(
    name: str, file: Callable[[bytes], Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    instead(monkeypatch, tmp_path, ENDS[name])
    with pytest.raises(Refused, match="could not be read"), within(60):
        read_report(file(b"x"), progress=lambda read: None)


def test_a_process_that_hangs_is_stopped_at_the_deadline(
    file: Callable[[bytes], Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    instead(monkeypatch, tmp_path, "import time\nprint('{\"read\": 1}', flush=True)\ntime.sleep(600)")
    with pytest.raises(Refused, match="took too long"), within(60):
        read_report(file(b"x"), sandbox=Sandbox(wall_seconds=0.5))


def test_a_process_that_reads_for_ever_is_stopped_by_its_processor_time(
    file: Callable[[bytes], Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    limited = f"import runpy\nrunpy.run_path({reader_process.__file__!r})['limit_this_process'](10**9, 1)\n"
    instead(monkeypatch, tmp_path, limited + "while True: pass")
    with pytest.raises(Refused, match="could not be read"), within(60):
        read_report(file(b"x"))


def test_an_answer_without_end_is_cut_off(
    file: Callable[[bytes], Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    instead(monkeypatch, tmp_path, "while True: print('{\"read\": 1}')")
    with pytest.raises(Refused, match="more results than a report"), within(60):
        read_report(file(b"x"), sandbox=Sandbox(answer_bytes=100_000))


def test_no_process_is_left_when_the_caller_has_had_enough(
    file: Callable[[bytes], Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The caller's own exception ends the process too: `wait` has its status when it is through."""
    started: list[subprocess.Popen[bytes]] = []
    real = subprocess.Popen

    def popen(*arguments: object, **more: object) -> "subprocess.Popen[bytes]":
        started.append(real(*arguments, **more))  # type: ignore[call-overload]
        return started[-1]

    monkeypatch.setattr(subprocess, "Popen", popen)
    instead(monkeypatch, tmp_path, "import time\nprint('{\"read\": 1}', flush=True)\ntime.sleep(600)")

    def stop(read: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), within(60):
        read_report(file(b"x"), progress=stop)
    assert started[0].returncode is not None
