"""What was typed and has not reached the server yet: one file an entry, in the order it was typed.

    queue/000001-<key>.json     an entry
    queue.lock                  held while a file of the queue is made, changed or taken away
    sending.lock                held while entries are sent, so that two never send at once
    last.json                   the last session logged from here, for `cairn undo`

Each entry has its Idempotency-Key from the start: it can be sent any number of times, from a copy of the
folder too, and the server writes once.
"""

import json
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from platformdirs import user_data_path

from cairn_terminal import clock
from cairn_terminal.failures import Failure
from cairn_terminal.files import locked, make_folder, remove, write_private
from cairn_terminal.login import Account

SEND_WAIT_SECONDS = 15.0  # a little more than one request of the other process may last
FOLDER_WAIT_SECONDS = 5.0
LARGEST_ENTRY = 200_000  # bytes
# The server keeps a key for 30 days. Past them, what may have arrived could be written a second time.
KEY_HOLDS = timedelta(days=28)
_NAME = re.compile(r"(\d{6,12})-([0-9a-f]{32})\.json")


@dataclass(frozen=True, slots=True)
class Entry:
    """One write that waits, or was refused. Days are local, as `YYYY-MM-DD`."""

    number: int
    key: str
    account: Account
    method: str
    path: str
    body: dict[str, Any] | None
    typed: str
    typed_on: str
    first_tried_on: str = ""  # "" while it certainly never left
    refusal: str = ""  # the server's sentence; what was refused is not sent again by itself

    @property
    def is_session(self) -> bool:
        return self.method == "POST" and self.path == "/sessions"

    def key_has_lapsed(self, today: date) -> bool:
        """Whether it may have arrived so long ago that the server has forgotten the key."""
        return bool(self.first_tried_on) and today - date.fromisoformat(self.first_tried_on) > KEY_HOLDS

    def document(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "number": self.number,
            "state": "refused" if self.refusal else "waiting",
            "typed": self.typed,
            "typed_on": self.typed_on,
            "server": self.account.server,
            "email": self.account.email,
            "may_have_arrived": bool(self.first_tried_on) and not self.refusal,
            "detail": self.refusal,
        }


class NoSuchEntry(Failure):
    """The queue holds no entry of this number."""


