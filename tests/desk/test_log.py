"""Quick log with htmx and without, and the journal."""

import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from curriculum.catalogue import Catalogue
from tests.fixtures.cast import TODAY, browser_of, make_plan, make_session
from tracker.journal.models import StudySession
from tracker.people.models import User

pytestmark = pytest.mark.usefixtures("now")
HTMX = {"HX-Request": "true"}


@pytest.fixture
def web(alice: User, curriculum: Catalogue) -> Client:
    make_plan(alice, curriculum)
    return browser_of(alice)


def log(web: Client, *, htmx: bool = False, **fields: Any) -> Any:
    """Sends the log form."""
    return web.post(reverse("log"), fields, headers=HTMX if htmx else {})


def test_without_javascript_the_form_posts_and_redirects_back(web: Client) -> None:
    answer = log(web, length="1:30", subject="garak", next=reverse("plan"))
    assert (answer.status_code, answer.headers["Location"]) == (302, reverse("plan"))
    session = StudySession.objects.get()
    assert (session.minutes, session.module_key, session.activity_key) == (90, "garak", "")
    assert (session.studied_on, session.zone) == (TODAY, "Europe/Vienna")
    shown = web.get(reverse("plan")).text
    assert "Logged" in shown
    assert f'<a href="{reverse("study-session", args=[session.pk])}">Correct it</a>' in shown


def test_with_htmx_the_answer_is_the_form_and_the_week(web: Client) -> None:
    answer = log(web, htmx=True, length="45", subject="mindset.first-break", page="today")
    assert answer.status_code == 200
    assert "<html" not in answer.text
    assert 'id="log"' in answer.text
    assert 'id="week" hx-swap-oob="true"' in answer.text
    assert "45\N{NO-BREAK SPACE}min of 6\N{NO-BREAK SPACE}h\N{NO-BREAK SPACE}30" in answer.text
    for part in ("today-next", "today-aside"):
        assert f'id="{part}" hx-swap-oob="true"' in answer.text.replace('aria-label="Where this leads" ', "")
    assert "<title>Today: 45" in answer.text
    elsewhere = log(web, htmx=True, length="45", subject="", page="journal")
    assert "hx-swap-oob" not in elsewhere.text


def test_an_activity_brings_its_module(web: Client) -> None:
    log(web, length="45", subject="mindset.first-break")
    session = StudySession.objects.get()
    assert (session.module_key, session.activity_key) == ("mindset", "mindset.first-break")


@pytest.mark.parametrize("htmx", [True, False])
@pytest.mark.parametrize(
    ("field", "typed", "reason"),
    [
        ("length", "0", "at least one minute"),
        ("length", "-45", "negative"),
        ("length", "1500", "24 hours"),
        ("length", "a while", "how long you studied"),
        ("length", "", "how long you studied"),
        ("studied_on", "2199-01-01", "still to come"),
        ("studied_on", "1900-01-01", "too long ago"),
        ("studied_on", "31 November", "is not a date"),
        ("confidence", "6", "from 1 to 5"),
        ("subject", "no.such-thing", "no such activity"),
        ("note", "x" * 4001, "4000"),
    ],
)
def test_bad_input_is_refused_beside_its_field_and_loses_nothing(
    web: Client, field: str, typed: str, reason: str, htmx: bool
) -> None:
    fields = {"length": "45", "subject": "garak", "note": "my own words", field: typed}
    refused = log(web, htmx=htmx, **fields)
    assert refused.status_code == 422
    assert reason in refused.text
    assert 'aria-invalid="true"' in refused.text
    assert ("<html" in refused.text) != htmx
    if field != "note":
        assert "my own words" in refused.text
    if typed and field != "confidence":
        assert typed in refused.text
    assert not StudySession.objects.exists()


@pytest.mark.parametrize("field", ["submission", "confirmed", "day_asked"])
@pytest.mark.parametrize("sent", ["\0", "x" * 5000])
def test_what_the_page_sends_by_itself_is_no_mistake_of_the_learner(
    web: Client, field: str, sent: str
) -> None:
    assert web.post(reverse("log"), {"length": "45", field: sent}).status_code == 302


def test_the_same_form_twice_logs_once(web: Client) -> None:
    submission = str(uuid4())
    for _ in range(2):
        assert log(web, length="45", submission=submission).status_code == 302
    assert StudySession.objects.count() == 1


@pytest.mark.parametrize(
    "next_page", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "/\\evil"]
)
def test_the_form_leads_nowhere_else(web: Client, next_page: str) -> None:
    answer = log(web, length="45", next=next_page)
    assert answer.headers["Location"] == reverse("today")


def test_undo_takes_it_back_and_putting_back_undoes_that(web: Client, alice: User) -> None:
    log(web, length="45")
    session = StudySession.objects.get()
    answer = web.post(reverse("delete-session", args=[session.pk]), {"page": "today"}, headers=HTMX)
    assert "Taken back" in answer.text
    assert "Nothing logged this week yet" in answer.text
    back = web.post(reverse("put-back-session", args=[session.pk]), {"page": "today"}, headers=HTMX)
    assert "Put back" in back.text
    assert 'id="week" hx-swap-oob="true"' in back.text
    session.refresh_from_db()
    assert session.deleted_at is None


