"""The learner's own pages under attack: odd input, numbers out of range, markup, the same thing twice."""

import re
import threading
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from curriculum.catalogue import Catalogue
from tests.fixtures.cast import NOW, TODAY, browser_of, make_learner, make_plan, make_session
from tests.fixtures.curriculum import load_test_curriculum
from tracker.journal.models import SessionCorrection, StudySession
from tracker.people.models import User
from tracker.plans import actions as plans_actions
from tracker.plans.models import Pause

pytestmark = pytest.mark.usefixtures("now")
HTMX = {"HX-Request": "true"}
WEEK = {"monday": "1", "tuesday": "1"}


@pytest.fixture
def web(alice: User, curriculum: Catalogue) -> Client:
    make_plan(alice, curriculum)
    return browser_of(alice)


# --- input nobody expects -----------------------------------------------------------------------------------

NASTY = [
    "",
    "\x00",
    "a\x00b",
    "\N{SUPERSCRIPT TWO}",
    "\N{ARABIC-INDIC DIGIT FOUR}\N{ARABIC-INDIC DIGIT FIVE}",
    "\N{VULGAR FRACTION ONE HALF}",
    "NaN",
    "inf",
    "1e400",
    "-1",
    "0x10",
    "1_000",
    "9" * 5000,
    "\u202egnp",
    "\u200b",
    "<script>alert(1)</script>",
    "0001-01-01",
    "9999-12-31",
    "2026-02-30",
    "-0001-01-01",
    "\r\nSet-Cookie: x=1",
    "../../secret_key",
    "x" * 50_000,
]


def every_form() -> dict[str, dict[str, str]]:
    """Path and good fields of every form of a learner's own pages."""
    return {
        reverse("log"): {
            "length": "45", "subject": "garak", "studied_on": "2026-11-18", "confidence": "3", "note": "n",
            "submission": str(uuid4()), "page": "today", "next": "/plan/",
        },
        reverse("start"): {"track": "ai-security-engineer"},
        reverse("start-hours"): {**WEEK, "start_on": "2026-11-23", "target": "2027-11"},
        reverse("start-known"): {"known": "mindset"},
        reverse("start-reminder"): {"weekday": "1", "hour": "18", "consent": "on", "zone": "Europe/Vienna"},
        reverse("add-pause"): {"first_on": "2026-12-21", "until_on": "2027-01-04"},
        reverse("change-zone"): {"zone": "Europe/Vienna"},
        reverse("change-reminder"): {"weekday": "1", "hour": "18", "consent": "on"},
        reverse("leave"): {"address": "somebody@example.org"},
        reverse("theme"): {"theme": "dark", "next": "/today/"},
        reverse("mark-activity", args=["mindset", "mindset.first-break"]): {
            "kind": "done", "page": "module", "next": "/today/",
        },
        reverse("tick-criterion", args=["mindset", "mindset.proof-first-break"]): {
            "link": "https://example.org", "note": "n",
        },
        reverse("untick-criterion", args=["mindset", "mindset.proof-first-break"]): {},
        reverse("complete-milestone", args=["mindset"]): {},
    }  # fmt: skip


@pytest.mark.parametrize("text", NASTY, ids=lambda text: ascii(text[:20]))
def test_nothing_typed_breaks_a_page(web: Client, text: str) -> None:
    web.post(reverse("start"), {"track": "ai-security-engineer"})
    for path, fields in every_form().items():
        for name in fields:
            for headers in ({}, HTMX) if path == reverse("log") or path.endswith("/mark/") else ({},):
                answer = web.post(path, {**fields, name: text}, headers=headers)
                assert answer.status_code in {200, 302, 422}, (path, name)
                assert "<script>alert" not in answer.text, (path, name)
                if answer.status_code == 302:
                    assert re.match(r"/(?![/\\])", answer["Location"]), (path, name)
    for name in ("today", "plan", "journal", "milestones", "settings", "my-data"):
        assert web.get(reverse(name)).status_code == 200


@pytest.mark.parametrize("number", ["0", "9223372036854775807", "9223372036854775808", "9" * 40, "9" * 4400])
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_number_that_no_row_can_have_is_a_404(web: Client, alice: User, number: str, method: str) -> None:
    User.objects.filter(pk=alice.pk).update(is_staff=True)
    for path in ("journal/{}/", "journal/{}/delete/", "journal/{}/put-back/", "plan/pause/{}/end/",
                 "settings/people/{}/"):  # fmt: skip
        answer = getattr(web, method)(f"/{path.format(number)}")
        assert answer.status_code in ({404, 405} if method == "get" else {404}), path


