"""Who is due, what is known of them, and what became of their mails."""

import hashlib
import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.timezone import is_aware

from curriculum.catalogue import last_title
from tracker.journal.models import StudySession
from tracker.journal.rules import Week
from tracker.people.actions import token_hash
from tracker.people.models import User
from tracker.plans.models import Pause, Plan
from tracker.plans.rules.schedule import Off, phase
from tracker.reminders import rules
from tracker.reminders.models import CalendarFeed, Channel, Recipient, Reminder

MAY_HAVE_GONE = (Reminder.State.HANDING_OVER, Reminder.State.SENT, Reminder.State.UNKNOWN)
OPEN_STATES = (Reminder.State.CLAIMED, Reminder.State.HANDING_OVER)
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class Person:
    """A learner as the weekly mail sees them. `address` is empty where none was confirmed."""

    learner_id: int
    zone_name: str
    zone: ZoneInfo
    is_active: bool
    address: str
    password_stamp: str

    def day_begins(self, now: datetime) -> datetime:
        """The moment at which the learner's day began."""
        return now.astimezone(self.zone).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)

    def prospect(
        self,
        recipient: Recipient,
        due_at: datetime,
        plan_state: str,
        *,
        is_asked_for: bool = False,
        is_silent: bool = False,
        was_mailed: bool = False,
    ) -> rules.Prospect:
        """What `rules.decide` asks. A mail that is asked for comes whatever the rhythm."""
        return rules.Prospect(
            due_at=due_at,
            due_on=due_at.astimezone(self.zone).date(),
            is_monthly=not is_asked_for and (is_silent or recipient.rhythm == Recipient.Rhythm.MONTHLY),
            was_mailed=was_mailed,
            is_active=self.is_active,
            has_consented=recipient.consented_at is not None,
            has_unsubscribed=recipient.unsubscribed_at is not None,
            has_bounced=recipient.bounced_at is not None,
            is_verified=bool(self.address),
            plan_state=plan_state,
        )


def people(learner_ids: Collection[int]) -> dict[int, Person]:
    """These learners by id. Two queries, however many they are."""
    addresses = dict(
        EmailAddress.objects.filter(user_id__in=learner_ids, primary=True, verified=True).values_list(
            "user_id", "email"
        )
    )
    rows = User.objects.filter(pk__in=learner_ids).values_list(
        "pk", "zone", "is_active", "deletion_due_at", "password"
    )
    return {
        pk: Person(
            learner_id=pk,
            zone_name=zone,
            zone=rules.zone_named(zone),
            is_active=is_active and deletion_due_at is None,
            address=addresses.get(pk, ""),
            password_stamp=stamp_of(password),
        )
        for pk, zone, is_active, deletion_due_at, password in rows
    }


def learners_at(address: str) -> list[int]:
    """Whose confirmed address this is. It is in lower case, its domain in ASCII or in its own letters."""
    local, _, domain = address.rpartition("@")
    spellings = {address}
    with suppress(UnicodeError):
        spellings.add(f"{local}@{domain.encode('ascii').decode('idna')}")
    rows = EmailAddress.objects.filter(email__in=spellings, primary=True, verified=True)
    return list(rows.values_list("user_id", flat=True))


def stamp_of(password: str) -> str:
    """What says whether a password is still the same; `password` is the hash that the account keeps."""
    return hashlib.sha256(password.encode()).hexdigest()


def plan_states(on: Mapping[int, date]) -> dict[int, str]:
    """none, not-started, active or paused for each learner on their local day. Two queries.

    What asks for the whole plan, whether it is finished, is left to `plans.queries.standings`: it would be
    long inside the transaction that claims.
    """
    plans = {
        learner_id: (pk, start_on)
        for pk, learner_id, start_on in Plan.objects.filter(
            learner_id__in=on, ended_at__isnull=True
        ).values_list("pk", "learner_id", "start_on")
    }
    off: dict[int, list[Off]] = {learner_id: [] for learner_id in plans}
    pauses = Pause.objects.filter(plan_id__in=[pk for pk, _ in plans.values()])
    for learner_id, first_on, until_on in pauses.values_list("plan__learner_id", "first_on", "until_on"):
        off[learner_id].append(Off(first_on, until_on))
    return {
        learner_id: phase(today, plans[learner_id][1], off[learner_id]) if learner_id in plans else "none"
        for learner_id, today in on.items()
    }


