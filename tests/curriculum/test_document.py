"""The curriculum as one page: made from the files, and noticed when it is out of date."""

from pathlib import Path

import pytest
from django.core.management import call_command

from curriculum.document import document
from curriculum.management.commands.document_curriculum import PAGE
from curriculum.reading import read_content
from tests.curriculum import small_content as small
from tests.curriculum.small_content import make_folder
from tests.fixtures.curriculum import real_content


def test_the_page_says_what_the_files_say(tmp_path: Path) -> None:
    page = document(read_content(make_folder(tmp_path)))
    for line in (
        "| Breaker | 3.5 | 2 | nothing |",
        "| Builder | 1 | 2 | nothing |",
        "| Module | Breaker | Builder | Activities | Labs | Recall |",
        "| 1 Basics | 3 | 1 | 2 | 1 | 1 |",
        "| Break models | Basics, Extra | daily work |",
        "| Earn money | Nobody can teach it. | talk |",
        "| An atlas | 1.1 | 1 | 1 |",
        "| An atlas | 2026 | 4 | 1 |",
        "### An atlas 2026",
        "| T1.001 | Tampering with labels | basics |",
    ):
        assert line in page.splitlines(), line
    assert "M1" not in page, "a topic that nothing teaches stands in no table"


def test_the_page_lists_what_may_be_left_out_with_hours_and_loss(tmp_path: Path) -> None:
    assert "## What may be left out" not in document(read_content(make_folder(tmp_path / "nothing")))
    done = "    done: It is written.\n"
    extra = small.EXTRA.replace(done, f"{done}    if_left_out: You will not have gone further.\n")
    lines = document(read_content(make_folder(tmp_path / "one", extra=extra))).splitlines()
    start = lines.index("## What may be left out")
    assert lines[start + 2 : start + 5] == [
        "| Activity | Module | Breaker | Builder | What is lost |",
        "| --- | --- | --- | --- | --- |",
        "| Go further | Extra | 0.5 |  | You will not have gone further. |",
    ]


def test_a_track_names_what_it_builds_on(tmp_path: Path) -> None:
    tracks = small.TRACKS.replace("electives: [extra]", "electives: [extra]\n    builds_on: [breaker]")
    page = document(read_content(make_folder(tmp_path, tracks=tracks)))
    assert "| Builder | 1 | 2 | Breaker |" in page


def test_a_bar_in_a_title_does_not_break_the_table(tmp_path: Path) -> None:
    page = document(
        read_content(make_folder(tmp_path, basics=small.BASICS.replace("title: Basics", "title: A | B")))
    )
    assert "| 1 A / B |" in page


def test_every_row_of_every_table_has_as_many_cells_as_its_head() -> None:
    for block in document(real_content()).split("\n\n"):
        widths = {line.count("|") for line in block.splitlines() if line.startswith("|")}
        assert len(widths) <= 1, block[:200]


def test_the_page_of_the_product_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == document(real_content())


def test_the_command_writes_the_page_and_says_when_it_is_out_of_date(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # Without the django_db mark a query would fail this test.
    folder, page = make_folder(tmp_path / "content"), tmp_path / "page.md"
    with pytest.raises(SystemExit) as caught:
        call_command("document_curriculum", folder=folder, page=page, check=True)
    assert caught.value.code == 1
    assert not page.exists(), "a check writes nothing"
    call_command("document_curriculum", folder=folder, page=page)
    call_command("document_curriculum", folder=folder, page=page, check=True)
    make_folder(folder, basics=small.LONGER)
    before = page.read_text()
    with pytest.raises(SystemExit):
        call_command("document_curriculum", folder=folder, page=page, check=True)
    assert page.read_text() == before
    captured = capsys.readouterr()
    assert captured.out.splitlines() == ["page.md is written.", "page.md is current."]
    assert captured.err.splitlines() == ["page.md is out of date; run manage.py document_curriculum."] * 2


def test_the_command_names_what_is_wrong_with_the_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = make_folder(tmp_path / "content", basics=small.BASICS.replace("kind: read", "kind: watch"))
    page = tmp_path / "page.md"
    page.write_text("as it was")
    with pytest.raises(SystemExit):
        call_command("document_curriculum", folder=folder, page=page)
    assert capsys.readouterr().err.startswith("modules/01-basics.yaml:17: activities[0].kind: ")
    assert page.read_text() == "as it was"
