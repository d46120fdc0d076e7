"""The pinned requirements: every package with its hashes, no address of an index, each layer in the next."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.servers import ROOT

FOLDER = ROOT / "requirements"
LOCKS = ("base.txt", "test.txt", "check.txt")


def pins(name: str) -> dict[str, str]:
    """Package to the rest of its entry (version, marker, hashes) in a lock file."""
    entries = (FOLDER / name).read_text().replace("\\\n", " ").splitlines()
    lines = [line for line in entries if line.strip() and not line.startswith("#")]
    return {line.partition("==")[0].strip(): line.partition("==")[2] for line in lines}


@pytest.mark.parametrize("file", sorted(FOLDER.iterdir()), ids=lambda file: file.name)
def test_no_requirements_file_names_an_address_or_an_index(file: Path) -> None:
    for number, line in enumerate(file.read_text().splitlines(), 1):
        for banned in ("://", "--index", "--extra-index", "--find-links", "-f ", "--trusted-host"):
            assert banned not in line, f"{file.name}:{number} holds {banned!r}"


@pytest.mark.parametrize("name", LOCKS)
def test_every_package_is_pinned_with_hashes(name: str) -> None:
    assert pins(name)
    for package, rest in pins(name).items():
        assert re.match(r"\d\S*", rest), f"{name}: {package} has no exact version"
        assert "--hash=sha256:" in rest, f"{name}: {package} has no hash"


@pytest.mark.parametrize(("smaller", "larger"), [("base.txt", "test.txt"), ("test.txt", "check.txt")])
def test_each_lock_holds_the_one_before(smaller: str, larger: str) -> None:
    inside, around = pins(smaller), pins(larger)
    assert {name: around.get(name) for name in inside} == inside


# --- .ci/environment.py, which installs them --------------------------------------------------------------


@pytest.fixture
def environment() -> ModuleType:
    found = importlib.util.spec_from_file_location("environment", ROOT / ".ci" / "environment.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


@pytest.fixture
def tree(tmp_path: Path, environment: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with three locks and a `.venv` whose Python is this one; installing is only written down."""
    (tmp_path / "requirements").mkdir()
    for name in LOCKS:
        (tmp_path / "requirements" / name).write_text(f"one=={name}\n")
    monkeypatch.setattr(environment, "ROOT", tmp_path)

    def note(what: str) -> None:
        with (tmp_path / "log").open("a") as log:
            log.write(f"{what}\n")

    def make(folder: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        (folder / "bin").mkdir(parents=True)
        (folder / "bin" / "python").symlink_to(sys.executable)
        note("made")

    def install(folder: Path, requirements: Path) -> None:
        note(requirements.name)

    monkeypatch.setattr(environment, "make", make)
    monkeypatch.setattr(environment, "install", install)
    return tmp_path


def done(tree: Path) -> list[str]:
    """What was made and installed so far, in order."""
    return (tree / "log").read_text().splitlines() if (tree / "log").exists() else []


def test_second_run_installs_nothing(tree: Path, environment: ModuleType) -> None:
    assert environment.main("requirements/base.txt") == 0
    assert environment.main("requirements/base.txt") == 0
    assert done(tree) == ["made", "base.txt"]


def test_larger_layer_serves_for_the_smaller_not_the_other_way(tree: Path, environment: ModuleType) -> None:
    environment.main("requirements/base.txt")
    environment.main("requirements/check.txt")
    environment.main("requirements/base.txt")
    assert done(tree) == ["made", "base.txt", "check.txt"]


def test_changed_file_is_installed_again(tree: Path, environment: ModuleType) -> None:
    environment.main("requirements/base.txt")
    (tree / "requirements" / "base.txt").write_text("one==2\n")
    environment.main("requirements/base.txt")
    assert done(tree) == ["made", "base.txt", "base.txt"]


def test_failed_install_leaves_no_stamp(
    tree: Path, environment: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    environment.main("requirements/base.txt")

    def fail(folder: Path, requirements: Path) -> None:
        raise subprocess.CalledProcessError(1, ["python", "-m", "pip"])

    monkeypatch.setattr(environment, "install", fail)
    assert environment.main("requirements/check.txt") == 1
    assert "Installing requirements/check.txt failed" in capsys.readouterr().err
    for name in LOCKS:
        assert not environment.is_installed(tree / ".venv", tree / "requirements" / name)
    monkeypatch.undo()
    assert not environment.works(tree / ".venv"), "half an install counts as an environment"


def test_environment_whose_python_is_gone_is_made_again(tree: Path, environment: ModuleType) -> None:
    environment.main("requirements/base.txt")
    python = tree / ".venv" / "bin" / "python"
    python.unlink()
    python.symlink_to(tree / "removed-python")
    assert environment.main("requirements/base.txt") == 0
    assert os.access(python, os.X_OK)
    assert done(tree) == ["made", "base.txt", "made", "base.txt"]
