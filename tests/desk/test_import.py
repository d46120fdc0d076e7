"""Study from files: five kinds through the page, what is there already, bad files, and the way back."""

import html
import json
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, connections, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from curriculum.catalogue import Catalogue
from tests.fixtures.cast import NOW, TODAY, browser_of, make_learner, make_plan, make_session
from tests.fixtures.curriculum import load_test_curriculum
from tracker.desk import forms
from tracker.journal import actions
from tracker.journal.actions import Entry
from tracker.journal.models import ImportBatch, SessionCorrection, StudySession, WaitingFile
from tracker.journal.rules import tables
from tracker.journal.rules.table import cells
from tracker.journal.tasks import forget_waiting_files
from tracker.people import actions as people_actions
from tracker.people.models import User

pytestmark = pytest.mark.usefixtures("now")

TOGGL = (
    "\ufeffUser,Email,Client,Project,Task,Description,Billable,Start date,Start time,End date,End time,"
    "Duration,Tags,Amount ()\r\n"
    "Alice,alice@example.org,,OWASP reading,,The top ten,No,2026-11-16,09:05:00,2026-11-16,10:35:29,"
    "01:30:29,,\r\n"
    "Alice,alice@example.org,,garak,,First scan,No,2026-11-17,20:30:00,2026-11-17,21:15:00,00:45:00,,\r\n"
)
CLOCKIFY = (
    '"Project","Client","Description","Task","User","Group","Email","Tags","Billable","Start Date",'
    '"Start Time","End Date","End Time","Duration (h)","Duration (decimal)"\r\n'
    '"garak","","Encoding probes","","Alice","","alice@example.org","","No","17/11/2026","08:00:00 PM",'
    '"17/11/2026","09:30:00 PM","01:30:00","1.50"\r\n'
)
TIMEWARRIOR = json.dumps(
    [
        {"id": 2, "start": "20261116T180000Z", "end": "20261116T190000Z", "tags": ["stride"]},
        # Half past midnight in Vienna: the day after.
        {"id": 1, "start": "20261117T233000Z", "end": "20261118T001500Z", "tags": ["garak", "reading"]},
    ]
)
PLAIN = "date,minutes,module,note\n2026-11-16,45,garak,Encoding probes\n2026-11-17,1:30,stride,\n"


@pytest.fixture
def web(alice: User, curriculum: Catalogue) -> Client:
    make_plan(alice, curriculum)
    return browser_of(alice)


def plain(text: str) -> str:
    """The text of a page without its markup."""
    text = re.sub(r"<[^>]+>", " ", text.partition("<main")[2].partition("</main>")[0])
    return " ".join(html.unescape(text).replace("\N{NO-BREAK SPACE}", " ").split())


def send(web: Client, content: str | bytes, name: str = "study.csv") -> Any:
    """Chooses a file on the page; the page it leads to."""
    data = content.encode() if isinstance(content, str) else content
    return web.post(reverse("import-file"), {"file": SimpleUploadedFile(name, data)}, follow=True)


def answered(page: Any, web: Client, **said: str) -> Any:
    """Answers the question of a page; the page it leads to."""
    assert page.resolver_match.url_name == "import-answers"
    return web.post(page.request["PATH_INFO"], said, follow=True)


def pressed(page: Any, web: Client) -> Any:
    """Presses Import on a preview; the page it leads to."""
    assert page.resolver_match.url_name == "import-preview"
    seen = re.search(r'name="seen" value="(\w+)"', page.text)
    assert seen, plain(page.text)
    return web.post(page.request["PATH_INFO"], {"seen": seen[1]}, follow=True)


def imported(web: Client, content: str | bytes) -> Any:
    """A file without questions, to the end."""
    page = pressed(send(web, content), web)
    assert page.resolver_match.url_name == "import-batch"
    return page


def everything() -> tuple[list[Any], list[Any]]:
    """Every session and correction there is, field by field."""
    return list(StudySession.objects.order_by("pk").values()), list(
        SessionCorrection.objects.order_by("pk").values()
    )


