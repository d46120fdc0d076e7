"""Layers of the ATLAS Navigator: what is written is one and reads back the same; what is no layer."""

import gzip
import json
import re
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curriculum.catalogue import Catalogue, Edition
from tests.fixtures.curriculum import load_test_curriculum
from tracker.coverage.rules import layer
from tracker.coverage.rules.layer import Layer, NotALayer, read_layer, written
from tracker.coverage.rules.levels import Level, Standing

COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
TACTIC = re.compile(r"[a-z]+(-[a-z]+)*")


@pytest.fixture
def atlas(curriculum: Catalogue) -> Edition:
    return curriculum.framework("mitre-atlas").editions[0]


def standing(topic: Any, level: Level) -> Standing:
    return Standing(topic, level, (), (), (), (), ())


def layer_of(edition: Edition, levels: dict[str, Level], **changes: Any) -> dict[str, Any]:
    found = {row.topic_id: standing(row, levels.get(row.topic_id, Level.UNTOUCHED)) for row in edition.topics}
    return {**written("Mine", edition, found, {"AML.T0051": "Because."}), **changes}


def faults(said: dict[str, Any]) -> list[str]:
    """What of the layer format 4.3, as the Navigator of ATLAS reads it, does not hold."""
    found = []
    if not (isinstance(said.get("name"), str) and said["name"]):
        found.append("name")
    if said.get("domain") != "atlas-atlas":
        found.append("domain")
    versions = said.get("versions", {})
    if versions.get("layer") != "4.3" or not re.fullmatch(r"\d+\.\d+(\.\d+)?", versions.get("navigator", "")):
        found.append("versions")
    if "attack" in versions:
        found.append("versions.attack is for ATT&CK")
    for row in said["techniques"]:
        if not re.fullmatch(r"AML\.T\d{4}(\.\d{3})?", row["techniqueID"]):
            found.append(row["techniqueID"])
        if "tactic" in row and not TACTIC.fullmatch(row["tactic"]):
            found.append(row["tactic"])
        if not isinstance(row["score"], int) or not isinstance(row.get("comment", ""), str):
            found.append(f"score or comment of {row['techniqueID']}")
        found += [
            name for name in ("enabled", "showSubtechniques") if not isinstance(row.get(name, True), bool)
        ]
    gradient = said["gradient"]
    if len(gradient["colors"]) < 2 or not all(map(COLOUR.fullmatch, gradient["colors"])):
        found.append("gradient")
    found += [row["label"] for row in said["legendItems"] if not COLOUR.fullmatch(row["color"])]
    found += [row["name"] for row in said["metadata"] if not isinstance(row["value"], str)]
    return found


def test_what_is_written_is_a_layer(atlas: Edition) -> None:
    said = layer_of(atlas, {"AML.T0015": Level.EVIDENCED})
    assert faults(said) == []
    rows = [row for row in said["techniques"] if row["techniqueID"] == "AML.T0015"]
    assert {row["tactic"] for row in rows} == {"initial-access", "defense-evasion", "impact"}
    assert {row["score"] for row in rows} == {3}
    assert {"name": "atlas_data_version", "value": "5.6.0"} in said["metadata"]
    assert (
        next(row for row in said["techniques"] if row["techniqueID"] == "AML.T0051")["comment"] == "Because."
    )
    techniques = {row.topic_id for row in atlas.topics if row.kind == "technique"}
    assert {row["techniqueID"] for row in said["techniques"]} == techniques


_KEPT: list[Edition] = []


@pytest.fixture(autouse=True)
def kept_edition(db: None) -> None:
    _KEPT[:] = [load_test_curriculum().framework("mitre-atlas").editions[0]]


@given(st.data())
def test_an_export_reads_back_as_the_same_levels(data: st.DataObject) -> None:
    (edition,) = _KEPT
    ids = [row.topic_id for row in edition.topics if row.kind == "technique"]
    levels = data.draw(
        st.dictionaries(st.sampled_from(ids), st.sampled_from(list(Level)[1:]), min_size=1), label="levels"
    )
    content = json.dumps(layer_of(edition, levels)).encode()
    assert read_layer(content, edition) == Layer("Mine", "5.6.0", levels, ())


def read(edition: Edition, *rows: dict[str, Any], **changes: Any) -> Layer:
    said = {"name": "Theirs", "domain": "atlas-atlas", "techniques": list(rows), **changes}
    return read_layer(json.dumps(said).encode(), edition)


def test_scores_are_read_by_their_place_on_the_gradient(atlas: Edition) -> None:
    def level(score: Any, **gradient: Any) -> Level | None:
        rows = ({"techniqueID": "AML.T0051", "score": score}, {"techniqueID": "AML.T0054", "score": 10**6})
        return read(atlas, *rows, **gradient).levels.get("AML.T0051")

    # Without a gradient the Navigator's own, from 0 to 100.
    assert [level(score) for score in (0, 1, 33, 34, 67, 100, 400, -5)] == [None, 1, 1, 2, 3, 3, 3, None]
    ten = {"gradient": {"colors": [], "minValue": 10, "maxValue": 40}}
    assert [level(score, **ten) for score in (10, 20, 20.5, 30, 40)] == [None, 1, 2, 2, 3]
    assert level("high") is None
    assert level(True) is None


