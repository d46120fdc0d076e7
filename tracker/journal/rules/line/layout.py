"""How a typed line is laid out: quotes, where the note begins, and what was found by its words. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from tracker.journal.rules.line.phrases import Phrase, confidence_at, day_at, length_at, range_at
from tracker.journal.rules.line.subjects import Lexicon, Mention, read_run, title_at
from tracker.journal.rules.line.tokens import DASHES, Kind, Line

# Joining words: a stretch of nothing else is no note.
FILLERS = frozenset([
    "about", "and", "approx", "around", "at", "ca", "circa", "did", "for", "i", "in", "log", "logged", "of",
    "on", "roughly", "spent", "studied", "the", "then", "to", "with", "worked",
])  # fmt: skip
# Signs that end a run of words.
BREAKS = frozenset(",;()[]{}|!?…")
# A bare number within these is minutes; another is asked.
SHORTEST_BARE, LONGEST_BARE = 10, 480

_QUOTES = {
    '"': '"',
    "\N{LEFT DOUBLE QUOTATION MARK}": "\N{RIGHT DOUBLE QUOTATION MARK}",
    "\N{DOUBLE LOW-9 QUOTATION MARK}": "\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}",
    "\N{LEFT-POINTING DOUBLE ANGLE QUOTATION MARK}": "\N{RIGHT-POINTING DOUBLE ANGLE QUOTATION MARK}",
}


@dataclass(slots=True)
class Stretch:
    """The tokens `[first, until)` between two marks, and what was found there by its words alone."""

    first: int
    until: int
    lengths: list[Phrase[int]] = field(default_factory=list)
    days: list[Phrase[date]] = field(default_factory=list)
    confidences: list[Phrase[int]] = field(default_factory=list)
    titles: list[Mention] = field(default_factory=list)
    quotes: list[tuple[int, int]] = field(default_factory=list)
    before_quote: bool = False

    def found(self) -> list[tuple[int, int]]:
        """The tokens of everything that was found."""
        rows: list[Phrase[int] | Phrase[date] | Mention] = [
            *self.lengths,
            *self.days,
            *self.confidences,
            *self.titles,
        ]
        return [(row.first, row.until) for row in rows] + self.quotes


@dataclass(slots=True)
class Layout:
    """The stretches that are read, and the token with which the note begins that follows a mark."""

    stretches: list[Stretch]
    note_from: int


def lay_out(line: Line, lexicon: Lexicon, today: date) -> Layout:
    """Find quotes, titles, phrases and marks, and where a marked note begins."""
    stretches = [
        stretch for stretch in _cut(line, lexicon) if stretch.first < stretch.until or stretch.before_quote
    ]
    for stretch in stretches:
        _find_phrases(line.part(stretch.first, stretch.until), stretch, today)
    return _without_note(line, lexicon, stretches)


def _cut(line: Line, lexicon: Lexicon) -> list[Stretch]:
    """The stretches between marks, with their quotes, titles and ranges of time, whose signs are no marks."""
    stretches = [Stretch(0, line.until)]
    at = 0
    while at < line.until:
        now = stretches[-1]
        closed = _closing(line, at)
        if closed > at:
            now.quotes.append((at, closed))
            at = closed
        elif title := title_at(lexicon, line, at):
            now.titles.append(title)
            at = title.until
        elif length := range_at(line, at):
            now.lengths.append(length)
            at = length.until
        elif after := _mark(line, at):
            now.until, now.before_quote = at, closed == at
            stretches.append(Stretch(after, line.until))
            # After a quote that does not end, all is note.
            at = line.until if now.before_quote else after
        else:
            at += 1
    return stretches


def _closing(line: Line, at: int) -> int:
    """Where a quote that opens at a token ends; `at` where it does not end, -1 where none opens."""
    closing = _QUOTES.get(line.sign(at))
    if closing is None or not (at == 0 or line.tokens[at].spaced or line.sign(at - 1)):
        return -1
    for place in range(at + 1, line.until):
        if line.sign(place) and line.sign(place) in closing:
            return place + 1
    return at


def _mark(line: Line, at: int) -> int:
    """Where a sign ends after which a note can begin; 0 where the token is none."""
    sign = line.sign(at)
    if not sign:
        return 0
    opens = line.tokens[at].spaced
    until = at + 1
    if sign in DASHES:
        if sign == "-" and line.sign(until) == "-" and line.is_glued(until):
            until += 1
        ends = until >= line.until or line.tokens[until].spaced
        long = sign == "\N{EM DASH}" and not (line.digits(at - 1) and line.digits(until))
        return until if long or (opens and ends) else 0
    if sign == ":":
        # In `confidence: 4` and `1: 30` it belongs to what it stands in.
        ends = until >= line.until or line.tokens[until].spaced
        sure = confidence_at(line, at - 1)
        inside = (line.digits(at - 1) and line.digits(until)) or (sure and sure.until > at)
        return until if ends and not inside else 0
    if sign == "#":
        return until if opens else 0
    return until if _closing(line, at) == at else 0


def _find_phrases(line: Line, stretch: Stretch, today: date) -> None:
    """Find lengths, days and confidences, from left to right; what was found before stays."""
    ends = dict(stretch.found())
    at = line.first
    while at < line.until:
        if at in ends:
            at = ends[at]
        elif confidence := confidence_at(line, at):
            stretch.confidences.append(confidence)
            at = confidence.until
        elif day := day_at(line, at, today):
            stretch.days.append(day)
            at = day.until
        elif length := length_at(line, at):
            stretch.lengths.append(length)
            at = length.until
        else:
            at += 1


def bare_number(line: Line, at: int) -> int:
    """The number that stands there by itself, or -1."""
    alone = line.digits(at) and line.is_free_before(at) and line.is_free_after(at + 1)
    return line.number(at) if alone else -1


def _has_length(line: Line, stretch: Stretch) -> bool:
    ends = {stretch.first, stretch.until - 1}
    return bool(stretch.lengths) or any(SHORTEST_BARE <= bare_number(line, at) <= LONGEST_BARE for at in ends)


def _without_note(line: Line, lexicon: Lexicon, stretches: list[Stretch]) -> Layout:
    """Cut off the note: what follows the first mark after the length, unless that reads wholly as something.

    Where no length is said, the first mark counts.
    """
    said = next((at for at, stretch in enumerate(stretches) if _has_length(line, stretch)), 0)
    named = False
    for at, stretch in enumerate(stretches):
        part = line.part(stretch.first, stretch.until)
        quoted = at > 0 and stretches[at - 1].before_quote
        if quoted or (at > said and not _is_wholly_read(part, lexicon, stretch, named)):
            return Layout(stretches[:at], stretch.first)
        named = named or _names_subject(part, lexicon, stretch)
    return Layout(stretches, line.until)


def open_runs(line: Line, found: Sequence[tuple[int, int]]) -> list[list[int]]:
    """The words and numbers that were not read as anything, as runs that nothing interrupts."""
    closed = {at for first, until in found for at in range(first, until)}
    runs: list[list[int]] = [[]]
    for at in range(line.first, line.until):
        if at in closed or _is_break(line, at):
            runs.append([])
        elif line.word(at) or line.digits(at):
            runs[-1].append(at)
    return [run for run in runs if run]


def _is_break(line: Line, at: int) -> bool:
    sign = line.sign(at)
    return sign in BREAKS or (sign == "." and not line.is_glued(at + 1)) if sign else False


def _names_subject(line: Line, lexicon: Lexicon, stretch: Stretch) -> bool:
    runs = open_runs(line, stretch.found())
    return bool(stretch.titles) or any(read_run(lexicon, line, run).found for run in runs)


def _is_wholly_read(line: Line, lexicon: Lexicon, stretch: Stretch, named: bool) -> bool:
    """Whether nothing of a stretch would be left for a note."""
    if stretch.quotes or (stretch.titles and named):
        return False
    closed = {at for first, until in stretch.found() for at in range(first, until)}
    kinds = {Kind.FRACTION, Kind.PICTURE}
    if any(line.tokens[at].kind in kinds for at in range(line.first, line.until) if at not in closed):
        return False
    for run in open_runs(line, stretch.found()):
        left = [at for at in run if line.word(at) not in FILLERS]
        if not left or (len(left) == 1 and bare_number(line, left[0]) >= 0):
            continue
        subjects = read_run(lexicon, line, run).found
        if named or not subjects or not all(match.whole for match in subjects):
            return False
    return line.first < line.until
