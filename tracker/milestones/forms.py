"""What backs a criterion."""

from typing import Any

from django import forms


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