def test_what_a_full_day_has_no_room_for_stays_taken_back(web: Client, alice: User) -> None:
    session = make_session(alice, minutes=60)
    web.post(reverse("delete-session", args=[session.pk]))
    make_session(alice, minutes=1440)
    answer = web.post(reverse("put-back-session", args=[session.pk]), headers=HTMX)
    assert "A day has 24 hours" in answer.text
    assert "It stays taken back." in answer.text
    session.refresh_from_db()
    assert session.deleted_at is not None


def test_no_submit_button_stands_before_that_which_logs(web: Client) -> None:
    """Enter presses the first one: after a session was logged, it would have taken that back."""
    answer = log(web, htmx=True, length="45", page="today")
    buttons = re.findall(r"<button[^>]*>[^<]*", answer.text.partition('id="log"')[2].partition("</form>")[0])
    assert ">Undo" in buttons[0]
    assert next(button for button in buttons if 'type="submit"' in button).endswith(">Log")


def test_a_correction_keeps_its_trace(web: Client, alice: User) -> None:
    session = make_session(alice, minutes=45, note="the first words")
    address = reverse("study-session", args=[session.pk])
    assert 'value="45 min"' in web.get(address).text
    answer = web.post(
        address,
        {"length": "1 h", "studied_on": "2026-11-18", "subject": "garak", "note": "better"},
        follow=True,
    )
    session.refresh_from_db()
    assert (session.minutes, session.studied_on.isoformat(), session.note) == (60, "2026-11-18", "better")
    assert "What it said before" in answer.text
    assert "the first words" in answer.text
    assert "corrected" in web.get(reverse("journal")).text


def test_a_deleted_session_cannot_be_corrected_but_put_back(web: Client, alice: User) -> None:
    session = make_session(alice)
    web.post(reverse("delete-session", args=[session.pk]))
    address = reverse("study-session", args=[session.pk])
    assert "Put it back" in web.get(address).text
    assert web.post(address, {"length": "10"}).status_code == 404


def test_charlie_cannot(web: Client, alice: User, charlie: User) -> None:
    session = make_session(alice)
    other = browser_of(charlie)
    assert other.get(reverse("study-session", args=[session.pk])).status_code == 404
    for name in ("study-session", "delete-session", "put-back-session"):
        assert other.post(reverse(name, args=[session.pk]), {"length": "10"}).status_code == 404
    session.refresh_from_db()
    assert (session.minutes, session.deleted_at) == (45, None)
    assert "45" not in other.get(reverse("journal")).text.partition("<main")[2].partition("<form")[0]


def test_the_journal_is_by_week_against_target(web: Client, alice: User) -> None:
    make_session(alice, minutes=60)
    make_session(alice, minutes=400, studied_on=TODAY - timedelta(days=7))
    text = web.get(reverse("journal")).text.replace("\N{NO-BREAK SPACE}", " ")
    assert "This week: 1 h of 6 h 30" in text
    assert "9 Nov to Sun 15 Nov 2026: 6 h 40 of 6 h 30" in text


def test_older_weeks_are_a_page_away(web: Client, alice: User) -> None:
    make_session(alice, minutes=77, studied_on=TODAY - timedelta(weeks=30))
    text = web.get(reverse("journal")).text
    assert "1\N{NO-BREAK SPACE}h\N{NO-BREAK SPACE}17" not in text
    assert "Older weeks" in text
    week = (TODAY - timedelta(weeks=30)).isoformat()
    assert "1\N{NO-BREAK SPACE}h\N{NO-BREAK SPACE}17" in web.get(reverse("journal"), {"week": week}).text


@pytest.mark.parametrize("week", ["", "x", "0001-01-01", "9999-12-31", "2026-13-01", "1999-12-31"])
def test_any_week_in_the_address_is_answered(web: Client, week: str) -> None:
    assert web.get(reverse("journal"), {"week": week}).status_code == 200


def test_logging_needs_no_plan(charlie: User, curriculum: Catalogue) -> None:
    web = browser_of(charlie)
    assert web.post(reverse("log"), {"length": "30"}).status_code == 302
    assert web.get(reverse("journal")).status_code == 200
    assert web.get(reverse("study-session", args=[StudySession.objects.get().pk])).status_code == 200


def test_a_session_that_ended_asks_for_the_login_page_as_a_whole(client: Client) -> None:
    answer = client.post(
        reverse("log"), {"length": "45"}, headers={**HTMX, "HX-Current-URL": "http://testserver/today/"}
    )
    assert answer.headers["HX-Redirect"] == f"{reverse('account_login')}?next=/today/"
    assert (
        client.post(reverse("log"), {"length": "45"}).headers["Location"].startswith(reverse("account_login"))
    )
