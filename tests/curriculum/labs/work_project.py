"""Hand-ins for the labs of the work project: one accepted, one refused each."""

from copy import deepcopy
from typing import Any

from tests.curriculum.labs.example import Example, as_json, as_junit, as_markdown, as_yaml

AUTHORISATION: dict[str, Any] = {
    "system": "Ticket assistant, staging copy, release 4.2",
    "path": "employer",
    "tester": "R. Tester",
    "approver": {"name": "O. Owner", "role": "Head of customer service", "approved_on": "2026-03-02"},
    "countersigned_by": {"name": "S. Second", "role": "Security operations"},
    "signed_original_sha256": "5d" * 32,
    "scope": {
        "in": ["Web chat of the staging copy", "Retrieval index with synthetic tickets"],
        "out": ["Production, and every account of a real customer"],
    },
    "window": {"from": "2026-03-09", "to": "2026-03-20"},
    "first_test_on": "2026-03-09",
    "data_rules": "Synthetic accounts only; transcripts are deleted after 90 days.",
    "stop_rule": "Stop at any real personal data, at 5 % errors for five minutes, at 50 euro.",
    "stop_contact": "Duty phone of operations",
    "reporting": {"to": "O. Owner", "channel": "encrypted share", "readers": ["O. Owner", "S. Second"]},
    "third_parties": [
        {
            "party": "Model provider",
            "terms_read_on": "2026-03-01",
            "position": "Own application only",
        }
    ],
}


def signed_too_late() -> dict[str, Any]:
    """Approved a week after the tests began, with nothing out of scope."""
    late = deepcopy(AUTHORISATION)
    late["approver"]["approved_on"] = "2026-03-16"
    late["scope"]["out"] = []
    return late


def finding(number: int, test: str, hits: int, attempts: int) -> dict[str, Any]:
    return {
        "id": f"F-{number:02}",
        "title": f"Weakness {number} of the ticket assistant",
        "test": test,
        "component": "prompt assembly",
        "atlas": "AML.T0056",
        "owasp": "LLM08:2026",
        "random": test == "language-model",
        "n_hits": hits,
        "n_attempts": attempts,
        "interval": {"low": 0.22, "high": 0.5},
        "impact": "Shows internal routing rules to any visitor",
        "severity": "medium",
        "severity_reason": "It shortens every further attack",
        "cause": "Rules stand in the same text as user input",
        "fix": "Move routing rules out of the prompt",
        "owner": "A. Engineer",
        "decision": "fix",
        "decided_by": "O. Owner",
        "retest_on": "2026-04-10",
    }


FINDINGS: dict[str, Any] = {
    "releases": {"atlas": "5.6.0", "owasp_llm": "2026"},
    "window": {"from": "2026-03-09", "to": "2026-03-20"},
    "tests": [
        {
            "kind": kind,
            "tool": tool,
            "version": version,
            "authorised_on": "2026-03-02",
            "ran_on": f"2026-03-{day}",
            "attempts": attempts,
            "evidence": f"raw/{kind}/run.jsonl",
            "sha256": "5d" * 32,
        }
        for kind, tool, version, day, attempts in (
            ("language-model", "garak", "0.17.1", 10, 935),
            ("poisoning", "own harness", "1.0", 12, 60),
            ("supply-chain", "modelscan", "0.8.8", 13, 4),
        )
    ],
    "findings": [
        finding(1, "language-model", 14, 40),
        finding(2, "language-model", 9, 40),
        finding(3, "poisoning", 6, 20),
        finding(4, "supply-chain", 2, 4),
        {**finding(5, "supply-chain", 1, 1), "atlas": "none", "owasp": "none", "decision": "accept"},
    ],
    "fewer_because": "",
}

REPORT = "\n\n".join(
    f"## {heading}\n\n" + "The staging copy was tested inside the window that was agreed. " * 14
    for heading in ("Scope", "Method", "Findings", "Not tested", "Limits")
)

SUMMARY = "# Summary\n\n" + "A visitor can make the assistant tell its instructions. " * 25


