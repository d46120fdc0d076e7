"""Zones a learner may choose, the one form in which an address is kept, and bounds of tokens."""

import re
from functools import cache, lru_cache
from zoneinfo import ZoneInfo, available_timezones

# Kept by the zone database for old programs alone.
_NOT_PLACES = ("Etc/", "SystemV/", "posix/", "right/")
# `localtime` is whatever this machine's clock says, `Factory` a clock that nobody has set.
_NOT_ZONES = frozenset({"localtime", "Factory"})

# What a program's token begins with, so that one that was left lying about is known for what it is.
TOKEN_PREFIX = "cairn_"  # noqa: S105
MOST_TOKENS = 20
"""Live tokens that a learner may have."""

ADDRESS_LENGTH = 254
LOCAL_PART_LENGTH = 64  # RFC 5321: what is longer many servers refuse
# RFC 5321's atoms with dots between them: no quotes, blanks, brackets or characters that nobody sees.
_LOCAL_PART = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_DOMAIN = re.compile(r"[a-z0-9.-]+|\[[0-9a-f.:]+\]")
NO_ADDRESS = "That is no e-mail address. Addresses are written like you@example.org."


@cache
def known_zones() -> frozenset[str]:
    """Every IANA zone that can be named, old names included: a browser may still suggest one."""
    return frozenset(available_timezones() - _NOT_ZONES)


@cache
def offered_zones() -> tuple[str, ...]:
    """The zones a form lists: places by region, and UTC."""
    places = (name for name in known_zones() if "/" in name and not name.startswith(_NOT_PLACES))
    return ("UTC", *sorted(places))


@lru_cache(maxsize=1024)
def zone_named(name: str) -> ZoneInfo:
    """The IANA zone, or UTC for a name that the zone database of this machine does not have.

    IANA renames zones, and a machine may know only the other name. What was found is kept: Python itself
    keeps the last eight zones.
    """
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return ZoneInfo("UTC")


def suggested_zone(name: str) -> str:
    """The zone a browser suggests, or UTC where it suggests none that exists."""
    return name if name in known_zones() else "UTC"


def plain_address(address: str) -> str:
    """An e-mail address in the one form it is kept in: lower case, the domain as mail servers spell it.

    `Eve@M\u00fcnchen.example` and `eve@xn--mnchen-3ya.example` are one mailbox, so they are one account.
    Raises ValueError where the domain cannot be spelt so, the part before the `@` is more than letters,
    digits and signs of ASCII, or the address has more than 254 characters.
    """
    local, _, domain = address.strip().rpartition("@")
    # `=?` begins what a mail program decodes: such an address reads as another one in a header.
    if not _LOCAL_PART.fullmatch(local) or len(local) > LOCAL_PART_LENGTH or "=?" in local:
        raise ValueError("no plain local part")
    domain = domain.encode("idna").decode().lower()
    if not _DOMAIN.fullmatch(domain):
        raise ValueError("no plain domain")
    plain = f"{local.lower()}@{domain}"
    if len(plain) > ADDRESS_LENGTH:
        raise ValueError("too long")
    return plain
