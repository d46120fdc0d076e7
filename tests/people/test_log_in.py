"""Logging in and out, accounts that are locked, and how often one may try."""

from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from tests.fixtures.cast import PASSWORD, browser_of
from tests.people.conftest import is_logged_in, log_in, text_of
from tracker.people.models import User


@pytest.mark.parametrize("typed", ["alice@example.org", "ALICE@example.ORG", "  alice@example.org "])
def test_the_address_is_the_login(alice: User, typed: str) -> None:
    client = Client()
    assert log_in(client, typed).status_code == 302
    assert is_logged_in(client)


def test_a_wrong_password_says_so_and_keeps_the_address(alice: User) -> None:
    client = Client()
    page = text_of(log_in(client, alice.email, "not this one at all"))
    assert "This address and password do not go together." in page
    assert 'value="alice@example.org"' in page
    assert "not this one at all" not in page
    assert not is_logged_in(client)


def test_an_unknown_address_is_answered_like_a_wrong_password(alice: User) -> None:
    page = text_of(log_in(Client(), "nobody@example.org"))
    assert "This address and password do not go together." in page


def test_after_logging_out_nothing_opens(alice: User) -> None:
    client = browser_of(alice)
    assert "Log out?" in text_of(client.get("/accounts/logout/"))
    assert is_logged_in(client)
    assert client.post("/accounts/logout/")["Location"] == "/"
    assert not is_logged_in(client)


def test_the_session_outlives_the_browser_only_where_one_asked_for_it(alice: User) -> None:
    kept, short = Client(), Client()
    log_in(kept, alice.email, remember="on")
    log_in(short, alice.email)
    assert kept.cookies["cairn_session"]["max-age"]
    assert short.cookies["cairn_session"]["max-age"] == ""


def test_logging_in_makes_a_new_session(alice: User) -> None:
    """A session planted in a browser before login opens nothing afterwards."""
    client = Client()
    client.get("/accounts/login/")
    session = client.session
    session["planted"] = "yes"
    session.save()
    planted = str(session.session_key)
    client.cookies["cairn_session"] = planted
    log_in(client, alice.email)
    assert is_logged_in(client)
    assert client.cookies["cairn_session"].value != planted
    thief = Client()
    thief.cookies["cairn_session"] = planted
    assert not is_logged_in(thief)


def test_a_locked_account_is_told_so_and_its_sessions_end(alice: User, bob: User) -> None:
    before, after = browser_of(alice), Client()
    assert is_logged_in(before)
    call_command("deactivate", "ALICE@example.org", verbosity=0)
    assert not is_logged_in(before)
    answer = log_in(after, alice.email)
    assert answer["Location"] == "/accounts/inactive/"
    assert "This account is deactivated." in text_of(after.get(answer["Location"]))
    assert not is_logged_in(after)
    assert is_logged_in(browser_of(bob))
    call_command("deactivate", "alice@example.org", "--undo", verbosity=0)
    log_in(after, alice.email)
    assert is_logged_in(after)


def test_a_locked_account_with_a_wrong_password_is_like_any_other(alice: User) -> None:
    User.objects.update(is_active=False)
    page = text_of(log_in(Client(), alice.email, "not this one at all"))
    assert "This address and password do not go together." in page


@pytest.mark.parametrize("command", ["deactivate", "staff", "reset_link"])
@pytest.mark.parametrize("address", ["eve@example.org", "eve", "", "eve@" + "a." * 100 + "example"])
def test_a_command_about_somebody_who_is_not_here_says_so(db: None, command: str, address: str) -> None:
    with pytest.raises(CommandError, match="No account has the address"):
        call_command(command, address)


def test_a_command_knows_an_address_however_it_is_written(bob: User) -> None:
    User.objects.filter(pk=bob.pk).update(email="bob@xn--mnchen-3ya.example")
    call_command("staff", " Bob@M\u00fcnchen.example", verbosity=0)
    assert User.objects.get().is_staff


def test_staff_are_named_and_unnamed(alice: User, bob: User) -> None:
    call_command("staff", alice.email, verbosity=0)
    assert [user.email for user in User.objects.filter(is_staff=True)] == [alice.email]
    assert browser_of(alice).get("/settings/people/").status_code == 200
    assert browser_of(bob).get("/settings/people/").status_code == 404
    call_command("staff", alice.email, "--undo", verbosity=0)
    assert not User.objects.filter(is_staff=True).exists()


def test_guessing_is_stopped_for_that_address_alone(alice: User, bob: User) -> None:
    client = Client()
    for _ in range(5):
        log_in(client, alice.email, "not this one at all")
    page = text_of(log_in(client, alice.email, PASSWORD))
    assert "Too many wrong passwords. Try again in five minutes." in page
    assert not is_logged_in(client)
    log_in(client, bob.email)
    assert is_logged_in(client)


def test_asking_too_often_is_answered_on_a_page_of_ours(db: None, smtp_mode: None) -> None:
    answers = [Client().post("/accounts/password/reset/", {"email": "eve@example.org"}) for _ in range(6)]
    assert answers[-1].status_code == 429
    assert "Too often." in text_of(answers[-1])
    assert "/static/cairn.css" in text_of(answers[-1])


def test_somebody_logged_in_is_sent_on_from_the_pages_of_visitors(alice: User) -> None:
    client = browser_of(alice)
    for page in ("/accounts/login/", "/accounts/signup/"):
        assert client.get(page)["Location"] == "/"


@pytest.mark.parametrize("page", ["email/", "password/change/", "password/set/", "reauthenticate/"])
def test_account_pages_ask_a_visitor_to_log_in(db: None, page: str) -> None:
    answer: Any = Client().get(f"/accounts/{page}")
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/?next=")


def test_reauthenticating_asks_for_the_password(alice: User) -> None:
    client = browser_of(alice)
    assert "Your password, once more" in text_of(client.get("/accounts/reauthenticate/?next=/settings/"))
    wrong = client.post("/accounts/reauthenticate/?next=/settings/", {"password": "not this one at all"})
    assert "That is not your password." in text_of(wrong)
    right = client.post("/accounts/reauthenticate/?next=/settings/", {"password": PASSWORD})
    assert right["Location"] == "/settings/"
