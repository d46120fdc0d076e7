"""Signing up, with mail as files and with SMTP."""

import threading
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.db import connection
from django.test import Client

from curriculum.catalogue import Catalogue
from tests.fixtures.cast import make_plan
from tests.people.conftest import is_logged_in, link_in, log_in, mails_to, sign_up, text_of
from tracker.people.models import User


def test_a_new_learner_is_in_at_once_and_led_to_the_first_plan(db: None, curriculum: Catalogue) -> None:
    client = Client()
    answer = client.post(
        "/accounts/signup/",
        {"email": "alice@example.org", "password1": "a long enough password", "zone": "Europe/Vienna"},
        follow=True,
    )
    assert answer.redirect_chain[-1][0] == "/start/"
    alice = User.objects.get()
    assert (alice.email, alice.zone, alice.is_staff) == ("alice@example.org", "Europe/Vienna", False)
    assert "signed in" not in text_of(answer).lower()


def test_who_has_a_plan_is_led_to_today(alice: User, curriculum: Catalogue) -> None:
    make_plan(alice, curriculum)
    client = Client()
    answer = client.post(
        "/accounts/login/", {"login": alice.email, "password": "a long enough password"}, follow=True
    )
    assert answer.redirect_chain[-1][0] == "/today/"


def test_confirming_is_optional_where_mail_is_kept_as_files(db: None) -> None:
    client = Client()
    sign_up(client, "alice@example.org")
    assert is_logged_in(client)
    assert "not confirmed yet" in text_of(client.get("/accounts/email/"))
    link = link_in(str(mails_to("alice@example.org")[0].body))
    client.post(link)
    assert EmailAddress.objects.get(verified=True, primary=True).email == "alice@example.org"


def test_with_smtp_nobody_gets_in_before_confirming(db: None, smtp_mode: None) -> None:
    client = Client()
    answer = sign_up(client, "alice@example.org")
    assert answer["Location"] == "/accounts/confirm-email/"
    assert "Read your mail" in text_of(client.get(answer["Location"]))
    assert not is_logged_in(client)
    assert log_in(client, "alice@example.org")["Location"] == "/accounts/confirm-email/"
    assert not is_logged_in(client)
    link = link_in(str(mails_to("alice@example.org")[0].body))
    assert client.post(link)["Location"] == "/accounts/login/"
    assert not is_logged_in(client)
    assert log_in(client, "alice@example.org")["Location"] == "/"
    assert is_logged_in(client)


@pytest.mark.parametrize("who", ["nobody", "bob", "alice"])
def test_reading_the_link_changes_nothing(alice: User, bob: User, who: str) -> None:
    client, reader = Client(), Client()
    sign_up(client, "dora@example.org")
    link = link_in(str(mails_to("dora@example.org")[0].body))
    if who != "nobody":
        log_in(reader, f"{who}@example.org")
    for _ in range(2):
        page = text_of(reader.get(link))
        assert "Is this your address?" in page
        assert "dora@example.org" in page
    assert not EmailAddress.objects.filter(email="dora@example.org", verified=True).exists()
    assert is_logged_in(reader) == (who != "nobody")


def test_a_confirmation_link_works_once(db: None, time_machine: Any) -> None:
    client = Client()
    sign_up(client, "alice@example.org")
    link = link_in(str(mails_to("alice@example.org")[0].body))
    Client().post(link)
    for method in (Client().get, Client().post):
        answer = method(link)
        assert answer.status_code == 200
        assert "That link no longer works." in text_of(answer)


def test_a_confirmation_link_ages(db: None, time_machine: Any) -> None:
    time_machine.move_to("2026-11-19T09:00Z", tick=False)
    sign_up(Client(), "alice@example.org")
    link = link_in(str(mails_to("alice@example.org")[0].body))
    time_machine.move_to("2026-11-22T09:01Z", tick=False)
    assert "That link no longer works." in text_of(Client().post(link))
    assert not EmailAddress.objects.filter(verified=True).exists()


@pytest.mark.parametrize(
    ("suggested", "kept"),
    [
        ("Asia/Kathmandu", "Asia/Kathmandu"),
        ("America/Argentina/Buenos_Aires", "America/Argentina/Buenos_Aires"),
        ("", "UTC"),
        ("Mars/Olympus_Mons", "UTC"),
        ("../../etc/passwd", "UTC"),
        ("localtime", "UTC"),
        ("Europe/Vienna\x00", "UTC"),
        ("Z" * 10_000, "UTC"),
    ],
)
def test_the_suggested_zone_is_kept_if_there_is_one(db: None, suggested: str, kept: str) -> None:
    sign_up(Client(), "alice@example.org", zone=suggested)
    assert User.objects.get().zone == kept


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("", "This field is required."),
        ("short", "at least 10 characters"),
        ("password123", "too common"),
        ("alice@example.org", "too similar to the email"),
    ],
)
def test_a_weak_password_is_refused_with_its_reason(db: None, password: str, reason: str) -> None:
    answer = sign_up(Client(), "alice@example.org", password1=password)
    page = text_of(answer)
    assert reason in page
    assert 'value="alice@example.org"' in page
    assert not User.objects.exists()


