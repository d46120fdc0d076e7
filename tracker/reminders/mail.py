"""What the weekly mail says, and the message that carries it."""

import binascii
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage, MIMEPart
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse

from tracker.library import words
from tracker.plans.queries import NextActivity, Standing
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
        policy = _POLICY_UTF8 if self.needs_utf8 else _POLICY
        message = EmailMessage(policy)
        message["From"] = self.sender
        message["To"] = to_ascii_domain(self.to)
        message["Subject"] = self.subject
        for name, value in self.headers.items():
            message[name] = value
        digest = hashlib.sha256(self.headers["Message-ID"].encode()).hexdigest()[:32]
        message["MIME-Version"] = "1.0"
        message["Content-Type"] = f'multipart/alternative; boundary="=_{digest}"'
        message.set_payload([_part("plain", self.text), _part("html", self.html)])
        return message.as_bytes()

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


def _part(kind: str, text: str) -> MIMEPart:
    """One body in quoted-printable, which every server and gateway leaves as it is."""
    part = MIMEPart(_POLICY)
    part["Content-Type"] = f'text/{kind}; charset="utf-8"'
    part["Content-Transfer-Encoding"] = "quoted-printable"
    part.set_payload(binascii.b2a_qp(text.encode(), istext=True).decode("ascii"))
    return part


def to_ascii_domain(address: str) -> str:
    """The address with its domain in ASCII; raises ValueError where it cannot be."""
    local, _, domain = address.rpartition("@")
    return address if domain.isascii() else f"{local}@{domain.encode('idna').decode('ascii')}"


# --- what it says -----------------------------------------------------------------------------------------


def weekly_letter(leased: Leased, standing: Standing, now: datetime, log_token: str) -> Letter:
    """The mail for one leased row, from where its learner stands. `log_token` opens its page for logging."""
    content = {
        "standing": standing,
        "on": standing.on,
        "headline": headline(standing),
        "sentences": sentences(standing),
        "is_empty": is_empty(standing),
        "filled": filled_percent(standing),
        "next_heading": next_heading(standing),
        "next": [next_line(item) for item in standing.next],
        "finish": finish_sentence(standing),
        "wish": wish_sentence(leased),
        "today_url": url("today"),
        "log_url": url("log-from-mail", log_token),
        "plan_url": url("plan"),
        "settings_url": url("settings"),
        "unsubscribe_url": unsubscribe_url(leased.recipient.unsubscribe_token),
    }
    subject = render_to_string("emails/reminders/weekly_subject.txt", content)
    text = render_to_string("emails/reminders/weekly.txt", content)
    return Letter(
        reminder_id=leased.reminder.pk,
        sender=settings.DEFAULT_FROM_EMAIL,
        to=leased.person.address,
        subject=plain(" ".join(subject.split())),
        text=plain(text),
        html=render_to_string("emails/reminders/weekly.html", content),
        headers={
            "Message-ID": leased.reminder.message_id,
            "Date": format_datetime(now),
            "List-Unsubscribe": f"<{content['unsubscribe_url']}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            "Auto-Submitted": "auto-generated",
        },
    )


def url(name: str, *args: object) -> str:
    """A page's whole address."""
    return settings.PUBLIC_URL + reverse(name, args=args)


def unsubscribe_url(token: str) -> str:
    """Where the weekly mail ends with one click."""
    return url("unsubscribe", token)


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


def sentences(standing: Standing) -> list[str]:
    """What stands below the headline, a sentence each."""
    said = []
    if standing.done_this_week:
        done = words.count(standing.done_this_week, "activity", "activities")
        said.append(f"{done.capitalize()} done this week.")
    if is_empty(standing):
        if standing.target_minutes:
            said.append(f"The plan has {words.hours(standing.target_minutes)} this week.")
    elif standing.left_minutes:
        until = "today" if standing.on == standing.week.last_on else "until Sunday"
        said.append(f"{words.hours(standing.left_minutes)} left {until}.")
    elif standing.target_minutes:
        said.append("The week's hours are done.")
    if len(standing.weeks) > 1:
        last = standing.weeks[-2]
        if last.is_paused:
            said.append("Last week was paused.")
        elif last.target_minutes:
            logged = words.hours(last.logged_minutes)
            said.append(f"Last week: {logged} of {words.hours(last.target_minutes)}.")
    return said


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


def next_line(item: NextActivity) -> NextLine:
    """State and length of an activity, and where it is opened."""
    standing, remaining = item.standing, words.hours(item.standing.remaining_minutes)
    begun = standing.logged_minutes > 0
    length = f"{remaining} of {words.hours(standing.activity.minutes)} left" if begun else remaining
    return NextLine(
        title=standing.activity.title,
        meta=f"{'In progress' if begun else 'To do'} · {length} · {item.module.title}",
        url=f"{url('module', item.module.key)}#activity-{words.element_id(standing.activity.key)}",
    )


def finish_sentence(standing: Standing) -> str:
    """Where the plan's hours lead, and how much is done; empty where there is no date."""
    if standing.finish_on is None:
        return ""
    done, plan = standing.progress.done_minutes, standing.progress.plan_minutes
    return (
        f"At the plan's hours it ends on {words.long_date(standing.finish_on)}. "
        f"{words.hours(done)} of {words.hours(plan)} done."
    )


def wish_sentence(leased: Leased) -> str:
    """Why the mail comes."""
    day = words.weekday(leased.recipient.weekday)
    return (
        f"You asked for this on {day}s at {leased.recipient.hour:02}:00, {leased.person.zone_name}. "
        "One mail a week, no tracking."
    )
