"""Forms about the plan itself."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from django import forms

from curriculum.catalogue import Question, Skill
from tracker.journal.rules import DAY_FORMATS
from tracker.plans.models import SelfCheckAnswer
from tracker.plans.rules.skills import LEVELS, SkillStanding

A_YEAR = timedelta(days=366)
_DATE = {"invalid": "That is not a date. It should look like 2026-12-21."}


class PauseForm(forms.Form):
    """Time off: the first day without study, and the day on which it goes on, or none yet."""

    first_on = forms.DateField(
        label="First day off",
        input_formats=DAY_FORMATS,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={**_DATE, "required": "Say from which day you are off."},
    )
    until_on = forms.DateField(
        label="Back on",
        input_formats=DAY_FORMATS,
        required=False,
        help_text="Empty while you do not know.",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages=_DATE,
    )

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        self.fields["first_on"].initial = today

    def clean_first_on(self) -> date:
        return self._near(self.cleaned_data["first_on"])

    def clean_until_on(self) -> date | None:
        day = self.cleaned_data["until_on"]
        return self._near(day) if day else None

    def _near(self, day: date) -> date:
        if not self.today - A_YEAR <= day <= self.today + 2 * A_YEAR:
            raise forms.ValidationError("A pause lies between a year ago and two years ahead.")
        return day

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        first_on, until_on = cleaned.get("first_on"), cleaned.get("until_on")
        if first_on and until_on and until_on <= first_on:
            self.add_error("until_on", "The day you are back lies after the first day off.")
        return cleaned


class SelfCheckForm(forms.Form):
    """What a learner knows of a module's recall questions. "I don't know" is an answer like the others."""

    def __init__(
        self, *args: Any, questions: Sequence[Question], known: Mapping[str, str], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.questions = questions
        for question in questions:
            self.fields[question.key] = forms.ChoiceField(
                label=question.prompt,
                choices=SelfCheckAnswer.Knows.choices,
                initial=known.get(question.key),
                widget=forms.RadioSelect,
                error_messages={
                    "required": "Choose one; not knowing is an answer.",
                    "invalid_choice": "That is not one of the three answers.",
                },
            )

    def rows(self) -> list[tuple[Question, forms.BoundField]]:
        """Each question with its field."""
        return [(question, self[question.key]) for question in self.questions]


class SkillsForm(forms.Form):
    """A level for each row of the skills matrix, and what proves it."""

    def __init__(
        self, *args: Any, skills: Sequence[Skill], standings: Sequence[SkillStanding], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.skills, self.standings = skills, standings
        for skill, standing in zip(skills, standings, strict=True):
            self.fields[f"level-{skill.key}"] = forms.TypedChoiceField(
                label=skill.title,
                choices=[(str(level), skill.levels[level]) for level in range(LEVELS)],
                coerce=int,
                initial=str(standing.now.level) if standing.now else None,
                widget=forms.RadioSelect,
                required=False,
                empty_value=None,
                error_messages={"invalid_choice": "Choose one of the five levels."},
            )
            self.fields[f"proof-{skill.key}"] = forms.CharField(
                label="What proves it",
                max_length=300,
                required=False,
                initial=standing.now.proof if standing.now else "",
                error_messages={"max_length": "At most 300 characters."},
            )

    def rows(self) -> list[tuple[Skill, SkillStanding, forms.BoundField, forms.BoundField]]:
        """Each skill with where it stands and its two fields."""
        return [
            (skill, standing, self[f"level-{skill.key}"], self[f"proof-{skill.key}"])
            for skill, standing in zip(self.skills, self.standings, strict=True)
        ]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for skill in self.skills:
            name = f"level-{skill.key}"
            if cleaned.get(f"proof-{skill.key}") and name in cleaned and cleaned[name] is None:
                self.add_error(name, "Choose the level that this proves.")
        return cleaned

    def ratings(self) -> dict[str, tuple[int, str]]:
        """Level and proof of every row that was rated, by skill key."""
        return {
            skill.key: (self.cleaned_data[f"level-{skill.key}"], self.cleaned_data[f"proof-{skill.key}"])
            for skill in self.skills
            if self.cleaned_data[f"level-{skill.key}"] is not None
        }
