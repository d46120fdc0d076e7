"""`manage.py fsrs_parameters EMAIL [--set N … | --clear]`: a learner's own parameters of FSRS."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tracker.people import queries as people_queries
from tracker.recall import actions, queries
from tracker.recall.rules.memory import BadWeights, read_weights


class Command(BaseCommand):
    help = "Shows, sets (--set, 21 numbers) or clears (--clear) a learner's own parameters of FSRS."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        change = parser.add_mutually_exclusive_group()
        change.add_argument("--set", nargs="+", type=float, metavar="NUMBER")
        change.add_argument("--clear", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        person = people_queries.account_with(options["email"])
        if person is None:
            raise CommandError(f"No account has the address {options['email']}.")
        if options["set"] is not None:
            try:
                actions.set_weights(person, read_weights(options["set"]))
            except BadWeights as refusal:
                raise CommandError(f"Nothing was changed. {refusal}") from refusal
        elif options["clear"]:
            actions.set_weights(person, None)
        weights = queries.weights_of([person.pk])[person.pk]
        self.stdout.write(
            " ".join(map(str, weights)) if weights else "The library's own parameters are used."
        )
