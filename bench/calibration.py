"""How often the forecast holds, on learners who never were.

    python -m bench.calibration                       2,000 learners, the seed it was tuned on
    python -m bench.calibration --seed 7 --number 500

Each learner is asked four times, when 15, 30, 50 and 75 % of the planned minutes are done: the forecast sees
what Cairn would see then (minutes by week, minutes planned and logged by finished activity, what is open) and
is compared with the week in which they really finish. Beside it stand the naive guess (what is left by the
average week) and the narrowest band of one width around that guess which holds as often.
"""

from __future__ import annotations

import argparse
import math
import statistics
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from bench.learners import KINDS, Learner, learners
from tracker.plans.rules import forecast as rules
from tracker.plans.rules.progress import remaining_minutes

SHARES = (0.15, 0.30, 0.50, 0.75)
SEED = 20261123
NUMBER = 2000


@dataclass(frozen=True, slots=True)
class Case:
    """What is known of a learner at the end of a week, and how many weeks it really took from there."""

    kind: str
    share: float
    weeks: tuple[int, ...]
    open_minutes: tuple[int, ...]
    finished: tuple[rules.Finished, ...]
    modules_finished: int
    real_weeks: int


@dataclass(frozen=True, slots=True)
class Promise:
    """What was promised in one case, in whole weeks, and what happened."""

    case: Case
    low: int
    high: int
    likely: float
    naive: float

    @property
    def held(self) -> bool:
        return self.low <= self.case.real_weeks <= self.high

    @property
    def width(self) -> int:
        return self.high - self.low


def cases(learner: Learner) -> Iterator[Case]:
    """The learner at each of the four shares that is reached before the last week."""
    planned = sum(task.planned for task in learner.tasks)
    shares = list(SHARES)
    done = place = into = 0
    for number, minutes in enumerate(learner.weeks, start=1):
        left = minutes
        while left > 0 and place < len(learner.tasks):
            spent = min(left, learner.tasks[place].real - into)
            left, into = left - spent, into + spent
            if into == learner.tasks[place].real:
                done, place, into = done + learner.tasks[place].planned, place + 1, 0
        while shares and done >= shares[0] * planned:
            share = shares.pop(0)
            if number < len(learner.weeks):
                yield _case(learner, share, number, place, into)


def _case(learner: Learner, share: float, number: int, place: int, into: int) -> Case:
    finished, open_tasks = learner.tasks[:place], learner.tasks[place:]
    modules = {task.module for task in finished} - {task.module for task in open_tasks}
    return Case(
        kind=learner.kind,
        share=share,
        weeks=learner.weeks[:number],
        open_minutes=tuple(
            remaining_minutes(task.planned, into if index == 0 else 0)
            for index, task in enumerate(open_tasks)
        ),
        finished=tuple(rules.Finished(task.planned, task.real) for task in finished),
        modules_finished=len(modules),
        real_weeks=len(learner.weeks) - number,
    )


def promise(case: Case) -> Promise | None:
    """What Cairn would say; None where it would say nothing yet."""
    estimate = rules.estimate(case.finished, case.open_minutes, case.modules_finished)
    said = rules.forecast(sum(case.open_minutes) * estimate.ratio, case.weeks, estimate.error)
    if said is None:
        return None
    naive = sum(case.open_minutes) / statistics.mean(case.weeks)
    return Promise(case, math.floor(said.low_80), math.ceil(said.high_80), said.likely, naive)


def share_held(promises: Iterable[Promise]) -> float:
    """The share of promises that held."""
    held = [row.held for row in promises]
    return sum(held) / len(held)


def constant_width(promises: Sequence[Promise], coverage: float) -> float:
    """The width, in weeks, of the narrowest band around the naive guess that holds in this share of cases."""
    misses = sorted(abs(row.naive - row.case.real_weeks) for row in promises)
    return 2 * misses[min(len(misses) - 1, math.ceil(coverage * len(misses)))]


def report(number: int, seed: int) -> str:
    """The tables of docs/forecast.md, as Markdown."""
    asked = [case for learner in learners(number, seed) for case in cases(learner)]
    promises = [row for case in asked if (row := promise(case)) is not None]
    groups: dict[tuple[str, float], list[Promise]] = defaultdict(list)
    for row in promises:
        groups[row.case.kind, row.case.share].append(row)
    pooled = share_held(promises)
    width, constant = statistics.median(row.width for row in promises), constant_width(promises, pooled)
    lines = [
        f"{number:,} learners, seed {seed}: {len(asked):,} questions, {len(promises):,} answered.",
        "",
        "| kind | 15 % | 30 % | 50 % | 75 % | later than said | earlier |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for kind in KINDS:
        own = [row for row in promises if row.case.kind == kind]
        cells = [f"{share_held(groups[kind, share]):.0%}" for share in SHARES]
        late = sum(row.case.real_weeks > row.high for row in own) / len(own)
        early = sum(row.case.real_weeks < row.low for row in own) / len(own)
        lines.append(f"| {kind} | {' | '.join(cells)} | {late:.0%} | {early:.0%} |")
    cells = [f"{share_held(row for row in promises if row.case.share == share):.0%}" for share in SHARES]
    lines.append(f"| all | {' | '.join(cells)} | | |")
    off = statistics.mean(abs(row.likely - row.case.real_weeks) for row in promises)
    naive = statistics.mean(abs(row.naive - row.case.real_weeks) for row in promises)
    lines += [
        "",
        f"- The 80 % range held in {pooled:.1%} of all answers; in the worst group, "
        f"{min(share_held(rows) for rows in groups.values()):.1%}.",
        f"- Median width {width:g} weeks; a band of one width around the naive guess that holds as often is "
        f"{constant:.1f} weeks wide: {width / constant:.2f} of it.",
        f"- The likely date is off by {off:.1f} weeks on average, the naive guess by {naive:.1f}.",
    ]
    return "\n".join(lines)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Measure how often the forecast holds.")
    parser.add_argument("--number", type=int, default=NUMBER)
    parser.add_argument("--seed", type=int, default=SEED)
    options = parser.parse_args()
    print(report(options.number, options.seed))


if __name__ == "__main__":
    main()
