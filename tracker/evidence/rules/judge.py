"""A lab's rules held against what was handed in, one result a rule. Pure.

The vocabulary is `curriculum.schema.Rule`; what each verb means is said there and in docs/authoring.md.
Whatever stands in the files, a rule is met or it is not, with what is missing; nothing in them can raise.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal, Protocol

from curriculum import schema
from tracker.evidence.rules.selecting import (
    LABEL,
    Documents,
    NotThere,
    as_key,
    as_moment,
    at,
    document,
    is_empty,
    is_number,
    place_of,
    same,
    selected,
    shown,
    taken,
)

Outcome = Literal["met", "claimed", "missing"]
REASON_MIN = 40
"""So many characters make a reason worth reading."""
ROWS_NAMED = 3
LONGEST_NAME = 200
TOLERANCE = 1e-9
"""What the rounding of binary fractions may add: 0.81 is 0.66 + 0.15."""


class Topic(Protocol):
    """What the rules ask of a framework's topic."""

    @property
    def parent(self) -> str: ...
    @property
    def relates(self) -> tuple[str, ...]: ...


FindTopic = Callable[[str, str], Topic | None]
"""A framework's key and an id: the topic in the newest edition that has it, or None."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What became of a rule. `found` says what is missing; "" where it is met.

    Claimed is what no machine has seen: a statement, or a reason written in place of what was asked.
    """

    sentence: str
    outcome: Outcome
    found: str


def judge(
    rules: Sequence[schema.Rule],
    handed: Documents,
    *,
    only_file: str | None,
    find_topic: FindTopic,
    attested: Collection[str] = (),
) -> tuple[Judged, ...]:
    """Each rule in order. `only_file` is the name of the lab's file where it has one only.

    `attested` are the sentences that the learner has stated.
    """
    return tuple(_judged(rule, _Asked(handed, only_file, find_topic), attested) for rule in rules)


@dataclass(frozen=True, slots=True)
class _Asked:
    """Where a rule looks. Inside a row, `row` stands in place of the files."""

    handed: Documents
    only_file: str | None
    find_topic: FindTopic
    row: Any = None
    in_row: bool = False

    def root(self, file: str | None) -> Any:
        if self.in_row:
            return self.row
        name = file or self.only_file
        if name is None:
            raise NotThere("the rule names no file")
        return document(self.handed, name)


def _judged(rule: schema.Rule, asked: _Asked, attested: Collection[str]) -> Judged:
    if rule.attested is not None:
        stated = rule.attested in attested
        return Judged(rule.attested, "claimed" if stated else "missing", "" if stated else "not stated yet")
    found = _fault(rule, asked)
    if found is None:
        return Judged(rule.sentence, "met", "")
    if rule.or_reason is not None and (reason := _reason(rule.or_reason, asked)):
        return Judged(rule.sentence, "claimed", f"{found}; the reason given: {shown(reason)}")
    return Judged(rule.sentence, "missing", found)


def _fault(rule: schema.RowRule | schema.Rule, asked: _Asked) -> str | None:
    """What keeps a rule from being met, or None."""
    used = getattr(rule, rule.verb)
    try:
        return next(_VERBS[rule.verb](used, asked), None)
    except NotThere as missing:
        return str(missing)


def _reason(place: schema.Selection, asked: _Asked) -> str | None:
    try:
        values = selected(asked.root(place.file), place)
    except NotThere:
        return None
    written = [value.strip() for value in values if isinstance(value, str)]
    return next((text for text in written if len(text) >= REASON_MIN), None)


def _some(selection: schema.Selection, asked: _Asked) -> list[Any]:
    values = selected(asked.root(selection.file), selection)
    if not values:
        raise NotThere(f"nothing is at {place_of(selection)}")
    return values


# -------------------------------------------------------------------------- the verbs: each yields its faults


