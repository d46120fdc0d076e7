"""Sessions that waited on a device for a network, and what a phone needs to have Cairn without one."""

import json
import re
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.templatetags.static import static
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from curriculum.catalogue import Catalogue
from tests.fixtures.cast import NOW, TODAY, browser_of, make_plan, make_session
from tracker.desk.device import owner_of
from tracker.desk.views import offline
from tracker.journal.models import StudySession
from tracker.journal.rules import refuse_typed
from tracker.people.models import User

pytestmark = pytest.mark.usefixtures("now")
ADDRESS = "/journal/waiting/"


@pytest.fixture
def web(alice: User, curriculum: Catalogue) -> Client:
    make_plan(alice, curriculum)
    return browser_of(alice)


def entry(learner: User, line: str = "45 garak", typed_on: date = TODAY, **fields: str) -> dict[str, str]:
    """What a device sends, with the day of typing in the field of the day."""
    return {
        "owner": owner_of(learner.pk),
        "submission": str(uuid4()),
        "line": line,
        "studied_on": typed_on.isoformat(),
        "typed_on": typed_on.isoformat(),
        "confidence": "",
        "note": "",
        **fields,
    }


# --- one entry ----------------------------------------------------------------------------------------------


def test_an_entry_is_logged_as_the_log_form_would(web: Client, alice: User) -> None:
    answer = web.post(ADDRESS, entry(alice, "1:30 garak", confidence="4", note="in the train"))
    assert answer.status_code == 201
    assert answer.json()["said"].startswith("Logged 1\N{NO-BREAK SPACE}h\N{NO-BREAK SPACE}30 on Thu")
    session = StudySession.objects.get()
    assert (session.learner, session.minutes, session.studied_on) == (alice, 90, TODAY)
    assert (session.module_key, session.confidence) == ("garak", 4)
    assert session.note.endswith("in the train")
    assert (session.zone, session.logged_at) == ("Europe/Vienna", NOW)


def test_a_queue_replayed_twice_logs_once(web: Client, alice: User) -> None:
    queue = [entry(alice, line) for line in ("45 garak", "30 stride", "1:30 yesterday atlas")]
    assert [web.post(ADDRESS, sent).status_code for sent in queue] == [201, 201, 201]
    assert [web.post(ADDRESS, sent).status_code for sent in queue] == [200, 200, 200]
    assert StudySession.objects.count() == 3


def test_what_was_logged_and_deleted_since_stays_deleted(web: Client, alice: User) -> None:
    sent = entry(alice)
    web.post(ADDRESS, sent)
    StudySession.objects.update(deleted_at=NOW)
    answer = web.post(ADDRESS, sent)
    assert answer.status_code == 200
    assert "deleted since" in answer.json()["said"]
    assert StudySession.objects.get().deleted_at == NOW


@pytest.mark.parametrize(
    ("line", "days_ago"),
    [("45 garak", 2), ("45 yesterday garak", 3), ("45 today garak", 2), ("45 on monday garak", 3)],
)
def test_the_line_means_the_days_it_meant_when_it_was_typed(
    web: Client, alice: User, line: str, days_ago: int
) -> None:
    """Typed on Tuesday, sent on Thursday."""
    assert web.post(ADDRESS, entry(alice, line, TODAY - timedelta(days=2))).status_code == 201
    assert StudySession.objects.get().studied_on == TODAY - timedelta(days=days_ago)


def test_the_day_that_was_chosen_counts(web: Client, alice: User) -> None:
    sent = entry(alice, studied_on=(TODAY - timedelta(days=9)).isoformat())
    assert web.post(ADDRESS, sent).status_code == 201
    assert StudySession.objects.get().studied_on == TODAY - timedelta(days=9)


