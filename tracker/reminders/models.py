"""The weekly mail: who wants it, and one row for every learner and ISO week that says what became of it."""

from django.conf import settings
from django.db import models
from django.db.models import Q


class Recipient(models.Model):
    """When a learner wants the weekly mail, and the state of their consent.

    `next_due_at` is empty while no mail is wanted; `zone` is the one it was reckoned in. The unsubscribe
    token can do nothing but end this mail, so it is kept as it is and outlives a rotated SECRET_KEY.
    """

    learner = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="recipient")
    weekday = models.PositiveSmallIntegerField()  # ISO: Monday is 1
    hour = models.PositiveSmallIntegerField()
    consented_at = models.DateTimeField(null=True, blank=True)
    unsubscribed_at = models.DateTimeField(null=True, blank=True)
    unsubscribe_token = models.CharField(max_length=64, unique=True)
    bounced_at = models.DateTimeField(null=True, blank=True)
    next_due_at = models.DateTimeField(null=True, blank=True)
    zone = models.CharField(max_length=64, default="UTC")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(weekday__gte=1, weekday__lte=7), name="iso_weekday"),
            models.CheckConstraint(condition=Q(hour__lte=23), name="hour_of_day"),
        ]
        indexes = [
            models.Index(
                fields=["next_due_at"], name="recipients_due", condition=Q(next_due_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"weekday {self.weekday} at {self.hour:02}:00"


class Consent(models.Model):
    """Each time consent was given or taken back, with the words that stood beside the box. Only added to."""

    learner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="consents")
    at = models.DateTimeField()
    given = models.BooleanField()
    wording = models.TextField()
    place = models.CharField(max_length=40)  # start, settings, unsubscribe

    class Meta:
        indexes = [models.Index(fields=["learner", "at"], name="consents_in_order")]


class Reminder(models.Model):
    """One mail to one learner for one ISO week: claimed, handing over, then a final state with its reason."""

    class State(models.TextChoices):
        CLAIMED = "claimed", "Claimed"
        HANDING_OVER = "handing_over", "Handing over"
        SENT = "sent", "Sent"
        FAILED = "failed", "Failed"
        SKIPPED = "skipped", "Skipped"
        UNKNOWN = "unknown", "Unknown"

    class Kind(models.TextChoices):
        PROGRESS = "progress", "Weekly progress"

    learner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="reminders")
    iso_year = models.PositiveSmallIntegerField()
    iso_week = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=20, choices=Kind, default=Kind.PROGRESS)
    state = models.CharField(max_length=20, choices=State)
    reason = models.CharField(max_length=300, blank=True)
    message_id = models.CharField(max_length=120, unique=True)
    due_at = models.DateTimeField()
    claimed_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    not_before = models.DateTimeField()  # the back-off after a refusal for now
    lease_token = models.UUIDField(null=True, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)
    handed_over_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    # The page that logs study from this mail: the hash of its token (empty: void), what it may name, the
    # password it was made under, and the submissions it was used for.
    log_token_hash = models.CharField(max_length=64, blank=True)
    log_activities = models.JSONField(default=list)
    log_password_stamp = models.CharField(max_length=64, blank=True)
    log_submissions = models.JSONField(default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["learner", "iso_year", "iso_week", "kind"], name="one_reminder_per_iso_week"
            ),
            models.CheckConstraint(condition=Q(iso_week__gte=1, iso_week__lte=53), name="iso_week_1_to_53"),
            models.CheckConstraint(
                condition=Q(state__in=["claimed", "handing_over", "sent", "failed", "skipped", "unknown"]),
                name="reminder_state_is_known",
            ),
            models.UniqueConstraint(
                fields=["log_token_hash"], condition=~Q(log_token_hash=""), name="one_mail_per_log_token"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["failed", "skipped", "unknown"]) | ~Q(reason=""),
                name="no_mail_without_a_reason",
            ),
        ]
        indexes = [
            models.Index(fields=["not_before", "id"], name="reminders_claimed", condition=Q(state="claimed")),
            models.Index(
                fields=["leased_until"], name="reminders_handing_over", condition=Q(state="handing_over")
            ),
            models.Index(fields=["-claimed_at"], name="reminders_latest"),
        ]

    def __str__(self) -> str:
        return f"{self.iso_year}-W{self.iso_week:02}: {self.state}"
