"""The SMTP conversation, against a server that follows a script and against a real one."""

import email
import socket
import ssl
from collections.abc import Callable, Iterator
from email import policy
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword, Session
from aiosmtpd.smtp import Envelope as RealEnvelope
from django.core.mail.backends.smtp import EmailBackend

from tests.faults.sink import Point, Sink
from tests.servers import free_port
from tracker.reminders import smtp
from tracker.reminders.rules import Outcome
from tracker.reminders.smtp import Conversation, Envelope, Result, hand_over, wire_form

BODY = b"Message-ID: <one@example.org>\r\nSubject: Hello\r\n\r\nHello.\r\n"
LETTER = Envelope("cairn@example.org", "alice@example.org", BODY)


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[Sink]:
    with Sink(tmp_path / "sink.log") as running:
        yield running


def backend_for(port: int, **options: Any) -> EmailBackend:
    return EmailBackend(**{"host": "127.0.0.1", "port": port, "use_tls": False, "timeout": 5, **options})


@pytest.fixture
def connect(sink: Sink) -> Iterator[Callable[[], Conversation]]:
    """Opens conversations with the sink and closes them at the end."""
    opened: list[Conversation] = []

    def open_one() -> Conversation:
        opened.append(
            Conversation(
                EmailBackend(host="127.0.0.1", port=sink.port, use_tls=False, use_ssl=False, timeout=5)
            )
        )
        return opened[-1]

    yield open_one
    for conversation in opened:
        conversation.close()


def hand_one_over(conversation: Conversation, envelope: Envelope, begin: Callable[[], bool]) -> Result:
    """One mail over one connection, which `begin` lets go."""
    result = hand_over({0: (conversation, envelope)}, lambda places: places if begin() else ())[0]
    assert result is not None
    return result


class Begun:
    """A hand-over's `begin`, counted."""

    def __init__(self, answer: bool = True) -> None:
        self.times = 0
        self.answer = answer

    def __call__(self) -> bool:
        self.times += 1
        return self.answer


Connect = Callable[[], Conversation]

# --- the wire ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "wire"),
    [
        (b"a\nb\r\nc\rd", b"a\r\nb\r\nc\r\nd\r\n"),
        (b".\r\n", b"..\r\n"),
        (b"a\r\n.\r\n..b\r\n", b"a\r\n..\r\n...b\r\n"),
        (b"a.b\r\n", b"a.b\r\n"),
        (b"a\n.\nb", b"a\r\n..\r\nb\r\n"),
    ],
)
def test_line_ends_and_dots(message: bytes, wire: bytes) -> None:
    assert wire_form(message) == wire


def test_lines_may_have_998_bytes() -> None:
    assert wire_form(b"x" * 998)
    with pytest.raises(ValueError, match="998"):
        wire_form(b"x" * 999)


def test_dots_and_long_bodies_arrive_as_they_were(sink: Sink, connect: Connect) -> None:
    body = b"Subject: Dots\r\n\r\n.\r\n..\r\n.a\r\n" + b"x" * 900 + b"\r\n" + b"line\r\n" * 50_000
    letter = Envelope(LETTER.sender, LETTER.to, wire_form(body))
    assert hand_one_over(connect(), letter, Begun()).outcome == Outcome.SENT
    assert sink.accepted()[0].raw == body


# --- one after the other ----------------------------------------------------------------------------------


def test_many_mails_go_over_one_connection(sink: Sink, connect: Connect) -> None:
    conversation, begun = connect(), Begun()
    for _ in range(20):
        assert hand_one_over(conversation, LETTER, begun) == Result(
            Outcome.SENT, "Reply to the mail: 250 2.0.0 taken"
        )
    assert (len(sink.accepted()), sink.connections, begun.times) == (20, 1, 20)
    conversation.close()
    assert sink.commands[-1].upper() == "QUIT"


def test_begin_comes_after_354_and_before_the_body(sink: Sink, connect: Connect) -> None:
    body_seen = sink.fault(Point.BODY)
    asked = sink.fault(Point.ASKED)

    def begin() -> bool:
        assert asked.reached.wait(timeout=5)
        assert not body_seen.reached.wait(timeout=0.2)
        return True

    assert hand_one_over(connect(), LETTER, begin).outcome == Outcome.SENT


