"""A content folder becomes a checked `Content`, or is refused with every reason. Pure.

`read_content(folder)` reads every file of the curriculum, checks each one and then all of them together, and
either returns a `Content` or raises `ContentError` with every problem found. Nothing that stands in a content
file can make it raise anything else.

A content folder holds::

    tracks.yaml              the title of the curriculum and its tracks
    skills.yaml              the rows of the skills matrix
    role.yaml                what the role asks for, and which modules teach it
    retired.yaml             published keys that are no longer in use (may be missing)
    published.txt            the keys of the last release, one a line with its kind (may be missing)
    frameworks/<key>.yaml    one framework with its editions, their topics, maps and links
    modules/<nn>-<key>.yaml  one module with everything that belongs to it
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from curriculum import checks
from curriculum.atlas import release_order
from curriculum.checks import ReadFile
from curriculum.plain_yaml import (
    ContentError,
    FieldPath,
    Problem,
    dotted,
    line_of,
    printable,
    read_document,
    read_text,
    shown,
)
from curriculum.schema import (
    Edition,
    Framework,
    Module,
    RetiredFile,
    RetiredKey,
    RoleFile,
    RoleRow,
    Skill,
    SkillsFile,
    Track,
    TracksFile,
)

__all__ = ["PUBLISHED", "Content", "ContentError", "Problem", "published_keys", "read_content"]

PUBLISHED = "published.txt"


@dataclass(frozen=True, slots=True)
class Content:
    """A curriculum that passed every check: `modules` in the order of their numbers, frameworks by key."""

    title: str
    tracks: tuple[Track, ...]
    skills: tuple[Skill, ...]
    role: tuple[RoleRow, ...]
    frameworks: tuple[Framework, ...]
    modules: tuple[Module, ...]
    retired: tuple[RetiredKey, ...]

    def canonical(self) -> bytes:
        """The content as canonical JSON (UTF-8, keys sorted, no spaces). Layout and comments do not count."""
        rows: dict[str, Any] = {name: [_plain(row) for row in getattr(self, name)] for name in _LISTS}
        return json.dumps(
            {"title": self.title, **rows}, ensure_ascii=False, sort_keys=True, separators=(",", ":")
        ).encode("utf-8")

    @classmethod
    def from_canonical(cls, canonical: str) -> Content:
        """The content that `canonical()` was made of. It was checked when it was published."""
        data = json.loads(canonical)
        rows = {name: tuple(model(row) for row in data[name]) for name, model in _LISTS.items()}
        return cls(title=data["title"], **rows)

    def with_edition(self, framework_key: str, edition: Edition) -> Content:
        """The same content with this edition of a framework: put in place of one of the same name, or added
        before the editions that are later by the numbers in their names. Raises `KeyError` when there is no
        such framework."""
        if framework_key not in {framework.key for framework in self.frameworks}:
            raise KeyError(framework_key)
        return replace(
            self,
            frameworks=tuple(
                _with_edition(framework, edition) if framework.key == framework_key else framework
                for framework in self.frameworks
            ),
        )

    def digest(self) -> str:
        """SHA-256 of `canonical()` in hexadecimal: equal for equal content, whatever the files look like."""
        return hashlib.sha256(self.canonical()).hexdigest()

    def activity_count(self) -> int:
        """How many activities all modules have together."""
        return sum(len(module.activities) for module in self.modules)


def _plain(row: BaseModel) -> Any:
    return row.model_dump(mode="json", by_alias=True, exclude_none=True)


def _from_plain(model: type[BaseModel]) -> Callable[[Any], Any]:
    return lambda row: model.model_validate_json(json.dumps(row))


def _with_edition(framework: Framework, edition: Edition) -> Framework:
    names = [known.edition for known in framework.editions]
    kept = [edition if known.edition == edition.edition else known for known in framework.editions]
    if edition.edition not in names:
        # Oldest first, whatever order they came in; those that stand there keep theirs.
        order = release_order(edition.edition)
        later = (place for place, name in enumerate(names) if release_order(name) > order)
        kept.insert(next(later, len(kept)), edition)
    return framework.model_copy(update={"editions": tuple(kept)})


_LISTS: dict[str, Callable[[Any], Any]] = {
    "tracks": _from_plain(Track),
    "skills": _from_plain(Skill),
    "role": _from_plain(RoleRow),
    "frameworks": _from_plain(Framework),
    "modules": _from_plain(Module),
    "retired": _from_plain(RetiredKey),
}


def read_content(folder: Path) -> Content:
    """Read and check a content folder.

    Raises `ContentError` with every problem found: first those of single files; only when each file is well
    formed in itself are the files compared with one another.
    """
    problems: list[Problem] = []
    tracks = _read(folder, "tracks.yaml", TracksFile, problems)
    skills = _read(folder, "skills.yaml", SkillsFile, problems)
    role = _read(folder, "role.yaml", RoleFile, problems)
    retired = _read(folder, "retired.yaml", RetiredFile, problems, default=RetiredFile())
    published = _read_published(folder, problems)
    frameworks = _read_all(folder, "frameworks", Framework, problems)
    modules = _read_all(folder, "modules", Module, problems)
    if problems or tracks is None or skills is None or role is None or retired is None:
        raise ContentError(problems)
    files = checks.Files(tracks, skills, role, retired, published, frameworks, modules)
    problems.extend(checks.compare(files))
    if problems:
        raise ContentError(problems)
    return Content(
        title=tracks.data.title,
        tracks=tracks.data.tracks,
        skills=skills.data.skills,
        role=role.data.rows,
        frameworks=tuple(read.data for read in sorted(frameworks, key=lambda read: read.data.key)),
        modules=tuple(read.data for read in sorted(modules, key=lambda read: read.data.number)),
        retired=retired.data.retired,
    )


def published_keys(content: Content) -> str:
    """The text of published.txt for this content: each permanent key with its kind, sorted."""
    rows = sorted((key, kind) for module in content.modules for key, kind, _ in checks.item_keys(module))
    return "".join(f"{key} {kind}\n" for key, kind in rows)


def _read_published(folder: Path, problems: list[Problem]) -> tuple[tuple[str, str], ...]:
    """The rows (key, kind) of published.txt; row n stands in line n + 1. None where there is no file."""
    if not (folder / PUBLISHED).exists():
        return ()
    try:
        lines = read_text(folder, PUBLISHED).splitlines()
    except ContentError as error:
        problems.extend(error.problems)
        return ()
    rows = []
    for number, line in enumerate(lines, start=1):
        words = line.split(" ")
        if len(words) != 2:
            problems.append(Problem(PUBLISHED, number, "", "expected a key, a space and its kind"))
        else:
            rows.append((words[0], words[1]))
    return tuple(rows)


# -------------------------------------------------------------------------------------------- reading a file

_Data = TypeVar("_Data", bound=BaseModel)


def _read_all(
    folder: Path, name: str, model: type[_Data], problems: list[Problem]
) -> tuple[ReadFile[_Data], ...]:
    try:
        entries = sorted(entry.name for entry in (folder / name).iterdir() if not entry.name.startswith("."))
    except OSError as error:
        problems.append(Problem(name, 0, "", f"expected a readable folder: {error.strerror}"))
        return ()
    if not entries:
        problems.append(Problem(name, 0, "", "expected at least one .yaml file in this folder"))
    files = []
    for entry in entries:
        file = f"{name}/{entry}"
        if not entry.endswith(".yaml"):
            problems.append(Problem(printable(file), 0, "", "expected only files whose name ends in .yaml"))
        elif read := _read(folder, file, model, problems):
            files.append(read)
    return tuple(files)


def _read(
    folder: Path, name: str, model: type[_Data], problems: list[Problem], default: _Data | None = None
) -> ReadFile[_Data] | None:
    if default is not None and not (folder / name).exists():
        return ReadFile(name, default, {})
    try:
        document = read_document(folder, name)
    except ContentError as error:
        problems.extend(error.problems)
        return None
    try:
        return ReadFile(document.name, model.model_validate(document.data), document.lines)
    except ValidationError as error:
        problems.extend(_explained(document.name, error, document.lines))
        return None


def _of_union(part: str | int) -> bool:
    """Whether a part of pydantic's path names a member of a union, not a place in the file."""
    return isinstance(part, str) and (part in ("bool", "int", "float", "constrained-str") or "[" in part)


