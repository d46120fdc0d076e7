"""Deleting an account: asked for by typing the address, seven days to undo, then nothing is left."""

import uuid
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.apps import apps
from django.contrib.sessions.models import Session
from django.core.mail import EmailMessage
from django.db import transaction
from django.test import Client
from fsrs.scheduler import DEFAULT_PARAMETERS

from curriculum.catalogue import Catalogue
from tests.cohorts.factories import everything_in_cohorts
from tests.coverage.factories import make_claims
from tests.evidence.factories import everything_handed_in
from tests.fixtures.cast import NOW, TODAY, browser_of, make_plan, make_session
from tests.milestones.factories import look_back_on
from tests.people.conftest import is_logged_in, log_in, sign_up, text_of
from tests.sharing.factories import everything_shared
from tracker.badges.models import Badge, StatusPlace
from tracker.journal.actions import keep_waiting_file, start_timer
from tracker.journal.models import ImportBatch, SessionCorrection
from tracker.milestones.models import Completion, CriterionTick
from tracker.operations import mailfiles
from tracker.people import actions
from tracker.people.models import User
from tracker.people.tasks import delete_due_accounts
from tracker.plans.models import Baseline, Mark, Pause, PlanChange, SelfCheckAnswer, SkillRating
from tracker.recall.actions import grade_item, set_weights
from tracker.recall.models import Grade
from tracker.recall.rules.memory import read_weights
from tracker.reminders.actions import make_feed_address
from tracker.reminders.models import Channel, Consent, MailTrial, Recipient, Reminder

OURS = (
    "people",
    "journal",
    "evidence",
    "plans",
    "recall",
    "coverage",
    "milestones",
    "reminders",
    "badges",
    "cohorts",
    "sharing",
    "account",
    "sessions",
)
# Not a learner's: the hash of the set-up address.
NOBODYS = {"SetUpAddress", "EmailConfirmation", "SigningKey", "StatusPlace"}


def everything(learner: User, content: Catalogue) -> None:
    """At least one row in every table that holds something of a learner."""
    plan = make_plan(learner, content)
    make_plan(learner, content)  # ends the first
    session = make_session(learner)
    SessionCorrection.objects.create(session=session, corrected_at=NOW, minutes=30, studied_on=TODAY)
    Pause.objects.create(plan=plan, first_on=TODAY, until_on=TODAY + timedelta(days=7))
    Mark.objects.create(
        learner=learner,
        activity_key="mindset.read",
        kind="done",
        marked_on=TODAY,
        marked_at=NOW,
        planned_minutes=60,
        revision=plan.revision,
    )
    Baseline.objects.get_or_create(
        plan=plan,
        activity_key="mindset.read",
        defaults={"minutes": 60, "first_on": TODAY, "last_on": TODAY},
    )
    PlanChange.objects.create(plan=plan, changed_at=NOW, reason="re-plan", after="{}")
    SkillRating.objects.create(
        learner=learner, skill_key="adversarial-ml", level=1, rated_on=TODAY, rated_at=NOW
    )
    SelfCheckAnswer.objects.create(
        learner=learner,
        question_key="mindset.ask-two-questions",
        knows="no",
        answered_on=TODAY,
        answered_at=NOW,
    )
    grade_item(learner, "mindset.ask-two-questions", Grade.AGAIN, now=NOW, on=TODAY)
    set_weights(learner, read_weights(DEFAULT_PARAMETERS))
    CriterionTick.objects.create(learner=learner, criterion_key="mindset.proof", note="Read.", ticked_at=NOW)
    completed = Completion.objects.create(
        learner=learner,
        module_key="mindset",
        track_key="ai-security-engineer",
        revision=plan.revision,
        completed_on=TODAY,
        completed_at=NOW,
        snapshot="{}",
    )
    look_back_on(completed)
    Recipient.objects.create(learner=learner, weekday=4, hour=18, unsubscribe_token=f"token-{learner.pk}")
    Consent.objects.create(learner=learner, at=NOW, given=True, wording="Yes.", place="start")
    Reminder.objects.create(
        learner=learner,
        iso_year=2026,
        iso_week=47,
        state="sent",
        message_id=f"<{learner.pk}@localhost>",
        due_at=NOW,
        claimed_at=NOW,
        not_before=NOW,
    )
    MailTrial.objects.create(learner=learner, asked_at=NOW)
    Channel.objects.create(learner=learner, chosen_at=NOW)
    make_feed_address(learner, replaces=False, now=NOW)
    token, _ = actions.make_token(learner, name="laptop", scope="log", expires_at=None, now=NOW)
    make_session(learner, logged_with=token)
    keep_waiting_file(learner, "toggl.csv", b"date,minutes", now=NOW)
    batch = ImportBatch.objects.create(
        learner=learner,
        waiting_id=uuid.uuid4(),
        made_at=NOW,
        file_name="plain.csv",
        made_by="plain",
        sessions=1,
        minutes=45,
        there_already=0,
        refused=0,
    )
    make_session(learner, import_batch=batch)
    start_timer(learner, module_key="mindset", activity_key="", now=NOW)
    actions.keep_answer(learner, "a key", "0" * 64, 201, "{}", now=NOW)
    everything_handed_in(learner)
    make_claims(learner)
    everything_shared(learner)
    everything_in_cohorts(learner)
    Badge.objects.create(
        learner=learner,
        completion=completed,
        place=StatusPlace.objects.create(given_at=NOW),
        jwt="x.y.z",
        names_files=False,
        issued_at=NOW,
    )
    EmailAddress.objects.create(user=learner, email=f"pending-{learner.pk}@example.org")
    browser_of(learner)


