"""What cannot be sent now: kept as typed, on its day, sent later in order, each once."""

import json
import shutil
import stat
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from cairn_terminal import clock, outbox, sending
from cairn_terminal.files import locked
from cairn_terminal.login import Token
from cairn_terminal.server import Server

from tests.terminal.fake_cairn import (
    CHARLIES_TOKEN,
    TOKEN,
    FakeCairn,
    Fault,
    answers,
    drop_after,
    drop_before,
    refuses,
)
from tests.terminal.typing_in import Shell, sit_down

THURSDAY = date(2026, 11, 19)


@pytest.fixture
def on_day(monkeypatch: pytest.MonkeyPatch) -> Callable[[date], None]:
    """Makes it another day on this machine."""

    def set_day(day: date) -> None:
        monkeypatch.setattr(clock, "today", lambda: day)

    set_day(THURSDAY)
    return set_day


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch, server: FakeCairn) -> Callable[[bool], None]:
    """Takes the network away, as one unplugs it: nothing listens at the address."""
    real = Server.__init__

    def switch(off: bool) -> None:
        def start(self: Server, address: str, token: Token) -> None:
            real(self, "http://127.0.0.1:1" if off else address, token)

        monkeypatch.setattr(Server, "__init__", start)

    return switch


def test_line_typed_offline_is_logged_later_on_the_day_it_was_typed(
    alice_shell: Shell,
    server: FakeCairn,
    offline: Callable[[bool], None],
    on_day: Callable[[date], None],
) -> None:
    offline(True)
    said = alice_shell.run("log", "45m  garak", "confidence 3")
    assert said.code == 3
    assert said.out.startswith("Kept, to be sent later: 45m  garak confidence 3. ")
    assert "cannot be reached: Connection refused" in said.out
    [entry] = alice_shell.entries()
    assert entry["body"] == {"line": "45m  garak confidence 3", "studied_on": "2026-11-19"}
    assert entry["first_tried_on"] == ""

    on_day(THURSDAY + timedelta(days=3))
    offline(False)
    said = alice_shell.run("week")
    assert said.code == 0
    assert "Sent 1 entry kept from before." in said.err
    assert [session["studied_on"] for session in server.sessions] == ["2026-11-19"]
    assert alice_shell.queued() == []


def test_files_of_the_queue_are_private(alice_shell: Shell, offline: Callable[[bool], None]) -> None:
    offline(True)
    alice_shell.run("log", "45m garak")
    files = [path for path in (alice_shell.data / "cairn").rglob("*") if path.is_file()]
    assert len(files) >= 2
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert stat.S_IMODE(alice_shell.queue.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    "fault",
    [
        drop_before,
        drop_after,
        answers(500),
        answers(502, raw=b"<html>Bad gateway</html>", Content_Type="text/html"),
        answers(503, Retry_After="1"),
        refuses(503, "A part is away for a moment."),
        answers(429, Retry_After="3600"),
        answers(429),
        answers(409, Retry_After="600"),
        answers(408),
        answers(302, Location="https://elsewhere.example/login"),
        answers(307, Location="/api/v1/sessions/"),
        answers(200, raw=b"<html>Pay for the wireless network</html>", Content_Type="text/html"),
        answers(403, raw=b"<html>Pay for the wireless network</html>", Content_Type="text/html"),
        answers(404, raw=b"no such virtual host", Content_Type="text/plain"),
        answers(201, raw=b'{"id": 1', Content_Type="application/json"),
        answers(201, raw=b"[" * 200_000, Content_Type="application/json"),
        answers(201, raw=b'{"id": NaN}', Content_Type="application/json"),
        answers(201, raw=b"\xff\xfe", Content_Type="application/json"),
        answers(200, raw=b" " * 5_000_001, Content_Type="application/json"),
    ],
)
def test_write_whose_fate_is_not_known_is_kept_and_logged_once(
    alice_shell: Shell, server: FakeCairn, fault: Fault
) -> None:
    server.faults = [fault]
    said = alice_shell.run("log", "45m garak")
    assert said.code == 3
    assert "to be sent later" in said.out
    assert alice_shell.queued() == ["45m garak"]
    said = alice_shell.run("queue", "send")
    assert (said.code, said.out) == (0, "Nothing waits to be sent.\n")
    assert server.logged == [45]
    keys = {asked.headers["idempotency-key"] for asked in server.asked if asked.path == "/sessions"}
    assert len(keys) == 1


