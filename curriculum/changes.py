"""What is different between two revisions, in the words of those who study by them.

Everything is compared by permanent key, for one track. Prose is not compared: it follows the newest revision
by itself (`catalogue.current`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from curriculum.catalogue import Activity, Catalogue, Criterion, Lab, Module

MODULES_NAMED = 3


@dataclass(frozen=True, slots=True)
class Retimed:
    """An activity that takes longer or shorter, or whose need changed."""

    before: Activity
    after: Activity


@dataclass(frozen=True, slots=True)
class ModuleMinutes:
    """By how many required minutes a module grew (or shrank, below zero)."""

    module: Module
    minutes: int


@dataclass(frozen=True, slots=True)
class Changes:
    """The differences a learner of one track would meet. All empty where nothing of structure changed."""

    added: tuple[Activity, ...]
    retired: tuple[Activity, ...]
    retimed: tuple[Retimed, ...]
    by_module: tuple[ModuleMinutes, ...]
    modules_added: tuple[Module, ...]
    modules_retired: tuple[Module, ...]
    criteria_added: tuple[Criterion, ...]
    criteria_retired: tuple[Criterion, ...]
    criteria_changed: tuple[Criterion, ...]
    needs_changed: tuple[Module, ...]
    labs_changed: tuple[Lab, ...]
    reordered: bool

    @property
    def minutes(self) -> int:
        """By how many required minutes the track grew."""
        return sum(row.minutes for row in self.by_module)

    @property
    def is_empty(self) -> bool:
        """Whether the two revisions ask the same of a learner."""
        return not any(getattr(self, name) for name in self.__slots__)

    @property
    def sentence(self) -> str:
        """The difference in one line: `2 added, 1 retired, +6 h in garak`."""
        parts = [f"{len(self.added)} added"] if self.added else []
        parts += [f"{len(self.retired)} retired"] if self.retired else []
        changed = len(self.retimed) + len(self.labs_changed)
        changed += len(self.criteria_added) + len(self.criteria_retired) + len(self.criteria_changed)
        changed += len(self.needs_changed)
        parts += [f"{changed} changed"] if changed else []
        parts += self._hours()
        parts += ["in another order"] if self.reordered else []
        return ", ".join(parts) or "no change in what is to be done"

    def _hours(self) -> list[str]:
        """Hours module by module; where many changed, all together and the one that changed most."""
        if len(self.by_module) <= MODULES_NAMED:
            return [f"{signed_hours(row.minutes)} in {row.module.key}" for row in self.by_module]
        most = max(self.by_module, key=lambda row: abs(row.minutes))
        return [
            f"{signed_hours(self.minutes)} over {len(self.by_module)} modules",
            f"most in {most.module.key} ({signed_hours(most.minutes)})",
        ]


def compare(before: Catalogue, after: Catalogue, track_key: str) -> Changes:
    """What a learner of this track would meet on moving from one revision to the other.

    A track that a revision does not have is a track without modules there.
    """
    then, now = _modules(before, track_key), _modules(after, track_key)
    old = {row.key: row for module in then.values() for row in module.activities_in(track_key)}
    new = {row.key: row for module in now.values() for row in module.activities_in(track_key)}
    asked = {row.key: row for module in then.values() for row in module.criteria_in(track_key)}
    asks = {row.key: row for module in now.values() for row in module.criteria_in(track_key)}
    labs = {row.key: row for module in then.values() for row in module.labs_in(track_key)}
    minutes = {key: module.minutes_in(track_key) for key, module in then.items()}
    kept = [key for key in old if key in new]
    return Changes(
        added=tuple(row for key, row in new.items() if key not in old),
        retired=tuple(row for key, row in old.items() if key not in new),
        retimed=tuple(
            Retimed(old[key], new[key])
            for key in kept
            if _asks(old[key], track_key) != _asks(new[key], track_key)
        ),
        by_module=tuple(
            ModuleMinutes(module, grown)
            for key, module in {**then, **now}.items()
            if (grown := (now[key].minutes_in(track_key) if key in now else 0) - minutes.get(key, 0))
        ),
        modules_added=tuple(module for key, module in now.items() if key not in then),
        modules_retired=tuple(module for key, module in then.items() if key not in now),
        criteria_added=tuple(row for key, row in asks.items() if key not in asked),
        criteria_retired=tuple(row for key, row in asked.items() if key not in asks),
        criteria_changed=tuple(
            row for key, row in asks.items() if key in asked and _backing(asked[key]) != _backing(row)
        ),
        needs_changed=tuple(
            module
            for key, module in now.items()
            if key in then and set(then[key].prerequisites) != set(module.prerequisites)
        ),
        labs_changed=tuple(
            lab
            for module in now.values()
            for lab in module.labs_in(track_key)
            if lab.key in labs and _proof(labs[lab.key], track_key) != _proof(lab, track_key)
        ),
        reordered=kept != [key for key in new if key in old],
    )


def signed_hours(minutes: int) -> str:
    """A difference in hours: `+6 h`, `−1 h 30`, `+45 min`."""
    sign = "\N{MINUS SIGN}" if minutes < 0 else "+"
    whole, rest = divmod(abs(minutes), 60)
    if not whole:
        return f"{sign}{rest} min"
    return f"{sign}{whole} h {rest:02}" if rest else f"{sign}{whole} h"


def _modules(content: Catalogue, track_key: str) -> Mapping[str, Module]:
    if track_key not in {track.key for track in content.tracks}:
        return {}
    return {module.key: module for module in content.modules_in(track_key)}


def _asks(activity: Activity, track_key: str) -> tuple[int, str]:
    return activity.minutes, activity.needs[track_key]


def _backing(criterion: Criterion) -> tuple[object, ...]:
    return criterion.text, criterion.lab_key, criterion.artefact


def _proof(lab: Lab, track_key: str) -> tuple[object, ...]:
    return lab.files, lab.rules_in(track_key)
