"""The four steps of the start and what they refuse."""

from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.test import Client
from django.urls import reverse

from curriculum.catalogue import Catalogue
from tests.fixtures.cast import browser_of, make_plan
from tracker.people.models import User
from tracker.plans.models import Mark, Plan
from tracker.reminders.models import Consent, Recipient

pytestmark = pytest.mark.usefixtures("now", "curriculum")

HOURS = {
    "monday": "1", "tuesday": "1:30", "wednesday": "", "thursday": "60 min", "friday": "0",
    "saturday": "3", "sunday": "–", "start_on": "2026-11-23", "target": "2028-02",
}  # fmt: skip
REMINDER = {"weekday": "7", "hour": "18", "zone": "Europe/Vienna", "consent": "on"}


@pytest.fixture
def web(alice: User) -> Client:
    return browser_of(alice)


def walk(web: Client, **changed: Any) -> Any:
    """Answers the four steps and returns the answer to the last."""
    web.post(reverse("start"), {"track": changed.get("track", "ai-security-engineer")})
    web.post(reverse("start-hours"), {**HOURS, **changed.get("hours", {})})
    web.post(reverse("start-known"), {"known": changed.get("known", [])})
    return web.post(reverse("start-reminder"), {**REMINDER, **changed.get("reminder", {})})


def test_four_steps_and_a_preview_make_a_plan(web: Client, alice: User) -> None:
    assert walk(web, known=["evasion"]).headers["Location"] == reverse("start-preview")
    preview = web.get(reverse("start-preview"))
    assert not Plan.objects.exists()
    assert "Done by" in preview.text
    assert "That meets your target" in preview.text
    made = web.post(reverse("start-preview"))
    assert made.headers["Location"] == reverse("today")
    plan = Plan.objects.get()
    assert plan.weekday_minutes == (60, 90, 0, 60, 0, 180, 0)
    assert str(plan.target_on) == "2028-02-29"
    assert set(Mark.objects.values_list("kind", flat=True)) == {"known"}
    recipient = Recipient.objects.get(learner=alice)
    assert (recipient.weekday, recipient.hour) == (7, 18)
    assert recipient.consented_at is not None
    assert Consent.objects.get().wording in web.get(reverse("settings")).text
    assert "start" not in web.session


def test_a_step_without_the_one_before_leads_back(web: Client) -> None:
    for step in ("start-hours", "start-known", "start-reminder", "start-preview"):
        assert web.get(reverse(step)).headers["Location"] == reverse("start")
        assert web.post(reverse(step), {}).headers["Location"] == reverse("start")
    web.post(reverse("start"), {"track": "ai-security-engineer"})
    assert web.get(reverse("start-preview")).headers["Location"] == reverse("start-hours")


def test_the_target_is_twelve_months_ahead_at_first(web: Client) -> None:
    web.post(reverse("start"), {"track": "ai-security-engineer"})
    text = web.get(reverse("start-hours")).text
    assert '<option value="2027-11" selected>' in text
    assert '<option value="2026-12">' in text
    assert '<option value="2028-11">' in text
    assert "2028-12" not in text
    assert '2026-11"' not in text.replace("2026-11-19", "")


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"monday": "30"}, "A day has 24 hours, not 30."),
        ({"monday": "25:00"}, "A day has 24 hours"),
        ({"monday": "-1"}, "negative"),
        ({"monday": "two hours"}, "is not a length"),
        ({"monday": "nan"}, "is not a length"),
        ({"monday": "1e9"}, "is not a length"),
        ({"target": "2020-01"}, "A target lies between"),
        ({"target": "2029-01"}, "A target lies between"),
        ({"target": "soon"}, "A target lies between"),
        ({"start_on": "2199-01-01"}, "within a year"),
        ({"start_on": "yesterday"}, "is not a date"),
        ({"start_on": ""}, "on which day you start"),
        ({"start_on": "2027-11-19", "target": "2026-12"}, "before the first day"),
        (dict.fromkeys(("monday", "tuesday", "thursday", "saturday"), "0"), "at least one hour a week"),
    ],
)
def test_hours_that_cannot_be_are_refused_and_nothing_is_lost(
    web: Client, changed: dict[str, str], reason: str
) -> None:
    web.post(reverse("start"), {"track": "ai-security-engineer"})
    refused = web.post(reverse("start-hours"), {**HOURS, "saturday": "2:45", **changed})
    assert refused.status_code == 422
    assert reason in refused.text
    if "saturday" not in changed:
        assert 'value="2:45"' in refused.text
    for value in changed.values():
        if value and value != "soon" and not value.startswith("20"):
            assert f'value="{value}"' in refused.text


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"zone": "Mars/Olympus"}, "There is no time zone"),
        ({"zone": "../../etc/passwd"}, "There is no time zone"),
        ({"zone": ""}, "required"),
        ({"hour": "25"}, ""),
        ({"weekday": "8"}, ""),
    ],
)
def test_a_reminder_that_cannot_be_is_refused(web: Client, changed: dict[str, str], reason: str) -> None:
    web.post(reverse("start"), {"track": "ai-security-engineer"})
    web.post(reverse("start-hours"), HOURS)
    refused = web.post(reverse("start-reminder"), {**REMINDER, **changed})
    assert refused.status_code == 422
    assert reason in refused.text
    assert 'class="mistake"' in refused.text


