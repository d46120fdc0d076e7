"""The level of every topic of an edition, with the reasons. Pure.

    untouched < studied < practised < evidenced

A level is the highest that any reason gives: more proof never lowers one. What a learner claims, and what a
report's own tags say, is shown beside it and gives none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import IntEnum
from typing import Literal

from tracker.coverage.rules.content import Content, Edition, Framework, Place, Tie, Topic
from tracker.coverage.rules.editions import SAME_ID, Step, Ways, ways_into
from tracker.evidence.rules.reports.garak import RENAMED
from tracker.library.words import BASIS_WORDS, count, hours

GARAK = "garak"
COUNTERFIT = "counterfit"
WITHOUT_TOPICS = frozenset({"modelscan", "promptfoo", "pyrit"})
"""Tools whose own names for tests are in no framework here: their reports back labs, and raise no topic."""
OWASP_LLM = "owasp-llm"
TAGGED_EDITION = "1.1"
"""garak's `owasp:llmNN` counts as the list of 2023 does, whatever the version of garak."""
FULL_SINCE = (0, 11)
"""From this version on, garak's `X` of before is `XFull`."""
LONGEST_LIST = 3
MOST_RUNS = 5
"""So many runs of one probe family are told; what more there are changes no level."""


LevelWord = Literal["untouched", "studied", "practised", "evidenced"]
_WORDS: tuple[LevelWord, ...] = ("untouched", "studied", "practised", "evidenced")


class Level(IntEnum):
    """How far a topic is covered. The numbers stand in exports."""

    UNTOUCHED = 0
    STUDIED = 1
    PRACTISED = 2
    EVIDENCED = 3

    @property
    def word(self) -> LevelWord:
        """The word of pages and exports."""
        return _WORDS[self.value]


# --------------------------------------------------------------------------------------------- what is known


@dataclass(frozen=True, slots=True)
class Work:
    """What was done on an activity. `mark` is done, known, or "" where it was only studied on."""

    activity_key: str
    mark: str
    marked_on: date | None
    minutes: int
    last_on: date | None


@dataclass(frozen=True, slots=True)
class HandedIn:
    """A judged hand-in of a lab: how many of its rules are met, claimed and missing."""

    lab_key: str
    on: date
    met: int
    claimed: int
    missing: int

    @property
    def is_met(self) -> bool:
        """Every rule is met, none only claimed. Where there is no rule, nothing was checked."""
        return self.met > 0 and not self.claimed and not self.missing


@dataclass(frozen=True, slots=True)
class Probed:
    """What a run showed of one probe, over its detectors. `evaluated` 0: nothing could be scored."""

    probe: str
    passed: int
    evaluated: int
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ToolRun:
    """A tool's run. `pk` is its number, to be linked to."""

    pk: int
    tool: str
    version: str
    target: str
    is_complete: bool
    is_self_test: bool
    on: date
    probes: tuple[Probed, ...]

    @property
    def proves(self) -> bool:
        """Whether its scored results are evidence: a whole run, against a target that is none of its own."""
        return self.is_complete and not self.is_self_test


@dataclass(frozen=True, slots=True)
class Claimed:
    """A level that a learner brought along in a layer: shown, never counted."""

    topic_id: str
    level: Level
    source: str
    on: date


@dataclass(frozen=True, slots=True)
class Proof:
    """Everything a learner has to show. `claims` by framework key and edition."""

    work: tuple[Work, ...] = ()
    hand_ins: tuple[HandedIn, ...] = ()
    runs: tuple[ToolRun, ...] = ()
    claims: Mapping[tuple[str, str], tuple[Claimed, ...]] = field(default_factory=dict)


# ---------------------------------------------------------------------------------------------- what follows


