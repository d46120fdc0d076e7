"""What is different between two revisions, told to those who study by them."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from curriculum import catalogue as catalogues
from curriculum.catalogue import Catalogue
from curriculum.changes import Changes, compare, signed_hours
from curriculum.loader import load
from tests.curriculum import small_content as small
from tests.curriculum.small_content import make_folder

MONDAY = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nothing_kept() -> Iterator[None]:
    catalogues.forget()
    yield
    catalogues.forget()


@pytest.fixture
def before(tmp_path: Path) -> Catalogue:
    return loaded(tmp_path / "before")


def loaded(folder: Path, **changes: str | None) -> Catalogue:
    """A revision of the small content with these files changed. Nothing counts as released before."""
    changes = {"published": None, "retired": None, **changes}
    return catalogues.catalogue(load(make_folder(folder, **changes), MONDAY).revision_number)


def changed(before: Catalogue, folder: Path, track: str = "breaker", **files: str | None) -> Changes:
    return compare(before, loaded(folder / "after", **files), track)


ADDED = """\
  - key: basics.break-more
    title: Break more
    kind: practise
    minutes: 90
    tracks: {breaker: required}
    summary: Once more.
    steps: [Run it., Break it.]
    done: It is broken twice.
"""
MORE = small.BASICS.replace("labs:\n", f"{ADDED}labs:\n").replace("breaker: 180", "breaker: 270")
WITHOUT_PAPER = (
    small.BASICS.replace(
        small.BASICS[
            small.BASICS.index("  - key: basics.read-the-paper") : small.BASICS.index(
                "  - key: basics.break-it\n"
            )
        ],
        "",
    )
    .replace("taught_in: [basics.read-the-paper, basics.break-it]", "taught_in: [basics.break-it]")
    .replace("checks: [basics.read-the-paper]", "checks: [basics.break-it]")
    .replace("builder: optional", "builder: required")
    .replace("{breaker: 180, builder: 60}", "{breaker: 120, builder: 120}")
)
RETIRED = "retired:\n  - {key: basics.read-the-paper, kind: activity, reason: Nobody read it.}\n"


def test_the_same_revision_asks_the_same(before: Catalogue) -> None:
    for track in ("breaker", "builder"):
        changes = compare(before, before, track)
        assert changes.is_empty
        assert changes.minutes == 0
        assert changes.sentence == "no change in what is to be done"


def test_other_words_are_no_change(before: Catalogue, tmp_path: Path) -> None:
    reworded = (
        small.BASICS.replace("Break one thing.", "Break a thing.")
        .replace("Run it., ", "Start it., ")
        .replace("You can say what it says.", "You can tell it to somebody.")
        .replace("Because x < y.", "Because y > x.")
        .replace("Break your own things.", "Break only your own things.")
    )
    assert reworded != small.BASICS
    assert changed(before, tmp_path, basics=reworded).is_empty


@pytest.mark.parametrize("track", ["breaker", "builder"])
def test_what_may_be_left_out_is_no_change_of_what_is_asked(
    track: str, before: Catalogue, tmp_path: Path
) -> None:
    basics = small.BASICS.replace(
        "    done: You can say what it says.\n",
        "    done: You can say what it says.\n    if_left_out: You will not know the paper.\n",
    )
    after = loaded(tmp_path / "after", basics=basics)
    assert after.revision == before.revision + 1
    assert after.activity("basics.read-the-paper").if_left_out == "You will not know the paper."
    for changes in (compare(before, after, track), compare(after, before, track)):
        assert changes.is_empty
        assert changes.sentence == "no change in what is to be done"


def test_what_is_added_is_named_with_the_hours_it_takes(before: Catalogue, tmp_path: Path) -> None:
    changes = changed(before, tmp_path, basics=MORE)
    assert [row.key for row in changes.added] == ["basics.break-more"]
    assert not changes.retired
    assert not changes.retimed
    assert [(row.module.key, row.minutes) for row in changes.by_module] == [("basics", 90)]
    assert changes.minutes == 90
    assert not changes.is_empty
    assert changes.sentence == "1 added, +1 h 30 in basics"


def test_a_track_that_does_not_have_the_new_activity_sees_no_change(
    before: Catalogue, tmp_path: Path
) -> None:
    assert changed(before, tmp_path, "builder", basics=MORE).is_empty


def test_what_is_retired_is_named_with_the_hours_that_fall(before: Catalogue, tmp_path: Path) -> None:
    changes = changed(before, tmp_path, basics=WITHOUT_PAPER, retired=RETIRED)
    assert [row.key for row in changes.retired] == ["basics.read-the-paper"]
    assert changes.minutes == -60
    assert changes.sentence == "1 retired, −1 h in basics"


def test_all_at_once_is_one_line(before: Catalogue, tmp_path: Path) -> None:
    basics = WITHOUT_PAPER.replace("labs:\n", f"{ADDED}{ADDED.replace('more', 'most')}labs:\n")
    basics = basics.replace("breaker: 120", "breaker: 300")
    extra = small.EXTRA.replace("minutes: 30", "minutes: 90").replace("breaker: 30", "breaker: 90")
    changes = changed(before, tmp_path, basics=basics, extra=extra, retired=RETIRED)
    assert changes.sentence == "2 added, 1 retired, 1 changed, +2 h in basics, +1 h in extra"
    assert changes.minutes == 180


def test_other_minutes_and_another_need_are_shown_with_both_sides(before: Catalogue, tmp_path: Path) -> None:
    longer = changed(before, tmp_path / "longer", basics=small.LONGER)
    assert [(row.before.minutes, row.after.minutes) for row in longer.retimed] == [(60, 90)]
    assert longer.sentence == "1 changed, +30 min in basics"
    needed = small.BASICS.replace("builder: optional", "builder: required")
    needed = needed.replace("builder: 60}", "builder: 180}")
    (row,) = changed(before, tmp_path / "needed", "builder", basics=needed).retimed
    assert (row.before.needs["builder"], row.after.needs["builder"]) == ("optional", "required")
    assert changed(before, tmp_path / "needed", "breaker", basics=needed).is_empty


def test_an_optional_activity_adds_no_hours(before: Catalogue, tmp_path: Path) -> None:
    optional = MORE.replace("{breaker: required}", "{breaker: optional}").replace("270", "180")
    changes = changed(before, tmp_path, basics=optional)
    assert (changes.sentence, changes.minutes) == ("1 added", 0)


def test_criteria_that_come_and_go_are_changes(before: Catalogue, tmp_path: Path) -> None:
    other = small.BASICS.replace("basics.proof-note", "basics.proof-page")
    retired = "retired:\n  - {key: basics.proof-note, kind: criterion, reason: A page instead.}\n"
    changes = changed(before, tmp_path / "a", basics=other, retired=retired)
    assert [row.key for row in changes.criteria_added] == ["basics.proof-page"]
    assert [row.key for row in changes.criteria_retired] == ["basics.proof-note"]
    assert changes.sentence == "2 changed"
    assert changed(before, tmp_path / "a", "builder", basics=other, retired=retired).is_empty


def test_a_lab_that_asks_for_other_proof_is_a_change(before: Catalogue, tmp_path: Path) -> None:
    harder = changed(before, tmp_path / "rule", basics=small.BASICS.replace("value: 0.5", "value: 0.4"))
    assert [row.key for row in harder.labs_changed] == ["basics.lab-break"]
    assert harder.sentence == "1 changed"
    renamed = changed(before, tmp_path / "file", basics=small.BASICS.replace("break.json", "broken.json"))
    assert [row.key for row in renamed.labs_changed] == ["basics.lab-break"]


def test_a_rule_of_another_track_is_no_change_in_this_one(before: Catalogue, tmp_path: Path) -> None:
    more = "        - {says: Nothing secret., no_secret: {}, tracks: [builder]}\n"
    basics = small.BASICS.replace("        - attested", f"{more}        - attested")
    assert changed(before, tmp_path, "breaker", basics=basics).is_empty
    assert changed(before, tmp_path, "builder", basics=basics).sentence == "1 changed"


def test_another_order_is_said(before: Catalogue, tmp_path: Path) -> None:
    start = small.BASICS.index("  - key: basics.read-the-paper")
    middle = small.BASICS.index("  - key: basics.break-it\n")
    end = small.BASICS.index("labs:\n")
    turned = small.BASICS[:start] + small.BASICS[middle:end] + small.BASICS[start:middle] + small.BASICS[end:]
    changes = changed(before, tmp_path, basics=turned)
    assert (changes.reordered, changes.sentence) == (True, "in another order")
    assert not changes.is_empty


def test_something_new_in_the_middle_is_not_another_order(before: Catalogue, tmp_path: Path) -> None:
    middle = small.BASICS.index("  - key: basics.break-it\n")
    basics = small.BASICS[:middle] + ADDED + small.BASICS[middle:]
    assert not changed(before, tmp_path, basics=basics.replace("180", "270")).reordered


def test_modules_that_come_and_go_are_named(before: Catalogue, tmp_path: Path) -> None:
    gone = ["go-further activity", "ask-where question", "milestone milestone", "proof-gone criterion"]
    retired = "retired:\n" + "".join(
        f"  - {{key: extra.{name}, kind: {kind}, reason: Nobody went.}}\n"
        for name, kind in (row.split() for row in gone)
    )
    role = small.ROLE.replace("[basics, extra]", "[basics]")
    tracks = small.TRACKS.replace("    electives: [extra]\n", "")
    fewer = loaded(tmp_path / "fewer", extra=None, role=role, tracks=tracks, retired=retired)
    changes = compare(before, fewer, "breaker")
    assert [row.key for row in changes.modules_retired] == ["extra"]
    assert changes.sentence == "1 retired, 1 changed, −30 min in extra"
    back = compare(fewer, before, "breaker")
    assert [row.key for row in back.modules_added] == ["extra"]
    assert back.sentence == "1 added, 1 changed, +30 min in extra"


def test_a_track_that_is_gone_is_a_track_without_modules(before: Catalogue) -> None:
    assert compare(before, before, "leader").is_empty


def test_a_track_that_is_new_is_added_whole(before: Catalogue, tmp_path: Path) -> None:
    tracks = small.TRACKS.replace("key: builder", "key: maker")
    files = {
        "tracks": tracks,
        "skills": small.SKILLS.replace("builder:", "maker:"),
        "basics": small.BASICS.replace("builder", "maker"),
        "extra": small.EXTRA.replace("builder", "maker"),
    }
    after = loaded(tmp_path / "after", **files)
    new, gone = compare(before, after, "maker"), compare(before, after, "builder")
    assert [row.key for row in new.added] == [row.key for row in gone.retired]
    assert len(new.added) == 3
    assert (new.minutes, gone.minutes) == (60, -60)


def test_what_must_come_before_a_module_is_part_of_what_is_asked(before: Catalogue, tmp_path: Path) -> None:
    extra = small.EXTRA.replace("prerequisites: [basics]\n", "")
    changes = changed(before, tmp_path, extra=extra)
    assert not changes.is_empty
    assert changes.sentence == "1 changed"


def test_a_criterion_that_asks_for_something_else_is_a_change(before: Catalogue, tmp_path: Path) -> None:
    changes = changed(before, tmp_path, basics=small.BASICS.replace("{artefact: note}", "{artefact: page}"))
    assert not changes.is_empty
    assert changes.sentence == "1 changed"


@pytest.mark.parametrize(
    ("minutes", "said"),
    [(360, "+6 h"), (-60, "−1 h"), (-90, "−1 h 30"), (45, "+45 min"), (-5, "−5 min"), (65, "+1 h 05")],
)
def test_a_difference_in_hours(minutes: int, said: str) -> None:
    assert signed_hours(minutes) == said
