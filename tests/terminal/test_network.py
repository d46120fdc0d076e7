"""How long a command waits, how much it reads, and what it says of connections that fail."""

import re
import socket
import ssl
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from urllib.error import URLError

import pytest
from cairn_terminal import server as terminal_server
from cairn_terminal.failures import NotSent, Refused, Unreachable
from cairn_terminal.login import Token
from cairn_terminal.server import Server

from tests.terminal.fake_cairn import PROBLEM, TOKEN, FakeCairn, answers
from tests.terminal.typing_in import Shell


@pytest.fixture
def answering() -> Iterator[Callable[[Callable[[socket.socket], None]], str]]:
    """Starts a server that does with each connection what it is told; gives its address."""
    listeners: list[socket.socket] = []

    def start(serve: Callable[[socket.socket], None]) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def accept() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=talk, args=(connection,), daemon=True).start()

        def talk(connection: socket.socket) -> None:
            with connection:
                try:
                    connection.recv(65536)
                    serve(connection)
                except OSError:
                    pass

        threading.Thread(target=accept, daemon=True).start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    yield start
    for listener in listeners:
        listener.close()


def ask(url: str) -> object:
    return Server(url, Token(TOKEN)).ask("GET", "/me")


def drip(head: bytes, drop: bytes) -> Callable[[socket.socket], None]:
    """Sends something now and then, for ever: each byte in time, the whole never."""

    def serve(connection: socket.socket) -> None:
        connection.sendall(head)
        while True:
            time.sleep(0.05)
            connection.sendall(drop)

    return serve


@pytest.mark.parametrize(
    ("head", "drop"),
    [
        (b"", b""),
        (b"HTTP/1.1 200 OK\r\n", b"X"),
        (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 4000000\r\n\r\n", b" "),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    ],
    ids=["silence", "a header without end", "headers without end", "a slow body", "slow chunks"],
)
def test_whole_request_has_a_limit(
    answering: Callable[..., str], monkeypatch: pytest.MonkeyPatch, head: bytes, drop: bytes
) -> None:
    monkeypatch.setattr(terminal_server, "TIMEOUT_SECONDS", 0.6)
    url = answering(drip(head, drop))
    began = time.monotonic()
    with pytest.raises(Unreachable, match=r"within 0.6 seconds|100 headers|broke off"):
        ask(url)
    assert time.monotonic() - began < 3


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"\x00\x01\x02",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 999999 Odd\r\n\r\n",
        b"HTTP/1.1 two hundred\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\nContent-Type: application/json\r\n\r\n{",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n" + b"1" * 5000,
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 304 Not Modified\r\n\r\n",
        b"HTTP/1.1 206 Partial Content\r\nContent-Type: application/json\r\n\r\n{}",
    ],
)
def test_garbage_is_no_answer(answering: Callable[..., str], sent: bytes) -> None:
    with pytest.raises(Unreachable):
        ask(answering(lambda connection: connection.sendall(sent)))


def test_endless_answer_is_not_read_to_its_end(answering: Callable[..., str]) -> None:
    sent = 0

    def serve(connection: socket.socket) -> None:
        nonlocal sent
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
        while True:
            connection.sendall(b" " * 100_000)
            sent += 100_000

    with pytest.raises(Unreachable, match="more than 5 MB"):
        ask(answering(serve))
    assert sent < 30_000_000


def test_largest_answer_is_read(server: FakeCairn) -> None:
    server.only = re.compile("")
    content = b'{"x": 1}'.ljust(terminal_server.LARGEST_ANSWER)
    server.faults = [answers(200, raw=content), answers(200, raw=content + b" ")]
    assert ask(server.url) == {"x": 1}
    with pytest.raises(Unreachable, match="more than 5 MB"):
        ask(server.url)


@pytest.mark.parametrize("name", ["a..b", f"{'x' * 70}.example"])
def test_names_that_are_none(name: str) -> None:
    with pytest.raises(NotSent, match="no name of a machine"):
        ask(f"http://{name}")


