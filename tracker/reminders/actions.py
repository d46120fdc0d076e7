"""What changes recipients and reminders. Every write is guarded by the state it starts from."""

import secrets
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q, Value
from django.db.models.functions import Concat, Substr

from tracker.journal import actions as journal_actions
from tracker.journal.actions import Entry
from tracker.journal.models import StudySession
from tracker.journal.rules import Week
from tracker.people.actions import lock_learner, token_hash
from tracker.people.models import User
from tracker.reminders import queries, rules
from tracker.reminders.dsn import Returned
from tracker.reminders.models import CalendarFeed, Consent, Recipient, Reminder

State = Reminder.State
REASON_LENGTH = 300


def lease_length() -> timedelta:
    """How long leased rows are a worker's own."""
    return timedelta(seconds=settings.REMINDER_LEASE_SECONDS)


def first_wait() -> timedelta:
    """How long a mail waits after the first refusal for now."""
    return timedelta(seconds=settings.REMINDER_RETRY_SECONDS)


# --- what the learner wants -------------------------------------------------------------------------------


@transaction.atomic
def set_reminder(
    learner: User,
    weekday: int,
    hour: int,
    *,
    wording: str,
    place: str,
    now: datetime,
    rhythm: str = Recipient.Rhythm.WEEKLY,
) -> Recipient:
    """When the learner wants the weekly mail, how often, and whether at all.

    weekday: ISO, Monday is 1. hour: 0 to 23 on the learner's clock. wording: what they agreed to; empty for
    no mail. place: where they said so. Consent given or taken back is kept with its moment and wording.
    """
    Recipient.objects.get_or_create(
        learner=learner,
        defaults={"weekday": weekday, "hour": hour, "unsubscribe_token": secrets.token_urlsafe(32)},
    )
    recipient = Recipient.objects.select_for_update().get(learner=learner)
    if not wording:
        recipient.weekday, recipient.hour, recipient.rhythm = weekday, hour, rhythm
        recipient.save(update_fields=["weekday", "hour", "rhythm"])
        return _without_mail(recipient, place=place, now=now)
    last_claimed = queries.last_claimed(learner.pk)
    zone = rules.zone_named(learner.zone)
    if recipient.next_due_at is None:
        recipient.next_due_at = rules.first_due_for(now, weekday, hour, zone, last_claimed)
    elif (recipient.weekday, recipient.hour, recipient.zone) != (weekday, hour, learner.zone):
        recipient.next_due_at = rules.rescheduled(
            recipient.next_due_at,
            rules.zone_named(recipient.zone),
            weekday=weekday,
            hour=hour,
            zone=zone,
            now=now,
            last_claimed=last_claimed,
        )
    if _agreed_wording(recipient) != wording:
        Consent.objects.create(learner=learner, at=now, given=True, wording=wording, place=place)
        recipient.consented_at = now
    recipient.weekday, recipient.hour, recipient.rhythm = weekday, hour, rhythm
    recipient.zone, recipient.unsubscribed_at, recipient.bounced_at = learner.zone, None, None
    recipient.save(
        update_fields=[
            "weekday",
            "hour",
            "rhythm",
            "zone",
            "next_due_at",
            "consented_at",
            "unsubscribed_at",
            "bounced_at",
        ]
    )
    return recipient


def _agreed_wording(recipient: Recipient) -> str:
    """The wording in force; empty where none is."""
    if recipient.consented_at is None or recipient.unsubscribed_at is not None:
        return ""
    last = Consent.objects.filter(learner_id=recipient.learner_id).order_by("-at", "-pk").first()
    return last.wording if last and last.given else ""


def _without_mail(recipient: Recipient, *, place: str, now: datetime) -> Recipient:
    """No mail from now on; a second time changes nothing. The row is locked by the caller."""
    if agreed := _agreed_wording(recipient):
        Consent.objects.create(
            learner_id=recipient.learner_id, at=now, given=False, wording=agreed, place=place
        )
        recipient.unsubscribed_at = now
    Reminder.objects.filter(learner_id=recipient.learner_id).exclude(log_token_hash="").update(
        log_token_hash=""
    )
    recipient.next_due_at = None
    recipient.save(update_fields=["unsubscribed_at", "next_due_at"])
    return recipient


