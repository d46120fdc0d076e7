"""Today, plan, module, settings: what they show, and that they do not slow down with use."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from curriculum.catalogue import Catalogue
from tests.fixtures.cast import NOW, TODAY, browser_of, make_plan, make_session
from tracker.journal.models import StudySession
from tracker.people.models import User
from tracker.plans import actions
from tracker.plans.models import Mark

pytestmark = pytest.mark.usefixtures("now")
FIRST = "mindset.rate-six-skills"


@pytest.fixture
def web(alice: User, curriculum: Catalogue) -> Client:
    make_plan(alice, curriculum)
    return browser_of(alice)


def words_of(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ")


def test_today_says_hours_against_target(web: Client, alice: User) -> None:
    assert "Nothing logged this week yet" in web.get(reverse("today")).text
    make_session(alice, minutes=250)
    text = words_of(web.get(reverse("today")).text)
    assert "4 h 10 of 6 h 30." in text
    assert "2 h 20 left until Sunday" in text
    make_session(alice, minutes=200)
    assert "This week's hours are in." in web.get(reverse("today")).text


def test_today_before_the_start_in_a_pause_and_without_a_plan(
    alice: User, charlie: User, curriculum: Catalogue
) -> None:
    web = browser_of(alice)
    assert "No plan yet" in web.get(reverse("today")).text
    plan = make_plan(alice, curriculum, start_on=date(2026, 12, 7))
    assert words_of("It starts on Mon 7 Dec 2026") in words_of(web.get(reverse("today")).text)
    plan = make_plan(alice, curriculum)
    actions.pause_plan(plan, date(2026, 11, 16), date(2026, 11, 30), now=NOW)
    text = words_of(web.get(reverse("today")).text)
    assert "Paused until Mon 30 Nov 2026" in text
    assert "left until Sunday" not in text


def test_ticking_and_unticking(web: Client, alice: User) -> None:
    address = reverse("mark-activity", args=["mindset", FIRST])
    for _ in range(2):
        assert web.post(address, {"kind": "done", "next": "/plan/mindset/"}).headers["Location"] == (
            "/plan/mindset/#activity-mindset-rate-six-skills"
        )
    assert Mark.objects.get().kind == "done"
    assert words_of("Done on Thu 19 Nov") in words_of(web.get(reverse("module", args=["mindset"])).text)
    web.post(address, {"kind": "known"})
    assert Mark.objects.get().kind == "known"
    web.post(address, {"kind": "open"})
    assert not Mark.objects.exists()


def test_a_tick_by_htmx_answers_with_its_row_and_offers_to_log(web: Client) -> None:
    answer = web.post(
        reverse("mark-activity", args=["mindset", FIRST]),
        {"kind": "done", "page": "module"},
        headers={"HX-Request": "true"},
    )
    assert "<html" not in answer.text
    assert 'id="activity-mindset-rate-six-skills"' in answer.text
    assert "Nothing is logged on it" in answer.text
    assert f"{reverse('log')}?subject={FIRST}&amp;length=45" in answer.text
    assert 'id="module-facts" hx-swap-oob="true"' in answer.text
    form = web.get(f"{reverse('log')}?subject={FIRST}&length=45").text
    assert 'value="45"' in form
    assert f'<option value="{FIRST}" selected>' in form


def test_a_kind_that_is_none_changes_nothing(web: Client) -> None:
    answer = web.post(reverse("mark-activity", args=["mindset", FIRST]), {"kind": "half"}, follow=True)
    assert "nothing was changed" in answer.text
    assert not Mark.objects.exists()


def test_what_is_not_in_the_track_is_not_there(alice: User, curriculum: Catalogue) -> None:
    make_plan(alice, curriculum, track_key="security-aware-mle")
    web = browser_of(alice)
    for module, activity in [
        ("mindset", "mindset.log-ten-assumptions"),
        ("mindset", "garak.x"),
        ("x", FIRST),
    ]:
        assert (
            web.post(reverse("mark-activity", args=[module, activity]), {"kind": "done"}).status_code == 404
        )
    assert web.get(reverse("module", args=["no-such"])).status_code == 404


def test_the_plan_shows_every_module_with_its_dates(web: Client, curriculum: Catalogue) -> None:
    text = web.get(reverse("plan")).text
    for module in curriculum.modules:
        assert reverse("module", args=[module.key]) in text
    assert words_of("Share of the plan</dt><dd>0 %") in words_of(text)


def test_every_module_page_is_there(web: Client, curriculum: Catalogue) -> None:
    for module in curriculum.modules:
        answer = web.get(reverse("module", args=[module.key]))
        assert answer.status_code == 200
        assert module.activities[0].title[:20] in answer.text.replace("&#x27;", "'")


def test_the_zone_moves_today(web: Client, alice: User) -> None:
    web.post(reverse("change-zone"), {"zone": "Pacific/Kiritimati"})
    alice.refresh_from_db()
    assert alice.zone == "Pacific/Kiritimati"
    # 09:00 UTC is 23:00 there, the same day; an hour later it is tomorrow.
    assert words_of("Thu 19 Nov") in words_of(web.get(reverse("today")).text)
    refused = web.post(reverse("change-zone"), {"zone": "Europe/Atlantis"})
    assert refused.status_code == 422
    assert "There is no time zone" in refused.text
    assert "Europe/Atlantis" in refused.text


@pytest.mark.parametrize(
    "name", ["today", "plan", "journal", "milestones", "settings", "start", "log", "leave"]
)
def test_a_visitor_is_asked_to_log_in(client: Client, name: str) -> None:
    address = reverse(name)
    assert client.get(address).headers["Location"] == f"{reverse('account_login')}?next={address}"


def test_no_private_page_is_kept_by_a_cache(web: Client) -> None:
    assert web.get(reverse("today")).headers["Cache-Control"] == "private, no-store"


def test_nothing_inline_and_nothing_from_elsewhere(web: Client, client: Client) -> None:
    for answer in (web.get(reverse("today")), client.get(reverse("home"))):
        policy = answer.headers["Content-Security-Policy"]
        assert "unsafe" not in policy
        assert "default-src 'none'" in policy
        assert "style=" not in answer.text
        assert "<style" not in answer.text
        assert " onclick" not in answer.text


def test_the_theme_is_a_cookie_that_says_nothing_else(client: Client) -> None:
    answer = client.post(reverse("theme"), {"theme": "dark", "next": "/"})
    assert answer.cookies["theme"].value == "dark"
    assert 'data-theme="dark"' in client.get("/").text
    client.post(reverse("theme"), {"theme": "<script>"})
    assert 'data-theme="dark"' in client.get("/").text


def test_the_keys_are_switched_off_in_a_cookie_and_on_again(web: Client) -> None:
    assert " data-keys" in web.get(reverse("plan")).text
    answer = web.post(reverse("keys"), {"keys": "off", "next": "/journal/"})
    assert answer.headers["Location"] == "/journal/"
    assert answer.cookies["keys"].value == "off"
    assert " data-keys" not in web.get(reverse("plan")).text
    assert "Switch them on" in web.get(reverse("keys")).text
    web.post(reverse("keys"), {"keys": "<script>"})
    assert " data-keys" not in web.get(reverse("plan")).text
    web.post(reverse("keys"), {"keys": "on"})
    assert " data-keys" in web.get(reverse("plan")).text


def test_every_page_has_a_way_to_log_that_leads_back(web: Client) -> None:
    page = web.get(reverse("skills-matrix")).text
    assert 'href="/journal/log/?next=/skills/" data-sheet="l"' in page
    form = web.get("/journal/log/?next=/skills/").text
    assert '<input type="hidden" name="next" value="/skills/">' in form
    sheet = web.get("/journal/log/?next=/skills/", headers={"HX-Request": "true"}).text
    assert sheet.lstrip().startswith('<form method="dialog">')
    assert '<input type="hidden" name="next" value="/skills/">' in sheet


def test_what_was_logged_can_be_undone_where_it_led_back_to(web: Client, alice: User) -> None:
    answer = web.post("/journal/log/", {"length": "45m", "next": "/skills/"}, follow=True)
    session = alice.study_sessions.get()
    assert answer.redirect_chain == [("/skills/", 302)]
    assert f'action="/journal/{session.pk}/delete/"' in answer.text
    assert "Undo" in answer.text
    assert "Undo" not in web.get("/skills/").text
    web.post("/journal/log/", {"length": "30m", "next": "https://example.org/"})
    assert (
        web.post("/journal/log/", {"length": "30m", "next": "//example.org/"}).headers["Location"]
        == "/today/"
    )


@pytest.mark.parametrize("name", ["today", "plan", "journal"])
def test_the_number_of_queries_does_not_grow(
    name: str, alice: User, curriculum: Catalogue, web: Client
) -> None:
    keys = [activity.key for module in curriculum.modules for activity in module.activities]

    def fill(number: int) -> None:
        StudySession.objects.bulk_create(
            StudySession(
                learner=alice, minutes=20, studied_on=TODAY - timedelta(days=n % 120), zone="UTC",
                logged_at=NOW,
                activity_key=keys[n % len(keys)], module_key=keys[n % len(keys)].partition(".")[0],
            )
            for n in range(number)
        )  # fmt: skip

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert web.get(reverse(name)).status_code == 200
        return len(captured)

    fill(10)
    queries()
    few = queries()
    fill(990)
    for key in keys[:40]:
        plan = alice.plans.get()
        actions.mark_activity(alice, plan, key, "done", content=curriculum, now=NOW, on=TODAY)
    many = queries()
    assert many == few
    if name == "today":
        assert many <= 8


def test_charlie_sees_nothing_of_alice(
    web: Client, alice: User, charlie: User, curriculum: Catalogue
) -> None:
    make_session(alice, note="a private word")
    actions.mark_activity(alice, alice.plans.get(), FIRST, "done", content=curriculum, now=NOW, on=TODAY)
    make_plan(charlie, curriculum)
    other = browser_of(charlie)
    for name in ("today", "plan", "journal", "milestones", "settings", "my-data"):
        text = other.get(reverse(name)).text
        assert "a private word" not in text
        assert alice.email not in text
    assert "Done on" not in other.get(reverse("module", args=["mindset"])).text


def test_staff_pages_are_not_there_for_others(web: Client, alice: User, bob: User) -> None:
    assert web.get(reverse("people")).status_code == 404
    assert web.post(reverse("set-active", args=[bob.pk]), {"active": "0"}).status_code == 404
    alice.is_staff = True
    alice.save(update_fields=["is_staff"])
    assert bob.email in web.get(reverse("people")).text
    web.post(reverse("set-active", args=[bob.pk]), {"active": "0"})
    bob.refresh_from_db()
    assert not bob.is_active
    web.post(reverse("set-active", args=[alice.pk]), {"active": "0"})
    alice.refresh_from_db()
    assert alice.is_active
