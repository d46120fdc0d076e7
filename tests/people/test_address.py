"""Changing the address: confirmed at the new one, told to the old one, nothing half done in between."""

from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.test import Client

from tests.fixtures.cast import browser_of
from tests.people.conftest import is_logged_in, link_in, log_in, mails_to, sign_up, text_of
from tracker.people import queries
from tracker.people.models import User
from tracker.reminders import actions as reminders_actions

NEW = "alice.new@example.org"


def ask(client: Client, address: str) -> Any:
    """Fills in the form for a new address."""
    return client.post("/accounts/email/", {"email": address, "action_add": "1"}, follow=True)


def address_of(learner: User) -> str:
    return str(User.objects.get(pk=learner.pk).email)


def test_the_old_address_stays_until_the_new_one_is_confirmed(alice: User, smtp_mode: None) -> None:
    client = browser_of(alice)
    page = text_of(ask(client, "Alice.New@Example.org"))
    assert f"Changing to {NEW}" in page
    assert address_of(alice) == "alice@example.org"
    assert queries.address_is_confirmed(alice)
    (letter,) = mails_to(NEW)
    assert letter.subject == "Confirm your address"
    assert not mails_to("alice@example.org")
    answer = client.post(link_in(str(letter.body)), follow=True)
    assert answer.redirect_chain == [("/accounts/email/", 302)]
    assert f"{NEW} is confirmed." in text_of(answer)
    assert address_of(alice) == NEW
    assert list(EmailAddress.objects.filter(user=alice).values_list("email", "primary", "verified")) == [
        (NEW, True, True)
    ]
    (notice,) = mails_to("alice@example.org")
    assert notice.subject == "Your address was changed"
    assert NEW not in str(notice.body)
    fresh = Client()
    log_in(fresh, "alice@example.org")
    assert not is_logged_in(fresh)
    log_in(fresh, NEW)
    assert is_logged_in(fresh)


def test_the_weekly_mail_follows(alice: User, smtp_mode: None, now: Any) -> None:
    reminders_actions.set_reminder(alice, 4, 18, wording="Yes.", place="start", now=now)
    client = browser_of(alice)
    ask(client, NEW)
    Client().post(link_in(str(mails_to(NEW)[0].body)))
    learner = User.objects.get(recipient__isnull=False)
    assert learner.email == NEW
    assert queries.address_is_confirmed(learner)


def test_a_change_can_be_cancelled_and_its_link_is_void(alice: User, smtp_mode: None) -> None:
    client = browser_of(alice)
    ask(client, NEW)
    link = link_in(str(mails_to(NEW)[0].body))
    page = text_of(client.post("/accounts/email/", {"email": NEW, "action_remove": "1"}, follow=True))
    assert "is cancelled." in page
    assert "Changing to" not in page
    assert "That link no longer works." in text_of(Client().post(link))
    assert address_of(alice) == "alice@example.org"


def test_the_link_can_be_had_again_but_not_at_once(alice: User, smtp_mode: None, time_machine: Any) -> None:
    time_machine.move_to("2026-11-19T09:00Z", tick=False)
    client = browser_of(alice)
    ask(client, NEW)
    client.post("/accounts/email/", {"email": NEW, "action_send": "1"})
    assert len(mails_to(NEW)) == 1
    time_machine.move_to("2026-11-19T09:04Z", tick=False)
    client.post("/accounts/email/", {"email": NEW, "action_send": "1"})
    assert len(mails_to(NEW)) == 2
    assert client.post(link_in(str(mails_to(NEW)[1].body))).status_code == 302
    assert address_of(alice) == NEW


def test_a_second_wish_takes_the_place_of_the_first(alice: User, smtp_mode: None) -> None:
    client = browser_of(alice)
    ask(client, "first@example.org")
    ask(client, "second@example.org")
    pending = EmailAddress.objects.filter(user=alice, verified=False)
    assert [row.email for row in pending] == ["second@example.org"]
    first = link_in(str(mails_to("first@example.org")[0].body))
    assert "That link no longer works." in text_of(Client().post(first))


def test_an_account_never_confirmed_keeps_its_address_while_changing(db: None) -> None:
    """A mistyped address at sign-up is put right; meanwhile the account is not without one."""
    client = Client()
    sign_up(client, "alcie@example.org")
    alice = User.objects.get()
    ask(client, "alice@example.org")
    assert address_of(alice) == "alcie@example.org"
    client.post("/accounts/email/", {"email": "alice@example.org", "action_primary": "1"})
    assert address_of(alice) == "alcie@example.org"
    client.post(link_in(str(mails_to("alice@example.org")[0].body)))
    assert address_of(alice) == "alice@example.org"
    assert [row.email for row in EmailAddress.objects.all()] == ["alice@example.org"]
    # Nobody ever confirmed the old one, so it may be a stranger's: nothing is told to it.
    assert [letter.subject for letter in mails_to("alcie@example.org")] == ["Confirm your address"]


def test_the_own_address_is_refused_with_its_reason(alice: User) -> None:
    page = text_of(ask(browser_of(alice), "ALICE@example.org"))
    assert "That is the address of this account already." in page


def test_an_address_that_is_taken_is_refused_where_mail_is_kept_as_files(alice: User, bob: User) -> None:
    page = text_of(ask(browser_of(alice), bob.email))
    assert "There is an account with this address already." in page
    assert not EmailAddress.objects.filter(user=alice, email=bob.email).exists()


def test_with_smtp_a_taken_address_looks_like_any_other_and_cannot_be_confirmed(
    alice: User, bob: User, smtp_mode: None
) -> None:
    client = browser_of(alice)
    assert f"Changing to {bob.email}" in text_of(ask(client, bob.email))
    page = text_of(client.post(link_in(str(mails_to(bob.email)[0].body)), follow=True))
    assert f"{bob.email} cannot be confirmed: another account has it." in page
    assert (address_of(alice), address_of(bob)) == ("alice@example.org", "bob@example.org")


def test_the_address_of_an_account_never_confirmed_cannot_be_confirmed_away(
    alice: User, smtp_mode: None
) -> None:
    sign_up(Client(), "dora@example.org")
    dora = User.objects.get(email="dora@example.org")
    client = browser_of(alice)
    # Past the three minutes in which a second link to one address is not sent.
    from django.core.cache import cache

    cache.clear()
    ask(client, "dora@example.org")
    answer = client.post(link_in(str(mails_to("dora@example.org")[-1].body)), follow=True)
    assert answer.status_code == 200
    assert "another account has it" in text_of(answer)
    assert (address_of(alice), address_of(dora)) == ("alice@example.org", "dora@example.org")


@pytest.mark.parametrize("action", ["action_send", "action_remove", "action_primary", "action_add"])
def test_charlie_cannot_touch_alices_address(
    alice: User, charlie: User, smtp_mode: None, action: str
) -> None:
    ask(browser_of(alice), NEW)
    browser_of(charlie).post("/accounts/email/", {"email": NEW, action: "1"})
    assert EmailAddress.objects.filter(user=alice, email=NEW).exists()
    assert address_of(alice) == "alice@example.org"
    assert address_of(charlie) == "charlie@example.org"
    browser_of(charlie).post("/accounts/email/", {"email": alice.email, action: "1"})
    assert EmailAddress.objects.get(user=alice, primary=True).email == "alice@example.org"
