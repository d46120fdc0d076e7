"""What the weekly mail says, and the message that carries it."""

import binascii
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from tracker.addresses import secret_url, url
from tracker.library import prose, words
from tracker.plans.queries import NextActivity, Standing
from tracker.plans.rules.weeks import average
from tracker.recall import queries as recall_queries
from tracker.reminders import rules
from tracker.reminders.models import Recipient
from tracker.reminders.queries import Leased

# Header lines are not folded: some readers of List-Unsubscribe take a folded address for a broken one.
_POLICY = SMTP.clone(max_line_length=998)
_POLICY_UTF8 = _POLICY.clone(utf8=True)


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail, ready to be handed over."""

    reminder_id: int
    sender: str
    to: str
    subject: str
    text: str
    html: str
    headers: Mapping[str, str]

    @property
    def needs_utf8(self) -> bool:
        """Whether only a server with SMTPUTF8 can take it: the address's local part is not ASCII."""
        return not self.to.rpartition("@")[0].isascii()

    def as_bytes(self) -> bytes:
        """The message as SMTP carries it: CRLF, seven bits, no line over 76 characters in the bodies.

        Only the headers of a letter that `needs_utf8` hold more than ASCII.
        """
        boundary = f"=_{hashlib.sha256(self.headers['Message-ID'].encode()).hexdigest()[:32]}"
        fields = {
            "From": self.sender,
            "To": to_ascii_domain(self.to),
            "Subject": self.subject,
            **self.headers,
            "MIME-Version": "1.0",
            "Content-Type": f'multipart/alternative; boundary="{boundary}"',
        }
        head = b"".join(_field(name, value, self.needs_utf8) for name, value in fields.items())
        edge = f"--{boundary}".encode()
        parts = [_part("plain", self.text), _part("html", self.html)]
        return head + b"".join(b"\r\n%b\r\n%b" % (edge, part) for part in parts) + b"\r\n%b--\r\n" % edge

    def as_django(self, connection: Any) -> EmailMultiAlternatives:
        """The message for a Django backend that is not SMTP."""
        message = EmailMultiAlternatives(
            subject=self.subject,
            body=self.text,
            from_email=self.sender,
            to=[to_ascii_domain(self.to)],
            headers=dict(self.headers),
            connection=connection,
        )
        message.attach_alternative(self.html, "text/html")
        return message


def _field(name: str, value: str, utf8: bool) -> bytes:
    """A header field with its line end.

    Plain words are written as they are: the standard library takes apart and puts together every field, which
    takes three times as long as writing the rest of the mail. What is more than plain words is left to it.
    """
    if "\r" in value or "\n" in value:
        raise ValueError(f"A linefeed or carriage return in the field {name}.")
    if _PLAIN[name in _ADDRESSES].fullmatch(value) and "=?" not in value:
        return f"{name}: {value}\r\n".encode()
    return _written_field(name, value, utf8)


# What needs neither quotes nor encoding nor another line. An address has no name beside it.
_ADDRESSES = {"From", "To"}
_PLAIN = {
    False: re.compile(r"[ -~]{1,900}"),
    True: re.compile(r"[A-Za-z0-9_+-]+(\.[A-Za-z0-9_+-]+)*@[A-Za-z0-9.-]+"),
}


@lru_cache(maxsize=256)
def _written_field(name: str, value: str, utf8: bool) -> bytes:
    """A header field as the standard library writes it. The sender's is the same in every mail."""
    message = EmailMessage(_POLICY_UTF8 if utf8 else _POLICY)
    message[name] = value
    return message.as_bytes().removesuffix(b"\r\n")


def _part(kind: str, text: str) -> bytes:
    """One body in quoted-printable, which every server and gateway leaves as it is."""
    body = binascii.b2a_qp(text.encode(), istext=True).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    return b"".join(
        (
            f'Content-Type: text/{kind}; charset="utf-8"\r\n'.encode(),
            b"Content-Transfer-Encoding: quoted-printable\r\n\r\n",
            body,
        )
    )


def to_ascii_domain(address: str) -> str:
    """The address with its domain in ASCII; raises ValueError where it cannot be."""
    local, _, domain = address.rpartition("@")
    return address if domain.isascii() else f"{local}@{domain.encode('idna').decode('ascii')}"


# --- what it says -----------------------------------------------------------------------------------------


