"""Consent, claim, lease, hand-over, record and sweep."""

import threading
from collections.abc import Callable
from datetime import date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from allauth.account.models import EmailAddress
from django.db import connection
from django.test.utils import CaptureQueriesContext

from curriculum.catalogue import Catalogue
from tests.fixtures.cast import NOW, make_learner, make_plan
from tests.reminders.factories import DUE, WORDING, make_leased, make_recipient, make_reminder
from tracker.people.models import User
from tracker.plans.models import Pause, Plan
from tracker.reminders import actions, delivery, queries
from tracker.reminders.models import Consent, Recipient, Reminder

pytestmark = pytest.mark.django_db
State = Reminder.State


def ready(learner: User, **fields: object) -> Recipient:
    """A learner with a plan whose mail is due; the plan's content does not matter here."""
    Plan.objects.create(
        learner=learner,
        track_key="ai-security-engineer",
        revision=1,
        start_on=date(2026, 10, 5),
        made_at=NOW,
        **{f"{day}_minutes": 60 for day in WEEKDAYS},
    )
    return make_recipient(learner, **fields)  # type: ignore[arg-type]


WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


# --- consent ----------------------------------------------------------------------------------------------


def test_consent_is_kept_with_moment_and_wording(alice: User) -> None:
    recipient = actions.set_reminder(alice, 7, 18, wording=WORDING, place="start", now=NOW)
    assert recipient.next_due_at == datetime.fromisoformat("2026-11-22T17:00:00Z")
    given = Consent.objects.get()
    assert (given.learner, given.at, given.given, given.wording, given.place) == (
        alice,
        NOW,
        True,
        WORDING,
        "start",
    )


def test_another_day_is_no_new_consent_and_other_words_are(alice: User) -> None:
    actions.set_reminder(alice, 7, 18, wording=WORDING, place="start", now=NOW)
    moved = actions.set_reminder(alice, 5, 8, wording=WORDING, place="settings", now=NOW)
    assert Consent.objects.count() == 1
    assert moved.next_due_at == datetime.fromisoformat("2026-11-20T07:00:00Z")
    actions.set_reminder(alice, 5, 8, wording="Mail me more.", place="settings", now=NOW)
    assert list(Consent.objects.order_by("pk").values_list("wording", flat=True)) == [
        WORDING,
        "Mail me more.",
    ]


def test_no_consent_means_no_due_moment(alice: User) -> None:
    recipient = actions.set_reminder(alice, 7, 18, wording="", place="start", now=NOW)
    assert (recipient.next_due_at, recipient.consented_at, recipient.weekday) == (None, None, 7)
    assert not Consent.objects.exists()


def test_unsubscribing_takes_consent_back_once(alice: User) -> None:
    recipient = make_recipient(alice)
    for _ in range(2):
        ended = actions.unsubscribe(recipient.unsubscribe_token, NOW)
        assert ended is not None
        assert (ended.next_due_at, ended.unsubscribed_at) == (None, NOW)
    last = Consent.objects.latest("pk")
    assert (last.given, last.wording, last.place, Consent.objects.count()) == (
        False,
        WORDING,
        "unsubscribe",
        2,
    )
    assert actions.unsubscribe("nobody's", NOW) is None


def test_subscribing_again_keeps_the_token_and_waits_for_a_week_without_a_mail(alice: User) -> None:
    recipient = make_recipient(alice)
    make_reminder(alice, state=State.SENT)
    actions.unsubscribe(recipient.unsubscribe_token, NOW)
    again = actions.set_reminder(alice, 7, 18, wording=WORDING, place="settings", now=NOW)
    assert again.unsubscribe_token == recipient.unsubscribe_token
    assert again.unsubscribed_at is None
    # Sunday of this week is ahead, but this week had its mail.
    assert again.next_due_at == datetime.fromisoformat("2026-11-29T17:00:00Z")
    assert [c.given for c in Consent.objects.order_by("pk")] == [True, False, True]


def test_a_new_zone_moves_the_next_mail(alice: User) -> None:
    make_recipient(alice, due_at=datetime.fromisoformat("2026-11-26T08:00:00Z"))
    alice.zone = "Asia/Kathmandu"
    alice.save(update_fields=["zone"])
    actions.reschedule_for(alice, NOW)
    moved = Recipient.objects.get()
    # Nothing was claimed yet; Thursday 09:00 of this week has gone by in Kathmandu as well.
    assert (moved.next_due_at, moved.zone) == (
        datetime.fromisoformat("2026-11-26T03:15:00Z"),
        "Asia/Kathmandu",
    )


