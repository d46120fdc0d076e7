"""Hand-ins for the labs of the module on poisoning: one accepted, one refused each."""

from typing import Any

from tests.curriculum.labs.example import Example, as_json, as_junit

VERSIONS = {"sklearn": "1.9.1", "numpy": "2.4.6"}

REFUSALS = (
    "test_one_byte_change",
    "test_row_added",
    "test_row_removed",
    "test_label_changed",
    "test_wrong_signature",
    "test_expired_manifest",
    "test_model_of_other_data",
)

MANIFEST = {
    "body": {
        "file": "train.csv",
        "data": {"rows": 3, "labels": {"0": 1, "1": 2}, "row_hashes": "9f2c", "bytes": 37, "sha256": "41d7"},
        "approved_by": "data owner",
        "approved_on": "2026-05-01",
        "expires": "2026-09-01",
    },
    "signature": "6b0e",
}


def backdoor(rate: float, poisoned: int, triggered_before: float, others: int) -> dict[str, Any]:
    return {
        "seed": 0,
        "versions": VERSIONS,
        "n_train": 1297,
        "n_test": 500,
        "n_others": others,
        "target_class": 0,
        "trigger": {"pixels": [55, 62, 63], "value": 1.0},
        "poison_rate": rate,
        "n_poisoned": poisoned,
        "before": {"clean": 0.976, "triggered": triggered_before},
        "after": {"clean": 0.976, "triggered": 0.942},
        "label_flips": [
            {"rate": flipped, "accuracy": accuracy}
            for flipped, accuracy in ((0, 0.968), (0.1, 0.928), (0.2, 0.862), (0.4, 0.64))
        ],
    }


def detector(rates: tuple[tuple[float, int, float, float, str], ...]) -> dict[str, Any]:
    """Poison rate, rows, ROC area, success after the purge and verdict; three seeds of each."""
    return {
        "method": "spectral signatures",
        "n_test": 500,
        "runs": [
            {
                "poison_rate": rate,
                "seed": seed,
                "n_poison": rows,
                "auc": area,
                "asr_before": 0.92,
                "asr_after": after,
                "clean_before": 0.974,
                "clean_after": 0.976,
                "verdict": verdict,
            }
            for rate, rows, area, after, verdict in rates
            for seed in (0, 1, 2)
        ],
        "explanation": "At 10 % the poison is half of the target class. No direction tells it as a minority.",
    }


EXAMPLES = {
    "poisoning.lab-backdoor": Example(
        accepted={"backdoor.json": as_json(backdoor(0.05, 64, triggered_before=0.0, others=450))},
        # Counted on the whole test set, so inputs of the target class count as successes before any poison.
        refused={"backdoor.json": as_json(backdoor(0.05, 64, triggered_before=0.102, others=500))},
        because=(
            "Success is measured on inputs of other classes, so on fewer than the whole test set.",
            "For the unpoisoned model the trigger does so for 0.1 or less.",
        ),
    ),
    "poisoning.lab-poison-detector": Example(
        accepted={
            "detector.json": as_json(
                detector(
                    (
                        (0.02, 25, 0.998, 0.0, "works"),
                        (0.05, 64, 0.89, 0.4, "partly"),
                        (0.1, 129, 0.5, 0.81, "fails"),
                    )
                )
            )
        },
        # Only settings in which it shines, and one called working although the backdoor is still there.
        refused={
            "detector.json": as_json(
                detector(
                    (
                        (0.01, 12, 0.93, 0.27, "works"),
                        (0.015, 19, 0.99, 0.05, "works"),
                        (0.02, 25, 0.998, 0.0, "works"),
                    )
                )
            )
        },
        because=(
            "Where it works, the area is 0.9 or more and the purge takes success to 0.2 or less.",
            "At least one run fails.",
            "Where it fails, success after the purge is still 0.5 or more.",
        ),
    ),
    "poisoning.lab-manifest-gate": Example(
        accepted={
            "gate.junit.xml": as_junit(dict.fromkeys((*REFUSALS, "test_untouched"), "passed")),
            "manifest.json": as_json(MANIFEST),
        },
        # The gate believes the manifest before it has checked who signed it.
        refused={
            "gate.junit.xml": as_junit(
                dict.fromkeys((*REFUSALS, "test_untouched"), "passed") | {"test_wrong_signature": "failed"}
            ),
            "manifest.json": as_json(MANIFEST),
        },
        because=("Every test passed, so seven changes are refused and the untouched data accepted.",),
    ),
}
