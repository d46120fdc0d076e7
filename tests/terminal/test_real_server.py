"""The same commands against the product itself: what the small server pretends is what the API does.

The requests go to Django's test client in place of a socket, so that they share the test's transaction.
"""

import urllib.request
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from cairn_terminal import clock, server
from cairn_terminal.failures import Unreachable
from cairn_terminal.login import Token
from django.core.cache import cache
from django.db import transaction
from django.test import Client
from pytest_django import Settings

from curriculum.catalogue import Catalogue
from tests.api.programs import Program, make_program
from tests.evidence.reports.build import as_lines, garak
from tests.fixtures.cast import TODAY, make_plan
from tests.terminal.typing_in import Shell, sit_down
from tracker.evidence import queries, tasks
from tracker.evidence.models import Run, Upload
from tracker.journal.models import StudySession, Timer
from tracker.people import actions as people_actions
from tracker.people.models import User

ACTIVITY = "garak.run-six-families"


class Network:
    """What lies between the terminal and the server: it can be cut on the way there, or on the way back."""

    def __init__(self) -> None:
        self.client = Client()
        self.is_cut = False
        self.loses_answers = False  # of what was written
        self.replayed = 0

    def exchange(self, request: urllib.request.Request) -> server.Answer:
        if self.is_cut:
            raise ConnectionResetError
        data = request.data.read() if isinstance(request.data, server.FirstBytes) else request.data
        assert data is None or isinstance(data, bytes)
        headers = dict(request.header_items())
        there = urlsplit(request.full_url)
        response = self.client.generic(
            request.get_method(),
            f"{there.path}?{there.query}",
            data or b"",
            content_type=headers.pop("Content-type", "application/json"),
            headers=headers,
        )
        self.replayed += response.headers.get("Idempotency-Replayed") == "true"
        is_write = request.get_method() == "DELETE" or there.path.endswith(("/sessions", "/reports"))
        if self.loses_answers and is_write:
            raise ConnectionResetError
        return server.Answer(
            status=response.status_code,
            content_type=response.headers.get("Content-Type", "").partition(";")[0],
            retry_after=response.headers.get("Retry-After", ""),
            location=response.headers.get("Location", ""),
            content=response.content,
            replayed=response.headers.get("Idempotency-Replayed") == "true",
        )


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> Network:
    """The product at the other end of every request; counts of requests begin anew."""
    cache.clear()
    found = Network()
    monkeypatch.setattr(server.Server, "_exchange", found.exchange)

    def at_once(seconds: float, work: Callable[[], server.Answer]) -> server.Answer:
        # In this thread: another one has no part in the test's transaction.
        return work()

    monkeypatch.setattr(server, "_within", at_once)
    return found


@pytest.fixture
def log_in(
    shell: Shell, network: Network, alice: User, curriculum: Catalogue, now: object
) -> Callable[[str], Program]:
    """Logs Alice, on her plan, in with a token of a scope."""
    make_plan(alice, curriculum)

    def with_scope(scope: str) -> Program:
        program = make_program(alice, scope)
        said = shell.run("login", "https://cairn.example.org", env={"CAIRN_TOKEN": program.token})
        assert said.code == 0, said
        assert said.out.endswith(f"The token may: {scope}.\n")
        return program

    return with_scope


def sessions() -> list[StudySession]:
    return list(StudySession.objects.filter(deleted_at=None).order_by("pk"))


def test_log_and_undo(shell: Shell, log_in: Callable[[str], Program], curriculum: Catalogue) -> None:
    log_in("log")
    title = curriculum.activity(ACTIVITY).title
    said = shell.run("log", "45m", title, "yesterday", "confidence", "3")
    assert said.code == 0
    assert said.out.startswith(f"Logged: 45 min on Wed 18 Nov 2026: {title}, confidence 3\n")
    [session] = sessions()
    assert (session.minutes, session.studied_on) == (45, TODAY - timedelta(days=1))
    assert (session.activity_key, session.confidence, session.source) == (ACTIVITY, 3, "api")
    assert shell.run("undo").code == 0
    assert sessions() == []
    assert shell.run("undo").code == 1


