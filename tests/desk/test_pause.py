"""Time off from the plan page."""

import pytest
from django.test import Client
from django.urls import reverse

from curriculum.catalogue import Catalogue
from tests.fixtures.cast import NOW, TODAY, browser_of, make_plan
from tracker.people.models import User
from tracker.plans import actions
from tracker.plans.models import Pause, PlanChange

pytestmark = pytest.mark.usefixtures("now")
ADD = {"first_on": "2026-12-21", "until_on": "2027-01-04"}


@pytest.fixture
def web(alice: User, curriculum: Catalogue) -> Client:
    make_plan(alice, curriculum)
    return browser_of(alice)


def plain(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ")


def test_a_pause_is_kept_and_shown_with_its_last_day(web: Client) -> None:
    answer = web.post(reverse("add-pause"), ADD, follow=True)
    assert "The pause is kept" in answer.text
    assert "21 Dec to Sun 3 Jan 2027" in plain(answer.text)
    assert Pause.objects.get().until_on is not None
    assert PlanChange.objects.filter(reason="Pause").count() == 1


def test_a_pause_may_be_open(web: Client) -> None:
    web.post(reverse("add-pause"), {"first_on": TODAY.isoformat()})
    assert "Paused." in web.get(reverse("today")).text
    assert "No date yet" in web.get(reverse("plan")).text
    web.post(reverse("end-pause", args=[Pause.objects.get().pk]))
    assert not Pause.objects.exists()
    assert "of 6 h 30" in plain(web.get(reverse("today")).text)


def test_ending_a_pause_that_runs_keeps_the_days_it_had(web: Client, alice: User) -> None:
    pause = actions.pause_plan(alice.plans.get(), TODAY.replace(day=16), None, now=NOW)
    assert "End<span" in web.get(reverse("plan")).text
    web.post(reverse("end-pause", args=[pause.pk]))
    pause.refresh_from_db()
    assert (pause.first_on.day, pause.until_on) == (16, TODAY)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"first_on": ""}, "from which day you are off"),
        ({"first_on": "soon"}, "is not a date"),
        ({"first_on": "2199-01-01"}, "two years ahead"),
        ({"first_on": "1999-01-01"}, "two years ahead"),
        ({"until_on": "2026-12-21"}, "lies after the first day off"),
        ({"until_on": "9999-12-31"}, "two years ahead"),
    ],
)
def test_a_pause_that_cannot_be_is_refused_and_nothing_is_lost(
    web: Client, changed: dict[str, str], reason: str
) -> None:
    refused = web.post(reverse("add-pause"), {**ADD, **changed})
    assert refused.status_code == 422
    assert reason in refused.text
    for value in {**ADD, **changed}.values():
        assert f'value="{value}"' in refused.text or not value
    assert not Pause.objects.exists()


def test_a_pause_over_another_becomes_one_with_it(web: Client) -> None:
    web.post(reverse("add-pause"), ADD)
    web.post(reverse("add-pause"), {"first_on": "2026-12-31", "until_on": "2027-01-10"})
    pause = Pause.objects.get()
    assert (str(pause.first_on), str(pause.until_on)) == ("2026-12-21", "2027-01-10")


def test_charlie_cannot(web: Client, charlie: User, curriculum: Catalogue) -> None:
    web.post(reverse("add-pause"), ADD)
    other = browser_of(charlie)
    assert other.post(reverse("add-pause"), ADD).status_code == 404
    make_plan(charlie, curriculum)
    assert other.post(reverse("end-pause", args=[Pause.objects.get().pk])).status_code == 404
    assert Pause.objects.count() == 1
