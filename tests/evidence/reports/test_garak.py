"""garak's report.jsonl: every version's words, and every trap that real files hold."""

import json
from typing import Any

import pytest

from tests.evidence.reports.build import (
    ENDED,
    PROBES,
    RUN,
    STARTED,
    Entry,
    as_lines,
    evaluation,
    garak,
    read,
    refusal,
)
from tracker.evidence.rules.reports.limits import Limits
from tracker.evidence.rules.reports.report import Report, as_document

VERSIONS = (
    *("0.9.0.8", "0.9.0.9", "0.9.0.10", "0.9.0.13", "0.9.0.14", "0.9.0.16", "0.10.3.1", "0.11.0", "0.12.0"),
    *("0.13.0", "0.13.1", "0.13.3", "0.14.1", "0.15.1", "0.16.0", "0.16.1.pre1", "0.17.1"),
)


def report(entries: list[Entry]) -> Report:
    return read(as_lines(entries))


def without(entries: list[Entry], kind: str) -> list[Entry]:
    return [entry for entry in entries if entry["entry_type"] != kind]


@pytest.mark.parametrize("version", VERSIONS)
def test_every_version_is_read_alike(version: str) -> None:
    found = report(garak(version))
    assert (found.tool, found.version, found.target) == ("garak", version, "rest.RestGenerator")
    assert (found.state, found.why_partial) == ("complete", "")
    assert (found.run_id, found.started_at, found.generations) == (RUN, STARTED, 2)
    assert found.requested == found.evaluated == PROBES
    assert found.not_evaluated == ()
    assert [(row.probe, row.detector, row.passed, row.evaluated) for row in found.evals] == [
        ("alpha.One", "alpha.OneDetector", 3, 4),
        ("beta.Two", "beta.TwoDetector", 3, 4),
    ]
    assert found.attempts == 4, "each attempt stands twice, and is scored once"


def test_rules_see_the_document_that_authors_are_promised() -> None:
    assert as_document(report(garak(probes=["alpha.One"]))) == {
        "tool": "garak",
        "version": "0.17.1",
        "target": "rest.RestGenerator",
        "state": "complete",
        "attempts": 2,
        "requested": ["alpha.One"],
        "evaluated": ["alpha.One"],
        "evals": [{"probe": "alpha.One", "detector": "alpha.OneDetector", "passed": 3, "evaluated": 4}],
    }


# --------------------------------------------------------------------------------------- complete and partial


def test_an_interrupted_run_keeps_its_results_and_says_what_is_missing() -> None:
    found = report(garak(evaluated=["alpha.One"], complete=False))
    assert found.state == "partial"
    assert "no completion line" in found.why_partial
    assert found.evaluated == ("alpha.One",)
    assert found.not_evaluated == ("beta.Two",)
    assert found.ended_at == ""


def test_the_end_of_a_complete_run_is_kept() -> None:
    assert report(garak()).ended_at == ENDED


@pytest.mark.parametrize("version", ["0.9.0.8", "0.9.0.13"])
def test_before_0_9_0_14_the_missing_completion_line_is_normal(version: str) -> None:
    assert report(garak(version)).state == "complete"
    cut_in_a_probe = garak(version)[:-1]
    assert report(cut_in_a_probe).state == "partial"
    never_begun = report(garak(version, evaluated=["alpha.One"]))
    assert never_begun.state == "partial"
    assert "beta.Two was asked for" in never_begun.why_partial


def test_from_0_9_0_14_on_it_is_not() -> None:
    assert report(garak("0.9.0.14", complete=False)).state == "partial"


@pytest.mark.parametrize("taken", [1, 2, 10, 20, 60])
def test_a_torn_last_line_leaves_a_partial_report(taken: int) -> None:
    found = read(as_lines(garak(), end="")[:-taken])
    assert found.state == "partial"
    assert "cut short" in found.why_partial
    assert len(found.evals) == 2


def test_a_report_may_be_torn_anywhere_after_its_first_result() -> None:
    content = as_lines(garak())
    after = content.index(b"\n", content.index(b'"eval"')) + 1
    for end in range(after, len(content)):
        found = read(content[:end])
        assert found.evals[0].evaluated == 4, end


def test_a_damaged_line_before_the_last_refuses_the_file_by_its_number() -> None:
    rows = as_lines(garak()).split(b"\n")
    rows[3] = rows[3][:-20]
    assert refusal(b"\n".join(rows)).startswith("Line 4 of this garak report is damaged")
    rows[3] = b'{"entry_type" "attempt"}'
    assert refusal(b"\n".join(rows)).startswith("Line 4 of this garak report is no JSON")


# ----------------------------------------------------------------------------------------- without any result


def test_a_run_that_stopped_before_its_first_attempt_is_refused() -> None:
    assert "stopped before its first attempt" in refusal(as_lines(garak(evaluated=[], complete=False)))


