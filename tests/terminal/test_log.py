"""Logging, being asked, taking back, ticking: with a server that answers."""

import json
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
import time_machine
from cairn_terminal import clock
from cairn_terminal.clock import today as today_here

from tests.terminal.fake_cairn import FakeCairn, refuses
from tests.terminal.typing_in import Shell, sit_down

TODAY = date(2026, 11, 19)


@pytest.fixture(autouse=True)
def today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "today", lambda: TODAY)


def test_log_sends_what_was_understood_and_says_it(alice_shell: Shell, server: FakeCairn) -> None:
    said = alice_shell.run("log", "45m", "garak", "encoding", "probes,", "confidence", "3")
    assert said.code == 0
    assert said.out == (
        "Logged: 45 min on Thu 19 Nov 2026: Run six families of probes, confidence 3\nNot so? cairn undo\n"
    )
    read, logged = server.asked[-2:]
    assert read.body == {"line": "45m garak encoding probes, confidence 3", "studied_on": "2026-11-19"}
    assert logged.body == {
        "minutes": 45,
        "studied_on": "2026-11-19",
        "activity": "garak.run-six-families",
        "confidence": 3,
    }
    assert len(logged.headers["idempotency-key"]) == 32
    assert alice_shell.queued() == []


def test_every_write_has_a_key_of_its_own(alice_shell: Shell, server: FakeCairn) -> None:
    for _ in range(3):
        assert alice_shell.run("log", "45m garak").code == 0
    keys = {asked.headers["idempotency-key"] for asked in server.asked if asked.path == "/sessions"}
    assert len(keys) == 3
    assert server.logged == [45, 45, 45]


def test_log_on_another_day(alice_shell: Shell, server: FakeCairn) -> None:
    assert alice_shell.run("log", "--on", "2026-11-17", "45m garak").code == 0
    assert server.sessions[0]["studied_on"] == "2026-11-17"


@pytest.mark.parametrize("day", ["yesterday", "17.11.2026", "2026-11-31", "20261117", "2026-W47-2", ""])
def test_on_is_a_day(alice_shell: Shell, server: FakeCairn, day: str) -> None:
    said = alice_shell.run("log", "--on", day, "45m garak")
    assert said.code == 2
    assert server.logged == []


@pytest.mark.parametrize(
    ("zone", "day"), [("Pacific/Kiritimati", 20), ("UTC", 19), ("Pacific/Pago_Pago", 18)]
)
def test_the_day_is_the_one_where_it_was_typed(zone: str, day: int) -> None:
    moment = datetime(2026, 11, 19, 10, 30, tzinfo=UTC)
    with time_machine.travel(moment.astimezone(ZoneInfo(zone)), tick=False):  # moves the local zone too
        assert today_here() == date(2026, 11, day)


@pytest.mark.parametrize("line", [" ", "x" * 301, "45m \udcff"])
def test_lines_that_are_not_sent(alice_shell: Shell, server: FakeCairn, line: str) -> None:
    before = len(server.asked)
    assert alice_shell.run("log", line).code == 2
    assert alice_shell.run("log").code == 2
    assert len(server.asked) == before


def test_number_with_a_minus_is_not_read_as_an_option_silently(alice_shell: Shell, server: FakeCairn) -> None:
    assert alice_shell.run("log", "-5m", "garak").code == 2
    assert server.logged == []


def test_refusal_is_the_servers_sentence_and_leaves_nothing_behind(
    alice_shell: Shell, server: FakeCairn
) -> None:
    said = alice_shell.run("log", "1441m garak")
    assert (said.code, said.out, said.err) == (1, "", "cairn: A day has 24 hours.\n")
    assert alice_shell.queued() == []
    document = alice_shell.run("log", "1441m garak", "--json").document
    assert document["outcome"] == "refused"
    assert document["status"] == 422
    assert document["errors"] == [{"field": "minutes", "detail": "A day has 24 hours."}]


def test_scope_that_is_missing(alice_shell: Shell, server: FakeCairn) -> None:
    server.faults = [refuses(403, "This needs a token of scope 'all'; yours is 'log'.")]
    said = alice_shell.run("done", "garak.run-six-families")
    assert said.code == 1
    assert "scope 'all'" in said.err
    assert alice_shell.queued() == []


# --- questions --------------------------------------------------------------------------------------------


def test_what_is_open_ends_in_2_where_nobody_can_be_asked(alice_shell: Shell, server: FakeCairn) -> None:
    said = alice_shell.run("log", "probes")
    assert said.code == 2
    assert "Say how long you studied" in said.err
    assert "Run six families of probes (garak.run-six-families)" in said.err
    assert server.logged == []
    assert alice_shell.queued() == []


def test_yes_answers_no_question(alice_shell: Shell, server: FakeCairn) -> None:
    assert alice_shell.run("log", "--yes", "45m probes").code == 2
    assert server.logged == []


def test_questions_as_json(alice_shell: Shell, server: FakeCairn, monkeypatch: pytest.MonkeyPatch) -> None:
    sit_down(monkeypatch)
    said = alice_shell.run("log", "45m probes", "--json")
    assert (said.code, said.err) == (2, "")
    assert said.document["outcome"] == "asked"
    assert said.document["questions"] == [{"field": "subject", "sentence": "Which of these is meant?"}]
    assert [choice["key"] for choice in said.document["choices"]] == ["garak.run-six-families", "garak"]
    assert said.document["reading"]["minutes"] == 45


