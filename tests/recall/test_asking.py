"""What is asked on which day: a handful, nothing early, nothing for ever behind."""

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from tracker.plans.rules.schedule import Off
from tracker.recall.rules import asking, memory
from tracker.recall.rules.asking import A_DAY, Asked, Item, finished_on, handful, moved

DAY = date(2026, 11, 19)
days = st.integers(-200, 200).map(lambda number: DAY + timedelta(days=number))
stabilities = st.none() | st.floats(0.01, 500)


def items(max_size: int = 40) -> st.SearchStrategy[list[Item]]:
    """Some items, each with a key and a place of its own."""
    made = st.builds(Item, st.just(""), st.booleans(), st.none() | days, stabilities, st.just(0))
    return st.lists(made, max_size=max_size).map(
        lambda rows: [replace(row, key=f"item-{n}", place=n) for n, row in enumerate(rows)]
    )


def kinds(chosen: tuple[Item, ...]) -> Asked:
    return Asked(
        tasks=sum(item.is_task for item in chosen),
        known=sum(not item.is_task and not item.is_new for item in chosen),
        new=sum(not item.is_task and item.is_new for item in chosen),
    )


@given(items(), days, st.builds(Asked, *[st.integers(0, 5)] * 3))
def test_a_handful_is_due_and_never_more_than_five_with_what_was_asked(
    rows: list[Item], on: date, asked: Asked
) -> None:
    chosen = handful(rows, on, asked, ())
    assert len(chosen) + asked.together <= max(A_DAY, asked.together)
    assert all(item.due_on and item.due_on <= on for item in chosen)
    assert sum(item.is_task for item in chosen) + asked.tasks <= max(1, asked.tasks)
    assert len({item.key for item in chosen}) == len(chosen)


@given(items(), days)
def test_no_place_stays_free_while_a_question_is_due(rows: list[Item], on: date) -> None:
    due = [item for item in rows if not item.is_task and item.due_on and item.due_on <= on]
    chosen = handful(rows, on, Asked(), ())
    assert sum(not item.is_task for item in chosen) >= min(len(due), A_DAY - 1)


@given(items(), days)
def test_to_grade_one_leaves_the_others_as_they_are(rows: list[Item], on: date) -> None:
    """The day's handful is the same five from morning to evening, in any order of grading."""
    whole = handful(rows, on, Asked(), ())
    for first in whole:
        left = handful([row for row in rows if row != first], on, kinds((first,)), ())
        assert {item.key for item in left} == {item.key for item in whole} - {first.key}


@given(items(), days)
def test_nothing_is_asked_on_a_day_off(rows: list[Item], on: date) -> None:
    assert handful(rows, on, Asked(), [Off(on, None)]) == ()
    assert handful(rows, on, Asked(), [Off(on - timedelta(days=3), on + timedelta(days=1))]) == ()


@given(
    st.integers(1, 400), st.integers(1, 400), st.integers(0, 400), st.lists(st.integers(0, 60), max_size=5)
)
def test_a_pause_of_n_days_moves_what_is_due_after_it_by_n(
    wait: int, length: int, begins: int, later: list[int]
) -> None:
    due_on = DAY + timedelta(days=wait)
    first = DAY + timedelta(days=1 + begins)
    pause = Off(first, first + timedelta(days=length))
    expected = due_on + timedelta(days=length) if first <= due_on else due_on
    assert moved(due_on, DAY, [pause]) == expected
    assert moved(due_on, DAY, [pause, pause]) == expected  # the same days count once
    # All that is due in it or after it moves alike.
    assert [moved(due_on + timedelta(days=n), DAY, [pause]) for n in later] == [
        due_on + timedelta(days=n + (length if first <= due_on + timedelta(days=n) else 0)) for n in later
    ]


@given(days, days, st.lists(st.tuples(days, st.none() | st.integers(1, 30)), max_size=6))
def test_nothing_is_due_before_fsrs_says_nor_on_a_day_off(
    one: date, other: date, pauses: list[tuple[date, int | None]]
) -> None:
    since, due_on = sorted((one, other + timedelta(days=1)))
    if since == due_on:
        due_on += timedelta(days=1)
    off = [Off(first, first + timedelta(days=length) if length else None) for first, length in pauses]
    found = moved(due_on, since, off)
    if found is not None:
        assert found >= due_on
        assert not any(found in each for each in off)


