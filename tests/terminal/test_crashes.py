"""Killed at any step, and several at once: each line is logged exactly once."""

import signal
import threading
from pathlib import Path

import pytest

from tests.terminal.fake_cairn import Answer, Asked, Drop, FakeCairn, answers
from tests.terminal.typing_in import Shell, finished

DIE = "os.kill(os.getpid(), signal.SIGKILL)"


def dies_in(target: str, *, after: bool) -> str:
    """Python that kills the process when it calls something: before it does it, or after."""
    order = "result = real(*a, **k); die()" if after else "die(); result = real(*a, **k)"
    module, _, name = target.rpartition(".")
    return f"""
import cairn_terminal.cli, cairn_terminal.outbox, cairn_terminal.server, cairn_terminal.sending
from cairn_terminal.outbox import Outbox
from cairn_terminal.server import Server
from cairn_terminal.sending import Sender
def die(): {DIE}
real = {module}.{name}
def dying(*a, **k):
    if "{name}" == "ask" and a[2] != "/sessions": return real(*a, **k)
    {order}
    return result
{module}.{name} = dying
"""


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(
    "step",
    ["Outbox.add", "Outbox.mark_tried", "Sender._send", "Server.ask", "Outbox.remember", "Outbox.remove"],
)
def test_killed_at_a_step(alice_shell: Shell, server: FakeCairn, step: str, after: bool) -> None:
    process = alice_shell.start("log", "45m garak", bend=dies_in(step, after=after))
    assert finished(process).code == -signal.SIGKILL
    kept_nothing = step == "Outbox.add" and not after
    done_with = (step == "Outbox.remove" and after) or (step == "Sender._send" and after)
    assert len(alice_shell.queued()) == (0 if kept_nothing or done_with else 1)
    assert alice_shell.run("queue", "send").code == 0
    # Killed before anything was kept, nobody was told that it was.
    assert server.logged == ([] if kept_nothing else [45])
    assert alice_shell.queued() == []
    if not kept_nothing:
        assert alice_shell.run("undo").code == 0
        assert server.logged == []


@pytest.mark.parametrize("done", [False, True], ids=["lost on the way", "done, the answer lost"])
def test_killed_while_the_server_is_at_work(alice_shell: Shell, server: FakeCairn, done: bool) -> None:
    arrived, let_go = threading.Event(), threading.Event()

    def hold(asked: Asked, answer: object) -> Answer:
        arrived.set()
        assert let_go.wait(30)
        if done:
            answer()  # type: ignore[operator]
        raise Drop

    server.faults = [hold]
    process = alice_shell.start("log", "45m garak")
    assert arrived.wait(30)
    process.kill()
    let_go.set()
    assert finished(process).code == -signal.SIGKILL
    assert alice_shell.queued() == ["45m garak"]
    assert alice_shell.run("queue", "send").code == 0
    assert server.logged == [45]


def test_half_written_file_is_no_entry_and_goes_away(alice_shell: Shell, server: FakeCairn) -> None:
    server.faults = [answers(503)]
    alice_shell.run("log", "10m garak")
    # The first fsync is of the entry's content, before it has its name.
    process = alice_shell.start("log", "45m garak", bend=f"def die(*_): {DIE}\nos.fsync = die")
    server.faults = [answers(503)] * 3
    assert finished(process).code == -signal.SIGKILL
    halves = list(alice_shell.queue.glob(".*"))
    assert len(halves) == 1
    assert halves[0].stat().st_mode & 0o777 == 0o600
    server.faults = []
    assert alice_shell.run("queue", "send").code == 0
    assert list(alice_shell.queue.iterdir()) == []
    assert server.logged == [10]


def test_several_at_once(alice_shell: Shell, server: FakeCairn) -> None:
    server.faults = [answers(503)] * 4
    for minutes in range(1, 5):
        assert alice_shell.run("log", f"{minutes}m garak").code == 3
    server.faults = []
    processes = [alice_shell.start("log", f"{minutes}m garak") for minutes in range(5, 11)]
    senders = [alice_shell.start("queue", "send") for _ in range(2)]
    codes = [finished(process).code for process in processes + senders]
    assert set(codes) <= {0, 3}
    assert alice_shell.run("queue", "send").code == 0
    assert server.logged[:4] == [1, 2, 3, 4]
    assert sorted(server.logged) == list(range(1, 11))
    assert server.most_writes_at_once == 1
    assert alice_shell.queued() == []


def test_numbers_given_at_once_are_different(alice_shell: Shell, server: FakeCairn) -> None:
    del server.people[next(iter(server.people))]  # every one is kept
    processes = [alice_shell.start("log", f"{minutes}m garak") for minutes in range(1, 7)]
    assert {finished(process).code for process in processes} == {3}
    assert sorted(entry["number"] for entry in alice_shell.entries()) == [1, 2, 3, 4, 5, 6]
    assert len({entry["key"] for entry in alice_shell.entries()}) == 6


def test_nothing_of_the_token_in_the_process_list_or_the_queue(alice_shell: Shell, server: FakeCairn) -> None:
    arrived, let_go = threading.Event(), threading.Event()
    seen: list[bytes] = []

    def look(asked: Asked, answer: object) -> Answer:
        arrived.set()
        assert let_go.wait(30)
        raise Drop

    server.faults = [look]
    process = alice_shell.start("log", "45m garak")
    assert arrived.wait(30)
    for name in ("cmdline", "environ"):
        path = Path(f"/proc/{process.pid}/{name}")
        if path.exists():
            seen.append(path.read_bytes())
    let_go.set()
    assert finished(process).code == 3
    seen += [path.read_bytes() for path in (alice_shell.data / "cairn").rglob("*") if path.is_file()]
    assert all(b"cairn_AbCd" not in content for content in seen)
