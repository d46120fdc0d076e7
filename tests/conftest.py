"""What every test may ask for. The servers are started by tests/servers.py."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings

from tests.fixtures.cast import alice, bob, charlie, curriculum, now  # noqa: F401 - fixtures
from tests.servers import Server, start_postgres, start_valkey


@pytest.fixture(scope="session", autouse=True)
def data_folder() -> Path:
    """The data folder of this test process, made once."""
    folder = Path(settings.DATA_DIR)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


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
