"""The first account, through the one-time address that `manage.py set_up_address` prints."""

import threading
from io import StringIO
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core.management import call_command
from django.db import connection
from django.test import Client

from curriculum.catalogue import Catalogue
from tests.fixtures.cast import NOW, PASSWORD
from tests.people.conftest import is_logged_in, sign_up, text_of
from tracker.people import actions
from tracker.people.models import SetUpAddress, User


def printed() -> str:
    """What the command prints."""
    out = StringIO()
    call_command("set_up_address", stdout=out)
    return out.getvalue()


def path_printed() -> str:
    """The path of the printed address."""
    return "/set-up/" + printed().strip().partition("/set-up/")[2]


def make_account(client: Client, path: str, address: str = "alice@example.org", **fields: str) -> Any:
    """Fills in the form behind the address."""
    return client.post(path, {"email": address, "password": PASSWORD, "zone": "Europe/Vienna", **fields})


def test_whoever_opens_it_is_the_first_learner_and_staff(curriculum: Catalogue) -> None:
    client, path = Client(), path_printed()
    assert "The first account" in text_of(client.get(path))
    answer = make_account(client, path)
    assert answer["Location"] == "/start/"
    assert is_logged_in(client)
    alice = User.objects.get()
    assert (alice.email, alice.is_staff, alice.is_superuser) == ("alice@example.org", True, False)
    assert alice.zone == "Europe/Vienna"
    assert EmailAddress.objects.get(user=alice).verified


def test_it_works_once(db: None) -> None:
    path = path_printed()
    make_account(Client(), path)
    for answer in (Client().get(path), make_account(Client(), path, "eve@example.org")):
        assert answer.status_code == 404
    assert User.objects.count() == 1


def test_only_a_hash_is_kept(db: None) -> None:
    token = path_printed().strip("/").rpartition("/")[2]
    assert len(token) > 40
    assert token not in SetUpAddress.objects.get().token_hash


def test_it_is_void_once_anyone_is_here(db: None) -> None:
    path = path_printed()
    sign_up(Client(), "bob@example.org")
    for answer in (Client().get(path), make_account(Client(), path, "eve@example.org")):
        assert answer.status_code == 404
    assert printed() == ""
    assert [user.email for user in User.objects.all()] == ["bob@example.org"]


def test_a_good_token_makes_nobody_where_somebody_came_first(alice: User) -> None:
    """Somebody signed up between the opening of the page and its form."""
    SetUpAddress.objects.create(token_hash=actions.token_hash("token"), made_at=NOW)
    made = actions.make_first_account(token="token", email="eve@example.org", password=PASSWORD, zone="UTC")
    assert made is None
    assert [user.email for user in User.objects.all()] == [alice.email]


def test_a_new_one_voids_the_old(db: None) -> None:
    old, new = path_printed(), path_printed()
    assert Client().get(old).status_code == 404
    assert make_account(Client(), old).status_code == 404
    assert not User.objects.exists()
    assert make_account(Client(), new).status_code == 302


@pytest.mark.parametrize("token", ["", "x", "x" * 10_000, "%00", "%FF%FE", "..", "%F0%9F%97%BB"])
def test_any_other_token_opens_nothing(db: None, token: str) -> None:
    printed()
    assert Client().get(f"/set-up/{token}/").status_code == 404
    assert Client().post(f"/set-up/{token}/", {"email": "eve@example.org"}).status_code == 404


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"address": "no address"}, "That is no e-mail address."),
        ({"password": "short"}, "at least 10 characters"),
        ({"password": "alice@example.org"}, "too similar to the email"),
        ({"address": ""}, "This field is required."),
    ],
)
def test_a_mistake_is_said_beside_the_field_and_uses_nothing_up(
    db: None, fields: dict[str, str], reason: str
) -> None:
    path = path_printed()
    answer = make_account(Client(), path, **fields)
    assert answer.status_code == 422
    assert reason in text_of(answer)
    assert not User.objects.exists()
    assert make_account(Client(), path).status_code == 302


def test_two_at_once_make_one_account(transactional_db: None) -> None:
    path = path_printed()
    together = threading.Barrier(2)
    codes: list[int] = []

    def one(address: str) -> None:
        try:
            together.wait(timeout=20)
            codes.append(make_account(Client(), path, address).status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=one, args=(f"{name}@example.org",)) for name in ("alice", "bob")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(codes) == [302, 404]
    assert User.objects.count() == 1
