"""`/p/`: what a stranger sees, and that nothing else can be learnt from an address."""

import re
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pypdf import PdfReader

from curriculum.catalogue import Catalogue
from tests.evidence.factories import make_artefact, make_run
from tests.fixtures.cast import NOW, browser_of, make_learner, make_plan
from tests.sharing.factories import make_completion, make_portfolio, share
from tracker.milestones import actions as milestones_actions
from tracker.milestones.models import Completion
from tracker.people import actions as people_actions
from tracker.people.models import User
from tracker.sharing import actions
from tracker.sharing.models import Portfolio

pytestmark = pytest.mark.usefixtures("now")
HIDDEN = "the-target-of-acme"


@pytest.fixture
def completed(alice: User, curriculum: Catalogue) -> Completion:
    """Alice has completed a milestone, and everything she wrote beside it names a target."""
    plan = make_plan(alice, curriculum)
    criterion = curriculum.module("mindset").criteria_in(plan.track_key)[0]
    make_artefact(alice, criterion.key, title=f"Report on {HIDDEN}")
    return make_completion(alice, plan, curriculum, note=HIDDEN, link=f"https://{HIDDEN}.example/")


def page(token: str, client: Client | None = None) -> Any:
    return (client or Client()).get(reverse("portfolio", args=[token]))


def test_a_stranger_sees_criteria_names_and_hashes_and_no_target(alice: User, completed: Completion) -> None:
    _, token = make_portfolio(alice, intro="I break *models*.")
    share(alice, "mindset")
    answer = page(token)
    assert answer.status_code == 200
    assert "I break <em>models</em>." in answer.text
    assert "report.pdf" in answer.text
    assert re.search(r"SHA-256 [0-9a-f]{64}", answer.text)
    assert "of evidence not shown" in answer.text
    assert HIDDEN not in answer.text
    assert alice.email not in answer.text


def test_each_tick_shows_what_it_says_and_no_more(alice: User, completed: Completion) -> None:
    _, token = make_portfolio(alice)
    share(alice, "mindset", evidence=False)
    assert "report.pdf" not in page(token).text
    assert "SHA-256" not in page(token).text
    share(alice, "mindset", evidence=False, details=True)
    shown = page(token).text
    assert f"https://{HIDDEN}.example/" in shown
    assert "report.pdf" not in shown
    assert "SHA-256" not in shown
    share(alice, "mindset", details=True)
    assert f"Report on {HIDDEN}" in page(token).text


def test_a_report_is_named_by_its_tool_and_its_target_only_when_ticked(
    alice: User, curriculum: Catalogue
) -> None:
    plan = make_plan(alice, curriculum)
    criterion = curriculum.module("mindset").criteria_in(plan.track_key)[0]
    artefact = make_artefact(alice, criterion.key)
    run = make_run(alice, target=HIDDEN)
    assert artefact.file is not None
    run.sha256 = artefact.file.sha256
    run.save(update_fields=["sha256"])
    make_completion(alice, plan, curriculum)
    _, token = make_portfolio(alice)
    share(alice, "mindset")
    assert run.tool in page(token).text
    assert HIDDEN not in page(token).text
    share(alice, "mindset", details=True)
    assert f"against {HIDDEN}" in page(token).text


def test_private_shows_nowhere_by_link_where_chosen_and_public_everywhere(
    alice: User, completed: Completion, curriculum: Catalogue
) -> None:
    first, first_token = make_portfolio(alice, title="First")
    _, second_token = make_portfolio(alice, title="Second")
    title = curriculum.module("mindset").milestone_title

    def shown() -> tuple[bool, bool]:
        return title in page(first_token).text, title in page(second_token).text

    assert shown() == (False, False)
    share(alice, "mindset", visibility="link", portfolios=[first])
    assert shown() == (True, False)
    share(alice, "mindset", visibility="public")
    assert shown() == (True, True)
    actions.share_milestones(alice, {completed.pk: actions.Shown("private", True, True)})
    assert shown() == (False, False)


def test_a_milestone_opened_again_is_shown_to_nobody_and_its_next_record_is_private(
    alice: User, completed: Completion, curriculum: Catalogue
) -> None:
    _, token = make_portfolio(alice)
    share(alice, "mindset")
    title = curriculum.module("mindset").milestone_title
    assert title in page(token).text
    milestones_actions.reopen_milestone(alice, "mindset", now=NOW)
    assert title not in page(token).text
    plan = alice.plans.get()
    milestones_actions.complete_milestone(alice, plan, curriculum.module("mindset"), now=NOW, on=NOW.date())
    assert title not in page(token).text


