"""Which folders the data lie in, who may enter them, and HOST, as the settings read it."""

import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from tests.servers import ROOT, clean_environment
from tracker import settings
from tracker.folders import close_own, make_private


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.fixture
def another_user(monkeypatch: pytest.MonkeyPatch) -> None:
    """This process is somebody who owns none of the test's folders."""
    mine = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: mine + 1)


# --- folders ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("before", [None, 0o700, 0o755, 0o777, 0o500])
def test_a_private_folder_is_made_or_closed(tmp_path: Path, before: int | None) -> None:
    folder = tmp_path / "deep" / "data"
    if before is not None:
        folder.mkdir(parents=True)
        folder.chmod(before)
    make_private(folder)
    assert mode(folder) == 0o700


def test_a_folder_of_another_user_is_refused(tmp_path: Path, another_user: None) -> None:
    tmp_path.chmod(0o700)
    with pytest.raises(PermissionError, match="it belongs to another user"):
        make_private(tmp_path)


@pytest.mark.parametrize("target", ["folder", "nothing", "file"])
def test_a_link_is_refused(tmp_path: Path, target: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder").chmod(0o755)
    (tmp_path / "file").write_text("")
    link = tmp_path / "link"
    link.symlink_to(tmp_path / target)
    with pytest.raises(OSError):  # noqa: PT011 - a link to nothing or a file is refused by the system
        make_private(link)
    assert mode(tmp_path / "folder") == 0o755


def test_a_folder_of_ones_own_is_closed_and_any_other_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmp_path.chmod(0o755)
    mine = os.getuid()
    with monkeypatch.context() as patch:
        patch.setattr(os, "getuid", lambda: mine + 1)
        close_own(tmp_path)
    assert mode(tmp_path) == 0o755
    close_own(tmp_path)
    assert mode(tmp_path) == 0o700


def test_whatever_a_command_makes_is_its_owners_alone(tmp_path: Path) -> None:
    """Of any command, with an ordinary umask, in a folder that was there before and open."""
    data = tmp_path / "data"
    data.mkdir()
    data.chmod(0o755)
    environment = clean_environment(CAIRN_DATA=str(data), SECRET_KEY="a key of the environment")
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "people", "0001", "--verbosity", "0"],
        cwd=ROOT, env=environment, check=True, timeout=60, umask=0o022,
    )  # fmt: skip
    assert mode(data) == 0o700
    assert {path.name: mode(path) for path in data.iterdir()} == {"cairn.sqlite3": 0o600}


# --- the broker's socket ------------------------------------------------------------------------------------


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for temporary files, for this test alone."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


LONG = Path("/data", "x" * 60, "y" * 60)


def test_a_short_path_holds_its_own_socket(temporary: Path) -> None:
    assert settings.socket_path(Path("/data")) == Path("/data/run/broker.sock")
    assert not list(temporary.iterdir())


def test_the_socket_of_a_long_path_is_in_a_folder_of_ones_own(temporary: Path) -> None:
    path = settings.socket_path(LONG)
    assert path == settings.socket_path(LONG)
    assert path != settings.socket_path(LONG / "other")
    assert path.parent.parent == temporary
    assert mode(path.parent) == 0o700


def test_a_folder_that_another_made_first_is_refused(temporary: Path, another_user: None) -> None:
    """Whoever serves there would be taken for the broker, by every command and not only by `run`."""
    (temporary / folder_name()).mkdir(mode=0o700)
    with pytest.raises(ImproperlyConfigured, match=r"belongs to another user.*CAIRN_DATA"):
        settings.socket_path(LONG)


def test_a_link_that_another_made_first_is_refused(temporary: Path) -> None:
    (temporary / "elsewhere").mkdir(mode=0o700)
    (temporary / folder_name()).symlink_to(temporary / "elsewhere")
    with pytest.raises(ImproperlyConfigured, match="it is a link"):
        settings.socket_path(LONG)


def folder_name() -> str:
    """The name that the settings will look for, which anybody can work out."""
    return f"cairn-{os.getuid()}-{hashlib.sha256(os.fsencode(LONG)).hexdigest()[:16]}"


# --- HOST ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "host", "in_url"),
    [
        ("", "127.0.0.1", "127.0.0.1"),
        ("0.0.0.0", "0.0.0.0", "0.0.0.0"),
        ("localhost", "localhost", "localhost"),
        ("my_machine.lan", "my_machine.lan", "my_machine.lan"),
        ("::", "::", "[::]"),
        ("[::]", "::", "[::]"),
        ("::1", "::1", "[::1]"),
        ("[fd00::7]", "fd00::7", "[fd00::7]"),
    ],
)
def test_host(monkeypatch: pytest.MonkeyPatch, given: str, host: str, in_url: str) -> None:
    monkeypatch.setenv("HOST", given)
    assert settings.listening_host() == host
    assert settings.in_url(host) == in_url


@pytest.mark.parametrize(
    "given", ["127.0.0.1:8000", "http://localhost", "a b", ":", "[]", "[::1", "::1]", "x/y", "é"]
)
def test_what_is_no_host_is_one_sentence(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv("HOST", given)
    with pytest.raises(ImproperlyConfigured, match="HOST must be an address") as refused:
        settings.listening_host()
    assert "CAIRN_URL" not in str(refused.value)