def test_a_complete_run_without_an_attempt_is_refused() -> None:
    assert "ended without a single attempt" in refusal(as_lines(garak(evaluated=[])))


def test_attempts_without_an_evaluation_are_no_result() -> None:
    said = refusal(as_lines(without(garak(complete=False), "eval")))
    assert "stopped before its first probe was evaluated" in said


def test_nothing_scored_is_neither_passed_nor_failed_and_the_digest_is_not_asked() -> None:
    found = report(garak(passed=0, total=0))
    assert found.state == "complete"
    assert found.evaluated == PROBES
    assert {(row.passed, row.evaluated) for row in found.evals} == {(0, 0)}
    assert "No output could be scored: nothing passed, and nothing failed." in found.notes


def test_outputs_that_a_detector_could_not_score_are_counted_apart() -> None:
    entries = garak(probes=["alpha.One"])
    entries[-4:-2] = [evaluation("alpha.One", 2, 4, nones=3)]
    assert [(row.passed, row.evaluated, row.not_scored) for row in report(entries).evals] == [(2, 4, 3)]


# ------------------------------------------------------------------------------- the results are `eval` lines


def test_attempts_are_not_counted_anew() -> None:
    """The threshold is not in the file: the same scores may have passed under another."""
    entries = garak(probes=["alpha.One"], passed=0, total=4)
    assert report(entries).evals[0].passed == 0, "all scores of the attempts are 0.0"


@pytest.mark.parametrize(
    ("changed", "evaluated"),
    [
        ({"total_evaluated": "4"}, 4),
        ({"total_evaluated": 4.0}, 4),
        ({"total_evaluated": None, "total": 4}, 4),
        ({"total_evaluated": None}, 4),  # passed and fails are there
    ],
)
def test_counts_are_read_as_they_come(changed: Entry, evaluated: int) -> None:
    entry = evaluation("alpha.One", 3, 4) | changed
    found = report([*garak(evaluated=[], complete=False), entry])
    assert [(row.passed, row.evaluated) for row in found.evals] == [(3, evaluated)]


@pytest.mark.parametrize(
    "changed",
    [
        {"passed": None},
        {"passed": True},
        {"passed": -1},
        {"passed": 0.5},
        {"passed": "three"},
        {"passed": []},
        {"passed": float("nan")},
        {"passed": 10**30},
        {"total_evaluated": 10**30},
        {"total_evaluated": True},
        {"probe": None},
        {"probe": ""},
        {"detector": 7},
        {"detector": "\x00"},
    ],
)
def test_a_result_without_its_counts_or_names_refuses_the_file(changed: Entry) -> None:
    entries = garak(probes=["alpha.One"], evaluated=[])
    entries.insert(2, evaluation("alpha.One", 3, 4) | changed)
    assert refusal(as_lines(entries)).startswith("Line 3 of this garak report is a result without")


def test_more_passed_than_were_evaluated_cannot_be() -> None:
    said = refusal(as_lines(garak(passed=5, total=4)))
    assert "says that 5 of 4 passed, which cannot be" in said


def test_prefixes_of_old_versions_are_taken_off() -> None:
    entries = [*garak(evaluated=[], complete=False)]
    entries.append(evaluation("probes.alpha.One", 1, 2) | {"detector": "detectors.always.Fail"})
    entries.append(evaluation("alpha.One", 1, 2) | {"detector": "detector.always.Fail"})
    found = report(entries)
    assert {(row.probe, row.detector) for row in found.evals} == {("alpha.One", "always.Fail")}


# --------------------------------------------------------------------------------------------- what was asked


@pytest.mark.parametrize(
    ("setup", "requested"),
    [
        ({"run.spec": {"include": ["probes.alpha"], "exclude": []}}, ("alpha",)),
        (
            {"run.spec": {"include": ["probes.alpha", "probes.beta.Two"], "exclude": ["probes.beta.Two"]}},
            ("alpha",),
        ),
        ({"run.spec": {"include": ["tier:1", "tag:owasp"], "exclude": None}}, ("tier:1", "tag:owasp")),
        ({"run.spec": "alpha.One, beta"}, ("alpha.One", "beta")),
        ({"run.spec": None, "plugins.probe_spec": "all"}, ("all",)),
        ({"run.spec": {}, "plugins.probe_spec": ["alpha.One"]}, ("alpha.One", "beta.Two")),
        ({"run.spec": {"include": 7}}, ("alpha.One", "beta.Two")),
        ({"run.spec": None, "transient.active_probes": None}, ()),
    ],
)
def test_what_was_asked_for_is_kept_as_it_was_asked(setup: Entry, requested: tuple[str, ...]) -> None:
    entries = garak()
    entries[0] |= setup
    assert report(entries).requested == requested


