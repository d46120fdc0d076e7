"""Small reports in the shapes that the tools write, made here: no line of a real run is in the project."""

import io
import json
from collections.abc import Iterable, Sequence
from typing import Any

from tracker.evidence.rules.reports.limits import DEFAULT, Limits
from tracker.evidence.rules.reports.reader import Stated, read_report
from tracker.evidence.rules.reports.report import Refused, Report

Entry = dict[str, Any]
RUN = "6f1a0000-0000-4000-8000-000000000001"
STARTED = "2026-09-01T10:00:00.000001"
ENDED = "2026-09-01T10:05:00.000001"
PROBES = ("alpha.One", "beta.Two")


def as_lines(entries: Iterable[Any], *, end: str = "\n") -> bytes:
    """JSON lines as garak writes them: UTF-8, not escaped."""
    return ("\n".join(json.dumps(entry, ensure_ascii=False) for entry in entries) + end).encode()


def read(content: bytes, *, limits: Limits = DEFAULT, **stated: Any) -> Report:
    return read_report(io.BytesIO(content), limits=limits, stated=Stated(**stated))


def refusal(content: bytes, *, limits: Limits = DEFAULT, **stated: Any) -> str:
    """The sentence that refuses a file. AssertionError where it is read."""
    try:
        report = read(content, limits=limits, **stated)
    except Refused as refused:
        said = str(refused)
        assert said.endswith(".")
        assert len(said) < 400
        assert "!" not in said
        return said
    raise AssertionError(f"it was read: {report}")


def read_json(value: Any, **stated: Any) -> Report:
    return read(json.dumps(value).encode(), **stated)


def refusal_json(value: Any, **stated: Any) -> str:
    return refusal(json.dumps(value).encode(), **stated)


# ------------------------------------------------------------------------------------------------------ garak


def garak(
    version: str = "0.17.1",
    *,
    target: tuple[str, str | None] = ("rest.RestGenerator", None),
    probes: Sequence[str] = PROBES,
    evaluated: Sequence[str] | None = None,
    attempts: int = 2,
    passed: int = 3,
    total: int = 4,
    complete: bool = True,
) -> list[Entry]:
    """The entries of a run, in the words of its version. `evaluated` are the probes that came to a result."""
    numbers = tuple(int(part) for part in version.split(".") if part.isdigit())
    entries = [_setup(version, numbers, target, probes)]
    entries.append({"entry_type": "init", "garak_version": version, "start_time": STARTED, "run": RUN})
    for probe in probes if evaluated is None else evaluated:
        entries += [_attempt(numbers, probe, number, 1) for number in range(attempts)]
        if numbers >= (0, 15):
            entries.append(_plugin_cache(probe))
        entries += [_attempt(numbers, probe, number, 2) for number in range(attempts)]
        entries.append(evaluation(probe, passed, total, numbers=numbers))
        if numbers >= (0, 16):
            entries.append({"entry_type": "probe_summary", "probe": probe, "detection_counts": {}})
    if complete and numbers >= (0, 9, 0, 14):
        entries.append({"entry_type": "completion", "end_time": ENDED, "run": RUN})
        if numbers >= (0, 12):
            entries.append({"entry_type": "digest", "meta": {}, "eval": {"alpha": {"absolute_score": 0.0}}})
    return entries


def _setup(
    version: str, numbers: tuple[int, ...], target: tuple[str, str | None], probes: Sequence[str]
) -> Entry:
    if numbers < (0, 9, 0, 10):
        names = {
            "model_type": target[0],
            "model_name": target[1],
            "probes": ",".join(probes),
            "generations": 2,
        }
        return {**names, "report_prefix": "mine", "entry_type": "config"}
    word = "target" if numbers >= (0, 13, 1) else "model"
    entry: Entry = {
        "entry_type": "start_run setup",
        "_config.version": version,
        "_config.config_files": ["/home/somebody/garak.core.yaml"],
        "transient.run_id": RUN,
        "transient.report_filename": "/home/somebody/mine.report.jsonl",
        "run.generations": 2,
        f"plugins.{word}_type": target[0],
        f"plugins.{word}_name": target[1],
    }
    if numbers >= (0, 16):
        entry["run.spec"] = {"include": [f"probes.{probe}" for probe in probes], "exclude": []}
        entry["transient.active_probes"] = [f"probes.{probe}" for probe in sorted(probes)]
    else:
        entry["plugins.probe_spec"] = ",".join(probes)
    return entry


