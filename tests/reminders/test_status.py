"""What staff see of the weekly mail: one reading on page and terminal, the warning, and the test mail."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail as django_mail
from django.core.management import call_command
from django.db import DatabaseError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.faults.sink import Point, Sink
from tests.fixtures.cast import NOW, browser_of, make_learner
from tests.reminders.factories import DUE, make_recipient, make_reminder
from tests.reminders.test_actions import explained
from tests.servers import free_port
from tracker.celery import app
from tracker.operations import mailfiles
from tracker.operations.actions import beat
from tracker.people.models import User
from tracker.reminders import queries, rules, status, tasks, trial
from tracker.reminders.models import MailTrial, Reminder
from tracker.reminders.status import HEARTBEAT

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
SILENT = "The scheduler has been silent"


@pytest.fixture
def staff(bob: User) -> User:
    """Bob runs the instance, and has done so for long."""
    bob.is_staff = True
    bob.save(update_fields=["is_staff"])
    User.objects.filter(pk=bob.pk).update(joined_at=NOW - timedelta(days=90))
    bob.refresh_from_db()
    return bob


@pytest.fixture
def web(staff: User) -> Client:
    return browser_of(staff)


def page(web: Client) -> str:
    answer = web.get(reverse("status"))
    assert answer.status_code == 200
    return answer.text.replace("\N{NO-BREAK SPACE}", " ")


def told(*options: str) -> str:
    out = StringIO()
    call_command("reminders", "status", *options, stdout=out)
    return out.getvalue()


# --- who sees it ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["get", "head"])
def test_the_page_is_for_staff(web: Client, alice: User, method: str) -> None:
    assert getattr(web, method)("/status/").status_code == 200
    assert getattr(browser_of(alice), method)("/status/").status_code == 404
    asked = getattr(Client(), method)("/status/")
    assert asked.status_code == 302
    assert asked["Location"].startswith("/accounts/login/")


def test_only_staff_send_a_test_mail(alice: User, eager: None) -> None:
    assert browser_of(alice).post(reverse("send-test-mail")).status_code == 404
    assert Client().post(reverse("send-test-mail"))["Location"].startswith("/accounts/login/")
    assert MailTrial.objects.count() == len(django_mail.outbox) == 0


def test_settings_lead_staff_there(web: Client, alice: User) -> None:
    link = f'href="{reverse("status")}"'
    assert link in web.get(reverse("settings")).text
    assert link not in browser_of(alice).get(reverse("settings")).text


# --- the facts --------------------------------------------------------------------------------------------


def make_rows(number: int) -> None:
    """So many of everything that the reading lists."""
    states = ("sent", "failed", "unknown", "skipped", "claimed")
    for each in range(number):
        learner = make_learner(f"learner{User.objects.count()}")
        make_recipient(learner, due_at=DUE + each * MINUTE)
        state = states[each % len(states)]
        make_reminder(
            learner,
            state=state,
            reason=f"Reply to the mail: 55{each % 3} no {each}",
            not_before=NOW + MINUTE if state == "claimed" else NOW,
            finished_at=None if state == "claimed" else NOW - each * MINUTE,
        )
        MailTrial.objects.create(learner=learner, asked_at=NOW)


def test_an_instance_without_mails_says_so(web: Client, now: datetime) -> None:
    found = status.status(now)
    assert (found.due_now, found.claimed, found.waiting, found.put_off) == (0, 0, 0, 0)
    assert found.last_tick_at is None
    assert found.oldest_waits_minutes is None
    text = page(web)
    for said in ("never", "Nobody has asked for the weekly mail.", "No mail was due yet."):
        assert said in text
    assert "last tick: never" in told()


def test_the_facts_of_rows_that_were_made(staff: User, alice: User, charlie: User, now: datetime) -> None:
    beat(HEARTBEAT, now - 2 * MINUTE)
    make_recipient(alice, due_at=now)  # is due
    make_recipient(charlie, due_at=now + timedelta(days=7))
    make_reminder(alice, not_before=now - 7 * MINUTE)  # waits for a worker
    make_reminder(charlie, state="handing_over", leased_until=now + MINUTE)
    refused = "Reply to the recipient: 451 4.7.1 greylisted, try in 300 s"
    make_reminder(staff, reason=refused, attempts=1, not_before=now + 5 * MINUTE)
    leased = make_learner("Dora")
    make_reminder(leased, not_before=now - 9 * MINUTE, leased_until=now + MINUTE)  # a worker has it
    found = status.status(now)
    assert found.last_tick_at == now - 2 * MINUTE
    assert (found.due_now, found.claimed, found.handing_over) == (1, 3, 1)
    assert (found.waiting, found.oldest_waits_minutes, found.put_off) == (1, 7, 1)
    assert found.put_off_by_cause == [rules.Cause("Reply to the recipient: 451 4.7.1", 1, now)]
    assert [(each.address, each.when, each.zone) for each in found.next] == [
        (alice.email, "Thursday 10:00", "Europe/Vienna"),
        (charlie.email, "Thursday 10:00", "Europe/Vienna"),
    ]
    assert dict(status.facts(found))["The first waits"].replace("\N{NO-BREAK SPACE}", " ") == "7 min"


def test_next_is_said_on_the_learners_clock(db: None, now: datetime) -> None:
    """20:00 UTC on Sunday is Monday in Auckland; a zone that this machine does not know counts as UTC."""
    sunday = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
    for name, zone in (("Aroha", "Pacific/Auckland"), ("Bert", "Not/AZone")):
        make_recipient(make_learner(name), due_at=sunday, zone=zone)
    assert {each.when for each in status.next_due()} == {"Monday 09:00", "Sunday 20:00"}


def test_lists_end_at_their_length(web: Client, now: datetime) -> None:
    make_rows(105)
    found = status.status(now)
    assert [len(each) for each in (found.next, found.last, found.unknown, found.trials)] == [20, 100, 21, 5]
    assert found.next[0].due_at == DUE
    # Twenty lines of what is next, after their own heading and before the next one.
    lines = told().splitlines()
    begin = lines.index("next 20:") + 1
    assert lines[begin + 20] == ""
    assert page(web).count("learner") > 140


def test_a_count_ends(monkeypatch: pytest.MonkeyPatch, now: datetime) -> None:
    monkeypatch.setattr(status, "COUNTED", 3)
    make_rows(4)
    found = status.status(now)
    assert found.due_now == 2
    assert status.counted(2) == "2"
    make_rows(4)
    assert status.status(now).due_now == 3
    assert "due now: more than 2" in told()


def test_failures_of_seven_days_by_cause(web: Client, now: datetime) -> None:
    rows = [
        ("failed", "Reply to the recipient: 550 5.1.1 no such user dora", timedelta(days=1)),
        ("failed", "Reply to the recipient: 550 5.1.1 no such user emil", timedelta(hours=1)),
        ("failed", "Reply to the mail: 554 looks like spam", timedelta(days=2)),
        ("skipped", "late; last: No connection to the mail server: [Errno 111] refused", timedelta(days=3)),
        ("skipped", "late", timedelta(days=4)),
        # Not failures: skipped for the learner's own reason, sent, not known, and older than seven days.
        ("skipped", "paused", timedelta(days=1)),
        ("sent", "Reply to the mail: 250 taken", timedelta(days=1)),
        ("unknown", "Connection lost after the final dot: reset", timedelta(days=1)),
        ("failed", "Reply to the mail: 552 too large", timedelta(days=7)),
    ]
    for number, (state, reason, ago) in enumerate(rows):
        make_reminder(make_learner(f"learner{number}"), state=state, reason=reason, finished_at=now - ago)
    found = status.status(now)
    assert [(each.cause, each.mails, now - each.last_at) for each in found.failures] == [
        ("Reply to the recipient: 550 5.1.1", 2, timedelta(hours=1)),
        ("Reply to the mail: 554", 1, timedelta(days=2)),
        ("late; last: No connection to the mail server", 1, timedelta(days=3)),
        ("late", 1, timedelta(days=4)),
    ]
    assert [row.address for row in found.unknown] == ["learner7@example.org"]
    text = page(web)
    assert "Cairn cannot know" in text
    assert "Unknown: Connection lost after the final dot: reset" in text
    # The last mails say each reason whole.
    assert "no such user emil" in text


@pytest.mark.parametrize(
    ("reason", "cause"),
    [
        ("Reply to the recipient: 550 5.1.1 <dora@example.org> no", "Reply to the recipient: 550 5.1.1"),
        ("Reply to the recipient: 550-5.7.26 unsigned", "Reply to the recipient: 550 5.7.26"),
        ("Reply to the mail: 554 Message 1.2.3.4 refused", "Reply to the mail: 554"),
        ("Reply to the sender: 550 5.1.1.9 odd", "Reply to the sender: 550"),
        ("Reply to DATA: 451", "Reply to DATA: 451"),
        ("Connection lost before the body: [Errno 104] reset", "Connection lost before the body"),
        ("The mail server dropped 3 connections in a row.", "The mail server dropped 3 connections in a row"),
        ("The mail cannot be carried by SMTP: a line is longer.", "The mail cannot be carried by SMTP"),
        ("late; last: Reply to the mail: 452 4.2.2 full", "late; last: Reply to the mail: 452 4.2.2"),
        ("late; last: ", "late; last: no reason"),
        ("late", "late"),
        ("", "no reason"),
        ("x" * 300, "x" * 80),
    ],
)
def test_the_cause_is_what_others_share(reason: str, cause: str) -> None:
    assert rules.cause_of(reason) == cause


@pytest.mark.parametrize(
    ("reason", "cause"),
    [
        ("550 5.1.1 <dora@example.org>: no such user", "550 5.1.1"),
        ("smtp; 550-5.1.1 The account does not exist", "550 5.1.1"),
        ("5.4.4", "5.4.4"),
        ("552 mailbox is gone", "552"),
        ("User unknown: dora", "User unknown"),
        ("", "no reason"),
    ],
)
def test_the_cause_of_a_bounce_is_the_servers_codes(reason: str, cause: str) -> None:
    assert rules.bounce_cause_of(reason) == cause


def test_bounced_addresses_are_counted_by_cause(web: Client, now: datetime) -> None:
    assert status.status(now).bounced == 0
    for number, reason in enumerate(("550 5.1.1 <a@b>: none", "550 5.1.1 <c@d>: none", "5.4.4 no route")):
        bounced_at = now - number * MINUTE
        make_recipient(make_learner(f"learner{number}"), bounced_at=bounced_at, bounced_reason=reason)
    found = status.status(now)
    assert found.bounced == 3
    assert [(each.cause, each.mails) for each in found.bounced_by_cause] == [("550 5.1.1", 2), ("5.4.4", 1)]
    assert dict(status.facts(found))["Bounced"] == "3"
    text, terminal, said = page(web), told(), json.loads(told("--json"))
    assert "Mail to these addresses came back for good." in text
    assert "bounced: 3" in terminal.splitlines()
    for cause in ("550 5.1.1", "5.4.4"):
        assert cause in text
        assert cause in terminal
    assert (said["bounced"], said["bounced_by_cause"][0]["mails"]) == (3, 2)


def test_causes_are_in_the_order_of_their_number_and_then_of_time() -> None:
    found = rules.by_cause([("a: 1", NOW), ("b: 1", NOW + MINUTE), ("b: 2", NOW), ("c", NOW + 2 * MINUTE)])
    assert [(each.cause, each.mails, each.last_at) for each in found] == [
        ("b", 2, NOW + MINUTE),
        ("c", 1, NOW + 2 * MINUTE),
        ("a", 1, NOW),
    ]


def test_a_servers_words_are_text_on_the_page(web: Client, alice: User, now: datetime) -> None:
    make_reminder(alice, state="failed", reason="Reply to the mail: 550 <b>no</b>", finished_at=now)
    text = page(web)
    assert "<b>no</b>" not in text
    assert "&lt;b&gt;no&lt;/b&gt;" in text


# --- one truth, in a bounded number of questions ----------------------------------------------------------


def test_page_text_and_json_say_the_same(web: Client, alice: User, now: datetime) -> None:
    beat(HEARTBEAT, now - MINUTE)
    make_rows(10)
    found = status.status(now)
    said = json.loads(told("--json"))
    assert said["at"] == "2026-11-19T09:00:00Z"
    assert said["due_now"] == found.due_now == 2
    assert [row["reason"] for row in said["last"]] == [row.reason for row in found.last]
    assert [each["mails"] for each in said["failures"]] == [each.mails for each in found.failures]
    text, terminal = page(web), told()
    for row in found.last:
        assert row.reason in text
        assert row.reason in terminal
    for each in found.next:
        assert each.address in text
        assert f"{each.when} {each.zone}  {each.address}" in terminal
    assert "last tick: 2026-11-19 08:59Z, 1 min ago" in terminal
    assert "due now: 2" in terminal


def test_neither_says_a_password(web: Client, settings: Any, now: datetime) -> None:
    settings.MAIL_AS_FILES, settings.EMAIL_HOST, settings.EMAIL_PORT = False, "smtp.example.org", 587
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "cairn-user", "hunter2-secret"
    for said in (page(web), told(), told("--json")):
        assert "smtp.example.org:587, starttls" in said
        assert "hunter2" not in said
        assert "cairn-user" not in said


def test_the_number_of_questions_does_not_grow(web: Client, now: datetime) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as captured:
            page(web)
        return len(captured)

    make_rows(10)
    cost()
    few = cost()
    make_rows(190)
    assert cost() == few
    assert few <= 19


@pytest.mark.parametrize(
    ("ask", "index"),
    [
        (lambda: queries.due_count(NOW, 5), "recipients_due"),
        (lambda: queries.open_counts(5), "reminders_claimed"),
        (lambda: status.oldest_waits_minutes(NOW), "reminders_claimed"),
        (lambda: status.failures(NOW), "reminders_never_came"),
        (lambda: list(status.unknown()), "reminders_unknown"),
        (status.next_due, "recipients_due"),
        (lambda: status.bounced(5), "recipients_bounced"),
        (status.bounced_by_cause, "recipients_bounced"),
    ],
)
def test_what_staff_ask_is_indexed(db: None, ask: Callable[[], object], index: str) -> None:
    with CaptureQueriesContext(connection) as captured:
        ask()
    assert index in in_order(captured[0]["sql"])


def in_order(statement: str) -> str:
    """How a database reads these rows where it may not sort them: so few are sorted faster."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_sort = off")
    return explained(statement)


