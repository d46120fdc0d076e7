"""Who gets what at every address, by every method, against tests/desk/access_table.py."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from allauth.account.forms import default_token_generator
from allauth.account.models import EmailAddress, get_emailconfirmation_model
from allauth.account.utils import user_pk_to_url_str
from django.core.cache import cache
from django.core.mail import EmailMessage
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import Resolver404, get_resolver, resolve, reverse
from django.urls.resolvers import URLPattern, URLResolver
from pytest_django import Settings

from curriculum.catalogue import Catalogue
from curriculum.schema import edition_slug
from tests.badges.factories import make_badge, make_evidenced
from tests.cohorts.factories import join, make_cohort
from tests.desk.access_table import ACTORS, DRAFT, PROGRAMS, TABLE, WITHOUT_TOKEN
from tests.evidence.factories import make_artefact, make_run, make_upload
from tests.fixtures.cast import NOW, TODAY, browser_of, make_learner, make_plan, make_session
from tests.journal.files import make_import
from tests.milestones.factories import look_back_on
from tests.reminders.factories import make_leased
from tests.sharing.factories import make_mentor_link, make_portfolio, share
from tracker.badges.models import SigningKey
from tracker.cohorts.models import Proposal
from tracker.evidence import actions as evidence_actions
from tracker.milestones import actions as milestones_actions
from tracker.operations import mailfiles
from tracker.people import actions as people_actions
from tracker.people.actions import token_hash
from tracker.people.models import User
from tracker.plans import actions as plans_actions
from tracker.recall import actions as recall_actions
from tracker.recall.models import Grade
from tracker.reminders import actions as reminders_actions
from tracker.reminders import queries as reminders_queries
from tracker.sharing import actions as sharing_actions
from tracker.sharing.models import MentorMail

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
# Stands in everything of Alice's that is text: nobody else may ever read it.
PRIVATE = "alices-own-words"
LOG_TOKEN = "l" * 43


def patterns(found: list[Any] | None = None) -> Iterator[URLPattern]:
    """Every address, those of included files too."""
    for pattern in get_resolver().url_patterns if found is None else found:
        if isinstance(pattern, URLResolver):
            yield from patterns(pattern.url_patterns)
        else:
            yield pattern


@dataclass(frozen=True)
class World:
    """Everybody's cookies, and the values that addresses and forms are filled with: all of them Alice's."""

    cookies: dict[str, dict[str, str]]
    values: dict[str, str]
    letter: Path
    letter_content: bytes


@pytest.fixture
def world(curriculum: Catalogue, now: Any, settings: Settings, tmp_path: Path) -> World:
    """Alice owns a row of everything. Charlie is a stranger with a plan of his own, Bob is staff."""
    settings.MAIL_DIR = tmp_path / "mail"
    alice, charlie, bob = make_learner("Alice"), make_learner("Charlie"), make_learner("Bob", is_staff=True)
    for learner in (charlie, bob):
        make_plan(learner, curriculum)
    values = everything_of_alice(alice, curriculum)
    # Staff see everybody's mail, but no link that opens an account.
    link = f"https://localhost/accounts/confirm-email/{PRIVATE}/"
    mailfiles.FileBackend().send_messages([EmailMessage("Please confirm", link, to=[alice.email])])
    letter = tmp_path / "mail" / next(mailfiles.letters(alice.email)).name
    browsers = {
        "visitor": Client(),
        "stranger": browser_of(charlie),
        "owner": browser_of(alice),
        "staff": browser_of(bob),
    }
    for browser in browsers.values():
        # Everybody is in the middle of a new plan, so that its later steps are there.
        session = browser.session
        session["start"] = DRAFT
        session.save()
    cookies = {
        actor: {name: str(morsel.value) for name, morsel in browser.cookies.items()}
        for actor, browser in browsers.items()
    }
    # Logging in ends the keys made before it.
    values |= {"letter": letter.name, "reset": default_token_generator.make_token(alice)}
    return World(cookies, values, letter, letter.read_bytes())


def everything_of_alice(alice: User, content: Catalogue) -> dict[str, str]:
    """A row of everything, and what addresses call it."""
    plan = make_plan(alice, content)
    session = make_session(alice, note=PRIVATE, module_key="mindset")
    deleted = make_session(alice, note=PRIVATE, deleted_at=NOW)
    completed, ready = content.module("mindset"), content.module("foundations")
    for module in (completed, ready):
        for criterion in module.criteria_in(plan.track_key):
            milestones_actions.tick_criterion(alice, module, criterion.key, link="", note=PRIVATE, now=NOW)
    look_back_on(milestones_actions.complete_milestone(alice, plan, completed, now=NOW, on=TODAY), PRIVATE)
    also_completed = content.module("garak")
    for criterion in also_completed.criteria_in(plan.track_key):
        milestones_actions.tick_criterion(
            alice, also_completed, criterion.key, link="", note=PRIVATE, now=NOW
        )
    milestones_actions.complete_milestone(alice, plan, also_completed, now=NOW, on=TODAY)
    recipient = reminders_actions.set_reminder(alice, 7, 18, wording="Mail me.", place="start", now=NOW)
    mail, lease = make_leased(alice)
    link = reminders_actions.LogLink(
        token_hash(LOG_TOKEN), ("mindset.rate-six-skills",), reminders_queries.stamp_of(alice.password)
    )
    assert reminders_actions.begin_hand_over(mail.pk, lease, alice.email, NOW, link)
    token, _ = people_actions.make_token(alice, name=PRIVATE, scope="log", expires_at=None, now=NOW)
    new_address = EmailAddress.objects.create(user=alice, email="alice.new@example.org", primary=False)
    answers = {question.key: "yes" for question in completed.questions}
    plans_actions.answer_self_check(alice, answers, now=NOW, on=TODAY)
    plans_actions.rate_skills(alice, {content.skills[0].key: (3, PRIVATE)}, now=NOW, on=TODAY)
    question = completed.questions[0]
    review = recall_actions.grade_item(alice, question.key, Grade.GOOD, now=NOW, on=TODAY)
    waiting, batch = make_import(alice, PRIVATE)
    run, other_run = (
        make_run(alice, target=PRIVATE, keeps_file=True, name=f"{PRIVATE}.jsonl") for _ in range(2)
    )
    upload = make_upload(alice, name=PRIVATE)
    lab = content.module("garak").labs[0]
    evidence_actions.state_rule(alice, lab.key, lab.rules[0].sentence, PRIVATE, NOW)
    artefact = make_artefact(alice, ready.criteria[0].key, PRIVATE)
    framework = content.framework("mitre-atlas")
    edition = framework.editions[-1]
    shared, portfolio_token = make_portfolio(alice, title="What I did")
    share(alice, "mindset")
    mentor, mentor_token = make_mentor_link(alice)
    comment = sharing_actions.comment(alice, ready.key, PRIVATE, submission=uuid4(), now=NOW, mentor=None)
    badge = make_badge(alice, make_evidenced(alice, plan, content, "stride", note=PRIVATE))
    cohort, invitation = make_cohort(alice, "Autumn")
    member = join(User.objects.get(email="charlie@example.org"), cohort)
    joined, _ = make_cohort(User.objects.get(email="bob@example.org"), "Spring")
    join(alice, joined, PRIVATE)
    proposal = Proposal.objects.create(cohort=joined, revision=plan.revision, made_at=NOW)
    pause = plans_actions.pause_plan(plan, date(2027, 2, 1), date(2027, 2, 8), now=NOW)
    return {
        "pause": str(pause.pk),
        "change": str(pause.plan.changes.latest("pk").pk),
        "session": str(session.pk),
        "deleted": str(deleted.pk),
        "question": question.key,
        "review": str(review.pk),
        "waiting": str(waiting.pk),
        "batch": str(batch.pk),
        "alice": str(alice.pk),
        "uid": user_pk_to_url_str(alice),
        "unsubscribe": recipient.unsubscribe_token,
        "calendar": reminders_actions.make_feed_address(alice, replaces=False, now=NOW),
        "log": LOG_TOKEN,
        "portfolio": portfolio_token,
        "portfolio-pk": str(shared.pk),
        "mentor": mentor_token,
        "mentor-link": str(mentor.pk),
        "copies": sharing_actions.ask_for_copies(mentor, "bob@example.org", now=NOW),
        "leave-copies": MentorMail.objects.get().unsubscribe_token,
        "comment": str(comment.pk),
        "token": str(token.pk),
        "problem": "scope",
        "run": str(run.pk),
        "other-run": str(other_run.pk),
        "upload": str(upload.pk),
        "file": str(run.file_id),
        "artefact": str(artefact.pk),
        "garak": "garak",
        "lab": lab.slug,
        "set-up": "a-token-of-nobody",
        "confirm": get_emailconfirmation_model().create(new_address).key,
        "completed": completed.key,
        "also-completed": also_completed.key,
        "number": "1",
        "year": str(TODAY.year),
        "ready": ready.key,
        "badge": str(badge.pk),
        "cohort": str(cohort.pk),
        "member": str(member.pk),
        "invitation": invitation,
        "joined": str(joined.pk),
        "proposal": str(proposal.pk),
        "badged": str(badge.completion_id),
        "kid": SigningKey.objects.get().kid,
        "status-list": "0",
        "activity": completed.activities[0].key,
        "slug": completed.activities[0].slug,
        "framework": framework.key,
        "edition": edition_slug(edition.name),
        "topic": edition.topics[0].topic_id,
        "criterion": ready.criteria[0].key,
    }


def path_of(name: str, world: World) -> str:
    """The address with Alice's things in it."""
    filled = {parameter: world.values[value] for parameter, value in TABLE[name].filled.items()}
    return reverse(name, kwargs=filled)


