"""Publish the curriculum's files as a new revision."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from curriculum.catalogue import NoCurriculum, catalogue, newest
from curriculum.changes import compare
from curriculum.loader import load
from curriculum.reading import ContentError


class Command(BaseCommand):
    help = "Publishes the curriculum's files as a new revision; the same files twice change nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--folder",
            type=Path,
            default=settings.CURRICULUM_DIR,
            help="content folder (default: CAIRN_CURRICULUM, or the product's)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        # The one place in this package that reads the clock: tracker.clock stands above it.
        loaded_at = timezone.now()  # noqa: TID251
        try:
            before = newest()
        except NoCurriculum:
            before = None
        try:
            result = load(options["folder"], loaded_at)
        except ContentError as error:
            for problem in error.problems:
                self.stderr.write(str(problem))
            raise SystemExit(1) from None
        if not result.created:
            held = f"Revision {result.revision_number} is already loaded; nothing changed."
            self.stdout.write(held)
            return
        self.stdout.write(
            f"Revision {result.revision_number} loaded: "
            f"{result.modules} modules, {result.activities} activities."
        )
        if before is None:
            return
        after = catalogue(result.revision_number)
        for track in after.tracks:
            self.stdout.write(f"  {track.title}: {compare(before, after, track.key).sentence}")
