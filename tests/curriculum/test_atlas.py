"""Reading MITRE's published file in both formats, comparing editions, and import_atlas."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import call_command
from django.db import OperationalError
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from curriculum import catalogue, loader, models
from curriculum.atlas import (
    KEY,
    SUCCESSORS,
    AtlasFile,
    Moved,
    NotAtlas,
    Renamed,
    Retired,
    compare,
    counted,
    read_atlas,
    release_order,
    with_kept,
)
from curriculum.foreign_yaml import read
from curriculum.framework_file import rendered
from curriculum.plain_yaml import parse_document, read_document
from curriculum.schema import Edition, Framework, Topic
from tests.curriculum import small_content as small
from tests.fixtures.curriculum import LOADED_AT

HERE = Path(__file__).parent / "atlas"
FIVE = (HERE / "five.yaml").read_bytes()
SIX = (HERE / "six.yaml").read_bytes()


def topics_of(content: bytes) -> dict[str, Topic]:
    return {topic.id: topic for topic in read_atlas(content).edition.topics}


# ------------------------------------------------------------------------------------------ both formats


def test_format_5_as_published() -> None:
    file = read_atlas(FIVE)
    topics = topics_of(FIVE)
    assert (file.edition.edition, file.format) == ("5.6.0", "5.x")
    assert list(topics) == [
        "AML.TA0002",
        "AML.TA0003",
        "AML.TA0006",
        "AML.TA0001",
        "AML.T0005",
        "AML.T0019",
        "AML.T0020",
        "AML.T0043",
        "AML.T0043.001",
        "AML.T0043.002",
        "AML.M0004",
        "AML.M0007",
        "AML.CS0002",
    ]
    below = topics["AML.T0043.001"]
    assert (below.parent, below.groups, below.note) == (
        "AML.T0043",
        ("AML.TA0001",),
        "maturity: demonstrated",
    )
    assert (topics["AML.T0043.002"].parent, topics["AML.T0043.002"].note) == ("AML.T0043", None)
    assert topics["AML.T0020"].groups == ("AML.TA0003", "AML.TA0006")
    assert topics["AML.M0004"].relates == ("AML.T0043.001", "AML.T0043", "AML.T0005")
    assert topics["AML.CS0002"].relates == ("AML.T0043", "AML.T0020")
    assert topics["AML.CS0002"].note == "incident, 2020"


def test_the_slips_of_the_published_files_are_named() -> None:
    assert read_atlas(FIVE).defects == (
        "AML.M0004: a row for AML.T0005 stands in ml-lifecycle; taken as a technique of it",
        "AML.M0004: names AML.T0043.001 twice",
    )
    assert read_atlas(SIX).defects == ()


def test_format_6_as_published() -> None:
    file = read_atlas(SIX)
    topics = topics_of(SIX)
    assert (file.edition.edition, file.format) == ("2026.09", "6.0.0")
    assert [key for key in topics if key.startswith("AML.TA")] == [
        "AML.TA0002",
        "AML.TA0003",
        "AML.TA0001",
        "AML.TA0006",
    ]
    below = topics["AML.T0115.000"]
    assert (below.parent, below.groups, below.note) == (
        "AML.T0115",
        ("AML.TA0003",),
        "maturity: demonstrated",
    )
    assert topics["AML.M0004"].relates == ("AML.T0005", "AML.T0043.001")
    assert topics["AML.CS0002"].relates == ("AML.T0043", "AML.T0020")
    assert (topics["AML.CS0002"].note, topics["AML.CS0064"].note) == (
        "incident, 2020",
        "exercise, 2026-08-11",
    )
    assert counted(file.edition) == (
        "4 tactics, 4 techniques, 3 sub-techniques, 2 mitigations, 2 case studies"
    )


@cache
def whole_edition() -> Edition:
    """ATLAS 5.6.0 as the curriculum holds it: 278 topics."""
    folder = loader.CONTENT
    framework = Framework.model_validate(read_document(folder, f"frameworks/{KEY}.yaml").data)
    return framework.editions[0]


def as_format_5(edition: Edition) -> dict[str, Any]:
    """An edition in the shape of the files up to 5.6: sub-techniques name no tactics."""
    sections: dict[str, list[dict[str, Any]]] = {kind: [] for kind in ("tactic", "technique", "mitigation")}
    studies = []
    for topic in edition.topics:
        row: dict[str, Any] = {"id": topic.id, "name": topic.name, "object-type": topic.kind}
        if topic.kind == "technique":
            row |= {"subtechnique-of": topic.parent} if topic.parent else {"tactics": list(topic.groups)}
            if topic.note:
                row["maturity"] = topic.note.removeprefix("maturity: ")
        if topic.kind == "mitigation":
            row["techniques"] = [{"id": key, "use": "So."} for key in topic.relates]
        if topic.kind == "case-study":
            row["procedure"] = [{"tactic": "AML.TA0002", "technique": key} for key in topic.relates]
            row |= dict(
                zip(("case-study-type", "incident-date"), (topic.note or "").split(", "), strict=True)
            )
            studies.append(row)
        else:
            sections[topic.kind].append(row)
    matrix = {
        "id": "ATLAS",
        "tactics": sections["tactic"],
        "techniques": sections["technique"],
        "mitigations": sections["mitigation"],
    }
    return {"id": "ATLAS", "version": edition.edition, "matrices": [matrix], "case-studies": studies}


def as_format_6(edition: Edition) -> dict[str, Any]:
    """An edition in the shape of format 6, with every list turned round: order is told by numbers alone."""
    names = {
        "tactic": "tactics",
        "technique": "techniques",
        "mitigation": "mitigations",
        "case-study": "case-studies",
    }
    data: dict[str, Any] = {name: {} for name in names.values()}
    ties: dict[str, dict[str, list[dict[str, Any]]]] = {}

    def tie(source: str, kind: str, target: str, **more: Any) -> None:
        row = {"source": source, "target": target, "relationship-type": kind, **more}
        ties.setdefault(source, {}).setdefault(kind, []).append(row)

    for place, topic in enumerate(edition.topics, start=1):
        row: dict[str, Any] = {"id": topic.id, "name": topic.name, "object-type": topic.kind}
        if topic.kind == "tactic":
            tie("ATLAS-matrix", "sequences", topic.id, position=place)
        if topic.kind == "technique" and topic.note:
            row["maturity"] = topic.note.removeprefix("maturity: ").title()
        if topic.kind == "case-study":
            row |= dict(zip(("type", "date"), (topic.note or "").split(", "), strict=True))
        for group in topic.groups:
            tie(topic.id, "achieves", group)
        if topic.parent:
            tie(topic.id, "specializes", topic.parent)
        for step, other in enumerate(topic.relates):
            if topic.kind == "mitigation":
                tie(topic.id, "mitigates", other)
            else:
                tie(topic.id, "employs", other, **{"step-id": f"S{step:02}", "leads-to": []})
        data[names[topic.kind]][topic.id] = row
    for kinds in ties.values():
        for kind in ("sequences", "employs"):
            kinds.get(kind, []).reverse()
    return {
        "format-version": "6.0.0",
        "collection": {"id": "ATLAS-collection", "version": edition.edition},
        **data,
        "relationships": ties,
    }


@pytest.mark.parametrize("shape", [as_format_5, as_format_6])
def test_a_whole_edition_survives_both_formats(shape: Callable[[Edition], dict[str, Any]]) -> None:
    edition = whole_edition()
    file = read_atlas(yaml.safe_dump(shape(edition), sort_keys=False).encode())
    assert file.edition.topics == edition.topics
    assert file.defects == ()
    assert counted(file.edition) == (
        "16 tactics, 101 techniques, 69 sub-techniques, 35 mitigations, 57 case studies"
    )


def changed(content: bytes, change: Callable[[dict[str, Any]], object]) -> bytes:
    data = yaml.safe_load(content)
    change(data)
    return yaml.safe_dump(data, sort_keys=False).encode()


def _lists(data: dict[str, Any]) -> None:
    for name in ("tactics", "techniques", "mitigations", "case-studies"):
        data[name] = list(data[name].values())


def _underscores(data: dict[str, Any]) -> None:
    for row in data["case-studies"].values():
        row["date_granularity"] = row.pop("date-granularity")
    data["case_studies"] = data.pop("case-studies")
    data["format_version"] = data.pop("format-version")
    for kinds in data["relationships"].values():
        for rows in kinds.values():
            for row in rows:
                row["relationship_type"] = row.pop("relationship-type")


def _without_ids(data: dict[str, Any]) -> None:
    for name in ("tactics", "techniques", "mitigations", "case-studies"):
        for row in data[name].values():
            del row["id"]


def _flat_ties(data: dict[str, Any]) -> None:
    data["relationships"] = [
        row for kinds in data["relationships"].values() for rows in kinds.values() for row in rows
    ]


def _ties_by_kind(data: dict[str, Any]) -> None:
    by_kind: dict[str, list[Any]] = {}
    for kinds in data["relationships"].values():
        for kind, rows in kinds.items():
            by_kind.setdefault(kind, []).extend(rows)
    data["relationships"] = by_kind


def _more(data: dict[str, Any]) -> None:
    data["licence"] = {"name": "Apache-2.0"}
    data["relationships"]["AML.CS0002"] |= {"name": "A poisoned collection", "target": "Somebody"}
    data["relationships"]["AML.T0005"]["resembles"] = [{"source": "AML.T0005", "target": "T9999"}]
    data["techniques"]["AML.T0005"]["deprecated"] = False


@pytest.mark.parametrize(
    "change", [_lists, _underscores, _without_ids, _flat_ties, _ties_by_kind, _more], ids=lambda f: f.__name__
)
def test_other_spellings_of_format_6_read_the_same(change: Callable[[dict[str, Any]], None]) -> None:
    file = read_atlas(changed(SIX, change))
    assert file.edition == read_atlas(SIX).edition
    assert file.defects == ()


def _without_matrix(data: dict[str, Any]) -> None:
    data |= data.pop("matrices")[0] | {"id": "ATLAS"}


def _maps(data: dict[str, Any]) -> None:
    for name, rows in list(data["matrices"][0].items()):
        if isinstance(rows, list):
            data["matrices"][0][name] = {row["id"]: row for row in rows}


@pytest.mark.parametrize("change", [_without_matrix, _maps], ids=lambda f: f.__name__)
def test_other_spellings_of_format_5_read_the_same(change: Callable[[dict[str, Any]], None]) -> None:
    assert read_atlas(changed(FIVE, change)).edition.topics == read_atlas(FIVE).edition.topics


def test_aliases_are_followed() -> None:
    text = FIVE.decode().replace("tactics: [AML.TA0001], maturity: realized", "tactics: &one [AML.TA0001]")
    text = text.replace("tactics: [AML.TA0003], maturity: demonstrated", "tactics: *one")
    assert topics_of(text.encode())["AML.T0019"].groups == ("AML.TA0001",)


@pytest.mark.parametrize(
    ("written", "read"), [("5.10", "5.10"), ("'4.9'", "4.9"), ("v4.7.1", "4.7.1"), ("2026.10", "2026.10")]
)
def test_a_version_stays_as_it_is_typed(written: str, read: str) -> None:
    content = FIVE.replace(b"version: 5.6.0", f"version: {written}".encode())
    assert read_atlas(content).edition.edition == read


def test_a_release_before_5_has_its_own_format() -> None:
    content = FIVE.replace(b"version: 5.6.0", b"version: 4.5.2").replace(b"ml-lifecycle", b"ML-lifecycle")
    file = read_atlas(content)
    assert (file.edition.edition, file.format) == ("4.5.2", "4.x")
    assert file.edition.topics == read_atlas(FIVE).edition.topics
    assert len(file.defects) == 2


@pytest.mark.parametrize("content", [FIVE, SIX])
@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"\n", b"\r\n"),
        (b"\n", b"\r"),
        (b"# Written", b"\xef\xbb\xbf# Written"),
        (b"# Written", b"# This version is deprecated.\n# Written"),
        (b"# Written", b"%YAML 1.1\n---\n# Written"),
    ],
    ids=["line ends of Windows", "of an old Mac", "a mark of UTF-8", "a remark", "a directive"],
)
def test_how_a_file_was_saved_changes_nothing(content: bytes, old: bytes, new: bytes) -> None:
    if new.startswith(b"%"):
        content = content.replace(b"\n---\n", b"\n")
    assert read_atlas(content.replace(old, new)) == read_atlas(content)
    assert read_atlas(content.replace(old, new) + b"...\n") == read_atlas(content)


@pytest.mark.parametrize("content", [FIVE, SIX])
@pytest.mark.parametrize("indent", [None, 2, "\t"])
def test_the_same_data_as_json_reads_the_same(content: bytes, indent: int | str | None) -> None:
    data = yaml.safe_load(content)
    # Outside the first 65,536 characters, JSON writes one as two escapes.
    data["description"] = "\U0001f600 \\ud83d"
    text = json.dumps(data, default=str, indent=indent)
    assert r"\ud83d\ude00 \\ud83d" in text
    assert read_atlas(text.encode()) == read_atlas(content)
    halved = text.replace(r"\ude00", "")
    assert read_atlas(halved.encode()) == read_atlas(content)


def test_a_template_in_the_text_of_a_study_is_only_text() -> None:
    shown = b"summary: 'It answered {{ user.id }} and left out !include here.'"
    content = FIVE.replace(b"summary: Nobody reported it.", shown)
    assert shown in content
    assert read_atlas(content) == read_atlas(FIVE)


def test_a_file_that_was_cut_off_is_told() -> None:
    # Inside its last study a cut leaves valid YAML.
    cut = FIVE[: FIVE.index(b"  procedure:")].rstrip()
    assert read_atlas(cut).defects[0] == "the last line has no end: the file may have been cut off"


# ------------------------------------------------------------------------------------ slips, named not fatal


@pytest.mark.parametrize(
    ("old", "new", "defect"),
    [
        (
            "subtechnique-of: AML.T0043, ",
            "",
            "AML.T0043.001: does not say what it is a part of; AML.T0043 was",
        ),
        (
            "subtechnique-of: AML.T0043,",
            "subtechnique-of: AML.T9999,",
            "AML.T0043.001: the technique it is a",
        ),
        (
            "subtechnique-of: AML.T0043,",
            "subtechnique-of: AML.T0043.001,",
            "AML.T0043.001: is a part of itself",
        ),
        ("id: AML.T0043.002", "id: AML.T0044.002", ""),
        (
            "id: AML.T0043.002, name",
            "id: AML.T0043.001, name",
            "AML.T0043.001: stands twice; the first was taken",
        ),
        (
            "technique: AML.T0020",
            "technique: AML.T0999",
            "AML.CS0002: the technique 'AML.T0999' is not in the",
        ),
        ("tactics: [AML.TA0003],", "tactics: [AML.TA0099],", "AML.T0019: the tactic 'AML.TA0099' is not in"),
        ("tactics: [AML.TA0003],", "tactics: [AML.TA0099],", "AML.T0019: stands under no tactic"),
        ("id: AML.T0019,", "id: AML.TA0019,", "AML.TA0019: stands among the techniques; taken as a tactic"),
        ("id: AML.T0019,", "id: T1234,", "T1234: not an id of the usual form for a technique"),
        ("id: AML.T0019,", "id: AML/T0019,", "techniques: 'AML/T0019' left out, Value error, expected an id"),
        ("id: AML.TA0006,", "id: AML/TA0006,", "tactics: 'AML/TA0006' left out, Value error, expected an id"),
        ("{id: AML.T0019, ", "{", "techniques: an object without an id was left out ('Publish Poisoned Data"),
        ("name: Publish Poisoned Datasets,", "", "AML.T0019: has no name; its id stands in its place"),
        ("Publish Poisoned Datasets", "x" * 300, "AML.T0019: its name is longer than 200 characters and was"),
        (
            "Publish Poisoned Datasets",
            "<b>x</b>",
            "AML.T0019: left out, Value error, expected Markdown without",
        ),
        (
            "  - {id: AML.T0019,",
            "  - a word\n  - {id: AML.T0019,",
            "techniques: 'a word' stands where an object",
        ),
        ("{id: AML.T0019,", "{id: AML.T0019, id: AML.T0019,", "line 29: id stands twice in one mapping"),
        ("case-studies:", "case-studies-of-others:", "the file holds no case studies"),
        (
            "  mitigations:",
            "  mitigations: 5\n  others:",
            "mitigations: '5' stands where a list or map is expe",
        ),
        ("  mitigations:", "  measures:", "the file holds no mitigations"),
    ],
)
def test_a_slip_is_named_and_the_rest_is_read(old: str, new: str, defect: str) -> None:
    text = FIVE.decode()
    assert old in text
    file = read_atlas(text.replace(old, new, 1).encode())
    assert len(file.edition.topics) >= 8
    assert any(found.startswith(defect) for found in file.defects), file.defects
    # Whatever was left out, what remains hangs together.
    known = {topic.id for topic in file.edition.topics}
    for topic in file.edition.topics:
        assert {*topic.groups, *topic.relates, *([topic.parent] if topic.parent else [])} <= known


@pytest.mark.parametrize(
    ("old", "new", "defect"),
    [
        (
            "format-version: 6.0.0",
            "format-version: 7.1.0",
            "format 7.1.0 is not known here; it was read like",
        ),
        (
            "target: AML.TA0002, rel",
            "target: AML.TA0022, rel",
            "relationships: the order of tactics names 'AML",
        ),
        (
            "target: AML.TA0002, rel",
            "target: AML.TA0022, rel",
            "AML.TA0002: has no place in the order of tac",
        ),
        (
            "target: AML.TA0002, rel",
            "target: AML.TA0006, rel",
            "relationships: the order of tactics names AML",
        ),
        ("{source: AML.T0005,", "{source: AML.T0905,", "relationships: 'AML.T0905' is not in the file (achi"),
        ("AML.T0005: {id: AML.T0005,", "AML.T0005: {id: AML.T0905,", "AML.T0005: calls itself 'AML.T0905'"),
        ("target: AML.T0115, rel", "target: AML.T0043, rel", ""),
    ],
)
def test_a_slip_of_format_6_is_named_and_the_rest_is_read(old: str, new: str, defect: str) -> None:
    text = SIX.decode()
    assert old in text
    file = read_atlas(text.replace(old, new, 1).encode())
    assert len(file.edition.topics) == 15
    assert not defect or any(found.startswith(defect) for found in file.defects), file.defects


def test_a_sub_technique_of_two_takes_the_first() -> None:
    row = "{source: AML.T0115.000, target: AML.T0115, relationship-type: specializes}"
    content = SIX.decode().replace(
        f"[{row}]", f"[{row}, {row.replace('target: AML.T0115', 'target: AML.T0043')}]"
    )
    file = read_atlas(content.encode())
    assert file.defects == ("AML.T0115.000: is a part of AML.T0115 and AML.T0043; AML.T0115 was taken",)


def test_too_many_defects_are_a_number() -> None:
    rows = "".join(f"  - word {number}\n" for number in range(500))
    file = read_atlas(FIVE.replace(b"  techniques:\n", b"  techniques:\n" + rows.encode(), 1))
    assert len(file.defects) == 201
    assert file.defects[-1] == "and 302 more"


# --------------------------------------------------------------------------------------------- refused files

BUNDLE = b'{"type": "bundle", "id": "bundle--1", "objects": [{"name": "\\ud83d\\ude00"}]}'
LAYER = (
    b'{"name": "layer", "domain": "atlas-atlas", "techniques": [{"techniqueID": "AML.T0051", "score": 1}]}'
)
SOURCE = (
    b"---\nid: ATLAS\nversion: 5.6.0\nmatrices:\n  - !include .\ndata:\n  - !include case-studies/*.yaml\n"
)
TEMPLATE = b'- &recon\n  id: AML.T0000\n  object-type: technique\n  tactics:\n  - "{{reconnaissance.id}}"\n'
INLINE = b"- &a\n  id: AML.TA0000\n  description: See [{{b.name}}](/tactics/{{b.id}})\n"
MANIFEST = b"- release: '2026.09'\n  versions:\n  - {format-version: 6.0.0, path: v6/ATLAS-2026.09.yaml}\n"
LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a21\nsize 12345\n"
WRAPPED = b'{"name": "ATLAS.yaml", "path": "dist/ATLAS.yaml", "content": "LS0t\\n", "encoding": "base64"}'
ITEMS = b"- {id: AML.TA0002, name: Reconnaissance, object-type: tactic}\n"
BOMB = b"a0: &a0 [1, 2, 3, 4, 5, 6, 7, 8, 9]\n" + b"".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n".encode() for n in range(1, 12)
)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "The file is empty."),
        (b" \n\n", "The file is empty."),
        (b"# nothing but a remark\n", "The file is empty."),
        (b"x" * 20_000_001, "The file is larger than 20,000,000 bytes."),
        (b"PK\x03\x04...", "The file is an archive or an Excel workbook, not ATLAS.yaml."),
        (FIVE.decode().encode("utf-16"), "The file is not UTF-8 text: byte 0 is something else."),
        (b"a\x00b", "The file is binary, not text."),
        (
            b"<!DOCTYPE html>\n<html><body>Sign in</body></html>",
            "The file is a web page, not ATLAS.yaml: take",
        ),
        (b"<?xml version='1.0'?><a/>", "The file is XML, not ATLAS.yaml."),
        (BUNDLE, "The file is a STIX bundle; expected ATLAS.yaml of the same release."),
        (
            b"type: bundle\nobjects: []\n",
            "The file is a STIX bundle; expected ATLAS.yaml of the same release.",
        ),
        (LAYER, "The file is a Navigator layer; expected ATLAS.yaml of the same release."),
        (SOURCE, "The file is a source of the ATLAS data; expected the published file of its dist folder."),
        (TEMPLATE, "The file is a source of the ATLAS data; expected the published file of its dist folder."),
        (INLINE + ITEMS, "The file is a list of ATLAS objects; expected the whole published file."),
        (MANIFEST, "The file is a list of releases; expected the ATLAS file of one of them."),
        (LFS, "The file only points to one that Git LFS keeps; take the file itself."),
        (WRAPPED, "The file is an answer of GitHub that only wraps another file; take the raw file."),
        (b"404: Not Found", "The file is the answer of a web server, '404: Not Found', not ATLAS.yaml."),
        (gzip.compress(FIVE), "The file is an archive or an Excel workbook, not ATLAS.yaml."),
        (bz2.compress(FIVE), "The file is an archive or an Excel workbook, not ATLAS.yaml."),
        (lzma.compress(FIVE), "The file is an archive or an Excel workbook, not ATLAS.yaml."),
        (
            b"id: ATLAS\nversion: 4.2.0\ntactics:\r\n  - '{{impact.id}}'\r\n",
            "The file is a source of the ATLAS data; expected the published file of its dist folder.",
        ),
        (
            SIX[: SIX.index(b"relationships:")],
            "The file ends before its relationships: it was cut off.",
        ),
        (ITEMS, "The file is a list of ATLAS objects; expected the whole published file."),
        (b"- 1\n- 2\n", "The file is a list; expected the whole published ATLAS file."),
        (b"v6/ATLAS-latest.yaml\n", "The file only names another one, v6/ATLAS-latest.yaml; take that one."),
        (b"Not found", "The file is plain text, not ATLAS.yaml."),
        (b"$schema: x\n", "The file is a JSON schema, not ATLAS.yaml."),
        (b"id: AML.CS0053\nprocedure: []\n", "The file is a single case study; expected the whole published"),
        (b"releases: []\n", "The file is a list of releases; expected the ATLAS file of one of them."),
        (b"version: 5.6.0\nname: something\n", "The file holds no ATLAS tactics and techniques."),
        (FIVE.replace(b"version: 5.6.0", b""), "The file does not say which version of ATLAS it is."),
        (FIVE.replace(b"5.6.0", b"soon"), "The file does not say which version of ATLAS it is."),
        (FIVE.replace(b"5.6.0", b"1" * 41), "The file does not say which version of ATLAS it is."),
        (FIVE + b"---\nanother: one\n", "The file was not read: a second document begins in line "),
        (
            FIVE.replace(b"  techniques:", b"\ttechniques:"),
            "The file was not read: it is not valid YAML in line",
        ),
        (FIVE[: len(FIVE) // 2] + b"'", "The file was not read: it is not valid YAML"),
        (
            b"a: !!python/object/apply:os.system [ls]\n",
            "The file was not read: the tag tag:yaml.org,2002:python",
        ),
        (
            b"a: *nothing\n",
            "The file was not read: the alias *nothing in line 1 stands for nothing before it.",
        ),
        (b"a: &a [*a]\n", "The file was not read: the alias *a in line 1 stands for nothing before it."),
        (BOMB, "The file was not read: it unfolds into more than 2,000,000 values."),
        (b"[" * 100_000, "The file was not read: it is nested deeper than 40 levels in line 1."),
        (b"? [a]\n: b\n", "The file was not read: a list or mapping stands for a name in line 1."),
    ],
)
def test_another_file_is_refused_with_its_name(content: bytes, reason: str) -> None:
    with pytest.raises(NotAtlas) as caught:
        read_atlas(content)
    assert str(caught.value).startswith(reason)
    assert str(caught.value).endswith(".")


def test_deep_aliases_are_refused_before_they_unfold() -> None:
    # Each line is shallow; put into one another they are deeper than the limit.
    lines = ["a0: &a0 [x]", *(f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, 60))]
    with pytest.raises(NotAtlas, match="nested deeper than 40 levels"):
        read_atlas("\n".join(lines).encode())


def test_more_objects_than_atlas_can_have_are_refused() -> None:
    rows = "".join(f"  - {{id: X{number}, name: x, tactics: [AML.TA0001]}}\n" for number in range(10_000))
    with pytest.raises(NotAtlas, match="more than 10,000 objects"):
        read_atlas(FIVE.replace(b"  techniques:\n", b"  techniques:\n" + rows.encode(), 1))


# ---------------------------------------------------------------------------------------------- any input


def read_or_refused(content: bytes) -> AtlasFile | None:
    try:
        return read_atlas(content)
    except NotAtlas:
        return None


@given(
    st.one_of(st.binary(max_size=300), st.text(max_size=300).map(lambda text: text.encode(errors="replace")))
)
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    read_or_refused(content)


@given(st.data())
def test_a_file_with_anything_put_into_it_is_read_or_refused(data: st.DataObject) -> None:
    content = data.draw(st.sampled_from((FIVE, SIX)))
    start = data.draw(st.integers(0, len(content)))
    end = data.draw(st.integers(start, min(len(content), start + 200)))
    put = data.draw(
        st.one_of(st.binary(max_size=40), st.text("[]{}:,-&*!|>'\"#? \n\tAML.T0043", max_size=40))
    )
    read_or_refused(content[:start] + (put if isinstance(put, bytes) else put.encode()) + content[end:])


ANYTHING = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=20), st.sampled_from(["AML.T0043"])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(
            st.sampled_from(["id", "name", "target", "technique", "AML.T0043", "x"]), inner, max_size=4
        ),
    ),
    max_leaves=12,
)


def as_typed(value: Any) -> Any:
    """A JSON value with its scalars as the text that JSON writes for them."""
    if isinstance(value, dict):
        return {key: as_typed(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [as_typed(inner) for inner in value]
    return value if value is None or isinstance(value, str) else json.dumps(value)


WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x7f"), max_size=20)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=12,
)


@given(
    st.lists(JSON, max_size=4) | st.dictionaries(WORDS, JSON, max_size=4), st.sampled_from([None, 1, "\t"])
)
def test_any_json_is_read_as_it_is_typed(value: Any, indent: int | str | None) -> None:
    assert read(json.dumps(value, indent=indent)).value == as_typed(value)


@given(place=st.integers(0, 200), value=ANYTHING, content=st.sampled_from((FIVE, SIX)))
def test_any_value_in_any_place_is_read_or_refused(place: int, value: Any, content: bytes) -> None:
    data = yaml.safe_load(content)
    spots: list[tuple[Any, Any]] = []

    def collect(node: Any) -> None:
        rows = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
        for key, inner in list(rows):
            spots.append((node, key))
            collect(inner)

    collect(data)
    node, key = spots[place % len(spots)]
    node[key] = value
    file = read_or_refused(yaml.safe_dump(data).encode())
    if file is not None:
        # What was read can be stored, written and read again.
        edition = Edition.model_validate_json(file.edition.model_dump_json())
        assert edition == file.edition


# -------------------------------------------------------------------------------------- two editions compared


def test_what_the_later_file_changed() -> None:
    found = compare(read_atlas(FIVE).edition, read_atlas(SIX).edition)
    assert [topic.id for topic in found.new] == ["AML.T0115", "AML.T0115.000", "AML.CS0064"]
    assert found.renamed == (
        Renamed("AML.TA0001", "AI Attack Staging", "AI Attack Adaptation"),
        Renamed("AML.T0020", "Poison Training Data", "Training Data Poisoning"),
        Renamed("AML.M0004", "Restrict Number of AI Model Queries", "Limit AI Service Query Volume and Rate"),
    )
    assert found.moved == (Moved("AML.T0020", ("AML.TA0003", "AML.TA0006"), ("AML.TA0006",)),)
    assert found.retired == (Retired("AML.T0019", "Publish Poisoned Datasets", "AML.T0115.000"),)
    assert found.reordered


def test_the_same_edition_has_no_differences() -> None:
    assert not compare(whole_edition(), whole_edition())


def test_a_successor_that_is_not_there_is_not_named() -> None:
    old = read_atlas(FIVE).edition
    new = old.model_copy(update={"topics": tuple(topic for topic in old.topics if topic.id != "AML.T0019")})
    assert compare(old, new).retired == (Retired("AML.T0019", "Publish Poisoned Datasets", None),)


IDS = [f"AML.T{number:04}" for number in range(12)]
TACTICS = ["AML.TA0000", "AML.TA0001", "AML.TA0002"]
GROUPS = st.lists(st.sampled_from(TACTICS), unique=True, max_size=3).map(tuple)
ROWS = st.dictionaries(
    st.sampled_from(IDS),
    st.tuples(st.sampled_from("abc"), GROUPS, st.none() | st.sampled_from(IDS)),
    min_size=1,
)


def make_edition(rows: dict[str, tuple[str, tuple[str, ...], str | None]]) -> Edition:
    tactics = [Topic(id=key, name=key, kind="tactic") for key in TACTICS]
    techniques = [
        Topic(id=key, name=name, kind="technique", groups=groups, parent=parent if parent in rows else None)
        for key, (name, groups, parent) in rows.items()
    ]
    return Edition(edition="1", title="One", topics=(*tactics, *techniques))


@given(ROWS, ROWS)
def test_every_change_is_reported_exactly_once(
    before: dict[str, tuple[str, tuple[str, ...], str | None]],
    now: dict[str, tuple[str, tuple[str, ...], str | None]],
) -> None:
    old, new = make_edition(before), make_edition(now)
    found = compare(old, new)
    then, today = ({topic.id: topic for topic in edition.topics} for edition in (old, new))
    both = [key for key in today if key in then]
    assert [topic.id for topic in found.new] == [key for key in today if key not in then]
    assert [row.id for row in found.retired] == [key for key in then if key not in today]
    assert [row.id for row in found.renamed] == [key for key in both if then[key].name != today[key].name]
    assert [row.id for row in found.moved] == [
        key
        for key in both
        if then[key].parent != today[key].parent or set(then[key].groups) != set(today[key].groups)
    ]
    assert not found.reordered
    back = compare(new, old)
    assert {topic.id for topic in back.new} == {row.id for row in found.retired}
    assert {(row.id, row.now, row.before) for row in back.renamed} == {
        (row.id, row.before, row.now) for row in found.renamed
    }


def test_what_is_needed_is_kept_as_retired() -> None:
    five, six = read_atlas(FIVE).edition, read_atlas(SIX).edition
    edition, kept = with_kept(six, [five], {"AML.T0019", "AML.T0043", "AML.T9999"})
    assert kept == ("AML.T0019",)
    assert edition.topics[:-1] == six.topics
    last = edition.topics[-1]
    assert (last.id, last.retired, last.groups) == ("AML.T0019", True, ("AML.TA0003",))
    assert [row.id for row in compare(five, edition).retired] == ["AML.T0019"]
    assert compare(six, edition) == compare(six, six)
    assert counted(edition) == counted(six)


def test_editions_are_in_the_order_of_their_release() -> None:
    names = ["4.9.1", "4.10.0", "5.6.0", "5.10.0", "2026.05", "2026.09", "2026.09.1", "2026.10", "2027.01"]
    assert sorted({*names}, key=release_order) == names


def test_old_releases_published_once_more_keep_their_place() -> None:
    # MITRE put every release into format 6 later, under the month it came out in.
    names = ["2.0.0", "2021.05", "3.0", "4.9.1", "2025.09", "5.1.0", "5.1.1", "2025.11", "2025.11.2", "5.2.0"]
    names += ["2026.03", "5.6.0", "2026.04", "2026.09"]
    assert sorted({*names}, key=release_order) == names


def test_the_successors_are_those_that_are_known() -> None:
    assert {SUCCESSORS[key] for key in ("AML.T0019", "AML.T0058", "AML.T0104")} == {
        "AML.T0115.000",
        "AML.T0115.001",
        "AML.T0115.002",
    }


# ------------------------------------------------------------------------------------- a framework as a file

NAMES = st.text(min_size=1, max_size=30).filter(
    lambda text: text.strip() == text and text.isprintable() and "<" not in text and "](" not in text
)
TOPIC_IDS = NAMES.filter(lambda text: "/" not in text and text not in (".", ".."))


@given(st.lists(TOPIC_IDS, min_size=1, max_size=5, unique=True), NAMES)
def test_a_framework_written_and_read_again_is_the_same(names: list[str], title: str) -> None:
    framework = Framework(
        key="made-up",
        title=title,
        url="https://atlas.example.org",
        source=title,
        editions=(
            Edition(
                edition="1.10",
                title=title,
                published_on="2026-08-02",
                topics=tuple(Topic(id=name, name=name, kind="asset", note=title) for name in names),
            ),
        ),
    )
    text = rendered(framework)
    assert Framework.model_validate(parse_document("made-up.yaml", text).data) == framework


# --------------------------------------------------------------------------------------------- the command


def make_atlas() -> str:
    """frameworks/mitre-atlas.yaml with edition 5.6.0 of the fixture, a map of its own and a link."""
    edition = read_atlas(FIVE).edition.model_copy(update={"published_on": "2026-05-05"})
    framework = Framework.model_validate(
        {
            "key": KEY,
            "title": "MITRE ATLAS",
            "url": "https://atlas.mitre.org",
            "source": "Written for this test.",
            "editions": (edition,),
            "links": (
                {
                    "edition": "5.6.0",
                    "topic": "AML.T0005",
                    "to_framework": "atlas",
                    "to_edition": "1.1",
                    "to_topic": "T1",
                    "basis": "ours",
                    "source": "Us",
                },
            ),
        }
    )
    return rendered(framework)


@pytest.fixture
def folder(tmp_path: Path, settings: Settings) -> Path:
    """A small content folder that covers AML.T0019 of ATLAS 5.6.0, in use as the curriculum's."""
    cover = f"  - {{framework: {KEY}, edition: 5.6.0, topic: AML.T0019, taught_in: [basics.break-it]}}\n"
    content = small.make_folder(
        tmp_path / "content", basics=small.BASICS.replace("covers:\n", f"covers:\n{cover}")
    )
    (content / "frameworks" / f"{KEY}.yaml").write_text(make_atlas())
    settings.CURRICULUM_DIR = content
    catalogue.forget()
    return content