def _has_field(rule: schema.HasField, asked: _Asked) -> Iterator[str]:
    for number, value in enumerate(_some(rule, asked), start=1):
        for path in rule.fields:
            try:
                found = at(value, path)
            except NotThere:
                found = []
            if not found or any(is_empty(row) for row in found):
                yield f"{path} is missing" + (f" in entry {number}" if rule.path else "")


def _compare(rule: schema.Compare, asked: _Asked) -> Iterator[str]:
    root = asked.root(rule.file)
    values = taken(root, rule)
    if not values:
        raise NotThere(f"nothing is at {place_of(rule)}")
    bound: Any = rule.value
    if rule.to is not None:
        ends = at(root, rule.to)
        bound = ends[0] if len(ends) == 1 else None
        if is_number(bound):
            bound = bound * rule.times + rule.plus
            if not is_number(bound):
                raise NotThere(f"{rule.to} is too large to compare with")
        elif as_moment(bound) is None:
            raise NotThere(f"{rule.to} is not one number or day")
    for value in values:
        if not _holds(value, rule.op, bound):
            yield f"found {shown(value)} where {rule.op} {shown(bound)} is asked, at {place_of(rule)}"


def _holds(value: Any, op: str, bound: Any) -> bool:
    if is_number(value) and is_number(bound):
        near = abs(value - bound) <= TOLERANCE * max(1.0, abs(bound))
        return near if op == "==" else _COMPARE[op](value, bound) if not near else "=" in op
    one, other = as_moment(value), as_moment(bound)
    if one is not None and other is not None:
        return _COMPARE[op](one, other)
    return op == "==" and same(value, bound)


_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    ">=": operator.ge,
    ">": operator.gt,
}


def _count(rule: schema.Count, asked: _Asked) -> Iterator[str]:
    number = sum(not is_empty(value) for value in selected(asked.root(rule.file), rule))
    if rule.at_least is not None and number < rule.at_least:
        yield f"found {number} where at least {rule.at_least} are asked"
    if rule.at_most is not None and number > rule.at_most:
        yield f"found {number} where at most {rule.at_most} are allowed"


def _distinct(rule: schema.Distinct, asked: _Asked) -> Iterator[str]:
    values = [value for value in selected(asked.root(rule.file), rule) if not is_empty(value)]
    seen = {as_key(" ".join(v.split()).casefold() if rule.fold and isinstance(v, str) else v) for v in values}
    if len(seen) < rule.at_least:
        yield f"found {len(seen)} different ones where at least {rule.at_least} are asked"


def _ordered(rule: schema.Ordered, asked: _Asked) -> Iterator[str]:
    values = _some(rule, asked)
    if not all(is_number(value) for value in values):
        raise NotThere(f"{place_of(rule)} holds something that is not a number")
    sign = 1 if rule.direction == "rising" else -1
    for before, after in pairwise(values):
        step = sign * (after - before)
        if step <= 0 if rule.slack is None else step < -rule.slack - TOLERANCE:
            yield f"{shown(before)} is followed by {shown(after)}, which is not {rule.direction}"


def _equals(rule: schema.Equals, asked: _Asked) -> Iterator[str]:
    allowed = rule.one_of or (rule.value,)
    for value in _some(rule, asked):
        if not any(same(value, option) for option in allowed):
            wanted = " or ".join(shown(option) for option in allowed)
            yield f"found {shown(value)} where {wanted} is asked, at {place_of(rule)}"


def _includes(rule: schema.Includes, asked: _Asked) -> Iterator[str]:
    values = selected(asked.root(rule.file), rule)
    absent = [shown(v) for v in rule.values if not any(same(v, found) for found in values)]
    if absent:
        yield f"{', '.join(absent)} not among them"


def _version_at_least(rule: schema.VersionAtLeast, asked: _Asked) -> Iterator[str]:
    for value in _some(rule, asked):
        if not isinstance(value, str | int | float) or _version(str(value)) < _version(rule.version):
            yield f"found {shown(value)} where {rule.version} or later is asked"


