"""Hand-ins for the labs of the module on privacy: one accepted, one refused each."""

from tests.curriculum.labs.example import Example, Handed, as_csv, as_json

# How often "member" is said about members and about others, by the rule and by the score.
RATES = {
    ("overfitted", "rule"): (1.0, 0.57),
    ("overfitted", "score"): (0.0, 0.0),
    ("forest", "rule"): (1.0, 0.786),
    ("forest", "score"): (0.074, 0.01),
    ("regularised", "rule"): (0.774, 0.764),
    ("regularised", "score"): (0.026, 0.01),
}


def membership(regularised: tuple[float, float], told_tpr: float) -> dict[str, Handed]:
    rows: list[dict[str, object]] = []
    told: dict[str, dict[str, float]] = {"overfitted": {}, "forest": {}, "regularised": {}}
    for (name, attack), (inside, outside) in (RATES | {("regularised", "rule"): regularised}).items():
        told[name] |= {
            f"{attack}_accuracy": round((inside + 1 - outside) / 2, 4),
            f"{attack}_tpr": inside,
            f"{attack}_fpr": outside,
        }
        for member, rate in ((1, inside), (0, outside)):
            for i in range(500):
                guess = int(i < round(rate * 500))
                row: dict[str, object] = {"model": name, "attack": attack, "member": member}
                rows.append(row | {"guess": guess, "correct": int(guess == member)})
    told["forest"]["score_tpr"] = told_tpr
    report = {
        "library": {"name": "adversarial-robustness-toolbox", "version": "1.20.1"},
        "seed": 0,
        "members": 500,
        "non_members": 500,
        "fpr_target": 0.01,
        "models": told,
    }
    return {"mia.json": as_json(report), "mia_rows.csv": as_csv(rows)}


OPEN = {50: 0.658, 100: 0.872, 250: 0.926, 500: 0.948, 1000: 0.968, 2000: 0.972}
HARDENED = {50: 0.63, 100: 0.788, 250: 0.912, 500: 0.924, 1000: 0.966, 2000: 0.968}
BLIND = {50: 0.168, 100: 0.21, 250: 0.388, 500: 0.45, 1000: 0.452, 2000: 0.58}


def extraction(open_curve: dict[int, float], hardened: dict[int, float]) -> dict[str, Handed]:
    def curve(points: dict[int, float]) -> list[dict[str, float]]:
        return [{"budget": budget, "agreement": v, "accuracy": v - 0.004} for budget, v in points.items()]

    report = {
        "library": {"name": "scikit-learn", "version": "1.9.1"},
        "seed": 0,
        "attacker_data": "similar: noisy versions of training pictures; blind: uniform noise",
        "held_out": 500,
        "open": curve(open_curve),
        "hardened": curve(hardened),
        "blind": curve(BLIND),
        "hardening": {"answers": "labels only", "quota": 500, "note": "Above the busiest honest client."},
        "honest_user": {"log_loss_open": 0.073, "log_loss_hardened": 0.197},
        "membership": {"tpr_open": 0.074, "tpr_hardened": 0.0, "rule_accuracy_hardened": 0.607},
    }
    return {"extraction.json": as_json(report)}


def canaries(control_repeats: int, control_exposure: float) -> dict[str, Handed]:
    planted = ((1, 4.12), (1, 4.9), (2, 6.69), (2, 4.41), (5, 12.29), (5, 13.29), (10, 13.29), (10, 13.29))
    report = {
        "model": "character network, 128 hidden units",
        "seed": 0,
        "space": 10000,
        "canaries": [
            {"name": f"planted {i}", "repeats": times, "rank": round(10000 / 2**bits), "exposure": bits}
            for i, (times, bits) in enumerate((*planted, (25, 13.29), (50, 13.29)))
        ],
        "controls": [
            {
                "name": f"control {i}",
                "repeats": control_repeats,
                "rank": 5000,
                "exposure": control_exposure + i / 10,
            }
            for i in range(10)
        ],
        "note": "By sampling alone the code planted fifty times came out, the others did not.",
    }
    return {"canaries.json": as_json(report)}


FLAGGED = {"uniform": 60, "noise": 30, "natural": 27}


def detector(benign_kept: int, told_rate: float) -> dict[str, Handed]:
    rows: list[dict[str, object]] = []
    for i in range(300):
        split = "calibrate" if i < benign_kept else "measure"
        rows.append({"kind": "benign", "split": split, "score": 1.5, "flagged": int(i >= 296)})
    for kind, flagged in FLAGGED.items():
        rows += [
            {
                "kind": kind,
                "split": "measure",
                "score": 4.0 if i < flagged else 2.0,
                "flagged": int(i < flagged),
            }
            for i in range(60)
        ]
    report = {
        "features": ["entropy", "distance", "class spread", "step", "volume"],
        "threshold": 2.965,
        "threshold_from": "quantile 0.99 of the benign clients with split calibrate",
        "false_positive_rate": told_rate,
        "recall": {kind: flagged / 60 for kind, flagged in FLAGGED.items()},
        "limits": "Ordinary data spread over many accounts is not seen.",
        "response": "Slow down and ask for the purpose.",
    }
    clients = as_csv([{"client": i, **row} for i, row in enumerate(rows)])
    return {"extraction_detector.json": as_json(report), "detector_clients.csv": clients}


EXAMPLES = {
    "privacy.lab-membership": Example(
        accepted=membership((0.774, 0.764), told_tpr=0.074),
        # The regression was left without its strong regularisation, the rate comes from another run.
        refused=membership((0.98, 0.76), told_tpr=0.43),
        because=(
            "Attack accuracy by the rule is 0.55 or less on the regularised model.",
            "The true-positive rate stated for the score attack agrees with the rows.",
        ),
    ),
    "privacy.lab-extraction": Example(
        accepted=extraction(OPEN, HARDENED),
        # The attacker sent noise alone, and the hardened interface was tried at three budgets.
        refused=extraction(BLIND, {50: 0.63, 250: 0.912, 1000: 0.966}),
        because=(
            "Agreement at 250 queries is 0.85 or more against the open interface.",
            "The hardened interface is attacked at the same budgets.",
        ),
    ),
    "privacy.lab-canary": Example(
        accepted=canaries(control_repeats=0, control_exposure=0.7),
        # The controls went into the training text once each.
        refused=canaries(control_repeats=1, control_exposure=4.0),
        because=("No control was planted.", "The controls average 3 bits of exposure or less."),
    ),
    "privacy.lab-extraction-detector": Example(
        accepted=detector(benign_kept=150, told_rate=4 / 150),
        # The threshold was fixed on all benign clients, so nobody was left to measure false alarms on.
        refused=detector(benign_kept=300, told_rate=0.01),
        because=(
            "The false-positive rate is measured on 100 other benign clients or more.",
            "The false-positive rate stated agrees with the rows.",
        ),
    ),
}
