"""Programs of Alice, who has a plan, and of Charlie, who has one of his own. The clock stands."""

from collections.abc import Iterator

import pytest
from django.core.cache import cache
from pytest_django import Settings

from curriculum.catalogue import Catalogue
from tests.api.programs import Program, make_program
from tests.fixtures.cast import make_plan
from tracker.people.models import User


@pytest.fixture(autouse=True)
def no_counts_left_over() -> Iterator[None]:
    """What is counted of requests is in the cache, which outlives a test."""
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def unlimited(settings: Settings) -> None:
    """As many requests as a test asks."""
    settings.API_A_MINUTE = settings.API_AN_HOUR = settings.API_REFUSALS_A_MINUTE = 10**9


@pytest.fixture
def learner(alice: User, curriculum: Catalogue, now: object) -> User:
    """Alice, on her plan."""
    make_plan(alice, curriculum)
    return alice


@pytest.fixture
def program(learner: User) -> Program:
    """Alice's own, which may do everything."""
    return make_program(learner)


@pytest.fixture
def logger(learner: User) -> Program:
    """Alice's own, which may only log."""
    return make_program(learner, "log")


@pytest.fixture
def reader(learner: User) -> Program:
    """Alice's own, which may only read."""
    return make_program(learner, "read")


@pytest.fixture
def stranger(charlie: User, curriculum: Catalogue, now: object) -> Program:
    """Charlie's, which may do everything of his."""
    make_plan(charlie, curriculum)
    return make_program(charlie)
