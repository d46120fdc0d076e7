"""A program that acts for a learner: it asks with a token, and with nothing else."""

import json
from datetime import datetime, timedelta
from typing import Any

from django.test import Client

from tests.fixtures.cast import NOW
from tracker.people import actions
from tracker.people.models import ApiToken, User

ROOT = "/api/v1"
PROBLEM = "application/problem+json"


class Program:
    """Asks as one token; `row` is what the product keeps of it."""

    def __init__(self, token: str, row: ApiToken | None = None, *, raises: bool = True) -> None:
        self.token, self.row = token, row
        self.client = Client(raise_request_exception=raises)

    def ask(self, method: str, path: str, body: Any = None, *, key: str | None = None, **headers: str) -> Any:
        """One request. A body that is no bytes is sent as JSON."""
        sent = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        sent |= {"Idempotency-Key": key} if key is not None else {}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        return self.client.generic(
            method,
            f"{ROOT}{path}",
            data,
            content_type=sent.pop("Content-Type", "application/json"),
            headers=sent,
        )

    def get(self, path: str, **headers: str) -> Any:
        return self.ask("GET", path, **headers)

    def post(self, path: str, body: Any = None, *, key: str | None = None) -> Any:
        return self.ask("POST", path, body, key=key)


def make_program(
    learner: User,
    scope: str = "all",
    *,
    now: datetime = NOW,
    expires: timedelta | None = None,
    raises: bool = True,
) -> Program:
    """A program with a token of this scope."""
    row, token = actions.make_token(
        learner,
        name=f"{scope} of {learner.email}",
        scope=scope,
        expires_at=now + expires if expires is not None else None,
        now=now,
    )
    return Program(token, row, raises=raises)


def problem_in(answer: Any, status: int) -> dict[str, Any]:
    """The problem that an answer is, checked for what every problem has."""
    assert answer.status_code == status, answer.content
    assert answer.headers["Content-Type"] == PROBLEM
    said: dict[str, Any] = answer.json()
    assert said["status"] == status
    assert said["title"]
    assert said["detail"].endswith((".", "?", "…", "'")), said["detail"]
    assert said["type"] == "about:blank" or said["type"].startswith(f"{ROOT}/problems/")
    return said


def fields_in(answer: Any) -> set[str]:
    """The fields that a 422 names."""
    return {error["field"] for error in problem_in(answer, 422)["errors"]}
