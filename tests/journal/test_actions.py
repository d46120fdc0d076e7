"""Logging, correcting, deleting."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from tests.fixtures.cast import NOW, TODAY, make_session
from tracker.journal import actions, queries
from tracker.journal.actions import Entry
from tracker.journal.models import SessionCorrection, StudySession
from tracker.people.models import User

ENTRY = Entry(minutes=50, studied_on=TODAY, module_key="garak", activity_key="garak.read-how-it-works")


def test_a_session_keeps_the_day_and_the_zone_it_was_in(alice: User) -> None:
    session, is_new = actions.log_session(alice, ENTRY, now=NOW)
    alice.zone = "Asia/Tokyo"
    alice.save(update_fields=["zone"])
    session.refresh_from_db()
    assert is_new
    assert (session.studied_on, session.zone, session.logged_at) == (TODAY, "Europe/Vienna", NOW)


def test_the_same_form_sent_twice_logs_once(alice: User, bob: User) -> None:
    submission = uuid4()
    first, is_new = actions.log_session(alice, ENTRY, now=NOW, submission=submission)
    again, is_new_again = actions.log_session(alice, ENTRY, now=NOW, submission=submission)
    assert (first.pk, is_new, is_new_again) == (again.pk, True, False)
    # Another person's form is another form, whatever its number.
    other, is_new_for_bob = actions.log_session(bob, ENTRY, now=NOW, submission=submission)
    assert is_new_for_bob
    assert other.pk != first.pk
    assert StudySession.objects.count() == 2


def test_a_correction_keeps_what_was_said_before(alice: User) -> None:
    session = make_session(alice, minutes=45, note="first", confidence=2)
    later = NOW + timedelta(days=1)
    assert actions.correct_session(session, ENTRY, now=later)
    session.refresh_from_db()
    was = SessionCorrection.objects.get()
    assert (session.minutes, session.note) == (50, "")
    assert (was.minutes, was.note, was.confidence, was.corrected_at) == (45, "first", 2, later)


def test_a_correction_that_says_the_same_leaves_no_trace(alice: User) -> None:
    session, _ = actions.log_session(alice, ENTRY, now=NOW)
    assert not actions.correct_session(session, ENTRY, now=NOW)
    assert not SessionCorrection.objects.exists()


def test_a_deleted_session_is_in_no_sum_until_it_is_put_back(alice: User) -> None:
    session = make_session(alice, activity_key="garak.read-how-it-works")
    actions.delete_session(session, now=NOW)
    assert queries.minutes_by_day_and_activity([alice.pk], TODAY) == {alice.pk: {}}
    assert queries.minutes_by_activity([alice.pk]) == {alice.pk: {}}
    assert not queries.sessions_of(alice.pk).exists()
    actions.put_back_session(session)
    found = queries.minutes_by_day_and_activity([alice.pk], TODAY)[alice.pk]
    assert queries.minutes_by_day(found) == {TODAY: 45}


@pytest.mark.parametrize("fields", [{"minutes": 0}, {"minutes": 1441}, {"confidence": 0}, {"confidence": 6}])
def test_the_database_refuses_what_no_form_lets_in(alice: User, fields: dict[str, int]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        make_session(alice, **fields)


def test_sums_are_by_learner_and_take_one_query(
    alice: User, bob: User, django_assert_num_queries: object
) -> None:
    make_session(alice, minutes=30)
    make_session(alice, minutes=15)
    make_session(bob, minutes=60, studied_on=TODAY - timedelta(days=1))
    with django_assert_num_queries(1):  # type: ignore[operator]
        found = queries.minutes_by_day_and_activity([alice.pk, bob.pk], TODAY - timedelta(days=7))
    assert found == {alice.pk: {(TODAY, ""): 45}, bob.pk: {(TODAY - timedelta(days=1), ""): 60}}