def ask(
    world: World, actor: str, method: str, name: str, *, checks_token: bool = False, query: str = ""
) -> Any:
    """One request with a browser of its own, of which nothing stays: row, cookie, mail, count of a limit."""
    browser = Client(enforce_csrf_checks=checks_token, raise_request_exception=False)
    browser.cookies.load(world.cookies[actor])
    form = TABLE[name].form if method == "POST" else {}
    path = path_of(name, world) + query
    cache.clear()
    world.letter.write_bytes(world.letter_content)
    with transaction.atomic():
        answer = browser.generic(
            method, path, urlencode(form), content_type="application/x-www-form-urlencoded"
        )
        transaction.set_rollback(True)
    return answer


def said(answer: HttpResponse) -> str:
    """The status, or where a redirect leads by its name: `200`, `>account_login`."""
    if answer.status_code not in {301, 302, 303, 307, 308}:
        return str(answer.status_code)
    try:
        return f">{resolve(answer['Location'].partition('?')[0].partition('#')[0]).url_name}"
    except Resolver404:
        return f">{answer['Location']}"


@pytest.mark.django_db
def test_every_address_has_a_row_and_every_row_an_address() -> None:
    names = {pattern.name for pattern in patterns()}
    assert None not in names
    assert names == set(TABLE)


