"""`make bench`: Cairn's pages and ordinary Django pages, measured in turns, as one table of ratios.

    python -m bench.run                    the product against the yardsticks
    python -m bench.run --yardsticks-only  the yardsticks against each other

Needs what the tests need, keeps its data in a directory that is removed afterwards, and leaves the figures in
var/bench/latest.json (CAIRN_DATA names another folder than var). The status is 0 whatever the figures say and
1 where something broke: figures are to be read, not to fail a build on a busy machine.
"""

import argparse
import json
import os
import platform
import signal
import sys
import tempfile
import urllib.request
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urljoin

from bench import claims, curriculum, load, mails, plans, posts, reports
from bench.assets import styles_and_scripts
from bench.driver import Load, gzipped_size
from bench.server import HOST, SERVER_ARGUMENTS, free_port, served
from bench.sites import YARDSTICK_PAGES, Page, Site, base_environment, product_site, python, yardstick_site
from bench.table import Measured, Pages, assets_verdict, page_verdict, ratios, table

CONNECTIONS = (1, 8)
WARM_UP_SECONDS = 1.0
YARDSTICKS = [page.name for page in YARDSTICK_PAGES]
SECTIONS = ("curriculum", "plans", "posts", "mails", "claims", "load", "reports")


def drive(site: Site, page: Page, connections: int, seconds: float) -> Load:
    """Load one page once, from a process of its own."""
    printed = python(
        base_environment(),
        *("-m", "bench.driver", HOST, str(site.port), page.path),
        *("--cookie", site.cookie, "--marker", page.marker),
        *("--connections", str(connections), "--seconds", str(seconds)),
    )
    return Load(**json.loads(printed))


def count_queries(site: Site) -> dict[str, int]:
    """The queries of each page, by its name, counted inside a process of the site."""
    paths = [page.path for page in site.pages]
    counted = json.loads(python(site.environment, "-m", "bench.inside", "count", site.cookie, *paths))
    return {page.name: counted[page.path]["queries"] for page in site.pages}


def measure(sites: Sequence[Site], rounds: int, seconds: float) -> Pages:
    """Load every page of the running sites in every round, each round begun with another page."""
    pages = [(site, page) for site in sites for page in site.pages]
    queries = {name: count for site in sites for name, count in count_queries(site).items()}
    for site, page in pages:
        drive(site, page, max(CONNECTIONS), WARM_UP_SECONDS)
    loads: dict[str, dict[int, list[Load]]] = {
        page.name: {connections: [] for connections in CONNECTIONS} for _, page in pages
    }
    for turn in range(rounds):
        first = turn % len(pages)
        for site, page in pages[first:] + pages[:first]:
            for connections in CONNECTIONS:
                loads[page.name][connections].append(drive(site, page, connections, seconds))
        print(f"round {turn + 1} of {rounds}", file=sys.stderr)
    measured = {}
    for name, by_connections in loads.items():
        one = by_connections[CONNECTIONS[0]][0]
        measured[name] = Measured(
            queries=queries[name],
            html_bytes=one.html_bytes,
            sent_bytes=one.sent_bytes,
            gzipped_bytes=one.gzipped_bytes,
            rates={connections: [each.rate for each in all_] for connections, all_ in by_connections.items()},
        )
    return measured


def fetch(site: Site, path: str) -> bytes:
    """One body from a running site, uncompressed, for its signed-in person."""
    request = urllib.request.Request(f"http://{HOST}:{site.port}{path}", headers={"Cookie": site.cookie})
    with urllib.request.urlopen(request, timeout=30) as answer:
        body: bytes = answer.read()
    return body


def asset_sizes(site: Site, page: Page) -> dict[str, int]:
    """Compressed bytes of each style sheet and script that the page names."""
    addresses = styles_and_scripts(fetch(site, page.path).decode())
    return {address: gzipped_size(fetch(site, urljoin(page.path, address))) for address in addresses}


