"""Forms of the pages that show two features or more: the start, and logging study."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from django import forms
from django.forms.utils import flatatt
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from curriculum.catalogue import Activity, Catalogue, Module, catalogue, last_title
from tracker.journal import rules as journal_rules
from tracker.journal.actions import Entry
from tracker.library import words
from tracker.plans.models import DAY_FIELDS, Plan

MONTHS_AHEAD = 24
PRESELECTED_MONTHS = 12
SHORTEST_WEEK = 60
LONGEST_NOTE = 4000
SOMETHING_ELSE = "Something else"


class TrackForm(forms.Form):
    """Step 1: what one wants to become."""

    track = forms.ChoiceField(label="Track", widget=forms.RadioSelect)

    def __init__(self, *args: Any, content: Catalogue, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["track"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(track.key, track.title) for track in content.tracks]
        field.error_messages["required"] = "Choose the track you want to follow."
        field.error_messages["invalid_choice"] = "There is no such track in the curriculum."


class DayHoursField(forms.CharField):
    """Time on one weekday, read as hours: `2`, `1:30`, `1.5`, `45 min`; empty is none."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            required=False,
            max_length=20,
            widget=forms.TextInput(attrs={"autocomplete": "off", "class": "short"}),
            **kwargs,
        )

    def to_python(self, value: Any) -> int:  # type: ignore[override]
        said = str(value or "").strip()
        if said in {"", "0", "-", "–"}:
            return 0
        bare = said.replace(",", ".")
        try:
            # Decimals alone: a raised two is a digit, and no number.
            if bare.replace(".", "", 1).isdecimal():
                hours = float(bare)
                if hours > 24:
                    raise ValueError(f"A day has 24 hours, not {said[:20]}.")
                return round(hours * 60)
            return journal_rules.read_minutes(said)
        except journal_rules.NotALength as refusal:
            # A bare 45 is hours here, so it is no example of minutes.
            raise forms.ValidationError(
                f"“{said[:20]}” is not a length. Write hours, such as 2, 1:30 or 1.5, "
                "or minutes, such as 45 min."
            ) from refusal
        except ValueError as refusal:
            raise forms.ValidationError(str(refusal)) from refusal

    def validate(self, value: Any) -> None:
        """An empty day is a day without study."""

    def run_validators(self, value: Any) -> None:
        """The length was read; there is nothing more to check."""


class WeekForm(forms.Form):
    """Hours for each weekday, and a target or none."""

    monday = DayHoursField(label="Monday", initial="1")
    tuesday = DayHoursField(label="Tuesday", initial="1")
    wednesday = DayHoursField(label="Wednesday", initial="1")
    thursday = DayHoursField(label="Thursday", initial="1")
    friday = DayHoursField(label="Friday", initial="0")
    saturday = DayHoursField(label="Saturday", initial="3")
    sunday = DayHoursField(label="Sunday", initial="0")
    target = forms.ChoiceField(label="Done by", required=False)

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        field = self.fields["target"]
        assert isinstance(field, forms.ChoiceField)
        months = [month_after(today, ahead) for ahead in range(1, MONTHS_AHEAD + 1)]
        field.choices = [("", "No target"), *((f"{m:%Y-%m}", words.month(m)) for m in months)]
        field.initial = f"{month_after(today, PRESELECTED_MONTHS):%Y-%m}"
        field.error_messages["invalid_choice"] = (
            f"A target lies between {words.month(months[0])} and {words.month(months[-1])}, or there is none."
        )

    def day_fields(self) -> list[forms.BoundField]:
        """The seven weekdays, Monday first."""
        return [self[day] for day in DAY_FIELDS]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if all(day in cleaned for day in DAY_FIELDS) and self.week_minutes < SHORTEST_WEEK:
            self.add_error("monday", "A plan needs at least one hour a week.")
        target_on, start_on = self.target_on, self.first_day(cleaned)
        if target_on and start_on and target_on <= start_on:
            self.add_error("target", "The target lies before the first day.")
        return cleaned

    def first_day(self, cleaned: dict[str, Any]) -> date | None:
        """The day the plan starts; None where it was not said."""
        raise NotImplementedError

    @property
    def weekday_minutes(self) -> tuple[int, ...]:
        return tuple(self.cleaned_data[day] for day in DAY_FIELDS)

    @property
    def week_minutes(self) -> int:
        return sum(self.weekday_minutes)

    @property
    def target_on(self) -> date | None:
        """The last day of the target month."""
        chosen = self.cleaned_data.get("target")
        if not chosen:
            return None
        year, month = map(int, chosen.split("-"))
        return month_after(date(year, month, 1), 1) - timedelta(days=1)


