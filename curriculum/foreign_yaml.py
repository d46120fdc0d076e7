"""YAML that others wrote, read into text, lists and mappings within limits. Pure.

Where `plain_yaml` refuses what our own authors need not write, this reader takes what a published data file
may hold: aliases, names that stand twice in a mapping, days without quotes; and the same data as JSON. Every
scalar stays text as it was typed, so that a version 5.10 does not become the number 5.1 and a day that does
not exist raises nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import yaml

MAX_BYTES = 20_000_000
MAX_NODES = 2_000_000
"""Values in a file, each alias counted as often as it stands for something."""
MAX_DEPTH = 40

_TAG = "tag:yaml.org,2002:"
_SAFE = ("str", "int", "float", "bool", "null", "timestamp", "map", "seq")
_SAFE_TAGS = {"!", *(_TAG + name for name in _SAFE)}
_NULLS = {"", "~", "null", "Null", "NULL"}


class Unreadable(ValueError):
    """The text is not YAML that can be read here. The message is a sentence for a person."""


@dataclass(frozen=True, slots=True)
class Read:
    """What was read: `value` of text, None, lists and mappings; `repeated` the names that stood twice."""

    value: Any
    repeated: tuple[str, ...]


def read(text: str) -> Read:
    """Read one document. Raises `Unreadable` for whatever is wrong with it; where a name stands twice in a
    mapping, the last one counts."""
    reader = _Reader()
    if text.lstrip().startswith(("{", "[")):
        text = _from_json(text)
    try:
        for event in yaml.parse(text, Loader=_Loader):
            reader.take(event)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        what = getattr(error, "problem", None) or getattr(error, "reason", None) or "not readable"
        place = f" in line {mark.line + 1}" if mark else ""
        raise Unreadable(f"it is not valid YAML{place}: {what}") from None
    return Read(reader.value, tuple(reader.repeated))


# libyaml's parser where the wheel has it: the same events, an order of magnitude sooner.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


_ESCAPE = re.compile(
    r"\\(?:u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})|u[dD][89a-fA-F][0-9a-fA-F]{2}|.)",
    re.S,
)


def _from_json(text: str) -> str:
    """The two things in which JSON is no YAML, written so that it is: tabs between values, and characters
    beyond the first 65,536 as two escapes. Half of such a pair becomes the mark for an unknown character."""

    def escape(found: re.Match[str]) -> str:
        if found[1] is not None:
            pair = bytes.fromhex(found[1] + found[2])
            return pair.decode("utf-16-be")
        return "\ufffd" if found[0][1] == "u" and len(found[0]) > 2 else found[0]

    return _ESCAPE.sub(escape, text.replace("\t", " "))


@dataclass(slots=True)
class _Open:
    """A list or mapping whose end has not been read. `nodes` and `height` are those of what it holds so far,
    itself included; `name` waits for its value."""

    value: Any
    anchor: str | None
    name: str | None = None
    nodes: int = 1
    height: int = 1


class _Reader:
    """Builds values from parser events, without recursion and counting as it goes: a file that would unfold
    into more than the limits is refused before anything has been unfolded."""

    def __init__(self) -> None:
        self.value: Any = None
        self.repeated: list[str] = []
        self._documents = 0
        self._nodes = 0
        self._open: list[_Open] = []
        self._anchors: dict[str, tuple[Any, int, int]] = {}

    def take(self, event: Any) -> None:
        if isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                raise Unreadable(f"a second document begins in line {_line(event)}")
        elif isinstance(event, yaml.CollectionEndEvent):
            ended = self._open.pop()
            self._remember(ended.anchor, ended.value, ended.nodes, ended.height)
            self._place(event, ended.value, ended.nodes, ended.height)
        elif isinstance(event, yaml.NodeEvent):
            self._take_node(event)

    def _take_node(self, event: Any) -> None:
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in self._anchors:
                raise Unreadable(
                    f"the alias *{event.anchor} in line {_line(event)} stands for nothing before it"
                )
            value, nodes, height = self._anchors[event.anchor]
            self._count(event, nodes, height)
            self._place(event, value, nodes, height)
            return
        if event.tag is not None and event.tag not in _SAFE_TAGS:
            raise Unreadable(f"the tag {event.tag} in line {_line(event)} is not read here")
        self._count(event, 1, 1)
        if isinstance(event, yaml.ScalarEvent):
            value = None if event.implicit[0] and event.value in _NULLS else event.value
            self._remember(event.anchor, value, 1, 1)
            self._place(event, value, 1, 1)
        else:
            if event.anchor:
                # While it is open, an older node of the same name must not answer for it.
                self._anchors.pop(event.anchor, None)
            self._open.append(_Open({} if isinstance(event, yaml.MappingStartEvent) else [], event.anchor))

    def _remember(self, anchor: str | None, value: Any, nodes: int, height: int) -> None:
        if anchor:
            self._anchors[anchor] = (value, nodes, height)

    def _count(self, event: Any, nodes: int, height: int) -> None:
        self._nodes += nodes
        if self._nodes > MAX_NODES:
            raise Unreadable(f"it unfolds into more than {MAX_NODES:,} values")
        if len(self._open) + height > MAX_DEPTH:
            raise Unreadable(f"it is nested deeper than {MAX_DEPTH} levels in line {_line(event)}")

    def _place(self, event: Any, value: Any, nodes: int, height: int) -> None:
        if not self._open:
            self.value = value
            return
        top = self._open[-1]
        top.nodes += nodes
        top.height = max(top.height, height + 1)
        if isinstance(top.value, list):
            top.value.append(value)
        elif top.name is None:
            if isinstance(value, dict | list):
                raise Unreadable(f"a list or mapping stands for a name in line {_line(event)}")
            top.name = "" if value is None else value
        else:
            if top.name in top.value:
                self.repeated.append(
                    f"line {_line(event)}: {top.name} stands twice in one mapping, the last counts"
                )
            top.value[top.name] = value
            top.name = None


def _line(event: Any) -> int:
    line: int = event.start_mark.line + 1
    return line
