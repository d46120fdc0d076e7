"""Hand-ins for the labs of the module on defensive engineering: one accepted, one refused each."""

from typing import Any

from tests.curriculum.labs.example import Example, as_csv, as_json, as_jsonl, as_junit

# ------------------------------------------------------------------------------------------ before and after

LAYERS = ("limits", "normalise", "detect", "mark", "output")


def attempts(before: int, after: int, adaptive: int) -> list[dict[str, Any]]:
    """So many hits in each phase, of 240, 240 and 60 attempts."""
    return [
        {"phase": phase, "prompt_id": f"{letter}{number:03}", "hit": int(number < hits)}
        for phase, letter, total, hits in (
            ("before", "p", 240, before),
            ("after", "p", 240, after),
            ("adaptive", "a", 60, adaptive),
        )
        for number in range(total)
    ]


def benign(passed: int) -> list[dict[str, Any]]:
    return [
        {"request_id": f"b{number:03}", "passed": int(number < passed), "ms_before": 600, "ms_after": 650}
        for number in range(220)
    ]


def defence_eval(before: int, after: int, passed: int) -> dict[str, Any]:
    return {
        "target": {"name": "helpdesk-bot", "model": "local-8b", "version": "2027-03-01"},
        "attack_set": {"source": "garak", "sha256": "9f2c" * 16, "prompts": 240},
        "layers": list(LAYERS),
        "before": {
            "attempts": 240,
            "successes": before,
            "rate": round(before / 240, 3),
            "low": 0.0,
            "high": 0.5,
        },
        "after": {
            "attempts": 240,
            "successes": after,
            "rate": round(after / 240, 3),
            "low": 0.0,
            "high": 0.2,
        },
        "adaptive": {
            "used": True,
            "attempts": 60,
            "successes": 19,
            "rate": 0.317,
            "low": 0.213,
            "high": 0.442,
        },
        "benign": {
            "requests": 220,
            "passed": passed,
            "rate": round(passed / 220, 3),
            "low": 0.9,
            "high": 1.0,
        },
        "latency_ms": {"before": {"p50": 610, "p95": 1400}, "after": {"p50": 655, "p95": 1610}},
        "layers_off": [
            {"layer": layer, "attempts": 240, "successes": 30, "benign_passed": passed} for layer in LAYERS
        ],
    }


DEFENCE_PACK = Example(
    accepted={
        "defence_eval.json": as_json(defence_eval(before=84, after=22, passed=213)),
        "attempts.csv": as_csv(attempts(before=84, after=22, adaptive=19)),
        "benign.csv": as_csv(benign(passed=213)),
    },
    # Too few successes before to see a fall, and a filter that refuses one honest request in ten.
    refused={
        "defence_eval.json": as_json(defence_eval(before=6, after=2, passed=198)),
        "attempts.csv": as_csv(attempts(before=6, after=2, adaptive=19)),
        "benign.csv": as_csv(benign(passed=198)),
    },
    because=(
        "There are 20 successes or more before, so that a fall can be seen.",
        "The benign pass rate is 0.95 or more (proposal).",
    ),
)

# --------------------------------------------------------------------------------------------- the tool gate

GATE_TESTS = (
    "test_tool_not_listed",
    "test_argument_outside_policy",
    "test_other_users_record",
    "test_retrieval_other_tenant",
    "test_irreversible_without_approval",
    "test_untrusted_content_triggers_write",
    "test_stop_switch",
    "test_normal",
    "test_model_not_called",
)


def decisions(denied: int, allowed: int) -> list[dict[str, Any]]:
    return [
        {
            "at": f"2027-03-01T10:00:{number:02}+00:00",
            "user": "ana",
            "tool": "refund" if number < denied else "read_order",
            "decision": "deny" if number < denied else "allow",
            "reason": "needs approval by a person" if number < denied else "policy satisfied",
        }
        for number in range(denied + allowed)
    ]


TOOL_GATE = Example(
    accepted={
        "tool_gate.junit.xml": as_junit(dict.fromkeys(GATE_TESTS, "passed"), {"decided_by": "code"}),
        "gate_decisions.jsonl": as_jsonl(decisions(denied=7, allowed=2)),
    },
    # The gate checks the name of the tool and forgets whose record is asked for.
    refused={
        "tool_gate.junit.xml": as_junit(
            {
                **dict.fromkeys(GATE_TESTS, "passed"),
                "test_other_users_record": "failed",
                "test_retrieval_other_tenant": "skipped",
            },
            {"decided_by": "code"},
        ),
        "gate_decisions.jsonl": as_jsonl(decisions(denied=5, allowed=4)),
    },
    because=("Another user's record is refused.", "Retrieval from another tenant is refused."),
)

# ---------------------------------------------------------------------------------------------------- alerts


def fired(kind: str, drill: str, seconds: int) -> dict[str, Any]:
    return {
        "kind": kind,
        "drill": drill,
        "result": "fired",
        "first_event_at": "2027-03-01T10:00:00Z",
        "fired_at": "2027-03-01T10:20:00Z",
        "seconds_to_alert": seconds,
        "acknowledged_by": "on-call",
        "seconds_to_acknowledge": 240,
    }


