"""What becomes of the rows of a file: new sessions, sessions that are there already, refused lines. Pure."""

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from uuid import UUID, uuid5

from tracker.journal.rules import Week, asks_about, refuse_day, refuse_more, week_of
from tracker.journal.rules.table.cells import LONGEST_NOTE
from tracker.journal.rules.tables import Known, Refusal, Row, match, same, submissions

_SESSIONS = UUID("c0a2ce3b-53a1-5b0e-8f5e-0d6c3f3b1d52")


def lasting_number(submission: UUID | None, key: int, logged_at: datetime) -> UUID:
    """What a session is known by in files: what it was logged under, or what never changes about it.

    With the moment it was logged, so that the session of another instance that has the same key is another.
    """
    return submission or uuid5(_SESSIONS, f"{key} {logged_at.isoformat()}")


# ------------------------------------------------------------------------------------------------- subjects


@dataclass(frozen=True, slots=True)
class OpenSubject:
    """Words of a file for what was studied, which name nothing in the curriculum by its key."""

    text: str
    sessions: int
    minutes: int

    @property
    def folded(self) -> str:
        """By what it is found again: case and blanks do not make it another."""
        return folded(self.text)


def folded(subject: str) -> str:
    """A subject without what makes no difference: its case and its blanks."""
    return " ".join(subject.split()).casefold()


def _is_open(row: Row) -> bool:
    return bool(folded(row.subject)) and not row.module_key and not row.activity_key


def open_subjects(rows: Iterable[Row]) -> tuple[OpenSubject, ...]:
    """The subjects to be matched with the curriculum, those with the most time first."""
    texts: dict[str, str] = {}
    sessions: Counter[str] = Counter()
    minutes: Counter[str] = Counter()
    for row in rows:
        if _is_open(row):
            name = folded(row.subject)
            texts.setdefault(name, " ".join(row.subject.split()))
            sessions[name] += 1
            minutes[name] += row.minutes
    found = [OpenSubject(text, sessions[name], minutes[name]) for name, text in texts.items()]
    return tuple(sorted(found, key=lambda subject: (-subject.minutes, subject.folded)))


def numbered(rows: Sequence[Row], chosen: Mapping[str, tuple[str, str]]) -> tuple[Row, ...]:
    """The rows of a whole file as they are kept, each with its number (`submissions`) as its source_id.

    `chosen` says by folded subject which module and activity the learner means. Where there is neither, the
    words of the file begin the note: a session has no other place for them.
    """
    return tuple(
        replace(_on_its_subject(row, chosen), source_id=str(number))
        for row, number in zip(rows, submissions(rows), strict=True)
    )


def _on_its_subject(row: Row, chosen: Mapping[str, tuple[str, str]]) -> Row:
    if row.activity_key and not row.module_key:
        return replace(row, module_key=row.activity_key.partition(".")[0])
    if not _is_open(row):
        return row
    module_key, activity_key = chosen.get(folded(row.subject), ("", ""))
    if module_key:
        return replace(row, module_key=module_key, activity_key=activity_key)
    words = " ".join(row.subject.split())
    return replace(row, note=f"{words}\n\n{row.note}" if row.note else words)


# -------------------------------------------------------------------------------------------------- outcome


@dataclass(frozen=True, slots=True)
class Logged:
    """Every session of a learner, deleted ones too, as an import compares its rows with them.

    Left out of `sessions` are those of an import that was taken back: their file may be imported again.
    `taken_back` says which of them still have which number.
    """

    sessions: tuple[Known, ...] = ()
    corrected: frozenset[int] = frozenset()
    taken_back: Mapping[UUID, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class There:
    """A row whose session is there already. Nothing is done with it."""

    row: Row
    session: Known
    state: str  # "as it is", "corrected since", "deleted since"


@dataclass(frozen=True, slots=True)
class NewWeek:
    """What an import adds to a week."""

    week: Week
    rows: tuple[Row, ...]

    @property
    def minutes(self) -> int:
        return sum(row.minutes for row in self.rows)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an import of some rows does. Of the new ones source_id is what each is logged under."""

    new: tuple[Row, ...]
    there: tuple[There, ...]
    refusals: tuple[Refusal, ...]
    questions: tuple[str, ...]

    @property
    def minutes(self) -> int:
        return sum(row.minutes for row in self.new)

    def there_as(self, state: str) -> int:
        """How many are there in one of the states of `There`."""
        return sum(1 for each in self.there if each.state == state)

    @property
    def weeks(self) -> tuple[NewWeek, ...]:
        """The new rows by week, the latest first; in a week the latest day first, as the journal has it."""
        by_week: dict[Week, list[Row]] = {}
        for row in sorted(self.new, key=lambda row: row.studied_on, reverse=True):
            by_week.setdefault(week_of(row.studied_on), []).append(row)
        return tuple(NewWeek(week, tuple(rows)) for week, rows in by_week.items())

    @property
    def seen(self) -> str:
        """A digest of everything that would be created, so that it is this that is imported or nothing."""
        said = [
            [
                row.source_id,
                row.studied_on.isoformat(),
                row.minutes,
                row.module_key,
                row.activity_key,
                row.confidence,
                row.note,
            ]
            for row in self.new
        ]
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def sort_out(rows: Sequence[Row], logged: Logged, today: date) -> Outcome:
    """What becomes of each row. `rows` are those of a whole file as `numbered` gives them.

    A session that is there stays as it is, corrected or deleted since or not. Of the others a row is refused
    for a day to come after `today` or long ago, and where its day would have more than 24 hours with it: the
    rows of a day are taken in the order of the file as far as they fit.
    """
    minutes: Counter[date] = Counter()
    for session in logged.sessions:
        if not session.deleted:
            minutes[session.studied_on] += session.minutes
    new: list[Row] = []
    there: list[There] = []
    refusals: list[Refusal] = []
    for row, known in zip(rows, match(rows, logged.sessions), strict=True):
        if known is not None:
            there.append(There(row, known, _state(row, known, logged.corrected)))
        elif refusal := _refusal(row, minutes[row.studied_on], today):
            refusals.append(Refusal(row.line, refusal))
        else:
            minutes[row.studied_on] += row.minutes
            new.append(row)
    days = sorted({row.studied_on for row in new})
    questions = tuple(question for day in days if (question := asks_about(minutes[day], day)))
    return Outcome(tuple(new), tuple(there), tuple(refusals), questions)


def _state(row: Row, session: Known, corrected: Collection[int]) -> str:
    if session.deleted:
        return "deleted since"
    return "corrected since" if session.key in corrected and not same(row, session) else "as it is"


def _refusal(row: Row, logged: int, today: date) -> str:
    """Why a row that is new is not logged; empty where it is."""
    if row.activity_key and row.activity_key.partition(".")[0] != row.module_key:
        return f"“{row.activity_key}” is no activity of the module “{row.module_key}”."
    if len(row.note) > LONGEST_NOTE:
        return f"With its subject before it, the note has more than {LONGEST_NOTE:,} characters."
    if refusal := refuse_day(row.studied_on, today):
        return f"{row.studied_on}: {refusal}"
    if refusal := refuse_more(row.minutes, logged):
        return f"{row.studied_on}: {refusal}"
    return ""