def run(*args: object) -> list[str]:
    out = io.StringIO()
    call_command("import_atlas", *map(str, args), stdout=out)
    return out.getvalue().splitlines()


REPORT = """\
MITRE ATLAS 2026.09, format 6.0.0: 4 tactics, 4 techniques, 3 sub-techniques, 2 mitigations, 2 case studies.
Compared with 5.6.0 in {place} (Content version 5.6.0):
3 new
  AML.T0115 Publish Poisoned AI Artifacts (technique)
  AML.T0115.000 Datasets (technique)
  AML.CS0064 A poisoned tool (case-study)
3 renamed
  AML.TA0001 AI Attack Staging -> AI Attack Adaptation
  AML.T0020 Poison Training Data -> Training Data Poisoning
  AML.M0004 Restrict Number of AI Model Queries -> Limit AI Service Query Volume and Rate
1 moved
  AML.T0020 AML.TA0003, AML.TA0006 -> AML.TA0006
1 retired
  AML.T0019 Publish Poisoned Datasets, now AML.T0115.000
The tactics stand in another order.
1 kept, because used
  AML.T0019
0 defects in the file
"""


@pytest.mark.django_db
def test_a_file_becomes_an_edition_of_the_next_revision(folder: Path) -> None:
    first = loader.load(folder, LOADED_AT).revision_number
    lines = run(HERE / "six.yaml")
    assert lines == [
        *REPORT.format(place=f"revision {first}").splitlines(),
        f"Revision {first + 1} holds ATLAS 2026.09 now.",
    ]
    framework = catalogue.newest().framework(KEY)
    assert [edition.name for edition in framework.editions] == ["5.6.0", "2026.09"]
    topics = {topic.topic_id: topic for topic in framework.editions[1].topics}
    assert len(topics) == 16
    assert [key for key, topic in topics.items() if topic.retired] == ["AML.T0019"]
    assert (topics["AML.T0115.000"].parent, topics["AML.CS0002"].relates) == (
        "AML.T0115",
        ("AML.T0043", "AML.T0020"),
    )


