"""Sessions by programs: logged, listed page by page, corrected, taken back."""

import base64
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.api.programs import Program, fields_in, make_program, problem_in
from tests.fixtures.cast import TODAY, make_session
from tracker.journal.models import SessionCorrection, StudySession
from tracker.people.models import User

FIRST = "mindset.rate-six-skills"


def log(program: Program, **fields: Any) -> dict[str, Any]:
    answer = program.post("/sessions", {"minutes": 45, **fields})
    assert answer.status_code == 201, answer.content
    said: dict[str, Any] = answer.json()
    return said


def test_a_session_is_logged_and_said_back(program: Program, learner: User) -> None:
    said = log(program, activity=FIRST, note="Two\r\nlines.", confidence=3, studied_on="2026-11-18")
    row = StudySession.objects.get()
    assert said == {
        "id": row.pk,
        "minutes": 45,
        "studied_on": "2026-11-18",
        "zone": "Europe/Vienna",
        "module": "mindset",
        "activity": FIRST,
        "title": "Rate yourself on the six skill rows, with one line of proof each",
        "note": "Two\nlines.",
        "confidence": 3,
        "source": "api",
        "logged_at": "2026-11-19T09:00:00Z",
        "deleted": False,
        "asks": "",
    }
    assert (row.learner, row.logged_with, row.source) == (learner, program.row, "api")
    assert program.get(f"/sessions/{row.pk}").json() == said


def test_a_session_needs_no_subject_and_no_day(program: Program) -> None:
    said = log(program)
    assert (said["studied_on"], said["module"], said["title"]) == ("2026-11-19", "", "Something else")
    assert log(program, module="mindset")["activity"] == ""
    assert log(program, minutes=5.0)["minutes"] == 5  # JSON has one kind of number


def test_today_is_the_learners(program: Program, learner: User) -> None:
    learner.zone = "Pacific/Kiritimati"  # 23:00 there, and tomorrow in two hours
    learner.save(update_fields=["zone"])
    assert problem_in(program.post("/sessions", {"minutes": 5, "studied_on": "2026-11-20"}), 422)
    assert log(program)["studied_on"] == "2026-11-19"


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"minutes": 0}, "minutes"),
        ({"minutes": -5}, "minutes"),
        ({"minutes": 1441}, "minutes"),
        ({"minutes": 1e9}, "minutes"),
        ({"minutes": "45"}, "minutes"),
        ({"minutes": True}, "minutes"),
        ({"minutes": 4.5}, "minutes"),
        ({"minutes": "½"}, "minutes"),
        ({"minutes": None}, "minutes"),
        ({}, "minutes"),
        ({"studied_on": "2026-11-20"}, "studied_on"),
        ({"studied_on": "1999-12-31"}, "studied_on"),
        ({"studied_on": "2026-02-30"}, "studied_on"),
        ({"studied_on": "20261119"}, "studied_on"),
        ({"studied_on": 20261119}, "studied_on"),
        ({"confidence": 6}, "confidence"),
        ({"confidence": 0}, "confidence"),
        ({"module": "no-such"}, "module"),
        ({"module": FIRST}, "module"),
        ({"activity": "mindset"}, "activity"),
        ({"activity": "mindset.no-such"}, "activity"),
        ({"activity": FIRST, "module": "garak"}, "activity"),
        ({"module": "x" * 121}, "module"),
        ({"note": "x" * 4001}, "note"),
        ({"note": "a\x00b"}, "note"),
        ({"note": "a\ud800b"}, "note"),
        ({"note": 5}, "note"),
        ({"source": "page"}, "source"),
        ({"learner": 1}, "learner"),
    ],
)
def test_what_cannot_be_is_refused_with_its_field(program: Program, said: dict[str, Any], field: str) -> None:
    body = {"minutes": 45, **said} if said else {}
    assert fields_in(program.post("/sessions", body)) == {field}
    assert not StudySession.objects.exists()


def test_the_longest_note_fits_however_it_is_written(program: Program) -> None:
    note = "\N{MOUNTAIN}" * 4000
    assert log(program, note=note)["note"] == note  # twelve bytes each as JSON escapes them


def test_more_than_a_full_day_is_refused(program: Program) -> None:
    log(program, minutes=24 * 60, confirm_long_day=True)
    problem = problem_in(program.post("/sessions", {"minutes": 1}), 422)
    assert problem["errors"] == [
        {
            "field": "minutes",
            "detail": "A day has 24 hours, and with this one that day would have more.",
        }
    ]
    assert StudySession.objects.count() == 1


