"""The timer is the server's: nothing of it is kept to be sent later."""

import re

import pytest

from tests.terminal.fake_cairn import FakeCairn, Fault, answers, drop_after, drop_before
from tests.terminal.typing_in import Shell, sit_down


def test_a_timer_from_start_to_log(
    alice_shell: Shell, server: FakeCairn, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert alice_shell.run("timer", "status").out == "There is no timer.\n"
    said = alice_shell.run("timer", "start", "garak", "families")
    assert said.code == 0
    assert re.fullmatch(r"Running: 25 min on Run six families of probes, started \d\d:\d\d\n", said.out), (
        said.out
    )
    assert server.asked[-1].body == {"line": "garak families"}
    assert alice_shell.run("timer", "pause").out.startswith("Paused: 25 min")
    assert alice_shell.run("timer", "resume").out.startswith("Running: 25 min")
    assert alice_shell.run("timer", "stop").out.startswith("Stopped: 25 min")
    said = alice_shell.run("timer", "log", "--note", "half of them", "--confidence", "4")
    assert said.code == 0
    assert said.out.startswith("Logged: 25 min on Thu 19 Nov 2026: ")
    assert server.asked[-1].body == {"note": "half of them", "confidence": 4}
    assert alice_shell.run("undo").code == 0
    assert server.logged == []


def test_every_change_has_a_key(alice_shell: Shell, server: FakeCairn) -> None:
    for verb in ("start", "pause", "resume", "stop", "discard"):
        assert alice_shell.run("timer", verb).code == 0
    keys = [asked.headers["idempotency-key"] for asked in server.asked if asked.method != "GET"]
    assert len(set(keys)) == len(keys) == 5


def test_one_at_a_time(alice_shell: Shell, server: FakeCairn) -> None:
    alice_shell.run("timer", "start", "garak")
    said = alice_shell.run("timer", "start", "garak")
    assert said.code == 1
    assert "There is a timer already" in said.err
    assert alice_shell.run("timer", "start", "--json").document["timer"]["state"] == "running"


@pytest.mark.parametrize("verb", ["pause", "resume", "stop"])
def test_no_timer(alice_shell: Shell, server: FakeCairn, verb: str) -> None:
    said = alice_shell.run("timer", verb)
    assert (said.code, said.err) == (1, "cairn: There is no timer.\n")


def test_start_asks_what_is_meant(
    alice_shell: Shell, server: FakeCairn, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = alice_shell.run("timer", "start", "probes")
    assert said.code == 2
    assert "(garak.run-six-families)" in said.err
    sit_down(monkeypatch)
    assert alice_shell.run("timer", "start", "probes", answers="1\n").code == 0
    assert server.timer["activity"] == "garak.run-six-families"


def test_forgotten_one_asks_how_long_it_really_was(
    alice_shell: Shell, server: FakeCairn, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice_shell.run("timer", "start", "garak")
    server.timer["asks"] = "It ran for 9 h. How long did you study?"
    assert "How long did you study?" in alice_shell.run("timer", "status").out
    said = alice_shell.run("timer", "log", "--json")
    assert said.code == 2
    assert said.document["questions"][0]["field"] == "minutes"
    assert server.logged == []
    sit_down(monkeypatch)
    assert alice_shell.run("timer", "log", answers="0\n50\n").code == 0
    assert server.logged == [50]


def test_minutes_answer_the_question(alice_shell: Shell, server: FakeCairn) -> None:
    alice_shell.run("timer", "start", "garak")
    server.timer["asks"] = "It ran for 9 h. How long did you study?"
    assert alice_shell.run("timer", "log", "--minutes", "40").code == 0
    assert server.logged == [40]


@pytest.mark.parametrize("fault", [drop_before, drop_after, answers(503), answers(302, Location="/")])
@pytest.mark.parametrize("verb", ["start", "pause", "resume", "stop", "log", "discard"])
def test_nothing_is_kept(alice_shell: Shell, server: FakeCairn, verb: str, fault: Fault) -> None:
    if verb != "start":
        alice_shell.run("timer", "start", "garak")
    server.only = re.compile(r"POST /timer|DELETE /timer")
    server.faults = [fault]
    said = alice_shell.run("timer", verb)
    assert said.code == 1
    assert "not sent later" in said.err
    assert "cairn timer status" in said.err
    assert alice_shell.queued() == []


def test_what_never_left_changed_nothing(alice_shell: Shell, server: FakeCairn) -> None:
    server.__exit__(None, None, None)
    said = alice_shell.run("timer", "start", "garak")
    assert said.code == 1
    assert "so nothing was changed" in said.err
    assert alice_shell.queued() == []


def test_what_was_kept_is_sent_first(alice_shell: Shell, server: FakeCairn) -> None:
    server.faults = [drop_before]
    alice_shell.run("log", "45m garak")
    assert "Sent 1 entry" in alice_shell.run("timer", "start", "garak").err
    assert server.logged == [45]
