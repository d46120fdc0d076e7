"""Read and check the curriculum's files, without a database."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from curriculum.schema import ContentError, read_content


class Command(BaseCommand):
    help = "Checks the curriculum's files and says what is wrong with them. Needs no database."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--folder",
            type=Path,
            default=settings.CURRICULUM_DIR,
            help="content folder (default: CAIRN_CURRICULUM, or the product's)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            content = read_content(options["folder"])
        except ContentError as error:
            for problem in error.problems:
                self.stderr.write(str(problem))
            raise SystemExit(1) from None
        self.stdout.write(
            f"The curriculum is in order: {len(content.modules)} modules, "
            f"{content.activity_count()} activities."
        )
