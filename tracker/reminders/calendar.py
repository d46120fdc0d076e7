"""A learner's plan as an iCalendar feed (RFC 5545, RFC 7986): what is in it, and its bytes.

Nothing that a learner has typed is in it: titles are the curriculum's, all else is days.
"""

import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from uuid import UUID
from zoneinfo import ZoneInfo

import icalendar

from curriculum.catalogue import Catalogue, catalogue, current
from tracker.addresses import url
from tracker.library import words
from tracker.milestones.models import Completion
from tracker.people.models import User
from tracker.plans import queries as plans_queries
from tracker.plans.queries import Facts
from tracker.plans.rules.schedule import Laid
from tracker.reminders import queries, rules
from tracker.reminders.models import CalendarFeed, Recipient
from tracker.reminders.recurrence import Series, onsets, series

PRODUCT = "-//Cairn//Plan//EN"
REFRESHED_EVERY = timedelta(hours=6)
LOOK_TAKES = timedelta(minutes=15)
_DAY = timedelta(days=1)
_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


@dataclass(frozen=True, slots=True)
class Entry:
    """An event of whole days, `[first_on, until_on)`. `name` says which it is, whatever becomes of it."""

    name: str
    kind: str
    title: str
    about: str
    url: str
    first_on: date
    until_on: date


@dataclass(frozen=True, slots=True)
class Look:
    """The look at the plan, which comes again at an hour of the learner's clock."""

    days: Series
    hour: int
    url: str

    @property
    def title(self) -> str:
        return "Monthly look at the plan" if self.days.is_monthly else "Weekly look at the plan"


@dataclass(frozen=True, slots=True)
class Contents:
    """All that a feed says."""

    entries: tuple[Entry, ...]
    look: Look | None
    zone: str

    @property
    def fingerprint(self) -> str:
        """The same for the same contents, in every process and on every day."""
        return hashlib.sha256(repr(self).encode()).hexdigest()


# --- what is in it ----------------------------------------------------------------------------------------


def contents_of(learner: User, now: datetime) -> Contents:
    """What the learner's feed says now. A number of queries that no number of rows changes."""
    zone = rules.zone_named(learner.zone)
    found = plans_queries.facts_of(learner.pk, now.astimezone(zone).date())
    completed = {
        key: (on, revision)
        for key, on, revision in Completion.objects.filter(
            learner=learner, reopened_at__isnull=True
        ).values_list("module_key", "completed_on", "revision")
    }
    entries = [
        _milestone(key, catalogue(revision), on, is_completed=True)
        for key, (on, revision) in completed.items()
    ]
    look = None
    if found.plan is not None:
        content, laid = current(found.plan.revision), plans_queries.layout(found)
        entries += _activities(content, laid)
        entries += _planned_milestones(found, content, laid, set(completed))
        entries += _pauses(found)
        look = _look(queries.recipient_of(learner.pk), found, laid)
    entries.sort(key=lambda entry: (entry.first_on, entry.until_on, entry.name))
    return Contents(tuple(entries), look, zone.key)


def _activities(content: Catalogue, laid: dict[str, Laid]) -> Iterator[Entry]:
    """Every open activity on the days that it has in the layout now."""
    for key, days in laid.items():
        activity = content.activity(key)
        module = content.module(activity.module_key)
        yield Entry(
            name=f"activity:{key}",
            kind="Activity",
            title=activity.title,
            about=f"{module.title}. {words.hours(days.minutes)} left.",
            url=url("activity", module.key, activity.slug),
            first_on=days.first_on,
            until_on=days.last_on + _DAY,
        )


def _planned_milestones(
    found: Facts, content: Catalogue, laid: dict[str, Laid], completed: set[str]
) -> Iterator[Entry]:
    """The milestone of every module whose open activities all have days, on the last of these."""
    last: dict[str, date | None] = {}
    for item in found.work:
        days = laid.get(item.key)
        so_far = last.get(item.module_key, date.min)
        last[item.module_key] = max(so_far, days.last_on) if days and so_far else None
    for key, on in last.items():
        if on is not None and key not in completed:
            yield _milestone(key, content, on, is_completed=False)


def _milestone(module_key: str, content: Catalogue, on: date, *, is_completed: bool) -> Entry:
    """A milestone has one name, so that completing it moves its event and makes no second one."""
    module = content.module(module_key)
    return Entry(
        name=f"milestone:{module_key}",
        kind="Milestone",
        title=f"{'Completed' if is_completed else 'Planned'}: {module.milestone_title}",
        about=f"{module.title}.",
        # A completed one may be of another track, in which it has no page of its own.
        url=url("milestones") if is_completed else url("milestone", module_key),
        first_on=on,
        until_on=on + _DAY,
    )


def _pauses(found: Facts) -> Iterator[Entry]:
    """The plan's pauses. One without an end is on its first day: no day can be said for the last."""
    for pause in found.pauses:
        yield Entry(
            name=f"pause:{pause.first_on.isoformat()}",
            kind="Pause",
            title="Pause" if pause.until_on else "Pause begins",
            about="Nothing is planned." if pause.until_on else "Nothing is planned until you end it.",
            url=url("plan"),
            first_on=pause.first_on,
            until_on=pause.until_on or pause.first_on + _DAY,
        )


