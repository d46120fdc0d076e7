"""The OpenAPI document against the running application: what it says is what comes."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, settings
from schemathesis.checks import positive_data_acceptance

from tests.api.programs import Program
from tracker.api.description import document
from tracker.wsgi import application

schema = schemathesis.openapi.from_dict(copy.deepcopy(document()))
schema.app = application
schema.location = "/api/v1/openapi.json"


@pytest.fixture(autouse=True)
def one_connection() -> Iterator[None]:
    """The test's transaction lasts over its requests, as Django's own test client sees to."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@schema.parametrize()
@settings(max_examples=10, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
def test_what_comes_is_what_the_document_says(case: Any, program: Program, unlimited: None) -> None:
    case.call_and_validate(
        headers={"Authorization": f"Bearer {program.token}"}, excluded_checks=[positive_data_acceptance]
    )
