"""The SMTP conversation, one mail at a time on one kept connection. It knows no database.

What may be tried again is decided by the last thing the server can have seen. Until the final dot has been
given to the network the server has no whole mail, and RFC 5321 forbids it to deliver one; after that, only
its reply says what it did.
"""

import re
import smtplib
import socket
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from email.utils import parseaddr

from django.core.mail.backends.smtp import EmailBackend

from tracker.reminders.rules import Outcome, refusal_outcome, reply_outcome

LONGEST_LINE = 998
_LINE_END = re.compile(rb"\r\n|\r|\n")
_LEADING_DOT = re.compile(rb"^\.", re.MULTILINE)
SERVICE_CLOSES = 421


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one mail, in words for the record."""

    outcome: Outcome
    reason: str


@dataclass(frozen=True, slots=True)
class Envelope:
    """Who writes to whom, and the body as it crosses the wire but for the final dot."""

    sender: str
    to: str
    wire: bytes
    needs_utf8: bool = False


Begin = Callable[[Sequence[int]], Collection[int]]
"""Called with the places of mails that are about to leave; which of them may."""


def wire_form(message: bytes) -> bytes:
    """Every line end CRLF, every leading dot doubled, CRLF at the end.

    Raises ValueError for a line longer than 998 bytes, which servers may cut.
    """
    lines = _LINE_END.sub(b"\r\n", message)
    if not lines.endswith(b"\r\n"):
        lines += b"\r\n"
    if any(len(line) > LONGEST_LINE for line in lines.split(b"\r\n")):
        raise ValueError(f"a line is longer than {LONGEST_LINE} bytes")
    return _LEADING_DOT.sub(b"..", lines)


class Conversation:
    """One connection to the SMTP server that Django's EMAIL_* settings name.

    `is_open` turns False once the connection is lost; what was said after that is for another one.
    """

    def __init__(self, backend: EmailBackend) -> None:
        """Connects, with TLS and login as set. Raises OSError (SMTPException is one) where that fails."""
        backend.open()
        assert backend.connection is not None
        self._backend = backend
        self._smtp: smtplib.SMTP = backend.connection
        self.is_open = True
        try:
            self._smtp.ehlo_or_helo_if_needed()
            # The dot goes out on its own, at once, not when the body has been acknowledged.
            self._smtp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # type: ignore[union-attr]
        except OSError:
            self.drop()
            raise

    def give(self, envelope: Envelope) -> Result | None:
        """The body and the final dot, after `ask`. None when the server has them; else what became of it."""
        try:
            self._smtp.send(envelope.wire)
            self._smtp.send(b".\r\n")
        except OSError as error:
            self.drop()
            return Result(Outcome.AGAIN, f"Connection lost before the final dot: {error}")
        return None

    def hear(self) -> Result:
        """What the server says of the mail that it was given."""
        try:
            code, text = self._smtp.getreply()
        except OSError as error:
            self.drop()
            return Result(Outcome.UNKNOWN, f"Connection lost after the final dot: {error}")
        outcome = reply_outcome(code)
        if code == SERVICE_CLOSES or outcome == Outcome.UNKNOWN:
            self.drop()
        return Result(outcome, said("the mail", code, text))

    def ask(self, envelope: Envelope) -> Result | None:
        """MAIL, RCPT and DATA. None when the server waits for the body; else what became of the mail."""
        options = []
        if envelope.needs_utf8:
            if not self._smtp.has_extn("smtputf8"):
                return Result(
                    Outcome.FAILED, "The server takes only ASCII addresses: it does not offer SMTPUTF8."
                )
            options = ["SMTPUTF8", "BODY=8BITMIME"]
        try:
            refusal = self._commands(envelope, options)
        except OSError as error:
            self.drop()
            return Result(Outcome.AGAIN, f"Connection lost before the body: {error}")
        except ValueError:
            # A letter outside ASCII is refused by smtplib before it sends the command.
            self._after_refusal(None)
            return Result(Outcome.FAILED, "The address cannot be written in an SMTP command.")
        if refusal is None:
            return None
        what, code, text = refusal
        self._after_refusal(code)
        return Result(refusal_outcome(code), said(what, code, text))

    def _commands(self, envelope: Envelope, options: list[str]) -> tuple[str, int, bytes] | None:
        """The three commands; what was refused, with the reply, or None. Raises ValueError for an address
        that smtplib would write as another one, or cannot write.
        """
        if any(parseaddr(address) != ("", address) for address in (envelope.sender, envelope.to)):
            raise ValueError("not a bare address")
        code, text = self._smtp.mail(envelope.sender, options)
        if not 200 <= code <= 299:
            return "the sender", code, text
        code, text = self._smtp.rcpt(envelope.to)
        if not 200 <= code <= 299:
            return "the recipient", code, text
        code, text = self._smtp.docmd("DATA")
        return None if code == 354 else ("DATA", code, text)

    def _after_refusal(self, code: int | None) -> None:
        """Makes the connection ready for the next mail; drops it where the server does not go along.

        code: the server's reply; None where the command was never sent.
        """
        # Below 400 it is a yes to the wrong question, or no reply at all: nobody knows where we are.
        if code is not None and (code == SERVICE_CLOSES or code < 400):
            self.drop()
            return
        try:
            answer, _ = self._smtp.rset()
        except OSError:
            self.drop()
            return
        if answer != 250:
            self.drop()

    def drop(self) -> None:
        """Closes the connection at once, without a word."""
        self.is_open = False
        self._smtp.close()
        self._backend.connection = None

    def close(self) -> None:
        """Says QUIT, if there is still somebody to say it to."""
        if not self.is_open:
            return
        try:
            self._smtp.quit()
        except OSError:
            self._smtp.close()
        self.is_open = False
        self._backend.connection = None


def hand_over(mails: Mapping[int, tuple[Conversation, Envelope]], begin: Begin) -> dict[int, Result | None]:
    """Hands over mails by their places, each on a connection of its own, and says what became of each.

    `begin` is called once, with the places of those whose server has said 354, before a body leaves. It says
    which may. The other connections are dropped, all of them where it raises, so that no server has a whole
    mail that was not begun; None stands for such a mail.
    """
    results = {place: conversation.ask(envelope) for place, (conversation, envelope) in mails.items()}
    asked = [place for place, result in results.items() if result is None]
    begun: Collection[int] = ()
    try:
        begun = begin(asked) if asked else ()
    finally:
        for place in asked:
            if place not in begun:
                mails[place][0].drop()
    # All bodies leave before the first answer is waited for.
    for place in begun:
        conversation, envelope = mails[place]
        results[place] = conversation.give(envelope)
    for place in begun:
        results[place] = results[place] or mails[place][0].hear()
    return results


def said(what: str, code: int, text: bytes) -> str:
    """A server's reply in one printable line, for the record."""
    words = " ".join(text.decode("utf-8", "replace").split())
    shown = "".join(letter if letter.isprintable() else "?" for letter in words)
    return f"Reply to {what}: {code} {shown}".rstrip()
