"""The files of a hand-in, read each in a process of its own, and the lab's rules held against them."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from fnmatch import fnmatchcase
from pathlib import Path

from curriculum.catalogue import EvidenceFile, Lab, catalogue
from tracker.evidence import queries, reading
from tracker.evidence.models import HandIn, StoredFile
from tracker.evidence.rules.judge import Judged, judge
from tracker.evidence.rules.reports.report import Refused, Report, as_document

REPORT = "garak"


def place_of(lab: Lab, name: str) -> str | None:
    """Under which name a learner's file is handed in, which is one that the lab asks for; None for no such.

    A lab with one file takes it under any name, and a report may come as gzip.
    """
    for row in lab.files:
        plain = name.removesuffix(".gz") if row.format == REPORT else name
        if fnmatchcase(plain.lower(), row.name.lower()):
            return plain.lower() if "*" in row.name else row.name
    if len(lab.files) == 1:
        return lab.files[0].name.replace("*", "handed-in")
    return None


def _wanted(lab: Lab, place: str) -> EvidenceFile:
    return next(row for row in lab.files if fnmatchcase(place, row.name.lower()) or place == row.name)


def judged(
    hand_in: HandIn, as_path: Callable[[StoredFile], AbstractContextManager[Path]]
) -> tuple[tuple[Judged, ...], dict[int, Report]]:
    """What became of each rule, and the reports among the files by the number of the file.

    Raises `Refused` for a file that cannot be read as what the lab asks for.
    """
    content = catalogue(hand_in.revision)
    lab = content.lab(hand_in.lab_key)
    documents, reports = {}, {}
    for row in hand_in.files.select_related("file").order_by("name"):
        if row.file is None:
            continue
        wanted = _wanted(lab, row.name)
        with as_path(row.file) as path:
            if wanted.format == REPORT:
                try:
                    report = reading.read_report(path)
                except Refused as refusal:
                    raise Refused(f"{row.name}: {refusal}") from None
                if report.tool != REPORT:
                    raise Refused(f"{row.name} is a report of {report.tool}; this lab asks for one of garak.")
                reports[row.pk], documents[row.name] = report, as_document(report)
            else:
                documents[row.name] = reading.read_plain(path, row.name, wanted.format)
    rules = lab.rules_in(hand_in.track_key)
    only_file = lab.files[0].name if len(lab.files) == 1 else None
    find_topic = queries.find_topic_in(content)
    return judge(rules, documents, only_file=only_file, find_topic=find_topic), reports
