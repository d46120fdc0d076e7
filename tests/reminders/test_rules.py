"""When a mail is due: by property over zones that do what zones do, and by the cases everybody gets wrong."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tracker.journal.rules import Week, week_of
from tracker.reminders import rules
from tracker.reminders.rules import Outcome, Prospect, Skip

ZONES = [
    ZoneInfo(name)
    for name in (
        "UTC",
        "Europe/Vienna",
        "America/New_York",
        "America/St_Johns",  # half an hour off
        "America/Havana",  # changes at midnight
        "America/Nuuk",
        "Asia/Kathmandu",  # a quarter of an hour off
        "Asia/Beirut",
        "Africa/Casablanca",  # changes for Ramadan
        "Africa/Cairo",
        "Atlantic/Azores",
        "Australia/Lord_Howe",  # changes by half an hour
        "Pacific/Apia",  # left out Friday 30 December 2011
        "Pacific/Kiritimati",  # left out Saturday 31 December 1994
        "Pacific/Honolulu",
        "Pacific/Auckland",
        "Antarctica/Troll",  # changes by two hours
    )
]
zones = st.sampled_from(ZONES)
weekdays = st.integers(1, 7)
hours = st.integers(0, 23)
# 2009, 2015, 2020, 2026 and 2032 have 53 weeks.
days = st.dates(date(2008, 1, 1), date(2037, 12, 1))
moments = st.datetimes(datetime(2008, 1, 1), datetime(2037, 12, 1), timezones=st.just(UTC))


def utc(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


def valid_wall_times_from(wall: datetime, zone: ZoneInfo) -> datetime:
    """The first minute at or after `wall` that clocks in `zone` show: by looking at each in turn."""
    while wall.replace(tzinfo=zone).astimezone(UTC).astimezone(zone).replace(tzinfo=None) != wall:
        wall += timedelta(minutes=1)
    return wall


@given(days, hours, zones)
@example(date(2026, 3, 29), 2, ZoneInfo("Europe/Vienna"))
@example(date(2026, 10, 4), 2, ZoneInfo("Australia/Lord_Howe"))
@example(date(2011, 12, 30), 9, ZoneInfo("Pacific/Apia"))
def test_an_instant_shows_the_wall_time_or_the_first_minute_after_the_gap(
    day: date, hour: int, zone: ZoneInfo
) -> None:
    wall = datetime.combine(day, datetime.min.time()).replace(hour=hour)
    instant = rules.instant_of(wall, zone)
    assert instant.astimezone(zone).replace(tzinfo=None) == valid_wall_times_from(wall, zone)
    # The first occurrence: no earlier instant shows the same.
    for earlier in range(15, 24 * 60, 15):
        before = instant - timedelta(minutes=earlier)
        assert before.astimezone(zone).replace(tzinfo=None) != wall


@pytest.mark.parametrize(
    ("wall", "zone", "instant"),
    [
        (datetime(2026, 3, 29, 2), "Europe/Vienna", utc(2026, 3, 29, 1)),  # 03:00
        (datetime(2026, 10, 25, 2), "Europe/Vienna", utc(2026, 10, 25, 0)),  # the first 02:00
        (datetime(2026, 10, 4, 2), "Australia/Lord_Howe", utc(2026, 10, 3, 15, 30)),  # 02:30
        (datetime(2026, 4, 5, 1, 30), "Australia/Lord_Howe", utc(2026, 4, 4, 14, 30)),
        (datetime(2011, 12, 30, 9), "Pacific/Apia", utc(2011, 12, 30, 10)),  # Saturday 00:00
        (datetime(2026, 7, 1, 18), "Asia/Kathmandu", utc(2026, 7, 1, 12, 15)),
    ],
)
def test_instants_by_hand(wall: datetime, zone: str, instant: datetime) -> None:
    assert rules.instant_of(wall, ZoneInfo(zone)) == instant


def test_an_unknown_zone_counts_as_utc() -> None:
    assert rules.zone_named("Europe/Atlantis").key == "UTC"
    assert rules.zone_named("../etc/passwd").key == "UTC"
    assert rules.zone_named("").key == "UTC"
    assert rules.zone_named("Asia/Kathmandu").key == "Asia/Kathmandu"


@given(days, weekdays, hours, zones)
def test_a_due_moment_lies_in_its_week(day: date, weekday: int, hour: int, zone: ZoneInfo) -> None:
    week = week_of(day)
    moment = rules.due_moment_in(week, weekday, hour, zone)
    assert rules.iso_week_of(moment, zone) == week
    first, until = rules.bounds_of(week, zone)
    assert first <= moment < until


def test_a_day_that_a_zone_leaves_out_keeps_its_mail_in_its_week() -> None:
    # Kiritimati's calendar went from Friday 30 December 1994 to Sunday 1 January.
    zone = ZoneInfo("Pacific/Kiritimati")
    week = week_of(date(1994, 12, 31))
    saturday = rules.due_moment_in(week, 6, 9, zone)
    assert saturday.astimezone(zone).replace(tzinfo=None) == datetime(1995, 1, 1)
    assert rules.iso_week_of(saturday, zone) == week


@given(moments, weekdays, hours, zones)
def test_the_first_due_moment_is_later_and_within_a_week_or_so(
    after: datetime, weekday: int, hour: int, zone: ZoneInfo
) -> None:
    moment = rules.first_due_after(after, weekday, hour, zone)
    assert after < moment <= after + timedelta(days=8, hours=2)
    # No week between that of `after` and the found one had a moment still ahead.
    week = rules.iso_week_of(after, zone)
    while week < rules.iso_week_of(moment, zone):
        assert rules.due_moment_in(week, weekday, hour, zone) <= after
        week = week.shifted(1)


@given(moments, weekdays, hours, zones)
def test_weekly_claims_are_consecutive_iso_weeks(
    start: datetime, weekday: int, hour: int, zone: ZoneInfo
) -> None:
    due_at = rules.first_due_after(start, weekday, hour, zone)
    weeks = []
    for _ in range(110):
        week = rules.iso_week_of(due_at, zone)
        weeks.append(week)
        due_at = rules.next_due_after_claim(week, weekday, hour, zone)
    assert all(later == earlier.shifted(1) for earlier, later in pairwise(weeks))


def test_a_year_with_53_weeks_has_53_mails() -> None:
    zone = ZoneInfo("Europe/Vienna")
    due_at = rules.first_due_after(utc(2025, 12, 28, 23), 7, 18, zone)
    numbers = []
    while (week := rules.iso_week_of(due_at, zone)).first_on.isocalendar().year == 2026:
        numbers.append(week.first_on.isocalendar().week)
        due_at = rules.next_due_after_claim(week, 7, 18, zone)
    assert numbers == list(range(1, 54))


@given(st.data(), moments, weekdays, hours, zones)
def test_changes_of_day_hour_and_zone_leave_no_week_out_and_claim_none_twice(
    data: st.DataObject, start: datetime, weekday: int, hour: int, zone: ZoneInfo
) -> None:
    """A learner who moves and changes their mind at any moment, and a beat that comes late."""
    now, reckoned_in = start, zone
    due_at = rules.first_due_for(now, weekday, hour, zone, None)
    claimed: list[Week] = []
    for _ in range(30):
        now += timedelta(minutes=data.draw(st.integers(1, 5 * 24 * 60)))
        if data.draw(st.booleans()):
            weekday, hour, zone = data.draw(weekdays), data.draw(hours), data.draw(zones)
            pending = rules.iso_week_of(due_at, reckoned_in)
            before, due_at = (
                due_at,
                rules.rescheduled(
                    due_at,
                    reckoned_in,
                    weekday=weekday,
                    hour=hour,
                    zone=zone,
                    now=now,
                    last_claimed=claimed[-1] if claimed else None,
                ),
            )
            wished = rules.due_moment_in(pending, weekday, hour, zone)
            if claimed and wished > now:
                assert due_at == wished  # the new moment is still ahead
            elif claimed and rules.iso_week_of(before, zone) == pending:
                assert due_at == before  # the week keeps its old moment
            reckoned_in = zone
        while due_at <= now:
            claimed.append(rules.iso_week_of(due_at, zone))
            due_at = rules.next_due_after_claim(claimed[-1], weekday, hour, zone)
    assert all(later == earlier.shifted(1) for earlier, later in pairwise(claimed))


VIENNA = ZoneInfo("Europe/Vienna")
# Week 47 of 2026 begins on Monday 16 November. NOW is Wednesday noon in Vienna.
WEDNESDAY = utc(2026, 11, 18, 11)


def changed(weekday: int, hour: int, zone: ZoneInfo = VIENNA, **more: object) -> datetime:
    """A learner whose mail is due on Thursday at 19:00 in Vienna changes that on Wednesday at noon."""
    values = {"last_claimed": week_of(date(2026, 11, 9)), "now": WEDNESDAY, **more}
    return rules.rescheduled(
        utc(2026, 11, 19, 18),
        VIENNA,
        weekday=weekday,
        hour=hour,
        zone=zone,
        **values,  # type: ignore[arg-type]
    )


def test_a_change_to_a_moment_still_ahead_applies_to_this_week() -> None:
    assert changed(5, 8) == utc(2026, 11, 20, 7)
    assert changed(3, 13) == utc(2026, 11, 18, 12)
    assert changed(4, 19, ZoneInfo("America/New_York")) == utc(2026, 11, 20, 0)


def test_a_change_to_a_moment_gone_by_leaves_this_week_as_it_was() -> None:
    assert changed(1, 8) == utc(2026, 11, 19, 18)
    assert changed(3, 12) == utc(2026, 11, 19, 18)


def test_after_this_weeks_claim_a_change_applies_to_the_next() -> None:
    due_at = rules.rescheduled(
        utc(2026, 11, 26, 18),
        VIENNA,
        weekday=5,
        hour=8,
        zone=VIENNA,
        now=WEDNESDAY,
        last_claimed=week_of(date(2026, 11, 16)),
    )
    assert due_at == utc(2026, 11, 27, 7)


def test_a_first_mail_may_come_earlier_than_it_was_set_for() -> None:
    """Nothing is claimed yet, so a day of this week that is still ahead is this week's."""
    due_at = rules.rescheduled(
        utc(2026, 11, 24, 18), VIENNA, weekday=5, hour=8, zone=VIENNA, now=WEDNESDAY, last_claimed=None
    )
    assert due_at == utc(2026, 11, 20, 7)


