"""Tests of the loader and its commands begin without a curriculum."""

import pytest


@pytest.fixture(autouse=True)
def _no_revision(request: pytest.FixtureRequest) -> None:
    """No revision is there, in tests that touch the database at all."""
    if "django_db" in {marker.name for marker in request.node.iter_markers()} or "db" in request.fixturenames:
        request.getfixturevalue("no_curriculum")