def _look(recipient: Recipient | None, found: Facts, laid: dict[str, Laid]) -> Look | None:
    """The look at the plan, from its first to its last day, while the weekly mail is on."""
    if recipient is None or recipient.next_due_at is None or not laid:
        return None
    assert found.plan is not None
    days = series(
        found.plan.start_on,
        max(row.last_on for row in laid.values()),
        recipient.weekday,
        found.pace.off,
        is_monthly=recipient.rhythm == Recipient.Rhythm.MONTHLY,
    )
    return Look(days, recipient.hour, url("today")) if days else None


# --- its bytes --------------------------------------------------------------------------------------------


def written(contents: Contents, feed: CalendarFeed) -> bytes:
    """The feed as it is sent: the same bytes for the same contents and the same row.

    Every event has the row's `changed_at` for its stamp and its `sequence`, which grow only where the
    contents change: a calendar program that compares them takes the newer event.
    """
    calendar = icalendar.Calendar()
    calendar.add("PRODID", PRODUCT)
    calendar.add("VERSION", "2.0")
    calendar.add("NAME", "Cairn")
    calendar.add("X-WR-CALNAME", "Cairn")
    calendar.add("REFRESH-INTERVAL", REFRESHED_EVERY, parameters={"VALUE": "DURATION"})
    calendar.add("X-PUBLISHED-TTL", icalendar.vDuration(REFRESHED_EVERY))
    zone, look = rules.zone_named(contents.zone), contents.look
    if look and zone.key != "UTC":
        calendar.add_component(_zone(zone.key, look.days.first_on.year, look.days.last_on.year))
    elif not contents.entries:
        # A calendar must hold something: one without an event holds its zone.
        calendar.add_component(_zone(zone.key, feed.made_at.year, feed.made_at.year))
    if look:
        calendar.add_component(_look_event(look, zone, feed))
    for entry in contents.entries:
        event = _event(entry.name, entry.title, entry.url, feed)
        event.add("DTSTART", entry.first_on)
        event.add("DTEND", entry.until_on)
        event.add("DESCRIPTION", one_line(entry.about))
        event.add("CATEGORIES", [entry.kind])
        calendar.add_component(event)
    return bytes(calendar.to_ical())


def _event(name: str, title: str, address: str, feed: CalendarFeed) -> icalendar.Event:
    """What every event has. It takes no time: nobody looks busy for their plan."""
    event = icalendar.Event()
    event.add("UID", uid_of(feed, name))
    event.add("DTSTAMP", feed.changed_at)
    event.add("LAST-MODIFIED", feed.changed_at)
    event.add("SEQUENCE", feed.sequence)
    event.add("SUMMARY", one_line(title))
    event.add("URL", address)
    event.add("TRANSP", "TRANSPARENT")
    return event


def _look_event(look: Look, zone: ZoneInfo, feed: CalendarFeed) -> icalendar.Event:
    def starts(day: date) -> datetime:
        return datetime.combine(day, time(look.hour), zone)

    event = _event("look", look.title, look.url, feed)
    event.add("DTSTART", starts(look.days.first_on))
    event.add("DTEND", starts(look.days.first_on) + LOOK_TAKES)
    last = datetime.combine(look.days.last_on, time(look.hour))
    rule: dict[str, object] = {"FREQ": "WEEKLY"}
    if look.days.is_monthly:
        rule = {"FREQ": "MONTHLY", "BYDAY": f"1{_WEEKDAYS[look.days.first_on.weekday()]}"}
    event.add("RRULE", {**rule, "UNTIL": rules.instant_of(last, zone)})
    for day in look.days.without:
        event.add("EXDATE", starts(day))
    event.add("CATEGORIES", ["Look"])
    return event


def uid_of(feed: CalendarFeed, name: str) -> str:
    """The UID of an event: the same for as long as the feed's key is, and telling nobody whose it is."""
    return str(UUID(bytes=hmac.digest(feed.uid_secret.encode(), name.encode(), "sha256")[:16]))


def one_line(text: str) -> str:
    """Text without signs that end a line or that no one can see; the library escapes commas and the like."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


@lru_cache(maxsize=256)
def _zone(name: str, first_year: int, last_year: int) -> icalendar.Timezone:
    """The VTIMEZONE of a zone for these years. It is kept: nothing may be changed in it.

    The library would make one as well, but gives the hour after clocks went forward where RFC 5545
    (3.6.5) asks for the hour before: the change would come an hour late.
    """
    zone = icalendar.Timezone()
    zone.add("TZID", name)
    parts: dict[object, icalendar.TimezoneStandard | icalendar.TimezoneDaylight] = {}
    for onset in onsets(ZoneInfo(name), first_year, last_year):
        key = (onset.offset_from, onset.offset_to, onset.name, onset.is_daylight)
        if key in parts:
            parts[key].add("RDATE", onset.at)
            continue
        part = icalendar.TimezoneDaylight() if onset.is_daylight else icalendar.TimezoneStandard()
        part.add("DTSTART", onset.at)
        part.add("TZOFFSETFROM", onset.offset_from)
        part.add("TZOFFSETTO", onset.offset_to)
        part.add("TZNAME", onset.name)
        parts[key] = part
        zone.add_component(part)
    return zone
