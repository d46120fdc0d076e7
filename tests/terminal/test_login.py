"""Logging in: which addresses, from where the token comes, and how it is kept."""

import json
import os
import re
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import IO

import pytest
from cairn_terminal.address import BadAddress, read_address
from cairn_terminal.login import NotAToken, Token

from tests.servers import ROOT
from tests.terminal.fake_cairn import CHARLIES_TOKEN, OLD_TOKEN, TOKEN, FakeCairn, Fault, answers, drop_before
from tests.terminal.typing_in import Shell


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_login_asks_the_server_who_it_is_and_keeps_it(shell: Shell, server: FakeCairn) -> None:
    said = shell.run("login", server.url, env={"CAIRN_TOKEN": TOKEN})
    assert (said.code, said.err) == (0, "")
    assert said.out == f"Logged in: alice@example.org at {server.url}. The token may: all.\n"
    assert server.paths() == ["GET /me"]
    assert json.loads(shell.login_file.read_text()) == {
        "server": server.url,
        "insecure": False,
        "email": "alice@example.org",
        "token": TOKEN,
    }


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_login_file_is_private_from_its_first_byte_on(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, umask: int
) -> None:
    modes: list[int] = []
    real = os.open

    def spy(path: str, flags: int, mode: int = 0o777, **more: int) -> int:
        descriptor = real(path, flags, mode, **more)
        if flags & os.O_CREAT and "login" in str(path):
            modes.append(stat.S_IMODE(os.fstat(descriptor).st_mode))
        return descriptor

    monkeypatch.setattr(os, "open", spy)
    before = os.umask(umask)
    try:
        shell.log_in()
    finally:
        os.umask(before)
    assert modes == [0o600]
    assert mode(shell.login_file) == 0o600
    assert mode(shell.login_file.parent) == 0o700


@pytest.mark.parametrize("open_to", [0o640, 0o604, 0o660, 0o622])
def test_login_file_that_others_can_open_is_not_used(
    alice_shell: Shell, server: FakeCairn, open_to: int
) -> None:
    alice_shell.login_file.chmod(open_to)
    before = len(server.asked)
    said = alice_shell.run("week")
    assert said.code == 1
    assert f"chmod 600 {alice_shell.login_file}" in said.err
    assert len(server.asked) == before
    alice_shell.login_file.chmod(0o600)
    assert alice_shell.run("week").code == 0


def test_token_file_that_others_can_open_is_refused(shell: Shell, server: FakeCairn, tmp_path: Path) -> None:
    token_file = tmp_path / "token"
    token_file.write_text(f"{TOKEN}\n")
    token_file.chmod(0o644)
    said = shell.run("login", server.url, "--token-file", str(token_file))
    assert said.code == 1
    assert f"chmod 600 {token_file}" in said.err
    assert not server.asked
    token_file.chmod(0o600)
    assert shell.run("login", server.url, "--token-file", str(token_file)).code == 0


def test_token_from_standard_input(shell: Shell, server: FakeCairn) -> None:
    assert shell.run("login", server.url, "--token-file", "-", answers=f"{TOKEN}\n").code == 0


def test_token_file_that_is_not_there(shell: Shell, server: FakeCairn, tmp_path: Path) -> None:
    said = shell.run("login", server.url, "--token-file", str(tmp_path / "no"))
    assert said.code == 1
    assert "No such file" in said.err


def test_nobody_to_type_the_token(shell: Shell, server: FakeCairn) -> None:
    said = shell.run("login", server.url)
    assert said.code == 2
    assert "--token-file" in said.err


def test_there_is_no_option_that_shows_the_token_to_the_machine(shell: Shell, server: FakeCairn) -> None:
    result = shell.run("login", server.url, "--token", "cairn_x")
    assert result.code == 2
    assert "No such option" in result.err


