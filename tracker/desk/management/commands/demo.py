"""`manage.py demo`: a demo learner with weeks of history."""

import secrets
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from curriculum.catalogue import Catalogue, NoCurriculum, newest
from tracker import clock
from tracker.addresses import url
from tracker.desk import demo
from tracker.library import words
from tracker.people import queries as people_queries


class Command(BaseCommand):
    help = "Makes a demo learner with weeks of history that end today, and prints the login last."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--weeks",
            type=int,
            default=20,
            help=f"how much history, {demo.FEWEST_WEEKS} to {demo.MOST_WEEKS} weeks (default: 20)",
        )
        parser.add_argument("--seed", type=int, default=1, help="another number tells another story")
        parser.add_argument("--email", default="demo@example.org", help="the address to log in with")
        parser.add_argument("--force", action="store_true", help="also where CAIRN_DEBUG is off")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEBUG and not options["force"]:
            raise CommandError(
                "CAIRN_DEBUG is off, so this may be an instance that people use; no demo learner was made. "
                "Say --force to make one here all the same."
            )
        email = options["email"].strip().lower()
        try:
            validate_email(email)
        except ValidationError:
            raise CommandError(f"{email!r} is not an e-mail address.") from None
        password = secrets.token_urlsafe(12)
        try:
            made = demo.make_demo(
                email,
                password,
                weeks=options["weeks"],
                seed=options["seed"],
                content=curriculum(),
                now=clock.now(),
            )
        except demo.AccountExists:
            raise CommandError(
                f"There is an account {email} already, and nothing was changed: it may be a person's. "
                f"Say --email for another address; manage.py reset_link {email} gives it a new password."
            ) from None
        except ValueError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(
            f"Made a demo learner: {made.weeks} weeks, {made.sessions} sessions, "
            f"{words.hours(made.minutes).replace(words.NBSP, ' ')}, {made.done} activities done, "
            f"{len(made.completed)} milestones completed."
        )
        if not people_queries.any_staff():
            self.stdout.write(
                "Nobody here is staff, and the set-up address is for an instance without accounts: "
                "`manage.py staff EMAIL` lets an account run this one."
            )
        self.stdout.write(f"Log in at {url('account_login')}")
        self.stdout.write(f"Address:  {email}")
        self.stdout.write(f"Password: {password}")


def curriculum() -> Catalogue:
    """The newest revision. The embedded default first gets what a first `manage.py run` would bring."""
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        if not settings.EMBEDDED:
            raise CommandError("The database is not up to date; run manage.py migrate first.")
        call_command("migrate", interactive=False, verbosity=0)
    try:
        return newest()
    except NoCurriculum:
        if not settings.EMBEDDED:
            raise CommandError("No curriculum is loaded yet; run manage.py load_curriculum first.") from None
    call_command("load_curriculum", verbosity=0)
    return newest()
