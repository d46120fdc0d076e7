"""A study session, or a line as the server read it, in words. Pure."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from cairn_terminal.words import hours, long_date, plain, shortened


def text_of(document: Mapping[str, Any], field: str) -> str:
    """The field as one line of plain text; "" where it is missing or null."""
    value = document.get(field)
    return "" if value is None else plain(value)


def minutes_of(document: Mapping[str, Any], field: str = "minutes") -> int | None:
    """The field as a number; None where it is none."""
    value = document.get(field)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def day_words(text: str) -> str:
    """`2026-11-19` in words; what is no such day stays as it is."""
    try:
        return long_date(date.fromisoformat(text))
    except ValueError:
        return text


def session_words(session: Mapping[str, Any]) -> str:
    """`45 min on Thu 19 Nov 2026: Probe the encodings, confidence 3, note: three probes`."""
    minutes = minutes_of(session)
    said = "? min" if minutes is None else hours(minutes)
    if studied_on := text_of(session, "studied_on"):
        said += f" on {day_words(studied_on)}"
    title = text_of(session, "title") or text_of(session, "activity") or text_of(session, "module")
    said += f": {shortened(title or 'something else')}"
    if (confidence := minutes_of(session, "confidence")) is not None:
        said += f", confidence {confidence}"
    if note := text_of(session, "note"):
        said += f", note: {shortened(note)}"
    return said
