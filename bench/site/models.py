"""One table, as any tracker has it. It has no migrations: `migrate --run-syncdb` makes it."""

from typing import ClassVar

from django.conf import settings
from django.db import models


class Entry(models.Model):
    """One line in a person's book."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, db_index=False)
    kind = models.CharField(max_length=20)
    title = models.CharField(max_length=100)
    day_on = models.DateField()
    amount = models.FloatField()
    state = models.CharField(max_length=10)

    objects: ClassVar[models.Manager["Entry"]] = models.Manager()

    class Meta:
        indexes = [
            models.Index(fields=["user", "day_on"], name="entry_user_day"),
            models.Index(fields=["user", "kind", "day_on"], name="entry_user_kind_day"),
            models.Index(fields=["user", "state", "day_on"], name="entry_user_state_day"),
        ]