def week_numbered(iso_year: int, iso_week: int) -> Week:
    """The week that a row names."""
    return Week(date.fromisocalendar(iso_year, iso_week, 1))


def last_claimed(learner_id: int) -> Week | None:
    """The latest week the learner has a row for."""
    row = (
        Reminder.objects.filter(learner_id=learner_id, kind=Reminder.Kind.PROGRESS)
        .order_by("-iso_year", "-iso_week")
        .values_list("iso_year", "iso_week")
        .first()
    )
    return week_numbered(*row) if row else None


# --- who is due -------------------------------------------------------------------------------------------


class Due(NamedTuple):
    """Recipients who are due at one moment and have their mail at one hour of one zone.

    zone_name: as `due_at` was reckoned. is_plain: what they say themselves, and their accounts, hold nothing
    against the mail.
    """

    is_plain: bool
    due_at: datetime
    weekday: int
    hour: int
    zone_name: str
    pks: list[int]


# A zone that has changed and is not reckoned with yet is the business of a closer look.
_DUE = """
    SELECT recipient.id,
        next_due_at >= %(late)s AND rhythm = 'weekly' AND consented_at IS NOT NULL
            AND unsubscribed_at IS NULL AND bounced_at IS NULL AND learner.zone = recipient.zone
            AND learner.is_active AND learner.deletion_due_at IS NULL,
        next_due_at, weekday, hour, recipient.zone
    FROM reminders_recipient AS recipient JOIN people_user AS learner ON learner.id = recipient.learner_id
    WHERE next_due_at <= %(now)s
    ORDER BY next_due_at
    LIMIT %(limit)s
"""


def lock_due(now: datetime, limit: int) -> list[Due]:
    """The recipients due first, each locked until the transaction ends. One query.

    Those that another transaction holds are passed over. `rules.decide` looks closely at whoever is not
    plain, who are few, as their row is written; and at everybody, with plan, pauses and address, before the
    mail is.
    """
    moment = connection.ops.adapt_datetimefield_value
    statement = _DUE
    if connection.features.has_select_for_update_skip_locked:
        statement += connection.ops.for_update_sql(skip_locked=True, of=("recipient",))
    found: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(
            statement, {"late": moment(now - rules.LATE_AFTER), "now": moment(now), "limit": limit}
        )
        for pk, *slot in cursor.fetchall():
            found[tuple(slot)].append(pk)
    return [
        Due(bool(is_plain), _aware(due_at), weekday, hour, zone_name, pks)
        for (is_plain, due_at, weekday, hour, zone_name), pks in found.items()
    ]


def _aware(moment: datetime) -> datetime:
    """A moment as a database gives it: SQLite's are in UTC and do not say so."""
    return moment if is_aware(moment) else moment.replace(tzinfo=UTC)


# --- leased rows ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Leased:
    """A leased row with what is needed to decide on it and to write the mail.

    channel: what it goes by where that is not mail. remark: why it comes by mail where it was to go by that.
    """

    reminder: Reminder
    recipient: Recipient
    person: Person
    channel: Channel | None = None
    remark: str = ""


