"""A batch from lease to record: against an SMTP server that follows a script, as files, by locmem."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail as django_mail
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext

from curriculum.catalogue import Catalogue
from tests.faults.sink import Point, Sink
from tests.fixtures.cast import NOW, TODAY, make_learner, make_plan, make_session
from tests.reminders.factories import make_leased, make_recipient, make_reminder
from tracker.journal.models import StudySession
from tracker.milestones.models import Completion
from tracker.operations.mailfiles import letters
from tracker.people.models import User
from tracker.plans.models import Mark, Pause, Plan
from tracker.reminders import actions, delivery, mail
from tracker.reminders.models import Recipient, Reminder

pytestmark = pytest.mark.django_db


def with_plan(learner: User) -> User:
    """An active plan, consent and a session last week: a learner whose mail goes out each week."""
    make_session(learner, studied_on=TODAY - timedelta(days=7))
    Plan.objects.create(
        learner=learner,
        track_key="ai-security-engineer",
        revision=1,
        start_on=date(2026, 10, 5),
        made_at=NOW,
        **dict.fromkeys((f"{day}_minutes" for day in ("monday", "thursday", "saturday")), 120),
        **dict.fromkeys((f"{day}_minutes" for day in ("tuesday", "wednesday", "friday", "sunday")), 0),
    )
    make_recipient(learner)
    return learner


@pytest.fixture
def learners(curriculum: Catalogue) -> Callable[[int], list[User]]:
    """So many learners, each with a claimed mail."""

    def make(number: int) -> list[User]:
        Plan.objects.update(revision=curriculum.revision)
        made = [with_plan(make_learner(f"learner{User.objects.count()}")) for _ in range(number)]
        Plan.objects.update(revision=curriculum.revision)
        for learner in made:
            make_reminder(learner)
        return made

    return make


@pytest.fixture
def sink(tmp_path: Path, settings: Any) -> Iterator[Sink]:
    with Sink(tmp_path / "sink.log") as running:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", running.port
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        settings.EMAIL_TIMEOUT = 5
        # Where not said otherwise, the mails come in their order, on one connection.
        settings.SMTP_CONNECTIONS = 1
        yield running


def deliver(
    limit: int = 200, at: datetime = NOW, stopping: Callable[[], bool] = lambda: False
) -> dict[str, int]:
    return dict(delivery.deliver(limit, now=lambda: at, stopping=stopping))


def states() -> list[str]:
    return list(Reminder.objects.order_by("pk").values_list("state", flat=True))


Learners = Callable[[int], list[User]]


# --- the good way -----------------------------------------------------------------------------------------


def test_a_batch_goes_over_one_connection_and_everyone_has_one_mail(sink: Sink, learners: Learners) -> None:
    made = learners(30)
    assert deliver() == {"sent": 30}
    assert sorted(mail.to for mail in sink.accepted()) == sorted(learner.email for learner in made)
    assert {mail.message_id for mail in sink.accepted()} == set(
        Reminder.objects.values_list("message_id", flat=True)
    )
    assert sink.connections == 1
    assert states() == ["sent"] * 30
    assert Reminder.objects.first().reason == "Reply to the mail: 250 2.0.0 taken"  # type: ignore[union-attr]
    assert deliver() == {}
    assert len(sink.accepted()) == 30


def test_a_batch_takes_no_more_than_its_limit(sink: Sink, learners: Learners) -> None:
    learners(5)
    assert deliver(3) == {"sent": 3}
    assert deliver(3) == {"sent": 2}


def test_the_hand_over_is_on_record_while_the_body_is_on_its_way(
    sink: Sink, learners: Learners, monkeypatch: pytest.MonkeyPatch
) -> None:
    learners(1)
    seen: list[str] = []
    begin = actions.begin_hand_over

    def looking(*given: Any, **more: Any) -> bool:
        asked = sink.fault(Point.BODY)
        begun = begin(*given, **more)
        seen.extend([*states(), str(asked.reached.is_set())])
        return begun

    monkeypatch.setattr(actions, "begin_hand_over", looking)
    deliver()
    assert seen == ["handing_over", "False"]


def test_reads_do_not_grow_with_the_batch_and_each_mail_costs_two_writes(
    sink: Sink, learners: Learners
) -> None:
    def cost(number: int) -> tuple[int, int, int]:
        learners(number)
        with CaptureQueriesContext(connection) as captured:
            assert deliver() == {"sent": number}
        asked = [query["sql"].strip() for query in captured]
        words = Counter(sql.partition(" ")[0] for sql in asked)
        assert set(words) == {"UPDATE", "SELECT", "SAVEPOINT", "RELEASE"}
        writes = [
            sql
            for sql in asked
            if sql.startswith("UPDATE") and ("handing_over" in sql or "finished_at" in sql)
        ]
        return len(writes), words["SAVEPOINT"], words["SELECT"] + words["UPDATE"] - len(writes)

    cost(1)  # the curriculum is read once
    few_writes, few_commits, few_others = cost(10)
    many_writes, many_commits, many_others = cost(100)
    assert (few_writes, many_writes) == (20, 200)
    # The outcome of one mail is committed with the beginning of the next.
    assert many_commits - few_commits == 90
    # One question for every 25 mails, whether they are still wanted; all else is asked once.
    assert many_others - few_others == 3


def test_the_outcome_of_a_mail_is_on_record_when_the_next_body_leaves(
    sink: Sink, learners: Learners, monkeypatch: pytest.MonkeyPatch
) -> None:
    learners(3)
    seen = []
    begin = actions.begin_hand_over

    def looking(*given: Any, **more: Any) -> bool:
        begun = begin(*given, **more)
        seen.append(states())
        return begun

    monkeypatch.setattr(actions, "begin_hand_over", looking)
    assert deliver() == {"sent": 3}
    assert seen == [
        ["handing_over", "claimed", "claimed"],
        ["sent", "handing_over", "claimed"],
        ["sent", "sent", "handing_over"],
    ]


# --- unwanted ---------------------------------------------------------------------------------------------


def test_what_changed_since_the_claim_is_skipped_with_the_reason(sink: Sink, learners: Learners) -> None:
    made = learners(6)
    actions.unsubscribe(Recipient.objects.get(learner=made[0]).unsubscribe_token, NOW)
    User.objects.filter(pk=made[1].pk).update(is_active=False)
    EmailAddress.objects.filter(user=made[2]).update(verified=False)
    Pause.objects.create(plan=Plan.objects.get(learner=made[3]), first_on=date(2026, 11, 19))
    Plan.objects.filter(learner=made[4]).update(ended_at=NOW)
    assert deliver() == {"sent": 1, "skipped": 5}
    assert list(Reminder.objects.order_by("pk").values_list("state", "reason"))[:5] == [
        ("skipped", reason) for reason in ("unsubscribed", "deactivated", "unverified", "paused", "no-plan")
    ]
    assert [mail.to for mail in sink.accepted()] == [made[5].email]


def test_a_finished_plan_gets_no_mail(sink: Sink, alice: User, curriculum: Catalogue) -> None:
    make_plan(alice, curriculum, known_modules=[module.key for module in curriculum.modules])
    make_recipient(alice)
    make_reminder(alice)
    assert deliver() == {"skipped": 1}
    assert Reminder.objects.get().reason == "finished"


def text_of(sink: Sink, place: int) -> str:
    """The plain text of an accepted mail."""
    message = message_from_bytes(sink.accepted()[place].raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    part = message.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def test_who_is_silent_gets_one_short_line_a_month(sink: Sink, learners: Learners) -> None:
    [silent] = learners(1)
    StudySession.objects.update(studied_on=TODAY - timedelta(weeks=5))
    assert deliver() == {"skipped": 1}
    assert Reminder.objects.get().reason == "monthly"
    # The first Thursday of December.
    december = datetime(2026, 12, 3, 9, tzinfo=UTC)
    Reminder.objects.all().delete()
    make_reminder(silent, due_at=december, claimed_at=december, not_before=december, iso_week=49)
    assert deliver(at=december) == {"sent": 1}
    assert "Until you log again, one short mail a month." in text_of(sink, 0)
    # A session this week, and the weekly mail is back.
    make_session(silent, studied_on=date(2026, 12, 9))
    later = december + timedelta(weeks=1)
    make_reminder(
        silent, due_at=later, claimed_at=later, not_before=later, iso_week=50, message_id="<later@c>"
    )
    assert deliver(at=later) == {"sent": 1}
    assert "Next" in text_of(sink, 1)


@pytest.mark.parametrize("sign", ["mark", "milestone", "pause"])
def test_who_ticks_completes_or_rests_is_not_silent(sink: Sink, learners: Learners, sign: str) -> None:
    [alice] = learners(1)
    StudySession.objects.all().delete()
    plan, lately = Plan.objects.get(), TODAY - timedelta(weeks=2)
    if sign == "mark":
        Mark.objects.create(
            learner=alice, activity_key="mindset.read", kind="done", marked_on=lately, marked_at=NOW,
            planned_minutes=60, revision=plan.revision,
        )  # fmt: skip
    elif sign == "milestone":
        Completion.objects.create(
            learner=alice, module_key="mindset", track_key=plan.track_key, revision=plan.revision,
            completed_on=lately, completed_at=NOW, snapshot="{}",
        )  # fmt: skip
    else:
        Pause.objects.create(plan=plan, first_on=date(2026, 10, 12), until_on=date(2026, 11, 12))
    assert deliver() == {"sent": 1}


def test_once_a_month_by_choice(sink: Sink, learners: Learners) -> None:
    learners(2)
    Recipient.objects.filter(pk=Recipient.objects.order_by("pk")[0].pk).update(rhythm="monthly")
    assert deliver() == {"sent": 1, "skipped": 1}


def test_one_asked_for_comes_once_a_week_and_no_other_that_day(sink: Sink, learners: Learners) -> None:
    [alice] = learners(1)
    Recipient.objects.update(rhythm="monthly")
    Reminder.objects.all().delete()
    row = actions.ask_for_mail(alice, NOW)
    assert row is not None
    assert actions.ask_for_mail(alice, NOW) is None
    assert deliver() == {"sent": 1}
    Recipient.objects.update(rhythm="weekly")
    make_reminder(alice)
    assert deliver() == {"skipped": 1}
    assert Reminder.objects.get(kind="progress").reason == "same-day"


def test_two_mails_of_one_person_do_not_go_in_one_batch(sink: Sink, learners: Learners) -> None:
    [alice] = learners(1)
    assert actions.ask_for_mail(alice, NOW) is not None
    assert deliver() == {"sent": 1, "skipped": 1}


def test_two_batches_at_one_moment_send_one_mail_of_a_person(
    sink: Sink, learners: Learners, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other batch has begun its mail after this one had read that there was none today."""
    [alice] = learners(1)
    begin = actions.begin_hand_over

    def late(*given: Any, **more: Any) -> bool:
        Reminder.objects.filter(kind="asked-for").update(state="sent", handed_over_at=NOW)
        return begin(*given, **more)

    make_reminder(alice, kind="asked-for", message_id="<other@c>", not_before=NOW + timedelta(hours=1))
    with monkeypatch.context() as other:
        other.setattr(actions, "begin_hand_over", late)
        assert deliver() == {"given back": 1}
    assert deliver() == {"skipped": 1}
    assert Reminder.objects.get(kind="progress").reason == "same-day"
    assert sink.accepted() == []


