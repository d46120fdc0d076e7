"""Reading delivery status notifications (RFC 3464): which mail came back, from whom, and why. Pure.

A notification says for each recipient what became of the mail. It is tied to a mail of ours by the Message-ID
that it gives back, which only the mail's reader and the servers on the way know.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.errors import MessageError
from email.message import Message

_STATUS = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_MESSAGE_ID = re.compile(r"<[^<>\s\x00]{1,200}>")
# What says that the address is no good, and not that this one mail was too large or not liked (RFC 3463).
_NO_SUCH_ADDRESS = ("5.1.", "5.2.1", "5.4.4")
_LONGEST_REASON = 200


@dataclass(frozen=True, slots=True)
class Returned:
    """What a notification says of one recipient of one mail.

    address: lower case. status: as RFC 3463 writes it, `5.1.1`. is_for_good: whether no mail can reach the
    address, whatever it says.
    """

    message_id: str
    address: str
    status: str
    reason: str
    is_for_good: bool


def reported(*, kind: str, message_id: str, address: str, said: str) -> Returned | None:
    """What a mail provider reports, as a notification would say it; None where it is no failure of a mail.

    kind: `bounced`, `rejected`, `complained`, or another that says of no failure. Who complains gets no more
    mail, whatever the address. Else the codes in what the server said decide, and where it gave none the
    provider's word does: it reports as bounced what it has given up.
    """
    address = _plain(address)
    is_failure = kind in {"bounced", "rejected", "complained"}
    if not is_failure or not address or not _MESSAGE_ID.fullmatch(message_id):
        return None
    said = " ".join("".join(sign if sign.isprintable() else " " for sign in said).split())
    found = _STATUS.search(said)
    status = found[0] if found else ""
    return Returned(
        message_id=message_id,
        address=address,
        status=status,
        reason=(said or kind)[:_LONGEST_REASON],
        is_for_good=kind == "complained" or not status or status.startswith(_NO_SUCH_ADDRESS),
    )


def read_notification(message: Message) -> tuple[Returned, ...]:
    """What a message reports as failed; nothing where it is no notification or names no mail.

    A damaged message is read as far as it goes; none raises an error.
    """
    try:
        if message.get_content_type() != "multipart/report":
            return ()
        message_id = _message_id(message)
        return tuple(_failures(message, message_id)) if message_id else ()
    except (MessageError, LookupError, ValueError, TypeError, AttributeError):
        return ()


def _message_id(message: Message) -> str:
    """The Message-ID of the mail that came back, from the copy or the headers that the notification holds."""
    for part in message.walk():
        kind = part.get_content_type()
        if kind == "message/rfc822" and part.is_multipart():
            payload = part.get_payload()
            returned = payload[0] if isinstance(payload, list) and payload else None
            text = f"Message-ID: {returned['Message-ID'] or ''}" if isinstance(returned, Message) else ""
        elif kind in {"text/rfc822-headers", "message/rfc822-headers", "message/global-headers"}:
            text = _text(part)
        else:
            continue
        found = re.search(r"^Message-ID:\s*(\S.*)$", text, re.IGNORECASE | re.MULTILINE)
        if found and (number := _MESSAGE_ID.search(found[1])):
            return number[0]
    return ""


def _text(part: Message) -> str:
    payload = part.get_payload(decode=True)
    if isinstance(payload, bytes):
        return payload.decode("utf-8", "replace")
    return str(part.get_payload())


def _failures(message: Message, message_id: str) -> Iterator[Returned]:
    for part in message.walk():
        if part.get_content_type() not in {"message/delivery-status", "message/global-delivery-status"}:
            continue
        blocks = part.get_payload()
        for block in blocks if isinstance(blocks, list) else ():
            if not isinstance(block, Message) or str(block["Action"] or "").strip().lower() != "failed":
                continue
            address = _address(block["Original-Recipient"]) or _address(block["Final-Recipient"])
            status = _STATUS.search(str(block["Status"] or ""))
            if not address or status is None:
                continue
            said = str(block["Diagnostic-Code"] or "").partition(";")[2] or str(block["Status"])
            reason = "".join(sign if sign.isprintable() else " " for sign in said)
            yield Returned(
                message_id=message_id,
                address=address,
                status=status[0],
                reason=" ".join(reason.split())[:_LONGEST_REASON],
                is_for_good=status[0].startswith(_NO_SUCH_ADDRESS),
            )


def _address(field: object) -> str:
    """The address of a field such as `rfc822; alice@example.org`."""
    kind, _, address = str(field or "").partition(";")
    return _plain(address) if kind.strip().lower() in {"rfc822", "utf-8"} else ""


def _plain(address: str) -> str:
    """An address as it is compared; "" for what is none, which a database may not even take."""
    address = address.strip().strip("<>").lower()
    return address if address.isprintable() else ""
