"""What a content file may say. Pure: it knows neither Django, nor the clock, nor a database.

Here are the shapes of single files, among them the vocabulary in which a lab says what evidence it wants. How
a folder of such files is read is in `reading`, how the files are compared with one another in `checks`, and
what YAML itself is refused in `plain_yaml`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from datetime import date
from typing import Annotated, Literal, Self, get_args
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

KEY_LENGTH = 80
NAME_LENGTH = 40
TOPIC_LENGTH = 80
TITLE_LENGTH = 200
URL_LENGTH = 500

MINUTES_MIN = 5
MINUTES_MAX = 1200
MINUTES_A_STEP = 60
"""An activity tells what to do in two steps or more, and in one for each started hour."""

ActivityKind = Literal["read", "practise", "build", "write", "measure"]
Need = Literal["required", "optional"]
SkillKind = Literal["growth", "surplus"]
ItemKind = Literal["activity", "lab", "question", "resource", "milestone", "criterion"]
ResourceKind = Literal["paper", "tool", "standard", "law", "guide", "site"]
TopicKind = Literal[
    "tactic",
    "technique",
    "mitigation",
    "case-study",
    "risk",
    "function",
    "category",
    "subcategory",
    "objective",
    "attack",
    "article",
    "annex",
    "threat",
    "asset",
    "probe-family",
    "probe",
]
Basis = Literal["owner", "third-party", "ours"]
"""Who says that two topics belong together: the owner of a framework, somebody else, or Cairn's authors."""
MapHow = Literal["same", "renamed", "moved", "merged", "split", "gone"]
FileFormat = Literal["json", "jsonl", "csv", "yaml", "junit", "markdown", "garak"]
ACTIVITY_KINDS: tuple[str, ...] = get_args(ActivityKind)
NEEDS: tuple[str, ...] = get_args(Need)
SKILL_KINDS: tuple[str, ...] = get_args(SkillKind)
RESOURCE_KINDS: tuple[str, ...] = get_args(ResourceKind)
TOPIC_KINDS: tuple[str, ...] = get_args(TopicKind)
BASES: tuple[str, ...] = get_args(Basis)
MAP_HOWS: tuple[str, ...] = get_args(MapHow)
FILE_FORMATS: tuple[str, ...] = get_args(FileFormat)


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
        raise ValueError("expected a web address beginning with https://") from None
    if parts.scheme != "https" or not host or re.search(r"[\s\"'<>\\]", value):
        raise ValueError("expected a web address beginning with https://")
    if parts.username is not None or parts.password is not None:
        raise ValueError("expected a web address without a user name or password")
    return value


_HTML = re.compile(r"<(?:/|!|\?|[a-zA-Z][a-zA-Z0-9-]*(?:[\s/>]|$))")
# Pages drop an address that could run something; here every address is looked at.
_MARKDOWN = MarkdownIt("commonmark", {"html": False})
_MARKDOWN.validateLink = lambda url: True  # type: ignore[method-assign]


def _addresses(value: str) -> Iterator[str]:
    """Where the links and pictures of a text lead, however they are written."""
    if not any(sign in value for sign in ("](", "]:", "<")):
        return
    # As a text of its own, and as one line: a page shows titles and sentences inline.
    for token in (*_MARKDOWN.parse(value), *_MARKDOWN.parseInline(value)):
        for child in token.children or ():
            yield from (str(child.attrs[name]) for name in ("href", "src") if name in child.attrs)


def _no_html(value: str) -> str:
    # Markdown only, and links only to https. The page cleans what it renders once more.
    if _HTML.search(value):
        raise ValueError("expected Markdown without HTML; a < that stands for less than has a space after it")
    if any(not address.lower().startswith(("https://", "mailto:")) for address in _addresses(value)):
        raise ValueError("expected links to https:// addresses alone")
    return value


def _one_line(value: str) -> str:
    if "\n" in value or "\t" in value:
        raise ValueError("expected one line")
    return value


def _part_of_an_address(value: str) -> str:
    # Every topic has a page under its id.
    if "/" in value or value in (".", ".."):
        raise ValueError("expected an id that can stand in an address: no slash")
    return value


