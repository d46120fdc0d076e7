"""The plan of the real curriculum, from whatever a learner may have said, done and logged.

`learners` draws what the rows of a learner may hold. Most tests build the facts from it by hand, which takes
no query; `write` puts it into the database where an action is to be tested.
"""

import random
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta

from django.db import transaction
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from curriculum.catalogue import Activity, Catalogue
from tests.fixtures.cast import NOW, TODAY
from tracker.journal.models import StudySession
from tracker.journal.rules import Week, week_of
from tracker.people.models import User
from tracker.plans import queries
from tracker.plans.models import DAY_FIELDS, Mark, Pause, Plan
from tracker.plans.queries import Facts, Said
from tracker.plans.rules.schedule import QUARTER, Laid, Off, Pace, Start, Work, lay_out

# A full plan takes some milliseconds to lay out, and now and then many. What the fixtures give is only read,
# or written in a transaction that is rolled back.
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
MANY, FEW = settings(PATIENT, max_examples=60), settings(PATIENT, max_examples=20)
FULL, SHORTER, LEAD = "ai-security-engineer", "security-aware-mle", "t-shaped-lead"
A_DAY = timedelta(days=1)


# ------------------------------------------------------------------------------------- what a learner may be


@dataclass(frozen=True, slots=True)
class Learner:
    """What the rows of one learner say: marks as key, kind and day, sessions as day, key and minutes."""

    track_key: str
    order: str
    weekday_minutes: tuple[int, ...]
    start_on: date
    left_out: tuple[str, ...]
    off: tuple[Off, ...]
    marks: tuple[tuple[str, str, date], ...]
    sessions: tuple[tuple[date, str, int], ...]

    def facts(self, content: Catalogue, on: date = TODAY) -> Facts:
        """What would be read of these rows, on a plan that nobody has agreed to yet. No query."""
        by_day: dict[date, int] = {}
        by_activity: dict[str, int] = {}
        today: dict[str, int] = {}
        for day, key, minutes in self.sessions:
            by_day[day] = by_day.get(day, 0) + minutes
            if key:
                by_activity[key] = by_activity.get(key, 0) + minutes
            if day == on:
                today[key] = today.get(key, 0) + minutes
        return Facts(
            learner_id=0,
            on=on,
            plan=self.plan(content),
            pauses=tuple(Pause(first_on=off.first_on, until_on=off.until_on) for off in self.off),
            marks={key: Said(kind, day, content.activity(key).minutes) for key, kind, day in self.marks},
            off_ever=self.off,
            by_day=by_day,
            by_activity=by_activity,
            today_by_activity=today,
        )

    def plan(self, content: Catalogue) -> Plan:
        """The plan, not saved."""
        return Plan(
            track_key=self.track_key,
            revision=content.revision,
            order=self.order,
            start_on=self.start_on,
            left_out=list(self.left_out),
            made_at=NOW,
            **{f"{day}_minutes": n for day, n in zip(DAY_FIELDS, self.weekday_minutes, strict=True)},
        )


def write(drawn: Learner, user: User, content: Catalogue, *, ahead_days: int | None = None) -> Plan:
    """The rows of a learner, the plan agreed to as if it had begun so many days after today."""
    plan = drawn.plan(content)
    plan.learner = user
    plan.save(force_insert=True)
    Pause.objects.bulk_create(
        Pause(plan=plan, first_on=off.first_on, until_on=off.until_on) for off in drawn.off
    )
    Mark.objects.bulk_create(
        Mark(
            learner=user, activity_key=key, kind=kind, marked_on=day, marked_at=NOW, revision=plan.revision,
            planned_minutes=content.activity(key).minutes,
        )
        for key, kind, day in drawn.marks
    )  # fmt: skip
    StudySession.objects.bulk_create(
        StudySession(
            learner=user, minutes=minutes, studied_on=day, zone=user.zone, logged_at=NOW, activity_key=key,
            module_key=key.partition(".")[0],
        )
        for day, key, minutes in drawn.sessions
    )  # fmt: skip
    if ahead_days is not None:
        agreed = agreed_ahead(queries.facts_of(user.pk, TODAY), ahead_days).plan
        assert agreed is not None
        plan.agreed_on, plan.agreed_spare_minutes = agreed.agreed_on, agreed.agreed_spare_minutes
        plan.save(update_fields=["agreed_on", "agreed_spare_minutes"])
    return plan