def test_questions_are_asked_and_the_answers_logged(
    shell: Shell, log_in: Callable[[str], Program], monkeypatch: pytest.MonkeyPatch
) -> None:
    log_in("log")
    document = shell.run("log", "probes", "--json").document
    assert {ask["field"] for ask in document["questions"]} == {"minutes", "subject"}
    assert document["choices"]
    assert sessions() == []
    sit_down(monkeypatch)
    assert shell.run("log", "probes", answers="1 h 30\n1\ny\n").code == 0
    [session] = sessions()
    assert session.minutes == 90
    chosen = document["choices"][0]["key"]
    assert chosen in (session.activity_key, session.module_key)


def test_offline_and_back(
    shell: Shell, log_in: Callable[[str], Program], network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    log_in("log")
    monkeypatch.setattr(clock, "today", lambda: TODAY - timedelta(days=3))
    network.is_cut = True
    assert shell.run("log", "45m garak").code == 3
    assert shell.run("log", "30m atlas yesterday").code == 3
    assert shell.run("log", "probes").code == 3
    network.is_cut = False
    said = shell.run("queue", "send")
    assert said.code == 1, "the third asks something"
    assert [(one.minutes, one.studied_on) for one in sessions()] == [
        (45, TODAY - timedelta(days=3)),
        (30, TODAY - timedelta(days=4)),
    ]
    assert shell.queued() == ["probes"]


def test_answer_that_was_lost_is_given_again(
    shell: Shell, log_in: Callable[[str], Program], network: Network
) -> None:
    log_in("log")
    for words, left in ((("log", "45m garak"), 1), (("undo",), 0)):
        network.loses_answers = True
        assert shell.run(*words).code == 3
        assert len(sessions()) == left
        network.loses_answers = False
        assert shell.run("queue", "send").code == 0
        assert len(sessions()) == left
    assert network.replayed == 2


def test_queue_replayed_twice(shell: Shell, log_in: Callable[[str], Program], network: Network) -> None:
    log_in("log")
    network.is_cut = True
    for minutes in (10, 20, 30):
        shell.run("log", f"{minutes}m garak")
    files = {path: path.read_bytes() for path in shell.queue.glob("*.json")}
    network.is_cut = False
    for _ in range(2):
        assert shell.run("queue", "send").code == 0
        for path, content in files.items():
            path.write_bytes(content)
    assert shell.run("queue", "send").code == 0
    assert [one.minutes for one in sessions()] == [10, 20, 30]
    assert network.replayed == 6


def test_token_that_was_revoked(
    shell: Shell, log_in: Callable[[str], Program], network: Network, alice: User, now: object
) -> None:
    program = log_in("log")
    assert program.row is not None
    people_actions.revoke_token(alice, program.row.pk, now=program.row.made_at)
    assert shell.run("log", "45m garak").code == 3
    assert shell.run("week").code == 1
    assert sessions() == []
    log_in("log")
    assert [one.minutes for one in sessions()] == [45]


@pytest.mark.parametrize(
    ("scope", "fails"),
    [("read", {"log", "undo", "done", "timer"}), ("log", {"plan", "done"}), ("all", set())],
)
def test_scopes(shell: Shell, log_in: Callable[[str], Program], scope: str, fails: set[str]) -> None:
    log_in(scope)
    typed = (
        ["week"],
        ["next"],
        ["plan"],
        ["log", "45m garak"],
        ["done", ACTIVITY],
        ["timer", "start"],
        ["undo"],
    )
    codes = {words[0]: shell.run(*words).code for words in typed}
    assert {word for word, code in codes.items() if code} == fails
    assert shell.queued() == []


def test_timer(shell: Shell, log_in: Callable[[str], Program], curriculum: Catalogue) -> None:
    log_in("log")
    title = curriculum.activity(ACTIVITY).title
    assert shell.run("timer", "status").out == "There is no timer.\n"
    assert title in shell.run("timer", "start", title).out
    assert shell.run("timer", "start").code == 1
    for verb, state in (("pause", "Paused"), ("resume", "Running"), ("stop", "Stopped")):
        assert shell.run("timer", verb).out.startswith(f"{state}: 0 min on {title}")
    assert shell.run("timer", "log", "--minutes", "25", "--note", "half").code == 0
    [session] = sessions()
    assert (session.minutes, session.activity_key, session.note) == (25, ACTIVITY, "half")
    assert shell.run("undo").code == 0
    shell.run("timer", "start")
    assert shell.run("timer", "discard").code == 0
    assert not Timer.objects.exists()


def test_timer_start_asks(
    shell: Shell, log_in: Callable[[str], Program], monkeypatch: pytest.MonkeyPatch
) -> None:
    log_in("log")
    assert shell.run("timer", "start", "probes").code == 2
    sit_down(monkeypatch)
    assert shell.run("timer", "start", "probes", answers="1\n").code == 0
    assert Timer.objects.get().module_key


def test_timer_that_was_forgotten(
    shell: Shell, log_in: Callable[[str], Program], monkeypatch: pytest.MonkeyPatch
) -> None:
    log_in("log")
    shell.run("timer", "start")
    Timer.objects.update(banked_seconds=9 * 3600)
    assert shell.run("timer", "log").code == 2
    sit_down(monkeypatch)
    assert shell.run("timer", "log", answers="50\n").code == 0
    assert [one.minutes for one in sessions()] == [50]


def test_progress_in_words(shell: Shell, log_in: Callable[[str], Program], curriculum: Catalogue) -> None:
    log_in("all")
    shell.run("log", "45m garak")
    assert "45 min of 6 h 30." in shell.run("week").out
    assert "Thu 19 Nov 2026     45 min  of 1 h\n" in shell.run("week").out
    offered = shell.run("next", "--json").document["items"]
    assert offered
    key = offered[0]["key"]
    assert curriculum.activity(key).title in shell.run("next").out
    assert shell.run("done", key).out == f"Done: {curriculum.activity(key).title}\n"
    plan = shell.run("plan").out
    assert plan.startswith("AI security engineer\n")
    assert plan.count("\n") >= len(curriculum.modules_in("ai-security-engineer"))


def test_day_over_24_hours_and_a_day_to_come_are_refused_with_sentences(
    shell: Shell, log_in: Callable[[str], Program]
) -> None:
    log_in("log")
    assert shell.run("log", "--on", "2026-11-20", "45m garak").code == 1
    assert shell.run("log", "--yes", "23h garak").code == 0
    for words in (["2h garak"], ["--yes", "2h garak"]):
        said = shell.run("log", *words)
        assert said.code == 1
        assert said.err == "cairn: A day has 24 hours, and with this one that day would have more.\n"
    assert len(sessions()) == 1


def test_a_long_day_is_asked_about_here_and_from_the_queue(
    shell: Shell, log_in: Callable[[str], Program], network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    log_in("log")
    # What is kept is dated by this machine.
    monkeypatch.setattr(clock, "today", lambda: TODAY)
    assert shell.run("log", "16h garak").code == 0
    said = shell.run("log", "1h garak")
    assert (said.code, said.err) == (
        2,
        "cairn: With this, 2026-11-19 has 17 h. Is that right? If so, say --yes.\n",
    )
    network.is_cut = True
    assert shell.run("log", "1h garak").code == 3
    network.is_cut = False
    assert shell.run("queue", "send").code == 1
    assert [one.minutes for one in sessions()] == [960]
    sit_down(monkeypatch)
    assert shell.run("queue", "send", "1", answers="y\ny\n").code == 0
    shell.run("timer", "start")
    assert shell.run("timer", "log", "--minutes", "30", answers="n\n").code == 1
    assert Timer.objects.exists()
    assert shell.run("timer", "log", "--minutes", "30", answers="y\n").code == 0
    assert [one.minutes for one in sessions()] == [960, 60, 30]
    assert shell.queued() == []


def test_limits_keep_what_is_too_much(
    shell: Shell, log_in: Callable[[str], Program], settings: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    log_in("log")
    monkeypatch.setattr("django.conf.settings.API_A_MINUTE", 3)
    codes = [shell.run("log", "10m garak").code for _ in range(3)]
    assert codes == [0, 3, 3]
    assert len(sessions()) == 1
    monkeypatch.setattr("django.conf.settings.API_A_MINUTE", 120)
    assert shell.run("queue", "send").code == 0
    assert len(sessions()) == 3


@pytest.fixture
def garak_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A report in a file. What is enqueued is done when its report is asked about, by the real task."""
    waiting: list[str] = []
    monkeypatch.setattr(tasks, "ask", lambda task, pk: waiting.append(str(pk)))
    monkeypatch.setattr(transaction, "on_commit", lambda do: do())
    real = queries.upload

    def upload(learner_id: int, pk: UUID) -> Upload | None:
        while waiting:
            tasks.read_upload(waiting.pop())
        return real(learner_id, pk)

    monkeypatch.setattr(queries, "upload", upload)
    path = tmp_path / "mine.report.jsonl"
    path.write_bytes(as_lines(garak()))
    return path


def test_push_a_report(shell: Shell, log_in: Callable[[str], Program], garak_report: Path) -> None:
    log_in("log")
    said = shell.run("report", "push", str(garak_report))
    assert said.code == 0, said
    run = Run.objects.get()
    assert said.out.startswith(f"Read: garak 0.17.1 against {run.target}.\nComplete.\n")
    assert said.out.endswith(f"https://cairn.example.org/evidence/uploads/{run.uploads.get().pk}/\n")
    assert "Attack success rate" in said.out
    # Once more it is the same upload; under another name the same run.
    assert shell.run("report", "push", str(garak_report)).out == said.out
    assert Upload.objects.count() == 1
    renamed = garak_report.rename(garak_report.with_name("other.jsonl"))
    assert "This run was here already; it counts once." in shell.run("report", "push", str(renamed)).out
    assert (Upload.objects.count(), Run.objects.count()) == (2, 1)


def test_push_again_what_came_to_nothing(
    shell: Shell, log_in: Callable[[str], Program], garak_report: Path, settings: Settings
) -> None:
    """The key alone would give the same refusal for thirty days."""
    log_in("log")
    room, settings.STORED_BYTES_MAX = settings.STORED_BYTES_MAX, 100
    said = shell.run("report", "push", str(garak_report))
    assert said.code == 1
    assert "Delete one" in said.err
    settings.STORED_BYTES_MAX = room
    assert shell.run("report", "push", str(garak_report)).code == 0
    Run.objects.get().delete()
    assert shell.run("report", "push", str(garak_report)).code == 0
    assert Run.objects.count() == 1


def test_push_what_is_no_report(shell: Shell, log_in: Callable[[str], Program], garak_report: Path) -> None:
    log_in("all")
    garak_report.write_bytes(b"%PDF-1.7 no report")
    said = shell.run("report", "push", str(garak_report))
    assert (said.code, said.out) == (1, "")
    assert said.err == f"cairn: {Upload.objects.get().sentence}\n"
    assert shell.run("report", "push", "--json", str(garak_report)).document["outcome"] == "refused"
    garak_report.write_bytes(b"")
    assert "is empty" in shell.run("report", "push", str(garak_report)).err


def test_push_with_a_token_that_reads(
    shell: Shell, log_in: Callable[[str], Program], garak_report: Path
) -> None:
    log_in("read")
    said = shell.run("report", "push", str(garak_report))
    assert said.code == 1
    assert "needs a token of scope 'log'" in said.err
    assert not Upload.objects.exists()


def test_push_whose_answer_was_lost(
    shell: Shell, log_in: Callable[[str], Program], garak_report: Path, network: Network
) -> None:
    log_in("log")
    network.loses_answers = True
    assert shell.run("report", "push", str(garak_report)).code == 1
    network.loses_answers = False
    assert shell.run("report", "push", str(garak_report)).code == 0
    assert (Upload.objects.count(), network.replayed) == (1, 1)
    assert shell.queued() == []


def test_unreachable_is_what_a_cut_is(network: Network) -> None:
    network.is_cut = True
    with pytest.raises(Unreachable):
        server.Server("https://cairn.example.org", Token(f"cairn_{'x' * 43}")).ask("GET", "/me")