@dataclass(frozen=True, slots=True)
class Carried:
    """Where a reason comes from: a topic of another edition, how it became this one, and who says so."""

    edition: str
    topic_id: str
    how: str
    basis: str


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a topic has a level. `about` is what it links to: a kind and its key.

    tie: the tool's topic that stands between, where there is one.  tag_said: what the report's own tags say
    where that differs from the tie.
    """

    level: Level
    sentence: str
    about: tuple[Literal["activity", "lab", "run"], str]
    on: date | None
    tie: Tie | None = None
    tag_said: str = ""
    carried: Carried | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a learner stands on one topic. Reasons are the strongest first.

    teachings: keys of the activities that teach it.  elsewhere: of those that teach it under another edition
    alone.  notes: what is said of it and gives no level.
    """

    topic: Topic
    level: Level
    reasons: tuple[Reason, ...]
    teachings: tuple[str, ...]
    elsewhere: tuple[str, ...]
    claims: tuple[Claimed, ...]
    notes: tuple[str, ...]

    @property
    def activity_keys(self) -> tuple[str, ...]:
        """Every activity that teaches it, under whichever edition."""
        return (*self.teachings, *self.elsewhere)

    @property
    def is_taught(self) -> bool:
        """Whether the curriculum has anything to say about it."""
        return bool(self.activity_keys)

    @property
    def is_outside(self) -> bool:
        """Nothing here teaches it and nothing was shown: the curriculum lacks it, not the learner."""
        return not self.is_taught and self.level == Level.UNTOUCHED

    @property
    def state(self) -> str:
        """The level in one word, or `outside`."""
        return "outside" if self.is_outside else self.level.word


def standings(seen: Seen, framework: Framework, edition: Edition) -> dict[str, Standing]:
    """Every topic of an edition with its level, in the owner's order."""
    content, proof = seen.content, seen.proof
    tags = _Tags(framework, seen.family_tags)
    direct = {other.name: seen.reasons(framework, other, tags) for other in framework.editions}
    ways = ways_into(framework, edition.name)
    carried: dict[str, list[Reason]] = defaultdict(list)
    elsewhere: dict[str, dict[str, None]] = defaultdict(dict)
    for other in framework.editions:
        if other.name == edition.name:
            continue
        for topic in other.topics:
            reached = ways[other.name][topic.topic_id]
            for there in reached:
                if reasons := direct[other.name].get(topic.topic_id):
                    carried[there] += _carry(reasons, other.name, topic.topic_id, reached, there)
                for row in content.teachings.get((framework.key, other.name, topic.topic_id), ()):
                    elsewhere[there][row.activity_key] = None
    claims: dict[str, list[Claimed]] = defaultdict(list)
    for claim in proof.claims.get((framework.key, edition.name), ()):
        claims[claim.topic_id].append(claim)
    found = {}
    for topic in edition.topics:
        key = topic.topic_id
        reasons = sorted(_once([*direct[edition.name].get(key, ()), *carried[key]]), key=_strongest_first)
        teachings = content.teachings.get((framework.key, edition.name, key), ())
        own = tuple(row.activity_key for row in teachings)
        found[key] = Standing(
            topic=topic,
            level=max((reason.level for reason in reasons), default=Level.UNTOUCHED),
            reasons=tuple(reasons),
            teachings=own,
            elsewhere=tuple(activity_key for activity_key in elsewhere[key] if activity_key not in own),
            claims=tuple(sorted(claims[key], key=lambda claim: -claim.level)),
            notes=tuple(seen.notes(framework, edition, key, tags)),
        )
    return found


def _once(reasons: Iterable[Reason]) -> list[Reason]:
    """Each reason once: what speaks for a topic here is not told again as carried over from elsewhere."""
    found: dict[tuple[tuple[str, str], str], Reason] = {}
    for reason in reasons:
        here = found.setdefault((reason.about, reason.tie.topic_id if reason.tie else ""), reason)
        if reason.level > here.level:
            found[reason.about, reason.tie.topic_id if reason.tie else ""] = reason
    return list(found.values())


def _strongest_first(reason: Reason) -> tuple[int, bool, int]:
    return -reason.level, reason.carried is not None, -(reason.on.toordinal() if reason.on else 0)


