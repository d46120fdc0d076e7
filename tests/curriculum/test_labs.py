"""Every lab accepts the hand-in that should be accepted and refuses the other, for the reasons given."""

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

import pytest

from curriculum.schema import Edition, Lab, Topic
from tests.curriculum.labs.example import Handed, example
from tests.fixtures.curriculum import real_content
from tracker.evidence.rules.files import read_file
from tracker.evidence.rules.judge import Judged, judge


def labs() -> Iterator[tuple[str, Lab]]:
    for module in real_content().modules:
        for lab in module.labs:
            yield module.key, lab


@cache
def editions(framework_key: str) -> tuple[Edition, ...]:
    framework = next(row for row in real_content().frameworks if row.key == framework_key)
    return tuple(reversed(framework.editions))


class Found:
    """A topic as the engine asks for it."""

    def __init__(self, topic: Topic) -> None:
        self.parent = topic.parent or ""
        self.relates = topic.relates


def find_topic(framework_key: str, topic_id: str) -> Found | None:
    topics = (topic for edition in editions(framework_key) for topic in edition.topics)
    return next((Found(topic) for topic in topics if topic.id == topic_id), None)


def read(lab: Lab, handed: Mapping[str, Handed]) -> dict[str, Any]:
    documents = {}
    for name, content in handed.items():
        asked = next(row for row in lab.evidence.files if fnmatchcase(name, row.name))
        documents[name] = (
            read_file(name, asked.format, content) if isinstance(content, bytes) else dict(content)
        )
    return documents


def judged(lab: Lab, handed: Mapping[str, Handed], track: str) -> tuple[Judged, ...]:
    rules = [rule for rule in lab.evidence.rules if not rule.tracks or track in rule.tracks]
    files = lab.evidence.files
    return judge(
        rules,
        read(lab, handed),
        only_file=files[0].name if len(files) == 1 else None,
        find_topic=find_topic,
        attested=[rule.attested for rule in rules if rule.attested],
    )


CASES = [pytest.param(key, lab, id=lab.key) for key, lab in labs()]


@pytest.mark.parametrize(("module_key", "lab"), CASES)
def test_what_should_be_accepted_is(module_key: str, lab: Lab) -> None:
    for track in lab.tracks:
        results = judged(lab, example(module_key, lab.key).accepted, track)
        assert [row for row in results if row.outcome == "missing"] == []
        assert any(row.outcome == "met" for row in results)


@pytest.mark.parametrize(("module_key", "lab"), CASES)
def test_what_should_be_refused_is_for_the_reasons_given(module_key: str, lab: Lab) -> None:
    handed = example(module_key, lab.key)
    # What all tracks ask for together: a rule of one track alone is among the reasons too.
    results = [row for track in lab.tracks for row in judged(lab, handed.refused, track)]
    assert {row.sentence for row in results if row.outcome == "missing"} == set(handed.because)
    assert handed.because
    assert all(row.found for row in results if row.outcome == "missing")


@pytest.mark.parametrize(("module_key", "lab"), CASES)
def test_nothing_handed_in_is_nothing_accepted(module_key: str, lab: Lab) -> None:
    machine = [row for row in lab.evidence.rules if not row.attested]
    results = judge(machine, {}, only_file=lab.evidence.files[0].name, find_topic=find_topic)
    assert {row.outcome for row in results} == {"missing"}