def said_of(session: StudySession) -> tuple[Any, ...]:
    return session.studied_on.isoformat(), session.minutes, session.module_key, session.note


def logged() -> list[tuple[Any, ...]]:
    return [said_of(session) for session in StudySession.objects.order_by("studied_on", "id")]


# ---------------------------------------------------------------------------------------- files of five kinds


def test_a_plain_list_is_shown_by_week_and_then_logged(web: Client, alice: User) -> None:
    page = send(web, PLAIN)
    shown = plain(page.text)
    assert "Two sessions, 2 h 15, are new." in shown
    assert "Nothing is logged yet." in shown
    assert "16 Nov to Sun 22 Nov 2026: 2 h 15, two sessions" in shown
    assert "Encoding probes" in shown
    assert not StudySession.objects.exists()
    done = plain(pressed(page, web).text)
    assert "Two sessions, 2 h 15, imported." in done
    assert logged() == [("2026-11-16", 45, "garak", "Encoding probes"), ("2026-11-17", 90, "stride", "")]
    session = StudySession.objects.earliest("studied_on")
    assert (session.source, session.zone, session.logged_at) == ("import", "Europe/Vienna", NOW)
    assert not WaitingFile.objects.exists()
    assert "imported" in web.get(reverse("journal")).text


def test_toggl_asks_what_its_projects_mean_and_keeps_other_words_in_the_note(web: Client) -> None:
    page = send(web, TOGGL)
    # garak is a key; OWASP reading is not.
    assert "What was it about?" in plain(page.text)
    assert re.findall(r'<label for="id_subject-\d+">([^<]+)', page.text) == ["OWASP reading"]
    preview = answered(page, web, **{"subject-0": ""})
    assert "OWASP reading Something else" in plain(preview.text)
    pressed(preview, web)
    assert logged() == [
        ("2026-11-16", 90, "", "OWASP reading\n\nThe top ten"),
        ("2026-11-17", 45, "garak", "First scan"),
    ]


def test_a_subject_that_is_matched_is_what_the_learner_said(web: Client, curriculum: Catalogue) -> None:
    activity = curriculum.module("stride").activities[0]
    preview = answered(send(web, TOGGL), web, **{"subject-0": activity.key})
    assert activity.title in html.unescape(preview.text)
    # It can be said anew; what was said is there.
    again = web.get(reverse("import-answers", args=[WaitingFile.objects.get().pk]))
    assert f'<option value="{activity.key}" selected>' in again.text
    pressed(preview, web)
    session = StudySession.objects.get(studied_on="2026-11-16")
    assert (session.module_key, session.activity_key) == (activity.module_key, activity.key)
    assert session.note == "The top ten"


def test_nothing_of_a_match_is_remembered_for_the_next_file(web: Client) -> None:
    pressed(answered(send(web, TOGGL), web, **{"subject-0": "garak"}), web)
    page = send(web, TOGGL)
    assert page.resolver_match.url_name == "import-answers"
    assert 'value="garak" selected' not in page.text


def test_a_title_of_the_curriculum_is_offered_and_not_taken(web: Client, curriculum: Catalogue) -> None:
    module = curriculum.module("stride")
    page = send(web, f'date,minutes,module\n2026-11-16,45,"{module.title.upper()}"\n')
    assert page.resolver_match.url_name == "import-answers"
    assert '<option value="stride" selected>' in page.text


def test_an_activity_that_there_is_not_is_refused(web: Client) -> None:
    page = answered(send(web, TOGGL), web, **{"subject-0": "no.such-thing"})
    assert page.status_code == 422
    assert "The curriculum has no such activity." in page.text
    assert WaitingFile.objects.get().subjects is None


def test_clockify(web: Client) -> None:
    imported(web, CLOCKIFY)
    assert logged() == [("2026-11-17", 90, "garak", "Encoding probes")]