def weekly_letter(
    leased: Leased,
    standing: Standing,
    now: datetime,
    log_token: str,
    completed: Sequence[tuple[str, date]] = (),
    recheck_key: str = "",
) -> Letter:
    """The mail for one leased row, from where its learner stands.

    log_token: opens its page for logging; empty for a preview, which leads to the form behind the log-in.
    completed: the learner's milestones with their days. recheck_key: of the recall question that is due.
    """
    content = {
        "standing": standing,
        "on": standing.on,
        "headline": headline(standing),
        "facts": facts(standing),
        "sentences": sentences(standing),
        "is_empty": is_empty(standing),
        "filled": filled_percent(standing),
        "next_heading": next_heading(standing),
        "next": [next_line(item, log_token) for item in standing.next],
        "finish": finish_sentence(standing),
        "look": look_back(standing, completed),
        "question": question_of(standing, recheck_key),
        "wish": wish_sentence(leased),
        "today_url": url("today"),
        "log_url": log_url(log_token),
        "plan_url": url("plan"),
        "behind_url": url("behind"),
        "pause_url": f"{url('plan')}#pause",
        "settings_url": url("settings"),
        "unsubscribe_url": unsubscribe_url(leased.recipient.unsubscribe_token),
    }
    said = "nothing logged yet" if is_empty(standing) else headline(standing)
    return _letter("weekly", f"Week {standing.week_number}: {said}", leased, content, now)


def short_letter(
    leased: Leased,
    standing: Standing,
    now: datetime,
    log_token: str,
    completed: Sequence[tuple[str, date]] = (),
) -> Letter:
    """The one short line a month of who has been silent; the same arguments as `weekly_letter`."""
    signs = [on for on in (standing.last_sign_on, *(on for _, on in completed)) if on is not None]
    since = max(signs, default=None)
    content = {
        "standing": standing,
        "on": standing.on,
        "since": since,
        "rests": "Until you log again, one short mail a month.",
        "wish": wish_sentence(leased),
        "log_url": log_url(log_token),
        "behind_url": url("behind"),
        "pause_url": f"{url('plan')}#pause",
        "settings_url": url("settings"),
        "unsubscribe_url": unsubscribe_url(leased.recipient.unsubscribe_token),
    }
    subject = f"Nothing logged since {words.short_date(since)}" if since else "Nothing logged yet"
    return _letter("short", subject, leased, content, now)


def _letter(name: str, subject: str, leased: Leased, content: Mapping[str, object], now: datetime) -> Letter:
    """The letter that the two templates of a name make of its content."""
    return Letter(
        reminder_id=leased.reminder.pk,
        sender=settings.DEFAULT_FROM_EMAIL,
        to=leased.person.address,
        subject=plain(subject),
        text=plain(render_to_string(f"emails/reminders/{name}.txt", dict(content))),
        html=render_to_string(f"emails/reminders/{name}.html", dict(content)),
        headers={
            "Message-ID": leased.reminder.message_id,
            "Date": format_datetime(now),
            "List-Unsubscribe": f"<{content['unsubscribe_url']}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            "Auto-Submitted": "auto-generated",
        },
    )


def log_url(log_token: str, activity_key: str = "") -> str:
    """Where study is logged from the mail, of an activity that it names."""
    address, field = (secret_url("log-from-mail", log_token), "on") if log_token else (url("log"), "subject")
    return f"{address}?{urlencode({field: activity_key})}" if activity_key else address


def unsubscribe_url(token: str) -> str:
    """Where the weekly mail ends with one click."""
    return secret_url("unsubscribe", token)


def plain(text: str) -> str:
    """Text for a terminal: hours keep together by no-break spaces on paper alone."""
    return text.replace(words.NBSP, " ")


def is_empty(standing: Standing) -> bool:
    """Whether nothing was logged and nothing done this week."""
    return standing.logged_minutes == 0 and standing.done_this_week == 0


def headline(standing: Standing) -> str:
    """The fact that the mail is about; also its subject."""
    if is_empty(standing):
        return "Nothing logged this week yet"
    logged = words.hours(standing.logged_minutes)
    if standing.target_minutes == 0:
        return f"{logged} this week"
    return f"{logged} of {words.hours(standing.target_minutes)}"


def facts(standing: Standing) -> str:
    """What follows the headline: activities of the week, the average of four. Of an empty week, ""."""
    if is_empty(standing):
        return ""
    said = []
    asked = standing.done_this_week + standing.fitting_this_week
    if asked:
        said.append(f"{standing.done_this_week} of {asked} {'activity' if asked == 1 else 'activities'}")
    average_minutes = average(standing.weeks[:-1])
    if average_minutes:
        said.append(f"four-week average {words.hours(average_minutes)}")
    return ", ".join(said)


