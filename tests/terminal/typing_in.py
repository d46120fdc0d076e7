"""Typing commands: in this process, and in processes of their own that can be killed."""

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cairn_terminal.cli import cairn
from click.testing import CliRunner

from tests.servers import ROOT
from tests.terminal.fake_cairn import CHARLIES_TOKEN, OLD_TOKEN, TOKEN, FakeCairn

TOKENS = (TOKEN, CHARLIES_TOKEN, OLD_TOKEN)
# All that moves a cursor or turns writing; a line end is what is left.
_CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
# Runs `cairn` after a line of Python that bends something.
_BENT = """
import os, signal, sys
{bend}
from cairn_terminal.cli import cairn
cairn(sys.argv[1:], prog_name="cairn")
"""


@dataclass(frozen=True, slots=True)
class Said:
    """What a command said, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """Standard output as the one JSON document that it has to be."""
        return json.loads(self.out)

    def checked(self) -> "Said":
        """Holds for every command of every test: no token, no control character, no traceback."""
        for text in (self.out, self.err):
            assert not any(token in text for token in TOKENS)
            assert not _CONTROL.search(text), repr(text)
            assert "Traceback" not in text, text
        return self


class Shell:
    """One person's terminal on one machine."""

    def __init__(self, home: Path, server: FakeCairn) -> None:
        self.home, self.server = home, server
        self.config, self.data = home / "config", home / "data"
        home.mkdir()
        self.folders = {
            "HOME": str(home),
            "XDG_CONFIG_HOME": str(self.config),
            "XDG_DATA_HOME": str(self.data),
            "CAIRN_DATA": str(home / "none"),
        }

    @property
    def login_file(self) -> Path:
        return self.config / "cairn" / "login.json"

    @property
    def queue(self) -> Path:
        return self.data / "cairn" / "queue"

    def queued(self) -> list[str]:
        """What was typed and is still in the queue, in order."""
        return [entry["typed"] for entry in self.entries()]

    def entries(self) -> list[dict[str, Any]]:
        """The files of the queue, in order."""
        names = sorted(self.queue.glob("[0-9]*.json")) if self.queue.is_dir() else []
        return [json.loads(name.read_text()) for name in names]

    def log_in(self, token: str = TOKEN) -> None:
        """With a token, from the environment."""
        said = self.run("login", self.server.url, env={"CAIRN_TOKEN": token})
        assert said.code == 0, said

    def run(self, *words: str, answers: str = "", env: dict[str, str] | None = None) -> Said:
        """Types a command, in this process. `answers` are the lines typed at its questions."""
        result = CliRunner().invoke(cairn, list(words), input=answers, env=env, prog_name="cairn")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Said(result.exit_code, result.stdout, result.stderr).checked()

    def start(self, *words: str, bend: str = "pass") -> "subprocess.Popen[str]":
        """Types a command in a process of its own; `bend` is Python that it runs first."""
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "terminal"), **self.folders}
        return subprocess.Popen(
            [sys.executable, "-c", _BENT.format(bend=bend), *words],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


def finished(process: "subprocess.Popen[str]", within: float = 60) -> Said:
    """Waits for a process of `Shell.start` to end."""
    out, err = process.communicate(timeout=within)
    return Said(process.returncode, out, err).checked()


def sit_down(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody sits at the terminal and can be asked."""
    for module in ("asking", "cli", "timer"):
        monkeypatch.setattr(f"cairn_terminal.{module}.at_terminal", lambda: True)