def test_timewarrior_in_the_learners_zone(web: Client) -> None:
    imported(web, TIMEWARRIOR)
    assert logged() == [("2026-11-16", 60, "stride", ""), ("2026-11-18", 45, "garak", "")]


def test_pasted_text_is_a_file(web: Client) -> None:
    page = web.post(reverse("import-file"), {"pasted": PLAIN.replace("\n", "\r\n")}, follow=True)
    assert "Pasted text, a plain list." in plain(page.text)
    pressed(page, web)
    assert len(logged()) == 2


def test_many_subjects_are_asked_as_far_as_a_form_bears_it(web: Client, monkeypatch: Any) -> None:
    monkeypatch.setattr(forms, "MOST_SUBJECTS", 2)
    rows = [f"2026-11-16,{minutes},Words {minutes}," for minutes in (10, 30, 20)]
    page = send(web, "date,minutes,module,note\n" + "\n".join(rows))
    assert re.findall(r'<label for="id_subject-\d+">([^<]+)', page.text) == ["Words 30", "Words 20"]
    assert "One subject with less time stays something else." in plain(page.text)
    pressed(answered(page, web, **{"subject-0": "garak"}), web)
    found = {session.note: session.module_key for session in StudySession.objects.all()}
    assert found == {"": "garak", "Words 20": "", "Words 10": ""}


# -------------------------------------------------------------------------------------------------- questions


def test_the_order_of_the_days_is_asked(web: Client) -> None:
    page = send(web, "date,minutes\n03/04/2026,45\n05/04/2026,30\n")
    assert "“03/04/2026” in line 2" in plain(page.text)
    refused = web.post(page.request["PATH_INFO"], {})
    assert refused.status_code == 422
    assert "Say which comes first." in refused.text
    pressed(answered(page, web, day_first="0"), web)
    assert [day for day, *_ in logged()] == ["2026-03-04", "2026-05-04"]


def test_whose_time_it_is_is_asked(web: Client) -> None:
    other = "Bob,bob@example.org,,garak,,Bob’s,No,2026-11-18,09:00:00,2026-11-18,10:00:00,01:00:00,,\r\n"
    page = send(web, TOGGL + other)
    assert "the time of 2 people" in plain(page.text)
    assert web.post(page.request["PATH_INFO"], {"person": "charlie@example.org"}).status_code == 422
    page = answered(page, web, person="alice@example.org")
    pressed(answered(page, web, **{"subject-0": ""}), web)
    assert [day for day, *_ in logged()] == ["2026-11-16", "2026-11-17"]


def test_a_day_of_more_than_16_hours_is_asked_about_and_kept(web: Client) -> None:
    page = send(web, "date,minutes\n2026-11-16,600\n2026-11-16,600\n")
    assert "With this, 2026-11-16 has 20 h. Is that right?" in plain(page.text)
    pressed(page, web)
    assert len(logged()) == 2


# -------------------------------------------------------------------------------------- what is there already


def test_the_same_file_again_creates_nothing(web: Client) -> None:
    imported(web, PLAIN)
    before = everything()
    page = send(web, PLAIN)
    assert "Nothing in this file is new." in plain(page.text)
    assert 'name="seen"' not in page.text
    # Even pressed by hand.
    again = web.post(page.request["PATH_INFO"], {"seen": "x"}, follow=True)
    assert "Nothing is imported" in plain(again.text)
    assert everything() == before
    assert ImportBatch.objects.count() == 1


def test_a_longer_file_adds_what_is_new(web: Client) -> None:
    imported(web, PLAIN)
    page = send(web, PLAIN + "2026-11-18,20,garak,\n")
    assert "One session, 20 min, is new." in plain(page.text)
    pressed(page, web)
    assert len(logged()) == 3


def test_two_equal_rows_are_two_sessions(web: Client) -> None:
    twice = "date,minutes,module\n2026-11-16,45,garak\n2026-11-16,45,garak\n"
    imported(web, twice)
    assert len(logged()) == 2
    assert "Nothing in this file is new." in plain(send(web, twice).text)


