"""How lengths, days and foreign text are written in a terminal. Pure."""

import unicodedata
from datetime import date

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
# Marks that turn the direction of writing; unclosed, they reorder what stands around them.
_TURNS_WRITING = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def plain(text: object) -> str:
    """Text of another machine in one line, fit for a terminal.

    A control character could move the cursor, colour the rest or write into the clipboard; all go, with the
    escape sequence's letters left to be seen. Line ends and tabs become a space.
    """
    kept = []
    for sign in str(text):
        kind = unicodedata.category(sign)
        if sign in "\n\r\t" or kind in ("Zl", "Zp"):
            kept.append(" ")
        elif kind not in ("Cc", "Cs") and sign not in _TURNS_WRITING:
            kept.append(sign)
    return "".join(kept).strip()


def shortened(text: str, longest: int = 200) -> str:
    """The beginning of a long text, with a mark that it goes on."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def hours(minutes: int) -> str:
    """A length as people write it: `50 min`, `4 h`, `4 h 10`."""
    whole, rest = divmod(abs(minutes), 60)
    sign = "-" if minutes < 0 else ""
    if not whole:
        return f"{sign}{rest} min"
    return f"{sign}{whole} h {rest:02}" if rest else f"{sign}{whole} h"


def long_date(day: date) -> str:
    """`Thu 19 Nov 2026`."""
    return f"{WEEKDAYS[day.weekday()]} {day.day} {MONTHS[day.month - 1]} {day.year}"


def count(number: int, one: str, many: str) -> str:
    """`1 line`, `3 lines`."""
    return f"{number} {one if number == 1 else many}"
