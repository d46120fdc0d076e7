"""YAML read narrowly: text to mappings, tuples and scalars, with the line of every path. Pure.

Anchors, aliases, tags, a second document, a name twice in one mapping, deep nesting and control characters
are refused. Only whole numbers, `true`, `false` and `null` are more than text, so that `1.1`, `2026-08-04`,
`no` and `on` stay what the author typed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

MAX_FILE_BYTES = 1_000_000
MAX_DEPTH = 12
MAX_VALUES = 50_000

FieldPath = tuple[str | int, ...]
"""Where a value stands in a file: names of fields and positions in lists, outermost first."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One reason why content is refused.

    `file` is relative to the content folder, `line` counts from 1 (0: the file as a whole), `path` leads to
    the place in the file (`activities[3].minutes`; empty: the whole), `message` says what was expected and
    what was found.
    """

    file: str
    line: int
    path: str
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.path}: {self.message}" if self.path else f"{place}: {self.message}"


class ContentError(Exception):
    """Content was refused whole. `problems` holds every reason, in the order of files and lines."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(sorted(set(problems)))
        super().__init__("\n".join(str(problem) for problem in self.problems))


@dataclass(frozen=True, slots=True)
class Document:
    """A file as plain data: `data` is its top mapping, `lines` the line of every path in it."""

    name: str
    data: dict[str, Any]
    lines: Mapping[FieldPath, int]


def line_of(lines: Mapping[FieldPath, int], path: FieldPath) -> int:
    """The line of a path, or of the nearest thing around it; 0 where nothing is known."""
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 0)


