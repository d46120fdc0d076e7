"""promptfoo's results: `-o out.json` (results version 3), and the weaker `-o out.jsonl`. Pure.

`success: true` means that the target resisted, or that the assertion held. The configuration, which may hold
headers and keys, is never looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tracker.evidence.rules.reports.documents import Tally, joined, mapping
from tracker.evidence.rules.reports.limits import Limits
from tracker.evidence.rules.reports.lines import Lines, NotJson, as_json
from tracker.evidence.rules.reports.report import Refused, Report, clean, count, target_name

AS_WRITTEN = "Hand in the file of `promptfoo eval -o out.json` as it was written."
ASSERTIONS = "assertions"
"""Stands for probe and detector of a test that no red-team plugin made."""
_ERROR = 2
"""`failureReason` of a test that could not be run."""


def is_document(value: Any) -> bool:
    """Whether a JSON value is promptfoo's out.json."""
    row = mapping(value)
    inner = mapping(row.get("results"))
    return ("evalId" in row and "results" in row) or {"stats", "results", "prompts"} <= inner.keys()


def is_line(value: Any) -> bool:
    """Whether a JSON value is a line of promptfoo's out.jsonl."""
    return {"success", "promptIdx", "testIdx"} <= mapping(value).keys()


def read_document(value: Any, limits: Limits) -> Report:
    """The report of an out.json. Raises `Refused` where its totals are not those of its results."""
    results = mapping(value["results"])
    rows = results.get("results")
    stats = mapping(results.get("stats"))
    said = tuple(count(stats.get(name)) for name in ("successes", "failures", "errors"))
    if not isinstance(rows, list) or None in said:
        raise Refused(f"This promptfoo file has no list of results, or no totals. {AS_WRITTEN}")
    found = _outcomes(rows)
    if found != said:
        raise Refused(
            "The totals of this promptfoo file are not those of its results: "
            f"{said[0]} passed, {said[1]} failed and {said[2]} errors are stated, "
            f"and {found[0]}, {found[1]} and {found[2]} are there. {AS_WRITTEN}"
        )
    about = mapping(value.get("metadata"))
    return _report(
        rows,
        limits,
        version=clean(about.get("promptfooVersion"), 40),
        run_id=clean(value.get("evalId"), 64),
        started_at=clean(results.get("timestamp") or about.get("evaluationCreatedAt"), 40),
    )


def read_lines(first: Any, lines: Lines, limits: Limits) -> Report:
    """The report of an out.jsonl, which names no version and no totals: it is never complete."""
    rows = [first]
    for line in lines:
        try:
            row = as_json(line, limits)
        except NotJson as error:
            raise Refused(
                f"Line {lines.number} of this promptfoo file is no JSON: {error}. {AS_WRITTEN}"
            ) from None
        if not is_line(row):
            raise Refused(f"Line {lines.number} of this promptfoo file is no result. {AS_WRITTEN}")
        rows.append({name: row.get(name) for name in _KEPT})
        if len(rows) > limits.results:
            raise Refused(f"This promptfoo file has more than {limits.results:,} results.")
    why = "promptfoo's .jsonl states neither totals nor version: hand in out.json for a complete report."
    return _report(rows, limits, why_partial=why)


_KEPT = ("success", "failureReason", "provider", "metadata")


def _outcomes(rows: Iterable[Any]) -> tuple[int, int, int]:
    outcomes = [_resisted(mapping(row)) for row in rows]
    return outcomes.count(True), outcomes.count(False), outcomes.count(None)


def _resisted(row: Mapping[str, Any]) -> bool | None:
    """None for an error, also where a result says neither true nor false."""
    if row.get("failureReason") == _ERROR or not isinstance(row.get("success"), bool):
        return None
    return bool(row["success"])


def _report(
    rows: list[Any],
    limits: Limits,
    *,
    version: str = "",
    run_id: str = "",
    started_at: str = "",
    why_partial: str = "",
) -> Report:
    if not rows:
        raise Refused("This promptfoo file holds no result. Run the evaluation, then hand in its out.json.")
    tally = Tally({}, limits.results)
    targets = []
    for row in map(mapping, rows):
        about = mapping(row.get("metadata")) or mapping(mapping(row.get("testCase")).get("metadata"))
        probe = clean(about.get("pluginId")) or ASSERTIONS
        tally.add(probe, clean(about.get("strategyId")) or ASSERTIONS, resisted=_resisted(row))
        provider = row.get("provider")
        targets.append(target_name(provider if isinstance(provider, str) else mapping(provider).get("id")))
    evals = tally.evals()
    notes = []
    if any(row.not_scored for row in evals):
        notes.append(
            "Tests that ended with an error are not scored: they count neither as passed nor as failed."
        )
    if len(set(targets)) > 1:
        notes.append("The results are those of several targets together.")
    return Report(
        tool="promptfoo",
        version=version,
        target=joined(targets),
        state="partial" if why_partial else "complete",
        why_partial=why_partial,
        evals=evals,
        run_id=run_id,
        started_at=started_at,
        requested=tuple(dict.fromkeys(row.probe for row in evals)),
        attempts=sum(row.evaluated for row in evals),
        notes=tuple(notes),
    )
