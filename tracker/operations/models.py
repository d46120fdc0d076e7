"""What the instance knows of its own running."""

from django.db import models


class Heartbeat(models.Model):
    """The last moment a periodic task was seen at work."""

    name = models.CharField(max_length=40, unique=True)
    beat_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name}: {self.beat_at:%Y-%m-%d %H:%M:%S}"
