"""The client for one POST, against receivers of the test's own on loopback."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.reminders.receiver import CERTIFICATE, Receiver, says, status
from tests.servers import free_port
from tracker.operations.processes import wait_until
from tracker.reminders import outbound
from tracker.reminders.destinations import Destination
from tracker.reminders.outbound import CalledOffError, NoAnswerError, NotSentError

METADATA = "169.254.169.254"
BODY = b'{"said":"x"}'


def to(port: int, *, host: str = "127.0.0.1", scheme: str = "http", listed: bool = True) -> Destination:
    return Destination(scheme, host, port, "/hook?a=b", listed)


class Begun:
    """A hand-over's `begin`, counted."""

    def __init__(self, answer: bool = True, looks: Callable[[], None] = lambda: None) -> None:
        self.times = 0
        self._answer = answer
        self._looks = looks

    def __call__(self) -> bool:
        self.times += 1
        self._looks()
        return self._answer


def post(destination: Destination, begun: Begun | None = None, **options: Any) -> int:
    body = options.pop("body", BODY)
    fields = options.pop("fields", {"Content-Type": "application/json"})
    return outbound.post(destination, fields, body, begun or Begun(), **{"seconds": 5, **options})


@pytest.fixture(autouse=True)
def certificates_read_anew() -> Iterator[None]:
    outbound._tls.cache_clear()
    yield
    outbound._tls.cache_clear()


class Resolver:
    """Answers look-ups with one list after the other, the last one for ever, and counts them."""

    def __init__(self, *answers: list[tuple[str, int]]) -> None:
        self.answers = list(answers)
        self.asked = 0

    def __call__(self, host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        answer = self.answers[min(self.asked, len(self.answers) - 1)]
        self.asked += 1
        return [
            (
                socket.AF_INET6 if ":" in address else socket.AF_INET,
                socket.SOCK_STREAM,
                socket.IPPROTO_TCP,
                "",
                (address, number),
            )
            for address, number in answer
        ]


Resolve = Callable[..., Resolver]


@pytest.fixture
def resolve(monkeypatch: pytest.MonkeyPatch) -> Resolve:
    """Names lead where the test says."""

    def use(*answers: list[tuple[str, int]]) -> Resolver:
        resolver = Resolver(*answers)
        monkeypatch.setattr(socket, "getaddrinfo", resolver)
        return resolver

    return use


# --- the good way -----------------------------------------------------------------------------------------


def test_one_request_goes_out_whole_and_the_status_comes_back() -> None:
    with Receiver(status(202)) as receiver:
        assert post(to(receiver.port), fields={"Content-Type": "application/json", "X-Own": "1"}) == 202
        assert receiver.connections == 1
        assert receiver.bodies == [BODY]
        fields = receiver.fields()
        assert fields[""] == "POST /hook?a=b HTTP/1.1"
        assert fields["host"] == f"127.0.0.1:{receiver.port}"
        assert fields["content-length"] == str(len(BODY))
        assert fields["connection"] == "close"
        assert fields["x-own"] == "1"


def test_begin_comes_when_the_connection_stands_and_before_the_first_byte() -> None:
    with Receiver() as receiver:

        def looks() -> None:
            assert wait_until(lambda: receiver.connections == 1, 5)
            assert not any(receiver.heard)

        begun = Begun(looks=looks)
        assert post(to(receiver.port), begun) == 200
        assert begun.times == 1


def test_tls_with_a_certificate_for_the_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    with Receiver(tls=True) as receiver:
        assert post(to(receiver.port, host="localhost", scheme="https")) == 200
        assert receiver.bodies == [BODY]


@pytest.mark.parametrize("trusted", [True, False])
def test_a_certificate_that_is_not_good_gets_no_request(
    resolve: Resolve, monkeypatch: pytest.MonkeyPatch, trusted: bool
) -> None:
    """Of another name, or of nobody known."""
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    begun = Begun()
    with Receiver(tls=True) as receiver:
        resolve([("127.0.0.1", receiver.port)])
        host = "hook.example.org" if trusted else "localhost"
        with pytest.raises(NotSentError, match="its certificate is not good"):
            post(to(receiver.port, host=host, scheme="https"), begun)
        assert receiver.requests == []
    assert begun.times == 0


def test_words_before_the_answer_are_not_the_answer() -> None:
    early = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    with Receiver(says(early, b"HTTP/1.1 204 No Content\r\n\r\n")) as receiver:
        assert post(to(receiver.port)) == 204


def test_the_next_address_is_tried_where_one_takes_no_connection(resolve: Resolve) -> None:
    with Receiver() as receiver:
        resolve([("127.0.0.1", free_port()), ("127.0.0.1", receiver.port)])
        assert post(to(receiver.port, host="hook.lan")) == 200


def test_no_proxy_of_the_environment_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    with Receiver() as receiver, Receiver() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert post(to(receiver.port)) == 200
        assert (receiver.connections, proxy.connections) == (1, 0)


# --- where it may not go ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "addresses",
    [
        [METADATA],
        ["127.0.0.1"],
        ["10.0.0.1"],
        ["::1"],
        ["::ffff:a9fe:a9fe"],
        ["8.8.8.8", METADATA],
        ["0.0.0.0"],
    ],
)
def test_a_name_that_leads_inside_is_refused_before_any_connection(
    resolve: Resolve, monkeypatch: pytest.MonkeyPatch, addresses: list[str]
) -> None:
    resolver, begun = resolve([(address, 443) for address in addresses]), Begun()

    def no_socket(*_: Any) -> None:
        pytest.fail("a socket was made")

    monkeypatch.setattr(socket, "socket", no_socket)
    with pytest.raises(NotSentError, match="not on the open Internet") as refused:
        post(to(443, host="hook.example.org", scheme="https", listed=False), begun)
    # Where the name leads is not told to who asked.
    assert not any(address in str(refused.value) for address in addresses)
    assert (resolver.asked, begun.times) == (1, 0)


