"""Content files compared with one another. Pure.

Each check yields a `Problem` for whatever is not in order, with the file and the line it stands in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from curriculum.plain_yaml import FieldPath, Problem, dotted, line_of, shown
from curriculum.schema import (
    Activity,
    Framework,
    Lab,
    Module,
    Question,
    Resource,
    RetiredFile,
    RoleFile,
    RowRule,
    Rule,
    SkillsFile,
    TracksFile,
    edition_slug,
)

_Data = TypeVar("_Data", bound=BaseModel)


RESERVED = frozenset(
    {"behind", "change", "history", "move-up", "newer", "order", "own-ratio", "pause", "self-check"}
)
"""Names that stand for pages where otherwise a module or an activity would: /plan/newer/."""


@dataclass(frozen=True, slots=True)
class ReadFile(Generic[_Data]):
    """A file that is well formed in itself, with the line of every path in it."""

    name: str
    data: _Data
    lines: Mapping[FieldPath, int]

    def problem(self, path: FieldPath, message: str) -> Problem:
        return Problem(self.name, line_of(self.lines, path), dotted(path), message)


@dataclass(frozen=True, slots=True)
class Files:
    """All files of a folder. `published` are the keys of the last release with their kinds, line by line."""

    tracks: ReadFile[TracksFile]
    skills: ReadFile[SkillsFile]
    role: ReadFile[RoleFile]
    retired: ReadFile[RetiredFile]
    published: tuple[tuple[str, str], ...]
    frameworks: Sequence[ReadFile[Framework]]
    modules: Sequence[ReadFile[Module]]


# ------------------------------------------------------------------------------- comparing file with file


def compare(files: Files) -> Iterator[Problem]:
    """Every problem that only shows when files are held side by side."""
    modules = files.modules
    tracks = tuple(track.key for track in files.tracks.data.tracks)
    editions = {
        (file.data.key, edition.edition): {topic.id for topic in edition.topics}
        for file in files.frameworks
        for edition in file.data.editions
    }
    resources = {row.key for file in modules for row in file.data.resources}
    yield from _check_tracks(files.tracks, modules)
    yield from _check_skills(files.skills, files.tracks, modules)
    yield from _check_role(files.role, modules)
    for framework in files.frameworks:
        yield from _check_framework(framework)
        yield from _check_ties(framework, editions)
    yield from _check_names(modules)
    yield from _check_keys(modules)
    yield from _check_retired(files)
    yield from _check_prerequisites(files.tracks, modules)
    yield from _check_addresses(modules)
    for module in modules:
        yield from _check_tracks_of(module, tracks)
        yield from _check_minutes(module)
        yield from _check_labs(module)
        yield from _check_left_out(module)
        yield from _check_rules(module, {key for key, _ in editions})
        yield from _check_covers(module, editions)
        yield from _check_mentions(module, resources)


def _check_tracks(file: ReadFile[TracksFile], modules: Sequence[ReadFile[Module]]) -> Iterator[Problem]:
    yield from _twice(file, (("tracks",), [track.key for track in file.data.tracks]), ("key",))
    known = {module.data.key: module for module in modules}
    names = [track.key for track in file.data.tracks]
    if circle := _circle({track.key: track.builds_on for track in file.data.tracks}):
        yield file.problem(("tracks",), f"tracks build on one another in a circle: {' > '.join(circle)}")
    for index, track in enumerate(file.data.tracks):
        for place, key in enumerate(track.builds_on):
            if key not in names or key == track.key:
                yield file.problem(
                    ("tracks", index, "builds_on", place), f"no other track has the key {key!r}"
                )
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
    file: ReadFile[SkillsFile], tracks_file: ReadFile[TracksFile], modules: Sequence[ReadFile[Module]]
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


def _check_role(file: ReadFile[RoleFile], modules: Sequence[ReadFile[Module]]) -> Iterator[Problem]:
    known = {module.data.key for module in modules}
    yield from _twice(file, (("rows",), [row.asks for row in file.data.rows]), ("asks",))
    for index, row in enumerate(file.data.rows):
        for place, key in enumerate(row.modules):
            if key not in known:
                yield file.problem(("rows", index, "modules", place), f"no module has the key {key!r}")


def _check_framework(file: ReadFile[Framework]) -> Iterator[Problem]:
    if file.name != f"frameworks/{file.data.key}.yaml":
        yield file.problem(("key",), f"expected this file to be named frameworks/{file.data.key}.yaml")
    names = [edition_slug(row.edition) for row in file.data.editions]
    yield from _twice(file, (("editions",), names), ("edition",))
    for index, edition in enumerate(file.data.editions):
        here: FieldPath = ("editions", index, "topics")
        yield from _twice(file, (here, [topic.id for topic in edition.topics]), ("id",))
        parents = {topic.id: topic.parent for topic in edition.topics}
        for place, topic in enumerate(edition.topics):
            for name in (*((topic.parent,) if topic.parent else ()), *topic.groups, *topic.relates):
                if name not in parents:
                    yield file.problem((*here, place), f"no topic of this edition has the id {name!r}")
        if circle := _circle({key: (parent,) if parent else () for key, parent in parents.items()}):
            yield file.problem(here, f"parents run in a circle: {' > '.join(circle)}")


def _check_ties(file: ReadFile[Framework], editions: Mapping[tuple[str, str], set[str]]) -> Iterator[Problem]:
    """Maps between editions, links to other frameworks and dates name topics that exist."""

    def missing(framework: str, edition: str, topic: str | None) -> str | None:
        if (framework, edition) not in editions:
            return f"no framework {framework!r} with an edition {edition!r}"
        if topic is not None and topic not in editions[framework, edition]:
            return f"{framework} {edition} has no topic {topic!r}"
        return None

    key = file.data.key
    for index, known in enumerate(file.data.maps):
        for place, row in enumerate(known.rows):
            path: FieldPath = ("maps", index, "rows", place)
            ends = ((known.from_edition, row.from_), (known.to_edition, row.to))
            yield from (file.problem(path, said) for end in ends if (said := missing(key, *end)))
    linked = []
    for index, link in enumerate(file.data.links):
        here, there = (key, link.edition, link.topic), (link.to_framework, link.to_edition, link.to_topic)
        yield from (file.problem(("links", index), said) for end in (here, there) if (said := missing(*end)))
        linked.append(" ".join((*here, "to", *there)))
    yield from _twice(file, (("links",), linked), ())
    topics = {topic for (owner, _), ids in editions.items() if owner == key for topic in ids}
    for index, dated in enumerate(file.data.dates):
        if dated.topic not in topics:
            yield file.problem(("dates", index, "topic"), f"no edition here has a topic {dated.topic!r}")


def _check_names(modules: Sequence[ReadFile[Module]]) -> Iterator[Problem]:
    numbers: dict[int, str] = {}
    keys: dict[str, str] = {}
    for file in modules:
        expected = f"modules/{file.data.number:02}-{file.data.key}.yaml"
        if file.name != expected:
            yield file.problem(("key",), f"expected this file to be named {expected}")
        if file.data.key in RESERVED:
            yield file.problem(("key",), f"{file.data.key!r} is the name of a page; expected another key")
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


def _check_keys(modules: Sequence[ReadFile[Module]]) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for file in modules:
        for key, kind, path in item_keys(file.data):
            if key in seen:
                yield file.problem(path, f"{key!r} is already the key of {seen[key]}; expected each key once")
            seen.setdefault(key, f"{'an' if kind == 'activity' else 'a'} {kind} in {file.name}")
            if kind == "activity" and key.partition(".")[2] in RESERVED:
                yield file.problem(path, f"{key!r} is the name of a page; expected another key")
            if not key.startswith(f"{file.data.key}."):
                yield file.problem(path, f"expected a key that begins with {file.data.key!r} and a dot")
        if file.data.milestone.key != f"{file.data.key}.milestone":
            yield file.problem(("milestone", "key"), f"expected {file.data.key}.milestone")


def _check_retired(files: Files) -> Iterator[Problem]:
    """Published keys stay, with their kind, or are listed as retired; a retired key is never used again."""
    in_use = {key: kind for file in files.modules for key, kind, _ in item_keys(file.data)}
    retired = {row.key: row.kind for row in files.retired.data.retired}
    yield from _twice(
        files.retired, (("retired",), [row.key for row in files.retired.data.retired]), ("key",)
    )
    for index, row in enumerate(files.retired.data.retired):
        if row.key in in_use:
            yield files.retired.problem(("retired", index, "key"), f"{row.key!r} is retired and in use")
        if row.successor and in_use.get(row.successor, retired.get(row.successor)) != row.kind:
            yield files.retired.problem(
                ("retired", index, "successor"), f"no {row.kind} has the key {row.successor!r}"
            )
    yield from vanished(files.published, in_use, retired)


def vanished(
    published: Sequence[tuple[str, str]], in_use: Mapping[str, str], retired: Mapping[str, str]
) -> Iterator[Problem]:
    """A problem for every published key that is gone without being retired, or that changed its kind."""
    for number, (key, kind) in enumerate(published, start=1):
        now = in_use.get(key, retired.get(key))
        if now is None:
            message = f"the {kind} {key!r} was published and is gone; list it in retired.yaml or put it back"
            yield Problem("published.txt", number, "", message)
        elif now != kind:
            message = f"{key!r} was published as {kind}, expected it to stay one; it is {now} now"
            yield Problem("published.txt", number, "", message)


def _check_addresses(modules: Sequence[ReadFile[Module]]) -> Iterator[Problem]:
    """A resource stands in one module; another that wants it says see_also."""
    owners: dict[str, str] = {}
    for file in modules:
        for index, row in enumerate(file.data.resources):
            address = row.url.rstrip("/")
            if address in owners:
                message = (
                    f"{owners[address]} has this address already; expected it once, and see_also elsewhere"
                )
                yield file.problem(("resources", index, "url"), message)
            owners.setdefault(address, row.key)


def _check_prerequisites(
    tracks_file: ReadFile[TracksFile], modules: Sequence[ReadFile[Module]]
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
                ways = (track.key,) if track.key in tracks_of[key] else track.builds_on
                if not ways or any(way not in tracks_of[key] for way in ways):
                    yield file.problem(path, f"{key!r} has no activity in the track {track.key!r}")
                if key in track.electives and module.key not in track.electives:
                    yield file.problem(path, f"{key!r} is only an elective of the track {track.key!r}")
    graph = {key: tuple(name for name in row.prerequisites if name in known) for key, row in known.items()}
    if circle := _circle(graph):
        file = next(row for row in modules if row.data.key == circle[0])
        yield file.problem(("prerequisites",), f"prerequisites run in a circle: {' > '.join(circle)}")


def _check_tracks_of(file: ReadFile[Module], tracks: Sequence[str]) -> Iterator[Problem]:
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


def _check_minutes(file: ReadFile[Module]) -> Iterator[Problem]:
    """What the module says it takes is what its required activities come to."""
    module = file.data
    sums: dict[str, int] = {}
    for row in module.activities:
        for track, need in row.tracks.items():
            sums[track] = sums.get(track, 0) + (row.minutes if need == "required" else 0)
    for track in sorted(set(sums) | set(module.minutes)):
        said, found = module.minutes.get(track), sums.get(track)
        if said != found:
            message = (
                f"the required activities come to {found or 0} minutes in {track!r}; this says {said or 0}"
            )
            yield file.problem(("minutes", track), message)


def _check_labs(file: ReadFile[Module]) -> Iterator[Problem]:
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


def _check_left_out(file: ReadFile[Module]) -> Iterator[Problem]:
    """What a learner may leave out is required somewhere, and no criterion rests on its lab."""
    module = file.data
    backing = {row.backed_by.lab: row.key for row in module.milestone.criteria if row.backed_by.lab}
    for index, row in enumerate(module.activities):
        path: FieldPath = ("activities", index, "if_left_out")
        if row.if_left_out is None:
            continue
        if row.lab in backing:
            yield file.problem(path, f"expected this activity to stay: {backing[row.lab]!r} needs its lab")
        if "required" not in row.tracks.values():
            yield file.problem(path, "expected this only where a track requires the activity; none does")


def _check_rules(file: ReadFile[Module], frameworks: set[str]) -> Iterator[Problem]:
    for index, lab in enumerate(file.data.labs):
        here: FieldPath = ("labs", index, "evidence")
        yield from _twice(file, ((*here, "files"), [row.name for row in lab.evidence.files]), ("name",))
        yield from _twice(file, ((*here, "rules"), [row.sentence for row in lab.evidence.rules]), ())
        for place, rule in enumerate(lab.evidence.rules):
            path = (*here, "rules", place)
            for key in rule.tracks:
                if key not in lab.tracks:
                    yield file.problem((*path, "tracks"), f"this lab is not open in {key!r}")
            yield from (file.problem(path, message) for message in _faults(rule, lab, frameworks))


def _faults(rule: Rule, lab: Lab, frameworks: set[str]) -> Iterator[str]:
    """What a rule says that its lab's files cannot answer."""
    formats = {row.name: row.format for row in lab.evidence.files}
    for where, named in _files_of(rule):
        if named is None and len(formats) > 1:
            yield f"{where}: expected file:, this lab has {len(formats)} files"
        elif named is not None and named not in formats:
            yield f"{where}: no file of this lab is named {named!r}"
        elif where == "families_include" and formats[named or next(iter(formats))] != "garak":
            yield f"{where}: expected a garak report"
    if rule.each_row:
        for inner in rule.each_row.rules:
            if any(named is not None for _, named in _files_of(inner)):
                yield "each_row: expected no file: inside a row"
    named_frameworks = [rule.recalls.framework] if rule.recalls else []
    for row in (rule, *(rule.each_row.rules if rule.each_row else ())):
        named_frameworks += [row.known_topic.framework] if row.known_topic else []
    for framework in named_frameworks:
        if framework not in frameworks:
            yield f"{rule.verb}: no framework has the key {framework!r}"


