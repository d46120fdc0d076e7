"""A small server of the token API's contract, in memory, that can fail in every way a network can."""

import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl

TOKEN = "cairn_" + "AbCdEfGhIjKlMnOpQrStUvWxYz0123456789-_AbCdE"
CHARLIES_TOKEN = "cairn_" + "CharliesOwnTokenThatIsForHimselfAlone012345"
OLD_TOKEN = "cairn_" + "RevokedRevokedRevokedRevokedRevokedRevoked0"
PROBLEM = "application/problem+json"

ACTIVITIES = {
    "garak": ("garak.run-six-families", "Run six families of probes"),
    "atlas": ("atlas.map-case-studies", "Map the case studies"),
}


@dataclass(slots=True)
class Asked:
    """One request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any


@dataclass(slots=True)
class Answer:
    """What is sent back."""

    status: int
    document: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None

    @property
    def content(self) -> bytes:
        if self.raw is not None:
            return self.raw
        return b"" if self.document is None else json.dumps(self.document).encode()


class Drop(Exception):
    """Ends the connection without an answer."""


# Gets the request and a function that answers it as Cairn would; gives what is sent instead.
Fault = Callable[[Asked, Callable[[], Answer]], Answer]


def drop_before(asked: Asked, answer: Callable[[], Answer]) -> Answer:
    """The request is lost: nothing is done."""
    raise Drop


def drop_after(asked: Asked, answer: Callable[[], Answer]) -> Answer:
    """It is done, and the answer is lost."""
    answer()
    raise Drop


def answers(status: int, document: Any = None, *, raw: bytes | None = None, **headers: str) -> Fault:
    """Something else is answered, and nothing done."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda asked, answer: Answer(status, document, named, raw)


def refuses(status: int, detail: str, **members: Any) -> Fault:
    """A problem is answered, and nothing done."""
    return answers(status, {"status": status, "detail": detail, **members}, Content_Type=PROBLEM)


