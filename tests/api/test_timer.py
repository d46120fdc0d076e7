"""The timer by programs: one at a time, on the server, into a session."""

from datetime import date, timedelta
from typing import Any

import pytest

from tests.api.programs import Program, fields_in, problem_in
from tests.fixtures.cast import NOW
from tracker.journal.models import StudySession, Timer
from tracker.people.models import User

FIRST = "mindset.rate-six-skills"


def at(time_machine: Any, minutes: float) -> None:
    time_machine.move_to(NOW + timedelta(minutes=minutes), tick=False)


def test_there_is_none_at_first(program: Program) -> None:
    assert program.get("/timer").json() == {
        "state": "none",
        "module": "",
        "activity": "",
        "title": "",
        "started_at": None,
        "seconds": 0,
        "asks": "",
    }
    for path in ("/timer/pause", "/timer/resume", "/timer/stop", "/timer/log"):
        assert problem_in(program.post(path), 404)["detail"] == "There is no timer."
    assert program.ask("DELETE", "/timer").status_code == 204


def test_from_the_start_to_a_session(logger: Program, time_machine: Any) -> None:
    started = logger.post("/timer/start", {"activity": FIRST})
    assert started.status_code == 201
    assert started.json() == logger.get("/timer").json()
    assert (started.json()["state"], started.json()["started_at"]) == ("running", "2026-11-19T09:00:00Z")
    at(time_machine, 20)
    paused = logger.post("/timer/pause").json()
    assert (paused["state"], paused["seconds"]) == ("paused", 1200)
    at(time_machine, 30)
    assert logger.get("/timer").json()["seconds"] == 1200
    logger.post("/timer/resume")
    at(time_machine, 55)
    stopped = logger.post("/timer/stop").json()
    assert (stopped["state"], stopped["seconds"]) == ("stopped", 2700)
    answer = logger.post("/timer/log", {"note": "Done.", "confidence": 4})
    assert answer.status_code == 201
    said = answer.json()
    assert (said["minutes"], said["activity"], said["note"]) == (45, FIRST, "Done.")
    assert (said["source"], said["confidence"]) == ("timer", 4)
    assert StudySession.objects.get().logged_with == logger.row
    assert not Timer.objects.exists()
    assert logger.ask("DELETE", f"/sessions/{said['id']}").status_code == 204


def test_a_second_one_is_refused_and_shows_the_first(program: Program, stranger: Program) -> None:
    program.post("/timer/start", {"module": "mindset"})
    problem = problem_in(program.post("/timer/start", {"module": "garak"}), 409)
    assert problem["type"] == "/api/v1/problems/timer-runs"
    assert (problem["timer"]["state"], problem["timer"]["module"]) == ("running", "mindset")
    assert stranger.post("/timer/start").status_code == 201


def test_it_is_started_by_words_of_a_title(program: Program) -> None:
    said = program.post("/timer/start", {"line": "mindset"}).json()
    assert said["module"] == "mindset"
    program.ask("DELETE", "/timer")
    assert fields_in(program.post("/timer/start", {"line": "mindset", "module": "mindset"})) == {"line"}
    problem = problem_in(program.post("/timer/start", {"line": "probes"}), 422)
    assert problem["choices"]
    assert fields_in(program.post("/timer/start", {"activity": "no.such"})) == {"activity"}
    assert fields_in(program.post("/timer/start", {"line": "watering the flowers"})) == {"line"}
    assert fields_in(program.post("/timer/start", {"line": "45m mindset"})) == {"line"}
    assert not Timer.objects.exists()


def test_a_running_one_can_be_logged_at_once(program: Program, time_machine: Any) -> None:
    program.post("/timer/start", {"activity": FIRST})
    at(time_machine, 10.4)
    said = program.post("/timer/log", {"module": "garak"}).json()
    assert (said["minutes"], said["module"], said["activity"]) == (10, "garak", "")


def test_what_is_said_counts_before_what_was_measured(program: Program, time_machine: Any) -> None:
    program.post("/timer/start", {"activity": FIRST})
    at(time_machine, 90)
    assert program.post("/timer/log", {"minutes": 60, "module": ""}).json()["minutes"] == 60
    assert StudySession.objects.get().module_key == ""


def test_its_activity_is_taken_out_and_its_module_stays(program: Program, time_machine: Any) -> None:
    program.post("/timer/start", {"activity": FIRST})
    at(time_machine, 90)
    said = program.post("/timer/log", {"activity": ""}).json()
    assert (said["module"], said["activity"]) == (FIRST.partition(".")[0], "")


def test_a_forgotten_one_asks_what_really_happened(program: Program, time_machine: Any) -> None:
    program.post("/timer/start")
    at(time_machine, 360)
    assert program.get("/timer").json()["asks"] == ""
    at(time_machine, 432)
    question = "The timer ran for 7 h 12. How long did you study?"
    assert program.get("/timer").json()["asks"] == question
    problem = problem_in(program.post("/timer/log"), 422)
    assert problem["errors"] == [{"field": "minutes", "detail": question}]
    assert Timer.objects.exists()
    assert program.post("/timer/log", {"minutes": 50}).status_code == 201


def test_a_session_belongs_to_the_day_on_which_the_timer_was_started(
    program: Program, time_machine: Any
) -> None:
    at(time_machine, 13.5 * 60)  # 23:30 in Vienna
    program.post("/timer/start")
    at(time_machine, 14.5 * 60)
    assert program.get("/me").json()["today"] == "2026-11-20"
    assert program.post("/timer/log").json()["studied_on"] == "2026-11-19"
    assert StudySession.objects.get().studied_on == date(2026, 11, 19)


def test_who_has_travelled_west_logs_it_on_their_own_day(
    program: Program, learner: User, time_machine: Any
) -> None:
    at(time_machine, 14.5 * 60)  # half past midnight in Vienna, and the evening before in New York
    program.post("/timer/start")
    assert Timer.objects.get().started_on == date(2026, 11, 20)
    learner.zone = "America/New_York"
    learner.save(update_fields=["zone"])
    at(time_machine, 15 * 60)
    assert program.post("/timer/log").json()["studied_on"] == "2026-11-19"


def test_a_full_day_refuses_it_and_the_timer_stays(program: Program, time_machine: Any) -> None:
    program.post("/sessions", {"minutes": 1440, "confirm_long_day": True})
    program.post("/timer/start")
    at(time_machine, 10)
    assert fields_in(program.post("/timer/log")) == {"minutes"}
    assert Timer.objects.exists()


@pytest.mark.parametrize(
    "body", [{"minutes": 0}, {"minutes": 1441}, {"activity": None}, {"module": "x"}, {"line": "x"}]
)
def test_what_cannot_be_is_refused(program: Program, body: dict[str, Any]) -> None:
    program.post("/timer/start")
    assert fields_in(program.post("/timer/log", body)) == set(body)
    assert Timer.objects.exists()


def test_thrown_away_nothing_is_logged(program: Program, learner: User) -> None:
    program.post("/timer/start")
    assert program.ask("DELETE", "/timer").status_code == 204
    assert program.get("/timer").json()["state"] == "none"
    assert not learner.study_sessions.exists()