class HoursForm(WeekForm):
    """Step 2: hours for each weekday, the start, and a target or none."""

    start_on = forms.DateField(
        label="First day",
        input_formats=journal_rules.DAY_FORMATS,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={
            "required": "Say on which day you start.",
            "invalid": "That is not a date. It should look like 2026-11-23.",
        },
    )

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, today=today, **kwargs)
        self.fields["start_on"].initial = today

    def clean_start_on(self) -> date:
        start_on: date = self.cleaned_data["start_on"]
        if not self.today - timedelta(days=366) <= start_on <= self.today + timedelta(days=366):
            raise forms.ValidationError("The first day lies within a year from today, before or after.")
        return start_on

    def first_day(self, cleaned: dict[str, Any]) -> date | None:
        return cleaned.get("start_on")


class ChangeForm(WeekForm):
    """Another track, other hours or another target for the plan there is."""

    track = forms.ChoiceField(label="Track")

    def __init__(self, *args: Any, plan: Plan, content: Catalogue, today: date, **kwargs: Any) -> None:
        super().__init__(*args, today=today, initial=typed_hours(plan, today), **kwargs)
        self.plan = plan
        field = self.fields["track"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(track.key, track.title) for track in content.tracks]
        field.error_messages["invalid_choice"] = "There is no such track in the curriculum."

    def first_day(self, cleaned: dict[str, Any]) -> date | None:
        return self.plan.start_on

    @property
    def inputs(self) -> dict[str, Any]:
        """What of a plan it changes, once the form is valid. A target that was kept stays to the day."""
        target_on = self.target_on
        kept = self.plan.target_on
        if kept and target_on and (kept.year, kept.month) == (target_on.year, target_on.month):
            target_on = kept
        return {
            "track_key": self.cleaned_data["track"],
            "weekday_minutes": self.weekday_minutes,
            "target_on": target_on,
        }


def typed_hours(plan: Plan, today: date) -> dict[str, str]:
    """Track, hours and target of the plan there is, as the forms write them."""
    typed = {
        day: words.hours(minutes).replace(words.NBSP, " ") if minutes else ""
        for day, minutes in zip(DAY_FIELDS, plan.weekday_minutes, strict=True)
    }
    ahead = plan.target_on is not None and plan.target_on > today
    return {**typed, "track": plan.track_key, "target": f"{plan.target_on:%Y-%m}" if ahead else ""}


