"""The words, numbers and signs of a typed line, each with where it stands. Pure.

Text is folded for comparing: case, accents, the width of letters and the script of digits do not count, and
characters that are not seen (direction marks, joiners) are passed over. Positions are those of the line as it
was typed, so that it can be shown what was read where.
"""

import unicodedata
from dataclasses import dataclass
from enum import StrEnum

FRACTIONS = {"\N{VULGAR FRACTION ONE HALF}": 30, "\N{VULGAR FRACTION ONE QUARTER}": 15,
             "\N{VULGAR FRACTION THREE QUARTERS}": 45}  # fmt: skip
DASHES = frozenset("-\N{EN DASH}\N{EM DASH}\N{MINUS SIGN}")
_HYPHENS = frozenset("\N{HYPHEN}\N{NON-BREAKING HYPHEN}")
APOSTROPHES = frozenset("'\N{RIGHT SINGLE QUOTATION MARK}")
# Signs that make one thing of what they stand between or before: `3.5`, `GPT-4`, `#45`, `95%`, `a_b`.
_BINDING_BEFORE = frozenset("-\N{MINUS SIGN}\N{EN DASH}/\\_%$€£@#*^=<>.'\N{RIGHT SINGLE QUOTATION MARK}")
_BINDING_AFTER = _BINDING_BEFORE - {"."}


class Kind(StrEnum):
    """What a token is."""

    WORD = "word"
    NUMBER = "number"
    FRACTION = "fraction"
    SIGN = "sign"
    PICTURE = "picture"


@dataclass(frozen=True, slots=True)
class Token:
    """`text` is folded, `start` and `end` are positions in the line. `spaced`: a gap precedes it."""

    kind: Kind
    text: str
    start: int
    end: int
    spaced: bool


def fold(text: str) -> str:
    """Text as it is compared: no case, no accents, one width."""
    wide = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in wide if not unicodedata.combining(char)).casefold()


def _kind_of(char: str) -> Kind | None:
    """The kind of token a character belongs to; None for a gap."""
    if char in FRACTIONS:
        return Kind.FRACTION
    category = unicodedata.category(char)
    if category[0] == "Z" or category == "Cc":
        return None
    if category == "Nd":
        return Kind.NUMBER
    if category[0] in "LM" or category == "Nl":
        return Kind.WORD
    return Kind.PICTURE if category[0] == "C" or category == "So" else Kind.SIGN


def _folded(kind: Kind, text: str) -> str:
    if kind is Kind.NUMBER:
        # Marks may lie on a digit, as in a keycap.
        return "".join(str(unicodedata.decimal(char, "")) for char in text)
    if kind is Kind.FRACTION:
        return text
    if text in _HYPHENS:
        return "-"
    # A fullwidth colon is a colon; a letter that folds to nothing stays what it is.
    return fold(text) or text


def tokens_of(text: str) -> tuple[Token, ...]:
    """The tokens of a line, in order. One pass: as long as the line."""
    found: list[Token] = []
    letters: list[str] = []
    kind: Kind | None = None
    start = end = 0
    spaced = True

    def close() -> None:
        nonlocal spaced
        if kind is not None:
            found.append(Token(kind, _folded(kind, "".join(letters)), start, end, spaced))
            spaced = False
        letters.clear()

    for at, char in enumerate(text):
        if unicodedata.category(char) == "Cf":
            continue
        now = kind if kind and unicodedata.category(char)[0] == "M" else _kind_of(char)
        inside = char in APOSTROPHES and kind is Kind.WORD and text[at + 1 : at + 2].isalpha()
        if inside or (now is kind and now in {Kind.WORD, Kind.NUMBER, Kind.PICTURE}):
            letters.append("'" if inside else char)
        else:
            close()
            kind, start = now, at
            letters.append(char)
            spaced = spaced or now is None
        end = at + 1
    close()
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Line:
    """The tokens `[first, until)` of a line. What is asked of a token outside is answered as of none."""

    text: str
    tokens: tuple[Token, ...]
    first: int
    until: int

    def part(self, first: int, until: int) -> "Line":
        """A part of it."""
        return Line(self.text, self.tokens, first, until)

    def _find(self, at: int, kind: Kind) -> str:
        if self.first <= at < self.until and self.tokens[at].kind is kind:
            return self.tokens[at].text
        return ""

    def word(self, at: int) -> str:
        """The word there, or ""."""
        return self._find(at, Kind.WORD)

    def sign(self, at: int) -> str:
        """The sign there, or ""."""
        return self._find(at, Kind.SIGN)

    def digits(self, at: int) -> str:
        """The number there as it is written, or ""."""
        return self._find(at, Kind.NUMBER)

    def fraction(self, at: int) -> int:
        """The minutes of an hour that a sign such as one half stands for, or 0."""
        return FRACTIONS.get(self._find(at, Kind.FRACTION), 0)

    def number(self, at: int) -> int:
        """The number there; -1 where there is none, or one of more than six digits."""
        digits = self.digits(at)
        return int(digits) if digits and len(digits) <= 6 else -1

    def is_glued(self, at: int) -> bool:
        """Whether there is a token, and nothing between it and the one before."""
        return self.first < at < self.until and not self.tokens[at].spaced

    def said(self, first: int, until: int) -> str:
        """What was typed from one token to before another."""
        return self.text[self.tokens[first].start : self.tokens[until - 1].end]

    def is_free_before(self, at: int) -> bool:
        """Whether something of its own can begin there: it is not the rest of a longer thing."""
        if at == 0 or self.tokens[at].spaced:
            return True
        before = self.tokens[at - 1]
        if before.kind is Kind.PICTURE:
            return True
        if before.kind is not Kind.SIGN or before.text in _BINDING_BEFORE:
            return False
        if before.text in ",:;":
            # 2,45 and 14:30 are one thing, garak,45m and garak:45m are two.
            return at < 2 or before.spaced or self.tokens[at - 2].kind is not Kind.NUMBER
        return True

    def is_free_after(self, until: int) -> bool:
        """Whether something of its own can end before that token."""
        if until >= len(self.tokens) or self.tokens[until].spaced:
            return True
        after = self.tokens[until]
        if after.kind is Kind.PICTURE:
            return True
        if after.kind is not Kind.SIGN or after.text in _BINDING_AFTER:
            return False
        if until + 1 >= len(self.tokens) or self.tokens[until + 1].spaced:
            return True
        following = self.tokens[until + 1].kind
        if after.text in ".:":
            return following is Kind.SIGN
        return following is not Kind.NUMBER or after.text not in ",;"