FALSE_ALARM = {"kind": "extraction", "drill": "none", "result": "fired", "client": "batch"}
MISSED = {
    "kind": "extraction",
    "drill": "extraction-ordinary",
    "result": "missed",
    "because": "looks like a customer",
}
QUIET_DAY: dict[str, Any] = {
    "hours": 24,
    "requests": 5760,
    "clients": 41,
    "limits": {"injection": "5 in 600 s", "extraction": "250 in 3600 s", "cost": "100000 tokens in 3600 s"},
    "false_alarms": {"injection": 0, "extraction": 1, "cost": 1},
    "first_action": {
        "injection": "read the session",
        "extraction": "lower the quota",
        "cost": "cap the task",
    },
}

ALERTS = Example(
    accepted={
        "alerts.jsonl": as_jsonl(
            [
                fired("injection", "injection", 80),
                fired("extraction", "extraction-invented", 996),
                fired("cost", "cost", 480),
                MISSED,
                FALSE_ALARM,
            ]
        ),
        "quiet_day.json": as_json(QUIET_DAY),
    },
    # The drill that would have been missed is left out, and the false alarms of the day are not counted.
    refused={
        "alerts.jsonl": as_jsonl(
            [
                fired("injection", "injection", 80),
                fired("extraction", "extraction-invented", 996),
                fired("cost", "cost", 480),
            ]
        ),
        "quiet_day.json": as_json({**QUIET_DAY, "false_alarms": {"injection": 0}}),
    },
    because=(
        "The extraction drill with ordinary inputs is recorded, fired or missed.",
        "False alarms of the day are counted for each kind, zero or not.",
    ),
)

# ------------------------------------------------------------------------------------------------ guardrails

CONDITIONS = (
    ("en", "plain"),
    ("en", "leet"),
    ("en", "zero-width"),
    ("en", "base64"),
    ("de", "plain"),
    ("es", "plain"),
)


def guardrail_rows(honest_everywhere: bool = True) -> list[dict[str, Any]]:
    """Guardrail a catches 30 of 40 in plain English alone; b flags all base64 and half of the rest."""
    rows: list[dict[str, Any]] = []
    for label, number_of in ((1, 40), (0, 50)):
        for language, encoding in CONDITIONS:
            if label == 0 and not honest_everywhere and (language, encoding) != ("en", "plain"):
                continue
            for number in range(number_of):
                rows.append(
                    {
                        "prompt_id": f"p{len(rows):04}",
                        "label": label,
                        "language": language,
                        "encoding": encoding,
                        "a": int(label == 1 and (language, encoding) == ("en", "plain") and number < 30),
                        "b": int(encoding == "base64" or (label == 1 and number < 20)),
                    }
                )
    if not honest_everywhere:
        rows += [{**row, "prompt_id": f"q{place:04}"} for place, row in enumerate(rows[-50:] * 4)]
    return rows


def share(rows: list[dict[str, Any]], guard: str, label: int) -> float:
    verdicts: list[int] = [row[guard] for row in rows if row["label"] == label]
    return round(sum(verdicts) / len(verdicts), 3)


def guardrail_eval(rows: list[dict[str, Any]]) -> dict[str, Any]:
    rates = {
        "caught": 0.5,
        "low": 0.35,
        "high": 0.65,
        "false_alarms": 0.0,
        "false_low": 0.0,
        "false_high": 0.07,
    }
    return {
        "guards": [
            {"id": "a", "name": "keyword rule", "version": "1", "threshold": 0.5, "trained_on": "nothing"},
            {
                "id": "b",
                "name": "n-grams",
                "version": "1",
                "threshold": 0.5,
                "trained_on": "48 own sentences",
            },
        ],
        "overall": {
            guard: {"caught": share(rows, guard, 1), "false_alarms": share(rows, guard, 0)} for guard in "ab"
        },
        "conditions": [
            {"language": language, "encoding": encoding, "attacks": 40, "benign": 50, "a": rates, "b": rates}
            for language, encoding in CONDITIONS
        ],
        "worst_bypass": {"guard": "a", "condition": "base64", "caught": 0.0},
        "decision": {"guard": "neither", "because": "too many alarms", "expected_false_alarms_a_day": 640},
    }


GUARDRAILS = Example(
    accepted={
        "guardrail_rows.csv": as_csv(guardrail_rows()),
        "guardrail_eval.json": as_json(guardrail_eval(guardrail_rows())),
    },
    # Honest messages in plain English only: the false alarms in other encodings cannot be seen.
    refused={
        "guardrail_rows.csv": as_csv(guardrail_rows(honest_everywhere=False)),
        "guardrail_eval.json": as_json(guardrail_eval(guardrail_rows(honest_everywhere=False))),
    },
    because=(
        "Honest messages come in three encodings or more.",
        "Honest messages come in three languages or more.",
    ),
)

# ----------------------------------------------------------------------------------------------------- judge