def without_counts() -> dict[str, Any]:
    """Two kinds of test only, and a finding with more hits than attempts."""
    thin = deepcopy(FINDINGS)
    thin["tests"] = thin["tests"][:2]
    thin["findings"] = thin["findings"][:3]
    thin["findings"][2]["n_hits"] = 25
    return thin


def fixed(number: int, hits_after: int) -> dict[str, Any]:
    before = {"on": "2026-03-10", "version": "4.2", "set_sha256": "5d" * 32, "n_hits": 14, "n_attempts": 40}
    return {
        "id": f"F-{number:02}",
        "fix": "Routing rules moved out of the prompt",
        "fixed_by": "A. Engineer",
        "regression_test": f"test_f_{number:02}_stays_fixed",
        "before": before,
        "after": {**before, "on": "2026-04-10", "version": "4.3", "n_hits": hits_after},
        "held_back": {"n_hits": 1, "n_attempts": 10},
    }


RETEST: dict[str, Any] = {
    "system": "Ticket assistant, staging copy",
    "tester": "R. Tester",
    "pipeline": {"where": "https://ci.example.org/ticket-assistant/1412", "ran_on": "2026-04-10"},
    "findings": [fixed(1, 2), fixed(2, 0)],
    "benign": {"before": {"passed": 58, "requests": 60}, "after": {"passed": 58, "requests": 60}},
    "accepted": [
        {
            "id": "F-05",
            "residual_risk": "A patient visitor can still learn which queue a ticket goes to",
            "accepted_by": "O. Owner",
            "accepted_on": "2026-04-12",
            "review_on": "2026-10-12",
        }
    ],
    "nothing_accepted_because": "",
}


def easier_retest() -> dict[str, Any]:
    """The second retest used another, shorter set, and the fix costs honest users five answers."""
    easy = deepcopy(RETEST)
    easy["findings"][1]["after"].update(set_sha256="6e" * 32, n_attempts=10)
    easy["benign"]["after"]["passed"] = 53
    return easy


EXAMPLES = {
    "work-project.lab-authorisation": Example(
        accepted={"authorisation.yaml": as_yaml(AUTHORISATION)},
        refused={"authorisation.yaml": as_yaml(signed_too_late())},
        because=(
            "At least one thing is out of scope.",
            "The approval is dated before the day of the first test.",
        ),
    ),
    "work-project.lab-assessment": Example(
        accepted={
            "findings.yaml": as_yaml(FINDINGS),
            "report.md": as_markdown(REPORT),
            "summary.md": as_markdown(SUMMARY),
        },
        refused={
            "findings.yaml": as_yaml(without_counts()),
            "report.md": as_markdown(REPORT.replace("## Limits", "## Conclusion")),
            "summary.md": as_markdown(SUMMARY * 3),
        },
        because=(
            "Three or more kinds of test have run.",
            "Raw evidence lies in three or more files of its own.",
            "There are five findings or more.",
            "Each finding says n of N, and n is not above N.",
            "The report has the headings Scope, Method, Findings, Not tested and Limits.",
            "The summary has 450 words or fewer, about one page.",
        ),
    ),
    "work-project.lab-fix-and-retest": Example(
        accepted={
            "retest.json": as_json(RETEST),
            "ci.junit.xml": as_junit(
                {
                    "test_f_01_stays_fixed": "passed",
                    "test_f_02_stays_fixed": "passed",
                    "test_benign_requests_pass": "passed",
                }
            ),
        },
        refused={
            "retest.json": as_json(easier_retest()),
            "ci.junit.xml": as_junit(
                {"test_f_01_stays_fixed": "passed", "test_benign_requests_pass": "failed"}
            ),
        },
        because=(
            "Before and after used the same attack set.",
            "The retest has as many attempts as the first test, or more.",
            "Benign use keeps 98 of 100 passes or more (proposal).",
            "Every regression test named stands in the pipeline's result.",
            "Every test in the pipeline's result passed.",
        ),
    ),
}
