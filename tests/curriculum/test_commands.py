"""load_curriculum and check_curriculum."""

from pathlib import Path

import pytest
from django.core.management import call_command

from curriculum import catalogue, models
from tests.curriculum import small_content as small
from tests.curriculum.small_content import make_folder
from tests.fixtures.curriculum import real_content


@pytest.mark.django_db
def test_load_says_what_it_did(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("load_curriculum")
    call_command("load_curriculum")
    assert capsys.readouterr().out.splitlines() == [
        f"Revision 1 loaded: 17 modules, {real_content().activity_count()} activities.",
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
    assert capsys.readouterr().out == (
        "The curriculum is in order: 2 modules, 3 activities.\n  Breaker: 3.5 h\n  Builder: 1 h\n"
    )


def test_check_names_every_problem(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = make_folder(tmp_path, extra="key: [\n")
    with pytest.raises(SystemExit) as caught:
        call_command("check_curriculum", folder=folder)
    assert caught.value.code == 1
    assert capsys.readouterr().err.startswith("modules/02-extra.yaml:2: expected valid YAML")


@pytest.mark.django_db
def test_load_says_to_each_track_what_is_different(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    catalogue.forget()
    call_command("load_curriculum", folder=make_folder(tmp_path / "one"))
    extra = small.EXTRA.replace("minutes: 30", "minutes: 90").replace("breaker: 30", "breaker: 90")
    call_command("load_curriculum", folder=make_folder(tmp_path / "two", basics=small.LONGER, extra=extra))
    reworded = small.LONGER.replace("Read it twice.", "Read it three times.")
    call_command("load_curriculum", folder=make_folder(tmp_path / "three", basics=reworded, extra=extra))
    assert capsys.readouterr().out.splitlines() == [
        "Revision 1 loaded: 2 modules, 3 activities.",
        "Revision 2 loaded: 2 modules, 3 activities.",
        "  Breaker: 2 changed, +30 min in basics, +1 h in extra",
        "  Builder: 2 changed, +30 min in basics",
        "Revision 3 loaded: 2 modules, 3 activities.",
        "  Breaker: no change in what is to be done",
        "  Builder: no change in what is to be done",
    ]


@pytest.mark.django_db
def test_load_refuses_keys_that_are_gone_by_their_names(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    catalogue.forget()
    call_command("load_curriculum", folder=make_folder(tmp_path / "one"))
    other = small.BASICS.replace("basics.ask-why", "basics.ask-what")
    with pytest.raises(SystemExit) as caught:
        call_command("load_curriculum", folder=make_folder(tmp_path / "two", basics=other))
    assert caught.value.code == 1
    assert capsys.readouterr().err.startswith(
        "revision 1: the question 'basics.ask-why' was published and is gone"
    )
    assert models.Revision.objects.count() == 1


def test_recorded_keys_stay_or_are_retired_from_then_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = make_folder(tmp_path, published=None)
    call_command("check_curriculum", folder=folder)
    assert not (folder / "published.txt").exists(), "a check writes nothing"
    call_command("check_curriculum", folder=folder, record=True)
    assert capsys.readouterr().out.splitlines()[-1] == "published.txt holds its keys."
    recorded = (folder / "published.txt").read_text().splitlines()
    assert recorded == sorted(recorded)
    assert len(recorded) == 12
    assert "basics.lab-break lab" in recorded
    call_command("check_curriculum", folder=folder, record=True)
    assert (folder / "published.txt").read_text().splitlines() == recorded
    (folder / "modules" / "01-basics.yaml").write_text(
        small.BASICS.replace("basics.ask-why", "basics.ask-what")
    )
    capsys.readouterr()
    with pytest.raises(SystemExit):
        call_command("check_curriculum", folder=folder, record=True)
    place = recorded.index("basics.ask-why question") + 1
    assert capsys.readouterr().err == (
        f"published.txt:{place}: the question 'basics.ask-why' was published and is gone; "
        "list it in retired.yaml or put it back\n"
    )
    assert (folder / "published.txt").read_text().splitlines() == recorded, "what is refused is not recorded"
