"""A lead sees who agreed, by name, and nothing else; a revision is proposed, and taken or left."""

import csv
from collections.abc import Iterator
from datetime import date, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from curriculum.catalogue import Catalogue
from tests.cohorts.factories import join, make_cohort
from tests.fixtures.cast import NOW, browser_of, make_learner, make_plan, make_session
from tests.fixtures.newer import forget_revisions, newer_content, publish
from tests.sharing.factories import make_completion
from tracker.cohorts import actions, queries
from tracker.cohorts.models import Answer, Cohort, Membership, Proposal
from tracker.desk.restore import settle
from tracker.people import actions as people_actions
from tracker.people.models import User
from tracker.plans.models import Plan

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("now")]


@pytest.fixture
def cohort(alice: User, curriculum: Catalogue) -> Cohort:
    """Alice leads, Bob has joined, Charlie has not."""
    made, _ = make_cohort(alice)
    join(make_learner("Bob"), made, "Bob B.")
    make_plan(User.objects.get(email="bob@example.org"), curriculum)
    return made


def bob() -> User:
    return User.objects.get(email="bob@example.org")


def page_of(cohort: Cohort, who: User | None = None) -> Any:
    return browser_of(who or cohort.lead).get(reverse("cohort", args=[cohort.pk]))


# --- joining ----------------------------------------------------------------------------------------------


def test_from_invitation_to_what_the_lead_sees(alice: User, charlie: User, curriculum: Catalogue) -> None:
    plan = make_plan(charlie, curriculum)
    plan.start_on = date(2026, 10, 5)
    plan.save()
    lead = browser_of(alice)
    page = lead.post(reverse("cohorts"), {"name": "  Autumn   2026 "})
    [link] = [word for word in page.text.split("<code>") if "/join/" in word][:1]
    there = "/join/" + link.partition("/join/")[2].partition("<")[0]
    assert there not in page_of(Cohort.objects.get()).text  # it was shown once
    browser = browser_of(charlie)
    shown = browser.get(there).text
    assert "What you would share" in shown
    assert "alice@example.org invites you" in shown
    assert not Membership.objects.exists()  # looking joins nobody
    answer = browser.post(there, {"name": "Charlie C."}, follow=True)
    assert "as Charlie C." in answer.text
    make_session(charlie, minutes=90, studied_on=date(2026, 11, 10), note="secret")
    make_completion(charlie, plan, curriculum)
    page = page_of(Cohort.objects.get())
    [member] = page.context["members"]
    assert (member.name, member.logged_minutes, member.completed) == ("Charlie C.", 90, 1)
    assert member.target_minutes == 4 * sum(plan.weekday_minutes)
    for private in ("secret", charlie.email, "Kept."):
        assert private not in page.text


def test_who_is_not_logged_in_is_asked_to_and_comes_back(cohort: Cohort) -> None:
    _, token = make_cohort(cohort.lead, "Another")
    there = reverse("join-cohort", args=[token])
    answer = Client().get(there)
    assert answer.status_code == 302
    assert f"next={there}" in answer["Location"]


@pytest.mark.parametrize("why", ["guessed", "replaced", "ran out", "lead gone", "ended"])
def test_an_invitation_that_is_none_is_a_404(
    cohort: Cohort, charlie: User, time_machine: Any, why: str
) -> None:
    made, token = make_cohort(cohort.lead, "Another")
    match why:
        case "guessed":
            token = "x" * 43
        case "replaced":
            actions.invite_anew(made, now=NOW)
        case "ran out":
            time_machine.move_to(NOW + actions.INVITED_FOR, tick=False)
        case "lead gone":
            people_actions.ask_for_deletion(cohort.lead, NOW)
        case "ended":
            actions.end_cohort(made)
    cache.clear()
    with CaptureQueriesContext(connection) as captured:
        answer = browser_of(charlie).get(reverse("join-cohort", args=[token]))
    assert answer.status_code == 404
    assert sum("cohorts_" in row["sql"] for row in captured.captured_queries) == 1


