"""`manage.py set_up_address`: the one-time address for the first account, while nobody is here."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.urls import reverse

from tracker import clock
from tracker.people import actions


class Command(BaseCommand):
    help = "Prints a one-time address for the first account (staff); prints nothing once somebody is here."

    def handle(self, *args: Any, **options: Any) -> None:
        token = actions.make_set_up_address(clock.now())
        if token is not None:
            address = settings.PUBLIC_URL + reverse("set-up", args=[token])
            self.stdout.write(f"No account yet. Make the first one, which runs this instance, at {address}")