def test_what_was_corrected_or_deleted_since_stays_so(web: Client, alice: User) -> None:
    imported(web, PLAIN + "2026-11-18,20,garak,\n")
    first, second, _ = StudySession.objects.order_by("studied_on")
    actions.correct_session(first, Entry(30, TODAY, "stride", note="Another day"), now=NOW)
    actions.delete_session(second, now=NOW)
    before = everything()
    page = send(web, PLAIN + "2026-11-18,20,garak,\n")
    shown = plain(page.text)
    assert "There already: 3" in shown
    assert "Nothing of that is changed, also not what you corrected (1) or deleted (1) since." in shown
    assert "2 45 min on Mon 16 Nov 2026 , corrected since" in shown
    assert "3 1 h 30 on Tue 17 Nov 2026 , deleted since" in shown
    assert everything() == before


def test_what_was_logged_by_hand_is_there_already(web: Client, alice: User) -> None:
    make_session(alice, studied_on="2026-11-16", module_key="garak", note="Encoding probes")
    page = send(web, PLAIN)
    assert "One session, 1 h 30, is new." in plain(page.text)


def test_a_days_24_hours_are_of_all_sessions_and_the_refused_have_their_lines(
    web: Client, alice: User
) -> None:
    make_session(alice, minutes=1000, studied_on="2026-11-16")
    make_session(alice, minutes=1000, studied_on="2026-11-16", deleted_at=NOW)
    page = send(web, "date,minutes\n2026-11-16,400\n2026-11-16,60\n2026-11-16,40\n2026-11-20,10\n")
    shown = plain(page.text)
    assert "Two sessions, 7 h 20, are new." in shown
    assert "3 2026-11-16: A day has 24 hours" in shown
    # Today is the 19th.
    assert "5 2026-11-20: That day is still to come." in shown
    pressed(page, web)
    total = StudySession.objects.filter(studied_on="2026-11-16", deleted_at=None).values_list("minutes")
    assert sum(minutes for (minutes,) in total) == 1440
    assert ImportBatch.objects.get().refused == 2


@pytest.mark.parametrize(("zone", "new"), [("Pacific/Auckland", True), ("Europe/Vienna", False)])
def test_days_to_come_are_those_of_the_learners_zone(
    web: Client, alice: User, time_machine: Any, zone: str, new: bool
) -> None:
    # 12:30 on the 19th in Greenwich: the 20th has begun in Auckland.
    time_machine.move_to(NOW.replace(hour=12, minute=30), tick=False)
    User.objects.filter(pk=alice.pk).update(zone=zone)
    page = send(web, "date,minutes\n2026-11-20,10\n")
    assert ("One session, 10 min, is new." in plain(page.text)) is new


def test_an_activity_of_another_module_is_refused(web: Client) -> None:
    page = send(
        web,
        "date,minutes,module_key,activity_key\n2026-11-16,45,stride,garak.first-scan\n"
        "2026-11-16,30,,garak.first-scan\n",
    )
    assert "2 “garak.first-scan” is no activity of the module “stride”." in plain(page.text)
    pressed(page, web)
    assert logged() == [("2026-11-16", 30, "garak", "")]


def test_a_note_that_has_no_room_for_its_subject_is_refused(web: Client) -> None:
    page = send(web, f"date,minutes,module,note\n2026-11-16,45,Words,{'x' * 3996}\n2026-11-17,5,Words,y\n")
    page = answered(page, web, **{"subject-0": ""})
    assert "2 With its subject before it, the note has more than 4,000 characters." in plain(page.text)


def test_what_changed_since_the_preview_is_shown_first(web: Client, alice: User) -> None:
    page = send(web, PLAIN)
    make_session(alice, studied_on="2026-11-16", module_key="garak", note="Encoding probes")
    again = pressed(page, web)
    assert again.resolver_match.url_name == "import-preview"
    assert "Nothing is imported: something changed since this was shown." in plain(again.text)
    assert "One session, 1 h 30, is new." in plain(again.text)
    assert StudySession.objects.count() == 1
    pressed(again, web)
    assert StudySession.objects.count() == 2