def test_a_zone_that_has_the_old_moment_in_the_next_week_does_not_leave_this_one_out() -> None:
    # Sunday 23:00 in Honolulu is Monday 22:00 in Auckland, where Sunday 23:00 has gone by.
    honolulu, auckland = ZoneInfo("Pacific/Honolulu"), ZoneInfo("Pacific/Auckland")
    due_at = rules.rescheduled(
        utc(2026, 11, 23, 9),
        honolulu,
        weekday=7,
        hour=23,
        zone=auckland,
        now=utc(2026, 11, 22, 12),
        last_claimed=week_of(date(2026, 11, 9)),
    )
    assert rules.iso_week_of(due_at, auckland) == week_of(date(2026, 11, 16))
    assert due_at == utc(2026, 11, 22, 10, 59)


# --- whether it goes out ----------------------------------------------------------------------------------

DUE = utc(2026, 11, 19, 18)
GOES = {
    "due_at": DUE,
    "due_on": date(2026, 11, 19),
    "is_active": True,
    "has_consented": True,
    "has_unsubscribed": False,
    "has_bounced": False,
    "is_verified": True,
    "plan_state": "active",
}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({}, None),
        ({"is_active": False}, Skip.DEACTIVATED),
        ({"has_unsubscribed": True}, Skip.UNSUBSCRIBED),
        ({"has_consented": False}, Skip.NO_CONSENT),
        ({"is_verified": False}, Skip.UNVERIFIED),
        ({"has_bounced": True}, Skip.BOUNCED),
        ({"plan_state": "none"}, Skip.NO_PLAN),
        ({"plan_state": "not-started"}, Skip.NOT_STARTED),
        ({"plan_state": "paused"}, Skip.PAUSED),
        ({"plan_state": "finished"}, Skip.FINISHED),
        ({"is_monthly": True}, Skip.MONTHLY),
        ({"is_monthly": True, "due_on": date(2026, 11, 7)}, None),
        ({"is_monthly": True, "due_on": date(2026, 11, 8)}, Skip.MONTHLY),
        ({"was_mailed": True}, Skip.SAME_DAY),
        ({"was_mailed": True, "is_monthly": True}, Skip.MONTHLY),
        ({"is_active": False, "plan_state": "paused"}, Skip.DEACTIVATED),
    ],
)
def test_a_mail_is_skipped_for_one_reason(change: dict[str, object], reason: Skip | None) -> None:
    prospect = Prospect(**{**GOES, **change})  # type: ignore[arg-type]
    assert rules.decide(prospect, DUE) == reason


