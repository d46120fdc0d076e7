"""Weeks, lengths and days of study. Pure."""

import re
from dataclasses import dataclass
from datetime import date, timedelta

LONGEST_MINUTES = 1440
EARLIEST = date(2000, 1, 1)
# How a day is typed: as browsers send it. Django by itself would also read 05/11/2026, as the 11th of May.
DAY_FORMATS = ("%Y-%m-%d",)


@dataclass(frozen=True, slots=True, order=True)
class Week:
    """An ISO week in the learner's calendar, half-open: `[first_on, until_on)`, Monday to Monday."""

    first_on: date

    @property
    def until_on(self) -> date:
        return self.first_on + timedelta(days=7)

    @property
    def last_on(self) -> date:
        """The Sunday."""
        return self.first_on + timedelta(days=6)

    @property
    def days(self) -> tuple[date, ...]:
        return tuple(self.first_on + timedelta(days=n) for n in range(7))

    def __contains__(self, day: date) -> bool:
        return self.first_on <= day < self.until_on

    def shifted(self, weeks: int) -> "Week":
        """The week so many weeks later, or earlier."""
        return Week(self.first_on + timedelta(weeks=weeks))


def week_of(day: date) -> Week:
    """The one function that says which week a day is in."""
    return Week(day - timedelta(days=day.weekday()))


_LENGTHS = (
    re.compile(r"(?P<m>\d{1,4})\s*(?:m|min|mins|minutes?)?"),
    re.compile(r"(?P<h>\d{1,3}):(?P<m>[0-5]?\d)"),
    re.compile(r"(?P<h>\d{1,3})\s*(?:h|hrs?|hours?)(?:\s*(?P<m>[0-5]?\d)\s*(?:m|min|mins|minutes?)?)?"),
    re.compile(r"(?P<f>\d{1,2}[.,]\d{1,2})\s*(?:h|hrs?|hours?)"),
)


class NotALength(ValueError):
    """What was typed cannot be read as a length at all."""


def minutes_after_point(text: str) -> int:
    """The minutes of `1.30` read as `1:30`, where that can be meant as well as the decimal; else 0.

    `1.5`, `1.25` and `1.50` are decimals, `1.05` to `1.55` in steps of five can be either.
    """
    match = re.fullmatch(r"(\d{1,2})[.,]([0-5][05])", text.strip())
    if not match or match[2] in {"00", "25", "50"}:
        return 0
    return int(match[1]) * 60 + int(match[2])


def read_minutes(text: str) -> int:
    """A length of study in minutes: `45`, `45m`, `1:30`, `1 h 30`, `1.5h`.

    Raises ValueError with a sentence for the learner; NotALength where nothing can be read from it.
    """
    said = text.strip().lower().replace("\N{NO-BREAK SPACE}", " ")
    for pattern in _LENGTHS:
        if match := pattern.fullmatch(said):
            parts = match.groupdict()
            if parts.get("f"):
                if other := minutes_after_point(parts["f"]):
                    decimal = round(float(parts["f"].replace(",", ".")) * 60)
                    raise ValueError(
                        f"“{text.strip()[:40]}” can be {other} minutes or {decimal}. "
                        f"Write {other // 60}:{other % 60:02}, or {decimal} min."
                    )
                minutes = round(float(parts["f"].replace(",", ".")) * 60)
            else:
                minutes = int(parts.get("h") or 0) * 60 + int(parts.get("m") or 0)
            break
    else:
        if re.fullmatch(r"[-\N{MINUS SIGN}]\s*\d.*", said):
            raise ValueError("Study takes at least one minute; a negative length cannot be logged.")
        shown = text.strip()[:40]
        raise NotALength(
            f"“{shown}” is not a length. Write minutes, such as 45, or hours, such as 1:30 or 1 h 30."
        )
    if minutes < 1:
        raise ValueError("Study takes at least one minute.")
    if minutes > LONGEST_MINUTES:
        raise ValueError("A day has 24 hours. Log what was studied on each day on its own.")
    return minutes


def refuse_day(day: date, today: date) -> str:
    """Why nothing can be logged on `day`; empty where it can."""
    if day > today:
        return "That day is still to come. Study is logged once it happened."
    if day < EARLIEST:
        return "That day is too long ago."
    return ""


WAITS_AT_MOST = timedelta(days=60)
"""How long a session may wait on a device before its day is asked again."""


def refuse_typed(typed_on: date, today: date) -> str:
    """Why the day on which a session was typed cannot be believed; empty where it can.

    A device may stand a day ahead of the learner's own calendar, further east.
    """
    if typed_on > today + timedelta(days=1):
        return "The calendar of this device is ahead. Say which day it was."
    if typed_on < today - WAITS_AT_MOST:
        return "This has waited for more than 60 days. Say which day it was."
    return ""


UNUSUAL_MINUTES = 16 * 60
"""A day with more is kept, and asked about."""


def asks_about(minutes: int, day: date) -> str:
    """What is asked of a day with so many minutes in all; empty where nothing is unusual."""
    if minutes <= UNUSUAL_MINUTES:
        return ""
    whole, rest = divmod(minutes, 60)
    said = f"{whole} h {rest:02}" if rest else f"{whole} h"
    return f"With this, {day:%Y-%m-%d} has {said}. Is that right?"


def refuse_more(minutes: int, logged: int) -> str:
    """Why so many minutes cannot be added to a day that has `logged` already; empty where they can."""
    if minutes + logged <= LONGEST_MINUTES:
        return ""
    return "A day has 24 hours, and with this one that day would have more."
