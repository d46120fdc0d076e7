"""Forms of the pages that show two features or more: the start, logging study, importing it."""

import re
import uuid
from collections.abc import Collection, Mapping
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from django import forms
from django.forms.utils import flatatt
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from curriculum.catalogue import Activity, Catalogue, Module, catalogue
from tracker.journal import rules as journal_rules
from tracker.journal.actions import Entry
from tracker.journal.rules import tables
from tracker.journal.rules.importing import OpenSubject
from tracker.journal.rules.quick_log import LONGEST_LINE, Reading, read_quick_log
from tracker.library import words
from tracker.plans.models import DAY_FIELDS, Plan
from tracker.plans.subjects import SOMETHING_ELSE, Subject, log_candidates, read_subject, subject_title

# No time on a weekday, however it is written: `0:00`, `0 h`, `0 min`, `0,0`.
NO_TIME = re.compile(r"0+([.,:]0+)?\s*(h|hrs?|hours?|m|min|mins|minutes?)?")
MONTHS_AHEAD = 24
PRESELECTED_MONTHS = 12
SHORTEST_WEEK = 60
LONGEST_NOTE = 4000


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
        if said in {"", "0", "-", "–"} or NO_TIME.fullmatch(said.lower()):
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
        self.targets = [("", "No target"), *((f"{m:%Y-%m}", words.month(m)) for m in months)]
        field.choices = self.targets
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
        self._offer_the_target_there_is(today)
        field = self.fields["track"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(track.key, track.title) for track in content.tracks]
        field.error_messages["invalid_choice"] = "There is no such track in the curriculum."

    def _offer_the_target_there_is(self, today: date) -> None:
        """A target of this month, or of years ahead, is kept by who changes something else."""
        kept, field = self.plan.target_on, self.fields["target"]
        assert isinstance(field, forms.ChoiceField)
        if kept is None or kept <= today:
            return
        if f"{kept:%Y-%m}" not in dict(self.targets):
            field.choices = [*self.targets, (f"{kept:%Y-%m}", words.month(kept))]

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

    def __init__(
        self, content: Catalogue, track_key: str, near: Collection[Activity], heading: str = "Next"
    ) -> None:
        super().__init__()
        self.content, self.track_key, self.near, self.heading = content, track_key, near, heading

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
        """What is next on the plan, or what a line may mean, at the top of the list."""
        if not self.near:
            return SafeString("")
        rows = ((activity.key, activity.title) for activity in self.near)
        options = format_html_join("", '<option value="{}">{}</option>', rows)
        return format_html('<optgroup label="{}">{}</optgroup>', self.heading, options)


CONFIDENCES = [("", "–"), (1, "1 shaky"), (2, "2"), (3, "3 fair"), (4, "4"), (5, "5 sure")]
SELECTED = SafeString(" selected")


@lru_cache(maxsize=8)
def confidence_options(chosen: str) -> SafeString:
    """The options of the confidence. Made once for each choice: most pages show the one of no choice."""
    rows = ((value, SELECTED if str(value) == chosen else "", word) for value, word in CONFIDENCES)
    return format_html_join("", '<option value="{}"{}>{}</option>', rows)


# Where the mistakes of a line are shown.
LINE_FIELDS = {"line": "length", "minutes": "length", "note": "length"}


class Unseen(forms.CharField):
    """What a page sends with a form by itself. Nobody could mend a mistake in it: what is none is nothing."""

    def __init__(self) -> None:
        super().__init__(required=False, widget=forms.HiddenInput)

    def clean(self, value: Any) -> str:
        try:
            return str(super().clean(value))
        except forms.ValidationError:
            return ""


