"""Counterfit 1.1: run_summary.json, and params.json beside it. Pure.

Neither names attack, target, version or time: the learner states the first two.
"""

from __future__ import annotations

from typing import Any

from tracker.evidence.rules.reports.documents import mapping
from tracker.evidence.rules.reports.report import Eval, Refused, Report, clean, count, target_name

AS_WRITTEN = "Hand in the run_summary.json of Counterfit's `save -r`."
UNSTATED = "not stated"
LABEL_CHANGED = "label changed"
_LISTS = ("initial_labels", "final_labels", "success", "results")


def is_run_summary(value: Any) -> bool:
    """Whether a JSON value is a run_summary.json."""
    return {"initial_labels", "final_labels", "num_queries"} <= mapping(value).keys()


def is_parameters(value: Any) -> bool:
    """Whether a JSON value is a params.json."""
    row = mapping(value)
    return bool(row) and all("current" in mapping(each) for each in row.values())


def read_run_summary(value: Any, *, parameters: Any = None, attack: str = "", target: str = "") -> Report:
    """The report of one attack. Raises `Refused` where its parts do not agree with one another."""
    lists = [value.get(name) for name in _LISTS]
    if not all(isinstance(row, list) for row in lists):
        raise Refused(f"This Counterfit summary lacks its labels, results or successes. {AS_WRITTEN}")
    before, after, success, results = lists
    if not len(before) == len(after) == len(success) == len(results):
        raise Refused(
            "The lists of this Counterfit summary have different lengths: "
            f"{len(before)} labels before, {len(after)} after, {len(success)} successes, "
            f"{len(results)} results."
        )
    if not success:
        raise Refused("This Counterfit summary holds no sample, so it has no result. Run the attack again.")
    if not all(isinstance(each, bool) for each in success):
        raise Refused(f"A success in this Counterfit summary is neither true nor false. {AS_WRITTEN}")
    queries = count(value.get("num_queries"))
    if not queries:
        raise Refused("This Counterfit summary says that the model was never asked, so it has no result.")
    targeted = mapping(mapping(parameters).get("targeted")).get("current") is True
    for number, (old, new, worked) in enumerate(zip(before, after, success, strict=True), start=1):
        # A targeted attack may change a label to another one than was wanted, and fail.
        if (old != new) != worked and not (targeted and not worked):
            raise Refused(
                f"Sample {number} of this Counterfit summary is called {_word(worked)}, and its label "
                f"{'changed' if old != new else 'did not change'}. {AS_WRITTEN}"
            )
    notes = ["Counterfit's summary names neither attack nor target: both are as you state them."]
    if parameters is None:
        notes.append("Its params.json was not handed in with it.")
    return Report(
        tool="counterfit",
        version="",
        target=target_name(target),
        state="complete",
        evals=(Eval(clean(attack) or UNSTATED, LABEL_CHANGED, success.count(False), len(success)),),
        requested=(clean(attack) or UNSTATED,),
        attempts=len(success),
        notes=tuple(notes),
    )


def _word(worked: bool) -> str:
    return "a success" if worked else "a failure"