def agreed_ahead(found: Facts, days: int) -> Facts:
    """The same, had it been agreed that the rest begins so many days later than it can."""
    start = Start(found.start.on + timedelta(days=days)) if days else found.start
    return queries.agreed_anew(found, start)


@contextmanager
def rolled_back() -> Iterator[None]:
    """What is written in here is gone after it, so that the next example finds nothing of it."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


# At least three hours a week: with these the longest track ends within three years.
HOURS = (
    st.lists(st.integers(0, 32).map(lambda n: n * QUARTER), min_size=7, max_size=7)
    .map(tuple)
    .filter(lambda week: sum(week) >= 180)
)
DAYS_OFF = st.builds(
    lambda first, length: Off(TODAY + first * A_DAY, TODAY + (first + length) * A_DAY),
    st.integers(-30, 300),
    st.integers(1, 60),
)
OPEN_END = st.builds(lambda first: Off(TODAY + first * A_DAY, None), st.integers(-10, 300))
ORDERS = st.sampled_from(Plan.Order.values)
ONE_BY_ONE = st.just(str(Plan.Order.ONE_BY_ONE))


def activities_of(content: Catalogue, track_key: str) -> list[Activity]:
    """The activities of a track in the plan's order, required and optional."""
    return [row for module in content.modules_in(track_key) for row in module.activities_in(track_key)]


@st.composite
def learners(
    draw: st.DrawFn, content: Catalogue, orders: st.SearchStrategy[str] = ORDERS, *, ends: bool = False
) -> Learner:
    """Anybody: nothing done, nearly all of it, or here and there; with `ends`, without an open pause."""
    track_key = draw(st.sampled_from([FULL, SHORTER, LEAD]))
    activities = activities_of(content, track_key)
    keys = st.sampled_from([row.key for row in activities])
    may_go = [row.key for row in activities if row.if_left_out and row.needs[track_key] == "required"]
    days = st.integers(0, 60).map(lambda n: TODAY - n * A_DAY)
    kinds = st.sampled_from(["done", "known"])
    marks = {key: (kind, day) for key, kind, day in draw(st.lists(st.tuples(keys, kinds, days), max_size=8))}
    idle_days = draw(st.integers(0, 30))
    for place, row in enumerate(activities[: draw(st.integers(0, len(activities)))]):
        marks.setdefault(row.key, ("done", TODAY - (idle_days + place % 50) * A_DAY))
    off = draw(st.lists(DAYS_OFF, max_size=3))
    if not ends and draw(st.integers(0, 3)) == 3:
        off.append(draw(OPEN_END))
    return Learner(
        track_key=track_key,
        order=draw(orders),
        weekday_minutes=draw(HOURS),
        start_on=TODAY + draw(st.integers(-400, 40)) * A_DAY,
        left_out=tuple(draw(st.sets(st.sampled_from(may_go), max_size=6))) if may_go else (),
        off=tuple({pause.first_on: pause for pause in sorted(off, key=lambda each: each.first_on)}.values()),
        marks=tuple((key, kind, day) for key, (kind, day) in marks.items()),
        sessions=tuple(
            draw(
                st.lists(
                    st.tuples(days | st.just(TODAY), keys | st.just(""), st.integers(1, 300)), max_size=6
                )
            )
        ),
    )


# How far the learner is ahead of what was agreed, in days; None where nothing was agreed.
AHEAD = st.none() | st.integers(0, 90)


def found_for(drawn: Learner, content: Catalogue, ahead_days: int | None) -> Facts:
    found = drawn.facts(content)
    return found if ahead_days is None else agreed_ahead(found, ahead_days)


@FEW
@given(data=st.data())
def test_facts_by_hand_are_those_that_are_read(
    alice: User, curriculum: Catalogue, data: st.DataObject
) -> None:
    drawn = data.draw(learners(curriculum))
    made = drawn.facts(curriculum)
    with rolled_back():
        plan = write(drawn, alice, curriculum)
        read = queries.facts_of(alice.pk, TODAY)
    assert read.plan == plan
    assert (read.pace, read.start) == (made.pace, made.start)
    for name in ("marks", "off_ever", "by_day", "by_activity", "today_by_activity"):
        assert getattr(read, name) == getattr(made, name), name


# ----------------------------------------------------------------------------------------- work on its days