def test_a_correction_changes_what_it_names_and_keeps_what_was(program: Program) -> None:
    said = log(program, activity=FIRST, note="Kept.", confidence=3)
    address = f"/sessions/{said['id']}"
    answer = program.ask("PATCH", address, {"minutes": 50, "confidence": None})
    assert answer.json() == said | {"minutes": 50, "confidence": None}
    assert SessionCorrection.objects.get().minutes == 45
    moved = program.ask("PATCH", address, {"module": "mindset"}).json()
    assert (moved["module"], moved["activity"]) == ("mindset", "")
    assert program.ask("PATCH", address, {"module": ""}).json()["module"] == ""
    assert program.ask("PATCH", address, {}).json()["minutes"] == 50
    assert SessionCorrection.objects.count() == 3
    for refused in ({"minutes": None}, {"studied_on": None}, {"note": None}, {"zone": "UTC"}):
        assert fields_in(program.ask("PATCH", address, refused)) == set(refused)


def test_an_activity_is_taken_out_and_its_module_stays(program: Program, learner: User) -> None:
    module = FIRST.partition(".")[0]
    said = log(program, activity=FIRST)
    address = f"/sessions/{said['id']}"
    bare = program.ask("PATCH", address, {"activity": ""}).json()
    assert (bare["module"], bare["activity"]) == (module, "")
    again = program.ask("PATCH", address, {"activity": FIRST}).json()
    assert (again["module"], again["activity"]) == (module, FIRST)
    nothing = program.ask("PATCH", address, {"module": "", "activity": ""}).json()
    assert (nothing["module"], nothing["activity"]) == ("", "")
    # Of a module that no edition knows any more too.
    row = make_session(learner, module_key="retired", activity_key="retired.too")
    assert program.ask("PATCH", f"/sessions/{row.pk}", {"activity": ""}).json()["module"] == "retired"


def test_a_subject_that_was_retired_stays_good(program: Program, learner: User) -> None:
    row = make_session(learner, module_key="mindset", activity_key="mindset.of-an-old-edition")
    said = program.ask("PATCH", f"/sessions/{row.pk}", {"minutes": 50, "activity": row.activity_key}).json()
    assert (said["minutes"], said["activity"]) == (50, row.activity_key)


def test_taken_back_and_restored(program: Program) -> None:
    said = log(program)
    address = f"/sessions/{said['id']}"
    for _ in range(2):
        answer = program.ask("DELETE", address)
        assert (answer.status_code, answer.content) == (204, b"")
    assert program.get(address).json()["deleted"] is True
    assert program.get("/sessions").json() == {"items": [], "next": None}
    refusal = problem_in(program.ask("PATCH", address, {"minutes": 5}), 409)
    assert refusal["type"] == "/api/v1/problems/taken-back"
    for _ in range(2):
        assert program.post(f"{address}/restore").json()["deleted"] is False
    assert len(program.get("/sessions").json()["items"]) == 1


def test_it_is_not_restored_into_a_full_day(program: Program) -> None:
    said = log(program, minutes=600)
    program.ask("DELETE", f"/sessions/{said['id']}")
    log(program, minutes=1000, confirm_long_day=True)
    assert fields_in(program.post(f"/sessions/{said['id']}/restore")) == {"minutes"}


def test_a_logging_program_takes_back_what_it_logged_itself(logger: Program, learner: User) -> None:
    own = log(logger)
    assert logger.ask("DELETE", f"/sessions/{own['id']}").status_code == 204
    assert logger.post(f"/sessions/{own['id']}/restore").status_code == 200
    others = [make_session(learner), StudySession.objects.get(pk=log(make_program(learner, "log"))["id"])]
    for row in others:
        assert problem_in(logger.ask("DELETE", f"/sessions/{row.pk}"), 403)["type"].endswith("/scope")
        problem_in(logger.post(f"/sessions/{row.pk}/restore"), 403)
        row.refresh_from_db()
        assert row.deleted_at is None


def test_another_persons_session_is_not_there(program: Program, charlie: User) -> None:
    theirs = make_session(charlie, note="private words")
    for pk in (theirs.pk, theirs.pk + 1, 2**63, 10**30):
        for method, path, body in (
            ("GET", f"/sessions/{pk}", None),
            ("PATCH", f"/sessions/{pk}", {"minutes": 5}),
            ("DELETE", f"/sessions/{pk}", None),
            ("POST", f"/sessions/{pk}/restore", None),
        ):
            answer = program.ask(method, path, body)
            assert "private" not in str(problem_in(answer, 404))
    theirs.refresh_from_db()
    assert (theirs.minutes, theirs.deleted_at) == (45, None)


# --- pages ------------------------------------------------------------------------------------------------


