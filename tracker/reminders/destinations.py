"""Where a message may go over HTTP, what an answer means, how a body is signed. Pure."""

import hashlib
import hmac
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, urlsplit

from tracker.reminders.rules import Outcome

LONGEST_ADDRESS = 500
DEFAULT_PORTS = {"https": 443, "http": 80}
# Below it are the ports of other services: nobody's mail or name server is knocked at from here.
FIRST_FREE_PORT = 1024
_LABEL = r"(?!-)[a-z0-9_-]{1,63}(?<!-)"
_NAME = re.compile(rf"{_LABEL}(\.{_LABEL})*")
_TARGET = re.compile(r"[A-Za-z0-9\-._~:/?\[\]@!$&'()*+,;=%]*")
_TOPIC = re.compile(r"/[A-Za-z0-9_-]{1,64}")
_TOKEN = re.compile(r"[!-~]{1,200}")


class Refused(ValueError):
    """Nothing is sent there; the message says why, in a sentence."""


@dataclass(frozen=True, slots=True)
class Destination:
    """An address that was read: where to connect and what to ask for.

    host: a name in ASCII or an IP address without brackets. target: path and query as the request names
    them. is_listed: whether the operator has named this host, so that it may be on a private network.
    """

    scheme: str
    host: str
    port: int
    target: str
    is_listed: bool

    @property
    def authority(self) -> str:
        """Host and port as the Host field has them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"


def read_address(text: str, listed: Collection[str] = ()) -> Destination:
    """The destination that a learner's address names. Raises `Refused`.

    listed: hosts that the operator allows, as `host` for the scheme's own port or as `host:port`.
    """
    parts = _split(text.strip())
    if parts.scheme not in DEFAULT_PORTS:
        raise Refused("The address must begin with https://.")
    if "@" in parts.netloc:
        raise Refused("The address must not hold a name or password before an @.")
    if parts.fragment or text.rstrip().endswith("#"):
        raise Refused("The address must not hold a #.")
    host, port = _host_in(parts), _port_in(parts)
    shown = f"[{host}]" if ":" in host else host
    is_default = port == DEFAULT_PORTS[parts.scheme]
    is_listed = f"{shown}:{port}" in listed or (is_default and shown in listed)
    if not is_listed:
        if parts.scheme != "https":
            raise Refused("The address must begin with https://, so that nobody on the way can read it.")
        if port != DEFAULT_PORTS["https"] and port < FIRST_FREE_PORT:
            raise Refused(
                f"Port {port} belongs to another service. Use 443, or one from {FIRST_FREE_PORT} on."
            )
        if _is_ip(host) and not is_public(host):
            raise Refused(f"{host} is not an address on the open Internet.")
    target = parts.path or "/"
    if parts.query:
        target += f"?{parts.query}"
    return Destination(parts.scheme, host, port, target, is_listed)


def _split(text: str) -> SplitResult:
    """The parts of an address, once it is clear that every program would find the same ones in it."""
    if not text:
        raise Refused("Say where it goes.")
    if len(text) > LONGEST_ADDRESS:
        raise Refused(f"The address is longer than {LONGEST_ADDRESS} characters.")
    if any(letter.isspace() or not letter.isprintable() for letter in text) or "\\" in text:
        raise Refused("The address must not hold spaces, line ends or backslashes.")
    try:
        parts = urlsplit(text)
    except ValueError as error:
        raise Refused("That is not an address. It should look like https://example.org/hook.") from error
    if not parts.netloc or not parts.scheme:
        raise Refused("That is not an address. It should look like https://example.org/hook.")
    if not _TARGET.fullmatch(f"{parts.path}?{parts.query}"):
        raise Refused("After the host, write letters outside ASCII as %-codes.")
    return parts


def _host_in(parts: SplitResult) -> str:
    """The host as it is looked up: lower case, ASCII, without a last dot."""
    try:
        host = (parts.hostname or "").removesuffix(".")
        name = host if host.isascii() else host.encode("idna").decode("ascii").lower()
    except ValueError as error:
        raise Refused("There is no such host name.") from error
    if _is_ip(name) or (_NAME.fullmatch(name) and len(name) <= 253):
        return name
    raise Refused("There is no such host name.")


def _port_in(parts: SplitResult) -> int:
    try:
        port = parts.port
    except ValueError as error:
        raise Refused("The port must be a number from 1 to 65535.") from error
    if port == 0:
        raise Refused("The port must be a number from 1 to 65535.")
    return port or DEFAULT_PORTS[parts.scheme]


def _is_ip(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def read_topic(text: str, listed: Collection[str] = ()) -> tuple[Destination, str]:
    """The ntfy server's own address and the topic that a learner's address names. Raises `Refused`."""
    found = read_address(text, listed)
    if not _TOPIC.fullmatch(found.target):
        raise Refused("Write the server and the topic, such as https://ntfy.sh/my-topic.")
    return Destination(found.scheme, found.host, found.port, "/", found.is_listed), found.target[1:]


def refuse_token(token: str) -> str:
    """Why an ntfy access token cannot be one; empty where it can."""
    if token and not _TOKEN.fullmatch(token):
        return "An access token has up to 200 letters, digits and signs, and no spaces."
    return ""


# --- addresses of machines --------------------------------------------------------------------------------

# From IANA's registries of special-purpose addresses: what is not anybody's machine on the open Internet.
_NOT_PUBLIC_4 = tuple(
    IPv4Network(net)
    for net in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",
    )
)
_PUBLIC_6 = IPv6Network("2000::/3")
# Among them Teredo, ORCHID and documentation.
_NOT_PUBLIC_6 = tuple(IPv6Network(net) for net in ("2001::/23", "2001:db8::/32", "3fff::/20"))
# An IPv4 address inside an IPv6 one, by how far from the right it ends: mapped, NAT64, 6to4.
_WITH_IPV4 = (
    (IPv6Network("::ffff:0:0/96"), 0),
    (IPv6Network("64:ff9b::/96"), 0),
    (IPv6Network("2002::/16"), 80),
)


def is_public(address: str) -> bool:
    """Whether this IP address is one on the open Internet, by its own form and by the IPv4 one inside it.

    What is no IP address, or has a zone behind it (`fe80::1%eth0`), is not.
    """
    try:
        found = ip_address(address)
    except ValueError:
        return False
    if isinstance(found, IPv4Address):
        return _is_public_4(found)
    if found.scope_id is not None:
        return False
    for network, shift in _WITH_IPV4:
        if found in network:
            return _is_public_4(IPv4Address((int(found) >> shift) & 0xFFFFFFFF))
    return _is_public_6(found)


def _is_public_4(address: IPv4Address) -> bool:
    # Python's own list is asked too: it may know of a network that was set aside since.
    return address.is_global and not any(address in network for network in _NOT_PUBLIC_4)


def _is_public_6(address: IPv6Address) -> bool:
    return (
        address in _PUBLIC_6
        and address.is_global
        and not any(address in network for network in _NOT_PUBLIC_6)
    )


# --- answers ----------------------------------------------------------------------------------------------

_LATER = {
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.TOO_EARLY,
    HTTPStatus.TOO_MANY_REQUESTS,
}


def answer_outcome(status: int) -> Outcome:
    """What the status of an answer says of the message.

    A gateway that waited in vain (504) has passed the message on and does not know what became of it.
    """
    if 200 <= status <= 299:
        return Outcome.SENT
    if status == HTTPStatus.GATEWAY_TIMEOUT:
        return Outcome.UNKNOWN
    if status in _LATER or 500 <= status <= 599:
        return Outcome.AGAIN
    return Outcome.FAILED if 300 <= status <= 499 else Outcome.UNKNOWN


def answer_words(whom: str, status: int) -> str:
    """An answer for the record, in our words for it, not in the server's: `Reply to ntfy: 410 Gone`."""
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = ""
    words = f"Reply to {whom}: {status} {phrase}".rstrip()
    if 300 <= status <= 399:
        words += ". It leads elsewhere, and redirects are not followed."
    return words


