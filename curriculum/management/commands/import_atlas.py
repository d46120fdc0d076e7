"""Read a published ATLAS file, say what changed, and keep it as an edition of the framework."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError
from django.utils import timezone

from curriculum import catalogue
from curriculum.atlas import (
    KEY,
    AtlasFile,
    Differences,
    NotAtlas,
    compare,
    counted,
    read_atlas,
    release_order,
    with_kept,
)
from curriculum.foreign_yaml import MAX_BYTES
from curriculum.framework_file import rendered
from curriculum.loader import add_edition, used_topics
from curriculum.plain_yaml import MAX_FILE_BYTES, ContentError, parse_document
from curriculum.reading import Content, read_content
from curriculum.schema import Edition, Framework, Topic

NO_TABLES = "The database cannot be read; if it is new, run manage.py migrate first."


@dataclass(frozen=True, slots=True)
class Known:
    """The editions of ATLAS that are known in a place, before the import.

    `used` are ids that modules cover; `tied` are those that maps and links name, by the name of the edition.
    """

    place: str
    editions: tuple[Edition, ...]
    used: frozenset[str]
    tied: dict[str, frozenset[str]]

    def same(self, name: str) -> Edition | None:
        """The edition of this name, or None."""
        return next((edition for edition in self.editions if edition.edition == name), None)

    def before(self, name: str) -> Edition | None:
        """The newest edition that is older than this name says, or None."""
        older = [known for known in self.editions if release_order(known.edition) < release_order(name)]
        return max(older, key=lambda known: release_order(known.edition), default=None)

    def after(self, name: str) -> Edition | None:
        """The oldest edition that is newer than this name says, or None."""
        newer = [known for known in self.editions if release_order(known.edition) > release_order(name)]
        return min(newer, key=lambda known: release_order(known.edition), default=None)


class Command(BaseCommand):
    help = (
        "Reads MITRE's published ATLAS.yaml (format 5 or 6), says what is new, renamed, moved and retired, "
        "and publishes a revision of the curriculum that knows this edition. "
        "The same file twice changes nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="the file, as MITRE publishes it")
        parser.add_argument(
            "--dry-run",
            action="store_true",
            help="only say what would change, compared with the content folder; needs no database",
        )
        parser.add_argument(
            "--write",
            type=Path,
            metavar="FOLDER",
            help="for authors: write the edition into this content folder instead of the database",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        file = self._read(options["file"])
        folder: Path | None = options["write"]
        try:
            if options["dry_run"] or folder is not None:
                known = _known_in_folder(folder or settings.CURRICULUM_DIR)
            else:
                known = _known_in_database()
        except ContentError:
            self._refuse("The content folder is not in order: manage.py check_curriculum says why.")
        except DatabaseError:
            self._refuse(NO_TABLES)
        edition, kept = _to_keep(file.edition, known)
        for line in _report(file, known, kept):
            self.stdout.write(line)
        if options["dry_run"]:
            self.stdout.write("Nothing was written: this was a dry run.")
        elif folder is not None:
            self._write(edition, folder)
        else:
            self._publish(edition)

    def _read(self, path: Path) -> AtlasFile:
        try:
            with path.open("rb") as opened:
                return read_atlas(opened.read(MAX_BYTES + 1))
        except OSError as error:
            self._refuse(f"The file cannot be read: {error.strerror}.")
        except NotAtlas as error:
            self._refuse(str(error))

    def _publish(self, edition: Edition) -> None:
        # Like load_curriculum, this stands beside tracker.clock, which it may not import.
        imported_at = timezone.now()  # noqa: TID251
        try:
            result = add_edition(KEY, edition, imported_at)
        except catalogue.NoCurriculum:
            self._refuse("No curriculum is loaded yet: run manage.py load_curriculum, then this again.")
        except KeyError:
            self._refuse(f"The curriculum that is loaded has no framework {KEY}.")
        except ContentError as error:
            self._refuse(*(str(problem) for problem in error.problems))
        if result.created:
            self.stdout.write(f"Revision {result.revision_number} holds ATLAS {edition.edition} now.")
        else:
            number = result.revision_number
            self.stdout.write(f"Nothing changed: revision {number} holds this ATLAS {edition.edition}.")

    def _write(self, edition: Edition, folder: Path) -> None:
        path = folder / "frameworks" / f"{KEY}.yaml"
        framework = _framework(read_content(folder))
        if framework is None:
            self._refuse(f"The content folder has no frameworks/{KEY}.yaml to write into.")
        others = [known for known in framework.editions if known.edition != edition.edition]
        editions = sorted([*others, edition], key=lambda known: release_order(known.edition))
        changed = framework.model_copy(update={"editions": tuple(editions)})
        if changed == framework:
            self.stdout.write(f"Nothing changed: {path} holds this ATLAS {edition.edition}.")
            return
        text = rendered(changed)
        try:
            fits = len(text.encode()) <= MAX_FILE_BYTES
            same = fits and Framework.model_validate(parse_document(path.name, text).data) == changed
        except ContentError as error:
            self._refuse(f"With this edition {path} would not be read again: {error}")
        if not same:
            self._refuse(f"With this edition {path} would be larger than {MAX_FILE_BYTES:,} bytes.")
        _replace(path, text)
        self.stdout.write(f"{path} holds ATLAS {edition.edition} now.")

    def _refuse(self, *lines: str) -> NoReturn:
        for line in lines:
            self.stderr.write(line)
        raise SystemExit(1)


# --------------------------------------------------------------------------------------- what is known before


def _known_in_folder(folder: Path) -> Known:
    content = read_content(folder)
    framework = _framework(content)
    used = {cover.topic for module in content.modules for cover in module.covers if cover.framework == KEY}
    tied: dict[str, set[str]] = {}
    for other in content.frameworks:
        for link in other.links:
            if other.key == KEY:
                tied.setdefault(link.edition, set()).add(link.topic)
            if link.to_framework == KEY:
                tied.setdefault(link.to_edition, set()).add(link.to_topic)
    for known in framework.maps if framework else ():
        _tie(tied, known.from_edition, (row.from_ for row in known.rows))
        _tie(tied, known.to_edition, (row.to for row in known.rows if row.to))
    return Known(
        place="the content folder",
        editions=framework.editions if framework else (),
        used=frozenset(used),
        tied={name: frozenset(ids) for name, ids in tied.items()},
    )


def _known_in_database() -> Known:
    try:
        newest = catalogue.newest()
    except catalogue.NoCurriculum:
        return _known_in_folder(settings.CURRICULUM_DIR)
    framework = newest.find_framework(KEY)
    editions = framework.editions if framework else ()
    tied: dict[str, set[str]] = {
        edition.name: {
            topic.topic_id for topic in edition.topics if newest.links_of(KEY, edition.name, topic.topic_id)
        }
        for edition in editions
    }
    for known in framework.maps if framework else ():
        _tie(tied, known.from_edition, (row.from_topic for row in known.rows))
        _tie(tied, known.to_edition, (row.to_topic for row in known.rows if row.to_topic))
    return Known(
        place=f"revision {newest.revision}",
        editions=tuple(_as_edition(edition) for edition in editions),
        used=used_topics(KEY),
        tied={name: frozenset(ids) for name, ids in tied.items()},
    )


def _tie(tied: dict[str, set[str]], edition: str, topics: Iterable[str]) -> None:
    tied[edition] = tied.get(edition, set()).union(topics)


def _framework(content: Content) -> Framework | None:
    return next((framework for framework in content.frameworks if framework.key == KEY), None)


def _as_edition(edition: catalogue.Edition) -> Edition:
    return Edition(
        edition=edition.name,
        title=edition.title,
        published_on=edition.published_on.isoformat() if edition.published_on else None,
        source=edition.source or None,
        topics=tuple(
            Topic.model_validate(
                {
                    "id": topic.topic_id,
                    "name": topic.name,
                    "kind": topic.kind,
                    "parent": topic.parent or None,
                    "groups": topic.groups,
                    "relates": topic.relates,
                    "note": topic.note or None,
                    "retired": topic.retired,
                }
            )
            for topic in edition.topics
        ),
    )


def _to_keep(edition: Edition, known: Known) -> tuple[Edition, tuple[str, ...]]:
    """The edition as it is to be stored, and the ids that are kept in it because something here uses them."""
    same, before = known.same(edition.edition), known.before(edition.edition)
    kept: tuple[str, ...] = ()
    if same is not None:
        edition = edition.model_copy(update={"published_on": same.published_on})
        edition, kept = with_kept(edition, [same], known.used | known.tied.get(same.edition, frozenset()))
    if before is not None:
        edition, more = with_kept(edition, [before], known.used)
        kept = (*kept, *more)
    return edition, kept


def _replace(path: Path, text: str) -> None:
    """Put a text in place of a file in one step: nobody reads half of it."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".import-", suffix=".tmp")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as opened:
            opened.write(text)
        Path(name).chmod(path.stat().st_mode)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


