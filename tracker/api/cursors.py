"""Where a page of a list ends: a place in words of ASCII, made unreadable so that nobody builds on it."""

import base64
import binascii

from tracker.api.problems import Problem, refused


def cursor_of(day: str, identity: object) -> str:
    """The cursor of what comes after this row of this day or moment. The identity holds no dot."""
    place = f"{day}.{identity}"
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


def place_of(cursor: str) -> tuple[str, str]:
    """Day or moment, and identity of the row that a cursor stands after. Raises the 422."""
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        day, _, identity = (
            base64.b64decode(padded, altchars=b"-_", validate=True).decode("ascii").rpartition(".")
        )
    except (ValueError, binascii.Error):
        raise no_cursor() from None
    return day, identity


def no_cursor() -> Problem:
    """The 422 of a cursor that was made up."""
    return refused(("cursor", "This is no cursor that was given out."))
