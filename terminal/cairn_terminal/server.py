"""One Cairn server, over `/api/v1/`: what is asked, and which kind of answer came.

Of the standard library: what carries the token has no dependency.
"""

import errno
import http.client
import json
import socket
import ssl
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import IO, Any
from urllib.parse import urlsplit

from cairn_terminal import __version__
from cairn_terminal.address import host_of, is_loopback
from cairn_terminal.failures import Failure, NotLoggedIn, NotSent, Refused, ServerFault, Unreachable
from cairn_terminal.login import Token
from cairn_terminal.words import hours, plain, shortened

TIMEOUT_SECONDS = 10.0  # for one request, from the look-up of the name to the last byte
FILE_SECONDS = 1800.0  # the same for one that carries a file
STALL_SECONDS = 60.0  # without a byte of such a request
LARGEST_ANSWER = 5_000_000  # bytes
PROBLEMS = ("application/problem+json", "application/json")
PATIENCE_SECONDS = 5  # how long a command waits by itself where the server says "again in n seconds"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: status, the headers that are looked at, the body."""

    status: int
    content_type: str
    retry_after: str
    location: str
    content: bytes
    replayed: bool = False  # the same request under the same key was answered so before


class FileChanged(Failure):
    """A file became shorter while it was sent."""


class FirstBytes:
    """The first bytes of a file, for who reads it to its end: a report may still be written to."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        self._file, self._left = file, size

    def read(self, size: int = -1) -> bytes:
        """Raises FileChanged where there are not as many any more."""
        piece = self._file.read(self._left if size < 0 else min(size, self._left))
        if not piece and self._left:
            raise FileChanged("The file became shorter while it was sent. Nothing of it was kept.")
        self._left -= len(piece)
        return piece


class _HTTPConnection(http.client.HTTPConnection):
    """Reads the answer also where the server wanted no more of the request: it says why."""

    def send(self, data: Any) -> None:
        with suppress(BrokenPipeError, ConnectionResetError):
            super().send(data)


class _HTTPSConnection(_HTTPConnection, http.client.HTTPSConnection):
    """The same over TLS."""


class _HTTPHandler(urllib.request.HTTPHandler):
    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_HTTPConnection, req)


class _HTTPSHandler(urllib.request.HTTPSHandler):
    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_HTTPSConnection, req)


class Server:
    """Asks one server as one learner. Never follows a redirect: it would carry the token along."""

    def __init__(self, address: str, token: Token) -> None:
        self.address = address
        self._token = token
        self._opener = urllib.request.OpenerDirector()
        # A plain http request goes readable through a proxy; what is meant for this machine stays on it.
        loopback = is_loopback(urlsplit(address).hostname or "")
        proxies = urllib.request.ProxyHandler({}) if loopback else urllib.request.ProxyHandler()
        # No handler for redirects, for files or for anything else than these two schemes.
        for handler in (proxies, _HTTPHandler(), _HTTPSHandler()):
            self._opener.add_handler(handler)

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None, *, key: str = "") -> Any:
        """The document that Cairn answers, None for 204.

        `path` is below /api/v1; `key` is the Idempotency-Key, which every write has. Raises Unreachable,
        ServerFault, NotLoggedIn, Refused.
        """
        data = None if body is None else json.dumps(body).encode()
        headers = {} if body is None else {"Content-Type": "application/json"}
        return self._document(self._patiently(lambda: self._once(method, path, data, headers, key)))

    def send_file(self, path: str, file: IO[bytes], size: int, *, key: str) -> tuple[Any, bool]:
        """Posts the first `size` bytes of a file, which is never in memory whole.

        The document, and whether it had been answered before. Raises what `ask` raises, and FileChanged.
        """
        headers = {"Content-Type": "application/octet-stream", "Content-Length": str(size)}

        def once() -> Answer:
            file.seek(0)
            return self._once("POST", path, FirstBytes(file, size), headers, key)

        answer = self._patiently(once)
        return self._document(answer), answer.replayed

    def _patiently(self, once: Callable[[], Answer]) -> Answer:
        """The answer, asked for again where the server says after how many seconds and they are few."""
        patience = PATIENCE_SECONDS
        while True:
            answer = once()
            wait = _near(answer)
            # "At once" costs patience too.
            if wait is None or max(wait, 1) > patience:
                return answer
            patience -= max(wait, 1)
            time.sleep(wait)

    def _once(self, method: str, path: str, data: Any, more: dict[str, str], key: str) -> Answer:
        headers = {
            "Accept": "application/json, application/problem+json",
            "Authorization": f"Bearer {self._token.reveal()}",
            "User-Agent": f"cairn-terminal/{__version__}",
            **more,
        }
        if key:
            headers["Idempotency-Key"] = key
        url = f"{self.address}/api/v1{path}"
        # Of a file http.client reads and sends a block at a time.
        request = urllib.request.Request(url, data, headers, method=method)  # noqa: S310 - read_address knows it
        host = host_of(self.address)
        seconds = FILE_SECONDS if isinstance(data, FirstBytes) else TIMEOUT_SECONDS
        try:
            return _within(seconds, lambda: self._exchange(request))
        except TimeoutError:
            raise Unreachable(f"{host} did not answer within {seconds:g} seconds.") from None
        except urllib.error.URLError as error:
            kind = NotSent if _never_connected(error.reason) else Unreachable
            raise kind(f"{host} cannot be reached: {_reason(error.reason)}.") from None
        except UnicodeError:  # of the look-up: two dots in a row, or a part that is too long
            raise NotSent(f"{host} is no name of a machine.") from None
        except (http.client.InvalidURL, ValueError):
            # The server's own address was read when it was given; another one is the proxy's alone.
            raise NotSent("The proxy's address cannot be read: see HTTPS_PROXY and HTTP_PROXY.") from None
        except http.client.HTTPException:
            raise Unreachable(f"{host} broke off before its answer was complete.") from None
        except OSError as error:
            raise Unreachable(f"{host} cannot be reached: {_reason(error)}.") from None

    def _exchange(self, request: urllib.request.Request) -> Answer:
        seconds = STALL_SECONDS if isinstance(request.data, FirstBytes) else TIMEOUT_SECONDS
        response = self._opener.open(request, timeout=seconds)
        if response is None:
            raise OSError("there is no way there")
        with response:
            # One byte more than is taken shows that there is more.
            content = response.read(LARGEST_ANSWER + 1)
            return Answer(
                status=response.status,
                content_type=response.headers.get_content_type(),
                retry_after=response.headers.get("Retry-After", ""),
                location=response.headers.get("Location", ""),
                content=content,
                replayed=response.headers.get("Idempotency-Replayed") == "true",
            )

    def _document(self, answer: Answer) -> Any:
        host, status = host_of(self.address), answer.status
        if len(answer.content) > LARGEST_ANSWER:
            raise Unreachable(
                f"{host} answered with more than {LARGEST_ANSWER // 1_000_000} MB, which is not read."
            )
        if 300 <= status < 400:
            raise Unreachable(
                f"{host} sends on to {shortened(plain(answer.location)) or 'nowhere'}, "
                "where the token is not taken. If Cairn has moved there, log in at the new address."
            )
        problem = _problem(answer)
        if status == 401:
            raise NotLoggedIn(
                f"{host} does not take this token, or not any more. Make one under Settings, "
                f"Tokens for programs, then: cairn login {self.address}"
            )
        if status == 500:
            raise ServerFault(f"{host} failed over this (500).")
        if status in (407, 408, 425, 429) or status >= 500 or (status == 409 and answer.retry_after):
            raise Unreachable(_busy(host, answer))
        if status >= 400 and answer.content_type not in PROBLEMS:
            # Everything of Cairn's is a problem; this is of a proxy, a portal, or another program.
            raise self._no_cairn(answer)
        if status >= 400:
            raise Refused(status, _sentence(host, status, problem), problem, replayed=answer.replayed)
        if status == 204:
            return None
        if status not in (200, 201, 202) or answer.content_type != "application/json":
            raise self._no_cairn(answer)
        try:
            return _read_json(answer.content)
        except ValueError:
            raise Unreachable(f"{host} answered with something that cannot be read.") from None

    def _no_cairn(self, answer: Answer) -> Unreachable:
        kind = plain(answer.content_type)
        return Unreachable(
            f"{host_of(self.address)} answered, but not as Cairn does ({answer.status}, {kind})."
        )


def _within(seconds: float, work: Callable[[], Answer]) -> Answer:
    """What `work` answers, or TimeoutError.

    A socket's own timeout begins anew with each byte and does not count the look-up of a name.
    """
    done: SimpleQueue[Answer | Exception] = SimpleQueue()

    def run() -> None:
        try:
            done.put(work())
        except Exception as error:  # handed over, and raised below
            done.put(error)

    threading.Thread(target=run, daemon=True).start()
    try:
        outcome = done.get(timeout=seconds)
    except Empty:
        raise TimeoutError from None
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


def _never_connected(error: object) -> bool:
    """Whether a failed exchange certainly ended before anything was sent."""
    if isinstance(error, socket.gaierror | ConnectionRefusedError | ssl.SSLCertVerificationError):
        return True
    return isinstance(error, OSError) and error.errno in (
        errno.ENETUNREACH,
        errno.EHOSTUNREACH,
        errno.ENETDOWN,
    )


def _reason(error: object) -> str:
    """Why a connection failed, in a few words, without numbers and file names."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not to be trusted ({plain(error.verify_message)})"
    if isinstance(error, ssl.SSLError):
        return "it does not speak TLS as it should"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, OSError):
        return shortened(plain(error.strerror or error))
    return shortened(plain(error))


