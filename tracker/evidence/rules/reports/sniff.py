"""What a file is by its content, for the sentence that refuses it. Pure: nothing is unpacked or run."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

WANTED = "Hand in the report as the tool wrote it, for garak the file that ends in .report.jsonl."
HEAD_BYTES = 65_536
"""As much of the beginning of a file as is looked at."""

_SIGNS: tuple[tuple[int, bytes, str], ...] = (
    (257, b"ustar\x00", "a tar archive"),
    (257, b"ustar  \x00", "a tar archive"),
    (8, b"WEBP", "a WebP image"),
    (0, b"\x1f\x8b", "gzip inside gzip"),
    (0, b"%PDF-", "a PDF document"),
    (0, b"\x89PNG\r\n", "a PNG image"),
    (0, b"\xff\xd8\xff", "a JPEG image"),
    (0, b"GIF8", "a GIF image"),
    (0, b"II*\x00", "a TIFF image"),
    (0, b"MM\x00*", "a TIFF image"),
    (0, b"BZh", "a bzip2 archive"),
    (0, b"\xfd7zXZ\x00", "an xz archive"),
    (0, b"\x28\xb5\x2f\xfd", "a zstd archive"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (0, b"Rar!", "a RAR archive"),
    (0, b"\xd0\xcf\x11\xe0", "an old Microsoft Office document"),
    (0, b"SQLite format 3\x00", "an SQLite database"),
    (0, b"\x93NUMPY", "a NumPy array"),
    (0, b"\x89HDF", "an HDF5 file"),
    (0, b"\x7fELF", "a program"),
)
_OFFICE: tuple[tuple[bytes, str], ...] = (
    (b"xl/", "an Excel workbook"),
    (b"word/", "a Word document"),
    (b"ppt/", "a PowerPoint presentation"),
    (b"opendocument", "an OpenDocument file"),
    (b"data.pkl", "a PyTorch model"),
    (b".npy", "a NumPy archive"),
)
_PICKLE = re.compile(rb"\x80[\x01-\x05]")
_UTF_32 = (b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def no_report(head: bytes) -> str | None:
    """The sentence that refuses a file which is no report, by its first bytes; None where it may be one."""
    if not head:
        return f"This file is empty. {WANTED}"
    wide = _wide_text(head)
    if wide:
        return f"This file is {wide} text. Save it as UTF-8, or hand in the report as the tool wrote it."
    name = _binary(head)
    if name:
        return f"This is {name}, not a report. {WANTED}"
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith(b"<"):
        return _markup(start)
    if start and not start.startswith((b"{", b"[")):
        return f"This is plain text, not a report: those are JSON. {WANTED}"
    return None


def _wide_text(head: bytes) -> str:
    if head.startswith(_UTF_32):
        return "UTF-32"
    if head.startswith(_UTF_16):
        return "UTF-16"
    # Without a mark at its beginning: every other byte of Latin text is NUL.
    some = head[:200]
    if len(some) >= 4 and (not any(some[1::2]) or not any(some[::2])) and any(some):
        return "UTF-16"
    return ""


def _binary(head: bytes) -> str:
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return next((name for sign, name in _OFFICE if sign in head), "a zip archive")
    if _PICKLE.match(head):
        return "a Python pickle, which is never opened here"
    for place, sign, name in _SIGNS:
        if head.startswith(sign, place):
            return name
    # What begins as JSON is told better by the line that is none.
    return "a binary file" if b"\x00" in head and not head.startswith((b"{", b"[")) else ""


def _markup(start: bytes) -> str:
    text = start.lower()
    if b"<svg" in text[:2000]:
        return f"This is an SVG image, not a report. {WANTED}"
    if b"<html" in text or text.startswith(b"<!doctype html"):
        if b"garak" in text:
            return (
                "This is garak's HTML report, which is for reading. "
                "Hand in the file beside it that ends in .report.jsonl."
            )
        if b"promptfoo" in text:
            return (
                "This is promptfoo's HTML page, which is for reading. "
                "Hand in the out.json of `promptfoo eval -o out.json`."
            )
        return f"This is an HTML page, not a report. {WANTED}"
    return f"This is XML, not a report: those are JSON. {WANTED}"


def not_json(said: str, head: bytes) -> str:
    """The sentence for a file that begins as JSON and is not."""
    if b'"entry_type"' in head:
        if re.match(rb"\s*[\[{]\s*\n", head):
            return (
                "This looks like a garak report that was formatted anew. "
                "Hand in the .report.jsonl as garak wrote it, one entry a line."
            )
        return f"This looks like a garak report, but its first line is damaged: {said}. {WANTED}"
    return f"This begins like JSON and is not: {said}. {WANTED}"


_UNKNOWN = f"This is JSON, but no report of a tool that is known here. {WANTED}"


def foreign(value: object) -> str:
    """The sentence for one JSON value that is no report."""
    row = value[0] if isinstance(value, list) and value else value
    if not isinstance(row, dict):
        return _UNKNOWN
    if "entry_type" in row:
        return (
            "This is a JSON list of garak's entries, formatted anew. "
            "Hand in the .report.jsonl as garak wrote it, one entry a line."
        )
    return next((said for fits, said in _FOREIGN if fits(row)), _UNKNOWN)


def foreign_lines(first: object) -> str:
    """The sentence for lines of JSON that are no report, by the first of them."""
    said = foreign(first)
    return (
        said if said != _UNKNOWN else f"These are lines of JSON, but no report of a tool known here. {WANTED}"
    )


def _is_hit_log(row: dict[str, Any]) -> bool:
    return "attempt_id" in row and "detector" in row


def _is_avid(row: dict[str, Any]) -> bool:
    return row.get("data_type") == "AVID" or {"problemtype", "affects"} <= row.keys()


def _is_digest(row: dict[str, Any]) -> bool:
    return {"meta", "eval"} <= row.keys()


def _is_counterfit_parameters(row: dict[str, Any]) -> bool:
    return bool(row) and all(isinstance(each, dict) and "current" in each for each in row.values())


def _is_navigator_layer(row: dict[str, Any]) -> bool:
    return {"techniques", "domain"} <= row.keys()


def _is_sarif(row: dict[str, Any]) -> bool:
    return {"runs", "$schema"} <= row.keys()


_FOREIGN: tuple[tuple[Callable[[dict[str, Any]], bool], str], ...] = (
    (
        _is_hit_log,
        "This is garak's hit log, which holds only the attempts that got through. "
        "Hand in the file beside it that ends in .report.jsonl.",
    ),
    (
        _is_avid,
        "This is garak's AVID export, which lacks the counts. Hand in the file that ends in .report.jsonl.",
    ),
    (
        _is_digest,
        "This is the summary of a garak report alone. Hand in the file that ends in .report.jsonl.",
    ),
    (
        _is_counterfit_parameters,
        "These are Counterfit's parameters, without a result. "
        "Hand in run_summary.json, and this file with it.",
    ),
    (
        _is_navigator_layer,
        "This is a layer of the ATLAS Navigator, not a report: it is read where coverage maps are imported.",
    ),
    (_is_sarif, f"This is a SARIF file, which is not read here. {WANTED}"),
)
