"""Re-checks as a learner meets them: asked, answered, graded, taken back."""

import re
from datetime import date, timedelta
from html import unescape
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from fsrs.scheduler import DEFAULT_PARAMETERS

from curriculum.catalogue import Catalogue, Module
from tests.fixtures.cast import NOW, TODAY, browser_of, make_plan, make_session
from tests.recall.factories import FINISHED_ON, finish, later
from tracker.library import prose
from tracker.people.models import User
from tracker.plans import actions as plans_actions
from tracker.plans.models import Mark, Plan
from tracker.plans.queries import facts, facts_of, standing
from tracker.recall import actions, queries
from tracker.recall.models import Card, Grade, Review
from tracker.recall.rules.memory import read_weights
from tracker.recall.rules.memory import review as reviewed
from tracker.reminders import delivery

pytestmark = pytest.mark.usefixtures("now")
HOME = "mindset"


@pytest.fixture
def home(curriculum: Catalogue) -> Module:
    return curriculum.module(HOME)


@pytest.fixture
def plan(alice: User, curriculum: Catalogue) -> Plan:
    return make_plan(alice, curriculum)


@pytest.fixture
def web(alice: User, plan: Plan, home: Module) -> Client:
    """Alice's browser; she has finished the first module."""
    finish(alice, plan, home)
    return browser_of(alice)


def read(web: Client, path: str, status: int = 200) -> str:
    answer = web.get(path)
    assert answer.status_code == status, path
    return words_of(answer.text)


def words_of(text: str) -> str:
    return unescape(re.sub(r"<[^>]+>", "", text)).replace("\N{NO-BREAK SPACE}", " ")


def day_of(learner: User, on: date = TODAY) -> queries.Day:
    return queries.day_of(facts_of(learner.pk, on))


def asked(learner: User, on: date = TODAY) -> list[str]:
    return [item.key for item in day_of(learner, on).items]


def grade(web: Client, key: str, said: str = "3") -> Any:
    return web.post(reverse("grade-recheck", args=[key]), {"grade": said})


# ------------------------------------------------------------------------------------------- what is asked


def test_nothing_is_asked_before_a_module_is_finished(alice: User, plan: Plan, home: Module) -> None:
    assert asked(alice) == []
    assert "When you have finished a module" in read(browser_of(alice), reverse("recall"))
    finish(alice, plan, home)
    Mark.objects.filter(learner=alice).earliest("pk").delete()
    assert asked(alice) == []


def test_what_was_known_before_is_not_asked(alice: User, plan: Plan, home: Module) -> None:
    finish(alice, plan, home, kind="known")
    assert asked(alice) == []


def test_questions_come_from_the_day_after_five_at_most(alice: User, plan: Plan, home: Module) -> None:
    finish(alice, plan, home)
    assert asked(alice, FINISHED_ON) == []
    keys = asked(alice, FINISHED_ON + timedelta(days=1))
    assert keys[:4] == [question.key for question in home.questions[:4]]
    # And one task: work that ended in evidence, done again in ten minutes.
    assert keys[4:] == ["mindset.first-break"]
    assert len(day_of(alice).known) > len(keys)


def test_work_that_was_known_before_is_no_task(alice: User, plan: Plan, home: Module) -> None:
    finish(alice, plan, home)
    Mark.objects.filter(activity_key="mindset.first-break").update(kind="known")
    assert "mindset.first-break" not in day_of(alice).known
    assert asked(alice) == [question.key for question in home.questions[:5]]


def test_the_page_shows_the_handful_and_no_backlog(web: Client, alice: User, home: Module) -> None:
    text = read(web, reverse("recall"))
    assert len(re.findall(r'href="/recall/[^"]', web.get(reverse("recall")).text)) == 5
    for question in home.questions[:4]:
        assert prose.plain(question.prompt) in text
    assert prose.plain(home.questions[4].prompt) not in text
    assert not re.search(r"\b(overdue|behind|waiting: |backlog)\b", text)