@pytest.mark.django_db
def test_the_same_file_twice_changes_nothing(folder: Path) -> None:
    loader.load(folder, LOADED_AT)
    run(HERE / "six.yaml")
    number = catalogue.newest_revision()
    lines = run(HERE / "six.yaml")
    assert lines[-1] == f"Nothing changed: revision {number} holds this ATLAS 2026.09."
    again = lines.index(f"Compared with 2026.09 as it is in revision {number} now (Content version 2026.09):")
    assert lines[again + 1 : again + 5] == ["0 new", "0 renamed", "0 moved", "0 retired"]
    assert models.Revision.objects.count() == 2


@pytest.mark.django_db
def test_an_edition_read_again_keeps_what_something_here_names(folder: Path, tmp_path: Path) -> None:
    # AML.T0019 is covered by a module and AML.T0005 has a link; AML.M0007 is named by nothing.
    loader.load(folder, LOADED_AT)
    gone = tmp_path / "gone.yaml"
    gone.write_bytes(
        changed(
            FIVE,
            lambda data: data["matrices"][0].update(
                techniques=[
                    row
                    for row in data["matrices"][0]["techniques"]
                    if row["id"] not in ("AML.T0019", "AML.T0005")
                ],
                mitigations=data["matrices"][0]["mitigations"][:1],
            ),
        )
    )
    lines = run(gone)
    kept = lines.index("2 kept, because used")
    assert lines[kept + 1 : kept + 3] == ["  AML.T0005", "  AML.T0019"]
    (edition,) = catalogue.newest().framework(KEY).editions
    assert {topic.topic_id for topic in edition.topics if topic.retired} == {"AML.T0019", "AML.T0005"}
    assert edition.find_topic("AML.M0007") is None
    assert str(edition.published_on) == "2026-05-05"


