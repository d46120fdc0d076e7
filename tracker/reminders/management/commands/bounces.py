"""`manage.py bounces PATH...`: reads mails that came back, and ends mail to addresses that are no good."""

import mailbox
from argparse import ArgumentTypeError
from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tracker import clock
from tracker.reminders import actions
from tracker.reminders.dsn import read_notification

# A notification brings the whole mail back at most, and ours have less than 100 kB.
LARGEST = 5_000_000


def existing(text: str) -> Path:
    path = Path(text)
    if not path.exists():
        raise ArgumentTypeError(f"there is no {text}")
    return path


class Command(BaseCommand):
    help = (
        "Reads delivery status notifications from message files, mbox files and Maildir folders. "
        "It changes no file, and may be run as often as you like over the same ones."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("paths", nargs="+", type=existing, metavar="PATH")

    def handle(self, *args: Any, **options: Any) -> None:
        stopped = noted = others = 0
        for path in options["paths"]:
            for message in messages_in(path):
                returned = read_notification(message)
                others += not returned
                for row in returned:
                    if actions.note_returned(row, clock.now()):
                        stopped += 1
                        self.stdout.write(f"{row.address}: no more mail ({row.status}: {row.reason})")
                    else:
                        noted += 1
                        self.stdout.write(f"{row.address}: nothing changed ({row.status}: {row.reason})")
        self.stdout.write(
            f"addresses that get no more mail: {stopped}; reports that change nothing: {noted}; "
            f"other messages: {others}"
        )


def messages_in(path: Path) -> Iterator[Message]:
    """The messages of a Maildir folder, an mbox file or a file with one message; unread stays unread."""
    try:
        if path.is_dir():
            if not (path / "new").is_dir() or not (path / "cur").is_dir():
                raise CommandError(f"{path} is no Maildir folder: it has no new and cur.")
            for folder in ("new", "cur"):
                for file in sorted((path / folder).iterdir()):
                    yield _message(file)
        elif path.open("rb").read(5) == b"From ":
            yield from mailbox.mbox(path, create=False)
        else:
            yield _message(path)
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}.") from error


def _message(file: Path) -> Message:
    with file.open("rb") as opened:
        return message_from_bytes(opened.read(LARGEST))
