"""MITRE's published ATLAS file, read into an edition, and one edition compared with another. Pure.

Two shapes are read. Up to format 5 the file holds lists under `matrices` and a technique names its tactics;
from format 6 on it holds maps by id, and every tie is a row of `relationships`. MITRE's files have slips (a
technique named twice, a row in the wrong field), so each part is read for itself: what cannot be used is left
out and named in `AtlasFile.defects`. Only a file that is something else altogether is refused.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import TypeAdapter, ValidationError

from curriculum.foreign_yaml import MAX_BYTES, Unreadable, read
from curriculum.schema import NAME_LENGTH, TITLE_LENGTH, Edition, Topic, TopicId, TopicKind

KEY = "mitre-atlas"
"""The key of the framework in the curriculum."""

SUCCESSORS: Mapping[str, str] = {
    "AML.T0045": "AML.T0048.004",
    "AML.T0019": "AML.T0115.000",
    "AML.T0058": "AML.T0115.001",
    "AML.T0104": "AML.T0115.002",
}
"""Ids that MITRE took out, with the id that carries their subject now. Its files do not say so themselves."""

_MONTHS: Sequence[tuple[tuple[int, int], tuple[int, int]]] = (
    ((2, 0), (2021, 5)),
    ((2, 1), (2021, 8)),
    ((2, 2), (2021, 10)),
    ((2, 3), (2022, 1)),
    ((2, 4), (2022, 3)),
    ((3, 1), (2022, 5)),
    ((4, 1), (2022, 10)),
    ((4, 2), (2023, 1)),
    ((4, 3), (2023, 2)),
    ((4, 4), (2023, 4)),
    ((4, 5), (2023, 10)),
    ((4, 6), (2024, 7)),
    ((4, 7), (2024, 10)),
    ((4, 8), (2025, 3)),
    ((4, 9), (2025, 4)),
    ((5, 0), (2025, 9)),
    ((5, 1), (2025, 11)),
    ((5, 2), (2025, 12)),
    ((5, 3), (2026, 1)),
    ((5, 4), (2026, 2)),
    ((5, 5), (2026, 3)),
    ((5, 6), (2026, 4)),
)
"""The month from which a release of the old numbering stood. MITRE published them all once more in format 6,
under their months: 5.1.0 as 2025.11."""

MAX_TOPICS = 10_000
MAX_DEFECTS = 200

_KINDS: tuple[TopicKind, ...] = ("tactic", "technique", "mitigation", "case-study")
_SECTIONS: Mapping[str, TopicKind] = {
    "tactics": "tactic",
    "techniques": "technique",
    "mitigations": "mitigation",
    "case-studies": "case-study",
}
_IDS: Mapping[TopicKind, re.Pattern[str]] = {
    "tactic": re.compile(r"AML\.TA\d{4}"),
    "technique": re.compile(r"AML\.T\d{4}(?:\.\d{3})?"),
    "mitigation": re.compile(r"AML\.M\d{4}"),
    "case-study": re.compile(r"AML\.CS\d{4}"),
}
_TOPIC_ID: TypeAdapter[str] = TypeAdapter(TopicId)
_TIES = ("sequences", "achieves", "specializes", "subtechnique-of", "mitigates", "employs")
_SOURCE = re.compile(
    r"(?m)^[^#\n]*\s!include\s"
    r"|^[ \t-]{0,40}(?:\w[\w-]{0,39}:[ \t]{0,40})?[\"']?\{\{ ?\w{1,99}\.id ?\}\}[\"']?\r?$"
)
"""What only the sources hold: a file put in, or a template where an id is expected."""


class NotAtlas(ValueError):
    """The file is not a published ATLAS file. The message is a sentence that says what is wrong."""


@dataclass(frozen=True, slots=True)
class AtlasFile:
    """A file that was read. `format` is that of the file (`5.x`, `6.0.0`), not of its content."""

    edition: Edition
    format: str
    defects: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Renamed:
    """A topic that has another name under the same id."""

    id: str
    before: str
    now: str


@dataclass(frozen=True, slots=True)
class Moved:
    """A topic that stands under other tactics, or under another technique: the ids it stands under."""

    id: str
    before: tuple[str, ...]
    now: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Retired:
    """A topic that is no longer there, and the one that carries its subject, where that is known."""

    id: str
    name: str
    successor: str | None


@dataclass(frozen=True, slots=True)
class Differences:
    """What a later edition changed. `reordered`: the tactics they both have stand in another order."""

    new: tuple[Topic, ...] = ()
    renamed: tuple[Renamed, ...] = ()
    moved: tuple[Moved, ...] = ()
    retired: tuple[Retired, ...] = ()
    reordered: bool = False

    def __bool__(self) -> bool:
        return bool(self.new or self.renamed or self.moved or self.retired or self.reordered)


# ------------------------------------------------------------------------------------- two editions compared


def compare(old: Edition, new: Edition) -> Differences:
    """What changed from `old` to `new`. A topic kept as retired counts as not being there."""
    before = {topic.id: topic for topic in old.topics if not topic.retired}
    now = {topic.id: topic for topic in new.topics if not topic.retired}
    both = [(before[key], topic) for key, topic in now.items() if key in before]
    return Differences(
        new=tuple(topic for key, topic in now.items() if key not in before),
        renamed=tuple(
            Renamed(then.id, then.name, topic.name) for then, topic in both if then.name != topic.name
        ),
        moved=tuple(
            Moved(then.id, _above(then), _above(topic))
            for then, topic in both
            if _above(then) != _above(topic)
        ),
        retired=tuple(
            Retired(key, topic.name, SUCCESSORS.get(key) if SUCCESSORS.get(key) in now else None)
            for key, topic in before.items()
            if key not in now
        ),
        reordered=[then.id for then, topic in _tactics(both, before)]
        != [topic.id for _, topic in _tactics(both, now)],
    )


def _above(topic: Topic) -> tuple[str, ...]:
    return (*((topic.parent,) if topic.parent else ()), *sorted(set(topic.groups)))


def _tactics(both: Sequence[tuple[Topic, Topic]], order: Mapping[str, Topic]) -> list[tuple[Topic, Topic]]:
    places = {key: place for place, key in enumerate(order)}
    pairs = [pair for pair in both if pair[1].kind == "tactic"]
    return sorted(pairs, key=lambda pair: places[pair[1].id])


def with_kept(
    edition: Edition, known: Iterable[Edition], needed: Collection[str]
) -> tuple[Edition, tuple[str, ...]]:
    """The edition, and in it those topics of `known` editions that are `needed` and it has not, as retired.

    Returns the ids kept too. What a kept topic stands under goes with it only where that is still there.
    """
    present = {topic.id for topic in edition.topics}
    lost: dict[str, Topic] = {}
    for other in known:
        for topic in other.topics:
            if topic.id in needed and topic.id not in present:
                lost.setdefault(topic.id, topic)
    present |= set(lost)
    kept = tuple(
        topic.model_copy(
            update={
                "retired": True,
                "parent": topic.parent if topic.parent in present else None,
                "groups": tuple(key for key in topic.groups if key in present),
                "relates": tuple(key for key in topic.relates if key in present),
            }
        )
        for topic in lost.values()
    )
    return edition.model_copy(update={"topics": (*edition.topics, *kept)}), tuple(lost)


def counted(edition: Edition) -> str:
    """How much is in an edition, in words: "16 tactics, 101 techniques, 69 sub-techniques, ..."."""
    topics = [topic for topic in edition.topics if not topic.retired]
    techniques = [topic for topic in topics if topic.kind == "technique"]
    below = sum(1 for topic in techniques if topic.parent)
    numbers = (
        (sum(1 for topic in topics if topic.kind == "tactic"), "tactic", "tactics"),
        (len(techniques) - below, "technique", "techniques"),
        (below, "sub-technique", "sub-techniques"),
        (sum(1 for topic in topics if topic.kind == "mitigation"), "mitigation", "mitigations"),
        (sum(1 for topic in topics if topic.kind == "case-study"), "case study", "case studies"),
    )
    return ", ".join(f"{number} {one if number == 1 else many}" for number, one, many in numbers)


def release_order(name: str) -> tuple[int, ...]:
    """What editions are sorted by, oldest first: 4.5.0, 2025.11, 5.6.0, 5.10.0, 2026.09, 2026.09.1.

    A release of the old numbering stands right before the month it was published in.
    """
    numbers = tuple(int(number) for number in re.findall(r"\d{1,9}", name))
    if numbers and numbers[0] >= 1000:
        return (*numbers, 0, 0)[: max(3, len(numbers))]
    month = (0, 0)
    for release, then in _MONTHS:
        if release <= numbers:
            month = then
    return (*month, -1, *numbers)


# ------------------------------------------------------------------------------------------- reading a file


def read_atlas(content: bytes) -> AtlasFile:
    """Read a published ATLAS file of any release. Raises `NotAtlas` when it is something else."""
    text = _text(content)
    try:
        return _read(text)
    except NotAtlas:
        # Asked only about what cannot be used: the text of a published study may show a template as well.
        if _SOURCE.search(text):
            raise NotAtlas(
                "The file is a source of the ATLAS data; expected the published file of its dist folder."
            ) from None
        raise


def _read(text: str) -> AtlasFile:
    try:
        document = read(text)
    except Unreadable as error:
        raise NotAtlas(f"The file was not read: {error}.") from None
    data = _mapping(document.value)
    found = _Found()
    for message in document.repeated:
        found.defect(message)
    if not text.endswith(("\n", "\r", "}")):
        found.defect("the last line has no end: the file may have been cut off")
    version, form = _version(data, found)
    for container in _containers(data):
        for name, kind in _SECTIONS.items():
            found.take_section(_field(container, name), name, kind)
    found.take_ties(_field(data, "relationships"))
    if not found.rows["tactic"] or not found.rows["technique"]:
        raise NotAtlas("The file holds no ATLAS tactics and techniques.")
    if form.startswith("6") and not _field(data, "relationships"):
        raise NotAtlas("The file ends before its relationships: it was cut off.")
    if sum(len(rows) for rows in found.rows.values()) > MAX_TOPICS:
        raise NotAtlas(f"The file holds more than {MAX_TOPICS:,} objects: that is not ATLAS.")
    for kind, words in (("mitigation", "mitigations"), ("case-study", "case studies")):
        if not found.rows[kind]:
            found.defect(f"the file holds no {words}")
    edition = Edition(
        edition=version,
        title=f"Content version {version}",
        source=f"Read from the file that MITRE publishes, format {form}.",
        topics=found.topics(),
    )
    return AtlasFile(edition, form, found.all_defects())


def _text(content: bytes) -> str:
    if not content.strip():
        raise NotAtlas("The file is empty.")
    if len(content) > MAX_BYTES:
        raise NotAtlas(f"The file is larger than {MAX_BYTES:,} bytes.")
    if content.startswith((b"PK", b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"7z\xbc\xaf", b"\x28\xb5\x2f\xfd")):
        raise NotAtlas("The file is an archive or an Excel workbook, not ATLAS.yaml.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise NotAtlas(f"The file is not UTF-8 text: byte {error.start} is something else.") from None
    if "\x00" in text:
        raise NotAtlas("The file is binary, not text.")
    start = text.lstrip()[:200].lower()
    if start.startswith(("<!doctype html", "<html", "<head", "<body")):
        raise NotAtlas("The file is a web page, not ATLAS.yaml: take the raw file.")
    if start.startswith("<"):
        raise NotAtlas("The file is XML, not ATLAS.yaml.")
    if start.startswith(("{", "[")):
        # Told from its text: JSON may hold escapes that a reader of YAML does not take.
        if re.search(r'"type"\s*:\s*"bundle"', text) or '"spec_version"' in text:
            raise NotAtlas("The file is a STIX bundle; expected ATLAS.yaml of the same release.")
        if '"techniqueID"' in text:
            raise NotAtlas("The file is a Navigator layer; expected ATLAS.yaml of the same release.")
    if start.startswith("version https://git-lfs"):
        raise NotAtlas("The file only points to one that Git LFS keeps; take the file itself.")
    if "\n" not in text.strip() and re.match(r"\d{3}:\s", start):
        raise NotAtlas(f"The file is the answer of a web server, {_shown(text)}, not ATLAS.yaml.")
    return text


def _mapping(value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        _refuse_relatives(value)
        return value
    if isinstance(value, list):
        if any(isinstance(row, dict) and _field(row, "object-type") for row in value):
            raise NotAtlas("The file is a list of ATLAS objects; expected the whole published file.")
        if any(isinstance(row, dict) and _field(row, "release") for row in value):
            raise NotAtlas("The file is a list of releases; expected the ATLAS file of one of them.")
        raise NotAtlas("The file is a list; expected the whole published ATLAS file.")
    if value is None:
        raise NotAtlas("The file is empty.")
    if isinstance(value, str) and re.fullmatch(r"\S+\.ya?ml", value):
        raise NotAtlas(f"The file only names another one, {_plain(value)}; take that one.")
    raise NotAtlas("The file is plain text, not ATLAS.yaml.")


def _refuse_relatives(data: Mapping[str, Any]) -> None:
    """Refuse the other files that MITRE publishes beside ATLAS.yaml, each under its own name."""
    if _field(data, "type") == "bundle" or "spec_version" in data:
        raise NotAtlas("The file is a STIX bundle; expected ATLAS.yaml of the same release.")
    techniques = _field(data, "techniques")
    rows = techniques if isinstance(techniques, list) else []
    if any(isinstance(row, dict) and "techniqueID" in row for row in rows):
        raise NotAtlas("The file is a Navigator layer; expected ATLAS.yaml of the same release.")
    if _field(data, "encoding") == "base64" and _field(data, "content") is not None:
        raise NotAtlas("The file is an answer of GitHub that only wraps another file; take the raw file.")
    if "$schema" in data:
        raise NotAtlas("The file is a JSON schema, not ATLAS.yaml.")
    if _field(data, "procedure") is not None:
        raise NotAtlas("The file is a single case study; expected the whole published ATLAS file.")
    if _field(data, "releases") is not None and _field(data, "techniques") is None:
        raise NotAtlas("The file is a list of releases; expected the ATLAS file of one of them.")


def _version(data: Mapping[str, Any], found: _Found) -> tuple[str, str]:
    """The name of the edition and the format of the file."""
    form = _plain(_field(data, "format-version"))
    collection = _field(data, "collection")
    version = _plain(_field(collection, "version") if isinstance(collection, dict) else None)
    version = version or _plain(_field(data, "version"))
    version = version.removeprefix("v")
    if not re.search(r"\d", version) or len(version) > NAME_LENGTH:
        raise NotAtlas("The file does not say which version of ATLAS it is.")
    if form and not form.startswith("6"):
        found.defect(f"format {form} is not known here; it was read like format 6")
    if not form and isinstance(_field(data, "relationships"), dict):
        form = "6.x"
    elif not form:
        # Up to 5 a release and its format had one number.
        form = f"{version[0]}.x" if re.match(r"[1-5]\.", version) else "5.x"
    return version, form


def _containers(data: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Where the four sections may stand: in each matrix, and at the top."""
    matrices = _field(data, "matrices")
    for matrix in matrices if isinstance(matrices, list) else _values(matrices):
        if isinstance(matrix, dict):
            yield matrix
    yield data


