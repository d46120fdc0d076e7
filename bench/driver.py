"""Load for one page: keep-alive connections that each ask again as soon as they are answered.

Run as a process of its own, so that its work never shares an interpreter with what it measures:

    python -m bench.driver 127.0.0.1 8000 /today/ --cookie "sessionid=..." --marker "This week"

Prints one line of JSON, the fields of `Load`. Ends with a message and status 1 where a page answers anything
but 200, lacks the marker, or breaks a connection.
"""

import argparse
import asyncio
import gzip
import json
import sys
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Load:
    """What one drive saw. All bytes are those of one body, the first."""

    answers: int
    seconds: float
    sent_bytes: int
    """As it came over the wire: compressed where the site compresses."""
    html_bytes: int
    gzipped_bytes: int
    """Compressed here at level 6, the same for every page, whether its site compresses or not."""

    @property
    def rate(self) -> float:
        """Answers per second."""
        return self.answers / self.seconds


@dataclass(frozen=True)
class Head:
    """What of an answer's head the driver needs."""

    status: int
    length: int
    gzipped: bool


def request_bytes(host: str, path: str, cookie: str) -> bytes:
    """The one request that every connection repeats."""
    lines = [f"GET {path} HTTP/1.1", f"Host: {host}", "Accept: text/html", "Accept-Encoding: gzip"]
    if cookie:
        lines.append(f"Cookie: {cookie}")
    return "\r\n".join([*lines, "", ""]).encode("ascii")


def read_head(head: bytes) -> Head:
    """Read status line and headers; ValueError where the answer does not say how long its body is."""
    status_line, *lines = head.decode("latin-1").split("\r\n")
    headers = {
        name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)
    }
    if "content-length" not in headers:
        raise ValueError(f"an answer without Content-Length: {status_line}")
    return Head(
        status=int(status_line.split(" ", 2)[1]),
        length=int(headers["content-length"]),
        gzipped=headers.get("content-encoding", "") == "gzip",
    )


def decoded(head: Head, body: bytes) -> bytes:
    """The body as the page wrote it."""
    return gzip.decompress(body) if head.gzipped else body


def gzipped_size(body: bytes) -> int:
    """Bytes of the body compressed at level 6, what web servers use unless told otherwise."""
    return len(gzip.compress(body, 6, mtime=0))


class Connection(asyncio.Protocol):
    """One keep-alive connection: asks, reads the whole answer, asks again until the time is over."""

    def __init__(self, request: bytes, stop_at: float) -> None:
        self.loop = asyncio.get_running_loop()
        self.request = request
        self.stop_at = stop_at
        self.buffer = bytearray()
        self.head: Head | None = None
        self.first: tuple[Head, bytes] | None = None
        self.answers = 0
        self.finished: asyncio.Future[None] = self.loop.create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        try:
            self.read_answer()
        except ValueError as error:
            self.finish(error)

    def read_answer(self) -> None:
        """Take one whole answer from the buffer, if it is there."""
        if self.head is None:
            end = self.buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            self.head = read_head(bytes(self.buffer[:end]))
            del self.buffer[: end + 4]
            if self.head.status != 200:
                raise ValueError(f"status {self.head.status} instead of 200")
        if len(self.buffer) < self.head.length:
            return
        if self.first is None:
            self.first = (self.head, bytes(self.buffer[: self.head.length]))
        self.buffer.clear()
        self.head = None
        self.answers += 1
        if self.loop.time() < self.stop_at:
            self.transport.write(self.request)
        else:
            self.finish(None)

    def connection_lost(self, error: Exception | None) -> None:
        self.finish(error or ConnectionError("the server closed the connection"))

    def finish(self, error: Exception | None) -> None:
        """End this connection's part, once."""
        if self.finished.done():
            return
        if error is None:
            self.finished.set_result(None)
        else:
            self.finished.set_exception(error)
        self.transport.close()


async def drive(
    host: str, port: int, path: str, *, cookie: str, marker: str, connections: int, seconds: float
) -> Load:
    """Ask for `path` over `connections` connections for `seconds`; every started request is waited for.

    Raises ValueError for a status other than 200 or a first body without `marker`, OSError for a lost
    connection, TimeoutError where the last answers do not come within 30 seconds.
    """
    loop = asyncio.get_running_loop()
    request = request_bytes(f"{host}:{port}", path, cookie)
    start = loop.time()
    opened = [
        (await loop.create_connection(lambda: Connection(request, start + seconds), host, port))[1]
        for _ in range(connections)
    ]
    async with asyncio.timeout_at(start + seconds + 30):
        await asyncio.gather(*(connection.finished for connection in opened))
    took = loop.time() - start
    assert opened[0].first is not None
    head, body = opened[0].first
    page = decoded(head, body)
    if marker.encode() not in page:
        raise ValueError(f"the page does not say {marker!r}")
    return Load(
        answers=sum(connection.answers for connection in opened),
        seconds=took,
        sent_bytes=len(body),
        html_bytes=len(page),
        gzipped_bytes=gzipped_size(page),
    )


def main() -> None:
    """Drive one page as the command line says and print what was seen."""
    parser = argparse.ArgumentParser(description="Load for one page over keep-alive connections.")
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("path")
    parser.add_argument("--cookie", default="", help="name=value, sent with each request")
    parser.add_argument("--marker", default="", help="text that the page must contain")
    parser.add_argument("--connections", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=2.0)
    options = parser.parse_args()
    try:
        load = asyncio.run(drive(**vars(options)))
    except (ValueError, OSError) as error:  # TimeoutError is an OSError
        sys.exit(f"{options.path}: {type(error).__name__} {error}")
    print(json.dumps(asdict(load)))


if __name__ == "__main__":
    main()