def _attempt(numbers: tuple[int, ...], probe: str, number: int, status: int) -> Entry:
    prompt: Any = f"a prompt of {probe}"
    outputs: list[Any] = ["an answer", "another"]
    if numbers >= (0, 13):
        prompt = {"turns": [{"role": "user", "content": {"text": prompt, "lang": "en"}}]}
        outputs = [{"text": text, "lang": None} for text in outputs]
    scores: Entry = {f"{probe}Detector": [0.0, None]} if status == 2 else {}
    return {
        "entry_type": "attempt",
        "uuid": f"{probe}-{number}",
        "seq": number,
        "status": status,
        "probe_classname": probe,
        "prompt": prompt,
        "outputs": outputs,
        "detector_results": scores,
    }


def evaluation(
    probe: str, passed: int, total: int, *, numbers: tuple[int, ...] = (0, 17, 1), nones: int = 0
) -> Entry:
    """An `eval` line as the version writes it."""
    prefix = "detector." if numbers < (0, 11) else ""
    entry: Entry = {
        "entry_type": "eval",
        "probe": probe,
        "detector": f"{prefix}{probe}Detector",
        "passed": passed,
    }
    if numbers < (0, 14):
        return entry | {"total": total}
    return entry | {
        "fails": total - passed,
        "nones": nones,
        "total_evaluated": total,
        "total_processed": total + nones,
    }


def _plugin_cache(probe: str) -> Entry:
    about = {"tags": ["owasp:llm01", "avid-effect:security:S0403"], "goal": "something", "tier": 1}
    return {"entry_type": "plugin_cache", "run": RUN, "plugin_cache": {"probes": {f"probes.{probe}": about}}}


# ------------------------------------------------------------------------------------------------- the others


def promptfoo() -> Entry:
    """An out.json of four tests: two resisted, one hit, one error."""
    rows = [
        _promptfoo_row(0, success=True, reason=0, plugin="injection"),
        _promptfoo_row(1, success=False, reason=1, plugin="injection"),
        _promptfoo_row(2, success=False, reason=2, plugin="injection"),
        _promptfoo_row(3, success=True, reason=0, plugin=None),
    ]
    return {
        "evalId": "eval-abc-2026-09-01T10:00:00",
        "results": {
            "version": 3,
            "timestamp": "2026-09-01T10:00:00.000Z",
            "prompts": [{"raw": "a prompt"}],
            "results": rows,
            "stats": {"successes": 2, "failures": 1, "errors": 1},
        },
        "config": {"providers": [{"config": {"headers": {"Authorization": "Bearer hunter2hunter2"}}}]},
        "metadata": {"promptfooVersion": "0.123.1"},
    }


def _promptfoo_row(number: int, *, success: bool, reason: int, plugin: str | None) -> Entry:
    return {
        "success": success,
        "failureReason": reason,
        "promptIdx": 0,
        "testIdx": number,
        "provider": {"id": "https://user:hunter2@bot.example:8443/chat?key=hunter2", "label": ""},
        "prompt": {"raw": "a prompt"},
        "response": {"output": "an answer"},
        "metadata": {"pluginId": plugin, "strategyId": "basic"} if plugin else {},
    }


def attack_results() -> list[Entry]:
    """PyRIT's AttackResult as JSON: two hits, one that failed, one error."""
    return [
        {
            "conversation_id": str(number),
            "objective": "an objective",
            "attack_identifier": {"__type__": "RedTeamingAttack"},
            "outcome": outcome,
            "executed_turns": 2,
        }
        for number, outcome in enumerate(["success", "AttackOutcome.SUCCESS", "failure", "error"])
    ]


