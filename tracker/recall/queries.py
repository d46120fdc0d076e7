"""What is asked of a learner on a day, how well it sits, and which hours are offered."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from django.db.models import Q

from curriculum.catalogue import Activity, Catalogue, Module, Question, catalogue
from tracker.journal.models import StudySession
from tracker.plans.models import Plan
from tracker.plans.queries import Facts, Said
from tracker.plans.rules.schedule import Off
from tracker.recall.models import Card, Grade, OwnWeights, Review
from tracker.recall.rules import asking, memory


@dataclass(frozen=True, slots=True)
class Place:
    """Where a question or task stands in a track. A revision never changes, so these are kept."""

    key: str
    module_key: str
    is_task: bool
    number: int


@lru_cache(maxsize=64)
def askable(revision: int, track_key: str) -> Mapping[str, Place]:
    """What can come back in a track, by key: recall questions, and activities that end in evidence."""
    found = [
        (key, module.key, is_task)
        for module in catalogue(revision).modules_in(track_key)
        for key, is_task in [
            *((question.key, False) for question in module.questions),
            *((activity.key, True) for activity in module.activities_in(track_key) if activity.lab_key),
        ]
    ]
    return {key: Place(key, module, is_task, number) for number, (key, module, is_task) in enumerate(found)}


@dataclass(frozen=True, slots=True)
class Day:
    """What is asked of a learner on a day.

    items: what is left of the handful, in its order; never more, whatever else is due. All that may be asked
    one day, due or not, is in `known`.
    """

    on: date
    items: tuple[asking.Item, ...]
    asked: asking.Asked
    off: tuple[Off, ...]
    known: Mapping[str, asking.Item]
    hours: Mapping[str, datetime]  # since when an hour is offered, by the key of what was not known

    @property
    def is_off(self) -> bool:
        """Whether it is a day off, on which nothing is asked."""
        return any(self.on in days for days in self.off)

    @property
    def question_key(self) -> str:
        """The key of the question that is asked first; empty where none is."""
        return next((item.key for item in self.items if not item.is_task), "")

    def find(self, key: str) -> asking.Item | None:
        """The item with this key, if it is asked on this day."""
        return next((item for item in self.items if item.key == key), None)


def days(found: Iterable[Facts]) -> dict[int, Day]:
    """What is asked of each of these learners that has a plan. One query, however many they are."""
    people = {each.learner_id: each for each in found if each.plan is not None}
    cards: dict[int, dict[str, Card]] = {learner_id: {} for learner_id in people}
    for card in Card.objects.filter(learner_id__in=people, times__gte=1):
        cards[card.learner_id][card.item_key] = card
    return {learner_id: _day(each, cards[learner_id]) for learner_id, each in people.items()}


def day_of(found: Facts) -> Day:
    """What is asked of one learner, who has a plan. One query."""
    return days([found])[found.learner_id]


def days_off(found: Facts) -> tuple[Off, ...]:
    """The days off of all plans of a learner; a pause without an end ended with its plan. No query."""
    closed = [off for off in found.off_ever if off.until_on is not None]
    return (*closed, *(Off(pause.first_on, None) for pause in found.pauses if pause.until_on is None))


def _day(found: Facts, cards: Mapping[str, Card]) -> Day:
    plan = found.plan
    assert plan is not None
    off = days_off(found)
    finished = finished_modules(plan, found.marks)
    known: dict[str, asking.Item] = {}
    graded = []
    for place in askable(plan.revision, plan.track_key).values():
        card = cards.get(place.key)
        if card is not None and card.due_on is not None and card.reviewed_on is not None:
            # What was asked once goes on, even if its module is opened again.
            due_on = asking.moved(card.due_on, card.reviewed_on, off)
            known[place.key] = asking.Item(place.key, place.is_task, due_on, card.stability, place.number)
            if card.reviewed_on == found.on:
                graded.append((place.is_task, card.times == 1))
        elif place.module_key in finished and (not place.is_task or _was_done(place.key, found.marks)):
            due_on = asking.first_due_on(finished[place.module_key], off)
            known[place.key] = asking.Item(place.key, place.is_task, due_on, None, place.number)
    asked = asking.Asked(
        tasks=sum(is_task for is_task, _ in graded),
        known=sum(not is_task and not is_first for is_task, is_first in graded),
        new=sum(not is_task and is_first for is_task, is_first in graded),
    )
    hours = {key: card.hour_from for key, card in cards.items() if card.hour_from is not None}
    return Day(found.on, asking.handful(known.values(), found.on, asked, off), asked, off, known, hours)


def _was_done(activity_key: str, marks: Mapping[str, Said]) -> bool:
    return activity_key in marks and marks[activity_key].kind == asking.DONE


def finished_modules(plan: Plan, marks: Mapping[str, Said]) -> dict[str, date]:
    """The modules that a learner has finished, with the days (`asking.finished_on`). No query."""
    finished = {}
    for module in catalogue(plan.revision).modules_in(plan.track_key):
        asked = [row for row in module.required_in(plan.track_key) if row.key not in plan.left_out]
        said = [marks.get(row.key) for row in asked]
        on = asking.finished_on([(mark.kind, mark.marked_on) if mark else None for mark in said])
        if on is not None:
            finished[module.key] = on
    return finished


# ------------------------------------------------------------------------------------------------ one item


@dataclass(frozen=True, slots=True)
class Shown:
    """A question or task as it reads today: what is asked, the answer, and where that stands."""

    key: str
    module: Module
    question: Question | None
    activity: Activity | None

    @property
    def prompt(self) -> str:
        """What is asked, in Markdown; of a task its title."""
        if self.question:
            return self.question.prompt
        assert self.activity is not None
        return self.activity.title


def shown(content: Catalogue, key: str) -> Shown | None:
    """The question or task with this key; None where the curriculum no longer has it. No query."""
    module = content.find_module(key.partition(".")[0])
    if module is None:
        return None
    question = next((row for row in module.questions if row.key == key), None)
    activity = next((row for row in module.activities if row.key == key and row.lab_key), None)
    return Shown(key, module, question, activity) if question or activity else None


def card_of(learner_id: int, item_key: str) -> Card | None:
    """A learner's card of an item."""
    return Card.objects.filter(learner_id=learner_id, item_key=item_key).first()


