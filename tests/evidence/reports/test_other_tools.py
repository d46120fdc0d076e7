"""promptfoo, PyRIT, Counterfit, modelscan, attack results: `passed` always means that the target resisted."""

import json
import runpy
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from tests.evidence.reports.build import (
    Entry,
    as_lines,
    attack_result,
    attack_results,
    message_pieces,
    modelscan,
    parameters,
    promptfoo,
    read,
    read_json,
    refusal,
    refusal_json,
    run_summary,
)
from tracker.evidence.rules.reports.limits import Limits
from tracker.evidence.rules.reports.report import Report

Counts = tuple[str, str, int, int, int]


def counts(report: Report) -> list[Counts]:
    return [(row.probe, row.detector, row.passed, row.evaluated, row.not_scored) for row in report.evals]


# -------------------------------------------------------------------------------------------------- promptfoo


def test_promptfoo_success_means_that_the_target_resisted() -> None:
    found = read_json(promptfoo())
    assert counts(found) == [("injection", "basic", 1, 2, 1), ("assertions", "assertions", 1, 1, 0)]
    assert (found.tool, found.version, found.state) == ("promptfoo", "0.123.1", "complete")
    assert found.run_id == "eval-abc-2026-09-01T10:00:00"
    assert found.started_at == "2026-09-01T10:00:00.000Z"
    assert found.attempts == 3


def test_promptfoo_is_read_without_prompts_headers_and_keys() -> None:
    found = read_json(promptfoo())
    assert found.target == "https://bot.example:8443"
    for secret in ("hunter2", "a prompt", "an answer"):
        assert secret not in repr(found)


@pytest.mark.parametrize("stated", [{"successes": 3}, {"failures": 0}, {"errors": 0}, {"errors": 2}])
def test_promptfoo_totals_must_be_those_of_the_results(stated: Entry) -> None:
    value = promptfoo()
    value["results"]["stats"] |= stated
    assert "are not those of its results" in refusal_json(value)


@pytest.mark.parametrize("path", ["results", "stats"])
def test_promptfoo_without_results_or_totals_is_refused(path: str) -> None:
    value = promptfoo()
    value["results"][path] = None
    assert "no list of results, or no totals" in refusal_json(value)


def test_promptfoo_without_a_single_result_is_refused() -> None:
    value = promptfoo()
    value["results"] |= {"results": [], "stats": {"successes": 0, "failures": 0, "errors": 0}}
    assert "holds no result" in refusal_json(value)


@pytest.mark.parametrize("odd", [None, 7, [], {"id": 7}, {"id": None}, "echo"])
def test_promptfoo_of_odd_providers_is_read(odd: Any) -> None:
    value = promptfoo()
    for row in value["results"]["results"]:
        row["provider"] = odd
    assert read_json(value).target == ("echo" if odd == "echo" else "")


def test_promptfoo_of_several_targets_says_so() -> None:
    value = promptfoo()
    value["results"]["results"][0]["provider"] = {"id": "openai:gpt-4o"}
    found = read_json(value)
    assert found.target == "openai:gpt-4o, https://bot.example:8443"
    assert "The results are those of several targets together." in found.notes


def test_promptfoo_lines_are_never_complete() -> None:
    found = read(as_lines(promptfoo()["results"]["results"]))
    assert counts(found) == counts(read_json(promptfoo()))
    assert (found.state, found.version) == ("partial", "")
    assert "hand in out.json" in found.why_partial


def test_promptfoo_lines_are_results_to_the_last_and_not_without_end() -> None:
    rows = promptfoo()["results"]["results"]
    assert "Line 5 of this promptfoo file is no result" in refusal(as_lines([*rows, {"a": 1}]))
    assert "Line 5 of this promptfoo file is no JSON" in refusal(as_lines(rows) + b"{")
    assert "more than 3 results" in refusal(as_lines(rows), limits=Limits(results=3))


# ------------------------------------------------------------------------------------------------------ PyRIT


def test_pyrit_success_means_that_the_attack_worked() -> None:
    expected = [("RedTeamingAttack", "outcome", 1, 3, 1)]
    assert counts(read_json(attack_results())) == expected
    assert counts(read(as_lines(attack_results()))) == expected
    assert counts(read_json(attack_results()[0])) == [("RedTeamingAttack", "outcome", 0, 1, 0)]