@pytest.mark.django_db
def test_an_older_file_is_compared_the_other_way_round(folder: Path, tmp_path: Path) -> None:
    loader.load(folder, LOADED_AT)
    older = tmp_path / "older.yaml"
    older.write_bytes(
        FIVE.replace(b"version: 5.6.0", b"version: 4.9.1").replace(b"Poison Training Data", b"Poison Data")
    )
    lines = run(older)
    assert "Older than every edition in revision 1. From here to 5.6.0 (Content version 5.6.0):" in lines
    assert "  AML.T0020 Poison Data -> Poison Training Data" in lines
    assert "0 kept, because used" in lines
    assert "  AML.M0004: names AML.T0043.001 twice" in lines


@pytest.mark.django_db
def test_an_old_release_in_the_new_format_goes_before_the_later_one(folder: Path, tmp_path: Path) -> None:
    first = loader.load(folder, LOADED_AT).revision_number
    older = tmp_path / "ATLAS 2025.11 (copy).yaml"
    older.write_bytes(SIX.replace(b'"2026.09"', b'"2025.11"'))
    lines = run(older)
    assert (
        f"Older than every edition in revision {first}. From here to 5.6.0 (Content version 5.6.0):" in lines
    )
    assert "0 kept, because used" in lines
    framework = catalogue.newest().framework(KEY)
    assert [edition.name for edition in framework.editions] == ["2025.11", "5.6.0"]
    assert run(older)[-1] == f"Nothing changed: revision {first + 1} holds this ATLAS 2025.11."


