"""How hours and dates are said, and Markdown made safe."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.journal.rules import read_minutes
from tracker.library import prose, words


@pytest.mark.parametrize(
    ("minutes", "said"), [(0, "0 min"), (45, "45 min"), (60, "1 h"), (65, "1 h 05"), (250, "4 h 10")]
)
def test_hours(minutes: int, said: str) -> None:
    assert words.hours(minutes).replace(words.NBSP, " ") == said


@given(st.integers(1, 1440))
def test_what_is_said_of_hours_can_be_typed_back(minutes: int) -> None:
    assert read_minutes(words.hours(minutes)) == minutes


def test_dates() -> None:
    day = date(2026, 5, 14)
    assert words.week_date(day).replace(words.NBSP, " ") == "Thu 14 May"
    assert words.long_date(day).replace(words.NBSP, " ") == "Thu 14 May 2026"
    assert words.month(day).replace(words.NBSP, " ") == "May 2026"


def test_counts_and_shares() -> None:
    assert words.count(1, "activity", "activities") == "one activity"
    assert words.count(12, "activity", "activities") == "12 activities"
    assert words.count(0, "day") == "no days"
    assert words.percent(2, 3).replace(words.NBSP, " ") == "66 %"


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "[a](javascript:alert(1))",
        "![x](https://example.org/pixel.png)",
        '<a href="x" onclick="y()">z</a>',
        "[a](data:text/html;base64,PHNjcmlwdD4=)",
        "<img src=x onerror=alert(1)>",
        "<style>*{}</style>",
    ],
)
def test_nothing_that_acts_comes_out_of_markdown(text: str) -> None:
    html = prose.render(text)
    for bad in ("<script", "<img", "<style", 'href="javascript', 'href="data', '<a href="x" onclick'):
        assert bad not in html


def test_markdown_is_markdown() -> None:
    html = prose.render("A *word* and `code`, see [it](https://example.org).")
    assert "<em>word</em>" in html
    assert 'rel="nofollow noopener"' in html


@given(st.text(max_size=300))
def test_any_text_renders(text: str) -> None:
    assert "<script" not in prose.render(text).lower()
