"""Editions: what a newer one changed, what is carried to it, and that no level drops silently."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from curriculum import catalogue
from curriculum.atlas import compare, read_atlas
from curriculum.catalogue import Catalogue, Edition, EditionMap, Framework, MapRow, Topic
from curriculum.loader import add_edition
from curriculum.schema import Edition as WrittenEdition
from tests.coverage.factories import make_hand_in, make_run
from tests.fixtures.cast import browser_of
from tests.fixtures.newer import forget_revisions
from tracker.coverage.queries import said_of_topics
from tracker.coverage.rules.content import Content
from tracker.coverage.rules.editions import changes, ways_into, without_a_way
from tracker.coverage.rules.levels import HandedIn, Level, Proof, Seen, carried_sentence, standings
from tracker.people.models import User

FIXTURES = Path(__file__).parents[1] / "curriculum" / "atlas"
ON = date(2026, 11, 19)
LATER = datetime(2026, 11, 20, tzinfo=UTC)


@pytest.fixture
def content(curriculum: Catalogue) -> Content:
    return said_of_topics(curriculum.revision, ())


def published(edition: WrittenEdition, name: str) -> Catalogue:
    """The newest revision with this edition of ATLAS under this name."""
    add_edition("mitre-atlas", edition.model_copy(update={"edition": name}), LATER)
    return catalogue.newest()


@pytest.mark.parametrize("file", ["five.yaml", "six.yaml"])
def test_an_imported_edition_says_what_the_import_says(curriculum: Catalogue, file: str) -> None:
    """The same numbers as `import_atlas` prints, against the edition before it, in both formats."""
    edition = read_atlas((FIXTURES / file).read_bytes()).edition
    found = published(edition, "2027.01").framework("mitre-atlas")
    changed = changes(found, found.editions[-1])
    forget_revisions()
    assert changed is not None
    assert changed.since == "2026.09"
    before = curriculum.framework("mitre-atlas").editions[-1]
    old = WrittenEdition.model_validate(
        {
            "edition": before.name,
            "title": before.title,
            "topics": [
                {
                    "id": row.topic_id,
                    "name": row.name,
                    "kind": row.kind,
                    "parent": row.parent or None,
                    "groups": row.groups,
                }
                for row in before.topics
            ],
        },
        strict=False,
    )
    told = compare(old, edition)
    assert {row.topic_id for row in changed.new} == {row.id for row in told.new}
    assert {row.topic_id for row in changed.renamed} == {row.id for row in told.renamed}
    assert {row.topic_id for row in changed.moved} == {row.id for row in told.moved}
    assert {row.topic_id for row in changed.retired} == {row.id for row in told.retired}


def test_the_map_of_a_newer_edition_says_what_is_new_and_the_old_one_stays(
    alice: User, curriculum: Catalogue
) -> None:
    make_run(alice, ("encoding.InjectBase64", 1, 2))
    make_hand_in(alice)
    web = browser_of(alice)
    paths = ("/coverage/mitre-atlas/5.6.0/", "/coverage/mitre-atlas/2026.09/")
    old = {path: web.get(path).text for path in paths}
    csv = web.get("/coverage/mitre-atlas/2026.09/map.csv").content
    published(read_atlas((FIXTURES / "six.yaml").read_bytes()).edition, "2027.01")
    text = web.get("/coverage/mitre-atlas/2027.01/").text
    assert "Since 2026.09: " in text
    assert "retired" in text
    # What was evidenced under a topic that the small file does not have is listed, with its old address.
    assert "Covered, and not on this map any more" in text
    assert "/coverage/mitre-atlas/5.6.0/AML.T0068/" in text
    assert web.get("/coverage/mitre-atlas/2026.09/map.csv").content == csv
    for path, before in old.items():
        after = web.get(path).text
        assert level_lines(after) == level_lines(before), path
    forget_revisions()


def level_lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if "data-cell" in line or "levels-of-map" in line]


def test_a_level_is_carried_by_map_by_id_and_with_the_reason(content: Content) -> None:
    framework = content.frameworks["owasp-llm"]
    proof = Proof(hand_ins=(HandedIn("garak.lab-scan", ON, 3, 0, 0),))
    editions = {edition.name: edition for edition in framework.editions}
    newest = standings(Seen(content, proof), framework, editions["2026"])
    assert newest["LLM10:2026"].level == Level.EVIDENCED
    carried = standings(Seen(content, proof), framework, editions["2025"])["LLM05:2025"]
    assert carried.level == Level.EVIDENCED
    assert carried.is_taught
    assert carried.teachings == ()
    (reason,) = carried.reasons
    assert reason.carried is not None
    assert carried_sentence(reason.carried) == (
        "carried over from LLM10:2026 of the edition 2026 (our own reading)"
    )
    atlas = content.frameworks["mitre-atlas"]
    later = standings(Seen(content, proof), atlas, atlas.editions[-1])["AML.T0068"]
    assert later.level == Level.EVIDENCED
    assert later.reasons[0].carried is not None
    assert carried_sentence(later.reasons[0].carried) == (
        "carried over from the edition 5.6.0, where it has the same id"
    )


def test_every_topic_of_an_older_edition_is_carried_or_listed(content: Content) -> None:
    for framework in content.frameworks.values():
        for place, edition in enumerate(framework.editions):
            ways = ways_into(framework, edition.name)
            listed = {(name, topic.topic_id) for name, topic in without_a_way(framework, edition)}
            for older in framework.editions[:place]:
                for topic in older.topics:
                    ends = [edition.find_topic(end) for end in ways[older.name][topic.topic_id]]
                    is_there = any(end is not None and not end.retired for end in ends)
                    assert is_there != ((older.name, topic.topic_id) in listed)


def test_case_studies_that_an_edition_does_not_know_are_not_called_retired(content: Content) -> None:
    framework = content.frameworks["mitre-atlas"]
    changed = changes(framework, framework.editions[-1])
    assert changed is not None
    assert changed.unknown_kinds == ("case-study",)
    assert not any(row.topic_id.startswith("AML.CS") for row in changed.retired)
    assert changes(framework, framework.editions[0]) is None


def plain(edition: WrittenEdition) -> Edition:
    """An edition as it is read from a revision."""
    topics = tuple(
        Topic(
            row.id,
            row.name,
            row.kind,
            row.parent or "",
            tuple(row.groups),
            tuple(row.relates),
            row.note or "",
            row.retired,
        )
        for row in edition.topics
    )
    return Edition(edition.edition, edition.title, None, "", topics)


def framework_of(
    *editions: Edition, key: str = "mitre-atlas", maps: tuple[EditionMap, ...] = ()
) -> Framework:
    return Framework(key, "A framework", "", "", editions, maps, (), ())


def test_what_mitre_took_out_is_retired_and_its_subject_is_carried_on() -> None:
    """Without an edition map: the same numbers as `import_atlas` prints of these two files."""
    five, six = (
        plain(read_atlas((FIXTURES / name).read_bytes()).edition) for name in ("five.yaml", "six.yaml")
    )
    framework = framework_of(five, six)
    changed = changes(framework, six)
    assert changed is not None
    assert [row.topic_id for row in changed.new] == ["AML.T0115", "AML.T0115.000", "AML.CS0064"]
    assert [row.topic_id for row in changed.renamed] == ["AML.TA0001", "AML.T0020", "AML.M0004"]
    assert [row.topic_id for row in changed.moved] == ["AML.T0020"]
    assert [(row.topic_id, row.now) for row in changed.retired] == [("AML.T0019", "AML.T0115.000 Datasets")]
    assert list(ways_into(framework, six.name)[five.name]["AML.T0019"]) == ["AML.T0115.000"]
    assert "AML.T0115.000" in ways_into(framework, five.name)[six.name]
    assert ways_into(framework, five.name)[six.name]["AML.T0115.000"] == {}


def edition_of(name: str, *ids: str) -> Edition:
    return Edition(name, name, None, "", tuple(Topic(key, key, "risk", "", (), (), "", False) for key in ids))


def test_what_was_split_or_merged_leads_forward_alone() -> None:
    old, new = edition_of("1", "A", "B", "C", "D", "E"), edition_of("2", "P", "Q", "M", "K", "E")
    rows = (
        MapRow("A", "P", "split"),
        MapRow("A", "Q", "split"),
        MapRow("B", "M", "merged"),
        MapRow("C", "M", "merged"),
        MapRow("D", "", "gone"),
    )
    framework = framework_of(old, new, key="x", maps=(EditionMap("1", "2", "ours", "", rows),))
    forward, backward = ways_into(framework, "2")["1"], ways_into(framework, "1")["2"]
    assert {key: set(ends) for key, ends in forward.items()} == {
        "A": {"P", "Q"},
        "B": {"M"},
        "C": {"M"},
        "D": set(),
        "E": {"E"},
    }
    assert {key: set(ends) for key, ends in backward.items() if ends} == {"E": {"E"}}
    assert [topic.topic_id for _, topic in without_a_way(framework, new)] == ["D"]
    changed = changes(framework, new)
    assert changed is not None
    assert [row.topic_id for row in changed.new] == ["K"]
    assert [row.topic_id for row in changed.moved] == ["A", "B", "C"]
    assert [row.topic_id for row in changed.retired] == ["D"]
