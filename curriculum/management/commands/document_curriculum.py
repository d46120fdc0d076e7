"""Write the curriculum down as one page of Markdown, or say that the page is out of date."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from curriculum.document import document
from curriculum.reading import ContentError, read_content

PAGE = Path(__file__).resolve().parents[3] / "docs" / "curriculum.md"


class Command(BaseCommand):
    help = "Writes docs/curriculum.md from the curriculum's files. Needs no database."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--folder",
            type=Path,
            default=settings.CURRICULUM_DIR,
            help="content folder (default: CAIRN_CURRICULUM, or the product's)",
        )
        parser.add_argument("--page", type=Path, default=PAGE, help="the page (default: docs/curriculum.md)")
        parser.add_argument("--check", action="store_true", help="write nothing; fail when it is out of date")

    def handle(self, *args: Any, **options: Any) -> None:
        page: Path = options["page"]
        try:
            text = document(read_content(options["folder"]))
        except ContentError as error:
            for problem in error.problems:
                self.stderr.write(str(problem))
            raise SystemExit(1) from None
        is_current = page.exists() and page.read_text(encoding="utf-8") == text
        if is_current:
            self.stdout.write(f"{page.name} is current.")
        elif options["check"]:
            self.stderr.write(f"{page.name} is out of date; run manage.py document_curriculum.")
            raise SystemExit(1)
        else:
            page.write_text(text, encoding="utf-8")
            self.stdout.write(f"{page.name} is written.")
