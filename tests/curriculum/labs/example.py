"""How the hand-ins of the labs are written down: small builders, one for each format a lab asks for."""

import csv
import importlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import quoteattr

import yaml

Handed = bytes | Mapping[str, Any]
"""A file as its bytes; or, for a tool report, what its reader makes of it."""


@dataclass(frozen=True)
class Example:
    """What is handed in for a lab: files by name, accepted as they are, and refused with a realistic mistake.

    `because` are the sentences of exactly those rules that the refused ones do not meet; `attested` ones are
    not among them, they are stated in both.
    """

    accepted: Mapping[str, Handed]
    refused: Mapping[str, Handed]
    because: tuple[str, ...]


def as_json(value: object) -> bytes:
    return json.dumps(value).encode()


def as_jsonl(rows: Sequence[object]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def as_yaml(value: object) -> bytes:
    return yaml.safe_dump(value, sort_keys=False).encode()


def as_markdown(text: str) -> bytes:
    return text.encode()


def as_csv(rows: Sequence[Mapping[str, object]]) -> bytes:
    """Rows with the fields of the first as the header; true and false as spreadsheets write them."""
    written = io.StringIO()
    writer = csv.DictWriter(written, fieldnames=list(rows[0]))
    writer.writeheader()
    for row in rows:
        writer.writerow(
            {name: str(cell).lower() if isinstance(cell, bool) else cell for name, cell in row.items()}
        )
    return written.getvalue().encode()


def as_junit(
    tests: Mapping[str, str], properties: Mapping[str, str] | None = None, suite: str = "lab"
) -> bytes:
    """JUnit XML as pytest writes it: tests by name with passed, failed, error or skipped."""
    bodies = {
        "passed": "",
        "failed": '<failure message="assert 200 == 403">assert 200 == 403</failure>',
        "error": '<error message="fixture broke">fixture broke</error>',
        "skipped": '<skipped message="not here"/>',
    }
    cases = "".join(
        f'<testcase classname="test_lab" name={quoteattr(name)} time="0.01">{bodies[outcome]}</testcase>'
        for name, outcome in tests.items()
    )
    said = "".join(
        f"<property name={quoteattr(name)} value={quoteattr(value)}/>"
        for name, value in (properties or {}).items()
    )
    counted = " ".join(
        f'{attribute}="{list(tests.values()).count(outcome)}"'
        for attribute, outcome in (("failures", "failed"), ("errors", "error"), ("skipped", "skipped"))
    )
    return (
        f'<?xml version="1.0" encoding="utf-8"?><testsuites><testsuite name={quoteattr(suite)} '
        f'tests="{len(tests)}" {counted}><properties>{said}</properties>{cases}</testsuite></testsuites>'
    ).encode()


def garak_report(
    *,
    version: str = "0.17.1",
    target: str = "rest.RestGenerator",
    families: Sequence[str] = ("promptinject",),
    attempts: int = 900,
    state: str = "complete",
    evaluated: int = 100,
    passed: int = 80,
) -> dict[str, Any]:
    """What the reader makes of a garak report: one probe and one result for each family."""
    probes = [f"{family}.Example" for family in families]
    return {
        "tool": "garak",
        "version": version,
        "target": target,
        "state": state,
        "attempts": attempts,
        "requested": probes,
        "evaluated": probes,
        "evals": [
            {"probe": probe, "detector": "always.Fail", "passed": passed, "evaluated": evaluated}
            for probe in probes
        ],
    }


def example(module_key: str, lab_key: str) -> Example:
    """What is handed in for a lab, from the file of its module."""
    module = importlib.import_module(f"tests.curriculum.labs.{module_key.replace('-', '_')}")
    found: Example = module.EXAMPLES[lab_key]
    return found
