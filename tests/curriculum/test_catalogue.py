"""The catalogue: what it says, and how seldom it asks the database."""

import dataclasses
import hashlib
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from curriculum import catalogue as catalogues
from curriculum import models
from curriculum.catalogue import Catalogue, Cover, EvidenceFile, MapRow, NoCurriculum, UnknownRevision
from curriculum.loader import load, publish
from curriculum.reading import Content, read_content
from tests.curriculum import small_content as small
from tests.curriculum.small_content import make_folder
from tests.fixtures.curriculum import LOADED_AT, load_test_curriculum, real_content

MONDAY = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
BUILD_QUERIES = 21


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
        Cover("atlas", "2026", "T1.001", "Tampering with labels", ("basics.break-it",)),
        Cover("atlas", "1.1", "T1", "Tampering", ("basics.read-the-paper", "basics.break-it")),
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
    assert (lab.files, lab.tracks) == (
        (EvidenceFile("break.json", "json"),),
        frozenset({"breaker", "builder"}),
    )
    assert [rule.sentence for rule in lab.rules] == ["Accuracy falls below 0.5.", "It was mine."]
    assert lab.rules[0].compare is not None
    assert (lab.rules[0].compare.op, lab.rules[0].compare.value) == ("<", 0.5)
    assert dict(lab.variants) == {"builder": "One number is enough."}
    backed = catalogue.criterion("basics.proof-broken")
    assert (backed.lab_key, backed.artefact) == ("basics.lab-break", "")
    named = catalogue.criterion("basics.proof-note")
    assert (named.lab_key, named.artefact, named.tracks) == (None, "note", frozenset({"breaker"}))
    assert catalogue.question("basics.ask-why").answer == "Because x < y."
    assert catalogue.skills[0].targets["builder"] == 2
    assert [edition.name for edition in catalogue.frameworks[0].editions] == ["1.1", "2026"]
    framework = catalogue.frameworks[0]
    assert framework.editions[1].topics[2].parent == "T1"
    care = framework.editions[1].find_topic("M1")
    assert care is not None
    assert (care.relates, care.note, care.retired) == (("T1",), "Costs nothing", False)
    assert framework.maps[0].rows == (MapRow("T1", "T1", "same"),)
    assert [link.basis for link in catalogue.links_of("atlas", "1.1", "T1")] == ["ours"]
    assert catalogue.links_of("atlas", "2026", "T1") == catalogue.links_of("atlas", "1.1", "T1")
    assert framework.dates[0].applies_on == date(2027, 12, 2)
    assert [row.key for row in catalogue.taught("atlas", "1.1", "T1")] == [
        "basics.read-the-paper",
        "basics.break-it",
    ]
    assert catalogue.taught("atlas", "2026", "T1") == ()
    assert [row.asks for row in catalogue.role] == ["Break models", "Earn money"]
    assert activity.steps == ("Run it.", "Break it.", "Write the numbers down.")
    assert activity.text_since == MONDAY


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
@pytest.mark.parametrize("large", [False, True])
def test_the_number_of_queries_does_not_grow_with_the_curriculum(large: bool, tmp_path: Path) -> None:
    publish(real_content() if large else read_content(make_folder(tmp_path)), MONDAY)
    with CaptureQueriesContext(connection) as queries:
        catalogues.catalogue(1)
    assert len(queries) == BUILD_QUERIES


@pytest.mark.django_db
def test_a_new_revision_is_seen_without_a_restart_and_the_old_one_stays(tmp_path: Path) -> None:
    load(make_folder(tmp_path / "one"), MONDAY)
    old = catalogues.newest()
    load(make_folder(tmp_path / "two", basics=small.LONGER), MONDAY)
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
    for track in real_content().tracks:
        hours = sum(module.minutes.get(track.key, 0) for module in real_content().modules)
        assert catalogue.minutes_in(track.key) == hours
        assert catalogue.track(track.key).builds_on == track.builds_on
    assert [module.number for module in catalogue.modules_in("ai-security-engineer")] == list(range(1, 18))
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
        assert (seen.why, seen.primer) == (module.why, module.primer)
        assert [row.steps for row in seen.activities] == [row.steps for row in module.activities]
        assert [row.if_left_out for row in seen.activities] == [
            row.if_left_out or "" for row in module.activities
        ]
        assert [row.rules for row in seen.labs] == [row.evidence.rules for row in module.labs]