@transaction.atomic
def unsubscribe(token: str, now: datetime) -> Recipient | None:
    """Ends the weekly mail of whoever's mail carries `token`; None where nobody's does. May be repeated."""
    if not queries.may_be_token(token):
        return None
    recipient = Recipient.objects.select_for_update().filter(unsubscribe_token=token).first()
    return recipient and _without_mail(recipient, place="unsubscribe", now=now)


@transaction.atomic
def reschedule_for(learner: User, now: datetime) -> None:
    """The learner's zone has changed: the next mail follows, in the same transaction."""
    recipient = Recipient.objects.select_for_update().filter(learner=learner).first()
    if recipient is None or recipient.zone == learner.zone:
        return
    if recipient.next_due_at is not None:
        recipient.next_due_at = rules.rescheduled(
            recipient.next_due_at,
            rules.zone_named(recipient.zone),
            weekday=recipient.weekday,
            hour=recipient.hour,
            zone=rules.zone_named(learner.zone),
            now=now,
            last_claimed=queries.last_claimed(learner.pk),
        )
    recipient.zone = learner.zone
    recipient.save(update_fields=["next_due_at", "zone"])


# --- logging from the mail --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LogLink:
    """What is kept of the link that logs study from a mail."""

    token_hash: str
    activity_keys: tuple[str, ...]
    password_stamp: str


class LinkIsUsedUp(ValueError):
    """The link has logged as often as it may."""


@transaction.atomic
def log_from_mail(
    token: str, entry: Entry, *, submission: UUID, now: datetime, confirmed: bool = True
) -> tuple[Reminder, StudySession] | None:
    """Logs one session for whose mail carries the token; the same submission again is the same session.

    None where the link is void. Raises `journal.actions.Refused`, `LongDay` as that does, and `LinkIsUsedUp`.
    """
    found = queries.with_log_token(token, now)
    if found is None:
        return None
    row = Reminder.objects.select_for_update(of=("self",)).select_related("learner").get(pk=found.pk)
    if str(submission) not in row.log_submissions:
        if len(row.log_submissions) >= rules.LOGS_A_MAIL:
            raise LinkIsUsedUp
        row.log_submissions = [*row.log_submissions, str(submission)]
        row.save(update_fields=["log_submissions"])
    session, _ = journal_actions.log_session(
        row.learner,
        entry,
        now=now,
        submission=submission,
        source=StudySession.Source.MAIL,
        confirmed=confirmed,
    )
    return row, session


@transaction.atomic
def undo_from_mail(token: str, submission: UUID, *, now: datetime) -> StudySession | None:
    """Takes back a session that this link has logged; None where the link is void or never did."""
    session = queries.logged_with(token, submission, now)
    if session is not None:
        journal_actions.delete_session(session, now=now)
    return session


# --- mails that came back ---------------------------------------------------------------------------------


@transaction.atomic
def note_returned(returned: Returned, now: datetime) -> Recipient | None:
    """Ends the mail to an address that no mail reaches, until the learner has another or says try again.

    Whose mail it was is known by address and Message-ID together. None where the mail is none of ours, where
    the address is not theirs any more, where only this one mail was refused, or where all this was noted.
    """
    if not returned.is_for_good:
        return None
    # Who has another address since is not found, and goes on getting mail.
    whose = queries.learners_at(returned.address)
    row = Reminder.objects.filter(learner__in=whose, message_id=returned.message_id).first()
    if row is None:
        return None
    recipient = Recipient.objects.select_for_update().filter(learner=row.learner_id).first()
    if recipient is None or recipient.bounced_at is not None or _was_noted(recipient, row):
        return None
    address = queries.people([row.learner_id])[row.learner_id].address
    recipient.bounced_at, recipient.bounced_address = now, address
    recipient.bounced_reason = returned.reason
    recipient.bounced_mail = row.message_id
    recipient.save(update_fields=["bounced_at", "bounced_address", "bounced_reason", "bounced_mail"])
    return recipient


def _was_noted(recipient: Recipient, row: Reminder) -> bool:
    """Whether this mail has stopped the mail before: what is read again stops nothing anew."""
    return recipient.bounced_mail == row.message_id


# --- a mail that is asked for -----------------------------------------------------------------------------


