"""Zones that IANA has renamed, and names that this machine's zone database does not have any more."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse

from curriculum.catalogue import Catalogue
from tests.fixtures.cast import NOW, browser_of, make_plan
from tests.reminders.factories import WORDING, make_recipient
from tracker.people.models import User
from tracker.reminders import actions, queries, rules
from tracker.reminders.models import Recipient, Reminder

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("now")]


def in_zone(learner: User, name: str) -> User:
    """The learner, whose row has that zone, whatever this machine knows."""
    User.objects.filter(pk=learner.pk).update(zone=name)
    return User.objects.get(pk=learner.pk)


def test_a_renamed_zone_has_the_same_moments(alice: User) -> None:
    moments = []
    for name in ("Europe/Kiev", "Europe/Kyiv"):
        learner = in_zone(alice, name)
        Recipient.objects.all().delete()
        moments.append(actions.set_reminder(learner, 7, 18, wording=WORDING, place="t", now=NOW).next_due_at)
    assert moments[0] == moments[1] == datetime(2026, 11, 22, 16, 0, tzinfo=UTC)


def test_a_change_to_the_new_name_moves_no_mail_and_claims_no_week_twice(
    alice: User, curriculum: Catalogue
) -> None:
    alice = in_zone(alice, "Europe/Kiev")
    make_plan(alice, curriculum)
    recipient = make_recipient(alice)
    assert actions.claim_due(NOW, 10) == 1
    before = Recipient.objects.get().next_due_at
    alice = in_zone(alice, "Europe/Kyiv")
    actions.reschedule_for(alice, NOW)
    recipient.refresh_from_db()
    assert (recipient.zone, recipient.next_due_at) == ("Europe/Kyiv", before)
    assert actions.claim_due(NOW, 10) == 0
    assert Reminder.objects.count() == 1


@pytest.mark.parametrize("name", ["Europe/Atlantis", "Mars/Olympus Mons", "../../etc/passwd", "", "\ud7ff"])
def test_a_name_that_is_no_zone_any_more_breaks_nothing(
    alice: User, curriculum: Catalogue, name: str
) -> None:
    """The mail is claimed as if in UTC, every page is there, and the zone can be chosen anew."""
    make_plan(alice, curriculum)
    make_recipient(alice, zone=name)
    alice = in_zone(alice, name)
    assert rules.zone_named(name) == ZoneInfo("UTC")
    assert actions.claim_due(NOW, 10) == 1
    [row] = queries.leased([Reminder.objects.get().pk])
    assert row.person.zone == ZoneInfo("UTC")
    browser = browser_of(alice)
    for page in ("today", "plan", "journal", "settings", "preview-reminder"):
        assert browser.get(reverse(page)).status_code == 200, page
    actions.reschedule_for(in_zone(alice, "Europe/Kyiv"), NOW)
    assert Recipient.objects.get().zone == "Europe/Kyiv"
