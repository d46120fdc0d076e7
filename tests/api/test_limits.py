"""How many requests are let through: a token's, and an address's without a good one."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from tests.api.programs import Program, make_program, problem_in
from tests.fixtures.cast import NOW
from tests.servers import Server, free_port
from tracker.journal.models import StudySession
from tracker.people import limits
from tracker.people.models import User


@pytest.fixture(autouse=True)
def few(settings: Any) -> None:
    """Few enough to use up in a test."""
    settings.API_A_MINUTE = 5
    settings.API_AN_HOUR = 8
    settings.API_REFUSALS_A_MINUTE = 3


def left(answer: Any) -> tuple[int, int, int]:
    """Limit, remaining and reset, as the headers of an answer say."""
    return (
        int(answer.headers["RateLimit-Limit"]),
        int(answer.headers["RateLimit-Remaining"]),
        int(answer.headers["RateLimit-Reset"]),
    )


def at(time_machine: Any, seconds: int) -> None:
    time_machine.move_to(NOW + timedelta(seconds=seconds), tick=False)


def test_the_headers_count_down_and_then_it_is_enough(program: Program, time_machine: Any) -> None:
    for remaining in (4, 3, 2, 1, 0):
        answer = program.get("/me")
        assert answer.status_code == 200
        assert left(answer) == (5, remaining, 60)
    at(time_machine, 20)
    refused = program.post("/sessions", {"minutes": 45})
    problem = problem_in(refused, 429)
    assert problem["type"] == "/api/v1/problems/too-many"
    assert (refused.headers["Retry-After"], left(refused)) == ("40", (5, 0, 40))
    assert not StudySession.objects.exists()
    at(time_machine, 60)
    # The hour is nearer to its end now: five of its eight are used.
    assert left(program.get("/me")) == (8, 2, 3540)


def test_the_hour_counts_what_the_minute_let_through(program: Program, time_machine: Any) -> None:
    for _ in range(20):
        program.get("/me")
    at(time_machine, 60)
    assert [program.get("/me").status_code for _ in range(4)] == [200, 200, 200, 429]
    refused = program.get("/me")
    assert left(refused) == (8, 0, 3540)
    assert refused.headers["Retry-After"] == "3540"
    at(time_machine, 3600)
    assert program.get("/me").status_code == 200


def test_each_token_has_its_own(program: Program, learner: User, stranger: Program) -> None:
    for _ in range(6):
        program.get("/me")
    assert program.get("/me").status_code == 429
    for other in (make_program(learner), stranger):
        assert left(other.get("/me"))[1] == 4


def test_every_answer_of_a_good_token_says_what_is_left(program: Program, logger: Program) -> None:
    assert left(program.get("/sessions/1000000"))[1] == 4
    assert left(program.post("/sessions", {"minutes": 0}))[1] == 3
    assert left(program.ask("POST", "/sessions", b"no json"))[1] == 2
    assert left(logger.get("/plan"))[1] == 4
    program.post("/sessions", {"minutes": 5}, key="k")
    assert left(program.post("/sessions", {"minutes": 5}, key="k"))[1] == 0


def test_what_is_counted_is_gone_after_its_window(program: Program) -> None:
    program.get("/me")
    client = cache._cache.get_client(write=True)  # type: ignore[attr-defined]
    lives = sorted(client.ttl(key) for key in client.scan_iter("*api:token*"))
    assert len(lives) == 2
    assert 60 < lives[0] <= 120
    assert 3600 < lives[1] <= 7200


def test_of_many_at_once_none_is_forgotten() -> None:
    found = [limits.spend("x", [(60, 100)], NOW) for _ in range(100)]
    assert [each.remaining for each in found if each] == list(range(99, -1, -1))


def test_an_address_that_is_refused_too_often_has_to_wait(learner: User, time_machine: Any) -> None:
    nobody = Program("cairn_" + "x" * 43)
    assert [nobody.get("/me").status_code for _ in range(5)] == [401, 401, 401, 429, 429]
    refused = Client().get("/api/v1/me")  # without any token too
    assert problem_in(refused, 429)["type"] == "/api/v1/problems/too-many"
    assert refused.headers["Retry-After"] == "60"
    # Behind one address may be many: a good token is let in all the same.
    assert make_program(learner).get("/me").status_code == 200
    at(time_machine, 60)
    assert nobody.get("/me").status_code == 401


@pytest.mark.usefixtures("learner")
def test_addresses_are_counted_apart_as_trusted_proxies_say(settings: Any) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    nobody = Program("")

    def asks(forwarded: str) -> int:
        return int(nobody.get("/me", X_Forwarded_For=forwarded).status_code)

    assert [asks("192.0.2.1") for _ in range(4)] == [401, 401, 401, 429]
    assert asks("192.0.2.2") == 401
    # What a client writes before the proxy's own words does not help it.
    assert asks("192.0.2.7, 192.0.2.1") == 429
    assert int(nobody.get("/me").status_code) in {401, 429}  # past the proxy


def test_without_the_cache_requests_pass(learner: User, settings: Any, time_machine: Any) -> None:
    program = make_program(learner)
    cached = {**settings.CACHES["default"], "LOCATION": f"redis://127.0.0.1:{free_port()}/0"}
    settings.CACHES = {"default": cached}
    for _ in range(10):
        answer = program.get("/me")
        assert answer.status_code == 200
        assert "RateLimit-Limit" not in answer.headers
    assert [Program("").get("/me").status_code for _ in range(5)] == [401] * 5


def test_when_the_cache_dies_and_comes_back_counting_goes_on(
    learner: User, settings: Any, own_valkey: Server
) -> None:
    program = make_program(learner)
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": own_valkey.url}}
    assert left(program.get("/me"))[1] == 4
    own_valkey.kill()
    assert "RateLimit-Limit" not in program.get("/me").headers
    own_valkey.start()
    assert program.get("/me").headers["RateLimit-Limit"] == "5"
