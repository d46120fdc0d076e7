"""Reports: sent as they are, once, and what they showed in words."""

import errno
import os
import re
import socket
import threading
from pathlib import Path

import pytest
from cairn_terminal import report
from cairn_terminal import server as terminal_server
from cairn_terminal.failures import Failure
from cairn_terminal.login import Token
from cairn_terminal.server import FileChanged, FirstBytes, Server

from tests.terminal.fake_cairn import PROBLEM, FakeCairn, answers, drop_after, drop_before, refuses
from tests.terminal.typing_in import Shell, finished

WORDS = """Read: garak 0.17.1 against rest.RestGenerator.
Partial: the run was interrupted.
7 probes have a result. Asked for: dan, encoding, xss.
Without a result: xss.
Attack success rate, with its 95 % interval, the 5 highest of 6:
  100 % (50 to 100) dan.B, always.Fail: 10 of 10
   60 % (30 to 80)  encoding.F, always.Fail: 6 of 10
   50 % (25 to 75)  dan.D, always.Fail: 5 of 10
   50 % (25 to 75)  encoding.G, always.Fail: 5 of 10
   10 % (5 to 55)   dan.E, always.Fail: 1 of 10
1 result has nothing scored, and no rate.
"""


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "PAUSES", (0.0,))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "mine é.report.jsonl"
    path.write_bytes(b'{"entry_type": "init"}\n')
    return path


def test_what_a_report_showed_in_words(alice_shell: Shell, server: FakeCairn, file: Path) -> None:
    said = alice_shell.run("report", "push", str(file))
    assert (said.code, said.out) == (0, f"{WORDS}{server.url}/evidence/uploads/1/\n")
    assert server.paths()[-3:] == [
        "POST /reports?name=mine+%C3%A9.report.jsonl",
        "GET /reports/1",
        "GET /reports/1",
    ]


def test_for_scripts(alice_shell: Shell, server: FakeCairn, file: Path) -> None:
    document = alice_shell.run("report", "push", "--json", str(file)).document
    assert (document["outcome"], document["report"]["run"]["tool"]) == ("done", "garak")
    assert document["page"] == f"{server.url}/evidence/uploads/1/"


def test_what_is_said_of_it_goes_along(alice_shell: Shell, server: FakeCairn, file: Path) -> None:
    words = ["--attack", "Hop & Skip", "--target", "digits", "--keep"]
    assert alice_shell.run("report", "push", str(file), *words).code == 0
    sent = server.reports[0]
    assert (sent["attack"], sent["target"], sent["keep"]) == ("Hop & Skip", "digits", "true")
    assert sent["content"] == file.read_bytes()


def test_twice_is_once(alice_shell: Shell, server: FakeCairn, file: Path) -> None:
    for _ in range(3):
        assert alice_shell.run("report", "push", str(file)).out.startswith("Read: ")
    assert len(server.reports) == 1
    file.write_bytes(b"another")
    alice_shell.run("report", "push", str(file))
    assert len(server.reports) == 2


@pytest.mark.parametrize("fault", [drop_before, drop_after])
def test_a_push_that_broke_off_is_pushed_again(
    alice_shell: Shell, server: FakeCairn, file: Path, fault: object
) -> None:
    server.only, server.faults = re.compile("POST /reports"), [fault]  # type: ignore[list-item]
    said = alice_shell.run("report", "push", str(file))
    assert said.code == 1
    assert "Push it again" in said.err
    assert alice_shell.queued() == []
    assert alice_shell.run("report", "push", str(file)).code == 0
    assert len(server.reports) == 1


def test_without_waiting(alice_shell: Shell, server: FakeCairn, file: Path) -> None:
    said = alice_shell.run("report", "push", "--no-wait", str(file))
    assert (said.code, said.out.partition("\n")[0]) == (0, "Sent: mine é.report.jsonl. It is not read yet.")
    assert not any(path.startswith("GET /reports") for path in server.paths())
    assert alice_shell.run("report", "push", "--no-wait", "--json", str(file)).document["outcome"] == "sent"


def test_waiting_has_an_end(
    alice_shell: Shell, server: FakeCairn, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report, "WAIT_SECONDS", 0.0)
    server.readings = [{"state": "reading"}] * 9
    said = alice_shell.run("report", "push", str(file))
    assert said.code == 3
    assert "It is still being read." in said.out


def test_an_answer_that_is_lost_while_waiting_is_asked_for_again(
    alice_shell: Shell, server: FakeCairn, file: Path
) -> None:
    server.only, server.faults = re.compile("GET /reports"), [drop_before, answers(502, raw=b"<html>")]
    assert alice_shell.run("report", "push", str(file)).code == 0


def test_what_is_refused(alice_shell: Shell, server: FakeCairn, file: Path) -> None:
    server.readings = [{"state": "refused", "sentence": "This is a PDF; hand in a tool's report."}]
    said = alice_shell.run("report", "push", str(file))
    assert (said.code, said.out, said.err) == (1, "", "cairn: This is a PDF; hand in a tool's report.\n")
    document = alice_shell.run("report", "push", "--json", str(file)).document
    assert (document["outcome"], document["detail"]) == ("refused", "This is a PDF; hand in a tool's report.")
    # Each time it is read anew: what reads it may have learnt since.
    assert len(server.reports) == 2


