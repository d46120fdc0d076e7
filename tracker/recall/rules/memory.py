"""How long something is remembered, by FSRS. Pure: the library is given every day, and its fuzz is off.

Days are the learner's local days. FSRS counts whole days between two reviews, so that a day stands for its
midnight in UTC and no hour of day or change of zone is ever a day more.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import lru_cache

from fsrs import Card, Rating, Scheduler, State

AGAIN, HARD, GOOD, EASY = (int(rating) for rating in Rating)
GRADES = (AGAIN, HARD, GOOD, EASY)

Weights = tuple[float, ...]


class BadWeights(ValueError):
    """These are no parameters of FSRS; the text says why."""


@dataclass(frozen=True, slots=True)
class Memory:
    """What FSRS keeps of one item: stability in days, difficulty 1 to 10, the day of the last review."""

    stability: float
    difficulty: float
    reviewed_on: date


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a grade leads to: the memory after it, and the day on which the item is due again."""

    memory: Memory
    due_on: date


def review(before: Memory | None, grade: int, on: date, weights: Weights | None = None) -> Outcome:
    """What follows from a grade on a day; `before` is None for the first. The next day is never the same.

    weights: the learner's own 21 parameters; None for those of the library. Raises ValueError for a grade
    that is none of the four.
    """
    # Who travels west may be asked on a day before that of the last review.
    on = max(on, before.reviewed_on) if before else on
    after, _ = _scheduler(weights).review_card(_card(before, on), Rating(grade), _midnight(on))
    assert after.stability is not None
    assert after.difficulty is not None
    return Outcome(Memory(after.stability, after.difficulty, on), after.due.date())


def strength(memory: Memory, on: date, weights: Weights | None = None) -> float:
    """How likely it is remembered on a day, from 0 to 1."""
    return _scheduler(weights).get_card_retrievability(_card(memory, on), _midnight(on))


def read_weights(values: Sequence[float]) -> Weights:
    """A learner's own parameters, as the library takes them. Raises `BadWeights` with its reason."""
    try:
        weights = tuple(float(value) for value in values)
        _scheduler(weights)
    except (TypeError, ValueError) as refusal:
        raise BadWeights(str(refusal)) from refusal
    return weights


@lru_cache(maxsize=256)
def _scheduler(weights: Weights | None) -> Scheduler:
    # No steps of minutes: what is forgotten comes back on another day, as everything here does.
    if weights is None:
        return Scheduler(enable_fuzzing=False, learning_steps=(), relearning_steps=())
    if not all(math.isfinite(value) for value in weights):
        raise ValueError("Every parameter must be a finite number.")
    return Scheduler(weights, enable_fuzzing=False, learning_steps=(), relearning_steps=())


def _card(memory: Memory | None, on: date) -> Card:
    # With an id and a due moment given, the library asks no clock.
    if memory is None:
        return Card(card_id=0, due=_midnight(on))
    return Card(
        card_id=0,
        state=State.Review,
        stability=memory.stability,
        difficulty=memory.difficulty,
        due=_midnight(on),
        last_review=_midnight(memory.reviewed_on),
    )


def _midnight(on: date) -> datetime:
    return datetime.combine(on, time(), UTC)