def test_pauses_one_after_the_other_each_count() -> None:
    off = [Off(DAY + timedelta(days=8), DAY + timedelta(days=10)), Off(DAY, DAY + timedelta(days=5))]
    # Due on day 7: four days off after the review, then two more on the eighth, too late to count.
    assert moved(DAY + timedelta(days=3), DAY, off) == DAY + timedelta(days=7)
    assert moved(DAY + timedelta(days=4), DAY, off) == DAY + timedelta(days=10)
    assert moved(DAY + timedelta(days=4), DAY, [Off(DAY + timedelta(days=2), None)]) is None
    # A pause that was over before the last look, or that begins once it is due, moves nothing.
    assert moved(DAY, DAY - timedelta(days=2), [Off(DAY + timedelta(days=1), None)]) == DAY
    assert moved(DAY + timedelta(days=9), DAY, [Off(DAY - timedelta(days=9), DAY)]) == DAY + timedelta(days=9)


@settings(max_examples=40)
@given(items(30), st.lists(st.sampled_from(memory.GRADES), min_size=1, max_size=20))
def test_what_is_due_is_asked_within_a_bounded_number_of_days(rows: list[Item], answers: list[int]) -> None:
    """Whoever does the day's handful meets every item that was due, however often others come back.

    A place of its own a day is one for tasks, two for what was asked before and two for what is new: of k
    that are due of a kind, the last comes within k days (tasks) or k/2 (questions).
    """
    start = DAY + timedelta(days=200)
    held: dict[str, memory.Memory | None] = {
        row.key: memory.Memory(row.stability, 5.0, start - timedelta(days=30)) if row.stability else None
        for row in rows
    }
    now = {row.key: row for row in rows}
    waiting = {row.key for row in rows if row.due_on and row.due_on <= start}
    of = {key: [each for each in waiting if now[each].is_task == now[key].is_task] for key in waiting}
    last_day = {
        key: start + timedelta(days=len(same) if now[key].is_task else -(-len(same) // 2))
        for key, same in of.items()
    }
    number = 0
    for ahead in range(len(rows) + 2):
        on = start + timedelta(days=ahead)
        chosen = handful(now.values(), on, Asked(), ())
        assert len(chosen) <= A_DAY
        for item in chosen:
            outcome = memory.review(held[item.key], answers[number % len(answers)], on)
            number += 1
            held[item.key] = outcome.memory
            now[item.key] = replace(item, due_on=outcome.due_on, stability=outcome.memory.stability)
            if item.key in waiting:
                assert on <= last_day[item.key]
                waiting.remove(item.key)
    assert not waiting


def test_of_what_is_due_the_longest_then_the_weakest_comes_first() -> None:
    rows = [
        Item("strong", False, DAY, 40.0, 1),
        Item("weak", False, DAY, 2.0, 2),
        Item("long", False, DAY - timedelta(days=1), 90.0, 3),
        Item("not yet", False, DAY + timedelta(days=1), 1.0, 4),
        Item("task", True, DAY - timedelta(days=9), 1.0, 5),
        Item("new", False, DAY, None, 0),
    ]
    assert [item.key for item in handful(rows, DAY, Asked(), ())] == ["long", "weak", "strong", "new", "task"]


def test_a_wall_of_new_ones_keeps_no_place_of_the_others() -> None:
    new = [Item(f"new-{n}", False, DAY - timedelta(days=60), None, n) for n in range(100)]
    known = [Item(f"known-{n}", False, DAY, 3.0, n) for n in range(2)]
    keys = [item.key for item in handful([*new, *known], DAY, Asked(), ())]
    assert {"known-0", "known-1"} < set(keys)
    assert len(keys) == A_DAY


def test_a_module_is_finished_with_nothing_left_and_something_done() -> None:
    one, other = DAY, DAY - timedelta(days=4)
    assert finished_on([("done", other), ("done", one)]) == one
    assert finished_on([("known", one), ("done", other)]) == one
    assert finished_on([("known", one), ("known", other)]) is None
    assert finished_on([("done", one), None]) is None
    assert finished_on([]) is None


def test_an_hour_is_offered_for_two_weeks_until_it_was_studied() -> None:
    assert asking.is_hour_offered(DAY, 0, DAY)
    assert asking.is_hour_offered(DAY, 59, DAY + timedelta(days=13))
    assert not asking.is_hour_offered(DAY, 60, DAY)
    assert not asking.is_hour_offered(DAY, 0, DAY + timedelta(days=14))


def test_words_for_every_strength() -> None:
    said = [asking.strength_words(number / 100) for number in range(101)]
    assert len(dict.fromkeys(said)) == 4
    assert said[0] == "it has probably faded"
    assert said[100] == "you very likely still know it"
