"""What every test may ask for. The servers are started by tests/servers.py."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from django.conf import settings

from curriculum import catalogue
from tests.fixtures.cast import alice, bob, charlie, curriculum, now  # noqa: F401 - fixtures
from tests.fixtures.curriculum import forget_curriculum, load_test_curriculum
from tests.servers import Server, start_postgres, start_valkey

# A busy machine makes no test fail: speed is measured by `make bench`, never here.
hypothesis.settings.register_profile("cairn", deadline=None)
hypothesis.settings.load_profile("cairn")


@pytest.fixture(scope="session", autouse=True)
def data_folder() -> Path:
    """The data folder of this test process, made once."""
    folder = Path(settings.DATA_DIR)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """The test database, with the product's curriculum in it: to load it for each test would take too long.

    A test that needs none, or another, asks for `no_curriculum`.
    """
    with django_db_blocker.unblock():
        load_test_curriculum()


@pytest.fixture
def no_curriculum(db: None) -> Iterator[None]:
    """A database without a revision, for this test."""
    forget_curriculum()
    yield
    catalogue.forget()


@pytest.fixture
def own_valkey(tmp_path: Path) -> Iterator[Server]:
    """A Valkey of this test's own, to be killed and started at will."""
    server = start_valkey(tmp_path / "valkey")
    yield server
    server.stop()


@pytest.fixture
def own_postgres(tmp_path: Path) -> Iterator[Callable[[], Server]]:
    """Starts a PostgreSQL of this test's own, with durability on."""
    servers: list[Server] = []

    def start() -> Server:
        servers.append(start_postgres(tmp_path / f"postgres{len(servers)}", durable=True))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()