def test_guesses_are_limited(charlie: User) -> None:
    cache.clear()
    browser = browser_of(charlie)
    answers = [browser.get(reverse("join-cohort", args=["x" * 43])).status_code for _ in range(22)]
    assert (answers[0], answers[-1]) == (404, 429)
    cache.clear()


def test_names_tell_members_apart(cohort: Cohort, charlie: User) -> None:
    with pytest.raises(actions.Refused, match="has this name"):
        join(charlie, cohort, "BOB b.")
    join(charlie, cohort, "Charlie")
    # Once more changes the name, and is no second membership.
    join(charlie, cohort, "Charles")
    assert sorted(Membership.objects.values_list("name", flat=True)) == ["Bob B.", "Charles"]
    with pytest.raises(actions.Refused, match="You lead this cohort"):
        join(cohort.lead, cohort)


def test_there_are_bounds(
    alice: User, monkeypatch: pytest.MonkeyPatch, cohort: Cohort, charlie: User
) -> None:
    monkeypatch.setattr(actions, "MOST_COHORTS", 2)
    make_cohort(alice, "Another")
    with pytest.raises(actions.Refused, match="You lead 2"):
        make_cohort(alice, "One more")
    monkeypatch.setattr(actions, "MOST_MEMBERS", 1)
    with pytest.raises(actions.Refused, match="takes no more"):
        join(charlie, cohort)
    join(bob(), cohort, "Still Bob")
    monkeypatch.setattr(actions, "MOST_COHORTS", 9)
    with pytest.raises(actions.Refused, match="of this name"):
        make_cohort(alice, "AUTUMN")


# --- what is seen, and by whom ----------------------------------------------------------------------------


def test_leaving_ends_it_at_once(cohort: Cohort) -> None:
    browser = browser_of(bob())
    assert "Bob B." in page_of(cohort).text
    browser.post(reverse("leave-cohort", args=[cohort.pk]))
    assert "Bob B." not in page_of(cohort).text
    assert browser.post(reverse("leave-cohort", args=[cohort.pk])).status_code == 404


def test_who_leaves_cairn_is_not_seen_meanwhile(cohort: Cohort) -> None:
    people_actions.ask_for_deletion(bob(), NOW)
    assert "Bob B." not in page_of(cohort).text


def test_charlie_sees_and_does_nothing(cohort: Cohort, charlie: User) -> None:
    member = Membership.objects.get()
    for who in (charlie, bob()):
        browser = browser_of(who)
        assert browser.get(reverse("cohort", args=[cohort.pk])).status_code == 404
        assert browser.get(reverse("cohort-csv", args=[cohort.pk])).status_code == 404
        for name in ("invite-anew", "end-cohort", "propose-revision"):
            assert browser.post(reverse(name, args=[cohort.pk])).status_code == 404
        assert browser.post(reverse("remove-member", args=[cohort.pk, member.pk])).status_code == 404
    # The lead of one cohort takes nobody out of another's.
    other, _ = make_cohort(charlie)
    assert browser_of(charlie).post(reverse("remove-member", args=[other.pk, member.pk])).status_code == 404
    assert Membership.objects.count() == 1


def test_members_stand_by_name_whatever_they_did(cohort: Cohort, curriculum: Catalogue) -> None:
    for name in ("zoe", "Ann", "mia"):
        learner = make_learner(name)
        make_plan(learner, curriculum)
        make_session(learner, minutes=30 * len(name), studied_on=date(2026, 11, 10))
        join(learner, cohort, name)
    assert [row.name for row in page_of(cohort).context["members"]] == ["Ann", "Bob B.", "mia", "zoe"]


def test_a_table_says_the_same_and_no_formula(cohort: Cohort, charlie: User) -> None:
    join(charlie, cohort, "=HYPERLINK(1)")  # no plan
    answer = browser_of(cohort.lead).get(reverse("cohort-csv", args=[cohort.pk]))
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(StringIO(answer.text)))
    assert [row["name"] for row in rows] == ["'=HYPERLINK(1)", "Bob B."]
    assert rows[0]["state"] == "none"
    plan = Plan.objects.get(learner=bob())
    assert (rows[1]["revision"], rows[1]["first_end"]) == (str(plan.revision), rows[1]["end"])


