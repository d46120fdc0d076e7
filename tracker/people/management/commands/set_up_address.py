"""`manage.py set_up_address`: the one-time address for the first account, while nobody is here."""

from typing import Any

from django.core.management.base import BaseCommand

from tracker import clock
from tracker.addresses import secret_url
from tracker.people import actions


class Command(BaseCommand):
    help = "Prints a one-time address for the first account (staff); prints nothing once somebody is here."

    def handle(self, *args: Any, **options: Any) -> None:
        token = actions.make_set_up_address(clock.now())
        if token is not None:
            address = secret_url("set-up", token)
            self.stdout.write(f"No account yet. Make the first one, which runs this instance, at {address}")
