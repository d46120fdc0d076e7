"""The export of one's own data: every model that has a learner, nobody else's rows, no secret."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from allauth.account.models import EmailAddress
from django.apps import apps
from django.db.models import Field, ForeignKey, Model
from django.urls import reverse
from fsrs.scheduler import DEFAULT_PARAMETERS

from curriculum.catalogue import Catalogue
from tests.badges.factories import make_badge, make_evidenced
from tests.cohorts.factories import everything_in_cohorts
from tests.coverage.factories import make_claims
from tests.evidence.factories import everything_handed_in
from tests.fixtures.cast import NOW, TODAY, browser_of, make_learner, make_plan, make_session
from tests.journal.files import make_import
from tests.milestones.factories import look_back_on
from tests.sharing.factories import everything_shared
from tracker.desk import export
from tracker.journal import actions as journal_actions
from tracker.journal.actions import Entry
from tracker.milestones import actions as milestones_actions
from tracker.people import actions as people_actions
from tracker.people.models import ApiToken, User
from tracker.plans import actions as plans_actions
from tracker.recall import actions as recall_actions
from tracker.recall.models import Grade
from tracker.recall.rules.memory import read_weights
from tracker.reminders import actions as reminders_actions
from tracker.reminders import channels, trial
from tracker.reminders.models import Channel, Recipient, Reminder

# What a field that holds a secret is called in part.
SECRET_NAMES = ("password", "token", "secret", "hash", "lease")


def models_with_a_learner() -> Iterator[type[Model]]:
    """Every model whose rows lead to a learner over one or more keys, the learner's own left out."""
    known: set[type[Model]] = {User}
    while found := {model for model in apps.get_models() if model not in known and leads_to(model, known)}:
        yield from found
        known |= found


def leads_to(model: type[Model], known: set[type[Model]]) -> bool:
    return any(isinstance(f, ForeignKey) and f.related_model in known for f in model._meta.concrete_fields)


def everything_for(learner: User, content: Catalogue) -> None:
    """A row of every model, the learner's address standing in all that is text."""
    plan = make_plan(learner, content)
    plans_actions.pause_plan(plan, TODAY + timedelta(days=7), TODAY + timedelta(days=14), now=NOW)
    plans_actions.mark_activity(
        learner, plan, "mindset.first-break", "done", content=content, now=NOW, on=TODAY
    )
    answers = {question.key: "partly" for question in content.module("mindset").questions}
    plans_actions.answer_self_check(learner, answers, now=NOW, on=TODAY)
    plans_actions.rate_skills(learner, {content.skills[0].key: (3, learner.email)}, now=NOW, on=TODAY)
    recall_actions.grade_item(
        learner, content.module("mindset").questions[0].key, Grade.GOOD, now=NOW, on=TODAY
    )
    recall_actions.set_weights(learner, read_weights(DEFAULT_PARAMETERS))
    session = make_session(learner, note=learner.email)
    make_session(learner, note=learner.email, deleted_at=NOW)
    journal_actions.correct_session(session, Entry(30, TODAY, note=f"Less. {learner.email}"), now=NOW)
    token, _ = people_actions.make_token(learner, name=learner.email, scope="log", expires_at=None, now=NOW)
    make_session(learner, note=learner.email, logged_with=token)
    journal_actions.start_timer(learner, module_key="mindset", activity_key="", now=NOW)
    people_actions.keep_answer(learner, "a key", "0" * 64, 201, learner.email, now=NOW)
    make_import(learner, learner.email)
    mindset = content.module("mindset")
    for criterion in mindset.criteria_in(plan.track_key):
        milestones_actions.tick_criterion(
            learner, mindset, criterion.key, link="", note=learner.email, now=NOW
        )
    completed = milestones_actions.complete_milestone(learner, plan, mindset, now=NOW, on=TODAY)
    look_back_on(completed, learner.email)
    reminders_actions.set_reminder(
        learner, 7, 18, wording=f"Mail {learner.email}.", place="start", now=NOW - timedelta(days=7)
    )
    reminders_actions.claim_due(NOW, 10)
    reminders_actions.make_feed_address(learner, replaces=False, now=NOW)
    everything_handed_in(learner)
    make_claims(learner, learner.email)
    everything_shared(learner)
    everything_in_cohorts(learner)
    make_badge(learner, make_evidenced(learner, plan, content, "garak", note=learner.email))
    trial.ask(learner, NOW)
    channels.choose(
        learner, "web-hook", address=f"https://example.org/?of={learner.email}", token="", now=NOW
    )
    channels.ask_for_trial(learner, NOW)
    Reminder.objects.filter(learner=learner).update(lease_token=uuid4(), leased_until=NOW)


