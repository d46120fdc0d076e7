"""Hand-ins for the labs of the module on evasion: one accepted, one refused each."""

from typing import Any

from tests.curriculum.labs.example import Example, as_json

VERSIONS = {"art": "1.20.1", "sklearn": "1.9.1", "numpy": "2.4.6"}


def curve(rows: list[tuple[float, float, float]]) -> dict[str, Any]:
    """Epsilon, FGSM accuracy and PGD accuracy, row by row."""
    return {
        "seed": 0,
        "n_test": 500,
        "versions": VERSIONS,
        "model": "LogisticRegression",
        "norm": "inf",
        "pgd": {"steps": 20, "step_size": "epsilon / 4"},
        "clean_accuracy": 0.968,
        "curve": [{"epsilon": epsilon, "fgsm": fgsm, "pgd": pgd} for epsilon, fgsm, pgd in rows],
    }


def blackbox(attacked: list[tuple[int, int, float, int]]) -> dict[str, Any]:
    """True label, label afterwards, L2 distance and queries, sample by sample."""
    samples = [
        {
            "index": index,
            "true": true,
            "before": true,
            "after": after,
            "l2": l2,
            "queries": queries,
            "within_bound": after != true and l2 <= 2.0,
        }
        for index, (true, after, l2, queries) in enumerate(attacked)
    ]
    return {
        "tool": "adversarial-robustness-toolbox",
        "tool_version": "1.20.1",
        "created": "2026-11-22T10:00:00+00:00",
        "seed": 0,
        "target": {"name": "digits-forest", "model": "RandomForestClassifier", "data": "load_digits"},
        "attack": {"name": "HopSkipJump", "access": "label only", "parameters": {"norm": 2, "max_iter": 10}},
        "l2_bound": 2.0,
        "query_cap": 1000,
        "metrics": {
            "samples": len(samples),
            "within_bound": sum(bool(row["within_bound"]) for row in samples),
            "l2_mean": sum(row[2] for row in attacked) / len(attacked),
            "queries": sum(row[3] for row in attacked),
        },
        "samples": samples,
    }


def hardened(transfer: float, white_box: float) -> dict[str, Any]:
    """What hardening did to accuracy under the fixed attack and under the model's own gradients."""
    return {
        "seed": 0,
        "n_test": 500,
        "versions": VERSIONS,
        "epsilon": 0.1,
        "norm": "inf",
        "training_attack": "PGD, 7 steps",
        "white_box_steps": 20,
        "gradient_error": 8.2e-11,
        "before": {"clean": 0.984, "transfer": 0.55, "white_box": 0.404},
        "after": {"clean": 0.982, "transfer": transfer, "white_box": white_box},
        "unseen": {"attack": "Gaussian noise, sigma 0.2", "before": 0.936, "after": 0.962},
    }


EXAMPLES = {
    "evasion.lab-white-box-curve": Example(
        accepted={
            "evasion_curve.json": as_json(
                curve(
                    [
                        (0.02, 0.944, 0.944),
                        (0.05, 0.87, 0.87),
                        (0.1, 0.632, 0.612),
                        (0.2, 0.084, 0.042),
                        (0.3, 0.002, 0.0),
                    ]
                )
            )
        },
        # A step far too small: PGD never reaches the edge of the ball.
        refused={
            "evasion_curve.json": as_json(
                curve([(0.05, 0.87, 0.942), (0.1, 0.632, 0.94), (0.2, 0.084, 0.938), (0.3, 0.002, 0.938)])
            )
        },
        because=(
            "At every epsilon PGD accuracy is at most FGSM accuracy plus 0.02.",
            "At the largest epsilon PGD leaves 0.1 or less, so the attack can break the model.",
        ),
    ),
    "evasion.lab-query-budget": Example(
        accepted={
            "blackbox.json": as_json(
                blackbox(
                    [(i % 10, (i + 3) % 10, 0.8 + 0.04 * i, 560 + 2 * i) for i in range(19)]
                    + [(4, 9, 2.3, 590)]
                )
            )
        },
        # No iteration at all: every label changed, hardly any sample is near.
        refused={
            "blackbox.json": as_json(
                blackbox([(i % 10, (i + 3) % 10, 2.7 if i > 2 else 1.6, 15) for i in range(20)])
            )
        },
        because=("Success within the bound is 0.8 or more.",),
    ),
    "evasion.lab-harden-and-measure": Example(
        accepted={"hardened.json": as_json(hardened(transfer=0.824, white_box=0.782))},
        # Trained on one fixed set of examples: immune to it, weaker than before against its own gradients.
        refused={"hardened.json": as_json(hardened(transfer=0.982, white_box=0.112))},
        because=("Accuracy under PGD with the model's own gradients rises by 0.15 or more.",),
    ),
}
