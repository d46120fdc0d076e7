"""Names of files as they are kept and shown, and what a file is by how it begins. Pure."""

from __future__ import annotations

from tracker.evidence.rules.reports.report import clean

NAME_LENGTH = 120
NAMELESS = "file"

# By its first bytes. What is not here is text or bytes, and nothing is ever shown by it: a file is only ever
# downloaded.
_BEGINNINGS = (
    (b"%PDF-", "PDF"),
    (b"\x89PNG\r\n\x1a\n", "PNG image"),
    (b"\xff\xd8\xff", "JPEG image"),
    (b"GIF8", "GIF image"),
    (b"PK\x03\x04", "ZIP archive or office document"),
    (b"\x1f\x8b", "gzip"),
    (b"\x80\x02", "pickle"),
    (b"\x80\x04", "pickle"),
    (b"\x7fELF", "program"),
    (b"MZ", "program"),
    (b"SQLite format 3\x00", "SQLite database"),
)


def file_name(name: str) -> str:
    """The last part of a name, without what could lead elsewhere or deceive a reader; never empty."""
    last = name.replace("\\", "/").rpartition("/")[2]
    kept = "".join(character for character in clean(last, NAME_LENGTH) if character not in '<>:"|?*')
    return kept.strip(" .") or NAMELESS


def media_type_of(begins: bytes) -> str:
    """What a file is in words, by its first bytes."""
    for beginning, name in _BEGINNINGS:
        if begins.startswith(beginning):
            return name
    sample = begins[:4096].removeprefix(b"\xef\xbb\xbf")
    try:
        text = sample.decode("utf-8")
    except UnicodeDecodeError as error:
        # A character may be cut at the end of the sample.
        if error.start < len(sample) - 4:
            return "binary"
        text = sample[: error.start].decode("utf-8")
    if "\0" in text:
        return "binary"
    head = text.lstrip().lower()
    if head.startswith(("<svg", "<?xml")):
        return "XML text"
    if head.startswith(("<!doctype html", "<html")):
        return "HTML text"
    return "JSON text" if head.startswith(("{", "[")) else "text"