def test_another_answer_since_the_preview_is_shown_first(web: Client) -> None:
    page = answered(send(web, TOGGL), web, **{"subject-0": ""})
    web.post(reverse("import-answers", args=[WaitingFile.objects.get().pk]), {"subject-0": "stride"})
    assert "something changed" in plain(pressed(page, web).text)
    assert not StudySession.objects.exists()


# --------------------------------------------------------------------------------------------------- the undo


def test_an_import_is_taken_back_and_put_back(web: Client, alice: User) -> None:
    own = make_session(alice, studied_on="2026-11-16", note="mine")
    imported(web, PLAIN)
    batch = ImportBatch.objects.get()
    second = batch.study_sessions.latest("studied_on")
    actions.delete_session(second, now=NOW - timedelta(hours=1))
    before = everything()
    page = web.post(reverse("take-back-import", args=[batch.pk]), follow=True)
    assert "Taken back: one session." in plain(page.text)
    assert list(StudySession.objects.filter(deleted_at=None)) == [own]
    # Pressed again it does nothing.
    assert "Taken back: no sessions." in plain(
        web.post(reverse("take-back-import", args=[batch.pk]), follow=True).text
    )
    page = web.post(reverse("put-back-import", args=[batch.pk]), follow=True)
    assert "Put back: one session." in plain(page.text)
    # Also what was deleted before stays deleted.
    assert everything() == before
    assert "nothing to put back" in plain(
        web.post(reverse("put-back-import", args=[batch.pk]), follow=True).text
    )


def test_it_can_be_taken_back_for_seven_days(web: Client, time_machine: Any) -> None:
    imported(web, PLAIN)
    batch = ImportBatch.objects.get()
    there = reverse("import-batch", args=[batch.pk])
    time_machine.move_to(NOW + timedelta(days=7), tick=False)
    assert "Take this import back</button>" in web.get(there).text
    time_machine.move_to(NOW + timedelta(days=7, seconds=1), tick=False)
    assert "Take this import back</button>" not in web.get(there).text
    page = web.post(reverse("take-back-import", args=[batch.pk]), follow=True)
    assert "can be taken back for seven days" in plain(page.text)
    assert StudySession.objects.filter(deleted_at=None).count() == 2


def test_what_was_taken_back_can_be_imported_again_with_other_answers(web: Client) -> None:
    pressed(answered(send(web, TOGGL), web, **{"subject-0": ""}), web)
    first = ImportBatch.objects.get()
    web.post(reverse("take-back-import", args=[first.pk]))
    page = answered(send(web, TOGGL), web, **{"subject-0": "stride"})
    assert "Two sessions, 2 h 15, are new." in plain(page.text)
    pressed(page, web)
    live = StudySession.objects.filter(deleted_at=None).order_by("studied_on")
    assert [session.module_key for session in live] == ["stride", "garak"]
    # Not both: what was imported again is not put back beside it.
    put_back = web.post(reverse("put-back-import", args=[first.pk]), follow=True)
    assert "the file was imported again since" in plain(put_back.text)
    assert live.count() == 2
    assert "Nothing in this file is new." in plain(answered(send(web, TOGGL), web).text)


def test_an_import_is_not_put_back_into_a_full_day(web: Client, alice: User) -> None:
    imported(web, PLAIN)
    batch = ImportBatch.objects.get()
    actions.take_back_import(batch, now=NOW)
    make_session(alice, minutes=1400, studied_on="2026-11-17")
    page = web.post(reverse("put-back-import", args=[batch.pk]), follow=True)
    assert "Nothing is put back. 2026-11-17: A day has 24 hours" in plain(page.text)
    assert StudySession.objects.filter(deleted_at=None).count() == 1


def test_an_import_of_an_account_goes_with_it(web: Client, alice: User) -> None:
    imported(web, PLAIN)
    send(web, PLAIN)
    User.objects.filter(pk=alice.pk).update(deletion_due_at=NOW)
    assert people_actions.delete_due(NOW) == 1
    assert not StudySession.objects.exists()
    assert not ImportBatch.objects.exists()
    assert not WaitingFile.objects.exists()


