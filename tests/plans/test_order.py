"""The order of work, and a plan that follows it."""

import random

from hypothesis import given
from hypothesis import strategies as st

from curriculum.catalogue import Catalogue
from tests.fixtures.cast import NOW, TODAY, make_plan
from tracker.people.models import User
from tracker.plans import actions, queries
from tracker.plans.models import Plan
from tracker.plans.rules.order import AT_ONCE, ModuleWork, side_by_side


@st.composite
def curricula(draw: st.DrawFn) -> list[ModuleWork]:
    """Modules that build on earlier ones, some of them finished already."""
    number = draw(st.integers(1, 9))
    return [
        ModuleWork(
            key=f"m{place}",
            number=place,
            needs=frozenset(draw(st.sets(st.sampled_from([f"m{n}" for n in range(place)]))))
            if place
            else frozenset(),
            work=tuple((f"m{place}.w{n}", draw(st.integers(5, 600))) for n in range(draw(st.integers(0, 5)))),
        )
        for place in range(number)
    ]


def module_of(key: str) -> str:
    return key.partition(".")[0]


@given(modules=curricula())
def test_all_work_is_there_once_and_each_module_in_its_own_order(modules: list[ModuleWork]) -> None:
    ordered = side_by_side(modules)
    for row in modules:
        assert [key for key in ordered if module_of(key) == row.key] == [key for key, _ in row.work]
    assert len(ordered) == sum(len(row.work) for row in modules)


@given(modules=curricula())
def test_nothing_begins_before_what_it_builds_on_is_finished(modules: list[ModuleWork]) -> None:
    ordered = side_by_side(modules)
    ends = {module_of(key): place for place, key in enumerate(ordered)}
    begins = {module_of(key): place for place, key in reversed(list(enumerate(ordered)))}
    for row in modules:
        for needed in row.needs:
            if row.key in begins and needed in ends:
                assert ends[needed] < begins[row.key]


@given(modules=curricula())
def test_never_more_modules_at_once_than_said(modules: list[ModuleWork]) -> None:
    ordered = side_by_side(modules)
    spans = {
        name: (ordered.index(next(k for k in ordered if module_of(k) == name)),
               max(place for place, k in enumerate(ordered) if module_of(k) == name))
        for name in {module_of(key) for key in ordered}
    }  # fmt: skip
    for place in range(len(ordered)):
        assert sum(first <= place <= last for first, last in spans.values()) <= AT_ONCE


@given(modules=curricula(), seed=st.integers(0, 1000))
def test_the_order_of_the_input_does_not_matter(modules: list[ModuleWork], seed: int) -> None:
    shuffled = list(modules)
    random.Random(seed).shuffle(shuffled)
    assert side_by_side(shuffled) == side_by_side(modules)


def test_one_at_once_is_one_after_the_other(curriculum: Catalogue) -> None:
    modules = [
        ModuleWork(
            module.key,
            module.number,
            frozenset(module.prerequisites),
            tuple((row.key, row.minutes) for row in module.required_in("ai-security-engineer")),
        )
        for module in curriculum.modules_in("ai-security-engineer")
    ]
    assert [module_of(key) for key in side_by_side(modules, at_once=1)] == [
        row.key for row in modules for _ in row.work
    ]


def test_a_plan_side_by_side_ends_on_the_same_day_and_can_be_turned_back(
    alice: User, curriculum: Catalogue
) -> None:
    plan = make_plan(alice, curriculum)
    before = queries.layout(queries.facts_of(alice.pk, TODAY))
    assert actions.choose_order(plan, Plan.Order.SIDE_BY_SIDE, now=NOW)
    assert not actions.choose_order(plan, Plan.Order.SIDE_BY_SIDE, now=NOW)
    after = queries.layout(queries.facts_of(alice.pk, TODAY))
    assert set(after) == set(before)
    assert max(row.last_on for row in after.values()) == max(row.last_on for row in before.values())
    assert list(after) != list(before)
    assert actions.undo_change(plan, plan.changes.latest("pk").pk, now=NOW) == ""
    assert queries.layout(queries.facts_of(alice.pk, TODAY)) == before
