"""Forms about the plan itself."""

from datetime import date, timedelta
from typing import Any

from django import forms

from tracker.journal.rules import DAY_FORMATS

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
