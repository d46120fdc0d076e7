"""Study time in files: what Toggl Track, Clockify, timewarrior, a plain list and Cairn itself write. Pure.

`read_table` reads a file into rows and refusals with their line numbers, `write_table` writes what it reads
back without loss, and `match` says which rows are sessions that are there already.
"""

import csv
import io
import json
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from tracker.journal.rules.table.cells import (
    Format,
    Refusal,
    Refused,
    Row,
    Table,
    checked,
    day_readings,
    elapsed_seconds,
    keys_named,
    read_confidence,
    read_day,
    read_plain_minutes,
    read_seconds,
    read_time,
    rounded_minutes,
    tidy,
)
from tracker.journal.rules.table.intervals import interval_row, intervals
from tracker.journal.rules.table.text import DELIMITERS, NotATable, Record, decoded, records, shown

__all__ = [
    "MAX_BYTES",
    "MAX_LINES",
    "MAX_ROWS",
    "DayOrderUnclear",
    "Format",
    "Known",
    "NotATable",
    "Refusal",
    "Row",
    "SeveralPeople",
    "Table",
    "fingerprint",
    "match",
    "read_table",
    "same",
    "submissions",
    "write_table",
]

MAX_BYTES = 5_000_000
MAX_ROWS = 20_000
# Notes have lines of their own, and blank lines are no rows: ten for each row.
MAX_LINES = 200_000
LONGEST_MODULE_KEY = 80
LONGEST_ACTIVITY_KEY = 120


class DayOrderUnclear(NotATable):
    """Nothing in the file says whether 03/04/2026 is in March or April: to be asked, as `day_first`."""


class SeveralPeople(NotATable):
    """A report of a team: to be asked whose time it is, as `person`. `people` are the names in the file."""

    def __init__(self, message: str, people: tuple[str, ...]) -> None:
        super().__init__(message)
        self.people = people


def read_table(
    data: bytes,
    *,
    zone: ZoneInfo,
    day_first: bool | None = None,
    person: str = "",
    keys: Collection[str] = frozenset(),
) -> Table:
    """The rows of a file, and for each line that is not read the reason.

    `zone` is the learner's: timewarrior writes instants, and they become local days in it. `day_first` says
    how 03/04/2026 is meant where no day of the file decides it. `person` is whose time to take from a report
    of several people: the e-mail address or name as `SeveralPeople.people` has it. `keys` are the keys of
    modules and activities there are; a file that names one as project, task, tag or module means it. A file
    of Cairn keeps the keys it has, known or not. Days to come are rows like others.

    Raises NotATable where nothing can be read from the file as it is.
    """
    if len(data) > MAX_BYTES:
        raise NotATable(
            f"The file has {len(data):,} bytes, and at most {MAX_BYTES:,} (5 MB) are read at once. "
            "Export a shorter time, or split the file."
        )
    text, remarks = decoded(data)
    if not text.strip():
        raise NotATable("The file is empty.")
    rows: list[Row] = []
    refusals: list[Refusal] = []
    if text.lstrip()[0] in "[{":
        found = intervals(text, MAX_ROWS)
        _refuse_too_many(len(found))
        for line, interval in found:
            try:
                rows.append(interval_row(line, interval, zone, keys))
            except Refused as refused:
                refusals.append(Refusal(line, str(refused)))
        return Table("timewarrior", tuple(rows), tuple(refusals), remarks)
    lines = list(io.StringIO(text, newline=""))
    if len(lines) > MAX_LINES:
        raise NotATable(
            f"The file has {len(lines):,} lines, and at most {MAX_LINES:,} lines with {MAX_ROWS:,} rows "
            "are read at once. Export a shorter time, or split the file."
        )
    layout = _recognised(lines)
    below = _records_below(lines, layout)
    _refuse_several_people(layout, below, person)
    order, decided = _day_order(layout, below, day_first)
    reader = _RowReader(layout, zone, order, person.strip().casefold(), keys)
    for record in below:
        try:
            rows.append(reader.read(record))
        except Refused as refused:
            refusals.append(Refusal(record.line, str(refused)))
    return Table(layout.format, tuple(rows), tuple(refusals), remarks + layout.remarks + decided)