def message_pieces() -> list[Entry]:
    """An export of PyRIT 0.x: a question, and an answer with three scores."""

    def score(number: int, scorer: str, value: str, kind: str = "true_false") -> Entry:
        return {
            "id": str(number),
            "score_value": value,
            "score_type": kind,
            "scorer_class_identifier": {"__type__": scorer},
        }

    scores = [
        score(1, "SubStringScorer", "True"),
        score(2, "SelfAskRefusalScorer", "True"),
        score(3, "SelfAskLikertScorer", "0.75", "float_scale"),
    ]
    about = {
        "conversation_id": "c1",
        "converted_value_sha256": "0" * 64,
        "orchestrator_identifier": {"__type__": "PromptSendingOrchestrator"},
        "prompt_target_identifier": {"__type__": "OpenAIChatTarget"},
        "timestamp": "2026-09-01T10:00:00",
    }
    return [
        {**about, "role": "user", "original_value": "a prompt", "scores": []},
        {**about, "role": "assistant", "original_value": "an answer", "scores": scores},
        # A second piece of the same answer carries the same scores.
        {**about, "role": "assistant", "original_value": "an image", "scores": scores},
    ]


def run_summary() -> Entry:
    """Counterfit's run_summary.json of three samples: two changed."""
    return {
        "sample_index": {"default": 0, "current": [0, 1, 2]},
        "initial_labels": ["fraud", "fraud", "fraud"],
        "final_labels": ["benign", "fraud", "benign"],
        "elapsed_time": 0.5,
        "num_queries": 101,
        "success": [True, False, True],
        "results": [[1.0], [2.0], [3.0]],
        "input_samples": [[1.1], [2.1], [3.1]],
    }


def parameters(*, targeted: bool = False) -> Entry:
    """Counterfit's params.json."""
    return {
        "targeted": {"default": False, "current": targeted, "docs": "", "previous": []},
        "norm": {"default": 2, "current": 2, "docs": "", "previous": []},
    }


def attack_result() -> Entry:
    """An attack result with four samples: three successes."""
    return {
        "tool": "adversarial-robustness-toolbox",
        "tool_version": "1.20.1",
        "created": "2026-09-01T10:00:00Z",
        "target": {"name": "digits"},
        "attack": {"name": "HopSkipJump", "parameters": {"norm": 2}},
        "metrics": {"samples": 4, "success_rate": 0.75},
        "samples": [
            {"index": number, "true": 1, "before": 1, "after": 1 + worked, "success": worked}
            for number, worked in enumerate([True, True, False, True])
        ],
    }


def modelscan() -> Entry:
    """modelscan's report of three files, of which one holds two issues."""
    issue = {"description": "Use of unsafe operator", "operator": "system", "source": "/home/a/m.pkl"}
    return {
        "summary": {
            "total_issues_by_severity": {"LOW": 0, "MEDIUM": 0, "HIGH": 1, "CRITICAL": 1},
            "total_issues": 2,
            "input_path": "/home/a/models",
            "absolute_path": "/home/a/models",
            "modelscan_version": "0.8.5",
            "timestamp": "2026-09-01T10:00:00",
            "scanned": {"total_scanned": 3, "scanned_files": ["m.pkl", "n.pkl", "o.pkl"]},
            "skipped": {"total_skipped": 1, "skipped_files": []},
        },
        "issues": [issue | {"severity": "CRITICAL"}, issue | {"severity": "HIGH"}],
        "errors": [],
    }


def every_report() -> dict[str, bytes]:
    """One accepted file of every kind, by its name."""
    garak_versions = ("0.9.0.8", "0.9.0.10", "0.9.0.16", "0.10.3.1", "0.13.3", "0.14.1", "0.17.1")
    documents = {
        "promptfoo": promptfoo(),
        "attack results": attack_results(),
        "message pieces": message_pieces(),
        "run summary": run_summary(),
        "attack result": attack_result(),
        "modelscan": modelscan(),
    }
    return {
        **{f"garak {version}": as_lines(garak(version)) for version in garak_versions},
        **{name: json.dumps(value).encode() for name, value in documents.items()},
        "promptfoo lines": as_lines(promptfoo()["results"]["results"]),
        "attack result lines": as_lines(attack_results()),
    }
