"""Hands a message over to a learner's own channel: a web hook, or a topic of ntfy."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from django.conf import settings

from tracker.reminders import outbound
from tracker.reminders.destinations import (
    Destination,
    Refused,
    answer_outcome,
    answer_words,
    read_address,
    read_topic,
    signature,
)
from tracker.reminders.models import Channel
from tracker.reminders.notices import Notice
from tracker.reminders.outbound import NoAnswerError, NotSentError
from tracker.reminders.rules import Outcome
from tracker.reminders.smtp import Result

# ntfy makes a file of a message that is longer.
NTFY_BYTES = 3_500


class ChannelCourier(Protocol):
    """Hands one message over, as `delivery.Courier` does a mail."""

    def hand_over(self, notice: Notice, begin: Callable[[], bool]) -> Result:
        """Calls `begin` right before the receiver can have it.

        Raises CalledOffError where that said no, and what it raises.
        """


class HookCourier:
    """A JSON body, signed with the learner's secret."""

    def __init__(self, address: str, secret: str) -> None:
        self._address = address
        self._secret = secret

    def hand_over(self, notice: Notice, begin: Callable[[], bool]) -> Result:
        # The address is read anew each time: what the operator has listed may have changed.
        try:
            destination = read_address(self._address, settings.HOOK_HOSTS)
        except Refused as refusal:
            return Result(Outcome.AGAIN, f"Not sent to the web hook: {refusal}")
        body = _json(notice.as_json())
        fields = {
            "Content-Type": "application/json",
            "Idempotency-Key": f'"{notice.id}"',
            "Cairn-Signature": signature(self._secret, notice.at, body),
        }
        return _posted("the web hook", destination, fields, body, begin)


class NtfyCourier:
    """Published as JSON, to the server's own address: header fields would hold ASCII alone."""

    def __init__(self, address: str, token: str) -> None:
        self._address = address
        self._token = token

    def hand_over(self, notice: Notice, begin: Callable[[], bool]) -> Result:
        try:
            server, topic = read_topic(self._address, settings.HOOK_HOSTS)
        except Refused as refusal:
            return Result(Outcome.AGAIN, f"Not sent to ntfy: {refusal}")
        message = {
            "topic": topic,
            "title": notice.headline,
            "message": notice.as_text().encode()[:NTFY_BYTES].decode(errors="ignore"),
            "click": notice.url,
            "tags": ["books"],
            "actions": [{"action": "view", "label": "Settings", "url": notice.settings_url}],
        }
        fields = {"Content-Type": "application/json"}
        if self._token:
            fields["Authorization"] = f"Bearer {self._token}"
        return _posted("ntfy", server, fields, _json(message), begin)


def courier_for(channel: Channel) -> ChannelCourier:
    """The courier of a channel that is not mail."""
    if channel.kind == Channel.Kind.HOOK:
        return HookCourier(channel.address, channel.secret)
    return NtfyCourier(channel.address, channel.secret)


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _posted(
    whom: str,
    destination: Destination,
    fields: Mapping[str, str],
    body: bytes,
    begin: Callable[[], bool],
) -> Result:
    """What became of one POST, in words for the record."""
    # `begin` renews the lease: what comes after it must have ended before a sweep could take it for dead.
    seconds = min(outbound.SECONDS, settings.REMINDER_LEASE_SECONDS / 2)
    try:
        status = outbound.post(destination, fields, body, begin, seconds=seconds)
    except NotSentError as error:
        return Result(Outcome.AGAIN, f"Not sent to {whom}: {error}")
    except NoAnswerError as error:
        return Result(Outcome.UNKNOWN, f"No answer from {whom} after all was sent: {error}")
    return Result(answer_outcome(status), answer_words(whom, status))