@transaction.atomic
def ask_for_mail(learner: User, now: datetime) -> Reminder | None:
    """Claims a mail that the learner wants now, once in an ISO week; the next batch hands it over.

    None where there was one this week, or no mail can go to them.
    """
    recipient = Recipient.objects.select_for_update().filter(learner=learner).first()
    person = queries.people([learner.pk])[learner.pk]
    if recipient is None:
        return None
    if rules.decide(person.prospect(recipient, now, "active", is_asked_for=True), now):
        return None
    week = rules.iso_week_of(now, person.zone)
    year, number, _ = week.first_on.isocalendar()
    row, is_new = Reminder.objects.get_or_create(
        learner=learner,
        iso_year=year,
        iso_week=number,
        kind=Reminder.Kind.ASKED_FOR,
        defaults={
            "state": State.CLAIMED,
            "due_at": now,
            "claimed_at": now,
            "not_before": now,
        },
    )
    return row if is_new else None


# --- claim ------------------------------------------------------------------------------------------------


@transaction.atomic
def claim_due(now: datetime, limit: int) -> int:
    """Gives up to `limit` due learners their row for the week, skipped ones with the reason.

    Returns how many were due. Their next due moment moves on in the same transaction. Two claimers at once
    never have the same learner: on PostgreSQL each passes over the rows the other has locked, on SQLite the
    transaction is IMMEDIATE and the second waits.
    """
    due = queries.lock_due(now, limit)
    if not due:
        return 0
    claims: dict[tuple[str, Week], list[int]] = defaultdict(list)
    moved: dict[tuple[datetime, str | None], list[int]] = defaultdict(list)
    for each, zone_name, reason in _decided(due, now):
        # Learners of one zone and hour have one week and one next moment.
        week, upcoming = _week_and_next(each.due_at, each.weekday, each.hour, zone_name)
        claims[reason, week] += each.pks
        moved[upcoming, zone_name if zone_name != each.zone_name else None] += each.pks
    for (reason, week), pks in claims.items():
        _write_claims(pks, week, now, reason)
    # Learners of one hour move together: a few statements a batch, not one each.
    for (upcoming, new_zone), pks in moved.items():
        _move(pks, upcoming, new_zone)
    return sum(len(each.pks) for each in due)


def _week_and_next(due_at: datetime, weekday: int, hour: int, zone_name: str) -> tuple[Week, datetime]:
    """The week that a mail due at this moment is of, and when the next one is due."""
    zone = rules.zone_named(zone_name)
    week = rules.iso_week_of(due_at, zone)
    return week, rules.next_due_after_claim(week, weekday, hour, zone)


def _decided(due: Sequence[queries.Due], now: datetime) -> Iterator[tuple[queries.Due, str, str]]:
    """Each of these with its zone in force and the reason to skip it: empty where the mail goes out.

    Most are plain; the others are looked at closely, one by one, after the lock, so that a zone changed just
    before is the one in force.
    """
    for each in due:
        if each.is_plain:
            yield each, each.zone_name, ""
    others = [each for each in due if not each.is_plain]
    if not others:
        return
    recipients = Recipient.objects.in_bulk([pk for each in others for pk in each.pks])
    people = queries.people([row.learner_id for row in recipients.values()])
    _forget_other_addresses(recipients.values(), people)
    states = queries.plan_states({pk: now.astimezone(person.zone).date() for pk, person in people.items()})
    for each in others:
        for pk in each.pks:
            recipient = recipients[pk]
            person = people[recipient.learner_id]
            prospect = person.prospect(recipient, each.due_at, states[recipient.learner_id])
            yield each._replace(pks=[pk]), person.zone_name, rules.decide(prospect, now) or ""


# What is due is learnt of hundreds at once. Django takes several times as long to prepare so many rows and
# parameters as a database to write them; these keys are numbers that it has just given out itself.


def _write_claims(pks: Sequence[int], week: Week, now: datetime, reason: str) -> None:
    """Writes these recipients one row each, where the week has none: claimed, or skipped with the reason."""
    year, number, _ = week.first_on.isocalendar()
    row = Reminder(
        iso_year=year,
        iso_week=number,
        kind=Reminder.Kind.PROGRESS,
        state=State.SKIPPED if reason else State.CLAIMED,
        reason=reason,
        claimed_at=now,
        not_before=now,
        finished_at=now if reason else None,
    )
    own = {"learner": "learner_id", "due_at": "next_due_at"}
    columns: list[str] = []
    values: list[str] = []
    shared: list[Any] = []
    for field in Reminder._meta.concrete_fields:
        if field.primary_key:
            continue
        columns.append(connection.ops.quote_name(str(field.column)))
        values.append(own.get(field.name, "%s"))
        if field.name not in own:
            shared.append(field.get_db_prep_save(getattr(row, field.attname), connection))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO reminders_reminder ({', '.join(columns)}) "  # noqa: S608 - the model's own names
            f"SELECT {', '.join(values)} FROM reminders_recipient WHERE id IN ({_listed(pks)}) "
            "ON CONFLICT (learner_id, iso_year, iso_week, kind) DO NOTHING",
            shared,
        )


