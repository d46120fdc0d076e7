"""A map as CSV. Pure."""

from collections.abc import Iterable, Mapping

from tracker.journal.rules.tables import as_csv

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
    return as_csv(COLUMNS, ([row[name] for name in COLUMNS] for row in rows))
