"""`python -m tests.faults.due_learners NUMBER`: fills a migrated database with learners whose mail is due.

Run with the product's settings and the environment of the instance; loads the curriculum first.
"""

import sys
from datetime import timedelta

import django

django.setup()

from allauth.account.models import EmailAddress  # noqa: E402
from django.db import transaction  # noqa: E402

from curriculum import catalogue, loader  # noqa: E402
from curriculum.reading import read_content  # noqa: E402
from tracker import clock  # noqa: E402
from tracker.people.models import User  # noqa: E402
from tracker.plans.models import DAY_FIELDS, Plan  # noqa: E402
from tracker.reminders.models import Recipient  # noqa: E402


@transaction.atomic
def make_due_learners(number: int) -> None:
    """Learners with a confirmed address, a plan four weeks old, consent, and a mail due a minute ago."""
    now = clock.now()
    loader.publish(read_content(loader.CONTENT), now)
    revision = catalogue.newest().revision
    people = User.objects.bulk_create(
        User(email=f"learner{place}@example.org", password="!") for place in range(number)
    )
    EmailAddress.objects.bulk_create(
        EmailAddress(user=user, email=user.email, primary=True, verified=True) for user in people
    )
    Plan.objects.bulk_create(
        Plan(
            learner=user,
            track_key="ai-security-engineer",
            revision=revision,
            start_on=now.date() - timedelta(weeks=3),
            made_at=now,
            **{f"{day}_minutes": 60 for day in DAY_FIELDS},
        )
        for user in people
    )
    Recipient.objects.bulk_create(
        Recipient(
            learner=user,
            # A day from now, so that no second mail falls due while a test runs, not at midnight either.
            weekday=(now + timedelta(days=1)).isoweekday(),
            hour=now.hour,
            consented_at=now,
            unsubscribe_token=f"token{user.pk:038}",
            next_due_at=now - timedelta(minutes=1),
            zone="UTC",
        )
        for user in people
    )


if __name__ == "__main__":
    make_due_learners(int(sys.argv[1]))
