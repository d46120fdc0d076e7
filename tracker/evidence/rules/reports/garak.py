"""garak's report.jsonl, versions 0.9.0.8 to 0.17.1. Pure.

Results come from `eval` lines alone: the threshold is not in the file, so counting attempts anew would
disagree wherever it was changed. The digest is not read: it calls 0 of 0 a failure. Entry types and keys that
are not known are passed over; every minor release brings some.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tracker.evidence.rules.reports.documents import mapping, sequence
from tracker.evidence.rules.reports.limits import Limits
from tracker.evidence.rules.reports.lines import Lines, NotJson, as_json
from tracker.evidence.rules.reports.report import (
    SELF_TEST,
    Eval,
    Refused,
    Report,
    State,
    clean,
    clean_all,
    count,
    target_name,
)

AS_WRITTEN = "Hand in the .report.jsonl as garak wrote it."
COMPLETION_SINCE = (0, 9, 0, 14)
"""The version that first wrote a `completion` line; before it, its absence is normal."""
MAX_PROBES = 5_000
MAX_TAGS = 40
RENAMED = {
    "gcg": "suffix",
    "knownbadsignatures": "av_spam_scanning",
    "replay": "divergence",
    "xss": "web_injection",
    "ag": "atkgen",
}
"""Probe families that later versions name otherwise."""
_ATTEMPT_SCORED = 2


@dataclass(slots=True)
class _Run:
    """What the lines read so far have said."""

    version: str = ""
    setup_version: str = ""
    setup_run: str = ""
    targets: dict[str, None] = field(default_factory=dict)
    versions: dict[str, None] = field(default_factory=dict)
    runs: int = 0
    run_id: str = ""
    started_at: str = ""
    ended_at: str = ""
    generations: int | None = None
    requested: dict[str, None] = field(default_factory=dict)
    excluded: set[str] = field(default_factory=set)
    planned: dict[str, None] = field(default_factory=dict)
    evals: list[Eval] = field(default_factory=list)
    tags: dict[str, tuple[str, ...]] = field(default_factory=dict)
    sent: int = 0
    scored: int = 0
    completions: int = 0
    aggregated: bool = False
    torn: bool = False
    last: str = ""


def read_garak(first: Any, lines: Lines, limits: Limits) -> Report:
    """The report whose first line is `first`, with the lines after it. Raises `Refused`."""
    run = _Run()
    _take(run, first, lines.number, limits)
    torn_at = 0
    for line in lines:
        if torn_at:
            raise Refused(f"Line {torn_at} of this garak report is damaged. {AS_WRITTEN}")
        try:
            entry = as_json(line, limits)
        except NotJson as error:
            # Only the last line can be torn, by a full disk or a kill. Whether this is the last shows below.
            if not error.torn:
                raise Refused(
                    f"Line {lines.number} of this garak report is no JSON: {error}. {AS_WRITTEN}"
                ) from None
            torn_at = lines.number
            continue
        _take(run, entry, lines.number, limits)
    run.torn = bool(torn_at)
    return _report(run)


def _take(run: _Run, entry: Any, number: int, limits: Limits) -> None:
    kind = entry.get("entry_type") if isinstance(entry, dict) else None
    if not isinstance(kind, str):
        raise Refused(f"Line {number} of this garak report is no entry of garak's. {AS_WRITTEN}")
    take = _ENTRIES.get(kind)
    if take is not None:
        take(run, entry, number)
        if len(run.evals) > limits.results:
            raise Refused(f"This garak report has more than {limits.results:,} results.")
    run.last = kind


# ----------------------------------------------------------------------------- one function a type of entry


def _config(run: _Run, entry: Mapping[str, Any], number: int) -> None:
    """The first line up to 0.9.0.9: the arguments garak was called with."""
    _target(run, entry.get("model_type"), entry.get("model_name"))
    _ask(run, entry.get("probes"))
    run.generations = count(entry.get("generations"))


def _setup(run: _Run, entry: Mapping[str, Any], number: int) -> None:
    """The first line from 0.9.0.10 on: the configuration under dotted names."""
    types = ("plugins.target_type", "plugins.model_type")
    names = ("plugins.target_name", "plugins.model_name")
    _target(run, _first(entry, types), _first(entry, names))
    spec = entry.get("run.spec")
    if isinstance(spec, dict):
        _ask(run, spec.get("include"))
        run.excluded.update(_probe_names(spec.get("exclude")))
    else:
        _ask(run, spec if spec else entry.get("plugins.probe_spec"))
    _add(run.planned, _probe_names(entry.get("transient.active_probes")))
    run.generations = count(entry.get("run.generations"))
    run.setup_version = clean(entry.get("_config.version"), 40)
    run.setup_run = clean(entry.get("transient.run_id"), 64)
    run.aggregated |= "aggregation" in entry


def _init(run: _Run, entry: Mapping[str, Any], number: int) -> None:
    version = clean(entry.get("garak_version"), 40) or run.setup_version
    _add(run.versions, [version] if version else [])
    if not run.runs:
        run.version = version
        run.run_id = clean(entry.get("run"), 64) or run.setup_run
        run.started_at = clean(entry.get("start_time"), 40)
    run.runs += 1
    run.aggregated |= "orig_uuid" in entry


def _attempt(run: _Run, entry: Mapping[str, Any], number: int) -> None:
    """Counted alone: each stands once as sent and once as scored."""
    if count(entry.get("status")) == _ATTEMPT_SCORED:
        run.scored += 1
    else:
        run.sent += 1


def _eval(run: _Run, entry: Mapping[str, Any], number: int) -> None:
    probe = _plugin(clean(entry.get("probe")), "probes.")
    detector = _plugin(clean(entry.get("detector")), "detector.", "detectors.")
    passed, fails = count(entry.get("passed")), count(entry.get("fails"))
    total = _first(entry, ("total_evaluated", "total"))
    evaluated = count(total)
    if total is None and passed is not None and fails is not None:
        evaluated = count(passed + fails)
    if not probe or not detector or passed is None or evaluated is None:
        raise Refused(
            f"Line {number} of this garak report is a result without a probe, a detector or its counts. "
            + AS_WRITTEN
        )
    if passed > evaluated:
        raise Refused(
            f"Line {number} of this garak report says that {passed} of {evaluated} passed, which cannot be. "
            + AS_WRITTEN
        )
    run.evals.append(Eval(probe, detector, passed, evaluated, count(entry.get("nones")) or 0))


def _plugin_cache(run: _Run, entry: Mapping[str, Any], number: int) -> None:
    """From 0.15: what the probes say of themselves. Only their tags are kept."""
    for name, about in mapping(mapping(entry.get("plugin_cache")).get("probes")).items():
        tags = clean_all(mapping(about).get("tags"), MAX_TAGS)
        if tags and len(run.tags) < MAX_PROBES:
            run.tags[_plugin(clean(name), "probes.")] = tags


def _completion(run: _Run, entry: Mapping[str, Any], number: int) -> None:
    run.completions += 1
    run.ended_at = clean(entry.get("end_time"), 40)


_ENTRIES: Mapping[str, Callable[[_Run, Mapping[str, Any], int], None]] = {
    "config": _config,
    "start_run setup": _setup,
    "init": _init,
    "attempt": _attempt,
    "eval": _eval,
    "plugin_cache": _plugin_cache,
    "completion": _completion,
}


def _first(entry: Mapping[str, Any], names: Iterable[str]) -> Any:
    return next((entry[name] for name in names if entry.get(name) is not None), None)


def _add(found: dict[str, None], names: Iterable[str]) -> None:
    for name in names:
        if len(found) < MAX_PROBES:
            found.setdefault(name)


def _ask(run: _Run, spec: Any) -> None:
    _add(run.requested, _probe_names(spec))


def _probe_names(spec: Any) -> list[str]:
    """The names in a list, or in a text with commas, without the prefix `probes.`."""
    rows = spec.split(",") if isinstance(spec, str) else sequence(spec)
    names = (_plugin(clean(row), "probes.") for row in rows[:MAX_PROBES])
    return [name for name in names if name]


def _plugin(name: str, *prefixes: str) -> str:
    for prefix in prefixes:
        name = name.removeprefix(prefix)
    return name


def _target(run: _Run, kind: Any, name: Any) -> None:
    """`rest.RestGenerator`, or with a name `openai.OpenAIGenerator gpt-4o`, as garak itself joins the two."""
    generator = clean(kind).removeprefix("generators.")
    if generator == SELF_TEST.rstrip("."):  # garak takes the family's first generator
        generator = "test.Blank"
    _add(run.targets, [clean(f"{generator} {target_name(name)}", 200)])


# ------------------------------------------------------------------------------------------------ the report


def _report(run: _Run) -> Report:
    if not run.runs:
        raise Refused(
            f"This garak report has no init line, so its version and its run are not known. {AS_WRITTEN}"
        )
    if len(run.targets) > 1 or len(run.versions) > 1:
        raise Refused(
            "This file holds garak runs of several targets or versions. Hand in the report of each by itself."
        )
    if not run.evals:
        raise Refused(_no_result(run))
    why = _why_partial(run)
    state: State = "partial" if why else "complete"
    return Report(
        tool="garak",
        version=run.version,
        target=next(iter(run.targets), ""),
        state=state,
        evals=tuple(run.evals),
        why_partial=why,
        run_id=run.run_id,
        started_at=run.started_at,
        ended_at=run.ended_at,
        generations=run.generations,
        requested=tuple(name for name in _requested(run) if name not in run.excluded),
        planned=tuple(run.planned),
        attempts=run.scored,
        tags=run.tags,
        notes=tuple(_notes(run)),
    )


def _requested(run: _Run) -> Iterable[str]:
    """What was asked for. An aggregated file keeps the specification of its first run alone."""
    return run.planned or run.requested if run.aggregated else run.requested or run.planned


def _no_result(run: _Run) -> str:
    """Why a report without a single `eval` line is refused; garak itself ends well in all these cases."""
    if run.completions:
        return (
            "This garak run ended without a single attempt, so it has no result. "
            "Its probes made no prompts for this target: choose others and run it again."
        )
    if run.sent or run.scored:
        return (
            "This garak run stopped before its first probe was evaluated, so it has no result. Run it again."
        )
    return (
        "This garak run stopped before its first attempt, so it has no result. "
        "Perhaps its first probe had no detector: see garak's log, and run it again."
    )


def _why_partial(run: _Run) -> str:
    """Why the report is no complete one, in a sentence; "" where it is."""
    if run.torn:
        return "The last line is cut short, as a full disk leaves it."
    if run.completions >= run.runs:
        return ""
    if run.aggregated:
        return "garak aggregates without the completion lines, so whether each run ended is not known."
    numbers = _numbers(run.version)
    if not numbers or numbers >= COMPLETION_SINCE:
        return "The run was interrupted: the report has no completion line."
    # So old a version writes no completion line. A run that went well ends with the result of its last probe.
    if run.last != "eval" or run.sent != run.scored:
        return "The run was interrupted: after its last result the report goes on, and ends without another."
    found = {row.probe for row in run.evals}
    found |= {probe.partition(".")[0] for probe in found}
    absent = [name for name in run.requested if name not in found and name not in {"all", "auto"}]
    return (
        f"The run was interrupted: {', '.join(absent[:3])} was asked for and has no result." if absent else ""
    )


def _numbers(version: str) -> tuple[int, ...]:
    match = re.match(r"\d{1,9}(?:\.\d{1,9})*", version)
    return tuple(int(part) for part in match[0].split(".")) if match else ()


def _notes(run: _Run) -> Iterable[str]:
    if next(iter(run.targets), "").startswith(SELF_TEST):
        yield "The target is garak's own self-test generator, not a model."
    if run.aggregated or run.runs > 1:
        yield "The file holds several runs; where one probe was run twice, both results stand."
    if all(row.evaluated == 0 for row in run.evals):
        yield "No output could be scored: nothing passed, and nothing failed."
    families = dict.fromkeys(row.probe.partition(".")[0] for row in run.evals)
    for old in (family for family in families if family in RENAMED):
        yield f"The probe family {old} is called {RENAMED[old]} in later versions of garak."
    if not run.version:
        yield "The report does not say which version of garak wrote it."