def test_markup_in_the_words_is_words(alice: User, completed: Completion) -> None:
    _, token = make_portfolio(
        alice, title="<b>Alice</b>", intro="<script>alert(1)</script> [x](javascript:alert(1))"
    )
    share(alice, "mindset")
    shown = page(token).text
    assert "<script" not in shown
    assert 'href="javascript' not in shown
    assert "&lt;b&gt;Alice&lt;/b&gt;" in shown


def test_the_preview_is_what_a_stranger_gets_byte_for_byte(alice: User, completed: Completion) -> None:
    portfolio, token = make_portfolio(alice, intro="Mine.")
    share(alice, "mindset")
    owner = browser_of(alice)
    owner.cookies["theme"] = "dark"
    preview = owner.get(reverse("preview-portfolio", args=[portfolio.pk])).text
    without, banners = re.subn(r'<aside class="message" aria-label="Preview">.*?</aside>\n', "", preview)
    assert banners == 1
    assert without == page(token).text
    # Nor does it depend on who opens it.
    assert page(token, owner).text == page(token).text


def test_the_page_asks_for_no_cookie_and_is_kept_by_nobody(alice: User, completed: Completion) -> None:
    _, token = make_portfolio(alice)
    for client in (Client(), browser_of(make_learner("Dora"))):
        answer = page(token, client)
        assert not answer.cookies
        assert answer["Cache-Control"] == "private, no-store"
        assert answer["Referrer-Policy"] == "no-referrer"
        assert answer["X-Robots-Tag"] == "noindex, nofollow, noarchive"
        assert 'name="robots" content="noindex, nofollow, noarchive"' in answer.text
        assert "Cookie" not in answer.get("Vary", "")
        assert "Log out" not in answer.text
        assert "<script" not in answer.text


def _guessed(alice: User) -> str:
    return "g" * 43


def _odd(alice: User) -> str:
    return "\N{SNOWMAN}%00-\x00"


def _expired(alice: User) -> str:
    return make_portfolio(alice, expires_at=NOW)[1]


def _revoked(alice: User) -> str:
    portfolio, token = make_portfolio(alice)
    actions.revoke_portfolio(alice, portfolio.pk, now=NOW)
    return token


def _replaced(alice: User) -> str:
    portfolio, token = make_portfolio(alice)
    actions.renew_portfolio(portfolio, now=NOW)
    return token


def _locked(alice: User) -> str:
    people_actions.set_active(alice, active=False)
    return make_portfolio(alice)[1]


def _leaving(alice: User) -> str:
    people_actions.ask_for_deletion(alice, NOW)
    return make_portfolio(alice)[1]


def _deleted(alice: User) -> str:
    token = make_portfolio(alice)[1]
    people_actions.ask_for_deletion(alice, NOW)
    people_actions.delete_due(NOW + timedelta(days=8))
    return token


CASES: list[Callable[[User], str]] = [
    _guessed, _odd, _expired, _revoked, _replaced, _locked, _leaving, _deleted,
]  # fmt: skip


def test_whatever_the_reason_the_answer_is_one(alice: User, completed: Completion) -> None:
    """The same status, headers and body, and the same one query but for the hash it asks for."""
    share(alice, "mindset")
    found = {}
    for case in CASES:
        alice.refresh_from_db()
        token = case(alice)
        for client in (Client(), browser_of(make_learner(f"Visitor{case.__name__}"))):
            cache.clear()
            with CaptureQueriesContext(connection) as queries:
                answer = page(token, client)
            asked = [re.sub(r"[0-9a-f]{64}", "HASH", row["sql"]) for row in queries]
            assert len(asked) == 1, asked
            assert not answer.cookies
            found[answer.status_code, tuple(sorted(answer.items())), answer.content, tuple(asked)] = (
                case.__name__
            )
        User.objects.filter(email="alice@example.org").update(is_active=True, deletion_due_at=None)
    assert len(found) == 1
    assert next(iter(found))[0] == 404


def test_a_good_link_and_one_of_a_moment_before_its_end(alice: User) -> None:
    _, token = make_portfolio(alice, expires_at=NOW + timedelta(seconds=1))
    assert page(token).status_code == 200


def test_who_guesses_is_told_to_wait(alice: User, settings: Any) -> None:
    cache.clear()
    settings.API_REFUSALS_A_MINUTE = 2
    _, token = make_portfolio(alice)
    assert [page("x").status_code for _ in range(3)] == [404, 404, 429]
    assert page(token).status_code == 200
    answer = page("x")
    assert answer["Retry-After"]
    assert answer["X-Robots-Tag"]


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "options"])
def test_it_is_only_read(alice: User, method: str) -> None:
    _, token = make_portfolio(alice)
    client = Client(enforce_csrf_checks=True)
    assert getattr(client, method)(reverse("portfolio", args=[token])).status_code == 405


