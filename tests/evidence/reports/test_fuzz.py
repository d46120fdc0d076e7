"""Damaged reports by the thousand: each is read or refused, nothing else comes out, and memory is bounded."""

import copy
import gzip
import json
import random
import tracemalloc
import unicodedata
from collections.abc import Callable, Iterator
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.evidence.deadline import within
from tests.evidence.reports.build import every_report, read
from tests.sizes import fuzz_inputs
from tracker.evidence.rules.reports.rates import attack_success_rate
from tracker.evidence.rules.reports.report import Refused, Report, as_document, from_values, to_values

SEED = 20260901
SECONDS = 20
"""For one input. Each takes milliseconds: this tells an endless one from a busy machine."""
PEAK_BYTES = 20_000_000
"""For one input, all of which are smaller than 200 kB."""

# What breaks readers: odd numbers, marks, escapes, brackets, and words of the formats themselves.
ODD_BYTES = (
    *(
        b"NaN",
        b"-Infinity",
        b"1e999",
        b"9" * 5000,
        b"-",
        b"\x00",
        b"\xff",
        b"\xef\xbb\xbf",
        b"\n",
        b"\r",
        b"\\",
    ),
    *(b'"', b'"\\ud800"', b'"\\u0000"', b"\xed\xa0\x80", b"\xe2\x80\xa8", b"\xc2\x85", b"\x0c", b"[" * 2000),
    *(b"{", b"}", b"]", b",", b":", b"null", b"true", b"PK\x03\x04", b"\x1f\x8b", b"<svg onload=alert(1)>"),
    *(b'{"entry_type": "eval"}', b'{"entry_type": "init"}', b'"entry_type": 7', b"{}", b"[]", b"[[[]]]"),
)
ODD_VALUES: tuple[Any, ...] = (
    *(
        None,
        True,
        False,
        0,
        -1,
        3,
        2.5,
        1e308,
        10**400,
        "",
        "3",
        "\x00",
        "\ud800",
        "a\u202eb",
        "x" * 3000,
        [],
        {},
    ),
    *([[]], [None], {"": None}, {"a": {"a": {}}}, float("nan"), float("inf"), ["x"] * 300, {"__type__": 7}),
)
SEEDS = tuple(every_report().values())


def check(content: bytes) -> Report | None:
    """Read it. AssertionError where the report is none that can be stored and shown."""
    try:
        with within(SECONDS):
            report = read(content)
    except Refused as refused:
        said = str(refused)
        assert said.endswith(".")
        assert len(said) < 600
        assert storable(said), said
        return None
    assert report.evals
    assert report.state in ("complete", "partial")
    assert (report.state == "partial") == bool(report.why_partial)
    for row in report.evals:
        assert row.probe
        assert row.detector
        assert 0 <= row.passed <= row.evaluated <= 10**12
        attack_success_rate(row.passed, row.evaluated)
    for text in texts(to_values(report)):
        assert len(text) <= 400
        assert storable(text), ascii(text)
    assert from_values(json.loads(json.dumps(to_values(report)))) == report
    assert set(report.not_evaluated).isdisjoint(report.evaluated)
    as_document(report)
    return report


def storable(text: str) -> bool:
    """Whether PostgreSQL takes it and a line of a page shows it."""
    return not any(unicodedata.category(character) in ("Cc", "Cs", "Cf") for character in text)


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from texts(inner)


# ------------------------------------------------------------------------------------------------ the damage


def cut(dice: random.Random, content: bytes) -> bytes:
    return content[: dice.randrange(len(content) + 1)]


def flip(dice: random.Random, content: bytes) -> bytes:
    changed = bytearray(content)
    for _ in range(dice.randrange(1, 8)):
        changed[dice.randrange(len(changed))] = dice.randrange(256)
    return bytes(changed)


def insert(dice: random.Random, content: bytes) -> bytes:
    place = dice.randrange(len(content) + 1)
    return content[:place] + dice.choice(ODD_BYTES) + content[place:]


def remove(dice: random.Random, content: bytes) -> bytes:
    start = dice.randrange(len(content))
    return content[:start] + content[start + dice.randrange(1, 200) :]


def splice(dice: random.Random, content: bytes) -> bytes:
    other = dice.choice(SEEDS)
    return content[: dice.randrange(len(content) + 1)] + other[dice.randrange(len(other)) :]


def shuffle(dice: random.Random, content: bytes) -> bytes:
    lines = content.split(b"\n")
    dice.shuffle(lines)
    return b"\n".join(lines)


def repeat(dice: random.Random, content: bytes) -> bytes:
    lines = content.split(b"\n")
    line = dice.choice(lines)
    return b"\n".join([*lines, *[line] * dice.randrange(1, 20)])


