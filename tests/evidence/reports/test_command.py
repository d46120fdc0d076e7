"""`manage.py read_report`: what the importer understands of a file, without learner or database."""

import json
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.evidence.reports.build import as_lines, garak, parameters, run_summary
from tests.servers import clean_environment

ROOT = Path(__file__).parents[3]


def printed(*arguments: str) -> str:
    out = StringIO()
    call_command("read_report", *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def report(tmp_path: Path) -> Path:
    path = tmp_path / "mine.report.jsonl"
    path.write_bytes(as_lines(garak(evaluated=["alpha.One"])))
    return path


def test_the_json_has_exactly_these_names(report: Path) -> None:
    assert json.loads(printed(str(report), "--json")) == {
        "tool": "garak",
        "version": "0.17.1",
        "target": "rest.RestGenerator",
        "state": "complete",
        "requested": ["alpha.One", "beta.Two"],
        "evaluated": ["alpha.One"],
        "evals": [{"probe": "alpha.One", "detector": "alpha.OneDetector", "passed": 3, "evaluated": 4}],
    }


@pytest.mark.parametrize("content", [b"", as_lines(garak(evaluated=[])), b"\x80\x04."])
def test_a_refused_file_is_one_sentence_and_status_1(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    out = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("read_report", str(path), "--json", stdout=out)
    assert ended.value.code == 1
    said = json.loads(out.getvalue())
    assert list(said) == ["refused"]
    assert said["refused"].endswith(".")
    with pytest.raises(CommandError, match=r"\.$"):
        call_command("read_report", str(path))


def test_what_is_no_file_is_refused_too(tmp_path: Path) -> None:
    for path, said in ((tmp_path / "nothing", "There is no file"), (tmp_path, "is not a file")):
        with pytest.raises(CommandError, match=said):
            call_command("read_report", str(path))


def test_people_get_rates_with_their_intervals(report: Path) -> None:
    said = printed(str(report))
    assert "garak 0.17.1, target rest.RestGenerator" in said
    assert "3 of 4 passed; attack success 25.0% (95 % interval 4.6% to 69.9%)" in said
    assert "Asked for, without a result: beta.Two" in said


def test_people_see_what_was_not_scored(report: Path) -> None:
    report.write_bytes(as_lines(garak(passed=0, total=0)))
    assert "alpha.OneDetector  not scored" in printed(str(report))


def test_what_counterfit_does_not_say_is_stated(tmp_path: Path) -> None:
    (tmp_path / "run_summary.json").write_text(json.dumps(run_summary()))
    (tmp_path / "params.json").write_text(json.dumps(parameters()))
    arguments = (
        "--attack",
        "hop_skip_jump",
        "--target",
        "creditfraud",
        "--params",
        str(tmp_path / "params.json"),
    )
    said = json.loads(printed(str(tmp_path / "run_summary.json"), "--json", *arguments))
    assert (said["target"], said["requested"]) == ("creditfraud", ["hop_skip_jump"])
    with pytest.raises(CommandError, match="cannot be opened"):
        call_command("read_report", str(tmp_path / "run_summary.json"), "--params", str(tmp_path / "none"))


def test_it_needs_no_database_and_no_setting(report: Path, tmp_path: Path) -> None:
    """From another folder, with an empty data folder: nothing is migrated, and no database is made."""
    data = tmp_path / "data"
    done = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "read_report", report.name, "--json"],
        cwd=report.parent,
        env=clean_environment(CAIRN_DATA=str(data)),
        capture_output=True,
        check=True,
        text=True,
    )
    assert json.loads(done.stdout)["tool"] == "garak"
    assert not [path for path in data.rglob("*") if "sqlite" in path.name]
