"""ATLAS Navigator layers: written from a map, and read as claims. Pure.

One scale both ways: a score's place between the ends of the layer's gradient, in thirds. Written scores are
0 to 3 on a gradient from 0 to 3, so that what was written reads back as the same levels.
"""

from __future__ import annotations

import json
import math
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from tracker.coverage.rules.content import Edition, Topic
from tracker.coverage.rules.levels import Level, Standing

ATLAS = "mitre-atlas"
DOMAIN = "atlas-atlas"
LAYER_VERSION = "4.3"
NAVIGATOR_VERSION = "4.6.4"
EDITION_FIELD = "atlas_data_version"
COLOURS = {
    Level.UNTOUCHED: "#ffffff",
    Level.STUDIED: "#d6d1c4",
    Level.PRACTISED: "#a39c8b",
    Level.EVIDENCED: "#5b564b",
}
MAX_BYTES = 1_000_000
MAX_DEPTH = 32
MAX_ROWS = 5_000
LONGEST_NAME = 120
NAMED = 5
# The Navigator's own, where a layer states none.
LOWEST, HIGHEST = 0.0, 100.0
TOLERANCE = 1e-9
LARGEST = 1e12


class NotALayer(Exception):
    """A file is not read. The message says what it is and what is wanted."""


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer as it was read: the highest level of each technique that the edition knows.

    unknown: ids that it does not know.
    """

    name: str
    edition: str
    levels: Mapping[str, Level]
    unknown: tuple[str, ...]


def written(
    title: str, edition: Edition, standings: Mapping[str, Standing], comments: Mapping[str, str]
) -> dict[str, Any]:
    """The layer of a map: every technique once for each of its tactics. `comments` by topic id."""
    tactics = {topic.topic_id: tactic_name(topic) for topic in edition.topics if topic.kind == "tactic"}
    parents = {topic.parent for topic in edition.topics}
    rows = []
    for topic in edition.topics:
        if topic.kind != "technique" or topic.retired:
            continue
        standing = standings[topic.topic_id]
        row: dict[str, Any] = {"techniqueID": topic.topic_id, "score": int(standing.level), "enabled": True}
        if comment := comments.get(topic.topic_id, ""):
            row["comment"] = comment
        if topic.topic_id in parents:
            row["showSubtechniques"] = True
        places = [tactics[name] for name in topic.groups if name in tactics]
        rows += [{**row, "tactic": place} for place in places] or [row]
    return {
        "name": title,
        "versions": {"navigator": NAVIGATOR_VERSION, "layer": LAYER_VERSION},
        "domain": DOMAIN,
        "description": "Levels of a learner: 0 untouched, 1 studied, 2 practised, 3 evidenced.",
        "techniques": rows,
        "gradient": {
            "colors": list(COLOURS.values()),
            "minValue": int(Level.UNTOUCHED),
            "maxValue": int(Level.EVIDENCED),
        },
        "legendItems": [{"label": level.word, "color": colour} for level, colour in COLOURS.items()],
        "metadata": [{"name": EDITION_FIELD, "value": edition.name}],
        "hideDisabled": False,
    }


def tactic_name(topic: Topic) -> str:
    """A tactic as layers name it: `Initial Access` is `initial-access`."""
    return "-".join(topic.name.casefold().split())


# --------------------------------------------------------------------------------------------------- reading


def read_layer(content: bytes, edition: Edition) -> Layer:
    """The claims of a layer on an edition. Raises `NotALayer`."""
    root = _root(content)
    if root.get("domain") != DOMAIN:
        raise NotALayer(_other_than_a_layer(root))
    rows = root.get("techniques")
    if not isinstance(rows, list) or not rows:
        raise NotALayer(
            "This layer names no technique. Save it in the Navigator with scores, and choose that file."
        )
    if len(rows) > MAX_ROWS:
        raise NotALayer(f"This layer has {len(rows):,} rows, and at most {MAX_ROWS:,} are read.")
    stated = _stated_edition(root)
    if stated and stated != edition.name:
        raise NotALayer(
            f"This layer is made for ATLAS {stated}, and this is the map of {edition.name}. "
            f"Choose it on the map of {stated}."
        )
    low, high = _ends(root.get("gradient"))
    levels: dict[str, Level] = {}
    unknown: dict[str, None] = {}
    for row in rows:
        if not isinstance(row, dict) or not isinstance(row.get("techniqueID"), str):
            raise NotALayer(
                "A row of this layer has no techniqueID, such as AML.T0051. Nothing of it was taken."
            )
        level = _level(row, low, high)
        if level == Level.UNTOUCHED:
            continue
        topic = edition.find_topic(row["techniqueID"])
        if topic is None or topic.kind != "technique":
            unknown[plain(row["techniqueID"], 40)] = None
        else:
            levels[topic.topic_id] = max(level, levels.get(topic.topic_id, Level.UNTOUCHED))
    if not levels:
        raise NotALayer(
            f"No technique of ATLAS {edition.name} has a score above the lowest in this layer: "
            "it claims nothing."
        )
    return Layer(
        plain(root.get("name"), LONGEST_NAME) or "A layer without a name", stated, levels, tuple(unknown)
    )


def _level(row: Mapping[str, Any], low: float, high: float) -> Level:
    if row.get("enabled") is False:
        return Level.UNTOUCHED
    score = _number(row.get("score"))
    if score is not None:
        return Level(max(0, min(3, math.ceil(3 * (score - low) / (high - low) - TOLERANCE))))
    # Somebody painted it: that it was looked at, and no more.
    return Level.STUDIED if isinstance(row.get("color"), str) and row["color"] else Level.UNTOUCHED


def _number(value: object) -> float | None:
    """A number that can be a score, or None."""
    is_one = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < LARGEST
    return float(value) if is_one else None  # type: ignore[arg-type]  # as was just asked


def _ends(gradient: Any) -> tuple[float, float]:
    """The scores at the ends of the gradient."""
    said = gradient if isinstance(gradient, dict) else {}
    low, high = _number(said.get("minValue")), _number(said.get("maxValue"))
    if low is None or high is None:
        return LOWEST, HIGHEST
    if not low < high:
        raise NotALayer(
            "The gradient of this layer ends at or below where it begins, so its scores say nothing."
        )
    return low, high


def _stated_edition(root: Mapping[str, Any]) -> str:
    rows = root.get("metadata")
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, dict) and row.get("name") == EDITION_FIELD:
            return plain(row.get("value"), 40)
    return ""


WANTED = "Choose a layer of the ATLAS Navigator, saved as JSON."
_BEGINNINGS = (
    (b"PK\x03\x04", "This is a zip archive or a spreadsheet."),
    (b"\x1f\x8b", "This is compressed with gzip."),
    (b"%PDF", "This is a PDF."),
    (b"\x89PNG", "This is a picture."),
    (b"<", "This is HTML, SVG or XML."),
)


def _root(content: bytes) -> dict[str, Any]:
    if not content.strip():
        raise NotALayer(f"This file is empty. {WANTED}")
    if len(content) > MAX_BYTES:
        raise NotALayer(
            f"This file has {len(content):,} bytes, and a layer has at most {MAX_BYTES:,} (1 MB). {WANTED}"
        )
    for beginning, said in _BEGINNINGS:
        if content.lstrip().startswith(beginning):
            raise NotALayer(f"{said} {WANTED}")
    try:
        root = json.loads(content.decode("utf-8-sig"), parse_constant=_no_constant)
    except UnicodeDecodeError:
        raise NotALayer(f"This file is not text in UTF-8. {WANTED}") from None
    except RecursionError:
        raise NotALayer(f"This JSON is nested too deeply to be a layer. {WANTED}") from None
    except ValueError:
        raise NotALayer(f"This file is not JSON. {WANTED}") from None
    if not isinstance(root, dict):
        raise NotALayer(f"This JSON is a list or a single value, no layer. {WANTED}")
    if _depth(root) > MAX_DEPTH:
        raise NotALayer(f"This JSON is nested too deeply to be a layer. {WANTED}")
    return root


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _depth(root: Any) -> int:
    """How deep a value is nested, no deeper than is asked about."""
    level, depth = [root], 0
    while level and depth <= MAX_DEPTH:
        level = [child for value in level for child in _children(value)]
        depth += 1
    return depth


def _children(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list):
        yield from value


def _other_than_a_layer(root: Mapping[str, Any]) -> str:
    domain = root.get("domain")
    if isinstance(domain, str) and "techniques" in root:
        return f"This layer is of the domain {plain(domain, 40)}, not of ATLAS ({DOMAIN})."
    if root.get("format") == "cairn-map/1":
        return f"This is the JSON of Cairn's API, which is for programs. {WANTED}"
    if root.get("type") == "bundle":
        return f"This is a STIX bundle, ATLAS itself and no layer of it. {WANTED}"
    return f"This JSON is no layer: it does not say domain {DOMAIN}. {WANTED}"


def plain(value: Any, length: int) -> str:
    """A text of a file as it can be kept and shown in a line; "" for what is no text."""
    if not isinstance(value, str):
        return ""
    letters = (letter if unicodedata.category(letter)[0] != "C" else " " for letter in value[: 4 * length])
    kept = " ".join("".join(letters).split())
    return kept if len(kept) <= length else kept[: length - 1] + "…"
