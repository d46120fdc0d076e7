"""A small SMTP server that logs what it has accepted and can fail at a chosen point.

A mail counts as *accepted* from the moment the whole of it, final dot included, has been read and its line is
on the disk: before the reply is written. There a real server takes responsibility and delivers, whether or
not its 250 ever reaches the other side. So a mail whose reply is lost counts, and its repetition is a second
one: the strict side of "nobody is mailed twice".
"""

import asyncio
import json
import os
import re
import threading
from collections import Counter
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Any, Self


class Point(StrEnum):
    """Where in the conversation something can go wrong, in order."""

    CONNECTED = "connected"  # before the greeting
    MAIL = "mail"  # MAIL was read, before its reply
    RCPT = "rcpt"
    DATA = "data"
    ASKED = "asked"  # 354 was sent
    BODY = "body"  # the first line of the body was read
    DOT = "dot"  # the final dot was read; the mail is not accepted
    ACCEPTED = "accepted"  # the mail is on the disk; no reply yet
    REPLIED = "replied"  # 250 was sent
    RSET = "rset"


@dataclass
class Fault:
    """What happens at a point: a reply in place of the usual one, a wait, the end of the connection.

    at: only at the so-manieth time (1 is the first) that the point is reached. to: only for this recipient.
    after: once, as soon as so many mails are accepted.
    """

    point: Point
    reply: str = ""
    stalls: bool = False
    drops: bool = False
    at: int | None = None
    to: str | None = None
    after: int | None = None
    reached: threading.Event = field(default_factory=threading.Event)
    reached_by: str = ""  # whose mail it was
    released: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True)
class Accepted:
    """One accepted mail."""

    to: str
    message_id: str
    connection: int
    raw: bytes


class Dropped(Exception):
    """The sink has closed the connection on purpose."""


class Sink:
    """The server, in a thread of its own, on a free port of 127.0.0.1. Its log survives it."""

    def __init__(self, log: Path, *, offers: tuple[str, ...] = ("8BITMIME", "SMTPUTF8")) -> None:
        self.log = log
        self.offers = offers
        self.port = 0
        self.connections = 0  # so many were ever made
        self.open_connections = 0
        self.accepted_count = 0
        self.commands: list[str] = []
        self._faults: list[Fault] = []
        self._visits: Counter[Point] = Counter()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._tasks: set[asyncio.Task[None]] = set()

    def __enter__(self) -> Self:
        self._thread.start()
        self._on_loop(self._listen())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for fault in self._faults:
            fault.released.set()
        self._on_loop(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=10)
        self._loop.close()

    def _on_loop(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=10)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, limit=2**20)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # --- what a test asks ---------------------------------------------------------------------------------

    def fault(
        self,
        point: Point,
        *,
        reply: str = "",
        stalls: bool = False,
        drops: bool = False,
        at: int | None = None,
        to: str | None = None,
    ) -> Fault:
        """Makes something happen at `point` from now on."""
        made = Fault(point, reply, stalls, drops, at, to)
        self._faults.append(made)
        return made

    def stall_from(self, mails: int, point: Point) -> Fault:
        """Holds the first conversation that comes to `point` once so many mails have been accepted."""
        made = Fault(point, stalls=True, after=mails)
        self._faults.append(made)
        return made

    @contextmanager
    def away(self) -> Iterator[None]:
        """Nobody listens on the port for a while."""
        self._on_loop(self._close())
        yield
        self._on_loop(self._listen())

    def accepted(self) -> list[Accepted]:
        """Every mail accepted so far, from the log."""
        if not self.log.exists():
            return []
        lines = self.log.read_text(encoding="ascii").splitlines()
        return [
            Accepted(row["to"], row["message_id"], row["connection"], row["raw"].encode("latin-1"))
            for row in map(json.loads, lines)
        ]

    # --- the conversation ---------------------------------------------------------------------------------

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        self.open_connections += 1
        try:
            await Talk(self, reader, writer, self.connections).run()
        except (Dropped, ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            self.open_connections -= 1
            # At once, with whatever is still unread thrown away: the other side sees a broken connection.
            writer.transport.abort()

    async def visit(self, point: Point, writer: asyncio.StreamWriter, to: str) -> str:
        """Lets what is planned for this point happen; the reply to give instead, or nothing."""
        self._visits[point] += 1
        for fault in self._faults:
            if fault.point != point or fault.at not in {None, self._visits[point]}:
                continue
            if fault.to not in {None, to}:
                continue
            if fault.after is not None and (fault.reached.is_set() or self.accepted_count < fault.after):
                continue
            fault.reached_by = to
            fault.reached.set()
            if fault.stalls:
                await asyncio.to_thread(fault.released.wait)
            if fault.reply:
                writer.write(f"{fault.reply}\r\n".encode())
                await writer.drain()
            if fault.drops:
                writer.close()
                raise Dropped
            if fault.reply:
                return fault.reply
        return ""

    def accept(self, to: str, raw: bytes, connection: int) -> None:
        """One line on the disk."""
        found = re.search(rb"^message-id:\s*(\S+)", raw, re.IGNORECASE | re.MULTILINE)
        row = {
            "to": to,
            "message_id": found.group(1).decode() if found else "",
            "connection": connection,
            "raw": raw.decode("latin-1"),
        }
        with self.log.open("a", encoding="ascii") as file:
            file.write(json.dumps(row) + "\n")
            file.flush()
            os.fsync(file.fileno())
        self.accepted_count += 1


class Talk:
    """One connection."""

    def __init__(
        self, sink: Sink, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int
    ) -> None:
        self.sink, self.reader, self.writer, self.number = sink, reader, writer, number
        self.to = ""

    async def say(self, *lines: str) -> None:
        self.writer.write("".join(f"{line}\r\n" for line in lines).encode())
        await self.writer.drain()

    async def at(self, point: Point) -> bool:
        """Visits a point; True where the usual reply has been replaced."""
        return bool(await self.sink.visit(point, self.writer, self.to))

    async def line(self) -> bytes:
        return await self.reader.readuntil(b"\r\n")

    async def run(self) -> None:
        if await self.at(Point.CONNECTED):
            return
        await self.say("220 sink")
        while True:
            words = (await self.line()).decode().strip()
            self.sink.commands.append(words)
            verb = words[:4].upper()
            if verb == "EHLO":
                offers = ("sink", *self.sink.offers)
                await self.say(*(f"250-{offer}" for offer in offers[:-1]), f"250 {offers[-1]}")
            elif verb in {"MAIL", "RSET"}:
                if not await self.at(Point(verb.lower())):
                    await self.say("250 ok")
            elif verb == "RCPT":
                self.to = words.partition("<")[2].partition(">")[0]
                if not await self.at(Point.RCPT):
                    await self.say("250 ok")
            elif verb == "DATA":
                if not await self.at(Point.DATA):
                    await self.say("354 go on")
                    await self.body()
            elif verb == "QUIT":
                await self.say("221 bye")
                return
            else:
                await self.say("250 ok" if verb in {"HELO", "NOOP"} else "500 what")

    async def body(self) -> None:
        await self.at(Point.ASKED)
        raw = b""
        while (line := await self.line()) != b".\r\n":
            if not raw:
                await self.at(Point.BODY)
            raw += line[1:] if line.startswith(b".") else line
        if await self.at(Point.DOT):
            return
        self.sink.accept(self.to, raw, self.number)
        if not await self.at(Point.ACCEPTED):
            await self.say("250 2.0.0 taken")
        await self.at(Point.REPLIED)