@dataclass(slots=True)
class _Object:
    """A row of the file, with what its relationships say about it."""

    row: Mapping[str, Any]
    ties: dict[str, list[Mapping[str, Any]]] = field(default_factory=dict)


class _Found:
    """What has been found in a file so far: rows by kind and id, and the defects."""

    def __init__(self) -> None:
        self.rows: dict[TopicKind, dict[str, _Object]] = {kind: {} for kind in _KINDS}
        self._places: dict[str, int] = {}
        self._defects: dict[str, None] = {}

    def defect(self, message: str) -> None:
        self._defects.setdefault(_plain(message, 300))

    def all_defects(self) -> tuple[str, ...]:
        """The defects in the order of finding, each once, the last of too many as a number."""
        defects = tuple(self._defects)
        if len(defects) <= MAX_DEFECTS:
            return defects
        return (*defects[:MAX_DEFECTS], f"and {len(defects) - MAX_DEFECTS:,} more")

    # ---------------------------------------------------------------------------------------- taking rows in

    def take_section(self, section: Any, name: str, kind: TopicKind) -> None:
        """Take in a list of rows, or a map of rows by id."""
        if section is None:
            return
        if isinstance(section, dict):
            for key, row in section.items():
                self._take(row if isinstance(row, dict) else {"name": row}, name, kind, key)
        elif isinstance(section, list):
            for row in section:
                if isinstance(row, dict):
                    self._take(row, name, kind, None)
                else:
                    self.defect(f"{name}: {_shown(row)} stands where an object is expected")
        else:
            self.defect(f"{name}: {_shown(section)} stands where a list or map is expected")

    def _take(self, row: Mapping[str, Any], name: str, kind: TopicKind, key: str | None) -> None:
        own = _plain(_field(row, "id"))
        topic_id = _plain(key) or own
        if not topic_id:
            self.defect(f"{name}: an object without an id was left out ({_shown(_field(row, 'name'))})")
            return
        try:
            _TOPIC_ID.validate_python(topic_id)
        except ValidationError as error:
            self.defect(f"{name}: {_shown(topic_id)} left out, {error.errors(include_url=False)[0]['msg']}")
            return
        if own and own != topic_id:
            self.defect(f"{topic_id}: calls itself {_shown(own)}; taken under the name it stands under")
        by_id = next((known for known, pattern in _IDS.items() if pattern.fullmatch(topic_id)), None)
        if by_id is None:
            self.defect(f"{topic_id}: not an id of the usual form for a {kind}")
        elif by_id != kind:
            self.defect(f"{topic_id}: stands among the {name}; taken as a {by_id}")
            kind = by_id
        if any(topic_id in rows for rows in self.rows.values()):
            self.defect(f"{topic_id}: stands twice; the first was taken")
            return
        self.rows[kind][topic_id] = _Object(row)

    def take_ties(self, relationships: Any) -> None:
        """Take in the relationships of format 6: by source and type, each a list of rows with a target."""
        for source, kind, row in _ties(relationships, None, None):
            target = _plain(_field(row, "target"))
            if kind == "sequences":
                self._sequence(target, _field(row, "position"))
                continue
            known = self._object(source)
            if known is None:
                self.defect(f"relationships: {_shown(source)} is not in the file ({kind} {_shown(target)})")
            else:
                known.ties.setdefault(kind, []).append(row)

    def _sequence(self, tactic: str, position: Any) -> None:
        if tactic not in self.rows["tactic"]:
            self.defect(f"relationships: the order of tactics names {_shown(tactic)}, not in the file")
        elif tactic in self._places:
            self.defect(f"relationships: the order of tactics names {tactic} twice")
        else:
            number = re.fullmatch(r"\d{1,6}", _plain(position))
            self._places[tactic] = int(number[0]) if number else len(self._places) + 1

    def _object(self, topic_id: str) -> _Object | None:
        return next((rows[topic_id] for rows in self.rows.values() if topic_id in rows), None)

    # ------------------------------------------------------------------------------------------ making topics

    def topics(self) -> tuple[Topic, ...]:
        """Tactics in MITRE's order, then techniques, mitigations and case studies by id."""
        last = len(self.rows["tactic"]) + 1
        tactics = sorted(self.rows["tactic"], key=lambda key: self._places.get(key, last))
        if self._places:
            for key in tactics:
                if key not in self._places:
                    self.defect(f"{key}: has no place in the order of tactics; put last")
        parents = self._parents()
        made: list[Topic | None] = [self._topic("tactic", key) for key in tactics]
        for key in sorted(self.rows["technique"]):
            parent = parents.get(key)
            made.append(self._topic("technique", key, parent=parent, groups=self._groups(key, parent)))
        for key in sorted(self.rows["mitigation"]):
            made.append(self._topic("mitigation", key, relates=self._mitigated(key)))
        for key in sorted(self.rows["case-study"]):
            made.append(self._topic("case-study", key, relates=self._employed(key)))
        return _closed([topic for topic in made if topic is not None])

    def _topic(
        self,
        kind: TopicKind,
        key: str,
        parent: str | None = None,
        groups: tuple[str, ...] = (),
        relates: tuple[str, ...] = (),
    ) -> Topic | None:
        row = self.rows[kind][key].row
        name = _plain(_field(row, "name"), 10 * TITLE_LENGTH)
        if not name:
            self.defect(f"{key}: has no name; its id stands in its place")
        elif len(name) > TITLE_LENGTH:
            self.defect(f"{key}: its name is longer than {TITLE_LENGTH} characters and was cut")
        try:
            return Topic(
                id=key,
                name=name[:TITLE_LENGTH].strip() or key,
                kind=kind,
                parent=parent,
                groups=groups,
                relates=relates,
                note=_note(kind, row),
            )
        except ValidationError as error:
            self.defect(f"{key}: left out, {error.errors(include_url=False)[0]['msg']}")
            return None

    def _parents(self) -> dict[str, str]:
        """The technique that each sub-technique is a part of."""
        techniques = self.rows["technique"]
        parents: dict[str, str] = {}
        for key, known in techniques.items():
            named = [
                *_references(_field(known.row, "subtechnique-of")),
                *_references(_field(known.row, "specializes")),
                *_targets(known, "specializes"),
                *_targets(known, "subtechnique-of"),
            ]
            usable = self._usable(key, named, techniques, "the technique it is a part of")
            below = re.fullmatch(r"(.+)\.\d{3}", key) if _IDS["technique"].fullmatch(key) else None
            if len(usable) > 1:
                self.defect(f"{key}: is a part of {' and '.join(usable)}; {usable[0]} was taken")
            if not usable and below is not None and below[1] in techniques:
                self.defect(f"{key}: does not say what it is a part of; {below[1]} was taken by its id")
                usable = [below[1]]
            elif not usable and below is not None:
                self.defect(f"{key}: a sub-technique without its technique")
            if usable:
                parents[key] = usable[0]
        for key in sorted(parents):
            if _runs_in_circle(key, parents):
                self.defect(f"{key}: is a part of itself by way of {parents.pop(key)}")
        return parents

    def _groups(self, key: str, parent: str | None) -> tuple[str, ...]:
        """The tactics of a technique; those of its parent for a sub-technique that names none."""
        known = self.rows["technique"][key]
        tactics = self.rows["tactic"]
        named = [*_references(_field(known.row, "tactics")), *_targets(known, "achieves")]
        usable = self._usable(key, named, tactics, "the tactic")
        if not usable and parent is not None:
            above = self.rows["technique"][parent]
            inherited = [*_references(_field(above.row, "tactics")), *_targets(above, "achieves")]
            usable = [tactic for tactic in dict.fromkeys(inherited) if tactic in tactics]
        if not usable:
            self.defect(f"{key}: stands under no tactic")
        return tuple(usable)

    def _mitigated(self, key: str) -> tuple[str, ...]:
        known = self.rows["mitigation"][key]
        named = [*_references(_field(known.row, "techniques")), *_targets(known, "mitigates")]
        # In 5.6 two mitigations hold a row for a technique among the phases of the lifecycle.
        for name in ("ml-lifecycle", "lifecycle-phases", "category", "categories"):
            phases = _field(known.row, name)
            for row in phases if isinstance(phases, list) else ():
                for reference in _references([row]) if isinstance(row, dict) else ():
                    self.defect(f"{key}: a row for {reference} stands in {name}; taken as a technique of it")
                    named.append(reference)
        return tuple(self._usable(key, named, self.rows["technique"], "the technique"))

    def _employed(self, key: str) -> tuple[str, ...]:
        known = self.rows["case-study"][key]
        steps = _references(_field(known.row, "procedure"))
        # The list of format 6 is sorted by target; the numbers of the steps tell their order.
        ties = sorted(known.ties.get("employs", []), key=_step)
        named = [*steps, *(_plain(_field(row, "target")) for row in ties)]
        # A study may take one technique in several steps: that is no slip.
        return tuple(self._usable(key, list(dict.fromkeys(named)), self.rows["technique"], "the technique"))

    def _usable(self, key: str, named: Sequence[str], known: Mapping[str, Any], what: str) -> list[str]:
        """The ids named that are in the file, each once; the others are defects."""
        usable: dict[str, None] = {}
        for name in named:
            if name not in known:
                self.defect(f"{key}: {what} {_shown(name)} is not in the file")
            elif name in usable:
                self.defect(f"{key}: names {name} twice")
            else:
                usable[name] = None
        return list(usable)