def test_single_probes_are_compared_where_the_file_lists_them() -> None:
    entries = garak(evaluated=["alpha.One"])
    entries[0]["run.spec"] = {"include": ["probes.alpha"]}
    entries[0]["transient.active_probes"] = ["probes.alpha.One", "probes.alpha.Other"]
    assert report(entries).not_evaluated == ("alpha.Other",)


def test_a_family_has_a_result_where_one_of_its_probes_has() -> None:
    entries = garak("0.12.0", evaluated=["alpha.One"])
    entries[0]["plugins.probe_spec"] = "alpha,beta,tier:1,all"
    assert report(entries).not_evaluated == ("beta",)


# ------------------------------------------------------------------------------------------------- the target


@pytest.mark.parametrize(
    ("target", "shown"),
    [
        (("openai.OpenAIGenerator", "gpt-4o"), "openai.OpenAIGenerator gpt-4o"),
        (("function.Single", "answers#answer"), "function.Single answers#answer"),
        (("huggingface.Model", "org/model-7b"), "huggingface.Model org/model-7b"),
        (("ggml.GgmlGenerator", "/home/somebody/models/small.gguf"), "ggml.GgmlGenerator small.gguf"),
        (("ggml.GgmlGenerator", "C:\\Users\\somebody\\small.gguf"), "ggml.GgmlGenerator small.gguf"),
        (("ggml.GgmlGenerator", "../models/small.gguf"), "ggml.GgmlGenerator small.gguf"),
        (
            ("rest.RestGenerator", "https://me:secret@bot.example:8443/v1?key=secret"),
            "rest.RestGenerator https://bot.example:8443",
        ),
        (("rest.RestGenerator", "http://[::1]:8000/chat"), "rest.RestGenerator http://[::1]:8000"),
        (("rest.RestGenerator", "http://[oops/chat"), "rest.RestGenerator"),
        (("rest.RestGenerator", "file:///home/somebody/bot.json"), "rest.RestGenerator bot.json"),
        (("test", None), "test.Blank"),
        (("generators.test.Blank", None), "test.Blank"),
    ],
)
def test_a_target_is_named_without_addresses_keys_and_paths(
    target: tuple[str, str | None], shown: str
) -> None:
    assert report(garak(target=target)).target == shown


def test_garaks_own_generators_are_accepted_and_called_what_they_are() -> None:
    found = report(garak(target=("test.Blank", None)))
    assert found.is_self_test
    assert "The target is garak's own self-test generator, not a model." in found.notes
    assert not report(garak()).is_self_test


# ------------------------------------------------------------------------------------- several runs in a file


def aggregated() -> list[Entry]:
    """Two runs of one probe as garak's own tool joins them: scored attempts and results alone."""
    entries = without(without(garak(probes=["alpha.One"]), "completion"), "digest")
    head, body = entries[:2], [entry for entry in entries[2:] if entry.get("status") != 1]
    head[0] |= {
        "aggregation": ["/home/a/one.jsonl", "/home/a/two.jsonl"],
        "transient.active_probes": "alpha.One",
    }
    head[1] |= {"orig_uuid": RUN, "run": "another"}
    return [*head, *body, *body]


def test_an_aggregated_file_keeps_both_results_of_one_probe() -> None:
    found = report(aggregated())
    assert [(row.probe, row.passed) for row in found.evals] == [("alpha.One", 3), ("alpha.One", 3)]
    assert found.evaluated == ("alpha.One",)
    assert found.run_id == "another"
    assert any("several runs" in note for note in found.notes)
    assert found.state == "partial"
    assert "aggregates without the completion lines" in found.why_partial


def test_an_aggregated_file_asks_for_what_all_of_its_runs_did() -> None:
    entries = aggregated()
    entries[0]["transient.active_probes"] = "alpha.One,beta.Two"
    assert report(entries).requested == ("alpha.One", "beta.Two")


def test_reports_put_behind_one_another_are_one_only_where_target_and_version_agree() -> None:
    found = report([*garak(), *garak()])
    assert (len(found.evals), found.state) == (4, "complete")
    assert report([*garak(), *garak(complete=False)]).state == "partial"
    for other in (garak(target=("test.Blank", None)), garak("0.12.0")):
        assert "several targets or versions" in refusal(as_lines([*garak(), *other]))


# --------------------------------------------------------------------------------------- what stands in texts


@pytest.mark.parametrize(
    "mark", ["\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c", "\r", "\x00", "\x1b[31m"]
)
def test_what_others_take_for_the_end_of_a_line_may_stand_in_a_text(mark: str) -> None:
    entries = garak()
    entries[2]["prompt"] = f"before{mark}after"
    assert len(report(entries).evals) == 2