def _near(answer: Answer) -> int | None:
    """Seconds after which the server wants to be asked again; None where it does not say so."""
    text = answer.retry_after
    if answer.status in (409, 429) and text.isascii() and text.isdecimal() and len(text) <= 6:
        return int(text)
    return None


def _busy(host: str, answer: Answer) -> str:
    if answer.status == 409:
        return f"{host} is still at work on this."
    wait = _near(answer)
    if answer.status == 429:
        when = f" It asks to wait {hours(-(-wait // 60))}." if wait else ""
        return f"{host} takes no more for now (429).{when}"
    return f"{host} cannot answer at the moment ({answer.status})."


def _problem(answer: Answer) -> dict[str, Any]:
    """The problem+json of an error; empty where it is something else."""
    if answer.status < 400 or answer.content_type not in PROBLEMS:
        return {}
    try:
        document = _read_json(answer.content)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _sentence(host: str, status: int, problem: dict[str, Any]) -> str:
    """The server's sentences, each once."""
    said = [problem.get("detail") or problem.get("title")]
    errors = problem.get("errors")
    if isinstance(errors, list):
        said += [error.get("detail") for error in errors if isinstance(error, dict)]
    sentences = dict.fromkeys(plain(text) for text in said if isinstance(text, str) and plain(text))
    return shortened(" ".join(sentences), 1000) or f"{host} refused this ({status}) and gave no reason."


def _read_json(content: bytes) -> Any:
    """Raises ValueError, also for what nests too deep to be read and for numbers that JSON does not have."""

    def refuse(_: str) -> None:
        raise ValueError

    try:
        return json.loads(content, parse_constant=refuse)
    except RecursionError:
        raise ValueError from None
