"""A newer revision of the curriculum: offered, never forced, and nothing finished is lost by moving."""

import json
from collections.abc import Iterator

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from curriculum.catalogue import Catalogue
from tests.fixtures.cast import NOW, TODAY, make_plan, make_session
from tests.fixtures.curriculum import real_content
from tests.fixtures.newer import (
    ADDED,
    MENDED,
    RETIRED,
    SENTENCE,
    content_without_track,
    forget_revisions,
    mended_content,
    newer_content,
    publish,
)
from tracker.people.models import User
from tracker.plans import actions, queries
from tracker.plans.models import Baseline, Mark, Plan, PlanChange

FULL, SHORTER, LEAD = "ai-security-engineer", "security-aware-mle", "t-shaped-lead"


@pytest.fixture(autouse=True)
def only_our_revisions() -> Iterator[None]:
    forget_revisions()
    yield
    forget_revisions()


def mark(learner: User, key: str, kind: str, content: Catalogue) -> None:
    plan = queries.active_plan(learner.pk)
    assert plan is not None
    actions.mark_activity(learner, plan, key, kind, content=content, now=NOW, on=TODAY)


def said_by(learner: User) -> dict[str, tuple[object, ...]]:
    """Every column of every mark that says something."""
    rows = Mark.objects.filter(learner=learner)
    return {
        row.activity_key: (row.kind, row.marked_on, row.marked_at, row.planned_minutes, row.revision)
        for row in rows
    }


def test_a_newer_revision_is_offered_as_soon_as_it_is_published(alice: User, curriculum: Catalogue) -> None:
    plan = make_plan(alice, curriculum)
    assert queries.newer_revision(plan) is None
    newest = publish(newer_content())
    offered = queries.newer_revision(plan)
    assert offered is not None
    assert offered.number == newest.revision == curriculum.revision + 1
    assert offered.changes.sentence == SENTENCE
    assert {row.key for row in offered.changes.added} == set(ADDED)
    assert [row.key for row in offered.changes.retired] == [RETIRED]
    # The track of the shorter road has one of the two.
    other = make_plan(alice, curriculum, track_key=SHORTER)
    offered = queries.newer_revision(other)
    assert offered is not None
    assert [row.key for row in offered.changes.added] == [ADDED[0]]


def test_other_words_alone_are_no_newer_curriculum(alice: User, curriculum: Catalogue) -> None:
    plan = make_plan(alice, curriculum)
    publish(mended_content())
    assert queries.newer_revision(plan) is None


def test_a_plan_on_the_newest_is_offered_nothing(alice: User, curriculum: Catalogue) -> None:
    newest = publish(newer_content())
    assert queries.newer_revision(make_plan(alice, newest)) is None


def test_going_back_to_an_older_text_moves_nobody(alice: User, curriculum: Catalogue) -> None:
    plan = make_plan(alice, curriculum)
    publish(mended_content())
    back = publish(real_content())
    assert back.revision == curriculum.revision + 2
    assert queries.newer_revision(plan) is None, "what is to be done is the same"


def test_what_is_finished_keeps_counting(alice: User, curriculum: Catalogue) -> None:
    plan = make_plan(alice, curriculum)
    mark(alice, MENDED, "done", curriculum)
    mark(alice, RETIRED, "done", curriculum)
    mark(alice, "mindset.read-two-cases", "known", curriculum)
    make_session(alice, minutes=50, activity_key=RETIRED, module_key="mindset")
    before, marks = queries.standing(alice.pk, TODAY), said_by(alice)
    newest = publish(newer_content())
    assert queries.standing(alice.pk, TODAY).progress == before.progress, "publishing alone moves nothing"
    assert actions.move_to_revision(plan, newest, now=NOW)
    after = queries.standing(alice.pk, TODAY)
    assert after.plan is not None
    assert after.plan.revision == newest.revision
    assert said_by(alice) == marks
    done = sum(curriculum.activity(key).minutes for key in (MENDED, RETIRED))
    known = curriculum.activity("mindset.read-two-cases").minutes
    assert after.progress.done_minutes == before.progress.done_minutes == done
    assert after.progress.known_minutes == before.progress.known_minutes == known
    # The retired one was done before, so what was added comes on top whole.
    assert after.progress.open_minutes == before.progress.open_minutes + 150
    assert after.progress.percent == done * 100 // (before.progress.plan_minutes + 150)
    assert after.logged_minutes == before.logged_minutes == 50


def test_what_was_open_and_is_retired_is_asked_no_more(alice: User, curriculum: Catalogue) -> None:
    plan = make_plan(alice, curriculum)
    before = queries.standing(alice.pk, TODAY)
    actions.move_to_revision(plan, publish(newer_content()), now=NOW)
    after = queries.standing(alice.pk, TODAY)
    assert (
        after.progress.open_minutes
        == before.progress.open_minutes + 150 - curriculum.activity(RETIRED).minutes
    )
    open_keys = {row.key for row in queries.open_work(_plan_of(alice), {}, {})}
    assert RETIRED not in open_keys
    assert set(ADDED) <= open_keys


