"""A map as one SVG picture, on paper: no style sheet, no script, nothing loaded. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from tracker.coverage.rules.hyphens import SOFT_HYPHEN, soft
from tracker.coverage.rules.layout import STATES, Cell, Column, Section, part_counts
from tracker.coverage.rules.levels import Standing

WIDTH = 1680
FONT = "system-ui, Helvetica, Arial, sans-serif"
MARGIN = 32
GAP = 10
LINE = 13
SMALL = 10.5
MOST_COLUMNS = 16
FLAT_COLUMNS = 5
INK, SECOND, RULE, PAPER = "#1e1c18", "#5b564b", "#dcd7ca", "#f8f6f0"
LETTER = 0.56
"""The width of a letter of a sans serif in ems, on the wide side: a line must not leave its cell."""

WORDS = {
    "evidenced": "evidenced",
    "practised": "practised",
    "studied": "studied",
    "untouched": "untouched",
    "outside": "not taught here",
}
_STONE = '<ellipse cx="{x}" cy="{y}" rx="{rx}" ry="{ry}" {how}/>'
_HOLLOW = f'fill="none" stroke="{INK}" stroke-width="1.4"'
_FILLED = f'fill="{INK}"'


@dataclass(slots=True)
class _Sheet:
    """What is drawn so far, and how far down."""

    parts: list[str]
    y: float

    def text(
        self, x: float, y: float, said: str, size: float = 12, *, weight: int = 400, fill: str = INK
    ) -> None:
        self.parts.append(
            f'<text x="{x:g}" y="{y:g}" font-size="{size:g}" font-weight="{weight}" fill="{fill}">'
            f"{escape(said)}</text>"
        )

    def rule(self, x: float, y: float, length: float, colour: str = RULE) -> None:
        self.parts.append(
            f'<path d="M{x:g} {y:g}h{length:g}" stroke="{colour}" stroke-width="1" fill="none"/>'
        )

    def stones(self, x: float, y: float, state: str) -> None:
        """The shape of a state, 20 by 18, with its upper left corner here."""
        if state in {"untouched", "outside"}:
            dashes = ' stroke-dasharray="3 3"' if state == "outside" else ""
            line = f'd="M{x + 3:g} {y + 15:g}h14" stroke="{SECOND}" stroke-width="1.5" fill="none"'
            self.parts.append(f"<path {line}{dashes}/>")
            return
        how = _FILLED if state == "evidenced" else _HOLLOW
        for level, (centre, below, rx, ry) in enumerate(
            ((10, 14, 8, 3), (9.5, 8, 5.8, 2.4), (10.3, 3.4, 3.8, 2))
        ):
            if level < ("studied", "practised", "evidenced").index(state) + 1:
                self.parts.append(
                    _STONE.format(x=f"{x + centre:g}", y=f"{y + below:g}", rx=rx, ry=ry, how=how)
                )


def drawn(
    title: str,
    layout: Sequence[Section],
    kinds: Mapping[str, str],
    standings: Mapping[str, Standing],
    total: Mapping[str, int],
) -> str:
    """The picture of a map.

    kinds: the titles of its sections, by kind of topic.  total: how many topics are in each of `STATES`.
    """
    sheet = _Sheet([], MARGIN + 24)
    sheet.text(MARGIN, sheet.y, title, 26, weight=600)
    sheet.y += 22
    x: float = MARGIN
    for state in STATES:
        said = f"{total[state]} {WORDS[state]}"
        sheet.stones(x, sheet.y - 2, state)
        sheet.text(x + 28, sheet.y + 13, said, 14)
        x += 28 + len(said) * 14 * LETTER + 28
    sheet.y += 36
    for section in layout:
        _section(sheet, section, kinds.get(section.kind, section.kind), standings)
    height = round(sheet.y + MARGIN)
    summary = ", ".join(f"{total[state]} {WORDS[state]}" for state in STATES)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
            f'viewBox="0 0 {WIDTH} {height}" role="img" font-family="{FONT}">',
            f"<title>{escape(title)}</title>",
            f"<desc>{escape(summary)}</desc>",
            f'<rect width="{WIDTH}" height="{height}" fill="{PAPER}"/>',
            *sheet.parts,
            "</svg>",
            "",
        ]
    )


def _section(sheet: _Sheet, section: Section, title: str, standings: Mapping[str, Standing]) -> None:
    sheet.y += 16
    sheet.text(MARGIN, sheet.y, title, 17, weight=600)
    sheet.y += 10
    if section.has_headings:
        columns = list(section.columns)
        for first in range(0, len(columns), MOST_COLUMNS):
            _columns(sheet, columns[first : first + MOST_COLUMNS], len(columns), standings)
    else:
        cells = [cell for column in section.columns for cell in column.cells]
        rows = -(-len(cells) // FLAT_COLUMNS)
        columns = [Column(None, tuple(cells[at : at + rows])) for at in range(0, len(cells), max(rows, 1))]
        _columns(sheet, columns, FLAT_COLUMNS, standings)
    sheet.y += 12


def _columns(sheet: _Sheet, columns: Sequence[Column], of: int, standings: Mapping[str, Standing]) -> None:
    width = (WIDTH - 2 * MARGIN - GAP * (min(of, MOST_COLUMNS) - 1)) / min(of, MOST_COLUMNS)
    sheet.rule(MARGIN, sheet.y, WIDTH - 2 * MARGIN, INK)
    top, low = sheet.y + 16, sheet.y
    for place, column in enumerate(columns):
        x, y = MARGIN + place * (width + GAP), top
        if column.heading is not None:
            for line in wrapped(column.heading.name, width, 12):
                sheet.text(x, y, line, 12, weight=600)
                y += LINE + 1
        low = max(low, y)
    top = low + 4 if any(column.heading for column in columns) else top - 8
    for place, column in enumerate(columns):
        x, y = MARGIN + place * (width + GAP), top
        for cell in column.cells:
            y = _cell(sheet, cell, x, y, width, standings)
        low = max(low, y)
    sheet.y = low


def _cell(
    sheet: _Sheet, cell: Cell, x: float, y: float, width: float, standings: Mapping[str, Standing]
) -> float:
    """Draws a cell and says where the next begins."""
    standing = standings[cell.topic.topic_id]
    sheet.rule(x, y, width)
    sheet.stones(x, y + 4, standing.state)
    sheet.text(x + 24, y + 18, WORDS[standing.state], 9, fill=SECOND)
    y += 34
    fill = INK if standing.level else SECOND
    for line in wrapped(cell.topic.name, width, SMALL):
        sheet.text(x, y, line, SMALL, fill=fill)
        y += LINE
    if cell.parts:
        done, of = part_counts(cell, standings)
        sheet.text(x, y, f"{done} of {of} parts", 9, fill=SECOND)
        y += LINE
    return y


def wrapped(text: str, width: float, size: float) -> list[str]:
    """A text in lines that are no wider than `width`; a word that is too long is broken."""
    most = max(4, int(width / (size * LETTER)))
    lines = [""]
    for word in text.split():
        for piece in _pieces(word, most):
            joined = f"{lines[-1]} {piece}".strip()
            if len(joined) <= most:
                lines[-1] = joined
            else:
                lines.append(piece)
    return [line for line in lines if line]


def _pieces(word: str, most: int) -> Iterator[str]:
    """A word as it is, or in pieces with hyphens that are no longer than `most`."""
    while len(word) > most:
        length = 0
        for syllable in soft(word).split(SOFT_HYPHEN):
            if length + len(syllable) > most - 1:
                break
            length += len(syllable)
        at = length or most - 1
        yield f"{word[:at]}-"
        word = word[at:]
    yield word