# -------------------------------------------------------------------------------------------------- bad files


def refusal(web: Client, content: str | bytes) -> str:
    """The sentence that a file is refused with as a whole. Nothing waits."""
    page = send(web, content)
    assert page.status_code == 422
    assert not WaitingFile.objects.exists()
    found = re.search(r'<ul class="mistake"[^>]*><li>([^<]+)', page.text)
    assert found, plain(page.text)
    return html.unescape(found[1])


def test_no_file(web: Client) -> None:
    answer = web.post(reverse("import-file"), {"pasted": " \n "})
    assert answer.status_code == 422
    assert "Choose a file, or paste its text." in answer.text


def test_a_file_and_text(web: Client) -> None:
    file = SimpleUploadedFile("a.csv", PLAIN.encode())
    answer = web.post(reverse("import-file"), {"file": file, "pasted": PLAIN})
    assert answer.status_code == 422
    assert "not both" in answer.text


def test_an_empty_file(web: Client) -> None:
    assert "The file is empty." in refusal(web, "")


def test_another_delimiter(web: Client) -> None:
    imported(web, PLAIN.replace(",", ";"))
    assert len(logged()) == 2


def test_a_delimiter_that_is_none(web: Client) -> None:
    assert "date~minutes" in refusal(web, PLAIN.replace(",", "~"))


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig"])
def test_other_encodings(web: Client, codec: str) -> None:
    imported(web, PLAIN.replace("Encoding", "Çodierung").encode(codec))
    assert logged()[0][3] == "Çodierung probes"


@pytest.mark.parametrize("content", [b"\x89PNG\r\n\x1a\n\x00\x01", b"PK\x03\x04rest", bytes(range(256)) * 40])
def test_a_binary_file(web: Client, content: bytes) -> None:
    assert refusal(web, content)


def test_formulas_are_text_and_markup_is_none(web: Client) -> None:
    note = "=cmd|' /C calc'!A0 <script>alert(1)</script>"
    page = send(web, f'date,minutes,module,note\n2026-11-16,45,"<b>words</b>","{note}"\n2026-11-17,x<i>,,\n')
    assert "&lt;b&gt;words&lt;/b&gt;" in page.text
    page = answered(page, web, **{"subject-0": "garak"})
    assert "=cmd|" in plain(page.text)
    for text in (page.text, pressed(page, web).text, web.get(reverse("journal")).text):
        assert "<script>alert" not in text
        assert "<b>words" not in text
        assert "x<i>" not in text
    assert StudySession.objects.get().note == note


def test_a_million_lines(web: Client) -> None:
    assert "at most 5,000,000 (5 MB)" in refusal(web, "2026-11-19,45,garak,\n" * 1_000_000)
    assert "more than 20,000 rows" in refusal(web, "2026-11-19,1\n" * 20_001)
    assert "at most 200,000 lines" in refusal(web, "date,minutes\n" + "\n" * 1_000_000)


@pytest.mark.parametrize(
    "content",
    [
        "date,minutes" + "," * 2_000_000,
        'date,minutes,note\n2026-11-19,45,"' + "x" * 4_000_000,
        "date,minutes,note\n" + '"' * 4_000_000,
        "[" * 1_000_000,
        '[{"start":' + "9" * 4_000_000 + "}]",
    ],
    ids=["columns", "unclosed", "quotes", "lists", "number"],
)
def test_a_file_made_to_be_slow(web: Client, content: str) -> None:
    page = send(web, content)
    assert page.status_code in {200, 422}
    assert not StudySession.objects.exists()


def test_text_that_is_too_long_to_be_pasted(web: Client) -> None:
    answer = web.post(reverse("import-file"), {"pasted": "x" * (forms.LONGEST_PASTED + 1)})
    assert answer.status_code == 422
    assert "Save it as a file" in answer.text
    # Whatever its characters are, the longest that may be pasted fits into a request.
    assert forms.LONGEST_PASTED * 4 < settings.DATA_UPLOAD_MAX_MEMORY_SIZE


