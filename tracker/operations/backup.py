"""Keeping an SQLite instance's data: copies while it runs, and putting one back while it does not.

Both ends work beside the real file and rename at the end: a crash at any moment leaves whole files.
"""

import contextlib
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Collection, Iterator
from contextlib import closing
from pathlib import Path

from django.conf import settings
from django.db.migrations.loader import MigrationLoader

BUSY_SECONDS = 20.0
# What every database of Cairn has, however old.
MARK = ("people", "0001_initial")
# Files that SQLite keeps beside a database and that belong to its content.
BESIDE = ("-wal", "-journal")


class BackupError(Exception):
    """Why nothing was copied or put back: one sentence for the operator."""


def database_file(other_way: str) -> Path:
    """The SQLite database of this instance; on another database BackupError, which names the `other_way`."""
    database = settings.DATABASES["default"]
    if not str(database["ENGINE"]).endswith("sqlite3"):
        raise BackupError(
            f"This command is for SQLite. On PostgreSQL use {other_way}; see docs/keeping-data.md."
        )
    return Path(database["NAME"])


def known_migrations() -> set[tuple[str, str]]:
    """Every migration this code has, and those it once had that are now part of another."""
    disk = MigrationLoader(None, ignore_no_migrations=True).disk_migrations
    replaced = {tuple(key) for migration in disk.values() for key in migration.replaces}
    return {*disk, *replaced}  # type: ignore[arg-type]


@contextlib.contextmanager
def draft_beside(target: Path) -> Iterator[Path]:
    """An empty file (mode 600) in the folder of `target`; what is left of it at the end is removed."""
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    except OSError as error:
        raise BackupError(f"Nothing can be written in {target.parent} ({error.strerror}).") from None
    os.close(descriptor)
    try:
        yield Path(name)
    finally:
        clear(Path(name), "", "-shm", *BESIDE)


def sync_folder(folder: Path) -> None:
    """The folder's names are on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def connect(file: Path) -> sqlite3.Connection:
    """An existing file, outside any transaction. BUSY_SECONDS is how long a lock is waited for."""
    return sqlite3.connect(
        f"{file.absolute().as_uri()}?mode=rw", uri=True, timeout=BUSY_SECONDS, isolation_level=None
    )


# --- backup -------------------------------------------------------------------------------------------------


def back_up(source: Path, target: Path) -> None:
    """Copies the database at one moment to `target`, one whole file of mode 600, checked.

    Readers and writers go on meanwhile. BackupError where there is no database, the target exists or cannot
    be written, or the copy is not sound; nothing is left at `target` then.
    """
    if not source.is_file():
        raise BackupError(f"There is no database at {source}.")
    _refuse_existing(target)
    with draft_beside(target) as draft:
        try:
            with closing(connect(source)) as running, closing(connect(draft)) as copy:
                # All pages in one step: a copy in several steps begins anew whenever somebody writes.
                running.backup(copy)
                # One file to carry away, with nothing beside it.
                copy.execute("PRAGMA journal_mode=DELETE")
            refuse_unsound(draft, f"The database {source}")
        except sqlite3.Error as error:
            raise BackupError(f"The database {source} could not be copied: {error}.") from None
        _refuse_existing(target)
        draft.rename(target)
    sync_folder(target.parent)


def _refuse_existing(target: Path) -> None:
    if target.exists() or target.is_symlink():
        raise BackupError(f"{target} exists already and is not overwritten.")


# --- restore ------------------------------------------------------------------------------------------------


def refuse_unsound(file: Path, name: str) -> None:
    """BackupError, with `name` in its sentence, where SQLite finds something wrong in the file."""
    try:
        with closing(connect(file)) as connection:
            found = connection.execute("PRAGMA integrity_check").fetchone()
            orphan = connection.execute("PRAGMA foreign_key_check").fetchone()
    except sqlite3.Error as error:
        raise BackupError(f"{name} is not a sound SQLite database: {error}.") from None
    if found != ("ok",) or orphan is not None:
        said = found[0] if found != ("ok",) else f"a row of {orphan[0]} points nowhere"
        raise BackupError(f"{name} is damaged: {said}.")


def refuse_foreign(file: Path, name: str, known: Collection[tuple[str, str]]) -> None:
    """BackupError where the file is no database of Cairn's, or one of a newer Cairn."""
    with closing(connect(file)) as connection:
        try:
            applied = set(connection.execute("SELECT app, name FROM django_migrations"))
        except sqlite3.Error:
            applied = set()
    if MARK not in applied:
        raise BackupError(f"{name} is not a database of Cairn.")
    if newer := sorted(applied - set(known)):
        raise BackupError(
            f"{name} was written by a newer Cairn (it has {'.'.join(newer[0])}): update Cairn, then restore."
        )