def test_the_latest_are_read_by_their_keys(db: None) -> None:
    with CaptureQueriesContext(connection) as captured:
        list(queries.latest(100))
    plan = in_order(captured[0]["sql"])
    if connection.vendor == "postgresql":
        assert "reminders_reminder_pkey" in plan
    else:
        assert "SCAN reminders_reminder'" in plan  # backwards, by the key that a table is kept in
        assert "TEMP B-TREE" not in plan


# --- the warning ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ago", "said"),
    [
        (timedelta(minutes=14, seconds=59), ""),
        (timedelta(minutes=15), "15 min"),
        (timedelta(hours=3, minutes=5), "3 h 05"),
        (timedelta(days=4, hours=3), "four days"),
        (timedelta(minutes=-30), ""),
    ],
)
def test_a_silent_beat_is_said_to_staff_on_every_page(
    web: Client, alice: User, now: datetime, ago: timedelta, said: str
) -> None:
    beat(HEARTBEAT, now - ago)
    for name in ("settings", "journal", "curriculum", "status", "people"):
        text = web.get(reverse(name)).text.replace("\N{NO-BREAK SPACE}", " ")
        if said:
            assert f"{SILENT} for {said}:" in text
        assert (SILENT in text) == bool(said)
    assert SILENT not in browser_of(alice).get(reverse("settings")).text
    assert SILENT not in Client().get(reverse("curriculum")).text


