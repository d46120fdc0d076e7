"""Files that are no report, or not the one that is wanted: each is refused with what it is; limits hold."""

import bz2
import gzip
import io
import json
import lzma
import pickle
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.evidence.deadline import within
from tests.evidence.reports.build import (
    Entry,
    as_lines,
    attack_result,
    garak,
    parameters,
    promptfoo,
    read,
    refusal,
)
from tracker.evidence.rules.reports.limits import Limits
from tracker.evidence.rules.reports.report import Refused

REPORT = as_lines(garak())


def zipped(*names: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name in names:
            archive.writestr(name, REPORT)
    return content.getvalue()


def tarred(kind: int = tarfile.PAX_FORMAT) -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w", format=kind) as archive:
        about = tarfile.TarInfo("mine.report.jsonl")
        about.size = len(REPORT)
        archive.addfile(about, io.BytesIO(REPORT))
    return content.getvalue()


HIT: Entry = {
    "goal": "x",
    "attempt_id": "x",
    "generator": "rest.RestGenerator None",
    "probe": "a",
    "detector": "b",
}
AVID: Entry = {"data_type": "AVID", "affects": {}, "problemtype": {}, "metrics": []}
PLAIN_TEXT = "This is plain text, not a report"

WRONG: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "This file is empty."),
    "white space": (b" \n\t\r\n  \n", "nothing but blank lines"),
    "a mark alone": (b"\xef\xbb\xbf", "nothing but blank lines"),
    "UTF-16 with a mark": (REPORT.decode().encode("utf-16"), "UTF-16 text"),
    "UTF-16 without": (REPORT.decode().encode("utf-16-le"), "UTF-16 text"),
    "UTF-16 big end first": (REPORT.decode().encode("utf-16-be"), "UTF-16 text"),
    "UTF-32": (REPORT.decode().encode("utf-32"), "UTF-32 text"),
    "zip": (zipped("mine.report.jsonl"), "a zip archive"),
    "an empty zip": (zipped(), "a zip archive"),
    "XLSX": (zipped("[Content_Types].xml", "xl/workbook.xml"), "an Excel workbook"),
    "DOCX": (zipped("[Content_Types].xml", "word/document.xml"), "a Word document"),
    "a PyTorch model": (zipped("archive/data.pkl"), "a PyTorch model"),
    "tar": (tarred(), "a tar archive"),
    "GNU tar": (tarred(tarfile.GNU_FORMAT), "a tar archive"),
    "gzip of tar": (gzip.compress(tarred()), "a tar archive"),
    "gzip of zip": (gzip.compress(zipped("a")), "a zip archive"),
    "gzip of gzip": (gzip.compress(gzip.compress(REPORT)), "gzip inside gzip"),
    "gzip of nothing": (gzip.compress(b""), "This file is empty."),
    "bzip2": (bz2.compress(REPORT), "a bzip2 archive"),
    "xz": (lzma.compress(REPORT), "an xz archive"),
    "PDF": (b"%PDF-1.7\n%\xe2\xe3", "a PDF document"),
    "PNG": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "a PNG image"),
    "JPEG": (b"\xff\xd8\xff\xe0\0\x10JFIF", "a JPEG image"),
    "WebP": (b"RIFF\0\0\0\0WEBPVP8 ", "a WebP image"),
    "a pickle": (pickle.dumps({"a": 1}), "a Python pickle, which is never opened here"),
    "a database": (b"SQLite format 3\0" + b"\x10\0\1\1", "an SQLite database"),
    "binary": (bytes(range(256)), "a binary file"),
    "NUL": (b"\0" * 1000, "a binary file"),
    "SVG": (b'<?xml version="1.0"?><svg onload="alert(1)"></svg>', "an SVG image"),
    "HTML": (b"<!DOCTYPE html><script>alert(1)</script>", "an HTML page"),
    "garak's HTML": (b"<!DOCTYPE html><html><title>garak report</title>", "garak's HTML report"),
    "promptfoo's HTML": (b"<html><title>promptfoo</title>", "promptfoo's HTML page"),
    "XML": (b"<testsuites/>", "This is XML"),
    "text": (b"Hello there", PLAIN_TEXT),
    "CSV": (b"a,b\n1,2\n", PLAIN_TEXT),
    "YAML": (b"a: 1\n", PLAIN_TEXT),
    "a JSON number": (b"7", PLAIN_TEXT),
    "a hit log": (as_lines([HIT, HIT]), "garak's hit log"),
    "a hit log of one": (as_lines([HIT]), "garak's hit log"),
    "an AVID export": (as_lines([AVID, AVID]), "garak's AVID export"),
    "a digest alone": (json.dumps({"meta": {}, "eval": {}}).encode(), "the summary of a garak report"),
    "an array of entries": (json.dumps(garak()).encode(), "a JSON list of garak's entries"),
    "an array, pretty": (json.dumps(garak(), indent=1).encode(), "a JSON list of garak's entries"),
    "pretty entries": (
        "\n".join(json.dumps(row, indent=2) for row in garak()).encode(),
        "looks like a garak report that was formatted anew",
    ),
    "one pretty entry": (json.dumps(garak()[0], indent=2).encode(), "a JSON list of garak's entries"),
    "a torn first line": (REPORT[:40], "its first line is damaged"),
    "Counterfit's parameters": (json.dumps(parameters()).encode(), "These are Counterfit's parameters"),
    "a layer": (b'{"techniques": [], "domain": "atlas-atlas"}', "a layer of the ATLAS Navigator"),
    "SARIF": (b'{"$schema": "x", "runs": []}', "a SARIF file"),
    "another tool's lines": (b'{"event": "start"}\n{"event": "end"}\n', "These are lines of JSON"),
    "another tool's document": (b'{"event": "start"}', "no report of a tool that is known"),
    "an empty object": (b"{}", "no report of a tool that is known"),
    "an empty list": (b"[]", "no report of a tool that is known"),
    "a list of lists": (b"[[[]]]", "no report of a tool that is known"),
    "a long integer, then broken": (b'{"a": ' + b"9" * 5000 + b' "b"}', "begins like JSON and is not"),
    "broken JSON": (b'{"a": 1,}', "begins like JSON and is not"),
    "a report, then more": (
        json.dumps(attack_result()).encode() + b"\nmore",
        "no report of a tool known here",
    ),
    "a document, then more": (
        json.dumps(promptfoo(), indent=1).encode() + b"\n<svg/>",
        "begins like JSON and is not",
    ),
    "a report, then a zip": (REPORT + zipped("a"), "is no"),
    "a gzip file, then more": (gzip.compress(REPORT) + b"more", "gzip file is damaged"),
    "a gzip file cut short": (gzip.compress(REPORT)[:-12], "gzip file is cut short"),
    "a gzip file damaged": (b"\x1f\x8b\x08" + b"\xff" * 100, "gzip file is"),
    "two bytes of gzip": (b"\x1f\x8b", "gzip file is"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_file_is_refused_with_what_it_is(name: str) -> None:
    content, said = WRONG[name]
    with within(20):
        assert said in refusal(content)


def test_a_refusal_says_what_is_wanted_instead() -> None:
    for name in ("zip", "a hit log", "UTF-16 with a mark", "text", "garak's HTML"):
        said = refusal(WRONG[name][0])
        assert ".report.jsonl" in said or "as the tool wrote it" in said


def test_gzip_of_a_report_is_read_as_the_report() -> None:
    assert read(gzip.compress(REPORT)) == read(REPORT)
    parts = gzip.compress(REPORT[:500]) + gzip.compress(REPORT[500:])
    assert read(parts) == read(REPORT), "of several members, as `cat a.gz b.gz` makes them"


def test_nothing_that_a_pickle_asks_for_is_done(tmp_path: Path) -> None:
    class Harm:
        def __reduce__(self) -> tuple[object, tuple[object, ...]]:
            return Path.touch, (tmp_path / "harm",)

    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        refusal(pickle.dumps(Harm(), protocol))
    assert not (tmp_path / "harm").exists()


# ----------------------------------------------------------------------------------------------------- limits


def test_depth_is_refused_before_it_is_parsed() -> None:
    deep = b"[" * 100_000 + b"]" * 100_000
    for content in (
        deep,
        b'{"a":' * 100_000,
        as_lines(garak()[:2]) + b'{"entry_type": "attempt", "prompt": ' + deep + b"}\n",
    ):
        with within(20):
            assert "nested more than 100 deep" in refusal(content)


def test_brackets_in_texts_are_no_depth() -> None:
    entries = garak()
    entries[2]["prompt"] = '[{"\\' * 10_000
    assert len(read(as_lines(entries)).evals) == 2


@pytest.mark.parametrize("depth", [99, 100])
def test_depth_is_counted_exactly(depth: int) -> None:
    inner = b"[" * depth + b"]" * depth
    entry = b'{"entry_type": "x", "a": ' + inner + b', "b": [[]], "c": "]]"}\n'
    content = as_lines(garak()[:2]) + entry + as_lines(garak()[2:])
    if depth == 100:
        assert "nested more than 100 deep" in refusal(content)
    else:
        assert read(content).evals


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        (Limits(file_bytes=1000), "larger than"),
        (Limits(lines=5), "more than 5 lines"),
        (Limits(line_bytes=300), "is longer than"),
        (Limits(values=5), "more than 5 values"),
        (Limits(depth=1), "nested more than 1 deep"),
        (Limits(unpacked_bytes=1000), "unpacks to more than"),
    ],
)
def test_each_limit_has_a_sentence(limits: Limits, said: str) -> None:
    assert said in refusal(REPORT, limits=limits)


