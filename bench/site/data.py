"""Make the yardstick's database: `python -m bench.site.data --users 200`."""

import argparse
import os
from datetime import date, timedelta

import django

ROWS_PER_USER = 1000
LAST_DAY = date(2025, 12, 28)
KINDS = ("Reading", "Practice", "Building", "Writing", "Measuring", "Review", "Meeting", "Other")


def make_data(users: int) -> None:
    """Make the tables, `users` people and their rows: the same each time, with no random and no clock."""
    from django.contrib.auth.models import User  # noqa: PLC0415 - models load after django.setup()
    from django.core.management import call_command  # noqa: PLC0415

    from bench.site.models import Entry  # noqa: PLC0415

    call_command("migrate", run_syncdb=True, verbosity=0)
    people = User.objects.bulk_create(
        User(username=f"person-{number:03}", password="!") for number in range(1, users + 1)
    )
    for person in people:
        Entry.objects.bulk_create(
            Entry(
                user_id=person.pk,
                kind=KINDS[row % len(KINDS)],
                title=f"Chapter {row % 40 + 1}, part {row % 9 + 1}",
                day_on=LAST_DAY - timedelta(days=row),
                amount=(row * 37 + person.pk * 11) % 1000 / 8 + 0.25,
                state="done" if row % 7 else "open",
            )
            for row in range(ROWS_PER_USER)
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Make the yardstick's database.")
    parser.add_argument("--users", type=int, default=200)
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bench.site.settings")
    django.setup()
    make_data(options.users)
