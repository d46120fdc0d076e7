"""Folders that hold what is nobody else's business: made, checked and closed."""

import errno
import os
import stat
from pathlib import Path


def make_private(folder: Path) -> None:
    """Makes the folder where it is missing, and leaves it open to its owner alone (mode 700).

    OSError where that cannot be, where it is a link or a file, or where it belongs to another user: in a
    place like /tmp anybody may have made it first.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode):
        raise NotADirectoryError(errno.ENOTDIR, "it is a link, not a folder", str(folder))
    if found.st_uid != os.getuid():
        raise PermissionError(errno.EPERM, "it belongs to another user", str(folder))
    if stat.S_IMODE(found.st_mode) != 0o700:
        folder.chmod(0o700)


def close_own(folder: Path) -> None:
    """Takes the rights of others from a folder of this user's; any other is left as it is."""
    found = folder.stat()
    if found.st_uid == os.getuid() and stat.S_IMODE(found.st_mode) & 0o077:
        folder.chmod(0o700)