def test_the_json_that_cairn_exports_is_named(web: Client, alice: User) -> None:
    make_session(alice)
    exported = web.get(reverse("journal-json")).content
    assert "Import the CSV instead." in refusal(web, exported)


def test_a_name_of_a_file_is_shown_as_text(web: Client) -> None:
    page = send(web, PLAIN, f"<b>x{'y' * 300}.csv")
    assert "&lt;b&gt;x" in page.text
    assert len(WaitingFile.objects.get().name) <= 120


# ---------------------------------------------------------------------------------------- the file that waits


def test_one_file_waits_and_a_newer_takes_its_place(web: Client) -> None:
    first = send(web, PLAIN)
    second = send(web, TIMEWARRIOR)
    assert WaitingFile.objects.count() == 1
    gone = web.get(first.request["PATH_INFO"])
    assert gone.status_code == 404
    assert "That file waits no longer" in plain(gone.text)
    pressed(second, web)
    assert len(logged()) == 2


def test_a_file_waits_for_an_hour(web: Client, time_machine: Any) -> None:
    page = send(web, PLAIN)
    waiting = WaitingFile.objects.get()
    time_machine.move_to(NOW + timedelta(minutes=59), tick=False)
    forget_waiting_files()
    assert web.get(page.request["PATH_INFO"]).status_code == 200
    time_machine.move_to(NOW + timedelta(minutes=60), tick=False)
    for path in ("import-preview", "import-answers"):
        assert web.get(reverse(path, args=[waiting.pk])).status_code == 404
    assert web.post(page.request["PATH_INFO"], {"seen": "x"}).status_code == 404
    forget_waiting_files()
    assert not WaitingFile.objects.exists()
    entry = settings.CELERY_BEAT_SCHEDULE["forget-waiting-files"]
    assert entry["task"] == forget_waiting_files.name


def test_another_learners_file_is_a_404(web: Client, charlie: User) -> None:
    page = answered(send(web, TOGGL), web, **{"subject-0": ""})
    waiting = WaitingFile.objects.get()
    other = browser_of(charlie)
    for name in ("import-preview", "import-answers"):
        there = reverse(name, args=[waiting.pk])
        answers: list[Any] = [
            other.get(there),
            other.post(there, {"seen": "x", "subject-0": "stride"}),
        ]
        for answer in answers:
            assert answer.status_code == 404
            assert b"OWASP" not in answer.content
    assert other.get(reverse("import-preview", args=[uuid4()])).status_code == 404
    waiting.refresh_from_db()
    assert waiting.subjects == {"owasp reading": ""}
    # Charlie's own file leaves Alice's waiting.
    send(other, PLAIN)
    pressed(page, web)
    batch = ImportBatch.objects.get()
    assert other.get(page.request["PATH_INFO"]).status_code == 404
    for name in ("take-back-import", "put-back-import"):
        assert other.post(reverse(name, args=[batch.pk])).status_code == 404
    assert other.get(reverse("import-batch", args=[batch.pk])).status_code == 404


def test_looking_logs_nothing(web: Client) -> None:
    page = send(web, PLAIN)
    for _ in range(2):
        web.get(page.request["PATH_INFO"])
        web.head(page.request["PATH_INFO"])
    assert WaitingFile.objects.count() == 1
    assert not StudySession.objects.exists()


def test_a_learner_without_a_plan_can_import(charlie: User, curriculum: Catalogue) -> None:
    other = browser_of(charlie)
    pressed(answered(send(other, TOGGL), other, **{"subject-0": "stride"}), other)
    assert len(logged()) == 2


# ---------------------------------------------------------------------------------------------------- at once


