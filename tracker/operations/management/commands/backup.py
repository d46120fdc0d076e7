"""`manage.py backup FILE`: a copy of the SQLite database, taken while the instance runs."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tracker.operations import backup


class Command(BaseCommand):
    help = "Copies the SQLite database to FILE while Cairn runs. On PostgreSQL use pg_dump."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="a new file; one that exists is not overwritten")

    def handle(self, *args: Any, **options: Any) -> None:
        target: Path = options["file"].expanduser()
        try:
            backup.back_up(backup.database_file("pg_dump --format=custom --file=cairn.dump"), target)
        except backup.BackupError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"Backed up to {target} ({target.stat().st_size:,} bytes), and checked.")