def test_a_dry_run_needs_no_database(folder: Path) -> None:
    # Without the django_db mark a query would fail this test.
    before = (folder / "frameworks" / f"{KEY}.yaml").read_bytes()
    lines = run(HERE / "six.yaml", "--dry-run")
    assert lines == [
        *REPORT.format(place="the content folder").splitlines(),
        "Nothing was written: this was a dry run.",
    ]
    assert (folder / "frameworks" / f"{KEY}.yaml").read_bytes() == before


def test_an_author_writes_it_into_a_folder(folder: Path) -> None:
    path = folder / "frameworks" / f"{KEY}.yaml"
    lines = run(HERE / "six.yaml", "--write", folder)
    assert lines[-1] == f"{path} holds ATLAS 2026.09 now."
    text = path.read_text()
    assert "      - {id: AML.T0115.000, name: Datasets, kind: technique, parent: AML.T0115, " in text
    assert "  - {edition: 5.6.0, topic: AML.T0005, to_framework: atlas, " in text
    framework = Framework.model_validate(read_document(folder, f"frameworks/{KEY}.yaml").data)
    assert [edition.edition for edition in framework.editions] == ["5.6.0", "2026.09"]
    call_command("check_curriculum", folder=folder, stdout=io.StringIO())

    assert (
        run(HERE / "six.yaml", "--write", folder)[-1] == f"Nothing changed: {path} holds this ATLAS 2026.09."
    )
    assert path.read_text() == text
    assert [entry.name for entry in path.parent.iterdir() if entry.name.startswith(".")] == []


