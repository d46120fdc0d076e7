"""Loading: idempotent, all or nothing, and never a change of what is published."""

import ast
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.apps import apps
from django.core import serializers
from django.db import IntegrityError, connections, transaction
from django.db.models import Model

import curriculum
from curriculum import catalogue, loader, models
from curriculum.loader import LoadResult, add_edition, load, used_topics
from curriculum.reading import ContentError
from curriculum.schema import Edition, Topic
from tests.curriculum import small_content as small
from tests.curriculum.small_content import make_folder
from tests.fixtures.curriculum import load_test_curriculum, real_content

MONDAY = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
TUESDAY = datetime(2026, 1, 6, 9, 0, tzinfo=UTC)


def rows() -> str:
    """Every row of the package, as text."""
    return "\n".join(
        serializers.serialize("json", model._default_manager.order_by("pk"))
        for model in apps.get_app_config("curriculum").get_models()
    )


@pytest.mark.django_db
def test_loading_twice_changes_nothing(tmp_path: Path) -> None:
    folder = make_folder(tmp_path)
    assert load(folder, MONDAY) == LoadResult(revision_number=1, created=True, modules=2, activities=3)
    before = rows()
    assert load(folder, TUESDAY) == LoadResult(revision_number=1, created=False, modules=2, activities=3)
    assert rows() == before
    assert models.Revision.objects.get().loaded_at == MONDAY


@pytest.mark.django_db
def test_changed_content_is_a_new_revision_and_the_old_one_stays(tmp_path: Path) -> None:
    load(make_folder(tmp_path / "one"), MONDAY)
    before = {model: set(model._default_manager.values_list("pk", flat=True)) for model in package_models()}
    old = {model: old_rows(model, pks) for model, pks in before.items()}
    changed = make_folder(tmp_path / "two", basics=small.LONGER)
    assert load(changed, TUESDAY) == LoadResult(revision_number=2, created=True, modules=2, activities=3)
    assert {model: old_rows(model, pks) for model, pks in before.items()} == old
    assert sorted(models.Activity.objects.values_list("minutes", flat=True)) == [30, 30, 60, 90, 120, 120]


@pytest.mark.django_db
def test_going_back_to_earlier_content_is_a_new_revision(tmp_path: Path) -> None:
    first = make_folder(tmp_path / "one")
    second = make_folder(tmp_path / "two", basics=small.LONGER)
    assert [load(folder, MONDAY).revision_number for folder in (first, second, first, first)] == [1, 2, 3, 3]


@pytest.mark.django_db
def test_a_bad_file_refuses_the_whole_with_every_reason(tmp_path: Path) -> None:
    load(make_folder(tmp_path / "good"), MONDAY)
    before = rows()
    bad = make_folder(
        tmp_path / "bad",
        basics=small.BASICS.replace("minutes: 60", "minutes: 0"),
        extra=small.EXTRA.replace("kind: write", "kind: dream"),
    )
    with pytest.raises(ContentError) as caught:
        load(bad, TUESDAY)
    assert [problem.path for problem in caught.value.problems] == [
        "activities[0].minutes",
        "activities[0].kind",
    ]
    assert rows() == before


@pytest.mark.django_db
def test_a_fault_in_the_middle_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object) -> None:
        raise RuntimeError("the power went off")

    monkeypatch.setattr(loader, "_insert_milestones", fail)
    with pytest.raises(RuntimeError, match="power"):
        load(make_folder(tmp_path), MONDAY)
    assert rows().replace("[]", "").strip() == ""


@pytest.mark.django_db
def test_a_fault_of_our_own_is_not_taken_for_a_race(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object) -> None:
        raise IntegrityError("a constraint that no race explains")

    monkeypatch.setattr(loader, "_insert_milestones", fail)
    with pytest.raises(IntegrityError, match="no race"):
        load(make_folder(tmp_path), MONDAY)