def test_colour_is_studied_and_what_is_switched_off_is_nothing(atlas: Edition) -> None:
    found = read(
        atlas,
        {"techniqueID": "AML.T0051", "color": "#ff0000"},
        {"techniqueID": "AML.T0054", "score": 100, "enabled": False},
        {"techniqueID": "AML.T0015", "score": 40, "tactic": "impact"},
        {"techniqueID": "AML.T0015", "score": 90, "tactic": "initial-access"},
        {"techniqueID": "AML.T9999", "score": 100},
        {"techniqueID": "AML.TA0002", "score": 100},
    )
    assert found.levels == {"AML.T0051": Level.STUDIED, "AML.T0015": Level.EVIDENCED}
    assert found.unknown == ("AML.T9999", "AML.TA0002")


def deep(levels: int) -> bytes:
    return b'{"domain":"atlas-atlas","x":' + b"[" * levels + b"]" * levels + b"}"


ROW = {"techniqueID": "AML.T0051", "score": 100}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "This file is empty."),
        (b" \n", "This file is empty."),
        (b"PK\x03\x04...", "This is a zip archive or a spreadsheet."),
        (gzip.compress(b"{}"), "This is compressed with gzip."),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "This is HTML, SVG or XML."),
        (b"\xff\xfe{\x00}\x00", "This file is not text in UTF-8."),
        (b"not json", "This file is not JSON."),
        (b'{"domain": "atlas-atlas", "techniques": [{"score": NaN}]}', "This file is not JSON."),
        (b"9" * 5000, "This file is not JSON."),
        (b"[]", "This JSON is a list or a single value, no layer."),
        (b"3", "This JSON is a list or a single value, no layer."),
        (deep(100), "This JSON is nested too deeply to be a layer."),
        (deep(100_000), "This JSON is nested too deeply to be a layer."),
        (b"{" + b" " * layer.MAX_BYTES + b"}", "This file has 1,000,002 bytes, and a layer has at most"),
        (json.dumps({"type": "bundle", "objects": []}).encode(), "This is a STIX bundle"),
        (json.dumps({"format": "cairn-map/1"}).encode(), "This is the JSON of Cairn's API"),
        (
            json.dumps({"domain": "enterprise-attack", "techniques": []}).encode(),
            "This layer is of the domain enterprise-attack, not of ATLAS",
        ),
        (json.dumps({"domain": {}}).encode(), "This JSON is no layer"),
        (json.dumps({"domain": "atlas-atlas"}).encode(), "This layer names no technique."),
        (
            json.dumps({"domain": "atlas-atlas", "techniques": "all"}).encode(),
            "This layer names no technique.",
        ),
        (
            json.dumps({"domain": "atlas-atlas", "techniques": [ROW] * 5001}).encode(),
            "This layer has 5,001 rows",
        ),
        (
            json.dumps({"domain": "atlas-atlas", "techniques": [ROW, 3]}).encode(),
            "A row of this layer has no",
        ),
        (
            json.dumps({"domain": "atlas-atlas", "techniques": [{"techniqueID": ["x"]}]}).encode(),
            "A row of this layer has no",
        ),
        (
            json.dumps({"domain": "atlas-atlas", "techniques": [{**ROW, "score": 0}]}).encode(),
            "No technique of ATLAS 5.6.0 has a score above the lowest",
        ),
        (
            json.dumps(
                {"domain": "atlas-atlas", "techniques": [ROW], "gradient": {"minValue": 3, "maxValue": 3}}
            ).encode(),
            "The gradient of this layer ends at or below where it begins",
        ),
        (
            json.dumps(
                {
                    "domain": "atlas-atlas",
                    "techniques": [ROW],
                    "metadata": [{"name": "atlas_data_version", "value": "4.9.1"}],
                }
            ).encode(),
            "This layer is made for ATLAS 4.9.1, and this is the map of 5.6.0.",
        ),
    ],
    ids=range(26),
)
def test_what_is_no_layer_is_one_sentence(atlas: Edition, content: bytes, sentence: str) -> None:
    with pytest.raises(NotALayer) as refusal:
        read_layer(content, atlas)
    assert str(refusal.value).startswith(sentence)
    assert str(refusal.value).endswith(".")


@given(st.binary(max_size=60) | st.builds(json.dumps, st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=5) | st.just("atlas-atlas"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["domain", "techniques", "techniqueID", "score", "gradient", "metadata", "name"]),
        inner, max_size=5,
    ), max_leaves=12,
)).map(str.encode))  # fmt: skip
def test_any_file_is_read_or_refused(content: bytes) -> None:
    with suppress(NotALayer):
        assert read_layer(content, _KEPT[0]).levels
