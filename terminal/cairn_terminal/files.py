"""Files that only their owner may read: written whole or not at all, and on the disk before they count."""

import fcntl
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cairn_terminal.failures import Failure

_LOCK_POLL_SECONDS = 0.05


class OthersCanRead(Failure):
    """A secret lies in a file that its group or everybody may read or change."""


class Busy(Failure):
    """Another `cairn` holds the lock for too long."""


def read_private(path: Path, longest: int = 1_000_000) -> bytes:
    """The file's first `longest` bytes. Raises OthersCanRead, which says how to mend it."""
    with path.open("rb") as file:
        # Of the open file, not of the path: what is checked is what is read.
        mode = os.fstat(file.fileno()).st_mode
        if mode & 0o077:
            raise OthersCanRead(
                f"{path} can be read by others (mode {mode & 0o777:04o}), so it is not used. "
                f"Mend it: chmod 600 {path}. If others could log in here, make a new token."
            )
        return file.read(longest)


def make_folder(folder: Path) -> None:
    """The folder and those above it; its own mode is 0700 where it is made here."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def write_private(path: Path, content: bytes) -> None:
    """Puts a file of mode 0600 in place at once; a crash leaves the old one or the new one."""
    make_folder(path.parent)
    # A dot first: half-written files are never taken for whole ones.
    half = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(half, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        half.replace(path)
    except BaseException:
        half.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def remove(path: Path) -> bool:
    """Takes a file away for good; False where there was none."""
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    sync_folder(path.parent)
    return True


def sync_folder(folder: Path) -> None:
    """Puts the folder's list of names on the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def locked(path: Path, wait_seconds: float) -> Iterator[None]:
    """Holds the lock file. The system lets it go when the process ends, however it ends. Raises Busy."""
    make_folder(path.parent)
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        deadline = time.monotonic() + wait_seconds
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise Busy("Another cairn is sending at the moment.") from None
                time.sleep(_LOCK_POLL_SECONDS)
        yield
    finally:
        os.close(descriptor)
