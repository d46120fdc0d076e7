"""A year of weekly mails in every zone that there is."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

from hypothesis import given, settings
from hypothesis import strategies as st

from tracker.journal.rules import week_of
from tracker.reminders import rules

# Links to the machine's own zone, and no zone of any place.
NO_PLACE = {"localtime", "posixrules", "Factory"}
EVERY_ZONE = sorted(available_timezones() - NO_PLACE)


@settings(max_examples=3)
@given(st.integers(2008, 2037), st.integers(1, 7), st.integers(0, 23))
def test_every_zone_has_one_moment_a_week_at_the_hour_its_learner_chose(
    year: int, weekday: int, hour: int
) -> None:
    assert len(EVERY_ZONE) > 400
    first = week_of(date(year, 1, 4))
    for name in EVERY_ZONE:
        zone = ZoneInfo(name)
        moment = rules.due_moment_in(first, weekday, hour, zone)
        week = first
        while week.first_on.year <= year:
            # As the claims go: one week's moment after the other, each in its own week.
            assert rules.iso_week_of(moment, zone) == week, name
            local = moment.astimezone(zone).replace(tzinfo=None)
            wall = datetime.combine(week.first_on + timedelta(days=weekday - 1), time(hour))
            if local != wall:
                # Only where no clock of the zone ever showed that hour; then the first minute after.
                shown = wall.replace(tzinfo=zone).astimezone(UTC).astimezone(zone).replace(tzinfo=None)
                assert shown != wall, (name, wall)
                assert wall < local <= wall + timedelta(days=1, hours=1), (name, wall, local)
            moment = rules.next_due_after_claim(week, weekday, hour, zone)
            week = week.shifted(1)
