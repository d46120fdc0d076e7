"""What the rules ask of the curriculum: frameworks, and who teaches and ties what. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

Place = tuple[str, str, str]
"""A topic wherever it stands: framework key, name of the edition, id."""


class Topic(Protocol):
    """A topic of an edition (`curriculum.catalogue.Topic`)."""

    @property
    def topic_id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def parent(self) -> str: ...
    @property
    def groups(self) -> tuple[str, ...]: ...
    @property
    def relates(self) -> tuple[str, ...]: ...
    @property
    def retired(self) -> bool: ...


class Edition(Protocol):
    """An edition with its topics in the owner's order."""

    @property
    def name(self) -> str: ...
    @property
    def topics(self) -> tuple[Topic, ...]: ...
    def find_topic(self, topic_id: str) -> Topic | None: ...


class MapRow(Protocol):
    """What became of a topic in a later edition."""

    @property
    def from_topic(self) -> str: ...
    @property
    def to_topic(self) -> str: ...
    @property
    def how(self) -> str: ...


class EditionMap(Protocol):
    """How the topics of one edition go on in another."""

    @property
    def from_edition(self) -> str: ...
    @property
    def to_edition(self) -> str: ...
    @property
    def basis(self) -> str: ...
    @property
    def rows(self) -> tuple[MapRow, ...]: ...


class Framework(Protocol):
    """A framework with the editions known, oldest first."""

    @property
    def key(self) -> str: ...
    @property
    def editions(self) -> tuple[Edition, ...]: ...
    @property
    def maps(self) -> tuple[EditionMap, ...]: ...


@dataclass(frozen=True, slots=True)
class Teaching:
    """An activity that teaches a topic. `lab_key` is "" where it works on no lab."""

    activity_key: str
    module_key: str
    title: str
    lab_key: str


@dataclass(frozen=True, slots=True)
class Tie:
    """A topic of a tool's framework (a probe family, an attack) that is tied to a topic, and who says so."""

    framework: str
    edition: str
    topic_id: str
    basis: str
    source: str


@dataclass(frozen=True, slots=True)
class Content:
    """What the curriculum says of all topics.

    teachings: by topic, the activities that teach it.  ties: by topic, the tools' topics tied to it directly.
    lab_titles: by lab key.
    """

    frameworks: Mapping[str, Framework]
    teachings: Mapping[Place, tuple[Teaching, ...]]
    ties: Mapping[Place, tuple[Tie, ...]]
    lab_titles: Mapping[str, str] = field(default_factory=dict)