def test_a_new_zone_wakes_no_mail_that_is_not_wanted(alice: User, bob: User) -> None:
    make_recipient(alice, due_at=None)
    for learner in (alice, bob):
        learner.zone = "Asia/Kathmandu"
        learner.save(update_fields=["zone"])
        actions.reschedule_for(learner, NOW)
    assert Recipient.objects.get().next_due_at is None


# --- claim ------------------------------------------------------------------------------------------------


def test_a_due_learner_gets_one_row_and_the_next_week(alice: User) -> None:
    ready(alice)
    assert actions.claim_due(NOW, 100) == 1
    row = Reminder.objects.get()
    assert (row.state, row.reason, row.iso_year, row.iso_week, row.due_at) == ("claimed", "", 2026, 47, DUE)
    assert row.claimed_at == row.not_before == NOW
    assert Recipient.objects.get().next_due_at == datetime.fromisoformat("2026-11-26T08:00:00Z")
    assert actions.claim_due(NOW, 100) == 0
    assert Reminder.objects.count() == 1


def test_who_is_not_due_is_left_alone(alice: User) -> None:
    ready(alice, due_at=NOW + timedelta(seconds=1))
    assert actions.claim_due(NOW, 100) == 0
    assert not Reminder.objects.exists()


def pause(learner: User) -> None:
    Pause.objects.create(plan=Plan.objects.get(learner=learner), first_on=date(2026, 11, 19))


SKIPS: dict[str, Callable[[User], object]] = {
    "deactivated": lambda learner: User.objects.filter(pk=learner.pk).update(is_active=False),
    "unsubscribed": lambda learner: Recipient.objects.filter(learner=learner).update(unsubscribed_at=NOW),
    "no-consent": lambda learner: Recipient.objects.filter(learner=learner).update(consented_at=None),
    "unverified": lambda learner: EmailAddress.objects.filter(user=learner).update(verified=False),
    "bounced": lambda learner: Recipient.objects.filter(learner=learner).update(bounced_at=NOW),
    "late": lambda learner: Recipient.objects.filter(learner=learner).update(
        next_due_at=NOW - timedelta(hours=49)
    ),
    "no-plan": lambda learner: Plan.objects.filter(learner=learner).update(ended_at=NOW),
    "not-started": lambda learner: Plan.objects.filter(learner=learner).update(start_on=date(2026, 11, 20)),
    "paused": pause,
}


# A claim asks the recipient and the account, and leaves to who writes the mail what takes more to know.
LEFT_TO_THE_WORKER = {"unverified", "no-plan", "not-started", "paused"}


@pytest.mark.parametrize("reason", SKIPS)
def test_a_skipped_mail_has_its_row_with_the_reason(alice: User, bob: User, reason: str) -> None:
    ready(alice)
    ready(bob)
    SKIPS[reason](alice)
    assert actions.claim_due(NOW, 100) == 2
    assert Reminder.objects.get(learner=bob).state == "claimed"
    if reason in LEFT_TO_THE_WORKER:
        assert Reminder.objects.get(learner=alice).state == "claimed"
        delivery.deliver(100, now=lambda: NOW, stopping=bool)
    row = Reminder.objects.get(learner=alice)
    assert (row.state, row.reason, row.finished_at) == ("skipped", reason, NOW)
    due = Recipient.objects.get(learner=alice).next_due_at
    assert due is not None
    assert due > NOW - timedelta(hours=49)


def test_who_asked_to_be_deleted_gets_no_mail(alice: User) -> None:
    ready(alice)
    User.objects.filter(pk=alice.pk).update(deletion_due_at=NOW + timedelta(days=3))
    actions.claim_due(NOW, 100)
    assert Reminder.objects.get().reason == "deactivated"


def test_weeks_that_went_by_while_nothing_ran_have_their_rows(alice: User) -> None:
    ready(alice, due_at=DUE - timedelta(weeks=3))
    while actions.claim_due(NOW, 100):
        pass
    rows = Reminder.objects.order_by("due_at").values_list("iso_week", "state", "reason")
    assert list(rows) == [
        (44, "skipped", "late"),
        (45, "skipped", "late"),
        (46, "skipped", "late"),
        # Reckoned from the recipient's own day and hour: Thursday 09:00.
        (47, "claimed", ""),
    ]