def test_a_mail_is_late_after_48_hours() -> None:
    prospect = Prospect(**GOES)  # type: ignore[arg-type]
    assert rules.decide(prospect, DUE + timedelta(hours=48)) is None
    assert rules.decide(prospect, DUE + timedelta(hours=48, seconds=1)) == Skip.LATE


@given(days, st.integers(1, 7))
def test_once_a_month_is_one_of_the_weekly_days_of_every_month(day: date, weekday: int) -> None:
    first = date(day.year, day.month, 1)
    of_month = [
        first + timedelta(days=n) for n in range(31) if (first + timedelta(days=n)).month == first.month
    ]
    assert sum(rules.is_first_of_month(on) for on in of_month if on.isoweekday() == weekday) == 1


@given(days, st.integers(1, 7), st.integers(0, 23), st.sampled_from(["Europe/Vienna", "Pacific/Apia", "UTC"]))
def test_the_next_mail_of_the_month_is_at_the_chosen_day_and_hour_within_five_weeks(
    day: date, weekday: int, hour: int, zone_name: str
) -> None:
    zone = ZoneInfo(zone_name)
    due_at = rules.next_due_after_claim(week_of(day), weekday, hour, zone)
    found = rules.first_of_month_from(due_at, weekday, hour, zone)
    local = found.astimezone(zone)
    assert local.day <= 7
    assert timedelta(0) <= found - due_at <= timedelta(weeks=5, hours=25)
    assert rules.first_of_month_from(found, weekday, hour, zone) == found


