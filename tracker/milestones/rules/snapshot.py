"""The frozen record of a milestone: how it is written, and how any of its formats is read. Pure.

Formats: 1 has no `format`, and its oldest criteria say neither state, lab nor artefacts; they were claimed.
2 has all of that, and the moment and number of the completion. A format is never changed, a new one is added.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

FORMAT = 2


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file as the record names it, whatever became of the file. `sha256` in hexadecimal digits."""

    name: str
    size_bytes: int | None
    sha256: str


@dataclass(frozen=True, slots=True)
class LabLine:
    """A rule of a lab and its outcome: met, claimed or missing. `note` is the learner's."""

    sentence: str
    outcome: str
    note: str


@dataclass(frozen=True, slots=True)
class LabRecord:
    """A lab as it stood: met, claimed or missing, rule by rule, with the files that were handed in."""

    title: str
    outcome: str
    lines: tuple[LabLine, ...]
    files: tuple[KeptFile, ...]


@dataclass(frozen=True, slots=True)
class ArtefactRecord:
    """A file, link or commit that backed a criterion. `file` only where the kind is file."""

    kind: str
    title: str
    url: str
    commit: str
    file: KeptFile | None


@dataclass(frozen=True, slots=True)
class CriterionRecord:
    """A criterion with what backed it. `state`: evidenced or claimed."""

    key: str
    text: str
    state: str
    link: str
    note: str
    lab: LabRecord | None
    artefacts: tuple[ArtefactRecord, ...]

    @property
    def evidence_count(self) -> int:
        """Files, links and commits that back it."""
        return len(self.artefacts) + len(self.lab.files if self.lab else ()) + bool(self.link)


@dataclass(frozen=True, slots=True)
class Span:
    """Minutes and days, planned or real."""

    minutes: int
    first_on: date | None
    last_on: date | None

    @property
    def weeks(self) -> int | None:
        """How many calendar weeks it touches; None where a day is missing."""
        if self.first_on is None or self.last_on is None or self.last_on < self.first_on:
            return None
        monday = self.first_on.toordinal() - self.first_on.weekday()
        return (self.last_on.toordinal() - monday) // 7 + 1


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A completed milestone as it was on that day. `confidence` is a mean of 1 to 5."""

    format: int
    module_key: str
    title: str
    milestone: str
    track_key: str
    revision: int | None
    planned: Span
    real: Span
    sessions: int
    confidence: float | None
    criteria: tuple[CriterionRecord, ...]
    editions: tuple[str, ...]

    @property
    def state(self) -> str:
        """evidenced: Cairn has seen every criterion; claimed: at least one rests on the learner's word."""
        is_evidenced = bool(self.criteria) and all(row.state == "evidenced" for row in self.criteria)
        return "evidenced" if is_evidenced else "claimed"

    @property
    def evidenced(self) -> int:
        """How many criteria Cairn has seen."""
        return sum(1 for row in self.criteria if row.state == "evidenced")

    @property
    def evidence_count(self) -> int:
        """Files, links and commits of all criteria."""
        return sum(row.evidence_count for row in self.criteria)

    @property
    def percent_of_plan(self) -> int | None:
        """Real minutes of a hundred planned ones; None where none were planned."""
        return round(100 * self.real.minutes / self.planned.minutes) if self.planned.minutes else None

    @property
    def days_late(self) -> int | None:
        """Days from the planned end to the real one, negative where earlier; None without a plan."""
        if self.planned.last_on is None or self.real.last_on is None:
            return None
        return (self.real.last_on - self.planned.last_on).days

    def files(self) -> Iterator[KeptFile]:
        """Every file that it names."""
        for row in self.criteria:
            yield from row.lab.files if row.lab else ()
            yield from (each.file for each in row.artefacts if each.file)


def write(values: Mapping[str, object]) -> str:
    """The record as it is kept: the same values give the same bytes."""
    return json.dumps({"format": FORMAT, **values}, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def read(text: str) -> Snapshot:
    """A record of any format. What its format does not have is empty; never raises on one that we wrote."""
    said: dict[str, Any] = json.loads(text)
    planned, real = said.get("planned") or {}, said.get("real") or {}
    return Snapshot(
        format=said.get("format", 1),
        module_key=said.get("module", ""),
        title=said.get("title", ""),
        milestone=said.get("milestone", ""),
        track_key=said.get("track", ""),
        revision=said.get("revision"),
        planned=_span(planned),
        real=_span(real),
        sessions=real.get("sessions", 0),
        confidence=real.get("confidence"),
        criteria=tuple(_criterion(row) for row in said.get("criteria", ())),
        editions=tuple(said.get("editions", ())),
    )


def _span(said: Mapping[str, Any]) -> Span:
    return Span(said.get("minutes", 0), _day(said.get("first_on")), _day(said.get("last_on")))


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _criterion(said: Mapping[str, Any]) -> CriterionRecord:
    return CriterionRecord(
        key=said.get("key", ""),
        text=said.get("text", ""),
        state=said.get("state") or "claimed",
        link=said.get("link", ""),
        note=said.get("note", ""),
        lab=_lab(said["lab"]) if said.get("lab") else None,
        artefacts=tuple(_artefact(row) for row in said.get("artefacts", ())),
    )


def _lab(said: Mapping[str, Any]) -> LabRecord:
    return LabRecord(
        title=said["title"],
        outcome=said["outcome"],
        lines=tuple(LabLine(row["sentence"], row["outcome"], row["note"]) for row in said.get("rules", ())),
        files=tuple(KeptFile(row["name"], row["size_bytes"], row["sha256"]) for row in said.get("files", ())),
    )


def _artefact(said: Mapping[str, Any]) -> ArtefactRecord:
    has_file = bool(said.get("sha256"))
    return ArtefactRecord(
        kind=said["kind"],
        title=said["title"],
        url=said.get("url", ""),
        commit=said.get("commit", ""),
        file=KeptFile(said["name"], said.get("size_bytes"), said["sha256"]) if has_file else None,
    )