def test_a_week_that_has_its_row_gets_no_second_one(alice: User) -> None:
    ready(alice)
    make_reminder(alice, state=State.SENT)
    assert actions.claim_due(NOW, 100) == 1
    assert Reminder.objects.get().state == "sent"
    assert Recipient.objects.get().next_due_at == datetime.fromisoformat("2026-11-26T08:00:00Z")


def test_a_zone_that_no_longer_exists_holds_up_nobody(alice: User, bob: User) -> None:
    ready(alice)
    ready(bob)
    User.objects.filter(pk=alice.pk).update(zone="Europe/Atlantis")
    assert actions.claim_due(NOW, 100) == 2
    assert Reminder.objects.filter(state=State.CLAIMED).count() == 2


def test_a_claim_costs_the_same_number_of_queries_for_three_and_for_thirty(db: None) -> None:
    def cost(number: int, name: str) -> int:
        for place in range(number):
            ready(make_learner(f"{name}{place}"))
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert actions.claim_due(NOW, 100) == number
        return len(captured)

    assert cost(3, "few") == cost(30, "many")


def explained(statement: str) -> str:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # So few rows are read faster one by one; the question is whether the index could serve.
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute(f"EXPLAIN {statement}")
        else:
            cursor.execute(f"EXPLAIN QUERY PLAN {statement}")
        return str(cursor.fetchall())


@pytest.mark.parametrize(
    ("ask", "index"),
    [
        (lambda: queries.due_count(NOW, 5), "recipients_due"),
        (lambda: list(queries.claimable(NOW)[:5]), "reminders_claimed"),
        (lambda: actions.sweep(NOW), "reminders_handing_over"),
    ],
)
def test_what_a_tick_asks_is_indexed(db: None, ask: Callable[[], object], index: str) -> None:
    with CaptureQueriesContext(connection) as captured:
        ask()
    assert index in explained(captured[0]["sql"])


# --- lease ------------------------------------------------------------------------------------------------


def test_a_leased_row_is_one_workers_until_the_lease_lapses(alice: User) -> None:
    row = make_reminder(alice)
    first, second = uuid4(), uuid4()
    assert actions.lease(NOW, 10, first) == [row.pk]
    assert actions.lease(NOW, 10, second) == []
    just_before = NOW + actions.lease_length() - timedelta(seconds=1)
    assert actions.lease(just_before, 10, second) == []
    assert actions.lease(NOW + actions.lease_length(), 10, second) == [row.pk]
    row.refresh_from_db()
    assert row.lease_token == second


def test_a_row_that_is_put_off_waits(alice: User) -> None:
    row = make_reminder(alice, not_before=NOW + timedelta(minutes=5))
    assert actions.lease(NOW, 10, uuid4()) == []
    assert actions.lease(NOW + timedelta(minutes=5), 10, uuid4()) == [row.pk]


def test_rows_given_back_can_be_taken_at_once(alice: User) -> None:
    row, token = make_leased(alice)
    actions.give_back([row.pk], uuid4())  # not this worker's to give
    assert actions.lease(NOW, 10, uuid4()) == []
    actions.give_back([row.pk], token)
    assert actions.lease(NOW, 10, uuid4()) == [row.pk]


# --- hand over --------------------------------------------------------------------------------------------


def test_a_hand_over_begins_once(alice: User) -> None:
    make_recipient(alice)
    row, token = make_leased(alice)
    assert may_begin(row, token, alice.email)
    assert actions.begin_hand_over(row.pk, token, alice.email, NOW)
    row.refresh_from_db()
    assert (row.state, row.handed_over_at) == ("handing_over", NOW)
    assert not actions.begin_hand_over(row.pk, token, alice.email, NOW)


def may_begin(row: Reminder, token: UUID, address: str) -> bool:
    """What `begin_hand_over` asks in its own words, in those that the rest of the engine uses."""
    return Reminder.objects.filter(
        queries.wanted(),
        queries.goes_to(address),
        pk=row.pk,
        state=State.CLAIMED,
        lease_token=token,
        leased_until__gt=NOW,
    ).exists()


