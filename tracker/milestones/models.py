"""What finishing a module proves: criteria ticked with their backing, and the record frozen at completion."""

from django.conf import settings
from django.db import models
from django.db.models import Q


class CriterionTick(models.Model):
    """A criterion claimed as met, backed by at least a link or a note."""

    learner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="criterion_ticks")
    criterion_key = models.CharField(max_length=120)
    link = models.URLField(max_length=500, blank=True)
    note = models.TextField(max_length=4000, blank=True)
    ticked_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["learner", "criterion_key"], name="one_tick_per_criterion"),
            models.CheckConstraint(condition=~Q(link="") | ~Q(note=""), name="tick_is_backed"),
        ]

    def __str__(self) -> str:
        return self.criterion_key


class Completion(models.Model):
    """A completed milestone. `snapshot` is canonical JSON, written once and never changed."""

    learner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="completions")
    module_key = models.CharField(max_length=80)
    track_key = models.CharField(max_length=80)
    revision = models.PositiveIntegerField()
    completed_on = models.DateField()
    completed_at = models.DateTimeField()
    snapshot = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["learner", "module_key"], name="one_completion_per_milestone"),
        ]
        indexes = [models.Index(fields=["learner", "-completed_on", "-id"], name="completions_by_day")]

    def __str__(self) -> str:
        return f"{self.module_key} on {self.completed_on}"
