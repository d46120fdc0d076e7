"""Learners who never were: week by week what they log, and on which activities.

They are the ground of the forecast's calibration, and were fixed before it was tuned (docs/forecast.md). Five
kinds, as many of each: steady, bursty, slowing, returning after a gap they did not announce, and steady on
activities whose estimates are far off. All of them study less or more than they planned, and need longer or
shorter than the curriculum says.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

KINDS = ("steady", "bursty", "slowing", "returning", "heavy-tailed")
LONGEST_WEEKS = 400
WEEK_TARGETS = (240, 360, 420, 600, 840)
MODULES = 17
WEEKS_OF_HABIT = 6.0
"""A good or a bad spell lasts about so many weeks."""


@dataclass(frozen=True, slots=True)
class Task:
    """An activity: the minutes the curriculum says, and those this learner needs."""

    module: int
    planned: int
    real: int


@dataclass(frozen=True, slots=True)
class Learner:
    """One simulated learner: their kind, the week's target, the tasks in order, minutes studied week by week.

    `weeks` ends with the week in which the last task is done.
    """

    kind: str
    target: int
    tasks: tuple[Task, ...]
    weeks: tuple[int, ...]


def learners(number: int, seed: int) -> Iterator[Learner]:
    """So many learners, the kinds in turn. The same seed gives the same learners."""
    chance = Random(seed)
    made = 0
    while made < number:
        learner = _learner(KINDS[made % len(KINDS)], chance)
        if learner is not None:
            made += 1
            yield learner


def _learner(kind: str, chance: Random) -> Learner | None:
    """One learner, or None where they would never finish."""
    target = chance.choice(WEEK_TARGETS)
    tasks = _tasks(kind, chance)
    work = sum(task.real for task in tasks)
    habit = target * math.exp(chance.gauss(-0.15, 0.3))
    hours = _HOURS[kind](habit, chance)
    weeks: list[int] = []
    while work > 0 and len(weeks) < LONGEST_WEEKS:
        minutes = min(work, max(0, round(next(hours))))
        weeks.append(minutes)
        work -= minutes
    return None if work else Learner(kind, target, tasks, tuple(weeks))


def _tasks(kind: str, chance: Random) -> tuple[Task, ...]:
    """Some 150 activities of 30 minutes to 9 hours in 17 modules, in all of which one is slow or quick."""
    own = math.exp(chance.gauss(0.05, 0.2))
    spread = 0.9 if kind == "heavy-tailed" else 0.35
    tasks = []
    for module in range(MODULES):
        for _ in range(chance.randint(6, 12)):
            planned = 15 * max(2, min(36, round(math.exp(chance.gauss(2.2, 0.6)))))
            # The mean of the factor is `own`, whatever the spread.
            factor = own * math.exp(chance.gauss(-spread * spread / 2, spread))
            tasks.append(Task(module, planned, max(5, round(planned * factor))))
    return tuple(tasks)


def _steady(habit: float, chance: Random) -> Iterator[float]:
    while True:
        yield habit * chance.gauss(1.0, 0.3)


def _bursty(habit: float, chance: Random) -> Iterator[float]:
    """Nothing in two weeks of five, and spells in which more or less is done."""
    spell = 0.0
    keep = math.exp(-1 / WEEKS_OF_HABIT)
    while True:
        spell = keep * spell + math.sqrt(1 - keep * keep) * chance.gauss(0, 0.35)
        yield 0.0 if chance.random() < 0.4 else habit * math.exp(spell) * chance.gammavariate(2.0, 0.8)


def _slowing(habit: float, chance: Random) -> Iterator[float]:
    """One per cent less each week, down to half."""
    week = 0
    while True:
        yield habit * max(0.5, 1.15 * 0.99**week) * chance.gauss(1.0, 0.35)
        week += 1


def _returning(habit: float, chance: Random) -> Iterator[float]:
    """A gap of 3 to 10 weeks somewhere in the first year, unannounced, and a slow return."""
    begins, length = chance.randint(6, 45), chance.randint(3, 10)
    week = 0
    while True:
        since = week - begins - length
        share = (
            0.0 if begins <= week < begins + length else min(1.0, 0.5 + 0.1 * since) if since >= 0 else 1.0
        )
        yield habit * share * chance.gauss(1.0, 0.35)
        week += 1


_HOURS: dict[str, Callable[[float, Random], Iterator[float]]] = {
    "steady": _steady,
    "bursty": _bursty,
    "slowing": _slowing,
    "returning": _returning,
    "heavy-tailed": _steady,
}