@pytest.mark.parametrize(
    "address", ["", "alice", "alice@", "@example.org", "alice@example", "a b@example.org"]
)
def test_what_is_no_address_is_refused(db: None, address: str) -> None:
    answer = sign_up(Client(), address)
    assert answer.status_code == 200
    assert 'aria-invalid="true"' in text_of(answer)
    assert f'value="{address}"' in text_of(answer) or not address
    assert "That is no e-mail address." in text_of(answer) or not address
    assert not User.objects.exists()


def test_an_address_longer_than_the_database_keeps_is_refused_whole(db: None) -> None:
    long = "a" * 60 + "@" + ".".join(["b" * 60] * 4) + ".example"
    assert len(long) > 254
    assert "That is no e-mail address." in text_of(sign_up(Client(), long))
    assert not User.objects.exists()


@pytest.mark.parametrize("local_part", ["a" * 300, "a" * 65, "alice\r\nBcc: eve", "alice\x00", "a,eve@x"])
def test_a_local_part_that_no_mail_can_carry_is_refused(db: None, local_part: str) -> None:
    answer = sign_up(Client(), f"{local_part}@example.org")
    assert answer.status_code == 200
    assert "That is no e-mail address." in text_of(answer)
    assert not User.objects.exists()


def test_an_address_is_one_account_however_it_is_written(db: None) -> None:
    sign_up(Client(), "Alice@M\u00fcnchen.Example")
    assert User.objects.get().email == "alice@xn--mnchen-3ya.example"
    for again in (
        "alice@m\u00fcnchen.example",
        "ALICE@XN--MNCHEN-3YA.EXAMPLE",
        " alice@M\u00dcNCHEN.example ",
    ):
        answer = sign_up(Client(), again)
        assert "There is an account with this address already." in text_of(answer), again
    client = Client()
    log_in(client, "Alice@M\u00fcnchen.example")
    assert is_logged_in(client)


def test_an_address_that_somebody_only_asked_for_is_free(alice: User) -> None:
    EmailAddress.objects.create(user=alice, email="dora@example.org", verified=False, primary=False)
    client = Client()
    sign_up(client, "dora@example.org")
    assert is_logged_in(client)
    assert User.objects.filter(email="dora@example.org").count() == 1


def test_sign_up_can_be_closed(db: None, settings: Any) -> None:
    settings.SIGN_UP_OPEN = False
    for answer in (Client().get("/accounts/signup/"), sign_up(Client(), "alice@example.org")):
        assert "Sign-up is closed." in text_of(answer)
    assert not User.objects.exists()
    assert "/accounts/signup/" not in text_of(Client().get("/accounts/login/"))


def test_a_mail_server_that_is_away_loses_no_account(db: None, smtp_mode: None, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    client = Client()
    answer = client.get(sign_up(client, "alice@example.org")["Location"])
    assert answer.status_code == 200
    assert "The mail could not be sent." in text_of(answer)
    assert User.objects.get().email == "alice@example.org"


def test_two_sign_ups_at_once_make_one_account(transactional_db: None) -> None:
    together = threading.Barrier(2)
    answers: list[Any] = []

    def one() -> None:
        try:
            together.wait(timeout=20)
            answers.append(sign_up(Client(), "alice@example.org"))
        finally:
            connection.close()

    threads = [threading.Thread(target=one) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert len(answers) == 2
    assert User.objects.count() == 1
    assert EmailAddress.objects.count() == 1


def test_the_race_for_an_address_is_lost_politely(
    alice: User, monkeypatch: pytest.MonkeyPatch, smtp_mode: None, settings: Any
) -> None:
    """The check saw no account, and when it was saved there was one."""
    monkeypatch.setattr("tracker.people.queries.address_is_taken", lambda address: False)
    assert sign_up(Client(), alice.email).url == "/accounts/confirm-email/"
    settings.MAIL_AS_FILES = True
    settings.ACCOUNT_EMAIL_VERIFICATION = "optional"
    assert sign_up(Client(), alice.email).url == "/accounts/login/"
    assert User.objects.count() == 1
