"""What logging costs: from the post of Today's form to its fragment, and by the API, beside an empty form.

    python -m bench.posts [--rounds N] [--weeks N]
                               JSON, inside a process whose environment names an empty CAIRN_DATA

The learner has three years of sessions; the product is served as it is used, on a database that waits for the
disk, with a cache that counts. The empty form is posted to the same server by the same person: it is checked,
writes nothing, and answers a small fragment. Each round posts once to every address and logs anew each time,
so that what disturbs the machine disturbs all of them. Times are those of a client on a connection that stays
open, from the first byte sent to the last one read.
"""

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from http.client import HTTPConnection
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import django

from bench.server import HOST, free_port, served
from bench.sites import WEEKS_OF_HISTORY

ROUNDS = 150
WARM_UP = 20
EMPTY = "empty"
"""What the others are paired with."""
NAMES = (EMPTY, "log", "api")
# As many as a bench wants.
LIMITS = {"CAIRN_API_MINUTE": "100000", "CAIRN_API_HOUR": "1000000"}

Post = tuple[str, bytes, dict[str, str], int, bytes]
"""An address, body and headers, with the status and the text that the right answer has."""


def posts(cookies: Mapping[str, str], token: str, subject: str, day: str) -> dict[str, Callable[[], Post]]:
    """How each post is made; a new one with every call. `cookies` are session and form token by name."""
    form_headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items()),
        "HX-Request": "true",
    }
    form_token = {"csrfmiddlewaretoken": cookies["csrftoken"]}

    def empty() -> Post:
        return "/empty/", urlencode(form_token).encode(), form_headers, 200, b"nothing was kept"

    def log() -> Post:
        said = form_token | {
            **{"next": "/today/", "page": "today", "submission": str(uuid4()), "length": "1"},
            **{"subject": subject, "studied_on": day, "confidence": "", "note": ""},
        }
        return "/journal/log/", urlencode(said).encode(), form_headers, 200, b'class="message success"'

    def api() -> Post:
        headers = {
            "Content-Type": "application/json",
            "Authorization": f"Bearer {token}",
            "Idempotency-Key": str(uuid4()),
        }
        body = json.dumps({"minutes": 1, "activity": subject, "studied_on": day}).encode()
        return "/api/v1/sessions", body, headers, 201, b'"minutes"'

    return {EMPTY: empty, "log": log, "api": api}


def milliseconds(connection: HTTPConnection, post: Post) -> float:
    """How long one post takes. Raises RuntimeError for an answer that is not the right one."""
    path, body, headers, status, marker = post
    begun = time.perf_counter()
    connection.request("POST", path, body, headers)
    answer = connection.getresponse()
    content = answer.read()
    took = (time.perf_counter() - begun) * 1e3
    if answer.status != status or marker not in content:
        raise RuntimeError(f"{path}: {answer.status} {content[:500]!r}")
    return took


def measure(port: int, ways: Mapping[str, Callable[[], Post]], rounds: int) -> dict[str, float]:
    """The median of each post, and of its ratio to the empty one of the same round."""
    connections = {name: HTTPConnection(HOST, port, timeout=30) for name in ways}
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(WARM_UP + rounds):
        for name, way in ways.items():
            taken[name].append(milliseconds(connections[name], way()))
    for connection in connections.values():
        connection.close()
    counted = {name: times[WARM_UP:] for name, times in taken.items()}
    ratios = {
        name: statistics.median(own / base for own, base in zip(times, counted[EMPTY], strict=True))
        for name, times in counted.items()
        if name != EMPTY
    }
    return {
        **{f"{name}_milliseconds": statistics.median(times) for name, times in counted.items()},
        **{f"{name}_of_empty": ratio for name, ratio in ratios.items()},
    }