def test_written_editions_stand_in_the_order_of_release(folder: Path, tmp_path: Path) -> None:
    older = tmp_path / "older.yaml"
    older.write_bytes(FIVE.replace(b"version: 5.6.0", b"version: 5.5.0"))
    run(HERE / "six.yaml", "--write", folder)
    run(older, "--write", folder)
    framework = Framework.model_validate(read_document(folder, f"frameworks/{KEY}.yaml").data)
    assert [edition.edition for edition in framework.editions] == ["5.5.0", "5.6.0", "2026.09"]


def refused(capsys: pytest.CaptureFixture[str], *args: object) -> str:
    with pytest.raises(SystemExit) as caught:
        call_command("import_atlas", *map(str, args))
    assert caught.value.code == 1
    said = capsys.readouterr()
    assert len(said.err.splitlines()) == 1
    return said.err.strip()


def test_a_refused_file_is_one_sentence_and_writes_nothing(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    layer = tmp_path / "layer.json"
    layer.write_bytes(LAYER)
    path = folder / "frameworks" / f"{KEY}.yaml"
    before = path.read_bytes()
    expected = "The file is a Navigator layer; expected ATLAS.yaml of the same release."
    for more in ((), ("--dry-run",), ("--write", folder)):
        assert refused(capsys, layer, *more) == expected
    assert refused(capsys, tmp_path / "none.yaml") == "The file cannot be read: No such file or directory."
    assert refused(capsys, tmp_path) == "The file cannot be read: Is a directory."
    assert path.read_bytes() == before


def test_a_folder_that_is_not_in_order_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "tracks.yaml").write_text("title: [\n")
    expected = "The content folder is not in order: manage.py check_curriculum says why."
    assert refused(capsys, HERE / "six.yaml", "--dry-run") == expected


def test_a_folder_without_atlas_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "modules" / "01-basics.yaml").write_text(small.BASICS)
    (folder / "frameworks" / f"{KEY}.yaml").unlink()
    expected = "The content folder has no frameworks/mitre-atlas.yaml to write into."
    assert refused(capsys, HERE / "six.yaml", "--write", folder) == expected


@pytest.mark.django_db
def test_without_a_curriculum_it_says_what_to_do(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    expected = "No curriculum is loaded yet: run manage.py load_curriculum, then this again."
    with pytest.raises(SystemExit):
        call_command("import_atlas", str(HERE / "six.yaml"))
    said = capsys.readouterr()
    assert said.err.strip() == expected
    assert "Compared with 5.6.0 in the content folder (Content version 5.6.0):" in said.out
    assert not models.Revision.objects.exists()


def test_a_database_without_tables_is_one_sentence(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def no_table() -> catalogue.Catalogue:
        raise OperationalError("no such table: curriculum_revision")

    monkeypatch.setattr(catalogue, "newest", no_table)
    expected = "The database cannot be read; if it is new, run manage.py migrate first."
    assert refused(capsys, HERE / "six.yaml") == expected
