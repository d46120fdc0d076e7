"""The frozen record: what it holds, that every format reads, and that nothing later changes a byte of it."""

import json
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from curriculum.catalogue import Catalogue
from tests.evidence.factories import make_artefact, make_hand_in
from tests.fixtures import newer
from tests.fixtures.cast import NOW, TODAY, make_plan, make_session
from tests.milestones.factories import TRACK, back_all, make_completion
from tracker.evidence import actions as evidence_actions
from tracker.evidence.models import Artefact, HandIn, StoredFile
from tracker.evidence.rules.judge import Judged
from tracker.journal import actions as journal_actions
from tracker.journal.actions import Entry
from tracker.journal.models import StudySession
from tracker.milestones import actions, queries
from tracker.milestones.models import Completion, CriterionTick
from tracker.milestones.rules import snapshot as snapshots
from tracker.people.models import User
from tracker.plans import actions as plans_actions
from tracker.plans.models import Plan

OLDEST = {
    "module": "mindset",
    "title": "Mindset",
    "milestone": "Ready",
    "track": TRACK,
    "revision": 1,
    "planned": {"minutes": 60, "first_on": "2026-10-05", "last_on": "2026-10-11"},
    "real": {"minutes": 90, "sessions": 2, "first_on": None, "last_on": "2026-11-19", "confidence": 4.0},
    "criteria": [{"key": "mindset.proof", "text": "Read.", "link": "", "note": "Read.", "ticked_at": None}],
    "editions": ["MITRE ATLAS 5.6.0"],
}


def test_the_oldest_format_reads_as_claimed() -> None:
    shot = snapshots.read(json.dumps(OLDEST))
    assert (shot.format, shot.state, shot.evidenced, shot.evidence_count) == (1, "claimed", 0, 0)
    assert shot.planned == snapshots.Span(60, date(2026, 10, 5), date(2026, 10, 11))
    assert (shot.planned.weeks, shot.real.weeks) == (1, None)
    assert (shot.percent_of_plan, shot.days_late) == (150, 39)


def test_a_record_with_nothing_in_it_still_reads() -> None:
    shot = snapshots.read("{}")
    assert (shot.title, shot.criteria, shot.percent_of_plan, shot.days_late) == ("", (), None, None)


def test_the_same_values_give_the_same_bytes() -> None:
    assert snapshots.write({"b": 1, "a": "é"}) == '{"a":"é","b":1,"format":2}'


def evidenced(learner: User, plan: Plan, content: Catalogue) -> Completion:
    """The garak milestone with its labs handed in, claimed rules, files and words."""
    garak = content.module("garak")
    make_session(learner, minutes=90, module_key="garak", confidence=4)
    for lab in garak.labs:
        rules = lab.rules_in(TRACK)
        judged = tuple(Judged(rule.sentence, "met", "") for rule in rules[1:])
        make_hand_in(learner, lab.key, outcomes=(Judged(rules[0].sentence, "missing", "no such"), *judged))
        evidence_actions.state_rule(learner, lab.key, rules[0].sentence, "By hand.", NOW)
    back_all(learner, content, "garak")
    make_artefact(learner, garak.criteria[0].key, "The report")
    return actions.complete_milestone(learner, plan, garak, now=NOW, on=TODAY)


def test_it_holds_lab_files_artefacts_hashes_and_the_moment(alice: User, curriculum: Catalogue) -> None:
    completed = evidenced(alice, make_plan(alice, curriculum), curriculum)
    said = json.loads(completed.snapshot)
    assert (said["format"], said["number"], said["completed_at"]) == (2, 1, NOW.isoformat())
    shot = snapshots.read(completed.snapshot)
    kept = set(StoredFile.objects.filter(learner=alice).values_list("name", "sha256"))
    assert {(file.name, file.sha256) for file in shot.files()} <= kept
    assert len({file.sha256 for file in shot.files()}) >= 2
    assert {row.state for row in shot.criteria} == {"evidenced", "claimed"}
    lab = next(row.lab for row in shot.criteria if row.lab)
    assert (lab.outcome, lab.lines[0].outcome, lab.lines[0].note) == ("claimed", "claimed", "By hand.")
    assert shot.editions


