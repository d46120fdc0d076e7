"""modelscan's JSON report (`modelscan -p MODEL -r json -o out.json`). Pure.

A result is a file that was scanned: it passed where no issue was found in it. Paths are not kept.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from tracker.evidence.rules.reports.documents import mapping, sequence
from tracker.evidence.rules.reports.report import Eval, Refused, Report, clean, count, target_name

AS_WRITTEN = "Hand in the file of `modelscan -p MODEL -r json -o out.json`."
PROBE, DETECTOR = "unsafe-operators", "modelscan"
SEVERITIES = ("CRITICAL", "HIGH", "MEDIUM", "LOW")


def is_modelscan(value: Any) -> bool:
    """Whether a JSON value is a report of modelscan."""
    row = mapping(value)
    summary = mapping(row.get("summary"))
    return "issues" in row and bool({"modelscan_version", "total_issues_by_severity"} & summary.keys())


def read_modelscan(value: Any) -> Report:
    """The report of one scan. Raises `Refused` where nothing was scanned or its totals do not agree."""
    summary, issues = mapping(value["summary"]), [mapping(row) for row in sequence(value["issues"])]
    stated = count(summary.get("total_issues"))
    if stated is not None and stated != len(issues):
        raise Refused(f"This modelscan report states {stated} issues and lists {len(issues)}. {AS_WRITTEN}")
    scanned = count(mapping(summary.get("scanned")).get("total_scanned"))
    skipped = count(mapping(summary.get("skipped")).get("total_skipped")) or 0
    faulty = len({str(issue.get("source")) for issue in issues})
    if scanned is None:
        raise Refused(f"This modelscan report does not say how many files it scanned. {AS_WRITTEN}")
    if not scanned and not issues:
        raise Refused(
            "modelscan scanned no file of this model, so the report has no result. Name another path."
        )
    errors = len(sequence(value.get("errors")))
    by_severity = Counter(clean(issue.get("severity"), 20).upper() for issue in issues)
    found = ", ".join(f"{by_severity[name]} {name.lower()}" for name in SEVERITIES if by_severity[name])
    # An archive is one file to the scanner, and may hold several with an issue.
    evaluated = max(scanned, faulty)
    return Report(
        tool="modelscan",
        version=clean(summary.get("modelscan_version"), 40),
        target=target_name(summary.get("input_path")) or "model",
        state="partial" if errors else "complete",
        why_partial=f"modelscan could not read all of it: {errors} errors." if errors else "",
        evals=(Eval(PROBE, DETECTOR, evaluated - faulty, evaluated, skipped + errors),),
        started_at=clean(summary.get("timestamp"), 40),
        requested=(PROBE,),
        attempts=evaluated,
        notes=(f"Issues found: {found}.",) if found else (),
    )
