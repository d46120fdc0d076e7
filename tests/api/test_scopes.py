"""What each scope may: a row for every operation that the document names."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.programs import Program, make_program, problem_in
from tests.evidence.factories import make_upload
from tests.fixtures.cast import make_session
from tracker.api.description import document
from tracker.people.models import User

SCOPES = ("read", "log", "all")
KEY = "mindset.rate-six-skills"

# What comes back for read, log and all in this order. Session and report were sent by none of them.
TABLE = {
    "me": "200 200 200",
    "list_sessions": "200 403 200",
    "log_session": "403 201 201",
    "read_session_line": "403 200 200",
    "read_session": "200 403 200",
    "correct_session": "403 403 200",
    "delete_session": "403 403 204",
    "restore_session": "403 403 200",
    "read_timer": "200 200 200",
    "start_timer": "403 201 409",
    "pause_timer": "403 404 404",
    "resume_timer": "403 404 404",
    "stop_timer": "403 404 404",
    "log_timer": "403 404 404",
    "discard_timer": "403 204 204",
    "read_plan": "200 403 200",
    "list_weeks": "200 403 200",
    "read_this_week": "200 200 200",
    "list_activities": "200 200 200",
    "list_next": "200 200 200",
    "mark_activity": "403 403 200",
    "unmark_activity": "403 403 204",
    "list_milestones": "200 403 200",
    "read_map": "200 403 200",
    "list_reports": "200 403 200",
    "send_report": "403 202 202",
    "read_report": "200 403 200",
}
BODIES: dict[str, Any] = {
    "log_session": {"minutes": 45},
    "read_session_line": {"line": "45m mindset"},
    "correct_session": {"minutes": 50},
    "mark_activity": {"kind": "done"},
    "send_report": {"tool": "a report is sent as what it is"},
}


def operations() -> Iterator[tuple[str, str, str, str]]:
    """Every operation of the document: its name, method, path, and the scope that it says."""
    for path, methods in document()["paths"].items():
        for method, operation in methods.items():
            yield operation["operationId"], method.upper(), path, operation["x-scope"]


def test_every_operation_has_a_row_and_every_row_an_operation() -> None:
    assert {name for name, *_ in operations()} == set(TABLE)


@pytest.mark.parametrize(("name", "method", "path", "says"), list(operations()))
def test_scopes_may_what_the_table_says(learner: User, name: str, method: str, path: str, says: str) -> None:
    session = make_session(learner)
    address = path.removeprefix("/api/v1").format(
        session_id=session.pk,
        key=KEY,
        framework="mitre-atlas",
        edition="5.6.0",
        report_id=make_upload(learner).pk,
    )
    wanted = dict(zip(SCOPES, map(int, TABLE[name].split()), strict=True))
    for scope in SCOPES:
        answer = make_program(learner, scope).ask(method, address, BODIES.get(name))
        assert answer.status_code == wanted[scope], (scope, answer.content)
        if wanted[scope] == 403:
            assert problem_in(answer, 403)["type"] == "/api/v1/problems/scope"
    # What the document says is what is so.
    allowed = {"any": set(SCOPES), "read": {"read", "all"}, "log": {"log", "all"}, "all": {"all"}}[says]
    refused = {scope for scope in SCOPES if wanted[scope] == 403}
    own = {"log"} if name in {"delete_session", "restore_session", "read_report"} else set()
    assert refused - own == set(SCOPES) - allowed


def test_a_refused_scope_says_which_it_takes(logger: Program) -> None:
    problem = problem_in(logger.get("/plan"), 403)
    assert problem["detail"] == "This needs a token of scope 'read'; yours is 'log'."


def test_a_logging_program_sees_no_note_and_no_hours_of_activities(logger: Program, learner: User) -> None:
    make_session(learner, note="private words", activity_key=KEY, module_key="mindset")
    for path in ("/me", "/timer", "/weeks/this", "/activities", "/next"):
        assert "private" not in logger.get(path).content.decode(), path
    for path in ("/activities", "/next"):
        assert {item["logged_minutes"] for item in logger.get(path).json()["items"]} == {None}
        seen = {item["logged_minutes"] for item in make_program(learner, "read").get(path).json()["items"]}
        assert None not in seen
