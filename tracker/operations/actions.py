"""What the instance notes of its own running."""

from datetime import datetime

from tracker.operations.models import Heartbeat


def beat(name: str, now: datetime) -> None:
    """Notes that the periodic task `name` was at work at `now`. One statement, whoever comes first."""
    Heartbeat.objects.bulk_create(
        [Heartbeat(name=name, beat_at=now)],
        update_conflicts=True,
        unique_fields=["name"],
        update_fields=["beat_at"],
    )
