"""`manage.py settle_restored`: what `restore` does at its end, for a database restored by other tools."""

from typing import Any

from django.core.management.base import BaseCommand

from tracker import clock
from tracker.desk.restore import settle


class Command(BaseCommand):
    help = "After pg_restore, before the worker starts: sees that nobody is mailed twice or stays logged in."

    def handle(self, *args: Any, **options: Any) -> None:
        settle(clock.now())
        self.stdout.write(
            "Mail that may have gone out already is noted as unknown. Everybody has to log in again."
        )
