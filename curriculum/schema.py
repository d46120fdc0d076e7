"""What a content file may say. Pure: it knows neither Django, nor the clock, nor a database.

`read_content(folder)` reads every file of the curriculum, checks each one and then all of them together, and
either returns a `Content` or raises `ContentError` with every problem found. Nothing that stands in a content
file can make it raise anything else.

A content folder holds::

    tracks.yaml            the title of the curriculum and its tracks
    skills.yaml            the rows of the skills matrix
    frameworks/<key>.yaml  one framework with its editions and their topics
    modules/<nn>-<key>.yaml  one module with everything that belongs to it

How the YAML itself is read, and what is refused there, is in `plain_yaml`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Annotated, Any, Generic, Literal, Self, TypeVar, get_args
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from curriculum.plain_yaml import (
    ContentError,
    FieldPath,
    Problem,
    dotted,
    line_of,
    printable,
    read_document,
    shown,
)

__all__ = ["Content", "ContentError", "Problem", "read_content"]

KEY_LENGTH = 80
NAME_LENGTH = 40
TITLE_LENGTH = 200
URL_LENGTH = 500

MINUTES_MIN = 5
MINUTES_MAX = 1200

ActivityKind = Literal["read", "practise", "build", "write", "measure"]
Need = Literal["required", "optional"]
SkillKind = Literal["growth", "surplus"]
ResourceKind = Literal["paper", "tool", "standard", "law", "guide", "site"]
TopicKind = Literal[
    "tactic",
    "technique",
    "mitigation",
    "risk",
    "function",
    "category",
    "subcategory",
    "objective",
    "attack",
    "article",
    "annex",
    "threat",
]
ACTIVITY_KINDS: tuple[str, ...] = get_args(ActivityKind)
NEEDS: tuple[str, ...] = get_args(Need)
SKILL_KINDS: tuple[str, ...] = get_args(SkillKind)
RESOURCE_KINDS: tuple[str, ...] = get_args(ResourceKind)
TOPIC_KINDS: tuple[str, ...] = get_args(TopicKind)


# ------------------------------------------------------------------------------------------- permanent keys

_WORDS = r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*"
_MODULE_KEY = re.compile(_WORDS)
_ITEM_KEY = re.compile(rf"{_WORDS}\.{_WORDS}")
# A name that only counts: `a3`, `q1`, `activity-2`, `lab1`, `12`, or anything that ends in `-7` or `-a7`.
# Names of things that end in a number (`article-15`, `flaw-6`) belong to the thing and would be refused too:
# spell them out instead, a key is written once and read for ever.
_POSITIONAL = re.compile(
    r"(?:.*-)?[a-z]?\d+|(?:.*-)?(?:activity|lab|question|criterion|resource|res|item|step)\d+"
)


def positional(name: str) -> bool:
    """Whether a name (what stands after the dot of a key) only counts: `a3`, `ask-2`, `lab1`, `7`."""
    return _POSITIONAL.fullmatch(name) is not None


def _module_key(value: str) -> str:
    if not _MODULE_KEY.fullmatch(value):
        raise ValueError("expected a key in lower case: letters, digits and hyphens, beginning with a letter")
    if positional(value):
        raise ValueError("this name only counts; expected one that tells what it is")
    return value


def _item_key(value: str) -> str:
    if not _ITEM_KEY.fullmatch(value):
        raise ValueError("expected a key like module.name in lower case: letters, digits, hyphens, one dot")
    if positional(value.split(".", 1)[1]):
        raise ValueError("this name only counts; a permanent key names the thing, not its place")
    return value


def _web_address(value: str) -> str:
    try:
        parts = urlsplit(value)
        host = parts.hostname
    except ValueError:
        raise ValueError("expected a web address beginning with https:// or http://") from None
    if parts.scheme not in ("http", "https") or not host or re.search(r"[\s\"'<>\\]", value):
        raise ValueError("expected a web address beginning with https:// or http://")
    if parts.username is not None or parts.password is not None:
        raise ValueError("expected a web address without a user name or password")
    return value


def _no_html(value: str) -> str:
    # Markdown only. How it is rendered, and what a link in it may do, is the business of the page.
    if re.search(r"<(?:/|!|\?|[a-zA-Z][a-zA-Z0-9-]*(?:[\s/>]|$))", value):
        raise ValueError("expected Markdown without HTML; a < that stands for less than has a space after it")
    return value


def _one_line(value: str) -> str:
    if "\n" in value or "\t" in value:
        raise ValueError("expected one line")
    return value


def _numbers_as_text(value: object) -> object:
    # `edition: 2026` is a number to YAML; the name of an edition is text.
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


ModuleKey = Annotated[str, StringConstraints(max_length=NAME_LENGTH), AfterValidator(_module_key)]
ItemKey = Annotated[str, StringConstraints(max_length=KEY_LENGTH), AfterValidator(_item_key)]
Name = Annotated[
    str,
    BeforeValidator(_numbers_as_text),
    StringConstraints(min_length=1, max_length=NAME_LENGTH, strip_whitespace=True),
    AfterValidator(_one_line),
]
Title = Annotated[
    str,
    StringConstraints(min_length=1, max_length=TITLE_LENGTH, strip_whitespace=True),
    AfterValidator(_one_line),
    AfterValidator(_no_html),
]
Prose = Annotated[
    str,
    StringConstraints(min_length=1, max_length=20_000, strip_whitespace=True),
    AfterValidator(_no_html),
]
Line = Annotated[
    str,
    StringConstraints(min_length=1, max_length=2_000, strip_whitespace=True),
    AfterValidator(_one_line),
    AfterValidator(_no_html),
]
Url = Annotated[str, StringConstraints(max_length=URL_LENGTH), AfterValidator(_web_address)]
Level = Annotated[int, Field(ge=0, le=4)]
TrackNeeds = Annotated[dict[ModuleKey, Need], Field(min_length=1)]
TrackKeys = Annotated[tuple[ModuleKey, ...], Field(min_length=1)]


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


# ------------------------------------------------------------------------------------------------ the files


class Track(_Record):
    """A choice of activities. `electives` are its modules that may be left out altogether."""

    key: ModuleKey
    title: Title
    summary: Prose
    completion: Prose
    electives: tuple[ModuleKey, ...] = ()


class TracksFile(_Record):
    """tracks.yaml"""

    title: Title
    tracks: Annotated[tuple[Track, ...], Field(min_length=1)]


class Skill(_Record):
    """A row of the skills matrix: five levels (0 to 4), where most begin, where each track leads."""

    key: ModuleKey
    title: Title
    kind: SkillKind
    levels: Annotated[tuple[Line, ...], Field(min_length=5, max_length=5)]
    typical_start: Level
    targets: dict[ModuleKey, Level]
    proof_modules: Annotated[tuple[ModuleKey, ...], Field(min_length=1)]
    note: Line | None = None


class SkillsFile(_Record):
    """skills.yaml"""

    skills: Annotated[tuple[Skill, ...], Field(min_length=1)]


class Topic(_Record):
    """A topic of one edition of a framework, under the id its owner gave it.

    `parent` is the topic it is a part of (a technique for its sub-technique); `groups` are topics of another
    kind that it stands under, of which there may be several (the tactics of a technique).
    """

    id: Name
    name: Title
    kind: TopicKind
    parent: Name | None = None
    groups: tuple[Name, ...] = ()


class Edition(_Record):
    """One edition of a framework with the topics known here, in the owner's order."""

    edition: Name
    title: Title
    topics: Annotated[tuple[Topic, ...], Field(min_length=1)]