def _move(pks: Sequence[int], upcoming: datetime, new_zone: str | None) -> None:
    """These recipients are due next at this moment, and reckoned in a new zone where one is named."""
    changes = {"next_due_at": connection.ops.adapt_datetimefield_value(upcoming)}
    # A column that is named is written, and costs as much again, even where it stays as it is.
    changes |= {} if new_zone is None else {"zone": new_zone}
    assigned = ", ".join(f"{column} = %s" for column in changes)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE reminders_recipient SET {assigned} WHERE id IN ({_listed(pks)})",  # noqa: S608
            list(changes.values()),
        )


def _listed(pks: Sequence[int]) -> str:
    return ", ".join(map(str, pks))


def _forget_other_addresses(recipients: Collection[Recipient], people: Mapping[int, queries.Person]) -> None:
    """A bounce belongs to its address: who has confirmed another one gets mail again."""
    moved = [
        recipient
        for recipient in recipients
        if recipient.bounced_at
        and recipient.bounced_address not in {"", people[recipient.learner_id].address}
    ]
    for recipient in moved:
        recipient.bounced_at = None
    if moved:
        Recipient.objects.filter(pk__in=[row.pk for row in moved]).update(bounced_at=None)


# --- lease ------------------------------------------------------------------------------------------------


@transaction.atomic
def lease(now: datetime, limit: int, token: UUID) -> list[int]:
    """Takes up to `limit` waiting rows for the worker that made `token`; their ids."""
    ids = list(
        queries.claimable(now).select_for_update(skip_locked=True).values_list("pk", flat=True)[:limit]
    )
    if ids:
        Reminder.objects.filter(pk__in=ids).update(lease_token=token, leased_until=now + lease_length())
    return ids


def give_back(ids: Collection[int], token: UUID) -> None:
    """Ends the lease of rows not handed over: another worker may take them at once."""
    if ids:
        Reminder.objects.filter(pk__in=ids, state=State.CLAIMED, lease_token=token).update(
            lease_token=None, leased_until=None
        )


def put_off(ids: Collection[int], token: UUID, now: datetime, reason: str) -> None:
    """Ends the lease of rows whose hand-over never began, because no server answered; they wait a little."""
    if ids:
        Reminder.objects.filter(pk__in=ids, state=State.CLAIMED, lease_token=token).update(
            lease_token=None,
            leased_until=None,
            not_before=now + first_wait(),
            reason=reason[:REASON_LENGTH],
        )


# --- hand over --------------------------------------------------------------------------------------------

# The two writes that every mail costs, as text: Django takes longer to put the first together than a database
# to carry it out. It asks what `queries.wanted` and `queries.goes_to` ask, which a test holds.
_BEGIN = """
    UPDATE reminders_reminder
    SET state = %(state)s, handed_over_at = %(handed_over_at)s, leased_until = %(leased_until)s,
        log_token_hash = %(log_token_hash)s, log_activities = %(log_activities)s,
        log_password_stamp = %(log_password_stamp)s,
        message_id = COALESCE(NULLIF(%(message_id)s, ''), message_id)
    WHERE id = %(id)s AND state = 'claimed' AND lease_token = %(lease_token)s AND leased_until > %(now)s
        AND EXISTS (
            SELECT 1 FROM reminders_recipient AS recipient
            JOIN people_user AS learner ON learner.id = recipient.learner_id
            WHERE recipient.learner_id = reminders_reminder.learner_id
                AND recipient.consented_at IS NOT NULL
                AND recipient.unsubscribed_at IS NULL
                AND recipient.bounced_at IS NULL
                AND learner.is_active
                AND learner.deletion_due_at IS NULL
        )
        AND EXISTS (
            SELECT 1 FROM account_emailaddress AS address
            WHERE address.user_id = reminders_reminder.learner_id
                AND address.email = %(address)s AND address."primary" AND address.verified
        )
        AND NOT EXISTS (
            SELECT 1 FROM reminders_reminder AS other
            WHERE other.learner_id = reminders_reminder.learner_id
                AND other.iso_year >= reminders_reminder.iso_year - 1
                AND other.id <> reminders_reminder.id
                AND other.handed_over_at >= %(day_begins)s
                AND other.state IN ('handing_over', 'sent', 'unknown')
        )
"""
LATE_NEWS = (State.HANDING_OVER, State.UNKNOWN)
_FINISH = """
    UPDATE reminders_reminder
    SET state = %(state)s, reason = %(reason)s, finished_at = %(finished_at)s, leased_until = NULL
    WHERE id = %(id)s AND lease_token = %(lease_token)s AND state IN (%(before)s, %(or_before)s, %(or_else)s)
"""
_COLUMNS: dict[str, Any] = {field.name: field for field in Reminder._meta.concrete_fields}
# Where a value is no column's, the column whose form it has in the database.
_COLUMNS |= {"now": _COLUMNS["leased_until"], "day_begins": _COLUMNS["handed_over_at"]}
_COLUMNS |= {"address": Recipient._meta.get_field("bounced_address")}
_COLUMNS |= dict.fromkeys(("before", "or_before", "or_else"), _COLUMNS["state"])


