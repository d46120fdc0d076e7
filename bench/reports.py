"""What reading a tool's report costs: a generated garak report of 60 MB, beside `json.loads` over its lines.

    python -m bench.reports [--megabytes N] [--rounds N]
                               JSON, inside a process whose environment names an empty CAIRN_DATA

`json.loads` over the same lines is the limit that no reader of the file can pass. In every round both read
the file from the start, each in a process of its own, whose start is not timed. `sandbox` is the way the
product reads: its own process included, from the call to the report. Memory is the most that a process held
at any time, for the report and for one a tenth as long: where it does not grow, the two are alike.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

ROUNDS = 5
MEGABYTES = 60
MB = 1_000_000
SMALL = 10
"""The shorter report is so many times shorter."""
PROBES = 20
# What real prompts hold: words, and now and then quotes, brackets, line ends, other alphabets.
TEXT = (
    'Say "BANANA" [and] nothing else, {"please": 1}. — 天気.\n'
    + "Tell me about the weather in détail.\n" * 80
)

WAYS = {
    "read": """
from tracker.evidence.rules.reports.reader import read_report
with open(path, "rb") as file:
    begun = time.perf_counter()
    read_report(file)
    took = time.perf_counter() - begun
""",
    "json": """
with open(path, "rb") as file:
    begun = time.perf_counter()
    for line in file:
        json.loads(line)
    took = time.perf_counter() - begun
""",
}
"""What is timed; `path` is the file."""
# The package itself imports Celery and Django, which are no part of reading (see reader_process).
_PROGRAM = """
import json, os, resource, sys, time, types
path, root = sys.argv[1:]
tracker = sys.modules["tracker"] = types.ModuleType("tracker")
tracker.__path__ = [root]
{way}
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * {unit}
if os.path.exists("/proc/self/status"):
    # On Linux the figure above begins with that of whoever started this process.
    with open("/proc/self/status") as status:
        peak = next(1024 * int(line.split()[1]) for line in status if line.startswith("VmHWM"))
print(json.dumps([took, peak]))
"""
UNIT = 1 if sys.platform == "darwin" else 1024


def write_report(path: Path, size: int) -> None:
    """A report as garak 0.17 writes it, of about `size` bytes; nothing in it is of a real run."""
    with path.open("w", encoding="utf-8") as file:
        for entry in _entries(size):
            file.write(json.dumps(entry, ensure_ascii=False) + "\n")


def _entries(size: int) -> Iterator[dict[str, Any]]:
    probes = [f"family{number % 5}.Probe{number}" for number in range(PROBES)]
    yield {
        "entry_type": "start_run setup",
        "plugins.target_type": "rest.RestGenerator",
        "run.spec": {"include": probes},
    }
    yield {
        "entry_type": "init",
        "garak_version": "0.17.1",
        "start_time": "2026-09-01T10:00:00",
        "run": "bench",
    }
    line = len(json.dumps(_attempt(probes[0], 0, 2), ensure_ascii=False).encode())
    attempts = max(1, size // (2 * PROBES * line))
    for probe in probes:
        for status in (1, 2):
            for number in range(attempts):
                yield _attempt(probe, number, status)
        yield {
            **{
                "entry_type": "eval",
                "probe": probe,
                "detector": "always.Fail",
                "passed": attempts,
                "fails": 0,
            },
            **{"nones": 0, "total_evaluated": attempts, "total_processed": attempts},
        }
    yield {"entry_type": "completion", "end_time": "2026-09-01T11:00:00", "run": "bench"}


def _attempt(probe: str, number: int, status: int) -> dict[str, Any]:
    turn = {"role": "user", "content": {"text": TEXT, "lang": "en", "data_path": None, "notes": {}}}
    return {
        **{"entry_type": "attempt", "uuid": f"{probe}-{number}", "seq": number, "status": status},
        **{"probe_classname": probe, "prompt": {"turns": [turn]}, "outputs": [{"text": TEXT, "lang": "en"}]},
        **{"detector_results": {"always.Fail": [0.0]} if status == 2 else {}, "notes": {"terms": ["a", "b"]}},
        "conversations": [{"turns": [turn]}],
    }


def measured(way: str, path: Path) -> tuple[float, int]:
    """Seconds of one reading and the peak of its process in bytes. CalledProcessError where it fails."""
    root = Path(__file__).resolve().parents[1] / "tracker"
    program = _PROGRAM.format(way=WAYS[way], unit=UNIT)
    done = subprocess.run(
        [sys.executable, "-I", "-c", program, str(path), str(root)],
        capture_output=True,
        text=True,
        check=True,
    )
    took, peak = json.loads(done.stdout)
    return took, peak


def through_the_sandbox(path: Path) -> float:
    """Seconds from the product's call to the report."""
    from tracker.evidence.reading import read_report  # noqa: PLC0415 - imports the product

    begun = time.perf_counter()
    read_report(path)
    return time.perf_counter() - begun


def measure(folder: Path, megabytes: int, rounds: int) -> dict[str, float]:
    """The figures, medians over the rounds."""
    long, short = folder / "long.jsonl", folder / "short.jsonl"
    write_report(long, megabytes * MB)
    write_report(short, megabytes * MB // SMALL)
    size = long.stat().st_size
    seconds: dict[str, list[float]] = {"read": [], "json": [], "sandbox": []}
    peaks: dict[str, list[int]] = {"long": [], "short": []}
    for _ in range(rounds):
        for way in WAYS:
            took, peak = measured(way, long)
            seconds[way].append(took)
            if way == "read":
                peaks["long"].append(peak)
        peaks["short"].append(measured("read", short)[1])
        seconds["sandbox"].append(through_the_sandbox(long))
    of_json = [limit / own for own, limit in zip(seconds["read"], seconds["json"], strict=True)]
    whole = [limit / own for own, limit in zip(seconds["sandbox"], seconds["json"], strict=True)]
    return {
        "megabytes": size / MB,
        "read_megabytes_a_second": size / MB / statistics.median(seconds["read"]),
        "json_megabytes_a_second": size / MB / statistics.median(seconds["json"]),
        "of_json": statistics.median(of_json),
        "sandbox_of_json": statistics.median(whole),
        "peak_megabytes": statistics.median(peaks["long"]) / MB,
        "peak_of_short": statistics.median(peaks["long"]) / statistics.median(peaks["short"]),
    }


def said(figures: Mapping[str, float]) -> list[str]:
    """The figures as a line under the table."""
    return [
        f"Reading a garak report of {figures['megabytes']:.0f} MB: "
        f"{figures['read_megabytes_a_second']:.0f} MB/s, {figures['of_json']:.2f} of json.loads over "
        f"the same lines ({figures['json_megabytes_a_second']:.0f} MB/s), "
        f"{figures['sandbox_of_json']:.2f} with the process it is read in; "
        f"peak memory {figures['peak_megabytes']:.0f} MB, {figures['peak_of_short']:.2f} times that of "
        f"a report of {figures['megabytes'] / SMALL:.0f} MB."
    ]


def main() -> None:
    """Read the command line and print the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--megabytes", type=int, default=MEGABYTES)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="cairn-bench-") as folder:
        print(json.dumps(measure(Path(folder), options.megabytes, options.rounds)))


if __name__ == "__main__":
    main()
