"""One POST over HTTP, to the very address that was checked. It knows no database.

The addresses in question are typed by learners, and this machine stands inside somebody's network. So a name
is looked up once, every address it has is judged, and the connection goes to one of those: no second look-up
could lead elsewhere. No redirect is followed and no proxy is asked. All of it together has a deadline.

What may be sent again is decided as for SMTP: until the last byte of the body was given to the network the
receiver has no whole request; after that, only its answer says what it did.
"""

import contextlib
import queue
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from tracker.reminders.destinations import Destination, is_public

SECONDS = 10.0
LONGEST_HEAD = 16_384
# What is read of an answer's rest, so that the server is not cut off in the middle of it; then no more.
LONGEST_REST = 8_192
REST_SECONDS = 1.0
_STATUS_LINE = re.compile(rb"HTTP/1\.[01] ([1-9][0-9]{2})(?: [^\r\n]*)?\r?\n")
_FIELD = re.compile(r"[!-~]+: [ -~]*")
_HEAD_END = re.compile(rb"\r?\n\r?\n")


class NotSentError(Exception):
    """The receiver certainly has no whole request; the message says why."""


class NoAnswerError(Exception):
    """The request was sent, and no answer says what became of it; the message says why."""


class CalledOffError(Exception):
    """The hand-over was called off before the first byte; the connection is gone, nothing was sent."""


class Deadline:
    """So many seconds for all steps together."""

    def __init__(self, seconds: float) -> None:
        self._ends_at = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds; TimeoutError where there are none."""
        left = self._ends_at - time.monotonic()
        if left <= 0:
            raise TimeoutError("it took too long")
        return left

    @contextlib.contextmanager
    def held(self) -> Any:
        """What is done inside does not count: it is ours."""
        begun_at = time.monotonic()
        yield
        self._ends_at += time.monotonic() - begun_at


def post(
    destination: Destination,
    fields: Mapping[str, str],
    body: bytes,
    begin: Callable[[], bool],
    *,
    seconds: float = SECONDS,
) -> int:
    """Sends `body`, which is not empty, and returns the status of the answer.

    `begin` is called when the connection stands, before the first byte of the request; where it answers
    False, CalledOffError is raised. Raises NotSentError, NoAnswerError, and what `begin` raises; ValueError
    for a field that HTTP cannot carry.
    """
    head = _head(destination, fields, len(body))
    deadline = Deadline(seconds)
    with contextlib.ExitStack() as opened:
        try:
            connection = opened.enter_context(_connected(destination, deadline))
        except (OSError, ValueError) as error:
            raise NotSentError(_words(error)) from error
        with deadline.held():
            if not begin():
                raise CalledOffError
        try:
            connection.settimeout(deadline.left)
            connection.sendall(head + body[:-1])
            # The last byte on its own: an error before it leaves the receiver without a whole request.
            connection.settimeout(deadline.left)
        except OSError as error:
            raise NotSentError(_words(error)) from error
        try:
            connection.sendall(body[-1:])
            return _status(connection, deadline)
        except OSError as error:
            raise NoAnswerError(_words(error)) from error


def _words(error: Exception) -> str:
    """An error in a few words, without what the other side made of it."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not good ({error.verify_message})"
    if isinstance(error, ssl.SSLError):
        return f"no TLS ({(error.reason or 'failed').replace('_', ' ').lower()})"
    if isinstance(error, socket.gaierror):
        return "there is no such host name"
    if isinstance(error, TimeoutError):
        return "it took too long"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror if error.errno is None else error.strerror.lower()
    return str(error) or type(error).__name__


def _head(destination: Destination, fields: Mapping[str, str], length: int) -> bytes:
    lines = [
        f"{name}: {value}"
        for name, value in {
            "Host": destination.authority,
            "User-Agent": "Cairn",
            "Accept": "*/*",
            "Connection": "close",
            "Content-Length": str(length),
            **fields,
        }.items()
    ]
    for line in lines:
        if not _FIELD.fullmatch(line):
            raise ValueError("a header field with more than ASCII in one line")
    return "\r\n".join([f"POST {destination.target} HTTP/1.1", *lines, "", ""]).encode("ascii")


