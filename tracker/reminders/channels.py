"""Where a learner's message goes: chosen, tested, confirmed, used, given up. Every write is guarded."""

import secrets
from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q

from tracker.people.actions import lock_learner
from tracker.people.models import User
from tracker.reminders import destinations, queries
from tracker.reminders.actions import REASON_LENGTH, lease_length
from tracker.reminders.models import Channel, Reminder

Kind, Trial = Channel.Kind, Channel.Trial
_NEW = {
    "confirmed_at": None,
    "failed_at": None,
    "failed_reason": "",
    "confirm_token": "",
    "trial": Trial.NONE,
    "trial_reason": "",
}


class Refused(ValueError):
    """Not now; the message says why, in a sentence."""


def channel_of(learner_id: int) -> Channel | None:
    """What the learner chose, if they chose."""
    return Channel.objects.filter(learner_id=learner_id).first()


@transaction.atomic
def choose(learner: User, kind: str, *, address: str, token: str, now: datetime) -> Channel:
    """Notes where the message is to go. Anything but mail is used once a test of it is confirmed.

    address: as `destinations` has read it; nothing for mail. token: ntfy's; a web hook gets a new secret,
    which the row alone has.
    """
    lock_learner(learner)  # two choices at the same moment: the second sees the first
    secret = {Kind.NTFY: token, Kind.HOOK: f"whsec_{secrets.token_hex(32)}"}.get(Kind(kind), "")
    row, _ = Channel.objects.update_or_create(
        learner=learner,
        defaults={
            **_NEW,
            "kind": kind,
            "address": "" if kind == Kind.MAIL else address,
            "secret": secret,
            "chosen_at": now,
        },
    )
    return row


# --- the test ---------------------------------------------------------------------------------------------


@transaction.atomic
def ask_for_trial(learner: User, now: datetime) -> Channel:
    """Notes that the learner wants a test message to what they chose, once a minute at most.

    Raises `Refused`. Whoever calls asks a worker for it once this is committed.
    """
    code = "".join(secrets.choice(destinations.CODE_LETTERS) for _ in range(destinations.CODE_LENGTH))
    rows = Channel.objects.filter(learner=learner).exclude(kind=Kind.MAIL)
    if not rows.exists():
        raise Refused("There is nothing to test: the message goes by mail.")
    # One statement asks and writes: of two clicks at once the second finds the first's moment.
    changed = rows.filter(
        Q(tested_at__isnull=True) | Q(tested_at__lte=now - destinations.TRIALS_APART)
    ).update(number=F("number") + 1, tested_at=now, trial=Trial.WAITING, trial_reason="", confirm_token=code)
    if not changed:
        raise Refused("A test was asked for less than a minute ago. Another can be in a minute.")
    return rows.get()


def waiting_trial(channel_id: int, number: int, now: datetime) -> Channel | None:
    """The channel whose test with this number waits and is not void yet."""
    row = Channel.objects.filter(
        pk=channel_id,
        number=number,
        trial=Trial.WAITING,
        tested_at__gte=now - destinations.TRIAL_GOOD_FOR,
        learner__is_active=True,
        learner__deletion_due_at__isnull=True,
    )
    return row.first()


def begin_trial(row: Channel) -> bool:
    """waiting -> handing_over, committed before the request leaves."""
    return _change_trial(row, [Trial.WAITING], trial=Trial.HANDING_OVER)


def finish_trial(row: Channel, state: str, reason: str) -> bool:
    """What became of the test."""
    before = [Trial.WAITING, Trial.HANDING_OVER]
    return _change_trial(row, before, trial=state, trial_reason=reason[:REASON_LENGTH])


def _change_trial(row: Channel, before: list[Channel.Trial], **fields: object) -> bool:
    rows = Channel.objects.filter(pk=row.pk, number=row.number, trial__in=before)
    return rows.update(**fields) == 1


@transaction.atomic
def confirm(learner: User, typed: str, now: datetime) -> Channel:
    """From now on the message goes by the channel, whose test brought the code that was typed.

    Raises `Refused`.
    """
    row = Channel.objects.select_for_update().filter(learner=learner).exclude(kind=Kind.MAIL).first()
    if row is None:
        raise Refused("There is nothing to confirm: the message goes by mail.")
    if not destinations.is_code(row.confirm_token, typed, row.tested_at, now):
        raise Refused("That is not the code of the last test. Look again, or send another test.")
    row.confirmed_at, row.failed_at, row.failed_reason, row.confirm_token = now, None, "", ""
    row.save(update_fields=["confirmed_at", "failed_at", "failed_reason", "confirm_token"])
    return row


# --- the weekly message -----------------------------------------------------------------------------------


def used_by(learner_ids: Collection[int]) -> dict[int, Channel]:
    """The channels of these learners that are in use, or were until they failed. One query."""
    rows = Channel.objects.filter(
        Q(confirmed_at__isnull=False) | Q(failed_at__isnull=False), learner_id__in=learner_ids
    )
    return {row.learner_id: row for row in rows}


def begin_hand_over(
    reminder: Reminder, token: UUID, channel: Channel, now: datetime, day_begins: datetime | None = None
) -> bool:
    """claimed -> handing_over, committed before the request leaves. False where it must not leave.

    As `actions.begin_hand_over`, which asks for the address of a mail where this asks for the channel: it is
    still confirmed, and nothing else was chosen. The message holds no link that logs.
    """
    still = Channel.objects.filter(
        pk=channel.pk,
        learner_id=OuterRef("learner_id"),
        confirmed_at__isnull=False,
        chosen_at=channel.chosen_at,
    )
    first = queries.is_first_of_day(day_begins) if day_begins else Q()
    changed = Reminder.objects.filter(
        queries.wanted(),
        first,
        Exists(still),
        pk=reminder.pk,
        state=Reminder.State.CLAIMED,
        lease_token=token,
        leased_until__gt=now,
    ).update(
        state=Reminder.State.HANDING_OVER,
        handed_over_at=now,
        leased_until=now + lease_length(),
        channel=channel.kind,
        message_id=reminder.message_id,
        log_token_hash="",
    )
    return changed == 1


def give_up(channel: Channel, reason: str, now: datetime) -> bool:
    """The channel refused a message for good: it is mail from now on, and settings say why."""
    changed = Channel.objects.filter(
        pk=channel.pk, chosen_at=channel.chosen_at, confirmed_at__isnull=False
    ).update(
        confirmed_at=None, failed_at=now, failed_reason=destinations.as_sentence(reason[: REASON_LENGTH - 1])
    )
    return changed == 1


def note_mail(reminder_ids: Collection[int], token: UUID) -> None:
    """These rows of the worker that made `token` go by mail after all."""
    if reminder_ids:
        Reminder.objects.filter(pk__in=reminder_ids, lease_token=token).update(channel=Kind.MAIL)


def unconfirm_all() -> None:
    """Everybody's message goes by mail until they have tested and confirmed their channel again."""
    Channel.objects.filter(confirmed_at__isnull=False).update(confirmed_at=None)