def test_no_room_now_and_room_later(alice_shell: Shell, server: FakeCairn, file: Path) -> None:
    server.only = re.compile("POST /reports")
    no_room = {"status": 422, "detail": "You keep 500 MB."}
    server.faults = [refuses(422, "You keep 500 MB.")]
    assert alice_shell.run("report", "push", str(file)).err == "cairn: You keep 500 MB.\n"
    # Under its key the refusal is all that the server says again.
    server.faults = [answers(422, no_room, Content_Type=PROBLEM, Idempotency_Replayed="true")]
    assert alice_shell.run("report", "push", str(file)).code == 0
    keys = [asked.headers["idempotency-key"] for asked in server.asked if asked.path.startswith("/reports?")]
    assert (len(keys), len(set(keys))) == (3, 2)


@pytest.mark.parametrize("name", ["missing", "folder", "pipe"])
def test_what_is_no_file(alice_shell: Shell, server: FakeCairn, tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    said = alice_shell.run("report", "push", str(tmp_path / name))
    assert said.code == 1
    assert name in said.err
    assert server.reports == []


def test_what_nobody_can_write_down_is_refused(alice_shell: Shell, file: Path) -> None:
    assert alice_shell.run("report", "push", str(file), "--attack", "\udcff").code == 1


def test_a_server_of_another_shape(alice_shell: Shell, server: FakeCairn, file: Path) -> None:
    odd = {"results": [5, {}, {"attack_success_rate": {"share": "x"}}], "requested": 5}
    runs: tuple[object, ...] = ({}, [], odd, None)
    for run in runs:
        server.readings = [{"state": "read", "run": run}]
        file.write_bytes(repr(run).encode())
        assert alice_shell.run("report", "push", str(file)).code == 0


def test_text_of_the_server_does_nothing_to_the_terminal(
    alice_shell: Shell, server: FakeCairn, file: Path
) -> None:
    nasty = "\x1b]52;c;ZXZpbA==\x07\u202eA"
    results = [{"probe": nasty, "detector": nasty, "attack_success_rate": {"share": 1}}]
    run = {"tool": nasty, "why_partial": nasty, "requested": [nasty], "not_evaluated": [nasty]}
    server.readings = [{"state": "read", "run": {**run, "state": nasty, "results": results}}]
    assert alice_shell.run("report", "push", str(file)).code == 0
    server.readings = [{"state": "refused", "sentence": nasty}]
    assert alice_shell.run("report", "push", str(file), "--keep").code == 1


# --- the way there ----------------------------------------------------------------------------------------


def test_a_file_is_never_in_memory_whole(alice_shell: Shell, server: FakeCairn, tmp_path: Path) -> None:
    large = tmp_path / "large"
    with large.open("wb") as file:
        file.truncate(60_000_000)
    # What getrusage says is also of the process that this one was forked from.
    bend = """
import atexit, re
def most(): return int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1])
began = most()
atexit.register(lambda: print(most() - began, file=sys.stderr))
"""
    said = finished(alice_shell.start("report", "push", str(large), bend=bend))
    assert said.code == 0, said
    assert len(server.reports[0]["content"]) == 60_000_000
    assert int(said.err) < 30_000, "in KB: the libraries alone take most of it"


def test_what_is_still_written_is_sent_as_far_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "growing"
    path.write_bytes(b"12345")
    with path.open("rb") as file:
        first = FirstBytes(file, 3)
        assert (first.read(2), first.read(), first.read(2)) == (b"12", b"3", b"")
        with pytest.raises(FileChanged, match="shorter"):
            FirstBytes(file, 9).read(), FirstBytes(file, 9).read()


@pytest.mark.parametrize("status", [401, 413])
def test_an_answer_that_comes_before_the_end_is_heard(
    tmp_path: Path, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that wants no more of it says why, and closes."""
    problem = b'{"status": %d, "detail": "It says why."}' % status
    answer = b"HTTP/1.1 %d X\r\nContent-Type: application/problem+json\r\nContent-Length: %d\r\n\r\n%s"
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listening.accept()
        with connection:
            connection.recv(1000)
            connection.sendall(answer % (status, len(problem), problem))

    threading.Thread(target=serve, daemon=True).start()
    large = tmp_path / "large"
    with large.open("wb") as file:
        file.truncate(20_000_000)
    monkeypatch.setattr(terminal_server, "STALL_SECONDS", 10.0)
    asks = Server(f"http://127.0.0.1:{listening.getsockname()[1]}", Token("cairn_" + "x" * 43))
    says = pytest.raises(Failure, match=r"It says why|does not take this token")
    with large.open("rb") as opened, says:
        asks.send_file("/reports", opened, 20_000_000, key="k")
    listening.close()


def test_who_cannot_be_reached_is_said(alice_shell: Shell, server: FakeCairn, file: Path) -> None:
    server.__exit__(None, None, None)
    said = alice_shell.run("report", "push", str(file))
    assert said.code == 1
    assert os.strerror(errno.ECONNREFUSED) in said.err