def test_nobody_asks_for_a_mail_who_wants_none(alice: User, curriculum: Catalogue) -> None:
    assert actions.ask_for_mail(alice, NOW) is None
    with_plan(alice)
    Recipient.objects.update(unsubscribed_at=NOW)
    assert actions.ask_for_mail(alice, NOW) is None


def test_unsubscribing_while_the_batch_is_under_way_is_heeded(
    sink: Sink, learners: Learners, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the chunk was asked about, at the last moment: the guarded write itself says no."""
    made = learners(3)
    write = mail.weekly_letter

    def unsubscribing(*given: Any) -> Any:
        actions.unsubscribe(Recipient.objects.get(learner=made[1]).unsubscribe_token, NOW)
        return write(*given)

    monkeypatch.setattr(mail, "weekly_letter", unsubscribing)
    assert deliver() == {"sent": 2, "skipped": 1}
    assert states() == ["sent", "skipped", "sent"]
    assert Reminder.objects.get(learner=made[1]).reason == "unsubscribed"
    assert [mail.to for mail in sink.accepted()] == [made[0].email, made[2].email]


def test_a_changed_address_gets_the_mail_at_the_new_one(
    sink: Sink, learners: Learners, monkeypatch: pytest.MonkeyPatch
) -> None:
    [learner] = learners(1)
    write = mail.weekly_letter

    def moving(*given: Any) -> Any:
        letter = write(*given)
        EmailAddress.objects.filter(user=learner).update(email="new@example.org")
        return letter

    monkeypatch.setattr(mail, "weekly_letter", moving)
    assert deliver() == {"given back": 1}
    assert states() == ["claimed"]
    assert deliver() == {"sent": 1}
    assert [mail.to for mail in sink.accepted()] == ["new@example.org"]


# --- replies and losses -----------------------------------------------------------------------------------


def test_a_refusal_for_one_touches_nobody_else(sink: Sink, learners: Learners) -> None:
    made = learners(4)
    sink.fault(Point.RCPT, reply="550 5.1.1 nobody", to=made[1].email)
    sink.fault(Point.RCPT, reply="451 4.7.1 greylisted", to=made[2].email)
    assert deliver() == {"sent": 2, "failed": 1, "again": 1}
    assert states() == ["sent", "failed", "claimed", "sent"]
    waiting = Reminder.objects.get(learner=made[2])
    assert (waiting.attempts, waiting.reason) == (1, "Reply to the recipient: 451 4.7.1 greylisted")
    assert waiting.not_before == NOW + actions.first_wait()
    assert deliver() == {}
    assert sink.connections == 1


def test_a_refused_body_waits_or_fails(sink: Sink, learners: Learners) -> None:
    made = learners(3)
    sink.fault(Point.DOT, reply="452 4.3.1 no room", to=made[0].email, at=1)
    sink.fault(Point.DOT, reply="554 5.7.1 spam", to=made[1].email)
    assert deliver() == {"sent": 1, "failed": 1, "again": 1}
    assert states() == ["claimed", "failed", "sent"]
    assert deliver(at=NOW + actions.first_wait()) == {"sent": 1}
    assert [mail.to for mail in sink.accepted()] == [made[2].email, made[0].email]


@pytest.mark.parametrize("point", [Point.MAIL, Point.RCPT, Point.DATA])
def test_a_connection_lost_before_the_body_is_replaced(sink: Sink, learners: Learners, point: Point) -> None:
    learners(5)
    sink.fault(point, drops=True, at=3)
    assert deliver() == {"sent": 4, "again": 1}
    assert states() == ["sent", "sent", "claimed", "sent", "sent"]
    assert sink.connections == 2
    assert deliver(at=NOW + actions.first_wait()) == {"sent": 1}
    assert len({mail.to for mail in sink.accepted()}) == len(sink.accepted()) == 5


@pytest.mark.parametrize("point", [Point.DOT, Point.ACCEPTED])
def test_a_connection_lost_after_the_dot_is_one_unknown_and_never_repeated(
    sink: Sink, learners: Learners, point: Point
) -> None:
    learners(5)
    sink.fault(point, drops=True, at=3)
    assert deliver() == {"sent": 4, "unknown": 1}
    assert states() == ["sent", "sent", "unknown", "sent", "sent"]
    assert deliver(at=NOW + timedelta(hours=1)) == {}
    assert len({mail.to for mail in sink.accepted()}) == len(sink.accepted())


def test_421_ends_the_connection_and_the_next_takes_the_rest(sink: Sink, learners: Learners) -> None:
    learners(5)
    sink.fault(Point.MAIL, reply="421 4.4.5 enough for now", drops=True, at=3)
    assert deliver() == {"sent": 4, "again": 1}
    assert sink.connections == 2


def test_a_server_that_takes_one_mail_a_connection_gets_one_a_connection(
    sink: Sink, learners: Learners
) -> None:
    learners(6)
    for number in range(2, 12, 2):
        sink.fault(Point.MAIL, reply="421 4.4.5 one is enough", drops=True, at=number)
    counts = deliver()
    assert counts["sent"] >= 3
    assert set(counts) == {"sent", "again"}


def test_a_server_that_drops_every_connection_is_left_alone(sink: Sink, learners: Learners) -> None:
    learners(10)
    sink.fault(Point.MAIL, drops=True)
    assert deliver() == {"again": 3, "put off": 7}
    assert sink.connections == 3
    assert states() == ["claimed"] * 10
    assert Reminder.objects.filter(lease_token__isnull=True).count() == 10


def test_a_server_that_drops_after_every_dot_makes_three_unknown_and_no_more(
    sink: Sink, learners: Learners
) -> None:
    learners(10)
    sink.fault(Point.DOT, drops=True)
    assert deliver() == {"unknown": 3, "put off": 7}
    assert sink.connections == 3


def test_no_server_puts_everything_off_and_no_attempt_is_counted(sink: Sink, learners: Learners) -> None:
    learners(3)
    with sink.away():
        assert deliver() == {"put off": 3}
    row = Reminder.objects.first()
    assert row is not None
    assert (row.state, row.attempts) == ("claimed", 0)
    assert row.reason.startswith("No connection to the mail server")
    assert deliver() == {}
    assert deliver(at=NOW + actions.first_wait()) == {"sent": 3}


# --- the lease, and being asked to stop -------------------------------------------------------------------


def test_nothing_is_begun_near_the_end_of_the_lease(sink: Sink, learners: Learners) -> None:
    learners(4)
    times = iter([NOW] * 8 + [NOW + actions.lease_length()] * 100)
    counts = delivery.deliver(10, now=lambda: next(times), stopping=lambda: False)
    assert counts["sent"] >= 1
    assert counts["given back"] >= 1
    assert counts["sent"] + counts["given back"] == 4
    assert Reminder.objects.filter(state="claimed", lease_token__isnull=True).count() == counts["given back"]


def test_a_worker_asked_to_stop_ends_after_the_mail_it_is_at(sink: Sink, learners: Learners) -> None:
    learners(5)
    asked = iter([False, False, True])
    assert deliver(stopping=lambda: next(asked)) == {"sent": 2, "given back": 3}
    assert deliver() == {"sent": 3}


# --- several connections side by side ---------------------------------------------------------------------


@pytest.fixture
def four(sink: Sink, settings: Any) -> Sink:
    settings.SMTP_CONNECTIONS = 4
    return sink


def test_several_connections_take_a_round_of_mails_with_one_commit(four: Sink, learners: Learners) -> None:
    learners(10)
    with CaptureQueriesContext(connection) as captured:
        assert deliver() == {"sent": 10}
    words = Counter(query["sql"].strip().partition(" ")[0] for query in captured)
    commits = words["SAVEPOINT"]
    learners(2)
    with CaptureQueriesContext(connection) as captured:
        assert deliver() == {"sent": 2}
    words = Counter(query["sql"].strip().partition(" ")[0] for query in captured)
    # Ten mails are three rounds, two are one; each round is one commit.
    assert commits - words["SAVEPOINT"] == 2
    assert four.connections == 6
    assert len(four.accepted()) == 12


def test_bodies_leave_only_once_all_hand_overs_of_the_round_are_on_record(
    four: Sink, learners: Learners, monkeypatch: pytest.MonkeyPatch
) -> None:
    learners(4)
    asked = four.fault(Point.BODY)
    seen = []
    begin = actions.begin_hand_over

    def looking(*given: Any, **more: Any) -> bool:
        begun = begin(*given, **more)
        seen.append((states().count("handing_over"), asked.reached.is_set()))
        return begun

    monkeypatch.setattr(actions, "begin_hand_over", looking)
    assert deliver() == {"sent": 4}
    assert seen == [(1, False), (2, False), (3, False), (4, False)]


def test_each_mail_of_a_round_has_its_own_fate(four: Sink, learners: Learners) -> None:
    made = learners(6)
    four.fault(Point.RCPT, reply="550 5.1.1 nobody", to=made[0].email)
    four.fault(Point.RCPT, reply="451 4.7.1 greylisted", to=made[1].email)
    four.fault(Point.DOT, drops=True, to=made[2].email)
    assert deliver() == {"sent": 3, "failed": 1, "again": 1, "unknown": 1}
    assert states() == ["failed", "claimed", "unknown", "sent", "sent", "sent"]


def test_one_of_a_round_that_is_wanted_no_more_does_not_leave(
    four: Sink, learners: Learners, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = learners(4)
    begin = actions.begin_hand_over

    def unsubscribing(*given: Any, **more: Any) -> bool:
        actions.unsubscribe(Recipient.objects.get(learner=made[1]).unsubscribe_token, NOW)
        return begin(*given, **more)

    monkeypatch.setattr(actions, "begin_hand_over", unsubscribing)
    assert deliver() == {"sent": 3, "skipped": 1}
    assert {mail.to for mail in four.accepted()} == {made[0].email, made[2].email, made[3].email}


def test_a_server_that_wants_fewer_connections_is_content(four: Sink, learners: Learners) -> None:
    learners(6)
    four.fault(Point.CONNECTED, reply="421 4.7.0 too many connections", drops=True, at=3)
    assert deliver() == {"sent": 6}
    assert four.connections == 3


def test_a_database_away_in_a_round_sends_none_of_it(
    four: Sink, learners: Learners, monkeypatch: pytest.MonkeyPatch
) -> None:
    learners(6)
    begin, calls = actions.begin_hand_over, iter(range(100))

    def failing(*given: Any, **more: Any) -> bool:
        if next(calls) == 2:
            raise OperationalError("server closed the connection")
        return begin(*given, **more)

    monkeypatch.setattr(actions, "begin_hand_over", failing)
    assert deliver() == {"again": 4, "sent": 2}
    assert states() == ["claimed"] * 4 + ["sent"] * 2
    assert len(four.accepted()) == 2


# --- what goes wrong here ---------------------------------------------------------------------------------


def test_a_mail_that_cannot_be_written_holds_up_nobody(
    sink: Sink, learners: Learners, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = learners(3)
    write = mail.weekly_letter

    def failing(leased: Any, *given: Any) -> Any:
        if leased.person.learner_id == made[1].pk:
            raise ZeroDivisionError("no week")
        return write(leased, *given)

    monkeypatch.setattr(mail, "weekly_letter", failing)
    assert deliver() == {"sent": 2, "again": 1}
    assert Reminder.objects.get(learner=made[1]).reason == "The mail could not be written: no week"


def test_a_standing_that_cannot_be_worked_out_holds_up_nobody(sink: Sink, learners: Learners) -> None:
    made = learners(3)
    # A plan on a revision that is not there.
    Plan.objects.filter(learner=made[1]).update(revision=9999)
    assert deliver() == {"sent": 2, "again": 1}
    assert states() == ["sent", "claimed", "sent"]


def test_an_address_smtp_cannot_carry_fails(sink: Sink, learners: Learners) -> None:
    made = learners(2)
    EmailAddress.objects.filter(user=made[0]).update(email="alice@ä..example")
    assert deliver() == {"sent": 1, "failed": 1}
    assert states() == ["failed", "sent"]


def test_a_database_away_before_the_body_sends_nothing(
    sink: Sink, learners: Learners, monkeypatch: pytest.MonkeyPatch
) -> None:
    learners(3)
    begin, times = actions.begin_hand_over, iter([False, True, False])

    def failing(*given: Any, **more: Any) -> bool:
        if next(times):
            begin(*given, **more)  # the write is kept, its answer lost: the worst case
            raise OperationalError("server closed the connection")
        return begin(*given, **more)

    monkeypatch.setattr(actions, "begin_hand_over", failing)
    assert deliver() == {"sent": 2, "again": 1}
    assert states() == ["sent", "claimed", "sent"]
    assert len(sink.accepted()) == 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("number", [1, 3])
def test_an_outcome_is_written_when_the_database_is_back(
    sink: Sink, learners: Learners, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    learners(number)
    record, away = actions.record_sent, iter([True, True])

    def failing(*given: Any) -> bool:
        if next(away, False):
            raise OperationalError("server closed the connection")
        return record(*given)

    monkeypatch.setattr(actions, "record_sent", failing)
    # Where another mail waits, the outcome is to be committed with its beginning: then that mail waits too.
    deliver()
    assert states() == ["sent", *["claimed", "sent"][: number - 1]]
    Reminder.objects.update(not_before=NOW)
    deliver()
    assert states() == ["sent"] * number
    assert len(sink.accepted()) == number


# --- other backends ---------------------------------------------------------------------------------------


def test_locmem_gets_the_mail(learners: Learners) -> None:
    [learner] = learners(1)
    assert deliver() == {"sent": 1}
    [message] = django_mail.outbox
    assert message.to == [learner.email]
    assert message.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_files_get_one_file_a_mail(learners: Learners, settings: Any, tmp_path: Path) -> None:
    settings.EMAIL_BACKEND = "tracker.operations.mailfiles.FileBackend"
    settings.MAIL_DIR = tmp_path / "mail"
    learners(3)
    assert deliver() == {"sent": 3}
    assert len(list(letters())) == 3
    # The same mail written again, as after a lost record, is the same file.
    Reminder.objects.update(state="claimed", lease_token=None, leased_until=None)
    assert deliver() == {"sent": 3}
    assert len(list(letters())) == 3


def test_a_file_that_cannot_be_written_is_tried_again(
    learners: Learners, settings: Any, tmp_path: Path
) -> None:
    settings.EMAIL_BACKEND = "tracker.operations.mailfiles.FileBackend"
    settings.MAIL_DIR = tmp_path / "mail"
    settings.MAIL_DIR.write_text("a file where the folder should be")
    learners(1)
    assert deliver() == {"again": 1}
    settings.MAIL_DIR.unlink()
    assert deliver(at=NOW + actions.first_wait()) == {"sent": 1}


def test_a_backend_that_fails_leaves_the_mail_unknown(
    learners: Learners, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a backend that is not ours nothing is known between the call and its return."""
    learners(1)

    def failing(*_: Any) -> int:
        raise OSError("connection reset")

    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", failing)
    assert deliver() == {"unknown": 1}
    assert states() == ["unknown"]


def test_other_backends_heed_who_left_and_refuse_what_no_header_holds(
    learners: Learners, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = learners(3)
    EmailAddress.objects.filter(user=made[0]).update(email="alice@ä..example")
    write = mail.weekly_letter

    def unsubscribing(*given: Any) -> Any:
        actions.unsubscribe(Recipient.objects.get(learner=made[1]).unsubscribe_token, NOW)
        return write(*given)

    monkeypatch.setattr(mail, "weekly_letter", unsubscribing)
    assert deliver() == {"failed": 1, "skipped": 1, "sent": 1}
    assert [message.to for message in django_mail.outbox] == [[made[2].email]]


def test_a_database_away_while_the_batch_is_read_leaves_it_leased(
    sink: Sink, learners: Learners, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is known yet, so nothing is written: the lease lapses and the rows are free."""
    learners(2)

    def failing(*_: Any) -> Any:
        raise OperationalError("server closed the connection")

    with monkeypatch.context() as away:
        away.setattr(delivery, "standings", failing)
        with pytest.raises(OperationalError):
            deliver()
    assert deliver() == {}
    assert deliver(at=NOW + actions.lease_length()) == {"sent": 2}


def test_another_worker_cannot_deliver_what_is_leased(sink: Sink, learners: Learners) -> None:
    learner = with_plan(make_learner("Dora"))
    make_leased(learner)
    assert deliver() == {}
    assert not sink.accepted()