@given(days, st.lists(st.booleans(), max_size=7), st.integers(0, 60))
def test_silent_weeks_are_whole_later_than_the_last_sign_and_not_paused(
    today: date, paused: list[bool], ago: int
) -> None:
    this = week_of(today)
    weeks = [(this.shifted(n - len(paused)), is_paused) for n, is_paused in enumerate(paused)]
    last_sign_on = today - timedelta(days=ago)
    silent = rules.silent_weeks(last_sign_on, weeks)
    quiet = [week for week, _ in weeks if week.first_on > last_sign_on]
    assert silent == len(quiet) - sum(is_paused for week, is_paused in weeks if week in quiet)
    assert rules.silent_weeks(today, weeks) == 0


def test_a_look_back_and_a_question_a_week() -> None:
    week = week_of(date(2026, 11, 19))
    completed = [("a", week.first_on - timedelta(weeks=4)), ("b", week.last_on - timedelta(weeks=52))]
    assert rules.due_for_a_look(completed, week) == ("a", 4)
    assert rules.due_for_a_look(completed[1:], week) == ("b", 52)
    assert rules.due_for_a_look([], week) is None
    asked = [rules.in_turn("abc", week.shifted(n)) for n in range(6)]
    assert sorted(asked[:3], key=str) == ["a", "b", "c"]
    assert asked[:3] == asked[3:]
    assert rules.in_turn([], week) is None


# --- handing over -----------------------------------------------------------------------------------------


@given(st.integers(-1, 999))
def test_every_reply_has_an_outcome(code: int) -> None:
    expected = {2: Outcome.SENT, 4: Outcome.AGAIN, 5: Outcome.FAILED}.get(code // 100, Outcome.UNKNOWN)
    assert rules.reply_outcome(code) == expected
    assert rules.refusal_outcome(code) == (Outcome.FAILED if code // 100 == 5 else Outcome.AGAIN)


def test_waits_double_and_stay_within_48_hours() -> None:
    first = timedelta(minutes=5)
    waits = [rules.wait_after(attempts, first) for attempts in range(1, 12)]
    assert waits[:4] == [timedelta(minutes=minutes) for minutes in (5, 10, 20, 40)]
    assert waits[-1] == timedelta(hours=6)
    assert all(earlier <= later for earlier, later in pairwise(waits))
    assert rules.wait_after(60_000, first) == timedelta(hours=6)
    # Refused at once each time, the tenth attempt is made within the two days.
    assert sum(waits[:9], timedelta()) < rules.LATE_AFTER


@given(
    st.lists(
        st.tuples(st.sampled_from(["progress", "other"]), st.integers(1, 10**9), days),
        unique_by=lambda case: (case[0], case[1], week_of(case[2])),
        max_size=20,
    )
)
def test_message_ids_are_the_same_again_and_differ_from_each_other(
    cases: list[tuple[str, int, date]],
) -> None:
    def made() -> list[str]:
        return [rules.message_id_of(kind, pk, week_of(day), "cairn.example.org") for kind, pk, day in cases]

    assert made() == made()
    assert len(set(made())) == len(cases)
    assert all(len(message_id) <= 120 for message_id in made())


def test_a_message_id_names_week_and_domain() -> None:
    made = rules.message_id_of("progress", 7, week_of(date(2027, 1, 1)), "cairn.example.org")
    assert made.startswith("<progress.2026-w53.")
    assert made.endswith("@cairn.example.org>")
