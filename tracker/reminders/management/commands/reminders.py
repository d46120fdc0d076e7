"""`manage.py reminders status`: what is due, what is open, and what became of the last mails."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from tracker import clock
from tracker.reminders import queries


class Command(BaseCommand):
    help = "Shows what is due, what is open, and the last 20 mails with their reasons."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", choices=["status"])

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"due now: {queries.due_count(clock.now())}")
        for state, number in queries.open_counts().items():
            self.stdout.write(f"{state}: {number}")
        for row in queries.latest(20):
            self.stdout.write(
                f"{row.iso_year}-W{row.iso_week:02}  {row.due_at:%Y-%m-%d %H:%M}Z  {row.state:12}  "
                f"{row.learner.email}  {row.reason}".rstrip()
            )
