"""Read and check the curriculum's files, without a database."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from curriculum.reading import PUBLISHED, ContentError, published_keys, read_content


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
        parser.add_argument(
            "--record",
            action="store_true",
            help=f"write the keys in use to {PUBLISHED}: from now on each stays, or is listed as retired",
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
        for track in content.tracks:
            minutes = sum(module.minutes.get(track.key, 0) for module in content.modules)
            self.stdout.write(f"  {track.title}: {minutes / 60:g} h")
        if options["record"]:
            (options["folder"] / PUBLISHED).write_text(published_keys(content), encoding="utf-8")
            self.stdout.write(f"{PUBLISHED} holds its keys.")
