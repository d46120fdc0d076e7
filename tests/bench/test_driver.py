"""The driver sees what is there and does not take a wrong page for a quick one."""

import asyncio
import gzip

import pytest

from bench.driver import Head, Load, decoded, drive, gzipped_size, read_head, request_bytes

PAGE = b"<h1>This week</h1>" * 50


def answer(body: bytes, status: str = "200 OK", *, gzipped: bool = False) -> bytes:
    encoding = b"Content-Encoding: gzip\r\n" if gzipped else b""
    return b"HTTP/1.1 %s\r\nContent-Length: %d\r\n%s\r\n%s" % (status.encode(), len(body), encoding, body)


def drive_against(fixed: bytes, *, connections: int = 1, marker: str = "This week") -> tuple[Load, list[int]]:
    """Drive a server that always answers `fixed`; also the number of requests on each of its connections."""
    requests: list[int] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number = len(requests)
        requests.append(0)
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                requests[number] += 1
                # In two parts, as a network may deliver it.
                writer.write(fixed[:30])
                await writer.drain()
                writer.write(fixed[30:])
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def both() -> Load:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            return await drive(
                "127.0.0.1",
                port,
                "/today/",
                cookie="a=b",
                marker=marker,
                connections=connections,
                seconds=0.05,
            )

    return asyncio.run(both()), requests


def test_request_carries_cookie_and_asks_for_gzip() -> None:
    text = request_bytes("127.0.0.1:80", "/today/", "sessionid=abc").decode()
    assert text.startswith("GET /today/ HTTP/1.1\r\n")
    assert "\r\nCookie: sessionid=abc\r\n" in text
    assert "\r\nAccept-Encoding: gzip\r\n" in text
    assert text.endswith("\r\n\r\n")


def test_head() -> None:
    head = read_head(b"HTTP/1.1 302 Found\r\ncontent-length: 12\r\nContent-Encoding: gzip")
    assert head == Head(status=302, length=12, gzipped=True)


def test_head_without_length() -> None:
    with pytest.raises(ValueError, match="without Content-Length"):
        read_head(b"HTTP/1.1 200 OK\r\nServer: x")


def test_decoded() -> None:
    body = gzip.compress(PAGE)
    assert decoded(Head(200, len(body), gzipped=True), body) == PAGE
    assert decoded(Head(200, len(PAGE), gzipped=False), PAGE) == PAGE


@pytest.mark.parametrize("connections", [1, 8])
def test_connections_are_kept_and_every_answer_is_counted(connections: int) -> None:
    load, requests = drive_against(answer(PAGE), connections=connections)
    assert len(requests) == connections
    assert load.answers == sum(requests)
    assert min(requests) > 1
    assert (load.html_bytes, load.sent_bytes) == (len(PAGE), len(PAGE))
    assert load.gzipped_bytes == gzipped_size(PAGE) < len(PAGE)


def test_compressed_page() -> None:
    body = gzip.compress(PAGE)
    load, _ = drive_against(answer(body, gzipped=True))
    assert (load.html_bytes, load.sent_bytes) == (len(PAGE), len(body))


def test_another_status_is_refused() -> None:
    with pytest.raises(ValueError, match="status 302 instead of 200"):
        drive_against(answer(PAGE, "302 Found"))


def test_another_page_is_refused() -> None:
    with pytest.raises(ValueError, match="does not say 'Sign in'"):
        drive_against(answer(PAGE), marker="Sign in")
