"""Where the answer goes: a full disk, a stream that is closed, a reader who has left, a start broken off."""

import os
import subprocess
import sys

import pytest
from cairn_terminal.timer import _since

from tests.servers import ROOT
from tests.terminal.fake_cairn import FakeCairn
from tests.terminal.typing_in import Shell

INTERRUPTED = """
import sys
class Interrupts:
    def find_spec(self, name, path=None, target=None):
        if name == "click":
            raise KeyboardInterrupt
sys.meta_path.insert(0, Interrupts())
from cairn_terminal.__main__ import main
main()
"""


def typed(shell: Shell, line: str) -> "subprocess.CompletedProcess[str]":
    """A line of a shell; `cairn` in it is the command, in a process of its own."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "terminal"), **shell.folders}
    return subprocess.run(
        ["/bin/sh", "-c", f'cairn() {{ "{sys.executable}" -m cairn_terminal "$@"; }}\n{line}'],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize("command", ["week", "week --json", "queue --json", "--help", "plan --help"])
def test_an_answer_that_cannot_be_written(alice_shell: Shell, command: str) -> None:
    said = typed(alice_shell, f"cairn {command} > /dev/full")
    assert (said.returncode, said.stderr) == (
        1,
        "cairn: The answer cannot be written: No space left on device.\n",
    )


def test_what_is_logged_is_logged_whoever_hears_of_it(alice_shell: Shell, server: FakeCairn) -> None:
    said = typed(alice_shell, "cairn log 45m garak --json > /dev/full")
    assert said.returncode == 1
    assert "Traceback" not in said.stderr
    assert server.logged == [45]
    assert alice_shell.queued() == []


@pytest.mark.parametrize(("line", "code"), [("week", 0), ("log 45m garak --yes", 0), ("done nothing", 1)])
def test_a_closed_stream_changes_nothing(alice_shell: Shell, line: str, code: int) -> None:
    for closed in ("<&-", ">&-", "2>&-", "<&- >&- 2>&-", "2>/dev/full"):
        said = typed(alice_shell, f"cairn {line} {closed}")
        assert said.returncode == code, (closed, said)
        assert "Traceback" not in said.stderr


def test_a_reader_who_has_left(alice_shell: Shell) -> None:
    said = typed(alice_shell, "cairn plan | true")
    assert (said.returncode, said.stderr) == (0, "")


def test_broken_off_while_it_is_loading(alice_shell: Shell) -> None:
    said = subprocess.run(
        [sys.executable, "-c", INTERRUPTED],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "terminal"), **alice_shell.folders},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (said.returncode, said.stdout, said.stderr) == (1, "", "")


@pytest.mark.parametrize(
    "moment", ["", "yesterday", "0001-01-01T00:00:00+23:00", "9999-12-31T23:59:59-23:00"]
)
def test_a_moment_that_no_clock_shows(moment: str) -> None:
    assert _since(moment) == ""
