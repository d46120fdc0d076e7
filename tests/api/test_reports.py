"""Reports of tools by the API: taken as they are, read by a worker, told to whoever may know."""

import gzip
import hashlib
import io
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext

from tests.api.programs import ROOT, Program, fields_in, make_program, problem_in
from tests.evidence.factories import make_run, make_upload
from tests.evidence.reports.build import PROBES, as_lines, garak
from tracker.api import door
from tracker.evidence import tasks
from tracker.evidence.models import FilePart, Run, StoredFile, Upload
from tracker.people.models import KeptAnswer, User

BINARY = "application/octet-stream"
REPORT = as_lines(garak())
NOBODYS = "6566cac0-cf4c-4cf9-95f3-64851b433f55"

Send = Callable[..., Any]
OnCommit = Callable[..., AbstractContextManager[Any]]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was enqueued, which the real task then reads in the real process at once."""
    found: list[str] = []

    def ask(task: Any, row_id: Any) -> None:
        assert Upload.objects.filter(pk=row_id).exists()
        found.append(str(row_id))
        task(str(row_id))

    monkeypatch.setattr(tasks, "ask", ask)
    return found


@pytest.fixture
def send(asked: list[str], django_capture_on_commit_callbacks: OnCommit) -> Send:
    """Sends a report; what waits for the end of the transaction is done."""

    def post(
        program: Program, content: bytes, *, key: str | None = None, kind: str = BINARY, **query: Any
    ) -> Any:
        path = f"/reports?{urlencode(query)}" if query else "/reports"
        with django_capture_on_commit_callbacks(execute=True):
            return program.ask("POST", path, content, key=key, Content_Type=kind)

    return post


def test_a_report_is_taken_read_and_shown(program: Program, send: Send, asked: list[str]) -> None:
    answer = send(program, REPORT, name="../mine.report.jsonl")
    assert answer.status_code == 202, answer.content
    said = answer.json()
    assert answer.headers["Location"] == f"{ROOT}/reports/{said['id']}"
    assert (said["state"], said["run"], said["name"]) == ("waiting", None, "mine.report.jsonl")
    assert (said["size_bytes"], said["sha256"]) == (len(REPORT), hashlib.sha256(REPORT).hexdigest())
    assert asked == [said["id"]]
    read = program.get(f"/reports/{said['id']}").json()
    assert (read["state"], read["was_known"], read["sentence"]) == ("read", False, "")
    run = read["run"]
    assert (run["tool"], run["version"], run["state"]) == ("garak", "0.17.1", "complete")
    assert sorted(run["requested"]) == sorted(PROBES)
    assert set(run["evaluated"]) <= set(PROBES)
    assert run["not_evaluated"] == []
    first = run["results"][0]
    rate = first["attack_success_rate"]
    assert rate["share"] == 1 - first["passed"] / first["evaluated"]
    assert rate["low"] <= rate["share"] <= rate["high"]
    # The file itself, with its prompts, is gone.
    assert not StoredFile.objects.exists()


def test_what_was_not_scored_has_no_rate(program: Program, learner: User) -> None:
    upload = make_run(learner).uploads.get()
    results = program.get(f"/reports/{upload.pk}").json()["run"]["results"]
    assert [row["attack_success_rate"] is None for row in results] == [False, True, False]
    assert results[1]["not_scored"] == 12


@pytest.mark.parametrize("kind", door.FILE_TYPES)
def test_every_kind_that_the_document_names_is_taken(program: Program, send: Send, kind: str) -> None:
    content = gzip.compress(REPORT) if kind.endswith("gzip") else REPORT
    said = send(program, content, kind=kind).json()
    assert program.get(f"/reports/{said['id']}").json()["state"] == "read"


def test_a_file_that_is_no_report_is_refused_with_its_sentence(program: Program, send: Send) -> None:
    said = send(program, b"%PDF-1.7 nothing that a tool wrote", name="x.pdf").json()
    read = program.get(f"/reports/{said['id']}").json()
    assert (read["state"], read["run"]) == ("refused", None)
    assert read["sentence"].endswith(".")


def test_attack_and_target_come_with_the_report(program: Program, send: Send) -> None:
    said = send(program, REPORT, attack=" HopSkipJump ", target="digits", keep="true").json()
    assert (said["attack"], said["target"], said["keep"]) == ("HopSkipJump", "digits", True)
    upload = Upload.objects.get()
    assert (upload.attack, upload.told_target, upload.keeps_file) == ("HopSkipJump", "digits", True)
    assert StoredFile.objects.count() == 1


def test_a_run_that_is_here_counts_once(program: Program, send: Send, asked: list[str]) -> None:
    first = program.get(f"/reports/{send(program, REPORT).json()['id']}").json()
    again = send(program, REPORT, name="renamed.jsonl").json()
    assert (again["state"], again["was_known"]) == ("read", True)
    assert again["run"]["id"] == first["run"]["id"]
    assert (Run.objects.count(), len(asked)) == (1, 1)


# --- the key ----------------------------------------------------------------------------------------------


def test_the_same_report_under_its_key_is_one_upload(program: Program, send: Send, asked: list[str]) -> None:
    first = send(program, REPORT, key="k", name="a")
    again = send(program, REPORT, key="k", name="a")
    assert (again.status_code, again.content) == (202, first.content)
    assert again.headers["Location"] == first.headers["Location"]
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (Upload.objects.count(), len(asked)) == (1, 1)


def test_another_report_or_another_word_under_the_key_is_refused(program: Program, send: Send) -> None:
    send(program, REPORT, key="k", name="a")
    for content, query in ((REPORT + b"\n", {"name": "a"}), (REPORT, {"name": "b"}), (REPORT, {})):
        problem = problem_in(send(program, content, key="k", **query), 409)
        assert problem["type"].endswith("/key-reused")
    assert Upload.objects.count() == 1


def test_a_refusal_is_kept_and_nothing_of_the_file(
    program: Program, send: Send, settings: Any, asked: list[str]
) -> None:
    settings.STORED_BYTES_MAX = len(REPORT) - 1
    first = send(program, REPORT, key="k")
    assert "Delete one" in problem_in(first, 422)["detail"]
    assert (Upload.objects.count(), StoredFile.objects.count(), FilePart.objects.count()) == (0, 0, 0)
    settings.STORED_BYTES_MAX = 10**9
    assert send(program, REPORT, key="k").content == first.content
    assert asked == []


def test_a_crash_keeps_nothing_and_asks_nobody(
    learner: User, send: Send, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    program = make_program(learner, raises=False)

    def broken(*_: Any, **__: Any) -> None:
        raise OperationalError("the connection is gone")

    with monkeypatch.context() as patched:
        patched.setattr("tracker.people.actions.keep_answer", broken)
        problem_in(send(program, REPORT, key="k"), 503)
    assert (Upload.objects.count(), FilePart.objects.count(), asked) == (0, 0, [])
    assert send(program, REPORT, key="k").status_code == 202
    assert len(asked) == 1


def test_a_key_that_is_none_keeps_nothing(program: Program, send: Send) -> None:
    problem_in(send(program, REPORT, key="a b"), 400)
    assert not Upload.objects.exists()


# --- what is not taken ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain", ""]
)
def test_a_form_is_no_file(program: Program, send: Send, kind: str) -> None:
    problem = problem_in(send(program, REPORT, kind=kind), 415)
    assert problem["type"].endswith("/not-a-file")
    assert not Upload.objects.exists()


@pytest.mark.parametrize("key", [None, "k"])
def test_nothing_is_no_report(program: Program, send: Send, key: str | None) -> None:
    assert fields_in(send(program, b"", key=key)) == {""}


class Unread(io.BytesIO):
    """A body that nobody may look at."""

    def read(self, *_: object) -> bytes:
        raise AssertionError("the body was read")


def sent_length(program: Program, length: int, body: io.BytesIO) -> Any:
    """A report whose length is what its header says."""
    environment: dict[str, Any] = {"CONTENT_LENGTH": str(length), "wsgi.input": body}
    return program.client.generic(
        "POST",
        f"{ROOT}/reports",
        b"x",
        content_type=BINARY,
        headers={"Authorization": f"Bearer {program.token}"},
        **environment,
    )


@pytest.mark.parametrize("beyond", [1, 2_000_000])
def test_what_is_too_large_is_refused_unread(program: Program, settings: Any, beyond: int) -> None:
    answer = sent_length(program, settings.UPLOAD_BYTES_MAX + beyond, Unread())
    assert problem_in(answer, 413)["detail"].endswith(".")


@pytest.mark.parametrize("scope", ["read", ""])
def test_who_may_not_send_is_refused_unread(learner: User, scope: str) -> None:
    program = make_program(learner, scope) if scope else Program("cairn_no")
    problem_in(sent_length(program, 1_000, Unread()), 403 if scope else 401)


def test_a_body_that_breaks_off_keeps_nothing(program: Program) -> None:
    problem = problem_in(sent_length(program, len(REPORT) + 1, io.BytesIO(REPORT)), 400)
    assert problem["type"].endswith("/unreadable")
    assert (Upload.objects.count(), KeptAnswer.objects.count()) == (0, 0)


def test_a_body_is_read_in_pieces_and_before_any_lock(program: Program, settings: Any) -> None:
    """However slowly it comes, nobody waits for it in the database."""
    asked_for: list[int] = []

    class Slow(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            assert size is not None
            asked_for.append(size)
            assert not any("stored_file" in query["sql"] for query in seen)
            assert not any("keptanswer" in query["sql"] for query in seen)
            return super().read(size)

    with CaptureQueriesContext(connection) as seen:
        assert sent_length(program, len(REPORT), Slow(REPORT)).status_code == 202
    assert 0 < max(asked_for) <= door.PIECE


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("name=%00", "name"),
        (f"name={'x' * 256}", "name"),
        (f"attack={'x' * 121}", "attack"),
        ("target=%1b", "target"),
        ("keep=perhaps", "keep"),
        ("kept=true", "kept"),
        ("name=a&name=b", "name"),
    ],
)
def test_words_that_are_wrong_are_named(program: Program, query: str, field: str) -> None:
    answer = program.ask("POST", f"/reports?{query}", REPORT, Content_Type=BINARY)
    assert fields_in(answer) == {field}
    assert not Upload.objects.exists()


# --- who sees it ------------------------------------------------------------------------------------------


def test_a_logging_program_sees_what_it_sent_itself(
    logger: Program, reader: Program, learner: User, send: Send
) -> None:
    own = f"/reports/{send(logger, REPORT).json()['id']}"
    assert logger.get(own).json()["state"] == "read"
    assert reader.get(own).status_code == 200
    for program in (logger, make_program(learner, "log")):
        other = own if program is not logger else f"/reports/{make_upload(learner).pk}"
        assert problem_in(program.get(other), 403)["type"].endswith("/scope")


def test_another_persons_report_is_not_there(program: Program, stranger: Program, send: Send) -> None:
    own = send(program, REPORT).json()["id"]
    missing = problem_in(stranger.get(f"/reports/{NOBODYS}"), 404)
    assert problem_in(stranger.get(f"/reports/{own}"), 404) == missing
    assert stranger.get("/reports").json() == {"items": [], "next": None}
    # And a run that is another person's is told apart without a word of theirs.
    again = stranger.get(f"/reports/{send(stranger, REPORT).json()['id']}").json()
    assert (again["state"], again["run"]) == ("refused", None)


@pytest.mark.parametrize("path", ["/reports/1", "/reports/x", f"/reports/{NOBODYS}/", f"/reports/{NOBODYS}"])
def test_what_is_no_number_of_a_report_is_not_there(program: Program, path: str) -> None:
    problem_in(program.get(path), 404)


# --- the list ---------------------------------------------------------------------------------------------


def test_pages_hold_every_report_once(program: Program, learner: User) -> None:
    made = {str(make_upload(learner).pk) for _ in range(7)}  # all of one moment
    found: list[str] = []
    cursor = ""
    for _ in range(4):
        page = program.get(f"/reports?limit=2&cursor={cursor}").json()
        found += [item["id"] for item in page["items"]]
        cursor = page["next"] or ""
    assert (len(found), set(found), cursor) == (7, made, "")


@pytest.mark.parametrize("cursor", ["x", "MjAyNi0xMS0xOS4x", "%00", "MjAyNi0xMS0xOS4", "Lg", "\u00e4"])
def test_a_cursor_that_was_not_given_out(program: Program, cursor: str) -> None:
    assert fields_in(program.get(f"/reports?cursor={cursor}")) == {"cursor"}


def test_the_list_asks_the_same_however_long_it_is(program: Program, learner: User) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert program.get("/reports").status_code == 200
        return len(seen)

    make_run(learner)
    program.get("/me")  # the first use of a minute is noted
    few = queries()
    for _ in range(5):
        make_run(learner)
    assert queries() == few


def test_what_became_of_a_deleted_run_is_said(program: Program, learner: User) -> None:
    run = make_run(learner)
    upload = run.uploads.get()
    run.delete()
    said = program.get(f"/reports/{upload.pk}").json()
    assert (said["state"], said["run"]) == ("read", None)
