"""/healthz and /readyz: who may ask, what they say when a part is gone, and how soon."""

import time
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries, Settings

from tests.servers import Server, free_port
from tracker.operations import health


def test_healthz_says_ok_without_database(client: Client) -> None:
    # No django_db marker: touching the database would fail the test.
    answer = client.get(reverse("healthz"))
    assert (answer.status_code, answer.content) == (200, b"ok")


@pytest.mark.django_db
def test_readyz_is_ok_with_one_query(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):
        answer = client.get(reverse("readyz"))
    assert answer.status_code == 200
    assert answer.json() == {"database": "ok", "broker": "ok"}


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["healthz", "readyz"])
def test_health_pages_only_answer_reading(client: Client, name: str) -> None:
    assert client.head(reverse(name)).status_code == 200
    assert client.get(reverse(name))["Cache-Control"].startswith("max-age=0")
    for method in (client.post, client.put, client.delete):
        assert method(reverse(name)).status_code == 405


@pytest.mark.django_db
def test_readyz_names_the_broker_when_it_is_gone_and_at_once(client: Client, settings: Settings) -> None:
    settings.REDIS_URL = f"redis://:secret-word@127.0.0.1:{free_port()}/0"
    started = time.monotonic()
    answer = client.get(reverse("readyz"))
    assert time.monotonic() - started < 1
    assert answer.status_code == 503
    assert answer.json() == {"database": "ok", "broker": "no answer"}
    assert b"secret-word" not in answer.content


@pytest.mark.django_db
def test_readyz_names_the_database_when_it_is_gone(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracker.operations.views.database_answers", lambda: False)
    answer = client.get(reverse("readyz"))
    assert answer.status_code == 503
    assert answer.json() == {"database": "no answer", "broker": "ok"}


def test_broker_is_found_by_address_and_by_socket(
    own_valkey: Server, settings: Settings, tmp_path: Path
) -> None:
    settings.REDIS_URL = own_valkey.url
    assert health.broker_answers()
    settings.REDIS_URL = f"redis+socket://{own_valkey.folder / 's'}?virtual_host=3"
    assert health.broker_answers()
    settings.REDIS_URL = ""
    settings.BROKER_SOCKET = own_valkey.folder / "s"
    assert health.broker_answers()
    settings.BROKER_SOCKET = tmp_path / "nothing"
    assert not health.broker_answers()
