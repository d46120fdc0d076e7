"""`/mentor/`: what a mentor sees, says and may not."""

import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from curriculum.catalogue import Catalogue
from tests.evidence.factories import make_artefact, make_run
from tests.fixtures.cast import NOW, WEEK, browser_of, make_plan, make_session
from tests.sharing.factories import make_completion, make_mentor_link, make_portfolio
from tracker.desk import restore
from tracker.evidence.models import Artefact
from tracker.library.words import hours
from tracker.milestones import actions as milestones_actions
from tracker.milestones.models import Completion, Confirmation
from tracker.people import actions as people_actions
from tracker.people.models import User
from tracker.plans.models import Plan
from tracker.sharing import actions
from tracker.sharing.models import Comment, MentorLink, Portfolio

pytestmark = pytest.mark.usefixtures("now")
HIDDEN = "the-target-of-acme"


@pytest.fixture
def plan(alice: User, curriculum: Catalogue) -> Plan:
    cache.clear()
    return make_plan(alice, curriculum)


@pytest.fixture
def artefact(alice: User, plan: Plan, curriculum: Catalogue) -> Artefact:
    """A file that backs a criterion of the first module."""
    return make_artefact(alice, curriculum.module("mindset").criteria_in(plan.track_key)[0].key, title=HIDDEN)


@pytest.fixture
def completed(alice: User, plan: Plan, artefact: Artefact, curriculum: Catalogue) -> Completion:
    return make_completion(alice, plan, curriculum, note=HIDDEN)


def first_page(token: str) -> Any:
    return Client().get(reverse("mentor", args=[token]))


def milestone_page(token: str, key: str = "mindset") -> Any:
    return Client().get(reverse("mentor-milestone", args=[token, key]))


def say(token: str, text: str, **more: str) -> Any:
    """A comment, by a browser that would be refused where a CSRF token is asked for."""
    client = Client(enforce_csrf_checks=True)
    return client.post(reverse("mentor-milestone", args=[token, "mindset"]), {"text": text, **more})


def confirm(token: str, completion: Completion, note: str = "") -> Any:
    address = reverse("confirm-milestone", args=[token, completion.module_key])
    return Client(enforce_csrf_checks=True).post(address, {"completion": completion.pk, "note": note})


def test_plan_against_actual_and_the_milestones(
    alice: User, plan: Plan, completed: Completion, curriculum: Catalogue
) -> None:
    make_session(alice, minutes=75, module_key="mindset", note="my private note")
    _, token = make_mentor_link(alice)
    answer = first_page(token)
    assert answer.status_code == 200
    assert hours(75) in answer.text
    assert hours(sum(WEEK)) in answer.text
    assert curriculum.module("mindset").milestone_title in answer.text
    assert curriculum.module("foundations").milestone_title in answer.text
    assert "my private note" not in answer.text
    assert alice.email not in answer.text
    assert not answer.cookies
    assert answer["Referrer-Policy"] == "no-referrer"
    assert answer["X-Robots-Tag"] == "noindex, nofollow, noarchive"
    assert "Log out" not in answer.text


def test_without_a_plan_there_is_a_page_too(alice: User) -> None:
    _, token = make_mentor_link(alice)
    answer = first_page(token)
    assert answer.status_code == 200
    assert "No plan just now." in answer.text


@pytest.mark.parametrize("is_completed", [True, False])
def test_evidence_is_shown_as_far_as_it_is_ticked(
    alice: User, plan: Plan, artefact: Artefact, curriculum: Catalogue, *, is_completed: bool
) -> None:
    if is_completed:
        make_completion(alice, plan, curriculum, note=HIDDEN)
    assert artefact.file is not None
    _, token = make_mentor_link(alice, name="None")
    shown = milestone_page(token).text
    assert "report.pdf" not in shown
    assert HIDDEN not in shown
    _, token = make_mentor_link(alice, name="Evidence", evidence=True)
    shown = milestone_page(token).text
    assert "report.pdf" in shown
    assert artefact.file.sha256 in shown
    assert HIDDEN not in shown
    assert "/files/" not in shown
    _, token = make_mentor_link(alice, name="Details", evidence=True, details=True, download=True)
    shown = milestone_page(token).text
    assert HIDDEN in shown
    assert reverse("mentor-file", args=[token, artefact.file.pk]) in shown