def count_queries(ways: Mapping[str, Callable[[], Post]]) -> dict[str, int]:
    """The queries of each post, inside this process; the second of two, when what is read once has been."""
    from django.db import connection  # noqa: PLC0415 - all of this loads after django.setup()
    from django.test import Client  # noqa: PLC0415
    from django.test.utils import CaptureQueriesContext  # noqa: PLC0415

    counted = {}
    for name, way in ways.items():
        for _ in range(2):
            path, body, headers, status, _marker = way()
            sent = {key: value for key, value in headers.items() if key not in {"Content-Type", "Cookie"}}
            client = Client(headers={"host": HOST, **sent})
            client.cookies.load(headers.get("Cookie", ""))
            with CaptureQueriesContext(connection) as captured:
                answer = client.generic("POST", path, body, content_type=headers["Content-Type"])
            if answer.status_code != status:
                raise RuntimeError(f"{path}: {answer.status_code} {answer.content[:500]!r}")
        statements = [query["sql"] for query in captured.captured_queries]
        counted[f"{name}_queries"] = sum(
            not sql.startswith(("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")) for sql in statements
        )
    return counted


def said(figures: Mapping[str, float]) -> list[str]:
    """The figures as a line under the table."""
    ms = {name: f"{figures[f'{name}_milliseconds']:.1f} ms" for name in NAMES}
    return [
        f"Logging with {figures['sessions']:.0f} sessions: from Today's post to its fragment {ms['log']}, "
        f"{figures['log_of_empty']:.1f} times the post of an empty form ({ms[EMPTY]}) on the same site, "
        f"{figures['log_queries']:.0f} queries instead of {figures['empty_queries']:.0f}; "
        f"by the API {ms['api']}, {figures['api_of_empty']:.1f} times, {figures['api_queries']:.0f} queries."
    ]


def main() -> None:
    """Make the database, the learner and their token, serve, measure, print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--weeks", type=int, default=WEEKS_OF_HISTORY)
    options = parser.parse_args()

    from tests.servers import start_valkey  # noqa: PLC0415

    with tempfile.TemporaryDirectory(prefix="cairn-bench-") as folder:
        cache = start_valkey(Path(folder) / "cache")
        try:
            # Before the settings are read: this process counts what the served one does.
            os.environ |= {
                **LIMITS,
                "DJANGO_SETTINGS_MODULE": "bench.beside.settings",
                "REDIS_URL": cache.url,
                "HOST": HOST,
                "PORT": str(free_port()),
            }
            django.setup()
            print(json.dumps(_measured(Path(folder), options.rounds, options.weeks)))
        finally:
            cache.stop()


def _measured(folder: Path, rounds: int, weeks: int) -> dict[str, Any]:
    from django.conf import settings  # noqa: PLC0415
    from django.core.management import call_command  # noqa: PLC0415
    from django.middleware.csrf import _get_new_csrf_string  # noqa: PLC0415

    from bench.inside import sign_in  # noqa: PLC0415
    from curriculum import loader  # noqa: PLC0415
    from tracker import clock  # noqa: PLC0415
    from tracker.journal.models import StudySession  # noqa: PLC0415
    from tracker.people.actions import make_token  # noqa: PLC0415
    from tracker.people.models import ApiToken, User  # noqa: PLC0415
    from tracker.plans.queries import standing  # noqa: PLC0415

    now = clock.now()
    call_command("migrate", verbosity=0)
    loader.load(loader.CONTENT, now)
    call_command("collectstatic", interactive=False, verbosity=0)
    call_command("demo", weeks=weeks, force=True, stdout=StringIO())
    learner = User.objects.get()
    today = clock.today(learner.zone_info)
    _, token = make_token(learner, name="bench", scope=ApiToken.Scope.LOG, expires_at=None, now=now)
    name, _, session = sign_in(learner.email).partition("=")
    cookies = {name: session, settings.CSRF_COOKIE_NAME: _get_new_csrf_string()}
    subject = standing(learner.pk, today).next[0].standing.activity.key
    sessions = StudySession.objects.count()
    ways = posts(cookies, token, subject, today.isoformat())
    port = int(os.environ["PORT"])
    with served("tracker.wsgi:application", os.environ, port, folder / "server.log"):
        figures = measure(port, ways, rounds)
    return {"sessions": sessions, **figures, **count_queries(ways)}


if __name__ == "__main__":
    main()