def test_a_line_with_a_question_stays_with_what_was_understood(web: Client, alice: User) -> None:
    typed_on = TODAY - timedelta(days=2)
    sent = entry(alice, "garak yesterday, confidence 3", typed_on, note="on the way")
    answer = web.post(ADDRESS, sent)
    assert answer.status_code == 422
    assert answer.json()["sentences"] == {"length": ["Say how long you studied, such as 45 or 1:30."]}
    fill = answer.json()["fill"]
    assert (fill["length"], fill["subject"], fill["confidence"]) == ("", "garak", "3")
    assert fill["studied_on"] == (TODAY - timedelta(days=3)).isoformat(), "Monday, not the day before today"
    assert "on the way" in fill["note"]
    assert not StudySession.objects.exists()
    # Answered in the log form with its number, it is logged, and leaves the queue when it is sent again.
    form = {**fill, "length": "50", "submission": sent["submission"]}
    assert web.post(reverse("log"), form).status_code == 302
    assert web.post(ADDRESS, sent).status_code == 200
    session = StudySession.objects.get()
    assert (session.minutes, session.studied_on) == (50, typed_on - timedelta(days=1))


def test_without_a_plan_it_is_logged_as_well(charlie: User, curriculum: Catalogue) -> None:
    assert browser_of(charlie).post(ADDRESS, entry(charlie, "45")).status_code == 201


# --- what is refused ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "field", "reason"),
    [
        ({"line": ""}, "length", "how long you studied"),
        ({"line": "-45"}, "length", "negative"),
        ({"line": "1e9"}, "length", ""),
        ({"line": "1500"}, "length", "24 hours"),
        ({"line": "x" * 301}, "length", "300"),
        ({"line": "45 \x00"}, "length", ""),
        ({"studied_on": "2199-01-01"}, "studied_on", "still to come"),
        ({"studied_on": "31 November"}, "studied_on", "is not a date"),
        ({"studied_on": "1900-01-01"}, "studied_on", "too long ago"),
        ({"confidence": "6"}, "confidence", "from 1 to 5"),
        ({"note": "x" * 4001}, "note", "4000"),
        ({"submission": ""}, "submission", "no number"),
        ({"submission": "1"}, "submission", "no number"),
        ({"typed_on": ""}, "studied_on", "which day"),
        ({"typed_on": "yesterday"}, "studied_on", "which day"),
        ({"typed_on": "9999-12-31"}, "studied_on", "ahead"),
        ({"typed_on": "0001-01-01"}, "studied_on", "60 days"),
    ],
)
def test_bad_values_are_refused_with_a_sentence(
    web: Client, alice: User, changes: dict[str, str], field: str, reason: str
) -> None:
    answer = web.post(ADDRESS, {**entry(alice), **changes})
    assert answer.status_code == 422
    assert reason in " ".join(answer.json()["sentences"][field])
    assert all(isinstance(value, str) for value in answer.json()["fill"].values())
    assert not StudySession.objects.exists()


@pytest.mark.parametrize(
    ("days", "sentence"),
    [(2, "ahead"), (1, ""), (0, ""), (-60, ""), (-61, "60 days")],
)
def test_how_far_the_day_of_typing_may_lie(days: int, sentence: str) -> None:
    said = refuse_typed(TODAY + timedelta(days=days), TODAY)
    assert sentence in said
    assert bool(sentence) == bool(said)


def test_a_device_a_day_ahead_waits_for_the_day(web: Client, alice: User, time_machine: Any) -> None:
    """Further east it is Friday already; the calendar of the account has Thursday."""
    sent = entry(alice, typed_on=TODAY + timedelta(days=1))
    answer = web.post(ADDRESS, sent)
    assert answer.status_code == 422
    assert "still to come" in answer.json()["sentences"]["studied_on"][0]
    time_machine.move_to(NOW + timedelta(days=1), tick=False)
    assert web.post(ADDRESS, sent).status_code == 201
    assert StudySession.objects.get().studied_on == TODAY + timedelta(days=1)


def test_what_cannot_be_dated_is_filled_without_a_day(web: Client, alice: User) -> None:
    answer = web.post(ADDRESS, entry(alice, "45 yesterday garak", TODAY - timedelta(days=61)))
    fill = answer.json()["fill"]
    assert (fill["length"], fill["subject"], fill["studied_on"]) == ("45 min", "garak", "")


