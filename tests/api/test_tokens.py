"""Whose request it is: good tokens and others, and that nothing but a token counts."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.api.programs import Program, make_program, problem_in
from tests.fixtures.cast import NOW, PASSWORD, browser_of, make_session
from tracker.journal.models import StudySession
from tracker.people import actions
from tracker.people.models import ApiToken, User


def refused(program: Program) -> dict[str, Any]:
    """What a token that is not good is told; nothing of the request comes to pass."""
    answer = program.get("/me")
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert "RateLimit-Limit" not in answer.headers
    assert not answer.cookies
    before = StudySession.objects.count()
    problem_in(program.post("/sessions", {"minutes": 45}), 401)
    assert StudySession.objects.count() == before
    return problem_in(answer, 401)


def test_a_good_token_says_whose_it_is(program: Program) -> None:
    answer = program.get("/me")
    assert answer.json() == {
        "email": "alice@example.org",
        "zone": "Europe/Vienna",
        "today": "2026-11-19",
        "scope": "all",
        "token_name": "all of alice@example.org",
        "plan": True,
    }
    assert answer.headers["Cache-Control"] == "no-store"
    assert not answer.cookies
    assert answer.headers.get("Vary") is None


@pytest.mark.usefixtures("learner")
@pytest.mark.parametrize(
    "token", ["", "cairn_", "cairn_" + "x" * 43, "x" * 5000, "\N{MOUNTAIN}", "a b", "' OR 1"]
)
def test_what_is_no_token_is_refused(token: str) -> None:
    program = Program(token)
    problem = problem_in(program.client.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"}), 401)
    assert problem["type"] == "/api/v1/problems/token"
    refused(program)


@pytest.mark.parametrize(
    "header", ["{token}", "Basic {token}", "Bearer{token}", "Token {token}", "Bearer a {token}"]
)
def test_a_token_stands_in_its_own_header(program: Program, header: str) -> None:
    sent = {"Authorization": header.format(token=program.token)}
    problem_in(Client().get("/api/v1/me", headers=sent), 401)
    problem_in(Client().get(f"/api/v1/me?token={program.token}"), 401)
    for good in ("Bearer", "bearer", "BEARER"):
        sent = {"Authorization": f"{good}  {program.token} "}
        assert Client().get("/api/v1/me", headers=sent).status_code == 200


def test_a_login_alone_does_not_count(learner: User, stranger: Program) -> None:
    web = browser_of(learner)
    problem_in(web.get("/api/v1/me"), 401)
    problem_in(web.post("/api/v1/sessions", b'{"minutes": 45}', content_type="application/json"), 401)
    # Nor does it take the place of whose token it is.
    said = web.get("/api/v1/me", headers={"Authorization": f"Bearer {stranger.token}"}).json()
    assert said["email"] == "charlie@example.org"
    assert not StudySession.objects.exists()


def test_no_form_token_is_asked_for(program: Program) -> None:
    web = Client(enforce_csrf_checks=True)
    answer = web.post(
        "/api/v1/sessions",
        b'{"minutes": 45}',
        content_type="application/json",
        headers={"Authorization": f"Bearer {program.token}", "Origin": "https://elsewhere.example"},
    )
    assert answer.status_code == 201
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_a_token_ends_when_it_runs_out(learner: User, time_machine: Any) -> None:
    program = make_program(learner, expires=timedelta(days=30))
    time_machine.move_to(NOW + timedelta(days=30, seconds=-1), tick=False)
    assert program.get("/me").status_code == 200
    time_machine.move_to(NOW + timedelta(days=30), tick=False)
    refused(program)


def test_a_revoked_token_does_nothing(program: Program, learner: User) -> None:
    assert program.row is not None
    assert program.get("/me").status_code == 200
    actions.revoke_token(learner, program.row.pk, now=NOW)
    refused(program)


def test_the_tokens_of_a_deactivated_account_do_nothing(program: Program, learner: User) -> None:
    actions.set_active(learner, active=False)
    refused(program)
    actions.set_active(learner, active=True)
    assert program.get("/me").status_code == 200


def test_a_token_goes_with_its_account_and_its_sessions_too(program: Program, learner: User) -> None:
    program.post("/sessions", {"minutes": 45}, key="once")
    learner.delete()
    assert not ApiToken.objects.exists()
    refused(program)


def test_every_refusal_is_told_the_same(learner: User) -> None:
    expired = make_program(learner, expires=timedelta(seconds=-1))
    revoked = make_program(learner)
    assert revoked.row is not None
    actions.revoke_token(learner, revoked.row.pk, now=NOW)
    told = [refused(program) for program in (expired, revoked, Program("cairn_" + "x" * 43))]
    assert told[0] == told[1] == told[2]


@pytest.mark.parametrize("made", ["good", "expired", "revoked", "unknown"])
def test_a_token_is_looked_up_once_whatever_it_is(learner: User, made: str) -> None:
    program = make_program(learner, expires=timedelta(seconds=-1) if made == "expired" else None)
    assert program.row is not None
    if made == "revoked":
        actions.revoke_token(learner, program.row.pk, now=NOW)
    if made == "unknown":
        program.token = "cairn_" + "x" * 43
    program.get("/me")
    with CaptureQueriesContext(connection) as seen:
        program.get("/me")
    looked_up = [query["sql"] for query in seen if "token_hash" in query["sql"]]
    assert len(looked_up) == 1
    assert len(seen) == (2 if made == "good" else 1)  # and whether there is a plan


def test_only_the_hash_is_kept(program: Program) -> None:
    row = ApiToken.objects.get()
    assert program.token.startswith("cairn_")
    assert len(program.token) == 49
    kept = {str(getattr(row, field.attname)) for field in row._meta.concrete_fields}
    assert not any(program.token in value or program.token[6:] in value for value in kept)
    assert row.token_hash == actions.token_hash(program.token)
    assert row.hint == program.token[-4:]


def test_the_last_use_is_written_at_most_once_a_minute(program: Program, time_machine: Any) -> None:
    def use(seconds: float) -> tuple[Any, int]:
        time_machine.move_to(NOW + timedelta(seconds=seconds), tick=False)
        with CaptureQueriesContext(connection) as seen:
            program.get("/me")
        written = [query for query in seen if query["sql"].startswith("UPDATE")]
        return ApiToken.objects.get().last_used_at, len(written)

    assert use(0) == (NOW, 1)
    assert use(1) == (NOW, 0)
    assert use(59.9) == (NOW, 0)
    assert use(60) == (NOW + timedelta(seconds=60), 1)
    assert use(90) == (NOW + timedelta(seconds=60), 0)


def test_of_two_uses_at_once_one_is_written(program: Program) -> None:
    here, there = ApiToken.objects.get(), ApiToken.objects.get()
    actions.note_use(here, now=NOW)
    actions.note_use(there, now=NOW + timedelta(seconds=1))
    assert ApiToken.objects.get().last_used_at == NOW


def test_a_learner_has_at_most_twenty(learner: User) -> None:
    made = [make_program(learner, expires=timedelta(days=30)) for _ in range(20)]
    with pytest.raises(actions.TooManyTokens, match="You have 20 tokens"):
        make_program(learner)
    # One that was revoked, or has run out, makes room.
    assert made[0].row is not None
    actions.revoke_token(learner, made[0].row.pk, now=NOW)
    make_program(learner)
    make_program(learner, now=NOW + timedelta(days=30))


def test_a_new_password_ends_no_token_and_says_so(program: Program, learner: User) -> None:
    make_session(learner)
    web = browser_of(learner)
    answer = web.post(
        "/accounts/password/change/",
        {"oldpassword": PASSWORD, "password1": "another long password", "password2": "another long password"},
        follow=True,
    )
    assert "One token of yours for programs is still good" in answer.content.decode()
    assert program.get("/me").status_code == 200


def test_a_new_password_without_tokens_says_nothing_of_them(learner: User) -> None:
    answer = browser_of(learner).post(
        "/accounts/password/change/",
        {"oldpassword": PASSWORD, "password1": "another long password", "password2": "another long password"},
        follow=True,
    )
    assert "Your password is changed. Log in with the new one." in answer.content.decode()
    assert "token" not in answer.content.decode().lower().replace("csrfmiddlewaretoken", "")
