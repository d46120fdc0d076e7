"""A portfolio in the format of JSON Resume (https://jsonresume.org/schema), version 1.0.0."""

import json

from tracker.addresses import url
from tracker.badges import signing
from tracker.library.prose import paragraphs
from tracker.library.words import NBSP
from tracker.sharing.queries import ShownPortfolio
from tracker.sharing.rules import ShownMilestone

SCHEMA = "https://raw.githubusercontent.com/jsonresume/resume-schema/v1.0.0/schema.json"


def resume(shown: ShownPortfolio) -> str:
    """The portfolio as JSON: each milestone a project, without hashes and notes."""
    found = {
        "$schema": SCHEMA,
        "basics": {"name": shown.title, "summary": "\n\n".join(paragraphs(shown.intro))},
        "projects": [_project(row) for row in shown.milestones],
        "certificates": [_certificate(row) for row in shown.milestones if row.badge],
        "meta": {"version": "v1.0.0"},
    }
    return json.dumps(found, ensure_ascii=False, indent=2) + "\n"


def _certificate(row: ShownMilestone) -> dict[str, object]:
    on = {"date": row.completed_on.isoformat()} if row.completed_on else {}
    return {"name": row.title, **on, "issuer": signing.issuer().name, "url": url("check-badge")}


def _project(row: ShownMilestone) -> dict[str, object]:
    found: dict[str, object] = {
        "name": row.title,
        "description": f"{row.module_title}. {row.state.capitalize()}.".replace(NBSP, " "),
        "highlights": [f"{item.text} ({item.state})" for item in row.criteria],
        "keywords": list(row.editions),
    }
    if row.real.first_on:
        found["startDate"] = row.real.first_on.isoformat()
    if row.completed_on:
        found["endDate"] = row.completed_on.isoformat()
    return found
