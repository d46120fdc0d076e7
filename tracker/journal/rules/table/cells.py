"""What the cells of a foreign file mean: days, times and lengths, and the row that is made of them. Pure."""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Literal

from tracker.journal.rules import LONGEST_MINUTES, NotALength, read_minutes
from tracker.journal.rules.table.text import shown

LONGEST_NOTE = 4000
LONGEST_SUBJECT = 500
LONGEST_SOURCE_ID = 200

Format = Literal["toggl", "clockify", "timewarrior", "plain", "cairn"]


class Refused(ValueError):
    """One line is refused. The message is a sentence for the learner."""


@dataclass(frozen=True, slots=True)
class Row:
    """One stretch of study, as a file says it."""

    line: int
    """Where the row begins, counted from 1."""
    minutes: int
    studied_on: date
    """The local day on which it began."""
    started_at: time | None = None
    """The local time at which it began, without a zone; None where the file does not say."""
    subject: str = ""
    """What was studied in the file's own words: project and task, tags, or the module."""
    module_key: str = ""
    activity_key: str = ""
    confidence: int | None = None
    note: str = ""
    source_id: str = ""
    """What the tool that wrote the file knows the row by for ever; empty where it has nothing such."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A line that is not read, and why: what was expected, and the offending text cut and made visible."""

    line: int
    sentence: str


@dataclass(frozen=True, slots=True)
class Table:
    """A file that was read. `remarks` are sentences on what was assumed and what was left unread."""

    format: Format
    rows: tuple[Row, ...]
    refusals: tuple[Refusal, ...]
    remarks: tuple[str, ...] = ()


_YEAR_FIRST = re.compile(r"([0-9]{4})([-/.])([0-9]{1,2})\2([0-9]{1,2})")
_YEAR_LAST = re.compile(r"([0-9]{1,2})([-/.])([0-9]{1,2})\2([0-9]{4})")


def day_readings(said: str) -> dict[bool, date]:
    """The days that 03/04/2026 can be, by whether the day comes first; none where that is no question."""
    parts = _YEAR_LAST.fullmatch(said)
    # Where dots stand between them, the day comes first everywhere.
    if parts is None or parts[2] == ".":
        return {}
    left, right, year = int(parts[1]), int(parts[3]), int(parts[4])
    possible = {}
    for day_first, day, month in ((True, left, right), (False, right, left)):
        try:
            possible[day_first] = date(year, month, day)
        except ValueError:
            continue
    return possible


def read_day(said: str, day_first: bool) -> date:
    """A day as the file writes it, in the order that was decided for all of it. Raises Refused."""
    if parts := _YEAR_FIRST.fullmatch(said):
        numbers = int(parts[1]), int(parts[3]), int(parts[4])
    elif parts := _YEAR_LAST.fullmatch(said):
        day, month = (parts[1], parts[3]) if day_first or parts[2] == "." else (parts[3], parts[1])
        numbers = int(parts[4]), int(month), int(day)
    elif said:
        raise Refused(f"“{shown(said)}” is not a date. Expected is one like 2026-11-23.")
    else:
        raise Refused("The day is missing. Expected is one like 2026-11-23.")
    try:
        return date(*numbers)
    except ValueError:
        raise Refused(f"There is no day “{shown(said)}”. Expected is one like 2026-11-23.") from None


_TIME = re.compile(r"([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?(?: ?([ap])\.?m\.?)?", re.IGNORECASE)


def read_time(said: str) -> time | None:
    """A local time, by the clock of 24 or of 12 hours; None where none is written. Raises Refused."""
    if not said:
        return None
    refusal = Refused(f"“{shown(said)}” is not a time. Expected is one like 14:30 or 02:30 PM.")
    # Some write the narrowest of blanks before AM and PM: split() takes it for one.
    parts = _TIME.fullmatch(" ".join(said.split()))
    if parts is None:
        raise refusal
    hour = int(parts[1])
    if half := parts[4]:
        if not 1 <= hour <= 12:
            raise refusal
        hour = hour % 12 + (12 if half.lower() == "p" else 0)
    try:
        return time(hour, int(parts[2]), int(parts[3] or 0))
    except ValueError:
        raise refusal from None


_HOURS_AND_MINUTES = re.compile(r"([0-9]{1,4}):([0-5][0-9])")
_LENGTHS = (
    re.compile(r"(?P<h>[0-9]{1,4}):(?P<m>[0-5][0-9]):(?P<s>[0-5][0-9])"),
    re.compile(r"(?P<m>[0-9]{1,4}):(?P<s>[0-5][0-9]) ?min"),
    re.compile(r"(?P<h>[0-9]{1,4}[.,][0-9]{1,6}) ?h?"),
    re.compile(
        r"(?:(?P<h>[0-9]{1,4}) ?h)? ?(?:(?P<m>[0-9]{1,4}) ?m(?:in)?)? ?(?:(?P<s>[0-9]{1,5}) ?s(?:ec)?)?"
    ),
)


