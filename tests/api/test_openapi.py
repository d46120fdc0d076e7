"""The OpenAPI document against the running application: what it says is what comes."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, settings
from schemathesis.checks import positive_data_acceptance
from schemathesis.core.result import Ok

from tests.api.programs import Program
from tests.evidence.factories import make_run
from tests.fixtures.cast import NOW, make_session
from tracker.api.description import document
from tracker.journal import actions
from tracker.people.models import User
from tracker.wsgi import application

# A file is bytes, whatever it is called.
schemathesis.serializer.alias(["application/gzip", "application/x-ndjson"], "application/octet-stream")
schema = schemathesis.openapi.from_dict(copy.deepcopy(document()))
schema.app = application
schema.location = "/api/v1/openapi.json"


@pytest.fixture(autouse=True)
def one_connection() -> Iterator[None]:
    """The test's transaction lasts over its requests, as Django's own test client sees to."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@schema.parametrize()
@settings(max_examples=10, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
def test_what_comes_is_what_the_document_says(case: Any, program: Program, unlimited: None) -> None:
    case.call_and_validate(
        headers={"Authorization": f"Bearer {program.token}"}, excluded_checks=[positive_data_acceptance]
    )


# What a generated request hardly ever hits: things that are there. `{id}` is a session's.
ACTIVITY = "mindset.rate-six-skills"
GOOD: dict[tuple[str, str], dict[str, Any]] = {
    ("GET", "/me"): {},
    ("GET", "/sessions"): {"query": {"limit": 1, "from": "2026-01-01", "module": "mindset"}},
    ("POST", "/sessions"): {"body": {"minutes": 45, "activity": ACTIVITY, "note": "Six.", "confidence": 3}},
    ("POST", "/sessions/read"): {"body": {"line": "45m garak"}},
    ("GET", "/sessions/{session_id}"): {"path": "session_id"},
    ("PATCH", "/sessions/{session_id}"): {"path": "session_id", "body": {"confidence": None}},
    ("DELETE", "/sessions/{session_id}"): {"path": "session_id"},
    ("POST", "/sessions/{session_id}/restore"): {"path": "session_id"},
    ("GET", "/timer"): {"timer": True},
    ("POST", "/timer/start"): {"body": {"activity": ACTIVITY}},
    ("POST", "/timer/pause"): {"timer": True},
    ("POST", "/timer/resume"): {"timer": True},
    ("POST", "/timer/stop"): {"timer": True},
    ("POST", "/timer/log"): {"timer": True, "body": {"minutes": 5}},
    ("DELETE", "/timer"): {"timer": True},
    ("GET", "/plan"): {},
    ("GET", "/weeks"): {"query": {"weeks": 3}},
    ("GET", "/weeks/this"): {},
    ("GET", "/activities"): {"query": {"module": "mindset", "state": "part"}},
    ("GET", "/next"): {},
    ("PUT", "/activities/{key}/mark"): {"path": "key", "body": {"kind": "done"}},
    ("DELETE", "/activities/{key}/mark"): {"path": "key"},
    ("GET", "/milestones"): {},
    ("GET", "/maps/{framework}/{edition}"): {"path": "framework edition"},
    ("GET", "/reports"): {"query": {"limit": 1}},
    ("POST", "/reports"): {"query": {"name": "a.jsonl", "keep": "true"}, "file": b'{"entry_type": "init"}\n'},
    ("GET", "/reports/{report_id}"): {"path": "report_id"},
}


def test_every_operation_is_exercised() -> None:
    described = {
        (method.upper(), path.removeprefix("/api/v1"))
        for path, methods in document()["paths"].items()
        for method in methods
    }
    generated = [found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)]
    assert {(each.method.upper(), each.path.removeprefix("/api/v1")) for each in generated} == described
    assert GOOD.keys() == described


@pytest.mark.parametrize(("method", "path"), GOOD, ids=lambda part: part)
def test_what_is_done_is_what_the_document_says(
    program: Program, learner: User, method: str, path: str
) -> None:
    """Its 2xx, which a made-up number or key never reaches, and the same again under its key."""
    good = GOOD[method, path]
    session = make_session(learner, module_key="mindset", activity_key=ACTIVITY)
    if good.get("timer"):
        actions.start_timer(learner, module_key="mindset", activity_key=ACTIVITY, now=NOW)
    run = make_run(learner)
    place = {"session_id": session.pk, "key": ACTIVITY, "framework": "mitre-atlas", "edition": "5.6.0"}
    place |= {"report_id": run.uploads.get().pk}
    operation = schema[f"/api/v1{path}"][method]
    case = operation.Case(
        path_parameters={name: place[name] for name in good.get("path", "").split()},
        query=good.get("query", {}),
        headers={"Authorization": f"Bearer {program.token}"}
        | ({} if method == "GET" else {"Idempotency-Key": "k"}),
        **({"body": good["body"], "media_type": "application/json"} if "body" in good else {}),
        **({"body": good["file"], "media_type": "application/octet-stream"} if "file" in good else {}),
    )
    for _ in range(2):
        answer = case.call()
        case.validate_response(answer)
        assert str(answer.status_code) in operation.definition.raw["responses"]
        assert 200 <= answer.status_code < 300, answer.content
