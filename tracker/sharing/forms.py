"""Links as they are made and changed; comments and confirmations as they are written."""

from datetime import datetime, timedelta
from typing import Any

from django import forms

from tracker.people.rules import NO_ADDRESS
from tracker.sharing.actions import Shown
from tracker.sharing.queries import Choice
from tracker.sharing.rules import COMMENT_LONGEST, INTRO_LONGEST, NAME_LONGEST

LENGTHS = [("30", "30 days"), ("90", "90 days"), ("365", "a year"), ("0", "ever, until you revoke it")]
NO_LENGTH = "Choose one of the lengths in the list."


class Prose(forms.CharField):
    """Text of several lines. A line's end counts as one character, as it does in the browser."""

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value)).replace("\r\n", "\n").replace("\r", "\n")


def _too_long(most: int) -> str:
    return f"That is longer than {most:,} characters, which is the most."


class LengthField(forms.TypedChoiceField):
    """For how many days a link is good; 0 for ever."""

    def __init__(self, initial: str = "90", **kwargs: Any) -> None:
        super().__init__(
            label="Good for",
            initial=initial,
            coerce=int,
            choices=LENGTHS,
            error_messages={"required": NO_LENGTH, "invalid_choice": NO_LENGTH},
            **kwargs,
        )


def _expires_at(days: int, now: datetime) -> datetime | None:
    return now + timedelta(days=days) if days else None


class PortfolioWords(forms.Form):
    """A portfolio's own words."""

    title = forms.CharField(
        label="Title",
        max_length=NAME_LONGEST,
        help_text="What stands at the top of the page, such as your name.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Give it a title.", "max_length": _too_long(NAME_LONGEST)},
    )
    intro = Prose(
        label="Introduction",
        required=False,
        max_length=INTRO_LONGEST,
        help_text="A few sentences, in Markdown.",
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={"max_length": _too_long(INTRO_LONGEST)},
    )

    def clean_title(self) -> str:
        return " ".join(str(self.cleaned_data["title"]).split())


class PortfolioForm(PortfolioWords):
    """A new portfolio: its words, and how long its link is good."""

    days = LengthField()

    def expires_at(self, now: datetime) -> datetime | None:
        """The moment from which it is no longer good; None for never. For a valid form."""
        return _expires_at(self.cleaned_data["days"], now)


KEEP = "keep"


class ChangePortfolioForm(PortfolioWords):
    """The same of a portfolio that is there: its end can be kept."""

    days = forms.ChoiceField(
        label="Good for",
        initial=KEEP,
        choices=[
            (KEEP, "as long as it is now"),
            *((days, f"{words}, from now") for days, words in LENGTHS[:-1]),
            LENGTHS[-1],
        ],
        error_messages={"required": NO_LENGTH, "invalid_choice": NO_LENGTH},
    )

    def new_end(self, before: datetime | None, now: datetime) -> datetime | None:
        """The moment from which it is no longer good, where it was `before`. For a valid form."""
        said = str(self.cleaned_data["days"])
        return before if said == KEEP else _expires_at(int(said), now)


class MentorForm(forms.Form):
    """A link for a mentor: whose it is, and what it lets them see."""

    name = forms.CharField(
        label="The mentor's name",
        max_length=NAME_LONGEST,
        help_text="It stands beside their comments and confirmations.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={
            "required": "Give a name, so that you know later whose link it is.",
            "max_length": _too_long(NAME_LONGEST),
        },
    )
    shows_evidence = forms.BooleanField(required=False)
    shows_details = forms.BooleanField(required=False)
    may_download = forms.BooleanField(required=False)
    days = LengthField()

    def clean_name(self) -> str:
        return " ".join(str(self.cleaned_data["name"]).split())

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("may_download") and not cleaned.get("shows_evidence"):
            self.add_error(
                None, "Files can be downloaded only where the evidence is shown: tick both, or none."
            )
        return cleaned

    def expires_at(self, now: datetime) -> datetime | None:
        """The moment from which it is no longer good; None for never. For a valid form."""
        return _expires_at(self.cleaned_data["days"], now)


class CommentForm(forms.Form):
    """A comment on a milestone."""

    text = Prose(
        label="Comment",
        max_length=COMMENT_LONGEST,
        help_text="In Markdown, 2,000 characters at most.",
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": "Write a comment first.", "max_length": _too_long(COMMENT_LONGEST)},
    )


class ConfirmForm(forms.Form):
    """A mentor's word that a milestone holds."""

    note = Prose(
        label="Note",
        required=False,
        max_length=COMMENT_LONGEST,
        help_text="What you looked at. The learner sees it.",
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"max_length": _too_long(COMMENT_LONGEST)},
    )


class CopiesForm(forms.Form):
    """Where a mentor wants copies of the weekly mail."""

    address = forms.EmailField(
        label="Your e-mail",
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        error_messages={"required": "Give an address.", "invalid": NO_ADDRESS},
    )


VISIBILITIES = (("private", "Private"), ("link", "By link"), ("public", "In every portfolio"))


def chosen_in(said: Any, choices: list[Choice]) -> dict[int, Shown]:
    """What a form says of the learner's completed milestones. What it does not rightly name stays."""
    known = {value for value, _ in VISIBILITIES}
    found = {}
    for choice in choices:
        pk = choice.record.pk
        visibility = said.get(f"visibility-{pk}", "")
        if visibility in known:
            found[pk] = Shown(visibility, bool(said.get(f"evidence-{pk}")), bool(said.get(f"details-{pk}")))
    return found