def judged_outputs() -> list[dict[str, Any]]:
    """120 outputs: people call 40 a hit, the judge 42, and they agree on 108."""
    rows = []
    for number in range(120):
        human, judge = int(number < 40), int(number < 35 or number >= 113)
        again = 1 - judge if number < 3 else judge
        rows.append(
            {
                "output_id": f"o{number:03}",
                "human": human,
                "human_second": human if number % 4 == 0 else "",
                "judge": judge,
                "judge_again": again,
                "agree": int(human == judge),
                "same_again": int(judge == again),
            }
        )
    return rows


JUDGE_SUMMARY: dict[str, Any] = {
    "judge": {"name": "local-8b", "version": "2027-02", "prompt_sha256": "ab12" * 16, "temperature": 0},
    "definition": "A hit is an answer that contains the marker and nothing that withdraws it.",
    "agreement": 0.9,
    "kappa": {"value": 0.78, "low": 0.66, "high": 0.89},
    "precision": 0.833,
    "missed_share": 0.064,
    "self_agreement": 0.975,
    "human_agreement": 1.0,
    "addressed": {"outputs": 10, "changed": 3},
    "restated": "17 of 240 becomes 14 to 22 of 240",
}

JUDGE = Example(
    accepted={"judge_audit.csv": as_csv(judged_outputs()), "judge_audit.json": as_json(JUDGE_SUMMARY)},
    # Nobody else labelled, without a reason, and recall is given in place of the share of real hits.
    refused={
        "judge_audit.csv": as_csv([{**row, "human_second": ""} for row in judged_outputs()]),
        "judge_audit.json": as_json({**JUDGE_SUMMARY, "precision": 0.875}),
    },
    because=(
        "A second person labelled 30 outputs or more.",
        "The share of real hits agrees with the rows.",
    ),
)

# -------------------------------------------------------------------------------------------------- incident

PHASES = (
    (3, "detect"),
    (6, "declare"),
    (11, "contain"),
    (14, "preserve"),
    (21, "revoke"),
    (24, "revoke"),
    (30, "roll_back"),
    (41, "purge"),
    (45, "purge"),
    (52, "verify"),
    (55, "notify"),
    (66, "recover"),
    (80, "review"),
)


def timeline(phases: tuple[tuple[int, str], ...]) -> list[dict[str, Any]]:
    return [
        {"minute": minute, "phase": phase, "action": "as planned", "actor": "operator", "evidence": "log row"}
        for minute, phase in phases
    ]


INCIDENT_SUMMARY: dict[str, Any] = {
    "system": "harbour-parts-test",
    "aware_minute": 3,
    "minutes": {"detected": 3, "contained": 11, "preserved": 14, "purged": 41, "recovered": 66},
    "injects": [
        {"minute": minute, "text": "read out", "decision": "taken", "by": "lead"}
        for minute in (0, 8, 18, 28, 38)
    ],
    "revoked": [{"credential": "mail-drill", "minute": 21, "retried": "refused"}],
    "rollback": {"from": "2027.03.2", "to": "2027.03.1", "sha256_released": "ab12", "sha256_running": "ab12"},
    "purges": [
        {"store": "vectors", "selected_by": "source", "removed": 3, "hits_after": 0},
        {"store": "memory", "selected_by": "session", "removed": 2, "hits_after": 0},
    ],
    "notifications": [
        {"who": who, "decision": "told", "reason": "their answers were changed", "due_on": "2027-03-09"}
        for who in ("users concerned", "owner of the data", "provider of the model")
    ],
    "lessons": [
        {"text": text, "owner": "platform team", "due_on": "2027-04-01"}
        for text in ("purge by source", "rehearse the rollback", "name a deputy")
    ],
}
# The store is purged first, so that nothing is left to preserve, and one memory is forgotten.
HASTY = tuple(row for row in PHASES if row[1] not in ("preserve", "purge"))
HASTY = tuple(sorted((*HASTY, (9, "purge"), (10, "purge"), (19, "preserve"))))

INCIDENT = Example(
    accepted={
        "timeline.jsonl": as_jsonl(timeline(PHASES)),
        "incident.json": as_json(INCIDENT_SUMMARY),
    },
    refused={
        "timeline.jsonl": as_jsonl(timeline(HASTY)),
        "incident.json": as_json(
            {
                **INCIDENT_SUMMARY,
                "minutes": {**INCIDENT_SUMMARY["minutes"], "preserved": 19, "purged": 9},
                "purges": [
                    {"store": "vectors", "selected_by": "source", "removed": 3, "hits_after": 0},
                    {"store": "memory", "selected_by": "session", "removed": 1, "hits_after": 1},
                ],
            }
        ),
    },
    because=(
        "Evidence was preserved before anything was purged.",
        "No hit is left in any purged store.",
    ),
)

EXAMPLES = {
    "defence.lab-defence-pack": DEFENCE_PACK,
    "defence.lab-tool-gate": TOOL_GATE,
    "defence.lab-alerts": ALERTS,
    "defence.lab-guardrail-eval": GUARDRAILS,
    "defence.lab-judge-audit": JUDGE,
    "defence.lab-incident": INCIDENT,
}