def section(directory: Path, name: str) -> dict[str, Any]:
    """What a section measures that is no page, in a process and a database of its own."""
    data = directory / name
    data.mkdir()
    environment = {
        **base_environment(),
        "DJANGO_SETTINGS_MODULE": "tracker.settings",
        "CAIRN_DATA": str(data),
    }
    figures: dict[str, Any] = json.loads(python(environment, "-m", f"bench.{name}"))
    return figures


def report(
    pages: Pages, assets: dict[str, dict[str, int]], verdicts: list[str], rounds: int, seconds: float
) -> dict[str, Any]:
    """What latest.json holds. It has no date of its own: the file has one."""
    return {
        "machine": {"processors": os.cpu_count(), "python": platform.python_version()},
        "versions": {name: version(name) for name in ("django", "granian")},
        "server": SERVER_ARGUMENTS,
        "rounds": rounds,
        "seconds": seconds,
        "pages": {
            name: asdict(page)
            | {
                "ratios": {
                    connections: {other: asdict(ratio) for other, ratio in by_yardstick.items()}
                    for connections, by_yardstick in ratios(pages, YARDSTICKS, name).items()
                }
            }
            for name, page in pages.items()
        },
        "assets": assets,
        "verdicts": verdicts,
    }


def run(*, yardsticks_only: bool, rounds: int, seconds: float) -> None:
    """Set up, serve, measure, print and write."""
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="cairn-bench-")))
        makers = [yardstick_site] if yardsticks_only else [yardstick_site, product_site]
        sites = []
        for make in makers:
            data = directory / make.__name__
            data.mkdir()
            sites.append(make(data, free_port()))
        for site in sites:
            log = directory / f"{site.application.partition('.')[0]}.log"
            stack.enter_context(served(site.application, site.environment, site.port, log))
        pages = measure(sites, rounds, seconds)
        products = [(site, page) for site in sites[1:] for page in site.pages]
        assets = {page.name: asset_sizes(site, page) for site, page in products}
        figures = {} if yardsticks_only else {name: section(directory, name) for name in SECTIONS}
    verdicts = [page_verdict(pages, page.name) for _, page in products]
    verdicts += [assets_verdict(name, sizes) for name, sizes in assets.items()]
    if figures:
        verdicts += curriculum.said(figures["curriculum"])
        verdicts += plans.said(figures["plans"], 1e6 / median(pages["bare"].rates[1]))
        verdicts += posts.said(figures["posts"])
        verdicts += mails.said(figures["mails"])
        verdicts += claims.said(figures["claims"])
        verdicts += load.said(figures["load"])
        verdicts += reports.said(figures["reports"])

    print(table(pages, YARDSTICKS))
    print(
        f"\nof ...: median (least to most) ratio of {rounds} rounds of {seconds:g} s; above 1 is quicker.\n"
        "HTML, sent, gzip: bytes of a page, as it came over the wire, and compressed by the driver\n"
        "(level 6, every page alike, whether its site compresses or not).\n"
        f"Server of all: granian {' '.join(SERVER_ARGUMENTS)}, Python {platform.python_version()}."
    )
    for verdict in verdicts:
        print(verdict)

    target = Path(os.environ.get("CAIRN_DATA") or "var").expanduser() / "bench" / "latest.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(report(pages, assets, verdicts, rounds, seconds) | figures, indent=2) + "\n")
    print(f"Figures: {target}")


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Measure Cairn's pages beside ordinary Django pages.")
    parser.add_argument("--yardsticks-only", action="store_true", help="leave the product out")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0, help="for each page and number of connections")
    options = parser.parse_args()
    # As with Ctrl-C: leave by way of the blocks that stop the servers and remove the directory.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("bench: stopped"))
    try:
        run(**vars(options))
    except (RuntimeError, OSError) as error:
        sys.exit(f"bench: {error}")


if __name__ == "__main__":
    main()