def _wrote(statement: str, **values: object) -> bool:
    """Whether a guarded write found its row. The values are written as their columns are."""
    written = {name: _COLUMNS[name].get_db_prep_save(value, connection) for name, value in values.items()}
    with connection.cursor() as cursor:
        cursor.execute(statement, written)
        changed: int = cursor.rowcount
    return changed == 1


def begin_hand_over(
    reminder_id: int,
    token: UUID,
    address: str,
    now: datetime,
    link: LogLink | None = None,
    *,
    message_id: str = "",
    day_begins: datetime | None = None,
) -> bool:
    """claimed -> handing_over, committed before the body leaves. False where it must not leave.

    What the mail's log link needs is kept by the same write; an earlier attempt's link is void with it.
    message_id: of the mail; the row keeps what it has where it is empty. day_begins: the learner's; where
    another mail of any kind went since, this one does not. It is decided before, and here once more for two
    batches at one moment.

    One statement asks again whether the row is this worker's, the lease runs, the mail is wanted and the
    address still the learner's. The lease is renewed, so that no sweep takes a hand-over that is under way.
    """
    return _wrote(
        _BEGIN,
        state=State.HANDING_OVER,
        handed_over_at=now,
        leased_until=now + lease_length(),
        log_token_hash=link.token_hash if link else "",
        log_activities=list(link.activity_keys) if link else [],
        log_password_stamp=link.password_stamp if link else "",
        message_id=message_id,
        day_begins=day_begins or now + timedelta(days=1),
        id=reminder_id,
        lease_token=token,
        now=now,
        address=address,
    )


def record_sent(reminder_id: int, token: UUID, now: datetime, reply: str) -> bool:
    """handing_over -> sent: the server has taken the mail.

    Also of a row that a worker whose clock is ahead took for abandoned: who has the lease's token knows.
    """
    return _finish(reminder_id, token, now, before=LATE_NEWS, state=State.SENT, reason=reply)


def record_unknown(reminder_id: int, token: UUID, now: datetime, reason: str) -> bool:
    """handing_over -> unknown: whether the server has taken the mail cannot be known."""
    return _finish(reminder_id, token, now, before=[State.HANDING_OVER], state=State.UNKNOWN, reason=reason)


def record_failed(reminder_id: int, token: UUID, now: datetime, reason: str) -> bool:
    """-> failed: the server refused the mail for good."""
    before = (State.CLAIMED, *LATE_NEWS)
    return _finish(reminder_id, token, now, before=before, state=State.FAILED, reason=reason)


def record_skipped(reminder_id: int, token: UUID, now: datetime, reason: str) -> bool:
    """claimed -> skipped: something changed since the claim."""
    return _finish(reminder_id, token, now, before=[State.CLAIMED], state=State.SKIPPED, reason=reason)


def _finish(
    reminder_id: int, token: UUID, now: datetime, *, before: Collection[str], state: str, reason: str
) -> bool:
    first, second, third = (*before, *before, *before)[:3]
    return _wrote(
        _FINISH,
        state=state,
        reason=reason[:REASON_LENGTH],
        finished_at=now,
        id=reminder_id,
        lease_token=token,
        before=first,
        or_before=second,
        or_else=third,
    )


