"""The maps as pages and files: whose they are, what they say, what is refused, what they ask."""

import csv
import io
import json
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from curriculum import schema
from curriculum.catalogue import Catalogue
from curriculum.schema import edition_slug
from tests.api.programs import make_program
from tests.coverage.factories import make_claims, make_hand_in, make_run
from tests.coverage.test_layer import faults
from tests.fixtures.cast import NOW, TODAY, browser_of, make_learner, make_plan, make_session
from tests.fixtures.curriculum import real_content
from tests.fixtures.newer import forget_revisions, publish, without
from tracker.coverage.models import Claim
from tracker.coverage.rules import table
from tracker.people.models import User
from tracker.plans import actions as plans_actions

pytestmark = pytest.mark.usefixtures("now")
ATLAS = "/coverage/mitre-atlas/5.6.0/"
SCAN = "garak.run-six-families"


@pytest.fixture
def web(alice: User, curriculum: Catalogue) -> Client:
    make_plan(alice, curriculum)
    return browser_of(alice)


def levels(web: Client, path: str = ATLAS) -> dict[str, str]:
    """The level of every topic, as the CSV tells it."""
    text = web.get(f"{path}map.csv").content.decode("utf-8-sig")
    return {row["topic_id"]: row["level"] for row in csv.DictReader(io.StringIO(text))}


def all_maps(content: Catalogue) -> list[str]:
    return [
        reverse("map", args=[framework.key, edition_slug(edition.name)])
        for framework in content.frameworks
        for edition in framework.editions
    ]


