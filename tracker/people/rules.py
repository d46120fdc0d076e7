"""Zones a learner may choose, and the one form in which an address is kept."""

from functools import cache
from zoneinfo import available_timezones

# Kept by the zone database for old programs alone.
_NOT_PLACES = ("Etc/", "SystemV/", "posix/", "right/")
# `localtime` is whatever this machine's clock says, `Factory` a clock that nobody has set.
_NOT_ZONES = frozenset({"localtime", "Factory"})

ADDRESS_LENGTH = 254
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


def suggested_zone(name: str) -> str:
    """The zone a browser suggests, or UTC where it suggests none that exists."""
    return name if name in known_zones() else "UTC"


def plain_address(address: str) -> str:
    """An e-mail address in the one form it is kept in: lower case, the domain as mail servers spell it.

    `Eve@M\u00fcnchen.example` and `eve@xn--mnchen-3ya.example` are one mailbox, so they are one account.
    Raises ValueError where the domain cannot be spelt so or the address has more than 254 characters.
    """
    local, _, domain = address.strip().rpartition("@")
    plain = f"{local}@{domain.encode('idna').decode()}".lower()
    if len(plain) > ADDRESS_LENGTH:
        raise ValueError("too long")
    return plain