def read_seconds(said: str, span: int | None) -> int:
    """A length as trackers write it, in seconds: 1:30:00, 1:30, 18:25 min, 1.50, 1h 30m. Raises Refused.

    `span` are the seconds between start and end where the file has both. They decide nothing; where they
    speak against reading 18:25 as hours and minutes, it is refused.
    """
    text = " ".join(said.split())
    if parts := _HOURS_AND_MINUTES.fullmatch(text):
        seconds = int(parts[1]) * 3600 + int(parts[2]) * 60
        if span is not None and abs(seconds - span) > abs(seconds // 60 - span):
            raise Refused(
                f"“{shown(said)}” as hours and minutes does not fit the time between start and end. "
                "Expected is a length like 1:30:00."
            )
        return seconds
    for pattern in _LENGTHS:
        if match := pattern.fullmatch(text):
            said_parts = match.groupdict()
            hours = Decimal((said_parts.get("h") or "0").replace(",", "."))
            minutes, seconds = int(said_parts.get("m") or 0), int(said_parts.get("s") or 0)
            return round(hours * 3600) + minutes * 60 + seconds
    raise Refused(f"“{shown(said)}” is not a length. Expected is one like 1:30:00 or 1.50.")


def rounded_minutes(seconds: int, said: str) -> int:
    """Seconds to the nearest minute, half a minute up; `said` is shown where they are no study."""
    if seconds < 30:
        raise Refused(f"“{shown(said)}” is less than half a minute.")
    minutes = (seconds + 30) // 60
    if minutes > LONGEST_MINUTES:
        raise Refused(
            f"“{shown(said)}” is {minutes:,} minutes, and a day has {LONGEST_MINUTES:,}. "
            "Log what was studied on each day on its own."
        )
    return minutes


def elapsed_seconds(begun: datetime, ended: datetime) -> int:
    """Whole seconds between two moments, also over a change of the clock; below 0 where the end is first."""
    try:
        return round((ended.astimezone(UTC) - begun.astimezone(UTC)).total_seconds())
    except OverflowError:
        raise Refused("The entry lies outside the years that a calendar has.") from None


# One or two zeros alone: 1,000 is a thousand to some and one to others.
_WHOLE = re.compile(r"([0-9]{1,4})[.,]0{1,2}")


def _without_zeros(said: str) -> str:
    """A whole number as it was before a program made a fraction of it: 45.0 is 45."""
    whole = _WHOLE.fullmatch(said)
    return whole[1] if whole else said


def read_plain_minutes(said: str) -> int:
    """Minutes, or a length as the log form takes it. Raises Refused."""
    if not said:
        raise Refused("The minutes are missing. Expected is a number such as 45.")
    try:
        return read_minutes(_without_zeros(said))
    except NotALength:
        raise Refused(f"“{shown(said)}” is not a length. Expected are minutes such as 45.") from None
    except ValueError as refused:
        raise Refused(f"“{shown(said)}”: {refused}") from None


def read_confidence(said: str) -> int | None:
    """1 to 5, or None where the cell is empty. Raises Refused."""
    if not said:
        return None
    if (bare := _without_zeros(said)) not in {"1", "2", "3", "4", "5"}:
        raise Refused(f"“{shown(said)}” is no confidence. It goes from 1 to 5, or the cell is empty.")
    return int(bare)


def tidy(note: str) -> str:
    """A note as the log form would keep it."""
    return note.replace("\r\n", "\n").replace("\r", "\n").strip()


def keys_named(parts: Iterable[str], keys: Collection[str]) -> tuple[str, str]:
    """The keys of module and activity that a file names; none where it names two different things."""
    named = {key for part in parts if (key := part.strip().casefold()) in keys}
    activities = sorted(key for key in named if "." in key)
    modules = {key.partition(".")[0] for key in named}
    if len(modules) != 1 or len(activities) > 1:
        return "", ""
    return modules.pop(), activities[0] if activities else ""


def checked(row: Row) -> Row:
    """The row, where its texts can be kept. Raises Refused."""
    for name, text, longest in (
        ("A note", row.note, LONGEST_NOTE),
        ("A subject", row.subject, LONGEST_SUBJECT),
        ("A source_id", row.source_id, LONGEST_SOURCE_ID),
    ):
        if len(text) > longest:
            raise Refused(f"{name} has at most {longest:,} characters; “{shown(text)}” has {len(text):,}.")
        if any(char == "\0" or "\ud800" <= char <= "\udfff" for char in text):
            raise Refused(f"“{shown(text)}” holds a NUL or half a character, which no text has.")
    return row