def memory_of(card: Card | None) -> memory.Memory | None:
    """What FSRS keeps of a card; None where it was never asked. No query."""
    if card is None or card.stability is None or card.difficulty is None or card.reviewed_on is None:
        return None
    return memory.Memory(card.stability, card.difficulty, card.reviewed_on)


def weights_of(learner_ids: Collection[int]) -> dict[int, memory.Weights | None]:
    """The learners' own parameters of FSRS; None for whoever has none. One query."""
    found: dict[int, memory.Weights | None] = dict.fromkeys(learner_ids)
    rows = OwnWeights.objects.filter(learner_id__in=learner_ids).values_list("learner_id", "weights")
    found.update({learner_id: tuple(weights) if weights else None for learner_id, weights in rows})
    return found


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the four grades, with the day on which the item would come back; None: after an open pause."""

    grade: Grade
    next_on: date | None


def choices(card: Card | None, on: date, off: Iterable[Off], weights: memory.Weights | None) -> list[Choice]:
    """What each grade would lead to. No query."""
    days_off = tuple(off)
    outcomes = [(grade, memory.review(memory_of(card), grade, on, weights)) for grade in Grade]
    return [
        Choice(grade, asking.moved(after.due_on, after.memory.reviewed_on, days_off))
        for grade, after in outcomes
    ]


def reviews_of(card: Card) -> list[Review]:
    """Every grade of a card, the latest first, those taken back too. One query."""
    return list(card.reviews.order_by("-pk"))


def graded_on(learner_id: int, on: date) -> list[Review]:
    """What a learner graded on a day and did not take back, the latest first. One query."""
    return list(
        Review.objects.filter(card__learner_id=learner_id, reviewed_on=on, undone_at__isnull=True)
        .select_related("card")
        .order_by("-pk")
    )


def review(learner_id: int, review_id: int) -> Review | None:
    """A learner's own grade."""
    return (
        Review.objects.filter(card__learner_id=learner_id, pk=review_id)
        .select_related("card__learner")
        .first()
    )


def strengths(learner_id: int, on: date) -> dict[str, float]:
    """How likely a learner remembers of each module what was asked, 0 to 1, by module key. Two queries."""
    weights = weights_of([learner_id])[learner_id]
    by_module: dict[str, list[float]] = {}
    for card in Card.objects.filter(learner_id=learner_id, stability__isnull=False):
        held = memory_of(card)
        assert held is not None
        by_module.setdefault(card.item_key.partition(".")[0], []).append(memory.strength(held, on, weights))
    return {key: sum(values) / len(values) for key, values in by_module.items()}


# --------------------------------------------------------------------------------------------------- hours


@dataclass(frozen=True, slots=True)
class Hour:
    """An hour on a module that is offered after something of it had faded."""

    module_key: str
    minutes: int  # studied of it since


def hours(learner_id: int, day: Day, zone: ZoneInfo) -> list[Hour]:
    """The hours that are offered, the latest first. One query; none where everything was known lately."""
    since: dict[str, datetime] = {}
    for key, at in day.hours.items():
        module_key = key.partition(".")[0]
        since[module_key] = max(at, since.get(module_key, at))
    minutes = dict.fromkeys(since, 0)
    offered = [key for key, at in since.items() if _is_offered(at, 0, day, zone)]
    if not offered:
        return []
    later = Q()
    for key in offered:
        at = since[key]
        # What is written in now of an earlier day is no second look.
        later |= Q(module_key=key, logged_at__gte=at, studied_on__gte=at.astimezone(zone).date())
    sessions = StudySession.objects.filter(later, learner_id=learner_id, deleted_at__isnull=True)
    for key, number in sessions.values_list("module_key", "minutes"):
        minutes[key] += number
    return [
        Hour(key, minutes[key])
        for key in sorted(offered, key=lambda each: since[each], reverse=True)
        if _is_offered(since[key], minutes[key], day, zone)
    ]


def _is_offered(at: datetime, minutes: int, day: Day, zone: ZoneInfo) -> bool:
    return asking.is_hour_offered(at.astimezone(zone).date(), minutes, day.on)
