"""The plain files of a lab as values that rules can ask about. Pure.

JSON, JSON lines, CSV, YAML, JUnit XML and Markdown; tool reports have readers of their own.

What rules see of each format is said in docs/authoring.md. Whatever the bytes are, they are read or refused
with `Unreadable`.
"""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any
from xml.etree.ElementTree import ParseError

import yaml
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring
from markdown_it import MarkdownIt

MAX_BYTES = 10_000_000
MAX_DEPTH = 40
MAX_VALUES = 500_000
LARGEST = 1e300


class Unreadable(Exception):
    """A file is not what its format says; the message says so to the learner."""


def read_file(name: str, file_format: str, content: bytes) -> Any:
    """The value of a file in one of the plain formats. Raises `Unreadable` with a sentence that names it.

    `ValueError` for a format that is a tool's report: those have readers of their own.
    """
    if file_format not in _READERS:
        raise ValueError(f"{file_format} is not a plain format")
    if len(content) > MAX_BYTES:
        raise Unreadable(f"{name} is larger than {MAX_BYTES // 1_000_000} MB.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unreadable(f"{name} is not UTF-8 text.") from None
    try:
        value = _READERS[file_format](text)
    except Unreadable as error:
        raise Unreadable(f"{name}: {error}") from None
    except RecursionError:
        raise Unreadable(f"{name} is nested too deeply.") from None
    _bounded(name, value)
    return value


def _bounded(name: str, root: Any) -> None:
    """Refuse what is nested so deeply, or holds so much, that judging it could take long."""
    waiting, seen = [(root, 1)], 0
    while waiting:
        value, depth = waiting.pop()
        seen += 1
        if depth > MAX_DEPTH or seen > MAX_VALUES:
            raise Unreadable(f"{name} is nested too deeply or holds too many values.")
        if isinstance(value, int | float) and not -LARGEST <= value <= LARGEST:
            raise Unreadable(f"{name} holds a number that is too large to compare.")
        if isinstance(value, dict):
            waiting += [(inner, depth + 1) for inner in value.values()]
        elif isinstance(value, list):
            waiting += [(inner, depth + 1) for inner in value]


def _json(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_no_constant)
    except ValueError as error:
        raise Unreadable(f"this is not JSON: {_short(error)}") from None


def _no_constant(word: str) -> Any:
    raise ValueError(f"{word} is no JSON number")


def _json_lines(text: str) -> list[Any]:
    rows = []
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            try:
                rows.append(_json(line))
            except Unreadable as error:
                raise Unreadable(f"line {number}: {error}") from None
    return rows


def _csv(text: str) -> list[dict[str, Any]]:
    reader = csv.DictReader(io.StringIO(text, newline=""), restkey="", strict=True)
    try:
        header = reader.fieldnames or ()
        if len(set(header)) != len(header) or "" in header:
            raise Unreadable("every column needs a name of its own in the first line")
        rows = []
        for row in reader:
            rows.append(row)
            if len(rows) * len(header) > MAX_VALUES:
                raise Unreadable("it holds too many cells")
    except csv.Error as error:
        raise Unreadable(f"this is not CSV: {_short(error)}") from None
    for number, row in enumerate(rows, start=2):
        if "" in row:
            raise Unreadable(f"line {number} has more cells than the first")
    return [{name: _cell(cell) for name, cell in row.items()} for row in rows]


def _cell(cell: str | None) -> Any:
    text = (cell or "").strip()
    if re.fullmatch(r"-?\d{1,15}", text):
        return int(text)
    if re.fullmatch(r"-?\d{1,15}\.\d{1,15}(?:[eE][+-]?\d{1,3})?", text):
        number = float(text)
        return number if math.isfinite(number) else text
    return {"true": True, "false": False, "": None}.get(text.lower(), text)


# libyaml's parser where the wheel has it: the same events, an order of magnitude sooner.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NUMBER = re.compile(r"[-+]?(?:0|[1-9]\d{0,14})(\.\d{1,15})?([eE][-+]?\d{1,3})?")
_WORDS: Mapping[str, Any] = {
    "true": True, "True": True, "false": False, "False": False, "null": None, "~": None, "": None,
}  # fmt: skip


def _yaml(text: str) -> Any:
    """YAML without the surprises of 1.1: days, `yes`, `12:30`, `089` stay text. Built without recursion."""
    open_: list[tuple[Any, list[str]]] = []
    found: list[Any] = []
    values = 0

    def place(value: Any) -> None:
        if not open_:
            found.append(value)
        elif isinstance(open_[-1][0], dict):
            open_[-1][0][open_[-1][1].pop()] = value
        else:
            open_[-1][0].append(value)

    try:
        for event in yaml.parse(text, Loader=_Loader):
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
                raise Unreadable("anchors and aliases (& and *) are not read")
            if getattr(event, "tag", None):
                raise Unreadable("tags (!) are not read")
            if isinstance(event, yaml.CollectionEndEvent):
                place(open_.pop()[0])
                continue
            if not isinstance(event, yaml.NodeEvent):
                continue
            values += 1
            if len(open_) >= MAX_DEPTH or values > MAX_VALUES:
                raise Unreadable("it is nested too deeply or holds too many values")
            awaits_name = bool(open_) and isinstance(open_[-1][0], dict) and not open_[-1][1]
            if awaits_name:
                open_[-1][1].append(_yaml_name(event, open_[-1][0]))
            elif isinstance(event, yaml.ScalarEvent):
                place(_yaml_scalar(event))
            else:
                open_.append(({} if isinstance(event, yaml.MappingStartEvent) else [], []))
    except (yaml.YAMLError, ValueError) as error:
        raise Unreadable(f"this is not YAML: {_short(error)}") from None
    if len(found) > 1:
        raise Unreadable("this is not YAML of one document: a second one begins")
    return found[0] if found else None


def _yaml_name(event: Any, mapping: Mapping[str, Any]) -> str:
    name: str = event.value if isinstance(event, yaml.ScalarEvent) else ""
    if not isinstance(event, yaml.ScalarEvent):
        raise Unreadable("this is not YAML that is read here: a name is a list or a mapping")
    if name in mapping:
        raise Unreadable(f"{name[:40]!r} stands twice in one mapping")
    return name


def _yaml_scalar(event: Any) -> Any:
    text: str = event.value
    if not event.implicit[0]:  # quoted, or a block: text
        return text
    number = _NUMBER.fullmatch(text)
    if number:
        return float(text) if number[1] or number[2] else int(text)
    return _WORDS.get(text, text)


def _junit(text: str) -> dict[str, Any]:
    # It is text by now; what its first line says of an encoding no longer holds.
    text = re.sub(r"\A\s*<\?xml[^>]*\?>", "", text)
    try:
        root = fromstring(text, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError) as error:
        raise Unreadable(f"this is not JUnit XML: {_short(error)}") from None
    if root.tag not in ("testsuites", "testsuite"):
        raise Unreadable(f"this is XML, but not a JUnit report: its root is {root.tag[:40]!r}")
    tests = [
        {"name": case.get("name", ""), "suite": case.get("classname", ""), "outcome": _outcome(case)}
        for case in root.iter("testcase")
    ]
    properties = {row.get("name", ""): row.get("value", row.text or "") for row in root.iter("property")}
    return {"tests": tests, "properties": properties}


def _outcome(case: Any) -> str:
    tags = {child.tag for child in case}
    for tag, outcome in (("error", "error"), ("failure", "failed"), ("skipped", "skipped")):
        if tag in tags:
            return outcome
    return "passed"


_MARKDOWN = MarkdownIt("commonmark")


def _markdown(text: str) -> dict[str, Any]:
    tokens = _MARKDOWN.parse(text)
    headings = [after.content for token, after in pairwise(tokens) if token.type == "heading_open"]
    inner = [child for token in tokens for child in token.children or ()]
    links = [str(child.attrGet("href")) for child in inner if child.type == "link_open"]
    words = sum(len(token.content.split()) for token in tokens if token.type in ("inline", "fence"))
    return {"headings": headings, "words": words, "links": links}


def _short(error: Exception) -> str:
    said = getattr(error, "problem", None) or str(error)
    return " ".join(str(said).split())[:120]


_READERS: Mapping[str, Callable[[str], Any]] = {
    "json": _json,
    "jsonl": _json_lines,
    "csv": _csv,
    "yaml": _yaml,
    "junit": _junit,
    "markdown": _markdown,
}
