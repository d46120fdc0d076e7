"""Grading, taking a grade back, leaving an hour that was offered."""

from datetime import date, datetime

from django.db import transaction

from tracker.people.models import User
from tracker.recall import queries
from tracker.recall.models import Card, Grade, OwnWeights, Review
from tracker.recall.rules import memory


class IsGraded(ValueError):
    """The item was graded on this day already."""


class IsNotLast(ValueError):
    """Only the last grade of an item can be taken back."""


@transaction.atomic
def grade_item(learner: User, item_key: str, grade: Grade, *, now: datetime, on: date) -> Review:
    """Keeps how an answer went, and by it the day on which it is asked again.

    No mark, level, completion or percentage depends on it. Raises `IsGraded` where it was graded on that
    day already.
    """
    _lock(learner)
    card, _ = Card.objects.get_or_create(learner=learner, item_key=item_key)
    if card.reviews.filter(reviewed_on=on, undone_at__isnull=True).exists():
        raise IsGraded("It is graded for today.")
    before = queries.memory_of(card)
    after = memory.review(before, grade, on, queries.weights_of([learner.pk])[learner.pk])
    review = Review.objects.create(
        card=card,
        grade=grade,
        reviewed_on=on,
        reviewed_at=now,
        elapsed_days=max(0, (on - before.reviewed_on).days) if before else None,
        stability=after.memory.stability,
        difficulty=after.memory.difficulty,
        due_on=after.due_on,
        stability_before=card.stability,
        difficulty_before=card.difficulty,
        reviewed_on_before=card.reviewed_on,
        due_on_before=card.due_on,
        grade_before=card.last_grade,
        hour_from_before=card.hour_from,
    )
    card.stability, card.difficulty = after.memory.stability, after.memory.difficulty
    card.reviewed_on, card.due_on, card.last_grade = after.memory.reviewed_on, after.due_on, grade
    card.times += 1
    if grade == Grade.AGAIN:
        card.hour_from = now
    _keep(card)
    return review


@transaction.atomic
def undo_grade(review: Review, *, now: datetime) -> None:
    """Takes the last grade of an item back: it is as if it had not been asked. Doing it again does nothing.

    Raises `IsNotLast` where the item was graded again since.
    """
    _lock(review.card.learner)
    card = Card.objects.get(pk=review.card_id)
    review = card.reviews.get(pk=review.pk)
    if review.undone_at is not None:
        return
    last = card.reviews.filter(undone_at__isnull=True).order_by("-pk").first()
    if last != review:
        raise IsNotLast("Only the last grade can be taken back.")
    card.stability, card.difficulty = review.stability_before, review.difficulty_before
    card.reviewed_on, card.due_on = review.reviewed_on_before, review.due_on_before
    card.last_grade = review.grade_before
    card.times -= 1
    if review.grade == Grade.AGAIN:
        card.hour_from = review.hour_from_before
    _keep(card)
    review.undone_at = now
    review.save(update_fields=["undone_at"])


@transaction.atomic
def leave_hour(learner: User, module_key: str) -> None:
    """Says that the hour on a module is not wanted; what is not known after it may offer one again."""
    cards = Card.objects.filter(learner=learner, item_key__startswith=f"{module_key}.")
    cards.update(hour_from=None)


@transaction.atomic
def set_weights(learner: User, weights: memory.Weights | None) -> None:
    """Gives a learner parameters of FSRS of their own; None takes them away. What is due already stays so."""
    kept = None if weights is None else list(weights)
    OwnWeights.objects.update_or_create(learner=learner, defaults={"weights": kept})


def _lock(learner: User) -> None:
    # Two grades of one learner at the same moment come one after the other.
    User.objects.select_for_update().get(pk=learner.pk)


def _keep(card: Card) -> None:
    card.save(
        update_fields=[
            "stability", "difficulty", "reviewed_on", "due_on", "last_grade", "times", "hour_from",
        ]
    )  # fmt: skip
