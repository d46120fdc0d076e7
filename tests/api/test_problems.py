"""What goes wrong is a problem as JSON: wherever it goes wrong, and whatever was sent."""

import json
import logging
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.api.programs import PROBLEM, Program, fields_in, make_program, problem_in
from tracker.api.problems import KINDS
from tracker.journal.models import StudySession
from tracker.people.models import User


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, logger="django.request")


@pytest.mark.parametrize(
    "path", ["/nothing", "/", "", "/sessions/", "/sessions/x", "/sessions/-1", "/sessions/1.5", "/me/x"]
)
def test_an_address_that_is_none(program: Program, path: str) -> None:
    problem = problem_in(program.get(path), 404)
    assert (problem["type"], problem["title"]) == ("about:blank", "Not Found")


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/api/", "/api/v2/me", "/api/v1/problems/no-such"])
def test_beside_the_api_too(path: str) -> None:
    problem_in(Client().get(path), 404)


@pytest.mark.django_db
def test_elsewhere_a_page_is_a_page() -> None:
    assert Client().get("/apis").headers["Content-Type"].startswith("text/html")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/me", {"GET", "HEAD"}),
        ("PUT", "/sessions", {"GET", "HEAD", "POST"}),
        ("POST", "/sessions/1", {"GET", "HEAD", "PATCH", "DELETE"}),
        ("OPTIONS", "/me", {"GET", "HEAD"}),
        ("TRACE", "/me", {"GET", "HEAD"}),
        ("POST", "/openapi.json", {"GET", "HEAD"}),
        ("DELETE", "/docs", {"GET", "HEAD"}),
        ("PUT", "/problems/refused", {"GET", "HEAD"}),
        ("NONSENSE", "/timer/start", {"POST"}),
    ],
)
def test_a_method_that_is_not_taken(program: Program, method: str, path: str, allowed: set[str]) -> None:
    program.client.handler.enforce_csrf_checks = True  # as outside of tests
    answer = program.ask(method, path)
    problem_in(answer, 405)
    assert {each.strip() for each in answer.headers["Allow"].split(",")} == allowed


def test_head_is_answered_as_get_without_a_body(program: Program) -> None:
    answer = program.ask("HEAD", "/me")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["RateLimit-Remaining"]
    assert Program("").ask("HEAD", "/me").status_code == 401


@pytest.mark.parametrize(
    "body",
    [
        b"no json",
        b"{",
        b'{"minutes": 45',
        b'{"minutes": NaN}',
        b'{"minutes": Infinity}',
        b'{"minutes": -Infinity}',
        b'{"minutes": 45, "minutes": 46}',
        b'{"minutes": 4' + b"5" * 5000 + b"}",
        b"[" * 20_000,
        b'{"note": ' + b"[" * 20_000 + b"]" * 20_000 + b"}",
        b'\xff\xfe{\x00"\x00',
        '{"note": "\u00e4"}'.encode("latin-1"),
        b"\xef\xbb\xbf{}",
        b"\x00",
        b"minutes=45",
    ],
)
def test_a_body_that_is_no_json(program: Program, body: bytes) -> None:
    problem = problem_in(program.ask("POST", "/sessions", body), 400)
    assert problem["type"] == "/api/v1/problems/unreadable"
    assert not StudySession.objects.exists()


@pytest.mark.parametrize("body", [b"[]", b"45", b'"45m"', b"null", b"true", b"[{}]", b"{}", b""])
def test_a_body_that_is_no_session(program: Program, body: bytes) -> None:
    assert fields_in(program.ask("POST", "/sessions", body)) <= {"", "minutes"}
    assert not StudySession.objects.exists()


def test_a_body_that_nests_within_what_can_be_read(program: Program) -> None:
    deep = b'{"minutes": 45, "note": ' + b'{"a": ' * 200 + b"1" + b"}" * 200 + b"}"
    assert fields_in(program.ask("POST", "/sessions", deep)) == {"note"}


def test_a_huge_body_is_refused_by_its_length_alone(program: Program) -> None:
    assert problem_in(program.ask("POST", "/sessions", b" " * 65_537), 413)["type"].endswith("/too-large")
    problem_in(program.ask("POST", "/sessions", json.dumps({"note": "x" * 2_000_000}).encode()), 413)
    # One that only says it is huge is not waited for.
    answer = program.client.generic(
        "POST",
        "/api/v1/sessions",
        b"{}",
        content_type="application/json",
        headers={"Authorization": f"Bearer {program.token}", "Content-Length": "9" * 30},
    )
    problem_in(answer, 413)
    assert program.ask("POST", "/sessions", b'{"minutes": 45}' + b" " * 60_000).status_code == 201


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "", "json"]
)
def test_a_body_of_another_kind(program: Program, kind: str) -> None:
    answer = program.ask("POST", "/sessions", b'{"minutes": 45}', Content_Type=kind)
    assert problem_in(answer, 415)["type"] == "/api/v1/problems/not-json"