# ------------------------------------------------------------------------------------------------- the report


def _report(file: AtlasFile, known: Known, kept: tuple[str, ...]) -> Iterator[str]:
    name = file.edition.edition
    yield f"MITRE ATLAS {name}, format {file.format}: {counted(file.edition)}."
    before, after, same = known.before(name), known.after(name), known.same(name)
    if before is not None:
        yield f"Compared with {before.edition} in {known.place} ({before.title}):"
        yield from _differences(compare(before, file.edition))
    if same is not None:
        yield f"Compared with {name} as it is in {known.place} now ({same.title}):"
        yield from _differences(compare(same, file.edition))
    elif before is None and after is not None:
        yield f"Older than every edition in {known.place}. From here to {after.edition} ({after.title}):"
        yield from _differences(compare(file.edition, after))
    elif before is None:
        yield f"No other edition is known in {known.place}."
    yield from _listed(f"{len(kept)} kept, because used", kept)
    many = "defect" if len(file.defects) == 1 else "defects"
    yield from _listed(f"{len(file.defects)} {many} in the file", file.defects)


def _differences(found: Differences) -> Iterator[str]:
    yield from _listed(
        f"{len(found.new)} new", tuple(f"{topic.id} {topic.name} ({topic.kind})" for topic in found.new)
    )
    yield from _listed(
        f"{len(found.renamed)} renamed", tuple(f"{row.id} {row.before} -> {row.now}" for row in found.renamed)
    )
    yield from _listed(
        f"{len(found.moved)} moved",
        tuple(f"{row.id} {_ids(row.before)} -> {_ids(row.now)}" for row in found.moved),
    )
    yield from _listed(
        f"{len(found.retired)} retired",
        tuple(
            f"{row.id} {row.name}{f', now {row.successor}' if row.successor else ''}" for row in found.retired
        ),
    )
    if found.reordered:
        yield "The tactics stand in another order."


def _ids(ids: tuple[str, ...]) -> str:
    return ", ".join(ids) or "nothing"


def _listed(title: str, lines: tuple[str, ...]) -> Iterator[str]:
    yield title
    yield from (f"  {line}" for line in lines)
