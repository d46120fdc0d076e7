"""The calendar feed, read back with the library that wrote it; its address; the page that makes it."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pytest
from dateutil.rrule import rruleset, rrulestr
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from curriculum.catalogue import Catalogue
from tests.fixtures.cast import NOW, TODAY, browser_of, make_plan, make_session
from tests.reminders.factories import make_recipient
from tracker.desk.restore import settle
from tracker.milestones.models import Completion
from tracker.people.models import User
from tracker.plans import actions as plans_actions
from tracker.plans import queries as plans_queries
from tracker.plans.models import Plan
from tracker.reminders import actions, calendar
from tracker.reminders.calendar import Contents, Entry, Look
from tracker.reminders.models import CalendarFeed
from tracker.reminders.recurrence import Series

pytestmark = pytest.mark.usefixtures("now")
DAY = timedelta(days=1)
PAGE = "/settings/calendar/"


@pytest.fixture(autouse=True)
def no_limits_left_over() -> None:
    cache.clear()


@pytest.fixture
def plan(alice: User, curriculum: Catalogue) -> Plan:
    return make_plan(alice, curriculum)


@pytest.fixture
def address(plan: Plan, alice: User) -> str:
    """Where Alice's feed is."""
    return made_for(alice)


def made_for(learner: User) -> str:
    token = actions.make_feed_address(learner, replaces=True, now=NOW)
    return reverse("calendar-feed", args=[token])


def read(address: str, **headers: str) -> icalendar.Calendar:
    answer = Client().get(address, headers=headers)
    assert answer.status_code == 200
    found = icalendar.Calendar.from_ical(answer.content)
    assert isinstance(found, icalendar.Calendar)
    return found


def events(found: icalendar.Calendar, kind: str) -> dict[str, icalendar.Event]:
    """The events of a kind, by title."""
    return {str(event["SUMMARY"]): event for event in found.events if event.categories == [kind]}


def spans(found: icalendar.Calendar, kind: str) -> dict[str, tuple[date, date]]:
    return {title: (event.start, event.end) for title, event in events(found, kind).items()}


def laid_now(learner: User) -> dict[str, tuple[date, date]]:
    laid = plans_queries.layout(plans_queries.facts_of(learner.pk, TODAY))
    return {key: (row.first_on, row.last_on + DAY) for key, row in laid.items()}


# --- what it holds ----------------------------------------------------------------------------------------


def test_every_open_activity_is_there_once_on_its_days(
    address: str, alice: User, curriculum: Catalogue
) -> None:
    found = read(address)
    laid = laid_now(alice)
    assert len(laid) > 50
    wanted = sorted((curriculum.activity(key).title, *days) for key, days in laid.items())
    there = [event for event in found.events if event.categories == ["Activity"]]
    assert sorted((str(event["SUMMARY"]), event.start, event.end) for event in there) == wanted


def test_days_are_dates_and_their_end_is_exclusive(address: str) -> None:
    text = Client().get(address).content.decode()
    assert len(re.findall(r"^DTSTART;VALUE=DATE:\d{8}\r$", text, re.MULTILINE)) == text.count("BEGIN:VEVENT")
    assert len(re.findall(r"^DTEND;VALUE=DATE:\d{8}\r$", text, re.MULTILINE)) == text.count("BEGIN:VEVENT")
    assert all(event.end > event.start for event in read(address).events)
    assert "VTIMEZONE" not in text


def test_what_is_done_known_or_left_out_is_not_there(
    address: str, plan: Plan, alice: User, curriculum: Catalogue
) -> None:
    facts = plans_queries.facts_of(alice.pk, TODAY)
    done, known = (item.key for item in facts.work[:2])
    left_out = next(
        row.activity.key for row in plans_queries.leavable(facts) if row.activity.key not in {done, known}
    )
    titles = {curriculum.activity(key).title for key in (done, known, left_out)}
    assert titles < set(events(read(address), "Activity"))
    for key, kind in ((done, "done"), (known, "known")):
        plans_actions.mark_activity(alice, plan, key, kind, content=curriculum, now=NOW, on=TODAY)
    plans_actions.leave_out(plan, [left_out], reason="Behind", now=NOW)
    assert not titles & set(events(read(address), "Activity"))