class Later:
    """What can happen after a completion, each act by its name. An act that is refused is one too."""

    def __init__(self, learner: User, plan: Plan, content: Catalogue, newest: Catalogue) -> None:
        self.learner, self.plan, self.content, self.newest = learner, plan, content, newest
        self.now = NOW

    def correct_journal(self) -> None:
        for session in StudySession.objects.filter(learner=self.learner, deleted_at__isnull=True)[:1]:
            entry = Entry(session.minutes + 5, TODAY, note="More.")
            journal_actions.correct_session(session, entry, now=self.now)

    def log_more(self) -> None:
        make_session(self.learner, minutes=10, module_key="garak")

    def delete_evidence(self) -> None:
        StoredFile.objects.filter(learner=self.learner).delete()

    def remove_artefact(self) -> None:
        for artefact in Artefact.objects.filter(learner=self.learner)[:1]:
            evidence_actions.remove_artefact(artefact)

    def delete_hand_ins(self) -> None:
        HandIn.objects.filter(learner=self.learner).delete()

    def take_back_statement(self) -> None:
        for lab in self.content.module("garak").labs:
            evidence_actions.take_back_statement(self.learner, lab.key, lab.rules_in(TRACK)[0].sentence)

    def untick(self) -> None:
        garak = self.content.module("garak")
        key = garak.criteria_in(TRACK)[-1].key
        try:
            actions.untick_criterion(self.learner, garak, key)
        except actions.MilestoneIsCompleted:
            assert CriterionTick.objects.filter(criterion_key=key).exists()

    def change_plan(self) -> None:
        plans_actions.replan(
            self.plan, reason="More hours", now=self.now, weekday_minutes=(120, 0, 0, 0, 0, 0, 60)
        )

    def move_revision(self) -> None:
        plans_actions.move_to_revision(self.plan, self.newest, now=self.now)
        self.plan.refresh_from_db()

    def reopen(self) -> None:
        actions.reopen_milestone(self.learner, "garak", now=self.now)

    def complete(self) -> None:
        if not Completion.objects.filter(learner=self.learner, reopened_at__isnull=True).exists():
            back_all(self.learner, self.content, "garak", note=f"At {self.now}")
        actions.complete_milestone(
            self.learner, self.plan, self.content.module("garak"), now=self.now, on=TODAY
        )

    def look_back(self) -> None:
        for completion in Completion.objects.filter(learner=self.learner):
            actions.add_to_retrospective(completion, "Later.", now=self.now, on=TODAY)
            actions.star_retrospective(completion, is_starred=True)

    def confirm(self) -> None:
        for completion in Completion.objects.filter(learner=self.learner, reopened_at__isnull=True):
            actions.confirm_milestone(completion, name="Bob", note="", now=self.now)


ACTS = sorted(name for name in vars(Later) if not name.startswith("_"))


def frozen_rows(learner: User) -> dict[int, tuple[Any, ...]]:
    rows = Completion.objects.filter(learner=learner)
    return {
        row[0]: row
        for row in rows.values_list(
            "pk", "module_key", "number", "track_key", "revision", "completed_on", "completed_at", "snapshot"
        )
    }


def test_no_later_act_changes_a_record(alice: User, curriculum: Catalogue) -> None:
    """Whatever is done afterwards, in whatever order: every record keeps its bytes, and none goes."""
    plan = make_plan(alice, curriculum)
    evidenced(alice, plan, curriculum)
    newest = newer.publish(newer.newer_content())

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(st.sampled_from(ACTS), min_size=1, max_size=12))
    def check(acts: list[str]) -> None:
        with transaction.atomic():
            later = Later(alice, Plan.objects.get(pk=plan.pk), curriculum, newest)
            known = frozen_rows(alice)
            with CaptureQueriesContext(connection) as asked:
                for act in acts:
                    later.now += timedelta(hours=1)
                    getattr(later, act)()
                    after = frozen_rows(alice)
                    assert {pk: after.get(pk) for pk in known} == known, act
                    known = after
            written = [
                query["sql"]
                for query in asked.captured_queries
                if query["sql"].startswith('UPDATE "milestones_completion"')
            ]
            assert all('SET "reopened_at"' in sql and '"snapshot"' not in sql for sql in written)
            numbers = Completion.objects.filter(learner=alice).order_by("number")
            assert list(numbers.values_list("number", flat=True)) == list(range(1, len(known) + 1))
            assert numbers.filter(reopened_at__isnull=True).count() <= 1
            transaction.set_rollback(True)

    try:
        check()
    finally:
        newer.forget_revisions()


@pytest.mark.parametrize(
    "change",
    [{"snapshot": "{}"}, {"completed_on": TODAY - timedelta(days=1)}, {"number": 7}, {"revision": 9}],
    ids=lambda change: next(iter(change)),
)
def test_the_database_itself_refuses_to_change_a_record(
    alice: User, curriculum: Catalogue, change: dict[str, Any]
) -> None:
    completed = make_completion(alice, make_plan(alice, curriculum), curriculum)
    with pytest.raises(DatabaseError, match="record is frozen"), transaction.atomic():
        Completion.objects.filter(pk=completed.pk).update(**change)
    assert Completion.objects.get().snapshot == completed.snapshot


def test_an_account_that_goes_takes_its_records_along(alice: User, curriculum: Catalogue) -> None:
    make_completion(alice, make_plan(alice, curriculum), curriculum)
    alice.delete()
    assert not Completion.objects.exists()


def test_a_record_names_a_file_that_is_gone_by_name_and_hash(alice: User, curriculum: Catalogue) -> None:
    evidenced(alice, make_plan(alice, curriculum), curriculum)
    (record,) = queries.records_of(alice.pk, "garak")
    named = {file.sha256 for file in record.snapshot.files()}
    assert set(queries.kept_files(alice.pk, record)) == named
    StoredFile.objects.filter(learner=alice).delete()
    assert queries.kept_files(alice.pk, record) == {}
    assert {file.sha256 for file in queries.records_of(alice.pk, "garak")[0].snapshot.files()} == named