def test_pyrit_undetermined_is_not_scored() -> None:
    rows = [row | {"outcome": "undetermined"} for row in attack_results()]
    assert counts(read_json(rows)) == [("RedTeamingAttack", "outcome", 0, 0, 4)]


@pytest.mark.parametrize("odd", [{"outcome": "won"}, {"outcome": None}, {"outcome": True}, {"outcome": [1]}])
def test_pyrit_of_another_outcome_is_refused_by_its_number(odd: Entry) -> None:
    rows = attack_results()
    rows[1] |= odd
    assert refusal_json(rows).startswith("Entry 2 of this PyRIT file is no attack result")
    assert refusal(as_lines(rows)).startswith("Entry 2 of this PyRIT file is no attack result")


def test_pyrit_exports_are_read_by_their_true_or_false_scores() -> None:
    """Of a substring true is a hit, of a refusal the target resisted; of a scale the threshold lacks."""
    found = read_json(message_pieces())
    assert counts(found) == [
        ("PromptSendingOrchestrator", "SubStringScorer", 0, 1, 0),
        ("PromptSendingOrchestrator", "SelfAskRefusalScorer", 1, 1, 0),
        ("PromptSendingOrchestrator", "SelfAskLikertScorer", 0, 0, 1),
    ]
    assert found.target == "OpenAIChatTarget"
    assert found.started_at == "2026-09-01T10:00:00"
    assert "a prompt" not in repr(found)


def test_pyrit_conversations_without_a_score_are_no_result() -> None:
    rows = [row | {"scores": None} for row in message_pieces()]
    assert "holds conversations and no score" in refusal_json(rows)


def test_pyrit_pieces_are_pieces_to_the_last() -> None:
    assert "Entry 4 of this PyRIT file is no message piece" in refusal_json([*message_pieces(), 7])


# ------------------------------------------------------------------------------------------------- Counterfit


def test_counterfit_success_means_that_the_attack_worked() -> None:
    found = read_json(
        run_summary(), attack="hop_skip_jump", target="creditfraud", parameters=_bytes(parameters())
    )
    assert counts(found) == [("hop_skip_jump", "label changed", 1, 3, 0)]
    assert (found.tool, found.version, found.target, found.state) == (
        "counterfit",
        "",
        "creditfraud",
        "complete",
    )


def test_counterfit_names_nothing_that_the_learner_does_not_state() -> None:
    found = read_json(run_summary())
    assert (found.target, found.evals[0].probe) == ("", "not stated")
    assert any("as you state them" in note for note in found.notes)
    assert any("params.json was not handed in" in note for note in found.notes)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"initial_labels": ["fraud"]}, "different lengths: 1 labels before, 3 after"),
        ({"results": []}, "different lengths"),
        ({"success": None}, "lacks its labels"),
        ({"success": [True, False, 1]}, "neither true nor false"),
        ({"success": [True, True, True]}, "Sample 2 of this Counterfit summary is called a success"),
        ({"success": [True, False, False]}, "Sample 3 of this Counterfit summary is called a failure"),
        ({"num_queries": 0}, "was never asked"),
        ({"num_queries": "many"}, "was never asked"),
        ({"initial_labels": [], "final_labels": [], "success": [], "results": []}, "holds no sample"),
    ],
)
def test_counterfit_summaries_must_agree_with_themselves(changed: Entry, said: str) -> None:
    assert said in refusal_json(run_summary() | changed)


def test_a_targeted_attack_may_change_a_label_and_fail() -> None:
    summary = run_summary() | {"success": [True, False, False]}
    found = read_json(summary, parameters=_bytes(parameters(targeted=True)))
    assert counts(found)[0][2:] == (2, 3, 0)
    assert "called a failure" in refusal_json(summary, parameters=_bytes(parameters()))


@pytest.mark.parametrize("odd", [b"", b"{", b"[]", b"{}", b'{"norm": 2}', b"\xff\xfe"])
def test_what_stands_beside_a_summary_must_be_its_parameters(odd: bytes) -> None:
    assert "is not Counterfit's params.json" in refusal_json(run_summary(), parameters=odd)


def _bytes(value: Any) -> bytes:
    return json.dumps(value).encode()


# ---------------------------------------------------------------------------------------------- attack result


