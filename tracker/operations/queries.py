"""What the instance has noted of its own running."""

from datetime import datetime

from tracker.operations.models import Heartbeat


def last_beat(name: str) -> datetime | None:
    """When the periodic task `name` was last at work; None where it never was. One query by an index."""
    return Heartbeat.objects.filter(name=name).values_list("beat_at", flat=True).first()
