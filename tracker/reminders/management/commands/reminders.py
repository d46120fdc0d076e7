"""`manage.py reminders status`: what `/status/` shows, as text or as JSON."""

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.core.serializers.json import DjangoJSONEncoder

from tracker import clock
from tracker.reminders.status import lines, status


class Command(BaseCommand):
    help = "Shows the last tick, what is due, open and next, what failed and why, and the last 100 mails."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", choices=["status"])
        parser.add_argument("--json", action="store_true", help="the same facts as JSON, moments in UTC")

    def handle(self, *args: Any, **options: Any) -> None:
        found = status(clock.now())
        if options["json"]:
            self.stdout.write(json.dumps(asdict(found), cls=DjangoJSONEncoder, indent=1, ensure_ascii=False))
        else:
            self.stdout.write("\n".join(lines(found)))
