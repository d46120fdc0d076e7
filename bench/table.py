"""PURE: from what was measured to ratios, the printed table and the sentences under it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

FLOOR = 0.5
AIM = 1.0
JUDGED_BY = "six"
MOST_QUERIES = 8
MOST_ASSET_BYTES = 40_000


@dataclass(frozen=True)
class Ratio:
    """How the rate of one page stands to that of another over the rounds; above 1 it is the quicker one."""

    median: float
    least: float
    most: float

    def __str__(self) -> str:
        return f"{self.median:.2f} ({self.least:.2f} to {self.most:.2f})"


@dataclass(frozen=True)
class Measured:
    """One page after all rounds. Bytes are those of one answer."""

    queries: int
    html_bytes: int
    sent_bytes: int
    """As it came over the wire: compressed where the site compresses."""
    gzipped_bytes: int
    """Compressed by the driver, alike for every page."""
    rates: Mapping[int, Sequence[float]]
    """By number of connections: answers a second, one number a round, in the order of the rounds."""


Pages = Mapping[str, Measured]
"""What was measured, by the page's name."""


def paired_ratio(rates: Sequence[float], yardstick: Sequence[float]) -> Ratio:
    """Each round's rate over the yardstick's rate of that round. ValueError where the rounds do not match."""
    if not rates:
        raise ValueError("no round was measured")
    ratios = [rate / base for rate, base in zip(rates, yardstick, strict=True)]
    return Ratio(median(ratios), min(ratios), max(ratios))


def ratios(pages: Pages, yardsticks: Sequence[str], name: str) -> dict[int, dict[str, Ratio]]:
    """The page's ratio to each yardstick, by number of connections."""
    return {
        connections: {
            yardstick: paired_ratio(rates, pages[yardstick].rates[connections]) for yardstick in yardsticks
        }
        for connections, rates in pages[name].rates.items()
    }


def table(pages: Pages, yardsticks: Sequence[str]) -> str:
    """One line a page and number of connections, in the order of `pages`."""
    heads = [
        "page",
        "conns",
        "req/s",
        *(f"of {name}" for name in yardsticks),
        "queries",
        "HTML",
        "sent",
        "gzip",
    ]
    rows = [heads]
    for name, page in pages.items():
        for connections, by_yardstick in ratios(pages, yardsticks, name).items():
            rows.append(
                [
                    name,
                    str(connections),
                    f"{median(page.rates[connections]):.0f}",
                    *("1" if other == name else str(ratio) for other, ratio in by_yardstick.items()),
                    str(page.queries),
                    str(page.html_bytes),
                    str(page.sent_bytes),
                    str(page.gzipped_bytes),
                ]
            )
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(
            [
                row[0].ljust(widths[0]),
                *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)),
            ]
        )
        for row in rows
    )


def holds(what: str, *, true: bool) -> str:
    """The words for a bound that holds or does not."""
    return f"{what} {'holds' if true else 'DOES NOT HOLD'}"


def page_verdict(pages: Pages, name: str) -> str:
    """Floor, aim and queries of one page of the product. The lowest median over the connections decides."""
    by_connections = ratios(pages, [JUDGED_BY], name)
    lowest = min(each[JUDGED_BY].median for each in by_connections.values())
    queries = pages[name].queries
    return (
        f"{name}: {lowest:.2f} of {JUDGED_BY}: "
        f"{holds(f'floor {FLOOR}', true=lowest >= FLOOR)}, {holds(f'aim {AIM}', true=lowest >= AIM)}; "
        f"{queries} queries: {holds(f'at most {MOST_QUERIES}', true=queries <= MOST_QUERIES)}"
    )


def assets_verdict(name: str, sizes: Mapping[str, int]) -> str:
    """Styles and scripts of one page of the product; `sizes` are their compressed bytes by address."""
    total = sum(sizes.values())
    return (
        f"{name}: styles and scripts {total} bytes compressed in {len(sizes)} files: "
        f"{holds(f'under {MOST_ASSET_BYTES}', true=total < MOST_ASSET_BYTES)}"
    )