def test_many_milestones_take_no_more_queries_than_one(alice: User, curriculum: Catalogue) -> None:
    plan = make_plan(alice, curriculum)
    _, token = make_portfolio(alice)

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            page(token)
        return len(queries)

    make_completion(alice, plan, curriculum, "mindset")
    share(alice, "mindset")
    with_one = asked()
    for key in ("foundations", "garak"):
        make_completion(alice, plan, curriculum, key)
        share(alice, key)
    assert asked() == with_one <= 7


def test_the_file_is_the_page_and_needs_nothing_beside_it(alice: User, completed: Completion) -> None:
    portfolio, token = make_portfolio(alice)
    share(alice, "mindset")
    answer = browser_of(alice).get(reverse("portfolio-file", args=[portfolio.pk]))
    assert answer["Content-Disposition"] == 'attachment; filename="portfolio.html"'

    def main(html: str) -> str:
        found = re.search(r"<main.*</main>", html, re.DOTALL)
        assert found
        return found[0]

    assert main(answer.text) == main(page(token).text)
    assert HIDDEN not in answer.text
    assert "<style>" in answer.text
    assert not re.search(r'(src|href)="(?!#)', answer.text)
    assert not re.search(r"url\((?!#)", answer.text)


def test_the_token_is_shown_once_and_only_its_hash_is_kept(alice: User) -> None:
    web = browser_of(alice)
    answer = web.post(reverse("make-portfolio"), {"title": "Alice", "intro": "", "days": "30"})
    found = re.search(r"/p/([A-Za-z0-9_-]{43})/", answer.text)
    assert found
    row = Portfolio.objects.get()
    assert found[1] not in row.token_hash
    assert page(found[1]).status_code == 200
    assert row.expires_at == NOW + timedelta(days=30)
    for address in (reverse("sharing"), reverse("change-portfolio", args=[row.pk]), reverse("my-data")):
        assert found[1] not in web.get(address).text
        assert row.token_hash not in web.get(address).text


def test_a_new_address_voids_the_one_before(alice: User) -> None:
    portfolio, before = make_portfolio(alice)
    answer = browser_of(alice).post(reverse("renew-portfolio", args=[portfolio.pk]))
    found = re.search(r"/p/([A-Za-z0-9_-]{43})/", answer.text)
    assert found
    assert page(before).status_code == 404
    assert page(found[1]).status_code == 200


def test_a_revoked_one_gets_no_new_address(alice: User) -> None:
    portfolio, _ = make_portfolio(alice)
    actions.revoke_portfolio(alice, portfolio.pk, now=NOW)
    answer = browser_of(alice).post(reverse("renew-portfolio", args=[portfolio.pk]), follow=True)
    assert "It was revoked. Make a new one." in answer.text


def test_the_pdf_says_what_the_page_says_and_is_the_same_every_time(
    alice: User, completed: Completion, curriculum: Catalogue
) -> None:
    portfolio, _ = make_portfolio(alice, title="Alice \N{SNOWMAN} {pages}", intro="I break *models*.")
    share(alice, "mindset")
    web, address = browser_of(alice), reverse("portfolio-pdf", args=[portfolio.pk])
    answer = web.get(address)
    assert answer["Content-Disposition"] == 'attachment; filename="portfolio.pdf"'
    assert answer.content.startswith(b"%PDF-")
    assert answer.content == web.get(address).content
    text = "".join(each.extract_text() for each in PdfReader(BytesIO(answer.content)).pages)
    text = " ".join(text.split())
    for words in ("I break models.", "report.pdf", "SHA-256", curriculum.module("mindset").milestone_title):
        assert words in text
    assert HIDDEN not in text
    share(alice, "mindset", details=True)
    pages = PdfReader(BytesIO(web.get(address).content)).pages
    assert HIDDEN in "".join(each.extract_text() for each in pages).replace("\n", "")


def test_a_portfolio_with_nothing_in_it_is_a_page_and_a_pdf(alice: User) -> None:
    portfolio, token = make_portfolio(alice)
    assert "No milestone is shown here yet." in page(token).text
    answer = browser_of(alice).get(reverse("portfolio-pdf", args=[portfolio.pk]))
    assert answer.content.startswith(b"%PDF-")


def test_the_resume_says_what_the_page_says(
    alice: User, completed: Completion, curriculum: Catalogue
) -> None:
    portfolio, _ = make_portfolio(alice, title="Alice", intro="I break *models*.")
    share(alice, "mindset", details=True)
    answer = browser_of(alice).get(reverse("portfolio-resume", args=[portfolio.pk]))
    assert answer["Content-Disposition"] == 'attachment; filename="resume.json"'
    said = answer.json()
    assert said["basics"] == {"name": "Alice", "summary": "I break models."}
    (project,) = said["projects"]
    assert project["name"] == curriculum.module("mindset").milestone_title
    assert project["endDate"] == "2026-11-19"
    assert project["highlights"]
    assert HIDDEN not in answer.text
    assert alice.email not in answer.text
