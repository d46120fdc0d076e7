"""`manage.py staff EMAIL [--undo]`: makes somebody a member of staff, or no longer."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tracker.people import actions, queries


class Command(BaseCommand):
    help = "Lets an account run this instance: see its state and its people. --undo takes that back."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--undo", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        person = queries.account_with(options["email"])
        if person is None:
            raise CommandError(f"No account has the address {options['email']}.")
        actions.set_staff(person, staff=not options["undo"])
        self.stdout.write(f"{person.email} is {'no longer staff' if options['undo'] else 'staff'}.")