class Framework(_Record):
    """frameworks/<key>.yaml. `source` says whose data it is and under which terms facts were taken."""

    key: ModuleKey
    title: Title
    url: Url
    source: Line
    editions: Annotated[tuple[Edition, ...], Field(min_length=1)]


class Activity(_Record):
    """One piece of work of a module. A track that `tracks` does not name does not have it."""

    key: ItemKey
    title: Title
    kind: ActivityKind
    minutes: Annotated[int, Field(ge=MINUTES_MIN, le=MINUTES_MAX)]
    tracks: TrackNeeds
    lab: ItemKey | None = None
    summary: Prose


class Evidence(_Record):
    """What a lab asks for: the files to hand in and, in words, the rules they must satisfy."""

    files: Annotated[tuple[Line, ...], Field(min_length=1)]
    rules: Annotated[tuple[Line, ...], Field(min_length=1)]


class Lab(_Record):
    """A piece of practical work that ends in evidence. `variants` says, by track, what differs there."""

    key: ItemKey
    title: Title
    tracks: TrackKeys
    needs: Prose
    evidence: Evidence
    variants: dict[ModuleKey, Prose] = {}


class Question(_Record):
    """A recall question with its answer and where the answer can be looked up."""

    key: ItemKey
    prompt: Prose
    answer: Prose
    source: Line