# -------------------------------------------------------------------- structure is pinned, prose is current

TUESDAY = datetime(2026, 1, 6, 9, 0, tzinfo=UTC)
WEDNESDAY = datetime(2026, 1, 7, 9, 0, tzinfo=UTC)
REWORDED = (
    small.LONGER.replace("goal: Break one thing.", "goal: Break one thing well.")
    .replace("why: Because *somebody* will.", "why: Because somebody did.")
    .replace("Everything, given time.", "All of it, given time.")
    .replace("summary: Keep the numbers.", "summary: Keep all numbers.")
    .replace("steps: [Run it., Break it.,", "steps: [Start it., Run it., Break it.,")
    .replace("done: The numbers are in the file.", "done: All numbers are in the file.")
    .replace("needs: A CPU.", "needs: Two CPUs.")
    .replace("setup: Nothing to set up.", "setup: Set it up.")
    .replace("safety: Break your own things.", "safety: Break only your own things.")
    .replace("hand_in: The file.", "hand_in: The file, whole.")
    .replace("builder: One number is enough.", "builder: One number is plenty.")
    .replace("prompt: Why?", "prompt: Why so?")
    .replace("answer: Because x < y.", "answer: Because y > x.")
    .replace("source: The paper", "source: The paper, page 2")
    .replace("https://papers.example.org/one", "https://papers.example.org/two")
    # Structure:
    .replace("title: Break it", "title: Break it all")
    .replace("value: 0.5", "value: 0.4")
    .replace("text: It is broken", "text: It is broken for good")
    .replace("checks: [basics.read-the-paper]", "checks: [basics.break-it]")
)


@pytest.fixture
def both(db: None, tmp_path: Path) -> tuple[Catalogue, Catalogue]:
    """Two revisions: the second has other words for everything, and asks for other things."""
    load(make_folder(tmp_path / "one"), MONDAY)
    load(make_folder(tmp_path / "two", basics=REWORDED), TUESDAY)
    return catalogues.catalogue(1), catalogues.catalogue(2)


def test_prose_is_that_of_the_newest_revision_and_says_since_when(both: tuple[Catalogue, Catalogue]) -> None:
    newest, current = both[1], catalogues.current(1)
    for kind, rows in (
        ("module", (current.module("basics"), newest.module("basics"))),
        ("activity", (current.activity("basics.break-it"), newest.activity("basics.break-it"))),
        ("lab", (current.lab("basics.lab-break"), newest.lab("basics.lab-break"))),
        ("question", (current.question("basics.ask-why"), newest.question("basics.ask-why"))),
    ):
        for name in catalogues.PROSE[kind]:
            assert getattr(rows[0], name) == getattr(rows[1], name), f"{kind}.{name}"
        assert rows[0].text_since == TUESDAY
    assert current.activity("basics.break-it").steps[0] == "Start it."
    assert [row.url for row in current.module("basics").resources] == ["https://papers.example.org/two"]


def test_structure_is_that_of_the_pinned_revision(both: tuple[Catalogue, Catalogue]) -> None:
    pinned, current = both[0], catalogues.current(1)
    assert (current.revision, current.loaded_at, current.tracks) == (1, MONDAY, pinned.tracks)
    assert current.minutes_in("breaker") == pinned.minutes_in("breaker") == 210
    for row in pinned.module("basics").activities:
        now = current.activity(row.key)
        assert (now.title, now.kind, now.minutes, now.needs, now.lab_key) == (
            row.title,
            row.kind,
            row.minutes,
            row.needs,
            row.lab_key,
        )
    lab = current.lab("basics.lab-break")
    assert (lab.rules, lab.files) == (pinned.lab(lab.key).rules, pinned.lab(lab.key).files)
    assert current.module("basics").criteria == pinned.module("basics").criteria
    assert current.question("basics.ask-why").checks == ("basics.read-the-paper",)
    assert current.taught("atlas", "1.1", "T1") == tuple(
        current.activity(row.key) for row in pinned.taught("atlas", "1.1", "T1")
    )


