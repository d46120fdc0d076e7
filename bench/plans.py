"""What a plan costs: reading its facts, where it stands, its layout, its end and its forecast.

    python -m bench.plans      JSON, inside a process whose environment names an empty CAIRN_DATA

The learner has three years of sessions. The rules are asked by themselves about the longest track, all of it
still to be done, which is the most they can be asked. Each figure is the median of rounds that measure every
call once, and is paired with fetching the rows of the same facts by a bare cursor in those rounds.
"""

import json
import statistics
import time
from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import replace
from datetime import date
from io import StringIO
from typing import TYPE_CHECKING, Any

import django

from bench.sites import WEEKS_OF_HISTORY

if TYPE_CHECKING:
    from tracker.plans.queries import Facts

ROUNDS = 300
FETCH = "fetch"
"""What the other calls are paired with."""


def microseconds(call: Callable[[], Any]) -> float:
    """How long one call takes."""
    begun = time.perf_counter()
    call()
    return (time.perf_counter() - begun) * 1e6


def longest_plan(found: "Facts") -> "Facts":
    """The same learner at the beginning of the longest track: nothing of it is done, known or begun."""
    from curriculum.catalogue import catalogue  # noqa: PLC0415 - all of this loads after django.setup()

    plan = copy(found.plan)
    assert plan is not None
    content = catalogue(plan.revision)
    plan.track_key = max((track.key for track in content.tracks), key=content.minutes_in)
    plan.left_out, plan.agreed_on = [], None
    return replace(found, plan=plan, marks={}, by_activity={}, today_by_activity={})


def measure(learner_id: int, on: date, rounds: int) -> dict[str, float]:
    """Every figure for a learner with a plan, on their local day `on`."""
    from django.db import connection  # noqa: PLC0415
    from django.test.utils import CaptureQueriesContext  # noqa: PLC0415

    from tracker.plans import queries  # noqa: PLC0415
    from tracker.plans.rules.forecast import study_weeks  # noqa: PLC0415

    with CaptureQueriesContext(connection) as captured:
        found = queries.facts_of(learner_id, on)
    statements = [query["sql"] for query in captured.captured_queries]
    whole = longest_plan(found)
    assert whole.plan is not None
    open_minutes = [
        item.remaining_minutes for item in queries.open_work(whole.plan, whole.marks, whole.by_activity)
    ]

    def fetch() -> None:
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
                cursor.fetchall()

    def own_weeks() -> tuple[int, ...]:
        return study_weeks(whole.by_day, whole.off_ever, on)

    calls: dict[str, Callable[[], Any]] = {
        FETCH: fetch,
        "facts": lambda: queries.facts_of(learner_id, on),
        # Facts keep what follows from them: each call has its own, as each request has.
        "stand": lambda: queries.stand(replace(found)),
        "layout": lambda: queries.layout(replace(whole)),
        "finish": lambda: queries.end_from(replace(whole), whole.start),
        "forecast": lambda: queries.finish_range(replace(whole), own_weeks(), open_minutes),
    }
    taken: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            taken[name].append(microseconds(call))
    medians = {name: statistics.median(times) for name, times in taken.items()}
    return {
        "activities": len(queries.layout(whole)),
        "weeks_of_data": len(own_weeks()),
        "rules_microseconds": medians["layout"] + medians["finish"] + medians["forecast"],
        **{f"{name}_microseconds": median for name, median in medians.items()},
        **{f"{name}_of_fetch": medians[name] / medians[FETCH] for name in calls if name != FETCH},
    }


def said(figures: Mapping[str, float], bare_microseconds: float) -> list[str]:
    """The figures as lines under the table; a request of the bare page took so long in the same run."""
    us = {name: f"{figures[f'{name}_microseconds']:.0f} µs" for name in ("layout", "finish", "forecast")}
    stand, facts = figures["stand_microseconds"], figures["facts_microseconds"]
    return [
        f"Plan: {figures['activities']:.0f} activities, the longest track, laid out in {us['layout']}; their "
        f"end in {us['finish']}, its forecast from {figures['weeks_of_data']:.0f} weeks in "
        f"{us['forecast']}. Together {figures['rules_microseconds'] / bare_microseconds:.2f} of a request of "
        "the bare page.",
        f"Plan with three years of sessions: where it stands takes {stand:.0f} µs "
        f"({stand / bare_microseconds:.2f} of a bare page), reading its facts {facts:.0f} µs "
        f"({facts / bare_microseconds:.2f}), {figures['facts_of_fetch']:.1f} times as long as fetching their "
        "rows.",
    ]


def main() -> None:
    """Make the database and the learner, measure, print."""
    from django.contrib.auth import get_user_model  # noqa: PLC0415
    from django.core.management import call_command  # noqa: PLC0415

    from curriculum import loader  # noqa: PLC0415
    from tracker import clock  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    loader.load(loader.CONTENT, clock.now())
    call_command("demo", weeks=WEEKS_OF_HISTORY, force=True, stdout=StringIO())
    learner = get_user_model()._default_manager.get()
    print(json.dumps(measure(learner.pk, clock.today(learner.zone_info), ROUNDS)))


if __name__ == "__main__":
    django.setup()
    main()
