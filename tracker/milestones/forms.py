"""What backs a criterion, and what is said looking back."""

from typing import Any

from django import forms

from tracker.milestones.rules.retrospective import LONGEST, QUESTIONS


class BackingForm(forms.Form):
    """A link or a note, at least one of them."""

    link = forms.URLField(
        label="Link",
        required=False,
        max_length=500,
        assume_scheme="https",
        widget=forms.URLInput(attrs={"placeholder": "https://", "autocomplete": "off"}),
        error_messages={
            "invalid": "That is not a web address. It should look like https://example.org/report."
        },
    )
    note = forms.CharField(
        label="Note",
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="What shows that it is met, and where it is kept. A link, a note, or both.",
    )

    def clean_link(self) -> str:
        link = str(self.cleaned_data["link"])
        if link and not link.startswith(("http://", "https://")):
            raise forms.ValidationError("Only links that begin with https:// or http:// can be kept.")
        return link

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors and not cleaned.get("link") and not cleaned.get("note"):
            self.add_error("note", "A criterion is met by a link or a note, at least one of them.")
        return cleaned


TOO_LONG = f"That is longer than {LONGEST:,} characters, which is the most."


class RetrospectiveForm(forms.Form):
    """The answers to the questions of a completion; any may stay empty."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, question in QUESTIONS:
            self.fields[name] = forms.CharField(
                label=question,
                required=False,
                max_length=LONGEST,
                widget=forms.Textarea(attrs={"rows": 4}),
                error_messages={"max_length": TOO_LONG},
            )


class AdditionForm(forms.Form):
    """What is added to a retrospective later."""

    text = forms.CharField(
        label="Add to it",
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="It gets today's date and stays as it is.",
        error_messages={"max_length": TOO_LONG, "required": "Write what you want to add."},
    )