def test_a_day_with_more_than_24_hours_is_refused(web: Client, alice: User) -> None:
    make_session(alice, minutes=1400)
    answer = web.post(ADDRESS, entry(alice))
    assert answer.status_code == 422
    assert "24 hours" in answer.json()["sentences"]["length"][0]
    assert answer.json()["fill"]["length"] == "45 min"


def test_an_unusually_long_day_is_asked_about(web: Client, alice: User) -> None:
    make_session(alice, minutes=940)
    answer = web.post(ADDRESS, entry(alice))
    assert answer.status_code == 422
    assert "Is that right?" in answer.json()["sentences"]["confirmed"][0]
    assert StudySession.objects.count() == 1


def test_a_yes_in_the_log_form_lets_the_entry_leave_the_device(web: Client, alice: User) -> None:
    make_session(alice, minutes=940)
    sent = entry(alice, "45 garak - in the train")
    fill = web.post(ADDRESS, sent).json()["fill"]
    form = {**fill, "submission": sent["submission"]}
    asked = web.post(reverse("log"), form)
    assert asked.status_code == 422
    assert f'name="submission" value="{sent["submission"]}"' in asked.text
    yes = re.search(r'name="confirmed" value="([^"]*)"', asked.text)
    assert yes
    assert web.post(reverse("log"), {**form, "confirmed": yes[1]}).status_code == 302
    answer = web.post(ADDRESS, sent)
    assert answer.status_code == 200
    assert answer.json()["said"].startswith("Logged already: 45")
    session = StudySession.objects.get(submission=sent["submission"])
    assert (session.minutes, session.module_key, session.note) == (45, "garak", "in the train")
    assert StudySession.objects.count() == 2


def test_a_huge_body_is_refused(web: Client, alice: User) -> None:
    assert web.post(ADDRESS, entry(alice, note="x" * 300_000)).status_code == 400
    assert not StudySession.objects.exists()


# --- whose it is --------------------------------------------------------------------------------------------


def test_the_entry_of_another_learner_is_not_logged(web: Client, alice: User, charlie: User) -> None:
    for owner in (owner_of(charlie.pk), "", "x", "ü\x00", str(alice.pk)):
        assert web.post(ADDRESS, entry(alice, owner=owner)).status_code == 409
    assert not StudySession.objects.exists()


def test_the_number_of_another_learners_session_says_nothing(web: Client, alice: User, charlie: User) -> None:
    sent = entry(alice, "45", note="only for me")
    web.post(ADDRESS, sent)
    answer = browser_of(charlie).post(ADDRESS, {**sent, "owner": owner_of(charlie.pk)})
    assert answer.status_code == 201
    assert StudySession.objects.filter(learner=charlie).count() == 1


def test_a_visitor_is_asked_to_log_in(client: Client, alice: User) -> None:
    assert client.get(ADDRESS).headers["Location"].startswith(reverse("account_login"))
    assert client.post(ADDRESS, entry(alice)).headers["Location"].startswith(reverse("account_login"))


def test_the_owner_on_pages_and_at_the_address_are_one_and_say_nothing(web: Client, alice: User) -> None:
    answer = web.get(ADDRESS)
    owner = answer.json()["owner"]
    assert owner == owner_of(alice.pk)
    assert f'data-owner="{owner}"' in web.get(reverse("journal")).text
    assert re.fullmatch("[0-9a-f]{32}", owner)
    assert "no-store" in answer.headers["Cache-Control"]
    assert "data-owner" not in Client().get(reverse("home")).text


