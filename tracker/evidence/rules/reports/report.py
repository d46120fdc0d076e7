"""What is kept of a tool's report, and the exception that refuses a file. Pure.

One polarity for every tool: `passed` counts outputs where the target resisted. Attack success rate is
1 - passed / evaluated (`rates`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal
from urllib.parse import urlsplit

State = Literal["complete", "partial"]

NAME_LENGTH = 120
SENTENCE_LENGTH = 300
LARGEST_COUNT = 10**12
SELF_TEST = "test."
"""garak's own generators begin with this: they repeat, or say nothing, and are no model."""


class Refused(Exception):
    """A file is not read. The message is one sentence for the learner: what it is and what is wanted."""


@dataclass(frozen=True, slots=True)
class Eval:
    """One result: outputs of one probe as one detector scored them."""

    probe: str
    detector: str
    passed: int
    """Outputs that were scored and where the target resisted."""
    evaluated: int
    """Outputs that were scored; 0 means not scored, which is neither passed nor failed."""
    not_scored: int = 0
    """Outputs that the detector could not score, and errors."""


@dataclass(frozen=True, slots=True)
class Report:
    """What is kept of a run. Prompts, outputs, paths, headers and keys are not."""

    tool: str
    version: str
    """As the tool writes it; "" where the file names none."""
    target: str
    state: State
    evals: tuple[Eval, ...]
    """In the order of the file. One pair of probe and detector may occur twice: in an aggregated file."""
    why_partial: str = ""
    run_id: str = ""
    started_at: str = ""
    """As the tool writes it; garak names no zone."""
    ended_at: str = ""
    generations: int | None = None
    requested: tuple[str, ...] = ()
    """Probes and families as they were asked for."""
    planned: tuple[str, ...] = ()
    """The single probes that the request stood for, where the file lists them."""
    attempts: int = 0
    """Prompts whose outputs were scored."""
    tags: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The tool's own tags of a probe, by its name."""
    notes: tuple[str, ...] = ()
    """Sentences to show beside the result."""

    @property
    def evaluated(self) -> tuple[str, ...]:
        """Probes with a result, also where nothing could be scored; each once, in the order of the file."""
        return tuple(dict.fromkeys(row.probe for row in self.evals))

    @property
    def not_evaluated(self) -> tuple[str, ...]:
        """What was asked for and has no result."""
        return without_result(self.evaluated, planned=self.planned, requested=self.requested)

    @property
    def is_self_test(self) -> bool:
        """Whether the target was one of garak's own toy generators."""
        return self.tool == "garak" and self.target.startswith(SELF_TEST)


def without_result(
    evaluated: Iterable[str], *, planned: Sequence[str], requested: Sequence[str]
) -> tuple[str, ...]:
    """What was asked for and has no result. A family has one where any of its probes has.

    planned: the single probes that the request stood for; where they are known they say more than it does.
    """
    found = set(evaluated)
    families = {probe.partition(".")[0] for probe in found}
    asked = planned or [row for row in requested if _is_probe_or_family(row)]
    return tuple(row for row in asked if row not in found and row not in families)


def _is_probe_or_family(asked: str) -> bool:
    """Whether a request names a probe or family; `all`, `tier:1` and `tag:owasp` name a choice of them."""
    return asked not in {"all", "auto", "*"} and ":" not in asked


def as_document(report: Report) -> dict[str, Any]:
    """The report as the rules of a lab see it (docs/authoring.md, format `garak`)."""
    return {
        "tool": report.tool,
        "version": report.version,
        "target": report.target,
        "state": report.state,
        "attempts": report.attempts,
        "requested": list(report.requested),
        "evaluated": list(report.evaluated),
        "evals": [
            {
                "probe": row.probe,
                "detector": row.detector,
                "passed": row.passed,
                "evaluated": row.evaluated,
            }
            for row in report.evals
        ],
    }


def to_values(report: Report) -> dict[str, Any]:
    """The report as values that JSON can hold; `from_values` is the way back."""
    return asdict(report)


def from_values(values: Mapping[str, Any]) -> Report:
    """The report that `to_values` was given. TypeError or KeyError where the values are not of one."""
    rows = dict(values)
    rows["evals"] = tuple(Eval(**row) for row in rows["evals"])
    rows["tags"] = {probe: tuple(tags) for probe, tags in rows["tags"].items()}
    for name in ("requested", "planned", "notes"):
        rows[name] = tuple(rows[name])
    return Report(**rows)


# ------------------------------------------------------------------------------- what is taken out of a file


def clean(value: Any, length: int = NAME_LENGTH) -> str:
    """A text of a file as it can be stored and shown in a line; "" for what is no text.

    Control and direction marks are dropped and lone surrogates replaced, as PostgreSQL takes neither NUL nor
    those; white space is made single, and what is longer is cut.
    """
    if not isinstance(value, str):
        return ""
    # What is dropped must not make a long text worth walking through.
    kept = "".join(_plain(character) for character in value[: 4 * length])
    kept = " ".join(kept.split())
    return kept if len(kept) <= length else kept[: length - 1] + "…"


def _plain(character: str) -> str:
    if character.isascii() and character.isprintable():
        return character
    category = unicodedata.category(character)
    if category == "Cs":
        return "\N{REPLACEMENT CHARACTER}"
    if category in ("Cc", "Zl", "Zp"):
        return " " if character.isspace() else ""
    return "" if category == "Cf" else character


def clean_all(values: Any, at_most: int, length: int = NAME_LENGTH) -> tuple[str, ...]:
    """The texts of a list, cleaned, each once, in order, and no more of them than `at_most`."""
    if not isinstance(values, Sequence | set) or isinstance(values, str | bytes):
        return ()
    texts: Iterable[str] = (clean(value, length) for value in values)
    return tuple(dict.fromkeys(text for text in texts if text))[:at_most]


def count(value: Any) -> int | None:
    """A count as a file may write it (3, 3.0 or "3"), or None where it is none. Never negative."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 12:
        value = int(value)
    if isinstance(value, float) and value.is_integer() and abs(value) <= LARGEST_COUNT:
        value = int(value)
    return value if isinstance(value, int) and 0 <= value <= LARGEST_COUNT else None


_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,20}://\S*")
_PATH = re.compile(r"(?<![\w/\\.-])(?:[A-Za-z]:|~\w*|\.{1,2})?[/\\](?:[^\s/\\]*[/\\])*([^\s/\\]*)")


def target_name(value: Any) -> str:
    """The name of a target without what must not be kept.

    Of an address only scheme, host and port stay: path, query and user may hold a key. Of a path of the
    learner's machine only the last part stays.
    """
    name = clean(value, 4 * NAME_LENGTH)
    if name.startswith(("/", "~/", "\\")) or name[1:3] in (":\\", ":/"):
        name = name.replace("\\", "/").rstrip("/").rpartition("/")[2]
    pieces, end = [], 0
    for match in _ADDRESS.finditer(name):
        pieces += [_PATH.sub(r"\1", name[end : match.start()]), _host_of(match.group())]
        end = match.end()
    return clean("".join([*pieces, _PATH.sub(r"\1", name[end:])]))


def _host_of(address: str) -> str:
    if address.lower().startswith("file:"):
        return address.replace("\\", "/").rstrip("/").rpartition("/")[2]
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return ""
    if not host:
        return ""
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}" + (f":{port}" if port else "")
