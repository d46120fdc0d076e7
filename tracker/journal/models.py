"""Logged study, as the learner saw it: minutes, local day and zone."""

from django.conf import settings
from django.db import models


class StudySession(models.Model):
    """One stretch of study. `studied_on` is the day in the learner's calendar, `zone` the zone it was in."""

    learner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="study_sessions")
    minutes = models.PositiveSmallIntegerField()
    studied_on = models.DateField()
    zone = models.CharField(max_length=64)
    # Keys of the curriculum, empty for study outside it. A module is kept even where no activity is named.
    module_key = models.CharField(max_length=80, blank=True)
    activity_key = models.CharField(max_length=120, blank=True)
    note = models.TextField(blank=True, max_length=4000)
    confidence = models.PositiveSmallIntegerField(null=True, blank=True)
    logged_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True, blank=True)
    # Made by the form that was shown: the same form sent twice logs once.
    submission = models.UUIDField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(minutes__gte=1, minutes__lte=1440), name="session_within_a_day"
            ),
            models.CheckConstraint(
                condition=models.Q(confidence__isnull=True) | models.Q(confidence__gte=1, confidence__lte=5),
                name="confidence_1_to_5",
            ),
            models.UniqueConstraint(fields=["learner", "submission"], name="a_form_logs_once"),
        ]
        indexes = [
            models.Index(fields=["learner", "-studied_on", "-id"], name="sessions_by_day"),
            # Both sums of the today page are answered from the index alone.
            models.Index(
                fields=["learner", "activity_key", "minutes"],
                name="minutes_by_activity",
                condition=models.Q(deleted_at__isnull=True),
            ),
            models.Index(
                fields=["learner", "studied_on", "activity_key", "minutes"],
                name="minutes_by_day",
                condition=models.Q(deleted_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.minutes} min on {self.studied_on}"


class SessionCorrection(models.Model):
    """What a session said before it was corrected. Rows are only ever added."""

    session = models.ForeignKey(StudySession, models.CASCADE, related_name="corrections")
    corrected_at = models.DateTimeField()
    minutes = models.PositiveSmallIntegerField()
    studied_on = models.DateField()
    module_key = models.CharField(max_length=80, blank=True)
    activity_key = models.CharField(max_length=120, blank=True)
    note = models.TextField(blank=True, max_length=4000)
    confidence = models.PositiveSmallIntegerField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["session", "corrected_at"], name="corrections_in_order")]