def leased(ids: Collection[int]) -> list[Leased]:
    """These rows, those due first at the front. Four queries, however many they are."""
    reminders = list(Reminder.objects.filter(pk__in=ids).order_by("due_at", "pk"))
    for row in reminders:
        # One that was handed over before keeps the Message-ID that it had.
        row.message_id = row.message_id or message_id_of(row)
    learner_ids = {reminder.learner_id for reminder in reminders}
    recipients = {row.learner_id: row for row in Recipient.objects.filter(learner_id__in=learner_ids)}
    known = people(learner_ids)
    return [
        Leased(reminder, recipients[reminder.learner_id], known[reminder.learner_id])
        for reminder in reminders
        # An account deleted since the lease took its rows with it.
        if reminder.learner_id in recipients and reminder.learner_id in known
    ]


def message_id_of(row: Reminder) -> str:
    """The Message-ID of a row's mail."""
    week = week_numbered(row.iso_year, row.iso_week)
    return rules.message_id_of(row.kind, row.learner_id, week, settings.MAIL_DOMAIN)


def wanted() -> Q:
    """A condition on Reminder: its learner still wants the mail. Consent, account, no bounce."""
    return Q(
        Exists(
            Recipient.objects.filter(
                learner_id=OuterRef("learner_id"),
                consented_at__isnull=False,
                unsubscribed_at__isnull=True,
                bounced_at__isnull=True,
                learner__is_active=True,
                learner__deletion_due_at__isnull=True,
            )
        )
    )


def is_first_of_day(day_begins: datetime) -> Q:
    """A condition on Reminder: no other mail may have gone to its learner since their day began."""
    others = Reminder.objects.filter(
        learner_id=OuterRef("learner_id"), handed_over_at__gte=day_begins, state__in=MAY_HAVE_GONE
    )
    return ~Q(Exists(others.exclude(pk=OuterRef("pk"))))


def goes_to(address: str) -> Q:
    """A condition on Reminder: `address` is its learner's confirmed address."""
    return Q(
        Exists(
            EmailAddress.objects.filter(
                user_id=OuterRef("learner_id"), email=address, primary=True, verified=True
            )
        )
    )


def handed_over_since(learner_ids: Collection[int], since: datetime) -> dict[int, list[datetime]]:
    """When mails went, or may have gone, to these learners. One query, however many they are."""
    found: dict[int, list[datetime]] = {learner_id: [] for learner_id in learner_ids}
    rows = Reminder.objects.filter(
        learner_id__in=learner_ids, handed_over_at__gte=since, state__in=MAY_HAVE_GONE
    )
    for learner_id, at in rows.values_list("learner_id", "handed_over_at"):
        if at is not None:
            found[learner_id].append(at)
    return found


def still_wanted(ids: Collection[int], token: UUID) -> set[int]:
    """Which of the rows leased with `token` are still to go out. One query."""
    rows = Reminder.objects.filter(wanted(), pk__in=ids, state=Reminder.State.CLAIMED, lease_token=token)
    return set(rows.values_list("pk", flat=True))


def as_leased(learner_id: int) -> Leased | None:
    """What a preview is written from, with a row that is kept nowhere; None for who has set no mail."""
    recipient = recipient_of(learner_id)
    if recipient is None:
        return None
    row = Reminder(learner_id=learner_id, message_id="<preview@localhost>")
    return Leased(row, recipient, people([learner_id])[learner_id])


# --- the record -------------------------------------------------------------------------------------------


def claimable(now: datetime) -> QuerySet[Reminder]:
    """Rows that a worker may lease: claimed, not put off, in nobody's hands."""
    return Reminder.objects.filter(
        Q(leased_until__isnull=True) | Q(leased_until__lte=now),
        state=Reminder.State.CLAIMED,
        not_before__lte=now,
    ).order_by("not_before", "pk")


def ready_count(now: datetime, at_most: int) -> int:
    """How many rows wait for a worker, counted up to `at_most`."""
    return claimable(now)[:at_most].count()


def due_count(now: datetime, at_most: int) -> int:
    """How many learners are due and not claimed yet, counted up to `at_most`."""
    return Recipient.objects.filter(next_due_at__lte=now)[:at_most].count()


def open_counts(at_most: int) -> dict[str, int]:
    """How many rows are in each open state, each counted up to `at_most`."""
    return {str(state): Reminder.objects.filter(state=state)[:at_most].count() for state in OPEN_STATES}


