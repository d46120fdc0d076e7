"""When a weekly mail is due, whether it goes out, and what an SMTP reply means. Pure.

Moments are aware datetimes in UTC, weekdays are ISO (Monday is 1), weeks are ISO weeks in the learner's zone.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import TypeVar
from zoneinfo import ZoneInfo

from tracker.journal.rules import Week, week_of
from tracker.people import rules as people_rules

LATE_AFTER = timedelta(hours=48)
LONGEST_WAIT = timedelta(hours=6)
_MINUTE = timedelta(minutes=1)


# --- due moments ------------------------------------------------------------------------------------------


# One unknown name must not keep everybody else's mail from being claimed.
zone_named = people_rules.zone_named


def instant_of(wall: datetime, zone: ZoneInfo) -> datetime:
    """The instant at which clocks in `zone` show the naive `wall`, to the minute.

    In a fold it is the first of the two; in a gap the first minute that exists after it.
    """
    instant = wall.replace(tzinfo=zone).astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == wall:
        return instant
    # In a gap the two readings of `wall` lie on the two sides of the change: halve until it is found.
    before, after = wall.replace(tzinfo=zone, fold=1).astimezone(UTC), instant
    offset_before = before.astimezone(zone).utcoffset()
    while after - before > _MINUTE:
        middle = before + (after - before) // (2 * _MINUTE) * _MINUTE
        if middle.astimezone(zone).utcoffset() == offset_before:
            before = middle
        else:
            after = middle
    return after


def iso_week_of(moment: datetime, zone: ZoneInfo) -> Week:
    """The ISO week that `moment` lies in on the calendar of `zone`."""
    return week_of(moment.astimezone(zone).date())


def bounds_of(week: Week, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The first instant of the week in `zone`, and the first of the next."""
    return (
        instant_of(datetime.combine(week.first_on, time()), zone),
        instant_of(datetime.combine(week.until_on, time()), zone),
    )


def due_moment_in(week: Week, weekday: int, hour: int, zone: ZoneInfo) -> datetime:
    """When the mail of `week` is due. It always lies in that week.

    A gap at the very end of a week (a zone that leaves out its Sunday) would move the moment into the next
    one; then it is the last minute of the week.
    """
    day = week.first_on + timedelta(days=weekday - 1)
    return _within(week, instant_of(datetime.combine(day, time(hour)), zone), zone)


def _within(week: Week, moment: datetime, zone: ZoneInfo) -> datetime:
    """The moment of `week` nearest to `moment`."""
    first, until = bounds_of(week, zone)
    return max(first, min(moment, until - _MINUTE))


def first_due_after(after: datetime, weekday: int, hour: int, zone: ZoneInfo) -> datetime:
    """The first due moment later than `after`."""
    week = iso_week_of(after, zone)
    while (moment := due_moment_in(week, weekday, hour, zone)) <= after:
        week = week.shifted(1)
    return moment


def next_due_after_claim(claimed: Week, weekday: int, hour: int, zone: ZoneInfo) -> datetime:
    """The due moment of the week after the claimed one, even where that is past already.

    So every week gets its row, also those that went by while nothing ran.
    """
    return due_moment_in(claimed.shifted(1), weekday, hour, zone)


def first_due_for(
    now: datetime, weekday: int, hour: int, zone: ZoneInfo, last_claimed: Week | None
) -> datetime:
    """The first due moment after `now` in a week later than the last one claimed."""
    moment = first_due_after(now, weekday, hour, zone)
    if last_claimed is not None and iso_week_of(moment, zone) <= last_claimed:
        moment = next_due_after_claim(last_claimed, weekday, hour, zone)
    return moment


def rescheduled(
    pending_at: datetime,
    pending_zone: ZoneInfo,
    *,
    weekday: int,
    hour: int,
    zone: ZoneInfo,
    now: datetime,
    last_claimed: Week | None,
) -> datetime:
    """When the next mail is due after a change of day, hour or zone.

    pending_at, pending_zone: the moment it was due until now, and the zone in which that was reckoned.
    The pending week moves to its new moment where that is still ahead; else it keeps its old one. Where the
    new zone's calendar has the old moment in another week, the mail is due at the nearest minute of its own
    week, so that no week is left out and none is mailed twice.
    """
    pending_week = iso_week_of(pending_at, pending_zone)
    moment = first_due_for(now, weekday, hour, zone, last_claimed)
    if iso_week_of(moment, zone) <= pending_week:
        return moment
    return _within(pending_week, pending_at, zone)


# --- whether it goes out ----------------------------------------------------------------------------------


class Skip(StrEnum):
    """Why a due mail does not go out. The words are stored and shown."""

    DEACTIVATED = "deactivated"
    UNSUBSCRIBED = "unsubscribed"
    NO_CONSENT = "no-consent"
    UNVERIFIED = "unverified"
    BOUNCED = "bounced"
    LATE = "late"
    NO_PLAN = "no-plan"
    NOT_STARTED = "not-started"
    PAUSED = "paused"
    FINISHED = "finished"
    MONTHLY = "monthly"
    SAME_DAY = "same-day"


