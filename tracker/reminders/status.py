"""How the weekly mail runs, for who runs the instance: one reading, shown by `/status/` and by the command.

Every question is answered from an index and bounded, however many learners and mails there are. A count
stops at `COUNTED`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import DatabaseError
from django.db.models import QuerySet

from tracker.library import words
from tracker.operations.queries import last_beat
from tracker.reminders import queries, rules
from tracker.reminders.models import NEVER_CAME, MailTrial, Recipient, Reminder
from tracker.reminders.rules import Cause

HEARTBEAT = "wake-reminders"
COUNTED = 10_001
NEXT = 20
LAST = 100
UNKNOWN = 100
TRIALS = 5
FAILURES_COUNTED = 1000
FAILURE_DAYS = 7


@dataclass(frozen=True, slots=True)
class Next:
    """A mail to come. due_at: UTC; zone: the name of the learner's, in which it was reckoned."""

    address: str
    due_at: datetime
    zone: str

    @property
    def when(self) -> str:
        """`Thursday 09:00` on the learner's clock."""
        local = self.due_at.astimezone(rules.zone_named(self.zone))
        return f"{words.weekday(local.isoweekday())} {local:%H:%M}"


@dataclass(frozen=True, slots=True)
class Row:
    """What became of one mail."""

    address: str
    week: str  # 2026-W47
    kind: str
    kind_word: str
    channel: str  # mail, ntfy, web-hook
    channel_word: str  # empty for mail
    due_at: datetime
    state: str
    state_word: str
    reason: str


@dataclass(frozen=True, slots=True)
class Trial:
    """The last test mail of a member of staff."""

    address: str
    asked_at: datetime
    state: str
    said: str


@dataclass(frozen=True, slots=True)
class Status:
    """What there is to know at `at`. Moments are UTC; counts stop at `COUNTED`.

    last_tick_at: None where beat was never seen. waiting: claimed rows that a worker could take now;
    oldest_waits_minutes: how long the first of them could have been taken, None where none waits.
    put_off: claimed rows that wait for their next attempt; put_off_by_cause counts the first
    `FAILURES_COUNTED` of them. failures: what never came in the last seven days, by cause. bounced: learners
    who get no mail because one came back for good; bounced_by_cause counts the latest `FAILURES_COUNTED` of
    them. unknown: mails of which nobody knows whether they were taken, the latest first.
    """

    at: datetime
    last_tick_at: datetime | None
    mail_goes_to: str
    due_now: int
    claimed: int
    handing_over: int
    waiting: int
    oldest_waits_minutes: int | None
    put_off: int
    put_off_by_cause: list[Cause]
    failures: list[Cause]
    bounced: int
    bounced_by_cause: list[Cause]
    unknown: list[Row]
    next: list[Next]
    last: list[Row]
    trials: list[Trial]


def status(now: datetime) -> Status:
    """The reading. The number of queries does not depend on how much there is."""
    opened = queries.open_counts(COUNTED)
    put_off = Reminder.objects.filter(state=Reminder.State.CLAIMED, not_before__gt=now)
    return Status(
        at=now,
        last_tick_at=last_beat(HEARTBEAT),
        mail_goes_to=mail_goes_to(),
        due_now=queries.due_count(now, COUNTED),
        claimed=opened[Reminder.State.CLAIMED],
        handing_over=opened[Reminder.State.HANDING_OVER],
        waiting=queries.ready_count(now, COUNTED),
        oldest_waits_minutes=oldest_waits_minutes(now),
        put_off=put_off[:COUNTED].count(),
        put_off_by_cause=rules.by_cause(
            put_off.order_by("not_before", "pk").values_list("reason", "claimed_at")[:FAILURES_COUNTED]
        ),
        failures=failures(now),
        bounced=bounced(COUNTED),
        bounced_by_cause=bounced_by_cause(),
        unknown=_rows(unknown()),
        next=next_due(),
        last=_rows(queries.latest(LAST)),
        trials=trials(now),
    )


def silence(since: datetime, now: datetime) -> timedelta | None:
    """How long beat has been silent, once it is long enough to warn of. One query by an index.

    since: from when on it should have ticked. None too where the database does not say: a warning must not
    keep a page from being shown.
    """
    try:
        return rules.silence(last_beat(HEARTBEAT), since, now)
    except DatabaseError:
        return None


def oldest_waits_minutes(now: datetime) -> int | None:
    """The age of the queue: whole minutes that the first of the rows that wait has waited for a worker."""
    ready_at = queries.claimable(now).values_list("not_before", flat=True).first()
    return None if ready_at is None else int((now - ready_at) / timedelta(minutes=1))


def failures(now: datetime) -> list[Cause]:
    """What never came in the last seven days, by cause; the latest `FAILURES_COUNTED` are counted."""
    found = Reminder.objects.filter(NEVER_CAME, finished_at__gt=now - timedelta(days=FAILURE_DAYS))
    return rules.by_cause(
        (reason, at)
        for reason, at in found.order_by("-finished_at").values_list("reason", "finished_at")[
            :FAILURES_COUNTED
        ]
        if at is not None
    )


def bounced(at_most: int) -> int:
    """How many learners get no mail because one came back for good, counted up to `at_most`."""
    return _bounced()[:at_most].count()


def _bounced() -> QuerySet[Recipient]:
    return Recipient.objects.filter(bounced_at__isnull=False).order_by("-bounced_at")