def test_pauses_are_there_and_nothing_lies_in_them(address: str, plan: Plan) -> None:
    plans_actions.pause_plan(plan, date(2026, 12, 24), date(2027, 1, 7), now=NOW)
    found = read(address)
    assert spans(found, "Pause") == {"Pause": (date(2026, 12, 24), date(2027, 1, 7))}
    assert not [
        event
        for event in events(found, "Activity").values()
        if date(2026, 12, 24) <= event.start < date(2027, 1, 7)
    ]


def test_an_open_pause_is_its_first_day_and_nothing_has_a_day_after_it(address: str, plan: Plan) -> None:
    plans_actions.pause_plan(plan, date(2026, 12, 24), None, now=NOW)
    found = read(address)
    assert spans(found, "Pause") == {"Pause begins": (date(2026, 12, 24), date(2026, 12, 25))}
    others = [event for event in found.events if event.categories != ["Pause"]]
    assert others
    assert max(event.end for event in others) <= date(2026, 12, 24)


def test_a_milestone_is_planned_on_its_modules_last_day_and_kept_when_completed(
    address: str, plan: Plan, alice: User, curriculum: Catalogue
) -> None:
    found = read(address)
    laid = laid_now(alice)
    last: dict[str, date] = {}
    for key, (_, until_on) in laid.items():
        module = curriculum.module(key.partition(".")[0])
        title = f"Planned: {module.milestone_title}"
        last[title] = max(last.get(title, date.min), until_on)
    assert spans(found, "Milestone") == {title: (on - DAY, on) for title, on in last.items()}
    module = curriculum.module("foundations")
    before = events(found, "Milestone")[f"Planned: {module.milestone_title}"]
    Completion.objects.create(
        learner=alice,
        module_key=module.key,
        track_key=plan.track_key,
        revision=plan.revision,
        completed_on=TODAY - DAY,
        completed_at=NOW,
        snapshot="{}",
    )
    after = events(read(address), "Milestone")
    assert f"Planned: {module.milestone_title}" not in after
    completed = after[f"Completed: {module.milestone_title}"]
    assert (completed.start, completed["UID"]) == (TODAY - DAY, before["UID"])


def test_without_a_plan_it_is_a_calendar_all_the_same(alice: User, curriculum: Catalogue) -> None:
    found = read(made_for(alice))
    assert found.events == []
    # RFC 5545 asks for one component at least.
    assert [part.name for part in found.subcomponents] == ["VTIMEZONE"]


def test_nothing_private_is_in_it(address: str, plan: Plan, alice: User, curriculum: Catalogue) -> None:
    make_recipient(alice)
    make_session(alice, note="a private note", activity_key="mindset.rate-six-skills", module_key="mindset")
    text = Client().get(address).content.decode()
    for private in (alice.email, "alice", "a private note", "@", "ATTENDEE", "ORGANIZER"):
        assert private not in text
    for event in read(address).events:
        assert str(event["URL"]).startswith("http")
        assert str(event["TRANSP"]) == "TRANSPARENT"


def test_every_event_leads_to_a_page_of_the_learner(address: str, alice: User) -> None:
    make_recipient(alice)
    client = browser_of(alice)
    for kind in ("Activity", "Milestone", "Look"):
        event = next(event for event in read(address).events if event.categories == [kind])
        path = str(event["URL"]).partition("://")[2].partition("/")[2]
        assert client.get(f"/{path}").status_code == 200


# --- the look at the plan, which has an hour --------------------------------------------------------------


def occurrences(event: icalendar.Event) -> list[datetime]:
    """When an event comes, by its own rule and exceptions."""
    start = event.start
    assert isinstance(start, datetime)
    found = rruleset()
    found.rrule(rrulestr(event.rrules[0].to_ical().decode(), dtstart=start))
    left_out = event.get("EXDATE", [])
    for each in left_out if isinstance(left_out, list) else [left_out]:
        for row in each.dts:
            found.exdate(row.dt)
    return list(found)


