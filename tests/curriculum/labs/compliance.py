"""Hand-ins for the labs of the module on the AI Act and the AI RMF: one accepted, one refused each."""

from typing import Any

from tests.curriculum.labs.example import Example, as_csv, as_json

# ------------------------------------------------------------------------------------------- eight cases

DATES = (
    ("prohibitions", "2025-02-02", "2025-02-02"),
    ("literacy", "2025-02-02", "2025-02-02"),
    ("gpai", "2025-08-02", "2025-08-02"),
    ("transparency", "2026-08-02", "2026-08-02"),
    ("marking-earlier-systems", "2026-08-02", "2026-12-02"),
    ("new-prohibitions", "none", "2026-12-02"),
    ("annex-iii", "2026-08-02", "2027-12-02"),
    ("annex-i", "2027-08-02", "2028-08-02"),
)
OUTDATED = tuple(
    (name, enacted, enacted if name.startswith("annex") else now) for name, enacted, now in DATES
)


def calendar(dates: tuple[tuple[str, str, str], ...]) -> list[dict[str, Any]]:
    return [
        {
            "id": name,
            "what": "duties",
            "enacted_on": enacted,
            "applies_on": now,
            "source": "Art. 113 as amended by (EU) 2026/1744",
            "checked_on": "2026-11-22",
            "certainty": "uncertain" if name == "literacy" else "sure",
            "note": "a duty or an effort: ask counsel" if name == "literacy" else "",
        }
        for name, enacted, now in dates
    ]


ANSWERS = (
    ("A", "deployer", "prohibited", "Art. 5(1)(f)", "2025-02-02", "2025-02-02"),
    ("B", "deployer", "high-risk-annex-iii", "Annex III point 4", "2026-08-02", "2027-12-02"),
    ("C", "both", "high-risk-annex-iii", "Annex III point 3", "2026-08-02", "2027-12-02"),
    ("D", "provider", "high-risk-annex-i", "Art. 6(1)", "2027-08-02", "2028-08-02"),
    ("E", "both", "transparency", "Art. 50(1)", "2026-08-02", "2026-08-02"),
    ("F", "provider", "transparency", "Art. 50(2)", "2026-08-02", "2026-12-02"),
    ("G", "provider", "gpai-systemic-risk", "Art. 55", "2025-08-02", "2025-08-02"),
    ("H", "both", "none", "none of the routes", "none", "none"),
)
DISSENT = "The bot is built and run by an agency under its own mark, so that the shop only deploys it."