def _version(text: str) -> tuple[tuple[int, ...], bool]:
    """The numbers of a version; what comes before a release (`0.16.1.pre1`) is earlier than the release."""
    match = re.match(r"v?(\d{1,9}(?:\.\d{1,9})*)(.*)", text.strip(), re.DOTALL)
    if not match:
        return (), False
    numbers = tuple(int(part) for part in match[1].split("."))
    while numbers and numbers[-1] == 0:
        numbers = numbers[:-1]
    return numbers, not re.match(r"[.\-_]?(?:a|b|c|rc|pre|dev|alpha|beta)", match[2], re.IGNORECASE)


def _target_not(rule: schema.TargetNot, asked: _Asked) -> Iterator[str]:
    for value in _some(rule, asked):
        if not isinstance(value, str) or not value or value.startswith(rule.starts_with):
            yield f"the target is {shown(value)}"


def _known_topic(rule: schema.KnownTopic, asked: _Asked) -> Iterator[str]:
    for value in _some(rule, asked):
        if rule.unless is not None and same(value, rule.unless):
            continue
        if not isinstance(value, str) or asked.find_topic(rule.framework, value) is None:
            yield f"{shown(value)} is no topic of {rule.framework} in an edition known here"


def _agrees(rule: schema.Agrees, asked: _Asked) -> Iterator[str]:
    left, right = taken(asked.root(rule.file), rule), taken(asked.root(rule.with_.file), rule.with_)
    if any(is_empty(value) for value in (*left, *right)):
        raise NotThere(f"{place_of(rule)} or {place_of(rule.with_)} is empty")
    if rule.how in ("same", "inside"):
        here, there = ({as_key(value): value for value in side} for side in (left, right))
        alone = [value for key, value in here.items() if key not in there]
        if rule.how == "same":
            alone += [value for key, value in there.items() if key not in here]
        if not left or not right:
            yield "one of the two is empty"
        elif alone:
            yield f"{', '.join(shown(value) for value in alone[:ROWS_NAMED])} stands on one side alone"
        return
    if len(right) != 1 or not left or (len(left) != 1 and rule.how != "not_later"):
        raise NotThere(f"{place_of(rule)} and {place_of(rule.with_)} are not one value each")
    for value in left:
        if not _agree(value, right[0], rule):
            yield f"found {shown(value)} and {shown(right[0])}"


def _agree(one: Any, other: Any, rule: schema.Agrees) -> bool:
    if rule.how == "not_later":
        earlier, later = as_moment(one), as_moment(other)
        return earlier is not None and later is not None and earlier <= later
    if is_number(one) and is_number(other):
        equal = abs(one - other) <= rule.within + TOLERANCE
    else:
        equal = same(one, other)
    return equal if rule.how == "equal" else not equal


def _families_include(rule: schema.FamiliesInclude, asked: _Asked) -> Iterator[str]:
    root = asked.root(rule.file)
    evaluated = set()
    for report in root if isinstance(root, list) else [root]:
        for row in at(report, "evals[]"):
            if isinstance(row, Mapping) and is_number(row.get("evaluated")) and row["evaluated"] > 0:
                evaluated.add(str(row.get("probe", "")).split(".")[0])
    absent = [family for family in rule.families if family not in evaluated]
    if absent:
        yield f"no result for {', '.join(absent)}"


def _recalls(rule: schema.Recalls, asked: _Asked) -> Iterator[str]:
    for row in _some(schema.Selection(file=rule.file, path=rule.path), asked):
        named = next(iter(at(row, rule.id)), None)
        listed = at(row, rule.list if rule.list.endswith("[]") else f"{rule.list}[]")
        topic = asked.find_topic(rule.framework, named) if isinstance(named, str) else None
        if topic is None or not topic.relates:
            yield f"{shown(named)} has no procedure in an edition known here"
            continue
        share = sum(_worth(wanted, listed, rule, asked) for wanted in topic.relates) / len(topic.relates)
        if share < rule.at_least - TOLERANCE:
            yield f"{shown(named)}: {share:.0%} of its procedure, {rule.at_least:.0%} are asked"
        if len(listed) > rule.at_most_times * len(topic.relates):
            yield f"{shown(named)}: {len(listed)} in the list, for {len(topic.relates)} in the procedure"


