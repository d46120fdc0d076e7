"""The only reader of the clock. Views, tasks and commands call it once and pass the value down."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo


def now() -> datetime:
    """The present instant, aware, in UTC."""
    return datetime.now(UTC)  # noqa: TID251 - this is the one place


def today(zone: ZoneInfo) -> date:
    """The present day as the calendar in `zone` has it."""
    return now().astimezone(zone).date()
