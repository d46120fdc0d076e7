"""What each word of a typed line is to those beside it, and which phrases can stand where they do. Pure."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from enum import Enum, auto
from typing import Literal

from tracker.journal.rules.line.layout import BREAKS, FILLERS, Layout
from tracker.journal.rules.line.phrases import CLOCK_WORDS, Phrase, Stands, T
from tracker.journal.rules.line.tokens import Line

_SHOWN = 40

Field = Literal["line", "minutes", "studied_on", "subject", "confidence", "note"]
PartKind = Literal["minutes", "studied_on", "subject", "confidence", "note", "asked"]


@dataclass(frozen=True, slots=True)
class Ask:
    """A question about one field, as a sentence. `offers` are answers as the form writes them."""

    field: Field
    sentence: str
    offers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """The characters `[start, end)` of the line and what they were read as; `asked` where that is asked."""

    start: int
    end: int
    kind: PartKind


def clean(text: str) -> str:
    """Text that every database and page can hold: control characters become gaps."""
    kept = ((char, unicodedata.category(char)) for char in text)
    shown = (
        " " if kind == "Cc" else "\N{REPLACEMENT CHARACTER}" if kind == "Cs" else char for char, kind in kept
    )
    return "".join(shown).strip()


class Side(Enum):
    """What a token is, to what stands beside it."""

    EDGE = auto()
    LENGTH = auto()
    PART = auto()
    SUBJECT = auto()
    NUMBER = auto()
    UNSURE = auto()
    TEXT = auto()

    @property
    def is_text(self) -> bool:
        """Whether it is a word that was not read, or may be no more than that."""
        return self in {Side.TEXT, Side.UNSURE}


@dataclass(slots=True)
class Sheet:
    """The line while it is read.

    `sides` says for tokens that were read what they are to others, `kinds` what they are shown as, and
    `begins` with which token that began. `spoken` are tokens of a subject named inside a sentence, which
    stay in the note; `weak` those of phrases that do not stand where they are. `unsure` are words for a
    subject that is asked, `unread` what was not understood.
    """

    line: Line
    today: date
    layout: Layout
    sides: dict[int, Side] = field(default_factory=dict)
    kinds: dict[int, PartKind] = field(default_factory=dict)
    begins: dict[int, int] = field(default_factory=dict)
    quotes: dict[int, int] = field(default_factory=dict)
    quoted: set[int] = field(default_factory=set)
    spoken: set[int] = field(default_factory=set)
    weak: set[int] = field(default_factory=set)
    unsure: list[tuple[int, int]] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    asks: list[Ask] = field(default_factory=list)

    def take(self, first: int, until: int, side: Side, kind: PartKind) -> None:
        for at in range(first, until):
            self.sides[at] = side
            self.kinds[at] = kind
            self.begins[at] = first

    def ask(self, name: Field, sentence: str, offers: Iterable[object] = ()) -> None:
        """Ask about a field; of several offers that are alike one is kept."""
        self.asks.append(Ask(name, sentence, tuple(dict.fromkeys(str(offer) for offer in offers))))

    def is_asked(self, name: Field) -> bool:
        return any(ask.field == name for ask in self.asks)

    def release(self, first: int, until: int) -> None:
        """Give the tokens of a phrase that does not stand back to the text."""
        for at in range(first, until):
            self.sides.pop(at, None)
            self.kinds.pop(at, None)
            self.weak.add(at)

    def said(self, first: int, until: int) -> str:
        """What was typed, as a sentence shows it."""
        return clean(self.line.said(first, until))[:_SHOWN]

    def side(self, at: int, step: int) -> Side:
        """What stands beside a token, left (-1) or right (1); joining words and signs are passed over."""
        bounds = next((s for s in self.layout.stretches if s.first <= at < s.until), None)
        place = at + step
        while bounds and bounds.first <= place < bounds.until:
            if place in self.quoted or self.line.sign(place) in BREAKS:
                return Side.EDGE
            if place in self.sides:
                return self.sides[place]
            if self.line.digits(place) or self.line.fraction(place):
                return Side.NUMBER
            word = self.line.word(place)
            if word and word not in FILLERS:
                return Side.TEXT
            place += step
        return Side.EDGE


def place_found(sheet: Sheet) -> None:
    for stretch in sheet.layout.stretches:
        for first, until in stretch.quotes:
            sheet.quotes[first] = until
            sheet.quoted.update(range(first, until))
        for length in stretch.lengths:
            sheet.take(length.first, length.until, Side.LENGTH, "minutes")
        for day in stretch.days:
            sheet.take(day.first, day.until, Side.PART, "studied_on")
        for confidence in stretch.confidences:
            sheet.take(confidence.first, confidence.until, Side.PART, "confidence")
        for title in stretch.titles:
            sheet.take(title.first, title.until, Side.SUBJECT, "subject")


# After these, a day is spoken of.
NO_DAY_AFTER = frozenset([
    "a", "about", "after", "against", "as", "before", "between", "by", "during", "each", "every", "for",
    "from", "in", "is", "like", "not", "of", "over", "since", "than", "the", "through", "till", "to",
    "unlike", "until", "vs", "was", "with",
])  # fmt: skip
# After or before these, a length is one of something else.
_NO_LENGTH_AFTER = frozenset([
    "a", "an", "at", "each", "every", "first", "in", "last", "next", "over", "per", "than", "the", "under",
    "within",
])  # fmt: skip
_NO_LENGTH_BEFORE = frozenset(["ago", "apart", "each", "later", "left", "old", "per"])
NO_CONFIDENCE_AFTER = frozenset(["be", "being", "for", "made", "make", "making", "not", "on"])


@dataclass(slots=True)
class Phrases:
    """Phrases of each kind, in the order of the line."""

    lengths: list[Phrase[int]] = field(default_factory=list)
    days: list[Phrase[date]] = field(default_factory=list)
    confidences: list[Phrase[int]] = field(default_factory=list)


def settle(sheet: Sheet) -> tuple[Phrases, Phrases]:
    """The phrases that stand where they can be what they say, and those that are part of a sentence.

    What does not stand is text to its neighbours, so that they are looked at again, until nothing changes.
    """
    firm, weak = Phrases(), Phrases()
    for stretch in sheet.layout.stretches:
        firm.lengths += stretch.lengths
        firm.days += stretch.days
        firm.confidences += stretch.confidences
    changed = True
    while changed:
        changed = _drop(sheet, firm.lengths, weak.lengths, _NO_LENGTH_AFTER)
        changed = _drop(sheet, firm.days, weak.days, NO_DAY_AFTER) or changed
        changed = _drop(sheet, firm.confidences, weak.confidences, NO_CONFIDENCE_AFTER) or changed
    for phrases in (weak.lengths, weak.days, weak.confidences):
        phrases.sort(key=_begin)
    return firm, weak


def _begin(phrase: Phrase[int] | Phrase[date]) -> int:
    return phrase.first


def _drop(sheet: Sheet, firm: list[Phrase[T]], weak: list[Phrase[T]], never_after: frozenset[str]) -> bool:
    """Move the phrases that do not stand. From the right, as what stands to the right is text more often."""
    fallen = []
    for phrase in reversed(firm):
        if not _stands(sheet, phrase, never_after):
            sheet.release(phrase.first, phrase.until)
            fallen.append(phrase)
    firm[:] = [phrase for phrase in firm if phrase not in fallen]
    weak += fallen
    return bool(fallen)


def word_before(sheet: Sheet, at: int) -> str:
    """The word of the text right before a token, or ""."""
    return sheet.line.word(at - 1) if sheet.sides.get(at - 1, Side.TEXT) is Side.TEXT else ""


def _stands(sheet: Sheet, phrase: Phrase[T], never_after: frozenset[str]) -> bool:
    if word_before(sheet, phrase.first) in never_after:
        return False
    left, right = sheet.side(phrase.first, -1), sheet.side(phrase.until - 1, 1)
    no_text_after = not right.is_text
    no_text = no_text_after and not left.is_text
    answers = {
        Stands.ANYWHERE: sheet.line.word(phrase.until) not in _NO_LENGTH_BEFORE,
        Stands.CLOCK: word_before(sheet, phrase.first) not in CLOCK_WORDS,
        Stands.ADVERB: no_text_after or not left.is_text,
        Stands.NOUN: no_text_after,
        Stands.DATE: no_text,
        Stands.ALONE: no_text,
        Stands.LAST: no_text and right is not Side.SUBJECT,
        Stands.ON_LAST: no_text_after and right is not Side.SUBJECT,
    }
    return answers[phrase.stands]
