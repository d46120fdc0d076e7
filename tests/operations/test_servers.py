"""The tests' own ground: that they run on the servers that were asked for."""

import os

import pytest
import redis
from django.conf import settings
from django.core.cache import cache
from django.db import connection

from tests.servers import Server, asked_for


@pytest.mark.django_db
def test_database_is_the_one_asked_for() -> None:
    assert connection.vendor == {"sqlite": "sqlite", "postgres": "postgresql"}[asked_for()]


@pytest.mark.django_db
@pytest.mark.sqlite
def test_sqlite_is_a_file_in_wal_mode() -> None:
    with connection.cursor() as cursor:
        assert cursor.execute("PRAGMA journal_mode").fetchone() == ("wal",)


@pytest.mark.django_db
@pytest.mark.postgres
def test_postgres_is_a_current_one_with_utf8() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version_num')::int, lower('ÜBER')")
        version, lowered = cursor.fetchone()
    assert version >= 160000
    assert lowered == "über"


def test_cache_is_a_real_server_of_this_process() -> None:
    cache.set("process", os.getpid())
    assert cache.get("process") == os.getpid()
    assert settings.CACHES["default"]["LOCATION"] != settings.CELERY_BROKER_URL


def test_valkey_keeps_its_data_over_a_kill(own_valkey: Server) -> None:
    client = redis.from_url(own_valkey.url)
    client.set("kept", "yes")
    own_valkey.kill()
    with pytest.raises(redis.ConnectionError):
        client.get("kept")
    own_valkey.start()
    assert client.get("kept") == b"yes"