def test_pressed_again_it_shows_what_it_did(web: Client) -> None:
    page = send(web, PLAIN)
    first = pressed(page, web)
    before = everything()
    again = pressed(page, web)
    assert again.request["PATH_INFO"] == first.request["PATH_INFO"]
    assert web.get(page.request["PATH_INFO"], follow=True).request["PATH_INFO"] == first.request["PATH_INFO"]
    assert everything() == before


@pytest.fixture
def committed(transactional_db: None) -> User:
    """Alice in a database whose rows other threads see."""
    learner = make_learner("Alice")
    make_plan(learner, load_test_curriculum())
    return learner


def test_two_presses_at_once_log_once(committed: User) -> None:
    web = browser_of(committed)
    page = send(web, PLAIN)
    start = Barrier(4)

    def press(_: int) -> tuple[str, bool]:
        try:
            start.wait(timeout=20)
            there = pressed(page, browser_of(committed))
            return there.request["PATH_INFO"], "Nothing is imported" in plain(there.text)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as threads:
        answers = set(threads.map(press, range(4)))
    assert answers == {(reverse("import-batch", args=[ImportBatch.objects.get().pk]), False)}
    assert StudySession.objects.count() == 2
    assert ImportBatch.objects.count() == 1


def test_a_file_is_imported_once_by_the_database_too(web: Client, alice: User) -> None:
    imported(web, PLAIN)
    batch = ImportBatch.objects.get()
    batch.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        batch.save(force_insert=True)
    send(web, PLAIN)
    with pytest.raises(IntegrityError), transaction.atomic():
        WaitingFile.objects.create(learner=alice, name="x", content=b"", uploaded_at=NOW)


# --------------------------------------------------------------------------------------------------- how much


def many(rows: int) -> str:
    """So many rows on so many days that no day has too much."""
    days = [(TODAY - timedelta(days=back)).isoformat() for back in range(1000)]
    return "date,minutes,module,note\n" + "".join(
        f"{days[place % 1000]},10,garak,Note {place}\n" for place in range(rows)
    )


def test_the_queries_do_not_grow_with_the_rows(web: Client) -> None:
    counted = []
    for rows in (10, 600):
        page = send(web, many(rows) + f"2026-11-01,{rows},stride,\n")
        with CaptureQueriesContext(
            connection,
        ) as previewed:
            web.get(page.request["PATH_INFO"])
        with CaptureQueriesContext(connection) as pressed_once:
            pressed(page, web)
        inserts = [
            query for query in pressed_once if query["sql"].startswith('INSERT INTO "journal_studysession"')
        ]
        # As many rows at a time as the database takes: SQLite, where it takes the fewest, about sixty.
        assert len(inserts) <= rows // 55 + 1
        counted.append((len(previewed), len(pressed_once) - len(inserts)))
    assert counted[0] == counted[1]
    assert StudySession.objects.count() == 602


def test_a_file_of_the_largest_size_in_bounded_queries_and_a_page_that_bears_it(web: Client) -> None:
    page = send(web, many(tables.MAX_ROWS))
    assert "20000 sessions" in plain(page.text)
    assert len(page.content) < 300_000
    with CaptureQueriesContext(connection) as seen:
        pressed(page, web)
    assert StudySession.objects.count() == tables.MAX_ROWS
    assert len(seen) < tables.MAX_ROWS // 55 + 40
    with CaptureQueriesContext(connection) as seen:
        web.post(reverse("take-back-import", args=[ImportBatch.objects.get().pk]))
    assert len(seen) < 30
    assert not StudySession.objects.filter(deleted_at=None).exists()


def test_as_many_refusals_are_shown_as_a_page_bears(web: Client) -> None:
    page = send(web, "date,minutes\n2026-11-16,10\n" + "2026-11-16,x\n" * 5000)
    shown = plain(page.text)
    assert "Refused: 5000" in shown
    assert "And 4800 more." in shown
    assert len(page.content) < 100_000


def test_the_limits_of_notes_are_one() -> None:
    assert cells.LONGEST_NOTE == forms.LONGEST_NOTE == StudySession._meta.get_field("note").max_length
