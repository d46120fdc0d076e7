"""The history of a plan: every change with its reason, before and after."""

import json
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from curriculum.catalogue import Catalogue
from tests.fixtures.cast import NOW, TODAY, browser_of, make_plan
from tracker.desk.views.history import CHANGES_A_PAGE, differences
from tracker.people.models import User
from tracker.plans import actions

pytestmark = pytest.mark.usefixtures("now")


def plain(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ")


def queries_of(web: Client) -> int:
    """How many queries the page takes, the second time it is asked for."""
    web.get(reverse("plan-history"))
    with CaptureQueriesContext(connection) as captured:
        web.get(reverse("plan-history"))
    return len(captured)


def test_each_change_says_what_it_changed(alice: User, curriculum: Catalogue) -> None:
    plan = make_plan(alice, curriculum)
    actions.replan(plan, reason="More time", now=NOW, weekday_minutes=(120,) * 7, target_on=date(2027, 6, 30))
    actions.pause_plan(plan, TODAY, TODAY + timedelta(days=1), now=NOW + timedelta(hours=1))
    page = plain(browser_of(alice).get(reverse("plan-history")).text)
    assert page.index("Pause</p>") < page.index("More time") < page.index("Plan made")
    assert "Mon 2 h, Tue 2 h, Wed 2 h" in page
    assert "Wed 30 Jun 2027" in page
    assert "from Thu 19 Nov 2026, back on Fri 20 Nov 2026" in page


def test_what_did_not_change_is_not_said(alice: User, curriculum: Catalogue) -> None:
    plan = make_plan(alice, curriculum)
    before = actions.canonical_inputs(plan)
    after = json.dumps({**json.loads(before), "target_on": "2027-06-30"})
    assert [row.name for row in differences(before, after)] == ["Target"]
    assert differences(before, before) == ()
    assert differences("", after) == (), "a plan that was made has no before"


def test_a_change_of_before_something_was_kept_still_reads(alice: User, curriculum: Catalogue) -> None:
    plan = make_plan(alice, curriculum)
    now = json.loads(actions.canonical_inputs(plan))
    old = {key: now[key] for key in now if key not in {"left_out", "agreed", "uses_own_ratio"}}
    assert [row.name for row in differences(json.dumps(old), json.dumps(now))] == ["Laid out to"]


def test_a_long_history_has_pages_and_costs_the_same(alice: User, curriculum: Catalogue) -> None:
    plan = make_plan(alice, curriculum)
    web = browser_of(alice)
    few = queries_of(web)
    for turn in range(CHANGES_A_PAGE + 5):
        actions.use_own_ratio(plan, uses=bool(turn % 2), now=NOW + timedelta(minutes=turn))
    assert queries_of(web) == few
    assert "Earlier changes" in web.get(reverse("plan-history")).text
    assert "Plan made" in web.get(reverse("plan-history"), {"page": "2"}).text
    assert web.get(reverse("plan-history"), {"page": "no number"}).status_code == 200


def test_charlie_sees_nothing_of_it(alice: User, charlie: User, curriculum: Catalogue) -> None:
    make_plan(alice, curriculum)
    page = browser_of(charlie).get(reverse("plan-history")).text
    assert "Plan made" not in page
    assert "there has been no plan" in page