# --- signature --------------------------------------------------------------------------------------------


def signature(secret: str, at: datetime, body: bytes) -> str:
    """The `Cairn-Signature` field: `t=` seconds since 1970, `v1=` HMAC-SHA256 over `t.body` in hex."""
    moment = int(at.timestamp())
    digest = hmac.new(secret.encode(), b"%d.%b" % (moment, body), hashlib.sha256).hexdigest()
    return f"t={moment},v1={digest}"


# --- when it goes by mail after all -----------------------------------------------------------------------

# What the channel has refused for so long goes by mail: there is time left within the 48 hours.
MAIL_AFTER = timedelta(hours=24)


def goes_by_mail(due_at: datetime, attempts: int, now: datetime) -> bool:
    """Whether a message that its channel has put off goes by mail instead."""
    return attempts > 0 and now - due_at >= MAIL_AFTER


# --- the test ---------------------------------------------------------------------------------------------

# Letters and digits that cannot be taken for one another.
CODE_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
CODE_LENGTH = 8
CODE_GOOD_FOR = timedelta(days=1)
TRIALS_APART = timedelta(minutes=1)
TRIAL_GOOD_FOR = timedelta(minutes=10)
TRIAL_HAND_OVER = timedelta(minutes=2)


def is_code(code: str, typed: str, made_at: datetime | None, now: datetime) -> bool:
    """Whether what was typed is the code that a test brought, within a day of it."""
    said = re.sub(r"[\s-]", "", typed).upper()
    if not code or made_at is None or now - made_at > CODE_GOOD_FOR:
        return False
    return hmac.compare_digest(code.encode(), said.encode())


def trial_words(state: str, reason: str, waited: timedelta) -> str:
    """What became of a test message, in a sentence or two. waited: since it was asked for."""
    if state == "waiting":
        gone = "No worker took the test up in ten minutes; it is not sent any more."
        return gone if waited > TRIAL_GOOD_FOR else "The test waits for a worker."
    if state == "handing_over":
        dead = "The worker ended while it sent the test; whether it was taken is not known."
        return dead if waited > TRIAL_GOOD_FOR + TRIAL_HAND_OVER else "The test is on its way."
    begin = {
        "sent": "The test was taken.",
        "unknown": "Whether the test was taken is not known.",
        "failed": "The test was not taken.",
    }.get(state, "")
    return f"{begin} {as_sentence(reason)}".strip()


def as_sentence(reason: str) -> str:
    """A reason of the record with a full stop; empty as it is."""
    return f"{reason.rstrip('.')}." if reason else ""
