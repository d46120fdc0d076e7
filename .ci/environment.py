"""Makes or mends `.venv` and installs one requirements file into it; does nothing where that is done.

    python .ci/environment.py requirements/base.txt
    python .ci/environment.py --installed requirements/base.txt    (its status says whether that is done)

Runs on a bare Python 3.11 or newer. What is installed is remembered by a stamp in `.venv` that names the
file's content: a changed file is installed again. An install that did not end leaves no stamp and a mark by
which the next run begins with a new `.venv`: half a package is worse than none.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Each file holds all of those before it.
LAYERS = ("base.txt", "test.txt", "check.txt")


def stamp_for(requirements: Path) -> str:
    """What the stamp of an installed requirements file says."""
    return hashlib.sha256(requirements.read_bytes()).hexdigest()


def stamp_path(environment: Path, requirements: Path) -> Path:
    return environment / f"{requirements.name}.installed"


def is_installed(environment: Path, requirements: Path) -> bool:
    """Whether the file, or one that holds it, is installed as it now reads."""
    if not os.access(environment / "bin" / "python", os.X_OK):  # false for a link to a Python that is gone
        return False
    names = LAYERS[LAYERS.index(requirements.name) :] if requirements.name in LAYERS else (requirements.name,)
    for other in (requirements.with_name(name) for name in names):
        kept = stamp_path(environment, other)
        if other.exists() and kept.exists() and kept.read_text() == stamp_for(other):
            return True
    return False


def begin(environment: Path) -> None:
    """From here until `finish` nothing counts as installed."""
    (environment / "unfinished").touch()
    for kept in environment.glob("*.installed"):
        kept.unlink()


def finish(environment: Path, requirements: Path) -> None:
    """Writes down what is installed now."""
    stamp_path(environment, requirements).write_text(stamp_for(requirements))
    (environment / "unfinished").unlink()


def works(environment: Path) -> bool:
    """Whether the environment is whole: its last install ended, its Python runs, is new enough, has pip."""
    if (environment / "unfinished").exists():
        return False
    test = "import sys, pip; sys.exit(sys.version_info < (3, 11))"
    try:
        command = [str(environment / "bin" / "python"), "-I", "-c", test]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def make(environment: Path) -> None:
    """Makes the environment, in place of a broken one."""
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(environment)], check=True)


def install(environment: Path, requirements: Path) -> None:
    """Installs the file, hashes checked, wheels only: by uv where it is on the PATH, else by pip."""
    python = str(environment / "bin" / "python")
    options = ["install", "--require-hashes", "--only-binary", ":all:", "--requirement", str(requirements)]
    uv = shutil.which("uv")
    if (
        uv
        and subprocess.run([uv, "pip", *options, "--quiet", "--python", python], check=False).returncode == 0
    ):
        return
    # Also where uv failed: it reads other settings than pip, and a machine may have only pip's.
    quiet = ["--quiet", "--disable-pip-version-check", "--no-input"]
    subprocess.run([python, "-m", "pip", *options, *quiet], check=True)


def main(argument: str) -> int:
    """Makes `.venv` hold what the file lists; 0 where it does, else another status and one sentence."""
    environment, requirements = ROOT / ".venv", ROOT / argument
    if is_installed(environment, requirements):
        return 0
    # One at a time: `make run` and `make test` may be started together.
    place = os.open(ROOT, os.O_RDONLY)
    try:
        fcntl.flock(place, fcntl.LOCK_EX)
        if is_installed(environment, requirements):
            return 0
        print(f"Installing {argument} into .venv (once; takes a minute or two) ...", flush=True)
        if not works(environment):
            make(environment)
        begin(environment)
        install(environment, requirements)
        finish(environment, requirements)
    except subprocess.CalledProcessError as error:
        if error.cmd[1:3] == ["-m", "venv"]:
            reason = "Making .venv failed: is Python's venv module there (Debian: python3-venv)?"
        else:
            reason = f"Installing {argument} failed; the next run begins again."
        print(reason, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Interrupted; the next run begins again.", file=sys.stderr)
        return 130
    finally:
        os.close(place)
    return 0


if __name__ == "__main__":
    if sys.argv[1] == "--installed":
        sys.exit(not is_installed(ROOT / ".venv", ROOT / sys.argv[2]))
    sys.exit(main(sys.argv[1]))
