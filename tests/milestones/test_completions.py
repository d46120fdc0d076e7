"""Opening a milestone again, confirming it, looking back at it, the trail, and two compared."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from curriculum.catalogue import Catalogue
from tests.fixtures.cast import NOW, TODAY, browser_of, make_plan, make_session
from tests.milestones.factories import back_all, look_back_on, make_completion
from tests.people.conftest import text_of
from tracker.evidence.models import StoredFile
from tracker.milestones import actions, queries
from tracker.milestones.models import Completion, Confirmation, CriterionTick, Retrospective
from tracker.milestones.rules import retrospective as rules
from tracker.people.models import User
from tracker.plans import actions as plans_actions
from tracker.plans.models import Plan
from tracker.reminders.calendar import contents_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("now")]
WEEK = timedelta(days=7)
ANSWERS = {"surprised": "It **leaked**.", "weak": "Checks.", "next_step": "A control."}


@pytest.fixture
def plan(alice: User, curriculum: Catalogue) -> Plan:
    return make_plan(alice, curriculum)


@pytest.fixture
def completed(alice: User, plan: Plan, curriculum: Catalogue) -> Completion:
    return make_completion(alice, plan, curriculum)


@pytest.fixture
def web(alice: User) -> Client:
    return browser_of(alice)


def own(name: str, number: int = 1, module: str = "mindset") -> str:
    return reverse(name, args=[module, number])


# --- opening again ------------------------------------------------------------------------------------------


def test_opened_again_its_criteria_can_change_and_the_record_stays(
    web: Client, alice: User, curriculum: Catalogue, completed: Completion
) -> None:
    criterion = curriculum.module("mindset").criteria[0]
    page = web.post(reverse("reopen-milestone", args=["mindset"]), follow=True)
    assert "is open again" in page.text
    assert reverse("completion", args=["mindset", 1]) in page.text
    web.post(reverse("tick-criterion", args=["mindset", criterion.key]), {"note": "Better."})
    assert CriterionTick.objects.get(criterion_key=criterion.key).note == "Better."
    earlier = web.get(own("completion"))
    assert "Opened again" in earlier.text
    assert "Better." not in earlier.text
    web.post(reverse("complete-milestone", args=["mindset"]))
    assert list(Completion.objects.order_by("number").values_list("number", "reopened_at")) == [
        (1, NOW),
        (2, None),
    ]
    latest = web.get(reverse("milestone", args=["mindset"]))
    assert "for the second time" in latest.text
    assert "Better." in latest.text
    assert own("completion") in latest.text


def test_opening_what_is_open_changes_nothing(web: Client, completed: Completion) -> None:
    for _ in range(2):
        assert web.post(reverse("reopen-milestone", args=["mindset"])).status_code == 302
    assert Completion.objects.get().reopened_at == NOW
    assert web.post(reverse("reopen-milestone", args=["no-such"])).status_code == 404


def test_after_opening_completing_still_waits_for_every_criterion(
    web: Client, curriculum: Catalogue, completed: Completion
) -> None:
    web.post(reverse("reopen-milestone", args=["mindset"]))
    criterion = curriculum.module("mindset").criteria[0]
    web.post(reverse("untick-criterion", args=["mindset", criterion.key]))
    refused = web.post(reverse("complete-milestone", args=["mindset"]), follow=True)
    assert "Every criterion needs" in refused.text
    assert Completion.objects.count() == 1


def test_what_is_open_again_counts_as_completed_nowhere(alice: User, completed: Completion) -> None:
    def in_feed() -> list[str]:
        return [entry.title for entry in contents_of(alice, NOW).entries if entry.title.startswith("Compl")]

    assert queries.completed_by([alice.pk]) == {alice.pk: [("mindset", TODAY)]}
    assert len(in_feed()) == 1
    actions.reopen_milestone(alice, "mindset", now=NOW)
    assert queries.completed_by([alice.pk]) == {alice.pk: []}
    assert in_feed() == []
    (year,) = queries.trail(alice.pk)
    assert year.stones[0].record.reopened_at == NOW


def test_two_records_of_one_number_or_two_that_stand_are_refused_by_the_database(
    alice: User, completed: Completion
) -> None:
    row = {
        "learner": alice,
        "module_key": "mindset",
        "track_key": "t",
        "revision": 1,
        "completed_on": TODAY,
        "completed_at": NOW,
        "snapshot": "{}",
    }
    for number, reopened_at in ((1, NOW), (2, None), (0, NOW)):
        with pytest.raises(IntegrityError), transaction.atomic():
            Completion.objects.create(number=number, reopened_at=reopened_at, **row)


def test_a_record_outlives_the_plan_that_had_its_module(
    web: Client, alice: User, curriculum: Catalogue
) -> None:
    plan = make_plan(alice, curriculum, track_key="t-shaped-lead")
    own_keys = {module.key for module in curriculum.modules_in("t-shaped-lead")}
    other_keys = {module.key for module in curriculum.modules_in("security-aware-mle")}
    (key, *_) = sorted(own_keys - other_keys) or sorted(own_keys)
    module = curriculum.module(key)
    for criterion in module.criteria_in(plan.track_key):
        actions.tick_criterion(alice, module, criterion.key, link="", note="Shown.", now=NOW)
    actions.complete_milestone(alice, plan, module, now=NOW, on=TODAY)
    Plan.objects.filter(pk=plan.pk).update(ended_at=NOW)
    page = web.get(reverse("milestone", args=[key]))
    assert "Planned and actual" in page.text
    assert "Open it again" not in page.text
    assert web.post(reverse("reopen-milestone", args=[key])).status_code == 404
    actions.reopen_milestone(alice, key, now=NOW)
    assert "earlier record" in web.get(reverse("milestone", args=[key])).text


# --- confirming ---------------------------------------------------------------------------------------------


def test_a_confirmation_is_shown_as_it_is_and_kept_once(web: Client, completed: Completion) -> None:
    assert "Confirmed</p>" not in web.get(own("completion")).text
    actions.confirm_milestone(completed, name=" Bob M. ", note="Seen the *report*.", now=NOW)
    again = actions.confirm_milestone(completed, name="Bob M.", note="Other.", now=NOW + WEEK)
    assert (again.name, again.note, again.confirmed_at) == ("Bob M.", "Seen the *report*.", NOW)
    page = web.get(own("completion")).text
    assert "Bob M., Thu" in page
    assert "<em>report</em>" in page
    assert "Confirmed</p>" in page
    (record,) = queries.records(completed.learner_id)
    # What the criteria rest on is not changed by it.
    assert (record.state, record.snapshot.state) == ("confirmed", "claimed")


def test_a_name_is_needed_and_what_was_opened_again_is_not_confirmed(
    alice: User, completed: Completion
) -> None:
    with pytest.raises(ValueError, match="needs the name"):
        actions.confirm_milestone(completed, name="  ", note="", now=NOW)
    actions.reopen_milestone(alice, "mindset", now=NOW)
    with pytest.raises(actions.MilestoneIsOpen):
        actions.confirm_milestone(completed, name="Bob", note="", now=NOW)
    assert not Confirmation.objects.exists()


def test_markup_in_what_others_wrote_stays_text(web: Client, completed: Completion) -> None:
    evil = "<script>alert(1)</script>"
    actions.confirm_milestone(completed, name=evil, note=evil, now=NOW)
    actions.answer_retrospective(completed, dict.fromkeys(ANSWERS, evil), now=NOW)
    for path in (own("completion"), reverse("year-in-review", args=[2026]), reverse("milestones")):
        assert "<script>alert" not in web.get(path).text


# --- retrospectives -----------------------------------------------------------------------------------------


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),
    st.timedeltas(timedelta(0), timedelta(days=30)),
)
def test_the_week_is_a_length_of_time(at: datetime, passed: timedelta) -> None:
    assert rules.is_editable(at, at + passed) == (passed < WEEK)


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Europe/Vienna", "Pacific/Pago_Pago"])
def test_answers_can_be_changed_for_seven_days_to_the_second(
    web: Client, alice: User, completed: Completion, time_machine: Any, zone: str
) -> None:
    User.objects.filter(pk=alice.pk).update(zone=zone)
    time_machine.move_to(NOW + WEEK - timedelta(seconds=1), tick=False)
    assert "Save the answers" in web.get(own("completion")).text
    assert web.post(own("answer-retrospective"), ANSWERS).status_code == 302
    assert Retrospective.objects.get().surprised == "It **leaked**."
    time_machine.move_to(NOW + WEEK, tick=False)
    page = web.get(own("completion"))
    assert "Save the answers" not in page.text
    assert "<strong>leaked</strong>" in page.text
    refused = web.post(own("answer-retrospective"), {**ANSWERS, "weak": "Too late, and long."})
    assert refused.status_code == 422
    assert "The week for these answers is over." in refused.text
    assert "Too late, and long." in refused.text
    assert Retrospective.objects.get().weak == "Checks."


def test_the_week_over_a_change_of_the_clocks(
    alice: User, curriculum: Catalogue, plan: Plan, time_machine: Any
) -> None:
    # Vienna's clocks go forward on 28 March 2027: the seventh day has 23 hours, the week all of its 168.
    at = datetime(2027, 3, 25, 9, 0, tzinfo=UTC)
    make_completion(alice, plan, curriculum, now=at, on=date(2027, 3, 25))
    time_machine.move_to(at + timedelta(hours=168, seconds=-1), tick=False)
    web = browser_of(alice)
    page = web.get(own("completion"))
    assert "Thu 1 Apr 2027, 11:00" in page.text.replace("\N{NO-BREAK SPACE}", " ")
    assert web.post(own("answer-retrospective"), ANSWERS).status_code == 302


@pytest.mark.parametrize("field", ["surprised", "weak", "next_step"])
def test_what_is_too_long_is_refused_and_nothing_typed_is_lost(
    web: Client, completed: Completion, field: str
) -> None:
    long = "x" * 2001
    refused = web.post(own("answer-retrospective"), {**ANSWERS, field: long})
    assert refused.status_code == 422
    assert "longer than 2,000 characters" in refused.text
    assert long in refused.text
    assert not Retrospective.objects.exists()
    assert web.post(own("answer-retrospective"), {**ANSWERS, field: long[1:]}).status_code == 302


def test_additions_have_a_date_and_stay(alice: User, completed: Completion, time_machine: Any) -> None:
    refused = browser_of(alice).post(own("add-to-retrospective"), {"text": "  "})
    assert refused.status_code == 422
    assert "Write what you want to add." in refused.text
    # Half past eleven at night in UTC is the next day in Vienna.
    time_machine.move_to(datetime(2027, 2, 1, 23, 30, tzinfo=UTC), tick=False)
    web = browser_of(alice)
    assert "were not answered within the week" in web.get(own("completion")).text
    web.post(own("add-to-retrospective"), {"text": "It still `holds`."})
    page = text_of(web.get(own("completion")))
    assert "Added Tue 2 Feb 2027" in page.replace("\N{NO-BREAK SPACE}", " ")
    assert "<code>holds</code>" in page


def test_a_star_needs_something_to_be_chosen(web: Client, completed: Completion) -> None:
    nothing = web.post(own("star-retrospective"), {"starred": "1"}, follow=True)
    assert "There is nothing to choose yet" in nothing.text
    web.post(own("answer-retrospective"), ANSWERS)
    web.post(own("star-retrospective"), {"starred": "1"})
    assert Retrospective.objects.get().is_starred
    web.post(own("star-retrospective"), {"starred": "0"})
    assert not Retrospective.objects.get().is_starred


def test_charlie_cannot_touch_what_is_alices(
    charlie: User, curriculum: Catalogue, completed: Completion
) -> None:
    make_plan(charlie, curriculum)
    other = browser_of(charlie)
    for name in ("answer-retrospective", "add-to-retrospective", "star-retrospective"):
        assert other.post(own(name), {"text": "x", "starred": "1", **ANSWERS}).status_code == 404
    assert other.get(own("completion")).status_code == 404
    other.post(reverse("reopen-milestone", args=["mindset"]))
    assert Completion.objects.get().reopened_at is None
    assert not Retrospective.objects.exists()


# --- the trail and two compared -----------------------------------------------------------------------------


def test_the_trail_has_sizes_by_hours_and_memory_where_it_is_known(
    alice: User, plan: Plan, curriculum: Catalogue
) -> None:
    make_session(alice, minutes=600, module_key="mindset")
    make_session(alice, minutes=100, module_key="garak")
    make_completion(alice, plan, curriculum)
    make_completion(alice, plan, curriculum, "garak", on=TODAY + timedelta(days=60))
    later, earlier = queries.trail(alice.pk, {"mindset": 0.856})
    assert (later.year, earlier.year) == (2027, 2026)
    assert (later.stones[0].size, later.stones[0].memory_percent) == (1, None)
    assert (earlier.stones[0].size, earlier.stones[0].memory_percent) == (5, 86)


def test_the_trail_says_what_each_milestone_took(web: Client, alice: User, completed: Completion) -> None:
    look_back_on(completed)
    page = text_of(web.get(reverse("milestones"))).replace("\N{NO-BREAK SPACE}", " ")
    assert "One milestone completed." in page
    assert "Thu 19 Nov 2026" in page
    assert "0 min, planned 10 h 45" in page
    assert "Confirmed" in page
    assert "chosen for the year" in page


def test_two_are_compared_by_their_records(
    web: Client, alice: User, plan: Plan, curriculum: Catalogue, completed: Completion
) -> None:
    address = reverse("compare-milestones", args=["mindset", "garak"])
    assert web.get(address).status_code == 404
    make_session(alice, minutes=120, module_key="garak")
    make_completion(alice, plan, curriculum, "garak")
    look_back_on(completed, "It leaked.")
    page = web.get(address).text
    assert "It leaked." in page
    assert "Nothing was answered." in page
    assert address in web.get(own("completion")).text
    assert web.get(reverse("compare-milestones", args=["mindset", "mindset"])).status_code == 404


def test_a_file_that_is_gone_is_said_to_be(
    web: Client, alice: User, plan: Plan, curriculum: Catalogue
) -> None:
    module = curriculum.module("mindset")
    back_all(alice, curriculum)
    actions.add_file(alice, module, module.criteria[0].key, "Report", "report.pdf", [b"%PDF-1.7 x"], now=NOW)
    actions.complete_milestone(alice, plan, module, now=NOW, on=TODAY)
    file = StoredFile.objects.get()
    address = reverse("stored-file", args=[file.pk])
    page = web.get(own("completion")).text
    assert address in page
    assert "not kept any more" not in page
    file.delete()
    page = web.get(own("completion")).text
    assert address not in page
    assert "report.pdf" in page
    assert file.sha256 in page
    assert "not kept any more" in page


@pytest.mark.parametrize("many", [1, 6])
def test_pages_ask_as_often_with_many_as_with_few(
    web: Client,
    alice: User,
    plan: Plan,
    curriculum: Catalogue,
    django_assert_max_num_queries: Any,
    many: int,
) -> None:
    for module in curriculum.modules_in(plan.track_key)[:many]:
        make_session(alice, module_key=module.key, activity_key=module.activities[0].key)
        look_back_on(make_completion(alice, plan, curriculum, module.key))
    for path, most in (
        (reverse("milestones"), 16),
        (own("completion"), 16),
        (reverse("year-in-review", args=[2026]), 26),
    ):
        web.get(path)
        with django_assert_max_num_queries(most):
            assert web.get(path).status_code == 200


def test_a_move_of_the_plan_keeps_the_numbers_of_the_record(
    web: Client, completed: Completion, plan: Plan
) -> None:
    before = web.get(own("completion")).text.count("Revision 1 of the curriculum")
    plans_actions.replan(plan, reason="Fewer", now=NOW, weekday_minutes=(0, 0, 0, 0, 0, 60, 0))
    assert before == web.get(own("completion")).text.count("Revision 1 of the curriculum") == 1