@pytest.mark.parametrize(
    "zone", ["Europe/Vienna", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]
)
def test_the_look_stays_at_its_hour_when_the_clocks_change(address: str, alice: User, zone: str) -> None:
    User.objects.update(zone=zone)
    alice.refresh_from_db()
    actions.set_reminder(alice, 7, 2, wording="Mail me.", place="settings", now=NOW)
    found = read(address)
    event = events(found, "Look")["Weekly look at the plan"]
    assert str(event["DTSTART"].params["TZID"]) == zone
    comes = occurrences(event)
    assert {moment.isoweekday() for moment in comes} == {7}
    assert {moment.hour for moment in comes} == {2}
    last = max(until_on for _, until_on in laid_now(alice).values()) - DAY
    assert comes[0].date() == date(2026, 10, 11)
    assert last - 7 * DAY < comes[-1].date() <= last
    assert len(comes) == (comes[-1].date() - comes[0].date()).days // 7 + 1
    # What the feed itself says of the zone agrees with the zone, at each of these moments and around it.
    (said,) = found.timezones
    own = said.to_tz(lookup_tzid=False)
    for moment in comes:
        for hours in range(-26, 27):
            instant = moment.astimezone(UTC) + timedelta(hours=hours)
            assert instant.astimezone(own).utcoffset() == instant.astimezone(ZoneInfo(zone)).utcoffset()


def test_the_look_leaves_out_pauses_and_ends_with_the_mail(address: str, plan: Plan, alice: User) -> None:
    make_recipient(alice)
    plans_actions.pause_plan(plan, date(2026, 12, 24), date(2027, 1, 7), now=NOW)
    comes = {
        moment.date() for moment in occurrences(events(read(address), "Look")["Weekly look at the plan"])
    }
    assert date(2026, 12, 17) in comes
    assert date(2027, 1, 7) in comes
    assert not {date(2026, 12, 24), date(2026, 12, 31)} & comes
    actions.unsubscribe(alice.recipient.unsubscribe_token, NOW)
    assert events(read(address), "Look") == {}


def test_once_a_month_it_is_the_first_such_day(address: str, alice: User) -> None:
    actions.set_reminder(alice, 7, 18, wording="Mail me.", place="settings", now=NOW, rhythm="monthly")
    comes = occurrences(events(read(address), "Look")["Monthly look at the plan"])
    assert [moment.date() for moment in comes[:3]] == [date(2026, 11, 1), date(2026, 12, 6), date(2027, 1, 3)]


def test_in_utc_it_needs_no_description_of_a_zone(address: str, alice: User) -> None:
    User.objects.update(zone="UTC")
    alice.refresh_from_db()
    make_recipient(alice)
    text = Client().get(address).content.decode()
    assert re.search(r"^DTSTART:\d{8}T090000Z\r$", text, re.MULTILINE)
    assert "TZID" not in text


def test_a_zone_that_this_machine_does_not_know_is_utc(address: str, alice: User) -> None:
    make_recipient(alice)
    User.objects.update(zone="Europe/Renamed")
    assert len(read(address).events) > 50


# --- stable -----------------------------------------------------------------------------------------------


def test_the_same_facts_are_the_same_bytes(address: str, time_machine: Any) -> None:
    first = Client().get(address)
    time_machine.move_to(NOW + timedelta(hours=9), tick=False)
    second = Client().get(address)
    assert (second.content, second["ETag"]) == (first.content, first["ETag"])


def test_a_program_that_has_it_is_told_so(address: str) -> None:
    answer = Client().get(address)
    for tags in (answer["ETag"], f'"other", W/{answer["ETag"]}', "*"):
        same = Client().get(address, headers={"If-None-Match": tags})
        assert (same.status_code, same.content, same["ETag"]) == (304, b"", answer["ETag"])
        assert same["Cache-Control"] == answer["Cache-Control"] == "private, no-cache"
    assert Client().get(address, headers={"If-None-Match": '"other"'}).status_code == 200


