"""How the topics of an edition stand on a map: sections, columns, cells with their parts. Pure."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass

from tracker.coverage.rules.content import Edition, Topic
from tracker.coverage.rules.levels import Level, Standing

STATES = ("evidenced", "practised", "studied", "untouched", "outside")
"""Highest first. `outside`: the curriculum does not teach it, and nothing was shown."""
OWNERS_TIES = ("mitigation", "case-study")


@dataclass(frozen=True, slots=True)
class Cell:
    """A topic with the topics it is made of, in order, whose levels are their own."""

    topic: Topic
    parts: tuple["Cell", ...] = ()


@dataclass(frozen=True, slots=True)
class Column:
    """Cells under a heading, which is a topic too; None where there is none."""

    heading: Topic | None
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """The topics of one kind. Under a heading topic each, where that is how their owner sorts them."""

    kind: str
    columns: tuple[Column, ...]

    @property
    def has_headings(self) -> bool:
        return any(column.heading for column in self.columns)


def sections(edition: Edition) -> tuple[Section, ...]:
    """The map of an edition, in the owner's order.

    A kind that others stand under (tactics, objectives, functions) makes columns, and no section of its own.
    """
    parts: dict[str, list[Topic]] = defaultdict(list)
    for topic in edition.topics:
        parts[topic.parent].append(topic)

    def cell(topic: Topic) -> Cell:
        return Cell(topic, tuple(cell(part) for part in parts[topic.topic_id]))

    above = {
        group.kind for topic in edition.topics for name in topic.groups if (group := edition.find_topic(name))
    }
    tops: dict[str, list[Topic]] = defaultdict(list)
    for topic in parts[""]:
        if topic.kind not in above:
            tops[topic.kind].append(topic)
    # Three storeys throughout (function, category, subcategory): the topmost makes columns.
    deep = [
        kind
        for kind, topics in tops.items()
        if all(parts[topic.topic_id] for topic in topics)
        and any(parts[part.topic_id] for topic in topics for part in parts[topic.topic_id])
    ]
    found = []
    for kind, topics in tops.items():
        if kind in deep:
            columns = [Column(head, tuple(map(cell, parts[head.topic_id]))) for head in topics]
            found.append(Section(columns[0].cells[0].topic.kind, tuple(columns)))
        else:
            found.append(Section(kind, tuple(_columns(edition, topics, cell))))
    return tuple(found)


def _columns(edition: Edition, topics: list[Topic], make: Callable[[Topic], Cell]) -> Iterator[Column]:
    groups = {name for topic in topics for name in topic.groups}
    heads = [topic for topic in edition.topics if topic.topic_id in groups]
    for head in heads:
        yield Column(head, tuple(make(topic) for topic in topics if head.topic_id in topic.groups))
    rest = [topic for topic in topics if not any(edition.find_topic(name) for name in topic.groups)]
    if rest:
        yield Column(None, tuple(make(topic) for topic in rest))


def cells_of(section: Section) -> Iterator[Cell]:
    """Every cell of a section with its parts, each topic once, in order."""
    seen: set[str] = set()

    def walk(cells: Collection[Cell]) -> Iterator[Cell]:
        for cell in cells:
            if cell.topic.topic_id not in seen:
                seen.add(cell.topic.topic_id)
                yield cell
            yield from walk(cell.parts)

    for column in section.columns:
        yield from walk(column.cells)


def counts(topic_ids: Collection[str], standings: Mapping[str, Standing]) -> dict[str, int]:
    """How many of these topics are in each of `STATES`."""
    found = dict.fromkeys(STATES, 0)
    for topic_id in topic_ids:
        found[standings[topic_id].state] += 1
    return found


def touched(found: Mapping[str, int]) -> int:
    """How many of what was counted have any level."""
    return sum(found[state] for state in ("evidenced", "practised", "studied"))


def part_counts(cell: Cell, standings: Mapping[str, Standing]) -> tuple[int, int]:
    """How many parts of a cell have any level, and how many there are."""
    levels = [standings[part.topic.topic_id].level for part in cell.parts]
    return sum(1 for level in levels if level > Level.UNTOUCHED), len(levels)


def owners_ties(edition: Edition) -> dict[str, dict[str, int]]:
    """By topic, how many mitigations and case studies its owner ties to it.

    A kind that the edition does not know at all is no key: then nothing can be said.
    """
    kinds = {topic.kind for topic in edition.topics} & set(OWNERS_TIES)
    found: dict[str, dict[str, int]] = {topic.topic_id: dict.fromkeys(kinds, 0) for topic in edition.topics}
    for topic in edition.topics:
        if topic.kind in kinds:
            for name in topic.relates:
                if name in found:
                    found[name][topic.kind] += 1
    return found