def test_redirects_are_not_followed(alice_shell: Shell, server: FakeCairn) -> None:
    with FakeCairn() as other:
        server.faults = [
            answers(code, Location=f"{other.url}/api/v1/sessions") for code in (301, 302, 303, 307, 308)
        ]
        for _ in range(5):
            said = alice_shell.run("log", "45m garak")
            assert said.code == 3
        assert f"sends on to {other.url}" in said.out
        assert other.asked == []


def test_server_that_asks_to_wait_a_moment_is_waited_for(alice_shell: Shell, server: FakeCairn) -> None:
    server.faults = [answers(409, Retry_After="1"), answers(429, Retry_After="1")]
    assert alice_shell.run("log", "45m garak").code == 0
    assert server.logged == [45]


def test_patience_ends(alice_shell: Shell, server: FakeCairn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cairn_terminal.server.PATIENCE_SECONDS", 3)
    server.faults = [answers(409, Retry_After="0")] * 50
    assert alice_shell.run("log", "45m garak").code == 3
    assert len(server.faults) == 46
    server.faults = []
    assert alice_shell.run("queue", "send").code == 0
    assert server.logged == [45]


def test_sent_in_the_order_they_were_typed_before_the_new_one(
    alice_shell: Shell, server: FakeCairn, offline: Callable[[bool], None]
) -> None:
    offline(True)
    for minutes in range(1, 13):
        alice_shell.run("log", f"{minutes}m garak")
    offline(False)
    assert alice_shell.run("log", "99m garak").code == 0
    assert server.logged == [*range(1, 13), 99]


def test_refused_one_stays_with_the_sentence_and_holds_up_none(
    alice_shell: Shell, server: FakeCairn, offline: Callable[[bool], None]
) -> None:
    offline(True)
    for line in ("10m garak", "9999m garak", "probes", "20m garak"):
        alice_shell.run("log", line)
    offline(False)
    said = alice_shell.run("queue", "send")
    assert said.code == 1
    assert "entry 2 (9999m garak): A day has 24 hours." in said.err
    assert server.logged == [10, 20]
    assert alice_shell.queued() == ["9999m garak", "probes"]
    listed = alice_shell.run("queue", "list").out
    assert "refused: A day has 24 hours." in listed
    assert "refused: Say how long you studied, such as 45 or 1:30. Which of these is meant?" in listed
    before = len(server.asked)
    assert alice_shell.run("week").code == 0
    assert len(server.asked) == before + 1, "what was refused is not sent again by itself"


def test_refused_one_is_asked_about_and_sent_under_another_key(
    alice_shell: Shell,
    server: FakeCairn,
    offline: Callable[[bool], None],
    on_day: Callable[[date], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    offline(True)
    alice_shell.run("log", "45m probes")
    offline(False)
    on_day(THURSDAY + timedelta(days=2))
    alice_shell.run("week")
    assert alice_shell.run("queue", "send", "1").code == 2, "nobody is there to be asked"
    assert alice_shell.queued() == ["45m probes"]
    sit_down(monkeypatch)
    said = alice_shell.run("queue", "send", "1", answers="1\ny\n")
    assert said.code == 0
    assert server.sessions[0]["activity"] == "garak.run-six-families"
    assert server.sessions[0]["studied_on"] == "2026-11-19"
    assert alice_shell.queued() == []


def test_refused_tick_is_sent_again(
    alice_shell: Shell, server: FakeCairn, offline: Callable[[bool], None]
) -> None:
    offline(True)
    assert alice_shell.run("done", "garak.run-six-families").code == 3
    offline(False)
    server.faults = [refuses(403, "This needs a token of scope 'all'.")]
    assert alice_shell.run("queue", "send").code == 1
    assert alice_shell.run("queue", "send", "1").code == 0
    assert server.marks == {"garak.run-six-families": "done"}
    assert alice_shell.queued() == []


def test_stumbling_over_one_leaves_it_and_sends_the_others(
    alice_shell: Shell, server: FakeCairn, offline: Callable[[bool], None]
) -> None:
    offline(True)
    for line in ("10m garak", "20m garak"):
        alice_shell.run("log", line)
    offline(False)
    server.faults = [answers(500)]
    said = alice_shell.run("queue", "send")
    assert said.code == 3
    assert "failed over this (500)" in said.err
    assert server.logged == [20]
    assert alice_shell.run("queue", "send").code == 0
    assert server.logged == [20, 10]


def test_server_that_is_away_is_asked_once_a_command(
    alice_shell: Shell, server: FakeCairn, offline: Callable[[bool], None]
) -> None:
    offline(True)
    for line in ("10m garak", "20m garak", "30m garak"):
        alice_shell.run("log", line)
    offline(False)
    before = len(server.asked)
    server.faults = [answers(503)] * 9
    assert alice_shell.run("log", "40m garak").code == 3
    assert len(server.asked) == before + 1
    assert len(alice_shell.queued()) == 4


def test_revoked_token_keeps_all(
    alice_shell: Shell, server: FakeCairn, offline: Callable[[bool], None]
) -> None:
    offline(True)
    alice_shell.run("log", "10m garak")
    offline(False)
    del server.people[TOKEN]
    said = alice_shell.run("log", "20m garak")
    assert said.code == 3
    assert "does not take this token" in said.out
    said = alice_shell.run("queue", "send")
    assert said.code == 3
    assert "does not take this token" in said.err
    assert alice_shell.queued() == ["10m garak", "20m garak"]
    assert alice_shell.run("week").code == 1
    fresh = CHARLIES_TOKEN[:-1] + "9"
    server.people[fresh] = "alice@example.org"
    assert alice_shell.run("login", server.url, env={"CAIRN_TOKEN": fresh}).code == 0
    assert server.logged == [10, 20]


def test_queue_replayed_from_a_copy_logs_once(
    alice_shell: Shell, server: FakeCairn, offline: Callable[[bool], None]
) -> None:
    offline(True)
    for minutes in (10, 20, 30):
        alice_shell.run("log", f"{minutes}m garak")
    shutil.copytree(alice_shell.queue, alice_shell.home / "copy")
    offline(False)
    assert alice_shell.run("queue", "send").code == 0
    shutil.rmtree(alice_shell.queue)
    shutil.copytree(alice_shell.home / "copy", alice_shell.queue)
    assert alice_shell.run("queue", "send").code == 0
    assert server.logged == [10, 20, 30]


def test_file_copied_beside_itself_logs_once(
    alice_shell: Shell, server: FakeCairn, offline: Callable[[bool], None]
) -> None:
    offline(True)
    alice_shell.run("log", "10m garak")
    [name] = alice_shell.queue.glob("*.json")
    shutil.copy(name, name.with_name(f"{name.stem} (copy).json"))
    twin = json.loads(name.read_text())
    (alice_shell.queue / f"000002-{twin['key']}.json").write_text(json.dumps({**twin, "number": 2}))
    offline(False)
    alice_shell.run("queue", "send")
    assert server.logged == [10]
    assert "(copy).json" in alice_shell.run("queue").out


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"{}", b"null", b"\xff\xfe\x00", b'{"number": 1}', b"[" * 100_000],
)
def test_file_that_cannot_be_read_is_left_alone_and_holds_up_none(
    alice_shell: Shell, server: FakeCairn, offline: Callable[[bool], None], content: bytes
) -> None:
    offline(True)
    alice_shell.run("log", "10m garak")
    broken = alice_shell.queue / f"000000-{'0' * 32}.json"
    broken.write_bytes(content)
    offline(False)
    assert alice_shell.run("queue", "send").code == 0
    assert server.logged == [10]
    assert broken.read_bytes() == content
    assert "cannot be read" in alice_shell.run("queue").out


@pytest.mark.parametrize(
    "change", [{"path": "/x y"}, {"path": 5}, {"body": []}, {"typed_on": "x"}, {"more": 1}, {"number": 9}]
)
def test_entry_that_was_changed_by_hand_is_not_sent(
    alice_shell: Shell, server: FakeCairn, offline: Callable[[bool], None], change: dict[str, object]
) -> None:
    offline(True)
    alice_shell.run("log", "10m garak")
    [name] = alice_shell.queue.glob("*.json")
    name.write_text(json.dumps({**json.loads(name.read_text()), **change}))
    offline(False)
    assert alice_shell.run("queue", "send").code == 0
    assert server.logged == []
    assert "cannot be read" in alice_shell.run("queue").out


def test_key_that_the_server_has_forgotten_is_not_used_again(
    alice_shell: Shell, server: FakeCairn, on_day: Callable[[date], None]
) -> None:
    server.faults = [drop_after]
    assert alice_shell.run("log", "45m garak").code == 3
    assert server.logged == [45]
    on_day(THURSDAY + timedelta(days=31))
    server._kept.clear()
    assert alice_shell.run("queue", "send").code == 1
    assert "Look in your journal" in alice_shell.run("queue").out
    assert alice_shell.run("week").code == 0
    assert server.logged == [45]
    assert alice_shell.run("queue", "drop", "1").code == 0


def test_line_that_never_left_is_sent_however_late(
    alice_shell: Shell, server: FakeCairn, offline: Callable[[bool], None], on_day: Callable[[date], None]
) -> None:
    offline(True)
    alice_shell.run("log", "45m garak")
    alice_shell.run("queue", "send")
    offline(False)
    on_day(THURSDAY + timedelta(days=90))
    assert alice_shell.run("week").code == 0
    assert server.sessions[0]["studied_on"] == "2026-11-19"


def test_drop(alice_shell: Shell, server: FakeCairn, offline: Callable[[bool], None]) -> None:
    offline(True)
    alice_shell.run("log", "10m garak")
    alice_shell.run("log", "20m garak")
    offline(False)
    said = alice_shell.run("queue", "drop", "1")
    assert (said.code, said.out) == (0, "Dropped: 10m garak\n")
    assert alice_shell.run("queue", "drop", "1").code == 1
    assert alice_shell.run("queue", "drop", "x").code == 2
    alice_shell.run("queue", "send")
    assert server.logged == [20]


def test_no_two_entries_have_one_number(
    alice_shell: Shell, server: FakeCairn, offline: Callable[[bool], None]
) -> None:
    offline(True)
    for line in ("10m garak", "20m garak"):
        alice_shell.run("log", line)
    alice_shell.run("queue", "drop", "1")
    alice_shell.run("log", "30m garak")
    assert [entry["number"] for entry in alice_shell.entries()] == [2, 3]


def test_drop_of_what_may_have_arrived_says_so(alice_shell: Shell, server: FakeCairn) -> None:
    server.faults = [drop_after]
    alice_shell.run("log", "10m garak")
    assert "may have reached the server" in alice_shell.run("queue").out
    assert "your journal shows" in alice_shell.run("queue", "drop", "1").out


# --- undo without a network -------------------------------------------------------------------------------


def test_undo_of_what_never_left_takes_it_out_of_the_queue(
    alice_shell: Shell, server: FakeCairn, offline: Callable[[bool], None]
) -> None:
    alice_shell.run("log", "5m garak")
    offline(True)
    alice_shell.run("log", "10m garak")
    alice_shell.run("log", "20m garak")
    assert alice_shell.run("undo").out == "Taken back before it was sent: 20m garak\n"
    assert alice_shell.run("undo").out == "Taken back before it was sent: 10m garak\n"
    assert alice_shell.run("undo").code == 3, "the one that was sent is taken back later"
    offline(False)
    assert alice_shell.run("queue", "send").code == 0
    assert server.logged == []
    assert len(server.sessions) == 1


def test_undo_of_what_may_have_arrived_waits_for_certainty(alice_shell: Shell, server: FakeCairn) -> None:
    server.faults = [drop_after, drop_after]
    assert alice_shell.run("log", "45m garak").code == 3
    said = alice_shell.run("undo")
    assert said.code == 1
    assert "not known yet" in said.err
    assert alice_shell.run("undo").code == 0
    assert server.logged == []
    assert len(server.sessions) == 1


def test_undo_whose_answer_was_lost_is_sent_again(alice_shell: Shell, server: FakeCairn) -> None:
    alice_shell.run("log", "45m garak")
    server.faults = [drop_after]
    assert alice_shell.run("undo").code == 3
    assert "nothing to take back" in alice_shell.run("undo").err
    assert alice_shell.queued() == []
    assert server.logged == []


# --- locks ------------------------------------------------------------------------------------------------


def test_while_another_is_sending_the_line_is_kept(
    alice_shell: Shell, server: FakeCairn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "SEND_WAIT_SECONDS", 0.2)
    with locked(alice_shell.data / "cairn" / "sending.lock", 0):
        said = alice_shell.run("log", "45m garak")
        assert said.code == 3
        assert "Another cairn is sending" in said.out
        assert alice_shell.run("queue", "drop", "1").code == 1
        assert alice_shell.run("week").code == 0
    assert alice_shell.run("queue", "send").code == 0
    assert server.logged == [45]


def test_data_folder_that_cannot_be_written(alice_shell: Shell, server: FakeCairn) -> None:
    (alice_shell.data).mkdir(exist_ok=True)
    shutil.rmtree(alice_shell.data / "cairn", ignore_errors=True)
    (alice_shell.data / "cairn").write_text("a file")
    said = alice_shell.run("log", "45m garak")
    assert said.code == 1
    assert server.logged == []
    assert "exists" in said.err or "Not a directory" in said.err


def test_breaking_off_keeps_the_line(
    alice_shell: Shell, server: FakeCairn, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*args: object, **more: object) -> object:
        raise KeyboardInterrupt

    monkeypatch.setattr(sending.Sender, "send_waiting", interrupted)
    said = alice_shell.run("log", "45m garak")
    assert said.code == 3
    assert "broken off" in said.out
    assert alice_shell.queued() == ["45m garak"]


# --- JSON -------------------------------------------------------------------------------------------------


def test_queue_as_json(alice_shell: Shell, server: FakeCairn, offline: Callable[[bool], None]) -> None:
    offline(True)
    kept = alice_shell.run("log", "9999m garak", "--json")
    assert kept.code == 3
    assert kept.document["outcome"] == "queued"
    assert kept.document["entry"]["typed"] == "9999m garak"
    assert kept.document["entry"]["state"] == "waiting"
    offline(False)
    sent = alice_shell.run("queue", "send", "--json")
    assert sent.code == 1
    assert sent.document["outcome"] == "refused"
    listed = alice_shell.run("queue", "--json").document
    assert listed == alice_shell.run("queue", "list", "--json").document
    assert [entry["state"] for entry in listed["entries"]] == ["refused"]
    assert listed["entries"][0]["detail"] == "A day has 24 hours."
    assert alice_shell.run("queue", "drop", "1", "--json").document["outcome"] == "done"
    assert alice_shell.run("queue", "send", "--json").document["outcome"] == "done"