def sentences(standing: Standing) -> list[str]:
    """What stands below the headline, a sentence each."""
    if is_empty(standing):
        asked = standing.target_minutes
        return [f"The plan has {words.hours(asked)} this week."] if asked else []
    if standing.left_minutes:
        until = "today" if standing.on == standing.week.last_on else "until Sunday"
        return [f"{words.hours(standing.left_minutes)} left {until}."]
    return ["The week's hours are done."] if standing.target_minutes else []


def filled_percent(standing: Standing) -> int | None:
    """How much of the bar is filled; None where the week has no target."""
    if not standing.target_minutes:
        return None
    return min(100, standing.logged_minutes * 100 // standing.target_minutes)


def next_heading(standing: Standing) -> str:
    """What stands above the next activities."""
    left = standing.left_minutes
    return f"Next, in the {words.hours(left)} left" if left else "Next"


@dataclass(frozen=True, slots=True)
class NextLine:
    """One next activity as the mail shows it."""

    title: str
    meta: str
    url: str
    log_url: str


def next_line(item: NextActivity, log_token: str) -> NextLine:
    """State and length of an activity, where it is opened and where study of it is logged."""
    standing, remaining = item.standing, words.hours(item.standing.remaining_minutes)
    key = standing.activity.key
    begun = standing.logged_minutes > 0
    length = f"{remaining} of {words.hours(standing.activity.minutes)} left" if begun else remaining
    return NextLine(
        title=standing.activity.title,
        meta=f"{'In progress' if begun else 'To do'} · {length} · {item.module.title}",
        url=url("activity", item.module.key, key.partition(".")[2]),
        log_url=log_url(log_token, key),
    )


def finish_sentence(standing: Standing) -> str:
    """The forecast in one line, or where the plan's hours lead; empty where there is no date."""
    if standing.finish_on is None:
        return ""
    planned = words.long_date(standing.finish_on)
    if standing.forecast and standing.forecast.half:
        between = words.from_to(*standing.forecast.half, link="and")
        own = f"The plan ends between {between}, as likely as not, going by your own weeks"
        return f"{own}; at its hours {planned}."
    return f"At the plan's hours it ends on {planned}."


@dataclass(frozen=True, slots=True)
class LookBack:
    """A milestone to look at again."""

    title: str
    ago: str
    url: str


def look_back(standing: Standing, completed: Sequence[tuple[str, date]]) -> LookBack | None:
    """The finished milestone that is due for a look this week, if one is."""
    due = rules.due_for_a_look(completed, standing.week)
    module = standing.catalogue.find_module(due[0]) if due and standing.catalogue else None
    if due is None or module is None:
        return None
    return LookBack(module.title, words.count(due[1], "week", "weeks"), url("milestone", module.key))


@dataclass(frozen=True, slots=True)
class Recall:
    """A recall question and where its answer stands."""

    prompt: str
    url: str


def question_of(standing: Standing, recheck_key: str = "") -> Recall | None:
    """The recall question that is due; with none, one of what was begun: each in its turn, a week each."""
    if standing.catalogue is None or standing.plan is None:
        return None
    due = recall_queries.shown(standing.catalogue, recheck_key) if recheck_key else None
    if due is not None:
        return Recall(prose.plain(due.prompt), url("recheck", due.key))
    asked = [
        (module, question)
        for module in standing.catalogue.modules_in(standing.plan.track_key)
        if module.key in standing.begun_modules
        for question in module.questions
    ]
    found = rules.in_turn(asked, standing.week)
    if found is None:
        return None
    module, question = found
    return Recall(prose.plain(question.prompt), f"{url('curriculum-module', module.key)}#recall")


def wish_sentence(leased: Leased) -> str:
    """Why the mail comes, and why by mail where it was to go elsewhere."""
    remark = f"{leased.remark} " if leased.remark else ""
    day, hour = words.weekday(leased.recipient.weekday), f"{leased.recipient.hour:02}:00"
    if leased.recipient.rhythm == Recipient.Rhythm.MONTHLY:
        when = f"on the first {day} of the month at {hour}, {leased.person.zone_name}"
        return f"{remark}You asked for this {when}. No tracking."
    when = f"on {day}s at {hour}, {leased.person.zone_name}"
    return f"{remark}You asked for this {when}. One mail a week, no tracking."
