"""The package by itself: what it imports, what it says of itself, what its documentation says."""

import ast
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import click
import pytest
from cairn_terminal import __version__
from cairn_terminal.cli import cairn

from tests.servers import ROOT
from tests.terminal.typing_in import Shell

PACKAGE = ROOT / "terminal"
SOURCES = sorted((PACKAGE / "cairn_terminal").glob("*.py"))


def commands(group: click.Group, *above: str) -> list[tuple[str, ...]]:
    """Every command as it is typed."""
    found: list[tuple[str, ...]] = []
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            found += commands(command, *above, name)
        else:
            found.append((*above, name))
    return found


def declared() -> dict[str, object]:
    project: dict[str, object] = tomllib.loads((PACKAGE / "pyproject.toml").read_text())["project"]
    return project


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_imports_the_standard_library_and_what_is_declared(source: Path) -> None:
    dependencies = declared()["dependencies"]
    assert isinstance(dependencies, list)
    allowed = (
        {str(name).partition(">")[0] for name in dependencies} | {"cairn_terminal"} | sys.stdlib_module_names
    )
    for node in ast.walk(ast.parse(source.read_text())):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0
            names = [node.module or ""]
        for name in names:
            assert name.partition(".")[0] in allowed, f"{source.name} imports {name}"


def test_starts_without_the_server(tmp_path: Path) -> None:
    code = "import sys, cairn_terminal.cli; print(*{name.partition('.')[0] for name in sys.modules})"
    said = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(PACKAGE)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert {"cairn_terminal", "click"} <= set(said.stdout.split())
    assert not {"django", "ninja", "tracker", "curriculum"} & set(said.stdout.split())


def test_version(shell: Shell) -> None:
    said = shell.run("--version")
    assert (said.code, said.out) == (0, f"cairn {__version__}\n")
    assert declared()["dynamic"] == ["version"]


def test_module_is_the_command(shell: Shell) -> None:
    said = subprocess.run(
        [sys.executable, "-m", "cairn_terminal", "--help"],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(PACKAGE), **shell.folders},
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout.startswith("Usage: cairn ")


def test_installed_command_is_the_module() -> None:
    assert declared()["scripts"] == {"cairn": "cairn_terminal.__main__:main"}


@pytest.mark.parametrize("command", commands(cairn), ids=" ".join)
def test_every_command_has_help_json_and_a_place_in_the_documentation(
    shell: Shell, command: tuple[str, ...]
) -> None:
    said = shell.run(*command, "--help")
    assert said.code == 0
    assert "--json" in said.out
    assert "--token " not in said.out
    assert f"cairn {' '.join(command)}" in (ROOT / "docs" / "terminal.md").read_text()


@pytest.mark.parametrize("command", commands(cairn), ids=" ".join)
def test_every_command_answers_json_also_when_it_fails(shell: Shell, command: tuple[str, ...]) -> None:
    """Nobody is logged in."""
    words = {"login": ["nonsense"], "log": ["45m"], "done": ["x"], "drop": ["1"], "push": ["x"]}
    more = words.get(command[-1], []) if command[0] != "timer" else []
    said = shell.run(*command, *more, "--json")
    assert isinstance(said.document, dict)
    assert said.code in ((0,) if command == ("queue", "list") else (1, 2))
    assert said.err == ""


def test_no_file_names_an_address_of_a_repository() -> None:
    for path in [*SOURCES, PACKAGE / "pyproject.toml"]:
        assert "git+" not in path.read_text()
        assert "github" not in path.read_text().lower()