def test_a_change_is_told_by_the_tag_the_stamp_and_the_sequence(
    address: str, plan: Plan, time_machine: Any
) -> None:
    before, tag = read(address), Client().get(address)["ETag"]
    later = NOW + timedelta(minutes=30)
    time_machine.move_to(later, tick=False)
    plans_actions.pause_plan(plan, date(2026, 12, 24), date(2027, 1, 7), now=later)
    answer = Client().get(address, headers={"If-None-Match": tag})
    assert answer.status_code == 200
    assert answer["ETag"] != tag
    after = icalendar.Calendar.from_ical(answer.content)
    assert {(event["SEQUENCE"], event.DTSTAMP) for event in before.events} == {(1, NOW)}
    assert {(event["SEQUENCE"], event.DTSTAMP) for event in after.events} == {(2, later)}


def test_uids_are_the_same_on_other_days_and_addresses_and_each_learners_own(
    address: str, plan: Plan, alice: User, bob: User, curriculum: Catalogue, time_machine: Any
) -> None:
    def uids(address: str) -> dict[str, str]:
        return {str(event["SUMMARY"]): str(event["UID"]) for event in read(address).events}

    first = uids(address)
    assert len(set(first.values())) == len(read(address).events)
    time_machine.move_to(NOW + timedelta(days=40), tick=False)
    later = uids(address)
    assert {title: first[title] for title in later if title in first} == {
        title: uid for title, uid in later.items() if title in first
    }
    actions.end_feed_address(alice)
    assert uids(made_for(alice)) == later
    make_plan(bob, curriculum)
    assert not set(uids(made_for(bob)).values()) & set(first.values())


def test_a_title_is_one_line_whatever_it_holds() -> None:
    feed = CalendarFeed(uid_secret="k", changed_at=NOW, made_at=NOW, sequence=1)
    hostile = "Ünïcode; a, b\\c\r\nATTENDEE:mailto:x@example.org\nBEGIN:VALARM\r\u2028\x00 " + "日本語" * 40
    entry = Entry("activity:x", "Activity", hostile, hostile, "https://example.org/", TODAY, TODAY + DAY)
    data = calendar.written(Contents((entry,), None, "UTC"), feed)
    assert all(len(line) <= 75 for line in data.split(b"\r\n"))
    assert b"\n" not in data.replace(b"\r\n", b"")
    found = icalendar.Calendar.from_ical(data)
    (event,) = found.events
    assert event["SUMMARY"] == event["DESCRIPTION"] == calendar.one_line(hostile)
    assert str(event["SUMMARY"]).startswith(
        "Ünïcode; a, b\\c ATTENDEE:mailto:x@example.org BEGIN:VALARM 日本語日本語"
    )
    assert set(event) == {
        "UID", "DTSTAMP", "LAST-MODIFIED", "SEQUENCE", "SUMMARY", "URL", "TRANSP", "DTSTART", "DTEND",
        "DESCRIPTION", "CATEGORIES",
    }  # fmt: skip
    assert event.subcomponents == []


def test_a_look_in_a_gap_ends_on_its_last_day() -> None:
    """02:00 is not there on the last Sunday of March: the series ends with that day all the same."""
    days = Series(date(2027, 3, 14), date(2027, 3, 28), False, ())
    feed = CalendarFeed(uid_secret="k", changed_at=NOW, made_at=NOW, sequence=1)
    look = Look(days, 2, "https://example.org/")
    found = icalendar.Calendar.from_ical(calendar.written(Contents((), look, "Europe/Vienna"), feed))
    (event,) = found.events
    assert event.rrules[0]["UNTIL"] == [datetime(2027, 3, 28, 1, tzinfo=UTC)]
    assert len(occurrences(event)) == 3


