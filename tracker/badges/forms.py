"""What is asked of who checks a badge."""

from typing import Any

from django import forms

from tracker.badges.rules import LONGEST_TOKEN

LONGEST = 2 * LONGEST_TOKEN


class CheckForm(forms.Form):
    """A badge, pasted or as a file; and whose it is said to be."""

    token = forms.CharField(
        label="The badge, pasted",
        required=False,
        max_length=LONGEST,
        widget=forms.Textarea({"rows": 5, "spellcheck": "false", "autocomplete": "off"}),
    )
    file = forms.FileField(label="or its file", required=False, help_text="What ends in .jwt or .svg.")
    address = forms.CharField(
        label="Whose address, if you want to know whether it is theirs",
        required=False,
        max_length=254,
        widget=forms.EmailInput({"autocomplete": "off"}),
    )

    def clean(self) -> dict[str, Any]:
        """The badge as text, from wherever it came."""
        said: dict[str, Any] = super().clean() or {}
        file, token = said.get("file"), said.get("token", "")
        if file is None and not token:
            if not self.errors:
                self.add_error("token", "Paste the badge, or choose its file.")
            return said
        if file is not None and file.size > LONGEST:
            self.add_error("file", "This is no badge: it is too long.")
        elif file is not None:
            said["token"] = file.read().decode("utf-8", "replace")
        return said
