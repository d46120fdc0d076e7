"""When the work will be done, as a range, from the learner's own weeks. Pure and in closed form.

With a pace p and so much left, the likely time is t = left / p weeks of study. Its relative error is::

    s = sqrt(spread^2 / t  +  spread^2 / weeks counted  +  error of the estimates^2  +  drift^2 * t)

where `spread` is how much single weeks differ from p, and the pace may drift. An end of the range is the time
at which a pace that is off by z * s gets there: t / (1 - z s) for the late one, t / (1 + z s) for the early.
Recent weeks weigh more: a week counts half as much as one `HALF_LIFE_WEEKS` later. Weeks of a pause are left
out before they come here. The constants were tuned on simulated learners; docs/forecast.md says how often the
range held.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from tracker.journal.rules import week_of
from tracker.plans.rules.schedule import LONGEST_DAYS, Off

WEEKS_SEEN = 52
"""So many weeks back are looked at; older ones would weigh next to nothing."""
DAYS_OF_A_WEEK = 4
"""A week with fewer days that are not off is left out; one with more is stretched to seven."""
WEEKS_NEEDED = 3
"""With fewer weeks of data there is no forecast."""
MODULES_NEEDED = 3
"""After so many finished modules the learner's own ratio of real to planned minutes is used."""
HALF_LIFE_WEEKS = 8.0
DRIFT = 0.033
"""The share of the pace by which it may have drifted after one week; it grows with the root of the weeks."""
PRIOR_SPREAD, PRIOR_WEEKS = 0.5, 4.0
"""Weeks are taken to spread by half of the pace, as surely as if so many of them had been seen."""
UNSEEN_ERROR = 0.2
"""The error of the curriculum's estimates while the learner's own ratio is not known."""
Z_50, Z_80 = 0.6745, 1.2816
SLOWEST = 1 / 3
"""The late end is never later than at this share of the pace: with less, more work could end sooner.

With z * s at most 2/3, t / (1 - z s) never falls as t grows: the part of s that shrinks with t takes at most
half of z * s from it.
"""


@dataclass(frozen=True, slots=True)
class Finished:
    """A finished activity: the minutes planned for it and those logged on it."""

    planned: int
    logged: int


@dataclass(frozen=True, slots=True)
class Estimate:
    """What the remaining minutes are multiplied by, and the relative error that is left."""

    ratio: float
    error: float
    is_own: bool  # from the learner's own finished activities


@dataclass(frozen=True, slots=True)
class Forecast:
    """Weeks of study from now, pauses not counted: likely, and the ends of the 50 % and the 80 % range."""

    likely: float
    low_50: float
    high_50: float
    low_80: float
    high_80: float


def estimate(finished: Sequence[Finished], open_minutes: Sequence[int], modules_finished: int) -> Estimate:
    """How far the curriculum's minutes hold for this learner.

    The ratio of real to planned minutes over the finished activities that anything was logged on, once
    `MODULES_NEEDED` modules are finished; its error, and that of the activities still open, from how much the
    finished ones scatter.
    """
    known = [row for row in finished if row.logged > 0 and row.planned > 0]
    planned, logged = sum(row.planned for row in known), sum(row.logged for row in known)
    if modules_finished < MODULES_NEEDED or not planned:
        return Estimate(1.0, UNSEEN_ERROR, is_own=False)
    ratio = logged / planned
    squares = sum(row.planned**2 for row in known)
    scatter = sum((row.logged - ratio * row.planned) ** 2 for row in known) / squares
    seen = math.sqrt(scatter * squares) / logged
    ahead = sum(open_minutes)
    unseen = (
        math.sqrt(scatter * sum(minutes**2 for minutes in open_minutes)) / (ratio * ahead) if ahead else 0.0
    )
    return Estimate(ratio, math.hypot(seen, unseen), is_own=True)


def forecast(remaining_minutes: float, weeks: Sequence[int], error: float) -> Forecast | None:
    """The range for so many minutes, from the minutes of the weeks so far, oldest first, pauses left out.

    `error` is the relative error of the remaining minutes. None with fewer than `WEEKS_NEEDED` weeks, and
    where nothing was studied in them.
    """
    if len(weeks) < WEEKS_NEEDED or not any(weeks):
        return None
    if remaining_minutes <= 0:
        return Forecast(0.0, 0.0, 0.0, 0.0, 0.0)
    weights = [0.5 ** ((len(weeks) - 1 - place) / HALF_LIFE_WEEKS) for place in range(len(weeks))]
    weighed = list(zip(weights, weeks, strict=True))
    total = math.fsum(weights)
    pace = math.fsum(weight * minutes for weight, minutes in weighed) / total
    seen = math.fsum(weight * (minutes - pace) ** 2 for weight, minutes in weighed) / total / pace**2
    counted = total * total / math.fsum(weight * weight for weight in weights)
    spread = (counted * seen + PRIOR_WEEKS * PRIOR_SPREAD**2) / (counted + PRIOR_WEEKS)
    likely = remaining_minutes / pace
    off = math.sqrt(spread / max(likely, 0.5) + spread / counted + error**2 + DRIFT**2 * likely)
    return Forecast(
        likely=likely,
        low_50=likely / (1 + Z_50 * off),
        high_50=likely / max(SLOWEST, 1 - Z_50 * off),
        low_80=likely / (1 + Z_80 * off),
        high_80=likely / max(SLOWEST, 1 - Z_80 * off),
    )


def study_weeks(by_day: Mapping[date, int], off: Iterable[Off], on: date) -> tuple[int, ...]:
    """The minutes of each whole week before that of `on`, oldest first, from the first one with study.

    Days off do not count: a week of which at least `DAYS_OF_A_WEEK` are left is stretched to seven days, one
    with fewer is left out.
    """
    until = week_of(on).first_on
    earliest = until - timedelta(weeks=WEEKS_SEEN)
    studied = {day: minutes for day, minutes in by_day.items() if minutes and earliest <= day < until}
    if not studied:
        return ()
    first = week_of(min(studied)).first_on
    days_off = {day for pause in off for day in pause.days_in(first, until)}
    logged = [0] * ((until - first).days // 7)
    days_left = [7] * len(logged)
    for day in days_off:
        days_left[(day - first).days // 7] -= 1
    for day, minutes in studied.items():
        if day not in days_off:
            logged[(day - first).days // 7] += minutes
    weeks = zip(logged, days_left, strict=True)
    return tuple(round(minutes * 7 / days) for minutes, days in weeks if days >= DAYS_OF_A_WEEK)


def day_after(weeks: float, from_on: date, off: Iterable[Off]) -> date | None:
    """The day that so many weeks of study end on, from the morning of `from_on`, days off not counted.

    None where an open pause stands before it, or it lies beyond the horizon.
    """
    left = math.ceil(weeks * 7 - 1e-9)
    if left > LONGEST_DAYS:
        return None
    day = from_on
    for pause in sorted(off, key=lambda row: row.first_on):
        if pause.until_on is not None and pause.until_on <= day:
            continue
        if (pause.first_on - day).days >= left:
            break
        if pause.until_on is None:
            return None
        left -= max(0, (pause.first_on - day).days)
        day = pause.until_on
    return day + timedelta(days=max(0, left - 1))