def test_the_calendar_says_how_often_to_ask(address: str) -> None:
    text = Client().get(address).content.decode()
    assert "REFRESH-INTERVAL;VALUE=DURATION:PT6H\r\n" in text
    assert "X-PUBLISHED-TTL:PT6H\r\n" in text
    assert text.startswith("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Cairn//Plan//EN\r\n")


# --- the address ------------------------------------------------------------------------------------------


def refused(address: str) -> tuple[int, bytes, dict[str, str], int]:
    """What comes back from an address that is none, and how many queries that took."""
    with CaptureQueriesContext(
        connection,
    ) as queries:
        answer = Client().get(address)
    return answer.status_code, answer.content, dict(answer.headers), len(queries)


@pytest.mark.parametrize("why", ["replaced", "ended", "deactivated", "going", "deleted", "restored"])
def test_an_address_that_is_no_longer_good_is_like_one_that_never_was(
    address: str, alice: User, why: str
) -> None:
    never = refused(reverse("calendar-feed", args=["x" * 43]))
    assert never[0] == 404
    assert never[3] == 1
    assert Client().get(address).status_code == 200
    match why:
        case "replaced":
            new = made_for(alice)
            assert Client().get(new).status_code == 200
        case "ended":
            assert actions.end_feed_address(alice)
            assert not actions.end_feed_address(alice)
        case "deactivated":
            User.objects.update(is_active=False)
        case "going":
            User.objects.update(deletion_due_at=NOW + timedelta(days=7))
        case "deleted":
            alice.delete()
        case "restored":
            settle(NOW)
    assert refused(address) == never


def test_one_who_stays_after_all_has_the_same_address(address: str) -> None:
    User.objects.update(deletion_due_at=NOW + timedelta(days=7))
    User.objects.update(deletion_due_at=None)
    assert Client().get(address).status_code == 200


@pytest.mark.parametrize("token", ["short", "t" * 44, "%00" * 15, "t" * 42 + "é", "", "../../x"])
def test_what_cannot_be_a_token_is_not_found(address: str, token: str) -> None:
    assert Client().get(f"/calendar/{token}.ics").status_code == 404


def test_head_is_the_same_without_its_body_and_nothing_else_is_taken(address: str) -> None:
    full, head = Client().get(address), Client().head(address)
    assert (head.status_code, head.content, head["ETag"]) == (200, b"", full["ETag"])
    assert full["Content-Type"] == "text/calendar; charset=utf-8"
    strict = Client(enforce_csrf_checks=True)
    for method in ("post", "put", "patch", "delete", "options"):
        assert getattr(strict, method)(address).status_code == 405


def test_a_log_in_makes_no_difference(address: str, charlie: User) -> None:
    answer = browser_of(charlie).get(address)
    assert answer.content == Client().get(address).content
    assert "Vary" not in answer.headers or "Cookie" not in answer["Vary"]


def test_the_hash_alone_is_kept(address: str) -> None:
    token = address.rpartition("/")[2].removesuffix(".ics")
    assert len(token) == 43
    assert token not in str(CalendarFeed.objects.values().get())


def test_guesses_are_counted_and_a_good_address_is_read_all_the_same(address: str, settings: Any) -> None:
    settings.API_REFUSALS_A_MINUTE = 2
    wrong = reverse("calendar-feed", args=["x" * 43])
    assert [Client().get(wrong).status_code for _ in range(3)] == [404, 404, 429]
    assert int(Client().get(wrong)["Retry-After"]) <= 60
    assert Client().get(address).status_code == 200


def test_one_address_is_read_twenty_times_a_minute(address: str) -> None:
    assert {Client().get(address).status_code for _ in range(20)} == {200}
    answer = Client().get(address)
    assert (answer.status_code, answer.text) == (429, "This was asked for too often. Try again later.\n")


def test_a_read_is_noted_once_an_hour(address: str, time_machine: Any) -> None:
    Client().get(address)
    for minutes, noted in ((59, 0), (60, 60), (90, 60)):
        time_machine.move_to(NOW + timedelta(minutes=minutes), tick=False)
        Client().get(address)
        assert CalendarFeed.objects.get().last_read_at == NOW + timedelta(minutes=noted)