def pages(program: Program, query: str = "") -> list[list[int]]:
    """The ids of every page, from the first to the last."""
    found, cursor = [], ""
    while True:
        said = program.get(f"/sessions?limit=3{query}&cursor={cursor}").json()
        found.append([item["id"] for item in said["items"]])
        if said["next"] is None:
            return found
        cursor = said["next"]


def test_pages_hold_every_session_once_newest_first(program: Program, learner: User, charlie: User) -> None:
    rows = [make_session(learner, studied_on=TODAY - timedelta(days=n // 3)) for n in range(10)]
    make_session(learner, deleted_at=TODAY.isoformat() + "T00:00Z")
    make_session(charlie)
    found = pages(program)
    assert [len(page) for page in found] == [3, 3, 3, 1]
    newest_first = sorted(rows, key=lambda row: (row.studied_on, row.pk), reverse=True)
    assert [pk for page in found for pk in page] == [row.pk for row in newest_first]


def test_nothing_moves_between_pages_when_something_is_logged(program: Program, learner: User) -> None:
    rows = [make_session(learner, studied_on=TODAY - timedelta(days=1)) for _ in range(5)]
    first = program.get("/sessions?limit=2").json()
    for day in (TODAY, TODAY - timedelta(days=1), TODAY - timedelta(days=2)):
        make_session(learner, studied_on=day)
    rest = program.get(f"/sessions?limit=10&cursor={first['next']}").json()
    assert [item["id"] for item in first["items"]] == [rows[4].pk, rows[3].pk]
    assert [item["id"] for item in rest["items"]][:3] == [rows[2].pk, rows[1].pk, rows[0].pk]
    assert [item["studied_on"] for item in rest["items"]][3:] == ["2026-11-17"]  # new, and behind the cursor


def test_a_page_that_is_just_full_is_the_last(program: Program, learner: User) -> None:
    for _ in range(3):
        make_session(learner)
    assert program.get("/sessions?limit=3").json()["next"] is None


def test_days_and_modules_narrow_it(program: Program, learner: User) -> None:
    for back in range(5):
        make_session(learner, studied_on=TODAY - timedelta(days=back), module_key="mindset" if back else "")
    days = [
        item["studied_on"] for item in program.get("/sessions?from=2026-11-16&to=2026-11-18").json()["items"]
    ]
    assert days == ["2026-11-18", "2026-11-17", "2026-11-16"]
    assert len(program.get("/sessions?module=mindset").json()["items"]) == 4
    assert program.get("/sessions?module=%00").json()["items"] == []
    assert program.get("/sessions?from=2026-11-19&to=2026-11-18").json()["items"] == []


def given_out(place: str) -> str:
    """A cursor of this place, in the one spelling that is given out."""
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("form=2026-11-19", "form"),
        ("token=x", "token"),
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=x", "limit"),
        ("limit=", "limit"),
        ("from=yesterday", "from"),
        ("to=2026-13-01", "to"),
        ("cursor=x", "cursor"),
        ("cursor=%C3%A4", "cursor"),
        ("cursor=MjAyNi0xMS0xOS54", "cursor"),  # a day, and x
        ("cursor=MjAyNi0xMS0xOS45OTk5OTk5OTk5OTk5OTk5OTk5OTk", "cursor"),  # a number that no id is
        ("cursor=" + "x" * 101, "cursor"),
        ("cursor=" + given_out("2026-11-19.1_0"), "cursor"),
        ("cursor=" + given_out("2026-11-19. 1"), "cursor"),
        ("cursor=" + given_out("20261119.1"), "cursor"),
        ("cursor=" + given_out("2026-W47-4.1"), "cursor"),
        ("cursor=" + given_out("2026-11-19.-1"), "cursor"),
        ("cursor=" + given_out("2026-11-19.1") + "==", "cursor"),
        ("limit=1&limit=2", "limit"),
        ("module=garak&module=stride", "module"),
    ],
)
def test_a_query_that_cannot_be_is_refused(program: Program, query: str, field: str) -> None:
    assert fields_in(program.get(f"/sessions?{query}")) == {field}


def test_a_cursor_that_was_given_out_is_taken(program: Program) -> None:
    assert program.get(f"/sessions?cursor={given_out('2026-11-19.1')}").status_code == 200


def test_a_page_takes_as_many_queries_with_one_session_as_with_many(program: Program, learner: User) -> None:
    make_session(learner, activity_key=FIRST, module_key="mindset")
    program.get("/sessions")
    with CaptureQueriesContext(
        connection,
    ) as few:
        program.get("/sessions")
    for _ in range(60):
        make_session(learner, activity_key=FIRST, module_key="mindset")
    with CaptureQueriesContext(connection) as many:
        program.get("/sessions")
    assert len(many) == len(few) == 3