def test_the_page_asks_no_more_for_many(cohort: Cohort, curriculum: Catalogue) -> None:
    browser = browser_of(cohort.lead)

    def asked() -> int:
        with CaptureQueriesContext(connection) as captured:
            browser.get(reverse("cohort", args=[cohort.pk]))
        return len(captured)

    asked()
    before = asked()
    for number in range(5):
        learner = make_learner(f"learner{number}")
        make_plan(learner, curriculum)
        join(learner, cohort, f"Learner {number}")
    assert asked() == before


def test_taking_out_and_ending(cohort: Cohort, charlie: User) -> None:
    member = join(charlie, cohort, "Charlie")
    browser = browser_of(cohort.lead)
    browser.post(reverse("remove-member", args=[cohort.pk, member.pk]))
    assert [row.name for row in Membership.objects.all()] == ["Bob B."]
    browser.post(reverse("end-cohort", args=[cohort.pk]))
    assert not Membership.objects.exists()
    assert Plan.objects.filter(learner=bob()).exists()


# --- a revision is proposed -------------------------------------------------------------------------------


@pytest.fixture
def newer(cohort: Cohort) -> Iterator[int]:
    """A newer revision is there."""
    forget_revisions()
    yield publish(newer_content()).revision
    forget_revisions()


def proposed(cohort: Cohort, revision: int, note: str = "**Agents** are new.") -> Proposal:
    browser_of(cohort.lead).post(
        reverse("propose-revision", args=[cohort.pk]), {"revision": revision, "note": note}
    )
    return Proposal.objects.get(cohort=cohort, revision=revision)


def test_a_proposal_is_taken(cohort: Cohort, newer: int) -> None:
    proposal = proposed(cohort, newer)
    browser = browser_of(bob())
    page = browser.get(reverse("cohorts"))
    assert f"proposes revision {newer}" in page.text
    assert "<strong>Agents</strong>" in page.text
    browser.post(reverse("take-proposal", args=[proposal.pk]))
    plan = Plan.objects.get(learner=bob())
    assert plan.revision == newer
    assert f"to {newer}" in plan.changes.latest("pk").reason
    assert "Bob B.: taken" in page_of(cohort).text
    assert "nothing to take" in browser.get(reverse("cohorts")).text
    # Once more changes nothing.
    browser.post(reverse("take-proposal", args=[proposal.pk]))
    assert Plan.objects.get(learner=bob()).changes.count() == plan.changes.count()


def test_a_proposal_is_left_and_taken_later(cohort: Cohort, newer: int) -> None:
    proposal = proposed(cohort, newer)
    before = Plan.objects.get(learner=bob()).revision
    browser = browser_of(bob())
    browser.post(reverse("leave-proposal", args=[proposal.pk]))
    assert Plan.objects.get(learner=bob()).revision == before
    assert "Bob B.: left" in page_of(cohort).text
    assert "You left it." in browser.get(reverse("cohorts")).text
    browser.post(reverse("take-proposal", args=[proposal.pk]))
    assert [row.choice for row in Answer.objects.all()] == ["taken"]


def test_only_the_newest_is_proposed_and_only_once(cohort: Cohort, newer: int) -> None:
    page = browser_of(cohort.lead).post(
        reverse("propose-revision", args=[cohort.pk]), {"revision": newer - 1, "note": "x"}
    )
    assert page.status_code == 422
    assert "A newer revision was published since" in page.text
    first = proposed(cohort, newer)
    assert actions.propose(cohort, newer, "again", now=NOW + timedelta(days=1)).pk == first.pk
    assert page_of(cohort).context["proposal_form"] is None


