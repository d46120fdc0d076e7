"""What a learner remembers: one card an item, and every grade that was given."""

from django.conf import settings
from django.db import models
from django.db.models import Q

KEY_LENGTH = 120

_NOTHING = Q(
    times=0, due_on__isnull=True, reviewed_on__isnull=True, stability__isnull=True, difficulty__isnull=True
)
_ALL = Q(
    times__gte=1,
    due_on__isnull=False,
    reviewed_on__isnull=False,
    stability__isnull=False,
    difficulty__isnull=False,
)


class Grade(models.IntegerChoices):
    """How an answer went, in FSRS's four words."""

    AGAIN = 1, "Again"
    HARD = 2, "Hard"
    GOOD = 3, "Good"
    EASY = 4, "Easy"


class Card(models.Model):
    """The memory of one recall question or ten-minute task, by its permanent key. It outlives the plan.

    `due_on` is the day that FSRS gives; pauses move it where it is read. `times` counts the grades that
    stand: with none of them nothing else is known. `hour_from` is when it was last not known: an hour on its
    module is offered from then on, until it was studied or left.
    """

    learner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="recall_cards")
    item_key = models.CharField(max_length=KEY_LENGTH)
    due_on = models.DateField(null=True, blank=True)
    reviewed_on = models.DateField(null=True, blank=True)
    stability = models.FloatField(null=True, blank=True)
    difficulty = models.FloatField(null=True, blank=True)
    last_grade = models.PositiveSmallIntegerField(choices=Grade, null=True, blank=True)
    times = models.PositiveIntegerField(default=0)
    hour_from = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["learner", "item_key"], name="one_card_per_item"),
            models.CheckConstraint(condition=_NOTHING | _ALL, name="card_is_asked_or_not"),
        ]

    def __str__(self) -> str:
        return f"{self.item_key}: due {self.due_on}"


class Review(models.Model):
    """One grade: append-only. Taken back, it stays with `undone_at`.

    `elapsed_days` are those since the review before; empty for the first. The card as it was before is kept,
    so that taking back restores it exactly.
    """

    card = models.ForeignKey(Card, models.CASCADE, related_name="reviews")
    grade = models.PositiveSmallIntegerField(choices=Grade)
    reviewed_on = models.DateField()
    reviewed_at = models.DateTimeField()
    elapsed_days = models.PositiveIntegerField(null=True, blank=True)
    stability = models.FloatField()
    difficulty = models.FloatField()
    due_on = models.DateField()
    stability_before = models.FloatField(null=True, blank=True)
    difficulty_before = models.FloatField(null=True, blank=True)
    reviewed_on_before = models.DateField(null=True, blank=True)
    due_on_before = models.DateField(null=True, blank=True)
    grade_before = models.PositiveSmallIntegerField(choices=Grade, null=True, blank=True)
    hour_from_before = models.DateTimeField(null=True, blank=True)
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["card", "reviewed_on"],
                condition=Q(undone_at__isnull=True),
                name="one_standing_grade_per_card_and_day",
            ),
            models.CheckConstraint(condition=Q(grade__gte=1, grade__lte=4), name="grade_is_1_to_4"),
        ]
        indexes = [models.Index(fields=["card", "-reviewed_at"], name="grades_of_a_card")]

    def __str__(self) -> str:
        return f"{self.card_id}: {self.get_grade_display()} on {self.reviewed_on}"


class OwnWeights(models.Model):
    """A learner's own parameters of FSRS; whoever has none is asked by those of the library."""

    learner = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="recall_weights")
    weights = models.JSONField(default=None, null=True, blank=True)

    def __str__(self) -> str:
        return "own parameters" if self.weights else "parameters of the library"
