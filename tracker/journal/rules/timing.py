"""The timer's arithmetic. Pure: every moment is given."""

from datetime import datetime

FORGOTTEN_MINUTES = 6 * 60
"""A timer that ran for longer asks what really happened."""


def elapsed_seconds(banked_seconds: int, running_since: datetime | None, now: datetime) -> int:
    """What the timer has measured; a clock that was set back measures nothing."""
    running = (now - running_since).total_seconds() if running_since else 0
    return banked_seconds + max(0, int(running))


def minutes_of(seconds: int) -> int:
    """Seconds as whole minutes, the nearest, at least one."""
    return max(1, (seconds + 30) // 60)


def is_forgotten(seconds: int) -> bool:
    """Whether it ran longer than anybody studies at a stretch."""
    return seconds > FORGOTTEN_MINUTES * 60


def asks_what_happened(seconds: int) -> str:
    """What is asked of a timer that was forgotten; empty where it was not."""
    if not is_forgotten(seconds):
        return ""
    whole, rest = divmod(minutes_of(seconds), 60)
    said = f"{whole} h {rest:02}" if rest else f"{whole} h"
    return f"The timer ran for {said}. How long did you study?"