def test_a_feed_that_ends_while_it_is_read_is_not_found(
    address: str, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ending(*values: Any) -> Contents:
        actions.end_feed_address(alice)
        return Contents((), None, "UTC")

    monkeypatch.setattr(calendar, "contents_of", ending)
    assert Client().get(address).status_code == 404


def test_of_two_that_read_a_change_at_once_one_counts_it(address: str) -> None:
    one, other = CalendarFeed.objects.get(), CalendarFeed.objects.get()
    first = actions.note_read(one, "a" * 64, now=NOW)
    second = actions.note_read(other, "a" * 64, now=NOW + timedelta(seconds=5))
    assert first is not None
    assert second is not None
    assert (first.sequence, second.sequence) == (1, 1)
    assert second.changed_at == first.changed_at == NOW


def test_queries_do_not_grow_with_the_plan(
    address: str, plan: Plan, alice: User, curriculum: Catalogue
) -> None:
    make_recipient(alice)

    def queries() -> int:
        Client().get(address)  # what is new is counted
        with CaptureQueriesContext(connection) as found:
            assert Client().get(address).status_code == 200
        return len(found)

    few = queries()
    for number, module in enumerate(curriculum.modules_in(plan.track_key)[:6]):
        first = date(2027, 1, 4) + timedelta(days=30 * number)
        plans_actions.pause_plan(plan, first, first + timedelta(days=7), now=NOW)
        make_session(alice, activity_key=module.activities[0].key, module_key=module.key)
        Completion.objects.create(
            learner=alice,
            module_key=module.key,
            track_key=plan.track_key,
            revision=plan.revision,
            completed_on=TODAY,
            completed_at=NOW,
            snapshot="{}",
        )
    assert queries() == few <= 11


# --- the page ---------------------------------------------------------------------------------------------


def shown_in(text: str) -> str:
    """The path that a page shows, this once."""
    (path,) = re.findall(r"<code>http://[^/]+(/calendar/[A-Za-z0-9_-]{43}\.ics)</code>", text)
    return str(path)


def test_it_is_made_shown_once_replaced_and_ended(alice: User, plan: Plan) -> None:
    client = browser_of(alice)
    assert "There is none." in client.get(PAGE).text
    first = shown_in(client.post(PAGE, {"do": "make"}).text)
    assert Client().get(first).status_code == 200
    page = client.get(PAGE).text
    assert ".ics" not in page
    assert "Last read" in page
    second = shown_in(client.post(PAGE, {"do": "replace"}).text)
    assert [Client().get(each).status_code for each in (first, second)] == [404, 200]
    answer = client.post("/settings/calendar/end/", follow=True)
    assert "It shows nothing from now on." in answer.text
    assert "There is none." in answer.text
    assert Client().get(second).status_code == 404


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"do": "make"}, "There is an address already, and it stays."),
        ({"do": "x"}, "Choose what to do; nothing was changed."),
        ({}, "Choose what to do; nothing was changed."),
    ],
)
def test_an_address_is_not_voided_unasked(
    address: str, alice: User, form: dict[str, str], sentence: str
) -> None:
    answer = browser_of(alice).post(PAGE, form)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert Client().get(address).status_code == 200


def test_charlie_neither_sees_nor_ends_alices(address: str, charlie: User) -> None:
    client = browser_of(charlie)
    assert "There is none." in client.get(PAGE).text
    client.post("/settings/calendar/end/")
    shown_in(client.post(PAGE, {"do": "replace"}).text)
    assert Client().get(address).status_code == 200


def test_a_visitor_is_asked_to_log_in(db: None) -> None:
    for method in ("get", "post"):
        assert getattr(Client(), method)(PAGE)["Location"].startswith("/accounts/login/")


def test_settings_lead_to_it(alice: User) -> None:
    assert f'href="{PAGE}"' in browser_of(alice).get("/settings/").text
