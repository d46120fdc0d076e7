"""What others see of a milestone, and how long a link is good. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from tracker.milestones.rules.snapshot import ArtefactRecord, CriterionRecord, KeptFile, Snapshot, Span

NAME_LONGEST = 120
INTRO_LONGEST = 4000
COMMENT_LONGEST = 2000
# Of one learner, of each kind.
MOST_LINKS = 20
MOST_COMMENTS = 500  # on one milestone


def is_good(expires_at: datetime | None, revoked_at: datetime | None, now: datetime) -> bool:
    """Whether a link still shows something: neither revoked nor run out."""
    return revoked_at is None and (expires_at is None or expires_at > now)


@dataclass(frozen=True, slots=True)
class RunFact:
    """What a report is of: tool, its version, attempts counted in it, and the name of what was attacked."""

    tool: str
    version: str
    attempts: int
    target: str


@dataclass(frozen=True, slots=True)
class Allowed:
    """What may be seen beside the criteria and their states.

    evidence: names and hashes of files, and runs. details: links, commits, notes, targets. files: which can
    be downloaded, by SHA-256.
    """

    evidence: bool
    details: bool
    files: Mapping[str, UUID]


@dataclass(frozen=True, slots=True)
class ShownEvidence:
    """One thing that backs a criterion. `file_id` only where it can be downloaded."""

    name: str
    sha256: str = ""
    url: str = ""
    commit: str = ""
    run: RunFact | None = None
    file_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class ShownCriterion:
    """A criterion as others see it. `hidden` counts what backs it and is not shown."""

    text: str
    state: str
    lab_title: str
    lab_outcome: str
    evidence: tuple[ShownEvidence, ...]
    hidden: int
    note: str


@dataclass(frozen=True, slots=True)
class ShownMilestone:
    """A milestone as others see it. `state`: confirmed, evidenced or claimed; "" while it is open."""

    key: str
    title: str
    module_title: str
    state: str
    completed_on: date | None
    confirmations: int
    real: Span
    criteria: tuple[ShownCriterion, ...]
    editions: tuple[str, ...]
    badge: str = ""
    """Its signed badge as a token, where there is one."""


def shown_record(
    snapshot: Snapshot,
    *,
    completed_on: date,
    confirmations: int,
    allowed: Allowed,
    runs: Mapping[str, RunFact],
    badge: str = "",
) -> ShownMilestone:
    """A frozen record as others see it. runs: what reports are of, by the SHA-256 of their file."""
    return ShownMilestone(
        key=snapshot.module_key,
        title=snapshot.milestone,
        module_title=snapshot.title,
        state="confirmed" if confirmations else snapshot.state,
        completed_on=completed_on,
        confirmations=confirmations,
        real=snapshot.real,
        criteria=tuple(shown_criterion(row, allowed, runs) for row in snapshot.criteria),
        editions=snapshot.editions,
        badge=badge,
    )


def shown_criterion(row: CriterionRecord, allowed: Allowed, runs: Mapping[str, RunFact]) -> ShownCriterion:
    """A criterion with as much of what backs it as is allowed. What is not is left out, never only hidden."""
    found = [*_lab_files(row, allowed, runs), *(_artefact(each, allowed, runs) for each in row.artefacts)]
    if row.link:
        found.append(ShownEvidence(row.link, url=row.link) if allowed.details else None)
    shown = tuple(each for each in found if each is not None)
    return ShownCriterion(
        text=row.text,
        state=row.state,
        lab_title=row.lab.title if row.lab else "",
        lab_outcome=row.lab.outcome if row.lab else "",
        evidence=shown,
        hidden=len(found) - len(shown),
        note=row.note if allowed.details else "",
    )


def _lab_files(
    row: CriterionRecord, allowed: Allowed, runs: Mapping[str, RunFact]
) -> list[ShownEvidence | None]:
    return [_file(file.name, file, allowed, runs) for file in (row.lab.files if row.lab else ())]


def _artefact(row: ArtefactRecord, allowed: Allowed, runs: Mapping[str, RunFact]) -> ShownEvidence | None:
    if row.file is not None:
        # Its title is the learner's own sentence, which may name a target; the file's name is evidence.
        return _file(row.title if allowed.details else row.file.name, row.file, allowed, runs)
    return ShownEvidence(row.title, url=row.url, commit=row.commit) if allowed.details else None


def _file(name: str, file: KeptFile, allowed: Allowed, runs: Mapping[str, RunFact]) -> ShownEvidence | None:
    if not allowed.evidence:
        return None
    run = runs.get(file.sha256)
    if run is not None and not allowed.details:
        run = RunFact(run.tool, run.version, run.attempts, "")
    return ShownEvidence(name, sha256=file.sha256, run=run, file_id=allowed.files.get(file.sha256))