def test_every_field_is_either_prose_or_structure(both: tuple[Catalogue, Catalogue]) -> None:
    """What `PROSE` does not name stays as it was in the pinned revision, whatever field it is."""
    pinned, newest = both
    current = catalogues.current(1)
    found = (
        ("activity", current.activity, pinned.activity, newest.activity, "basics.break-it"),
        ("lab", current.lab, pinned.lab, newest.lab, "basics.lab-break"),
        ("question", current.question, pinned.question, newest.question, "basics.ask-why"),
    )
    for kind, now, then, today, key in found:
        for field in dataclasses.fields(now(key)):
            current_prose = field.name in (*catalogues.PROSE[kind], "text_since")
            expected = (today if current_prose else then)(key)
            assert getattr(now(key), field.name) == getattr(expected, field.name), f"{kind}.{field.name}"


def test_the_newest_revision_is_current_as_it_is(both: tuple[Catalogue, Catalogue]) -> None:
    assert catalogues.current(2) is both[1]


def test_what_is_current_costs_one_query(both: tuple[Catalogue, Catalogue]) -> None:
    catalogues.current(1)
    with CaptureQueriesContext(connection) as queries:
        assert catalogues.current(1) is catalogues.current(1)
    assert len(queries) == 2, "one for each call"


@pytest.mark.django_db
def test_a_key_that_is_gone_keeps_the_words_it_had(tmp_path: Path) -> None:
    load(make_folder(tmp_path / "one"), MONDAY)
    other = REWORDED.replace("basics.read-the-paper", "basics.read-the-map")
    retired = small.RETIRED.replace("read-the-paper", "read-the-map") + (
        "  - {key: basics.read-the-paper, kind: activity, reason: A map now.}\n"
    )
    load(make_folder(tmp_path / "two", basics=other, retired=retired), TUESDAY)
    row = catalogues.current(1).activity("basics.read-the-paper")
    assert (row.summary, row.text_since) == ("Read it twice.", MONDAY)
    assert catalogues.current(1).activity("basics.break-it").text_since == TUESDAY


@pytest.mark.django_db
def test_a_text_is_as_old_as_its_last_change_of_words(tmp_path: Path) -> None:
    load(make_folder(tmp_path / "one"), MONDAY)
    load(make_folder(tmp_path / "two", basics=small.LONGER), TUESDAY)
    reworded = small.LONGER.replace("summary: Keep the numbers.", "summary: Keep all numbers.")
    load(make_folder(tmp_path / "three", basics=reworded), WEDNESDAY)
    second, third = catalogues.catalogue(2), catalogues.catalogue(3)
    assert {row.text_since for module in second.modules for row in module.activities} == {MONDAY}
    assert second.activity("basics.read-the-paper").minutes == 90, "minutes are no words"
    since = {row.key: row.text_since for module in third.modules for row in module.activities}
    assert since == {
        "basics.read-the-paper": MONDAY,
        "basics.break-it": WEDNESDAY,
        "extra.go-further": MONDAY,
    }
    assert {module.text_since for module in third.modules} == {MONDAY}
    assert third.lab("basics.lab-break").text_since == MONDAY
    assert catalogues.current(1).activity("basics.break-it").text_since == WEDNESDAY


PAPER_DONE = "    done: You can say what it says.\n"
BREAK_DONE = "    done: The numbers are in the file.\n"


@pytest.mark.django_db
def test_what_is_lost_without_an_activity_is_said_where_it_may_be_left_out(tmp_path: Path) -> None:
    load(
        make_folder(
            tmp_path, basics=small.BASICS.replace(PAPER_DONE, f"{PAPER_DONE}    if_left_out: No paper.\n")
        ),
        MONDAY,
    )
    said = {row.key: row.if_left_out for row in catalogues.newest().module("basics").activities}
    assert said == {"basics.read-the-paper": "No paper.", "basics.break-it": ""}


