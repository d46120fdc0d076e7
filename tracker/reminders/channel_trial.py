"""A test message to a learner's channel: asked for in settings, sent by a worker, its outcome kept."""

import logging
import secrets
from collections.abc import Callable
from datetime import datetime

from django.conf import settings

from tracker.reminders import channels, delivery
from tracker.reminders.couriers import courier_for
from tracker.reminders.models import Channel
from tracker.reminders.notices import trial_notice
from tracker.reminders.outbound import CalledOffError
from tracker.reminders.rules import Outcome
from tracker.reminders.smtp import Result

log = logging.getLogger(__name__)

Trial = Channel.Trial


def could_not_ask(row: Channel) -> None:
    """No worker was told, because the queue is away: the test is not sent."""
    channels.finish_trial(row, Trial.FAILED, "The queue (Redis) is away, so no worker was told.")


def send(channel_id: int, number: int, *, now: Callable[[], datetime]) -> None:
    """Sends the test that was asked for as the `number`-th, once; nothing where it does not wait."""
    row = channels.waiting_trial(channel_id, number, now())
    if row is None:
        return
    begun = False

    def begin() -> bool:
        nonlocal begun
        begun = channels.begin_trial(row)
        return begun

    notice = trial_notice(f"test.{secrets.token_hex(12)}@{settings.MAIL_DOMAIN}", row.confirm_token, now())
    try:
        result = courier_for(row).hand_over(notice, begin)
    except CalledOffError:
        return  # Another worker has it, or something else was chosen.
    except Exception as error:
        log.exception("A test of a channel could not be sent.")
        result = Result(Outcome.UNKNOWN if begun else Outcome.FAILED, f"{type(error).__name__}: {error}")
    # What would be tried again is not: who asked is looking.
    states = {Outcome.SENT: Trial.SENT, Outcome.UNKNOWN: Trial.UNKNOWN}
    state = states.get(result.outcome, Trial.FAILED)
    delivery.surely(lambda: channels.finish_trial(row, state, result.reason))