@pytest.mark.parametrize("actor", ACTORS)
def test_every_address_answers_as_written(world: World, actor: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, logger="django.request")
    differ = []
    for name, row in TABLE.items():
        assert resolve(path_of(name, world)).url_name == name
        asked = [(method, "") for method in METHODS]
        asked += [(method, f"?{urlencode(row.form)}") for method in ("GET", "HEAD") if row.asks]
        for method, query in asked:
            answer = ask(world, actor, method, name, query=query)
            if said(answer) != (wanted := row.expected(method, actor)):
                differ.append(f"{method} {name}{query}: {said(answer)}, not {wanted}")
            if actor != "owner" and PRIVATE.encode() in answer.getvalue():
                differ.append(f"{method} {name}: shows what is Alice's")
            if method == "HEAD" and answer.getvalue():
                differ.append(f"{method} {name}: has a body")
    assert differ == []


@pytest.mark.parametrize("actor", ["visitor", "owner"])
def test_nothing_is_changed_without_the_forms_token(
    world: World, actor: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL, logger="django")
    taken = {
        (method, name)
        for name in TABLE
        for method in ("POST", "PUT", "PATCH", "DELETE")
        if ask(world, actor, method, name, checks_token=True).status_code != 403
    }
    assert taken == {
        (method, name)
        # No cookie counts with programs, so that no form of another site could act for anybody.
        for name in {*WITHOUT_TOKEN, *PROGRAMS}
        for method in ("POST", "PUT", "PATCH", "DELETE")
    }


def test_alice_reads_her_own_words(world: World) -> None:
    """The mark that nobody else may see is one that would be seen."""
    shown = {name for name in TABLE if PRIVATE.encode() in ask(world, "owner", "GET", name).getvalue()}
    assert shown >= {
        "import-answers",
        "import-batch",
        "import-file",
        "import-preview",
        "journal",
        "journal-csv",
        "journal-json",
        "study-session",
        "milestone",
        "completion",
        "compare-milestones",
        "year-in-review",
        "letter",
        "letter-file",
        "evidence",
        "lab",
        "run",
        "upload",
        "my-data",
        "skills-matrix",
        "tokens",
    }
