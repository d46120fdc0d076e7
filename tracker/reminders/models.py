"""The weekly mail: who wants it, and one row for every learner and ISO week that says what became of it."""

from django.conf import settings
from django.db import models
from django.db.models import Q

# A mail that never came: refused for good, or put off until it was too late. Query and index say it in the
# same words, which is what a partial index asks for; "latf" is what follows all that begins with "late".
NEVER_CAME = Q(state="failed") | Q(state="skipped", reason__gte="late", reason__lt="latf")


class Recipient(models.Model):
    """When a learner wants the weekly mail, and the state of their consent.

    `next_due_at` is empty while no mail is wanted; `zone` is the one it was reckoned in. The unsubscribe
    token can do nothing but end this mail, so it is kept as it is and outlives a rotated SECRET_KEY.
    """

    class Rhythm(models.TextChoices):
        WEEKLY = "weekly", "Every week"
        MONTHLY = "monthly", "Once a month"

    learner = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="recipient")
    weekday = models.PositiveSmallIntegerField()  # ISO: Monday is 1
    hour = models.PositiveSmallIntegerField()
    # Once a month is the first such day of a month: the claims go on week by week, the others are skipped.
    rhythm = models.CharField(max_length=10, choices=Rhythm, default=Rhythm.WEEKLY)
    consented_at = models.DateTimeField(null=True, blank=True)
    unsubscribed_at = models.DateTimeField(null=True, blank=True)
    unsubscribe_token = models.CharField(max_length=64, unique=True)
    # A mail to this address came back for good; another confirmed address, or saving the choice, ends it.
    bounced_at = models.DateTimeField(null=True, blank=True)
    bounced_address = models.CharField(max_length=254, blank=True)
    bounced_reason = models.CharField(max_length=200, blank=True)
    bounced_mail = models.CharField(max_length=120, blank=True)  # its Message-ID
    next_due_at = models.DateTimeField(null=True, blank=True)
    zone = models.CharField(max_length=64, default="UTC")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(weekday__gte=1, weekday__lte=7), name="iso_weekday"),
            models.CheckConstraint(condition=Q(hour__lte=23), name="hour_of_day"),
            models.CheckConstraint(condition=Q(rhythm__in=["weekly", "monthly"]), name="rhythm_is_known"),
        ]
        indexes = [
            models.Index(
                fields=["next_due_at"], name="recipients_due", condition=Q(next_due_at__isnull=False)
            ),
            models.Index(
                fields=["-bounced_at"], name="recipients_bounced", condition=Q(bounced_at__isnull=False)
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
        ASKED_FOR = "asked-for", "Asked for"

    # Its index is that of one_reminder_per_iso_week, which begins with it.
    learner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, db_index=False, related_name="reminders"
    )
    iso_year = models.PositiveSmallIntegerField()
    iso_week = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=20, choices=Kind, default=Kind.PROGRESS)
    channel = models.CharField(
        max_length=10, default="mail", db_default="mail"
    )  # last tried by: Channel.Kind
    state = models.CharField(max_length=20, choices=State)
    reason = models.CharField(max_length=300, blank=True)
    # Of learner, week and kind, so that it is unique as they are; written as the hand-over begins.
    message_id = models.CharField(max_length=120, blank=True)
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
            models.Index(fields=["-finished_at"], name="reminders_never_came", condition=NEVER_CAME),
            models.Index(fields=["-finished_at"], name="reminders_unknown", condition=Q(state="unknown")),
        ]

    def __str__(self) -> str:
        return f"{self.iso_year}-W{self.iso_week:02}: {self.state}"

    @property
    def channel_word(self) -> str:
        """What it was last tried by, where that is not mail: `ntfy`, `web hook`; else empty."""
        return "" if self.channel == Channel.Kind.MAIL else Channel.Kind(self.channel).label.lower()