def test_name_that_nobody_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*args: object, **more: object) -> object:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(NotSent, match=r"cannot be reached: Name or service not known\."):
        ask("http://cairn.example.test")


def test_server_that_speaks_no_tls(server: FakeCairn) -> None:
    with pytest.raises(Unreachable, match="does not speak TLS"):
        ask(server.url.replace("http://", "https://"))


def test_certificate_that_is_not_trusted_sends_nothing(
    server: FakeCairn, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = ssl.SSLCertVerificationError("x")
    error.verify_message = "self-signed certificate"

    def fail(*args: object, **more: object) -> object:
        raise URLError(error)

    monkeypatch.setattr("urllib.request.OpenerDirector.open", fail)
    with pytest.raises(NotSent, match=r"not to be trusted \(self-signed certificate\)"):
        ask(server.url)


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ({"detail": "No."}, "No."),
        ({"title": "Refused"}, "Refused"),
        (
            {"detail": "No.", "errors": [{"detail": "No."}, {"detail": "Not so."}, 5, {"detail": 5}]},
            "No. Not so.",
        ),
        ({"detail": "\x1b[2J\x07\u202eNo.\r\n"}, "[2JNo."),
        ({"detail": 5}, "refused this (422) and gave no reason"),
        ({}, "refused this (422) and gave no reason"),
        ([], "refused this (422) and gave no reason"),
        ({"detail": "x" * 5000}, "x…"),
    ],
)
def test_sentences_of_a_refusal(server: FakeCairn, document: object, sentence: str) -> None:
    server.only = re.compile("")
    server.faults = [answers(422, document, Content_Type=PROBLEM)]
    with pytest.raises(Refused) as caught:
        ask(server.url)
    assert sentence in str(caught.value)
    assert len(str(caught.value)) <= 1000


@pytest.mark.parametrize("status", [400, 403, 404, 413, 422])
def test_refusal_that_is_a_page_is_not_cairns(server: FakeCairn, status: int) -> None:
    server.only = re.compile("")
    server.faults = [answers(status, raw=b"<h1>Pay first</h1>", Content_Type="text/html")]
    with pytest.raises(Unreachable, match=rf"not as Cairn does \({status}, text/html\)"):
        ask(server.url)


@pytest.mark.parametrize("proxy", ["nonsense:port", "http://127.0.0.1:abc", "://"])
def test_proxy_that_is_none(monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    with pytest.raises(NotSent, match="proxy's address cannot be read"):
        ask("https://cairn.example.org")


def test_fault_of_the_program_itself_shows_no_token(
    server: FakeCairn, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: Server, request: object) -> object:
        raise RuntimeError(f"while asking with {request!r}")

    monkeypatch.setattr(Server, "_exchange", fail)
    with pytest.raises(RuntimeError) as caught:
        ask(server.url)
    text = "".join(traceback.format_exception(caught.value))
    assert TOKEN not in text
    assert TOKEN[6:] not in text


def test_names_the_program_and_what_it_takes(server: FakeCairn) -> None:
    ask(server.url)
    headers = server.asked[0].headers
    assert headers["user-agent"].startswith("cairn-terminal/")
    assert headers["authorization"] == f"Bearer {TOKEN}"
    assert "cookie" not in headers
    assert "idempotency-key" not in headers


def test_reading_commands_fail_with_a_sentence(alice_shell: Shell, server: FakeCairn) -> None:
    server.only = re.compile("GET")
    for command in (["week"], ["next"], ["plan"], ["timer", "status"]):
        server.faults = [answers(503)]
        said = alice_shell.run(*command)
        assert said.code == 1
        assert "cannot answer at the moment (503)" in said.err
        server.faults = [answers(429, Retry_After="1800")]
        assert "asks to wait 30 min" in alice_shell.run(*command).err