@pytest.mark.parametrize("state", State.values)
def test_a_second_mail_of_the_day_does_not_begin(alice: User, state: str) -> None:
    make_recipient(alice)
    row, token = make_leased(alice)
    begins = NOW - timedelta(hours=9)
    make_reminder(
        alice, state=state, kind="asked-for", message_id="<other@c>", handed_over_at=begins,
        reason="x", lease_token=None, leased_until=None,
    )  # fmt: skip
    may_have_gone = state in queries.MAY_HAVE_GONE
    first = Reminder.objects.filter(queries.is_first_of_day(begins), pk=row.pk)
    assert first.exists() == (not may_have_gone)
    assert Reminder.objects.filter(queries.is_first_of_day(begins + timedelta(seconds=1)), pk=row.pk).exists()
    begun = actions.begin_hand_over(row.pk, token, alice.email, NOW, day_begins=begins)
    assert begun == (not may_have_gone)
    if not begun:
        after = begins + timedelta(seconds=1)
        assert actions.begin_hand_over(row.pk, token, alice.email, NOW, day_begins=after)


NO_HAND_OVER: dict[str, Callable[[User], object]] = {
    name: SKIPS[name] for name in ("deactivated", "unsubscribed", "no-consent", "unverified", "bounced")
} | {
    "another worker's": lambda learner: Reminder.objects.update(lease_token=uuid4()),
    "lease over": lambda learner: Reminder.objects.update(leased_until=NOW),
    "another address": lambda learner: EmailAddress.objects.update(email="alice@example.net"),
    "not the first address": lambda learner: EmailAddress.objects.update(primary=False),
    "no choice": lambda learner: Recipient.objects.all().delete(),
    "sent": lambda learner: Reminder.objects.update(state=State.SENT),
    "deletion asked for": lambda learner: User.objects.update(deletion_due_at=NOW),
}


@pytest.mark.parametrize("why", NO_HAND_OVER)
def test_no_hand_over_begins(alice: User, why: str) -> None:
    make_recipient(alice)
    row, token = make_leased(alice)
    NO_HAND_OVER[why](alice)
    before = Reminder.objects.get(pk=row.pk).state
    assert not may_begin(row, token, alice.email)
    assert not actions.begin_hand_over(row.pk, token, alice.email, NOW)
    assert Reminder.objects.get(pk=row.pk).state == before


def test_outcomes_are_recorded_once_and_by_their_worker_alone(alice: User) -> None:
    row, token = make_leased(alice, state=State.HANDING_OVER)
    assert not actions.record_sent(row.pk, uuid4(), NOW, "250 ok")
    assert actions.record_sent(row.pk, token, NOW, "250 ok")
    assert not actions.record_failed(row.pk, token, NOW, "no")
    assert not actions.record_unknown(row.pk, token, NOW, "no")
    assert not actions.record_again(row.pk, token, NOW, "no", attempts=1)
    row.refresh_from_db()
    assert (row.state, row.reason, row.finished_at) == ("sent", "250 ok", NOW)


def test_a_hand_over_taken_for_abandoned_is_settled_by_who_has_it(alice: User, bob: User) -> None:
    row, token = make_leased(alice, state=State.HANDING_OVER)
    other, other_token = make_leased(bob, state=State.HANDING_OVER)
    actions.sweep(NOW + timedelta(hours=1))  # a worker whose clock is ahead
    assert set(Reminder.objects.values_list("state", flat=True)) == {"unknown"}
    assert not actions.record_sent(row.pk, uuid4(), NOW, "250 ok")
    assert actions.record_sent(row.pk, token, NOW, "250 ok")
    assert actions.record_failed(other.pk, other_token, NOW, "554 no")
    assert set(Reminder.objects.values_list("state", flat=True)) == {"sent", "failed"}


def test_a_refusal_for_now_goes_back_to_claimed_and_waits(alice: User) -> None:
    row, token = make_leased(alice, state=State.HANDING_OVER, handed_over_at=NOW, attempts=2)
    assert actions.record_again(row.pk, token, NOW, "451 later", attempts=3)
    row.refresh_from_db()
    assert (row.state, row.attempts, row.reason) == ("claimed", 3, "451 later")
    assert row.not_before == NOW + 4 * actions.first_wait()
    assert (row.lease_token, row.leased_until, row.handed_over_at) == (None, None, None)