class Outbox:
    """The queue on this machine, for every account that was logged in here."""

    def __init__(self, folder: Path | None = None) -> None:
        self.home = folder or user_data_path("cairn", appauthor=False)
        self.folder = self.home / "queue"

    def entries(self) -> tuple[list[Entry], list[str]]:
        """Every entry in order, and the names of the files that cannot be read as one."""
        found: list[Entry] = []
        unreadable: list[str] = []
        names = sorted(path.name for path in self.folder.glob("*")) if self.folder.is_dir() else []
        for name in names:
            # A leading dot: another cairn is writing it at this moment, or was killed while it did.
            if name.startswith("."):
                continue
            try:
                found.append(_read_entry(self.folder / name))
            except FileNotFoundError:
                continue  # sent by another cairn since the names were read
            except (OSError, ValueError, LookupError, TypeError, RecursionError):
                unreadable.append(name)
        return sorted(found, key=lambda entry: (entry.number, entry.key)), unreadable

    def waiting(self, account: Account) -> list[Entry]:
        """What is to be sent for one account, in order."""
        return [entry for entry in self.entries()[0] if entry.account == account and not entry.refusal]

    def entry(self, number: int) -> Entry:
        """Raises NoSuchEntry."""
        for entry in self.entries()[0]:
            if entry.number == number:
                return entry
        raise NoSuchEntry(f"The queue has no entry {number}. See: cairn queue")

    def add(
        self, account: Account, method: str, path: str, body: dict[str, Any] | None, *, typed: str
    ) -> Entry:
        """Puts an entry at the end, on the disk when this returns."""
        with self._changing():
            numbers = [
                int(match[1]) for path_ in self.folder.iterdir() if (match := _NAME.fullmatch(path_.name))
            ]
            entry = Entry(
                number=max(numbers, default=0) + 1,
                key=secrets.token_hex(16),
                account=account,
                method=method,
                path=path,
                body=body,
                typed=typed,
                typed_on=clock.today().isoformat(),
            )
            self._write(entry)
        return entry

    def mark_tried(self, entry: Entry) -> Entry:
        """Before it leaves for the first time: from here on it may have arrived."""
        return (
            entry if entry.first_tried_on else self._changed(entry, first_tried_on=clock.today().isoformat())
        )

    def mark_refused(self, entry: Entry, sentence: str) -> Entry:
        """The server said no; it stays listed, and is not sent again by itself."""
        return self._changed(entry, refusal=sentence)

    def mark_untried(self, entry: Entry) -> Entry:
        """The connection was never made: it has not left after all."""
        return self._changed(entry, first_tried_on="")

    def remove(self, entry: Entry) -> None:
        """Sent, or given up."""
        with self._changing():
            remove(self._path(entry))

    @contextmanager
    def sending(self, wait_seconds: float | None = None) -> Iterator[None]:
        """Held by who sends, drops or takes back; waits SEND_WAIT_SECONDS by itself. Raises Busy."""
        wait = SEND_WAIT_SECONDS if wait_seconds is None else wait_seconds
        with locked(self.home / "sending.lock", wait):
            yield

    def remember(self, account: Account, session: dict[str, Any], said: str) -> None:
        """The session logged last from here."""
        document = {**asdict(account), "id": str(session.get("id", "")), "said": said}
        write_private(self.home / "last.json", json.dumps(document, indent=1).encode())

    def last(self, account: Account) -> tuple[str, str] | None:
        """Id and words of the session logged last from here by this account; None where it is not known."""
        try:
            document = json.loads((self.home / "last.json").read_bytes())
            same = Account(document["server"], document["email"]) == account
            return (str(document["id"]), str(document["said"])) if same and document["id"] else None
        except (FileNotFoundError, ValueError, LookupError, TypeError):
            return None

    def forget_last(self, account: Account, identity: str) -> None:
        """It was taken back; what another cairn has logged since stays."""
        last = self.last(account)
        if last is not None and last[0] == identity:
            remove(self.home / "last.json")

    @contextmanager
    def _changing(self) -> Iterator[None]:
        make_folder(self.folder)
        with locked(self.home / "queue.lock", FOLDER_WAIT_SECONDS):
            # Every writer holds this lock, so a half-written file belongs to nobody who lives.
            for half in self.folder.glob(".*"):
                half.unlink(missing_ok=True)
            yield

    def _changed(self, entry: Entry, **fields: str) -> Entry:
        changed = replace(entry, **fields)  # type: ignore[arg-type]  # all of them are text
        with self._changing():
            self._write(changed)
        return changed

    def _write(self, entry: Entry) -> None:
        write_private(self._path(entry), json.dumps(asdict(entry), indent=1).encode())

    def _path(self, entry: Entry) -> Path:
        return self.folder / f"{entry.number:06}-{entry.key}.json"


def _read_entry(path: Path) -> Entry:
    """Raises ValueError, LookupError, TypeError, RecursionError where the file is no entry."""
    match = _NAME.fullmatch(path.name)
    with path.open("rb") as file:
        document = json.loads(file.read(LARGEST_ENTRY))
    if not isinstance(document, dict):
        raise TypeError
    account = document.pop("account")
    entry = Entry(account=Account(str(account["server"]), str(account["email"])), **document)
    texts = (
        entry.key,
        entry.method,
        entry.path,
        entry.typed,
        entry.typed_on,
        entry.first_tried_on,
        entry.refusal,
    )
    if (
        match is None
        or (int(match[1]), match[2]) != (entry.number, entry.key)
        or not all(isinstance(text, str) for text in texts)
        or not isinstance(entry.body, dict | None)
        or not re.fullmatch(r"/[!-~]*", entry.path)
    ):
        raise ValueError(path.name)
    for day in filter(None, (entry.typed_on, entry.first_tried_on)):
        date.fromisoformat(day)
    return entry
