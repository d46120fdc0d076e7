"""Idempotency-Key: the same request is done once and answered the same, whatever happens between."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import OperationalError, connection, connections
from django.test.utils import CaptureQueriesContext

from tests.api.programs import Program, make_program, problem_in
from tests.fixtures.cast import NOW, make_learner, make_plan
from tests.fixtures.curriculum import load_test_curriculum
from tracker.journal.models import StudySession, Timer
from tracker.people import actions
from tracker.people.models import ApiToken, KeptAnswer, User
from tracker.people.tasks import forget_old_answers
from tracker.plans.models import Mark


def same(first: Any, again: Any) -> None:
    """The second answer is the first one, and says so."""
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again.headers["Content-Type"] == first.headers["Content-Type"]
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers


def test_the_same_request_is_done_once_and_answered_the_same(program: Program) -> None:
    first = program.post("/sessions", {"minutes": 45}, key="a")
    for _ in range(3):
        same(first, program.post("/sessions", {"minutes": 45}, key="a"))
    assert StudySession.objects.count() == 1
    assert program.post("/sessions", {"minutes": 45}, key="b").json()["id"] != first.json()["id"]
    assert program.post("/sessions", {"minutes": 45}).status_code == 201  # and without a key
    assert StudySession.objects.count() == 3


def test_it_is_answered_the_same_when_things_have_changed_since(program: Program, time_machine: Any) -> None:
    first = program.post("/sessions", {"minutes": 45}, key="a")
    program.ask("PATCH", f"/sessions/{first.json()['id']}", {"minutes": 50})
    time_machine.move_to(NOW + timedelta(days=29), tick=False)
    same(first, program.post("/sessions", {"minutes": 45}, key="a"))


def test_another_request_under_the_same_key_is_refused(program: Program) -> None:
    program.post("/sessions", {"minutes": 45}, key="a")
    others = [
        ("POST", "/sessions", {"minutes": 46}),
        ("POST", "/sessions", b'{"minutes":45}'),  # the same in other bytes
        ("POST", "/timer/start", {"minutes": 45}),
        ("DELETE", "/timer", None),
    ]
    for method, path, body in others:
        problem = problem_in(program.ask(method, path, body, key="a"), 409)
        assert problem["type"] == "/api/v1/problems/key-reused"
    assert StudySession.objects.count() == 1


def test_a_refusal_is_kept_too(program: Program) -> None:
    program.post("/sessions", {"minutes": 1440, "confirm_long_day": True})
    for body in ({"minutes": 5}, {"minutes": 0}, b"no json"):
        key = str(body)
        first = program.ask("POST", "/sessions", body, key=key.replace(" ", ""))
        assert first.status_code in {400, 422}
        same(first, program.ask("POST", "/sessions", body, key=key.replace(" ", "")))
    gone = program.ask("DELETE", "/sessions/1000000", key="gone")
    same(gone, program.ask("DELETE", "/sessions/1000000", key="gone"))


def test_keys_of_two_learners_have_nothing_to_do_with_one_another(
    program: Program, stranger: Program
) -> None:
    first = program.post("/sessions", {"minutes": 45}, key="a")
    theirs = stranger.post("/sessions", {"minutes": 45}, key="a")
    assert first.json()["id"] != theirs.json()["id"]
    assert "Idempotency-Replayed" not in theirs.headers


def test_two_tokens_of_one_learner_share_their_keys(program: Program, logger: Program) -> None:
    first = program.post("/sessions", {"minutes": 45}, key="a")
    same(first, logger.post("/sessions", {"minutes": 45}, key="a"))


def test_a_replay_needs_the_scope_that_the_request_needs(program: Program, reader: Program) -> None:
    program.post("/sessions", {"minutes": 45}, key="a")
    problem_in(reader.post("/sessions", {"minutes": 45}, key="a"), 403)


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 256, "\u00e4", "a\tb"])
def test_a_key_is_visible_ascii(program: Program, key: str) -> None:
    problem_in(program.post("/sessions", {"minutes": 45}, key=key), 400)
    assert not StudySession.objects.exists()


@pytest.mark.parametrize("key", ["x", "x" * 255, "!~", "0190-ab/cd+ef==", "';--"])
def test_any_visible_ascii_is_a_key(program: Program, key: str) -> None:
    same(
        program.post("/sessions", {"minutes": 45}, key=key),
        program.post("/sessions", {"minutes": 45}, key=key),
    )


def test_what_only_reads_takes_no_notice_of_a_key(program: Program) -> None:
    for _ in range(2):
        assert "Idempotency-Replayed" not in program.ask("GET", "/me", key="a").headers
    assert not KeptAnswer.objects.exists()


WRITES: list[tuple[str, str, Any, Callable[[User], int]]] = [
    ("POST", "/sessions", {"minutes": 45}, lambda learner: learner.study_sessions.count()),
    ("POST", "/timer/start", {"module": "mindset"}, lambda learner: Timer.objects.count()),
    ("PUT", "/activities/mindset.rate-six-skills/mark", {"kind": "done"}, lambda _: Mark.objects.count()),
]


@pytest.mark.parametrize(("method", "path", "body", "rows"), WRITES)
def test_every_write_can_be_repeated(
    program: Program, learner: User, method: str, path: str, body: Any, rows: Callable[[User], int]
) -> None:
    first = program.ask(method, path, body, key="k")
    assert first.status_code in {200, 201}
    same(first, program.ask(method, path, body, key="k"))
    assert rows(learner) == 1


def test_deleting_can_be_repeated(program: Program) -> None:
    pk = program.post("/sessions", {"minutes": 45}).json()["id"]
    first = program.ask("DELETE", f"/sessions/{pk}", key="k")
    program.post(f"/sessions/{pk}/restore")
    # Sent again late, it does not delete what was restored since.
    same(first, program.ask("DELETE", f"/sessions/{pk}", key="k"))
    assert StudySession.objects.get().deleted_at is None


@pytest.mark.parametrize("breaks", ["before", "between", "after"])
def test_a_crash_keeps_both_or_neither(learner: User, monkeypatch: pytest.MonkeyPatch, breaks: str) -> None:
    """Wherever it breaks, the same request sent again is done once."""
    program = make_program(learner, raises=False)
    keep = actions.keep_answer

    def broken(*args: Any, **kwargs: Any) -> None:
        if breaks == "after":
            keep(*args, **kwargs)
        raise OperationalError("the connection is gone")

    where = (
        "tracker.journal.actions.log_session" if breaks == "before" else "tracker.people.actions.keep_answer"
    )
    with monkeypatch.context() as patched:
        patched.setattr(where, broken if breaks != "before" else lambda *_, **__: broken())
        answer = program.post("/sessions", {"minutes": 45}, key="k")
    assert problem_in(answer, 503)["type"] == "about:blank"
    assert int(answer.headers["Retry-After"]) > 0
    assert (StudySession.objects.count(), KeptAnswer.objects.count()) == (0, 0)
    first = program.post("/sessions", {"minutes": 45}, key="k")
    assert first.status_code == 201
    same(first, program.post("/sessions", {"minutes": 45}, key="k"))
    assert StudySession.objects.count() == 1


def test_a_fault_of_ours_is_not_kept(learner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    program = make_program(learner, raises=False)
    with monkeypatch.context() as patched:
        patched.setattr("tracker.api.views.sessions.session_of", lambda *_: 1 / 0)
        problem_in(program.post("/sessions", {"minutes": 45}, key="k"), 500)
    assert (StudySession.objects.count(), KeptAnswer.objects.count()) == (0, 0)
    assert program.post("/sessions", {"minutes": 45}, key="k").status_code == 201


def test_answers_are_kept_thirty_days(program: Program, time_machine: Any) -> None:
    program.post("/sessions", {"minutes": 45}, key="k")
    time_machine.move_to(NOW + timedelta(days=30, seconds=-1), tick=False)
    forget_old_answers()
    assert KeptAnswer.objects.count() == 1
    time_machine.move_to(NOW + timedelta(days=30), tick=False)
    forget_old_answers()
    assert not KeptAnswer.objects.exists()
    assert program.post("/sessions", {"minutes": 45}, key="k").status_code == 201
    assert StudySession.objects.count() == 2


def test_old_answers_are_forgotten_by_beat(settings: Any) -> None:
    entry = settings.CELERY_BEAT_SCHEDULE["forget-old-answers"]
    assert entry["task"] == forget_old_answers.name
    assert entry["options"]["expires"] < entry["schedule"] <= 24 * 3600


def test_a_replay_asks_little_of_the_database(program: Program) -> None:
    program.post("/sessions", {"minutes": 45}, key="k")
    with CaptureQueriesContext(connection) as seen:
        program.post("/sessions", {"minutes": 45}, key="k")
    asked = [query["sql"] for query in seen if not query["sql"].startswith(("SAVEPOINT", "RELEASE"))]
    assert len(asked) == 3  # the token, the lock, what was kept


# --- at the same moment -----------------------------------------------------------------------------------


@pytest.fixture
def committed(transactional_db: None, now: object) -> Program:
    """Alice's program in a database whose rows other threads see."""
    learner = make_learner("Alice")
    make_plan(learner, load_test_curriculum())
    return make_program(learner)