def _worth(wanted: str, listed: Sequence[Any], rule: schema.Recalls, asked: _Asked) -> float:
    if wanted in listed:
        return 1.0
    topic = asked.find_topic(rule.framework, wanted)
    return 0.5 if topic is not None and topic.parent and topic.parent in listed else 0.0


# Shapes of keys and tokens that services give out, and words that give a password away.
_SECRETS = re.compile(
    r"AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{30,}|github_pat_\w{40,}|xox[abprs]-[\w-]{10,}|hf_[A-Za-z0-9]{30,}"
    r"|\bsk-[A-Za-z0-9_-]{20,}|AIza[\w-]{35}|-----BEGIN [A-Z ]*PRIVATE KEY-----"
    r"|\beyJ[\w-]{10,1000}\.eyJ[\w-]{10,}"
    r"|\bBearer\s+[A-Za-z0-9._~+/-]{16,}"
    r"|\b(?:password|passwd|secret|api[_-]?key|access[_-]?token)\b\s*[:=]\s*[^\s*\[\]<>{}\"']{6,}",
    re.IGNORECASE,
)
_SECRET_NAMES = re.compile(
    r"(?:.*[_-])?(?:password|passwd|secret|api[_-]?key|access[_-]?token)", re.IGNORECASE
)
_MASKED = re.compile(r"[*x.•\s]*|.*(?:redacted|masked|removed|hidden).*|sha256:.*", re.IGNORECASE)


def _no_secret(rule: schema.NoSecret, asked: _Asked) -> Iterator[str]:
    for path, name, value in _leaves(asked.root(rule.file)):
        named = (
            len(name) <= LONGEST_NAME
            and _SECRET_NAMES.fullmatch(name)
            and len(value) >= 6
            and not _MASKED.fullmatch(value)
        )
        if named or _SECRETS.search(value):
            yield f"something like a key or password stands at {path}"


def _leaves(root: Any) -> Iterator[tuple[str, str, str]]:
    """Every text in a document with its path and the name it stands under, without recursion."""
    waiting: list[tuple[str, str, Any]] = [("the top", "", root)]
    while waiting:
        path, name, value = waiting.pop()
        if isinstance(value, str):
            yield path, name, value
        elif isinstance(value, Mapping):
            waiting += [
                (f"{path[:LABEL]}.{str(key)[:LABEL]}", str(key), inner) for key, inner in value.items()
            ]
            waiting += [(f"{path[:LABEL]}, a name", "", str(key)) for key in value]
        elif isinstance(value, list | tuple):
            waiting += [(f"{path[:LABEL]}[{index}]", name, inner) for index, inner in enumerate(value)]


def _each_row(rule: schema.EachRow, asked: _Asked) -> Iterator[str]:
    faults = []
    for number, row in enumerate(_some(rule, asked), start=1):
        inside = _Asked(asked.handed, None, asked.find_topic, row, in_row=True)
        found = next((said for inner in rule.rules if (said := _fault(inner, inside))), None)
        if found is not None:
            faults.append(f"entry {number}: {found}")
    if faults:
        more = f"; and {len(faults) - ROWS_NAMED} more" if len(faults) > ROWS_NAMED else ""
        yield "; ".join(faults[:ROWS_NAMED]) + more


_VERBS: Mapping[str, Callable[[Any, _Asked], Iterator[str]]] = {
    "has_field": _has_field,
    "compare": _compare,
    "count": _count,
    "distinct": _distinct,
    "ordered": _ordered,
    "equals": _equals,
    "includes": _includes,
    "version_at_least": _version_at_least,
    "target_not": _target_not,
    "known_topic": _known_topic,
    "agrees": _agrees,
    "families_include": _families_include,
    "recalls": _recalls,
    "no_secret": _no_secret,
    "each_row": _each_row,
}
