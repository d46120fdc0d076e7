"""load_curriculum and check_curriculum."""

from pathlib import Path

import pytest
from django.core.management import call_command

from curriculum import models
from tests.curriculum import small_content as small
from tests.curriculum.small_content import make_folder


@pytest.mark.django_db
def test_load_says_what_it_did(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("load_curriculum")
    call_command("load_curriculum")
    assert capsys.readouterr().out.splitlines() == [
        "Revision 1 loaded: 16 modules, 123 activities.",
        "Revision 1 is already loaded; nothing changed.",
    ]


@pytest.mark.django_db
def test_load_names_every_problem_and_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = small.BASICS.replace("minutes: 60", "minutes: 0").replace("kind: read", "kind: watch")
    folder = make_folder(tmp_path, basics=bad)
    with pytest.raises(SystemExit) as caught:
        call_command("load_curriculum", folder=folder)
    assert caught.value.code == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert [line.split(": ")[1] for line in captured.err.splitlines()] == [
        "activities[0].kind",
        "activities[0].minutes",
    ]
    assert not models.Revision.objects.exists()


def test_check_needs_no_database(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # Without the django_db mark a query would fail this test.
    call_command("check_curriculum", folder=make_folder(tmp_path))
    assert capsys.readouterr().out == "The curriculum is in order: 2 modules, 3 activities.\n"


def test_check_names_every_problem(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = make_folder(tmp_path, extra="key: [\n")
    with pytest.raises(SystemExit) as caught:
        call_command("check_curriculum", folder=folder)
    assert caught.value.code == 1
    assert capsys.readouterr().err.startswith("modules/02-extra.yaml:2: expected valid YAML")
