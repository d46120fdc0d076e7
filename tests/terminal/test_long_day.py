"""A day that gets over 16 hours: the server asks, somebody says yes, and what was typed is not lost."""

import re
from datetime import date

import pytest
from cairn_terminal import clock

from tests.terminal.fake_cairn import FakeCairn, drop_after, drop_before
from tests.terminal.typing_in import Shell, sit_down

ASKED = "With this, 2026-11-19 has 1005 min. Is that right?"
QUESTION = {"field": "confirm_long_day", "sentence": ASKED}
BODY = {"minutes": 45, "studied_on": "2026-11-19", "activity": "garak.run-six-families"}


@pytest.fixture(autouse=True)
def long_day(monkeypatch: pytest.MonkeyPatch, alice_shell: Shell, server: FakeCairn) -> None:
    """Alice has 16 hours today already."""
    monkeypatch.setattr(clock, "today", lambda: date(2026, 11, 19))
    assert alice_shell.run("log", "960m atlas").code == 0
    server.asked.clear()


def keys(server: FakeCairn) -> list[str]:
    """The keys of what was sent to be logged, in order."""
    return [asked.headers["idempotency-key"] for asked in server.asked if asked.path.endswith(("ons", "log"))]


def test_it_is_asked_and_sent_again_under_another_key(
    alice_shell: Shell, server: FakeCairn, monkeypatch: pytest.MonkeyPatch
) -> None:
    sit_down(monkeypatch)
    said = alice_shell.run("log", "45m garak", answers="y\ny\n")
    assert said.code == 0
    assert f"{ASKED} Log it? [y/N]: " in said.err
    assert said.out.startswith("Logged: 45 min on Thu 19 Nov 2026: ")
    assert server.paths() == ["POST /sessions/read", "POST /sessions", "POST /sessions"]
    assert [asked.body for asked in server.asked[1:]] == [BODY, {**BODY, "confirm_long_day": True}]
    assert len(set(keys(server))) == 2
    assert server.logged == [960, 45]
    assert alice_shell.queued() == []
    assert alice_shell.run("undo").code == 0
    assert server.logged == [960]


