"""A day that passes 16 hours: a program is asked whether that is right, and `confirm_long_day` says yes."""

from typing import Any

import pytest

from tests.api.programs import Program, fields_in, problem_in
from tests.fixtures.cast import NOW, TODAY, make_session
from tracker.api.description import document
from tracker.journal import actions
from tracker.journal.models import SessionCorrection, StudySession, Timer
from tracker.people.models import User

YES = {"confirm_long_day": True}
ASKED = "With this, 2026-11-19 has 17 h. Is that right?"
SAID: list[dict[str, Any]] = [{"minutes": 60, "module": "stride"}, {"line": "60m stride"}]


@pytest.fixture
def long_day(learner: User) -> StudySession:
    """What Alice has studied today already: 16 hours."""
    return make_session(learner, minutes=16 * 60)


@pytest.mark.parametrize("said", SAID)
def test_it_is_asked_and_logged_after_a_yes(
    program: Program, long_day: StudySession, said: dict[str, Any]
) -> None:
    for no in ({}, {"confirm_long_day": False}):
        problem = problem_in(program.post("/sessions", {**said, **no}), 422)
        assert problem["errors"] == [{"field": "confirm_long_day", "detail": ASKED}]
        assert (problem["type"], problem["detail"]) == ("/api/v1/problems/refused", ASKED)
    assert StudySession.objects.get() == long_day
    answer = program.post("/sessions", {**said, **YES})
    assert answer.status_code == 201
    assert (answer.json()["minutes"], answer.json()["module"]) == (60, "stride")
    assert answer.json()["asks"] == "", "what was answered is not asked again"


@pytest.mark.parametrize("said", SAID)
@pytest.mark.parametrize("key", ["k", None])
def test_a_yes_where_nothing_is_asked_changes_nothing(
    program: Program, said: dict[str, Any], key: str | None
) -> None:
    assert program.post("/sessions", {**said, **YES}, key=key).status_code == 201
    assert program.post("/sessions", {"minutes": 15 * 60}).status_code == 201  # sixteen hours are usual


@pytest.mark.parametrize("value", ["true", "yes", 1, 0, 1.0, None, [], {}])
@pytest.mark.parametrize("said", SAID)
def test_yes_is_true_and_nothing_else(program: Program, said: dict[str, Any], value: Any) -> None:
    problem = problem_in(program.post("/sessions", {**said, "confirm_long_day": value}), 422)
    assert problem["errors"] == [{"field": "confirm_long_day", "detail": "This is true or false."}]
    assert not StudySession.objects.exists()


def test_reading_a_line_takes_no_yes(program: Program) -> None:
    assert fields_in(program.post("/sessions/read", {"line": "60m stride", **YES})) == {"confirm_long_day"}


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"minutes": 481}, "minutes"),
        ({"minutes": 60, "studied_on": "2026-11-20"}, "studied_on"),
        ({"minutes": 60, "module": "no-such"}, "module"),
        ({"minutes": 60, "confidence": 6}, "confidence"),
        ({"line": "stride"}, "minutes"),
        ({"line": "60m probes"}, "subject"),
    ],
)
def test_nobody_is_asked_about_what_cannot_be_logged_anyway(
    program: Program, long_day: StudySession, said: dict[str, Any], field: str
) -> None:
    """So that after the yes nothing else is refused."""
    for sent in (said, {**said, **YES}):
        assert fields_in(program.post("/sessions", sent)) == {field}
    assert StudySession.objects.count() == 1


def test_the_question_is_kept_under_its_key_and_the_yes_needs_another(
    program: Program, long_day: StudySession
) -> None:
    said = {"minutes": 60}
    for replayed in (None, "true"):
        answer = program.post("/sessions", said, key="first")
        assert fields_in(answer) == {"confirm_long_day"}
        assert answer.headers.get("Idempotency-Replayed") == replayed
    reused = problem_in(program.post("/sessions", {**said, **YES}, key="first"), 409)
    assert reused["type"] == "/api/v1/problems/key-reused"
    for _ in range(2):
        assert program.post("/sessions", {**said, **YES}, key="second").status_code == 201
    assert StudySession.objects.count() == 2


def test_a_correction_is_asked_about_where_it_adds_to_a_day(
    program: Program, learner: User, long_day: StudySession
) -> None:
    address = f"/sessions/{make_session(learner, minutes=120).pk}"
    for nothing_more in ({"note": "x"}, {"minutes": 90}):
        answer = program.ask("PATCH", address, nothing_more)
        assert answer.status_code == 200
        assert "Is that right?" in answer.json()["asks"]
    for no in ({}, {"confirm_long_day": False}):
        problem = problem_in(program.ask("PATCH", address, {"minutes": 180, **no}), 422)
        assert problem["errors"] == [
            {"field": "confirm_long_day", "detail": "With this, 2026-11-19 has 19 h. Is that right?"}
        ]
    assert program.get(address).json()["minutes"] == 90
    said = program.ask("PATCH", address, {"minutes": 180, **YES}).json()
    assert (said["minutes"], said["note"], said["asks"]) == (180, "x", "")


def test_a_yes_alone_corrects_nothing(program: Program, long_day: StudySession) -> None:
    assert program.ask("PATCH", f"/sessions/{long_day.pk}", YES).status_code == 200
    assert not SessionCorrection.objects.exists()


def test_a_correction_onto_a_long_day_is_asked_about(
    program: Program, learner: User, long_day: StudySession
) -> None:
    address = f"/sessions/{make_session(learner, minutes=60, studied_on=TODAY.replace(day=18)).pk}"
    moved = {"studied_on": "2026-11-19"}
    assert fields_in(program.ask("PATCH", address, moved)) == {"confirm_long_day"}
    assert program.ask("PATCH", address, {**moved, **YES}).json()["studied_on"] == "2026-11-19"


def test_the_timer_stays_until_the_yes(program: Program, learner: User, long_day: StudySession) -> None:
    actions.start_timer(learner, module_key="stride", activity_key="", now=NOW)
    Timer.objects.update(banked_seconds=7 * 3600)
    # How long it really was comes first: nobody says yes to a length that is not known.
    assert fields_in(program.post("/timer/log")) == {"minutes"}
    assert fields_in(program.post("/timer/log", YES)) == {"minutes"}
    problem = problem_in(program.post("/timer/log", {"minutes": 60}, key="a"), 422)
    assert problem["errors"] == [{"field": "confirm_long_day", "detail": ASKED}]
    assert program.get("/timer").json()["state"] == "running"
    answer = program.post("/timer/log", {"minutes": 60, **YES}, key="b")
    assert (answer.status_code, answer.json()["source"], answer.json()["asks"]) == (201, "timer", "")
    assert not Timer.objects.exists()


def test_a_session_that_is_restored_is_kept_and_asked_about(
    program: Program, learner: User, long_day: StudySession
) -> None:
    address = f"/sessions/{make_session(learner, minutes=60).pk}"
    program.ask("DELETE", address)
    assert program.post(f"{address}/restore").json()["asks"] == ASKED


def test_what_logs_and_what_corrects_can_say_yes() -> None:
    shapes = document()["components"]["schemas"]
    asked = {name for name, shape in shapes.items() if "confirm_long_day" in shape.get("properties", {})}
    assert asked == {"SessionFields", "SessionLine", "SessionCorrected", "TimerLogged"}
    for name in asked:
        field = shapes[name]["properties"]["confirm_long_day"]
        assert (field["type"], field["default"]) == ("boolean", False)
        assert "confirm_long_day" not in shapes[name].get("required", [])
