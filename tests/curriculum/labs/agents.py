"""Hand-ins for the labs of the module on agents and MCP: one accepted, one refused each."""

from collections.abc import Mapping
from typing import Any

from tests.curriculum.labs.example import Example, as_json, as_jsonl, as_junit

PINNED = "7598022758f69dd7a5f732b0df8d557457e2d099019603369b18afe7edff4ac8"
OTHER = "0e81670477f38f917ac666eaaaece31107879f3611824822e6827f00cdb22258"
SEEN = "0f3a5d1c0c6d4f5ab7a8e2d9c1b3f4e5061728394a5b6c7d8e9fa0b1c2d3e4f5"
EDITIONS = ("approved", "definition", "newtool", "response", "implementation")

# What catches an edition in an arm; everything else goes through.
WHOLE_PIN = {
    ("pinned", "definition"): "pin",
    ("pinned", "newtool"): "pin",
    ("flow", "definition"): "pin",
    ("flow", "newtool"): "pin",
    ("flow", "response"): "flow",
}
# A pin of the descriptions of known tools alone lets a new tool through.
PIN_OF_KNOWN_TOOLS = {**WHOLE_PIN, ("pinned", "newtool"): "none", ("flow", "newtool"): "flow"}


def trials(caught: Mapping[tuple[str, str], str]) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for arm in ("trusting", "pinned", "flow"):
        for edition in EDITIONS:
            by = caught.get((arm, edition), "none")
            row = {
                "arm": arm,
                "edition": edition,
                "task_done": by == "none",
                "caught_by": by,
                "leaked": by == "none" and edition != "approved",
            }
            rows += [{"trial": number, **row} for number in range(1, 6)]
    return rows


def pins(**more: object) -> dict[str, Any]:
    return {
        "server": "notes",
        "tools": [{"name": "add_note", "sha256": PINNED}, {"name": "list_notes", "sha256": OTHER}],
        **more,
    }


INCIDENT = {
    "tool": "add_note",
    "sha256_pinned": PINNED,
    "sha256_seen": SEEN,
    "seen_on": "2026-09-08",
    "new_text_asks": "to read a local file and pass its text in the field tag",
    "decision": "Server off, token revoked, author asked, users of the last week told.",
    "atlas": ["AML.T0109", "AML.T0110"],
    "residual": "A change of code behind an unchanged definition passes the gate; a package pin is open.",
    "stopped_implementation": "",
}

BENIGN_TESTS = ("test_benign_reads_workspace", "test_benign_fetches_docs")
REFUSING_TESTS = (
    "test_outside_file_unreadable",
    "test_symlink_leads_nowhere",
    "test_environment_holds_no_token",
    "test_workspace_stays_unwritten",
    "test_no_route_out",
    "test_collector_hears_nothing",
    "test_memory_is_capped",
    "test_time_is_capped",
    "test_fetch_refuses_lookalike",
    "test_fetch_refuses_user_part",
    "test_fetch_refuses_private_answer",
)


def box_report(arm: str, sandbox: str, benign: str, refusing: str) -> bytes:
    outcomes = dict.fromkeys(BENIGN_TESTS, benign) | dict.fromkeys(REFUSING_TESTS, refusing)
    return as_junit(outcomes, {"arm": arm, "sandbox": sandbox})


BOX = {
    "sandbox": "docker, rootless",
    "image": "python:3.11-slim, with its digest",
    "command": "docker run --rm -i --network none --read-only --cap-drop ALL ... timeout 10 python -",
    "network": "none",
    "limits": {"memory_mb": 256, "seconds": 10, "processes": 64},
    "flags": [{"flag": "--network none", "turns": ["test_no_route_out", "test_collector_hears_nothing"]}],
    "not_covered": "The kernel is shared with the host; a flaw in it is a way out.",
    "why_fewer_failures": "",
}