def test_answer_and_source_stand_on_the_second_step(web: Client, home: Module) -> None:
    question = home.questions[0]
    first = web.get(reverse("recheck", args=[question.key])).text
    assert "Show the answer" in first
    assert "How did it go?" not in first
    assert prose.plain(question.source) not in words_of(first)
    second = web.get(reverse("recheck", args=[question.key]) + "?answer=1").text
    assert prose.plain(question.source) in words_of(second)
    assert [words_of(each) for each in re.findall(r'value="[1-4]"[^>]*>([^<]+)', second)] == [
        "Again", "Hard", "Good", "Easy",
    ]  # fmt: skip
    # The day each of them brings, as FSRS says it.
    for choice in Grade:
        due_on = reviewed(None, choice, TODAY).due_on
        assert f"Comes back on {due_on:%a} {due_on.day} {due_on:%b} {due_on.year}." in words_of(second)


def test_a_task_shows_what_the_work_comes_to(web: Client, home: Module, curriculum: Catalogue) -> None:
    address = reverse("recheck", args=["mindset.first-break"])
    assert "Ten minutes: do the core step of it again" in read(web, address)
    done = prose.plain(curriculum.activity("mindset.first-break").done)
    assert done[:40] in read(web, f"{address}?answer=1")


# ---------------------------------------------------------------------------------------------- the grades


def test_a_grade_is_kept_and_brings_the_day_of_fsrs(web: Client, alice: User, home: Module) -> None:
    key = home.questions[0].key
    assert grade(web, key).headers["Location"] == reverse("recall")
    card = Card.objects.get(learner=alice, item_key=key)
    expected = reviewed(None, Grade.GOOD, TODAY)
    assert (card.stability, card.difficulty) == (expected.memory.stability, expected.memory.difficulty)
    assert (card.reviewed_on, card.due_on, card.times) == (TODAY, expected.due_on, 1)
    assert key not in asked(alice)
    assert len(asked(alice)) == 4
    row = card.reviews.get()
    assert (row.grade, row.reviewed_on, row.elapsed_days) == (Grade.GOOD, TODAY, None)
    assert "Good. It comes back on" in read(web, reverse("recall"))


def test_never_more_than_five_a_day(web: Client, alice: User, plan: Plan, curriculum: Catalogue) -> None:
    for key in ("foundations", "garak"):
        finish(alice, plan, curriculum.module(key))
    graded = 0
    while keys := asked(alice):
        grade(web, keys[0])
        graded += 1
    assert graded == 5
    assert "That is all for today." in read(web, reverse("recall"))
    assert len(asked(alice, TODAY + timedelta(days=1))) == 5


def test_failing_lowers_nothing_and_offers_an_hour(web: Client, alice: User, home: Module) -> None:
    before, marks = standing(alice.pk, TODAY), list(Mark.objects.values())
    key = home.questions[0].key
    answer = web.post(reverse("grade-recheck", args=[key]), {"grade": "1"}, follow=True)
    assert "An hour on its module is offered below." in words_of(answer.text)
    after = standing(alice.pk, TODAY)
    assert (after.progress, after.remaining_minutes, after.finish_on) == (
        before.progress, before.remaining_minutes, before.finish_on,
    )  # fmt: skip
    assert list(Mark.objects.values()) == marks
    offered = f"An hour on {home.title} again"
    for path in (reverse("recall"), reverse("today")):
        assert offered in read(web, path)
    assert f'href="{reverse("log")}?subject={HOME}&amp;length=60"' in web.get(reverse("today")).text
    # An hour of it before does not count, less than an hour says how much.
    make_session(alice, module_key=HOME, minutes=90, logged_at=NOW - timedelta(hours=1))
    make_session(alice, module_key=HOME, minutes=20)
    assert "20 min logged since" in read(web, reverse("recall"))
    make_session(alice, module_key=HOME, minutes=40)
    assert offered not in read(web, reverse("today"))


def test_an_hour_can_be_left_and_fades(web: Client, alice: User, home: Module) -> None:
    grade(web, home.questions[0].key, "1")
    offered = f"An hour on {home.title} again"
    assert web.post(reverse("leave-hour", args=[HOME])).headers["Location"] == reverse("recall")
    assert offered not in read(web, reverse("today"))
    grade(web, home.questions[1].key, "1")
    assert offered in read(web, reverse("today"))
    zone = alice.zone_info
    day = TODAY + timedelta(days=14)
    assert queries.hours(alice.pk, day_of(alice, day - timedelta(days=1)), zone)
    assert not queries.hours(alice.pk, day_of(alice, day), zone)