def month_after(day: date, months: int) -> date:
    """The first day of the month so many months after that of `day`."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, 1)


class KnownForm(forms.Form):
    """Step 3: modules one knows already."""

    known = forms.MultipleChoiceField(required=False, widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, modules: Collection[Module], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["known"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = [(module.key, module.title) for module in modules]
        field.error_messages["invalid_choice"] = "One of these modules is not in the track you chose."


@dataclass(frozen=True, slots=True)
class Subject:
    """What can be studied: an activity, a module, or something else."""

    module_key: str = ""
    activity_key: str = ""

    @property
    def value(self) -> str:
        """As the form writes it: the activity's key, or the module's."""
        return self.activity_key or self.module_key


def read_subject(value: str, content: Catalogue | None) -> Subject | None:
    """What the form means; None where the curriculum has no such thing."""
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


@lru_cache(maxsize=64)
def subject_options(revision: int, track_key: str) -> SafeString:
    """The options of the log form: modules with their activities. Made once for each revision and track."""
    parts = []
    for module in catalogue(revision).modules_in(track_key):
        parts.append(f'<optgroup label="{escape(module.title)}">')
        parts.append(f'<option value="{escape(module.key)}">The module as a whole</option>')
        parts.extend(
            f'<option value="{escape(activity.key)}">{escape(activity.title)}</option>'
            for activity in module.activities_in(track_key)
        )
        parts.append("</optgroup>")
    return mark_safe("".join(parts))  # noqa: S308 - every part was escaped


class SubjectSelect(forms.Select):
    """The list of activities, whose options are kept as text: a hundred of them cost nothing to show."""

    def __init__(self, content: Catalogue, track_key: str, near: Collection[Activity]) -> None:
        super().__init__()
        self.content, self.track_key, self.near = content, track_key, near

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        chosen = str(value or "")
        first = SafeString("")
        if chosen:
            title = subject_title(chosen, self.content)
            first = format_html('<option value="{}" selected>{}</option>', chosen, title)
        return format_html(
            '<select{}>{}<option value="">{}</option>{}{}</select>',
            flatatt(self.build_attrs(self.attrs, {**(attrs or {}), "name": name})),
            first,
            SOMETHING_ELSE,
            self.near_options(),
            subject_options(self.content.revision, self.track_key),
        )

    def near_options(self) -> SafeString:
        """What is next on the plan, at the top of the list."""
        if not self.near:
            return SafeString("")
        rows = ((activity.key, activity.title) for activity in self.near)
        options = format_html_join("", '<option value="{}">{}</option>', rows)
        return format_html('<optgroup label="Next">{}</optgroup>', options)


CONFIDENCES = [("", "–"), (1, "1 shaky"), (2, "2"), (3, "3 fair"), (4, "4"), (5, "5 sure")]
SELECTED = SafeString(" selected")


class LogForm(forms.Form):
    """One stretch of study: how long, on what; when, how sure and a note where one likes."""

    length = forms.CharField(
        label="How long",
        max_length=40,
        error_messages={"required": "Say how long you studied, such as 45 or 1:30."},
        widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": "45 or 1:30", "class": "short"}),
    )
    subject = forms.CharField(label="On what", required=False, max_length=120)
    studied_on = forms.DateField(
        label="Day",
        input_formats=journal_rules.DAY_FORMATS,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        required=False,
        error_messages={"invalid": "That is not a date. It should look like 2026-11-23."},
    )
    confidence = forms.TypedChoiceField(
        label="Confidence",
        required=False,
        coerce=int,
        empty_value=None,
        choices=CONFIDENCES,
        error_messages={"invalid_choice": "Confidence goes from 1 to 5."},
    )
    note = forms.CharField(label="Note", required=False, widget=forms.Textarea(attrs={"rows": 2}))
    submission = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(
        self,
        *args: Any,
        today: date,
        content: Catalogue | None,
        track_key: str = "",
        near: Collection[Activity] = (),
        kept: Subject | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.today, self.content, self.kept = today, content, kept
        self.fields["studied_on"].initial = today
        self.fields["studied_on"].widget.attrs["max"] = today.isoformat()
        self.fields["submission"].initial = uuid.uuid4
        self.has_subjects = content is not None and bool(track_key)
        if content is not None and track_key:
            self.fields["subject"].widget = SubjectSelect(content, track_key, near)
        else:
            self.fields["subject"].widget = forms.HiddenInput()

    def confidence_options(self) -> SafeString:
        """The options of the confidence, the one that was chosen being selected."""
        chosen = str(self["confidence"].value())
        rows = ((value, SELECTED if str(value) == chosen else "", word) for value, word in CONFIDENCES)
        return format_html_join("", '<option value="{}"{}>{}</option>', rows)

    def clean_length(self) -> int:
        try:
            return journal_rules.read_minutes(self.cleaned_data["length"])
        except ValueError as refusal:
            raise forms.ValidationError(str(refusal)) from refusal

    def clean_subject(self) -> Subject:
        # What a session is on stays good, whatever edition of the curriculum knows it.
        if self.kept is not None and self.cleaned_data["subject"] == self.kept.value:
            return self.kept
        subject = read_subject(self.cleaned_data["subject"], self.content)
        if subject is None:
            raise forms.ValidationError("The curriculum has no such activity. Choose one from the list.")
        return subject

    def clean_note(self) -> str:
        # A browser sends each line end as two characters and counts it as one.
        note = str(self.cleaned_data["note"]).replace("\r\n", "\n")
        if len(note) > LONGEST_NOTE:
            raise forms.ValidationError(
                f"A note has at most {LONGEST_NOTE} characters; this has {len(note)}."
            )
        return note

    def clean_submission(self) -> uuid.UUID | None:
        # Hidden, so that nobody could mend a mistake in it: a number that is none is no number.
        try:
            return uuid.UUID(self.cleaned_data["submission"])
        except ValueError:
            return None

    def clean_studied_on(self) -> date:
        day: date = self.cleaned_data["studied_on"] or self.today
        if refusal := journal_rules.refuse_day(day, self.today):
            raise forms.ValidationError(refusal)
        return day

    @property
    def entry(self) -> Entry:
        """What was said, once the form is valid."""
        said = self.cleaned_data
        return Entry(
            minutes=said["length"],
            studied_on=said["studied_on"],
            module_key=said["subject"].module_key,
            activity_key=said["subject"].activity_key,
            note=said["note"],
            confidence=said["confidence"],
        )
