"""A whole line in the log form: read, shown back, and asked about where it is not clear."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from curriculum.catalogue import Catalogue
from tests.fixtures.cast import TODAY, browser_of, make_plan
from tracker.journal.models import StudySession
from tracker.people.models import User

pytestmark = pytest.mark.usefixtures("now")
YESTERDAY = TODAY - timedelta(days=1)


@pytest.fixture
def web(alice: User, curriculum: Catalogue) -> Client:
    make_plan(alice, curriculum)
    return browser_of(alice)


def plain(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ")


def sent(length: str, **fields: str) -> dict[str, str]:
    """The form as a browser sends it, with today in the field of the day."""
    return {
        "length": length,
        "subject": "",
        "studied_on": TODAY.isoformat(),
        "note": "",
        "confidence": "",
        **fields,
    }


def test_a_line_says_length_day_subject_and_confidence(web: Client) -> None:
    answer = web.post(reverse("log"), sent("1:30 yesterday atlas, confidence 3"), follow=True)
    session = StudySession.objects.get()
    assert (session.minutes, session.studied_on, session.confidence) == (90, YESTERDAY, 3)
    assert session.module_key == "atlas"
    assert "Logged 1 h 30 on Wed 18 Nov" in plain(answer.text)
    assert "confidence 3" in answer.text


@pytest.mark.parametrize(("length", "minutes"), [("45", 45), ("1:30", 90), ("2h", 120), ("1.5 h", 90)])
def test_a_length_alone_is_what_it_was(web: Client, length: str, minutes: int) -> None:
    web.post(reverse("log"), sent(length, subject="stride"))
    session = StudySession.objects.get()
    assert (session.minutes, session.module_key, session.studied_on) == (minutes, "stride", TODAY)


def test_the_other_fields_complete_the_line(web: Client) -> None:
    web.post(reverse("log"), sent("45m yesterday", subject="stride", confidence="4", note="with a colleague"))
    session = StudySession.objects.get()
    assert (session.module_key, session.confidence, session.note) == ("stride", 4, "with a colleague")
    assert session.studied_on == YESTERDAY


def test_what_line_and_field_say_differently_is_asked(web: Client) -> None:
    two_days_ago = (TODAY - timedelta(days=2)).isoformat()
    for form, sentence in (
        (sent("45m garak", subject="stride"), "The line names another subject."),
        (sent("45m yesterday", studied_on=two_days_ago), "The line names another day."),
        (sent("45m garak confidence 3", confidence="4"), "The line says another confidence."),
    ):
        answer = web.post(reverse("log"), form)
        assert answer.status_code == 422
        assert sentence in answer.text
        assert form["length"] in answer.text, "what was typed is still there"
    assert not StudySession.objects.exists()


def test_an_open_question_is_asked_and_answered_by_the_field(web: Client) -> None:
    asked = web.post(reverse("log"), sent("45m on thu garak"))
    assert asked.status_code == 422, "on a Thursday it can be today or a week ago"
    assert not StudySession.objects.exists()
    week_ago = (TODAY - timedelta(days=7)).isoformat()
    assert web.post(reverse("log"), sent("45m on thu garak", studied_on=week_ago)).status_code == 302
    assert StudySession.objects.get().studied_on == TODAY - timedelta(days=7)


def test_today_is_an_answer_once_the_day_was_asked(web: Client) -> None:
    line = "45m on thu garak"
    asked = web.post(reverse("log"), sent(line)).text
    assert 'name="day_asked" value="1"' in asked
    assert 'id="id_studied_on" max="2026-11-19" value=""' in asked, "what stood there unasked is no answer"
    again = web.post(reverse("log"), sent(line, studied_on="", day_asked="1"))
    assert again.status_code == 422
    assert not StudySession.objects.exists()
    assert web.post(reverse("log"), sent(line, day_asked="1")).status_code == 302
    assert StudySession.objects.get().studied_on == TODAY


def test_a_subject_that_several_share_is_offered_first(web: Client) -> None:
    line = "1:30 yesterday atlas case studies"
    asked = web.post(reverse("log"), sent(line))
    assert asked.status_code == 422
    offered = asked.text.partition('<optgroup label="Which do you mean?">')[2].partition("</optgroup>")[0]
    assert 'value="atlas.read-six-cases"' in offered
    assert web.post(reverse("log"), sent(line, subject="atlas.read-six-cases")).status_code == 302
    assert StudySession.objects.get().activity_key == "atlas.read-six-cases"


@pytest.mark.parametrize(
    "line", ["garak", "tomorrow 45m garak", "-5", "1e9", "½", "45m and 1:30 garak", "x" * 301, "\x00"]
)
def test_what_cannot_be_read_is_said_and_nothing_is_logged(web: Client, line: str) -> None:
    answer = web.post(reverse("log"), sent(line))
    assert answer.status_code == 422
    assert 'class="mistake"' in answer.text or "errorlist" in answer.text
    assert not StudySession.objects.exists()


def test_it_is_shown_back_before_it_is_logged(web: Client) -> None:
    said = plain(web.post(reverse("read-line"), sent("45m yesterday garak encoding probes")).text)
    assert said.startswith("Logs 45 min on Wed 18 Nov: ")
    assert not StudySession.objects.exists()
    assert "Logs" not in web.post(reverse("read-line"), sent("45m on thu garak")).text
    assert web.post(reverse("read-line"), sent("")).text.strip() == ""


def test_markup_in_a_line_is_text(web: Client) -> None:
    said = web.post(reverse("read-line"), sent('45m stride - "<img src=x onerror=alert(1)>"')).text
    assert "<img" not in said
    assert "&lt;img" in said


def test_the_same_line_sent_twice_logs_once(web: Client) -> None:
    form = sent("45m garak", submission=str(uuid4()))
    for _ in range(2):
        web.post(reverse("log"), form)
    assert StudySession.objects.count() == 1


def test_a_correction_takes_a_length_and_no_line(web: Client) -> None:
    web.post(reverse("log"), sent("45m garak"))
    session = StudySession.objects.get()
    answer = web.post(reverse("study-session", args=[session.pk]), sent("45m yesterday stride"))
    assert answer.status_code == 422
    assert "is not a length" in answer.text


def test_without_a_plan_a_line_is_read_all_the_same(charlie: User) -> None:
    web = browser_of(charlie)
    web.post(reverse("log"), sent("1:30 yesterday papers on prompt injection"))
    session = StudySession.objects.get()
    assert (session.minutes, session.studied_on, session.module_key) == (90, YESTERDAY, "")
    assert "papers on prompt injection" in session.note
