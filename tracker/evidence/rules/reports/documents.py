"""Reports that are one JSON value: what every reader of such a file needs. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tracker.evidence.rules.reports.report import Eval, Refused, clean


def mapping(value: Any) -> Mapping[str, Any]:
    """The value where it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}


def sequence(value: Any) -> Sequence[Any]:
    """The value where it is a JSON list, else an empty one."""
    return value if isinstance(value, list) else ()


@dataclass(slots=True)
class Tally:
    """Results counted one by one, by probe and detector, in the order in which these first occur."""

    rows: dict[tuple[str, str], list[int]]
    limit: int

    def add(self, probe: str, detector: str, *, resisted: bool | None) -> None:
        """Count one output; None is one that was not scored. `Refused` where there are too many names."""
        counts = self.rows.setdefault((probe, detector), [0, 0, 0])
        if len(self.rows) > self.limit:
            raise Refused(f"This report has more than {self.limit:,} different results.")
        if resisted is None:
            counts[2] += 1
        else:
            counts[0] += resisted
            counts[1] += 1

    def evals(self) -> tuple[Eval, ...]:
        """The results counted so far."""
        return tuple(Eval(*names, *counts) for names, counts in self.rows.items())


def type_name(value: Any) -> str:
    """The class that an identifier of PyRIT names: its `__type__` in 0.x, its `class_name` later."""
    if isinstance(value, str):
        return clean(value)
    row = mapping(value)
    return next((name for key in ("__type__", "class_name", "name") if (name := clean(row.get(key)))), "")


def joined(names: Sequence[str]) -> str:
    """Names of one report as one: each once, with commas."""
    return clean(", ".join(dict.fromkeys(name for name in names if name)))