def at_once(number: int, do: Callable[[int], Any]) -> list[Any]:
    """Does it in so many threads, which begin together."""
    start = threading.Barrier(number)

    def one(place: int) -> Any:
        try:
            start.wait(timeout=20)
            return do(place)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(number) as threads:
        return list(threads.map(one, range(number)))


def test_of_the_same_request_at_once_one_is_done_and_all_are_answered(committed: Program) -> None:
    answers = at_once(
        6, lambda _: Program(committed.token).post("/sessions", {"minutes": 45, "note": "Once."}, key="k")
    )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert [answer.headers.get("Idempotency-Replayed") for answer in answers].count("true") == 5
    assert (StudySession.objects.count(), KeptAnswer.objects.count()) == (1, 1)


def test_of_two_bodies_under_one_key_at_once_one_is_refused(committed: Program) -> None:
    answers = at_once(
        2, lambda place: Program(committed.token).post("/sessions", {"minutes": 45 + place}, key="k")
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    assert StudySession.objects.count() == 1


def test_a_day_does_not_overflow_when_programs_log_at_once(committed: Program) -> None:
    said = {"minutes": 600, "confirm_long_day": True}
    answers = at_once(4, lambda place: Program(committed.token).post("/sessions", said, key=f"k{place}"))
    assert sorted(answer.status_code for answer in answers) == [201, 201, 422, 422]


@pytest.mark.parametrize("keyed", [True, False])
def test_two_corrections_at_once_undo_nothing_of_one_another(committed: Program, keyed: bool) -> None:
    address = f"/sessions/{committed.post('/sessions', {'minutes': 45}).json()['id']}"
    for turn in range(1, 6):
        corrections: list[dict[str, Any]] = [{"note": f"Turn {turn}."}, {"confidence": turn}]

        def correct(place: int, turn: int = turn, said: Any = corrections) -> Any:
            key = f"{turn}-{place}" if keyed else None
            return Program(committed.token).ask("PATCH", address, said[place], key=key)

        assert {answer.status_code for answer in at_once(2, correct)} == {200}
        now = committed.get(address).json()
        assert (now["note"], now["confidence"]) == (f"Turn {turn}.", turn)


def test_what_was_kept_outlives_the_process(committed: Program) -> None:
    """Nothing of it is in memory or in the cache: another connection and an empty cache answer the same."""
    first = committed.post("/sessions", {"minutes": 45}, key="k")
    cache.clear()
    connections.close_all()
    same(first, Program(committed.token).post("/sessions", {"minutes": 45}, key="k"))
    assert ApiToken.objects.count() == 1
