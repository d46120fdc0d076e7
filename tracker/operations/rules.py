"""Pure decisions about running: when to start a dead child again, what fits where."""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

FIRST_WAIT_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 30.0
STEADY_SECONDS = 60.0


@dataclass(frozen=True)
class Restart:
    """What follows a death: how many came in a row, and how long to wait before the next start."""

    deaths: int
    wait_seconds: float


def next_restart(deaths: int, lived_seconds: float) -> Restart:
    """After a child died that had lived `lived_seconds`, with `deaths` deaths in a row before this one.

    The wait doubles with every death in a row, from half a second to half a minute; a child that had been
    up for a minute is taken as steady and begins anew.
    """
    deaths = 1 if lived_seconds >= STEADY_SECONDS else deaths + 1
    return Restart(deaths, min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2.0 ** min(deaths - 1, 20)))


def content_stamp(files: Iterable[tuple[str, bytes]]) -> str:
    """One line that changes when a file (name, content) is added, removed, renamed or changed."""
    digest = sha256()
    for name, content in sorted(files):
        for part in (name.encode(), content):
            digest.update(len(part).to_bytes(8, "big"))
            digest.update(part)
    return digest.hexdigest()


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server that listens on `host`."""
    return host in {"localhost", "::1", "[::1]"} or (
        host.startswith("127.") and all(part.isdigit() for part in host.split("."))
    )