def test_the_token_is_asked_for_and_the_one_given_is_good(alice: User, curriculum: Catalogue) -> None:
    web = Client(enforce_csrf_checks=True)
    web.force_login(alice, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert web.post(ADDRESS, entry(alice)).status_code == 403
    token = web.get(ADDRESS).json()["token"]
    assert web.post(ADDRESS, entry(alice, "45"), headers={"X-CSRFToken": token}).status_code == 201


def test_the_queries_do_not_grow(web: Client, alice: User) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert web.post(ADDRESS, entry(alice, "1m garak")).status_code == 201
        return len(asked)

    queries()
    few = queries()
    for days in range(200):
        make_session(alice, studied_on=TODAY - timedelta(days=days))
    assert queries() == few
    with CaptureQueriesContext(connection) as asked:
        web.get(ADDRESS)
    assert len(asked) == 2, "the session and who it is of"


# --- what a device keeps ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["manifest", "service-worker", "offline"])
def test_what_is_the_same_for_all_sets_no_cookie_and_asks_nothing(
    web: Client, name: str, django_assert_num_queries: Any
) -> None:
    web.cookies["theme"] = "dark"
    with django_assert_num_queries(0):
        answer = web.get(reverse(name))
    assert answer.status_code == 200
    assert not answer.cookies
    assert "Cookie" not in answer.headers.get("Vary", "")
    assert answer.headers["Cache-Control"] == "no-cache"
    assert answer.content == Client().get(reverse(name)).content


def test_the_worker_keeps_files_that_are_there_and_nothing_else(client: Client) -> None:
    answer = client.get("/service-worker.js")
    assert answer.headers["Content-Type"].startswith("text/javascript")
    found = re.search(r"self\.shell = (\{.*\});", answer.text)
    assert found
    shell = json.loads(found[1])
    assert shell["page"] in shell["files"]
    for path in shell["files"]:
        kept = client.get(path)
        assert kept.status_code == 200, path
        assert not kept.cookies
        assert path == "/offline/" or path.startswith("/static/")


def test_another_release_is_another_cache(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def cache() -> str:
        found = re.search(r'"cache": "([^"]+)"', client.get("/service-worker.js").text)
        assert found
        return found[1]

    before = cache()
    assert cache() == before
    plain = static
    monkeypatch.setattr(offline, "static", lambda name: plain(name).replace("worker.js", "worker.0123.js"))
    released = cache()
    assert released != before
    monkeypatch.setattr(offline, "offline_page", lambda: "Another page.")
    assert cache() not in {before, released}


def test_the_manifest_leads_to_pages_that_there_are(client: Client, web: Client) -> None:
    answer = client.get("/manifest.webmanifest")
    assert answer.headers["Content-Type"] == "application/manifest+json"
    said = answer.json()
    assert (said["name"], said["start_url"], said["scope"]) == ("Cairn", "/today/", "/")
    assert said["display"] == "standalone"
    shortcuts = {row["name"]: row["url"] for row in said["shortcuts"]}
    assert shortcuts == {"Log study": "/journal/log/", "Timer": "/timer/"}
    for url in (said["start_url"], *shortcuts.values()):
        assert web.get(url).status_code == 200
    assert '<link rel="manifest" href="/manifest.webmanifest">' in client.get("/").text


@pytest.mark.parametrize(
    ("theme", "colours"),
    [
        (
            "auto",
            [
                '"#f8f6f0" media="(prefers-color-scheme: light)"',
                '"#191815" media="(prefers-color-scheme: dark)"',
            ],
        ),
        ("light", ['"#f8f6f0"']),
        ("dark", ['"#191815"']),
    ],
)
def test_the_bar_of_the_phone_has_the_ground_of_the_theme(
    client: Client, theme: str, colours: list[str]
) -> None:
    client.cookies["theme"] = theme
    found = re.findall(r'<meta name="theme-color" content=(.*?)>', client.get("/").text)
    assert found == colours


def test_logging_out_asks_the_browser_to_delete_what_it_keeps(web: Client) -> None:
    web.cookies["theme"] = "dark"
    shown = web.get(reverse("account_logout"))
    assert "Clear-Site-Data" not in shown.headers, "asking is not logging out"
    answer = web.post(reverse("account_logout"))
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert "theme" not in answer.cookies
    assert web.get(ADDRESS).status_code == 302


def test_leaving_asks_for_it_too(web: Client, alice: User) -> None:
    address = reverse("leave")
    assert "Clear-Site-Data" not in web.post(address, {"address": "no"}).headers
    answer = web.post(address, {"address": alice.email})
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert "data-forget" in answer.text
