"""Hand-ins for the labs of the portfolio: one accepted, one refused each."""

from copy import deepcopy
from typing import Any

from tests.curriculum.labs.example import Example, as_json, as_markdown

TITLES = {
    "threat-model": "Threat model of a retrieval assistant",
    "red-team": "What a scan of my own bot found",
    "classical-attack": "A black-box attack on a budget",
    "defence": "Three layers, measured one by one",
    "compliance": "From a test to an article",
}

PAGE = "# AI security work\n\n" + "\n\n".join(
    f"## {title}\n\n"
    + "The question was small, the target was my own, and the rate has an interval. " * 10
    + f"[Code and results](https://git.example.org/you/portfolio/{kind})."
    for kind, title in TITLES.items()
)

REDACTION: dict[str, Any] = {
    "repository": "https://git.example.org/you/portfolio",
    "checked_on": "2026-05-20",
    "secret_scan": {
        "tool": "detect-secrets",
        "version": "1.5.0",
        "scope": "files and history",
        "hits_judged": 6,
        "open": 0,
    },
    "personal_data": {"how": "Search for addresses, paths and names", "read_by": "S. Second", "open": 0},
    "pieces": [
        {
            "title": title,
            "kind": kind,
            "question": "What does a stranger gain?",
            "method": "Own target, counted attempts, checked success",
            "result": "9 of 40, 95 % interval 12 to 38 %",
            "limit": "One version of one small model",
            "target": "own",
            "release": "own work",
        }
        for kind, title in TITLES.items()
    ],
}


def shown_too_much() -> dict[str, Any]:
    """The red-team piece attacks a product of somebody else, and one hit of the scan is still open."""
    loose = deepcopy(REDACTION)
    loose["secret_scan"]["open"] = 1
    loose["pieces"][1].update(target="a shop's public chatbot", release="")
    return loose


SKILLS: dict[str, Any] = {
    "rated_on": "2026-05-22",
    "review_on": "2026-11-22",
    "counted": ["adversarial-ml", "threat-modelling", "infrastructure", "compliance"],
    "rows": [
        {"skill": skill, "before": before, "after": after, "proof": proof}
        for skill, before, after, proof in (
            ("model-training", 4, 3, "Accepted lab on a backdoored model"),
            ("python-ml-frameworks", 4, 4, "Prompt suite with tests, merged"),
            ("adversarial-ml", 1, 4, "Report of the work project"),
            ("threat-modelling", 0, 4, "Threat model signed by the platform team"),
            ("infrastructure", 1, 3, "Serving stack with signed artefacts"),
            ("compliance", 0, 3, "Evidence map, accepted"),
        )
    ],
    "gap_plan": {},
}


def counted_on_surplus() -> dict[str, Any]:
    """Two levels short without a plan, one without a proof, and a surplus row counted as growth."""
    short = deepcopy(SKILLS)
    short["rows"][2]["after"] = 2
    short["rows"][3]["after"] = 1
    short["rows"][5]["proof"] = ""
    short["counted"] = [*short["counted"], "model-training"]
    return short


EXAMPLES = {
    "portfolio.lab-portfolio": Example(
        accepted={"portfolio.md": as_markdown(PAGE), "redaction.json": as_json(REDACTION)},
        refused={"portfolio.md": as_markdown(PAGE), "redaction.json": as_json(shown_too_much())},
        because=(
            "Each piece is your own work or names its release.",
            "No piece has a third party's system as its target, unless the owner released it.",
            "The secret scan has no open hit.",
        ),
    ),
    "portfolio.lab-reassessment": Example(
        accepted={"skills_after.json": as_json(SKILLS)},
        refused={"skills_after.json": as_json(counted_on_surplus())},
        because=(
            "Each row has a proof.",
            "Adversarial ML is at 4, or a dated plan says how the gap closes.",
            "Threat modelling is at 4, or a dated plan says how the gap closes.",
            "Threat modelling is at 2 or more, or a dated plan says how the gap closes.",
            "Growth is counted on the four growth rows only; the two surplus rows are no regress.",
        ),
    ),
}