@pytest.fixture
def both(curriculum: Catalogue) -> tuple[User, User]:
    """Alice and Charlie, each with a row of everything."""
    alice, charlie = make_learner("Alice"), make_learner("Charlie")
    for learner in (alice, charlie):
        everything_for(learner, curriculum)
    return alice, charlie


@pytest.mark.django_db
def test_every_model_with_a_learner_is_named(alice: User) -> None:
    found = set(models_with_a_learner())
    assert found >= {EmailAddress, Recipient, Reminder}
    assert {rows.model for rows in export.own_rows(alice).values()} == found - export.MODELS_LEFT_OUT
    assert found >= export.MODELS_LEFT_OUT


def test_every_own_row_is_there_and_nobody_elses(both: tuple[User, User]) -> None:
    alice, charlie = both
    mine, theirs = export.own_rows(alice), export.own_rows(charlie)
    told = export.everything_of(alice)
    assert told["learner"]["email"] == alice.email
    for name, rows in mine.items():
        assert rows.exists(), f"the test makes no row of {name}"
        assert rows.model.objects.count() == rows.count() + theirs[name].count(), name
        assert not set(rows) & set(theirs[name]), name
        assert [row["id"] for row in told[name]] == sorted(row.pk for row in rows), name


def test_the_file_holds_the_same_and_no_secret(both: tuple[User, User]) -> None:
    alice, charlie = both
    answer = browser_of(alice).get(reverse("my-data"))
    assert answer["Content-Type"] == "application/json"
    assert answer["Content-Disposition"] == 'attachment; filename="cairn.json"'
    told: dict[str, Any] = json.loads(answer.content)
    assert told["format"] == export.FORMAT
    assert told.keys() == {"format", "learner", *export.own_rows(alice)}
    text = answer.content.decode()
    assert alice.email in text
    assert charlie.email not in text
    alice.refresh_from_db()
    recipient = Recipient.objects.get(learner=alice)
    lease = Reminder.objects.filter(learner=alice).values_list("lease_token", flat=True).get()
    assert lease is not None
    hashed = ApiToken.objects.get(learner=alice).token_hash
    channel = Channel.objects.get(learner=alice)
    secrets = (alice.password, recipient.unsubscribe_token, str(lease), hashed)
    for secret in (*secrets, channel.secret, channel.confirm_token):
        assert secret
        assert secret not in text


@pytest.mark.django_db
def test_every_field_is_told_but_secrets(alice: User) -> None:
    models: list[type[Model]] = [User, *(rows.model for rows in export.own_rows(alice).values())]
    fields: list[Field[Any, Any]] = [field for model in models for field in model._meta.concrete_fields]
    left_out = {field.name for field in fields if field.name in export.LEFT_OUT}
    assert left_out == {f.name for f in fields if any(word in f.name for word in SECRET_NAMES)}


def test_a_stranger_gets_their_own(both: tuple[User, User]) -> None:
    alice, charlie = both
    text = browser_of(charlie).get(reverse("my-data")).content.decode()
    assert charlie.email in text
    assert alice.email not in text
