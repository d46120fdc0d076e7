"""Finding sessions in the journal: by module, and by words of their notes."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from curriculum.catalogue import Catalogue
from tests.fixtures.cast import TODAY, browser_of, make_plan, make_session
from tracker.desk.views.journal import FOUND_A_PAGE
from tracker.people.models import User

pytestmark = pytest.mark.usefixtures("now")


@pytest.fixture
def web(alice: User, curriculum: Catalogue) -> Client:
    make_plan(alice, curriculum)
    return browser_of(alice)


def find(web: Client, **asked: str) -> str:
    """The journal for what is asked, without the form's options."""
    page = web.get(reverse("journal"), asked).text.replace("\N{NO-BREAK SPACE}", " ")
    return page.partition('role="search"')[2].partition("</form>")[2]


def test_by_module(web: Client, alice: User) -> None:
    make_session(alice, minutes=50, module_key="garak", activity_key="garak.run-six-families")
    make_session(alice, minutes=40, module_key="stride")
    page = find(web, module="garak")
    assert "One session, 50 min." in page
    assert "40 min" not in page


def test_by_words_of_the_note_whatever_their_case(web: Client, alice: User) -> None:
    make_session(alice, minutes=50, note="Ärger with the encoding probes")
    make_session(alice, minutes=40, note="something else")
    for text in ("encoding", "ENCODING", "Ärger", "ärger", "ÄRGER"):
        assert "One session, 50 min." in find(web, q=text), text
    assert "No sessions, 0 min." in find(web, q="decoding")


def test_by_both_and_over_years(web: Client, alice: User) -> None:
    for weeks in (0, 60, 150):
        day = TODAY - timedelta(weeks=weeks)
        make_session(alice, minutes=30, module_key="garak", note="promptinject", studied_on=day)
        make_session(alice, minutes=30, module_key="stride", note="promptinject", studied_on=day)
    assert "Three sessions, 1 h 30." in find(web, module="garak", q="promptinject")


@pytest.mark.parametrize("text", ["%", "_", "\\", "'", '"', "<script>"])
def test_what_means_something_to_a_database_or_a_page_is_text(web: Client, alice: User, text: str) -> None:
    make_session(alice, note="nothing of it")
    assert "No sessions" in find(web, q=text)
    make_session(alice, minutes=35, note=f"here {text} it is")
    page = find(web, q=text)
    assert "One session, 35 min." in page
    assert "<script>" not in page


def test_what_no_note_can_hold_is_left_out(web: Client, alice: User) -> None:
    make_session(alice, note="encoding")
    assert "One session" in find(web, q="enc\x00od\x07ing")
    assert web.get(reverse("journal"), {"q": "x" * 100_000}).status_code == 200
    assert "One session" not in find(web, module="no-such-module"), "an unknown module asks for nothing"


def test_deleted_ones_and_those_of_others_are_not_found(web: Client, alice: User, charlie: User) -> None:
    make_session(charlie, note="encoding")
    gone = make_session(alice, note="encoding")
    web.post(reverse("delete-session", args=[gone.pk]))
    assert "No sessions" in find(web, q="encoding")


def test_many_have_pages_and_cost_the_same(web: Client, alice: User) -> None:
    make_session(alice, minutes=10, note="encoding")
    find(web, q="encoding")
    with CaptureQueriesContext(connection) as few:
        find(web, q="encoding")
    for number in range(FOUND_A_PAGE + 3):
        make_session(alice, minutes=1, note="encoding", studied_on=TODAY - timedelta(days=number))
    with CaptureQueriesContext(connection) as many:
        page = find(web, q="encoding")
    assert len(many) == len(few)
    assert "104 sessions" in page
    assert "?module=&amp;q=encoding&amp;page=2" in page
    assert "Newer" in find(web, q="encoding", page="2")
