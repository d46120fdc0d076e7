"""Instances for fault tests, on SQLite and on PostgreSQL."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.instance import Instance
from tests.faults.sink import Sink
from tests.servers import Server


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[Sink]:
    with Sink(tmp_path / "sink.log") as running:
        yield running


@pytest.fixture(params=["sqlite", "postgres"])
def instance(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    sink: Sink,
    own_valkey: Server,
    own_postgres: Callable[[], Server],
) -> Iterator[Instance]:
    """An instance whose processes the test starts and kills."""
    database = own_postgres() if request.param == "postgres" else None
    made = Instance(tmp_path / "instance", sink, own_valkey, database)
    yield made
    made.close()
