"""Where the message goes: chosen in settings, tested, confirmed; what a receiver gets of it."""

import hashlib
import hmac
import json
import re
import socket
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from curriculum.catalogue import Catalogue
from tests.fixtures.cast import NOW, TODAY, browser_of, make_plan, make_session
from tests.reminders.factories import make_leased, make_recipient
from tests.reminders.receiver import Receiver, status
from tests.servers import ROOT, free_port
from tracker.desk.export import everything_of
from tracker.desk.restore import settle
from tracker.people.models import User
from tracker.plans.queries import standing
from tracker.reminders import (
    actions,
    channel_trial,
    channels,
    destinations,
    notices,
    outbound,
    queries,
    tasks,
)
from tracker.reminders.couriers import HookCourier, NtfyCourier, courier_for
from tracker.reminders.models import Channel, Reminder
from tracker.reminders.notices import Notice

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("now")]
MINUTE = timedelta(minutes=1)
PAGE = "/settings/channel/"
TOPIC = "https://ntfy.sh/alices-hours"


@pytest.fixture(autouse=True)
def no_limits_left_over() -> None:
    cache.clear()


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that is there at once."""

    def ask(row: Channel) -> bool:
        tasks.send_channel_trial(row.pk, row.number)
        return True

    monkeypatch.setattr(tasks, "ask_for_channel_trial", ask)


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    """Where the operator allows messages to go."""
    with Receiver() as running:
        settings.HOOK_HOSTS = frozenset({f"127.0.0.1:{running.port}"})
        yield running


@pytest.fixture
def web(alice: User) -> Client:
    return browser_of(alice)


def shown(answer: Any) -> str:
    """A page's text, its white space made one."""
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def choose(web: Client, kind: str, address: str = "", token: str = "") -> Any:
    return web.post(PAGE, {"kind": kind, "address": address, "token": token}, follow=True)


def hook_of(receiver: Receiver) -> str:
    return f"http://127.0.0.1:{receiver.port}/hook?key=1"


def topic_of(receiver: Receiver) -> str:
    return f"http://127.0.0.1:{receiver.port}/alices-hours"


def made(learner: User, kind: str, address: str, *, token: str = "") -> Channel:
    """A channel in use."""
    row = channels.choose(learner, kind, address=address, token=token, now=NOW)
    Channel.objects.filter(pk=row.pk).update(confirmed_at=NOW)
    row.refresh_from_db()
    return row


# --- choosing ---------------------------------------------------------------------------------------------


def test_at_first_it_is_mail(web: Client) -> None:
    page = shown(web.get(PAGE))
    assert "It goes by mail." in page
    assert "Send a test" not in page
    assert not Channel.objects.exists()


def test_a_web_hook_gets_a_secret_that_is_shown_once(web: Client) -> None:
    answer = web.post(PAGE, {"kind": "web-hook", "address": " https://hook.example.org/x ", "token": ""})
    row = Channel.objects.get()
    assert answer.status_code == 200
    assert re.fullmatch(r"whsec_[0-9a-f]{64}", row.secret)
    assert row.secret in answer.content.decode()
    assert (row.kind, row.address, row.confirmed_at) == ("web-hook", "https://hook.example.org/x", None)
    again = web.get(PAGE)
    assert row.secret not in again.content.decode()
    assert "is chosen, and used once a test of it is confirmed" in shown(again)
    choose(web, "web-hook", "https://hook.example.org/x")
    assert Channel.objects.get().secret != row.secret


def test_a_topic_of_ntfy_keeps_its_token_and_shows_it_nowhere(web: Client) -> None:
    answer = choose(web, "ntfy", TOPIC, "tk_secret")
    assert "Send a test next" in shown(answer)
    assert Channel.objects.get().secret == "tk_secret"
    assert "tk_secret" not in web.get(PAGE).content.decode()
    choose(web, "ntfy", TOPIC)
    assert Channel.objects.get().secret == ""


def test_back_to_mail_nothing_of_it_is_left_but_when_it_was_tested(web: Client, alice: User) -> None:
    made(alice, "ntfy", TOPIC, token="tk_secret")
    Channel.objects.update(tested_at=NOW, trial="sent", confirm_token="ABCD2345")
    assert "goes by mail" in shown(choose(web, "mail", "https://left.example.org/x"))
    row = Channel.objects.get()
    assert (row.kind, row.address, row.secret, row.confirmed_at, row.confirm_token) == (
        "mail",
        "",
        "",
        None,
        "",
    )
    assert row.tested_at == NOW