@pytest.mark.parametrize(
    "path",
    ["/plan/%00/", "/plan/mindset/%00/mark/", "/milestones/mindset/%00/tick/", "/settings/mail/%00/",
     "/settings/mail/..%2f..%2fsecret_key/file/", "/settings/mail/" + "0" * 40 + ".eml%0a/", "/%ff",
     "/%ed%a0%80/", "/set-up/%00/"],
)  # fmt: skip
def test_a_path_that_nobody_printed_is_a_404(web: Client, path: str) -> None:
    for method in (web.get, web.head, web.post):
        assert method(path).status_code in {404, 405}


@pytest.mark.parametrize(
    "query",
    ["week=0001-01-01", "week=9999-12-31", "week=%00", "week=%ff", "week=" + "1" * 5000, "week=1&week=2"],
)
def test_the_journal_opens_whatever_week_is_asked(web: Client, query: str) -> None:
    assert web.get(f"/journal/?{query}").status_code == 200


@pytest.mark.parametrize(
    "note",
    ["<img src=x onerror=alert(1)>", "[x](javascript:alert(1))", "[x](&#106;avascript:alert(1))",
     "[x](data:text/html,<b>)", "![x](https://example.org/x.png)", '<https://x/"onclick=alert(1)>',
     "</textarea><script>alert(1)</script>", "```<b>\n</pre><script>x</script>\n```",
     ">" * 2000, "- " * 1500, "[" * 3900, "*a **b " * 500, "![[](](" * 500],
)  # fmt: skip
def test_a_note_is_words_and_never_markup(web: Client, alice: User, note: str) -> None:
    session = make_session(alice, note=note)
    for path in (reverse("journal"), reverse("study-session", args=[session.pk])):
        page = web.get(path)
        assert page.status_code == 200
        shown = re.search(r"<main.*</main>", page.text, re.DOTALL)
        assert shown
        assert not re.search(r"<(script|img|style|iframe|b)\b|<[^>]+\son\w+=", shown[0])
        assert not re.search(r'href="(?!https?:|mailto:|/|\?|#)', shown[0])


# --- hours and days -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("\N{SUPERSCRIPT TWO}", "“\N{SUPERSCRIPT TWO}” is not a length. Write hours"),
        ("0:60", "“0:60” is not a length. Write hours, such as 2, 1:30 or 1.5"),
        ("9" * 5000, f"A day has 24 hours, not {'9' * 20}."),
    ],
)
def test_hours_of_a_day_are_refused_in_words_for_hours(web: Client, typed: str, said: str) -> None:
    web.post(reverse("start"), {"track": "ai-security-engineer"})
    answer = web.post(reverse("start-hours"), {**WEEK, "monday": typed, "start_on": "2026-11-23"})
    assert answer.status_code == 422
    assert said in answer.text
    assert "could not convert" not in answer.text


@pytest.mark.parametrize("typed", ["05/11/2026", "11/05/2026", "5 Nov 2026", "Nov 5 2026", "11/05/26"])
def test_a_day_that_can_be_read_in_two_ways_is_not_guessed(web: Client, typed: str) -> None:
    logged = web.post(reverse("log"), {"length": "45", "studied_on": typed})
    assert logged.status_code == 422
    assert "It should look like 2026-11-23." in logged.text
    assert not StudySession.objects.exists()
    web.post(reverse("start"), {"track": "ai-security-engineer"})
    assert web.post(reverse("start-hours"), {**WEEK, "start_on": typed}).status_code == 422
    assert web.post(reverse("add-pause"), {"first_on": typed}).status_code == 422
    assert web.post(reverse("add-pause"), {"first_on": "2026-12-21", "until_on": typed}).status_code == 422
    assert not Pause.objects.exists()


# --- an activity that the curriculum no longer has ----------------------------------------------------------