_EXPECTED: dict[str, str] = {
    "missing": "expected this field, it is missing",
    "extra_forbidden": "unknown field; expected only the fields of the schema",
    "string_type": "expected text",
    "int_type": "expected a whole number",
    "float_type": "expected a number",
    "bool_type": "expected true or false",
    "tuple_type": "expected a list",
    "dict_type": "expected a mapping",
    "model_type": "expected a mapping",
    "string_too_long": "expected at most {max_length} characters",
    "string_too_short": "expected some text",
    "too_short": "expected at least {min_length} of these, found {actual_length}",
    "too_long": "expected at most {max_length} of these, found {actual_length}",
    "greater_than_equal": "expected {ge} or more",
    "less_than_equal": "expected {le} or less",
    "literal_error": "expected {expected}",
    "value_error": "{error}",
}


def _explained(name: str, error: ValidationError, lines: Mapping[FieldPath, int]) -> Iterator[Problem]:
    for found in error.errors(include_url=False):
        if found["type"] == "too_short" and len(found["input"]) >= found["ctx"]["min_length"]:
            continue  # pydantic leaves faulty rows out of the count; they are named by themselves
        path = tuple(part for part in found["loc"] if part != "[key]" and not _of_union(part))
        pattern = _EXPECTED.get(found["type"])
        message = pattern.format(**found.get("ctx", {})) if pattern else found["msg"]
        if found["type"] not in ("missing", "extra_forbidden", "too_short", "too_long"):
            message += f", found {shown(found['input'])}"
        yield Problem(name, line_of(lines, path), dotted(path), message)
