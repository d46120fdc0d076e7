"""What every operation stands behind: a token, the limits, its scope, a body that can be read, and the key.

Two kinds of body are taken: a small one of JSON, which is held whole, and a file as it is, which is not.

The order matters. A request without a good token is counted as refused and no more; nothing is read of a
body before the token may do what is asked; and what is kept under an Idempotency-Key is kept in the
transaction of what was done, so that a crash keeps both or neither.
"""

import hashlib
import json
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from datetime import date, datetime
from enum import StrEnum
from functools import wraps
from typing import IO, Any

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.urls import reverse

from tracker import clock
from tracker.api.problems import MEDIA_TYPE, Problem, refused
from tracker.people import actions as people_actions
from tracker.people import limits
from tracker.people import queries as people_queries
from tracker.people.models import ApiToken, User

LONGEST_BODY = 64 * 1024
"""In bytes, of JSON. The longest note, every character of it escaped, has 48,000."""
PIECE = 64 * 1024
"""In bytes: so much of a file is in memory at a time."""
FILE_TYPES = ("application/octet-stream", "application/x-ndjson", "application/json", "application/gzip")
"""What a file may be called. It is taken by its content in any case."""

KEY = re.compile(r"[\x21-\x7e]{1,255}")
_BEARER = re.compile(r"bearer +(\S+)", re.IGNORECASE)

Run = Callable[..., HttpResponse]


class May(StrEnum):
    """What a token has to be allowed for an operation."""

    ANY = "any"
    READ = "read"
    LOG = "log"
    ALL = "all"


class Takes(StrEnum):
    """What kind of body an operation takes."""

    JSON = "json"
    FILE = "file"


_SCOPES = {
    May.ANY: {"read", "log", "all"},
    May.READ: {"read", "all"},
    May.LOG: {"log", "all"},
    May.ALL: {"all"},
}


class ApiRequest(HttpRequest):
    """The request that an operation gets: whose it is, with which token, and when.

    sent_file: the body of an operation that takes a file.
    """

    sent_file: IO[bytes]
    token: ApiToken
    learner: User
    now: datetime
    today: date


def behind_door(
    may: May, queries: frozenset[str], takes: Takes = Takes.JSON, located: str = ""
) -> Callable[[Run], Run]:
    """Lets a request through to an operation for tokens that may do this.

    queries: what may stand after the `?`. A misspelt filter that filters nothing would pass unnoticed.
    takes: the kind of its body.  located: the name of the address where what it makes is found by its id.
    """

    def guarding(run: Run) -> Run:
        @wraps(run)
        def guarded(request: ApiRequest, **values: Any) -> HttpResponse:
            left: limits.Left | None = None
            try:
                request.now = clock.now()
                admit(request)
                left = spend(request.token, request.now)
                people_actions.note_use(request.token, now=request.now)
                check_scope(request.token, may)
                check_query(request, queries)
                answer = answered(request, takes, lambda: run(request, **values))
                if located and answer.status_code < 300:
                    # Made of the body, so that an answer that is given again has it too.
                    answer["Location"] = reverse(located, args=[json.loads(answer.content)["id"]])
            except Problem as problem:
                answer = problem.response()
            for name, value in (left.headers if left else {}).items():
                answer[name] = value
            answer["Cache-Control"] = "no-store"
            return answer

        return guarded

    return guarding


def admit(request: ApiRequest) -> None:
    """Finds whose request this is. Raises the 401, and 429 for an address that tries too often.

    A good token is let in however often its neighbours are refused: behind one address may be many people,
    and nobody guesses 256 bits.
    """
    shown = _BEARER.fullmatch(request.headers.get("Authorization", "").strip())
    token = people_queries.token_with(people_actions.token_hash(shown[1]), request.now) if shown else None
    if token is None:
        left = limits.spend(
            f"refused:{limits.address_of(request)}",
            [(limits.MINUTE, settings.API_REFUSALS_A_MINUTE)],
            request.now,
        )
        if left and left.is_over:
            raise Problem(
                "too-many", "Too many requests without a good token came from here.", headers=left.headers
            )
        detail = (
            "This token is not good, or not any more. Make one under Settings, Tokens for programs."
            if shown
            else "A token is needed: Authorization: Bearer cairn_…"
        )
        raise Problem("token", detail, headers={"WWW-Authenticate": "Bearer"})
    request.token, request.learner = token, token.learner
    request.today = request.now.astimezone(token.learner.zone_info).date()


