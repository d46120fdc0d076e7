"""How topics go on from one edition of a framework to the next, and what that changed. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from curriculum.atlas import KEY as ATLAS
from curriculum.atlas import SUCCESSORS
from tracker.coverage.rules.content import Edition, Framework, Topic

SAME_ID = "id"
SUCCESSOR = "successor"
ONE_TO_ONE = frozenset({"same", "renamed", "moved", SAME_ID})
"""Where one topic became one other. Merged and split ones lead forward alone: back, they say too much."""


@dataclass(frozen=True, slots=True)
class Step:
    """Where a topic goes on. `how` is the word of the edition map; `SAME_ID` where only the id says so;
    `SUCCESSOR` where its owner took the id out and another carries its subject.

    `basis` says who states it: owner, third-party or ours.
    """

    topic_id: str
    how: str
    basis: str


@dataclass(frozen=True, slots=True)
class Changed:
    """A topic that an edition has under another name, id or place; `before` and `now` are ids with names."""

    topic_id: str
    before: str
    now: str


@dataclass(frozen=True, slots=True)
class Changes:
    """What an edition changed against the one before it.

    unknown_kinds: kinds of topic that are not known at all in the later edition, and so not compared.
    """

    since: str
    new: tuple[Topic, ...]
    renamed: tuple[Changed, ...]
    moved: tuple[Changed, ...]
    retired: tuple[Changed, ...]
    unknown_kinds: tuple[str, ...]


def before(framework: Framework, name: str) -> Edition | None:
    """The edition before this one, or None where it is the oldest."""
    names = [edition.name for edition in framework.editions]
    place = names.index(name)
    return framework.editions[place - 1] if place else None


def steps(framework: Framework, old: Edition, new: Edition) -> dict[str, tuple[Step, ...]]:
    """Where each topic of `old` goes on in `new`, its direct successor. Nowhere where it is gone.

    The edition map says it. Where that has no row for a topic, the id speaks, and for ids that MITRE took
    out the table of their successors.
    """
    mapped: dict[str, list[Step]] = defaultdict(list)
    for known in framework.maps:
        if (known.from_edition, known.to_edition) == (old.name, new.name):
            for row in known.rows:
                ways = mapped[row.from_topic]
                if row.to_topic and new.find_topic(row.to_topic) is not None:
                    ways.append(Step(row.to_topic, row.how, known.basis))
    return {
        topic.topic_id: tuple(mapped[topic.topic_id])
        if topic.topic_id in mapped
        else tuple(_by_id(framework, new, topic.topic_id))
        for topic in old.topics
    }


def _by_id(framework: Framework, new: Edition, topic_id: str) -> Iterator[Step]:
    there = new.find_topic(topic_id)
    if there is not None:
        yield Step(topic_id, SAME_ID, "owner")
    successor = SUCCESSORS.get(topic_id, "") if framework.key == ATLAS else ""
    if successor and (there is None or there.retired) and new.find_topic(successor) is not None:
        yield Step(successor, SUCCESSOR, "ours")


Ways = Mapping[str, tuple[Step, ...]]


def ways_into(framework: Framework, end: str) -> dict[str, dict[str, Ways]]:
    """For each other edition and each of its topics: what it became, or was, in `end`, with the steps to it.

    Backward, from a later edition, only what became one other topic is followed.
    """
    names = [edition.name for edition in framework.editions]
    last = names.index(end)
    relations = [steps(framework, *pair) for pair in pairwise(framework.editions)]
    backward = [_inverted(relation) for relation in relations]
    found: dict[str, dict[str, Ways]] = {}
    for first, edition in enumerate(framework.editions):
        if first != last:
            walked = relations[first:last] if first < last else backward[last:first][::-1]
            found[edition.name] = {
                topic.topic_id: _followed(topic.topic_id, walked) for topic in edition.topics
            }
    return found


def _followed(topic_id: str, walked: Sequence[Mapping[str, tuple[Step, ...]]]) -> Ways:
    found: dict[str, tuple[Step, ...]] = {topic_id: ()}
    for relation in walked:
        found = {step.topic_id: (*way, step) for at, way in found.items() for step in relation.get(at, ())}
    return found


def _inverted(relation: Mapping[str, tuple[Step, ...]]) -> dict[str, tuple[Step, ...]]:
    """The same, from the later topic to the earlier, one to one."""
    found: dict[str, list[Step]] = defaultdict(list)
    for origin, ways in relation.items():
        for step in ways:
            if len(ways) == 1 and step.how in ONE_TO_ONE:
                found[step.topic_id].append(Step(origin, step.how, step.basis))
    return {topic_id: tuple(ways) for topic_id, ways in found.items()}


def changes(framework: Framework, new: Edition) -> Changes | None:
    """What this edition changed against the one before it; None for the oldest."""
    old = before(framework, new.name)
    if old is None:
        return None
    relation = steps(framework, old, new)
    kinds = {topic.kind for topic in new.topics}
    unknown = tuple(dict.fromkeys(topic.kind for topic in old.topics if topic.kind not in kinds))
    renamed, moved, retired = [], [], []
    reached: set[str] = set()
    for topic in (row for row in old.topics if row.kind in kinds and not row.retired):
        ways = _kept(relation[topic.topic_id], new)
        stays = [way for way in ways if way[0].how != SUCCESSOR]
        if not stays:
            retired.append(Changed(topic.topic_id, _named(topic), _named(ways[0][1]) if ways else ""))
            continue
        reached |= {step.topic_id for step, _ in stays}
        step, there = stays[0]
        if step.how not in {"same", "renamed", SAME_ID} or _has_moved(step, topic, there):
            moved.append(Changed(topic.topic_id, _named(topic), _named(there)))
        if step.topic_id == topic.topic_id and topic.name != there.name:
            renamed.append(Changed(topic.topic_id, topic.name, there.name))
        elif step.how == "renamed":
            renamed.append(Changed(topic.topic_id, _named(topic), _named(there)))
    added = tuple(row for row in new.topics if row.topic_id not in reached and not row.retired)
    return Changes(old.name, added, tuple(renamed), tuple(moved), tuple(retired), unknown)


def _kept(ways: Sequence[Step], new: Edition) -> list[tuple[Step, Topic]]:
    found = ((step, new.find_topic(step.topic_id)) for step in ways)
    return [(step, there) for step, there in found if there is not None and not there.retired]


def _has_moved(step: Step, topic: Topic, there: Topic) -> bool:
    """Whether a topic that only its id carries stands elsewhere now."""
    return step.how == SAME_ID and _above(topic) != _above(there)


def _named(topic: Topic) -> str:
    return f"{topic.topic_id} {topic.name}"


def _above(topic: Topic) -> tuple[str, ...]:
    return (topic.parent, *sorted(topic.groups))


def without_a_way(framework: Framework, new: Edition) -> tuple[tuple[str, Topic], ...]:
    """The topics of earlier editions that lead to no topic of this one, or only to one that is retired.

    Each with the name of its edition.
    """
    found: list[tuple[str, Topic]] = []
    ways = ways_into(framework, new.name)
    for edition in framework.editions:
        if edition.name == new.name:
            break
        found += [
            (edition.name, topic)
            for topic in edition.topics
            if not _kept_ends(ways[edition.name][topic.topic_id], new)
        ]
    return tuple(found)


def _kept_ends(ends: Iterable[str], new: Edition) -> list[str]:
    return [end for end in ends if (there := new.find_topic(end)) is not None and not there.retired]