def test_a_moment_without_a_zone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="zone"):
        load(make_folder(tmp_path), datetime(2026, 1, 5, 9, 0))


@pytest.mark.django_db
def test_the_database_itself_refuses_a_key_of_two_kinds(tmp_path: Path) -> None:
    load(make_folder(tmp_path), MONDAY)
    revision = models.Revision.objects.get()
    assert models.PermanentKey.objects.filter(revision=revision).count() == 12
    with pytest.raises(IntegrityError), transaction.atomic():
        models.PermanentKey.objects.create(revision=revision, key="basics.lab-break", kind="question")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("model", "change"),
    [
        (models.Activity, {"minutes": 4}),
        (models.Activity, {"minutes": 1201}),
        (models.Activity, {"kind": "dream"}),
        (models.ActivityTrack, {"need": "maybe"}),
        (models.Criterion, {"artefact": "as well"}),
        (models.Topic, {"kind": "rumour"}),
        (models.Skill, {"kind": "loss"}),
        (models.Resource, {"kind": "film"}),
        (models.Revision, {"number": 0}),
    ],
)
def test_the_database_itself_refuses_values_out_of_range(
    tmp_path: Path, model: type[Model], change: dict[str, object]
) -> None:
    load(make_folder(tmp_path), MONDAY)
    first = model._default_manager.order_by("pk").values_list("pk", flat=True)[0]
    with pytest.raises(IntegrityError), transaction.atomic():
        model._default_manager.filter(pk=first).update(**change)


@pytest.mark.django_db
def test_the_real_curriculum_loads() -> None:
    assert load_test_curriculum().revision == 1
    assert models.Activity.objects.count() == real_content().activity_count()


def test_no_code_of_the_package_changes_a_row() -> None:
    """A published revision is only ever inserted: nothing in the package updates, saves or deletes rows."""
    changing = {
        "save",
        "update",
        "delete",
        "bulk_update",
        "update_or_create",
        "get_or_create",
        "raw",
        "execute",
    }
    package = Path(curriculum.__file__).parent
    looked_at = 0
    for path in package.rglob("*.py"):
        if "migrations" in path.parts:
            continue
        tree = ast.parse(path.read_text())
        # Only what can reach rows: a set is updated too.
        imported = {
            alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names
        }
        if not imported & {"models", "connection", "connections"}:
            continue
        looked_at += 1
        called = {
            node.func.attr
            for node in ast.walk(tree)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        }
        assert not called & changing, f"{path.name} calls {called & changing}"
    assert looked_at >= 3, "models, loader and catalogue"


# ---------------------------------------------------------------------------------------- keys that are gone


@pytest.mark.django_db
def test_a_published_key_that_is_gone_refuses_the_load_though_no_file_records_it(tmp_path: Path) -> None:
    load(make_folder(tmp_path / "one"), MONDAY)
    before = rows()
    other = small.BASICS.replace("basics.ask-why", "basics.ask-what")
    with pytest.raises(ContentError) as caught:
        load(make_folder(tmp_path / "two", basics=other, published=None), TUESDAY)
    assert [str(problem) for problem in caught.value.problems] == [
        "revision 1: the question 'basics.ask-why' was published and is gone; "
        "list it in retired.yaml or put it back"
    ]
    assert rows() == before
    retired = small.RETIRED + "  - {key: basics.ask-why, kind: question, reason: Too plain.}\n"
    result = load(make_folder(tmp_path / "three", basics=other, retired=retired), TUESDAY)
    assert (result.revision_number, result.created) == (2, True)
    found = models.RetiredKey.objects.filter(revision__number=2).values_list("key", "kind", "successor")
    assert set(found) == {
        ("basics.read-the-book", "activity", "basics.read-the-paper"),
        ("basics.ask-why", "question", ""),
    }