def bounced_by_cause() -> list[Cause]:
    """Why mail came back, by cause; of the latest `FAILURES_COUNTED` learners."""
    rows = _bounced().values_list("bounced_reason", "bounced_at")[:FAILURES_COUNTED]
    return rules.by_cause(
        ((reason, at) for reason, at in rows if at is not None), cause_of=rules.bounce_cause_of
    )


def unknown() -> Iterable[Reminder]:
    """The rows of unknown fate, the latest first, with their learners."""
    found = Reminder.objects.filter(state=Reminder.State.UNKNOWN).select_related("learner")
    return found.order_by("-finished_at")[:UNKNOWN]


def next_due() -> list[Next]:
    """The mails that are due next, overdue ones first."""
    found = Recipient.objects.filter(next_due_at__isnull=False).order_by("next_due_at")
    return [
        Next(address=address, due_at=due_at, zone=zone)
        for address, due_at, zone in found.values_list("learner__email", "next_due_at", "zone")[:NEXT]
        if due_at is not None
    ]


def trials(now: datetime) -> list[Trial]:
    """The latest test mails, one for each who asked."""
    return [
        Trial(
            address=row.learner.email,
            asked_at=row.asked_at,
            state=row.state,
            said=rules.trial_words(row.state, row.reason, now - row.asked_at),
        )
        for row in MailTrial.objects.select_related("learner").order_by("-asked_at")[:TRIALS]
    ]


def _rows(found: Iterable[Reminder]) -> list[Row]:
    return [
        Row(
            address=row.learner.email,
            week=f"{row.iso_year}-W{row.iso_week:02}",
            kind=row.kind,
            kind_word=row.get_kind_display().lower(),
            channel=row.channel,
            channel_word=row.channel_word,
            due_at=row.due_at,
            state=row.state,
            state_word=row.get_state_display(),
            reason=row.reason,
        )
        for row in found
    ]


def mail_goes_to() -> str:
    """Where the settings send mail: the server, or files."""
    if settings.MAIL_AS_FILES:
        return "files in the data folder; no SMTP server is set"
    return f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}, {settings.SMTP_SECURITY}"


# --- in words ---------------------------------------------------------------------------------------------


def counted(number: int) -> str:
    """A count that stops at `COUNTED`."""
    return f"more than {COUNTED - 1:,}" if number >= COUNTED else f"{number:,}"


def length(span: timedelta) -> str:
    """`20 min`, `3 h 05`, `4 days`."""
    minutes = max(0, int(span / timedelta(minutes=1)))
    return words.hours(minutes) if minutes < 48 * 60 else words.count(minutes // (24 * 60), "day")


def facts(found: Status) -> list[tuple[str, str]]:
    """The figures at the head of the page, each with its label."""
    waits = found.oldest_waits_minutes
    return [
        ("Last tick", f"{length(found.at - found.last_tick_at)} ago" if found.last_tick_at else "never"),
        ("Due now", counted(found.due_now)),
        ("Wait for a worker", counted(found.waiting)),
        ("The first waits", "–" if waits is None else length(timedelta(minutes=waits))),
        ("Put off", counted(found.put_off)),
        ("Handing over", counted(found.handing_over)),
        ("Bounced", counted(found.bounced)),
    ]


def lines(found: Status) -> list[str]:
    """The reading as text for a terminal, moments in UTC."""
    tick = found.last_tick_at
    last_tick = f"{_moment(tick)}, {length(found.at - tick)} ago" if tick else "never"
    waits = found.oldest_waits_minutes
    said = [
        f"last tick: {last_tick}",
        f"mail goes to: {found.mail_goes_to}",
        f"due now: {counted(found.due_now)}",
        f"claimed: {counted(found.claimed)}",
        f"handing_over: {counted(found.handing_over)}",
        f"waiting for a worker: {counted(found.waiting)}",
        f"the first of them waits: {'none does' if waits is None else length(timedelta(minutes=waits))}",
        f"put off: {counted(found.put_off)}",
        f"bounced: {counted(found.bounced)}",
        *_section("put off, by cause", map(_cause_line, found.put_off_by_cause)),
        *_section(f"failures of {FAILURE_DAYS} days, by cause", map(_cause_line, found.failures)),
        *_section("bounced, by cause", map(_cause_line, found.bounced_by_cause)),
        *_section("unknown", map(_row_line, found.unknown)),
        *_section(
            f"next {NEXT}",
            (f"{_moment(each.due_at)}  {each.when} {each.zone}  {each.address}" for each in found.next),
        ),
        *_section(f"last {LAST}", map(_row_line, found.last)),
        *_section(
            "test mail", (f"{_moment(each.asked_at)}  {each.address}  {each.said}" for each in found.trials)
        ),
    ]
    return [line.replace(words.NBSP, " ").rstrip() for line in said]


def _section(heading: str, rows: Iterable[str]) -> list[str]:
    rows = list(rows)
    return ["", f"{heading}:", *rows] if rows else ["", f"{heading}: none"]


def _cause_line(cause: Cause) -> str:
    return f"{cause.mails:6,}  {_moment(cause.last_at)}  {cause.cause}"


def _row_line(row: Row) -> str:
    words = ["" if row.kind == Reminder.Kind.PROGRESS else row.kind_word, row.channel_word]
    kind = f"({', '.join(filter(None, words))})  " if any(words) else ""
    return f"{row.week}  {_moment(row.due_at)}  {row.state:12}  {row.address}  {kind}{row.reason}"


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}Z"
