"""What the curriculum costs: loading it, reading it into memory, searching it. Ratios of one run.

    python -m bench.curriculum      JSON, inside a process whose environment names an empty CAIRN_DATA

Loading is paired with parsing the same files by PyYAML's C parser and nothing else, a second load with the
first, and memory with the size of the content as canonical JSON.
"""

import json
import statistics
import time
import tracemalloc
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import django

ROUNDS = 5


def timed(call: Callable[[], Any]) -> float:
    """Seconds that one call takes."""
    begun = time.perf_counter()
    call()
    return time.perf_counter() - begun


def kept(call: Callable[[], Any]) -> tuple[Any, int]:
    """What a call gives, and the bytes that are still held when it is over."""
    tracemalloc.start()
    found = call()
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return found, held


def measure() -> dict[str, float]:
    """Every figure, in an empty database that is made here."""
    import yaml  # noqa: PLC0415 - all of this loads after django.setup()
    from django.core.management import call_command  # noqa: PLC0415
    from django.db import transaction  # noqa: PLC0415

    from curriculum import catalogue, loader, reading  # noqa: PLC0415
    from tracker import clock  # noqa: PLC0415
    from tracker.library.search import Index, index  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    files = [path.read_text() for path in sorted(Path(loader.CONTENT).rglob("*.yaml"))]
    parse: Callable[[str], Any] = lambda text: list(yaml.parse(text, Loader=yaml.CSafeLoader))  # noqa: E731

    def load_first() -> float:
        with transaction.atomic():
            seconds = timed(lambda: loader.load(loader.CONTENT, clock.now()))
            transaction.set_rollback(True)
        return seconds

    parsed = [timed(lambda: [parse(text) for text in files]) for _ in range(ROUNDS)]
    first = [load_first() for _ in range(ROUNDS)]
    catalogue.forget()
    loaded = loader.load(loader.CONTENT, clock.now())
    again = [timed(lambda: loader.load(loader.CONTENT, clock.now())) for _ in range(ROUNDS)]
    content = reading.read_content(loader.CONTENT)
    revision, catalogue_bytes = kept(lambda: catalogue.catalogue(loaded.revision_number))
    found, index_bytes = kept(lambda: index(revision.revision))
    assert isinstance(found, Index)
    searches = [timed(partial(found.find, query)) for query in ("a", "AML.T0051", "poison train", "zzz") * 20]
    size = len(content.canonical())
    return {
        "content_bytes": size,
        "load_seconds": statistics.median(first),
        "load_of_parsing": statistics.median(first) / statistics.median(parsed),
        "second_load_of_first": statistics.median(again) / statistics.median(first),
        "catalogue_bytes": catalogue_bytes,
        "catalogue_of_content": catalogue_bytes / size,
        "index_bytes": index_bytes,
        "index_of_content": index_bytes / size,
        "slowest_search_seconds": max(searches),
    }


def said(figures: Mapping[str, float]) -> list[str]:
    """The figures as lines under the table."""
    return [
        f"Curriculum: a first load takes {figures['load_of_parsing']:.1f} times as long as parsing its YAML "
        f"({figures['load_seconds']:.2f} s here); loading it again, {figures['second_load_of_first']:.2f} of "
        "that.",
        f"Curriculum in memory: the catalogue holds {figures['catalogue_of_content']:.1f} times its content "
        f"({figures['catalogue_bytes'] / 1e6:.1f} MB of {figures['content_bytes'] / 1e6:.1f} MB), the search "
        f"index {figures['index_of_content']:.1f} times. Slowest search: "
        f"{figures['slowest_search_seconds'] * 1000:.1f} ms.",
    ]


if __name__ == "__main__":
    django.setup()
    print(json.dumps(measure()))
