"""The learner's own dated copy of a track. The schedule itself is derived, never stored."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

DAY_FIELDS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class Plan(models.Model):
    """The inputs of a schedule: track, revision, start, minutes for each weekday, target.

    `left_out` holds the keys of activities that the track asks for and this learner does not do.
    `agreed_on` is the last day of the layout as it was when the plan was last changed by a click, with
    `agreed_spare_minutes` of it unused: nothing unfinished moves up before it without another click. Empty
    where that layout had no end. `deferred` holds, by activity key, the ISO day on which "not this week" was
    said: a column and no table, since Today reads it with the plan. `uses_own_ratio`: the forecast multiplies
    what is left by the ratio of real to planned hours that the learner has shown.

    A learner has at most one active plan; earlier ones stay with `ended_at`.
    """

    class Order(models.TextChoices):
        ONE_BY_ONE = "one-by-one", "One module after the other"
        SIDE_BY_SIDE = "side-by-side", "Independent modules side by side"

    learner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="plans")
    track_key = models.CharField(max_length=80)
    revision = models.PositiveIntegerField()
    start_on = models.DateField()
    target_on = models.DateField(null=True, blank=True)
    monday_minutes = models.PositiveSmallIntegerField()
    tuesday_minutes = models.PositiveSmallIntegerField()
    wednesday_minutes = models.PositiveSmallIntegerField()
    thursday_minutes = models.PositiveSmallIntegerField()
    friday_minutes = models.PositiveSmallIntegerField()
    saturday_minutes = models.PositiveSmallIntegerField()
    sunday_minutes = models.PositiveSmallIntegerField()
    order = models.CharField(max_length=20, choices=Order, default=Order.ONE_BY_ONE)
    uses_own_ratio = models.BooleanField(default=True)
    left_out = models.JSONField(default=list)
    agreed_on = models.DateField(null=True, blank=True)
    agreed_spare_minutes = models.PositiveSmallIntegerField(default=0)
    deferred = models.JSONField(default=dict)
    made_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["learner"], condition=Q(ended_at__isnull=True), name="one_active_plan_per_learner"
            ),
            *(
                models.CheckConstraint(
                    condition=Q(**{f"{day}_minutes__lte": 1440}), name=f"{day}_within_a_day"
                )
                for day in DAY_FIELDS
            ),
            models.CheckConstraint(
                condition=Q(target_on__isnull=True) | Q(target_on__gte=F("start_on")),
                name="target_not_before_start",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.track_key} from {self.start_on}"

    @property
    def weekday_minutes(self) -> tuple[int, ...]:
        """Minutes for each weekday, Monday first."""
        return tuple(getattr(self, f"{day}_minutes") for day in DAY_FIELDS)


class Pause(models.Model):
    """Time off, half-open `[first_on, until_on)`; an empty end is open."""

    plan = models.ForeignKey(Plan, models.CASCADE, related_name="pauses")
    first_on = models.DateField()
    until_on = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(until_on__isnull=True) | Q(until_on__gt=F("first_on")), name="pause_has_days"
            ),
            models.UniqueConstraint(fields=["plan", "first_on"], name="one_pause_per_first_day"),
        ]

    def __str__(self) -> str:
        return f"from {self.first_on} until {self.until_on or 'further notice'}"


class Mark(models.Model):
    """*Done* or *known*: what the learner says of an activity. It outlives the plan."""

    class Kind(models.TextChoices):
        DONE = "done", "Done"
        KNOWN = "known", "Known before"

    learner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="marks")
    activity_key = models.CharField(max_length=120)
    kind = models.CharField(max_length=10, choices=Kind)
    marked_on = models.DateField()
    marked_at = models.DateTimeField()
    planned_minutes = models.PositiveSmallIntegerField()
    revision = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["learner", "activity_key"], name="one_mark_per_activity"),
            models.CheckConstraint(condition=Q(kind__in=["done", "known"]), name="mark_is_done_or_known"),
        ]

    def __str__(self) -> str:
        return f"{self.activity_key}: {self.kind}"


class Baseline(models.Model):
    """The first layout of a plan, frozen: one row an activity."""

    plan = models.ForeignKey(Plan, models.CASCADE, related_name="baseline")
    activity_key = models.CharField(max_length=120)
    minutes = models.PositiveSmallIntegerField()
    first_on = models.DateField()
    last_on = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["plan", "activity_key"], name="one_baseline_row_per_activity"),
            models.CheckConstraint(condition=Q(last_on__gte=F("first_on")), name="baseline_runs_forward"),
        ]


class PlanChange(models.Model):
    """The history of a plan: append-only, the complete inputs before and after as canonical JSON."""

    plan = models.ForeignKey(Plan, models.CASCADE, related_name="changes")
    changed_at = models.DateTimeField()
    reason = models.CharField(max_length=200)
    before = models.TextField(blank=True)
    after = models.TextField()

    class Meta:
        indexes = [models.Index(fields=["plan", "changed_at"], name="changes_in_order")]


class SkillRating(models.Model):
    """How a learner rates themselves on a row of the skills matrix, 0 to 4, one row a day.

    The first is the *before*, the latest the *now*; nothing in between is overwritten but on the same day.
    """

    learner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="skill_ratings")
    skill_key = models.CharField(max_length=80)
    level = models.PositiveSmallIntegerField()
    proof = models.CharField(max_length=300, blank=True)
    rated_on = models.DateField()
    rated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["learner", "skill_key", "rated_on"], name="one_rating_per_skill_and_day"
            ),
            models.CheckConstraint(condition=Q(level__lte=4), name="level_is_0_to_4"),
        ]

    def __str__(self) -> str:
        return f"{self.skill_key}: {self.level}"


class SelfCheckAnswer(models.Model):
    """What a learner said of a recall question before studying its module; the latest answer stands."""

    class Knows(models.TextChoices):
        YES = "yes", "I knew it"
        PARTLY = "partly", "Partly"
        NO = "no", "I don't know"

    learner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="self_check_answers")
    question_key = models.CharField(max_length=120)
    knows = models.CharField(max_length=10, choices=Knows)
    answered_on = models.DateField()
    answered_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["learner", "question_key"], name="one_answer_per_question"),
            models.CheckConstraint(
                condition=Q(knows__in=["yes", "partly", "no"]), name="answer_is_known_word"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.question_key}: {self.knows}"