def test_a_file_is_downloaded_only_where_it_may_be_and_backs_something(
    alice: User, charlie: User, artefact: Artefact
) -> None:
    backs_nothing = make_run(alice, keeps_file=True).file
    another = make_artefact(charlie, "mindset.proof").file
    assert artefact.file is not None
    assert backs_nothing is not None
    assert another is not None

    def download(token: str, file: Any) -> Any:
        return Client().get(reverse("mentor-file", args=[token, file.pk]))

    _, may = make_mentor_link(alice, name="May", evidence=True, download=True)
    link, may_not = make_mentor_link(alice, name="May not", evidence=True)
    answer = download(may, artefact.file)
    assert b"".join(answer.streaming_content).startswith(b"%PDF-1.7 ")
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"].startswith("attachment")
    assert download(may, backs_nothing).status_code == 404
    assert download(may, another).status_code == 404
    assert download(may_not, artefact.file).status_code == 404
    assert not link.may_download


def test_whatever_the_reason_a_link_opens_nothing_in_one_way(alice: User, plan: Plan) -> None:
    def revoked() -> str:
        link, token = make_mentor_link(alice, name="Revoked")
        actions.revoke_mentor_link(alice, link.pk, now=NOW)
        return token

    def locked() -> str:
        people_actions.set_active(alice, active=False)
        return make_mentor_link(alice, name="Locked")[1]

    found = set()
    for token in ("g" * 43, make_mentor_link(alice, name="Late", expires_at=NOW)[1], revoked(), locked()):
        for name, args in (("mentor", [token]), ("mentor-milestone", [token, "mindset"])):
            cache.clear()
            with CaptureQueriesContext(connection) as queries:
                answer = Client().get(reverse(name, args=args))
            asked = tuple(re.sub(r"[0-9a-f]{64}", "HASH", row["sql"]) for row in queries)
            found.add((answer.status_code, tuple(answer.items()), answer.content, asked))
    assert len(found) == 1
    status, _, _, asked = found.pop()
    assert status == 404
    assert len(asked) == 1


def test_what_the_learner_does_not_study_is_not_there(alice: User, plan: Plan) -> None:
    _, token = make_mentor_link(alice)
    assert milestone_page(token, "no-such-module").status_code == 404
    answer = Client().post(reverse("mentor-milestone", args=[token, "no-such-module"]), {"text": "Hello."})
    assert answer.status_code == 404
    assert not Comment.objects.exists()


def test_a_comment_is_kept_once_however_often_it_is_sent(alice: User, plan: Plan) -> None:
    _, token = make_mentor_link(alice)
    number = str(uuid4())
    for _ in range(2):
        assert say(token, "Well *argued*.", submission=number).status_code == 302
    assert Comment.objects.count() == 1
    shown = milestone_page(token).text
    assert "Well <em>argued</em>." in shown
    assert "Bob" in shown


def test_markup_in_a_comment_is_words(alice: User, completed: Completion) -> None:
    _, token = make_mentor_link(alice)
    said = "<script>alert(1)</script><img src=x onerror=x> ![p](https://evil.example/p.png) [l](javascript:x)"
    assert say(token, said).status_code == 302
    for shown in (
        milestone_page(token).text,
        browser_of(alice).get(reverse("comments", args=["mindset"])).text,
    ):
        assert "<script>alert" not in shown
        assert "<img" not in shown
        assert 'href="javascript' not in shown


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("  \n ", "Write a comment first."),
        ("x" * 2001, "That is longer than 2,000 characters, which is the most."),
        ("a\x00b", "Null characters are not allowed."),
    ],
)
def test_a_comment_that_is_none_is_refused_and_stays_typed(
    alice: User, plan: Plan, text: str, sentence: str
) -> None:
    _, token = make_mentor_link(alice)
    answer = say(token, text)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert text.strip() in answer.text
    assert not Comment.objects.exists()


def test_lines_that_a_browser_ends_with_two_characters_count_as_typed(alice: User, plan: Plan) -> None:
    _, token = make_mentor_link(alice)
    assert say(token, "x\r\n" * 1000 + ".").status_code == 422  # 2,001
    assert say(token, "x\r\n" * 999 + "..").status_code == 302  # 2,000
    assert "\r" not in Comment.objects.get().text


def test_many_comments_in_a_minute_are_too_many(alice: User, plan: Plan) -> None:
    _, token = make_mentor_link(alice)
    assert [say(token, f"Comment {number}").status_code for number in range(6)] == [302] * 5 + [429]
    assert Comment.objects.count() == 5
    assert "Comment 5" in say(token, "Comment 5").text


def test_a_mentor_confirms_once(alice: User, completed: Completion) -> None:
    _, token = make_mentor_link(alice, name="Grace")
    assert confirm(token, completed, note="Seen.").status_code == 302
    assert confirm(token, completed).status_code == 302
    row = Confirmation.objects.get()
    assert (row.name, row.note, row.completion_id) == ("Grace", "Seen.", completed.pk)
    assert "You have confirmed this milestone." in milestone_page(token).text
    assert "Confirmed by one mentor" in milestone_page(token).text