def _closed(topics: Sequence[Topic]) -> tuple[Topic, ...]:
    """The topics without references to one that was left out at the end."""
    present = {topic.id for topic in topics}
    return tuple(
        topic.model_copy(
            update={
                "parent": topic.parent if topic.parent in present else None,
                "groups": tuple(key for key in topic.groups if key in present),
                "relates": tuple(key for key in topic.relates if key in present),
            }
        )
        for topic in topics
    )


def _note(kind: TopicKind, row: Mapping[str, Any]) -> str | None:
    """What is worth knowing beside the name: how far a technique was seen, when a case was."""
    if kind == "technique":
        maturity = _plain(_field(row, "maturity")).lower()
        return f"maturity: {maturity}" if re.fullmatch(r"[a-z -]{1,40}", maturity) else None
    if kind == "case-study":
        kind_of_case = _either(row, "case-study-type", "type").lower()
        words = [kind_of_case] if re.fullmatch(r"[a-z -]{1,40}", kind_of_case) else []
        day = re.match(r"\d{4}(?:-\d{2}(?:-\d{2})?)?", _either(row, "incident-date", "date"))
        if day is not None:
            exact = _either(row, "incident-date-granularity", "date-granularity").lower()
            words.append(day[0][: {"year": 4, "month": 7}.get(exact, 10)])
        return ", ".join(words) or None
    return None