@pytest.mark.parametrize(
    ("number", "kept"), [("1", {"activity": "garak.run-six-families"}), ("2", {"module": "garak"}), ("0", {})]
)
def test_numbered_choices(
    alice_shell: Shell, server: FakeCairn, monkeypatch: pytest.MonkeyPatch, number: str, kept: dict[str, str]
) -> None:
    sit_down(monkeypatch)
    said = alice_shell.run("log", "45m probes", answers=f"{number}\ny\n")
    assert said.code == 0
    assert "1  Run six families of probes (garak.run-six-families)" in said.err
    assert "0  something else" in said.err
    assert server.asked[-1].body == {"minutes": 45, "studied_on": "2026-11-19", **kept}


def test_choice_out_of_range_is_asked_again(
    alice_shell: Shell, server: FakeCairn, monkeypatch: pytest.MonkeyPatch
) -> None:
    sit_down(monkeypatch)
    assert alice_shell.run("log", "45m probes", answers="7\n-1\nx\n2\ny\n").code == 0
    assert server.asked[-1].body["module"] == "garak"


def test_answer_is_read_like_a_line_until_it_is_understood(
    alice_shell: Shell, server: FakeCairn, monkeypatch: pytest.MonkeyPatch
) -> None:
    sit_down(monkeypatch)
    said = alice_shell.run("log", "garak confidence 4", answers="long\n50m\ny\n")
    assert said.code == 0
    assert said.err.count("Say how long you studied") == 2
    assert server.sessions[0]["minutes"] == 50
    assert server.sessions[0]["confidence"] == 4


def test_questions_end(alice_shell: Shell, server: FakeCairn, monkeypatch: pytest.MonkeyPatch) -> None:
    sit_down(monkeypatch)
    assert alice_shell.run("log", "garak", answers="dunno\n" * 50).code == 2
    assert server.logged == []


@pytest.mark.parametrize(("answer", "code"), [("n\n", 1), ("", 1)])
def test_reading_is_shown_before_it_is_logged(
    alice_shell: Shell, server: FakeCairn, monkeypatch: pytest.MonkeyPatch, answer: str, code: int
) -> None:
    sit_down(monkeypatch)
    said = alice_shell.run("log", "45m garak", answers=answer)
    assert said.code == code
    assert "45 min on Thu 19 Nov 2026: Run six families of probes" in said.err
    assert server.logged == []
    assert alice_shell.queued() == []


def test_yes_does_not_ask_whether_it_is_right(
    alice_shell: Shell, server: FakeCairn, monkeypatch: pytest.MonkeyPatch
) -> None:
    sit_down(monkeypatch)
    assert alice_shell.run("log", "45m garak", "--yes").code == 0
    assert server.logged == [45]


# --- taking back ------------------------------------------------------------------------------------------


def test_undo_takes_back_the_last_and_no_other(alice_shell: Shell, server: FakeCairn) -> None:
    alice_shell.run("log", "45m garak")
    alice_shell.run("log", "30m atlas")
    said = alice_shell.run("undo")
    assert said.code == 0
    assert said.out == "Taken back: 30 min on Thu 19 Nov 2026: Map the case studies\n"
    assert server.logged == [45]
    said = alice_shell.run("undo")
    assert said.code == 1
    assert "nothing to take back" in said.err
    assert server.logged == [45]


def test_undo_of_what_was_never_logged_here(alice_shell: Shell, server: FakeCairn) -> None:
    server.sessions.append({"minutes": 45, "deleted": False})
    assert alice_shell.run("undo").code == 1
    assert server.logged == [45]


def test_undo_of_a_session_that_is_gone(alice_shell: Shell, server: FakeCairn) -> None:
    alice_shell.run("log", "45m garak")
    server.faults = [refuses(404, "There is nothing at this address.")]
    assert alice_shell.run("undo").code == 1
    assert "nothing to take back" in alice_shell.run("undo").err


def test_done_ticks(alice_shell: Shell, server: FakeCairn) -> None:
    said = alice_shell.run("done", "garak.run-six-families")
    assert (said.code, said.out) == (0, "Done: Run six families of probes\n")
    assert server.marks == {"garak.run-six-families": "done"}


@pytest.mark.parametrize("key", ["no-such", "../sessions/1", "a/b", "?", "%2e%2e", "\u202e"])
def test_done_of_what_is_not_there(alice_shell: Shell, server: FakeCairn, key: str) -> None:
    assert alice_shell.run("done", key).code == 1
    assert server.asked[-1].path.startswith("/activities/")
    assert server.asked[-1].path.count("/") == 3
    assert not server.marks


def test_answers_as_json(alice_shell: Shell, server: FakeCairn) -> None:
    logged = alice_shell.run("log", "45m garak", "--json").document
    assert logged["outcome"] == "done"
    assert logged["session"]["id"] == 1
    assert alice_shell.run("done", "garak.run-six-families", "--json").document["activity"]["state"] == "done"
    assert alice_shell.run("undo", "--json").document["outcome"] == "done"
    assert json.loads(alice_shell.run("undo", "--json").out)["outcome"] == "failed"
