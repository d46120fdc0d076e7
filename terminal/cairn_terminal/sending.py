"""Sending what is kept: in order, each once, and what is refused does not hold up the rest."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from cairn_terminal import clock
from cairn_terminal.failures import KEPT, Failure, NotLoggedIn, NotSent, Refused, ServerFault, Unreachable
from cairn_terminal.files import Busy
from cairn_terminal.login import Login
from cairn_terminal.outbox import Entry, Outbox
from cairn_terminal.server import Server
from cairn_terminal.sessions import session_words
from cairn_terminal.words import count, plain


class Kept(Failure):
    """The write is in the queue, to be sent later."""

    exit_code = KEPT
    outcome = "queued"

    def __init__(self, entry: Entry, reason: str) -> None:
        super().__init__(f"Kept, to be sent later: {plain(entry.typed)}. {reason}")
        self.entry = entry
        self.reason = reason

    def document(self) -> dict[str, Any]:
        return {"outcome": self.outcome, "detail": self.reason, "entry": self.entry.document()}


@dataclass(slots=True)
class Run:
    """What became of the entries of one account in one run."""

    sent: list[tuple[Entry, Any]] = field(default_factory=list)
    refused: list[tuple[Entry, Refused]] = field(default_factory=list)
    faults: list[tuple[Entry, ServerFault]] = field(default_factory=list)
    stopped: Unreachable | NotLoggedIn | None = None


class Sender:
    """Sends for one login; `notice` is told in sentences what became of what had been kept."""

    def __init__(self, login: Login, server: Server, outbox: Outbox, notice: Callable[[str], None]) -> None:
        self.account = login.account
        self.server = server
        self.outbox = outbox
        self.notice = notice

    def write(self, method: str, path: str, body: dict[str, Any] | None, *, typed: str) -> Any:
        """Writes now, after what waits from before. The server's document.

        The entry is on the disk before the first byte leaves, so that no crash loses it. Raises Kept where it
        has to wait, Refused where the server says no (then nothing is kept: who typed it sees the sentence).
        """
        try:
            with self.outbox.sending():
                entry = self.outbox.add(self.account, method, path, body, typed=typed)
                try:
                    run = self.send_waiting(but=entry)
                except KeyboardInterrupt:
                    raise Kept(entry, "It was broken off. To take it back: cairn undo") from None
                refused = [refusal for its, refusal in run.refused if its.key == entry.key]
                if refused:
                    self.outbox.remove(entry)
        except Busy as busy:
            raise self.keep(method, path, body, typed=typed, reason=str(busy)) from None
        if refused:
            raise refused[0]
        for its, document in run.sent:
            if its.key == entry.key:
                return document
        faults = {its.key: str(fault) for its, fault in run.faults}
        raise Kept(entry, faults.get(entry.key) or str(run.stopped))

    def keep(self, method: str, path: str, body: dict[str, Any] | None, *, typed: str, reason: str) -> Kept:
        """Puts a write into the queue without trying; what it gives is there to be raised."""
        return Kept(self.outbox.add(self.account, method, path, body, typed=typed), reason)

    def send_before(self) -> Unreachable | NotLoggedIn | None:
        """Sends what waits, before a command does its own: why it had to stop, None where it did not.

        Where another cairn is sending, that one does it.
        """
        if not self.outbox.waiting(self.account):
            return None
        try:
            with self.outbox.sending(0):
                return self.send_waiting().stopped
        except Busy:
            return None

    def send_waiting(self, but: Entry | None = None) -> Run:
        """Sends all that waits; the caller holds `outbox.sending()`. No notice is given of `but`."""
        run = Run()
        for entry in self.outbox.waiting(self.account):
            if entry.key_has_lapsed(clock.today()):
                run.refused.append((entry, self._give_up(entry)))
            elif not self._send(entry, run):
                break
        own = but.key if but else ""
        if sent := sum(1 for entry, _ in run.sent if entry.key != own):
            self.notice(f"Sent {count(sent, 'entry', 'entries')} kept from before.")
        for entry, problem in [*run.refused, *run.faults]:
            if entry.key != own:
                self.notice(f"Kept from before, entry {entry.number} ({plain(entry.typed)}): {problem}")
        return run

    def _send(self, entry: Entry, run: Run) -> bool:
        """Sends one and writes down what became of it; False where the others need not be tried."""
        tried = self.outbox.mark_tried(entry)
        try:
            document = self.server.ask(entry.method, entry.path, entry.body, key=entry.key)
        except Refused as refused:
            run.refused.append((self.outbox.mark_refused(tried, str(refused)), refused))
        except ServerFault as fault:
            # The server lives and stumbles over this one; the others may pass.
            run.faults.append((tried, fault))
        except (Unreachable, NotLoggedIn) as stop:
            if isinstance(stop, NotSent) and not entry.first_tried_on:
                self.outbox.mark_untried(tried)
            run.stopped = stop
            return False
        else:
            if entry.is_session and isinstance(document, dict):
                self.outbox.remember(self.account, document, session_words(document))
            # Last of all: killed before this, it is sent again and the server answers the same.
            self.outbox.remove(tried)
            run.sent.append((tried, document))
        return True

    def _give_up(self, entry: Entry) -> Refused:
        sentence = (
            f"It was first sent on {entry.first_tried_on}, and whether it arrived is no longer known. "
            f"Look in your journal; then: cairn queue drop {entry.number}, or cairn queue send {entry.number}"
        )
        self.outbox.mark_refused(entry, sentence)
        return Refused(0, sentence)
