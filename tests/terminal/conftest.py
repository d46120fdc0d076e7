"""The terminal's package is taken from its folder. Every test has a home and a server of its own."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers import ROOT

sys.path.insert(0, str(ROOT / "terminal"))

from tests.terminal.fake_cairn import FakeCairn
from tests.terminal.typing_in import Shell


@pytest.fixture
def server() -> Iterator[FakeCairn]:
    """A small server of the contract, with faults on demand."""
    with FakeCairn() as fake:
        yield fake


@pytest.fixture
def shell(tmp_path: Path, server: FakeCairn, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """Alice's terminal: her own folders, nobody logged in."""
    shell = Shell(tmp_path / "home", server)
    for name in ("CAIRN_TOKEN", "NO_COLOR", "http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    for name, value in shell.folders.items():
        monkeypatch.setenv(name, value)
    return shell


@pytest.fixture
def alice_shell(shell: Shell) -> Shell:
    """Alice's terminal, logged in."""
    shell.log_in()
    return shell