@pytest.mark.django_db
def test_a_key_that_changes_its_kind_refuses_the_load(tmp_path: Path) -> None:
    load(make_folder(tmp_path / "one"), MONDAY)
    swapped = small.BASICS.replace("basics.ask-why", "basics.res-paper").replace(
        "key: basics.res-paper\n    title", "key: basics.ask-why\n    title"
    )
    with pytest.raises(ContentError, match=r"'basics\.ask-why' was published as question"):
        load(make_folder(tmp_path / "two", basics=swapped), TUESDAY)


@pytest.mark.django_db
def test_a_retired_key_is_not_forgotten_and_used_again(tmp_path: Path) -> None:
    load(make_folder(tmp_path / "one"), MONDAY)
    reused = small.BASICS.replace("basics.ask-why", "basics.read-the-book")
    retired = "retired:\n  - {key: basics.ask-why, kind: question, reason: Too plain.}\n"
    folder = make_folder(tmp_path / "two", basics=reused, retired=retired, published=None)
    with pytest.raises(ContentError, match=r"'basics\.read-the-book'"):
        load(folder, TUESDAY)
    assert models.Revision.objects.count() == 1


# ---------------------------------------------------------------------------------------- imported editions


def edition(name: str, *topics: str) -> Edition:
    rows = tuple(Topic(id=topic, name=f"Topic {topic}", kind="technique") for topic in topics)
    return Edition(edition=name, title=f"Edition {name}", topics=rows)


def editions_now() -> list[str]:
    return [row.name for row in catalogue.newest().framework("atlas").editions]


@pytest.fixture
def one(db: None, tmp_path: Path) -> Path:
    """The small content, published, and its folder."""
    catalogue.forget()
    folder = make_folder(tmp_path / "one")
    load(folder, MONDAY)
    return folder


def test_an_edition_is_added_in_a_new_revision_and_the_old_one_stays(one: Path) -> None:
    before = {model: set(model._default_manager.values_list("pk", flat=True)) for model in package_models()}
    old = {model: old_rows(model, pks) for model, pks in before.items()}
    assert add_edition("atlas", edition("2027", "T1", "T9"), TUESDAY) == LoadResult(2, True, 2, 3)
    assert editions_now() == ["1.1", "2026", "2027"]
    found = catalogue.newest().framework("atlas").find_edition("2027")
    assert found is not None
    assert [row.topic_id for row in found.topics] == ["T1", "T9"]
    assert {model: old_rows(model, pks) for model, pks in before.items()} == old
    assert models.ImportedEdition.objects.get().imported_at == TUESDAY


def test_the_same_edition_twice_changes_nothing(one: Path) -> None:
    add_edition("atlas", edition("2027", "T1"), TUESDAY)
    before = rows()
    assert add_edition("atlas", edition("2027", "T1"), TUESDAY) == LoadResult(2, False, 2, 3)
    assert rows() == before


def test_an_edition_takes_its_place_among_the_others(one: Path) -> None:
    add_edition("atlas", edition("1.5", "T1"), TUESDAY)
    add_edition("atlas", edition("1.10", "T1"), TUESDAY)
    assert editions_now() == ["1.1", "1.5", "1.10", "2026"]


def test_an_edition_of_a_name_that_is_there_takes_its_place(one: Path) -> None:
    add_edition("atlas", edition("2027", "T1"), TUESDAY)
    assert add_edition("atlas", edition("2027", "T1", "T2"), TUESDAY).revision_number == 3
    assert editions_now() == ["1.1", "2026", "2027"]
    found = catalogue.newest().framework("atlas").find_edition("2027")
    assert found is not None
    assert len(found.topics) == 2


def test_a_later_load_keeps_the_editions_that_were_imported(one: Path, tmp_path: Path) -> None:
    add_edition("atlas", edition("2027", "T1"), TUESDAY)
    assert load(one, TUESDAY) == LoadResult(2, False, 2, 3), "loading the files again changes nothing"
    load(make_folder(tmp_path / "two", basics=small.LONGER), TUESDAY)
    assert catalogue.newest_revision() == 3
    assert editions_now() == ["1.1", "2026", "2027"]
    assert catalogue.newest().activity("basics.read-the-paper").minutes == 90


