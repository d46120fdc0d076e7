"""Moving an instance from SQLite to PostgreSQL, by the commands that docs/postgres-and-redis.md gives."""

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.servers import ROOT, Server, clean_environment, start_postgres

TEXT = (ROOT / "docs" / "postgres-and-redis.md").read_text()


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[Server]:
    """A server with one empty database."""
    server = start_postgres(tmp_path / "postgres", durable=False)
    yield server
    server.stop()


def written(verb: str) -> list[str]:
    """The arguments that the document gives `manage.py VERB` for a server of one's own."""
    found = re.search(rf"^ *\.venv/bin/python manage\.py ({verb} .*)$", TEXT, re.MULTILINE)
    assert found is not None
    return shlex.split(found[1])


def manage(arguments: list[str], folder: Path, **environment: str) -> str:
    """Runs `manage.py` in `folder` as an operator would, and returns what it printed."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), *arguments],
        cwd=folder,
        env=clean_environment(CAIRN_DATA=str(folder / "data"), **environment),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def rows(file: Path) -> dict[tuple[str, str], dict[str, Any]]:
    """Every row of a dump by its model and key."""
    return {(row["model"], str(row["pk"])): row["fields"] for row in json.loads(file.read_text())}


def test_every_row_arrives_and_new_ones_get_numbers_of_their_own(tmp_path: Path, postgres: Server) -> None:
    manage(["demo", "--force"], tmp_path)
    manage(written("dumpdata"), tmp_path)
    copied = rows(tmp_path / "cairn-data.json")
    models = {model for model, _ in copied}
    assert {"people.user", "journal.studysession", "plans.mark", "milestones.completion"} <= models

    manage(written("migrate"), tmp_path, DATABASE_URL=postgres.url)
    manage(written("loaddata"), tmp_path, DATABASE_URL=postgres.url)
    # What the next start does: the curriculum is there already, and nobody sets up a first account again.
    loaded = manage(["load_curriculum"], tmp_path, DATABASE_URL=postgres.url)
    assert "already loaded" in loaded
    assert manage(["set_up_address"], tmp_path, DATABASE_URL=postgres.url) == ""

    (tmp_path / "cairn-data.json").unlink()
    manage(written("dumpdata"), tmp_path, DATABASE_URL=postgres.url)
    assert rows(tmp_path / "cairn-data.json") == copied

    manage(["demo", "--force", "--email", "second@example.org"], tmp_path, DATABASE_URL=postgres.url)