class FakeCairn:
    """`faults` are used up one a request, for requests whose method and path `only` matches."""

    def __init__(self) -> None:
        self.sessions: list[dict[str, Any]] = []
        self.timer: dict[str, Any] = {"state": "none", "seconds": 0, "asks": ""}
        self.marks: dict[str, str] = {}
        self.reports: list[dict[str, Any]] = []
        # What becomes of a report each time it is asked about, and in the end.
        self.readings: list[dict[str, Any]] = [{"state": "reading"}, {"state": "read", "run": RUN}]
        self.asked: list[Asked] = []
        self.faults: list[Fault] = []
        self.only = re.compile(r"POST /sessions$|DELETE|PUT")
        self.title_prefix = ""
        self.people = {TOKEN: "alice@example.org", CHARLIES_TOKEN: "charlie@example.org"}
        self.most_writes_at_once = 0
        self._writes_now = 0
        self._kept: dict[tuple[str, str], tuple[Any, Answer]] = {}
        self._lock = threading.Lock()
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def handle_one_request(self) -> None:
                try:
                    super().handle_one_request()
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True

            def log_message(self, *args: Any) -> None:
                """Quiet."""

            def respond(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                sent = self.rfile.read(length)
                is_json = self.headers.get("Content-Type") == "application/json"
                body = json.loads(sent) if length and is_json else sent or None
                headers = {name.lower(): value for name, value in self.headers.items()}
                asked = Asked(self.command, self.path.partition("/api/v1")[2], headers, body)
                try:
                    answer = fake.respond(asked)
                except Drop:
                    self.close_connection = True
                    return
                self.send_response(answer.status)
                for name, value in {"Content-Type": "application/json", **answer.headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer.content)))
                self.end_headers()
                self.wfile.write(answer.content)

            do_GET = do_POST = do_PUT = do_DELETE = respond  # noqa: N815 - named so by http.server

        self._httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._httpd.daemon_threads = True
        self.port = self._httpd.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._httpd.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._httpd.shutdown()
        self._httpd.server_close()

    # --- what tests look at -------------------------------------------------------------------------------

    @property
    def logged(self) -> list[int]:
        """The minutes of every session that stands, in the order they arrived."""
        return [session["minutes"] for session in self.sessions if not session["deleted"]]

    def paths(self) -> list[str]:
        """What was asked, in order."""
        return [f"{asked.method} {asked.path}" for asked in self.asked]

    # --- the contract -------------------------------------------------------------------------------------

    def respond(self, asked: Asked) -> Answer:
        is_write = asked.method != "GET" and asked.path != "/sessions/read"
        with self._lock:
            self.asked.append(asked)
            self._writes_now += is_write
            self.most_writes_at_once = max(self.most_writes_at_once, self._writes_now)
            fault = None
            if self.faults and self.only.search(f"{asked.method} {asked.path}"):
                fault = self.faults.pop(0)
        try:
            return fault(asked, lambda: self._answer(asked)) if fault else self._answer(asked)
        finally:
            with self._lock:
                self._writes_now -= is_write

    def _answer(self, asked: Asked) -> Answer:
        with self._lock:
            email = self.people.get(asked.headers.get("authorization", "").removeprefix("Bearer "))
            if email is None:
                return _problem(401, "This token is not good, or not any more.")
            key = asked.headers.get("idempotency-key")
            if asked.method == "GET" or key is None:
                return self._do(asked, email)
            same = (asked.method, asked.path, repr(asked.body))
            if (email, key) in self._kept:
                before, answer = self._kept[email, key]
                if before != same:
                    return _problem(409, "This key came with another request.")
                return replace(answer, headers={**answer.headers, "Idempotency-Replayed": "true"})
            answer = self._do(asked, email)
            self._kept[email, key] = (same, answer)
            return answer

    def _do(self, asked: Asked, email: str) -> Answer:  # noqa: PLR0911 - a line an operation
        body = asked.body or {}
        path, _, query = asked.path.partition("?")
        match asked.method, path.strip("/").split("/"):
            case "POST", ["reports"]:
                return self._take_report(asked.body or b"", dict(parse_qsl(query)), email)
            case "GET", ["reports", number]:
                return self._read_report(int(number), email)
            case "GET", ["me"]:
                return Answer(200, {"email": email, "scope": "all", "token_name": "laptop", "plan": True})
            case "POST", ["sessions", "read"]:
                return Answer(200, self._read(body))
            case "POST", ["sessions"]:
                return self._log(body, email)
            case "DELETE", ["sessions", number]:
                return self._take_back(int(number))
            case "GET", ["weeks", "this"]:
                return Answer(200, THIS_WEEK)
            case "GET", ["next"]:
                key, title = ACTIVITIES["garak"]
                item = {"key": key, "title": self.title_prefix + title, "module": "garak", "minutes": 90}
                return Answer(200, {"items": [{**item, "kind": "practise", "state": "part"}]})
            case "GET", ["plan"]:
                return Answer(200, PLAN)
            case "PUT", ["activities", key, "mark"]:
                if key not in {known for known, _ in ACTIVITIES.values()}:
                    return _problem(404, "There is nothing at this address.")
                self.marks[key] = body["kind"]
                return Answer(200, {"key": key, "title": "Run six families of probes", "state": "done"})
            case method, ["timer", *rest]:
                return self._do_timer(method, rest, body, email)
        return _problem(404, "There is nothing at this address.")

    def _take_report(self, content: bytes, said: dict[str, str], email: str) -> Answer:
        if not content:
            return _problem(422, "report is empty.", errors=[{"field": "", "detail": "report is empty."}])
        report = {"id": str(len(self.reports) + 1), "state": "waiting", "sentence": "", "run": None, **said}
        self.reports.append({**report, "content": content, "of": email, "readings": [*self.readings]})
        return Answer(202, report)

    def _read_report(self, number: int, email: str) -> Answer:
        report = self.reports[number - 1]
        if report["of"] != email:
            return _problem(404, "There is no such thing of yours.")
        if report["readings"]:
            report |= report["readings"].pop(0)
        said = {name: report[name] for name in report.keys() - {"content", "of", "readings"}}
        return Answer(200, said)

    def _read(self, body: dict[str, Any]) -> dict[str, Any]:
        line = body["line"]
        minutes = re.search(r"\b(\d+)m\b", line)
        confidence = re.search(r"confidence (\d)", line)
        found = next((ACTIVITIES[word] for word in ACTIVITIES if word in line), None)
        asks, choices = [], []
        if minutes is None:
            asks.append({"field": "minutes", "sentence": "Say how long you studied, such as 45 or 1:30."})
        if "probes" in line and found is None:
            asks.append({"field": "subject", "sentence": "Which of these is meant?"})
            choices = [
                {"key": "garak.run-six-families", "title": self.title_prefix + "Run six families of probes"},
                {"key": "garak", "title": "garak"},
            ]
        return {
            "minutes": int(minutes[1]) if minutes else None,
            "studied_on": body["studied_on"],
            "module": found[0].partition(".")[0] if found else "",
            "activity": found[0] if found else "",
            "title": self.title_prefix + (found[1] if found else ""),
            "confidence": int(confidence[1]) if confidence else None,
            "note": "",
            "asks": asks,
            "choices": choices,
        }

    def _log(self, body: dict[str, Any], email: str) -> Answer:
        confirmed = body.get("confirm_long_day", False)
        if "line" in body:
            body = self._read(body)
            if body["asks"]:
                errors = [{"field": ask["field"], "detail": ask["sentence"]} for ask in body["asks"]]
                said = " ".join(ask["sentence"] for ask in body["asks"])
                return _problem(422, said, errors=errors, choices=body["choices"])
        if body["minutes"] > 1440:
            return _problem(
                422, "A day has 24 hours.", errors=[{"field": "minutes", "detail": "A day has 24 hours."}]
            )
        same_day = [row for row in self.sessions if row.get("studied_on") == body["studied_on"]]
        whole = body["minutes"] + sum(row["minutes"] for row in same_day if not row["deleted"])
        if whole > 16 * 60 and not confirmed:
            asks = f"With this, {body['studied_on']} has {whole} min. Is that right?"
            return _problem(422, asks, errors=[{"field": "confirm_long_day", "detail": asks}])
        subject = body.get("activity") or body.get("module") or ""
        titles = dict(ACTIVITIES.values())
        session = {
            "id": len(self.sessions) + 1,
            "minutes": body["minutes"],
            "studied_on": body["studied_on"],
            "activity": subject,
            "title": self.title_prefix + titles.get(subject, "Something else"),
            "note": self.title_prefix + body.get("note", ""),
            "confidence": body.get("confidence"),
            "deleted": False,
            "asks": "",
            "of": email,
        }
        self.sessions.append(session)
        return Answer(201, dict(session))

    def _take_back(self, number: int) -> Answer:
        if number > len(self.sessions):
            return _problem(404, "There is nothing at this address.")
        self.sessions[number - 1]["deleted"] = True
        return Answer(204)

    def _do_timer(  # noqa: PLR0911 - a line an operation
        self, method: str, rest: list[str], body: dict[str, Any], email: str
    ) -> Answer:
        if method == "GET":
            return Answer(200, self.timer)
        if method == "DELETE":
            self.timer = {"state": "none", "seconds": 0, "asks": ""}
            return Answer(204)
        if rest == ["start"]:
            return self._start_timer(body)
        if self.timer["state"] == "none":
            return _problem(404, "There is no timer.")
        if rest == ["log"]:
            if self.timer["asks"] and "minutes" not in body:
                return _problem(422, self.timer["asks"])
            minutes = body.get("minutes") or self.timer["seconds"] // 60
            answer = self._log({"studied_on": "2026-11-19", **body, "minutes": minutes}, email)
            if answer.status == 201:
                self.timer = {"state": "none", "seconds": 0, "asks": ""}
            return answer
        self.timer = {**self.timer, "state": {"pause": "paused", "stop": "stopped"}.get(rest[0], "running")}
        return Answer(200, self.timer)

    def _start_timer(self, body: dict[str, Any]) -> Answer:
        if self.timer["state"] != "none":
            return _problem(409, "There is a timer already. Log it or throw it away first.", timer=self.timer)
        if "line" in body:
            reading = self._read({**body, "studied_on": "2026-11-19"})
            if reading["choices"]:
                return _problem(422, "Which of these is meant?", choices=reading["choices"])
            body = {"activity": reading["activity"]}
        self.timer = {
            "state": "running",
            "activity": body.get("activity", ""),
            "title": self.title_prefix + "Run six families of probes",
            "started_at": "2026-11-19T18:05:00Z",
            "seconds": 1500,
            "asks": "",
        }
        return Answer(201, self.timer)