def _carry(
    reasons: Iterable[Reason], edition: str, topic_id: str, reached: Ways, there: str
) -> Iterator[Reason]:
    steps: tuple[Step, ...] = reached[there]
    told = next((step for step in steps if step.how != SAME_ID), steps[-1])
    for reason in reasons:
        yield replace(reason, carried=Carried(edition, topic_id, told.how, told.basis))


def carried_sentence(carried: Carried) -> str:
    """Where a reason came from, and who says that both topics are one."""
    if carried.how == SAME_ID:
        return f"carried over from the edition {carried.edition}, where it has the same id"
    basis = BASIS_WORDS.get(carried.basis, carried.basis)
    return f"carried over from {carried.topic_id} of the edition {carried.edition} ({basis})"


class Seen:
    """The proof, sorted by what it can speak for: once for the maps of all frameworks."""

    def __init__(self, content: Content, proof: Proof) -> None:
        self.content, self.proof = content, proof
        self.work = {row.activity_key: row for row in proof.work}
        self.hand_ins: dict[str, list[HandedIn]] = defaultdict(list)
        for handed in proof.hand_ins:
            self.hand_ins[handed.lab_key].append(handed)
        # By the tool's own topic (family or probe of garak, attack of Counterfit): the runs that say most.
        self.probed: dict[Place, list[tuple[ToolRun, list[Probed]]]] = defaultdict(list)
        self.more_runs: dict[Place, int] = {}
        self.family_tags: dict[str, set[str]] = defaultdict(set)
        for run in proof.runs:
            for place, probes in _by_tool_topic(content, run).items():
                self.probed[place].append((run, probes))
            for row in run.probes if run.tool.casefold() == GARAK else ():
                family = row.probe.partition(".")[0]
                self.family_tags[RENAMED.get(family, family)].update(
                    tag for tag in row.tags if _tagged_id(tag)
                )
        for place, runs in self.probed.items():
            runs.sort(key=_says_most)
            if len(runs) > MOST_RUNS:
                self.more_runs[place] = len(runs) - MOST_RUNS
                del runs[MOST_RUNS:]

    def reasons(self, framework: Framework, edition: Edition, tags: _Tags) -> dict[str, list[Reason]]:
        """What speaks for the topics of this edition itself."""
        found: dict[str, list[Reason]] = {}
        for topic in edition.topics:
            place = (framework.key, edition.name, topic.topic_id)
            reasons = [*self._from_work(place), *self._from_hand_ins(place), *self._from_runs(place, tags)]
            if reasons:
                found[topic.topic_id] = reasons
        return found

    def _from_work(self, place: Place) -> Iterator[Reason]:
        for teaching in self.content.teachings.get(place, ()):
            work = self.work.get(teaching.activity_key)
            if work is None or not (work.mark or work.minutes):
                continue
            logged = f"{hours(work.minutes)} logged" if work.minutes else ""
            said = {"done": "Marked as done", "known": "Known before, in your own words"}.get(work.mark, "")
            told = ", ".join(part for part in (said, logged) if part)
            yield Reason(
                Level.STUDIED,
                f"{teaching.title}: {told}.",
                ("activity", teaching.activity_key),
                max((day for day in (work.marked_on, work.last_on) if day), default=None),
            )

    def _from_hand_ins(self, place: Place) -> Iterator[Reason]:
        labs = dict.fromkeys(row.lab_key for row in self.content.teachings.get(place, ()) if row.lab_key)
        for lab_key in labs:
            if handed := self.hand_ins.get(lab_key):
                # A later hand-in that shows less takes nothing back.
                best = max(handed, key=lambda row: (row.is_met, row.met, row.on))
                title = self.content.lab_titles.get(lab_key, lab_key)
                level = Level.EVIDENCED if best.is_met else Level.PRACTISED
                yield Reason(level, f"{title}: handed in, {_rules_of(best)}.", ("lab", lab_key), best.on)

    def _ties(self, place: Place) -> tuple[Tie, ...]:
        """The tools' topics that speak for a topic: itself where it is one, and those tied to it."""
        own = (Tie(*place, "", ""),) if place in self.probed else ()
        return (*own, *self.content.ties.get(place, ()))

    def _from_runs(self, place: Place, tags: _Tags) -> Iterator[Reason]:
        for tie in self._ties(place):
            for run, probes in self.probed.get((tie.framework, tie.edition, tie.topic_id), ()):
                scored = [row for row in probes if row.evaluated]
                if scored:
                    yield Reason(
                        Level.EVIDENCED if run.proves else Level.PRACTISED,
                        _run_sentence(run, tie.topic_id, scored),
                        ("run", str(run.pk)),
                        run.on,
                        tie if tie.basis else None,
                        tags.said(place, scored),
                    )

    def notes(self, framework: Framework, edition: Edition, topic_id: str, tags: _Tags) -> Iterator[str]:
        """What is said of a topic and gives no level: nothing scored, and tags that no tie follows."""
        ties = self._ties((framework.key, edition.name, topic_id))
        for tie in ties:
            place = (tie.framework, tie.edition, tie.topic_id)
            for run, probes in self.probed.get(place, ()):
                if not any(row.evaluated for row in probes):
                    yield (
                        f"{_run_name(run)}: {tie.topic_id} ran, but no output could be scored. "
                        "That is neither passed nor failed, and counts as nothing."
                    )
            if more := self.more_runs.get(place):
                yield f"{count(more, 'more run')} of {tie.topic_id}, which would change nothing here."
        tied = {(tie.framework, tie.topic_id) for tie in ties}
        for family, said in tags.families(edition.name, topic_id).items():
            if (GARAK, family) not in tied:
                yield (
                    f"Reports tag {family} with {', '.join(sorted(said))}, by the numbers of "
                    f"{TAGGED_EDITION}. This map does not tie it to this topic, so it gives no level."
                )


