"""What a self-check says: which activities of a module a learner may call known. Pure.

A question speaks for the activities it checks. An activity is suggested when every question that speaks for
it was known in full. What ends in evidence is never suggested: having heard of an attack is not having run
it.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

YES = "yes"


@dataclass(frozen=True, slots=True)
class Asked:
    """A recall question: its key and the keys of the activities a right answer speaks for."""

    key: str
    checks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Doable:
    """An activity of the module, and whether its work ends in evidence."""

    key: str
    has_evidence: bool


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What the answers say of one activity: how many of its questions were known, and is it suggested."""

    key: str
    asked: int
    known: int
    is_suggested: bool


def suggestions(
    activities: Sequence[Doable], questions: Sequence[Asked], answers: Mapping[str, str]
) -> tuple[Suggestion, ...]:
    """One row for each activity, in their order. A question without an answer counts as not known."""
    rows = []
    for activity in activities:
        own = [question.key for question in questions if activity.key in question.checks]
        known = sum(answers.get(key) == YES for key in own)
        rows.append(
            Suggestion(
                key=activity.key,
                asked=len(own),
                known=known,
                is_suggested=bool(own) and known == len(own) and not activity.has_evidence,
            )
        )
    return tuple(rows)


def is_complete(questions: Collection[Asked], answers: Mapping[str, str]) -> bool:
    """Whether every question has an answer; "I don't know" is one."""
    return all(question.key in answers for question in questions)
