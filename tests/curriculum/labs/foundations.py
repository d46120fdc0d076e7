"""Hand-ins for the lab of the module on foundations: one accepted, one refused."""

from tests.curriculum.labs.example import Example, as_jsonl, as_junit

CONTROL = "test_benign_control"
FLAWS = (
    "test_missing_authorisation",
    "test_missing_limits",
    "test_path_traversal",
    "test_server_side_request_forgery",
    "test_unsafe_deserialisation",
    "test_talkative_errors",
)
BEFORE = as_junit({CONTROL: "passed", **dict.fromkeys(FLAWS, "passed")}, properties={"commit": "4f1c2aa"})
AFTER = as_junit({CONTROL: "passed", **dict.fromkeys(FLAWS, "failed")}, properties={"commit": "b07d913"})


def audit_rows(count: int) -> list[dict[str, str]]:
    """Rows of an audit log in which every fifth request is refused."""
    return [
        {
            "ts": f"2026-03-02T09:{minute:02}:07+00:00",
            "actor": "ana" if minute % 2 else "ben",
            "action": "read",
            "resource": f"job:{minute}",
            "decision": "deny" if minute % 5 == 0 else "allow",
            "request_id": f"request-{minute:04}",
        }
        for minute in range(count)
    ]


# The service was simply switched off: every exploit fails, and so does the control, and two tests broke
# in their fixture. The run was made without a commit in between.
SWITCHED_OFF = as_junit(
    {
        CONTROL: "failed",
        **dict.fromkeys(FLAWS, "failed"),
        "test_path_traversal": "error",
        "test_talkative_errors": "error",
    },
    properties={"commit": "4f1c2aa"},
)

EXAMPLES = {
    "foundations.lab-weak-api": Example(
        accepted={
            "before.junit.xml": BEFORE,
            "after.junit.xml": AFTER,
            "audit.jsonl": as_jsonl(audit_rows(60)),
        },
        refused={
            "before.junit.xml": BEFORE,
            "after.junit.xml": SWITCHED_OFF,
            "audit.jsonl": as_jsonl([row for row in audit_rows(60) if row["decision"] == "allow"]),
        },
        because=(
            "Every exploit test fails after the fix; an error does not count as a failure.",
            "The benign control passes after the fix.",
            "The two runs were made at two different commits.",
            "The audit log has 50 rows or more.",
            "The log shows allowed and refused requests.",
            "There are 50 different request ids or more.",
        ),
    ),
}
