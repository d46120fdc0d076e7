"""A map as CSV. Pure."""

import csv
import io
from collections.abc import Iterable, Mapping

from tracker.journal.rules.tables import guarded

COLUMNS = (
    "framework",
    "edition",
    "topic_id",
    "name",
    "kind",
    "part_of",
    "stands_under",
    "level",
    "in_curriculum",
    "claimed",
    "because",
)


def written(rows: Iterable[Mapping[str, str]]) -> str:
    """The CSV of a map, with no cell that a spreadsheet takes for a formula."""
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows([guarded(row[name]) for name in COLUMNS] for row in rows)
    return file.getvalue()
