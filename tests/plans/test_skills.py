"""The skills matrix: growth rows grow towards their target, surplus rows are never a loss."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tracker.plans.rules.skills import Rated, SkillStanding, growth, proved_since, standing

FIRST_DAY = date(2026, 10, 5)
levels = st.integers(0, 4)
days = st.integers(0, 400).map(lambda number: FIRST_DAY + timedelta(days=number))
ratings = st.lists(st.builds(Rated, levels, days, st.text(max_size=5)), unique_by=lambda rated: rated.on)


def rows_of(kind: st.SearchStrategy[str]) -> st.SearchStrategy[list[SkillStanding]]:
    """Some rows of the matrix, rated or not."""
    return st.lists(
        st.builds(standing, st.sampled_from(["attack", "model", "report"]), kind, levels, ratings), max_size=6
    )


KINDS = st.sampled_from(["growth", "surplus"])
GROWTH = st.just("growth")
SURPLUS = st.just("surplus")


@given(levels, ratings)
def test_the_first_rating_is_before_and_the_latest_is_now(target: int, rated: list[Rated]) -> None:
    row = standing("attack", "growth", target, rated)
    assert (row.before, row.now) == ((rated[0], rated[-1]) if rated else (None, None))


def test_who_travels_west_has_rated_later_on_an_earlier_day() -> None:
    first, second = Rated(1, date(2026, 11, 18), ""), Rated(3, date(2026, 11, 17), "")
    row = standing("attack", "growth", 3, [first, second])
    assert (row.before, row.now, row.grown) == (first, second, 2)


@given(rows_of(KINDS))
def test_growth_lies_between_nothing_and_what_was_wanted(rows: list[SkillStanding]) -> None:
    for row in rows:
        assert 0 <= row.grown <= row.wanted <= row.target
        assert 0 <= row.gap <= row.target
    found = growth(rows)
    assert 0 <= found.grown <= found.wanted


@given(rows_of(KINDS), rows_of(SURPLUS))
def test_a_surplus_row_never_counts(rows: list[SkillStanding], surplus: list[SkillStanding]) -> None:
    assert growth([*rows, *surplus]) == growth(rows)
    assert all((row.grown, row.wanted, row.gap, row.counts) == (0, 0, 0, False) for row in surplus)


@given(rows_of(GROWTH))
def test_what_is_grown_and_what_is_to_go_make_what_was_wanted(rows: list[SkillStanding]) -> None:
    for row in rows:
        if row.before and row.now and row.now.level >= row.before.level:
            assert row.grown + row.gap == row.wanted


@given(levels, ratings, levels, KINDS)
def test_a_lower_rating_is_no_loss(target: int, rated: list[Rated], level: int, kind: str) -> None:
    before = standing("attack", kind, target, rated)
    later = Rated(level, FIRST_DAY + timedelta(days=500), "")
    after = standing("attack", kind, target, [*rated, later])
    if rated:
        assert after.wanted == before.wanted
    assert after.grown >= 0
    if after.before and level <= after.before.level:
        assert after.grown == 0


@given(levels, levels, levels)
def test_a_higher_rating_never_makes_less_of_it(target: int, first: int, second: int) -> None:
    grown = [
        standing(
            "attack",
            "growth",
            target,
            [Rated(first, FIRST_DAY, ""), Rated(level, FIRST_DAY + timedelta(days=1), "")],
        ).grown
        for level in range(second, 5)
    ]
    assert grown == sorted(grown)


def test_above_the_target_is_the_target() -> None:
    row = standing("attack", "growth", 3, [Rated(1, FIRST_DAY, ""), Rated(4, date(2026, 12, 1), "a paper")])
    assert (row.grown, row.wanted, row.gap) == (2, 2, 0)


def test_a_row_without_a_rating_has_everything_to_go_and_nothing_counted() -> None:
    row = standing("attack", "growth", 3, [])
    assert (row.grown, row.wanted, row.gap) == (0, 0, 3)


@given(levels, ratings, KINDS)
def test_a_fall_is_known_and_never_counted(target: int, rated: list[Rated], kind: str) -> None:
    row = standing("attack", kind, target, rated)
    assert row.fallen == (max(each.level for each in rated) - rated[-1].level if rated else 0)
    others = [standing("model", "growth", 4, [Rated(0, FIRST_DAY, ""), Rated(3, FIRST_DAY, "")])]
    assert growth([*others, row]).grown >= growth(others).grown


def test_the_highest_rating_is_the_latest_of_those() -> None:
    given_levels = [(1, 1), (3, 2), (3, 3), (2, 4)]
    rated = [Rated(level, FIRST_DAY + timedelta(days=day), "") for level, day in given_levels]
    row = standing("attack", "growth", 3, rated)
    assert (row.highest, row.fallen, row.grown) == (rated[2], 1, 1)


def test_a_skill_is_proved_by_what_was_completed_after_its_rating() -> None:
    day = date(2026, 11, 19)
    completed = {"garak": day, "agents": day - timedelta(days=1), "evasion": day + timedelta(days=1)}
    proofs = ("evasion", "privacy", "garak", "agents")
    assert proved_since(proofs, completed, None) == ("evasion", "garak", "agents")
    assert proved_since(proofs, completed, Rated(2, day, "")) == ("evasion",)
    assert proved_since(proofs, {}, None) == ()