def dotted(path: FieldPath) -> str:
    """A path as the reader of a message sees it: `activities[3].minutes`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text[:200]


def shown(value: object) -> str:
    """A value as a message shows it: short, and never the whole of a long text."""
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, tuple):
        return "a list"
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def printable(name: str) -> str:
    """A file name that can be printed, whatever bytes it is made of."""
    return name.encode("utf-8", "replace").decode()


def read_document(folder: Path, name: str) -> Document:
    """Read `folder/name`. Raises `ContentError` for whatever is wrong with it."""
    return parse_document(printable(name), read_text(folder, name))


def read_text(folder: Path, name: str) -> str:
    """The text of `folder/name`: at most a megabyte of UTF-8. Raises `ContentError`."""
    file = printable(name)
    try:
        with (folder / name).open("rb") as opened:
            content = opened.read(MAX_FILE_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise ContentError([Problem(file, 0, "", f"expected a readable file: {reason}")]) from None
    if len(content) > MAX_FILE_BYTES:
        raise ContentError([Problem(file, 0, "", f"expected at most {MAX_FILE_BYTES:,} bytes")])
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        message = f"expected UTF-8 text; byte {error.start} is something else"
        raise ContentError([Problem(file, line, "", message)]) from None


def parse_document(name: str, text: str) -> Document:
    """Parse the text of a file called `name`. Raises `ContentError` for whatever is wrong with it."""
    reader = _Reader(name)
    try:
        for event in yaml.parse(text, Loader=_Loader):
            reader.take(event)
    except yaml.YAMLError as error:
        at = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        what = getattr(error, "problem", None) or getattr(error, "reason", None) or "not readable"
        problem = Problem(name, at.line + 1 if at else 0, "", f"expected valid YAML: {what}")
        raise ContentError([*reader.problems, problem]) from None
    if not reader.documents:
        raise ContentError([Problem(name, 0, "", "expected a mapping, the file is empty")])
    if reader.problems:
        raise ContentError(reader.problems)
    if not isinstance(reader.value, dict):
        raise ContentError([Problem(name, 0, "", f"expected a mapping, found {shown(reader.value)}")])
    return Document(name, reader.value, reader.lines)


# libyaml's parser where the wheel has it: the same events, an order of magnitude sooner.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_WHOLE_NUMBER = re.compile(r"0|-?[1-9][0-9]{0,8}")
_CONSTANTS: dict[str, bool | None] = {"true": True, "false": False, "null": None, "~": None, "": None}
# Control characters but tab and newline, lone surrogates, and the marks that reverse the reading direction:
# none belongs in prose, PostgreSQL refuses the first, and the last can make text read as what it is not.
_UNWANTED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")


@dataclass(slots=True)
class _Open:
    """A mapping (`fields`) or list (`rows`) whose end has not been read yet."""

    path: FieldPath
    fields: dict[str, Any] | None
    rows: list[Any] = field(default_factory=list)
    name: str | None = None

    def place(self, value: Any) -> None:
        if self.fields is None:
            self.rows.append(value)
        else:
            self.fields[str(self.name)] = value
            self.name = None

    def path_of_next(self) -> FieldPath:
        return (*self.path, len(self.rows) if self.fields is None else str(self.name))

    def value(self) -> Any:
        return tuple(self.rows) if self.fields is None else self.fields


class _Reader:
    """Builds plain data from parser events without recursion. A fault of structure ends the reading."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.value: Any = None
        self.documents = 0
        self.lines: dict[FieldPath, int] = {}
        self.problems: list[Problem] = []
        self._values = 0
        self._open: list[_Open] = []

    def take(self, event: Any) -> None:
        if isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                self._refuse(event, "expected one document in a file, found a second")
        elif isinstance(event, yaml.CollectionEndEvent):
            self._place(self._open.pop().value())
        elif isinstance(event, yaml.NodeEvent):
            self._check(event)
            top = self._open[-1] if self._open else None
            if top is not None and top.fields is not None and top.name is None:
                self._take_name(top, top.fields, event)
            else:
                self._take_value(top.path_of_next() if top else (), event)

    def _check(self, event: Any) -> None:
        if isinstance(event, yaml.AliasEvent) or event.anchor:
            self._refuse(event, "expected no anchors and no aliases (& and *)")
        if event.tag:
            self._refuse(event, "expected no tags (!)")
        if isinstance(event, yaml.ScalarEvent) and _UNWANTED.search(event.value):
            self._refuse(event, "expected text without control or direction characters")
        self._values += 1
        if self._values > MAX_VALUES:
            self._refuse(event, f"expected at most {MAX_VALUES:,} values in one file")

    def _take_name(self, top: _Open, fields: dict[str, Any], event: Any) -> None:
        if not isinstance(event, yaml.ScalarEvent):
            self._refuse(event, "expected a name before the colon, found a list or mapping")
        path = (*top.path, event.value)
        if event.value in fields:
            message = f"expected each name once; {shown(event.value)} stands here twice"
            self.problems.append(self._problem(event, path, message))
        self.lines.setdefault(path, event.start_mark.line + 1)
        top.name = event.value

    def _take_value(self, path: FieldPath, event: Any) -> None:
        self.lines.setdefault(path, event.start_mark.line + 1)
        if isinstance(event, yaml.ScalarEvent):
            self._place(_scalar(event))
            return
        if len(self._open) >= MAX_DEPTH:
            self._refuse(event, f"expected at most {MAX_DEPTH} levels, found more")
        self._open.append(_Open(path, {} if isinstance(event, yaml.MappingStartEvent) else None))

    def _place(self, value: Any) -> None:
        if self._open:
            self._open[-1].place(value)
        else:
            self.value = value

    def _problem(self, event: Any, path: FieldPath, message: str) -> Problem:
        return Problem(self.name, event.start_mark.line + 1, dotted(path), message)

    def _refuse(self, event: Any, message: str) -> None:
        path = self._open[-1].path if self._open else ()
        raise ContentError([*self.problems, self._problem(event, path, message)])


def _scalar(event: Any) -> str | int | bool | None:
    value: str = event.value
    if not event.implicit[0]:  # quoted or a block: text
        return value
    if _WHOLE_NUMBER.fullmatch(value):
        return int(value)
    return _CONSTANTS.get(value, value)
