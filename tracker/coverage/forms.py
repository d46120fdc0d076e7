"""What is typed and chosen on the maps."""

from typing import Any

from django import forms

from tracker.coverage.rules.layer import MAX_BYTES


class LayerForm(forms.Form):
    """A layer of the ATLAS Navigator, to be read as claims."""

    layer = forms.FileField(
        label="Layer of the ATLAS Navigator (JSON)",
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": ".json,application/json"}),
        error_messages={
            "required": "Choose a file.",
            "missing": "Choose a file.",
            "invalid": "Choose a file.",
        },
    )

    def clean_layer(self) -> Any:
        """Refuses what is too large before any of it is read."""
        file = self.cleaned_data["layer"]
        if file.size > MAX_BYTES:
            raise forms.ValidationError(
                f"The file has {file.size:,} bytes, and a layer has at most {MAX_BYTES:,} (1 MB)."
            )
        return file