@pytest.mark.django_db
def test_a_plan_on_an_earlier_revision_learns_what_may_be_left_out_and_no_text_gets_younger(
    tmp_path: Path,
) -> None:
    more = small.BASICS.replace(PAPER_DONE, f"{PAPER_DONE}    if_left_out: No paper.\n")
    other = more.replace("No paper.", "No paper read.")
    load(make_folder(tmp_path / "one"), MONDAY)
    load(make_folder(tmp_path / "two", basics=more), TUESDAY)
    assert catalogues.catalogue(1).activity("basics.read-the-paper").if_left_out == ""
    assert catalogues.current(1).activity("basics.read-the-paper").if_left_out == "No paper."
    load(make_folder(tmp_path / "three", basics=other), WEDNESDAY)
    for content in (catalogues.current(1), catalogues.current(2), catalogues.newest()):
        assert content.activity("basics.read-the-paper").if_left_out == "No paper read."
        since = {row.text_since for module in content.modules for row in module.activities}
        assert since == {MONDAY}, "what is explained reads as it did"
    load(make_folder(tmp_path / "four"), WEDNESDAY)
    assert catalogues.current(2).activity("basics.read-the-paper").if_left_out == ""


@pytest.mark.django_db
def test_an_activity_stays_where_its_lab_backs_a_criterion_of_the_pinned_revision(tmp_path: Path) -> None:
    load(make_folder(tmp_path / "one"), MONDAY)
    unproven = small.BASICS.replace("{lab: basics.lab-break}", "{artefact: a broken thing}")
    unproven = unproven.replace(BREAK_DONE, f"{BREAK_DONE}    if_left_out: Nothing broken.\n")
    load(make_folder(tmp_path / "two", basics=unproven), TUESDAY)
    assert catalogues.newest().activity("basics.break-it").if_left_out == "Nothing broken."
    assert catalogues.current(1).activity("basics.break-it").if_left_out == ""


@pytest.mark.django_db
def test_a_module_sees_the_resources_of_others_and_they_stay_at_home(tmp_path: Path) -> None:
    extra = small.EXTRA + "see_also: [basics.res-paper]\n"
    load(make_folder(tmp_path / "one", extra=extra), MONDAY)
    old = catalogues.catalogue(1)
    load(make_folder(tmp_path / "two", extra=extra, basics=REWORDED), TUESDAY)
    current = catalogues.current(1)
    for content, page in ((old, "one"), (current, "two"), (catalogues.newest(), "two")):
        urls = [row.url for row in content.resources_of(content.module("extra"))]
        assert urls == [f"https://papers.example.org/{page}"]
        assert content.module_of("basics.res-paper").key == "basics"


def test_rules_that_count_in_one_track_are_held_against_it_alone(db: None, tmp_path: Path) -> None:
    more = "        - {says: Nothing secret., no_secret: {}, tracks: [builder]}\n"
    load(
        make_folder(tmp_path, basics=small.BASICS.replace("        - attested", f"{more}        - attested")),
        MONDAY,
    )
    lab = catalogues.newest().lab("basics.lab-break")
    assert [rule.verb for rule in lab.rules_in("builder")] == ["compare", "no_secret", "attested"]
    assert [rule.verb for rule in lab.rules_in("breaker")] == ["compare", "attested"]


# ----------------------------------------------------------------------------------------- canonical content


def test_content_comes_back_from_its_canonical_text(tmp_path: Path) -> None:
    for content in (read_content(make_folder(tmp_path)), real_content()):
        canonical = content.canonical()
        said = sum(row.if_left_out is not None for module in content.modules for row in module.activities)
        assert canonical.count(b'"if_left_out"') == said, "where nothing is said the field is not there"
        again = Content.from_canonical(canonical.decode())
        assert again == content
        assert again.canonical() == canonical
        assert again.digest() == content.digest() == hashlib.sha256(canonical).hexdigest()


@pytest.mark.django_db
def test_the_digest_of_a_revision_is_that_of_the_text_kept_beside_it(tmp_path: Path) -> None:
    load(make_folder(tmp_path / "one"), MONDAY)
    load(make_folder(tmp_path / "two", basics=REWORDED), TUESDAY)
    kept = list(models.Revision.objects.order_by("number").values_list("digest", "canonical"))
    assert len({digest for digest, _ in kept}) == 2
    for digest, canonical in kept:
        assert hashlib.sha256(canonical.encode()).hexdigest() == digest
        assert Content.from_canonical(canonical).digest() == digest