def test_every_map_and_every_topic_of_it_is_there(web: Client, curriculum: Catalogue) -> None:
    text = web.get("/coverage/").text
    for path in all_maps(curriculum):
        assert f'href="{path}"' in text
        for more in ("", "?view=table", "?level=outside&next=1&module=garak", "map.csv", "map.svg"):
            assert web.get(path + more).status_code == 200, path + more
    for framework in curriculum.frameworks:
        edition = framework.editions[-1]
        for topic in edition.topics[:: max(1, len(edition.topics) // 6)]:
            place = [framework.key, edition_slug(edition.name), topic.topic_id]
            assert web.get(reverse("map-topic", args=place)).status_code == 200, place


def test_without_a_plan_the_maps_are_there_too(bob: User, curriculum: Catalogue) -> None:
    web = browser_of(bob)
    assert "0 of 170 techniques touched." in web.get(ATLAS).text
    assert web.get(f"{ATLAS}?next=1").status_code == 200
    assert "Taught by what is next" not in web.get(ATLAS).text


@pytest.mark.parametrize(
    "path",
    [
        "/coverage/no-such/",
        "/coverage/no-such/1/",
        "/coverage/mitre-atlas/9.9/",
        f"{ATLAS}AML.T9999/",
        f"{ATLAS}%00/",
        "/coverage/garak/0.17.1/layer.json",  # a layer is of ATLAS
    ],
)
def test_what_there_is_not_is_a_404(web: Client, path: str) -> None:
    assert web.get(path).status_code == 404


def test_a_level_stands_with_its_reasons_and_links(web: Client, alice: User, curriculum: Catalogue) -> None:
    run = make_run(alice, ("encoding.InjectBase64", 200, 256), tags={"encoding.InjectBase64": ["cwe:1"]})
    make_hand_in(alice)
    make_session(alice, module_key="garak", activity_key=SCAN, minutes=90)
    text = web.get(f"{ATLAS}AML.T0068/").text
    assert "Evidenced" in text
    assert f'href="{reverse("run", args=[run.pk])}"' in text
    assert f'href="{reverse("lab", args=["garak", "lab-scan"])}"' in text
    assert f'href="{reverse("curriculum-activity", args=["garak", "run-six-families"])}"' in text
    assert "our own reading" in text
    assert "handed in, 2 of 2 rules met" in text
    assert levels(web)["AML.T0068"] == "evidenced"


def test_a_technique_without_mitigation_is_said_to_be_the_frameworks_state(
    web: Client, curriculum: Catalogue
) -> None:
    edition = curriculum.framework("mitre-atlas").editions[0]
    tied = {name for topic in edition.topics for name in topic.relates}
    bare = next(row for row in edition.topics if row.kind == "technique" and row.topic_id not in tied)
    text = web.get(f"{ATLAS}{bare.topic_id}/").text
    assert "No mitigations, no case studies in MITRE ATLAS 5.6.0." in text.replace("\n", " ")
    assert "no gap of yours" in text
    # An edition whose case studies are not known says nothing of them.
    assert "case stud" not in web.get(f"/coverage/mitre-atlas/2026.09/{bare.topic_id}/").text


def test_charlie_sees_nothing_of_alices(web: Client, alice: User, charlie: User) -> None:
    make_run(alice, ("encoding.InjectBase64", 200, 256), target="alices-own-model")
    make_hand_in(alice)
    make_claims(alice, "alices-own-layer")
    assert "alices-own-model" in web.get(f"{ATLAS}AML.T0068/").text
    assert "alices-own-layer" in web.get(ATLAS).text
    theirs = browser_of(charlie)
    for path in (ATLAS, f"{ATLAS}AML.T0068/", f"{ATLAS}layer.json", f"{ATLAS}map.csv", "/coverage/"):
        assert "alices-own" not in theirs.get(path).content.decode(), path
    assert set(levels(theirs).values()) == {"untouched"}
    theirs.post(f"{ATLAS}claims/take-back/", {"source": "alices-own-layer"})
    assert Claim.objects.filter(learner=alice).exists()


def test_filters_by_module_level_and_what_is_next(web: Client, alice: User, curriculum: Catalogue) -> None:
    make_session(alice, module_key="garak", activity_key=SCAN)

    def shown(query: str) -> set[str]:
        text = web.get(f"{ATLAS}?view=table&{query}").text.partition("<tbody>")[2]
        edition = curriculum.framework("mitre-atlas").editions[0]
        return {row.topic_id for row in edition.topics if f'href="{ATLAS}{row.topic_id}/"' in text}

    taught = {
        cover.topic_id
        for cover in curriculum.module("garak").covers
        if (cover.framework, cover.edition) == ("mitre-atlas", "5.6.0")
    }
    assert shown("module=garak") == taught
    studied = {key for key, level in levels(web).items() if level == "studied"}
    assert shown("level=studied") == studied == shown("module=garak&level=studied")
    assert studied
    assert shown("level=nonsense&module=nonsense") == shown("")
    # A newer edition is taught by what teaches the one that it came from.
    newer = web.get("/coverage/mitre-atlas/2026.09/?view=table&module=garak").text.partition("<tbody>")[2]
    assert "AML.T0068" in newer
    upcoming = shown("next=1")
    assert upcoming < shown("")
    # The first activity of a fresh plan; once it is done, what is next is another.
    assert web.get(f"{ATLAS}?next=1").text.count("data-cell") < web.get(ATLAS).text.count("data-cell")


def test_what_was_done_in_an_older_revision_still_counts(alice: User, curriculum: Catalogue) -> None:
    plan = make_plan(alice, curriculum)
    plans_actions.mark_activity(alice, plan, SCAN, "done", content=curriculum, now=NOW, on=TODAY)
    web = browser_of(alice)
    before = levels(web)
    content = without(real_content(), {SCAN})
    gone = schema.RetiredKey(key=SCAN, kind="activity", reason="Two others have taken its place.")
    publish(replace(content, retired=(*content.retired, gone)))
    after = levels(web)
    forget_revisions()
    assert after == before
    assert "studied" in after.values()


# ---------------------------------------------------------------------------------------------- the ways out


def test_the_layer_is_valid_and_comes_back_as_claims(web: Client, alice: User, charlie: User) -> None:
    make_run(alice, ("encoding.InjectBase64", 200, 256))
    make_hand_in(alice, outcomes=("met", "claimed"))
    make_session(alice, module_key="atlas", activity_key="atlas.read-tactics")
    answer = web.get(f"{ATLAS}layer.json")
    assert answer["Content-Disposition"] == 'attachment; filename="cairn-mitre-atlas-5.6.0.layer.json"'
    said = json.loads(answer.content)
    assert faults(said) == []
    theirs = browser_of(charlie)
    sent = theirs.post(f"{ATLAS}claims/", {"layer": SimpleUploadedFile("layer.json", answer.content)})
    assert sent.status_code == 302
    techniques = {row["techniqueID"] for row in said["techniques"]}
    wanted = {key: word for key, word in levels(web).items() if word != "untouched" and key in techniques}
    claimed = {row.topic_id: row.level for row in Claim.objects.filter(learner=charlie)}
    assert claimed == {
        key: ("untouched", "studied", "practised", "evidenced").index(word) for key, word in wanted.items()
    }
    assert wanted
    # A claim is shown, and gives no level.
    assert set(levels(theirs).values()) == {"untouched"}
    assert "claimed evidenced" in theirs.get(f"{ATLAS}?level=claimed").text


def test_no_cell_of_the_csv_is_a_formula(web: Client) -> None:
    rows = list(csv.reader(io.StringIO(web.get(f"{ATLAS}map.csv").content.decode("utf-8-sig"))))
    assert rows[0] == list(table.COLUMNS)
    assert len(rows) == 279
    # A lab or a tool of such a name would begin the sentence with it.
    row = dict.fromkeys(table.COLUMNS, "") | {"name": "=1+1", "because": "@SUM(A1): handed in."}
    cells = list(csv.DictReader(io.StringIO(table.written([row]))))
    assert (cells[0]["name"], cells[0]["because"]) == ("'=1+1", "'@SUM(A1): handed in.")


def test_the_picture_is_well_formed_and_only_a_picture(
    web: Client, alice: User, curriculum: Catalogue
) -> None:
    make_hand_in(alice)
    for path in all_maps(curriculum):
        answer = web.get(f"{path}map.svg")
        assert answer["Content-Type"] == "image/svg+xml"
        root = ET.fromstring(answer.content)
        tags = {element.tag.rpartition("}")[2] for element in root.iter()}
        assert tags <= {"svg", "title", "desc", "rect", "text", "path", "ellipse"}
        assert not [name for element in root.iter() for name in element.attrib if name in {"style", "class"}]
        texts = [element for element in root.iter() if element.tag.endswith("text")]
        for element in texts:
            assert 0 <= float(element.get("x", -1)) < 1680
            assert 0 < float(element.get("y", -1)) < float(root.get("height", 0))


def test_the_api_says_what_the_page_says(web: Client, alice: User) -> None:
    make_run(alice, ("encoding.InjectBase64", 200, 256))
    make_claims(alice)
    said = make_program(alice, "read").get("/maps/mitre-atlas/5.6.0").json()
    assert {topic["id"]: topic["level"] for topic in said["topics"]} == levels(web)
    assert said["counts"]["evidenced"] == 1
    (topic,) = (row for row in said["topics"] if row["id"] == "AML.T0068")
    assert [(row["about"], row["level"]) for row in topic["reasons"]] == [("run", "evidenced")]
    (topic,) = (row for row in said["topics"] if row["id"] == "AML.T0051")
    assert topic["claims"] == [{"level": "practised", "source": "A layer", "on": "2026-11-19"}]
    assert make_program(alice, "read").get("/maps/mitre-atlas/9").status_code == 404
    assert make_program(alice, "read").get("/maps/nothing/5.6.0").status_code == 404


# ---------------------------------------------------------------------------------------------------- claims


def send(web: Client, content: bytes, name: str = "layer.json", path: str = ATLAS) -> Any:
    return web.post(f"{path}claims/", {"layer": SimpleUploadedFile(name, content)})


def test_a_layer_is_claimed_once_and_taken_back_whole(web: Client, alice: User) -> None:
    rows = [{"techniqueID": "AML.T0051", "score": 100}, {"techniqueID": "AML.T0054", "score": 20}]
    content = json.dumps({"name": "Team <b>x</b>", "domain": "atlas-atlas", "techniques": rows}).encode()
    for _ in range(2):
        assert send(web, content).status_code == 302
    assert Claim.objects.count() == 2
    text = web.get(ATLAS).text
    assert "Team &lt;b&gt;x&lt;/b&gt;" in text
    assert "claims two techniques" in text
    again = json.dumps({"name": "Team <b>x</b>", "domain": "atlas-atlas", "techniques": rows[:1]}).encode()
    send(web, again)
    assert Claim.objects.get().level == 3
    web.post(f"{ATLAS}claims/take-back/", {"source": "Team <b>x</b>"})
    assert not Claim.objects.exists()
    assert (
        "There was nothing to take back."
        in web.post(f"{ATLAS}claims/take-back/", {"source": "nobody's"}, follow=True).text
    )


@pytest.mark.parametrize(
    "content", [b"", b"\x00", b"[" * 100_000, b"<script>alert(1)</script>", b" " * 1_000_001]
)
def test_a_file_that_is_no_layer_is_refused_and_nothing_is_taken(web: Client, content: bytes) -> None:
    answer = send(web, content)
    assert answer.status_code == 422
    assert "Nothing of the layer was taken." in answer.text
    assert "Choose a layer" in answer.text or "a layer has at most" in answer.text
    assert not Claim.objects.exists()


def test_a_layer_of_another_place_is_refused(web: Client) -> None:
    assert send(web, b"{}", path="/coverage/garak/0.17.1/").status_code == 404
    assert web.post(f"{ATLAS}claims/", {"layer": "no file"}).status_code == 422
    assert web.post(f"{ATLAS}claims/take-back/", {"source": "\x00"}).status_code == 404


def test_there_is_an_end_of_layers(web: Client, alice: User) -> None:
    for number in range(20):
        make_claims(alice, f"Layer {number}")
    rows = [{"techniqueID": "AML.T0051", "score": 100}]
    one_more = json.dumps({"name": "One more", "domain": "atlas-atlas", "techniques": rows}).encode()
    answer = send(web, one_more)
    assert answer.status_code == 422
    assert "There are 20 layers here already." in answer.text
    assert Claim.objects.values("source").distinct().count() == 20


# ----------------------------------------------------------------------------------------------------- speed


def queries(web: Client, path: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert web.get(path).status_code == 200
    return len(captured)


def test_use_makes_no_map_ask_more(alice: User, curriculum: Catalogue) -> None:
    make_plan(alice, curriculum)
    web = browser_of(alice)
    paths = ["/coverage/", ATLAS, f"{ATLAS}?view=table", f"{ATLAS}AML.T0068/", f"{ATLAS}layer.json"]

    def use(times: int) -> None:
        for number in range(times):
            make_session(alice, module_key="garak", activity_key=SCAN)
            make_run(alice, *((f"encoding.Inject{at}", 1, 2) for at in range(5)), run_id=f"{times}-{number}")
            make_hand_in(alice)
            make_claims(alice, f"Layer {number}")

    use(1)
    for path in paths:
        web.get(path)
    few = {path: queries(web, path) for path in paths}
    use(8)
    assert {path: queries(web, path) for path in paths} == few
    assert max(few.values()) < 20


def test_two_learners_cost_the_same(alice: User, curriculum: Catalogue) -> None:
    """What other learners have is not read."""
    make_plan(alice, curriculum)
    web = browser_of(alice)
    web.get(ATLAS)
    before = queries(web, ATLAS)
    other = make_learner("Other")
    make_run(other, ("encoding.InjectBase64", 1, 2))
    assert queries(web, ATLAS) == before
    assert set(levels(web).values()) == {"untouched"}
