"""`manage.py restore FILE`: a backup becomes the database; the one before is kept beside it."""

import os
import sqlite3
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, connection
from django.db.migrations.exceptions import InconsistentMigrationHistory

from tracker import clock
from tracker.desk.restore import settle
from tracker.operations import backup
from tracker.operations.supervisor import RefusedError, private_folder, take_lock


class Command(BaseCommand):
    help = "Puts a backup in the place of the SQLite database, while Cairn does not run."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="what manage.py backup wrote")

    def handle(self, *args: Any, **options: Any) -> None:
        file: Path = options["file"].expanduser()
        try:
            present = backup.database_file("pg_restore, then manage.py settle_restored")
            for folder in (settings.DATA_DIR, settings.DATA_DIR / "run"):
                private_folder(folder)
            lock = take_lock(settings.DATA_DIR / "run")
        except (backup.BackupError, RefusedError) as error:
            raise CommandError(str(error)) from None
        try:
            kept = backup.restore(file, present, backup.known_migrations(), bring_up_to_date)
        except backup.BackupError as error:
            raise CommandError(f"{error} Nothing was changed.") from None
        except (DatabaseError, InconsistentMigrationHistory, sqlite3.Error, OSError) as error:
            raise CommandError(
                f"{file} could not be brought up to date: {error}. Nothing was changed."
            ) from None
        finally:
            os.close(lock)
        self.stdout.write(f"Restored {present} from {file}. Everybody has to log in again.")
        if kept is not None:
            self.stdout.write(f"The database before is kept as {kept}; restore that file to undo this.")


def bring_up_to_date(database: Path) -> None:
    """Migrates the copy and settles what cannot be known of it, before it becomes the database."""
    connection.close()
    name = connection.settings_dict["NAME"]
    connection.settings_dict["NAME"] = str(database)
    try:
        call_command("migrate", interactive=False, verbosity=0)
        settle(clock.now())
    finally:
        connection.close()
        connection.settings_dict["NAME"] = name
