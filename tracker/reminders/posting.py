"""The messages of a batch that go by their learner's channel: which do, and one of them handed over.

What no channel takes goes by mail: at once where it was refused for good, after a day where it was only put
off. Either way the receiver certainly does not have it.
"""

import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

from tracker.library import words
from tracker.plans.queries import Standing
from tracker.reminders import channels, destinations, notices
from tracker.reminders.couriers import courier_for
from tracker.reminders.models import Channel
from tracker.reminders.outbound import CalledOffError
from tracker.reminders.queries import Leased
from tracker.reminders.rules import Outcome
from tracker.reminders.smtp import Result

log = logging.getLogger(__name__)


def with_channels(rows: Collection[Leased], now: datetime) -> list[Leased]:
    """The rows with the channel that each goes by; those that go by mail after all say why.

    One query, however many they are.
    """
    used = channels.used_by([row.person.learner_id for row in rows])
    return [_with_channel(row, used.get(row.person.learner_id), now) for row in rows]


def _with_channel(row: Leased, channel: Channel | None, now: datetime) -> Leased:
    if channel is None:
        return row
    if channel.failed_at is not None:
        day = words.long_date(channel.failed_at.astimezone(row.person.zone).date())
        whom = f"{channel.words[0].upper()}{channel.words[1:]}"
        return replace(
            row, remark=f"{whom} refused a message on {day}, so this comes by mail; Settings say why."
        )
    if destinations.goes_by_mail(row.reminder.due_at, row.reminder.attempts, now):
        return replace(
            row, remark=f"For a day this could not be sent to {channel.words}, so it comes by mail."
        )
    return replace(row, channel=channel)


def post(
    row: Leased,
    standing: Standing,
    completed: Sequence[tuple[str, date]],
    *,
    is_short: bool,
    token: UUID,
    now: Callable[[], datetime],
    surely: Callable[[Callable[[], object]], None],
) -> Result | None:
    """Hands one message over. None where it was called off.

    A channel that refuses for good is put out of use, and the message may be tried again: by mail.
    is_short: the one line of who has been silent. surely: writes what has to be written.
    """
    channel = row.channel
    assert channel is not None
    begun = False

    def begin() -> bool:
        nonlocal begun
        at = now()
        begun = channels.begin_hand_over(row.reminder, token, channel, at, row.person.day_begins(at))
        return begun

    try:
        if is_short:
            notice = notices.short_notice(row, standing, now(), completed)
        else:
            notice = notices.weekly_notice(row, standing, now())
        result = courier_for(channel).hand_over(notice, begin)
    except CalledOffError:
        return None
    except Exception as error:
        log.exception("The message of reminder %d could not be sent.", row.reminder.pk)
        # Where it was `begin` that failed, nothing left, whether or not its write was kept.
        outcome = Outcome.UNKNOWN if begun else Outcome.AGAIN
        return Result(outcome, f"The message could not be sent: {error}")
    if result.outcome is not Outcome.FAILED:
        return result
    surely(lambda: channels.give_up(channel, result.reason, now()))
    return Result(Outcome.AGAIN, f"{destinations.as_sentence(result.reason)} It goes by mail.")