def edition_slug(name: str) -> str:
    """An edition's name as it stands in an address: `2026/1744` as `2026-1744`."""
    return re.sub(r"[^A-Za-z0-9.]+", "-", name).strip("-")


def _edition_name(value: str) -> str:
    if not edition_slug(value).strip("."):
        raise ValueError("expected a name with letters or digits, which can stand in an address")
    return value


def _numbers_as_text(value: object) -> object:
    # `edition: 2026` is a number to YAML; the name of an edition is text.
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _day(value: str) -> str:
    try:
        return date.fromisoformat(value).isoformat()
    except ValueError:
        raise ValueError("expected a day like 2026-08-02") from None


def _release(value: str) -> str:
    if not re.match(r"v?\d", value):
        raise ValueError("expected a version that begins with a number, like 0.15.1")
    return value


def _decimal_as_number(value: object) -> object:
    # `0.93` is text to the narrow reader of YAML, so that an edition `1.1` stays one; a threshold is not.
    if isinstance(value, str) and re.fullmatch(r"-?\d{1,9}\.\d{1,9}", value):
        return float(value)
    return value


def _path(value: str) -> str:
    if not re.fullmatch(r"(?:\[\]|[\w-]+(?:\[\])?)(?:\.[\w-]+(?:\[\])?)*", value, re.ASCII):
        raise ValueError("expected a path like name, list[].name or [].name")
    return value


