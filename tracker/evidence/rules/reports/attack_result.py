"""The attack result: a small JSON file for attacks whose tool writes no report, such as those of ART. Pure.

docs/attack-result.schema.json says what it may hold, docs/evidence.md how to write one.
"""

from __future__ import annotations

import math
from typing import Any

from tracker.evidence.rules.reports.documents import mapping
from tracker.evidence.rules.reports.limits import Limits
from tracker.evidence.rules.reports.report import Eval, Refused, Report, clean, count, target_name

SEE = "docs/evidence.md says what an attack result holds."
SUCCESS = "success"
TOLERANCE = 0.005
"""A rate may be written with two places."""


def is_attack_result(value: Any) -> bool:
    """Whether a JSON value is an attack result."""
    row = mapping(value)
    return {"tool", "attack"} <= row.keys() and bool({"metrics", "samples"} & row.keys())


def read_attack_result(value: Any, limits: Limits) -> Report:
    """The report of one attack. Raises `Refused` where something is missing or does not agree."""
    tool, attack = clean(value.get("tool")), clean(mapping(value.get("attack")).get("name"))
    target = target_name(mapping(value.get("target")).get("name"))
    absent = [
        name
        for name, found in (("tool", tool), ("attack.name", attack), ("target.name", target))
        if not found
    ]
    if absent:
        raise Refused(f"This attack result lacks {' and '.join(absent)}. {SEE}")
    metrics = mapping(value.get("metrics"))
    number, rate = count(metrics.get("samples")), _share(metrics.get("success_rate"))
    rows = value.get("samples")
    if isinstance(rows, list):
        worked = _successes(rows, limits)
        evaluated = len(rows)
        if number is not None and number != evaluated:
            raise Refused(f"This attack result states {number} samples and lists {evaluated}. {SEE}")
        if rate is not None and evaluated and abs(rate - worked / evaluated) > TOLERANCE:
            raise Refused(
                f"This attack result states a success rate of {rate:g}, and {worked} of its {evaluated} "
                f"samples are successes. {SEE}"
            )
    elif number is not None and rate is not None:
        evaluated, worked = number, round(number * rate)
    else:
        raise Refused(
            f"This attack result has neither samples nor metrics.samples with metrics.success_rate. {SEE}"
        )
    if not evaluated:
        raise Refused("This attack result holds no sample, so it has no result. Run the attack on some.")
    return Report(
        tool=tool,
        version=clean(value.get("tool_version"), 40),
        target=target,
        state="complete",
        evals=(Eval(attack, SUCCESS, evaluated - worked, evaluated),),
        started_at=clean(value.get("created"), 40),
        requested=(attack,),
        attempts=evaluated,
    )


def _successes(rows: list[Any], limits: Limits) -> int:
    if len(rows) > limits.results:
        raise Refused(f"This attack result has more than {limits.results:,} samples.")
    found = [mapping(row).get("success") for row in rows]
    for number, each in enumerate(found, start=1):
        if not isinstance(each, bool):
            raise Refused(f"Sample {number} of this attack result does not say success: true or false. {SEE}")
    return found.count(True)


def _share(value: Any) -> float | None:
    """A number between 0 and 1, or None."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        return None
    return None if math.isnan(value) else float(value)
