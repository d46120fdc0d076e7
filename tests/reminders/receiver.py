"""A receiver of POSTs on loopback that does what a test tells it to, and keeps what it was sent."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

CERTIFICATE = Path(__file__).with_name("localhost.pem")
Answer = Callable[[socket.socket], None]


def says(*parts: bytes) -> Answer:
    """Answers with these bytes."""

    def answer(connection: socket.socket) -> None:
        for part in parts:
            connection.sendall(part)

    return answer


def status(code: int, *fields: str) -> Answer:
    """Answers with this status and nothing more."""
    return says("\r\n".join([f"HTTP/1.1 {code} So it is", *fields, "Content-Length: 0", "", ""]).encode())


class Receiver:
    """Takes one request a connection, whole, then answers.

    early: what is done with a connection before anything of it is read; a test that drops or stalls says so
    here. `requests` holds the requests that came whole, `heard` every connection's bytes, `connections` how
    many there were.
    """

    def __init__(
        self, answer: Answer | None = None, *, early: Answer | None = None, tls: bool = False
    ) -> None:
        self.answer = answer or status(200)
        self.early = early
        self.requests: list[bytes] = []
        self.heard: list[bytes] = []
        self.connections = 0
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._tls: ssl.SSLContext | None = None
        if tls:
            self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._tls.load_cert_chain(CERTIFICATE)
        self.closing = threading.Event()
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        self._start(self._take_connections)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.set()
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for thread in self._threads:
            thread.join(timeout=10)

    def _start(self, work: Callable[..., None], *given: object) -> None:
        thread = threading.Thread(target=work, args=given, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _take_connections(self) -> None:
        while not self.closing.is_set():
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            self.connections += 1
            self._start(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(10)
        # Whatever a client does, the receiver goes on.
        with contextlib.suppress(OSError), contextlib.closing(connection):
            if self.early:
                self.early(connection)
                return
            if self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
            place = len(self.heard)
            self.heard.append(b"")
            while not self._is_whole(self.heard[place]):
                chunk = connection.recv(65_536)
                if not chunk:
                    return
                self.heard[place] += chunk
            self.requests.append(self.heard[place])
            self.answer(connection)
            connection.close()

    @staticmethod
    def _is_whole(heard: bytes) -> bool:
        head, end, body = heard.partition(b"\r\n\r\n")
        if not end:
            return False
        lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        return len(body) >= int(lengths[0].partition(b":")[2])

    @property
    def bodies(self) -> list[bytes]:
        return [request.partition(b"\r\n\r\n")[2] for request in self.requests]

    def fields(self, place: int = 0) -> dict[str, str]:
        """The header fields of a request, by name in lower case; `` is the request line."""
        head = self.requests[place].partition(b"\r\n\r\n")[0].decode("ascii")
        first, *lines = head.split("\r\n")
        return {"": first, **{name.lower(): value for name, _, value in (x.partition(": ") for x in lines)}}