ModuleKey = Annotated[str, StringConstraints(max_length=NAME_LENGTH), AfterValidator(_module_key)]
ItemKey = Annotated[str, StringConstraints(max_length=KEY_LENGTH), AfterValidator(_item_key)]
Name = Annotated[
    str,
    BeforeValidator(_numbers_as_text),
    StringConstraints(min_length=1, max_length=NAME_LENGTH, strip_whitespace=True),
    AfterValidator(_one_line),
]
TopicId = Annotated[
    str,
    BeforeValidator(_numbers_as_text),
    StringConstraints(min_length=1, max_length=TOPIC_LENGTH, strip_whitespace=True),
    AfterValidator(_one_line),
    AfterValidator(_part_of_an_address),
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
Day = Annotated[str, AfterValidator(_day)]
Number = Annotated[float, BeforeValidator(_decimal_as_number)]
Path = Annotated[str, StringConstraints(max_length=200), AfterValidator(_path)]
Text = Annotated[str, StringConstraints(max_length=TITLE_LENGTH)]
Scalar = Annotated[bool | int | float | Text, BeforeValidator(_decimal_as_number)]
Level = Annotated[int, Field(ge=0, le=4)]
TrackNeeds = Annotated[dict[ModuleKey, Need], Field(min_length=1)]
TrackKeys = Annotated[tuple[ModuleKey, ...], Field(min_length=1)]


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


# ------------------------------------------------------------------------------------------------ the files


class Track(_Record):
    """A choice of activities. `electives` are its modules that may be left out altogether.

    `builds_on` names tracks of which one is finished before this one begins: what they teach counts as known
    here, so that a prerequisite may stand in them.
    """

    key: ModuleKey
    title: Title
    summary: Prose
    completion: Prose
    electives: tuple[ModuleKey, ...] = ()
    builds_on: tuple[ModuleKey, ...] = ()


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


class RoleRow(_Record):
    """One thing the role asks for, and the modules that teach it. Without a module: why it is left out."""

    asks: Line
    where: Line
    modules: tuple[ModuleKey, ...]
    left_out: Line | None = None

    @model_validator(mode="after")
    def _taught_or_left_out(self) -> Self:
        if bool(self.modules) == (self.left_out is not None):
            raise ValueError("expected modules, or left_out with the reason; exactly one of them")
        return self


class RoleFile(_Record):
    """role.yaml"""

    rows: Annotated[tuple[RoleRow, ...], Field(min_length=1)]


class RetiredKey(_Record):
    """A published key that is no longer in use. It is never given to another thing."""

    key: ItemKey
    kind: ItemKind
    reason: Line
    successor: ItemKey | None = None


class RetiredFile(_Record):
    """retired.yaml"""

    retired: tuple[RetiredKey, ...] = ()


class Topic(_Record):
    """A topic of one edition of a framework, under the id its owner gave it.

    `parent` is the topic it is a part of (a technique for its sub-technique); `groups` are topics of another
    kind that it stands under, of which there may be several (the tactics of a technique); `relates` are
    topics its owner ties to it (the techniques a mitigation is for, those of a case study in their order).
    `retired`: the owner has taken it out, and it is kept because something here still refers to it.
    """

    id: TopicId
    name: Title
    kind: TopicKind
    parent: TopicId | None = None
    groups: tuple[TopicId, ...] = ()
    relates: tuple[TopicId, ...] = ()
    note: Line | None = None
    retired: bool = False


class Edition(_Record):
    """One edition of a framework with the topics known here, in the owner's order.

    `source` says where this edition was read, and how sure that is, where it differs from the framework's.
    """

    edition: Annotated[Name, AfterValidator(_edition_name)]
    title: Title
    published_on: Day | None = None
    source: Line | None = None
    topics: Annotated[tuple[Topic, ...], Field(min_length=1)]


class MapRow(_Record):
    """What became of a topic in a later edition."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, populate_by_name=True)

    from_: Annotated[TopicId, Field(alias="from")]
    to: TopicId | None = None
    how: MapHow

    @model_validator(mode="after")
    def _gone_or_somewhere(self) -> Self:
        if (self.how == "gone") != (self.to is None):
            raise ValueError("expected to: with every how but gone")
        return self


class EditionMap(_Record):
    """How the topics of one edition go on in another."""

    from_edition: Name
    to_edition: Name
    basis: Basis
    source: Line
    rows: Annotated[tuple[MapRow, ...], Field(min_length=1)]


class Link(_Record):
    """A tie from a topic of this framework to one of another, with who says so and where."""

    edition: Name
    topic: TopicId
    to_framework: ModuleKey
    to_edition: Name
    to_topic: TopicId
    basis: Basis
    source: Line


class CalendarRow(_Record):
    """When a topic (an article) applies: the day first enacted, and the day in force when it was checked."""

    topic: TopicId
    what: Line
    enacted_on: Day
    applies_on: Day
    source: Line
    checked_on: Day


class Framework(_Record):
    """frameworks/<key>.yaml. `source` says whose data it is and under which terms facts were taken."""

    key: ModuleKey
    title: Title
    url: Url
    source: Line
    editions: Annotated[tuple[Edition, ...], Field(min_length=1)]
    maps: tuple[EditionMap, ...] = ()
    links: tuple[Link, ...] = ()
    dates: tuple[CalendarRow, ...] = ()


# ------------------------------------------------------------------------ the vocabulary of evidence rules
#
# A rule looks at the files handed in for a lab. What it sees of each format, and what every verb means, is in
# docs/authoring.md; the engine that runs rules is tracker.evidence.rules.


class Selection(_Record):
    """Values in a file: `path` leads to them, `where` keeps the rows of its last `[]` whose fields say so.

    `file` is one of the lab's and may be left out where the lab has one only; inside `each_row` it is always
    left out, and paths begin in the row. Without a path the whole document is meant.
    """

    file: Line | None = None
    path: Path | None = None
    where: dict[Path, Scalar | tuple[Scalar, ...]] = {}


class Taken(Selection):
    """Values of which each counts, or one number made of them."""

    take: Literal["each", "count", "sum", "mean", "min", "max", "first", "last"] = "each"


class HasField(Selection):
    """Every value selected has these fields, and none is empty (null, "" or [])."""

    fields: Annotated[tuple[Path, ...], Field(min_length=1)]


class Compare(Taken):
    """Numbers or ISO dates: `op` holds against `value`, or against the one value at `to` * times + plus."""

    op: Literal["<", "<=", "==", ">=", ">"]
    value: Scalar | None = None
    to: Path | None = None
    times: Number = 1.0
    plus: Number = 0.0

    @model_validator(mode="after")
    def _against_one_thing(self) -> Self:
        if (self.value is None) == (self.to is None):
            raise ValueError("expected either value: or to:, exactly one of them")
        return self


class Count(Selection):
    """So many values are selected."""

    at_least: Annotated[int, Field(ge=0)] | None = None
    at_most: Annotated[int, Field(ge=0)] | None = None

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if self.at_least is None and self.at_most is None:
            raise ValueError("expected at_least: or at_most:")
        return self


class Distinct(Selection):
    """So many different values; with `fold` texts that differ in case and spaces alone are one."""

    at_least: Annotated[int, Field(ge=1)]
    fold: bool = False


class Ordered(Selection):
    """Numbers in order: strictly, or with `slack` each next may go the other way by at most so much."""

    direction: Literal["rising", "falling"]
    slack: Number | None = None


class Equals(Selection):
    """Every value selected is `value`, or one of `one_of`."""

    value: Scalar | None = None
    one_of: tuple[Scalar, ...] = ()

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.value is None) == (not self.one_of):
            raise ValueError("expected either value: or one_of:, exactly one of them")
        return self


class Includes(Selection):
    """All of `values` are among the values selected."""

    values: Annotated[tuple[Scalar, ...], Field(min_length=1)]


class FamiliesInclude(_Record):
    """A garak report has, for each of these probe families, a result that is not 0 of 0."""

    file: Line | None = None
    families: Annotated[tuple[TopicId, ...], Field(min_length=1)]


class VersionAtLeast(Selection):
    """A version in the order of its numbers: 0.15.1 is later than 0.9.0.16."""

    version: Annotated[Name, AfterValidator(_release)]


class TargetNot(Selection):
    """No value selected begins with one of these."""

    starts_with: Annotated[tuple[Line, ...], Field(min_length=1)]


class KnownTopic(Selection):
    """Every value is the id of a topic of the framework, in an edition known here, or the word `unless`."""

    framework: ModuleKey
    unless: Line | None = None


class Recalls(_Record):
    """For every row: its `list` names at least this share of what the owner ties to the topic named at `id`.

    A technique named for its sub-technique counts as half. `at_most_times` bounds the list, so that naming
    everything does not pass.
    """

    file: Line | None = None
    path: Path
    id: Path
    list: Path
    framework: ModuleKey
    at_least: Number
    at_most_times: Number


class NoSecret(_Record):
    """Nothing in the file looks like a key, a token or a password."""

    file: Line | None = None


class Agrees(Taken):
    """Two selections agree: as one value, as sets, as a part of the other, or not at all."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, populate_by_name=True)

    with_: Annotated[Taken, Field(alias="with")]
    how: Literal["equal", "same", "inside", "differs", "not_later"] = "equal"
    within: Number = 0.0


class _Verbs(_Record):
    """The verbs that may stand at the top and inside a row."""

    has_field: HasField | None = None
    compare: Compare | None = None
    count: Count | None = None
    distinct: Distinct | None = None
    ordered: Ordered | None = None
    equals: Equals | None = None
    includes: Includes | None = None
    version_at_least: VersionAtLeast | None = None
    target_not: TargetNot | None = None
    known_topic: KnownTopic | None = None
    agrees: Agrees | None = None

    @classmethod
    def verb_names(cls) -> tuple[str, ...]:
        """The names of all verbs, in the order of the schema."""
        return tuple(name for name in cls.model_fields if name not in ("says", "tracks", "or_reason"))

    @property
    def verb(self) -> str:
        """The name of the verb in use."""
        return next(name for name in self.verb_names() if getattr(self, name) is not None)

    @model_validator(mode="after")
    def _one_verb(self) -> Self:
        if sum(getattr(self, name) is not None for name in self.verb_names()) != 1:
            raise ValueError(f"expected exactly one verb: {', '.join(self.verb_names())}")
        return self


class RowRule(_Verbs):
    """What must hold in one row."""


class EachRow(Selection):
    """Every row selected satisfies every one of `rules`."""

    rules: Annotated[tuple[RowRule, ...], Field(min_length=1)]


class Rule(_Verbs):
    """One thing the evidence must show, with the sentence that says so to the learner.

    `attested` is what no machine can see, in the words the learner states it with. `tracks`: the rule counts
    in these alone. `or_reason`: where the rule is not met, a reason written there makes it claimed instead.
    """

    says: Line | None = None
    tracks: tuple[ModuleKey, ...] = ()
    or_reason: Selection | None = None
    families_include: FamiliesInclude | None = None
    recalls: Recalls | None = None
    no_secret: NoSecret | None = None
    each_row: EachRow | None = None
    attested: Line | None = None

    @model_validator(mode="after")
    def _said_once(self) -> Self:
        if self.attested is not None and (self.says is not None or self.or_reason is not None):
            raise ValueError("expected attested: alone, it says itself what is stated")
        if self.attested is None and self.says is None:
            raise ValueError("expected says: with the sentence for the learner")
        return self

    @property
    def sentence(self) -> str:
        """What the learner reads."""
        return self.attested or self.says or ""


# ------------------------------------------------------------------------------------------------- modules


class Activity(_Record):
    """One piece of work of a module. A track that `tracks` does not name does not have it.

    `steps` tell what to do, in the order of the work; `done` says how the learner sees that it is done.
    `if_left_out` says what one loses without it; where the field is missing the activity must stay.
    """

    key: ItemKey
    title: Title
    kind: ActivityKind
    minutes: Annotated[int, Field(ge=MINUTES_MIN, le=MINUTES_MAX)]
    tracks: TrackNeeds
    lab: ItemKey | None = None
    summary: Prose
    steps: Annotated[tuple[Prose, ...], Field(min_length=2)]
    done: Prose
    if_left_out: Line | None = None

    @model_validator(mode="after")
    def _enough_to_do(self) -> Self:
        wanted = math.ceil(self.minutes / MINUTES_A_STEP)
        if len(self.steps) < wanted:
            raise ValueError(f"expected a step for each started hour: {wanted}, there are {len(self.steps)}")
        return self


class EvidenceFile(_Record):
    """A file to hand in. A name with `*` stands for several files; rules then see a list of documents."""

    name: Annotated[Line, StringConstraints(max_length=TITLE_LENGTH)]
    format: FileFormat


class Evidence(_Record):
    """What a lab asks for: the files to hand in and the rules they must satisfy."""

    files: Annotated[tuple[EvidenceFile, ...], Field(min_length=1)]
    rules: Annotated[tuple[Rule, ...], Field(min_length=1)]


class Lab(_Record):
    """A piece of practical work that ends in evidence. `variants` says, by track, what differs there."""

    key: ItemKey
    title: Title
    tracks: TrackKeys
    needs: Prose
    setup: Prose
    safety: Prose
    hand_in: Prose
    evidence: Evidence
    variants: dict[ModuleKey, Prose] = {}


class Question(_Record):
    """A recall question with its answer and where the answer can be looked up.

    `checks` are the activities whose content a right answer speaks for.
    """

    key: ItemKey
    prompt: Prose
    answer: Prose
    source: Line
    checks: Annotated[tuple[ItemKey, ...], Field(min_length=1)]


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
    """A topic that the module teaches, and the activities that teach it. Never without its edition."""

    framework: ModuleKey
    edition: Name
    topic: TopicId
    taught_in: Annotated[tuple[ItemKey, ...], Field(min_length=1)]


class Module(_Record):
    """modules/<nn>-<key>.yaml: a chapter of the curriculum.

    `primer` is what to have read before its activities; `minutes` are those of its required activities by
    track, so that a slip in one shows; `see_also` are resources that other modules own.
    `learner_scoped: true` stands in place of `covers` where the learner's own system decides what is covered.
    """

    key: ModuleKey
    number: Annotated[int, Field(ge=1, le=99)]
    title: Title
    goal: Prose
    why: Prose
    primer: Prose
    minutes: dict[ModuleKey, Annotated[int, Field(ge=0)]]
    prerequisites: tuple[ModuleKey, ...] = ()
    covers: tuple[Cover, ...] = ()
    learner_scoped: bool = False
    activities: Annotated[tuple[Activity, ...], Field(min_length=1)]
    labs: tuple[Lab, ...] = ()
    questions: Annotated[tuple[Question, ...], Field(min_length=1)]
    milestone: Milestone
    resources: tuple[Resource, ...] = ()
    see_also: tuple[ItemKey, ...] = ()
