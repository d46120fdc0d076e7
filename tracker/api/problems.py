"""What is answered to a request that cannot be done: a problem (RFC 9457), always as JSON."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from django.http import HttpResponse

MEDIA_TYPE = "application/problem+json"
ADDRESS = "/api/v1/problems/"


@dataclass(frozen=True, slots=True)
class Kind:
    """A problem with a name of its own: what it is called, its status, and what it means."""

    name: str
    status: int
    title: str
    meaning: str


KINDS = {
    kind.name: kind
    for kind in (
        Kind("unreadable", 400, "Unreadable", "The body is no JSON that can be read, or a header is not."),
        Kind("token", 401, "No good token", "There is no token, or it is unknown, revoked or out of date."),
        Kind("scope", 403, "Outside the scope", "The token may not do this; `detail` names the scope."),
        Kind("no-plan", 404, "No plan", "The learner has not made a plan yet."),
        Kind("key-reused", 409, "Key used before", "Another request was sent with this Idempotency-Key."),
        Kind("taken-back", 409, "Taken back", "The session was taken back; restore it before correcting it."),
        Kind("timer-runs", 409, "There is a timer", "There is a timer already; it stands in `timer`."),
        Kind("too-large", 413, "Too large", "The body is larger than any request here needs."),
        Kind("not-json", 415, "Not JSON", "A body is sent as `Content-Type: application/json`."),
        Kind("not-a-file", 415, "Not a file", "The body is the file itself, not the form of a page."),
        Kind("refused", 422, "Refused", "The request can be read, and cannot be done: `errors` says why."),
        Kind("too-many", 429, "Too many requests", "Wait as many seconds as `Retry-After` says."),
    )
}


class Problem(Exception):
    """Ends a request. `name` is one of KINDS, or the bare status of a problem that needs no name.

    errors: (field, sentence) pairs, the field "" where it is the whole body.  members: what else it says.
    """

    def __init__(
        self,
        name: str | int,
        detail: str,
        *,
        errors: Sequence[tuple[str, str]] = (),
        headers: Mapping[str, str] | None = None,
        **members: Any,
    ) -> None:
        super().__init__(detail)
        self.kind = KINDS[name] if isinstance(name, str) else None
        self.status = self.kind.status if self.kind else int(name)
        self.detail, self.errors, self.headers, self.members = detail, errors, headers or {}, members

    def response(self) -> HttpResponse:
        """As it is sent."""
        said: dict[str, Any] = {
            "type": f"{ADDRESS}{self.kind.name}" if self.kind else "about:blank",
            "title": self.kind.title if self.kind else HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
        }
        if self.errors:
            said["errors"] = [{"field": field, "detail": sentence} for field, sentence in self.errors]
        return HttpResponse(
            json.dumps({**said, **self.members}),
            content_type=MEDIA_TYPE,
            status=self.status,
            headers=dict(self.headers),
        )


def refused(*errors: tuple[str, str], **members: Any) -> Problem:
    """The request can be read and cannot be done: a field and a sentence for each reason."""
    return Problem("refused", " ".join(sentence for _, sentence in errors), errors=errors, **members)


_SENTENCES = {
    400: "The request could not be read.",
    403: "This is not allowed.",
    404: "There is nothing at this address.",
    405: "This address does not take that method.",
    413: "The body is larger than any that is taken here.",
    500: "Something broke here; it is in the log.",
    503: "A part is away for a moment. Try again.",
}


def problem_of(status: int) -> Problem:
    """The problem that a bare status is."""
    return Problem(status, _SENTENCES.get(status, f"{HTTPStatus(status).phrase}."))