def pack(dice: random.Random, content: bytes) -> bytes:
    packed = gzip.compress(content)
    return packed if dice.random() < 0.5 else flip(dice, packed)


def exchange(dice: random.Random, content: bytes) -> bytes:
    """Another value at some places of the JSON: what is written well and means nothing."""
    lines = []
    for line in content.split(b"\n"):
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            lines.append(line)
            continue
        for _ in range(dice.randrange(3)):
            exchange_one(dice, value)
        lines.append(json.dumps(value).encode())
    return b"\n".join(lines)


def exchange_one(dice: random.Random, value: Any) -> None:
    while isinstance(value, dict | list) and value:
        key = dice.choice(list(value)) if isinstance(value, dict) else dice.randrange(len(value))
        if not isinstance(value[key], dict | list) or dice.random() < 0.4:
            if dice.random() < 0.3:
                del value[key]
            else:
                value[key] = copy.deepcopy(dice.choice(ODD_VALUES))
            return
        value = value[key]


DAMAGE: tuple[Callable[[random.Random, bytes], bytes], ...] = (
    *(cut, flip, insert, remove, splice, shuffle, repeat, pack),
    *(exchange, exchange, exchange, exchange),  # finds the most
)


def damaged(number: int) -> bytes:
    """The input of a number, always the same."""
    dice = random.Random(SEED + number)
    content = dice.choice(SEEDS)
    for _ in range(dice.randrange(1, 4)):
        content = dice.choice(DAMAGE)(dice, content or b"{}")
    return content


def test_damaged_reports_are_read_or_refused_in_bounded_memory() -> None:
    read_ones = 0
    tracemalloc.start()
    try:
        for number in range(fuzz_inputs()):
            content = damaged(number)
            tracemalloc.reset_peak()
            try:
                read_ones += check(content) is not None
            except Exception as error:
                error.add_note(f"input {number}: {content[:2000]!r}")
                raise
            peak = tracemalloc.get_traced_memory()[1]
            assert peak < PEAK_BYTES, f"input {number} took {peak:,} bytes"
    finally:
        tracemalloc.stop()
    # Where nearly all are read, or nearly none, the damage is not of a kind that tries a reader.
    assert 0.1 < read_ones / fuzz_inputs() < 0.9


# Names of all formats, so that what is drawn comes past the first look.
NAMES = st.sampled_from(
    [
        *("entry_type", "run", "probe", "detector", "passed", "total", "total_evaluated", "fails", "nones"),
        *("garak_version", "run.spec", "include", "exclude", "plugins.target_type", "plugins.target_name"),
        *("transient.active_probes", "plugin_cache", "probes", "tags", "start_time", "status", "evalId"),
        *(
            "results",
            "stats",
            "successes",
            "failures",
            "errors",
            "success",
            "promptIdx",
            "testIdx",
            "provider",
        ),
        *("id", "metadata", "pluginId", "outcome", "conversation_id", "scores", "score_type", "score_value"),
        *("initial_labels", "final_labels", "num_queries", "tool", "attack", "target", "name", "metrics"),
        *("samples", "success_rate", "summary", "issues", "modelscan_version", "scanned", "total_scanned"),
    ]
)
WORDS = st.sampled_from(
    [
        "start_run setup",
        "config",
        "init",
        "attempt",
        "eval",
        "completion",
        "digest",
        "success",
        "a.B",
        "true_false",
    ]
)
LEAVES = st.none() | st.booleans() | st.integers(-5, 10**20) | st.floats() | WORDS | st.text(max_size=20)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=8),
    max_leaves=30,
)
ENTRIES = st.dictionaries(NAMES, VALUES, max_size=8) | st.builds(
    lambda kind, more: {**more, "entry_type": kind}, WORDS, st.dictionaries(NAMES, VALUES, max_size=8)
)


@settings(max_examples=max(100, fuzz_inputs() // 10), suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(ENTRIES, max_size=6), st.sampled_from([None, 1]))
def test_made_up_entries_are_read_or_refused(entries: list[Any], indent: int | None) -> None:
    lines = "\n".join(json.dumps(entry, indent=indent) for entry in entries)
    check(lines.encode())
    check(json.dumps(entries, indent=indent).encode())
    if entries:
        check(json.dumps(entries[0], indent=indent).encode())


@settings(max_examples=max(100, fuzz_inputs() // 5))
@given(st.binary(max_size=200), st.sampled_from(SEEDS))
def test_bytes_of_any_kind_are_read_or_refused(content: bytes, report: bytes) -> None:
    check(content)
    check(report + content)
    check(content + report)
    check(b"\x1f\x8b\x08\x00" + content)
