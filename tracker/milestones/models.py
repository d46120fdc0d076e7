"""What finishing a module proves: criteria ticked with their backing, and the record frozen at completion."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from tracker.milestones.rules.retrospective import LONGEST

NAME_LENGTH = 120


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
    """A completed milestone. `snapshot` is canonical JSON, written once; the database refuses to change it.

    `number` counts the completions of one milestone from 1. `reopened_at` is when the milestone was opened
    again: the record stays, as an earlier completion. At most one of a milestone stands.
    """

    learner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="completions")
    module_key = models.CharField(max_length=80)
    number = models.PositiveIntegerField(default=1)
    track_key = models.CharField(max_length=80)
    revision = models.PositiveIntegerField()
    completed_on = models.DateField()
    completed_at = models.DateTimeField()
    reopened_at = models.DateTimeField(null=True, blank=True)
    snapshot = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["learner", "module_key", "number"], name="one_completion_a_number"
            ),
            models.UniqueConstraint(
                fields=["learner", "module_key"],
                condition=Q(reopened_at__isnull=True),
                name="one_completion_stands",
            ),
            models.CheckConstraint(condition=Q(number__gte=1), name="completions_count_from_1"),
        ]
        indexes = [models.Index(fields=["learner", "-completed_on", "-id"], name="completions_by_day")]

    def __str__(self) -> str:
        return f"{self.module_key} on {self.completed_on}"


class Confirmation(models.Model):
    """A mentor's word that a completion holds. `name` is as they gave it."""

    completion = models.ForeignKey(Completion, models.CASCADE, related_name="confirmations")
    name = models.CharField(max_length=NAME_LENGTH)
    note = models.TextField(max_length=LONGEST, blank=True)
    confirmed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["completion", "name"], name="one_confirmation_a_name"),
            models.CheckConstraint(condition=~Q(name=""), name="confirmed_by_a_name"),
        ]

    def __str__(self) -> str:
        return self.name


class Retrospective(models.Model):
    """A learner's answers to the questions of a completion (`rules.retrospective`), as Markdown."""

    completion = models.OneToOneField(Completion, models.CASCADE, related_name="retrospective")
    surprised = models.TextField(max_length=LONGEST, blank=True)
    weak = models.TextField(max_length=LONGEST, blank=True)
    next_step = models.TextField(max_length=LONGEST, blank=True)
    # None where there are additions alone.
    answered_at = models.DateTimeField(null=True, blank=True)
    # Chosen for the year in review.
    is_starred = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"retrospective of {self.completion_id}"


class RetrospectiveAddition(models.Model):
    """What was added later. Rows are only ever added."""

    retrospective = models.ForeignKey(Retrospective, models.CASCADE, related_name="additions")
    text = models.TextField(max_length=LONGEST)
    added_on = models.DateField()
    added_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(text=""), name="addition_says_something")]
        indexes = [models.Index(fields=["retrospective", "added_at"], name="additions_in_order")]

    def __str__(self) -> str:
        return f"{self.added_on}"