# --- refused ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("point", [Point.MAIL, Point.RCPT, Point.DATA])
@pytest.mark.parametrize(
    ("reply", "outcome"), [("451 4.3.0 later", Outcome.AGAIN), ("550 5.1.1 nobody", Outcome.FAILED)]
)
def test_a_refusal_before_the_body_leaves_the_connection_good(
    sink: Sink, connect: Connect, point: Point, reply: str, outcome: Outcome
) -> None:
    sink.fault(point, reply=reply, at=1)
    conversation, begun = connect(), Begun()
    result = hand_one_over(conversation, LETTER, begun)
    assert result.outcome == outcome
    assert reply in result.reason
    assert begun.times == 0
    assert "rset" in sink.commands
    assert hand_one_over(conversation, LETTER, begun).outcome == Outcome.SENT
    assert sink.connections == 1


@pytest.mark.parametrize(
    ("reply", "outcome"), [("452 4.2.2 full", Outcome.AGAIN), ("554 5.7.1 spam", Outcome.FAILED)]
)
def test_a_refusal_of_the_body_leaves_the_connection_good(
    sink: Sink, connect: Connect, reply: str, outcome: Outcome
) -> None:
    sink.fault(Point.DOT, reply=reply, at=1)
    conversation = connect()
    assert hand_one_over(conversation, LETTER, Begun()).outcome == outcome
    assert conversation.is_open
    assert hand_one_over(conversation, LETTER, Begun()).outcome == Outcome.SENT
    assert len(sink.accepted()) == 1


@pytest.mark.parametrize("point", [Point.MAIL, Point.RCPT, Point.DATA, Point.DOT])
def test_421_is_a_refusal_for_now_and_ends_the_connection(sink: Sink, connect: Connect, point: Point) -> None:
    sink.fault(point, reply="421 4.3.2 closing", drops=True)
    conversation = connect()
    assert hand_one_over(conversation, LETTER, Begun()).outcome == Outcome.AGAIN
    assert not conversation.is_open


def test_a_server_that_will_not_start_over_is_left(sink: Sink, connect: Connect) -> None:
    sink.fault(Point.RCPT, reply="550 5.1.1 nobody")
    sink.fault(Point.RSET, reply="502 5.5.1 no")
    conversation = connect()
    assert hand_one_over(conversation, LETTER, Begun()).outcome == Outcome.FAILED
    assert not conversation.is_open


def test_a_connection_lost_after_a_refusal_keeps_the_refusal(sink: Sink, connect: Connect) -> None:
    sink.fault(Point.RCPT, reply="550 5.1.1 nobody")
    sink.fault(Point.RSET, drops=True)
    conversation = connect()
    assert hand_one_over(conversation, LETTER, Begun()).outcome == Outcome.FAILED
    assert not conversation.is_open


def test_closing_is_quiet_even_where_nobody_listens(sink: Sink, connect: Connect) -> None:
    sink.fault(Point.REPLIED, drops=True)
    conversation = connect()
    assert hand_one_over(conversation, LETTER, Begun()).outcome == Outcome.SENT
    conversation.close()
    conversation.close()
    assert not conversation.is_open


# --- lost -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("point", [Point.MAIL, Point.RCPT, Point.DATA])
def test_a_connection_lost_before_the_body_may_be_tried_again(
    sink: Sink, connect: Connect, point: Point
) -> None:
    sink.fault(point, drops=True)
    conversation, begun = connect(), Begun()
    assert hand_one_over(conversation, LETTER, begun).outcome == Outcome.AGAIN
    assert begun.times == 0
    assert not conversation.is_open


def test_a_connection_lost_in_a_long_body_may_be_tried_again(sink: Sink, connect: Connect) -> None:
    """The body does not fit into the buffers of the network, so its end is known not to have left."""
    sink.fault(Point.BODY, drops=True)
    letter = Envelope(LETTER.sender, LETTER.to, BODY + b"line\r\n" * 5_000_000)
    conversation = connect()
    result = hand_one_over(conversation, letter, Begun())
    assert result.outcome == Outcome.AGAIN
    assert "before the final dot" in result.reason
    assert not conversation.is_open
    assert not sink.accepted()


