"""What was handed in, as pages, rules and maps take it."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, QuerySet, Sum

from curriculum.catalogue import Catalogue, Lab, Topic
from tracker.evidence.models import (
    Artefact,
    FilePart,
    HandIn,
    HandInFile,
    Result,
    Run,
    Statement,
    StoredFile,
    Upload,
)
from tracker.evidence.rules.judge import FindTopic, Outcome
from tracker.evidence.rules.reports.rates import Rate, attack_success_rate
from tracker.evidence.rules.reports.report import without_result

# Of uploads and hand-ins: nobody has read them to the end.
OPEN = ("waiting", "reading")

# --- files ------------------------------------------------------------------------------------------------


def content_of(file: StoredFile) -> Iterator[bytes]:
    """A file's bytes, a part at a time. One query a part: none is in memory with another."""
    for pk in list(FilePart.objects.filter(file=file).order_by("number").values_list("pk", flat=True)):
        yield bytes(FilePart.objects.values_list("content", flat=True).get(pk=pk))


def stored_file(learner_id: int, file_id: UUID) -> StoredFile | None:
    """A file of the learner's; None for anything else."""
    return StoredFile.objects.filter(learner_id=learner_id, pk=file_id).first()


@dataclass(frozen=True, slots=True)
class Kept:
    """A file that is kept, and what for: a run, a lab's hand-in, or what backs a criterion."""

    file: StoredFile
    run: Run | None
    hand_in: HandIn | None
    artefact: Artefact | None


def kept_files(files: Iterable[StoredFile]) -> list[Kept]:
    """Files with what each is kept for. Three queries, however many they are."""
    rows = list(files)
    pks = [row.pk for row in rows]
    runs = {row.file_id: row for row in Run.objects.filter(file__in=pks)}
    artefacts = {row.file_id: row for row in Artefact.objects.filter(file__in=pks)}
    handed_in = HandInFile.objects.filter(file__in=pks).select_related("hand_in")
    hand_ins = {row.file_id: row.hand_in for row in handed_in}
    return [Kept(row, runs.get(row.pk), hand_ins.get(row.pk), artefacts.get(row.pk)) for row in rows]


def files_of(learner_id: int) -> QuerySet[StoredFile]:
    """The learner's files but for those that wait to be read, the largest first."""
    to_read = Upload.objects.filter(learner_id=learner_id, file__isnull=False, state__in=OPEN)
    to_judge = HandInFile.objects.filter(
        hand_in__learner_id=learner_id, file__isnull=False, hand_in__state__in=OPEN
    )
    rows = StoredFile.objects.filter(learner_id=learner_id)
    rows = rows.exclude(pk__in=to_read.values("file_id")).exclude(pk__in=to_judge.values("file_id"))
    return rows.order_by("-size_bytes", "-stored_at", "pk")


def stored_bytes(learner_id: int) -> int:
    """How much the learner keeps here."""
    found = StoredFile.objects.filter(learner_id=learner_id).aggregate(Sum("size_bytes"))
    return found["size_bytes__sum"] or 0


# --- reports and runs -------------------------------------------------------------------------------------


def upload(learner_id: int, upload_id: UUID) -> Upload | None:
    """An upload of the learner's; None for anything else."""
    return Upload.objects.filter(learner_id=learner_id, pk=upload_id).select_related("run").first()


def uploads_of(learner_id: int) -> QuerySet[Upload]:
    """The learner's uploads, the latest first."""
    return Upload.objects.filter(learner_id=learner_id).select_related("run").order_by("-uploaded_at", "-pk")


def uploads_to_read(sent_before: datetime, limit: int) -> list[UUID]:
    """Uploads that nobody has read yet, the oldest first."""
    rows = Upload.objects.filter(state__in=OPEN, uploaded_at__lte=sent_before)
    return list(rows.order_by("uploaded_at").values_list("pk", flat=True)[:limit])


def hand_ins_to_judge(sent_before: datetime, limit: int) -> list[UUID]:
    """Hand-ins that nobody has judged yet, the oldest first."""
    rows = HandIn.objects.filter(state__in=OPEN, handed_in_at__lte=sent_before)
    return list(rows.order_by("handed_in_at").values_list("pk", flat=True)[:limit])


