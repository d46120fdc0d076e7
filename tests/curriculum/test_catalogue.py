"""The catalogue: what it says, and how seldom it asks the database."""

import dataclasses
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from curriculum import catalogue as catalogues
from curriculum.catalogue import Catalogue, Cover, NoCurriculum, UnknownRevision
from curriculum.loader import load
from tests.curriculum import small_content as small
from tests.curriculum.small_content import make_folder
from tests.fixtures.curriculum import LOADED_AT, load_test_curriculum, real_content

MONDAY = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
BUILD_QUERIES = 17


@pytest.fixture(autouse=True)
def _nothing_kept() -> Iterator[None]:
    catalogues.forget()
    yield
    catalogues.forget()


@pytest.fixture
def catalogue(db: None, tmp_path: Path) -> Catalogue:
    load(make_folder(tmp_path), MONDAY)
    return catalogues.newest()


@pytest.mark.django_db
def test_nothing_loaded_is_said() -> None:
    with pytest.raises(NoCurriculum, match="load_curriculum"):
        catalogues.newest_revision()
    with pytest.raises(UnknownRevision, match="revision 1"):
        catalogues.catalogue(1)


@pytest.mark.django_db
def test_an_unknown_revision_is_asked_for_again(tmp_path: Path) -> None:
    with pytest.raises(UnknownRevision):
        catalogues.catalogue(1)
    load(make_folder(tmp_path), MONDAY)
    assert catalogues.catalogue(1).revision == 1


def test_a_catalogue_says_what_the_files_say(catalogue: Catalogue) -> None:
    assert (catalogue.revision, catalogue.loaded_at, catalogue.title) == (1, MONDAY, "A small curriculum")
    basics = catalogue.module("basics")
    assert (basics.number, basics.goal, basics.milestone_key) == (1, "Break one thing.", "basics.milestone")
    assert basics.covers == (
        Cover("atlas", "2026", "T1.001", "Tampering with labels"),
        Cover("atlas", "1.1", "T1", "Tampering"),
    )
    assert catalogue.module("extra").prerequisites == ("basics",)
    assert catalogue.module("extra").learner_scoped
    activity = catalogue.activity("basics.break-it")
    assert (activity.minutes, activity.kind, activity.lab_key, activity.module_key) == (
        120,
        "practise",
        "basics.lab-break",
        "basics",
    )
    assert dict(activity.needs) == {"breaker": "required", "builder": "optional"}
    lab = catalogue.lab("basics.lab-break")
    assert (lab.files, lab.rules, lab.tracks) == (
        ("break.json",),
        ("Accuracy falls below 0.5",),
        frozenset({"breaker", "builder"}),
    )
    assert dict(lab.variants) == {"builder": "One number is enough."}
    backed = catalogue.criterion("basics.proof-broken")
    assert (backed.lab_key, backed.artefact) == ("basics.lab-break", "")
    named = catalogue.criterion("basics.proof-note")
    assert (named.lab_key, named.artefact, named.tracks) == (None, "note", frozenset({"breaker"}))
    assert catalogue.question("basics.ask-why").answer == "Because x < y."
    assert catalogue.skills[0].targets["builder"] == 2
    assert [edition.name for edition in catalogue.frameworks[0].editions] == ["1.1", "2026"]
    assert catalogue.frameworks[0].editions[1].topics[2].parent == "T1"


def test_a_track_sees_its_own_activities_and_minutes(catalogue: Catalogue) -> None:
    basics, extra = catalogue.modules_in("builder")
    assert [row.key for row in basics.activities_in("builder")] == [
        "basics.read-the-paper",
        "basics.break-it",
    ]
    assert [row.key for row in basics.required_in("builder")] == ["basics.read-the-paper"]
    assert (basics.minutes_in("builder"), basics.minutes_in("breaker")) == (60, 180)
    assert (extra.required_in("builder"), extra.minutes_in("builder")) == ((), 0)
    assert [row.key for row in basics.criteria_in("builder")] == ["basics.proof-broken"]
    assert [row.key for row in basics.labs_in("builder")] == ["basics.lab-break"]
    assert basics.required_labs_in("builder") == ()
    assert [row.key for row in basics.required_labs_in("breaker")] == ["basics.lab-break"]
    assert catalogue.track("builder").module_keys == ("basics", "extra")
    assert catalogue.track("builder").elective_keys == ("extra",)
    assert (catalogue.minutes_in("builder"), catalogue.minutes_in("breaker")) == (60, 210)
    assert basics.activities_in("nobody") == ()


