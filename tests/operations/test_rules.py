"""When a dead child is started again, when static files are collected again, what counts as loopback."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.operations.rules import (
    LONGEST_WAIT_SECONDS,
    STEADY_SECONDS,
    Restart,
    content_stamp,
    is_loopback,
    next_restart,
)


def test_waits_double_up_to_half_a_minute() -> None:
    waits = []
    deaths = 0
    for _ in range(9):
        restart = next_restart(deaths, lived_seconds=0.1)
        deaths = restart.deaths
        waits.append(restart.wait_seconds)
    assert waits == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]


def test_steady_child_begins_anew() -> None:
    assert next_restart(7, STEADY_SECONDS) == Restart(1, 0.5)
    assert next_restart(7, STEADY_SECONDS - 0.1) == Restart(8, 30)


@given(st.integers(0, 10**6), st.floats(0, 10**6))
def test_every_wait_is_bounded(deaths: int, lived: float) -> None:
    assert 0 < next_restart(deaths, lived).wait_seconds <= LONGEST_WAIT_SECONDS


FILES = [("a.css", b"one"), ("b.js", b"two")]


@pytest.mark.parametrize(
    "other",
    [
        [("a.css", b"one")],
        [("a.css", b"one"), ("c.js", b"two")],
        [("a.css", b"one!"), ("b.js", b"two")],
        [("a.css", b"two"), ("b.js", b"one")],
        [("a.cssone", b""), ("b.js", b"two")],
        [],
    ],
)
def test_stamp_tells_any_change(other: list[tuple[str, bytes]]) -> None:
    assert content_stamp(other) != content_stamp(FILES)


def test_stamp_does_not_depend_on_the_order() -> None:
    assert content_stamp(reversed(FILES)) == content_stamp(FILES)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "localhost", "::1", "[::1]"])
def test_loopback(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "::", "192.168.1.7", "127.example.org", "127.0.0.1.example.org", ""]
)
def test_not_loopback(host: str) -> None:
    assert not is_loopback(host)
