"""Mail as files, for an instance without an SMTP server: one file a message, read back under Settings.

A message belongs to its reader: the address in `Delivered-To`, where it was written for an account that is
just changing its address, else the addresses in `To`. An address that changes hands takes no mail along:
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
from email.utils import getaddresses, parsedate_to_datetime
from pathlib import Path

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

READER = "Delivered-To"

_NAME = re.compile(r"[0-9a-f]{40}\.eml")
_ACCOUNT_LINK = re.compile(r"https?://\S+/(?:accounts|set-up)/\S+")
_LARGEST = 1_000_000


class FileBackend(BaseEmailBackend):
    """Writes each message to `settings.MAIL_DIR`, whole under another name and then renamed.

    The name is made from the Message-ID: the same message written twice is one file.
    """

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        for message in email_messages:
            lines = message.message().as_bytes().splitlines()
            deliver(b"\r\n".join(lines) + b"\r\n")
        return len(email_messages)


def deliver(raw: bytes) -> Path:
    """Writes one message and returns where it lies."""
    folder = Path(settings.MAIL_DIR)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    message_id = message_from_bytes(raw, policy=policy.default).get("Message-ID", "")
    name = hashlib.sha256(str(message_id).encode() or raw).hexdigest()[:40] + ".eml"
    _write(folder / name, raw)
    return folder / name


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
    """A message as it is shown. `name` is its file's; `readers` are whose mail it is, in lower case."""

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
        shown = letter(name)
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
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, ParsedMessage)
    part = message.get_body(preferencelist=("plain", "html"))
    try:
        at = parsedate_to_datetime(str(message.get("Date", "")))
    except ValueError:
        at = None
    to = _addresses(message, "To")
    return Letter(
        name=name,
        subject=str(message.get("Subject", "")),
        to=to,
        readers=_addresses(message, READER)[:1] or to,
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
    """The addresses a header names, in lower case."""
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

    The first `Delivered-To` counts, so one is put in front; the date of the file stays.
    """
    for path in _mail_of(old):
        times = path.stat()
        _write(path, f"{READER}: {new}\r\n".encode() + path.read_bytes())
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def forget(address: str) -> None:
    """An account is deleted: its mail goes, and nobody who takes the address later reads it."""
    for path in _mail_of(address):
        path.unlink(missing_ok=True)


def _mail_of(address: str) -> list[Path]:
    """The files whose reader is this address."""
    return [Path(settings.MAIL_DIR) / found.name for found in letters(address, limit=None)]


def masked(text: str) -> str:
    """Text without the links that open an account: what staff see of other people's mail."""
    return _ACCOUNT_LINK.sub("[a link for its reader alone]", text)
