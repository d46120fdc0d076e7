"""Ratios, bounds and the table."""

import pytest

from bench.assets import styles_and_scripts
from bench.table import Measured, Ratio, assets_verdict, page_verdict, paired_ratio, ratios, table


def make_measured(*rates: float, queries: int = 8) -> Measured:
    return Measured(
        queries=queries, html_bytes=10_900, sent_bytes=10_900, gzipped_bytes=2_000, rates={1: rates, 8: rates}
    )


def test_ratio_pairs_the_rounds() -> None:
    # The machine slowed down by ten: unpaired the ratios would lie between 0.05 and 5.
    assert paired_ratio([50, 6, 4], [100, 10, 10]) == Ratio(median=0.5, least=0.4, most=0.6)


def test_rounds_that_do_not_match() -> None:
    with pytest.raises(ValueError, match="shorter"):
        paired_ratio([1, 2], [1])
    with pytest.raises(ValueError, match="no round"):
        paired_ratio([], [])


def test_ratios_by_connections_and_yardstick() -> None:
    pages = {"hello": make_measured(100), "six": make_measured(10), "today": make_measured(5)}
    assert ratios(pages, ["hello", "six"], "today") == {
        each: {"hello": Ratio(0.05, 0.05, 0.05), "six": Ratio(0.5, 0.5, 0.5)} for each in (1, 8)
    }


def test_table_has_a_line_for_each_page_and_number_of_connections() -> None:
    pages = {"six": make_measured(100, 100, 100), "today": make_measured(50, 60, 40, queries=7)}
    lines = [line.split() for line in table(pages, ["six"]).splitlines()]
    assert len(lines) == 5
    assert lines[1] == ["six", "1", "100", "1", "8", "10900", "10900", "2000"]
    assert lines[4] == ["today", "8", "50", "0.50", "(0.40", "to", "0.60)", "7", "10900", "10900", "2000"]


@pytest.mark.parametrize(
    ("rate", "floor", "aim"),
    [
        (49, "DOES NOT HOLD", "DOES NOT HOLD"),
        (50, "holds", "DOES NOT HOLD"),
        (99, "holds", "DOES NOT HOLD"),
        (100, "holds", "holds"),
    ],
)
def test_floor_and_aim(rate: float, floor: str, aim: str) -> None:
    verdict = page_verdict({"six": make_measured(100), "today": make_measured(rate)}, "today")
    assert f"floor 0.5 {floor}, aim 1.0 {aim};" in verdict


@pytest.mark.parametrize(("queries", "words"), [(8, "holds"), (9, "DOES NOT HOLD")])
def test_queries(queries: int, words: str) -> None:
    pages = {"six": make_measured(100), "today": make_measured(100, queries=queries)}
    assert page_verdict(pages, "today").endswith(f"{queries} queries: at most 8 {words}")


def test_the_lower_number_of_connections_decides() -> None:
    today = Measured(8, 1, 1, 1, rates={1: [100.0], 8: [40.0]})
    assert page_verdict({"six": make_measured(100), "today": today}, "today").startswith("today: 0.40 of six")


@pytest.mark.parametrize(("size", "words"), [(19_999, "holds"), (20_000, "DOES NOT HOLD")])
def test_assets(size: int, words: str) -> None:
    verdict = assets_verdict("today", {"/a.css": size, "/b.js": 20_000})
    assert verdict.endswith(f"under 40000 {words}")
    assert f"{size + 20_000} bytes" in verdict


def test_styles_and_scripts() -> None:
    html = """
        <link rel="icon" href="/static/icon.svg"><link rel="STYLESHEET" href="/static/cairn.css">
        <script>inline()</script><script src="/static/htmx.js" defer></script>
        <link rel="modulepreload" href="/static/part.js"><img src="/static/picture.png">
        <script src="/static/htmx.js"></script>
    """
    assert styles_and_scripts(html) == ["/static/cairn.css", "/static/htmx.js", "/static/part.js"]
