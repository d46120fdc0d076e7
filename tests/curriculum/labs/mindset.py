"""Hand-ins for the lab of the module on mindset: one accepted, one refused."""

from typing import Any

from tests.curriculum.labs.example import Example, as_json

FIRST_BREAK: dict[str, Any] = {
    "library": {"name": "adversarial-robustness-toolbox", "version": "1.20.1"},
    "attack": "FastGradientMethod",
    "seed": 0,
    "input_min": 0.0,
    "input_max": 1.0,
    "n_test": 500,
    "clean_accuracy": 0.968,
    "curve": [
        {"epsilon": 0.05, "accuracy": 0.886},
        {"epsilon": 0.1, "accuracy": 0.652},
        {"epsilon": 0.2, "accuracy": 0.104},
        {"epsilon": 0.3, "accuracy": 0.022},
    ],
}

# The pixels were left at 0 to 16, so that an epsilon of 0.2 is a hundredth of the range and moves nothing.
UNSCALED: dict[str, Any] = {
    **FIRST_BREAK,
    "input_max": 16.0,
    "curve": [
        {"epsilon": 0.05, "accuracy": 0.968},
        {"epsilon": 0.1, "accuracy": 0.966},
        {"epsilon": 0.2, "accuracy": 0.962},
    ],
}

EXAMPLES = {
    "mindset.lab-first-break": Example(
        accepted={"first_break.json": as_json(FIRST_BREAK)},
        refused={"first_break.json": as_json(UNSCALED)},
        because=("The inputs are scaled to at most 1.", "Accuracy at epsilon 0.2 is 0.40 or less."),
    ),
}