def minutes_by_day(laid: Iterable[Laid], pace: Pace, start: Start) -> dict[date, int]:
    """The minutes of each day, if every piece takes what room it finds from its first day to its last.

    That fails where a day would have to hold more than it has, or where a piece does nothing on its first day
    or its last.
    """
    used: dict[date, int] = {}
    for item in laid:
        left, day = item.minutes, item.first_on
        assert day >= start.on
        while day <= item.last_on:
            room = pace.minutes_on(day) - used.get(day, 0) - (start.spent_minutes if day == start.on else 0)
            taken = min(left, max(0, room))
            assert taken or day not in (item.first_on, item.last_on), f"{item} has no time on {day}"
            if taken:
                used[day] = used.get(day, 0) + taken
            left -= taken
            day += A_DAY
        assert not left, f"{item} has {left} minutes too many for its days"
    return used


def by_week(used: dict[date, int]) -> dict[Week, int]:
    weeks: dict[Week, int] = {}
    for day, minutes in used.items():
        weeks[week_of(day)] = weeks.get(week_of(day), 0) + minutes
    return weeks


@PATIENT
@given(
    lengths=st.lists(st.integers(1, 900), max_size=30),
    week=HOURS,
    off=st.lists(DAYS_OFF | OPEN_END, max_size=3),
    spent=st.integers(0, 600),
    ahead=st.integers(0, 30),
)
def test_no_week_holds_more_than_its_hours_and_pauses_hold_nothing(
    lengths: list[int], week: tuple[int, ...], off: list[Off], spent: int, ahead: int
) -> None:
    work = [Work(f"m.a{place}", minutes) for place, minutes in enumerate(lengths)]
    pace, start = Pace(week, tuple(off)), Start(TODAY + ahead * A_DAY, spent)
    laid = lay_out(work, pace, start)
    used = minutes_by_day(laid, pace, start)
    assert [item.key for item in laid] == [item.key for item in work[: len(laid)]]
    assert sum(used.values()) == sum(lengths[: len(laid)])
    assert not any(day in pause for day in used for pause in off)
    for of, minutes in by_week(used).items():
        assert minutes <= pace.minutes_in(of.days) <= sum(week)
    # Only what has no end keeps work from its dates.
    assert len(laid) == len(work) or any(pause.until_on is None for pause in off)