@pytest.mark.parametrize(
    "text",
    ["", "cairn_", TOKEN[:-1], TOKEN + "x", TOKEN.replace("cairn", "other"), f"{TOKEN[:-1]}\n", "x" * 5000],
)
def test_no_token_is_not_sent(shell: Shell, server: FakeCairn, tmp_path: Path, text: str) -> None:
    token_file = tmp_path / "token"
    token_file.write_text(text)
    token_file.chmod(0o600)
    said = shell.run("login", server.url, "--token-file", str(token_file))
    assert said.code == 1
    assert "not a token" in said.err
    assert not server.asked


def test_token_cannot_end_its_header() -> None:
    with pytest.raises(NotAToken):
        Token(f"{TOKEN[:20]}\r\nX: {TOKEN[25:]}")


def test_token_does_not_show_itself() -> None:
    token = Token(TOKEN)
    assert TOKEN not in f"{token} {token!r} {[token]} %s" % token


def test_token_that_the_server_does_not_take(shell: Shell, server: FakeCairn) -> None:
    said = shell.run("login", server.url, env={"CAIRN_TOKEN": OLD_TOKEN})
    assert said.code == 1
    assert "does not take this token" in said.err
    assert not shell.login_file.exists()


def test_failed_login_leaves_the_one_before(alice_shell: Shell, server: FakeCairn) -> None:
    before = alice_shell.login_file.read_text()
    for env in ({"CAIRN_TOKEN": OLD_TOKEN}, {"CAIRN_TOKEN": "rubbish"}):
        assert alice_shell.run("login", server.url, env=env).code == 1
    assert alice_shell.login_file.read_text() == before


@pytest.mark.parametrize(
    "url",
    [
        "https://cairn.example.org",
        "https://cairn.example.org/",
        "HTTPS://Cairn.Example.org//",
    ],
)
def test_addresses_are_kept_in_one_form(url: str) -> None:
    assert read_address(url) == "https://cairn.example.org"


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://example.org:8443/cairn/", "https://example.org:8443/cairn"),
        ("http://localhost:8000", "http://localhost:8000"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("http://127.8.9.10", "http://127.8.9.10"),
        ("http://[::1]:8000/", "http://[::1]:8000"),
    ],
)
def test_addresses_that_are_taken(url: str, kept: str) -> None:
    assert read_address(url) == kept


@pytest.mark.parametrize(
    "url",
    [
        "",
        "cairn.example.org",
        "localhost:8000",
        "ftp://cairn.example.org",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "https://",
        "https:///path",
        "https://alice:secret@cairn.example.org",
        "https://@cairn.example.org",
        "https://cairn.example.org?x=1",
        "https://cairn.example.org#x",
        "https://cairn.example.org:99999",
        "https://cairn.example.org:port",
        "https://cairn.example.org\\@evil.example",
        "https://cairn.example.org\n.evil.example",
        "https://cairn example.org",
        "https://cäirn.example.org",
        "https://[::1",
        "http://cairn.example.org",
        "http://192.168.1.5:8000",
        "http://localhost.evil.example",
        "http://127.0.0.1.evil.example",
        "http://0.0.0.0",
    ],
)
def test_addresses_that_are_refused(url: str) -> None:
    with pytest.raises(BadAddress):
        read_address(url)


def test_plain_http_elsewhere_says_why_and_may_be_wanted(shell: Shell) -> None:
    said = shell.run("login", "http://cairn.example.test", env={"CAIRN_TOKEN": TOKEN})
    assert said.code == 2
    assert "readable for everybody on the way" in said.err
    assert "--insecure" in said.err
    assert read_address("http://cairn.example.test", insecure=True) == "http://cairn.example.test"