def test_a_session_on_a_retired_activity_can_be_corrected_and_stays_on_it(web: Client, alice: User) -> None:
    session = make_session(alice, module_key="mindset", activity_key="mindset.retired")
    path = reverse("study-session", args=[session.pk])
    assert '<option value="mindset.retired" selected>' in web.get(path).text
    answer = web.post(path, {"length": "50", "subject": "mindset.retired", "studied_on": f"{TODAY}"})
    assert answer.status_code == 302
    session.refresh_from_db()
    assert (session.minutes, session.module_key, session.activity_key) == (50, "mindset", "mindset.retired")
    assert SessionCorrection.objects.get().activity_key == "mindset.retired"
    # Another session cannot be moved to it.
    other = reverse("study-session", args=[make_session(alice).pk])
    assert web.post(other, {"length": "50", "subject": "mindset.retired"}).status_code == 422
    assert web.post(reverse("log"), {"length": "50", "subject": "mindset.retired"}).status_code == 422


# --- the same thing twice -----------------------------------------------------------------------------------


def test_a_form_sent_again_after_its_session_was_deleted_does_not_say_it_is_logged(web: Client) -> None:
    fields = {"length": "45", "submission": str(uuid4()), "page": "today"}
    web.post(reverse("log"), fields)
    session = StudySession.objects.get()
    web.post(reverse("delete-session", args=[session.pk]))
    again = web.post(reverse("log"), fields, follow=True)
    assert "Logged before and deleted since: 45\N{NO-BREAK SPACE}min" in again.text
    assert "Logged already" not in again.text
    at_once = web.post(reverse("log"), fields, headers=HTMX)
    assert "Logged before and deleted since: 45\N{NO-BREAK SPACE}min" in at_once.text
    assert reverse("put-back-session", args=[session.pk]) in at_once.text
    assert StudySession.objects.get().deleted_at is not None


def test_a_form_sent_again_with_htmx_says_that_it_is_logged_already(web: Client) -> None:
    fields = {"length": "45", "submission": str(uuid4()), "page": "today"}
    assert "Logged 45" in web.post(reverse("log"), fields, headers=HTMX).text
    assert "Logged already: 45" in web.post(reverse("log"), {**fields, "length": "50"}, headers=HTMX).text
    assert StudySession.objects.get().minutes == 45


@pytest.mark.django_db(transaction=True)
def test_two_pauses_at_the_same_moment_become_one() -> None:
    """The second waits for the first; it would not see it otherwise, where rows are locked and not tables."""

    plan = make_plan(make_learner("Alice"), load_test_curriculum())
    first_on, until_on = date(2026, 12, 21), date(2027, 1, 4)
    outcome: list[str] = []
    over = threading.Event()

    def another() -> None:
        try:
            plans_actions.pause_plan(plan, first_on + timedelta(days=1), until_on, now=NOW)
            outcome.append("made")
        finally:
            connection.close()
            over.set()

    second = threading.Thread(target=another)
    with transaction.atomic():
        plans_actions.pause_plan(plan, first_on, until_on, now=NOW)
        second.start()
        # Without the lock it ends here; with it the deadline passes, and it ends after the commit.
        over.wait(1)
    second.join(30)
    assert outcome == ["made"]
    pause = Pause.objects.get()
    assert (pause.first_on, pause.until_on) == (first_on, until_on)


# --- staff --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fields", [{}, {"active": ""}, {"active": "yes"}, {"active": "2"}])
def test_an_account_is_not_locked_out_by_a_form_that_says_nothing(
    alice: User, bob: User, fields: dict[str, Any]
) -> None:
    User.objects.filter(pk=alice.pk).update(is_staff=True)
    answer = browser_of(alice).post(reverse("set-active", args=[bob.pk]), fields, follow=True)
    assert "nothing was changed" in answer.text
    bob.refresh_from_db()
    assert bob.is_active


# --- what the hostile test found, and keeps from coming back -----------------------------------------------


@pytest.mark.parametrize(
    "charset", ["hex", "rot13", "idna", "undefined", "unicode_escape", "utf-16", "nonsense"]
)
@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
def test_text_in_another_charset_is_refused(web: Client, charset: str, kind: str) -> None:
    web.raise_request_exception = False
    answer = web.generic("POST", reverse("log"), b"length=45", content_type=f"{kind}; charset={charset}")
    assert answer.status_code == 400
    assert not StudySession.objects.exists()


@pytest.mark.parametrize("charset", ["utf-8", "UTF-8"])
def test_text_in_utf_8_is_read(web: Client, charset: str) -> None:
    kind = f"application/x-www-form-urlencoded; charset={charset}"
    assert web.generic("POST", reverse("log"), b"length=45", content_type=kind).status_code == 302


