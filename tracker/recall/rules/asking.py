"""What is asked on which day: a handful, whatever is due. Pure.

Five at most: one task of ten minutes, two questions asked before, two that are new; a place that its kind
leaves free goes to a question asked before, then to a new one. Of each kind what is due longest comes first,
of one day what sits least well. What is beyond the handful is asked on a later day. Each kind has a place of
its own every day, so that nothing waits for ever behind what comes back often.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from tracker.plans.rules.schedule import Off

A_DAY = 5
TASKS_A_DAY = 1
NEW_A_DAY = 2
KNOWN_A_DAY = A_DAY - TASKS_A_DAY - NEW_A_DAY

HOUR_MINUTES = 60
OFFERED_DAYS = 14

DONE = "done"
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Item:
    """A question or task. `stability` is None where it was never asked; `place` is its order in the track.

    `due_on` is the day from which it may be asked, pauses counted in; None while an open pause holds it.
    """

    key: str
    is_task: bool
    due_on: date | None
    stability: float | None
    place: int

    @property
    def is_new(self) -> bool:
        """Whether it was never asked."""
        return self.stability is None


@dataclass(frozen=True, slots=True)
class Asked:
    """How many of each kind were graded on a day."""

    tasks: int = 0
    known: int = 0
    new: int = 0

    @property
    def together(self) -> int:
        """All of them."""
        return self.tasks + self.known + self.new


def handful(items: Iterable[Item], on: date, asked: Asked, off: Iterable[Off]) -> tuple[Item, ...]:
    """What is left to ask on a day after `asked`. Nothing on a day off."""
    if any(on in days for days in off):
        return ()
    due = sorted((item for item in items if item.due_on and item.due_on <= on), key=_urgency)
    tasks = [item for item in due if item.is_task]
    known = [item for item in due if not item.is_task and not item.is_new]
    new = [item for item in due if not item.is_task and item.is_new]
    left = max(0, A_DAY - asked.together)
    chosen = [
        *tasks[: max(0, TASKS_A_DAY - asked.tasks)],
        *known[: max(0, KNOWN_A_DAY - asked.known)],
        *new[: max(0, NEW_A_DAY - asked.new)],
    ][:left]
    free = [item for item in (*known, *new) if item not in chosen][: left - len(chosen)]
    # Questions first: a task is for whoever has ten minutes more.
    return tuple(sorted([*chosen, *free], key=lambda item: (item.is_task, _urgency(item))))


def _urgency(item: Item) -> tuple[date, float, int]:
    assert item.due_on is not None
    return item.due_on, float("inf") if item.stability is None else item.stability, item.place


def moved(due_on: date, since_on: date, off: Iterable[Off]) -> date | None:
    """The due day with the days off put in between that lie after `since_on`; None where they have no end.

    A pause of n days before the due day makes it n days later. One that begins after it changes nothing.
    """
    counted_to = since_on + ONE_DAY
    for days in sorted(off, key=lambda each: each.first_on):
        first = max(days.first_on, counted_to)
        if first > due_on:
            break
        if days.until_on is None:
            return None
        if days.until_on > first:
            due_on += days.until_on - first
            counted_to = days.until_on
    return due_on


def finished_on(marks: Sequence[tuple[str, date] | None]) -> date | None:
    """The day on which a module was finished, None where it is not.

    marks: for each activity that is asked for, kind and day of its mark, None where it has none. Finished is
    a module that has nothing left and something done: what was all known before was not learned here.
    """
    said = [mark for mark in marks if mark is not None]
    if len(said) < len(marks) or not any(kind == DONE for kind, _ in said):
        return None
    return max(on for _, on in said)


def first_due_on(finished: date, off: Iterable[Off]) -> date | None:
    """The day from which something of a module can be asked for the first time: the day after."""
    return moved(finished + ONE_DAY, finished, off)


def is_hour_offered(failed_on: date, minutes_since: int, on: date) -> bool:
    """Whether an hour on a module is still offered: for two weeks, until an hour was studied."""
    return minutes_since < HOUR_MINUTES and on < failed_on + timedelta(days=OFFERED_DAYS)


# How likely it is remembered, from this on, in words.
WORDS = (
    (0.9, "you very likely still know it"),
    (0.75, "you probably still know it"),
    (0.5, "you may still know it"),
    (0.0, "it has probably faded"),
)


def strength_words(strength: float) -> str:
    """How likely something is remembered (0 to 1), in words."""
    return next(words for least, words in WORDS if strength >= least)