def _step(row: Mapping[str, Any]) -> int:
    number = re.search(r"\d{1,6}", _plain(_field(row, "step-id")))
    return int(number[0]) if number else 0


def _runs_in_circle(key: str, parents: Mapping[str, str]) -> bool:
    seen = {key}
    while key in parents:
        key = parents[key]
        if key in seen:
            return True
        seen.add(key)
    return False


def _ties(value: Any, source: str | None, kind: str | None) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Every relationship as (source, type, row), however the map nests: by source, by type, or as rows."""
    if isinstance(value, list):
        for row in value:
            yield from _ties(row if isinstance(row, dict) else {"target": row}, source, kind)
    elif isinstance(value, dict):
        types = {name: name.lower().replace("_", "-") for name in value}
        if _field(value, "target") is None or any(
            types[name] in _TIES and isinstance(rows, dict | list) for name, rows in value.items()
        ):
            for name, rows in value.items():
                if isinstance(rows, dict | list):
                    is_type = types[name] in _TIES
                    yield from _ties(rows, source if is_type else name, types[name] if is_type else kind)
        else:
            own_kind = (_plain(_field(value, "relationship-type")) or kind or "").lower().replace("_", "-")
            if own_kind in _TIES:
                yield _plain(_field(value, "source")) or source or "", own_kind, value


def _targets(known: _Object, kind: str) -> list[str]:
    return [_plain(_field(row, "target")) for row in known.ties.get(kind, [])]


def _references(value: Any) -> list[str]:
    """The ids in a field: one id, or a list of ids, or of rows that each name one."""
    rows = value if isinstance(value, list) else [value]
    found = []
    for row in rows:
        names = (
            [_field(row, name) for name in ("id", "technique", "target")] if isinstance(row, dict) else [row]
        )
        found += [_plain(name) for name in names if isinstance(name, str)][:1]
    return found


def _field(row: Mapping[str, Any], name: str) -> Any:
    """The value of a field, whose name may be written with hyphens or underscores and in capitals."""
    if name in row:
        return row[name]
    return next((value for key, value in row.items() if key.lower().replace("_", "-") == name), None)


def _either(row: Mapping[str, Any], name: str, other: str) -> str:
    return _plain(_field(row, name)) or _plain(_field(row, other))


def _values(value: Any) -> list[Any]:
    return list(value.values()) if isinstance(value, dict) else []


def _plain(value: Any, length: int = TITLE_LENGTH) -> str:
    """Text that can be printed and stored, on one line; "" for anything that is not text."""
    if not isinstance(value, str):
        return ""
    printable = "".join(char if char.isprintable() else " " for char in value[: 10 * length])
    return " ".join(printable.split())[:length].strip()


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    return repr(_plain(value, 60)) if value else "nothing"