@pytest.mark.parametrize("answer", ["n\n", "\n", ""])
def test_anything_but_a_yes_logs_nothing(
    alice_shell: Shell, server: FakeCairn, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    sit_down(monkeypatch)
    assert alice_shell.run("log", "45m garak", answers=f"y\n{answer}").code == 1
    assert server.logged == [960]
    assert len(keys(server)) == 1
    assert alice_shell.queued() == []


def test_where_nobody_can_be_asked_it_ends_in_2_with_the_question(
    alice_shell: Shell, server: FakeCairn
) -> None:
    said = alice_shell.run("log", "45m garak")
    assert (said.code, said.out, said.err) == (2, "", f"cairn: {ASKED} If so, say --yes.\n")
    document = alice_shell.run("log", "45m garak", "--json").document
    assert (document["outcome"], document["questions"]) == ("asked", [QUESTION])
    assert server.logged == [960]
    assert alice_shell.queued() == []


def test_json_asks_nobody(alice_shell: Shell, server: FakeCairn, monkeypatch: pytest.MonkeyPatch) -> None:
    sit_down(monkeypatch)
    said = alice_shell.run("log", "45m garak", "--json", answers="y\ny\n")
    assert (said.code, said.err) == (2, "")


def test_yes_says_it_beforehand_in_one_request(alice_shell: Shell, server: FakeCairn) -> None:
    assert alice_shell.run("log", "45m garak", "--yes").code == 0
    assert server.paths() == ["POST /sessions/read", "POST /sessions"]
    assert server.logged == [960, 45]


def test_another_day_takes_no_more_requests(alice_shell: Shell, server: FakeCairn) -> None:
    assert alice_shell.run("log", "45m garak", "--on", "2026-11-18").code == 0
    assert server.paths() == ["POST /sessions/read", "POST /sessions"]
    assert server.asked[-1].body == {**BODY, "studied_on": "2026-11-18"}


def test_what_cannot_be_logged_anyway_is_not_asked_about(
    alice_shell: Shell, server: FakeCairn, monkeypatch: pytest.MonkeyPatch
) -> None:
    sit_down(monkeypatch)
    said = alice_shell.run("log", "1441m garak", answers="y\ny\n")
    assert (said.code, len(keys(server))) == (1, 1)
    assert said.err.endswith("cairn: A day has 24 hours.\n")


@pytest.mark.parametrize("fault", [drop_before, drop_after])
def test_the_yes_is_kept_where_its_answer_is_lost(
    alice_shell: Shell, server: FakeCairn, monkeypatch: pytest.MonkeyPatch, fault: object
) -> None:
    sit_down(monkeypatch)
    server.faults = [lambda asked, answer: answer(), fault]  # type: ignore[list-item]
    assert alice_shell.run("log", "45m garak", answers="y\ny\n").code == 3
    assert alice_shell.queued() == ["45m garak"]
    assert alice_shell.run("queue", "send").code == 0
    assert server.logged == [960, 45]


# --- from the queue ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("read", [True, False])
def test_a_line_from_the_queue_stays_there_with_its_question(
    alice_shell: Shell, server: FakeCairn, monkeypatch: pytest.MonkeyPatch, read: bool
) -> None:
    """Kept as it was typed, and kept after it was read: either way a yes logs it, and nothing else does."""
    server.only = re.compile(r"POST /sessions$" if read else r"POST /sessions/read$")
    server.faults = [drop_before]
    assert alice_shell.run("log", "45m garak").code == 3
    assert ("line" in alice_shell.entries()[0]["body"]) is not read
    alice_shell.run("log", "20m atlas", "--on", "2026-11-18")
    said = alice_shell.run("week")
    assert server.logged == [960, 20], "it holds up no other"
    assert said.code == 0
    listed = alice_shell.run("queue")
    assert f"refused: {ASKED}" in listed.out
    said = alice_shell.run("queue", "send", "1")
    assert (said.code, said.err) == (2, f"cairn: {ASKED} If so, say --yes.\n")
    assert alice_shell.queued() == ["45m garak"]
    sit_down(monkeypatch)
    reading = "" if read else "y\n"
    assert alice_shell.run("queue", "send", "1", answers=f"{reading}n\n").code == 1
    assert alice_shell.queued() == ["45m garak"]
    assert alice_shell.run("queue", "send", "1", answers=f"{reading}y\n").code == 0
    assert server.logged == [960, 20, 45]
    assert alice_shell.queued() == []


@pytest.mark.parametrize("path", [r"POST /sessions$", r"POST /sessions/read$"])
def test_a_yes_in_the_queue(alice_shell: Shell, server: FakeCairn, path: str) -> None:
    server.only, server.faults = re.compile(path), [drop_before]
    assert alice_shell.run("log", "45m garak").code == 3
    alice_shell.run("week")
    assert alice_shell.run("queue", "send", "1", "--yes").code == 0
    assert server.logged == [960, 45]
    assert alice_shell.queued() == []


@pytest.mark.parametrize("path", [r"POST /sessions$", r"POST /sessions/read$"])
def test_what_was_typed_with_yes_is_sent_with_it(alice_shell: Shell, server: FakeCairn, path: str) -> None:
    server.only, server.faults = re.compile(path), [drop_before]
    assert alice_shell.run("log", "45m garak", "--yes").code == 3
    assert alice_shell.run("week").code == 0
    assert server.logged == [960, 45]
    assert alice_shell.queued() == []


# --- the timer --------------------------------------------------------------------------------------------


def test_the_timer_is_asked_about_and_stays(
    alice_shell: Shell, server: FakeCairn, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice_shell.run("timer", "start", "garak")
    said = alice_shell.run("timer", "log", "--minutes", "45", "--note", "late")
    assert (said.code, said.err) == (2, f"cairn: {ASKED} If so, say --yes.\n")
    assert alice_shell.run("timer", "log", "--minutes", "45", "--json").document["questions"] == [QUESTION]
    assert server.timer["state"] == "running"
    sit_down(monkeypatch)
    assert alice_shell.run("timer", "log", "--minutes", "45", answers="n\n").code == 1
    assert server.timer["state"] == "running"
    server.asked.clear()
    said = alice_shell.run("timer", "log", "--minutes", "45", "--note", "late", answers="y\n")
    assert (said.code, server.logged) == (0, [960, 45])
    assert server.asked[-1].body == {"minutes": 45, "note": "late", "confirm_long_day": True}
    assert len(set(keys(server))) == 2


def test_yes_to_the_timer(alice_shell: Shell, server: FakeCairn) -> None:
    alice_shell.run("timer", "start", "garak")
    assert alice_shell.run("timer", "log", "--minutes", "45", "--yes").code == 0
    assert server.logged == [960, 45]