class Backing(_Record):
    """What proves a criterion: a lab of this module, or an artefact in words. Exactly one of the two."""

    lab: ItemKey | None = None
    artefact: Line | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if (self.lab is None) == (self.artefact is None):
            raise ValueError("expected either lab: or artefact:, exactly one of them")
        return self


class Criterion(_Record):
    """One thing that must be true before the milestone is reached in the tracks named."""

    key: ItemKey
    text: Line
    tracks: TrackKeys
    backed_by: Backing


class Milestone(_Record):
    """What finishing the module proves."""

    key: ItemKey
    title: Title
    criteria: Annotated[tuple[Criterion, ...], Field(min_length=1)]


class Resource(_Record):
    """A public page or file to read or use."""

    key: ItemKey
    title: Title
    url: Url
    kind: ResourceKind


class Cover(_Record):
    """A topic that the module teaches. Never without its edition."""

    framework: ModuleKey
    edition: Name
    topic: Name


class Module(_Record):
    """modules/<nn>-<key>.yaml: a chapter of the curriculum.

    `learner_scoped: true` stands in place of `covers` where the learner's own system decides what is covered.
    """

    key: ModuleKey
    number: Annotated[int, Field(ge=1, le=99)]
    title: Title
    goal: Prose
    why: Prose
    prerequisites: tuple[ModuleKey, ...] = ()
    covers: tuple[Cover, ...] = ()
    learner_scoped: bool = False
    activities: Annotated[tuple[Activity, ...], Field(min_length=1)]
    labs: tuple[Lab, ...] = ()
    questions: Annotated[tuple[Question, ...], Field(min_length=1)]
    milestone: Milestone
    resources: tuple[Resource, ...] = ()


# ---------------------------------------------------------------------------------------------- the content


@dataclass(frozen=True, slots=True)
class Content:
    """A curriculum that passed every check: `modules` in the order of their numbers, frameworks by key."""

    title: str
    tracks: tuple[Track, ...]
    skills: tuple[Skill, ...]
    frameworks: tuple[Framework, ...]
    modules: tuple[Module, ...]

    def canonical(self) -> bytes:
        """The content as canonical JSON (UTF-8, keys sorted, no spaces). Layout and comments do not count."""
        return json.dumps(
            {
                "title": self.title,
                "tracks": [row.model_dump(mode="json") for row in self.tracks],
                "skills": [row.model_dump(mode="json") for row in self.skills],
                "frameworks": [row.model_dump(mode="json") for row in self.frameworks],
                "modules": [row.model_dump(mode="json") for row in self.modules],
            },
            ensure_ascii=False,
            sort_keys=True,
            separators=(",", ":"),
        ).encode("utf-8")

    def digest(self) -> str:
        """SHA-256 of `canonical()` in hexadecimal: equal for equal content, whatever the files look like."""
        return hashlib.sha256(self.canonical()).hexdigest()

    def activity_count(self) -> int:
        """How many activities all modules have together."""
        return sum(len(module.activities) for module in self.modules)


def read_content(folder: Path) -> Content:
    """Read and check a content folder.

    Raises `ContentError` with every problem found: first those of single files; only when each file is well
    formed in itself are the files compared with one another.
    """
    problems: list[Problem] = []
    tracks_file = _read(folder, "tracks.yaml", TracksFile, problems)
    skills_file = _read(folder, "skills.yaml", SkillsFile, problems)
    frameworks = _read_all(folder, "frameworks", Framework, problems)
    modules = _read_all(folder, "modules", Module, problems)
    if problems or tracks_file is None or skills_file is None:
        raise ContentError(problems)
    problems.extend(_compare(tracks_file, skills_file, frameworks, modules))
    if problems:
        raise ContentError(problems)
    return Content(
        title=tracks_file.data.title,
        tracks=tracks_file.data.tracks,
        skills=skills_file.data.skills,
        frameworks=tuple(read.data for read in sorted(frameworks, key=lambda read: read.data.key)),
        modules=tuple(read.data for read in sorted(modules, key=lambda read: read.data.number)),
    )