@dataclass(frozen=True, slots=True)
class Prospect:
    """What is known of a learner whose mail is due.

    plan_state: none, not-started, active, paused or finished. due_on: the learner's local day of `due_at`.
    is_monthly: one mail a month, by choice or after three silent weeks. was_mailed: another mail went out on
    this local day.
    """

    due_at: datetime
    due_on: date
    is_active: bool
    has_consented: bool
    has_unsubscribed: bool
    has_bounced: bool
    is_verified: bool
    plan_state: str
    is_monthly: bool = False
    was_mailed: bool = False


_BY_PLAN = {
    "none": Skip.NO_PLAN,
    "not-started": Skip.NOT_STARTED,
    "paused": Skip.PAUSED,
    "finished": Skip.FINISHED,
}


def decide(prospect: Prospect, now: datetime) -> Skip | None:
    """Why the mail does not go out; None where it does."""
    for hindrance, holds in (
        (Skip.DEACTIVATED, not prospect.is_active),
        (Skip.UNSUBSCRIBED, prospect.has_unsubscribed),
        (Skip.NO_CONSENT, not prospect.has_consented),
        (Skip.UNVERIFIED, not prospect.is_verified),
        (Skip.BOUNCED, prospect.has_bounced),
        (Skip.LATE, is_late(prospect.due_at, now)),
    ):
        if holds:
            return hindrance
    if reason := _BY_PLAN.get(prospect.plan_state):
        return reason
    if prospect.is_monthly and not is_first_of_month(prospect.due_on):
        return Skip.MONTHLY
    return Skip.SAME_DAY if prospect.was_mailed else None


def is_first_of_month(due_on: date) -> bool:
    """Whether a mail due on this day each week is the first of its month."""
    return due_on.day <= 7


def is_late(due_at: datetime, now: datetime) -> bool:
    """Whether the mail would come more than 48 h after its moment."""
    return now - due_at > LATE_AFTER


# --- handing over -----------------------------------------------------------------------------------------


class Outcome(StrEnum):
    """What became of a hand-over."""

    SENT = "sent"
    AGAIN = "again"  # refused for now, or certainly not accepted: it may be tried again
    FAILED = "failed"
    UNKNOWN = "unknown"


def reply_outcome(code: int) -> Outcome:
    """What the SMTP reply to the end of the body means."""
    if 200 <= code <= 299:
        return Outcome.SENT
    if 400 <= code <= 499:
        return Outcome.AGAIN
    if 500 <= code <= 599:
        return Outcome.FAILED
    return Outcome.UNKNOWN


def refusal_outcome(code: int) -> Outcome:
    """What a reply other than the wished-for one means before the body: nothing was sent yet."""
    return Outcome.FAILED if 500 <= code <= 599 else Outcome.AGAIN


def wait_after(attempts: int, first_wait: timedelta) -> timedelta:
    """How long to wait after so many refusals for now: doubled each time, six hours at most."""
    return min(LONGEST_WAIT, first_wait * float(2 ** min(attempts - 1, 16)))


def lease_margin(length: timedelta) -> timedelta:
    """For how long before a lease ends no hand-over is begun: a quarter of it, a minute at most."""
    return min(timedelta(minutes=1), length / 4)


def message_id_of(kind: str, learner_id: int, week: Week, domain: str) -> str:
    """The one Message-ID of this learner's mail of this kind and week.

    It names the week and hides the learner; 96 bits keep two learners apart.
    """
    year, number, _ = week.first_on.isocalendar()
    digest = hashlib.sha256(f"{kind}:{learner_id}:{year}:{number}:{domain}".encode()).hexdigest()[:24]
    return f"<{kind}.{year}-w{number:02}.{digest}@{domain}>"


def first_of_month_from(due_at: datetime, weekday: int, hour: int, zone: ZoneInfo) -> datetime:
    """The first of a learner's weekly moments, from `due_at` on, that is the first of its month."""
    while not is_first_of_month(due_at.astimezone(zone).date()):
        due_at = next_due_after_claim(iso_week_of(due_at, zone), weekday, hour, zone)
    return due_at


# --- silence ----------------------------------------------------------------------------------------------

SILENT_WEEKS = 3


def silent_weeks(last_sign_on: date, whole_weeks: Iterable[tuple[Week, bool]]) -> int:
    """How many of these weeks are silent: later than the last session, tick or milestone, and not paused.

    `whole_weeks` are the weeks before this one, each with whether it was paused. After `SILENT_WEEKS` of
    them the mail becomes one short line a month.
    """
    return sum(1 for week, is_paused in whole_weeks if week > week_of(last_sign_on) and not is_paused)


# --- what the mail looks back at --------------------------------------------------------------------------

