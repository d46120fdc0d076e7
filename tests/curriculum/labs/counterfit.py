"""Hand-ins for the lab of the module on Counterfit: one accepted, one refused."""

from collections.abc import Mapping, Sequence
from typing import Any

from tests.curriculum.labs.example import Example, as_json

SUCCESSES: Mapping[str, Sequence[bool]] = {
    "1532fd54": (True,),
    "1f6b96bc": (True, True, False, True),
    "7a20c3e9": (True, True, True, True, True),
}
QUERIES = {"1532fd54": 101, "1f6b96bc": 376, "7a20c3e9": 2882}
ATTACKS = {
    "1532fd54": ("creditfraud", "hop_skip_jump"),
    "1f6b96bc": ("movie_reviews", "deepwordbug_gao_2018"),
    "7a20c3e9": ("own_digits", "boundary"),
}


def summary(attack_id: str) -> dict[str, Any]:
    """A run as Counterfit 1.1.0 saves it: no attack, no target, no version."""
    success = list(SUCCESSES[attack_id])
    return {
        "sample_index": {"default": 0, "current": 0, "previous": [], "docs": "Sample index to attack"},
        "initial_labels": [1 for _ in success],
        "final_labels": [0 if worked else 1 for worked in success],
        "elapsed_time": 0.15,
        "num_queries": QUERIES[attack_id],
        "success": success,
        "results": [[0.25, 0.5] for _ in success],
    }


def run(attack_id: str) -> dict[str, Any]:
    target, attack = ATTACKS[attack_id]
    changed = sum(SUCCESSES[attack_id])
    return {
        "attack_id": attack_id,
        "tool": "counterfit",
        "target": target,
        "attack": attack,
        "filed_as": "evasion",
        "is": "evasion",
        "access": "closed-box",
        "samples": len(SUCCESSES[attack_id]),
        "succeeded": changed,
        "labels_changed": changed,
        "queries": QUERIES[attack_id],
    }


def repeat(attack_id: str) -> dict[str, Any]:
    return {
        "repeats": attack_id,
        "tool_version": "1.20.1",
        "attack": ATTACKS[attack_id][1],
        "is": "evasion",
        "samples": len(SUCCESSES[attack_id]),
        "succeeded": 1,
        "queries": 140,
        "difference": "Another random start; over three runs 96 to 151 queries.",
    }


EXTRACTION = {
    "tool_version": "1.9.1",
    "attack": "own extraction",
    "is": "extraction",
    "samples": 500,
    "agreement": 0.93,
    "queries": 500,
    "difference": "Guessing the commonest class would agree on 0.1.",
}


def campaign(attack_ids: Sequence[str], repeats: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {
        "tool": {"name": "counterfit", "version": "1.1.0", "commit": "9aee1ea"},
        "python": "3.8.20",
        "image_digest": "sha256:3b1f",
        "packages": [f"package-{letter}==1.0" for letter in "abcdefghij"],
        "fallback_reason": "",
        "targets": [
            {"name": "creditfraud", "data_type": "tabular", "own": False},
            {"name": "movie_reviews", "data_type": "text", "own": False},
            {"name": "own_digits", "data_type": "image", "own": True},
        ],
        "runs": [run(attack_id) for attack_id in attack_ids],
        "repeats": list(repeats),
    }


FILES = {
    f"{attack_id}.{name}.json": as_json(
        summary(attack_id) if name == "run_summary" else {"max_iter": {"current": 5}}
    )
    for attack_id in SUCCESSES
    for name in ("run_summary", "params")
}

EXAMPLES = {
    "counterfit.lab-campaign": Example(
        accepted=FILES
        | {
            "campaign.json": as_json(
                campaign(tuple(SUCCESSES), (repeat("1532fd54"), repeat("7a20c3e9"), EXTRACTION))
            )
        },
        # The run with a failure in it is left out of the record, and one repeat is missing.
        refused=FILES
        | {"campaign.json": as_json(campaign(("1532fd54", "7a20c3e9"), (repeat("1532fd54"), EXTRACTION)))},
        because=(
            "Three attacks or more are used.",
            "There is one row for each run summary.",
            "The queries in your rows add up to those in the summaries.",
            "Two evasion runs or more are repeated with ART.",
        ),
    ),
}