def test_a_late_finish_says_what_the_target_takes(web: Client) -> None:
    walk(web, hours={"target": "2027-03"})
    text = web.get(reverse("start-preview")).text
    assert "which is earlier" in text
    assert "a week would need" in text


def test_no_target_is_an_answer(web: Client) -> None:
    walk(web, hours={"target": ""})
    assert "You set no target" in web.get(reverse("start-preview")).text
    web.post(reverse("start-preview"))
    assert Plan.objects.get().target_on is None


def test_without_consent_no_mail_is_due(web: Client, alice: User) -> None:
    walk(web, reminder={"consent": ""})
    web.post(reverse("start-preview"))
    assert not Recipient.objects.filter(learner=alice, next_due_at__isnull=False).exists()
    assert not Consent.objects.filter(given=True).exists()


def test_everything_known_leaves_nothing_to_date(web: Client, curriculum: Catalogue) -> None:
    walk(web, known=[module.key for module in curriculum.modules])
    assert "Nothing is left to study" in web.get(reverse("start-preview")).text
    web.post(reverse("start-preview"))
    assert "The plan is done" in web.get(reverse("today")).text


def test_a_module_of_another_track_is_refused(web: Client) -> None:
    web.post(reverse("start"), {"track": "security-aware-mle"})
    web.post(reverse("start-hours"), HOURS)
    refused = web.post(reverse("start-known"), {"known": ["no-such-module"]})
    assert refused.status_code == 422
    assert "not in the track" in refused.text


def test_another_plan_ends_the_first_and_keeps_what_was_done(
    web: Client, alice: User, curriculum: Catalogue
) -> None:
    first = make_plan(alice, curriculum)
    walk(web, track="security-aware-mle")
    assert "This ends your plan" in web.get(reverse("start-preview")).text
    web.post(reverse("start-preview"))
    first.refresh_from_db()
    assert first.ended_at is not None
    assert Plan.objects.get(learner=alice, ended_at__isnull=True).track_key == "security-aware-mle"


def test_sending_the_preview_twice_makes_one_plan(web: Client, alice: User) -> None:
    walk(web)
    web.post(reverse("start-preview"))
    again = web.post(reverse("start-preview"))
    assert again.headers["Location"] == reverse("start")
    assert Plan.objects.filter(learner=alice).count() == 1


def test_a_tampered_draft_leads_back_and_breaks_nothing(web: Client) -> None:
    walk(web)
    drafts: tuple[Any, ...] = (
        "x",
        {"start": {}},
        {"start": {"track": ["no-such"]}},
        {"start": {"track": "x"}},
    )
    for value in drafts:
        session = web.session
        session["start"] = value
        session.save()
        assert web.get(reverse("start-preview")).headers["Location"] == reverse("start")


def test_another_plan_begins_with_the_hours_the_target_and_the_mail_there_are(web: Client) -> None:
    walk(web, hours={"target": "2027-07", "saturday": "2:15"}, reminder={"weekday": "2", "hour": "7"})
    web.post(reverse("start-preview"))
    again = web.get(reverse("start")).text
    assert "Keep the plan as it is" in again
    web.post(reverse("start"), {"track": "ai-security-engineer"})
    hours = web.get(reverse("start-hours")).text
    assert 'value="2 h 15"' in hours
    assert '<option value="2027-07" selected>' in hours
    web.post(reverse("start-hours"), HOURS)
    web.post(reverse("start-known"), {})
    reminder = web.get(reverse("start-reminder")).text
    assert '<option value="2" selected>' in reminder
    assert '<option value="7" selected>' in reminder
    assert "checked" in reminder


def test_the_preview_says_what_becomes_of_the_mail(web: Client) -> None:
    walk(web)
    assert "Mail: Sundays at 18:00." in web.get(reverse("start-preview")).text
    walk(web, reminder={"consent": ""})
    assert "No weekly mail will come." in web.get(reverse("start-preview")).text


def test_who_has_not_confirmed_the_address_is_told_that_mail_waits(web: Client, alice: User) -> None:
    EmailAddress.objects.filter(user=alice).update(verified=False)
    walk(web)
    made = web.post(reverse("start-preview"), follow=True)
    assert "waits until your address is confirmed" in made.text
    assert reverse("account_email") in made.text
    assert "It waits until your address is confirmed" in web.get(reverse("settings")).text