class LogForm(forms.Form):
    """One stretch of study: how long, on what; when, how sure and a note where one likes.

    The first field takes a length or a whole line, `1:30 yesterday garak probes, confidence 3`. What the line
    says and what the other fields say go together; what they say differently is asked.
    """

    length = forms.CharField(
        label="How long",
        max_length=LONGEST_LINE,
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
    submission = Unseen()
    # Set where the day was asked: the day that is sent is the answer then, today as well.
    day_asked = Unseen()
    # The day and minutes that the learner has said are right, though the day is long.
    confirmed = Unseen()

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
        self.track_key, self.near = track_key, near
        self.reading: Reading | None = None  # of a line; None where a length alone was typed
        self.question = ""  # what is asked of an entry that has no mistake; `confirms` is the yes to it
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
        return confidence_options(str(self["confidence"].value()))

    @property
    def asks_day(self) -> bool:
        """Whether the line leaves the day open, which its field then answers."""
        return self.reading is not None and any(ask.field == "studied_on" for ask in self.reading.asks)

    @property
    def day(self) -> str:
        """The day as its field shows it: what was typed, else the day that was given, else today.

        None where the day is asked: today, which stands there unasked, is no answer.
        """
        if self.is_bound and self.asks_day and not self._says_day:
            return ""
        if self.is_bound:
            return str(self["studied_on"].value() or "")
        on: date = self.initial.get("studied_on") or self.today
        return on.isoformat()

    def clean_length(self) -> int:
        said = self.cleaned_data["length"]
        try:
            return journal_rules.read_minutes(said)
        except journal_rules.NotALength as refusal:
            # A correction takes a length alone: what it is on stands in its own field.
            if self.kept is not None:
                raise forms.ValidationError(str(refusal)) from refusal
        except ValueError as refusal:
            raise forms.ValidationError(str(refusal)) from refusal
        candidates = log_candidates(self.content, self.track_key, [row.key for row in self.near])
        self.reading = read_quick_log(said, candidates, self.today)
        return self.reading.minutes or 0

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.reading is not None:
            self._ask(self.reading)
            self._take_in(self.reading)
        return cleaned

    @property
    def _says_day(self) -> bool:
        """Whether the day that was sent is an answer, and not the one that stands there unasked."""
        on, typed = self.cleaned_data.get("studied_on"), self["studied_on"].data
        asked = bool(self.cleaned_data.get("day_asked"))
        return bool(typed) and on is not None and (asked or on != self.today)

    def _ask(self, reading: Reading) -> None:
        """The questions that the line leaves open, but those that another field has answered."""
        said = self.cleaned_data
        answered = {
            "subject": bool(said.get("subject") and said["subject"].value),
            "confidence": said.get("confidence") is not None,
            "studied_on": self._says_day,
        }
        for ask in reading.asks:
            if not answered.get(ask.field):
                self.add_error(LINE_FIELDS.get(ask.field, ask.field), ask.sentence)
        if not answered["subject"] and self.content is not None and reading.choices:
            self.fields["subject"].widget = SubjectSelect(
                self.content,
                self.track_key,
                [row for key in reading.choices if (row := self.content.find_activity(key))],
                "Which do you mean?",
            )

    def _take_in(self, reading: Reading) -> None:
        """What the line says, where no other field says something else."""
        said = self.cleaned_data
        if reading.subject and "subject" in said:
            subject = read_subject(reading.subject, self.content) or Subject()
            if said["subject"].value not in {"", subject.value, subject.module_key}:
                self.add_error("subject", "The line names another subject. Change one of the two.")
            else:
                said["subject"] = subject
        if any(part.kind == "studied_on" for part in reading.parts) and "studied_on" in said:
            if said["studied_on"] not in {self.today, reading.studied_on}:
                self.add_error("studied_on", "The line names another day. Change one of the two.")
            else:
                said["studied_on"] = reading.studied_on
        if reading.confidence is not None and "confidence" in said:
            if said["confidence"] not in {None, reading.confidence}:
                self.add_error("confidence", "The line says another confidence. Change one of the two.")
            else:
                said["confidence"] = reading.confidence
        if reading.note and "note" in said:
            said["note"] = "\n\n".join(text for text in (reading.note, said["note"]) if text)

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
        try:
            return uuid.UUID(self.cleaned_data["submission"])
        except ValueError:
            return None

    def clean_studied_on(self) -> date:
        day: date = self.cleaned_data["studied_on"] or self.today
        # The day that a session has is good, even ahead of somebody who has travelled west since.
        if day == self.initial.get("studied_on"):
            return day
        if refusal := journal_rules.refuse_day(day, self.today):
            raise forms.ValidationError(refusal)
        return day

    @property
    def confirms(self) -> str:
        """The yes to what is asked of this entry: another day or length is asked about anew."""
        return f"{self.entry.studied_on} {self.entry.minutes}"

    @property
    def is_confirmed(self) -> bool:
        """Whether the learner has said of this very entry that it is right, once the form is valid."""
        return bool(self.cleaned_data["confirmed"] == self.confirms)

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


# At most four bytes a character, this is less than a form takes that is no file.
LONGEST_PASTED = 60_000
MOST_PEOPLE = 200
MOST_SUBJECTS = 50


class ImportForm(forms.Form):
    """A file to import, or its text."""

    file = forms.FileField(
        label="File",
        required=False,
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,.json,text/csv,application/json"}),
    )
    pasted = forms.CharField(
        label="Or its text",
        required=False,
        strip=False,
        max_length=LONGEST_PASTED,
        widget=forms.Textarea(attrs={"rows": 5, "spellcheck": "false", "class": "mono"}),
        error_messages={"max_length": "That is too long to be pasted. Save it as a file and choose that."},
    )

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if "file" not in said or "pasted" not in said:
            return said
        has_text = bool(said["pasted"].strip())
        if said["file"] is None and not has_text:
            self.add_error("file", "Choose a file, or paste its text.")
        elif said["file"] is not None and has_text:
            self.add_error("pasted", "Choose a file or paste its text, not both.")
        elif said["file"] is not None and said["file"].size > tables.MAX_BYTES:
            self.add_error(
                "file",
                f"The file has {said['file'].size:,} bytes, and at most {tables.MAX_BYTES:,} (5 MB) are read "
                "at once. Export a shorter time, or split the file.",
            )
        return said

    @property
    def name(self) -> str:
        """What the file is called."""
        file = self.cleaned_data["file"]
        return str(file.name)[:120] if file else "Pasted text"

    def read(self) -> bytes:
        """What is in it, once the form is valid."""
        file = self.cleaned_data["file"]
        content: bytes = file.read() if file else self.cleaned_data["pasted"].encode()
        return content


class DayOrderForm(forms.Form):
    """How 03/04/2026 is meant."""

    day_first = forms.TypedChoiceField(
        label="Which comes first?",
        choices=[("1", "The day: 23/11/2026"), ("0", "The month: 11/23/2026")],
        coerce=lambda said: said == "1",
        widget=forms.RadioSelect,
        error_messages={"required": "Say which comes first."},
    )


class PersonForm(forms.Form):
    """Whose time of a report is meant."""

    person = forms.ChoiceField(label="Which of them is you?")

    def __init__(self, *args: Any, people: Collection[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["person"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(name, name) for name in list(people)[:MOST_PEOPLE]]
        field.error_messages["invalid_choice"] = "The report has no entries of theirs."


class SubjectsForm(forms.Form):
    """What the words of a file mean: for each an activity, a module, or something else.

    Thousands of fields help nobody: those past the first fifty, the most time first, stay something else.
    """

    def __init__(
        self,
        *args: Any,
        subjects: Collection[OpenSubject],
        content: Catalogue,
        track_key: str,
        chosen: Mapping[str, str],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.content = content
        self.subjects = list(subjects)[:MOST_SUBJECTS]
        self.left_out = list(subjects)[MOST_SUBJECTS:]
        for place, subject in enumerate(self.subjects):
            self.fields[f"subject-{place}"] = forms.CharField(
                label=subject.text,
                required=False,
                max_length=120,
                initial=chosen.get(subject.folded, ""),
                help_text=f"{words.count(subject.sessions, 'session')}, {words.hours(subject.minutes)}",
                widget=SubjectSelect(content, track_key, ()),
            )

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        for name, value in list(said.items()):
            if read_subject(value, self.content) is None:
                self.add_error(name, "The curriculum has no such activity. Choose one from the list.")
        return said

    @property
    def chosen(self) -> dict[str, str]:
        """By folded subject the key of what it is on, once the form is valid; "" for something else."""
        return {
            subject.folded: self.cleaned_data[f"subject-{place}"]
            for place, subject in enumerate(self.subjects)
        }