# -------------------------------------------------------------------------------------------- reading a file

_Data = TypeVar("_Data", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class _File(Generic[_Data]):
    """A file that is well formed in itself, with the line of every path in it."""

    name: str
    data: _Data
    lines: Mapping[FieldPath, int]

    def problem(self, path: FieldPath, message: str) -> Problem:
        return Problem(self.name, line_of(self.lines, path), dotted(path), message)


def _read_all(
    folder: Path, name: str, model: type[_Data], problems: list[Problem]
) -> tuple[_File[_Data], ...]:
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


def _read(folder: Path, name: str, model: type[_Data], problems: list[Problem]) -> _File[_Data] | None:
    try:
        document = read_document(folder, name)
    except ContentError as error:
        problems.extend(error.problems)
        return None
    try:
        return _File(document.name, model.model_validate(document.data), document.lines)
    except ValidationError as error:
        problems.extend(_explained(document.name, error, document.lines))
        return None


_EXPECTED: dict[str, str] = {
    "missing": "expected this field, it is missing",
    "extra_forbidden": "unknown field; expected only the fields of the schema",
    "string_type": "expected text",
    "int_type": "expected a whole number",
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
        path = tuple(part for part in found["loc"] if part != "[key]")
        pattern = _EXPECTED.get(found["type"])
        message = pattern.format(**found.get("ctx", {})) if pattern else found["msg"]
        if found["type"] not in ("missing", "extra_forbidden", "too_short", "too_long"):
            message += f", found {shown(found['input'])}"
        yield Problem(name, line_of(lines, path), dotted(path), message)


# ------------------------------------------------------------------------------- comparing file with file


def _compare(
    tracks_file: _File[TracksFile],
    skills_file: _File[SkillsFile],
    frameworks: Sequence[_File[Framework]],
    modules: Sequence[_File[Module]],
) -> Iterator[Problem]:
    yield from _check_tracks(tracks_file, modules)
    yield from _check_skills(skills_file, tracks_file, modules)
    for framework in frameworks:
        yield from _check_framework(framework)
    yield from _check_names(modules)
    yield from _check_keys(modules)
    yield from _check_prerequisites(tracks_file, modules)
    topics = {
        (file.data.key, edition.edition): {topic.id for topic in edition.topics}
        for file in frameworks
        for edition in file.data.editions
    }
    tracks = tuple(track.key for track in tracks_file.data.tracks)
    for module in modules:
        yield from _check_tracks_of(module, tracks)
        yield from _check_labs(module)
        yield from _check_covers(module, topics)


def _check_tracks(file: _File[TracksFile], modules: Sequence[_File[Module]]) -> Iterator[Problem]:
    yield from _twice(file, (("tracks",), [track.key for track in file.data.tracks]), ("key",))
    known = {module.data.key: module for module in modules}
    for index, track in enumerate(file.data.tracks):
        for place, key in enumerate(track.electives):
            if key not in known:
                yield file.problem(("tracks", index, "electives", place), f"no module has the key {key!r}")
        for key, module in known.items():
            needs = [row.tracks[track.key] for row in module.data.activities if track.key in row.tracks]
            if not needs:
                if key in track.electives:
                    yield file.problem(("tracks", index), f"the elective {key!r} has no activity in it")
                continue
            if key in track.electives and "required" in needs:
                yield module.problem(
                    ("activities",),
                    f"this module is an elective of {track.key}: all its activities are optional",
                )
            if key not in track.electives and "required" not in needs:
                yield module.problem(
                    ("activities",),
                    f"expected a required activity in {track.key}, or the module as an elective",
                )
            if not any(track.key in row.tracks for row in module.data.milestone.criteria):
                yield module.problem(("milestone", "criteria"), f"expected a criterion in {track.key}")


def _check_skills(
    file: _File[SkillsFile], tracks_file: _File[TracksFile], modules: Sequence[_File[Module]]
) -> Iterator[Problem]:
    yield from _twice(file, (("skills",), [skill.key for skill in file.data.skills]), ("key",))
    tracks = {track.key for track in tracks_file.data.tracks}
    known = {module.data.key for module in modules}
    for index, skill in enumerate(file.data.skills):
        path: FieldPath = ("skills", index, "targets")
        for key in sorted(tracks - set(skill.targets)):
            yield file.problem(path, f"expected a target level for the track {key!r}")
        for key in sorted(set(skill.targets) - tracks):
            yield file.problem((*path, key), f"no track has the key {key!r}")
        for place, key in enumerate(skill.proof_modules):
            if key not in known:
                yield file.problem(
                    ("skills", index, "proof_modules", place), f"no module has the key {key!r}"
                )


def _check_framework(file: _File[Framework]) -> Iterator[Problem]:
    if file.name != f"frameworks/{file.data.key}.yaml":
        yield file.problem(("key",), f"expected this file to be named frameworks/{file.data.key}.yaml")
    yield from _twice(file, (("editions",), [row.edition for row in file.data.editions]), ("edition",))
    for index, edition in enumerate(file.data.editions):
        here: FieldPath = ("editions", index, "topics")
        yield from _twice(file, (here, [topic.id for topic in edition.topics]), ("id",))
        parents = {topic.id: topic.parent for topic in edition.topics}
        for place, topic in enumerate(edition.topics):
            for name in (*((topic.parent,) if topic.parent else ()), *topic.groups):
                if name not in parents:
                    yield file.problem((*here, place), f"no topic of this edition has the id {name!r}")
        if circle := _circle({key: (parent,) if parent else () for key, parent in parents.items()}):
            yield file.problem(here, f"parents run in a circle: {' > '.join(circle)}")


def _check_names(modules: Sequence[_File[Module]]) -> Iterator[Problem]:
    numbers: dict[int, str] = {}
    keys: dict[str, str] = {}
    for file in modules:
        expected = f"modules/{file.data.number:02}-{file.data.key}.yaml"
        if file.name != expected:
            yield file.problem(("key",), f"expected this file to be named {expected}")
        if file.data.number in numbers:
            yield file.problem(
                ("number",), f"{file.data.number} is already the number of {numbers[file.data.number]}"
            )
        if file.data.key in keys:
            yield file.problem(("key",), f"{file.data.key!r} is already the key of {keys[file.data.key]}")
        numbers.setdefault(file.data.number, file.name)
        keys.setdefault(file.data.key, file.name)


def item_keys(module: Module) -> Iterator[tuple[str, str, FieldPath]]:
    """Every permanent key inside a module as (key, kind, path in the file)."""
    kinds: tuple[tuple[str, str, Sequence[Activity | Lab | Question | Resource]], ...] = (
        ("activity", "activities", module.activities),
        ("lab", "labs", module.labs),
        ("question", "questions", module.questions),
        ("resource", "resources", module.resources),
    )
    for kind, name, rows in kinds:
        for index, row in enumerate(rows):
            yield row.key, kind, (name, index, "key")
    yield module.milestone.key, "milestone", ("milestone", "key")
    for index, criterion in enumerate(module.milestone.criteria):
        yield criterion.key, "criterion", ("milestone", "criteria", index, "key")


def _check_keys(modules: Sequence[_File[Module]]) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for file in modules:
        for key, kind, path in item_keys(file.data):
            if key in seen:
                yield file.problem(path, f"{key!r} is already the key of {seen[key]}; expected each key once")
            seen.setdefault(key, f"{'an' if kind == 'activity' else 'a'} {kind} in {file.name}")
            if not key.startswith(f"{file.data.key}."):
                yield file.problem(path, f"expected a key that begins with {file.data.key!r} and a dot")
        if file.data.milestone.key != f"{file.data.key}.milestone":
            yield file.problem(("milestone", "key"), f"expected {file.data.key}.milestone")


def _check_prerequisites(
    tracks_file: _File[TracksFile], modules: Sequence[_File[Module]]
) -> Iterator[Problem]:
    known = {file.data.key: file.data for file in modules}
    tracks_of = {
        key: {track for row in module.activities for track in row.tracks} for key, module in known.items()
    }
    for file in modules:
        module = file.data
        yield from _twice(file, (("prerequisites",), list(module.prerequisites)), ())
        for index, key in enumerate(module.prerequisites):
            path: FieldPath = ("prerequisites", index)
            if key not in known:
                yield file.problem(path, f"no module has the key {key!r}")
                continue
            if known[key].number >= module.number:
                yield file.problem(path, f"expected {key!r} to have a lower number than this module")
            for track in tracks_file.data.tracks:
                if track.key not in tracks_of[module.key]:
                    continue
                if track.key not in tracks_of[key]:
                    yield file.problem(path, f"{key!r} has no activity in the track {track.key!r}")
                if key in track.electives and module.key not in track.electives:
                    yield file.problem(path, f"{key!r} is only an elective of the track {track.key!r}")
    graph = {key: tuple(name for name in row.prerequisites if name in known) for key, row in known.items()}
    if circle := _circle(graph):
        file = next(row for row in modules if row.data.key == circle[0])
        yield file.problem(("prerequisites",), f"prerequisites run in a circle: {' > '.join(circle)}")


def _check_tracks_of(file: _File[Module], tracks: Sequence[str]) -> Iterator[Problem]:
    module = file.data
    rows: list[tuple[FieldPath, Iterable[str]]] = []
    rows += [(("activities", index, "tracks"), row.tracks) for index, row in enumerate(module.activities)]
    rows += [(("labs", index, "tracks"), row.tracks) for index, row in enumerate(module.labs)]
    rows += [(("labs", index, "variants"), row.variants) for index, row in enumerate(module.labs)]
    rows += [
        (("milestone", "criteria", index, "tracks"), row.tracks)
        for index, row in enumerate(module.milestone.criteria)
    ]
    for path, keys in rows:
        for key in keys:
            if key not in tracks:
                yield file.problem(path, f"no track has the key {key!r}")
        yield from _twice(file, (path, list(keys)), ())


def _check_labs(file: _File[Module]) -> Iterator[Problem]:
    module = file.data
    open_in = {lab.key: lab.tracks for lab in module.labs}
    rows: list[tuple[FieldPath, str | None, Iterable[str]]] = []
    rows += [
        (("activities", index, "lab"), row.lab, row.tracks) for index, row in enumerate(module.activities)
    ]
    rows += [
        (("milestone", "criteria", index, "backed_by", "lab"), row.backed_by.lab, row.tracks)
        for index, row in enumerate(module.milestone.criteria)
    ]
    for path, key, tracks in rows:
        if key is None:
            continue
        if key not in open_in:
            yield file.problem(path, f"no lab of this module has the key {key!r}")
            continue
        for track in tracks:
            if track not in open_in[key]:
                yield file.problem(path, f"{key!r} is not open in {track!r}")
    for index, lab in enumerate(module.labs):
        worked_on = {track for row in module.activities if row.lab == lab.key for track in row.tracks}
        for track in lab.tracks:
            if track not in worked_on:
                yield file.problem(
                    ("labs", index), f"expected an activity of {track!r} that works on this lab"
                )
        for track in lab.variants:
            if track not in lab.tracks:
                yield file.problem(("labs", index, "variants"), f"this lab is not open in {track!r}")


def _check_covers(file: _File[Module], topics: Mapping[tuple[str, str], set[str]]) -> Iterator[Problem]:
    module = file.data
    if module.learner_scoped and module.covers:
        yield file.problem(("covers",), "expected no topics here, learner_scoped stands in their place")
    if not module.learner_scoped and not module.covers:
        yield file.problem((), "expected covers with at least one topic, or learner_scoped: true")
    seen = set()
    for index, cover in enumerate(module.covers):
        path: FieldPath = ("covers", index)
        edition = (cover.framework, cover.edition)
        if edition not in topics:
            yield file.problem(path, f"no framework {cover.framework!r} with an edition {cover.edition!r}")
        elif cover.topic not in topics[edition]:
            yield file.problem(path, f"{cover.framework} {cover.edition} has no topic {cover.topic!r}")
        if (*edition, cover.topic) in seen:
            yield file.problem(path, f"expected each topic once; {cover.topic!r} stands here twice")
        seen.add((*edition, cover.topic))
    yield from _twice(file, (("resources",), [row.url for row in module.resources]), ("url",))


def _twice(file: _File[Any], named: tuple[FieldPath, Sequence[str]], tail: FieldPath) -> Iterator[Problem]:
    """A problem for every value that already stood earlier in the list."""
    path, values = named
    for index, value in enumerate(values):
        if value in values[:index]:
            yield file.problem((*path, index, *tail), f"expected each once; {shown(value)} stands here twice")


def _circle(graph: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """One circle as the names along it, the first repeated at the end; empty where there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return tuple(error.args[1])
    return ()
