"""The note of a typed line, and what of the line was read as what. Pure."""

from collections.abc import Sequence

from tracker.journal.rules.line.layout import FILLERS
from tracker.journal.rules.line.sheet import Part, Sheet, Side, clean
from tracker.journal.rules.line.tokens import Kind

# Signs that do not belong to the word they stick to; and those that open something with it.
_LOOSE = frozenset(",;:-/\N{EM DASH}\N{EN DASH}")
# Words that join the note to the length before or the part after it.
_LINKS = frozenset(["about", "and", "approx", "around", "ca", "circa", "for", "of", "on", "roughly", "then"])
_OPENING = frozenset("([{'<@#$€£~*_\N{LEFT SINGLE QUOTATION MARK}")


def read_note(sheet: Sheet) -> tuple[str, list[tuple[int, int]]]:
    """The note, and the characters it was taken from."""
    line, marked = sheet.line, sheet.layout.note_from
    notes: list[str] = []
    spans: list[tuple[int, int]] = []
    for first, until in _note_pieces(sheet):
        start, end = line.tokens[first].start, line.tokens[until - 1].end
        text = line.text[start:end]
        if until > marked:
            end = len(line.text)
            text = line.text[start:]
        elif sheet.quotes.get(first) == until:
            text = line.text[line.tokens[first].end : line.tokens[until - 1].start]
        if cleaned := clean(text):
            notes.append(cleaned)
            spans.append((start, end))
    return ", ".join(notes), spans


def _note_pieces(sheet: Sheet) -> list[tuple[int, int]]:
    """The tokens of the note: words that were not read, quotes and what follows the mark, in pieces."""
    pieces: list[tuple[int, int]] = []
    begun = ended = -1
    for at in range(sheet.line.until + 1):
        if at < sheet.line.until and not _is_read(sheet, at):
            if _is_note(sheet, at):
                begun, ended = (begun if begun >= 0 else at), at + 1
            continue
        if begun >= 0 and (piece := _trimmed(sheet, begun, ended)):
            pieces.append(piece)
        begun = -1
    return pieces


def _is_read(sheet: Sheet, at: int) -> bool:
    return at in sheet.kinds and at not in sheet.spoken


def _is_note(sheet: Sheet, at: int) -> bool:
    sign = sheet.line.tokens[at].kind is Kind.SIGN
    return not sign or at in sheet.quoted or at >= sheet.layout.note_from or at in sheet.spoken


def _trimmed(sheet: Sheet, first: int, until: int) -> tuple[int, int] | None:
    """A piece without joining words at its ends, with the signs that stick to it; None if none is left."""
    if sheet.quotes.get(first) == until:
        return first, until
    marked = until > sheet.layout.note_from
    if not marked and _all_join(sheet, first, until):
        return None
    after_length = sheet.sides.get(first - 1) is Side.LENGTH
    while after_length and first < sheet.layout.note_from and _links(sheet, first):
        first += 1
    while not marked and until in sheet.sides and _links(sheet, until - 1):
        until -= 1
    line = sheet.line
    while first != sheet.layout.note_from and line.is_glued(first) and line.sign(first - 1) in _OPENING:
        first -= 1
    while not marked and line.is_glued(until) and _sticks(sheet, first, until):
        until += 1
    return first, until


def _sticks(sheet: Sheet, first: int, at: int) -> bool:
    """Whether a sign belongs to the piece before it; a bracket that was opened in it does."""
    sign = sheet.line.sign(at)
    opening = {")": "(", "]": "[", "}": "{"}.get(sign)
    if opening:
        return any(sheet.line.sign(place) == opening for place in range(first, at))
    return bool(sign) and sign not in _LOOSE


def _links(sheet: Sheet, at: int) -> bool:
    return sheet.line.word(at) in _LINKS and at not in sheet.weak and at not in sheet.quoted


def _joins(sheet: Sheet, at: int) -> bool:
    return sheet.line.word(at) in FILLERS and at not in sheet.spoken and at not in sheet.quoted


def _all_join(sheet: Sheet, first: int, until: int) -> bool:
    """Whether a piece is joining words and signs alone."""
    return all(_joins(sheet, at) or sheet.line.sign(at) for at in range(first, until))


def parts_of(sheet: Sheet, notes: Sequence[tuple[int, int]]) -> tuple[Part, ...]:
    """What was read where. A subject inside a sentence cuts the note that it stays in."""
    tokens = sheet.line.tokens
    ends: dict[int, int] = {}
    for at in sorted(sheet.kinds):
        ends[sheet.begins[at]] = at
    parts = [Part(tokens[at].start, tokens[end].end, sheet.kinds[at]) for at, end in ends.items()]
    return tuple(sorted([*parts, *_note_parts(notes, parts)], key=lambda part: part.start))


def _note_parts(notes: Sequence[tuple[int, int]], parts: Sequence[Part]) -> list[Part]:
    """The notes without the parts that lie inside them."""
    found: list[Part] = []
    for start, end in notes:
        begin = start
        for part in parts:
            if start <= part.start < end:
                found.append(Part(begin, part.start, "note"))
                begin = part.end
        found.append(Part(begin, end, "note"))
    return [part for part in found if part.start < part.end]
