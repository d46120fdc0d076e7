"""The year in review as a PDF, of the same values as its page: the same values give the same bytes.

The letters are Fira Sans, of a package. A character that it does not have is drawn as a lozenge, and the
last page says so. To import this takes fpdf2 and what that needs, so only who asks for a PDF imports it.
"""

import logging
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, time
from functools import lru_cache
from pathlib import Path

import fontpkg_fira_sans
from fontTools.ttLib import TTFont
from fpdf import FPDF
from fpdf.enums import MethodReturnValue, XPos, YPos
from fpdf.fonts import TextStyle

from tracker.library.prose import paragraphs
from tracker.library.words import count, from_to, hours, long_date, short_date
from tracker.milestones.rules.year import LookBack, YearReview, month_ticks

FONTS = Path(fontpkg_fira_sans.ROOT) / "files"
FAMILY = "FiraSans"
LOZENGE = "◊"
MARGIN, WIDTH = 20.0, 170.0
INK, QUIET, RULE = 30, 90, 215
STATE_WORDS = {"evidenced": "Evidenced", "claimed": "Claimed", "confirmed": "Confirmed"}

# It warns of each character that a font lacks; here these are replaced before.
logging.getLogger("fpdf").setLevel(logging.ERROR)
logging.getLogger("fontTools").setLevel(logging.ERROR)


@lru_cache(maxsize=1)
def _letters() -> frozenset[int]:
    """The characters that both cuts of the font have."""
    cuts = [TTFont(FONTS / name, lazy=True) for name in ("FiraSans-Regular.ttf", "FiraSans-SemiBold.ttf")]
    return frozenset.intersection(*(frozenset(cut.getBestCmap()) for cut in cuts))