@pytest.mark.parametrize("point", [Point.DOT, Point.ACCEPTED])
def test_a_connection_lost_after_the_dot_is_unknown(sink: Sink, connect: Connect, point: Point) -> None:
    sink.fault(point, drops=True)
    conversation = connect()
    assert hand_one_over(conversation, LETTER, Begun()).outcome == Outcome.UNKNOWN
    assert not conversation.is_open


def test_a_server_that_falls_silent_after_the_dot_is_unknown(sink: Sink) -> None:
    sink.fault(Point.ACCEPTED, stalls=True)
    conversation = Conversation(backend_for(sink.port, timeout=1))
    result = hand_one_over(conversation, LETTER, Begun())
    assert result.outcome == Outcome.UNKNOWN
    assert not conversation.is_open


def test_a_server_that_falls_silent_before_the_body_is_tried_again(sink: Sink) -> None:
    sink.fault(Point.DATA, stalls=True)
    conversation = Conversation(backend_for(sink.port, timeout=1))
    assert hand_one_over(conversation, LETTER, Begun()).outcome == Outcome.AGAIN


@pytest.mark.parametrize("reply", ["hello", "350 what", "99"])
def test_a_reply_that_is_none_is_unknown_after_the_dot(sink: Sink, connect: Connect, reply: str) -> None:
    sink.fault(Point.DOT, reply=reply)
    conversation = connect()
    assert hand_one_over(conversation, LETTER, Begun()).outcome == Outcome.UNKNOWN
    assert not conversation.is_open


@pytest.mark.parametrize("reply", ["hello", "250 yes"])
def test_a_wrong_yes_to_data_is_no_permission(sink: Sink, connect: Connect, reply: str) -> None:
    sink.fault(Point.DATA, reply=reply)
    conversation, begun = connect(), Begun()
    assert hand_one_over(conversation, LETTER, begun).outcome == Outcome.AGAIN
    assert begun.times == 0
    assert not conversation.is_open


# --- called off -------------------------------------------------------------------------------------------


def test_a_hand_over_called_off_after_354_sends_nothing(sink: Sink, connect: Connect) -> None:
    conversation = connect()
    assert hand_over({0: (conversation, LETTER)}, lambda _: ()) == {0: None}
    assert not conversation.is_open
    assert hand_one_over(connect(), LETTER, Begun()).outcome == Outcome.SENT
    assert len(sink.accepted()) == 1


def test_an_error_of_begin_sends_nothing(sink: Sink, connect: Connect) -> None:
    def begin() -> bool:
        raise RuntimeError("the database is away")

    conversation = connect()
    with pytest.raises(RuntimeError):
        hand_one_over(conversation, LETTER, begin)
    assert not conversation.is_open
    assert hand_one_over(connect(), LETTER, Begun()).outcome == Outcome.SENT
    assert len(sink.accepted()) == 1


# --- addresses --------------------------------------------------------------------------------------------


def test_an_address_outside_ascii_where_the_server_takes_it(sink: Sink, connect: Connect) -> None:
    letter = Envelope("cairn@example.org", "älice@example.org", BODY, needs_utf8=True)
    conversation = connect()
    assert hand_one_over(conversation, letter, Begun()).outcome == Outcome.SENT
    assert sink.accepted()[0].to == "älice@example.org"
    assert "SMTPUTF8" in next(command for command in sink.commands if command.startswith("mail"))
    assert hand_one_over(conversation, LETTER, Begun()).outcome == Outcome.SENT


def test_an_address_outside_ascii_where_the_server_does_not(tmp_path: Path) -> None:
    with Sink(tmp_path / "log", offers=("8BITMIME",)) as sink:
        conversation = Conversation(backend_for(sink.port))
        letter = Envelope("cairn@example.org", "älice@example.org", BODY, needs_utf8=True)
        result = hand_one_over(conversation, letter, Begun())
        assert result.outcome == Outcome.FAILED
        assert "SMTPUTF8" in result.reason
        assert hand_one_over(conversation, LETTER, Begun()).outcome == Outcome.SENT


