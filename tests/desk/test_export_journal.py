"""The journal as CSV and JSON: whole, one's own alone, and read back without changing anything."""

import csv
import io
import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from curriculum.catalogue import Catalogue
from tests.desk.test_import import PLAIN, answered, everything, imported, plain, pressed, send
from tests.fixtures.cast import NOW, TODAY, browser_of, make_learner, make_plan, make_session
from tracker.journal import actions
from tracker.journal.actions import Entry
from tracker.journal.models import StudySession
from tracker.people.models import User

pytestmark = pytest.mark.usefixtures("now")


@pytest.fixture
def web(alice: User, curriculum: Catalogue) -> Client:
    make_plan(alice, curriculum)
    return browser_of(alice)


def rows_of(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


NOTES = [
    "",
    "=SUM(A1:A9)",
    "'=quoted",
    "-1 and @two",
    'Commas, "quotes"; semicolons\tand tabs',
    "Lines\n\n- in a list\n- of two",
    "Ünïcode 研究 🪨",
    " blanks around ",
    "x" * 4000,
]


def make_journal(learner: User) -> list[StudySession]:
    """Sessions of every kind: with and without a number, a key, a note, a confidence; two that are equal."""
    sessions = [
        make_session(
            learner,
            note=note,
            studied_on=TODAY - timedelta(days=place),
            submission=uuid4() if place % 2 else None,
            confidence=1 + place % 5,
            module_key="garak",
            activity_key="garak.run-six-families" if place % 3 else "",
        )
        for place, note in enumerate(NOTES)
    ]
    sessions += [make_session(learner, studied_on=TODAY - timedelta(days=20)) for _ in range(2)]
    # A day that lies ahead of a learner who has travelled west since, and one long ago of a retired activity.
    sessions.append(make_session(learner, studied_on=TODAY + timedelta(days=1)))
    sessions.append(
        make_session(learner, studied_on="2003-02-01", module_key="gone", activity_key="gone.for-ever")
    )
    make_session(learner, note="deleted", deleted_at=NOW)
    return sessions


def test_the_csv_has_every_session_in_order_and_none_that_is_deleted(web: Client, alice: User) -> None:
    sessions = make_journal(alice)
    answer = web.get(reverse("journal-csv"))
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="cairn-journal.csv"'
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.content.startswith(b"\xef\xbb\xbfdate,minutes,")
    rows = rows_of(answer.content)
    assert len(rows) == len(sessions)
    assert [row["date"] for row in rows] == sorted(row["date"] for row in rows)
    assert len({row["source_id"] for row in rows}) == len(rows)
    # What a spreadsheet would take for a formula begins with an apostrophe.
    assert not [row for row in rows if row["note"][:1] in {"=", "-", "@"}]
    assert "deleted" not in answer.text


def test_the_json_says_the_same_and_where_it_was_logged(web: Client, alice: User) -> None:
    sessions = make_journal(alice)
    answer = web.get(reverse("journal-json"))
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="cairn-journal.json"'
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "private, no-store"
    told = json.loads(answer.content)
    assert told["format"] == "cairn-journal/1"
    assert sorted(row["note"] for row in told["sessions"]) == sorted(each.note for each in sessions)
    assert told["sessions"][0] | {"source_id": ""} == {
        "source_id": "",
        "date": "2003-02-01",
        "zone": "Europe/Vienna",
        "minutes": 45,
        "module_key": "gone",
        "activity_key": "gone.for-ever",
        "confidence": None,
        "note": "",
        "source": "page",
        "logged_at": "2026-11-19T09:00:00+00:00",
    }
    in_csv = rows_of(web.get(reverse("journal-csv")).content)
    assert [row["source_id"] for row in told["sessions"]] == [row["source_id"] for row in in_csv]


def test_the_import_of_an_export_changes_nothing(web: Client, alice: User) -> None:
    make_journal(alice)
    imported(web, PLAIN)
    before = everything()
    page = send(web, web.get(reverse("journal-csv")).content)
    assert "Nothing in this file is new." in plain(page.text)
    assert f"There already {len(before[0]) - 1} Refused 0" in plain(page.text)
    assert web.post(page.request["PATH_INFO"], {"seen": "x"}).status_code == 302
    assert everything() == before


def test_nor_after_corrections_and_deletions(web: Client, alice: User) -> None:
    sessions = make_journal(alice)
    exported = web.get(reverse("journal-csv")).content
    for place, session in enumerate(sessions):
        if place % 3 == 0:
            actions.delete_session(session, now=NOW)
        elif place % 3 == 1:
            entry = Entry(5, TODAY - timedelta(days=40 + place), "stride", note=f"Otherwise {place}")
            assert actions.correct_session(session, entry, now=NOW)
    before = everything()
    for content in (exported, web.get(reverse("journal-csv")).content):
        assert "Nothing in this file is new." in plain(send(web, content).text)
        assert everything() == before


def test_an_export_makes_the_same_journal_in_an_empty_account(
    web: Client, alice: User, charlie: User
) -> None:
    make_journal(alice)
    exported = web.get(reverse("journal-csv")).content
    other = browser_of(charlie)
    page = send(other, exported)
    # What lies in the future is not logged for somebody new.
    assert "Refused: 1" in plain(page.text)
    pressed(page, other)
    again = rows_of(other.get(reverse("journal-csv")).content)
    ahead = (TODAY + timedelta(days=1)).isoformat()
    assert again == [row for row in rows_of(exported) if row["date"] != ahead]
    assert "Nothing in this file is new." in plain(send(other, exported).text)
    # Both ways: what Charlie has is what Alice has.
    before = everything()
    assert "Nothing in this file is new." in plain(send(web, other.get(reverse("journal-csv")).content).text)
    assert everything() == before


def test_the_session_of_another_place_with_the_same_key_is_another(alice: User, bob: User) -> None:
    """Two instances number their sessions alike; in a file the moment they were logged tells them apart."""
    first = make_session(alice)
    row = rows_of(browser_of(alice).get(reverse("journal-csv")).content)[0]
    StudySession.objects.filter(pk=first.pk).update(logged_at=NOW + timedelta(seconds=1))
    assert rows_of(browser_of(alice).get(reverse("journal-csv")).content)[0]["source_id"] != row["source_id"]


def test_a_file_that_excel_has_saved_again_changes_nothing(web: Client, alice: User) -> None:
    make_journal(alice)
    rows = rows_of(web.get(reverse("journal-csv")).content)
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, list(rows[0]), delimiter=";", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    saved = file.getvalue().encode("utf-16")
    assert "Nothing in this file is new." in plain(send(web, saved).text)


def test_it_is_what_the_journal_looks_for(web: Client, alice: User) -> None:
    make_session(alice, module_key="garak", note="Encoding probes")
    make_session(alice, module_key="garak", note="Else")
    make_session(alice, module_key="stride", note="Encoding")
    for name, asked, notes in (
        ("journal-csv", {"module": "garak"}, {"Encoding probes", "Else"}),
        ("journal-csv", {"module": "garak", "q": "encoding"}, {"Encoding probes"}),
        ("journal-csv", {"module": "no-such-module"}, {"Encoding probes", "Else", "Encoding"}),
        ("journal-json", {"q": "encoding"}, {"Encoding probes", "Encoding"}),
    ):
        content = web.get(reverse(name), asked).content
        rows: list[Any] = rows_of(content) if name == "journal-csv" else json.loads(content)["sessions"]
        assert {row["note"] for row in rows} == notes, asked
    page = web.get(reverse("journal"), {"module": "garak", "q": "encoding"})
    for name in ("journal-csv", "journal-json"):
        assert f'href="{reverse(name)}?module=garak&amp;q=encoding"' in page.text
    assert f'href="{reverse("journal-csv")}"' in web.get(reverse("journal")).text


def test_nobody_elses_sessions_are_in_it(web: Client, alice: User, charlie: User) -> None:
    make_session(alice, note="Alice’s own")
    make_session(charlie, note="Charlie’s own")
    for name in ("journal-csv", "journal-json"):
        text = browser_of(charlie).get(reverse(name)).text
        assert "Charlie’s own" in text
        assert "Alice’s own" not in text
        assert Client().get(reverse(name)).status_code == 302
        assert browser_of(charlie).post(reverse(name)).status_code == 405


def test_an_empty_journal_is_a_file_with_its_columns(web: Client) -> None:
    content = web.get(reverse("journal-csv")).content
    assert content.decode("utf-8-sig") == "date,minutes,module_key,activity_key,confidence,note\r\n"
    assert json.loads(web.get(reverse("journal-json")).content)["sessions"] == []
    page = web.post(reverse("import-file"), {"file": SimpleUploadedFile("a.csv", content)})
    assert page.status_code == 422
    assert "has no row below them" in page.text


@pytest.mark.parametrize("name", ["journal-csv", "journal-json"])
def test_the_queries_do_not_grow_with_the_sessions(web: Client, alice: User, name: str) -> None:
    counted = []
    for sessions in (2, 100):
        for place in range(sessions):
            make_session(alice, minutes=1, studied_on=TODAY - timedelta(days=place))
        with CaptureQueriesContext(connection) as seen:
            web.get(reverse(name))
        counted.append(len(seen))
    assert counted[0] == counted[1]


def test_words_of_a_file_that_were_kept_in_the_note_come_back_as_the_note(web: Client) -> None:
    page = send(web, "date,minutes,module,note\n2026-11-16,45,Words,Said\n")
    pressed(answered(page, web, **{"subject-0": ""}), web)
    exported = web.get(reverse("journal-csv")).content
    assert rows_of(exported)[0]["note"] == "Words\n\nSaid"
    assert "Nothing in this file is new." in plain(send(web, exported).text)
    other = browser_of(make_learner("Charlie"))
    imported(other, exported)
    assert StudySession.objects.latest("pk").note == "Words\n\nSaid"
