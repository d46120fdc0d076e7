"""A session in one line: what it says is logged, and what it leaves open is asked."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from curriculum.catalogue import Catalogue
from tests.api.programs import Program, fields_in, make_program, problem_in
from tests.fixtures.cast import TODAY, make_session
from tracker.journal.models import StudySession
from tracker.people.models import User
from tracker.plans.queries import standing
from tracker.plans.subjects import log_candidates

PROBES = "garak.encoding-probes"


def some_title(curriculum: Catalogue) -> tuple[str, str]:
    """An activity of the plan and its title."""
    activity = curriculum.module("garak").activities_in("ai-security-engineer")[0]
    return activity.key, activity.title


def test_a_line_is_logged_as_it_is_read(program: Program, curriculum: Catalogue) -> None:
    key, title = some_title(curriculum)
    line = f"45m {title}, confidence 3"
    read = program.post("/sessions/read", {"line": line}).json()
    assert read["asks"] == []
    assert not StudySession.objects.exists()
    said = program.post("/sessions", {"line": line}).json()
    for field in ("minutes", "studied_on", "module", "activity", "title", "confidence", "note"):
        assert said[field] == read[field], field
    assert (said["minutes"], said["activity"], said["confidence"]) == (45, key, 3)
    assert said["source"] == "api"


def test_today_is_the_day_on_which_the_line_was_typed(program: Program) -> None:
    said = program.post("/sessions", {"line": "45m mindset", "studied_on": "2026-11-10"}).json()
    assert said["studied_on"] == "2026-11-10"
    said = program.post("/sessions", {"line": "45m mindset yesterday", "studied_on": "2026-11-10"}).json()
    assert said["studied_on"] == "2026-11-09"
    assert fields_in(program.post("/sessions", {"line": "45m mindset", "studied_on": "2026-11-20"})) == {
        "studied_on"
    }


def test_what_a_line_leaves_open_is_asked_and_nothing_is_logged(program: Program) -> None:
    problem = problem_in(program.post("/sessions", {"line": "mindset"}), 422)
    assert [error["field"] for error in problem["errors"]] == ["minutes"]
    read = program.post("/sessions/read", {"line": "mindset"}).json()
    assert read["minutes"] is None
    assert [ask["field"] for ask in read["asks"]] == ["minutes"]
    assert not StudySession.objects.exists()


def test_a_line_that_may_mean_several_names_them(program: Program, curriculum: Catalogue) -> None:
    problem = problem_in(program.post("/sessions", {"line": "45m probes"}), 422)
    assert {"subject"} == {error["field"] for error in problem["errors"]}
    assert problem["choices"]
    read = program.post("/sessions/read", {"line": "45m probes"}).json()
    assert read["choices"] == problem["choices"]
    assert (read["minutes"], read["activity"]) == (45, "")
    # The answer is sent as fields.
    chosen = problem["choices"][0]["key"]
    assert curriculum.find_activity(chosen) or curriculum.find_module(chosen)
    said = program.post("/sessions", {"minutes": 45, "activity" if "." in chosen else "module": chosen})
    assert said.json()["title"] == problem["choices"][0]["title"]


def test_a_day_to_come_is_not_logged(program: Program) -> None:
    problem_in(program.post("/sessions", {"line": "45m mindset tomorrow"}), 422)
    assert not StudySession.objects.exists()


def test_a_line_and_fields_do_not_mix(program: Program) -> None:
    assert fields_in(program.post("/sessions", {"line": "45m mindset", "minutes": 45})) == {"minutes"}
    assert fields_in(program.post("/sessions", {"line": "x" * 301})) == {"line"}
    assert fields_in(program.post("/sessions", {"line": ""})) == {"line"}
    assert fields_in(program.post("/sessions/read", {})) == {"line"}


@pytest.mark.usefixtures("now")
def test_without_a_plan_a_line_is_about_nothing_of_the_curriculum(alice: User, curriculum: Catalogue) -> None:
    said = make_program(alice).post("/sessions", {"line": f"45m {some_title(curriculum)[1]}"}).json()
    assert (said["minutes"], said["module"], said["activity"]) == (45, "", "")


def test_what_is_next_on_the_plan_weighs_more(learner: User, curriculum: Catalogue) -> None:
    near = [item.standing.activity.key for item in standing(learner.pk, TODAY).next]
    found = log_candidates(curriculum, "ai-security-engineer", near)
    assert sorted(found, key=lambda candidate: -candidate.weight)[0].value == near[0]
    assert {candidate.value for candidate in found if candidate.weight} == set(near)
    titles = {candidate.value: candidate.title for candidate in found}
    for module in curriculum.modules_in("ai-security-engineer"):
        assert titles[module.key] == module.title
        for activity in module.activities_in("ai-security-engineer"):
            assert titles[activity.key] == activity.title
    assert log_candidates(curriculum, "", near) == ()


def test_only_what_the_track_holds_can_be_meant(curriculum: Catalogue) -> None:
    found = log_candidates(curriculum, "security-aware-mle", [])
    keys = {candidate.value for candidate in found}
    for candidate in found:
        if activity := curriculum.find_activity(candidate.value):
            assert "security-aware-mle" in activity.needs
            assert (candidate.module_value, activity.module_key) == (activity.module_key,) * 2
    longer = {candidate.value for candidate in log_candidates(curriculum, "ai-security-engineer", [])}
    assert longer - keys


def test_a_line_takes_as_many_queries_with_few_sessions_as_with_many(program: Program, learner: User) -> None:
    body: dict[str, Any] = {"line": "5m mindset"}
    program.post("/sessions", body)
    with CaptureQueriesContext(connection) as few:
        program.post("/sessions", body)
    for _ in range(60):
        make_session(learner, minutes=5, module_key="mindset")
    with CaptureQueriesContext(connection) as many:
        program.post("/sessions", body)
    assert len(many) == len(few)