def memory_rows(arm: str, hits: int, useful: int) -> list[dict[str, object]]:
    attacks: list[dict[str, object]] = [
        {
            "arm": arm,
            "case": f"attack-{number // 4:02}-{number % 4}",
            "kind": "attack",
            "recalled": int(number % 4 != 2),
            "hit": int(number < hits),
        }
        for number in range(80)
    ]
    adaptive: list[dict[str, object]] = [
        {"arm": arm, "case": f"adaptive-{number:02}", "kind": "adaptive", "recalled": 1, "hit": 1}
        for number in range(20)
    ]
    benign: list[dict[str, object]] = [
        {
            "arm": arm,
            "case": f"benign-{number:02}",
            "kind": "benign",
            "recalled": 0,
            "useful": int(number < useful),
        }
        for number in range(20)
    ]
    return attacks + adaptive + benign


def memory_summary(**more: object) -> dict[str, Any]:
    return {
        "attack_before": {"n": 80, "hits": 60, "rate": 0.75, "low": 0.645, "high": 0.832},
        "attack_after": {"n": 80, "hits": 0, "rate": 0.0, "low": 0.0, "high": 0.046},
        "adaptive_after": {"n": 20, "hits": 20, "rate": 1.0, "low": 0.839, "high": 1.0},
        "benign_before": {"n": 20, "useful": 20, "rate": 1.0, "low": 0.839, "high": 1.0},
        "benign_after": {"n": 20, "useful": 20, "rate": 1.0, "low": 0.839, "high": 1.0},
        "control": "same user, channel user, confirmed",
        "residual": "A user who pastes and confirms the text is believed; a call back would answer it.",
        **more,
    }


EXAMPLES = {
    "agents.lab-poisoned-tool": Example(
        accepted={
            "pins.json": as_json(pins(reviewed_by="me", reviewed_on="2026-09-01")),
            "trials.jsonl": as_jsonl(trials(WHOLE_PIN)),
            "incident.json": as_json(INCIDENT),
        },
        # Only tools that were already known are compared, so that a new one steers the old one unseen.
        refused={
            "pins.json": as_json(pins()),
            "trials.jsonl": as_jsonl(trials(PIN_OF_KNOWN_TOOLS)),
            "incident.json": as_json(INCIDENT | {"sha256_seen": PINNED}),
        },
        because=(
            "Server, reviewer and day of the review are named.",
            "The pin catches every changed definition and every new tool.",
            "With the pin no changed definition and no new tool leaks.",
            "The hash seen in the incident differs from the pinned one.",
        ),
    ),
    "agents.lab-sandbox": Example(
        accepted={
            "before.xml": box_report("open", "none", "passed", "failed"),
            "after.xml": box_report("boxed", "docker", "passed", "passed"),
            "box.json": as_json(BOX),
        },
        # The container never started: every refusing test passes, and so does nothing else.
        refused={
            "before.xml": box_report("open", "none", "passed", "failed"),
            "after.xml": box_report("boxed", "docker", "failed", "passed"),
            "box.json": as_json(BOX | {"network": "bridge", "not_covered": ""}),
        },
        because=(
            "With the sandbox every test passes.",
            "The two harmless tests pass with the sandbox.",
            "Image, command, limits and flags are recorded, and the network is none.",
            "What the sandbox does not protect from is written down.",
        ),
    ),
    "agents.lab-memory": Example(
        accepted={
            "memory_runs.jsonl": as_jsonl(memory_rows("before", 60, 20) + memory_rows("after", 0, 20)),
            "memory_summary.json": as_json(memory_summary()),
        },
        # The control forgets everything, harmless entries too, and the adaptive hits are not counted.
        refused={
            "memory_runs.jsonl": as_jsonl(memory_rows("before", 60, 20) + memory_rows("after", 0, 0)),
            "memory_summary.json": as_json(
                memory_summary(
                    benign_after={"n": 20, "useful": 0, "rate": 0.0, "low": 0.0, "high": 0.161},
                    adaptive_after={"n": 20, "hits": 0, "rate": 0.0, "low": 0.0, "high": 0.161},
                )
            ),
        },
        because=(
            "Harmless use falls by 0.1 at most.",
            "The adaptive rate agrees with the rows.",
        ),
    ),
}