def record_again(reminder_id: int, token: UUID, now: datetime, reason: str, *, attempts: int) -> bool:
    """-> claimed: refused for now, or certainly not taken. `attempts` counts this one too."""
    changed = Reminder.objects.filter(
        pk=reminder_id, state__in=queries.OPEN_STATES, lease_token=token
    ).update(
        state=State.CLAIMED,
        reason=reason[:REASON_LENGTH],
        attempts=attempts,
        not_before=now + rules.wait_after(attempts, first_wait()),
        handed_over_at=None,
        lease_token=None,
        leased_until=None,
        log_token_hash="",
    )
    return changed == 1


# --- sweep ------------------------------------------------------------------------------------------------


def sweep(now: datetime) -> None:
    """Settles what dead workers have left.

    A hand-over whose lease has lapsed becomes unknown and is never repeated by machine. A claimed row whose
    lease has lapsed is free. What is more than 48 h late and in nobody's hands is skipped.
    """
    Reminder.objects.filter(state=State.HANDING_OVER, leased_until__lte=now).update(
        state=State.UNKNOWN,
        reason="The worker ended while it handed the mail over; whether the server took it is not known.",
        finished_at=now,
        leased_until=None,
    )
    Reminder.objects.filter(state=State.CLAIMED, leased_until__lte=now).update(
        lease_token=None, leased_until=None
    )
    late = Reminder.objects.filter(
        state=State.CLAIMED, leased_until__isnull=True, due_at__lt=now - rules.LATE_AFTER
    )
    late.filter(reason="").update(state=State.SKIPPED, reason=rules.Skip.LATE, finished_at=now)
    late.filter(~Q(reason="")).update(
        state=State.SKIPPED,
        reason=Concat(Value(f"{rules.Skip.LATE}; last: "), Substr(F("reason"), 1, REASON_LENGTH - 20)),
        finished_at=now,
    )


# --- calendar feed ----------------------------------------------------------------------------------------

READ_IS_WRITTEN_EVERY = timedelta(hours=1)


class HasAddress(ValueError):
    """The learner's feed has an address, which is not replaced unasked."""


@transaction.atomic
def make_feed_address(learner: User, *, replaces: bool, now: datetime) -> str:
    """A new token for the address of the learner's calendar feed. It is kept nowhere; the one before is void.

    Raises `HasAddress` where there is one and it is not said to be replaced.
    """
    lock_learner(learner)  # two made at the same moment: the second sees the first
    token = secrets.token_urlsafe(32)
    feed = CalendarFeed.objects.filter(learner=learner).first()
    if feed is None:
        CalendarFeed.objects.create(
            learner=learner,
            token_hash=token_hash(token),
            uid_secret=secrets.token_hex(32),
            made_at=now,
            changed_at=now.replace(microsecond=0),
        )
        return token
    if feed.token_hash and not replaces:
        raise HasAddress
    feed.token_hash, feed.made_at, feed.last_read_at = token_hash(token), now, None
    feed.save(update_fields=["token_hash", "made_at", "last_read_at"])
    return token


@transaction.atomic
def end_feed_address(learner: User) -> bool:
    """The address of the learner's feed is void from now on. Returns whether there was one."""
    feeds = CalendarFeed.objects.filter(learner=learner).exclude(token_hash="")
    return feeds.update(token_hash="") > 0


def end_all_feed_addresses() -> None:
    """Everybody's addresses of feeds are void from now on."""
    CalendarFeed.objects.exclude(token_hash="").update(token_hash="")


def note_read(feed: CalendarFeed, content_hash: str, *, now: datetime) -> CalendarFeed | None:
    """Keeps that a feed was read, and whether its contents are others than at the last time.

    Most reads write nothing. Returns the feed as it now is; None where its address has just ended.
    """
    here = CalendarFeed.objects.filter(pk=feed.pk, token_hash=feed.token_hash)
    if feed.content_hash != content_hash:
        # The condition lets one of several reads at once count the change; all of them read what it wrote.
        here.filter(content_hash=feed.content_hash, sequence=feed.sequence).update(
            content_hash=content_hash,
            sequence=F("sequence") + 1,
            changed_at=now.replace(microsecond=0),
            last_read_at=now,
        )
        return here.first()
    if feed.last_read_at is None or now - feed.last_read_at >= READ_IS_WRITTEN_EVERY:
        here.filter(last_read_at=feed.last_read_at).update(last_read_at=now)
    return feed