# Weeks after which a completed milestone is looked at again.
LOOKS_BACK = (4, 13, 26, 52)


def due_for_a_look(completed: Iterable[tuple[str, date]], week: Week) -> tuple[str, int] | None:
    """The milestone that this week looks back at, by module key, and how many weeks ago it was completed.

    `completed` are module keys with the days of their completion. The latest one where several are due;
    None where none is.
    """
    due = [
        (weeks, key) for key, on in completed for weeks in LOOKS_BACK if week_of(on).shifted(weeks) == week
    ]
    weeks, key = min(due, default=(0, ""))
    return (key, weeks) if key else None


_Asked = TypeVar("_Asked")


def in_turn(questions: Sequence[_Asked], week: Week) -> _Asked | None:
    """The question of this week: each in its turn, then the first again. None where there is none."""
    return questions[week.first_on.toordinal() // 7 % len(questions)] if questions else None


# --- logging from the mail --------------------------------------------------------------------------------

LOG_DAYS = timedelta(days=14)
LOGS_A_MAIL = 5


def refuse_log_link(handed_over_at: datetime | None, now: datetime) -> bool:
    """Whether the link of a mail handed over then logs nothing any more."""
    return handed_over_at is None or now - handed_over_at > LOG_DAYS


# --- what staff see ---------------------------------------------------------------------------------------

# Beat ticks once a minute: after so long somebody should look.
SILENT_AFTER = timedelta(minutes=15)
# A test mail that no worker has taken up by then is not sent any more.
TRIAL_GOOD_FOR = timedelta(minutes=10)
# How long a worker may take over a test mail before it is thought dead.
TRIAL_HAND_OVER = timedelta(minutes=2)
TRIALS_APART = timedelta(minutes=1)
_REPLY = re.compile(r"(Reply to [^:]{1,40}: \d{3})(?:[ -](\d\.\d{1,3}\.\d{1,3})(?!\S))?")
_BOUNCE = re.compile(
    r"(?:smtp; ?)?([245]\d\d)?[ -]?([245]\.\d{1,3}\.\d{1,3})(?!\S)|(?:smtp; ?)?([245]\d\d)\b"
)
_LATE_LAST = f"{Skip.LATE}; last: "
_LONGEST_CAUSE = 80


def silence(last_tick_at: datetime | None, since: datetime, now: datetime) -> timedelta | None:
    """How long beat has been silent, once it is 15 minutes; None before that.

    since: from when on it should have ticked, where it never has.
    """
    silent = now - (last_tick_at or since)
    return silent if silent >= SILENT_AFTER else None


def cause_of(reason: str) -> str:
    """The part of a mail's reason that others with the same cause share.

    Of a server's reply what it answered and its codes; of all else what stands before the first colon. What
    a server says of its own about one mail (names, numbers) is left out.
    """
    if reason.startswith(_LATE_LAST):
        return f"{_LATE_LAST}{cause_of(reason.removeprefix(_LATE_LAST))}"
    if reply := _REPLY.match(reason):
        return " ".join(part for part in reply.groups() if part)
    return reason.partition(": ")[0].rstrip(". ")[:_LONGEST_CAUSE] or "no reason"


def bounce_cause_of(reason: str) -> str:
    """The part of the reason why a mail came back that others share: the server's codes, `550 5.1.1`.

    Where it gave none, what stands before the first colon.
    """
    found = _BOUNCE.match(reason)
    return " ".join(part for part in found.groups() if part) if found else cause_of(reason)


@dataclass(frozen=True, slots=True)
class Cause:
    """So many mails that did not come for one cause, and when the last of them was given up."""

    cause: str
    mails: int
    last_at: datetime


def by_cause(
    reasons: Iterable[tuple[str, datetime]], cause_of: Callable[[str], str] = cause_of
) -> list[Cause]:
    """Reasons with their moments, counted by cause: the most frequent first, then the latest."""
    found: dict[str, list[datetime]] = {}
    for reason, at in reasons:
        found.setdefault(cause_of(reason), []).append(at)
    counted = [Cause(cause, len(moments), max(moments)) for cause, moments in found.items()]
    return sorted(counted, key=lambda each: (-each.mails, -each.last_at.timestamp(), each.cause))


def trial_words(state: str, reason: str, waited: timedelta) -> str:
    """What became of a test mail, in a sentence. waited: since it was asked for."""
    if state == "waiting":
        gone = "No worker took it up in ten minutes; it is not sent any more."
        return gone if waited > TRIAL_GOOD_FOR else "It waits for a worker."
    if state == "handing_over":
        dead = "The worker ended while it handed the mail over; whether the server took it is not known."
        return dead if waited > TRIAL_GOOD_FOR + TRIAL_HAND_OVER else "It is being handed over."
    begin = {"sent": "Sent.", "unknown": "Whether it was taken is not known."}.get(state, "Not sent.")
    return f"{begin} {reason}".rstrip()
