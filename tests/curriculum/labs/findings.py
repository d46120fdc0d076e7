"""Hand-ins for the labs of the module on findings: one accepted, one refused each."""

from typing import Any

from tests.curriculum.labs.example import Example, as_csv, as_junit, as_yaml

# id, 2026 entry, technique, hits, attempts, interval
MEASURED = (
    ("f-tool-without-owner-check", "LLM03:2026", "AML.T0053", 12, 40, (0.181, 0.454)),
    ("f-upload-reaches-prompt", "LLM01:2026", "AML.T0051.001", 18, 40, (0.307, 0.602)),
    ("f-code-in-prompt", "LLM08:2026", "AML.T0056", 20, 20, (0.839, 1.0)),
    ("f-image-in-answer", "LLM10:2026", "AML.T0077", 3, 20, (0.052, 0.36)),
    ("f-no-budget", "LLM06:2026", "AML.T0034", 20, 20, (0.839, 1.0)),
)


def finding(
    key: str, owasp: str, atlas: str, hits: int, attempts: int, interval: tuple[float, float]
) -> dict[str, Any]:
    """One finding with everything a reader needs to check and close it."""
    return {
        "id": key,
        "title": f"What happens at {key[2:]}",
        "component": "support bot",
        "owasp": owasp,
        "atlas": atlas,
        "steps": ["Log in as customer A.", "Send payload p-12.", "Read the tool log."],
        "success_check": "A row in the tool log with an order of customer B.",
        "n_hits": hits,
        "n_attempts": attempts,
        "rate": hits / attempts,
        "interval_low": interval[0],
        "interval_high": interval[1],
        "impact": "Customer A is paid for an order of customer B.",
        "likelihood": "Any customer can do it from the chat.",
        "severity": {"level": "high", "method": "own scale", "reason": "Money moves without a check."},
        "root_cause": f"Nothing outside the model checks {key[2:]}.",
        "fix": "The check moves into the component.",
        "requirement": "none",
        "owner": "lead of the payments service",
        "retest_on": "2026-12-01",
    }


def report() -> dict[str, Any]:
    """Five findings on a fictitious bot, one of them with a vector."""
    findings = [finding(*row) for row in MEASURED]
    findings[0]["severity"] = {
        "level": "high",
        "method": "CVSS v4.0",
        "vector": "CVSS:4.0/AV:N/AC:L/AT:N/PR:L/UI:N/VC:N/VI:H/VA:N/SC:N/SI:N/SA:N",
        "reason": "Integrity of payments is lost for any customer.",
    }
    return {
        "report": {
            "system": "Support bot of a fictitious shop",
            "version": "bot 1.4",
            "tested_from": "2026-11-09",
            "tested_to": "2026-11-13",
            "atlas_release": "5.6.0",
            "authorised_by": "product owner of the support bot",
            "not_tested": "Voice channel.",
        },
        "findings": findings,
    }


def attempts() -> list[dict[str, object]]:
    """The rows behind the counts of the report."""
    return [
        {"finding": key, "attempt": number + 1, "hit": int(number < hits)}
        for key, _, _, hits, tried, _ in MEASURED
        for number in range(tried)
    ]


def told_from_memory() -> dict[str, Any]:
    """The usual slips: a rounded count, no interval, an id without a year, no owner, no vector."""
    slipped = report()
    findings = slipped["findings"]
    findings[1]["n_hits"] = 20
    findings[1]["interval_low"] = findings[1]["interval_high"] = findings[1]["rate"]
    findings[2]["owasp"] = "LLM07"
    findings[3]["owner"] = ""
    findings[0]["severity"]["method"] = "own scale"
    return slipped


WAYS = ("direct", "base64", "role", "french", "json", "summary", "table", "poem", "debug", "repeat")
BYPASSES = [f"test_bypass[f-prompt-leak-{way}]" for way in WAYS]
BENIGN = ["test_benign[hours]", "test_benign[refund-rules]", "test_benign[order-status]"]


def pack() -> dict[str, Any]:
    """Ten bypasses and three benign requests with the runs that were chosen."""
    return {
        "before_version": "bot 1.4",
        "after_version": "bot 1.5",
        "runs_per_test": 14,
        "threshold": 0.0,
        "benign_share": 0.8,
        "why_this_many": "One in five is the rate we refuse to ship.",
        "bypasses": [{"test": test, "finding": "f-prompt-leak"} for test in BYPASSES],
        "benign": BENIGN,
    }


def pipeline() -> dict[str, Any]:
    """A pipeline that runs the pack on changes and every night."""
    return {
        "on": {"pull_request": {}, "schedule": [{"cron": "0 3 * * *"}]},
        "jobs": {"regression": {"steps": [{"run": "python -m pytest test_pack.py"}]}},
    }


def outcomes(bypasses: str, benign: str = "passed") -> dict[str, str]:
    """What came of every test."""
    return {**dict.fromkeys(BYPASSES, bypasses), **dict.fromkeys(BENIGN, benign)}


EXAMPLES = {
    "findings.lab-assessment-report": Example(
        accepted={"findings.yaml": as_yaml(report()), "attempts.csv": as_csv(attempts())},
        refused={"findings.yaml": as_yaml(told_from_memory()), "attempts.csv": as_csv(attempts())},
        because=(
            "Every finding has an owner and the day of its retest.",
            "Every OWASP id is one of the 2026 list, with its year.",
            "Every rate lies inside its interval, between 0 and 1.",
            "The hits of the report are those of the rows.",
            "One or more findings carry a CVSS v4.0 or AIVSS vector, or the report says why none does.",
        ),
    ),
    "findings.lab-regression-pack": Example(
        accepted={
            "pack.yaml": as_yaml(pack()),
            "before.junit.xml": as_junit(outcomes("failed"), suite="pytest"),
            "after.junit.xml": as_junit(outcomes("passed"), suite="pytest"),
            "ci.yaml": as_yaml(pipeline()),
        },
        # The old bot was not reachable, one run counts as a rate, and the new bot refuses everybody.
        refused={
            "pack.yaml": as_yaml({**pack(), "runs_per_test": 1}),
            "before.junit.xml": as_junit(outcomes("error"), suite="pytest"),
            "after.junit.xml": as_junit(outcomes("passed", benign="failed"), suite="pytest"),
            "ci.yaml": as_yaml(pipeline()),
        },
        because=(
            "Every test runs three times or more.",
            "Every bypass failed on the version before (a failure, not an error).",
            "Every benign request passed on the version after.",
            "After the fix no test failed, broke or was skipped.",
        ),
    ),
}