def test_who_has_taken_it_has_nothing_to_leave(cohort: Cohort, newer: int) -> None:
    """A second tab that still shows both buttons."""
    proposal = proposed(cohort, newer)
    browser = browser_of(bob())
    browser.post(reverse("take-proposal", args=[proposal.pk]))
    page = browser.post(reverse("leave-proposal", args=[proposal.pk]), follow=True)
    assert "nothing to leave" in page.text
    assert [row.choice for row in Answer.objects.all()] == ["taken"]


def test_a_proposal_of_a_stale_page_is_sent_again(cohort: Cohort, newer: int) -> None:
    there = reverse("propose-revision", args=[cohort.pk])
    page = browser_of(cohort.lead).post(there, {"revision": newer - 1, "note": "Typed at length."})
    assert "Typed at length." in page.text
    again = page.context["proposal_form"]
    assert (again.data["revision"], again.data["note"]) == (newer, "Typed at length.")
    # Proposed once more, the note is the new one.
    for note in ("One.", "Two."):
        actions.propose(cohort, newer, note, now=NOW)
    assert Proposal.objects.get().note == "Two."


def test_what_ended_meanwhile_is_no_error(cohort: Cohort, newer: int) -> None:
    proposal, member, learner = proposed(cohort, newer), Membership.objects.get(), bob()
    actions.leave(learner, cohort.pk)
    assert not actions.take(learner, proposal, member, now=NOW)
    assert not actions.leave_it(learner, proposal, member, now=NOW)
    assert Plan.objects.get(learner=learner).revision < newer
    actions.end_cohort(Cohort.objects.get())
    with pytest.raises(actions.Refused, match="is no more"):
        actions.propose(cohort, newer, "", now=NOW)
    with pytest.raises(actions.Refused, match="is no more"):
        join(learner, cohort)


def test_after_a_restore_nobody_is_in_one(cohort: Cohort) -> None:
    _, token = make_cohort(cohort.lead, "Another")
    settle(NOW)
    assert not Membership.objects.exists()
    assert queries.invited_by(token, NOW) is None
    assert Cohort.objects.count() == 2


@pytest.mark.parametrize("name", ["\u200b", "\u202e", "  ", "\x01"])
def test_a_name_that_nobody_sees_is_none(cohort: Cohort, charlie: User, name: str) -> None:
    _, token = make_cohort(cohort.lead, "Another")
    page = browser_of(charlie).post(reverse("join-cohort", args=[token]), {"name": name})
    assert page.status_code == 422
    assert not Membership.objects.filter(learner=charlie).exists()


def test_case_is_no_difference_in_any_letters(cohort: Cohort, charlie: User) -> None:
    join(charlie, cohort, "Émile Straße")
    with pytest.raises(actions.Refused, match="has this name"):
        join(make_learner("Dora"), cohort, "ÉMILE STRASSE")


def test_numbers_of_any_size_are_nobodys_cohort(cohort: Cohort) -> None:
    browser = browser_of(cohort.lead)
    for number in (2**63 - 1, 2**63, 10**40):
        for name in ("leave-cohort", "end-cohort", "take-proposal", "propose-revision"):
            assert browser.post(reverse(name, args=[number])).status_code == 404
        assert browser.post(reverse("remove-member", args=[cohort.pk, number])).status_code == 404


def test_the_list_counts_who_is_seen(cohort: Cohort) -> None:
    people_actions.ask_for_deletion(bob(), NOW)
    assert "no members" in browser_of(cohort.lead).get(reverse("cohorts")).text


def test_a_proposal_is_for_members(cohort: Cohort, newer: int, charlie: User) -> None:
    proposal = proposed(cohort, newer)
    for name in ("take-proposal", "leave-proposal"):
        assert browser_of(charlie).post(reverse(name, args=[proposal.pk])).status_code == 404
    # Without a plan there is nothing to take.
    join(charlie, cohort, "Charlie")
    browser_of(charlie).post(reverse("take-proposal", args=[proposal.pk]))
    assert not Answer.objects.exists()
    assert [row.proposed is not None for row in queries.joined_by(charlie.pk)] == [True]