# ---------------------------------------------------------------------------------------------- what wrote it

_CAIRN_COLUMNS = (
    "date",
    "minutes",
    "module_key",
    "activity_key",
    "confidence",
    "note",
    "started_at",
    "subject",
    "source_id",
)
_ALWAYS_WRITTEN = _CAIRN_COLUMNS[:6]
_CAIRN = {name: name for name in _CAIRN_COLUMNS}
_PLAIN = {
    "date": "date",
    "day": "date",
    "minutes": "minutes",
    "min": "minutes",
    "module": "module",
    "subject": "module",
    "activity": "activity",
    "confidence": "confidence",
    "note": "note",
    "notes": "note",
}
_PLAIN_ORDER = ("date", "minutes", "module", "note")
_TOOL = {
    "user": "user",
    "member": "user",
    "email": "email",
    "project": "project",
    "task": "task",
    "description": "note",
    "tags": "tags",
    "start date": "date",
    "start time": "start_time",
    "end date": "end_date",
    "stop date": "end_date",
    "end time": "end_time",
    "stop time": "end_time",
    "duration": "duration",
    "duration (h)": "hours",
    "duration (decimal)": "decimal",
}
_EXPECTED = (
    "Expected are the columns date, minutes, module and note, a detailed report of Toggl Track or Clockify "
    "as CSV, or what “timew export” writes."
)
_FIRST_CELL_OF_A_ROW = re.compile(r"\s*[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}\s*")
_SEPARATOR_LINE = re.compile(r'"?sep=."?\s*', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Layout:
    """Which tool wrote a file, and where its columns stand."""

    format: Format
    delimiter: str
    columns: Mapping[str, int]
    width: int
    headed: bool
    remarks: tuple[str, ...] = ()

    def cell(self, record: Record, column: str) -> str:
        """A cell with its blanks; empty where the file has no such column."""
        place = self.columns.get(column)
        return "" if place is None or place >= len(record.cells) else record.cells[place]

    def said(self, record: Record, column: str) -> str:
        """A cell of Toggl or Clockify; the first of them writes a dash where there is nothing."""
        text = self.cell(record, column).strip()
        return "" if text == "-" else text


def _recognised(lines: list[str]) -> _Layout:
    """The layout of a file, by its first row. Blanks out the line in which Excel names the separator."""
    if _SEPARATOR_LINE.fullmatch(lines[0]):
        lines[0] = "\n"
    most: tuple[str, ...] = ()
    for delimiter in DELIMITERS:
        first = next(records(lines, delimiter), None)
        if first is None:
            raise NotATable("The file is empty.")
        if layout := _layout(first.cells, delimiter):
            return layout
        most = max(most, first.cells, key=len)
    found = f"The first row is “{shown(', '.join(most))}”" if most else "The first row cannot be read"
    names = " ".join(_name(cell) for cell in most)
    if ("duration" in names or "time (" in names) and "date" not in names:
        found += ", which looks like a summary: it has no days. Export the detailed report"
    raise NotATable(f"{found}. {_EXPECTED}")


def _name(cell: str) -> str:
    """The name of a column, whatever its case and blanks."""
    return " ".join(cell.strip("\ufeff \t").casefold().split())


def _layout(cells: Sequence[str], delimiter: str) -> _Layout | None:
    names = [_name(cell) for cell in cells]
    while names and not names[-1]:
        names.pop()
    there = set(names)
    if {"date", "minutes", "module_key", "activity_key"} <= there:
        return _headed("cairn", names, _CAIRN, delimiter)
    if "start date" in there and there & {"duration (h)", "duration (decimal)"}:
        return _headed("clockify", names, _TOOL, delimiter)
    if "start date" in there and ("duration" in there or there & {"end time", "stop time"}):
        return _headed("toggl", names, _TOOL, delimiter)
    if there & {"date", "day"} and there & {"minutes", "min"}:
        return _headed("plain", names, _PLAIN, delimiter)
    if len(names) >= 2 and _FIRST_CELL_OF_A_ROW.fullmatch(cells[0]):
        columns = {name: place for place, name in enumerate(_PLAIN_ORDER)}
        return _Layout("plain", delimiter, columns, len(columns), headed=False)
    return None


def _headed(made_by: Format, names: Sequence[str], vocabulary: Mapping[str, str], delimiter: str) -> _Layout:
    columns: dict[str, int] = {}
    unread = []
    for place, name in enumerate(names):
        column = vocabulary.get(name)
        if column is None:
            unread.append(name)
        elif column in columns:
            twice = " and ".join(f"“{names[at]}”" for at in (columns[column], place))
            raise NotATable(f"Two columns, {twice}, say the same thing. Leave one of them out.")
        else:
            columns[column] = place
    remarks: tuple[str, ...] = ()
    if unread and vocabulary is not _TOOL:
        remarks = (f"Columns that are not read: {', '.join(f'“{shown(name)}”' for name in unread[:10])}.",)
    return _Layout(made_by, delimiter, columns, len(names), headed=True, remarks=remarks)


def _records_below(lines: Sequence[str], layout: _Layout) -> list[Record]:
    """Every record but the header."""
    found = records(lines, layout.delimiter)
    if layout.headed:
        next(found)
    below: list[Record] = []
    for record in found:
        below.append(record)
        _refuse_too_many(len(below))
    if not below:
        raise NotATable("The file names its columns and has no row below them.")
    return below


def _refuse_too_many(rows: int) -> None:
    if rows > MAX_ROWS:
        raise NotATable(
            f"The file has more than {MAX_ROWS:,} rows, the most that are read at once. "
            "Export a shorter time, or split the file."
        )


def _refuse_several_people(layout: _Layout, below: Iterable[Record], person: str) -> None:
    """A workspace's report has everybody's time in it; only the learner's own is logged."""
    people: dict[str, str] = {}
    for record in below:
        if name := _person(layout, record):
            people.setdefault(name.casefold(), name)
    if len(people) < 2 or person.strip():
        return
    names = tuple(people.values())
    named = ", ".join(f"“{shown(name)}”" for name in names[:5])
    raise SeveralPeople(
        f"The report holds the time of {len(names):,} people: {named}{', …' if len(names) > 5 else ''}. "
        "Say which of them is you, or export your own entries alone.",
        names,
    )


def _person(layout: _Layout, record: Record) -> str:
    """Whose entry it is; empty where the file does not say."""
    return layout.said(record, "email") or layout.said(record, "user")


def _day_order(layout: _Layout, below: Iterable[Record], asked: bool | None) -> tuple[bool, tuple[str, ...]]:
    """Whether 03/04/2026 is in April, and a sentence where that was decided by another day of the file.

    One day after the 12th decides it for all, also against what was asked for: in the other order that day
    would not exist.
    """
    proofs: dict[bool, tuple[str, int]] = {}
    unclear: tuple[str, int] | None = None
    for record in below:
        for column in ("date", "end_date"):
            said = layout.cell(record, column).strip()
            readings = day_readings(said)
            if len(readings) == 1:
                proofs.setdefault(next(iter(readings)), (said, record.line))
            elif len(set(readings.values())) == 2:
                unclear = unclear or (said, record.line)
    if len(proofs) == 2:
        (day, day_line), (month, month_line) = proofs[True], proofs[False]
        raise NotATable(
            f"The days are written in two orders: “{day}” in line {day_line:,} has the day first, "
            f"“{month}” in line {month_line:,} the month. Write them like 2026-11-23."
        )
    if proofs:
        day_first = next(iter(proofs))
        said, line = proofs[day_first]
        remark = f"“{said}” in line {line:,} shows that the {'day' if day_first else 'month'} comes first."
        return day_first, (remark,) if unclear else ()
    if unclear and asked is None:
        said, line = unclear
        first, second = day_readings(said)[True], day_readings(said)[False]
        raise DayOrderUnclear(
            f"“{said}” in line {line:,} is {first} if the day comes first and {second} if the month does, "
            "and no other day in the file decides it. Say which comes first."
        )
    return asked is not False, ()


# ----------------------------------------------------------------------------------------- from record to row

_WORD_OF_A_KEY = r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*"
_MODULE_KEY = re.compile(_WORD_OF_A_KEY)
_ACTIVITY_KEY = re.compile(rf"{_WORD_OF_A_KEY}\.{_WORD_OF_A_KEY}")


@dataclass(frozen=True, slots=True)
class _RowReader:
    """Reads the records of one file."""

    layout: _Layout
    zone: ZoneInfo
    day_first: bool
    person: str
    keys: Collection[str]
    # On which line the file named a row of its own first.
    named: dict[str, int] = field(default_factory=dict)

    def read(self, record: Record) -> Row:
        """Raises Refused with the sentence for the learner."""
        if record.problem:
            raise Refused(record.problem)
        self.check_width(record)
        if self.layout.format == "cairn":
            return checked(self.read_cairn(record))
        if self.layout.format == "plain":
            return checked(self.read_plain(record))
        return checked(self.read_tool(record))

    def check_width(self, record: Record) -> None:
        """A cell too many or too few means that the others stand in the wrong columns."""
        cells, width = len(record.cells), self.layout.width
        # Spreadsheets fill lines up with empty cells.
        is_wider = any(cell.strip() for cell in record.cells[width:])
        if not is_wider and (cells >= width or (not self.layout.headed and cells >= 2)):
            return
        name = DELIMITERS[self.layout.delimiter]
        expected = f"{width:,}" if self.layout.headed else "2 to 4"
        raise Refused(
            f"This line has {cells:,} {'cell' if cells == 1 else 'cells'} with a {name} between them, and "
            f"{expected} are expected. A note with a {name} in it stands in quotation marks."
        )

    def text(self, record: Record, column: str) -> str:
        """A cell without the blanks around it."""
        return self.layout.cell(record, column).strip()

    def read_cairn(self, record: Record) -> Row:
        module_key = self.text(record, "module_key")
        activity_key = self.text(record, "activity_key")
        if module_key and (len(module_key) > LONGEST_MODULE_KEY or not _MODULE_KEY.fullmatch(module_key)):
            raise Refused(f"“{shown(module_key)}” is no key of a module. Expected is one like garak.")
        if activity_key and (
            len(activity_key) > LONGEST_ACTIVITY_KEY or not _ACTIVITY_KEY.fullmatch(activity_key)
        ):
            raise Refused(
                f"“{shown(activity_key)}” is no key of an activity. Expected is one like garak.first-scan."
            )
        row = Row(
            line=record.line,
            minutes=read_plain_minutes(self.text(record, "minutes")),
            studied_on=read_day(self.text(record, "date"), self.day_first),
            started_at=read_time(self.text(record, "started_at")),
            subject=_unguarded(self.layout.cell(record, "subject")),
            module_key=module_key,
            activity_key=activity_key,
            confidence=read_confidence(self.text(record, "confidence")),
            note=_unguarded(self.layout.cell(record, "note")),
            source_id=_unguarded(self.layout.cell(record, "source_id")),
        )
        if row.source_id and self.named.setdefault(row.source_id, record.line) != record.line:
            first = self.named[row.source_id]
            raise Refused(
                f"This line is the same session as line {first:,}, by its source_id. "
                "A session that is new has none."
            )
        return row

    def read_plain(self, record: Record) -> Row:
        parts = [self.text(record, "module"), self.text(record, "activity")]
        module_key, activity_key = keys_named(parts, self.keys)
        return Row(
            line=record.line,
            studied_on=read_day(self.text(record, "date"), self.day_first),
            minutes=read_plain_minutes(self.text(record, "minutes")),
            subject=" / ".join(part for part in parts if part),
            module_key=module_key,
            activity_key=activity_key,
            confidence=read_confidence(self.text(record, "confidence")),
            note=tidy(self.layout.cell(record, "note")),
        )

    def read_tool(self, record: Record) -> Row:
        if self.is_total(record):
            raise Refused("This line is the total of the report, not an entry.")
        person = _person(self.layout, record)
        if self.person and not person:
            raise Refused("This line does not say whose time it is.")
        if self.person and person.casefold() != self.person:
            raise Refused(f"This is the time of “{shown(person)}”, not yours.")
        studied_on = read_day(self.text(record, "date"), self.day_first)
        started_at = read_time(self.layout.said(record, "start_time"))
        parts = [self.layout.said(record, "project"), self.layout.said(record, "task")]
        tags = self.layout.said(record, "tags")
        module_key, activity_key = keys_named([*parts, *tags.split(",")], self.keys)
        return Row(
            line=record.line,
            studied_on=studied_on,
            started_at=started_at,
            minutes=self.tool_minutes(record, studied_on, started_at),
            subject=" / ".join(part for part in parts if part) or tags,
            module_key=module_key,
            activity_key=activity_key,
            note=tidy(self.layout.said(record, "note")),
        )

    def is_total(self, record: Record) -> bool:
        """Clockify ends a report with its total."""
        return record.cells[0].strip().casefold() == "total" and not self.layout.said(record, "date")

    def tool_minutes(self, record: Record, studied_on: date, started_at: time | None) -> int:
        """The length as the tool shows it, or from start to end where it shows none."""
        ends = [column for column in ("end_date", "end_time") if column in self.layout.columns]
        if ends and not any(self.layout.said(record, column) for column in ends):
            raise Refused("This entry has no end: it was still running when the file was made.")
        span = self.span(record, studied_on, started_at)
        # A bare number is hours only where the column says so.
        for column, unit in (("duration", ""), ("hours", " h"), ("decimal", " h")):
            if length := self.layout.said(record, column):
                seconds = read_seconds(f"{length}{unit}" if length.isdecimal() else length, span)
                return rounded_minutes(seconds, length)
        if span is None:
            raise Refused("The length is missing. Expected is one like 1:30:00, or a start and an end.")
        return rounded_minutes(span, f"{self.text(record, 'start_time')} to {self.text(record, 'end_time')}")

    def span(self, record: Record, studied_on: date, started_at: time | None) -> int | None:
        """The seconds from start to end on the learner's clock; None where the file does not have both."""
        end_date, end_time = (
            self.layout.said(record, "end_date"),
            read_time(self.layout.said(record, "end_time")),
        )
        if started_at is None or end_time is None or not end_date:
            return None
        begun = datetime.combine(studied_on, started_at, self.zone)
        ended = datetime.combine(read_day(end_date, self.day_first), end_time, self.zone)
        # Where the clock is set back, the earlier of two readings may lie before the start.
        lengths = [elapsed_seconds(begun, ended.replace(fold=fold)) for fold in (0, 1)]
        for length in lengths:
            if length >= 0:
                return length
        raise Refused(
            f"The entry ends before it begins: “{shown(f'{studied_on} {started_at}')}” to "
            f"“{shown(f'{end_date} {end_time}')}”."
        )


# ---------------------------------------------------------------------------------------------------- writing

# What makes a spreadsheet take a cell for a formula; it also looks past blanks, and takes wide signs.
_FORMULA = re.compile(r"'*(?:[\t\r\n]|\s*[=+\-@＝＋－＠])")


def guarded(text: str) -> str:
    """A cell that no spreadsheet takes for a formula: an apostrophe goes before it, as OWASP advises.

    One goes before a text of that kind which has apostrophes already too, so that nothing is lost.
    """
    return f"'{text}" if _FORMULA.match(text) else text


def _unguarded(text: str) -> str:
    """The text that `guarded` made harmless."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


def write_table(rows: Iterable[Row]) -> str:
    """The plain CSV of Cairn, in the order given: what `read_table` reads back is the same but for the line.

    The columns started_at, subject and source_id are written where a row has something in them. Ask for
    UTF-8 when it is sent: Excel takes it for that only where it begins with a byte order mark.
    """
    written = [_written(row) for row in rows]
    columns = [
        name for name in _CAIRN_COLUMNS if name in _ALWAYS_WRITTEN or any(row[name] for row in written)
    ]
    return as_csv(columns, ([row[name] for name in columns] for row in written))


def as_csv(columns: Sequence[str], rows: Iterable[Iterable[str]]) -> str:
    """Rows below a header, with no cell that a spreadsheet takes for a formula."""
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows(map(guarded, row) for row in rows)
    return file.getvalue()


def _written(row: Row) -> dict[str, str]:
    return {
        "date": row.studied_on.isoformat(),
        "minutes": str(row.minutes),
        "module_key": row.module_key,
        "activity_key": row.activity_key,
        "confidence": "" if row.confidence is None else str(row.confidence),
        "note": row.note,
        "started_at": "" if row.started_at is None else row.started_at.isoformat("seconds"),
        "subject": row.subject,
        "source_id": row.source_id,
    }


# ---------------------------------------------------------------------------------------------- what is there


@dataclass(frozen=True, slots=True)
class Known:
    """A session that is there, as rows are compared with it. `submission` is what it was logged under."""

    key: int
    minutes: int
    studied_on: date
    module_key: str = ""
    activity_key: str = ""
    note: str = ""
    confidence: int | None = None
    submission: UUID | None = None
    deleted: bool = False


Fingerprint = tuple[date, int, str, str, str]


def fingerprint(entry: Row | Known) -> Fingerprint:
    """What a session says, but for confidence; line ends and blanks around a note do not count."""
    return (entry.studied_on, entry.minutes, entry.module_key, entry.activity_key, tidy(entry.note))


def same(row: Row, session: Known) -> bool:
    """Whether a session says what a row says. A row that states no confidence leaves it open."""
    return fingerprint(row) == fingerprint(session) and row.confidence in {None, session.confidence}


_SUBMISSIONS = UUID("6a1f8c2e-0b43-5d7a-9c55-3f2d7be0a914")


def submissions(rows: Sequence[Row]) -> tuple[UUID, ...]:
    """What each row of a file is logged under, so that the same file logs once.

    Where a row's source_id is the submission of the session it was written from, it is that. Else it is made
    of what the row says and of how many equal rows stand before it: two true equal sessions in one file are
    two, and the same two when the file is read again, or a longer one with them in it. Keys count only where
    the file has no words for the subject, so that these may be matched with another module the next time.

    Takes the rows of a whole file, in its order.
    """
    before: Counter[str] = Counter()
    numbers = []
    for row in rows:
        about = [row.subject] if row.subject else [row.module_key, row.activity_key]
        began = row.started_at.isoformat() if row.started_at else ""
        said = [row.studied_on.isoformat(), began, row.minutes, row.confidence, tidy(row.note), *about]
        text = json.dumps(["source", row.source_id] if row.source_id else said)
        number = _as_uuid(row.source_id)
        if number is None or before[text]:
            number = uuid5(_SUBMISSIONS, f"{before[text]} {text}")
        numbers.append(number)
        before[text] += 1
    return tuple(numbers)


def _as_uuid(text: str) -> UUID | None:
    try:
        number = UUID(text)
    except ValueError:
        return None
    return number if str(number) == text else None


def match(rows: Sequence[Row], sessions: Sequence[Known]) -> tuple[Known | None, ...]:
    """For each row the session that it already is, or None: the rows that are new.

    A row is the session that was logged under its number (`submissions`), whatever became of that since:
    corrected, or deleted. Else it is one that says the same and was not deleted. No session answers for two
    rows, so of two equal rows and one such session the second is new.

    Takes the rows of a whole file, in its order, and every session of the learner on their days, deleted or
    not, and every one that has one of their numbers.
    """
    logged_as = {session.submission: session for session in sessions if session.submission}
    found: list[Known | None] = [logged_as.get(number) for number in submissions(rows)]
    taken = {session.key for session in found if session}
    # The last first, so that pop() takes them in their order.
    free = [session for session in reversed(sessions) if session.key not in taken and not session.deleted]
    alike: dict[tuple[Fingerprint, int | None], list[Known]] = defaultdict(list)
    for session in free:
        alike[fingerprint(session), session.confidence].append(session)
    for place, row in enumerate(rows):
        if found[place] is None and (equal := alike.get((fingerprint(row), row.confidence))):
            found[place] = equal.pop()
    # What is left over, whatever its confidence, is for the rows that leave it open.
    left: dict[Fingerprint, list[Known]] = defaultdict(list)
    for (print_, _), equal in alike.items():
        left[print_].extend(equal)
    for place, row in enumerate(rows):
        if found[place] is None and row.confidence is None and (equal := left.get(fingerprint(row))):
            found[place] = equal.pop()
    return tuple(found)
