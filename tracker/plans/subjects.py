"""What study can be on: an activity, a module, or something else; read from keys and said in words."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from curriculum.catalogue import Catalogue, catalogue, last_title, newest
from tracker.journal.rules.quick_log import Candidate
from tracker.plans.models import Plan

SOMETHING_ELSE = "Something else"


@dataclass(frozen=True, slots=True)
class Subject:
    """What can be studied: an activity, a module, or something else."""

    module_key: str = ""
    activity_key: str = ""

    @property
    def value(self) -> str:
        """As forms and programs write it: the activity's key, or the module's."""
        return self.activity_key or self.module_key


def content_of(plan: Plan | None) -> Catalogue:
    """The learner's revision of the curriculum, or the newest where they have no plan."""
    return catalogue(plan.revision) if plan else newest()


def read_subject(value: str, content: Catalogue | None) -> Subject | None:
    """What a key means; None where the curriculum has no such thing."""
    if not value:
        return Subject()
    if content is None:
        return None
    if activity := content.find_activity(value):
        return Subject(activity.module_key, activity.key)
    if any(module.key == value for module in content.modules):
        return Subject(value)
    return None


def subject_title(value: str, content: Catalogue) -> str:
    """What a subject is called; where the curriculum no longer has it, what it was called when it did."""
    if not value:
        return SOMETHING_ELSE
    if activity := content.find_activity(value):
        return activity.title
    if module := content.find_module(value):
        return module.title
    retired = last_title(value)
    return f"{retired} (retired)" if retired else value


def log_candidates(content: Catalogue | None, track_key: str, near: Sequence[str]) -> tuple[Candidate, ...]:
    """What a quick-log line of a learner can be about: modules and activities of their track.

    near: keys of the activities that are next on the plan, the nearest first; they weigh more. Without a
    track a line is about nothing of the curriculum.
    """
    if content is None or not track_key:
        return ()
    weights = {key: float(len(near) - place) for place, key in enumerate(near)}
    return tuple(
        replace(candidate, weight=weights[candidate.value]) if candidate.value in weights else candidate
        for candidate in _candidates(content.revision, track_key)
    )


@lru_cache(maxsize=64)
def _candidates(revision: int, track_key: str) -> tuple[Candidate, ...]:
    """Those of a track, none nearer than another. A revision never changes, so this is kept."""
    found: list[Candidate] = []
    for module in catalogue(revision).modules_in(track_key):
        found.append(Candidate(module.key, module.title))
        found += [
            Candidate(activity.key, activity.title, module.key, module.title)
            for activity in module.activities_in(track_key)
        ]
    return tuple(found)