def counts() -> dict[str, int]:
    """Rows in every table of ours."""
    return {
        model.__name__: model._base_manager.count()
        for label in OURS
        for model in apps.get_app_config(label).get_models()
        if model.__name__ not in NOBODYS
    }


def ask_to_leave(learner: User) -> Any:
    """Types the address into the form; returns the client that did."""
    client = browser_of(learner)
    client.post("/settings/leave/", {"address": learner.email})
    return client


def test_it_asks_for_the_address_typed(alice: User) -> None:
    client = browser_of(alice)
    for typed in ("", "bob@example.org", "alice"):
        answer = client.post("/settings/leave/", {"address": typed})
        assert answer.status_code == 422
        if typed:
            assert "That is not the address of this account. Nothing was deleted." in text_of(answer)
            assert f'value="{typed}"' in text_of(answer)
    assert is_logged_in(client)
    assert User.objects.get().deletion_due_at is None


def test_for_seven_days_one_can_come_back_and_keep_it(alice: User, now: datetime, time_machine: Any) -> None:
    client = browser_of(alice)
    answer = client.post("/settings/leave/", {"address": " Alice@Example.org "})
    assert "It will be deleted in seven days." in text_of(answer)
    assert not is_logged_in(client)
    time_machine.move_to(now + timedelta(days=6, hours=23), tick=False)
    assert actions.delete_due(now + timedelta(days=6, hours=23)) == 0
    log_in(client, alice.email)
    page = text_of(client.get("/settings/"))
    assert "will be deleted on" in page
    assert "Keep the account" in page
    page = text_of(client.post("/settings/stay/", follow=True))
    assert "Your account stays." in page
    assert "Keep the account" not in page
    assert actions.delete_due(now + timedelta(days=400)) == 0
    assert User.objects.filter(pk=alice.pk).exists()


def test_asking_again_does_not_put_it_off(alice: User, now: datetime, time_machine: Any) -> None:
    ask_to_leave(alice)
    time_machine.move_to(now + timedelta(days=3), tick=False)
    ask_to_leave(User.objects.get())
    assert User.objects.get().deletion_due_at == now + timedelta(days=7)


def test_then_nothing_is_left_and_nobody_else_misses_anything(
    alice: User, bob: User, curriculum: Catalogue, now: datetime, time_machine: Any
) -> None:
    everything(bob, curriculum)
    before = counts()
    assert all(before.values()), f"Bob has no row in {[name for name in before if not before[name]]}"
    with transaction.atomic():
        everything(alice, curriculum)
    with_alice = counts()
    more = {name: with_alice[name] - before[name] for name in before if with_alice[name] > before[name]}
    assert set(more) >= set(before) - {"User", "EmailAddress"}
    ask_to_leave(alice)
    time_machine.move_to(now + timedelta(days=7), tick=False)
    delete_due_accounts()
    # Alice's account and address were there from the start.
    assert counts() == before | {"User": before["User"] - 1, "EmailAddress": before["EmailAddress"] - 1}
    assert [user.email for user in User.objects.all()] == [bob.email]
    delete_due_accounts()
    assert User.objects.count() == 1


def test_a_device_still_logged_in_is_out_once_it_is_deleted(alice: User, bob: User, now: datetime) -> None:
    elsewhere, bobs = browser_of(alice), browser_of(bob)
    ask_to_leave(alice)
    assert "Keep the account" in text_of(elsewhere.get("/settings/"))
    actions.delete_due(now + timedelta(days=7))
    assert not is_logged_in(elsewhere)
    assert is_logged_in(bobs)
    assert Session.objects.count() >= 1


def test_one_account_kept_in_the_last_moment_is_kept(alice: User, bob: User, now: datetime) -> None:
    for learner in (alice, bob):
        actions.ask_for_deletion(learner, now)
    actions.keep_account(alice)
    assert actions.delete_due(now + timedelta(days=8)) == 1
    assert [user.email for user in User.objects.all()] == [alice.email]


def test_the_mail_kept_as_files_goes_with_the_account(
    alice: User, bob: User, now: datetime, mail_folder: Path
) -> None:
    for learner in (alice, bob):
        EmailMessage("A week", "Your hours.", to=[learner.email]).send()
    actions.ask_for_deletion(alice, now)
    assert len(list(mailfiles.letters())) == 2
    actions.delete_due(now + timedelta(days=7))
    assert [letter.to for letter in mailfiles.letters()] == [(bob.email,)]
    dora = Client()
    sign_up(dora, "alice@example.org")
    assert "A week" not in text_of(dora.get("/settings/mail/"))


def test_charlie_cannot_delete_or_keep_alices_account(alice: User, charlie: User, now: datetime) -> None:
    client = browser_of(charlie)
    assert client.post("/settings/leave/", {"address": alice.email}).status_code == 422
    assert User.objects.filter(deletion_due_at__isnull=False).count() == 0
    actions.ask_for_deletion(alice, now)
    client.post("/settings/stay/")
    assert User.objects.get(pk=alice.pk).deletion_due_at is not None


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_visitor_has_nothing_to_delete(db: None, method: str) -> None:
    answer = getattr(Client(), method)("/settings/leave/")
    assert answer["Location"].startswith("/accounts/login/")


def test_the_last_moment_is_seven_days_to_the_second(alice: User) -> None:
    asked = datetime(2026, 3, 26, 9, 0, tzinfo=UTC)
    actions.ask_for_deletion(alice, asked)
    assert actions.delete_due(asked + timedelta(days=7, seconds=-1)) == 0
    assert actions.delete_due(asked + timedelta(days=7)) == 1
    assert date(2026, 4, 2) == (asked + timedelta(days=7)).date()
