"""Hand-ins for the labs of the module on ATLAS: one accepted, one refused each."""

from typing import Any

from tests.curriculum.labs.example import Example, as_json


def mapping(*cases: dict[str, Any]) -> dict[str, Any]:
    return {"framework": "mitre-atlas", "release": "5.6.0", "cases": list(cases)}


def case(name: str, kind: str, *techniques: str) -> dict[str, Any]:
    listed = [f"AML.{technique}" for technique in techniques]
    return {"case": f"AML.{name}", "type": kind, "written_on": "2026-12-01", "techniques": listed}


JACKING = case("CS0030", "incident", "T0049", "T0055", "T0012", "T0075", "T0034", "T0048.000")
MODELS = case("CS0031", "incident", "T0058", "T0010.003", "T0018.002", "T0011.000", "T0072", "T0076")
SPLIT_VIEW = case("CS0025", "exercise", "T0002.000", "T0008", "T0020", "T0019", "T0031", "T0048")

# The second list names half the catalogue, and the third was mapped by the keyword "prompt".
EVERYTHING = case(
    "CS0031",
    "incident",
    *("T0010", "T0011.000", "T0012", "T0015", "T0018.002", "T0020", "T0024", "T0025", "T0029", "T0031"),
    *("T0034", "T0035", "T0040", "T0043", "T0048", "T0049", "T0058", "T0072", "T0076"),
)
KEYWORDS = case("CS0022", "exercise", "T0051", "T0054", "T0065", "T0068")


def layer(techniques: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "name": "Coverage of a fictitious claims assistant",
        "versions": {"layer": "4.3", "navigator": "4.6.4"},
        "domain": "atlas-atlas",
        "metadata": [{"name": "ATLAS release", "value": "5.6.0"}],
        "techniques": techniques,
    }


def cell(technique: str, state: str, comment: str = "nobody has looked so far at") -> dict[str, Any]:
    return {
        "techniqueID": f"AML.{technique}",
        "comment": f"{comment} {technique}",
        "metadata": [{"name": "state", "value": state}],
    }


IN_SCOPE = ("T0012", "T0029", "T0034", "T0040", "T0049", "T0051.000", "T0051.001", "T0054", "T0056", "T0057")
NOT_HERE = ("T0020", "T0041", "T0043.000", "T0044", "T0088")

EXAMPLES = {
    "atlas.lab-case-mapping": Example(
        accepted={"case_mapping.json": as_json(mapping(JACKING, MODELS, SPLIT_VIEW))},
        refused={"case_mapping.json": as_json(mapping(JACKING, EVERYTHING, KEYWORDS))},
        because=("Each list reaches 0.6 of the official procedure and is at most twice as long (proposal).",),
    ),
    "atlas.lab-coverage-layer": Example(
        accepted={
            "layer.json": as_json(
                layer(
                    [cell(technique, "untested") for technique in IN_SCOPE]
                    + [
                        cell(technique, "out of scope", "no training on user data, so no")
                        for technique in NOT_HERE
                    ]
                )
            )
        },
        # Ten techniques only, with a state of one's own and an id that does not exist.
        refused={
            "layer.json": as_json(
                layer([*(cell(technique, "untested") for technique in IN_SCOPE[:9]), cell("T0999", "done")])
            )
        },
        because=(
            "15 or more different techniques are marked.",
            "Every technique id exists in ATLAS.",
            "Every technique has one of the four states.",
        ),
    ),
}
