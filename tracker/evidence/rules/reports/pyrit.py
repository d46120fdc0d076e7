"""PyRIT: the message pieces that 0.x exports, and attack results of later versions dumped as JSON. Pure.

An outcome of `success` means that the attack worked: the opposite of what garak and promptfoo mean by it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tracker.evidence.rules.reports.documents import Tally, joined, mapping, sequence, type_name
from tracker.evidence.rules.reports.limits import Limits
from tracker.evidence.rules.reports.lines import Lines, NotJson, as_json
from tracker.evidence.rules.reports.report import Refused, Report, clean

OUTCOME = "outcome"
"""Stands for the detector where a result names no scorer."""
UNNAMED = "attack"
"""Stands for the probe where a result names no attack."""
_RESISTED = {"failure": True, "success": False, "error": None, "undetermined": None}


def is_attack_result(value: Any) -> bool:
    """Whether a JSON value is an AttackResult that was dumped."""
    row = mapping(value)
    return "outcome" in row and bool({"conversation_id", "objective", "attack_identifier"} & row.keys())


def is_message_piece(value: Any) -> bool:
    """Whether a JSON value is a piece of a conversation that 0.x exported."""
    row = mapping(value)
    return "conversation_id" in row and bool(
        {"converted_value_sha256", "converted_value", "scores"} & row.keys()
    )


def read_attack_results(rows: Iterable[Any], limits: Limits) -> Report:
    """The report of attack results. Raises `Refused` where one is no such result, or there is none."""
    tally, targets, times, versions = Tally({}, limits.results), [], [], []
    for number, value in enumerate(rows, start=1):
        row = mapping(value)
        # An enumeration is dumped by its value, its name, or as `AttackOutcome.SUCCESS`.
        outcome = clean(row.get("outcome")).rpartition(".")[2].lower()
        if not is_attack_result(value) or outcome not in _RESISTED:
            raise Refused(
                f"Entry {number} of this PyRIT file is no attack result with an outcome of success, failure, "
                "error or undetermined. Hand in the list of AttackResult as JSON."
            )
        attack = row.get("attack_identifier") or row.get("atomic_attack_identifier")
        scorer = mapping(row.get("last_score")).get("scorer_class_identifier")
        tally.add(type_name(attack) or UNNAMED, type_name(scorer) or OUTCOME, resisted=_RESISTED[outcome])
        targets.append(_target(row, mapping(attack)))
        times.append(clean(row.get("timestamp"), 40))
        versions.append(clean(row.get("pyrit_version"), 40))
    return _report(tally, targets, times, versions)


def read_lines(first: Any, lines: Lines, limits: Limits) -> Report:
    """The report of attack results, one a line."""

    def rows() -> Iterable[Any]:
        yield first
        for line in lines:
            try:
                yield as_json(line, limits)
            except NotJson as error:
                raise Refused(f"Line {lines.number} of this PyRIT file is no JSON: {error}.") from None

    return read_attack_results(rows(), limits)


def read_message_pieces(rows: Iterable[Any], limits: Limits) -> Report:
    """The report of exported conversations: each true-or-false score of an answer is a result."""
    tally, targets, times, versions = Tally({}, limits.results), [], [], []
    counted: set[str] = set()
    for number, value in enumerate(rows, start=1):
        if not is_message_piece(value):
            raise Refused(
                f"Entry {number} of this PyRIT file is no message piece. Hand in the export as it is."
            )
        row = mapping(value)
        attack = row.get("attack_identifier") or row.get("orchestrator_identifier")
        targets.append(_target(row, mapping(attack)))
        times.append(clean(row.get("timestamp"), 40))
        versions.append(clean(row.get("pyrit_version"), 40))
        for score in map(mapping, sequence(row.get("scores"))):
            # The pieces of one answer carry the same score.
            key = clean(score.get("id"), 64)
            if key and key in counted:
                continue
            counted.add(key)
            scorer = type_name(score.get("scorer_class_identifier")) or OUTCOME
            tally.add(type_name(attack) or UNNAMED, scorer, resisted=_scored(score, scorer))
    if not tally.rows:
        raise Refused(
            "This PyRIT export holds conversations and no score, so it has no result. "
            "Score the answers, then export them again."
        )
    return _report(tally, targets, times, versions)


def _scored(score: Mapping[str, Any], scorer: str) -> bool | None:
    """Whether the target resisted; None where the score does not say, as a number without its threshold."""
    value = str(score.get("score_value")).lower()
    if score.get("score_type") != "true_false" or value not in {"true", "false"}:
        return None
    # A scorer answers whether what it looks for is there: a refusal is the target resisting, all else a hit.
    return (value == "true") == ("refusal" in scorer.lower())


def _target(row: Mapping[str, Any], attack: Mapping[str, Any]) -> str:
    names = ("prompt_target_identifier", "objective_target_identifier", "objective_target")
    return next((found for name in names if (found := type_name(row.get(name) or attack.get(name)))), "")


def _report(tally: Tally, targets: list[str], times: list[str], versions: list[str]) -> Report:
    evals = tally.evals()
    if not evals:
        raise Refused("This PyRIT file is an empty list, so it has no result.")
    notes = ["In PyRIT success means that the attack worked; here passed means that the target resisted."]
    if any(row.not_scored for row in evals):
        notes.append("Errors, undetermined outcomes and scores without a threshold are not scored.")
    return Report(
        tool="pyrit",
        version=joined(versions),
        target=joined(targets),
        state="complete",
        evals=evals,
        started_at=min(filter(None, times), default=""),
        requested=tuple(dict.fromkeys(row.probe for row in evals)),
        attempts=sum(row.evaluated for row in evals),
        notes=tuple(notes),
    )