@pytest.mark.parametrize(
    "odd",
    [
        '"\\ud800"',
        '"\\u0000"',
        "NaN",
        "-Infinity",
        "9" * 5000,
        "1e999",
        '"\\u202e<script>alert(1)</script> [x](javascript:1)"',
    ],
)
def test_odd_values_in_an_attempt_harm_nothing(odd: str) -> None:
    line = f'{{"entry_type": "attempt", "status": 2, "prompt": {odd}}}\n'.encode()
    head, rest = as_lines(garak()[:2]), as_lines(garak()[2:])
    assert len(read(head + line + rest).evals) == 2


def test_a_lone_surrogate_may_stand_in_the_bytes_themselves() -> None:
    line = b'{"entry_type": "attempt", "status": 1, "prompt": "\xed\xa0\x80"}\n'
    assert len(read(as_lines(garak()[:2]) + line + as_lines(garak()[2:])).evals) == 2


def test_no_kept_name_holds_what_a_database_or_a_page_cannot() -> None:
    entry = evaluation("alpha.\x00One\u202e\ud800", 1, 2) | {"detector": "a\nb\t<i>" + "x" * 500}
    content = b"\n".join(json.dumps(row).encode() for row in [*garak(evaluated=[], complete=False), entry])
    row = read(content).evals[0]
    assert row.probe == "alpha.One\N{REPLACEMENT CHARACTER}"
    assert row.detector.startswith("a b <i>xxx")
    assert len(row.detector) == 120
    f"{row.probe}{row.detector}".encode()


def test_prompts_outputs_paths_and_keys_are_not_kept() -> None:
    said = repr(report(garak()))
    for secret in ("a prompt", "an answer", "/home/somebody", "garak.core.yaml"):
        assert secret not in said


def test_tags_are_kept_by_probe_as_the_tool_says_them() -> None:
    assert report(garak()).tags["alpha.One"] == ("owasp:llm01", "avid-effect:security:S0403")
    assert report(garak("0.12.0")).tags == {}


@pytest.mark.parametrize(
    "odd", [None, [], 7, {"probes": 7}, {"probes": {"a": 7}}, {"probes": {"a": {"tags": "x"}}}]
)
def test_a_plugin_cache_of_another_shape_says_nothing(odd: Any) -> None:
    entries = without(garak(), "plugin_cache")
    entries.insert(2, {"entry_type": "plugin_cache", "plugin_cache": odd})
    assert report(entries).tags == {}


def test_renamed_families_are_named_by_both_names() -> None:
    assert any("xss is called web_injection" in note for note in report(garak(probes=["xss.Mark"])).notes)


def test_entries_and_keys_that_are_not_known_are_passed_over() -> None:
    entries = garak()
    entries[1]["later"] = {"key": 1}
    entries.insert(3, {"entry_type": "of a later version", "passed": "x"})
    assert len(report(entries).evals) == 2


@pytest.mark.parametrize("line", [b"7", b"[]", b'"text"', b"null", b"{}", b'{"entry_type": 7}', b'{"a": 1}'])
def test_a_line_that_is_no_entry_refuses_the_file(line: bytes) -> None:
    content = as_lines(garak()[:2]) + line + b"\n" + as_lines(garak()[2:])
    assert "Line 3 of this garak report is no entry" in refusal(content)


# ----------------------------------------------------------------------------------------------- the identity


def test_a_report_without_its_init_line_is_refused() -> None:
    assert "has no init line" in refusal(as_lines(without(garak(), "init")))


def test_what_the_init_line_lacks_is_taken_from_the_setup() -> None:
    entries = garak()
    entries[1] = {"entry_type": "init"}
    found = report(entries)
    assert (found.version, found.run_id, found.started_at) == ("0.17.1", RUN, "")


def test_a_report_that_names_no_version_is_complete_by_its_completion_line_alone() -> None:
    entries = without(garak("0.9.0.8"), "init")
    entries.insert(1, {"entry_type": "init"})
    found = report(entries)
    assert (found.version, found.state) == ("", "partial")
    assert "The report does not say which version of garak wrote it." in found.notes
    assert report([*entries, {"entry_type": "completion"}]).state == "complete"


# -------------------------------------------------------------------------------------------------- the bytes


def test_marks_blank_lines_and_carriage_returns_change_nothing() -> None:
    content = as_lines(garak())
    plain = read(content)
    assert read(b"\xef\xbb\xbf" + content) == plain
    assert read(content.replace(b"\n", b"\r\n")) == plain
    assert read(b"\n \n" + content.replace(b"\n", b"\n\n  \n")) == plain
    assert read(content.rstrip()) == plain


def test_a_report_has_no_more_results_than_its_limit() -> None:
    entries = [*garak(evaluated=[], complete=False), *([evaluation("a.B", 1, 2)] * 4)]
    assert "more than 3 results" in refusal(as_lines(entries), limits=Limits(results=3))
    assert len(read(as_lines(entries), limits=Limits(results=4)).evals) == 4