def test_unknown_keys_are_key_errors(catalogue: Catalogue) -> None:
    assert catalogue.find_activity("basics.gone") is None
    for find in (
        catalogue.activity,
        catalogue.module,
        catalogue.track,
        catalogue.lab,
        catalogue.criterion,
        catalogue.question,
        catalogue.module_of,
        catalogue.modules_in,
        catalogue.minutes_in,
    ):
        with pytest.raises(KeyError):
            find("basics.gone")


def test_the_home_of_every_kind_of_key(catalogue: Catalogue) -> None:
    for key in ("break-it", "lab-break", "ask-why", "proof-note", "res-paper", "milestone"):
        assert catalogue.module_of(f"basics.{key}").key == "basics"


def test_values_cannot_be_changed(catalogue: Catalogue) -> None:
    activity = catalogue.activity("basics.break-it")
    with pytest.raises(dataclasses.FrozenInstanceError):
        activity.minutes = 1  # type: ignore[misc]
    with pytest.raises(TypeError):
        activity.needs["breaker"] = "optional"  # type: ignore[index]
    assert len(set(catalogue.modules)) == 2, "values can stand in sets"


def test_what_was_read_once_costs_no_query(catalogue: Catalogue) -> None:
    with CaptureQueriesContext(connection) as queries:
        assert catalogues.catalogue(1) is catalogue
    assert len(queries) == 0
    with CaptureQueriesContext(connection) as queries:
        assert catalogues.newest() is catalogue
    assert len(queries) == 1
    with CaptureQueriesContext(connection) as queries:
        for activity in catalogue.module("basics").activities:
            assert catalogue.activity(activity.key) is activity
            assert catalogue.find_activity(activity.key) is activity
    assert len(queries) == 0


@pytest.mark.django_db
def test_the_number_of_queries_does_not_grow_with_the_curriculum(tmp_path: Path) -> None:
    load(make_folder(tmp_path), MONDAY)
    load_test_curriculum()
    catalogues.forget()
    counts = {}
    for revision in (1, 2):
        with CaptureQueriesContext(connection) as queries:
            catalogues.catalogue(revision)
        counts[revision] = len(queries)
    assert counts == {1: BUILD_QUERIES, 2: BUILD_QUERIES}


@pytest.mark.django_db
def test_a_new_revision_is_seen_without_a_restart_and_the_old_one_stays(tmp_path: Path) -> None:
    load(make_folder(tmp_path / "one"), MONDAY)
    old = catalogues.newest()
    load(make_folder(tmp_path / "two", basics=small.BASICS.replace("minutes: 60", "minutes: 90")), MONDAY)
    assert catalogues.newest().activity("basics.read-the-paper").minutes == 90
    assert catalogues.catalogue(1) is old
    assert old.activity("basics.read-the-paper").minutes == 60
    with CaptureQueriesContext(connection):
        catalogues.forget()
        assert catalogues.catalogue(1) == old, "read again, it says the same"


@pytest.mark.django_db
def test_the_real_curriculum_as_a_catalogue() -> None:
    catalogue = load_test_curriculum()
    assert catalogue.loaded_at == LOADED_AT
    assert catalogue.minutes_in("ai-security-engineer") == 21_600
    assert catalogue.minutes_in("security-aware-mle") == 12_480
    assert [module.number for module in catalogue.modules_in("ai-security-engineer")] == list(range(1, 17))
    content = real_content()
    for module in content.modules:
        seen = catalogue.module(module.key)
        assert [row.key for row in seen.activities] == [row.key for row in module.activities]
        assert [row.key for row in seen.criteria] == [row.key for row in module.milestone.criteria]
        assert [row.key for row in seen.labs] == [row.key for row in module.labs]
        assert [row.key for row in seen.questions] == [row.key for row in module.questions]
        assert [row.url for row in seen.resources] == [row.url for row in module.resources]
        assert [(row.framework, row.edition, row.topic_id) for row in seen.covers] == [
            (row.framework, row.edition, row.topic) for row in module.covers
        ]
        assert seen.prerequisites == module.prerequisites