def _problem(status: int, detail: str, **members: Any) -> Answer:
    said = {"type": "about:blank", "title": "No", "status": status, "detail": detail, **members}
    return Answer(status, said, {"Content-Type": PROBLEM})


THIS_WEEK: dict[str, Any] = {
    "from": "2026-11-16",
    "number": 3,
    "logged_minutes": 250,
    "target_minutes": 360,
    "paused": False,
    "left_minutes": 110,
    "days": [
        {"on": "2026-11-16", "logged_minutes": 45, "target_minutes": 60, "off": False},
        {"on": "2026-11-17", "logged_minutes": 0, "target_minutes": 0, "off": True},
        {"on": "2026-11-18", "logged_minutes": 205, "target_minutes": 300, "off": False},
    ],
}


def _result(probe: str, passed: int, evaluated: int, share: float | None) -> dict[str, Any]:
    rate = None if share is None else {"share": share, "low": share / 2, "high": (1 + share) / 2}
    counts = {"passed": passed, "evaluated": evaluated, "not_scored": 0}
    return {"probe": probe, "detector": "always.Fail", **counts, "attack_success_rate": rate}


RUN: dict[str, Any] = {
    "id": 1,
    "tool": "garak",
    "version": "0.17.1",
    "target": "rest.RestGenerator",
    "state": "partial",
    "why_partial": "the run was interrupted.",
    "requested": ["dan", "encoding", "xss"],
    "evaluated": ["dan.A", "dan.B", "dan.C", "dan.D", "dan.E", "encoding.F", "encoding.G"],
    "not_evaluated": ["xss"],
    "results": [
        _result("dan.A", 10, 10, 0.0),
        _result("dan.B", 0, 10, 1.0),
        _result("dan.C", 0, 0, None),
        _result("dan.D", 5, 10, 0.5),
        _result("dan.E", 9, 10, 0.1),
        _result("encoding.F", 4, 10, 0.6),
        _result("encoding.G", 5, 10, 0.5),
    ],
}

PLAN: dict[str, Any] = {
    "track": "ai-security-engineer",
    "track_title": "AI security engineer",
    "start_on": "2026-11-02",
    "target_on": "2027-09-30",
    "finish_on": "2027-08-14",
    "forecast": {"likely_on": "2027-09-01", "low_80_on": "2027-07-20", "high_80_on": "2027-11-02"},
    "remaining_minutes": 12000,
    "done_minutes": 2050,
    "percent": 14,
    "modules": [
        {
            "key": "garak",
            "number": 6,
            "title": "garak",
            "state": "part",
            "done_minutes": 100,
            "open_minutes": 500,
        },
        {
            "key": "atlas",
            "number": 3,
            "title": "ATLAS",
            "state": "done",
            "done_minutes": 900,
            "open_minutes": 0,
        },
    ],
}