def test_reasons_are_cut_to_what_the_column_holds(alice: User) -> None:
    row, token = make_leased(alice, state=State.HANDING_OVER)
    actions.record_failed(row.pk, token, NOW, "no " * 1000)
    row.refresh_from_db()
    assert len(row.reason) == actions.REASON_LENGTH


# --- sweep ------------------------------------------------------------------------------------------------


def test_a_hand_over_whose_lease_lapsed_becomes_unknown(alice: User, bob: User) -> None:
    lapsed, _ = make_leased(alice, state=State.HANDING_OVER, leased_until=NOW)
    running, _ = make_leased(bob, state=State.HANDING_OVER, leased_until=NOW + timedelta(seconds=1))
    actions.sweep(NOW)
    lapsed.refresh_from_db()
    running.refresh_from_db()
    assert (lapsed.state, running.state) == ("unknown", "handing_over")
    assert "not known" in lapsed.reason
    # No worker takes the row.
    assert actions.lease(NOW + timedelta(days=1), 10, uuid4()) == []


def test_a_claimed_row_whose_lease_lapsed_is_free_and_its_old_worker_cannot_send_it(alice: User) -> None:
    make_recipient(alice)
    row, token = make_leased(alice, leased_until=NOW)
    actions.sweep(NOW)
    assert not actions.begin_hand_over(row.pk, token, alice.email, NOW - timedelta(hours=1))
    assert actions.lease(NOW, 10, uuid4()) == [row.pk]


def test_what_is_48_hours_late_is_skipped_unless_a_worker_has_it(
    alice: User, bob: User, charlie: User
) -> None:
    long_ago = NOW - timedelta(hours=48, minutes=1)
    first = make_reminder(alice, due_at=long_ago)
    tried = make_reminder(bob, due_at=long_ago, attempts=9, reason="451 " + "later " * 49)
    held, _ = make_leased(charlie, due_at=long_ago)
    actions.sweep(NOW)
    for row in (first, tried, held):
        row.refresh_from_db()
    assert (first.state, first.reason) == ("skipped", "late")
    assert tried.state == "skipped"
    assert tried.reason.startswith("late; last: 451 later")
    assert held.state == "claimed"


# --- two at once ------------------------------------------------------------------------------------------


def at_once(*acts: Callable[[], object]) -> None:
    """Runs the acts in threads that start together, and raises what one of them raised."""
    barrier = threading.Barrier(len(acts))
    errors: list[BaseException] = []

    def run(act: Callable[[], object]) -> None:
        try:
            barrier.wait(timeout=10)
            act()
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
        assert not thread.is_alive()
    if errors:
        raise errors[0]


@pytest.mark.django_db(transaction=True)
def test_four_claimers_at_once_claim_everyone_once() -> None:
    for number in range(60):
        ready(make_learner(f"learner{number}"))
    counts: list[int] = []

    def claim() -> None:
        while claimed := actions.claim_due(NOW, 7):
            counts.append(claimed)

    at_once(claim, claim, claim, claim)
    assert sum(counts) == 60
    assert Reminder.objects.filter(state=State.CLAIMED).count() == 60
    assert not Recipient.objects.filter(next_due_at__lte=NOW).exists()


@pytest.mark.django_db(transaction=True)
def test_four_workers_at_once_lease_every_row_once() -> None:
    for number in range(60):
        make_reminder(make_learner(f"learner{number}"))
    leased: list[int] = []

    def take() -> None:
        token = uuid4()
        while ids := actions.lease(NOW, 7, token):
            leased.extend(ids)

    at_once(take, take, take, take)
    assert len(leased) == len(set(leased)) == 60


@pytest.mark.django_db(transaction=True)
def test_two_forms_at_once_make_one_recipient(alice: User) -> None:
    def choose() -> None:
        actions.set_reminder(alice, 7, 18, wording=WORDING, place="start", now=NOW)

    at_once(choose, choose)
    assert Recipient.objects.count() == Consent.objects.count() == 1


def test_finished_is_found_at_the_hand_over_not_at_the_claim(alice: User, curriculum: Catalogue) -> None:
    """Whether a plan is finished asks for all of it: too long for the transaction that claims."""
    make_plan(alice, curriculum, known_modules=[m.key for m in curriculum.modules])
    make_recipient(alice)
    actions.claim_due(NOW, 100)
    assert Reminder.objects.get().state == "claimed"
