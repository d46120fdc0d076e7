"""Values in a document, by path: the part of the evidence vocabulary that every verb shares. Pure."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import Any

from curriculum.schema import Selection, Taken

Documents = Mapping[str, Any]
"""What was handed in: the value read from each file, by the file's name."""


LABEL = 80
"""So much of a path is said in a message."""


class NotThere(Exception):
    """What a rule asks about is not in the files; the message says so to the learner."""


def document(handed: Documents, file: str) -> Any:
    """The value of a file; for a name with `*` the list of all that match, in the order of their names."""
    if "*" in file:
        found = [handed[name] for name in sorted(handed) if fnmatchcase(name, file)]
        if not found:
            raise NotThere(f"no file named {file} is there")
        return found
    if file not in handed:
        raise NotThere(f"{file} is not there")
    return handed[file]


def selected(root: Any, selection: Selection) -> list[Any]:
    """The values that a selection finds in a document. Raises `NotThere` where its path breaks off."""
    return at(root, selection.path, selection.where)


def at(root: Any, path: str | None, where: Mapping[str, Any] = MappingProxyType({})) -> list[Any]:
    """The values at a path, of the rows of its last `[]` those that `where` keeps. Raises `NotThere`."""
    values = [("", root)]
    steps = _steps(path)
    last_list = max((place for place, step in enumerate(steps) if step == "[]"), default=-1)
    if last_list == -1 and where:
        values = [row for row in values if _kept(row[1], where)]
    for place, step in enumerate(steps):
        if step == "[]":
            values = _entries(values)
            if place == last_list:
                values = [row for row in values if _kept(row[1], where)]
        else:
            values = [_field(label, value, step) for label, value in values]
    return [value for _, value in values]


def taken(root: Any, selection: Taken) -> list[Any]:
    """The values of a selection, or the one made of them. Raises `NotThere` where there is none to take."""
    values = selected(root, selection)
    if selection.take == "each":
        return values
    if selection.take == "count":
        return [sum(not is_empty(value) for value in values)]
    if not values:
        raise NotThere(f"nothing is at {place_of(selection)}")
    if selection.take in ("first", "last"):
        return [values[0 if selection.take == "first" else -1]]
    numbers = [_truth_as_number(value) for value in values]
    if any(not is_number(value) for value in numbers):
        raise NotThere(f"{place_of(selection)} holds something that is not a number")
    try:
        return [_MAKERS[selection.take](numbers)]
    except OverflowError:
        raise NotThere(f"{place_of(selection)} holds numbers too large to compare") from None


def place_of(selection: Selection) -> str:
    """A selection's path as a message names it."""
    return selection.path or "the top of the file"


def is_number(value: object) -> bool:
    """Whether a value is a finite number; true and false are none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number beyond every float
        return False


def as_moment(value: object) -> datetime | None:
    """An ISO date or moment given as text; a moment without a zone is taken as UTC. None for all else."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def same(one: object, other: object) -> bool:
    """Whether two values are equal to a reader: 1 and 1.0 and the text "1", but not 1 and true."""
    if isinstance(one, bool) or isinstance(other, bool):
        return isinstance(one, bool) and isinstance(other, bool) and one == other
    if isinstance(one, str) and is_number(other):
        return _number_of(one) == other and not _NOUGHT.match(one)
    if isinstance(other, str) and is_number(one):
        return same(other, one)
    return one == other


def as_key(value: object) -> str:
    """A text that is equal for equal values, so that many compare at once; 1, 1.0 and "1" share one."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    return json.dumps(value, sort_keys=True, default=str)


def is_empty(value: object) -> bool:
    """Whether nothing is filled in: null, "", an empty list or mapping."""
    return value is None or (isinstance(value, str | Sequence | Mapping) and not value)


def shown(value: object) -> str:
    """A value as a message shows it, never the whole of a long one."""
    if isinstance(value, float):
        return f"{value:.6g}"
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _steps(path: str | None) -> list[str]:
    """`a[].b` as `a`, `[]`, `b`."""
    return re.findall(r"\[\]|[^.\[\]]+", path or "")


def _entries(values: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
    found = []
    for label, value in values:
        if not isinstance(value, Sequence) or isinstance(value, str | bytes):
            raise NotThere(f"{label or 'the file'} is not a list")
        found += [(f"{label}[{index}]", row) for index, row in enumerate(value)]
    return found


def _field(label: str, value: Any, name: str) -> tuple[str, Any]:
    inner = f"{label[:LABEL]}.{name[:LABEL]}" if label else name[:LABEL]
    if not isinstance(value, Mapping) or name not in value:
        raise NotThere(f"{inner} is missing")
    return inner, value[name]


def _kept(row: Any, where: Mapping[str, Any]) -> bool:
    for path, wanted in where.items():
        try:
            found = at(row, path)
        except NotThere:
            return False
        allowed = wanted if isinstance(wanted, tuple) else (wanted,)
        if not any(same(value, option) for value in found for option in allowed):
            return False
    return True


_MAKERS: Mapping[str, Callable[[list[Any]], Any]] = {
    "sum": math.fsum,
    "mean": lambda numbers: math.fsum(numbers) / len(numbers),
    "min": min,
    "max": max,
}


def _truth_as_number(value: Any) -> Any:
    return int(value) if isinstance(value, bool) else value


# `01` is a name, not the number 1.
_NOUGHT = re.compile(r"[-+]?0\d")


def _number_of(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
