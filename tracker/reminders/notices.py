"""What the weekly mail says, for a channel that is no mail: short, and with no link that opens anything.

A topic or a hook may be read by others than its learner, so its links lead to pages behind the log-in: the
token that logs without one stays with the mail.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from tracker.addresses import url
from tracker.library import words
from tracker.plans.queries import Standing
from tracker.reminders import mail
from tracker.reminders.mail import plain
from tracker.reminders.queries import Leased

VERSION = 1


@dataclass(frozen=True, slots=True)
class Next:
    """An open activity: its key, what it still takes, where it is opened and where study of it is logged."""

    key: str
    title: str
    module: str
    minutes: int
    url: str
    log_url: str


@dataclass(frozen=True, slots=True)
class Notice:
    """One message.

    kind: weekly, short or test. id: the same however often it is tried, and no other message's. week: the
    ISO week it is of, as `2026-W47`. unsubscribe_url: needs no log-in and ends this message; a hook alone
    gets it. code: what a test asks to be typed.
    """

    kind: str
    id: str
    at: datetime
    headline: str
    week: str = ""
    sentences: Sequence[str] = ()
    next: Sequence[Next] = ()
    url: str = ""
    settings_url: str = ""
    unsubscribe_url: str = ""
    code: str = ""

    def as_json(self) -> dict[str, Any]:
        """The body of a hook, as docs/channels.md describes it."""
        said: dict[str, Any] = {
            "version": VERSION,
            "kind": self.kind,
            "id": self.id,
            "at": f"{self.at:%Y-%m-%dT%H:%M:%SZ}",
            "headline": self.headline,
            "sentences": list(self.sentences),
            "links": {
                name: address
                for name, address in (
                    ("today", self.url),
                    ("settings", self.settings_url),
                    ("unsubscribe", self.unsubscribe_url),
                )
                if address
            },
        }
        if self.kind == "test":
            return {**said, "code": self.code}
        return {
            **said,
            "week": self.week,
            "next": [
                {
                    "key": each.key,
                    "title": each.title,
                    "module": each.module,
                    "minutes": each.minutes,
                    "url": each.url,
                    "log_url": each.log_url,
                }
                for each in self.next
            ],
        }

    def as_text(self) -> str:
        """All but the headline, for a notification."""
        lines = list(self.sentences)
        lines += [f"{each.title} ({plain(words.hours(each.minutes))})" for each in self.next]
        return "\n".join(lines)


def weekly_notice(leased: Leased, standing: Standing, now: datetime) -> Notice:
    """The message of the week, from where its learner stands."""
    facts = mail.facts(standing)
    said = [f"{facts[0].upper()}{facts[1:]}."] if facts else []
    said += mail.sentences(standing)
    if mail.is_empty(standing):
        said.append("If the plan no longer fits, change it or pause it.")
    if finish := mail.finish_sentence(standing):
        said.append(finish)
    return _notice(
        "weekly",
        leased,
        now,
        headline=mail.headline(standing),
        sentences=said,
        next=[
            Next(
                key=item.standing.activity.key,
                title=item.standing.activity.title,
                module=item.module.title,
                minutes=item.standing.remaining_minutes,
                url=url("activity", item.module.key, item.standing.activity.key.partition(".")[2]),
                log_url=mail.log_url("", item.standing.activity.key),
            )
            for item in standing.next
        ],
    )


def short_notice(
    leased: Leased, standing: Standing, now: datetime, completed: Sequence[tuple[str, date]] = ()
) -> Notice:
    """The one short line a month of who has been silent."""
    signs = [on for on in (standing.last_sign_on, *(on for _, on in completed)) if on is not None]
    headline = f"Nothing logged since {words.long_date(max(signs))}" if signs else "Nothing logged yet"
    rests = ["Until you log again, one short message a month."]
    return _notice("short", leased, now, headline=headline, sentences=rests)


def _notice(
    kind: str,
    leased: Leased,
    now: datetime,
    *,
    headline: str,
    sentences: Sequence[str],
    next: Sequence[Next] = (),
) -> Notice:
    row = leased.reminder
    return Notice(
        kind=kind,
        id=row.message_id.strip("<>"),
        at=now,
        week=f"{row.iso_year}-W{row.iso_week:02}",
        headline=plain(headline),
        sentences=[plain(each) for each in sentences],
        next=next,
        url=url("today"),
        settings_url=url("channel"),
        unsubscribe_url=mail.unsubscribe_url(leased.recipient.unsubscribe_token),
    )


def trial_notice(message_id: str, code: str, now: datetime) -> Notice:
    """The test: it asks for its code to be typed, which shows that its reader is the learner."""
    shown = f"{code[:4]}-{code[4:]}"
    return Notice(
        kind="test",
        id=message_id,
        at=now,
        headline=f"Test from Cairn: {shown}",
        sentences=[f"Type {shown} in Cairn’s settings, and the weekly message comes here."],
        url=url("channel"),
        settings_url=url("channel"),
        code=code,
    )
