"""A test mail: asked for by staff, sent by a worker the way the weekly mail goes, its outcome kept.

The page that asks does not talk to the mail server, which may not answer. What became of it is a row, not a
value in the cache: it is still there when the cache is what is broken, and it is what limits how often one
may ask and lets a repeated message send nothing.
"""

import logging
import secrets
from collections.abc import Callable
from datetime import datetime
from email.utils import format_datetime

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.template.loader import render_to_string

from tracker.addresses import url
from tracker.people.models import User
from tracker.reminders import delivery, mail, queries, rules
from tracker.reminders.actions import REASON_LENGTH
from tracker.reminders.models import MailTrial
from tracker.reminders.rules import Outcome
from tracker.reminders.smtp import Result

log = logging.getLogger(__name__)

State = MailTrial.State


class Refused(ValueError):
    """No test mail now; the message says why."""


@transaction.atomic
def ask(learner: User, now: datetime) -> MailTrial:
    """Notes that `learner` wants a test mail to their confirmed address, once a minute at most.

    Raises `Refused`. Whoever calls asks a worker for it once this is committed.
    """
    if not _address_of(learner.pk):
        raise Refused("Your address is not confirmed, so no test mail goes there.")
    row, is_new = MailTrial.objects.get_or_create(learner=learner, defaults={"asked_at": now})
    if not is_new:
        # One statement asks and writes: of two clicks at once the second finds the first's moment.
        changed = MailTrial.objects.filter(pk=row.pk, asked_at__lte=now - rules.TRIALS_APART).update(
            number=F("number") + 1, asked_at=now, state=State.WAITING, reason="", finished_at=None
        )
        if not changed:
            raise Refused("A test mail was asked for less than a minute ago. Another can be in a minute.")
        row.refresh_from_db()
    return row


def _address_of(learner_id: int) -> str:
    """The confirmed address of an active account; empty where there is none."""
    person = queries.people([learner_id]).get(learner_id)
    return person.address if person and person.is_active else ""


def could_not_ask(row: MailTrial, now: datetime) -> None:
    """No worker was told, because the queue is away: the test mail is not sent."""
    _finish(row, now, State.FAILED, "The queue (Redis) is away, so no worker was told.")


def send(trial_id: int, number: int, *, now: Callable[[], datetime]) -> None:
    """Hands over the test mail that was asked for as the `number`-th; nothing where it is not waiting."""
    row = MailTrial.objects.filter(pk=trial_id, number=number, state=State.WAITING).first()
    if row is None or now() - row.asked_at > rules.TRIAL_GOOD_FOR:
        return
    address = _address_of(row.learner_id)
    if not address:
        _finish(row, now(), State.FAILED, "The address is not confirmed any more.")
        return
    begun = False

    def begin() -> bool:
        nonlocal begun
        begun = _change(row, [State.WAITING], state=State.HANDING_OVER)
        return begun

    try:
        result = _hand_over(trial_letter(address, now()), begin)
    except Exception as error:
        log.exception("A test mail could not be handed over.")
        result = Result(Outcome.UNKNOWN if begun else Outcome.FAILED, f"{type(error).__name__}: {error}")
    if result is None:
        return  # Another worker has it, or it was asked for anew.
    # What would be tried again is not: who asked is looking.
    states = {Outcome.SENT: State.SENT, Outcome.UNKNOWN: State.UNKNOWN}
    state = states.get(result.outcome, State.FAILED)
    delivery.surely(lambda: _finish(row, now(), state, result.reason))


def _hand_over(letter: mail.Letter, begin: Callable[[], bool]) -> Result | None:
    """One letter over a connection of its own; None where `begin` says no."""
    courier = delivery.courier()
    try:
        courier.ready_for(1)
        return courier.hand_over([letter], lambda places: places if begin() else ())[0]
    except delivery.NoServerError as error:
        return Result(Outcome.FAILED, str(error))
    finally:
        courier.close()


def _finish(row: MailTrial, at: datetime, state: str, reason: str) -> bool:
    open_states = [State.WAITING, State.HANDING_OVER]
    return _change(row, open_states, state=state, reason=reason[:REASON_LENGTH], finished_at=at)


def _change(row: MailTrial, before: list[State], **fields: object) -> bool:
    """One guarded write: the row as it was asked for, in a state that allows it."""
    rows = MailTrial.objects.filter(pk=row.pk, number=row.number, state__in=before)
    return rows.update(**fields) == 1


def trial_letter(address: str, now: datetime) -> mail.Letter:
    """The test mail. It is of no list, so it says nothing of unsubscribing."""
    content = {"status_url": url("status"), "at": now}
    return mail.Letter(
        reminder_id=0,  # of no reminder
        sender=settings.DEFAULT_FROM_EMAIL,
        to=address,
        subject="Test mail",
        text=mail.plain(render_to_string("emails/reminders/trial.txt", content)),
        html=render_to_string("emails/reminders/trial.html", content),
        headers={
            "Message-ID": f"<test.{secrets.token_hex(12)}@{settings.MAIL_DOMAIN}>",
            "Date": format_datetime(now),
            "Auto-Submitted": "auto-generated",
        },
    )