def _files_of(rule: RowRule | Rule) -> Iterator[tuple[str, str | None]]:
    """The files that a rule names, each with the verb or field that names it."""
    if rule.verb == "attested":
        return
    used = getattr(rule, rule.verb)
    yield rule.verb, used.file
    if rule.agrees:
        yield "agrees.with", rule.agrees.with_.file
    reason = getattr(rule, "or_reason", None)
    if reason is not None:
        yield "or_reason", reason.file


def _check_mentions(file: ReadFile[Module], resources: set[str]) -> Iterator[Problem]:
    """What a module says of its own activities, and of resources that other modules own, exists."""
    module = file.data
    own = {row.key for row in module.activities}
    named = [(("covers", index, "taught_in"), row.taught_in) for index, row in enumerate(module.covers)]
    named += [(("questions", index, "checks"), row.checks) for index, row in enumerate(module.questions)]
    for path, keys in named:
        yield from _twice(file, (path, list(keys)), ())
        for place, key in enumerate(keys):
            if key not in own:
                yield file.problem((*path, place), f"no activity of this module has the key {key!r}")
    yield from _twice(file, (("see_also",), list(module.see_also)), ())
    for place, key in enumerate(module.see_also):
        if key not in resources or key.startswith(f"{module.key}."):
            yield file.problem(("see_also", place), f"no resource of another module has the key {key!r}")


def _check_covers(file: ReadFile[Module], topics: Mapping[tuple[str, str], set[str]]) -> Iterator[Problem]:
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


def _twice(file: ReadFile[Any], named: tuple[FieldPath, Sequence[str]], tail: FieldPath) -> Iterator[Problem]:
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
