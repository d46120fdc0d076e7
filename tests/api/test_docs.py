"""The document for machines and the page made of it."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests.fixtures.cast import browser_of
from tracker.api.description import document, sections, shapes
from tracker.api.door import FILE_TYPES
from tracker.people.models import User

pytestmark = pytest.mark.django_db


def test_the_document_is_for_everybody(client: Client) -> None:
    answer = client.get(reverse("api-openapi"))
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json() == document()
    assert document()["openapi"].startswith("3.1")


def test_every_operation_is_on_the_page(client: Client, alice: User) -> None:
    for web in (client, browser_of(alice)):
        page = web.get(reverse("api-docs")).content.decode()
        for path, methods in document()["paths"].items():
            for method, operation in methods.items():
                assert f"<code>{method.upper()} {path}</code>" in page
                assert f'id="{operation["operationId"].replace("_", "-")}"' in page


def test_the_page_loads_nothing_and_runs_nothing(client: Client) -> None:
    answer = client.get(reverse("api-docs"))
    page = answer.content.decode()
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert "style=" not in page
    assert not re.search(r"<script(?![^>]*src=)", page)
    assert not re.search(r"""(?:src|href)=["']https?://""", page)


def test_every_value_and_every_answer_is_named() -> None:
    described = [each for _, operations in sections() for each in operations]
    for each in described:
        assert each.summary, each.path
        assert len(each.answers) == 1, each.path
        assert {"401", "429", "503"} <= set(each.refuses), each.path
    by_name = {each.name: each for each in described}
    log = [(value.name, value.where, value.required) for value in by_name["log-session"].values]
    assert ("minutes", "body", True) in log
    assert ("line", "or body", True) in log
    assert [value.name for value in by_name["list-sessions"].values] == [
        "from",
        "to",
        "module",
        "cursor",
        "limit",
    ]
    assert {value.kind for value in by_name["mark-activity"].values if value.name == "kind"} == {
        "done or known"
    }


def test_a_file_is_named_as_the_body_that_it_is() -> None:
    described = {each.name: each for _, operations in sections() for each in operations}
    bodies = [value for value in described["send-report"].values if value.where == "body"]
    assert [(value.name, value.kind, value.required) for value in bodies] == [("the file", "binary", True)]
    assert "application/octet-stream" in bodies[0].meaning
    operation = document()["paths"]["/api/v1/reports"]["post"]
    assert set(operation["requestBody"]["content"]) == set(FILE_TYPES)
    assert "Location" in operation["responses"]["202"]["headers"]
    assert "403" in described["read-report"].refuses


def test_every_object_that_is_answered_has_its_fields() -> None:
    found = {shape.name: shape for shape in shapes()}
    assert {"Session", "Sessions", "Timer", "Plan", "ThisWeek", "Milestone", "Criterion"} <= set(found)
    assert "SessionFields" not in found
    assert found["Week"].fields[0][:2] == ("from", "date")


def leads(part: Any) -> list[str]:
    """Every reference in a part of the document."""
    if isinstance(part, dict):
        return (
            [part["$ref"]] if "$ref" in part else [each for value in part.values() for each in leads(value)]
        )
    return [each for value in part for each in leads(value)] if isinstance(part, list) else []


def test_no_reference_leads_nowhere() -> None:
    for reference in leads(document()):
        place: Any = document()
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]


def test_bounds_are_in_the_document_and_on_the_page() -> None:
    """In words of JSON Schema: a program that reads others finds nothing."""
    found = document()["components"]["schemas"]
    minutes = found["SessionFields"]["properties"]["minutes"]
    assert (minutes["minimum"], minutes["maximum"]) == (1, 1440)
    confidence = found["SessionCorrected"]["properties"]["confidence"]["anyOf"][0]
    assert (confidence["minimum"], confidence["maximum"]) == (1, 5)
    assert {"ge", "le", "gt", "lt"}.isdisjoint(_names(document()))
    by_name = {each.name: each for _, operations in sections() for each in operations}
    kinds = {value.name: value.kind for value in by_name["log-session"].values}
    assert kinds["minutes"] == "integer 1 to 1440"
    assert kinds["confidence"] == "integer 1 to 5 or null"


def _names(part: Any) -> set[str]:
    """Every name in a document, in whatever depth."""
    if isinstance(part, dict):
        return set(part).union(*map(_names, part.values()))
    return set().union(*map(_names, part)) if isinstance(part, list) else set()


def test_the_page_leads_to_every_operation(client: Client, db: None) -> None:
    page = client.get("/api/v1/docs").content.decode()
    for _, operations in sections():
        for each in operations:
            assert f'href="#{each.name}"' in page
            assert f'id="{each.name}"' in page
