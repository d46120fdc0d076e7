"""Search over a revision of the curriculum: modules, activities, labs, topics and recall questions.

The index is built once for each revision and kept in memory: some two thousand short texts, which no database
needs to hold twice. A word of the query finds every word that begins with it.
"""

from __future__ import annotations

import re
import sys
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from django.urls import reverse

from curriculum.catalogue import Catalogue, catalogue
from curriculum.schema import edition_slug
from tracker.library.words import TOPIC_WORDS

MAX_QUERY = 100
MAX_WORDS = 8
SHOWN = 40

# What a match is worth: the id itself, the name, a whole word of the title, the beginning of one.
ID_WEIGHT, NAME_WEIGHT, TITLE_WEIGHT, PREFIX_WEIGHT = 40.0, 25.0, 10.0, 6.0


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that can be found. `weight` favours what one works with over what one looks up."""

    kind: str
    title: str
    where: str
    url: str
    text: str
    words_of_title: frozenset[str] = field(repr=False)
    ids: frozenset[str] = field(repr=False)
    weight: float
    name: str = field(repr=False, default="")


@dataclass(frozen=True, slots=True)
class Found:
    """The best entries for a query, and how many there are in all."""

    query: str
    entries: tuple[Entry, ...]
    total: int


class Index:
    """Entries by every word in them."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._entries = tuple(entries)
        by_word: dict[str, list[int]] = defaultdict(list)
        for number, entry in enumerate(self._entries):
            for word in entry.words_of_title | words_in(
                " ".join([*entry.ids, entry.kind, entry.text, entry.where])
            ):
                by_word[word].append(number)
        self._by_word = {word: tuple(numbers) for word, numbers in by_word.items()}
        self._words = sorted(by_word)

    def find(self, query: str) -> Found:
        """Entries that hold a word for every word of the query, best first."""
        query = " ".join(query[:MAX_QUERY].split())
        asked = sorted(compounds_in(query), key=lambda word: (-len(word), word))[:MAX_WORDS]
        if not asked:
            return Found(query, (), 0)
        numbers = set.intersection(*(self._holding(word) for word in asked))
        ranked = sorted(
            numbers, key=lambda number: (-self._worth(self._entries[number], query, asked), number)
        )
        return Found(query, tuple(self._entries[number] for number in ranked[:SHOWN]), len(ranked))

    def _holding(self, word: str) -> set[int]:
        """Entries with a word that begins so; of `prompt-injection`, those that hold both halves do too."""
        found = self._beginning_with(word)
        parts = re.findall(r"\w+", word)
        if len(parts) > 1:
            found |= set.intersection(*(self._beginning_with(part) for part in parts))
        return found

    def _beginning_with(self, word: str) -> set[int]:
        found: set[int] = set()
        for place in range(bisect_left(self._words, word), len(self._words)):
            if not self._words[place].startswith(word):
                break
            found.update(self._by_word[self._words[place]])
        return found

    @staticmethod
    def _worth(entry: Entry, query: str, asked: list[str]) -> float:
        worth = entry.weight + (ID_WEIGHT if query.casefold() in entry.ids else 0.0)
        worth += NAME_WEIGHT if query.casefold() == entry.name else 0.0
        for word in asked:
            if word in entry.words_of_title:
                worth += TITLE_WEIGHT
            elif any(known.startswith(word) for known in entry.words_of_title):
                worth += PREFIX_WEIGHT
        return worth


def compounds_in(text: str) -> frozenset[str]:
    """The words of a text without case, those with hyphens and dots whole."""
    return frozenset(re.findall(r"\w+(?:[.:/-]\w+)*", text.casefold()))


def words_in(text: str) -> frozenset[str]:
    """The words of a text without case; `AML.T0051.001` is one word and its parts."""
    found = set()
    for word in compounds_in(text):
        found.add(sys.intern(word))
        found.update(sys.intern(part) for part in re.findall(r"\w+", word))
    return frozenset(found)


@lru_cache(maxsize=4)
def index(revision: int) -> Index:
    """The index of a revision. Raises `UnknownRevision`."""
    return Index(_entries(catalogue(revision)))


def _entry(
    kind: str,
    title: str,
    where: str,
    url: str,
    text: str,
    weight: float,
    ids: Iterable[str] = (),
    name: str = "",
) -> Entry:
    return Entry(
        kind=kind,
        title=title,
        where=where,
        url=url,
        text=text,
        words_of_title=words_in(title),
        ids=frozenset(sys.intern(name.casefold()) for name in ids),
        name=(name or title).casefold(),
        weight=weight,
    )


def _entries(content: Catalogue) -> Iterator[Entry]:
    for module in content.modules:
        address = reverse("curriculum-module", args=[module.key])
        yield _entry(
            "Module", module.title, f"module {module.number}", address, module.goal, 5.0, [module.key]
        )
        for activity in module.activities:
            yield _entry(
                "Activity",
                activity.title,
                module.title,
                reverse("curriculum-activity", args=[module.key, activity.slug]),
                activity.summary,
                3.0,
                [activity.key],
            )
        for lab in module.labs:
            yield _entry(
                "Lab",
                lab.title,
                module.title,
                f"{address}#{lab.key.replace('.', '-')}",
                lab.needs,
                2.0,
                [lab.key],
            )
        for question in module.questions:
            yield _entry("Recall", question.prompt, module.title, f"{address}#recall", question.answer, 0.0)
    for framework in content.frameworks:
        # The newest edition first: an id that stands in several is found there before the others.
        for age, edition in enumerate(reversed(framework.editions)):
            address = reverse("framework", args=[framework.key, edition_slug(edition.name)])
            title = f"{framework.title} {edition.name}"
            yield _entry("Framework", title, edition.title, address, framework.source, 4.0 - age / 10)
            for topic in edition.topics:
                yield _entry(
                    TOPIC_WORDS[topic.kind][0],
                    f"{topic.topic_id} {topic.name}",
                    f"{framework.title} {edition.name}",
                    reverse("topic", args=[framework.key, edition_slug(edition.name), topic.topic_id]),
                    topic.note,
                    0.5 - age / 10,
                    _ids(topic.topic_id),
                    topic.name,
                )


def _ids(topic_id: str) -> tuple[str, ...]:
    """An id, and what people call it: `LLM01` for LLM01:2026, `article 15` for Art. 15."""
    short = topic_id.partition(":")[0]
    spelled = re.sub(r"^Art\. ", "Article ", topic_id)
    return tuple(dict.fromkeys((topic_id, short, spelled)))