def runs_of(learner_id: int) -> QuerySet[Run]:
    """The learner's runs with the number of their results, the latest first."""
    rows = Run.objects.filter(learner_id=learner_id).annotate(result_count=Count("results"))
    return rows.order_by("-read_at", "-pk")


def run(learner_id: int, run_id: int) -> Run | None:
    """A run of the learner's; None for anything else."""
    return Run.objects.filter(learner_id=learner_id, pk=run_id).select_related("file").first()


@dataclass(frozen=True, slots=True)
class ResultRow:
    """One result as a page shows it. `rate` is the attack success rate; None where nothing was scored."""

    probe: str
    detector: str
    passed: int
    evaluated: int
    not_scored: int
    rate: Rate | None

    @property
    def hits(self) -> int:
        """Outputs where the attack worked."""
        return self.evaluated - self.passed


def results_of(run: Run) -> list[ResultRow]:
    """The results of a run in the order of its report. One query."""
    rows = Result.objects.filter(run=run).order_by("position")
    return [
        ResultRow(probe, detector, passed, evaluated, not_scored, attack_success_rate(passed, evaluated))
        for probe, detector, passed, evaluated, not_scored in rows.values_list(
            "probe", "detector", "passed", "evaluated", "not_scored"
        )
    ]


def evaluated_probes(rows: Collection[ResultRow]) -> list[str]:
    """The probes that have a result, each once, in the order of the report."""
    return list(dict.fromkeys(row.probe for row in rows))


def not_evaluated(run: Run, rows: Collection[ResultRow]) -> list[str]:
    """What was asked for and has no result."""
    return list(without_result(evaluated_probes(rows), planned=run.planned, requested=run.requested))


@dataclass(frozen=True, slots=True)
class Compared:
    """A probe and detector in two runs of one target. None where a run does not have the pair."""

    probe: str
    detector: str
    before: ResultRow | None
    after: ResultRow | None

    @property
    def change(self) -> str:
        """How the attack success rate moved: fell, rose, same, overlaps; "" where one of the two is missing.

        `overlaps`: the intervals do, so that the difference may be chance.
        """
        if not (self.before and self.after and self.before.rate and self.after.rate):
            return ""
        before, after = self.before.rate, self.after.rate
        if before.share == after.share:
            return "same"
        if before.low <= after.high and after.low <= before.high:
            return "overlaps"
        return "fell" if after.share < before.share else "rose"


def compared(before: Run, after: Run) -> list[Compared]:
    """Every pair of probe and detector of two runs, in the order of the later one. Two queries.

    A pair that stands twice in a run (an aggregated report) is compared by its sums.
    """
    first, second = _summed(results_of(before)), _summed(results_of(after))
    pairs = list(dict.fromkeys([*second, *first]))
    return [
        Compared(probe, detector, first.get((probe, detector)), second.get((probe, detector)))
        for probe, detector in pairs
    ]


def _summed(rows: list[ResultRow]) -> dict[tuple[str, str], ResultRow]:
    found: dict[tuple[str, str], ResultRow] = {}
    for row in rows:
        key = (row.probe, row.detector)
        if (same := found.get(key)) is not None:
            passed, evaluated = same.passed + row.passed, same.evaluated + row.evaluated
            row = ResultRow(  # noqa: PLW2901
                *key,
                passed,
                evaluated,
                same.not_scored + row.not_scored,
                attack_success_rate(passed, evaluated),
            )
        found[key] = row
    return found


def other_runs_of_target(run: Run) -> QuerySet[Run]:
    """The learner's other runs of the same tool against the same target, the latest first."""
    rows = Run.objects.filter(learner_id=run.learner_id, tool=run.tool, target=run.target).exclude(pk=run.pk)
    return rows.order_by("-read_at", "-pk")


# --- labs -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Line:
    """A rule of a lab and what became of it. `note` is the learner's own, of a rule that is claimed."""

    sentence: str
    outcome: Outcome
    found: str
    note: str
    is_stated: bool
    is_attested: bool


