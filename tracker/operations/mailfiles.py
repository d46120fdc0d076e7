"""Mail as files, for an instance without an SMTP server: one file a message, read back under Settings.

A message belongs to one reader: the address in the file's first line, `Delivered-To: <address>`, which only
this module writes and compares byte for byte. No header that a mail program would decode counts: an address
can be spelt so that decoding it gives somebody else's. An address that changes hands takes no mail along:
`hand_on` follows an account to its new address, `forget` removes what a deleted account leaves.
"""

import hashlib
import os
import re
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage as ParsedMessage
from email.message import MIMEPart
from email.parser import BytesHeaderParser
from email.utils import getaddresses, parsedate_to_datetime
from pathlib import Path

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

READER = "Delivered-To"

_NAME = re.compile(r"[0-9a-f]{40}\.eml")
_ACCOUNT_LINK = re.compile(r"https?://\S+/(?:accounts|set-up)/\S+")
_LARGEST = 1_000_000
_BEGINNING = f"{READER}: ".encode()
_LONGEST_FIRST_LINE = 1_000


class FileBackend(BaseEmailBackend):
    """Writes each message to `settings.MAIL_DIR`, whole under another name and then renamed.

    The name is made from the Message-ID: the same message written twice is one file. Its reader is the
    header `Delivered-To`, where the message was written for an account that is just changing its address,
    else whom it is to. A message to several is nobody's: staff alone see it.
    """

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        for message in email_messages:
            only = message.to[0] if len(message.recipients()) == 1 else ""
            reader = str(message.extra_headers.get(READER, only))
            headed = message.message()
            del headed[READER]  # written by `deliver`, as it is and not encoded
            lines = headed.as_bytes().splitlines()
            deliver(b"\r\n".join(lines) + b"\r\n", reader)
        return len(email_messages)


def deliver(raw: bytes, reader: str) -> Path:
    """Writes one message, readable for exactly the address `reader`, and returns where it lies.

    ValueError where `reader` could not stand in one line.
    """
    folder = Path(settings.MAIL_DIR)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    message_id = BytesHeaderParser().parsebytes(raw).get("Message-ID", "")
    name = hashlib.sha256(str(message_id).encode(errors="replace") or raw).hexdigest()[:40] + ".eml"
    _write(folder / name, _first_line(reader) + raw)
    return folder / name


def _first_line(reader: str) -> bytes:
    if not reader.isprintable():
        raise ValueError("The reader's address holds a line break or another control character.")
    line = _BEGINNING + reader.lower().encode() + b"\r\n"
    if len(line) > _LONGEST_FIRST_LINE:
        raise ValueError("The reader's address is too long.")
    return line


def _reader_of(name: str) -> str | None:
    """Whose mail the file is; None where it is nobody's or has just gone. Reads its beginning alone."""
    try:
        with (Path(settings.MAIL_DIR) / name).open("rb", buffering=_LONGEST_FIRST_LINE) as file:
            line = file.readline(_LONGEST_FIRST_LINE)
    except (FileNotFoundError, IsADirectoryError):
        return None
    if not line.startswith(_BEGINNING) or not line.endswith(b"\r\n"):
        return None
    try:
        return line[len(_BEGINNING) : -2].decode() or None
    except UnicodeDecodeError:
        return None


def _write(path: Path, raw: bytes) -> None:
    """Whole or not at all: under another name first, then renamed."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:  # noqa: PTH123
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)


@dataclass(frozen=True, slots=True)
class Letter:
    """A message as it is shown. `name` is its file's; `to` is what its header says, decoded, and decides
    nothing; `readers` is whose mail it is, in lower case: one address or none.
    """

    name: str
    subject: str
    to: tuple[str, ...]
    readers: tuple[str, ...]
    at: datetime | None
    text: str


def letters(reader: str | None = None, limit: int | None = 100) -> Iterator[Letter]:
    """The latest messages first, at most `limit`; with `reader`, those of exactly this address."""
    found = 0
    for name in _names():
        if found == limit:
            return
        if reader is not None and _reader_of(name) != reader.lower():
            continue
        shown = letter(name)
        # Looked at again: it may have been handed on in this moment.
        if shown and (reader is None or reader.lower() in shown.readers):
            found += 1
            yield shown


def _names() -> list[str]:
    """The files' names, the latest first."""
    folder = Path(settings.MAIL_DIR)
    if not folder.is_dir():
        return []
    with os.scandir(folder) as entries:
        files = [(_written_at(entry), entry.name) for entry in entries if _NAME.fullmatch(entry.name)]
    return [name for _, name in sorted(files, reverse=True)]


def _written_at(entry: os.DirEntry[str]) -> int:
    """When the file was last written, in nanoseconds; 0 where it has just gone."""
    try:
        return entry.stat().st_mtime_ns
    except FileNotFoundError:
        return 0


def letter(name: str) -> Letter | None:
    """One message; None where there is none of that name."""
    raw = raw_letter(name)
    if raw is None:
        return None
    reader = _reader_of(name)
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, ParsedMessage)
    part = message.get_body(preferencelist=("plain", "html"))
    try:
        at = parsedate_to_datetime(str(message.get("Date", "")))
    except ValueError:
        at = None
    return Letter(
        name=name,
        subject=str(message.get("Subject", "")),
        to=_addresses(message, "To"),
        readers=(reader,) if reader else (),
        at=at,
        text=_text(part) if part else "",
    )


def _text(part: MIMEPart) -> str:
    """The words of a part; bytes in a character set that nobody knows are shown as far as they are ASCII."""
    try:
        return str(part.get_content())
    except LookupError:
        return bytes(part.get_payload(decode=True) or b"").decode("ascii", "replace")


def _addresses(message: ParsedMessage, header: str) -> tuple[str, ...]:
    """The addresses a header names, decoded and in lower case: to be shown, never to decide by."""
    named = getaddresses([str(value) for value in message.get_all(header, [])])
    return tuple(address.lower() for _, address in named if address)


def raw_letter(name: str) -> bytes | None:
    """The message as it was written; None where there is none of that name."""
    if not _NAME.fullmatch(name):
        return None
    try:
        with (Path(settings.MAIL_DIR) / name).open("rb") as file:
            return file.read(_LARGEST)
    except (FileNotFoundError, IsADirectoryError):
        return None


def hand_on(old: str, new: str) -> None:
    """An account's address has changed: the mail it could read under `old` it reads under `new`.

    The date of the file stays.
    """
    for path in _mail_of(old):
        times = path.stat()
        _write(path, _first_line(new) + path.read_bytes().partition(b"\r\n")[2])
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def forget(address: str) -> None:
    """An account is deleted: its mail goes, and nobody who takes the address later reads it."""
    for path in _mail_of(address):
        path.unlink(missing_ok=True)


def _mail_of(address: str) -> list[Path]:
    """The files whose reader is this address."""
    return [Path(settings.MAIL_DIR) / name for name in _names() if _reader_of(name) == address.lower()]


def masked(text: str) -> str:
    """Text without the links that open an account: what staff see of other people's mail."""
    return _ACCOUNT_LINK.sub("[a link for its reader alone]", text)