@pytest.mark.parametrize("there", ["http://[", "http://[::1", "//", "\x00"])
def test_an_address_that_is_none_in_a_header_breaks_nothing(client: Client, there: str) -> None:
    client.raise_request_exception = False
    answer = client.get(reverse("today"), headers={"HX-Request": "true", "HX-Current-URL": there})
    assert answer.headers["HX-Redirect"].startswith(reverse("account_login"))


def test_a_day_has_24_hours(web: Client) -> None:
    yes = {"confirmed": f"{TODAY} 1380"}
    assert web.post(reverse("log"), {"length": "23 h", **yes}).status_code == 302
    refused = web.post(reverse("log"), {"length": "2 h"})
    assert refused.status_code == 422
    assert "A day has 24 hours" in refused.text
    yes = {"confirmed": f"{TODAY} 60"}
    assert web.post(reverse("log"), {"length": "1 h", **yes}).status_code == 302
    session = StudySession.objects.first()
    assert session is not None
    again = web.post(
        reverse("study-session", args=[session.pk]), {"length": "1 h", "studied_on": TODAY.isoformat()}
    )
    assert again.status_code in {302, 422}
    assert sum(StudySession.objects.values_list("minutes", flat=True)) <= 1440


def test_a_hidden_number_that_is_none_is_no_number(web: Client) -> None:
    assert web.post(reverse("log"), {"length": "45", "submission": "nonsense"}).status_code == 302


def test_a_note_is_counted_as_the_browser_counts_it(web: Client) -> None:
    note = "\r\n".join(["x"] * 2000)
    assert web.post(reverse("log"), {"length": "45", "note": note}).status_code == 302
    assert "\r" not in StudySession.objects.get().note


def test_a_journal_of_thousands_stays_a_page(web: Client, alice: User) -> None:
    StudySession.objects.bulk_create(
        StudySession(
            learner=alice, minutes=1, studied_on=TODAY - timedelta(days=n % 40), zone="UTC", logged_at=NOW
        )
        for n in range(3000)
    )
    seen = set()
    address = reverse("journal")
    for _ in range(8):
        text = web.get(address).text
        rows = re.findall(r'id="session-(\d+)"', text)
        assert len(rows) <= 250
        seen.update(rows)
        older = re.search(r'href="(\?week=[^"]+)">\s*Older', text)
        if older is None:
            break
        address = reverse("journal") + older.group(1)
    # Weeks of more than a page say what they hold all the same.
    assert "in sessions that do not fit on this page" in web.get(reverse("journal")).text
    assert len(seen) > 1000


def test_the_preview_is_the_plan_that_is_made(web: Client, alice: User, curriculum: Catalogue) -> None:
    make_session(alice, minutes=120, activity_key="mindset.first-break", module_key="mindset")
    for start_on in ("2025-11-20", "2026-11-19", "2027-02-01"):
        web.post(reverse("start"), {"track": "ai-security-engineer"})
        web.post(
            reverse("start-hours"),
            {"monday": "1", "saturday": "2", "start_on": start_on, "target": ""},
        )
        web.post(reverse("start-known"), {"known": ["evasion"]})
        web.post(reverse("start-reminder"), {"weekday": "7", "hour": "18", "zone": "Europe/Vienna"})
        preview = web.get(reverse("start-preview")).text
        said = re.search(r"<h1>(Done by [^<]+)</h1>", preview)
        assert said is not None
        web.post(reverse("start-preview"))
        assert f"<h1>{said.group(1)}</h1>" in web.get(reverse("plan")).text


def test_only_what_a_step_asks_is_kept(web: Client) -> None:
    web.post(reverse("start"), {"track": "ai-security-engineer", "more": "x" * 100_000})
    assert "more" not in str(web.session["start"])


def test_without_the_cache_a_log_in_is_asked_to_come_again(client: Client, settings: Any) -> None:
    settings.CACHES = {
        "default": {**settings.CACHES["default"], "LOCATION": "unix:///tmp/there-is-no-such-socket?db=1"}
    }
    client.raise_request_exception = False
    answer = client.post(reverse("account_login"), {"login": "alice@example.org", "password": "wrong"})
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
    assert "away for a moment" in answer.text