@pytest.mark.parametrize(
    ("kind", "address", "sentence"),
    [
        ("web-hook", "", "Say where it goes."),
        ("web-hook", "http://169.254.169.254/latest/meta-data", "must begin with https://"),
        ("web-hook", "https://169.254.169.254/", "169.254.169.254 is not an address on the open Internet."),
        ("web-hook", "https://[::ffff:7f00:1]/", "is not an address on the open Internet."),
        ("web-hook", "https://a:b@example.org/", "name or password"),
        ("web-hook", "https://example.org/" + "a" * 600, "longer than 500"),
        ("web-hook", "javascript:alert(1)", "That is not an address."),
        ("ntfy", "https://ntfy.sh/", "the server and the topic"),
        ("ntfy", "https://ntfy.sh/a/b", "the server and the topic"),
        ("carrier-pigeon", TOPIC, "Choose mail, ntfy or a web hook."),
        ("", TOPIC, "Choose mail, ntfy or a web hook."),
        ("web-hook", "https://example.org/\x00", "Null characters are not allowed."),
    ],
)
def test_what_cannot_be_is_refused_beside_its_field_and_nothing_is_lost(
    web: Client, kind: str, address: str, sentence: str
) -> None:
    answer = web.post(PAGE, {"kind": kind, "address": address, "token": "tk_kept"})
    assert answer.status_code == 422
    assert sentence in shown(answer)
    if "\x00" not in address:
        assert address.replace("&", "&amp;") in answer.content.decode()
    assert "tk_kept" in answer.content.decode()
    assert not Channel.objects.exists()


def test_a_token_that_no_header_carries_is_refused(web: Client) -> None:
    answer = web.post(PAGE, {"kind": "ntfy", "address": TOPIC, "token": "tk\u00e4"})
    assert answer.status_code == 422
    assert "An access token has up to 200" in shown(answer)


