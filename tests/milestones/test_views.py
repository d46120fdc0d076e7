"""Milestones: backing criteria, completing, the frozen record."""

import json

import pytest
from django.test import Client
from django.urls import reverse

from curriculum.catalogue import Catalogue
from tests.fixtures.cast import TODAY, browser_of, make_plan, make_session
from tracker.milestones.models import Completion, CriterionTick
from tracker.people.models import User

pytestmark = pytest.mark.usefixtures("now")


@pytest.fixture
def web(alice: User, curriculum: Catalogue) -> Client:
    make_plan(alice, curriculum)
    return browser_of(alice)


def tick_all(web: Client, curriculum: Catalogue, module_key: str = "mindset") -> None:
    """Backs every criterion of the module with a note."""
    for criterion in curriculum.module(module_key).criteria_in("ai-security-engineer"):
        answer = web.post(
            reverse("tick-criterion", args=[module_key, criterion.key]),
            {"note": f"Shown for {criterion.key}"},
        )
        assert answer.status_code == 302


def test_a_criterion_needs_a_link_or_a_note(web: Client, curriculum: Catalogue) -> None:
    criterion = curriculum.module("mindset").criteria[0]
    address = reverse("tick-criterion", args=["mindset", criterion.key])
    refused = web.post(address, {"link": "", "note": ""})
    assert refused.status_code == 422
    assert "at least one of them" in refused.text
    assert not CriterionTick.objects.exists()


@pytest.mark.parametrize(
    "link", ["javascript:alert(1)", "nonsense", "ftp://example.org/x", "data:text/html,x"]
)
def test_a_link_that_is_none_is_refused_and_nothing_typed_is_lost(
    web: Client, curriculum: Catalogue, link: str
) -> None:
    criterion = curriculum.module("mindset").criteria[0]
    refused = web.post(
        reverse("tick-criterion", args=["mindset", criterion.key]), {"link": link, "note": "my long note"}
    )
    assert refused.status_code == 422
    assert link in refused.text
    assert "my long note" in refused.text
    assert not CriterionTick.objects.exists()


def test_completing_waits_for_every_criterion(web: Client, curriculum: Catalogue) -> None:
    early = web.post(reverse("complete-milestone", args=["mindset"]), follow=True)
    assert "Every criterion needs" in early.text
    assert not Completion.objects.exists()
    tick_all(web, curriculum)
    assert "Complete the milestone" in web.get(reverse("milestone", args=["mindset"])).text
    done = web.post(reverse("complete-milestone", args=["mindset"]), follow=True)
    assert done.redirect_chain == [(reverse("milestone", args=["mindset"]), 302)]
    assert "Planned and actual" in done.text
    assert Completion.objects.get().completed_on == TODAY


def test_the_record_is_frozen(web: Client, alice: User, curriculum: Catalogue) -> None:
    make_session(alice, minutes=90, module_key="mindset", activity_key="mindset.first-break", confidence=4)
    tick_all(web, curriculum)
    web.post(reverse("complete-milestone", args=["mindset"]))
    before = Completion.objects.get().snapshot
    shot = json.loads(before)
    assert shot["real"] == {
        "minutes": 90, "sessions": 1, "first_on": "2026-11-19", "last_on": "2026-11-19", "confidence": 4.0,
    }  # fmt: skip
    assert shot["planned"]["minutes"] == curriculum.module("mindset").minutes_in("ai-security-engineer")
    assert [item["note"] for item in shot["criteria"]]
    assert "MITRE ATLAS 5.6.0" in shot["editions"]

    make_session(alice, minutes=500, module_key="mindset")
    criterion = curriculum.module("mindset").criteria[0]
    changed = web.post(
        reverse("tick-criterion", args=["mindset", criterion.key]), {"note": "another"}, follow=True
    )
    assert "Its criteria can be changed once it is opened again" in changed.text
    web.post(reverse("untick-criterion", args=["mindset", criterion.key]))
    web.post(reverse("complete-milestone", args=["mindset"]))
    assert Completion.objects.get().snapshot == before
    assert CriterionTick.objects.get(criterion_key=criterion.key).note != "another"


def test_a_criterion_can_be_opened_again_before(web: Client, curriculum: Catalogue) -> None:
    tick_all(web, curriculum)
    criterion = curriculum.module("mindset").criteria[0]
    web.post(reverse("untick-criterion", args=["mindset", criterion.key]))
    assert not CriterionTick.objects.filter(criterion_key=criterion.key).exists()


def test_only_what_backs_a_criterion_of_the_track_is_taken(web: Client) -> None:
    for key in ("garak.proof-scan-accepted", "mindset.no-such", "x"):
        assert web.post(reverse("tick-criterion", args=["mindset", key]), {"note": "n"}).status_code == 404
    assert web.get(reverse("milestone", args=["no-such"])).status_code == 404


def test_the_trail_shows_what_is_completed_and_what_is_ahead(web: Client, curriculum: Catalogue) -> None:
    assert "No milestone completed yet" in web.get(reverse("milestones")).text
    tick_all(web, curriculum)
    assert "ready to complete" in web.get(reverse("milestones")).text
    web.post(reverse("complete-milestone", args=["mindset"]))
    assert "One milestone completed" in web.get(reverse("milestones")).text


def test_charlie_cannot(web: Client, charlie: User, curriculum: Catalogue) -> None:
    tick_all(web, curriculum)
    web.post(reverse("complete-milestone", args=["mindset"]))
    other = browser_of(charlie)
    assert other.get(reverse("milestone", args=["mindset"])).status_code == 404
    make_plan(charlie, curriculum)
    assert "Planned and actual" not in other.get(reverse("milestone", args=["mindset"])).text
    assert "No milestone completed yet" in other.get(reverse("milestones")).text
