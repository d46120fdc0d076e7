"""The page of tokens: made, shown once, listed, revoked."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.api.programs import Program, make_program
from tests.fixtures.cast import NOW, browser_of
from tracker.people.models import ApiToken, User

pytestmark = pytest.mark.usefixtures("now")
TOKEN = re.compile(r"cairn_[A-Za-z0-9_-]{43}")
FORM = {"name": "laptop", "scope": "log", "days": "365"}


def words_of(answer: Any) -> str:
    return str(answer.content.decode()).replace("\N{NO-BREAK SPACE}", " ")


@pytest.fixture
def web(alice: User) -> Client:
    return browser_of(alice)


def test_a_token_is_shown_once_and_works(web: Client, alice: User) -> None:
    made = web.post(reverse("tokens"), FORM)
    assert made.status_code == 200
    assert made.headers["Cache-Control"] == "private, no-store"
    found = TOKEN.findall(words_of(made))
    assert len(found) == 1
    said = Program(found[0]).get("/me").json()
    assert (said["email"], said["scope"], said["token_name"]) == (alice.email, "log", "laptop")
    shown = words_of(web.get(reverse("tokens")))
    assert not TOKEN.search(shown)
    assert f"<code>{found[0][-4:]}</code>" in shown
    assert "last used Thu 19 Nov 2026, 10:00" in shown
    row = ApiToken.objects.get()
    assert row.expires_at == NOW + timedelta(days=365)


@pytest.mark.parametrize(("days", "length"), [("30", 30), ("90", 90), ("365", 365), ("0", None)])
def test_it_is_good_for_as_long_as_was_chosen(web: Client, days: str, length: int | None) -> None:
    web.post(reverse("tokens"), {**FORM, "days": days})
    expires_at = ApiToken.objects.get().expires_at
    assert expires_at == (NOW + timedelta(days=length) if length else None)


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": " "},
        {"name": "x" * 61},
        {"name": "a\x00"},
        {"scope": ""},
        {"scope": "staff"},
        {"days": "7"},
        {"days": ""},
    ],
)
def test_what_cannot_be_is_refused_and_what_was_typed_stays(web: Client, wrong: dict[str, str]) -> None:
    answer = web.post(reverse("tokens"), {**FORM, **wrong})
    assert answer.status_code == 422
    assert not TOKEN.search(words_of(answer))
    if "name" not in wrong:
        assert 'value="laptop"' in words_of(answer)
    assert not ApiToken.objects.exists()


def test_a_name_is_one_line_and_is_only_text(web: Client) -> None:
    web.post(reverse("tokens"), {**FORM, "name": "a\n<b>b</b>"})
    assert ApiToken.objects.get().name == "a <b>b</b>"
    assert "a &lt;b&gt;b&lt;/b&gt;" in words_of(web.get(reverse("tokens")))


def test_revoked_it_does_nothing_and_is_still_listed(web: Client, alice: User) -> None:
    program = make_program(alice)
    assert program.row is not None
    for _ in range(2):
        answer = web.post(reverse("revoke-token", args=[program.row.pk]), follow=True)
        assert "It does nothing from now on." in words_of(answer)
    assert program.get("/me").status_code == 401
    shown = words_of(web.get(reverse("tokens")))
    assert "No program has a token." in shown
    assert "revoked Thu 19 Nov 2026, 10:00" in shown


def test_somebody_elses_is_not_there(web: Client, charlie: User) -> None:
    program = make_program(charlie)
    assert program.row is not None
    assert web.post(reverse("revoke-token", args=[program.row.pk])).status_code == 404
    assert program.get("/me").status_code == 200
    assert program.row.name not in words_of(web.get(reverse("tokens")))


def test_twenty_are_enough(web: Client, alice: User) -> None:
    for _ in range(20):
        make_program(alice)
    answer = web.post(reverse("tokens"), FORM)
    assert answer.status_code == 422
    assert "You have 20 tokens. Revoke one that you no longer need." in words_of(answer)
    assert ApiToken.objects.count() == 20


def test_one_that_ran_out_is_told_so(web: Client, alice: User) -> None:
    make_program(alice, expires=timedelta(seconds=-1))
    shown = words_of(web.get(reverse("tokens")))
    assert "ran out Thu 19 Nov 2026, 09:59" in shown


def test_the_page_asks_as_much_with_one_token_as_with_many(web: Client, alice: User) -> None:
    make_program(alice)
    with CaptureQueriesContext(connection) as few:
        web.get(reverse("tokens"))
    for number in range(15):
        make_program(alice, expires=timedelta(seconds=-1) if number % 2 else None)
    with CaptureQueriesContext(connection) as many:
        web.get(reverse("tokens"))
    assert len(many) == len(few)


def test_settings_lead_there_and_it_leads_to_the_docs(web: Client) -> None:
    assert reverse("tokens") in words_of(web.get(reverse("settings")))
    assert reverse("api-docs") in words_of(web.get(reverse("tokens")))