def test_charlie_cannot(web: Client, alice: User, charlie: User, receiver: Receiver, at_once: None) -> None:
    """What Alice chose is neither seen, nor tested, nor confirmed by another."""
    made(alice, "web-hook", hook_of(receiver))
    Channel.objects.update(confirmed_at=None, confirm_token="ABCD2345", tested_at=NOW)
    other = browser_of(charlie)
    assert hook_of(receiver) not in other.get(PAGE).content.decode()
    assert "There is nothing to test" in shown(other.post(reverse("test-channel"), follow=True))
    refused = other.post(reverse("confirm-channel"), {"code": "ABCD2345"})
    assert refused.status_code == 422
    choose(other, "mail")
    row = Channel.objects.get(learner=alice)
    assert (row.kind, row.confirmed_at) == ("web-hook", None)
    assert receiver.connections == 0
    for name in ("channel", "test-channel", "confirm-channel"):
        assert Client().post(reverse(name))["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "ntfy", "address": ""},
        {"kind": "mail", "address": TOPIC},
        {"kind": "mail", "secret": "x"},
        {"kind": "mail", "confirmed_at": NOW},
        {"kind": "web-hook", "address": TOPIC, "secret": ""},
        {"kind": "fax", "address": TOPIC},
        {"kind": "ntfy", "address": TOPIC, "confirmed_at": NOW, "failed_at": NOW},
        {"kind": "ntfy", "address": TOPIC, "trial": "lost"},
    ],
)
def test_the_database_refuses_what_cannot_be(alice: User, fields: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Channel.objects.create(learner=alice, chosen_at=NOW, **fields)


# --- the test ---------------------------------------------------------------------------------------------


def test_a_test_of_a_web_hook_is_signed_and_its_code_confirms(
    web: Client, receiver: Receiver, at_once: None
) -> None:
    secret = re.search(r"whsec_[0-9a-f]+", choose(web, "web-hook", hook_of(receiver)).content.decode())
    assert secret
    page = shown(web.post(reverse("test-channel"), follow=True))
    assert "The test was taken. Reply to the web hook: 200 OK" in page
    fields, body = receiver.fields(), receiver.bodies[0]
    assert fields[""] == "POST /hook?key=1 HTTP/1.1"
    assert fields["content-type"] == "application/json"
    # Computed by the words of docs/channels.md alone.
    moment, _, digest = fields["cairn-signature"].removeprefix("t=").partition(",v1=")
    expected = hmac.new(secret[0].encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    assert digest == expected
    assert int(moment) == int(NOW.timestamp())
    said = json.loads(body)
    assert said["kind"] == "test"
    assert fields["idempotency-key"] == f'"{said["id"]}"'
    typed = f" {said['code'][:4].lower()}-{said['code'][4:]} "
    assert "Confirmed." in shown(web.post(reverse("confirm-channel"), {"code": typed}, follow=True))
    assert Channel.objects.get().confirmed_at == NOW
    assert "It goes to your web hook since" in shown(web.get(PAGE))
    assert "It goes to your web hook" in shown(web.get("/settings/"))


def test_a_test_of_ntfy_is_published_with_its_token(web: Client, receiver: Receiver, at_once: None) -> None:
    choose(web, "ntfy", topic_of(receiver), "tk_secret")
    assert "The test was taken. Reply to ntfy: 200 OK" in shown(
        web.post(reverse("test-channel"), follow=True)
    )
    fields, said = receiver.fields(), json.loads(receiver.bodies[0])
    assert fields[""] == "POST / HTTP/1.1"
    assert fields["authorization"] == "Bearer tk_secret"
    assert said["topic"] == "alices-hours"
    code = Channel.objects.get().confirm_token
    assert f"{code[:4]}-{code[4:]}" in said["title"]
    assert said["click"].endswith(PAGE)


@pytest.mark.parametrize("typed", ["", "ABCD2346", "0", "ä" * 8, "x" * 41])
def test_a_wrong_code_confirms_nothing(web: Client, alice: User, typed: str) -> None:
    channels.choose(alice, "ntfy", address=TOPIC, token="", now=NOW)
    Channel.objects.update(confirm_token="ABCD2345", tested_at=NOW, trial="sent")
    answer = web.post(reverse("confirm-channel"), {"code": typed})
    assert answer.status_code == 422
    assert typed in answer.content.decode()
    assert Channel.objects.get().confirmed_at is None


def test_the_code_of_what_was_chosen_before_confirms_nothing(web: Client, alice: User) -> None:
    channels.choose(alice, "ntfy", address=TOPIC, token="", now=NOW)
    code = channels.ask_for_trial(alice, NOW).confirm_token
    channels.choose(alice, "ntfy", address="https://ntfy.sh/another", token="", now=NOW)
    assert web.post(reverse("confirm-channel"), {"code": code}).status_code == 422


@pytest.mark.parametrize(
    ("code", "state", "said"),
    [
        (302, "failed", "redirects are not followed"),
        (410, "failed", "The test was not taken. Reply to the web hook: 410 Gone"),
        (503, "failed", "The test was not taken. Reply to the web hook: 503 Service Unavailable"),
        (504, "unknown", "Whether the test was taken is not known."),
    ],
)
def test_what_the_receiver_says_is_shown(
    web: Client, receiver: Receiver, at_once: None, code: int, state: str, said: str
) -> None:
    receiver.answer = status(code, "Location: http://169.254.169.254/")
    choose(web, "web-hook", hook_of(receiver))
    assert said in shown(web.post(reverse("test-channel"), follow=True))
    assert Channel.objects.get().trial == state
    assert receiver.connections == 1


def test_a_name_that_leads_inside_is_refused_when_it_is_tested(
    web: Client, at_once: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose(web, "web-hook", "https://metadata.example.org/")
    leads_inside = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("169.254.169.254", 443))]
    monkeypatch.setattr(outbound, "_looked_up", lambda *_: leads_inside)
    page = shown(web.post(reverse("test-channel"), follow=True))
    assert "leads to an address that is not on the open Internet" in page
    assert "169.254" not in page
    assert Channel.objects.get().trial == "failed"


def test_tests_are_a_minute_apart_and_ten_an_hour(
    web: Client, receiver: Receiver, at_once: None, time_machine: Any
) -> None:
    choose(web, "web-hook", hook_of(receiver))
    web.post(reverse("test-channel"))
    # Another choice, or none, does not make it sooner.
    choose(web, "mail")
    choose(web, "web-hook", hook_of(receiver))
    assert "less than a minute ago" in shown(web.post(reverse("test-channel"), follow=True))
    assert receiver.connections == 1
    for minutes in range(1, 12):
        time_machine.move_to(NOW + minutes * MINUTE, tick=False)
        last = shown(web.post(reverse("test-channel"), follow=True))
    assert "There were ten tests in this hour" in last
    assert receiver.connections == 9  # the refused one was counted too


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_once_are_one(alice: User) -> None:
    channels.choose(alice, "ntfy", address=TOPIC, token="", now=NOW)
    together, asked = threading.Barrier(2), []

    def click() -> None:
        together.wait()
        try:
            asked.append(channels.ask_for_trial(alice, NOW).number)
        except channels.Refused:
            asked.append(-1)
        finally:
            connection.close()

    clicks = [threading.Thread(target=click) for _ in range(2)]
    for each in clicks:
        each.start()
    for each in clicks:
        each.join()
    assert sorted(asked) == [-1, 1]


def test_a_message_that_comes_twice_or_late_sends_once(alice: User, receiver: Receiver) -> None:
    channels.choose(alice, "web-hook", address=hook_of(receiver), token="", now=NOW)
    row = channels.ask_for_trial(alice, NOW)
    for _ in range(2):
        channel_trial.send(row.pk, row.number, now=lambda: NOW)
    assert len(receiver.requests) == 1
    later = channels.ask_for_trial(alice, NOW + MINUTE)
    channel_trial.send(row.pk, row.number, now=lambda: NOW + MINUTE)
    late = NOW + MINUTE + destinations.TRIAL_GOOD_FOR + MINUTE
    channel_trial.send(later.pk, later.number, now=lambda: late)
    channel_trial.send(later.pk + 999, 1, now=lambda: NOW)
    # Something else was chosen while the message waited.
    latest = channels.ask_for_trial(alice, NOW + 2 * MINUTE)
    channels.choose(alice, "ntfy", address=topic_of(receiver), token="", now=NOW)
    channel_trial.send(latest.pk, latest.number, now=lambda: NOW + 2 * MINUTE)
    assert len(receiver.requests) == 1


def test_where_the_queue_is_away_the_test_is_not_sent(web: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    choose(web, "ntfy", TOPIC)
    monkeypatch.setattr(tasks, "ask_for_channel_trial", lambda row: False)
    page = shown(web.post(reverse("test-channel"), follow=True))
    assert "The queue is away. The test is not sent." in page
    assert Channel.objects.get().trial == "failed"


def test_the_page_waits_for_no_receiver(
    web: Client, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    messages: list[tuple[Any, dict[str, Any]]] = []
    monkeypatch.setattr(
        tasks.send_channel_trial, "apply_async", lambda args, **options: messages.append((args, options))
    )
    choose(web, "web-hook", hook_of(receiver))
    assert "The test waits for a worker." in shown(web.post(reverse("test-channel"), follow=True))
    row = Channel.objects.get()
    ((args, options),) = messages
    assert args == (row.pk, row.number)
    assert options["expires"] == 600
    assert receiver.connections == 0


def docs_program() -> Callable[[str, str, bytes], bool]:
    """The program of docs/channels.md that verifies a signature, as it stands there."""
    text = (ROOT / "docs" / "channels.md").read_text()
    found: dict[str, Any] = {}
    exec(text.partition("```python\n")[2].partition("```")[0], found)
    program: Callable[[str, str, bytes], bool] = found["is_from_cairn"]
    return program


def test_the_program_of_the_docs_knows_what_is_ours(
    alice: User, receiver: Receiver, time_machine: Any
) -> None:
    channel = channels.choose(alice, "web-hook", address=hook_of(receiver), token="", now=NOW)
    row = channels.ask_for_trial(alice, NOW)
    channel_trial.send(row.pk, row.number, now=lambda: NOW)
    is_from_cairn, header, body = docs_program(), receiver.fields()["cairn-signature"], receiver.bodies[0]
    assert is_from_cairn(channel.secret, header, body)
    assert not is_from_cairn(channel.secret, header, body + b" ")
    assert not is_from_cairn("whsec_other", header, body)
    assert not is_from_cairn(channel.secret, header.replace("t=1", "t=2", 1), body)
    time_machine.move_to(NOW + 6 * MINUTE, tick=False)
    assert not is_from_cairn(channel.secret, header, body)


# --- what is sent -----------------------------------------------------------------------------------------


@pytest.fixture
def week(alice: User, curriculum: Catalogue) -> Notice:
    """Alice's message of the week."""
    make_plan(alice, curriculum)
    make_session(alice, note="private words", minutes=90)
    make_recipient(alice)
    row, _ = make_leased(alice)
    (leased,) = queries.leased([row.pk])
    return notices.weekly_notice(leased, standing(alice.pk, TODAY), NOW)


def sent_by(courier: Any, notice: Notice, begin: Callable[[], bool] = lambda: True) -> Any:
    return courier.hand_over(notice, begin)


def test_the_body_of_a_web_hook_is_what_the_docs_say(week: Notice, receiver: Receiver, alice: User) -> None:
    result = sent_by(HookCourier(hook_of(receiver), "whsec_1"), week)
    assert (result.outcome, result.reason) == ("sent", "Reply to the web hook: 200 OK")
    said = json.loads(receiver.bodies[0])
    assert set(said) == {
        "version", "kind", "id", "at", "week", "headline", "sentences", "next", "links",
    }  # fmt: skip
    assert (said["version"], said["kind"], said["week"]) == (1, "weekly", "2026-W47")
    assert said["at"] == "2026-11-19T09:00:00Z"
    assert said["headline"] == "1 h 30 of 6 h 30"
    assert said["id"] == Reminder.objects.get().message_id.strip("<>")
    assert 1 <= len(said["next"]) <= 3
    assert set(said["next"][0]) == {"key", "title", "module", "minutes", "url", "log_url"}
    assert set(said["links"]) == {"today", "settings", "unsubscribe"}
    token = said["links"]["unsubscribe"].rstrip("/").rpartition("/")[2]
    assert queries.recipient_with(token) is not None
    raw = receiver.bodies[0].decode()
    assert "private words" not in raw
    assert alice.email not in raw
    assert "/log/" not in raw.replace("/journal/log/", "")


def test_a_topic_gets_no_link_that_opens_anything(week: Notice, receiver: Receiver, alice: User) -> None:
    assert sent_by(NtfyCourier(topic_of(receiver), ""), week).outcome == "sent"
    raw = receiver.bodies[0].decode()
    assert "authorization" not in receiver.fields()
    assert "unsubscribe" not in raw
    assert alice.email not in raw
    said = json.loads(raw)
    assert said["title"] == "1 h 30 of 6 h 30"
    assert said["click"].endswith("/today/")
    assert "\N{NO-BREAK SPACE}" not in raw


def test_headlines_of_any_letters_cross_to_ntfy(week: Notice, receiver: Receiver) -> None:
    odd = Notice(kind="weekly", id="1@x", at=NOW, headline="ü\r\nX: y 🎓", sentences=["é" * 3000], url="u")
    assert sent_by(NtfyCourier(topic_of(receiver), ""), odd).outcome == "sent"
    said = json.loads(receiver.bodies[0])
    assert said["title"] == "ü\r\nX: y 🎓"
    assert len(said["message"].encode()) <= 3500
    assert set(said["message"]) == {"é"}


def test_the_silent_get_one_line(alice: User, curriculum: Catalogue) -> None:
    make_plan(alice, curriculum)
    make_recipient(alice)
    row, _ = make_leased(alice)
    (leased,) = queries.leased([row.pk])
    notice = notices.short_notice(leased, standing(alice.pk, TODAY), NOW, [("mindset", TODAY)])
    assert notice.headline == "Nothing logged since Thu 19 Nov 2026"
    assert notice.as_json()["kind"] == "short"
    assert notice.next == ()


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        (200, "sent"), (204, "sent"), (302, "failed"), (404, "failed"), (410, "failed"), (429, "again"),
        (500, "again"), (504, "unknown"),
    ],
)  # fmt: skip
def test_what_an_answer_makes_of_a_hand_over(
    week: Notice, receiver: Receiver, code: int, outcome: str
) -> None:
    receiver.answer = status(code)
    begun = iter([True])
    result = sent_by(HookCourier(hook_of(receiver), "s"), week, lambda: next(begun))
    assert result.outcome == outcome
    assert result.reason.startswith(f"Reply to the web hook: {code}")
    assert list(begun) == []


def test_what_was_not_sent_may_be_sent_again_and_what_has_no_answer_may_not(
    week: Notice, receiver: Receiver, settings: Any
) -> None:
    receiver.answer = lambda connection: None
    lost = sent_by(HookCourier(hook_of(receiver), "s"), week)
    assert (lost.outcome, lost.reason) == (
        "unknown",
        "No answer from the web hook after all was sent: the connection ended without an answer",
    )
    port = free_port()
    settings.HOOK_HOSTS = frozenset({f"127.0.0.1:{port}"})
    dead = sent_by(HookCourier(f"http://127.0.0.1:{port}/", "s"), week)
    assert (dead.outcome, dead.reason) == ("again", "Not sent to the web hook: connection refused")
    # The operator has taken the host from the list.
    settings.HOOK_HOSTS = frozenset()
    for courier in (HookCourier(hook_of(receiver), "s"), NtfyCourier(topic_of(receiver), "")):
        refused = sent_by(courier, week)
        assert refused.outcome == "again"
        assert "must begin with https://" in refused.reason
    assert receiver.connections == 1


def test_each_kind_has_its_courier(alice: User) -> None:
    assert isinstance(courier_for(made(alice, "ntfy", TOPIC)), NtfyCourier)
    assert isinstance(courier_for(made(alice, "web-hook", TOPIC)), HookCourier)


# --- the guarded write ------------------------------------------------------------------------------------


def test_the_hand_over_begins_only_while_the_channel_is_the_learners(alice: User) -> None:
    make_recipient(alice)
    channel = made(alice, "ntfy", TOPIC)
    row, token = make_leased(alice)

    def begin() -> bool:
        with transaction.atomic():
            begun = channels.begin_hand_over(row, token, channel, NOW)
            transaction.set_rollback(True)
        return begun

    assert begin()
    for change in (
        {"confirmed_at": None},
        {"chosen_at": NOW + MINUTE},
        {"learner": User.objects.create_user("dora@example.org")},
    ):
        before = {name: getattr(channel, name) for name in change}
        Channel.objects.filter(pk=channel.pk).update(**change)
        assert not begin()
        Channel.objects.filter(pk=channel.pk).update(**before)
    assert begin()
    actions.unsubscribe(queries.recipient_of(alice.pk).unsubscribe_token, NOW)  # type: ignore[union-attr]
    assert not begin()


def test_it_begins_once_and_says_by_what(alice: User) -> None:
    make_recipient(alice)
    channel = made(alice, "ntfy", TOPIC)
    row, token = make_leased(alice)
    assert channels.begin_hand_over(row, token, channel, NOW)
    assert not channels.begin_hand_over(row, token, channel, NOW)
    row.refresh_from_db()
    assert (row.state, row.channel, row.channel_word) == ("handing_over", "ntfy", "ntfy")
    assert row.leased_until == NOW + actions.lease_length()


def test_another_worker_or_a_lapsed_lease_begins_nothing(alice: User, bob: User) -> None:
    make_recipient(alice)
    channel = made(alice, "ntfy", TOPIC)
    row, token = make_leased(alice)
    _, other = make_leased(bob)
    assert not channels.begin_hand_over(row, other, channel, NOW)
    assert not channels.begin_hand_over(row, token, channel, NOW + actions.lease_length())


# --- what else knows of it --------------------------------------------------------------------------------


def test_the_export_has_the_address_and_no_secret(alice: User) -> None:
    made(alice, "ntfy", TOPIC, token="tk_secret")
    Channel.objects.update(confirm_token="ABCD2345")
    said = json.dumps(everything_of(alice), default=str)
    assert TOPIC in said
    assert "tk_secret" not in said
    assert "ABCD2345" not in said


def test_after_a_restore_it_is_mail_until_it_is_confirmed_again(alice: User) -> None:
    made(alice, "ntfy", TOPIC)
    settle(NOW)
    assert channels.used_by([alice.pk]) == {}
    assert Channel.objects.get().address == TOPIC
