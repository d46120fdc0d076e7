"""A lost password, by mail and by `manage.py reset_link`, and a changed one."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from tests.fixtures.cast import PASSWORD, browser_of
from tests.people.conftest import NEW_PASSWORD, is_logged_in, link_in, log_in, mails_to, text_of
from tracker.people.models import User


def printed_link(address: str) -> str:
    """The path that `manage.py reset_link` prints."""
    out = StringIO()
    call_command("reset_link", address, stdout=out)
    return link_in(out.getvalue())


def set_new_password(client: Client, link: str, password: str = NEW_PASSWORD) -> Any:
    """Opens a reset link and fills in its form."""
    form = client.get(link)
    assert form.status_code == 302, "the link does not open"
    return client.post(form["Location"], {"password1": password, "password2": password}, follow=True)


def test_a_mailed_link_sets_a_new_password_once(alice: User, smtp_mode: None) -> None:
    elsewhere, client = browser_of(alice), Client()
    answer = client.post("/accounts/password/reset/", {"email": "Alice@Example.org"}, follow=True)
    assert "Read your mail." in text_of(answer)
    (letter,) = mails_to(alice.email)
    assert letter.subject == "A new password"
    link = link_in(str(letter.body))
    assert "The new password is set." in text_of(set_new_password(client, link))
    assert not is_logged_in(elsewhere)
    assert not is_logged_in(client)
    log_in(client, alice.email, PASSWORD)
    assert not is_logged_in(client)
    log_in(client, alice.email, NEW_PASSWORD)
    assert is_logged_in(client)
    assert mails_to(alice.email)[-1].subject == "Your password was set anew"
    again = Client().get(link)
    assert "That link no longer works." in text_of(again)


def test_a_printed_link_does_the_same(alice: User) -> None:
    link = printed_link(" ALICE@example.org ")
    client = Client()
    set_new_password(client, link)
    log_in(client, alice.email, NEW_PASSWORD)
    assert is_logged_in(client)
    assert "That link no longer works." in text_of(Client().get(link))


def test_the_link_is_void_after_three_days_and_after_a_login(alice: User, time_machine: Any) -> None:
    time_machine.move_to("2026-11-19T09:00Z", tick=False)
    link = printed_link(alice.email)
    time_machine.move_to("2026-11-22T09:01Z", tick=False)
    assert "That link no longer works." in text_of(Client().get(link))
    link = printed_link(alice.email)
    log_in(Client(), alice.email)
    assert "That link no longer works." in text_of(Client().get(link))


def test_a_link_is_for_its_own_account(alice: User, bob: User) -> None:
    alices, bobs = printed_link(alice.email), printed_link(bob.email)
    key = alices.partition("-")[2]
    assert "That link no longer works." in text_of(Client().get(bobs.partition("-")[0] + "-" + key))


def test_the_form_behind_the_link_refuses_and_explains(alice: User) -> None:
    client = Client()
    form = client.get(printed_link(alice.email))["Location"]
    page = text_of(client.post(form, {"password1": NEW_PASSWORD, "password2": "something else"}))
    assert "You must type the same password each time." in page
    page = text_of(client.post(form, {"password1": "short", "password2": "short"}))
    assert "at least 10 characters" in page
    log_in(client, alice.email)
    assert is_logged_in(client)


def test_no_link_for_nobody_or_somebody_locked(alice: User, smtp_mode: None) -> None:
    with pytest.raises(CommandError, match="No account has the address eve@"):
        call_command("reset_link", "eve@example.org")
    User.objects.update(is_active=False)
    with pytest.raises(CommandError, match="deactivated"):
        call_command("reset_link", alice.email)
    Client().post("/accounts/password/reset/", {"email": alice.email})
    assert [letter.subject for letter in mails_to(alice.email)] == ["No account with this address"]


def test_where_no_mail_goes_out_the_page_says_what_to_do(alice: User) -> None:
    page = text_of(Client().get("/accounts/password/reset/"))
    assert "manage.py reset_link" in page
    assert 'name="email"' not in page


def test_changing_the_password_ends_every_session_and_is_mailed(alice: User) -> None:
    client, elsewhere = browser_of(alice), browser_of(alice)
    wrong = client.post(
        "/accounts/password/change/",
        {"oldpassword": "not this one at all", "password1": NEW_PASSWORD, "password2": NEW_PASSWORD},
    )
    assert "That is not your password." in text_of(wrong)
    assert is_logged_in(client)
    answer = client.post(
        "/accounts/password/change/",
        {"oldpassword": PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD},
        follow=True,
    )
    assert answer.redirect_chain == [("/accounts/login/", 302)]
    assert "Your password is changed. Log in with the new one." in text_of(answer)
    assert not is_logged_in(client)
    assert not is_logged_in(elsewhere)
    assert [letter.subject for letter in mails_to(alice.email)] == ["Your password was changed"]
    log_in(client, alice.email, NEW_PASSWORD)
    assert is_logged_in(client)


def test_a_password_saved_writes_nothing_else(alice: User) -> None:
    """A zone changed in another window while the form was open stays changed."""
    stale = User.objects.get(pk=alice.pk)
    User.objects.filter(pk=alice.pk).update(zone="Asia/Tokyo")
    from tracker.people.adapter import AccountAdapter

    AccountAdapter().set_password(stale, NEW_PASSWORD)
    assert User.objects.get(pk=alice.pk).zone == "Asia/Tokyo"


def test_an_account_without_a_password_sets_one(alice: User) -> None:
    alice.set_unusable_password()
    alice.save(update_fields=["password"])
    client = browser_of(alice)
    assert client.get("/accounts/password/change/")["Location"] == "/accounts/password/set/"
    assert "Set a password" in text_of(client.get("/accounts/password/set/"))
    client.post("/accounts/password/set/", {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD})
    log_in(client, alice.email, NEW_PASSWORD)
    assert is_logged_in(client)
    assert mails_to(alice.email)[-1].subject == "A password was set"
