"""`manage.py deactivate EMAIL [--undo]`: locks an account out, or lets it in again."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tracker.people import actions, queries


class Command(BaseCommand):
    help = "Locks an account out; its data stay. --undo lets it in again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--undo", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        person = queries.account_with(options["email"])
        if person is None:
            raise CommandError(f"No account has the address {options['email']}.")
        actions.set_active(person, active=options["undo"])
        self.stdout.write(f"{person.email} is {'active again' if options['undo'] else 'deactivated'}.")