def _says_most(seen: tuple[ToolRun, list[Probed]]) -> tuple[bool, bool, int]:
    """For sorting: runs that scored anything, then those that are evidence, then the latest."""
    run, probes = seen
    return not any(row.evaluated for row in probes), not run.proves, -run.on.toordinal()


class _Tags:
    """What the tags of reports say of a framework: of the OWASP list for LLMs, by its numbers of 2023."""

    def __init__(self, framework: Framework, family_tags: Mapping[str, set[str]]) -> None:
        self.ways: dict[str, Mapping[str, Ways]] = {}
        if framework.key == OWASP_LLM and family_tags:
            for edition in framework.editions:
                self.ways[edition.name] = ways_into(framework, edition.name).get(TAGGED_EDITION, {})
        self._families: dict[tuple[str, str], dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        for name in self.ways:
            for family, tags in family_tags.items():
                for tag in tags:
                    for topic_id in self.meant(tag, name):
                        self._families[name, topic_id][family].add(tag)

    def meant(self, tag: str, edition: str) -> tuple[str, ...]:
        """The topics of an edition that a tag stands for."""
        topic_id = _tagged_id(tag)
        return (topic_id,) if edition == TAGGED_EDITION else tuple(self.ways[edition].get(topic_id, ()))

    def families(self, edition: str, topic_id: str) -> Mapping[str, set[str]]:
        """The probe families whose tags mean this topic, with the tags."""
        return self._families.get((edition, topic_id), {})

    def said(self, place: Place, probes: Iterable[Probed]) -> str:
        """What the tags of these probes say, where that is not this topic; else ""."""
        if place[1] not in self.ways or place[0] != OWASP_LLM:
            return ""
        tags = dict.fromkeys(tag for row in probes for tag in row.tags if _tagged_id(tag))
        meant = {tag: self.meant(tag, place[1]) for tag in tags}
        if not meant or any(place[2] in ids for ids in meant.values()):
            return ""
        said = ", ".join(
            f"{tag} ({', '.join(ids) or 'no topic of this edition'})" for tag, ids in meant.items()
        )
        return f"The report's own tag says {said}, by the numbers of {TAGGED_EDITION}."


def _rules_of(handed: HandedIn) -> str:
    total = handed.met + handed.claimed + handed.missing
    if not total:
        return "with no rule to check"
    parts = [f"{handed.met} of {total} {'rule' if total == 1 else 'rules'} met"]
    if handed.claimed:
        parts.append(f"{handed.claimed} claimed")
    if handed.missing:
        parts.append(f"{handed.missing} not met")
    return ", ".join(parts)


def _run_name(run: ToolRun) -> str:
    version = f" {run.version}" if run.version else ""
    return f"{run.tool}{version} against {run.target or 'a target that the report does not name'}"


def _run_sentence(run: ToolRun, topic_id: str, probes: list[Probed]) -> str:
    evaluated = sum(row.evaluated for row in probes)
    names = [row.probe for row in probes]
    shown = ", ".join(names[:LONGEST_LIST]) + (
        f" and {len(names) - LONGEST_LIST} more" if len(names) > LONGEST_LIST else ""
    )
    said = f"{_run_name(run)}: {shown or topic_id}, {evaluated:,} results scored"
    if run.is_self_test:
        return f"{said}. Its target is a generator of garak's own, no model."
    return f"{said}." if run.is_complete else f"{said}. The run is partial."


# ------------------------------------------------------------------------------- by the tool's own topics


def _by_tool_topic(content: Content, run: ToolRun) -> dict[Place, list[Probed]]:
    """What a run showed, by each topic of the tool's own framework that it speaks for."""
    found: dict[Place, list[Probed]] = defaultdict(list)
    for key in _tools_of(run.tool):
        framework = content.frameworks.get(key)
        for edition in framework.editions if framework else ():
            for row in run.probes:
                for topic_id in _tool_topics(edition, run, row.probe):
                    found[key, edition.name, topic_id].append(row)
    return found


def _tools_of(tool: str) -> tuple[str, ...]:
    name = tool.casefold()
    if name == GARAK:
        return (GARAK,)
    # ART's attacks are most of Counterfit's, under the same names.
    return () if name in WITHOUT_TOPICS else (COUNTERFIT,)


def _tool_topics(edition: Edition, run: ToolRun, probe: str) -> Iterator[str]:
    if run.tool.casefold() != GARAK:
        wanted = _plain(probe)
        for topic in edition.topics:
            if wanted and wanted in {_plain(topic.topic_id), _plain(topic.name)}:
                yield topic.topic_id
        return
    family, dot, name = probe.partition(".")
    family = RENAMED.get(family, family)
    if edition.find_topic(family) is not None:
        yield family
    if dot:
        full = f"{family}.{name}Full"
        is_old = _version(run.version) < FULL_SINCE and edition.find_topic(full) is not None
        if edition.find_topic(found := full if is_old else f"{family}.{name}") is not None:
            yield found


def _plain(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())


def _version(text: str) -> tuple[int, ...]:
    parts = []
    for part in text.split(".")[:3]:
        digits = "".join(letter for letter in part if letter.isascii() and letter.isdigit())
        parts.append(int(digits[:9]) if digits else 0)
    return tuple(parts) if text else (10**6,)


# ---------------------------------------------------------------------------------------- what the tags say


def _tagged_id(tag: str) -> str:
    """The id of the 2023 list that a tag names: `owasp:llm02` is LLM02."""
    name, _, number = tag.partition(":")
    wanted = number.upper()
    is_one = name == "owasp" and len(wanted) == 5 and wanted.startswith("LLM") and wanted[3:].isascii()
    return wanted if is_one and wanted[3:].isdigit() else ""


# ------------------------------------------------------------------------------------------------- in words


def in_words(standing: Standing) -> str:
    """Why a topic has its level, as one line of an export: the strongest reason, and how many more."""
    if not standing.reasons:
        return "" if standing.is_taught else "This curriculum does not teach it."
    first, more = standing.reasons[0], len(standing.reasons) - 1
    parts = [first.sentence]
    if first.on is not None:
        parts.append(f"{first.on.isoformat()}.")
    if first.carried is not None:
        said = carried_sentence(first.carried)
        parts.append(f"{said[0].upper()}{said[1:]}.")
    if more:
        parts.append(f"And {count(more, 'more reason')}.")
    return " ".join(parts)