def test_taking_back_restores_the_card_exactly(web: Client, alice: User, home: Module) -> None:
    key = home.questions[0].key
    first = actions.grade_item(alice, key, Grade.HARD, now=later(-2), on=TODAY - timedelta(days=2))
    before = Card.objects.values().get(item_key=key)
    second = actions.grade_item(alice, key, Grade.AGAIN, now=NOW, on=TODAY)
    assert Card.objects.values().get(item_key=key) != before
    address = reverse("undo-grade", args=[key, second.pk])
    web.post(reverse("undo-grade", args=[key, first.pk]))  # not the last: refused
    assert Review.objects.filter(undone_at=None).count() == 2
    for _ in range(2):
        assert web.post(address).headers["Location"] == reverse("recheck", args=[key])
        assert Card.objects.values().get(item_key=key) == before
    assert "taken back" in read(web, reverse("recheck", args=[key]))
    actions.undo_grade(first, now=NOW)
    assert day_of(alice).known[key].is_new
    # The log keeps both.
    assert Review.objects.count() == 2


def test_a_form_sent_twice_grades_once(web: Client, alice: User, home: Module) -> None:
    key = home.questions[0].key
    grade(web, key)
    answer = web.post(reverse("grade-recheck", args=[key]), {"grade": "1"}, follow=True)
    assert "It is not asked now; nothing was changed." in words_of(answer.text)
    assert Review.objects.get().grade == Grade.GOOD
    with pytest.raises(actions.IsGraded):
        actions.grade_item(alice, key, Grade.AGAIN, now=NOW, on=TODAY)


def test_two_standing_grades_of_a_day_cannot_be(alice: User, plan: Plan, home: Module) -> None:
    review = actions.grade_item(alice, home.questions[0].key, Grade.GOOD, now=NOW, on=TODAY)
    review.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        review.save(force_insert=True)


@pytest.mark.parametrize("said", ["", "0", "5", "x", "3.0", "٣", "9" * 5000])
def test_another_grade_is_refused_and_loses_nothing(web: Client, home: Module, said: str) -> None:
    answer = grade(web, home.questions[0].key, said)
    assert answer.status_code == 422
    assert "Choose one of the four; nothing was kept yet." in words_of(answer.text)
    assert "How did it go?" in answer.text
    assert not Review.objects.exists()


@pytest.mark.parametrize("key", ["garak.no-such", "nothing", "a" * 4000, "mindset.\x00", "%", "garak."])
def test_what_is_not_ones_own_is_not_there(web: Client, key: str) -> None:
    for name in ("recheck", "grade-recheck"):
        path = f"/recall/{key}/" if name == "recheck" else f"/recall/{key}/grade/"
        answer = web.get(path) if name == "recheck" else web.post(path, {"grade": "3"})
        assert answer.status_code == 404


def test_charlie_sees_none_of_it(
    web: Client, alice: User, charlie: User, curriculum: Catalogue, home: Module
) -> None:
    key = home.questions[0].key
    review = actions.grade_item(alice, key, Grade.AGAIN, now=NOW, on=TODAY)
    stranger = browser_of(charlie)
    for status in (
        200,
        404,
    ):  # without a plan of his own there is a page that says so, with one there is none
        answer = stranger.get(reverse("recheck", args=[key]))
        assert (answer.status_code, home.title in answer.text) == (status, False)
        assert stranger.post(reverse("undo-grade", args=[key, review.pk])).status_code == 404
        assert home.title not in read(stranger, reverse("recall"))
        make_plan(charlie, curriculum)
    assert Review.objects.get().undone_at is None


# ------------------------------------------------------------------------------------- pauses and strength


def test_a_pause_moves_what_is_due_by_its_days(web: Client, alice: User, plan: Plan, home: Module) -> None:
    key = home.questions[0].key
    grade(web, key, "4")
    due_on = day_of(alice).known[key].due_on
    assert due_on is not None
    plans_actions.pause_plan(plan, TODAY + timedelta(days=2), TODAY + timedelta(days=12), now=NOW)
    assert day_of(alice).known[key].due_on == due_on + timedelta(days=10)
    assert asked(alice, TODAY + timedelta(days=5)) == []
    pause = plan.pauses.get()
    plans_actions.end_pause(plan, pause.pk, TODAY + timedelta(days=4), now=NOW)
    assert day_of(alice).known[key].due_on == due_on + timedelta(days=2)
    # The card itself says what FSRS said, all along.
    assert Card.objects.get(item_key=key).due_on == due_on