def test_the_operator_may_list_a_host_inside(resolve: Resolve) -> None:
    with Receiver() as receiver:
        resolve([("127.0.0.1", receiver.port)])
        with pytest.raises(NotSentError):
            post(to(receiver.port, host="hook.lan", listed=False))
        assert post(to(receiver.port, host="hook.lan", listed=True)) == 200
        assert receiver.connections == 1


def test_a_name_that_leads_elsewhere_the_second_time_is_not_asked_a_second_time(
    resolve: Resolve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: what was judged is what is connected to."""
    judged: list[str] = []

    def is_public(address: str) -> bool:
        judged.append(address)
        return True

    monkeypatch.setattr(outbound, "is_public", is_public)
    with Receiver() as meant, Receiver() as inside:
        resolver = resolve([("127.0.0.1", meant.port)], [("127.0.0.1", inside.port)])
        assert post(to(meant.port, host="hook.example.org", listed=False)) == 200
        assert (len(meant.requests), inside.connections) == (1, 0)
    assert resolver.asked == 1
    assert judged == ["127.0.0.1"]


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_a_redirect_is_an_answer_and_not_followed(
    resolve: Resolve, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    with Receiver() as trap:
        answer = status(
            code, f"Location: http://127.0.0.1:{trap.port}/", f"Refresh: 0; url=http://{METADATA}/"
        )
        with Receiver(answer) as receiver:
            resolver = resolve([("127.0.0.1", receiver.port)])
            assert post(to(receiver.port, host="hook.lan")) == code
            assert (receiver.connections, trap.connections, resolver.asked) == (1, 0, 1)


@pytest.mark.parametrize("value", ["a\r\nX: y", "a\ny", "ä", "a\x00"])
def test_no_header_field_is_smuggled_in(value: str) -> None:
    with Receiver() as receiver:
        with pytest.raises(ValueError, match="header field"):
            post(to(receiver.port), fields={"X-Own": value})
        assert receiver.connections == 0


# --- not sent, or no answer -------------------------------------------------------------------------------


def test_nobody_listens() -> None:
    begun = Begun()
    with pytest.raises(NotSentError, match="connection refused"):
        post(to(free_port()), begun)
    assert begun.times == 0


def test_there_is_no_such_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(*_: Any, **__: Any) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nobody)
    with pytest.raises(NotSentError, match="no such host name"):
        post(to(443, host="nobody.example"))


def test_called_off_nothing_leaves() -> None:
    with Receiver() as receiver:
        with pytest.raises(CalledOffError):
            post(to(receiver.port), Begun(answer=False))
        with pytest.raises(ZeroDivisionError):
            post(to(receiver.port), Begun(looks=lambda: print(1 // 0)))
    assert not any(receiver.heard)


def test_dropped_in_the_middle_of_the_body_it_was_not_sent() -> None:
    """More than the network takes at once, and the receiver goes away before the last byte."""

    def takes_a_little(connection: socket.socket) -> None:
        connection.recv(1000)

    begun = Begun()
    with Receiver(early=takes_a_little) as receiver, pytest.raises(NotSentError):
        post(to(receiver.port), begun, body=b"x" * 20_000_000)
    assert begun.times == 1


@pytest.mark.parametrize(
    "answer",
    [says(), says(b"HTTP/1.1 2"), says(b"HTTP/1.1 100 Continue\r\n\r\n")],
    ids=["none", "part", "early"],
)
def test_dropped_after_the_last_byte_there_is_no_answer(answer: Any) -> None:
    with Receiver(answer) as receiver:
        with pytest.raises(NoAnswerError, match="the connection ended without an answer"):
            post(to(receiver.port))
        assert len(receiver.requests) == 1


@pytest.mark.parametrize(
    "said",
    [
        b"SSH-2.0-OpenSSH_9.9\r\n",
        b"HTTP/2 200\r\n",
        b"HTTP/1.1 20 OK\r\n",
        b"HTTP/1.1 2000 OK\r\n",
        b"x" * 40_000,
    ],
    ids=["ssh", "http2", "short", "long", "endless"],
)
def test_what_is_no_http_is_no_answer(said: bytes) -> None:
    with Receiver(says(said)) as receiver, pytest.raises(NoAnswerError, match="is not HTTP"):
        post(to(receiver.port))


def test_an_early_word_without_end_is_no_answer() -> None:
    with (
        Receiver(says(b"HTTP/1.1 103 Early\r\nX: " + b"y" * 60_000)) as receiver,
        pytest.raises(NoAnswerError, match="is not HTTP"),
    ):
        post(to(receiver.port))


def drip(stop: threading.Event, what: bytes) -> Callable[[socket.socket], None]:
    """A byte now and then, far oftener than any timeout between two."""

    def answer(connection: socket.socket) -> None:
        for place in range(len(what)):
            if stop.wait(0.05):
                return
            connection.sendall(what[place : place + 1])

    return answer


def test_an_answer_that_drips_hits_the_deadline() -> None:
    stop = threading.Event()
    with Receiver(drip(stop, b"HTTP/1.1 200 " + b"O" * 10_000)) as receiver:
        begun_at = time.monotonic()
        with pytest.raises(NoAnswerError, match="it took too long"):
            post(to(receiver.port), seconds=0.6)
        assert time.monotonic() - begun_at < 3
        stop.set()


def test_once_the_status_is_there_nobody_waits_for_the_rest() -> None:
    stop = threading.Event()
    answer = drip(stop, b"X: " + b"y" * 10_000)

    def answers(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        answer(connection)

    with Receiver(answers) as receiver:
        begun_at = time.monotonic()
        assert post(to(receiver.port)) == 200
        assert time.monotonic() - begun_at < 4
        stop.set()


def test_a_huge_answer_is_not_read_to_its_end() -> None:
    sent = 0

    def pours(connection: socket.socket) -> None:
        nonlocal sent
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while sent < 2_000_000_000:
            connection.sendall(b"x" * 65_536)
            sent += 65_536

    with Receiver(pours) as receiver:
        assert post(to(receiver.port)) == 200
    assert sent < 100_000_000


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_receiver_that_says_nothing_hits_the_deadline(scheme: str) -> None:
    """Before TLS stands nothing was sent; after the request nobody knows."""
    stop, begun = threading.Event(), Begun()

    def stalls(_: socket.socket) -> None:
        stop.wait(10)

    with Receiver(early=stalls) as receiver:
        begun_at = time.monotonic()
        expected = NotSentError if scheme == "https" else NoAnswerError
        with pytest.raises(expected, match="it took too long"):
            post(to(receiver.port, scheme=scheme), begun, seconds=0.4)
        assert time.monotonic() - begun_at < 3
        stop.set()
    assert begun.times == (0 if scheme == "https" else 1)


def test_a_look_up_that_hangs_hits_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    stop = threading.Event()

    def hangs(*_: Any, **__: Any) -> list[Any]:
        stop.wait(10)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", hangs)
    with pytest.raises(NotSentError, match="it took too long"):
        post(to(443, host="slow.example"), seconds=0.3)
    stop.set()


def test_what_begin_takes_does_not_count() -> None:
    """A database that is slow to commit must not make a message late that has not even left."""
    with Receiver() as receiver:
        assert post(to(receiver.port), Begun(looks=lambda: time.sleep(0.6)), seconds=0.5) == 200