def restore(
    file: Path, present: Path, known: Collection[tuple[str, str]], prepare: Callable[[Path], None]
) -> Path | None:
    """Makes `file`'s content the database at `present`; returns where the one before is kept, if any was.

    `prepare` brings the copy up to date while it still has another name, and closes it. The caller holds the
    data folder's lock. BackupError, with nothing changed, where the file is missing, damaged, foreign or
    newer than the `known` migrations, or where another process has the database open.
    """
    if not file.is_file():
        raise BackupError(f"There is no file {file}.")
    if present.exists() and file.samefile(present):
        raise BackupError(f"{file} is the database in use.")
    if not file.stat().st_size:
        raise BackupError(f"{file} is empty.")
    with draft_beside(present) as draft:
        try:
            shutil.copyfile(file, draft)
            for suffix in BESIDE:
                if Path(f"{file}{suffix}").exists():
                    shutil.copyfile(f"{file}{suffix}", f"{draft}{suffix}")
        except OSError as error:
            raise BackupError(f"{file} cannot be copied ({error.strerror}).") from None
        refuse_unsound(draft, str(file))
        refuse_foreign(draft, str(file), known)
        prepare(draft)
        with closing(connect(draft)) as connection:
            connection.execute("PRAGMA journal_mode=DELETE")
        kept = keep_present(present)
        # In one step: at every moment there is a whole database of this name.
        draft.replace(present)
    sync_folder(present.parent)
    return kept


def keep_present(present: Path) -> Path | None:
    """Gives the database at `present` a second name, `<name>.before-restore-<n>`, and returns it.

    What SQLite keeps beside it is brought in first; where the database is too damaged for that, it is kept
    beside the second name. BackupError where another process has the database open.
    """
    if not present.exists():
        clear(present, "-shm", *BESIDE)
        return None
    kept = free_name(present)
    # Copied before SQLite looks: it throws away the log of a database that it cannot read.
    for suffix in BESIDE:
        if Path(f"{present}{suffix}").exists():
            shutil.copyfile(f"{present}{suffix}", f"{kept}{suffix}")
            Path(f"{kept}{suffix}").chmod(0o600)
    try:
        with closing(connect(present)) as connection:
            # Refused while anybody else is connected; brings the log in and removes it.
            connection.execute("PRAGMA journal_mode=DELETE")
        clear(kept, *BESIDE)
    except sqlite3.Error as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
            clear(kept, *BESIDE)
            raise BackupError(f"Another process has {present} open: stop it first.") from None
    kept.hardlink_to(present)
    kept.chmod(0o600)
    # With another database they would be wrong.
    clear(present, "-shm", *BESIDE)
    return kept


def clear(database: Path, *suffixes: str) -> None:
    """Removes files beside a database, those that are there."""
    for suffix in suffixes:
        Path(f"{database}{suffix}").unlink(missing_ok=True)


def free_name(present: Path) -> Path:
    """The first `<name>.before-restore-<n>` that is not there yet."""
    number = 1
    while any(Path(f"{present}.before-restore-{number}{suffix}").exists() for suffix in ("", *BESIDE)):
        number += 1
    return Path(f"{present}.before-restore-{number}")