def spend(token: ApiToken, now: datetime) -> limits.Left | None:
    """Counts a request of this token. Raises the 429."""
    windows = [(limits.MINUTE, settings.API_A_MINUTE), (limits.HOUR, settings.API_AN_HOUR)]
    left = limits.spend(f"token:{token.pk}", windows, now)
    if left and left.is_over:
        raise Problem(
            "too-many", f"This token has had its {left.allowed} requests for now.", headers=left.headers
        )
    return left


def check_scope(token: ApiToken, may: May) -> None:
    """Raises the 403."""
    if token.scope not in _SCOPES[may]:
        raise Problem("scope", f"This needs a token of scope {may.value!r}; yours is {token.scope!r}.")


def check_query(request: HttpRequest, known: frozenset[str]) -> None:
    """Raises the 422 of parameters that would pass unnoticed: misspelt, or there twice."""
    if unknown := sorted(set(request.GET) - known):
        raise refused(*((name[:40], "There is no such parameter.") for name in unknown[:5]))
    if twice := sorted(name for name, values in request.GET.lists() if len(values) > 1):
        raise refused(*((name, "This is there twice.") for name in twice))


def answered(request: ApiRequest, takes: Takes, run: Callable[[], HttpResponse]) -> HttpResponse:
    """What the operation answers; with an Idempotency-Key, what it answered the first time."""
    if request.method in {"GET", "HEAD"}:
        return run()
    check_body(request, takes)
    key = request.headers.get("Idempotency-Key")
    if key is not None and not KEY.fullmatch(key):
        raise Problem("unreadable", "An Idempotency-Key has 1 to 255 visible characters of ASCII.")
    request_hash = hashlib.sha256(f"{request.method}\n{request.get_full_path()}\n".encode())
    with tempfile.TemporaryFile() if takes is Takes.FILE else nullcontext() as file:
        if file is None:
            request_hash.update(request.body)
        else:
            # Put aside before anything is begun: a slow sender holds no lock of the database.
            for piece in _pieces(request):
                request_hash.update(piece)
                file.write(piece)
            file.seek(0)
            request.sent_file = file
        return run() if key is None else once(request, key, request_hash.hexdigest(), run)


def check_body(request: HttpRequest, takes: Takes) -> None:
    """Raises the 413 before anything is read, and the 415."""
    longest = LONGEST_BODY if takes is Takes.JSON else settings.UPLOAD_BYTES_MAX
    said = request.META.get("CONTENT_LENGTH") or "0"
    length = int(said) if said.isascii() and said.isdigit() and len(said) < 20 else longest + 1
    if length > longest:
        raise Problem("too-large", f"A body has at most {longest} bytes here.")
    if not length and request.headers.get("Transfer-Encoding"):
        # Such a body has no length that is known beforehand, and never gets here.
        raise Problem("unreadable", "Send the body whole, with its Content-Length.")
    if takes is Takes.JSON and length and request.content_type != "application/json":
        raise Problem("not-json", "Send the body as Content-Type: application/json.")
    if takes is Takes.FILE and length and request.content_type not in FILE_TYPES:
        raise Problem("not-a-file", f"Send the file itself as the body, as Content-Type: {FILE_TYPES[0]}.")


def _pieces(request: HttpRequest) -> Iterator[bytes]:
    """The body, never whole in memory. Raises the 400 where it ends before its time."""
    left = int(request.META.get("CONTENT_LENGTH") or "0")
    try:
        while left and (piece := request.read(min(PIECE, left))):
            left -= len(piece)
            yield piece
    except UnreadablePostError:
        pass
    if left:
        raise Problem("unreadable", "The body ended before its Content-Length.")


def once(request: ApiRequest, key: str, request_hash: str, run: Callable[[], HttpResponse]) -> HttpResponse:
    """Does what is asked and keeps the answer, or repeats the one that is kept. Raises the 409.

    The learner's row is locked, so that the same key at the same moment waits for the first and then hears
    what that was answered. What a refused operation began to write is undone; that it was refused is kept.
    """
    with transaction.atomic():
        people_actions.lock_learner(request.learner)
        kept = people_queries.kept_answer(request.learner.pk, key)
        if kept is not None and kept.request_hash != request_hash:
            raise Problem("key-reused", "This Idempotency-Key came with another request before.")
        if kept is not None:
            answer = HttpResponse(
                kept.body,
                status=kept.status,
                content_type=MEDIA_TYPE if kept.status >= 400 else "application/json; charset=utf-8",
            )
            answer["Idempotency-Replayed"] = "true"
            return answer
        with transaction.atomic():
            answer = run()
            if answer.status_code >= 400:
                transaction.set_rollback(True)
        if answer.status_code < 500:
            said = answer.content.decode()
            people_actions.keep_answer(
                request.learner, key, request_hash, answer.status_code, said, now=request.now
            )
    return answer
