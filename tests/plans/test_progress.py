"""Percent, remaining minutes, and what to do next."""

from hypothesis import given
from hypothesis import strategies as st

from tracker.plans.rules.choice import Candidate, choose_next, ready
from tracker.plans.rules.progress import Marked, Piece, Progress, measure, remaining_minutes

pieces = st.lists(
    st.builds(Piece, st.integers(0, 40).map(lambda n: f"m.{n}"), st.integers(5, 600), st.booleans()),
    unique_by=lambda piece: piece.key,
    max_size=20,
)
kinds = st.sampled_from(["done", "known"])


@st.composite
def plans(draw: st.DrawFn) -> tuple[list[Piece], dict[str, Marked]]:
    drawn = draw(pieces)
    marks = {}
    for piece in drawn:
        if draw(st.booleans()):
            marks[piece.key] = Marked(piece.key, draw(kinds), piece.minutes)
    return drawn, marks


@given(plans())
def test_every_required_minute_is_in_exactly_one_sum(plan: tuple[list[Piece], dict[str, Marked]]) -> None:
    drawn, marks = plan
    found = measure(drawn, marks)
    counted = sum(piece.minutes for piece in drawn if piece.required or piece.key in marks)
    assert found.done_minutes + found.open_minutes + found.known_minutes == counted
    assert 0 <= found.percent <= 100
    assert found.is_finished == (found.open_minutes == 0)


@given(plans())
def test_doing_one_more_never_lowers_the_percentage(plan: tuple[list[Piece], dict[str, Marked]]) -> None:
    drawn, marks = plan
    before = measure(drawn, marks)
    for piece in drawn:
        if piece.key not in marks:
            more = {**marks, piece.key: Marked(piece.key, "done", piece.minutes)}
            assert measure(drawn, more).percent >= before.percent


@given(plans(), st.integers(5, 600))
def test_a_retired_activity_lowers_nothing(plan: tuple[list[Piece], dict[str, Marked]], minutes: int) -> None:
    drawn, marks = plan
    finished = Piece("m.gone", minutes, required=True)
    marks = {**marks, "m.gone": Marked("m.gone", "done", minutes)}
    before, after = measure([*drawn, finished], marks), measure(drawn, marks)
    assert before == after
    unfinished = Piece("m.never", minutes, required=True)
    assert measure(drawn, marks).percent >= measure([*drawn, unfinished], marks).percent


def test_a_hundred_per_cent_means_all_of_it() -> None:
    assert Progress(999, 1, 0).percent == 99
    assert Progress(0, 0, 60).percent == 100


@given(st.integers(5, 1200), st.integers(0, 5000))
def test_an_open_activity_never_takes_less_than_a_quarter(planned: int, logged: int) -> None:
    remaining = remaining_minutes(planned, logged)
    assert planned / 4 <= remaining <= planned
    if logged <= planned * 3 / 4 - 1:
        assert remaining == planned - logged


candidates = st.lists(
    st.builds(
        lambda place, module, minutes, started: Candidate(
            f"m{module}.a{place}", f"m{module}", minutes, started
        ),
        st.integers(0, 99),
        st.integers(0, 7),
        st.integers(5, 400),
        st.booleans(),
    ),
    unique_by=lambda candidate: candidate.key,
    max_size=15,
)
# What each of eight modules builds on: earlier ones alone.
needs = st.tuples(*(st.sets(st.integers(0, 7).map(lambda n: f"m{n}"), max_size=3) for _ in range(8))).map(
    lambda drawn: {f"m{n}": {key for key in of if int(key[1:]) < n} for n, of in enumerate(drawn)}
)


@given(candidates, needs)
def test_what_is_ready_is_begun_or_builds_on_nothing_open(
    found: list[Candidate], builds_on: dict[str, set[str]]
) -> None:
    open_modules = {candidate.module_key for candidate in found}
    offered = ready(found, builds_on)
    assert bool(offered) == bool(found), "something is ready as long as something is open"
    assert list(offered) == [
        candidate
        for candidate in found
        if candidate.started or not any(key in open_modules for key in builds_on[candidate.module_key])
    ]


def test_modules_that_wait_for_one_another_are_all_offered() -> None:
    found = [Candidate("a.x", "a", 60, started=False), Candidate("b.x", "b", 60, started=False)]
    assert ready(found, {"a": {"b"}, "b": {"a"}}) == tuple(found)
    assert ready(found, {"a": {"gone"}, "b": {"a"}}) == (found[0],), "what is not open is met"


@given(candidates, st.integers(0, 900))
def test_what_is_next_fits_the_hours_left_or_is_the_one_in_turn(found: list[Candidate], left: int) -> None:
    by_key = {candidate.key: candidate for candidate in found}
    chosen = [by_key[key] for key in choose_next(found, left)]
    assert len(chosen) <= 3
    assert bool(chosen) == bool(found)
    if len(chosen) > 1:
        assert sum(candidate.remaining_minutes for candidate in chosen[1:]) <= left
    if any(candidate.started for candidate in found[:12]):
        assert chosen[0].started


def test_what_is_begun_comes_first() -> None:
    waiting = [Candidate("m.a", "m", 60, started=False), Candidate("m.b", "m", 30, started=True)]
    assert choose_next(waiting, 240) == ("m.b", "m.a")
    assert choose_next(waiting, 0) == ("m.b",)