def latest(limit: int) -> Iterator[Reminder]:
    """The rows claimed last, with their learners. Keys are given out in the order of the claims."""
    yield from Reminder.objects.select_related("learner").order_by("-pk")[:limit]


def may_be_token(text: str) -> bool:
    """Whether `set_reminder` could have made this unsubscribe token: 32 random bytes in URL letters.

    What cannot be one is not asked of the database: PostgreSQL refuses some characters with an error.
    """
    return _TOKEN.fullmatch(text) is not None


def recipient_with(token: str) -> Recipient | None:
    """Whose mail carries this unsubscribe token; None where nobody's does."""
    if not may_be_token(token):
        return None
    return Recipient.objects.filter(unsubscribe_token=token).first()


def with_log_token(token: str, now: datetime) -> Reminder | None:
    """The mail whose link logs study with this token; None where no link has it, or it is void or too old.

    A new password, unsubscribing, and the account's end make it void. One query.
    """
    if not may_be_token(token):
        return None
    row = (
        Reminder.objects.filter(
            log_token_hash=token_hash(token), learner__is_active=True, learner__deletion_due_at__isnull=True
        )
        .select_related("learner")
        .first()
    )
    if row is None or rules.refuse_log_link(row.handed_over_at, now):
        return None
    return row if row.log_password_stamp == stamp_of(row.learner.password) else None


def log_choices(reminder: Reminder) -> list[tuple[str, str]]:
    """The activities that a mail named, with the titles they have or had last. One query each, once."""
    return [(key, title) for key in reminder.log_activities if (title := last_title(key))]


def logged_with(token: str, submission: UUID, now: datetime) -> StudySession | None:
    """The session that this link has logged under a submission; None where it has not. Two queries."""
    row = with_log_token(token, now)
    if row is None or str(submission) not in row.log_submissions:
        return None
    return StudySession.objects.filter(
        learner_id=row.learner_id, submission=submission, source=StudySession.Source.MAIL
    ).first()


def recipient_of(learner_id: int) -> Recipient | None:
    """What the learner chose, if they chose."""
    return Recipient.objects.filter(learner_id=learner_id).first()


def next_mail_at(recipient: Recipient | None) -> datetime | None:
    """When the learner's next mail comes, as far as their choice says; None where none is wanted."""
    if recipient is None or recipient.next_due_at is None:
        return None
    if recipient.rhythm == Recipient.Rhythm.WEEKLY:
        return recipient.next_due_at
    zone = rules.zone_named(recipient.zone)
    return rules.first_of_month_from(recipient.next_due_at, recipient.weekday, recipient.hour, zone)


def form_values(recipient: Recipient | None) -> dict[str, object]:
    """What the form shows of it; nothing where the learner has not chosen yet."""
    if recipient is None:
        return {}
    return {
        "weekday": recipient.weekday,
        "hour": recipient.hour,
        "rhythm": recipient.rhythm,
        "consent": recipient.next_due_at is not None,
    }


def latest_of(learner_id: int, limit: int = 12) -> QuerySet[Reminder]:
    """The learner's last mails, newest week first."""
    return Reminder.objects.filter(learner_id=learner_id).order_by("-iso_year", "-iso_week")[:limit]


def feed_with(token: str) -> CalendarFeed | None:
    """The calendar feed at the address with this token, and its learner. One query.

    None where there is none, or the account is locked, gone or going.
    """
    if not may_be_token(token):
        return None
    return (
        CalendarFeed.objects.filter(
            token_hash=token_hash(token), learner__is_active=True, learner__deletion_due_at__isnull=True
        )
        .select_related("learner")
        .first()
    )


def feed_of(learner_id: int) -> CalendarFeed | None:
    """The learner's calendar feed, where it has an address."""
    return CalendarFeed.objects.filter(learner_id=learner_id).exclude(token_hash="").first()
