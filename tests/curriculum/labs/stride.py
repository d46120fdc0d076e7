"""Hand-ins for the labs of the module on threat modelling: one accepted, one refused each."""

from typing import Any

from tests.curriculum.labs.example import Example, as_yaml

KINDS = {
    "e-applicant": "external",
    "e-bureau": "external",
    "e-labelling": "external",
    "e-ingest": "process",
    "e-features": "store",
    "e-training": "process",
    "e-registry": "store",
    "e-scoring": "process",
    "e-decision": "flow",
    "e-audit-log": "store",
}

# element, area, letter, technique; each line becomes a threat against one of two data sets.
SHAPES = (
    ("e-applicant", "inputs", "S", "AML.T0015"),
    ("e-bureau", "inputs", "T", "AML.T0010"),
    ("e-labelling", "training data", "T", "AML.T0020"),
    ("e-ingest", "training data", "D", "AML.T0059"),
    ("e-features", "training data", "I", "none"),
    ("e-training", "weights", "E", "AML.T0011.000"),
    ("e-registry", "weights", "T", "AML.T0018"),
    ("e-scoring", "outputs", "I", "AML.T0024"),
    ("e-decision", "outputs", "D", "AML.T0029"),
    ("e-audit-log", "other", "R", "none"),
)


def threat(number: int, batch: str) -> dict[str, Any]:
    """One row of the threat list, about the scores of private or of business customers."""
    element, area, letter, atlas = SHAPES[number]
    return {
        "id": f"t-{element[2:]}-{batch}",
        "element": element,
        "area": area,
        "letter": letter,
        "threat": f"Someone who can reach {element[2:]} makes it break for {batch} customers.",
        "atlas": atlas,
        "atlas_why": "The release has no technique for missing evidence."
        if atlas == "none"
        else "The technique names this way in.",
        "likelihood": 1 + number % 5,
        "impact": 3,
        "mitigation": f"A check at {element[2:]} that does not rely on the model.",
        "owner": "lead of the scoring service",
        "state": "planned" if number % 2 else "open",
    }


def model() -> dict[str, Any]:
    """A threat model of a fictitious lender that satisfies every rule."""
    return {
        "system": "Alder Credit scoring (fictitious)",
        "purpose": "Scores loan applications; a person decides above 20,000 euro.",
        "atlas_release": "5.6.0",
        "modelled_on": "2026-11-20",
        "elements": [
            {"id": key, "name": key[2:].replace("-", " "), "kind": kind} for key, kind in KINDS.items()
        ],
        "boundaries": [
            {"id": "b-labels", "name": "Contractor to us", "between": ["e-labelling", "e-features"]},
            {"id": "b-promotion", "name": "Experiment to registry", "between": ["e-training", "e-registry"]},
            {"id": "b-public", "name": "Applicant to service", "between": ["e-applicant", "e-scoring"]},
        ],
        "threats": [
            threat(number, batch) for batch in ("private", "business") for number in range(len(SHAPES))
        ],
    }


def favourite_attacks() -> dict[str, Any]:
    """The usual slip: the registry is left out, an element is misspelt, and nobody owns one of the rows."""
    slipped = model()
    slipped["threats"] = [row for row in slipped["threats"] if row["element"] != "e-registry"]
    for row in slipped["threats"]:
        if row["area"] == "weights":
            row["area"] = "inputs"
    slipped["threats"][0]["owner"] = ""
    slipped["threats"][1]["element"] = "e-bureaus"
    return slipped


EXAMPLES = {
    "stride.lab-threat-model": Example(
        accepted={"threat_model.yaml": as_yaml(model())},
        refused={"threat_model.yaml": as_yaml(favourite_attacks())},
        because=(
            "There are twenty or more different threats.",
            "Weights have two or more threats.",
            "Every threat stands at an element of the list.",
            "Every element has a threat, or a reason is given why some have none.",
            "Every threat has an id, a mitigation and an owner.",
            "There are ten or more different mitigations.",
        ),
    ),
}