def remaining(drawn: Learner, content: Catalogue) -> dict[str, int]:
    """What each open activity still takes, worked out once more."""
    marked = {key for key, _, _ in drawn.marks}
    found = {}
    for row in activities_of(content, drawn.track_key):
        if row.needs[drawn.track_key] == "required" and row.key not in {*marked, *drawn.left_out}:
            logged = sum(minutes for _, key, minutes in drawn.sessions if key == row.key)
            found[row.key] = max(row.minutes - logged, (row.minutes + 3) // 4)
    return found


@MANY
@given(data=st.data())
def test_the_plan_holds_what_is_left_on_days_that_have_the_time(
    curriculum: Catalogue, data: st.DataObject
) -> None:
    drawn = data.draw(learners(curriculum))
    found = found_for(drawn, curriculum, data.draw(AHEAD))
    laid, stands = queries.layout(found), queries.stand(found)
    left = remaining(drawn, curriculum)
    assert {key: row.minutes for key, row in laid.items()}.items() <= left.items()
    assert stands.remaining_minutes == sum(left.values())
    used = minutes_by_day(laid.values(), found.pace, queries.layout_start(found))
    assert not used or min(used) >= max(TODAY, drawn.start_on)
    assert not any(day in pause for day in used for pause in drawn.off)
    for of, minutes in by_week(used).items():
        assert minutes <= found.pace.minutes_in(of.days) <= sum(drawn.weekday_minutes)
    has_end = all(pause.until_on for pause in drawn.off)
    if has_end:
        assert sum(used.values()) == stands.remaining_minutes, "minutes laid out are minutes remaining"
    # The finish that is said is the last day of the plan; none is said where work has no day.
    is_whole = len(laid) == len(left)
    assert is_whole or not has_end
    ends_on = max((row.last_on for row in laid.values()), default=None) if is_whole else None
    assert stands.finish_on == ends_on


@MANY
@given(data=st.data())
def test_nothing_lies_before_what_its_module_builds_on(curriculum: Catalogue, data: st.DataObject) -> None:
    drawn = data.draw(learners(curriculum))
    found = found_for(drawn, curriculum, data.draw(AHEAD))
    laid = queries.layout(found)
    left = remaining(drawn, curriculum)
    in_turn = list(laid)
    for module in curriculum.modules_in(drawn.track_key):
        own = [key for key in in_turn if curriculum.activity(key).module_key == module.key]
        assert own == [key for key in left if curriculum.activity(key).module_key == module.key][: len(own)]
        if not own:
            continue
        for before in (key for key in left if curriculum.activity(key).module_key in module.prerequisites):
            assert before in laid, f"{own[0]} has a date and {before} has none"
            assert laid[before].last_on <= laid[own[0]].first_on
            assert in_turn.index(before) < in_turn.index(own[0])


@MANY
@given(data=st.data(), seed=st.integers(0, 1000))
def test_the_order_of_what_is_read_does_not_matter(
    curriculum: Catalogue, data: st.DataObject, seed: int
) -> None:
    drawn = data.draw(learners(curriculum))
    ahead_days = data.draw(AHEAD)
    chance = random.Random(seed)

    mixed = replace(
        drawn,
        left_out=tuple(chance.sample(drawn.left_out, len(drawn.left_out))),
        off=tuple(chance.sample(drawn.off, len(drawn.off))),
        marks=tuple(chance.sample(drawn.marks, len(drawn.marks))),
        sessions=tuple(chance.sample(drawn.sessions, len(drawn.sessions))),
    )
    found, other = (found_for(each, curriculum, ahead_days) for each in (drawn, mixed))
    laid = list(queries.layout(found).items())
    assert list(queries.layout(other).items()) == laid
    assert list(queries.layout(found).items()) == laid, "asked again, the same"
    assert queries.stand(other).finish_on == queries.stand(found).finish_on


@MANY
@given(data=st.data())
def test_logging_on_what_is_open_never_puts_the_finish_off(
    curriculum: Catalogue, data: st.DataObject
) -> None:
    drawn = data.draw(learners(curriculum, ends=True))
    left = remaining(drawn, curriculum)
    if not left:
        return
    ahead_days = data.draw(AHEAD)
    found = found_for(drawn, curriculum, ahead_days)
    key = data.draw(st.sampled_from(["", *left]))
    logged = (TODAY, key, data.draw(st.integers(1, 600)))
    after = replace(
        replace(drawn, sessions=(*drawn.sessions, logged)).facts(curriculum),
        plan=found.plan,
    )
    before_on, after_on = queries.stand(found).finish_on, queries.stand(after).finish_on
    assert before_on is not None
    assert after_on is not None
    assert after_on <= before_on


@MANY
@given(data=st.data())
def test_the_hours_of_today_are_planned_once(curriculum: Catalogue, data: st.DataObject) -> None:
    drawn = data.draw(learners(curriculum, ends=True))
    found = drawn.facts(curriculum)
    free = found.pace.minutes_on(TODAY) - found.spent_minutes if found.laid_from == TODAY else 0
    # Down to its last quarter an activity gets no shorter, and what is logged takes nothing from today.
    room = {
        key: min(free, minutes - (curriculum.activity(key).minutes + 3) // 4)
        for key, minutes in remaining(drawn, curriculum).items()
    }
    keys = [key for key, minutes in room.items() if minutes > 0]
    assume(keys)
    key = data.draw(st.sampled_from(keys))
    logged = (TODAY, key, data.draw(st.integers(1, room[key])))
    after = replace(drawn, sessions=(*drawn.sessions, logged)).facts(curriculum)
    assert queries.end_from(after, after.start) == queries.end_from(found, found.start)


# -------------------------------------------------------------------------------------------- what is next


@MANY
@given(data=st.data())
def test_today_offers_only_what_can_be_begun_and_something_while_anything_is_open(
    curriculum: Catalogue, data: st.DataObject
) -> None:
    drawn = data.draw(learners(curriculum))
    found = drawn.facts(curriculum)
    assert found.plan is not None
    left = remaining(drawn, curriculum)
    if left:
        put_off = data.draw(st.sets(st.sampled_from(list(left)), max_size=4))
        found.plan.deferred = {key: TODAY.isoformat() for key in put_off}
    open_modules = {curriculum.activity(key).module_key for key in left}
    offered = [row.standing for row in queries.stand(found).next]
    assert bool(offered) == bool(left)
    assert len({row.activity.key for row in offered}) == len(offered) <= 3
    for row in offered:
        assert row.remaining_minutes == left[row.activity.key]
        needs = curriculum.module(row.activity.module_key).prerequisites
        assert row.state == "part" or not open_modules & set(needs)


# ------------------------------------------------------------------------------------ the road, the burn-up


def first_layout(drawn: Learner, content: Catalogue) -> dict[str, queries.FirstLaid]:
    """A first layout, made on the plan's first day with nothing done."""
    plain = replace(drawn, off=(), sessions=(), marks=(), left_out=())
    laid = queries.layout(plain.facts(content, min(TODAY, drawn.start_on)))
    return {key: queries.FirstLaid(row.minutes, row.first_on, row.last_on) for key, row in laid.items()}


@MANY
@given(data=st.data())
def test_the_lines_of_the_burn_up_never_fall_and_end_at_what_is_done_and_planned(
    curriculum: Catalogue, data: st.DataObject
) -> None:
    drawn = data.draw(learners(curriculum))
    found = drawn.facts(curriculum)
    baseline = first_layout(drawn, curriculum) if data.draw(st.booleans()) else {}
    measured = queries.stand(found).progress
    burnt = queries.burn_up(found, baseline)
    for line in (burnt.planned, burnt.done):
        days, heights = [day for day, _ in line], [minutes for _, minutes in line]
        assert days == sorted(days)
        assert heights == sorted(heights)
    begun_on = burnt.done[0][0]
    assert begun_on == burnt.planned[0][0] == min(TODAY, drawn.start_on)
    assert burnt.done[-1] == (TODAY, measured.done_minutes)
    of_track = {row.key for row in activities_of(curriculum, drawn.track_key)}
    before = sum(
        curriculum.activity(key).minutes
        for key, kind, day in drawn.marks
        if kind == "done" and day < begun_on and key in of_track
    )
    assert burnt.done[0] == burnt.planned[0] == (begun_on, before)
    assert burnt.planned[-1][1] == before + sum(row.minutes for row in baseline.values())
    if baseline:
        assert burnt.planned[-1][0] == queries.baseline_end(baseline)
    assert burnt.whole_minutes == measured.plan_minutes


@MANY
@given(data=st.data())
def test_what_is_left_out_or_done_moves_the_burn_up_as_it_moves_the_progress(
    curriculum: Catalogue, data: st.DataObject
) -> None:
    drawn = data.draw(learners(curriculum))
    left = remaining(drawn, curriculum)
    if not left:
        return
    key = data.draw(st.sampled_from(list(left)))
    minutes = curriculum.activity(key).minutes
    before = queries.burn_up(drawn.facts(curriculum), {})
    without = replace(drawn, left_out=(*drawn.left_out, key)).facts(curriculum)
    assert queries.burn_up(without, {}).whole_minutes == before.whole_minutes - minutes
    assert queries.burn_up(without, {}).done == before.done
    known = replace(drawn, marks=(*drawn.marks, (key, "known", TODAY))).facts(curriculum)
    assert queries.burn_up(known, {}).whole_minutes == before.whole_minutes - minutes
    done = replace(drawn, marks=(*drawn.marks, (key, "done", TODAY))).facts(curriculum)
    assert queries.burn_up(done, {}).whole_minutes == before.whole_minutes
    assert queries.burn_up(done, {}).done[-1] == (TODAY, before.done[-1][1] + minutes)


@MANY
@given(data=st.data())
def test_the_road_shows_each_module_from_what_was_done_to_where_it_ends(
    curriculum: Catalogue, data: st.DataObject
) -> None:
    drawn = data.draw(learners(curriculum))
    found = found_for(drawn, curriculum, data.draw(AHEAD))
    baseline = first_layout(drawn, curriculum)
    rows = queries.road(found, baseline)
    assert [row.module for row in rows] == list(curriculum.modules_in(drawn.track_key))
    laid, left = queries.layout(found), remaining(drawn, curriculum)
    assert found.plan is not None
    whole = queries.measure_activities(
        standing
        for row in rows
        for standing in queries.activity_standings(row.module, found.plan, found.marks, found.by_activity)
    )
    assert whole == queries.stand(found).progress
    for row in rows:
        own = {item.key for item in row.module.activities_in(drawn.track_key)}
        dates = [day for key in own & set(laid) for day in (laid[key].first_on, laid[key].last_on)]
        dates += [day for key, kind, day in drawn.marks if kind == "done" and key in own]
        assert row.now == ((min(dates), max(dates)) if dates else None)
        assert (row.state in ("done", "known")) == (bool(own & set(found.marks)) and not own & set(left))
        first = [
            day for key in own & set(baseline) for day in (baseline[key].first_on, baseline[key].last_on)
        ]
        assert row.baseline == ((min(first), max(first)) if first else None)
