"""Logged study, as the learner saw it: minutes, local day and zone. The timer; and study from files."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from tracker.people.models import ApiToken


class StudySession(models.Model):
    """One stretch of study. `studied_on` is the day in the learner's calendar, `zone` the zone it was in."""

    class Source(models.TextChoices):
        PAGE = "page", "Logged on a page"
        TIMER = "timer", "Logged with the timer"
        MAIL = "mail", "Logged from mail"
        API = "api", "Logged by a program"
        IMPORT = "import", "Imported"

    learner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="study_sessions")
    minutes = models.PositiveSmallIntegerField()
    studied_on = models.DateField()
    zone = models.CharField(max_length=64)
    # Keys of the curriculum, empty for study outside it. A module is kept even where no activity is named.
    module_key = models.CharField(max_length=80, blank=True)
    activity_key = models.CharField(max_length=120, blank=True)
    note = models.TextField(blank=True, max_length=4000)
    confidence = models.PositiveSmallIntegerField(null=True, blank=True)
    source = models.CharField(max_length=10, choices=Source, default=Source.PAGE)
    # The program that logged it, which may take it back.
    logged_with = models.ForeignKey(
        ApiToken, models.SET_NULL, null=True, blank=True, db_index=False, related_name="study_sessions"
    )
    # The file that it came in with, which may be taken back as a whole.
    import_batch = models.ForeignKey(
        "ImportBatch", models.SET_NULL, null=True, blank=True, db_index=False, related_name="study_sessions"
    )
    logged_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True, blank=True)
    # Made by the form that was shown: the same form sent twice logs once.
    submission = models.UUIDField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(minutes__gte=1, minutes__lte=1440), name="session_within_a_day"
            ),
            models.CheckConstraint(
                condition=Q(confidence__isnull=True) | Q(confidence__gte=1, confidence__lte=5),
                name="confidence_1_to_5",
            ),
            models.CheckConstraint(
                condition=Q(source__in=["page", "timer", "mail", "api", "import"]),
                name="session_source_known",
            ),
            models.UniqueConstraint(fields=["learner", "submission"], name="a_form_logs_once"),
        ]
        indexes = [
            models.Index(fields=["learner", "-studied_on", "-id"], name="sessions_by_day"),
            # Both sums of the today page are answered from the index alone.
            models.Index(
                fields=["learner", "activity_key", "minutes"],
                name="minutes_by_activity",
                condition=Q(deleted_at__isnull=True),
            ),
            models.Index(
                fields=["learner", "studied_on", "activity_key", "minutes"],
                name="minutes_by_day",
                condition=Q(deleted_at__isnull=True),
            ),
            # For the day on which a token goes with its learner; most sessions were logged without one.
            models.Index(
                fields=["logged_with"],
                name="sessions_by_program",
                condition=Q(logged_with__isnull=False),
            ),
            models.Index(
                fields=["import_batch"],
                name="sessions_by_import",
                condition=Q(import_batch__isnull=False),
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


class Timer(models.Model):
    """The learner's timer: running (`running_since`), paused (neither), or stopped and waiting to be logged.

    `banked_seconds` are those of the stretches before `running_since`. `started_on` is the day in the
    learner's calendar on which it was started: what it measures belongs to that day. The session that comes
    of it has its `submission`; logging it takes the timer away.
    """

    learner = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="timer")
    module_key = models.CharField(max_length=80, blank=True)
    activity_key = models.CharField(max_length=120, blank=True)
    started_at = models.DateTimeField()
    started_on = models.DateField()
    running_since = models.DateTimeField(null=True, blank=True)
    banked_seconds = models.PositiveIntegerField(default=0)
    stopped_at = models.DateTimeField(null=True, blank=True)
    submission = models.UUIDField(default=uuid.uuid4, unique=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(running_since__isnull=True) | Q(stopped_at__isnull=True),
                name="a_stopped_timer_does_not_run",
            ),
        ]

    def __str__(self) -> str:
        return f"since {self.started_at:%Y-%m-%d %H:%M}"


class WaitingFile(models.Model):
    """A file that a learner sent to import, until they have seen what it would do and said yes.

    It waits in the database, where every web process finds it and nobody has to trust what a browser sends
    back: for an hour at most (`tasks.forget_waiting_files` takes away what is older), one a learner, a newer
    one in place of the older. Its number is in the address of its preview, which is a 404 to all others.

    `day_first`, `person` and `subjects` are the learner's answers: how 03/04/2026 is meant, whose time it is,
    and by folded subject the key of what it is on. None, and "", until they were asked.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    learner = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="waiting_file")
    name = models.CharField(max_length=120)
    content = models.BinaryField()
    uploaded_at = models.DateTimeField(db_index=True)
    day_first = models.BooleanField(null=True, blank=True)
    person = models.TextField(blank=True)
    subjects = models.JSONField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name


class ImportBatch(models.Model):
    """One import: what it came from, what it did. Its sessions can be taken back together.

    `waiting_id` is the number that the file had while it waited: it is imported once. Sessions that went with
    the import have its `taken_back_at` as their `deleted_at`, by which they are known from those that were
    deleted one by one.
    """

    learner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="import_batches")
    waiting_id = models.UUIDField(unique=True)
    made_at = models.DateTimeField()
    file_name = models.CharField(max_length=120)
    made_by = models.CharField(max_length=20)
    sessions = models.PositiveIntegerField()
    minutes = models.PositiveIntegerField()
    there_already = models.PositiveIntegerField()
    refused = models.PositiveIntegerField()
    taken_back_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["learner", "-made_at"], name="imports_in_order")]

    def __str__(self) -> str:
        return f"{self.file_name}: {self.sessions} sessions"
