"""What the bench says of reading reports, and what it reads."""

from pathlib import Path

from bench.reports import measured, said, write_report
from tracker.evidence.reading import read_report


def test_the_figures_are_said_as_ratios() -> None:
    (line,) = said(
        {
            "megabytes": 60.0,
            "read_megabytes_a_second": 120.0,
            "json_megabytes_a_second": 150.0,
            "of_json": 0.8,
            "sandbox_of_json": 0.75,
            "peak_megabytes": 20.0,
            "peak_of_short": 1.02,
        }
    )
    assert "60 MB: 120 MB/s, 0.80 of json.loads over the same lines (150 MB/s), 0.75 with the process" in line
    assert "peak memory 20 MB, 1.02 times that of a report of 6 MB." in line


def test_the_report_is_one_of_the_size_that_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "report.jsonl"
    write_report(path, 3_000_000)
    assert 2_500_000 < path.stat().st_size < 3_500_000
    found = read_report(path)
    assert (found.state, len(found.evals)) == ("complete", 20)
    for way in ("read", "json"):
        took, peak = measured(way, path)
        assert took > 0
        assert 5_000_000 < peak < 500_000_000
