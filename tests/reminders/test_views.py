"""Ending the weekly mail: GET changes nothing, POST needs nothing but the token."""

import pytest
from django.test import Client
from django.urls import reverse

from tests.fixtures.cast import browser_of
from tests.reminders.factories import make_recipient
from tracker.people.models import User
from tracker.reminders import queries
from tracker.reminders.models import Consent, Recipient

pytestmark = pytest.mark.django_db


@pytest.fixture
def address(alice: User) -> str:
    return reverse("unsubscribe", args=[make_recipient(alice).unsubscribe_token])


@pytest.fixture
def stranger() -> Client:
    """A mail provider's machine: no cookie, no CSRF token, and CSRF is checked."""
    return Client(enforce_csrf_checks=True)


@pytest.mark.parametrize("method", ["get", "head"])
def test_looking_changes_nothing(stranger: Client, address: str, method: str) -> None:
    before = Recipient.objects.values().get()
    assert getattr(stranger, method)(address).status_code == 200
    assert Recipient.objects.values().get() == before
    assert Consent.objects.count() == 1


def test_the_page_asks_first(stranger: Client, address: str) -> None:
    page = stranger.get(address).content.decode()
    assert "End the weekly mail?" in page
    assert "Thursdays at 09:00" in page


@pytest.mark.parametrize("body", [{"List-Unsubscribe": "One-Click"}, {}])
def test_one_post_ends_it(stranger: Client, address: str, body: dict[str, str]) -> None:
    response = stranger.post(address, body)
    assert response.status_code == 200
    assert "No weekly mail will come." in response.content.decode()
    recipient = Recipient.objects.get()
    assert recipient.next_due_at is None
    assert recipient.unsubscribed_at is not None


def test_one_click_as_multipart_and_as_garbage(stranger: Client, address: str) -> None:
    """RFC 8058 lets the body come in either form encoding; what it says does not matter."""
    assert stranger.post(address, b"\xff\x00", content_type="application/octet-stream").status_code == 200
    assert Recipient.objects.get().next_due_at is None


def test_again_is_the_same(stranger: Client, address: str) -> None:
    stranger.post(address)
    first = Recipient.objects.values().get()
    response = stranger.post(address)
    assert response.status_code == 200
    assert Recipient.objects.values().get() == first
    assert Consent.objects.count() == 2
    assert reverse("settings") in response.content.decode()


@pytest.mark.parametrize("method", ["get", "head", "post"])
def test_an_unknown_or_cut_token_is_not_found(stranger: Client, address: str, method: str) -> None:
    for path in (reverse("unsubscribe", args=["nobody"]), address[:-2] + "/"):
        assert getattr(stranger, method)(path).status_code == 404
    assert Recipient.objects.get().next_due_at is not None


@pytest.mark.parametrize("method", ["get", "head", "post"])
@pytest.mark.parametrize(
    "token",
    ["%00", "%00" * 43, "a" * 42 + "%00", "a" * 42 + "%0A", "%ED%A0%80", "%FF", "%C3%BC" * 43, "a" * 9999],
)
def test_what_cannot_be_a_token_is_not_found(stranger: Client, address: str, method: str, token: str) -> None:
    assert getattr(stranger, method)(f"/unsubscribe/{token}/").status_code == 404
    assert Recipient.objects.get().next_due_at is not None


def test_every_token_made_may_be_one(alice: User) -> None:
    """And in the database too, whose comparison must not be looser than the check."""
    token = make_recipient(alice).unsubscribe_token
    assert queries.may_be_token(token)
    assert queries.recipient_with(token) is not None
    for other in (f"{token}\n", f" {token}", token[:-1], f"{token}A", token.swapcase()):
        assert queries.recipient_with(other) is None


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_other_methods_are_not_allowed(stranger: Client, address: str, method: str) -> None:
    assert getattr(stranger, method)(address).status_code == 405


def test_the_token_ends_its_owners_mail_whoever_is_logged_in(
    alice: User, charlie: User, address: str
) -> None:
    make_recipient(charlie)
    browser_of(charlie).post(address)
    assert Recipient.objects.get(learner=alice).next_due_at is None
    assert Recipient.objects.get(learner=charlie).next_due_at is not None
