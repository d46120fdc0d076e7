"""Bytes as lines and lines as JSON, within limits. Pure.

Lines end with LF alone: NEL, line separators, VT and FF stand inside the texts of real reports.
"""

from __future__ import annotations

import gzip
import io
import json
import re
import zlib
from collections.abc import Callable, Iterator
from itertools import accumulate
from typing import Any, BinaryIO

from tracker.evidence.rules.reports.limits import MB, Limits
from tracker.evidence.rules.reports.report import Refused

BOM = b"\xef\xbb\xbf"
GZIP = b"\x1f\x8b"
LONGEST_INTEGER = 300
GZIP_FAULTS = (gzip.BadGzipFile, zlib.error)
PROGRESS_BYTES = MB

Progress = Callable[[int], None]


class NotJson(Exception):
    """A text is not JSON. `torn` says that it ends too early, as a full disk leaves it."""

    def __init__(self, said: str, *, torn: bool = False) -> None:
        super().__init__(said)
        self.torn = torn


def size_of(stream: BinaryIO) -> int:
    """The bytes of a stream that can seek; it is left at its beginning."""
    size = stream.seek(0, 2)
    stream.seek(0)
    return size


def unpacked(stream: BinaryIO) -> BinaryIO:
    """The stream itself, or what it holds where it is gzip; at its beginning."""
    packed = stream.read(2) == GZIP
    stream.seek(0)
    # GzipFile finds its own lines in Python, a buffer around it finds them in C.
    return io.BufferedReader(gzip.GzipFile(fileobj=stream, mode="rb"), MB) if packed else stream


class Lines:
    """The lines of a stream, without LF, BOM and white space around them; blank ones are left out.

    `number` is that of the line read last, from 1. Raises `Refused` where a limit is crossed, and what gzip
    raises (`GZIP_FAULTS`, and EOFError where it is cut short).
    """

    def __init__(
        self, stream: BinaryIO, limits: Limits, *, source: BinaryIO, progress: Progress | None
    ) -> None:
        self.number = 0
        self.bytes = 0
        self._stream = stream
        self._source = source
        self._limits = limits
        self._progress = progress
        self._told = 0

    def __iter__(self) -> Iterator[bytes]:
        while line := self._read_line():
            if stripped := line.removeprefix(BOM).strip():
                yield stripped

    def _read_line(self) -> bytes:
        limit = self._limits.line_bytes
        line = self._stream.readline(limit + 1)
        self.number += bool(line)
        self._count(len(line))
        if len(line) > limit:
            raise Refused(f"Line {self.number} is longer than {limit // MB} MB, which no report needs.")
        if self.number > self._limits.lines:
            raise Refused(f"This file has more than {self._limits.lines:,} lines.")
        return line

    def head(self, size: int) -> bytes:
        """The first bytes of the stream, which stays at its beginning."""
        head = self._stream.read(size)
        self._stream.seek(0)
        return head

    def whole(self, first: bytes) -> bytes:
        """All of a file that is one JSON value; `first` is its first line, which was read already."""
        limit = self._limits.document_bytes
        parts, size = [first, b"\n"], len(first)
        while size <= limit:
            # A read of so many bytes takes the room for all of them, whether they are there or not.
            part = self._stream.read(MB)
            if not part:
                return b"".join(parts)
            self._count(len(part))
            parts.append(part)
            size += len(part)
        raise Refused(f"This file is one JSON value of more than {limit // MB} MB, which no report needs.")

    def _count(self, size: int) -> None:
        self.bytes += size
        limit = self._limits.unpacked_bytes
        if self.bytes > limit:
            raise Refused(f"This file unpacks to more than {limit // MB} MB.")
        if self._progress is not None and self.bytes - self._told >= PROGRESS_BYTES:
            self._told = self.bytes
            self._progress(self._source.tell())


# ------------------------------------------------------------------------------------------------------ JSON


def as_json(data: bytes, limits: Limits) -> Any:
    """The value of one JSON text. NaN, Infinity and integers that are too long for Python are read as null.

    Raises `NotJson`, or `Refused` where it is nested too deeply or holds too many values.
    """
    check_shape(data, limits)
    try:
        # Lone surrogates stand in real reports; no name that holds one is kept as it is.
        text = data.removeprefix(BOM).decode("utf-8", "surrogatepass")
    except UnicodeDecodeError as error:
        raise NotJson("it is not UTF-8 text", torn=error.end >= len(data)) from None
    try:
        return _decoded(text)
    except json.JSONDecodeError as error:
        raise NotJson(f"{error.msg} at character {error.pos + 1}", torn=_is_torn(error)) from None


def _decoded(text: str) -> Any:
    try:
        return _decode(text)
    except json.JSONDecodeError:
        raise
    except ValueError:  # an integer of more digits than Python turns into a number
        return _decode_without_long_integers(text)


# What may be left of a value that is cut: of a number, of null, true or -Infinity, of an escape.
_CUT_VALUE = re.compile(
    r"(?:\.|[eE][+-]?|n|nu|nul|t|tr|tru|f|fa|fal|fals|N|Na|-|-?I\w*|u[0-9a-fA-F]{0,4})?", re.ASCII
)


def _is_torn(error: json.JSONDecodeError) -> bool:
    """Whether a text is JSON as far as it goes, and ends too early."""
    # A string without an end is reported where it begins.
    return error.msg.startswith("Unterminated") or bool(_CUT_VALUE.fullmatch(error.doc, error.pos))


def _no_number(word: str) -> None:
    return None


def _short_integer(digits: str) -> int | None:
    return int(digits) if len(digits) <= LONGEST_INTEGER else None


_decode = json.JSONDecoder(parse_constant=_no_number).decode
_decode_without_long_integers = json.JSONDecoder(parse_constant=_no_number, parse_int=_short_integer).decode

_STRING = re.compile(rb'"[^"]*"?')
_NO_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[]{}")


def check_shape(data: bytes, limits: Limits) -> None:
    """Refuse what is nested too deeply or holds too many values, before a parser spends its stack on it."""
    opened = data.count(b"{") + data.count(b"[")
    if opened + data.count(b",") > limits.values:
        raise Refused(f"This file holds more than {limits.values:,} values in one line or document.")
    # Most lines have fewer brackets than the limit, and need no closer look.
    if opened > limits.depth and _depth(data) > limits.depth:
        raise Refused(f"This file is nested more than {limits.depth} deep.")


def _depth(data: bytes) -> int:
    """How deeply JSON is nested, as far as it is JSON: a parser goes no further than that."""
    # Without escapes every quotation mark begins or ends a string.
    plain = data.replace(b"\\\\", b"").replace(b'\\"', b"")
    brackets = _STRING.sub(b"", plain).translate(None, _NO_BRACKETS)
    return max(accumulate(1 if bracket in b"{[" else -1 for bracket in brackets), default=0)