def test_the_warning_follows_the_clock(web: Client, now: datetime, time_machine: Any) -> None:
    tasks.wake()
    assert SILENT not in page(web)
    time_machine.move_to(now + timedelta(minutes=16), tick=False)
    assert SILENT in page(web)
    tasks.wake()
    assert SILENT not in page(web)


def test_an_instance_just_set_up_is_given_its_first_minutes(web: Client, staff: User, now: datetime) -> None:
    User.objects.filter(pk=staff.pk).update(joined_at=now - 14 * MINUTE)
    assert SILENT not in page(web)
    User.objects.filter(pk=staff.pk).update(joined_at=now - 15 * MINUTE)
    assert SILENT in page(web)


def test_it_costs_staff_one_question_and_others_none(web: Client, alice: User, now: datetime) -> None:
    def asked(browser: Client) -> int:
        browser.get(reverse("keys"))
        with CaptureQueriesContext(connection) as captured:
            browser.get(reverse("keys"))
        return sum("heartbeat" in query["sql"] for query in captured)

    assert asked(web) == 1
    assert asked(browser_of(alice)) == 0
    assert asked(Client()) == 0


def test_no_page_goes_down_for_it(web: Client, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    """Neither the cache nor the broker is asked; and where the one question fails there is no warning."""
    nowhere = f"redis://127.0.0.1:{free_port()}/0"
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": nowhere}}
    settings.REDIS_URL = nowhere

    def failing(name: str) -> None:
        raise DatabaseError("no such table")

    assert SILENT in web.get(reverse("settings")).text
    monkeypatch.setattr(status, "last_beat", failing)
    assert web.get(reverse("settings")).status_code == 200
    assert SILENT not in web.get(reverse("settings")).text


# --- the test mail ----------------------------------------------------------------------------------------


@pytest.fixture
def eager() -> Iterator[None]:
    """Tasks run where they are asked for, with Celery's own machinery."""
    before = app.conf.task_always_eager
    app.conf.task_always_eager = True
    yield
    app.conf.task_always_eager = before


@pytest.fixture
def sink(tmp_path: Path, settings: Any) -> Iterator[Sink]:
    with Sink(tmp_path / "sink.log") as running:
        use_smtp(settings, running.port)
        yield running


def use_smtp(settings: Any, port: int) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", port, 5
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False


def send(web: Client) -> str:
    """Presses the button; the page that follows."""
    answer = web.post(reverse("send-test-mail"), follow=True)
    assert answer.status_code == 200
    return answer.text.replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.usefixtures("eager", "now")
def test_it_goes_to_ones_own_address_by_smtp(web: Client, staff: User, sink: Sink) -> None:
    text = send(web)
    assert "The test mail is on its way." in text
    assert "Sent. Reply to the mail: 250 2.0.0 taken" in text
    (taken,) = sink.accepted()
    assert taken.to == staff.email
    raw = taken.raw.decode()
    assert "Subject: Test mail" in raw
    assert "Auto-Submitted: auto-generated" in raw
    assert "List-Unsubscribe" not in raw
    assert "https://" in raw or "http://" in raw
    assert "test mail" in told()


@pytest.mark.usefixtures("eager", "now")
def test_it_is_no_reminder(web: Client, staff: User, sink: Sink) -> None:
    make_recipient(staff, due_at=DUE + timedelta(days=7))
    send(web)
    assert len(sink.accepted()) == 1
    assert Reminder.objects.count() == 0
    assert queries.last_claimed(staff.pk) is None
    assert queries.ready_count(NOW, 5) == 0


@pytest.mark.usefixtures("eager")
def test_it_is_sent_once_a_minute(web: Client, sink: Sink, now: datetime, time_machine: Any) -> None:
    send(web)
    time_machine.move_to(now + timedelta(seconds=59), tick=False)
    assert "less than a minute ago" in send(web)
    assert len(sink.accepted()) == 1
    time_machine.move_to(now + timedelta(seconds=60), tick=False)
    assert "on its way" in send(web)
    first, second = sink.accepted()
    assert first.message_id != second.message_id
    assert MailTrial.objects.get().number == 2


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_once_are_one(staff: User, now: datetime) -> None:
    """Also the first two ever, which both find no row."""
    together, asked = threading.Barrier(2), []

    def click() -> None:
        together.wait()
        try:
            asked.append(trial.ask(staff, now).number)
        except trial.Refused:
            asked.append(0)
        finally:
            connection.close()

    for number in (1, 2):
        MailTrial.objects.update(asked_at=now - timedelta(minutes=5))
        clicks = [threading.Thread(target=click) for _ in range(2)]
        for each in clicks:
            each.start()
        for each in clicks:
            each.join()
        assert sorted(asked) == [0, number]
        asked.clear()


@pytest.mark.usefixtures("now")
def test_a_message_that_comes_twice_or_late_sends_once(staff: User, sink: Sink) -> None:
    row = trial.ask(staff, NOW)
    trial.send(row.pk, row.number, now=lambda: NOW)
    trial.send(row.pk, row.number, now=lambda: NOW)
    assert len(sink.accepted()) == 1
    later = trial.ask(staff, NOW + MINUTE)
    trial.send(row.pk, row.number, now=lambda: NOW + MINUTE)  # the first one's message once more
    assert len(sink.accepted()) == 1
    trial.send(later.pk, later.number, now=lambda: NOW + MINUTE + rules.TRIAL_GOOD_FOR + MINUTE)
    assert len(sink.accepted()) == 1
    trial.send(later.pk + 999, 1, now=lambda: NOW)  # the account is gone


@pytest.mark.usefixtures("eager", "now")
@pytest.mark.parametrize(
    ("fault", "state", "said"),
    [
        (
            {"point": Point.RCPT, "reply": "550 5.1.1 nobody"},
            "failed",
            "Reply to the recipient: 550 5.1.1 nobody",
        ),
        ({"point": Point.MAIL, "reply": "451 later"}, "failed", "Not sent. Reply to the sender: 451 later"),
        ({"point": Point.DATA, "drops": True}, "failed", "Not sent. Connection lost before the body"),
        ({"point": Point.ACCEPTED, "drops": True}, "unknown", "Whether it was taken is not known."),
    ],
)
def test_what_the_server_says_is_shown(
    web: Client, sink: Sink, fault: dict[str, Any], state: str, said: str
) -> None:
    sink.fault(**fault)
    text = send(web)
    row = MailTrial.objects.get()
    assert row.state == state
    assert said in text
    assert row.finished_at == NOW


@pytest.mark.usefixtures("eager", "now")
def test_a_dead_server_is_an_outcome(web: Client, settings: Any) -> None:
    use_smtp(settings, free_port())
    assert "Not sent. No connection to the mail server:" in send(web)


@pytest.mark.usefixtures("eager", "now")
def test_without_a_server_it_is_a_file(web: Client, staff: User, settings: Any, tmp_path: Path) -> None:
    settings.EMAIL_BACKEND = "tracker.operations.mailfiles.FileBackend"
    settings.MAIL_DIR = tmp_path / "mail"
    assert "Sent." in send(web)
    (letter,) = mailfiles.letters(staff.email)
    assert letter.subject == "Test mail"
    assert "went the way of the weekly mail" in letter.text


@pytest.mark.usefixtures("eager", "now")
def test_an_address_that_is_not_confirmed_gets_none(web: Client, staff: User) -> None:
    EmailAddress.objects.update(verified=False)
    assert "Your address is not confirmed, so no test mail goes there." in send(web)
    assert MailTrial.objects.count() == len(django_mail.outbox) == 0
    assert "Send a test mail" not in page(web)


@pytest.mark.usefixtures("now")
def test_an_address_taken_back_meanwhile_gets_none(staff: User, sink: Sink) -> None:
    row = trial.ask(staff, NOW)
    EmailAddress.objects.update(verified=False)
    trial.send(row.pk, row.number, now=lambda: NOW)
    assert sink.accepted() == []
    assert MailTrial.objects.get().reason == "The address is not confirmed any more."


@pytest.mark.usefixtures("now")
def test_the_page_waits_for_no_mail_server(web: Client, sink: Sink, monkeypatch: pytest.MonkeyPatch) -> None:
    """The request only publishes a message, which carries numbers and goes stale."""
    messages: list[tuple[Any, dict[str, Any]]] = []
    monkeypatch.setattr(
        tasks.send_trial, "apply_async", lambda args, **options: messages.append((args, options))
    )
    assert "It waits for a worker." in send(web)
    row = MailTrial.objects.get()
    ((args, options),) = messages
    assert args == (row.pk, 1)
    assert options["expires"] == 600
    assert sink.connections == 0


@pytest.fixture(params=["refuses", "is silent"])
def broken_broker(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nobody listens at the broker's address; or somebody does who never answers."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        if request.param == "is silent":
            listener.listen()
        monkeypatch.setitem(app.conf, "broker_write_url", f"redis://127.0.0.1:{listener.getsockname()[1]}/0")
        yield


@pytest.mark.usefixtures("now", "broken_broker")
def test_where_the_broker_is_away_the_page_says_so_soon(web: Client) -> None:
    begun = time.monotonic()
    text = send(web)
    assert time.monotonic() - begun < 20  # without an end of its own it would be minutes
    assert "The queue is away. The test mail is not sent." in text
    assert "Not sent. The queue (Redis) is away, so no worker was told." in text


@pytest.mark.parametrize(
    ("state", "waited", "said"),
    [
        ("waiting", timedelta(minutes=10), "It waits for a worker."),
        ("waiting", timedelta(minutes=11), "No worker took it up in ten minutes; it is not sent any more."),
        ("handing_over", timedelta(minutes=12), "It is being handed over."),
        (
            "handing_over",
            timedelta(minutes=13),
            "The worker ended while it handed the mail over; whether the server took it is not known.",
        ),
        ("sent", timedelta(), "Sent. 250"),
        ("failed", timedelta(), "Not sent. 250"),
        ("unknown", timedelta(), "Whether it was taken is not known. 250"),
    ],
)
def test_what_is_said_of_a_test_mail(state: str, waited: timedelta, said: str) -> None:
    assert rules.trial_words(state, "250", waited) == said


@pytest.mark.usefixtures("now")
def test_an_error_of_ours_is_kept_and_shown(staff: User, sink: Sink, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: Any) -> None:
        raise ZeroDivisionError("of ours")

    monkeypatch.setattr(trial, "_hand_over", failing)
    row = trial.ask(staff, NOW)
    trial.send(row.pk, row.number, now=lambda: NOW)
    row.refresh_from_db()
    assert (row.state, row.reason) == ("failed", "ZeroDivisionError: of ours")