def test_a_document_has_a_limit_of_its_own() -> None:
    content = json.dumps(promptfoo(), indent=1).encode()
    assert "is one JSON value of more than" in refusal(content, limits=Limits(document_bytes=500))
    assert read(content)


def test_what_gzip_unpacks_to_is_limited() -> None:
    bomb = gzip.compress(REPORT[: REPORT.index(b"\n") + 1] + b"\n" * 3_000_000)
    assert len(bomb) < 10_000
    with within(60):
        assert "unpacks to more than 1 MB" in refusal(bomb, limits=Limits(unpacked_bytes=1_000_000))
        assert "more than 2,000,000 lines" in refusal(bomb)


def test_progress_is_told_in_bytes_of_the_file() -> None:
    from tracker.evidence.rules.reports.reader import read_report

    told: list[int] = []
    filler = as_lines([{"entry_type": "x", "a": "y" * 100_000}] * 40)
    content = as_lines(garak()[:2]) + filler + as_lines(garak()[2:])
    read_report(io.BytesIO(content), progress=told.append)
    assert len(told) >= 3
    assert told == sorted(told)
    assert told[-1] <= len(content)


def test_memory_that_runs_out_is_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    from tracker.evidence.rules.reports import reader

    def out_of_memory(*args: object) -> None:
        raise MemoryError

    monkeypatch.setattr(reader, "read_garak", out_of_memory)
    with pytest.raises(Refused, match="more memory"):
        read(REPORT)