class Paper(FPDF):
    """A4 with a footer, and the few shapes that the review is made of. Lengths are millimetres."""

    def __init__(self, title: str, at: datetime) -> None:
        super().__init__(format="A4")
        self.missing = False
        self.heading = title
        self.set_title(title)
        self.set_lang("en")
        self.set_creator("Cairn")
        self.set_producer("Cairn")
        self.set_creation_date(at)
        self.set_margins(MARGIN, MARGIN, MARGIN)
        self.set_auto_page_break(True, margin=22)
        self.c_margin = 0.0
        self.add_font(FAMILY, "", FONTS / "FiraSans-Regular.ttf")
        self.add_font(FAMILY, "B", FONTS / "FiraSans-SemiBold.ttf")
        # Titles that are in the outline and tagged in the text.
        self.set_section_title_styles(TextStyle(FAMILY, "B", 13))
        self.alias_nb_pages("{pages}")
        self.add_page()

    def footer(self) -> None:
        self.set_y(-15)
        self.letters(8, QUIET)
        # Not set to the right: how wide the number of pages is, is only known at the end.
        self.cell(WIDTH, 5, f"Cairn · {self.heading} · page {self.page_no()} of {{pages}}")

    def letters(self, size: float, grey: int = INK, *, strong: bool = False) -> None:
        """How what follows is written: size in points, grey from 0 (black) to 255."""
        self.set_font(FAMILY, "B" if strong else "", size)
        self.set_text_color(grey)

    def drawable(self, text: str) -> str:
        """The text with a lozenge for each character that the font lacks."""
        found = []
        for letter in text:
            if letter.isspace() and letter != "\N{NO-BREAK SPACE}":
                found.append(" ")
            elif ord(letter) in _letters():
                found.append(letter)
            elif letter.isprintable():
                found.append(LOZENGE)
                self.missing = True
        return "".join(found)

    def say(self, text: str, size: float = 10, grey: int = INK, *, strong: bool = False) -> None:
        """A paragraph over the whole width."""
        self.letters(size, grey, strong=strong)
        self.multi_cell(
            WIDTH,
            size * 0.5,
            self.drawable(text),
            align="L",
            new_x=XPos.LMARGIN,
            new_y=YPos.NEXT,
        )

    def section(self, title: str, room: float = 30) -> None:
        """A heading, on a new page where less room than this would be left below it."""
        if self.will_page_break(room):
            self.add_page()
        else:
            self.ln(7)
        self.set_text_color(INK)
        self.start_section(title)
        self.ln(1.5)

    def line_across(self) -> None:
        self.set_draw_color(RULE)
        self.set_line_width(0.2)
        self.line(MARGIN, self.y, MARGIN + WIDTH, self.y)

    def row(self, cells: Sequence[str], widths: Sequence[float], *, head: bool = False) -> None:
        """A row of a table: the first cell in as many lines as it needs, the others to the right."""
        self.letters(8.5 if head else 9.5, QUIET if head else INK, strong=False)
        first = self.drawable(cells[0])
        tall = self.multi_cell(
            widths[0] - 3, 5, first, dry_run=True, output=MethodReturnValue.HEIGHT, align="L"
        )
        assert isinstance(tall, float | int)
        height = tall + 2.4
        if self.will_page_break(height):
            self.add_page()
        top = self.y
        self.set_y(top + 1.2)
        self.multi_cell(widths[0] - 3, 5, first, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        left = MARGIN + widths[0]
        for text, width in zip(cells[1:], widths[1:], strict=True):
            self.set_xy(left, top + 1.2)
            self.cell(width, 5, self.drawable(text), align="R")
            left += width
        self.set_xy(MARGIN, top + height)
        self.line_across()

    def lined_table(
        self, head: Sequence[str], rows: Iterable[Sequence[str]], widths: Sequence[float]
    ) -> None:
        self.row(head, widths, head=True)
        for cells in rows:
            self.row(cells, widths)


def year_pdf(review: YearReview) -> bytes:
    """The review as a PDF file."""
    title = f"{review.year} in review"
    paper = Paper(title, datetime.combine(review.last_on, time(), tzinfo=UTC))
    paper.say(title, 24, strong=True)
    paper.ln(1)
    weeks = count(review.weeks_studied, "week")
    paper.say(
        f"{hours(review.minutes)} in {count(review.sessions, 'session')} over {weeks}. "
        f"{count(len(review.completed), 'milestone').capitalize()} completed. "
        f"Up to {long_date(review.last_on)}.",
        11,
        QUIET,
    )
    if review.kinds:
        _hours(paper, review)
    if review.modules:
        paper.section("Modules")
        paper.lined_table(
            ("Module", "Hours", "Milestone completed"),
            (
                (row.title, hours(row.minutes), long_date(row.completed_on) if row.completed_on else "–")
                for row in review.modules
            ),
            (100, 30, 40),
        )
    if review.completed:
        paper.section("Milestones")
        paper.lined_table(
            ("Milestone", "Hours", "Planned", "Evidence", "Backed"),
            (
                (
                    f"{row.title}, {short_date(row.on)}",
                    hours(row.minutes),
                    hours(row.planned_minutes),
                    str(row.evidence_count),
                    STATE_WORDS[row.state],
                )
                for row in review.completed
            ),
            (84, 22, 22, 18, 24),
        )
    if review.maps:
        _maps(paper, review)
    if review.look_backs:
        paper.section("Looking back")
        for look_back in review.look_backs:
            _look_back(paper, look_back)
    if paper.missing:
        paper.ln(4)
        paper.say(
            f"{LOZENGE} stands for a character that the letters of this file do not have. The page has it.",
            8.5,
            QUIET,
        )
    return bytes(paper.output())


def _hours(paper: Paper, review: YearReview) -> None:
    paper.section("Hours by kind and week", 60)
    paper.say(
        f"A bar a week. The tallest is {hours(review.tallest)}; all kinds have the same scale.", 9, QUIET
    )
    paper.ln(2)
    step, tall = WIDTH / 54, 11.0  # a year touches 54 weeks at most
    for kind in review.kinds:
        if paper.will_page_break(tall + 9):
            paper.add_page()
        paper.letters(9.5, strong=True)
        paper.cell(WIDTH / 2, 5, kind.word)
        paper.cell(WIDTH / 2, 5, hours(kind.minutes), align="R", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        floor = paper.y + tall
        paper.set_fill_color(INK)
        for place, minutes in enumerate(kind.by_week):
            if minutes:
                high = max(0.4, tall * minutes / review.tallest)
                paper.rect(MARGIN + place * step + 0.3, floor - high, step - 0.6, high, style="F")
        paper.set_y(floor)
        paper.line_across()
        paper.ln(3)
    paper.letters(8, QUIET)
    top = paper.y - 2
    for place, name in month_ticks(review.weeks):
        paper.set_xy(MARGIN + place * step, top)
        paper.cell(step * 4, 4, name)
    paper.set_xy(MARGIN, top + 6)
    paper.ln(2)
    widths = (50, *(120 / (len(review.kinds) + 1) for _ in range(len(review.kinds) + 1)))
    paper.lined_table(
        ("Week", *(kind.word.replace("Not on an activity", "Other") for kind in review.kinds), "All"),
        (
            (
                from_to(week.first_on, week.last_on),
                *(hours(kind.by_week[place]) if kind.by_week[place] else "–" for kind in review.kinds),
                hours(week.minutes),
            )
            for place, week in enumerate(review.weeks)
            if week.minutes
        ),
        widths,
    )


def _maps(paper: Paper, review: YearReview) -> None:
    paper.section("Maps, then and now")
    paper.say(
        f"How many topics are studied, practised or evidenced: at the start of {review.year}, and on "
        f"{long_date(review.last_on)}.",
        9,
        QUIET,
    )
    paper.ln(1)
    paper.lined_table(
        ("Map", "Then", "Now", "Of", "Evidenced now"),
        (
            (
                f"{row.title} {row.edition}: {row.kind_words}",
                str(row.touched_before),
                str(row.touched_after),
                str(row.of),
                str(row.after[0]),
            )
            for row in review.maps
        ),
        (98, 16, 16, 14, 26),
    )


def _look_back(paper: Paper, look_back: LookBack) -> None:
    if paper.will_page_break(25):
        paper.add_page()
    paper.say(f"{look_back.title}, {long_date(look_back.on)}", 11, strong=True)
    paper.ln(0.5)
    for question, answer in look_back.answers:
        paper.say(question, 9.5, QUIET)
        for text in paragraphs(answer):
            paper.say(text)
            paper.ln(0.8)
    for on, text in look_back.additions:
        paper.say(f"Added {long_date(on)}", 9.5, QUIET)
        for part in paragraphs(text):
            paper.say(part)
            paper.ln(0.8)
    paper.ln(3)