def test_insecure_is_remembered_and_a_proxy_is_used(
    shell: Shell, server: FakeCairn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", server.url)
    said = shell.run("login", "http://cairn.example.test", "--insecure", env={"CAIRN_TOKEN": TOKEN})
    assert said.code == 0
    assert server.asked[0].headers["host"] == "cairn.example.test"
    assert shell.run("week").code == 0


def test_what_is_meant_for_this_machine_goes_through_no_proxy(
    shell: Shell, server: FakeCairn, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FakeCairn() as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("all_proxy", proxy.url)
        shell.log_in()
        assert not proxy.asked
    assert server.paths() == ["GET /me"]


@pytest.mark.parametrize(
    "fault",
    [
        answers(200, raw=b"<html>It works!</html>", Content_Type="text/html"),
        answers(200, []),
        answers(200, {"no": "mail"}),
        answers(404, raw=b"not here", Content_Type="text/plain"),
        answers(302, Location="https://evil.example/"),
        answers(503),
        drop_before,
    ],
)
def test_something_that_is_no_cairn(shell: Shell, server: FakeCairn, fault: Fault) -> None:
    server.only = re.compile("")
    server.faults = [fault]
    said = shell.run("login", server.url, env={"CAIRN_TOKEN": TOKEN})
    assert said.code == 1
    assert said.err
    assert not shell.login_file.exists()


def test_logout_forgets_the_token_and_keeps_the_queue(alice_shell: Shell, server: FakeCairn) -> None:
    server.faults = [drop_before]
    assert alice_shell.run("log", "45m garak").code == 3
    said = alice_shell.run("logout")
    assert said.code == 0
    assert "1 entry stays in the queue" in said.out
    assert not alice_shell.login_file.exists()
    assert alice_shell.run("logout").code == 1
    said = alice_shell.run("log", "45m garak")
    assert said.code == 1
    assert "cairn login" in said.err
    alice_shell.log_in()
    assert server.logged == [45]
    assert alice_shell.queued() == []


def test_login_as_another_sends_nothing_of_the_first(alice_shell: Shell, server: FakeCairn) -> None:
    server.faults = [drop_before]
    alice_shell.run("log", "45m garak")
    said = alice_shell.run("login", server.url, env={"CAIRN_TOKEN": CHARLIES_TOKEN})
    assert said.code == 0
    assert "1 entry waits for another login" in said.err
    assert alice_shell.run("queue", "send").code == 0
    assert server.logged == []
    assert "(for alice@example.org at" in alice_shell.run("queue").out
    alice_shell.log_in()
    assert [session["of"] for session in server.sessions] == ["alice@example.org"]


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"server": 1}', "\x00\xff"])
def test_login_file_that_is_broken(alice_shell: Shell, content: str) -> None:
    alice_shell.login_file.write_text(content)
    said = alice_shell.run("week")
    assert said.code == 1
    assert "Log in again" in said.err
    alice_shell.log_in()
    assert alice_shell.run("week").code == 0


def test_login_file_that_was_moved_to_another_server_by_hand_is_still_checked(alice_shell: Shell) -> None:
    document = json.loads(alice_shell.login_file.read_text())
    alice_shell.login_file.write_text(json.dumps({**document, "server": "http://evil.example"}))
    said = alice_shell.run("week")
    assert said.code == 2
    assert "readable for everybody" in said.err


class Reader(threading.Thread):
    """Reads what a process writes as it comes."""

    def __init__(self, stream: IO[bytes]) -> None:
        super().__init__(daemon=True)
        self.stream, self.text = stream, b""
        self.start()

    def run(self) -> None:
        while chunk := os.read(self.stream.fileno(), 1000):
            self.text += chunk

    def wait_for(self, wanted: bytes, seconds: float = 20) -> None:
        deadline = time.monotonic() + seconds
        while wanted not in self.text:
            assert time.monotonic() < deadline, self.text
            time.sleep(0.02)


def test_token_typed_at_a_real_terminal_is_not_echoed(shell: Shell, server: FakeCairn) -> None:
    spawn = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"
    process = subprocess.Popen(
        [sys.executable, "-c", spawn, sys.executable, "-m", "cairn_terminal", "login", server.url],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "terminal"), **shell.folders},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    screen = Reader(process.stdout)
    screen.wait_for(f"Token for 127.0.0.1:{server.port}: ".encode())
    process.stdin.write(f"{TOKEN}\n".encode())
    process.stdin.flush()
    screen.wait_for(b"Logged in")
    assert process.wait(timeout=20) == 0
    assert TOKEN.encode() not in screen.text
    assert TOKEN in shell.login_file.read_text()
