"""The demo learner: what is in the story, that it is the same each time, and that nobody is overwritten."""

import io
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from curriculum.catalogue import Catalogue
from tests.fixtures.cast import NOW, TODAY, browser_of, make_learner, make_session
from tracker.badges import actions as badges_actions
from tracker.desk import demo
from tracker.desk.export import everything_of
from tracker.evidence.models import Run
from tracker.evidence.queries import compared
from tracker.journal.models import SessionCorrection, StudySession
from tracker.milestones import queries as milestones_queries
from tracker.milestones.models import Completion, CriterionTick
from tracker.people.models import User
from tracker.plans.models import Mark, Pause, Plan, PlanChange
from tracker.plans.queries import standing
from tracker.reminders.models import Recipient, Reminder

ZONE = ZoneInfo(demo.ZONE)


def make(content: Catalogue, email: str = "demo@example.org", **other: Any) -> demo.Made:
    return demo.make_demo(
        email, "a long enough password", **{"weeks": 20, "seed": 1, "content": content, "now": NOW, **other}
    )


def own_rows(made: demo.Made) -> dict[str, list[dict[str, Any]]]:
    """Everything that is the demo learner's, without what differs between two of them."""
    rows = everything_of(made.learner)
    # A run is one person's, so that two of them never have the same.
    differs = {"id", "learner", "plan", "session", "run", "run_id", "sha256", "completion", "file"}

    def told(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [{key: value for key, value in row.items() if key not in differs} for row in found]

    return {
        # The keys of files are drawn, and so is their order.
        name: sorted(told(found), key=repr) if name in {"stored_files", "artefacts"} else told(found)
        for name, found in rows.items()
        if isinstance(found, list) and name != "email_addresses"
    }


def test_twenty_weeks_hold_what_a_reader_should_see(curriculum: Catalogue) -> None:
    made = make(curriculum)
    sessions = StudySession.objects.filter(learner=made.learner)
    plan = Plan.objects.get(learner=made.learner, ended_at=None)
    # 20 weeks that end with this one: the first Monday is 19 weeks before this week's.
    assert plan.start_on == date(2026, 7, 6)
    assert 75 <= sessions.count() == made.sessions <= 100
    assert sum(sessions.values_list("minutes", flat=True)) == made.minutes
    days = list(sessions.order_by("studied_on").values_list("studied_on", flat=True))
    assert plan.start_on <= days[0] < plan.start_on + timedelta(days=7)
    assert TODAY - timedelta(days=5) <= days[-1] < TODAY
    pause = Pause.objects.get(plan=plan)
    assert pause.until_on == pause.first_on + timedelta(days=demo.PAUSE_DAYS)
    assert not [day for day in days if pause.first_on <= day < pause.until_on]
    studied = {day - timedelta(days=day.weekday()) for day in days}
    weeks = [plan.start_on + timedelta(weeks=n) for n in range(20)]
    assert plan.start_on + timedelta(weeks=demo.EMPTY) not in studied
    # The empty week and at most the one that lies wholly in the pause are without study.
    assert len([week for week in weeks if week not in studied]) <= 2
    assert [change.reason for change in PlanChange.objects.filter(plan=plan).order_by("pk")] == [
        "Plan made",
        "Pause",
    ]
    assert Completion.objects.filter(learner=made.learner).count() == len(made.completed) == 3
    assert Mark.objects.filter(learner=made.learner, kind="known").count() == 1
    assert standing(made.learner.pk, TODAY).state == "active"


def test_the_first_milestone_is_evidenced_and_can_have_a_badge(curriculum: Catalogue) -> None:
    made = make(curriculum)
    *_, first = milestones_queries.records(made.learner.pk)
    assert (first.module_key, first.state) == ("mindset", "evidenced")
    assert badges_actions.issue(made.learner, first.pk, names_files=True, now=NOW) is not None


def test_two_scans_were_handed_in_and_the_later_one_is_better(curriculum: Catalogue) -> None:
    made = make(curriculum)
    before, after = Run.objects.filter(learner=made.learner).order_by("read_at")
    assert (before.state, after.state, before.is_self_test) == ("complete", "complete", False)
    changes = [row.change for row in compared(before, after)]
    assert changes.count("fell") == 4
    assert changes.count("overlaps") == 1


def test_one_session_is_backdated_and_one_corrected(curriculum: Catalogue) -> None:
    made = make(curriculum)
    sessions = StudySession.objects.filter(learner=made.learner)
    late = [s for s in sessions if s.logged_at.astimezone(ZONE).date() > s.studied_on]
    assert [(s.logged_at.astimezone(ZONE).date() - s.studied_on).days for s in late] == [3]
    correction = SessionCorrection.objects.get(session__learner=made.learner)
    assert correction.minutes == correction.session.minutes * 2
    assert correction.session.note == demo.WRONG_NOTE
    assert correction.corrected_at > correction.session.logged_at


def test_hours_confidence_and_notes_are_a_persons(curriculum: Catalogue) -> None:
    sessions = list(StudySession.objects.filter(learner=make(curriculum).learner))
    assert all(10 <= session.minutes <= 240 for session in sessions)
    assert {session.confidence for session in sessions} >= {None, 2, 3, 4}
    assert 0.3 < sum(1 for session in sessions if session.note) / len(sessions) < 0.7
    per_week = sum(session.minutes for session in sessions) / 60 / 20
    assert 4 <= per_week <= 7


def test_every_record_is_of_its_own_moment(curriculum: Catalogue) -> None:
    made = make(curriculum)
    records = Completion.objects.filter(learner=made.learner).order_by("completed_at")
    assert [record.module_key for record in records] == made.completed == ["mindset", "foundations", "atlas"]
    for record in records:
        module = curriculum.module(record.module_key)
        ticks = CriterionTick.objects.filter(
            learner=made.learner,
            criterion_key__in=[criterion.key for criterion in module.criteria_in(demo.TRACK)],
        )
        marks = Mark.objects.filter(learner=made.learner, activity_key__startswith=f"{module.key}.")
        assert ticks.count() == len(module.criteria_in(demo.TRACK))
        assert all(tick.ticked_at <= record.completed_at for tick in ticks)
        assert max(mark.marked_on for mark in marks) == record.completed_on
        assert record.completed_at.astimezone(ZONE).date() == record.completed_on
        assert f'"minutes":{sum_before(made.learner, record)}' in record.snapshot
    moments = [
        *StudySession.objects.filter(learner=made.learner).values_list("logged_at", flat=True),
        *Mark.objects.filter(learner=made.learner).values_list("marked_at", flat=True),
        *SessionCorrection.objects.values_list("corrected_at", flat=True),
    ]
    assert made.learner.joined_at <= min(moments)
    assert max(moments) < NOW


def sum_before(learner: User, record: Completion) -> int:
    """Minutes logged on the record's module up to its moment."""
    found = StudySession.objects.filter(
        learner=learner, module_key=record.module_key, logged_at__lte=record.completed_at
    )
    return sum(session.minutes for session in found)


def test_no_mail_of_the_past_is_claimed_and_the_next_one_is_due(curriculum: Catalogue) -> None:
    made = make(curriculum)
    recipient = Recipient.objects.get(learner=made.learner)
    assert not Reminder.objects.exists()
    assert recipient.next_due_at == datetime(2026, 11, 22, 17, 0, tzinfo=UTC)  # Sunday, 18:00 in Vienna
    assert recipient.consented_at == datetime(2026, 11, 18, 23, 0, tzinfo=UTC)  # today, 00:00 in Vienna


def test_the_same_seed_and_day_make_the_same_rows(curriculum: Catalogue) -> None:
    first = own_rows(make(curriculum))
    again = own_rows(make(curriculum, "again@example.org", now=NOW + timedelta(hours=9)))
    other = own_rows(make(curriculum, "other@example.org", seed=2))
    assert first["study_sessions"]
    assert first == again
    assert first["study_sessions"] != other["study_sessions"]


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("weeks", [20, 45, 156, 260])
def test_the_plan_is_never_finished(curriculum: Catalogue, weeks: int, seed: int) -> None:
    made = make(curriculum, weeks=weeks, seed=seed)
    stands = standing(made.learner.pk, TODAY)
    assert stands.state == "active"
    assert stands.next
    assert len(made.completed) >= 3
    assert not Pause.objects.filter(until_on__gt=TODAY).exists()
    if weeks == 156:
        assert 600 <= made.sessions <= 900


@pytest.mark.parametrize("weeks", [19, 261, -1])
def test_other_numbers_of_weeks_are_refused(curriculum: Catalogue, weeks: int) -> None:
    with pytest.raises(ValueError, match="20 to 260 weeks"):
        make(curriculum, weeks=weeks)
    assert not User.objects.exists()


@pytest.mark.usefixtures("now")
def test_the_command_prints_a_login_that_works_last(curriculum: Catalogue, client: Client) -> None:
    printed = io.StringIO()
    call_command("demo", "--force", stdout=printed)
    lines = printed.getvalue().strip().splitlines()
    address, password = lines[-2].split()[-1], lines[-1].split()[-1]
    assert lines[-2:] == [f"Address:  {address}", f"Password: {password}"]
    assert re.search(r"[\w.+-]+@[\w.-]+\w", printed.getvalue())[0] == address  # type: ignore[index]
    answer = client.post(reverse("account_login"), {"login": address, "password": password})
    assert answer.status_code == 302
    for name in ("today", "plan", "journal", "milestones", "settings", "my-data"):
        assert client.get(reverse(name)).status_code == 200
    for module in ("mindset", "garak"):
        assert client.get(reverse("milestone", args=[module])).status_code == 200


@pytest.mark.django_db
def test_without_debug_it_must_be_forced(settings: Settings) -> None:
    settings.DEBUG = False
    with pytest.raises(CommandError, match="--force"):
        call_command("demo")
    assert not User.objects.exists()


def test_with_debug_it_need_not_be_forced(curriculum: Catalogue, settings: Settings) -> None:
    settings.DEBUG = True
    call_command("demo", "--email", " Demo-2@Example.ORG ", stdout=io.StringIO())
    assert User.objects.get().email == "demo-2@example.org"


@pytest.mark.usefixtures("no_curriculum")
def test_without_a_curriculum_it_brings_one() -> None:
    call_command("demo", "--force", stdout=io.StringIO())
    assert User.objects.get().email == "demo@example.org"


@pytest.mark.usefixtures("no_curriculum")
def test_a_server_without_a_curriculum_is_told_so(settings: Settings) -> None:
    settings.EMBEDDED = False
    with pytest.raises(CommandError, match="load_curriculum"):
        call_command("demo", "--force")


@pytest.mark.usefixtures("curriculum")
@pytest.mark.parametrize("force", [[], ["--force"]])
def test_an_account_that_is_there_is_never_touched(settings: Settings, force: list[str]) -> None:
    settings.DEBUG = True
    alice = make_learner("Alice")
    make_session(alice)
    before = everything_of(alice)
    with pytest.raises(CommandError, match="already, and nothing was changed"):
        call_command("demo", "--email", "ALICE@example.org", *force)
    alice.refresh_from_db()
    assert everything_of(alice) == before
    assert alice.check_password("a long enough password")
    assert User.objects.count() == 1


@pytest.mark.usefixtures("curriculum")
def test_an_address_must_be_one() -> None:
    with pytest.raises(CommandError, match="not an e-mail address"):
        call_command("demo", "--force", "--email", "nobody")
    assert not User.objects.exists()


@pytest.mark.usefixtures("now")
def test_the_demo_learner_is_no_staff(curriculum: Catalogue) -> None:
    learner = make(curriculum).learner
    assert not learner.is_staff
    assert not learner.is_superuser
    assert browser_of(learner).get(reverse("people")).status_code == 404


def test_demo_sessions_name_activities_of_the_plan(curriculum: Catalogue) -> None:
    made = make(curriculum)
    on_activities = StudySession.objects.filter(learner=made.learner).exclude(activity_key="")
    assert on_activities.exists()
    for session in on_activities:
        assert curriculum.activity(session.activity_key).module_key == session.module_key