def test_a_body_in_another_charset(program: Program) -> None:
    answer = program.ask("POST", "/sessions", b"{}", Content_Type="application/json; charset=utf-16")
    problem_in(answer, 400)
    good = program.ask("POST", "/sessions", b'{"minutes": 5}', Content_Type="application/json; charset=UTF-8")
    assert good.status_code == 201


def test_a_body_without_a_length_is_refused(program: Program) -> None:
    answer = program.ask("POST", "/sessions", b"", Transfer_Encoding="chunked")
    assert "Content-Length" in problem_in(answer, 400)["detail"]


def test_a_problem_that_took_the_place_of_a_page_keeps_the_headers_of_every_answer(program: Program) -> None:
    for answer in (program.get("/nothing"), program.ask("POST", "/me"), program.get("/sessions/5")):
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert int(answer.headers["Content-Length"]) == len(answer.content)
        assert not answer.cookies


def test_where_no_body_is_read_none_is_needed(program: Program) -> None:
    assert program.ask("POST", "/timer/start", b"").status_code == 201
    assert program.ask("POST", "/timer/pause", b"no json").status_code == 200
    assert program.ask("DELETE", "/timer", b"").status_code == 204


def test_who_may_not_is_told_so_before_the_body_is_read(reader: Program) -> None:
    problem_in(reader.ask("POST", "/sessions", b"no json"), 403)
    problem_in(Program("").ask("POST", "/sessions", b" " * 70_000), 401)


def test_all_that_is_wrong_is_said_at_once(program: Program) -> None:
    answer = program.post("/sessions", {"minutes": 0, "confidence": 9, "colour": "red"})
    assert problem_in(answer, 422)["errors"] == [
        {"field": "minutes", "detail": "At least 1."},
        {"field": "confidence", "detail": "At most 5."},
        {"field": "colour", "detail": "There is no such field."},
    ]


def test_what_was_sent_is_not_sent_back(program: Program) -> None:
    secret = "words-of-a-private-note"
    for body in ({"minutes": secret}, {"minutes": 45, "note": [secret]}, {"line": [secret]}):
        assert secret not in program.post("/sessions", body).content.decode()


def test_a_database_that_does_not_answer(learner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    program = make_program(learner, raises=False)

    def locked(*_: Any, **__: Any) -> None:
        raise OperationalError("database is locked")

    monkeypatch.setattr("tracker.api.views.account.active_plan", locked)
    answer = program.get("/me")
    problem = problem_in(answer, 503)
    assert answer.headers["Retry-After"] == "5"
    assert "locked" not in json.dumps(problem)
    monkeypatch.setattr("tracker.people.queries.token_with", locked)
    problem_in(program.get("/me"), 503)


def test_a_fault_of_ours_says_nothing_of_itself(learner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("inside words")

    monkeypatch.setattr("tracker.api.views.account.active_plan", broken)
    assert "inside" not in json.dumps(problem_in(make_program(learner, raises=False).get("/me"), 500))


def test_a_host_that_is_none_of_ours(program: Program) -> None:
    problem_in(program.client.get("/api/v1/me", headers={"Host": "elsewhere.example"}), 400)


def test_every_named_problem_has_its_line_on_the_page(client: Client, db: None) -> None:
    page = client.get(reverse("api-docs")).content.decode()
    for name in KINDS:
        answer = client.get(reverse("api-problem", args=[name]))
        assert answer.headers["Location"] == f"{reverse('api-docs')}#problem-{name}"
        assert f'id="problem-{name}"' in page


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)
FIELDS = st.dictionaries(
    st.sampled_from(["minutes", "studied_on", "module", "activity", "note", "confidence", "line"]),
    JSON | st.integers(-10, 2000) | st.sampled_from(["2026-11-19", "mindset", ""]),
)


@pytest.mark.usefixtures("unlimited")
@settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(body=st.binary(max_size=60) | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_body_is_answered(program: Program, body: bytes) -> None:
    answer = program.ask("POST", "/sessions", body)
    assert answer.status_code in {201, 400, 422}
    assert answer.status_code == 201 or answer.headers["Content-Type"] == PROBLEM


@pytest.mark.usefixtures("unlimited")
@settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(fields=FIELDS)
def test_any_fields_are_answered(program: Program, fields: dict[str, Any]) -> None:
    for method, path in (("POST", "/sessions"), ("POST", "/timer/start"), ("POST", "/timer/log")):
        assert program.ask(method, path, fields).status_code in {201, 404, 409, 422}
