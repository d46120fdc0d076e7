"""What is asked when a milestone is completed, and until when an answer can be changed. Pure."""

from datetime import datetime, timedelta

EDITABLE_FOR = timedelta(days=7)
"""From the moment of completion. A length of time, the same in every zone and over a change of the clocks."""
LONGEST = 2_000
"""Characters of an answer, and of an addition."""
QUESTIONS: tuple[tuple[str, str], ...] = (
    ("surprised", "What surprised you?"),
    ("weak", "What is still weak?"),
    ("next_step", "What comes next?"),
)
"""Field and question, in order."""


def editable_until(completed_at: datetime) -> datetime:
    """The moment from which the answers are frozen."""
    return completed_at + EDITABLE_FOR


def is_editable(completed_at: datetime, now: datetime) -> bool:
    """Whether the answers can still be changed."""
    return now < editable_until(completed_at)