def _plan_of(learner: User) -> Plan:
    plan = queries.active_plan(learner.pk)
    assert plan is not None
    return plan


def test_a_move_is_kept_in_the_history_once(alice: User, curriculum: Catalogue) -> None:
    plan = make_plan(alice, curriculum)
    layout = list(Baseline.objects.filter(plan=plan).order_by("pk").values())
    newest = publish(newer_content())
    assert actions.move_to_revision(plan, newest, now=NOW)
    assert not actions.move_to_revision(plan, newest, now=NOW)
    change = PlanChange.objects.filter(plan=plan).exclude(reason="Plan made").get()
    assert change.reason == f"Curriculum revision 1 to 2: {SENTENCE}"
    assert change.changed_at == NOW
    before, after = json.loads(change.before), json.loads(change.after)
    assert (before.pop("revision"), after.pop("revision")) == (1, 2)
    assert before.pop("agreed") != after.pop("agreed"), "it asks for more, so it ends later"
    assert before == after
    assert change.after == actions.canonical_inputs(_plan_of(alice))
    assert list(Baseline.objects.filter(plan=plan).order_by("pk").values()) == layout


def test_nobody_else_is_moved(alice: User, charlie: User, curriculum: Catalogue) -> None:
    make_plan(charlie, curriculum)
    mark(charlie, RETIRED, "done", curriculum)
    theirs, marks = queries.standing(charlie.pk, TODAY), said_by(charlie)
    plan = make_plan(alice, curriculum)
    actions.move_to_revision(plan, publish(newer_content()), now=NOW)
    after = queries.standing(charlie.pk, TODAY)
    assert after.plan is not None
    assert after.plan.revision == curriculum.revision
    assert (after.progress, after.finish_on, said_by(charlie)) == (theirs.progress, theirs.finish_on, marks)
    assert PlanChange.objects.filter(plan__learner=charlie).count() == 1


def test_a_track_that_is_gone_is_neither_offered_nor_moved_to(alice: User, curriculum: Catalogue) -> None:
    plan = make_plan(alice, curriculum, track_key=LEAD)
    newest = publish(content_without_track(LEAD))
    assert queries.newer_revision(plan) is None
    with pytest.raises(actions.TrackIsGone, match=LEAD):
        actions.move_to_revision(plan, newest, now=NOW)
    assert _plan_of(alice).revision == curriculum.revision
    assert PlanChange.objects.filter(plan=plan).count() == 1


@pytest.mark.parametrize("other", [FULL, LEAD])
def test_known_stays_known_in_another_track(alice: User, curriculum: Catalogue, other: str) -> None:
    make_plan(alice, curriculum, track_key=SHORTER, known_modules=["mindset", "garak"])
    mark(alice, "stride.read-ml-threats", "done", curriculum)
    first, marks = queries.standing(alice.pk, TODAY), said_by(alice)
    assert first.progress.known_minutes > 0
    plan = make_plan(alice, curriculum, track_key=other)
    found = queries.standing(alice.pk, TODAY)
    assert said_by(alice) == marks
    shared = {key for key in marks if other in curriculum.activity(key).needs}
    assert found.progress.known_minutes == sum(
        curriculum.activity(key).minutes for key in shared if marks[key][0] == "known"
    )
    assert (
        not {row.key for row in queries.open_work(plan, queries.marks_of([alice.pk])[alice.pk], {})} & shared
    )
    # And back: what counted there counts again.
    make_plan(alice, curriculum, track_key=SHORTER)
    assert queries.standing(alice.pk, TODAY).progress == first.progress


def test_known_stays_known_in_a_newer_revision(alice: User, curriculum: Catalogue) -> None:
    plan = make_plan(alice, curriculum, known_modules=["mindset"])
    before = queries.standing(alice.pk, TODAY).progress
    actions.move_to_revision(plan, publish(newer_content()), now=NOW)
    after = queries.standing(alice.pk, TODAY).progress
    # The retired one is neither done nor known nor to do: it was never done.
    assert after.known_minutes == before.known_minutes - curriculum.activity(RETIRED).minutes
    assert after.open_minutes == before.open_minutes + 150


def test_asking_for_a_newer_revision_is_one_query(alice: User, curriculum: Catalogue) -> None:
    plan = make_plan(alice, curriculum)
    publish(newer_content())
    queries.newer_revision(plan)
    with CaptureQueriesContext(connection) as captured:
        assert queries.newer_revision(plan) is not None
    assert len(captured) == 1