def test_what_was_not_shown_is_not_confirmed(
    alice: User, charlie: User, completed: Completion, curriculum: Catalogue
) -> None:
    _, token = make_mentor_link(alice)
    others = make_completion(charlie, make_plan(charlie, curriculum), curriculum)
    assert confirm(token, others).status_code == 422
    milestones_actions.reopen_milestone(alice, "mindset", now=NOW)
    answer = confirm(token, completed)
    assert answer.status_code == 422
    assert "look at it again" in answer.text
    assert not Confirmation.objects.exists()


def test_a_link_revoked_meanwhile_keeps_nothing(alice: User, completed: Completion) -> None:
    link, _ = make_mentor_link(alice)
    actions.revoke_mentor_link(alice, link.pk, now=NOW)
    with pytest.raises(actions.Refused):
        actions.comment(alice, "mindset", "Late.", submission=uuid4(), now=NOW, mentor=link)
    assert actions.confirm(link, completed.pk, note="", now=NOW) is None
    assert not Comment.objects.exists()
    assert not Confirmation.objects.exists()


def test_what_was_said_stays_when_the_link_goes(alice: User, completed: Completion) -> None:
    link, token = make_mentor_link(alice, name="Grace")
    say(token, "Look at the baseline.")
    confirm(token, completed)
    actions.revoke_mentor_link(alice, link.pk, now=NOW)
    shown = browser_of(alice).get(reverse("comments", args=["mindset"])).text
    assert "Look at the baseline." in shown
    assert "Confirmed by Grace" in shown


def test_the_learner_answers_and_deletes_and_charlie_cannot(
    alice: User, charlie: User, completed: Completion
) -> None:
    _, token = make_mentor_link(alice)
    say(token, "Look at the baseline.")
    web, other = browser_of(alice), browser_of(charlie)
    assert web.post(reverse("comments", args=["mindset"]), {"text": "I did."}).status_code == 302
    assert "I did." in milestone_page(token).text
    row = Comment.objects.get(text="Look at the baseline.")
    assert other.get(reverse("comments", args=["mindset"])).status_code == 404
    assert other.post(reverse("delete-comment", args=[row.pk])).status_code == 404
    assert web.post(reverse("delete-comment", args=[row.pk])).status_code == 302
    assert [each.text for each in Comment.objects.all()] == ["I did."]
    assert web.post(reverse("delete-comment", args=[row.pk])).status_code == 404


def test_two_who_can_confirm_are_never_of_one_name(alice: User) -> None:
    make_mentor_link(alice, name="Grace")
    with pytest.raises(actions.Refused, match="has a link already"):
        make_mentor_link(alice, name="GRACE")
    make_mentor_link(alice, name="Ada", expires_at=NOW + timedelta(days=1))
    # One that ran out gives its name free.
    make_mentor_link(alice, name="Ada", now=NOW + timedelta(days=2))
    assert MentorLink.objects.filter(name="Ada", revoked_at=None).count() == 1


def test_downloads_need_evidence(alice: User) -> None:
    answer = browser_of(alice).post(
        reverse("make-mentor-link"), {"name": "Grace", "may_download": "1", "days": "30"}
    )
    assert answer.status_code == 422
    assert "tick both, or none" in answer.text
    assert 'value="Grace"' in answer.text
    assert not MentorLink.objects.exists()


def test_more_milestones_sessions_and_comments_take_no_more_queries(
    alice: User, plan: Plan, curriculum: Catalogue
) -> None:
    _, token = make_mentor_link(alice, evidence=True, details=True, download=True)

    def asked() -> tuple[int, int]:
        found = []
        for name, args in (("mentor", [token]), ("mentor-milestone", [token, "mindset"])):
            with CaptureQueriesContext(connection) as queries:
                assert Client().get(reverse(name, args=args)).status_code == 200
            found.append(len(queries))
        return found[0], found[1]

    make_completion(alice, plan, curriculum)
    make_session(alice)
    say(token, "One.")
    few = asked()
    for key in ("foundations", "garak"):
        criterion = curriculum.module(key).criteria_in(plan.track_key)[0]
        make_artefact(alice, criterion.key)
        make_completion(alice, plan, curriculum, key)
    for number in range(3):
        make_session(alice, studied_on=NOW.date() - timedelta(days=number))
        say(token, f"Number {number}")
    assert asked() == few
    assert max(few) <= 20


def test_after_a_restore_every_link_is_void(alice: User) -> None:
    _, portfolio = make_portfolio(alice)
    _, mentor = make_mentor_link(alice)
    restore.settle(NOW)
    assert first_page(mentor).status_code == 404
    assert Client().get(reverse("portfolio", args=[portfolio])).status_code == 404
    assert not Portfolio.objects.filter(revoked_at=None).exists()