# --- the connection ---------------------------------------------------------------------------------------

_Found = tuple[socket.AddressFamily, socket.SocketKind, int, str, tuple[Any, ...]]


def _connected(destination: Destination, deadline: Deadline) -> socket.socket:
    """A connection to one of the addresses that were judged, with TLS for https.

    Raises OSError or ValueError.
    """
    found = _looked_up(destination, deadline)
    if not destination.is_listed and not all(is_public(str(each[4][0])) for each in found):
        raise ValueError("its name leads to an address that is not on the open Internet")
    plain = _first_that_answers(found, deadline)
    if destination.scheme == "http":
        return plain
    try:
        plain.settimeout(deadline.left)
        return _tls().wrap_socket(plain, server_hostname=destination.host)
    except BaseException:
        plain.close()
        raise


def _looked_up(destination: Destination, deadline: Deadline) -> list[_Found]:
    """All addresses of the host, asked for once.

    The system's look-up takes no deadline, so another thread waits for it, and longer if it must.
    """
    answers: queue.SimpleQueue[list[_Found] | Exception] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answers.put(
                socket.getaddrinfo(destination.host, destination.port, type=socket.SOCK_STREAM)  # type: ignore[arg-type]
            )
        except Exception as error:
            answers.put(error)

    threading.Thread(target=ask, name="look-up", daemon=True).start()
    try:
        answer = answers.get(timeout=deadline.left)
    except queue.Empty:
        raise TimeoutError("it took too long") from None
    if isinstance(answer, Exception):
        raise answer
    if not answer:
        raise ValueError("there is no such host name")
    return answer


def _first_that_answers(found: list[_Found], deadline: Deadline) -> socket.socket:
    """A connection to the first address that takes one; each has its share of what time is left."""
    for place, (family, kind, protocol, _, address) in enumerate(found):
        is_last = place == len(found) - 1
        try:
            opened = socket.socket(family, kind, protocol)
        except OSError:
            if is_last:
                raise
            continue
        try:
            opened.settimeout(deadline.left / (len(found) - place))
            opened.connect(address)
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError:
            opened.close()
            if is_last:
                raise
        else:
            return opened
    raise ValueError("there is no such host name")


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    """The machine's certificates, names checked. Made once: reading them takes longer than a request."""
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context


# --- the answer -------------------------------------------------------------------------------------------


def _status(connection: socket.socket, deadline: Deadline) -> int:
    """The status of the answer, once its first line is there. Raises OSError, also where it is none."""
    held = b""
    while True:
        while not (line := _STATUS_LINE.match(held)):
            if b"\n" in held or len(held) > LONGEST_HEAD:
                raise OSError(None, "what came back is not HTTP")
            held += _received(connection, deadline)
        status = int(line[1])
        if not 100 <= status <= 199 or status == 101:
            _take_rest(connection, deadline)
            return status
        # Not the answer yet, but a word before it.
        while not (end := _HEAD_END.search(held)):
            if len(held) > LONGEST_HEAD:
                raise OSError(None, "what came back is not HTTP")
            held += _received(connection, deadline)
        held = held[end.end() :]


def _received(connection: socket.socket, deadline: Deadline) -> bytes:
    connection.settimeout(deadline.left)
    chunk = connection.recv(4096)
    if not chunk:
        raise OSError(None, "the connection ended without an answer")
    return chunk


def _take_rest(connection: socket.socket, deadline: Deadline) -> None:
    """Reads on for a moment, so that the server can end well. Nothing of it is kept."""
    taken, ends = 0, Deadline(REST_SECONDS)
    with contextlib.suppress(OSError):
        while taken < LONGEST_REST:
            connection.settimeout(min(ends.left, deadline.left))
            chunk = connection.recv(4096)
            if not chunk:
                return
            taken += len(chunk)
