"""The JSON that `timew export` writes. Pure."""

import json
import re
from collections import Counter
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from tracker.journal.rules.table.cells import (
    Refused,
    Row,
    checked,
    elapsed_seconds,
    keys_named,
    rounded_minutes,
    tidy,
)
from tracker.journal.rules.table.text import NotATable, shown

_NOT_TIMEWARRIOR = "This is JSON, and not what “timew export” writes: a list of intervals with their starts."
_BLANKS = re.compile(r"[ \t\r\n]*")
_LINE_END = re.compile(r"\r\n|\r|\n")
_INSTANT = re.compile(r"[0-9]{8}T[0-9]{6}Z")


def intervals(text: str, most: int) -> list[tuple[int, Any]]:
    """The members of the list with the lines they begin on, at most one more than `most`.

    An object is a tuple of its pairs, so that a name that stands twice is seen. Raises NotATable.
    """
    # Numbers stay text: none is of use here, and one of a million digits takes long to read.
    decoder = json.JSONDecoder(object_pairs_hook=tuple, parse_int=str, parse_float=str, parse_constant=str)
    found: list[tuple[int, Any]] = []
    place = _after_blanks(text, 0)
    line = 1 + _line_ends(text, 0, place)
    if text[place] != "[":
        raise NotATable(_NOT_TIMEWARRIOR)
    counted, place = place, _after_blanks(text, place + 1)
    while text[place : place + 1] != "]" and len(found) <= most:
        line += _line_ends(text, counted, place)
        counted = place
        broken = NotATable(f"The JSON breaks off or is wrong from line {line:,} on.")
        try:
            interval, place = decoder.raw_decode(text, place)
        except RecursionError:
            raise NotATable(f"Line {line:,} has lists in lists without end. {_NOT_TIMEWARRIOR}") from None
        except ValueError:
            raise broken from None
        found.append((line, interval))
        place = _after_blanks(text, place)
        if text[place : place + 1] == ",":
            place = _after_blanks(text, place + 1)
        elif text[place : place + 1] != "]":
            raise broken
    if len(found) <= most and _after_blanks(text, place + 1) != len(text):
        raise NotATable(f"Something stands after the end of the list. {_NOT_TIMEWARRIOR}")
    if not found:
        raise NotATable("The list of intervals is empty.")
    if not any("start" in _members(interval) for _, interval in found):
        raise NotATable(_NOT_TIMEWARRIOR)
    return found


def _after_blanks(text: str, place: int) -> int:
    blanks = _BLANKS.match(text, place)
    return blanks.end() if blanks else place


def _line_ends(text: str, begin: int, end: int) -> int:
    return sum(1 for _ in _LINE_END.finditer(text, begin, end))


def _members(interval: Any) -> dict[str, Any]:
    """An object's members; none where it is no object."""
    return dict(interval) if isinstance(interval, tuple) else {}


def interval_row(line: int, interval: Any, zone: ZoneInfo, keys: Collection[str]) -> Row:
    """An interval as a row, on the day and at the time it began in `zone`. Raises Refused.

    Its id is not kept: timewarrior numbers its intervals anew with each that is added.
    """
    if not isinstance(interval, tuple):
        raise Refused("Expected is an interval with its start and its end.")
    said = _members(interval)
    if len(said) < len(interval):
        twice = Counter(name for name, _ in interval).most_common(1)[0][0]
        raise Refused(f"“{shown(twice)}” stands twice in this interval.")
    begun = _instant(said.get("start"), "start")
    if "end" not in said:
        raise Refused("This interval has no end: it was still running when the file was made.")
    seconds = elapsed_seconds(begun, _instant(said["end"], "end"))
    between = f"{said['start']} to {said['end']}"
    if seconds < 0:
        raise Refused(f"The interval ends before it begins: “{between}”.")
    tags, note = said.get("tags", []), said.get("annotation", "")
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise Refused("The tags of this interval are no list of words.")
    if not isinstance(note, str):
        raise Refused("The annotation of this interval is no text.")
    try:
        local = begun.astimezone(zone)
    except OverflowError:
        raise Refused(f"“{said['start']}” lies outside the years that a calendar has.") from None
    module_key, activity_key = keys_named(tags, keys)
    return checked(
        Row(
            line=line,
            minutes=rounded_minutes(seconds, between),
            studied_on=local.date(),
            started_at=local.time().replace(fold=0),
            subject=", ".join(tags),
            module_key=module_key,
            activity_key=activity_key,
            note=tidy(note),
        )
    )


def _instant(said: Any, name: str) -> datetime:
    expected = "Expected is an instant like 20261119T130000Z."
    if not isinstance(said, str):
        raise Refused(f"The {name} of this interval is missing or no text. {expected}")
    if not _INSTANT.fullmatch(said):
        raise Refused(f"The {name} is “{shown(said)}”. {expected}")
    try:
        return datetime.strptime(said, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise Refused(f"There is no instant “{said}”. {expected}") from None
