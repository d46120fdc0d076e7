"""Longer texts: headings that can be linked to, and how long they take."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.library.prose import article


@given(st.lists(st.tuples(st.integers(1, 6), st.text("ab- Ä!", max_size=8)), max_size=8))
def test_every_heading_of_an_article_has_an_anchor_of_its_own(headings: list[tuple[int, str]]) -> None:
    text = "\n\n".join(f"{'#' * rank} {words}\n\nSome words." for rank, words in headings)
    found = article(text)
    ids = re.findall(r'<h[1-6] id="([^"]+)"', found.html)
    assert len(set(ids)) == len(ids) == len(re.findall(r"<h[1-6]", found.html))
    assert [heading.anchor for heading in found.headings] == re.findall(r'<h3 id="([^"]+)"', found.html)
    assert re.findall(r'<a class="anchor" href="#([^"]+)"', found.html) == ids
    assert found.minutes >= 1


@pytest.mark.parametrize("text", ["", " \n", "[a]: https://example.org"])
def test_a_text_of_nothing_is_an_article_of_nothing(text: str) -> None:
    assert (article(text).html.strip(), article(text).headings, article(text).minutes) == ("", (), 1)


def test_a_longer_text_takes_longer_to_read() -> None:
    assert [article("word " * number).minutes for number in (10, 400, 1_000)] == [1, 2, 5]