def test_an_attack_result_is_read_by_its_samples() -> None:
    found = read_json(attack_result())
    assert counts(found) == [("HopSkipJump", "success", 1, 4, 0)]
    assert (found.tool, found.version) == ("adversarial-robustness-toolbox", "1.20.1")
    assert (found.target, found.started_at) == ("digits", "2026-09-01T10:00:00Z")


def test_an_attack_result_may_state_its_metrics_alone() -> None:
    value = attack_result()
    del value["samples"]
    assert counts(read_json(value)) == [("HopSkipJump", "success", 1, 4, 0)]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"tool": ""}, "lacks tool"),
        ({"target": "digits"}, "lacks target.name"),
        ({"attack": {}, "target": None}, "lacks attack.name and target.name"),
        ({"metrics": {"samples": 5}}, "states 5 samples and lists 4"),
        ({"metrics": {"success_rate": 0.5}}, "a success rate of 0.5, and 3 of its 4 samples"),
        ({"samples": [{"success": 1}], "metrics": {}}, "Sample 1 of this attack result does not say"),
        ({"samples": [7], "metrics": {}}, "Sample 1 of this attack result does not say"),
        ({"samples": [], "metrics": {}}, "holds no sample"),
        ({"samples": None, "metrics": {"samples": 4, "success_rate": 2}}, "neither samples nor metrics"),
        (
            {"samples": None, "metrics": {"samples": 4, "success_rate": float("nan")}},
            "neither samples nor metrics",
        ),
        ({"samples": None, "metrics": {"samples": 4, "success_rate": True}}, "neither samples nor metrics"),
        ({"samples": None, "metrics": {"samples": 4, "success_rate": float("inf")}}, "neither samples nor"),
    ],
)
def test_an_attack_result_must_be_whole_and_agree_with_itself(changed: Entry, said: str) -> None:
    assert said in refusal_json(attack_result() | changed)


SCHEMA = Path(__file__).parents[3] / "static" / "attack-result.schema.json"


def test_the_published_schema_accepts_what_is_read_and_refuses_what_is_not() -> None:
    schema = json.loads(SCHEMA.read_text())
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    value = attack_result()
    assert validator.is_valid(value)
    assert validator.is_valid({key: value[key] for key in value if key != "samples"})
    wrong: list[Entry] = [{"tool": ""}, {"target": "digits"}, {"attack": {}}, {"samples": [7]}]
    for changed in wrong:
        assert not validator.is_valid(value | changed), changed
        assert refusal_json(value | changed)


def test_the_script_to_paste_writes_what_the_schema_accepts() -> None:
    names = runpy.run_path(str(SCHEMA.with_name("attack_result.py")))
    value = names["attack_result"](
        tool="adversarial-robustness-toolbox",
        tool_version="1.20.1",
        target="digits",
        attack="HopSkipJump",
        parameters={"norm": 2},
        true=[1, 1, 2],
        before=[1, 1, 2],
        after=[2, 1, 3],
    )
    Draft202012Validator(json.loads(SCHEMA.read_text())).validate(value)
    assert counts(read_json(value)) == [("HopSkipJump", "success", 1, 3, 0)]


# -------------------------------------------------------------------------------------------------- modelscan


def test_modelscan_passes_files_without_an_issue() -> None:
    found = read_json(modelscan())
    assert counts(found) == [("unsafe-operators", "modelscan", 2, 3, 1)]
    assert (found.tool, found.version, found.target, found.state) == (
        "modelscan",
        "0.8.5",
        "models",
        "complete",
    )
    assert found.notes == ("Issues found: 1 critical, 1 high.",)
    assert "/home" not in repr(found)


def test_modelscan_with_errors_is_partial() -> None:
    found = read_json(modelscan() | {"errors": [{"category": "x"}]})
    assert (found.state, found.evals[0].not_scored) == ("partial", 2)


def test_modelscan_must_have_scanned_something_and_agree_with_itself() -> None:
    value = modelscan()
    assert "states 2 issues and lists 0" in refusal_json(value | {"issues": []})
    summary = value["summary"] | {"total_issues": 0, "scanned": {"total_scanned": 0}}
    assert "scanned no file" in refusal_json({"summary": summary, "issues": []})
    assert "does not say how many" in refusal_json({"summary": summary | {"scanned": None}, "issues": []})
