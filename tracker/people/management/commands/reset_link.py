"""`manage.py reset_link EMAIL`: a password-reset address where no mail goes out."""

from typing import Any

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.urls import reverse

from tracker.people import queries


class Command(BaseCommand):
    help = "Prints an address at which the person can set a new password."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")

    def handle(self, *args: Any, **options: Any) -> None:
        person = queries.account_with(options["email"])
        if person is None:
            raise CommandError(f"No account has the address {options['email']}.")
        if not person.is_active:
            raise CommandError(f"The account {person.email} is deactivated; activate it first.")
        path = reverse(
            "account_reset_password_from_key",
            kwargs={"uidb36": user_pk_to_url_str(person), "key": default_token_generator.make_token(person)},
        )
        self.stdout.write(settings.PUBLIC_URL + path)