class MailTrial(models.Model):
    """The last test mail that a member of staff asked for: one row each, written over by the next.

    No reminder: it is of no week, and nothing that counts reminders sees it. `number` says which asking it
    is, so that a message of the queue that comes late or twice sends nothing.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        HANDING_OVER = "handing_over", "Handing over"
        SENT = "sent", "Sent"
        FAILED = "failed", "Failed"
        UNKNOWN = "unknown", "Unknown"

    learner = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="mail_trial")
    number = models.PositiveIntegerField(default=1)
    asked_at = models.DateTimeField(db_index=True)
    state = models.CharField(max_length=20, choices=State, default=State.WAITING)
    reason = models.CharField(max_length=300, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "handing_over", "sent", "failed", "unknown"]),
                name="trial_state_is_known",
            ),
        ]

    def __str__(self) -> str:
        return f"test mail {self.number}: {self.state}"


class CalendarFeed(models.Model):
    """Where a calendar program reads a learner's plan: the hash of its token, empty while there is none.

    `uid_secret` is what UIDs are made with; it outlives an address, so that a new one brings the same events.
    `content_hash` is of what was last read; `sequence` and `changed_at` say how often that was something
    else, and when it first was.
    """

    learner = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="calendar_feed")
    token_hash = models.CharField(max_length=64, blank=True)
    uid_secret = models.CharField(max_length=64)
    made_at = models.DateTimeField()
    # Written at most once an hour, and when something is new.
    last_read_at = models.DateTimeField(null=True, blank=True)
    content_hash = models.CharField(max_length=64, blank=True)
    sequence = models.PositiveIntegerField(default=0)
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["token_hash"], condition=~Q(token_hash=""), name="one_feed_per_token"
            ),
        ]

    def __str__(self) -> str:
        return f"calendar feed of {self.made_at:%Y-%m-%d}"


class Channel(models.Model):
    """Where a learner's weekly message goes. Without a row, by mail; a channel is used once it is confirmed.

    `secret` signs what goes to a web hook, or is the access token of a topic of ntfy: both have to be sent or
    computed with, so they are kept as they are. A test brings `confirm_token`, which the learner types to
    confirm. `number` says which test it is, so that a message of the queue that comes late or twice sends
    nothing. A row goes back to mail and stays, for it also says when the last test was.
    """

    class Kind(models.TextChoices):
        MAIL = "mail", "Mail"
        NTFY = "ntfy", "ntfy"
        HOOK = "web-hook", "Web hook"

    class Trial(models.TextChoices):
        NONE = "none", "None"
        WAITING = "waiting", "Waiting"
        HANDING_OVER = "handing_over", "Handing over"
        SENT = "sent", "Sent"
        FAILED = "failed", "Failed"
        UNKNOWN = "unknown", "Unknown"

    learner = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="channel")
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.MAIL)
    address = models.CharField(max_length=500, blank=True)
    secret = models.CharField(max_length=200, blank=True)
    chosen_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, blank=True)
    # It refused a message for good: from then on it is mail again, until the next confirmed test.
    failed_at = models.DateTimeField(null=True, blank=True)
    failed_reason = models.CharField(max_length=300, blank=True)
    number = models.PositiveIntegerField(default=0)
    confirm_token = models.CharField(max_length=16, blank=True)
    tested_at = models.DateTimeField(null=True, blank=True)
    trial = models.CharField(max_length=20, choices=Trial, default=Trial.NONE)
    trial_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="mail", address="", secret="", confirmed_at__isnull=True)
                | (Q(kind__in=["ntfy", "web-hook"]) & ~Q(address="")),
                name="channel_has_an_address_or_is_mail",
            ),
            models.CheckConstraint(
                condition=~Q(kind="web-hook") | ~Q(secret=""), name="web_hook_has_a_secret"
            ),
            models.CheckConstraint(
                condition=Q(confirmed_at__isnull=True) | Q(failed_at__isnull=True),
                name="channel_in_use_has_not_failed",
            ),
            models.CheckConstraint(
                condition=Q(trial__in=["none", "waiting", "handing_over", "sent", "failed", "unknown"]),
                name="channel_trial_is_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {'in use' if self.confirmed_at else 'not in use'}"

    @property
    def words(self) -> str:
        """What it is called in a sentence."""
        return {"ntfy": "ntfy", "web-hook": "your web hook"}.get(self.kind, "mail")