@dataclass(frozen=True, slots=True)
class LabStanding:
    """Where a learner stands with a lab: its latest hand-in, line by line."""

    lab: Lab
    hand_in: HandIn | None
    lines: tuple[Line, ...]

    @property
    def outcome(self) -> str:
        """met; claimed: nothing is missing, but some is said, not seen; missing; "" before it was judged."""
        if self.hand_in is None or self.hand_in.state != HandIn.State.JUDGED:
            return ""
        outcomes = {line.outcome for line in self.lines}
        if "missing" in outcomes:
            return "missing"
        return "claimed" if "claimed" in outcomes else "met"

    @property
    def missing(self) -> int:
        return sum(line.outcome == "missing" for line in self.lines)


def lab_standings(learner_id: int, labs: Collection[Lab], track_key: str) -> dict[str, LabStanding]:
    """Where the learner stands with these labs, by key. Two queries, however many they are."""
    keys = [lab.key for lab in labs]
    latest: dict[str, HandIn] = {}
    rows = HandIn.objects.filter(learner_id=learner_id, lab_key__in=keys).prefetch_related("files")
    for row in rows.order_by("handed_in_at", "pk"):
        # One that was refused does not push out one that was judged.
        if row.state != HandIn.State.REFUSED or row.lab_key not in latest:
            latest[row.lab_key] = row
    stated: dict[str, dict[str, Statement]] = {}
    for statement in Statement.objects.filter(learner_id=learner_id, lab_key__in=keys):
        stated.setdefault(statement.lab_key, {})[statement.sentence] = statement
    return {
        lab.key: LabStanding(
            lab, latest.get(lab.key), _lines(lab, track_key, latest.get(lab.key), stated.get(lab.key, {}))
        )
        for lab in labs
    }


def _lines(
    lab: Lab, track_key: str, hand_in: HandIn | None, stated: Mapping[str, Statement]
) -> tuple[Line, ...]:
    judged = {row["sentence"]: row for row in hand_in.judged} if hand_in else {}
    lines = []
    for rule in lab.rules_in(track_key):
        sentence = rule.sentence
        row = judged.get(sentence, {"outcome": "missing", "found": "not handed in yet"})
        outcome, found, statement = row["outcome"], row["found"], stated.get(sentence)
        if outcome == "missing" and statement is not None:
            outcome, found = "claimed", "" if rule.attested is not None else found
        lines.append(
            Line(
                sentence,
                outcome,
                found,
                note=statement.note if statement else "",
                is_stated=statement is not None,
                is_attested=rule.attested is not None,
            )
        )
    return tuple(lines)


def hand_ins_of(learner_id: int, lab_key: str) -> QuerySet[HandIn]:
    """The learner's hand-ins for a lab, the latest first."""
    rows = HandIn.objects.filter(learner_id=learner_id, lab_key=lab_key).prefetch_related("files__run")
    return rows.order_by("-handed_in_at", "-pk")


def find_topic_in(content: Catalogue) -> FindTopic:
    """What the rules ask of frameworks: a topic in the newest edition that has it."""

    def find(framework_key: str, topic_id: str) -> Topic | None:
        framework = content.find_framework(framework_key)
        editions = reversed(framework.editions) if framework else ()
        return next((topic for row in editions if (topic := row.find_topic(topic_id))), None)

    return find


# --- artefacts --------------------------------------------------------------------------------------------


def artefacts_of(learner_id: int, criterion_keys: Collection[str]) -> dict[str, list[Artefact]]:
    """What backs these criteria, by their keys, in the order it was added. One query."""
    found: dict[str, list[Artefact]] = {key: [] for key in criterion_keys}
    rows = Artefact.objects.filter(learner_id=learner_id, criterion_key__in=criterion_keys)
    for row in rows.select_related("file").order_by("added_at", "pk"):
        found[row.criterion_key].append(row)
    return found


def artefact(learner_id: int, artefact_id: UUID) -> Artefact | None:
    """An artefact of the learner's; None for anything else."""
    rows = Artefact.objects.filter(learner_id=learner_id, pk=artefact_id)
    return rows.select_related("file").first()