def test_a_framework_that_the_content_no_longer_has_is_left_alone(one: Path, tmp_path: Path) -> None:
    add_edition("atlas", edition("2027", "T1"), TUESDAY)
    text = small.FRAMEWORK.replace("atlas", "map")
    folder = make_folder(tmp_path / "two", atlas=None, basics=small.BASICS.replace("atlas", "map"))
    (folder / "frameworks" / "map.yaml").write_text(text)
    load(folder, TUESDAY)
    assert [row.key for row in catalogue.newest().frameworks] == ["map"]


def test_an_edition_of_nothing_is_refused(one: Path) -> None:
    before = rows()
    with pytest.raises(KeyError):
        add_edition("map", edition("2027", "T1"), TUESDAY)
    assert rows() == before


@pytest.mark.django_db
def test_an_edition_needs_a_curriculum_to_be_added_to() -> None:
    with pytest.raises(catalogue.NoCurriculum):
        add_edition("atlas", edition("2027", "T1"), TUESDAY)
    assert not models.ImportedEdition.objects.exists()


def test_topics_in_use_are_those_that_a_module_of_any_revision_covers(one: Path, tmp_path: Path) -> None:
    assert used_topics("atlas") == {"T1", "T1.001"}
    assert used_topics("map") == frozenset()
    fewer = small.BASICS.replace(
        "  - {framework: atlas, edition: 2026, topic: T1.001, taught_in: [basics.break-it]}\n", ""
    )
    load(make_folder(tmp_path / "two", basics=fewer), TUESDAY)
    assert used_topics("atlas") == {"T1", "T1.001"}


# ------------------------------------------------------------------------------------------- two at a time


def at_the_same_time(calls: list[Callable[[], LoadResult]]) -> list[LoadResult]:
    """Run each call in a thread with a connection of its own; every one must end within a minute."""
    results: list[LoadResult] = []
    failures: list[BaseException] = []

    def run(call: Callable[[], LoadResult]) -> None:
        try:
            results.append(call())
        except BaseException as error:
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
        assert not thread.is_alive()
    assert not failures, failures
    return results


@pytest.fixture
def both_look_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let both loads look for the digest before either inserts: the race at its worst."""
    look = loader._number_of
    barrier = threading.Barrier(2)
    looked = threading.local()

    def look_together(digest: str) -> int | None:
        found = look(digest)
        if not getattr(looked, "once", False):
            looked.once = True
            barrier.wait(timeout=30)
        return found

    monkeypatch.setattr(loader, "_number_of", look_together)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("both_look_first")
def test_two_loads_of_the_same_content_make_one_revision(tmp_path: Path) -> None:
    folder = make_folder(tmp_path)
    results = at_the_same_time([lambda: load(folder, MONDAY), lambda: load(folder, TUESDAY)])
    assert sorted((result.revision_number, result.created) for result in results) == [(1, False), (1, True)]
    assert models.Revision.objects.count() == 1
    assert models.Activity.objects.count() == 3


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("both_look_first")
def test_two_loads_of_different_content_make_two_revisions(tmp_path: Path) -> None:
    one = make_folder(tmp_path / "one")
    two = make_folder(tmp_path / "two", basics=small.LONGER)
    results = at_the_same_time([lambda: load(one, MONDAY), lambda: load(two, TUESDAY)])
    assert sorted((result.revision_number, result.created) for result in results) == [(1, True), (2, True)]
    assert models.Activity.objects.count() == 6


def package_models() -> list[type[Model]]:
    return list(apps.get_app_config("curriculum").get_models())


def old_rows(model: type[Model], pks: set[int]) -> str:
    return str(serializers.serialize("json", model._default_manager.filter(pk__in=pks).order_by("pk")))