def classification(changed: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The model answers, with what is changed in single cases."""
    return {
        "cases": [
            {
                "case": case,
                "role": role,
                "route": route,
                "point": point,
                "reason": "the text of the article and the facts of the case",
                "would_change": "another intended purpose",
                "applies_on": now,
                "enacted_on": enacted,
                "source": "Regulation (EU) 2024/1689 as amended",
                "checked_on": "2026-11-22",
                "dissent": "none",
                **changed.get(case, {}),
            }
            for case, role, route, point, enacted, now in ANSWERS
        ]
    }


CLASSIFICATION = Example(
    # One case with a reasoned dissent is allowed.
    accepted={
        "calendar.json": as_json(calendar(DATES)),
        "classification.json": as_json(classification({"E": {"role": "deployer", "dissent": DISSENT}})),
    },
    # The calendar of 2024, and a vendor's word taken for an exception.
    refused={
        "calendar.json": as_json(calendar(OUTDATED)),
        "classification.json": as_json(
            classification(
                {
                    "B": {"route": "none", "applies_on": "none", "enacted_on": "none"},
                    "C": {"applies_on": "2026-08-02"},
                    "D": {"applies_on": "2027-08-02"},
                }
            )
        ),
    },
    because=(
        "The date of Annex III stands with both days.",
        "The date of Annex I stands with both days.",
        "Case B agrees with the model answer, or a dissent is reasoned.",
        "Case C agrees with the model answer, or a dissent is reasoned.",
        "Case D agrees with the model answer, or a dissent is reasoned.",
    ),
)

# ------------------------------------------------------------------------------------------ evidence map

ATTACKS = (
    "data poisoning",
    "model poisoning",
    "adversarial examples",
    "confidentiality attacks",
    "model flaws",
)
SUBCATEGORIES = (
    "GOVERN 1.1",
    "GOVERN 1.6",
    "GOVERN 4.3",
    "GOVERN 6.1",
    "MAP 1.1",
    "MAP 4.1",
    "MEASURE 2.4",
    "MEASURE 2.6",
    "MEASURE 2.7",
    "MEASURE 2.10",
    "MEASURE 3.1",
    "MANAGE 1.3",
    "MANAGE 4.1",
)
FILES = tuple(f"files/artefact-{number}.json" for number in range(9))


def evidence_map(untested: str = "") -> list[dict[str, Any]]:
    """26 rows, the last three of them gaps; the kind of attack that is `untested` becomes a gap too."""
    rows = []
    for number in range(26):
        attack = ATTACKS[number] if number < len(ATTACKS) else ""
        gap = number >= 23 or (attack and attack == untested)
        rows.append(
            {
                "row": number + 1,
                "control": "manifest gate",
                "test": "not tested" if gap else "altered rows are refused",
                "result": "" if gap else "7 of 7 refused",
                "artefact": "" if gap else FILES[number % len(FILES)],
                "article": "Art. 15(5)" if attack else "Art. 9",
                "attack_class": attack,
                "subcategory": SUBCATEGORIES[number % len(SUBCATEGORIES)],
                "status": "gap" if gap else "evidence",
                "owner": "ana" if gap else "",
                "due_on": "2027-06-01" if gap else "",
            }
        )
    return rows


def evidence_index(files: tuple[str, ...]) -> list[dict[str, Any]]:
    return [
        {"path": path, "sha256": f"{number:02}ab" * 16, "made_on": "2027-02-11", "made_in": "manifest gate"}
        for number, path in enumerate(files)
    ]


EVIDENCE_MAP = Example(
    accepted={
        "evidence_map.csv": as_csv(evidence_map()),
        "evidence_index.csv": as_csv(evidence_index(FILES)),
    },
    # A kind of attack that nobody tested, and a row that points at a file nobody indexed.
    refused={
        "evidence_map.csv": as_csv(evidence_map(untested="model poisoning")),
        "evidence_index.csv": as_csv(evidence_index(FILES[:-1])),
    },
    because=(
        "Each of the five kinds of attack in Article 15(5) has a row with evidence.",
        "Every artefact named stands in the index.",
    ),
)

# -------------------------------------------------------------------------------------- clocks and logs


def clocks(infrastructure: tuple[int, str], death: tuple[int, str], kept: tuple[str, ...]) -> dict[str, Any]:
    """Days and last day of two cases, and until when logs A, B and C are kept."""
    cases = (
        ("general", "2028-02-20", 15, "2028-03-06"),
        ("critical-infrastructure", "2028-03-30", *infrastructure),
        ("death", "2028-06-25", *death),
    )
    return {
        "played": [
            {
                "at": f"2028-02-20T{hour:02}:10",
                "event": "a call was ranked low",
                "known": "the ranking",
                "suspected": "the text",
                "decision": "copy the store, then stop the feature",
                "by": "lead",
            }
            for hour in range(8, 17)
        ],
        "clocks": [
            {
                "case": case,
                "days": days,
                "aware_on": aware,
                "latest_on": latest,
                "addressee": "market surveillance authority",
                "source": "Art. 73",
                "checked_on": "2026-11-22",
            }
            for case, aware, days, latest in cases
        ],
        "retention": [
            {"log": log, "written_on": written, "months": 6, "keep_until": until}
            for log, written, until in zip(
                "ABC", ("2027-12-31", "2028-03-01", "2028-08-31"), kept, strict=True
            )
        ],
        "first_report": {"sent_on": "2028-02-21", "missing": "the cause", "completed_by": "lead"},
        "not_altered": "the index stays; a copy with its hash is kept",
    }


INCIDENT_CLOCKS = Example(
    accepted={
        "incident_clocks.json": as_json(
            clocks((2, "2028-04-01"), (10, "2028-07-05"), ("2028-06-30", "2028-09-01", "2029-02-28"))
        )
    },
    # The two short limits are swapped, and six months are taken for 183 days.
    refused={
        "incident_clocks.json": as_json(
            clocks((10, "2028-04-09"), (2, "2028-06-27"), ("2028-07-01", "2028-08-31", "2029-03-02"))
        )
    },
    because=(
        "The limit for critical infrastructure and its last day are right.",
        "The limit after a death and its last day are right.",
        "Log A is kept for six calendar months.",
        "Log B is kept for six calendar months.",
        "Log C is kept for six calendar months.",
    ),
)

EXAMPLES = {
    "compliance.lab-classification": CLASSIFICATION,
    "compliance.lab-evidence-map": EVIDENCE_MAP,
    "compliance.lab-incident-clocks": INCIDENT_CLOCKS,
}