def test_on_a_day_off_nothing_is_asked(web: Client, plan: Plan, home: Module) -> None:
    plans_actions.pause_plan(plan, TODAY, None, now=NOW)
    assert "You have time off: nothing is asked" in read(web, reverse("recall"))
    assert "From what you finished" not in read(web, reverse("today"))
    assert "nothing is asked" in read(web, reverse("recheck", args=[home.questions[0].key]))


def test_the_page_of_a_question_says_how_well_it_sits(web: Client, alice: User, home: Module) -> None:
    key = home.questions[0].key
    actions.grade_item(alice, key, Grade.GOOD, now=later(-1), on=TODAY - timedelta(days=1))
    text = read(web, reverse("recheck", args=[key]))
    assert "you very likely still know it" in text
    assert "It comes back on" in text
    assert 0.9 < queries.strengths(alice.pk, TODAY)[HOME] < 1
    assert queries.strengths(alice.pk, TODAY + timedelta(days=300))[HOME] < 0.75


def test_own_parameters_are_used(alice: User, plan: Plan, home: Module) -> None:
    key, other = home.questions[0].key, home.questions[1].key
    weights = read_weights([*DEFAULT_PARAMETERS[:2], 50.0, *DEFAULT_PARAMETERS[3:]])
    actions.set_weights(alice, weights)
    actions.grade_item(alice, key, Grade.GOOD, now=NOW, on=TODAY)
    assert Card.objects.get(item_key=key).due_on == TODAY + timedelta(days=50)
    actions.set_weights(alice, None)
    actions.grade_item(alice, other, Grade.GOOD, now=NOW, on=TODAY)
    assert Card.objects.get(item_key=other).due_on == TODAY + timedelta(days=2)


def test_what_was_asked_once_goes_on_when_its_module_is_opened_again(
    web: Client, alice: User, home: Module
) -> None:
    key = home.questions[0].key
    grade(web, key, "1")
    Mark.objects.filter(learner=alice).delete()
    assert list(day_of(alice).known) == [key]
    assert asked(alice, TODAY + timedelta(days=1)) == [key]


# ------------------------------------------------------------------------------------------------- queries


def test_queries_do_not_grow(
    web: Client, alice: User, plan: Plan, home: Module, curriculum: Catalogue
) -> None:
    key = home.questions[0].key
    grade(web, key)
    paths = [reverse("recall"), reverse("recheck", args=[key]), reverse("today")]

    def counted() -> list[int]:
        found = []
        for path in paths:
            web.get(path)
            with CaptureQueriesContext(connection) as seen:
                web.get(path)
            found.append(len(seen))
        return found

    few = counted()
    for module in curriculum.modules_in(plan.track_key)[1:]:
        finish(alice, plan, module)
    every = [question.key for module in curriculum.modules for question in module.questions]
    for number, each in enumerate(every):
        if each != key:
            on = TODAY - timedelta(days=number % 9)
            actions.grade_item(alice, each, Grade(2 + number % 3), now=NOW, on=on)
    assert counted() == few
    # As many as before there were re-checks.
    assert few[2] <= 8


def test_one_query_says_what_is_asked_of_many(
    web: Client, alice: User, bob: User, charlie: User, curriculum: Catalogue, home: Module
) -> None:
    make_plan(bob, curriculum)
    found = facts({learner.pk: TODAY for learner in (alice, bob, charlie)})
    with CaptureQueriesContext(connection) as seen:
        days = queries.days(found.values())
    assert len(seen) == 1
    assert days.keys() == {alice.pk, bob.pk}
    assert days[alice.pk].question_key == home.questions[0].key
    assert days[bob.pk].question_key == ""


def test_a_batch_of_mails_knows_the_question_that_is_due(
    web: Client, alice: User, bob: User, curriculum: Catalogue, home: Module
) -> None:
    make_plan(bob, curriculum)
    with CaptureQueriesContext(connection) as seen:
        told = delivery.standings({alice.pk: TODAY, bob.pk: TODAY})
    assert len(seen) <= 6
    assert {learner_id: key for learner_id, (_, key) in told.items()} == {
        alice.pk: home.questions[0].key,
        bob.pk: "",
    }