@pytest.mark.parametrize("address", ["alice@example.org>\r\nDATA", "älice@example.org"])
def test_an_address_no_command_can_hold_is_refused_here(sink: Sink, connect: Connect, address: str) -> None:
    conversation = connect()
    result = hand_one_over(conversation, Envelope("cairn@example.org", address, BODY), Begun())
    assert result.outcome == Outcome.FAILED
    assert hand_one_over(conversation, LETTER, Begun()).outcome == Outcome.SENT
    assert [mail.to for mail in sink.accepted()] == ["alice@example.org"]


# --- opening ----------------------------------------------------------------------------------------------


def test_no_server_is_an_os_error() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(OSError):  # noqa: PT011 - any will do
        Conversation(backend_for(port))


def test_a_server_that_greets_with_no_is_an_os_error(sink: Sink, connect: Connect) -> None:
    sink.fault(Point.CONNECTED, reply="554 go away")
    with pytest.raises(OSError, match="go away"):
        connect()


def test_what_servers_say_is_made_fit_for_the_record() -> None:
    assert smtp.said("the mail", 550, b"5.1.1 no\x00\x1b[31m\n  such \xff") == (
        "Reply to the mail: 550 5.1.1 no??[31m such \N{REPLACEMENT CHARACTER}"
    )


# --- a real server ----------------------------------------------------------------------------------------


class Keeping:
    """aiosmtpd's handler: keeps what comes."""

    def __init__(self) -> None:
        self.kept: list[RealEnvelope] = []

    async def handle_DATA(self, server: Any, session: Session, envelope: RealEnvelope) -> str:  # noqa: N802
        self.kept.append(envelope)
        return "250 kept"


def test_a_real_server() -> None:
    handler = Keeping()
    controller = Controller(handler, hostname="127.0.0.1", port=free_port(), enable_SMTPUTF8=True)
    controller.start()
    try:
        conversation = Conversation(backend_for(controller.port))
        for to in ("alice@example.org", "älice@example.org"):
            letter = Envelope("cairn@example.org", to, wire_form(BODY), needs_utf8=not to.isascii())
            assert hand_one_over(conversation, letter, Begun()).outcome == Outcome.SENT
        conversation.close()
    finally:
        controller.stop()
    assert [envelope.rcpt_tos for envelope in handler.kept] == [["alice@example.org"], ["älice@example.org"]]
    content = handler.kept[0].content
    assert isinstance(content, bytes)
    assert email.message_from_bytes(content, policy=policy.default)["Subject"] == "Hello"


def checked(server: Any, session: Session, envelope: RealEnvelope, mechanism: str, data: Any) -> AuthResult:
    good = isinstance(data, LoginPassword) and (data.login, data.password) == (b"cairn", b"secret")
    return AuthResult(success=good, handled=False)


@pytest.fixture
def tls_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[int, Keeping]]:
    """A real server that wants STARTTLS and a login; its certificate is trusted here."""
    certificate = Path(__file__).with_name("localhost.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    handler = Keeping()
    controller = Controller(
        handler,
        hostname="127.0.0.1",
        port=free_port(),
        tls_context=context,
        require_starttls=True,
        authenticator=checked,
        auth_required=True,
    )
    controller.start()
    yield controller.port, handler
    controller.stop()


def test_starttls_and_login(tls_server: tuple[int, Keeping]) -> None:
    port, handler = tls_server
    backend = backend_for(port, use_tls=True, username="cairn", password="secret")
    conversation = Conversation(backend)
    for _ in range(3):
        assert hand_one_over(conversation, LETTER, Begun()).outcome == Outcome.SENT
    conversation.close()
    assert len(handler.kept) == 3


def test_a_wrong_password_is_an_os_error(tls_server: tuple[int, Keeping]) -> None:
    backend = backend_for(tls_server[0], use_tls=True, username="cairn", password="wrong")
    with pytest.raises(OSError, match="535"):
        Conversation(backend)


def test_a_certificate_nobody_trusts_is_an_os_error(
    tls_server: tuple[int, Keeping], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    backend = backend_for(tls_server[0], use_tls=True)
    with pytest.raises(OSError, match="certificate"):
        Conversation(backend)
