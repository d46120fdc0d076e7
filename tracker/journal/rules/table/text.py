"""From the bytes of a foreign file to its text and its records. Pure."""

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
# No tool writes so many columns; a line with more is not kept in memory.
MOST_CELLS = 200
_SHOWN = 40


class NotATable(ValueError):
    """The file as a whole is refused. The message is a sentence for the learner."""


def shown(text: str) -> str:
    """A piece of a foreign file as a sentence shows it: one line, cut, with nothing invisible in it."""
    visible = (char if char.isprintable() else " " if char.isspace() else "\ufffd" for char in text[:200])
    flat = " ".join("".join(visible).split())
    return flat if len(flat) <= _SHOWN else flat[: _SHOWN - 1] + "…"


_OTHER_FILES = (
    (b"PK\x03\x04", "This is a workbook or a zip archive. Open it and save the sheet as CSV."),
    (b"\xd0\xcf\x11\xe0", "This is a workbook. Open it and save the sheet as CSV."),
    (b"%PDF", "This is a PDF. Export the report as CSV instead."),
)
# Four bytes before two: the mark of UTF-32 begins with that of UTF-16.
_MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig", "UTF-8"),
    (b"\xff\xfe\x00\x00", "utf-32", "UTF-32"),
    (b"\x00\x00\xfe\xff", "utf-32", "UTF-32"),
    (b"\xff\xfe", "utf-16", "UTF-16"),
    (b"\xfe\xff", "utf-16", "UTF-16"),
)
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f]")


def decoded(data: bytes) -> tuple[str, tuple[str, ...]]:
    """The text of a file, and a sentence where its encoding had to be assumed.

    UTF-8, UTF-16 with and without its mark, UTF-32 with it; else Windows-1252, or Latin-1 where a byte has
    no meaning in that. Raises NotATable for what is no text.
    """
    for beginning, sentence in _OTHER_FILES:
        if data.startswith(beginning):
            raise NotATable(sentence)
    for mark, codec, name in _MARKS:
        if data.startswith(mark):
            return _strictly(data, codec, name), ()
    if codec := _unmarked_utf_16(data):
        return _strictly(data, codec, "UTF-16"), ()
    try:
        return data.decode("utf-8"), ()
    except UnicodeDecodeError:
        pass
    try:
        text, name = data.decode("cp1252"), "Windows-1252"
    except UnicodeDecodeError:
        text, name = data.decode("latin-1"), "Latin-1"
    if _CONTROLS.search(text):
        raise NotATable("This is not a text file. Expected is CSV, or what “timew export” writes.")
    return text, (f"The file is not UTF-8, so it was read as {name}; see whether its accents are right.",)


def _strictly(data: bytes, codec: str, name: str) -> str:
    try:
        return data.decode(codec)
    except UnicodeDecodeError:
        raise NotATable(f"The file begins like {name} and then is not. Save it as UTF-8.") from None


def _unmarked_utf_16(data: bytes) -> str:
    """UTF-16 without a mark, seen by the zero bytes beside Latin letters; empty where it is not that."""
    begin = data[:2000]
    pairs = len(begin) // 2
    first, second = begin[0 : 2 * pairs : 2].count(0), begin[1 : 2 * pairs : 2].count(0)
    if pairs >= 4 and second > pairs // 2 and not first:
        return "utf-16-le"
    if pairs >= 4 and first > pairs // 2 and not second:
        return "utf-16-be"
    return ""


@dataclass(frozen=True, slots=True)
class Record:
    """The cells of one row, or the problem that keeps them from being read."""

    line: int
    cells: tuple[str, ...]
    problem: str = ""


def records(lines: Sequence[str], delimiter: str) -> Iterator[Record]:
    """Every record that is not blank. A quotation mark out of place costs the lines up to it, one that is
    never closed all that follow."""
    reader = csv.reader(iter(lines), delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + 1
        cells: list[str] = []
        problem, is_last = "", False
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            problem, is_last = _quoting_problem(str(error), lines, line, reader.line_num)
        if len(cells) > MOST_CELLS:
            problem, cells = f"This line has {len(cells):,} cells; no report has so many columns.", []
        elif any("\0" in cell for cell in cells):
            problem, cells = "This line holds a NUL character, which no text has.", []
        if problem or any(cell.strip() for cell in cells):
            yield Record(line, tuple(cells), problem)
        if is_last:
            return


def _quoting_problem(error: str, lines: Sequence[str], line: int, last: int) -> tuple[str, bool]:
    """The sentence, and whether nothing after it can be read."""
    is_long = "field limit" in error
    if is_long and line == last and '"' not in lines[line - 1]:
        return f"This line has {len(lines[line - 1]):,} characters; no note is so long.", False
    if is_long or "end of data" in error:
        unread = f", so lines {line:,} to {len(lines):,} could not be read" if line < len(lines) else ""
        return f"A quotation mark is opened on this line and not closed{unread}.", True
    place = f"Lines {line:,} to {last:,}" if last > line else "This line"
    rule = "Inside a quoted cell it is written twice."
    return f"{place}: a quotation mark stands where a cell should end. {rule}", False
