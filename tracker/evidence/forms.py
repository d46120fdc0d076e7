"""What is handed in: a tool's reports, the files of a lab, and what backs a criterion."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from tracker.evidence.rules.names import NAME_LENGTH

FILES_AT_ONCE = 20
PARAMETER_BYTES = 12_000
_COMMIT = re.compile(r"[0-9a-fA-F]{7,64}")


class Files(forms.ClearableFileInput):
    """A file field that takes several."""

    allow_multiple_selected = True


class FilesField(forms.FileField):
    """One file or several; a list of them."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            widget=Files(attrs={"data-drop": ""}),
            error_messages={
                "required": "Choose a file.",
                "empty": "That file is empty.",
                "missing": "Choose a file.",
            },
            **options,
        )

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile[Any]]:
        files = data if isinstance(data, list | tuple) else [data]
        if len(files) > FILES_AT_ONCE:
            raise forms.ValidationError(f"At most {FILES_AT_ONCE} files at once.")
        clean = super().clean
        return [clean(file, initial) for file in files or [None]]


class ReportForm(forms.Form):
    """Reports of tools. What Counterfit does not write down, the learner says."""

    submission = forms.UUIDField(widget=forms.HiddenInput)
    reports = FilesField(label="Report, or several")
    keeps_file = forms.BooleanField(
        label="Keep the file itself, with its prompts and outputs",
        required=False,
        help_text="Otherwise it is thrown away once it was read, and only what is listed below is kept.",
    )
    attack = forms.CharField(label="Attack", required=False, max_length=NAME_LENGTH)
    told_target = forms.CharField(label="Target", required=False, max_length=NAME_LENGTH)
    parameters = forms.FileField(label="params.json", required=False)

    def clean_parameters(self) -> str:
        file = self.cleaned_data["parameters"]
        if not file:
            return ""
        if file.size > PARAMETER_BYTES:
            raise forms.ValidationError("That file is too large for Counterfit's params.json.")
        return str(file.read().decode("utf-8", "replace")).replace("\0", "")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        told = [name for name in ("attack", "told_target", "parameters") if cleaned.get(name)]
        if told and len(cleaned.get("reports", [])) > 1:
            self.add_error("reports", "Attack and target are of one run: hand in that report by itself.")
        return cleaned


class LabForm(forms.Form):
    """The files of a lab."""

    submission = forms.UUIDField(widget=forms.HiddenInput)
    handed_in = FilesField(label="Files")


class StatementForm(forms.Form):
    """What a learner says of a rule."""

    sentence = forms.CharField(max_length=400, widget=forms.HiddenInput)
    note = forms.CharField(
        label="Why",
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class ArtefactForm(forms.Form):
    """A file, a link or a commit that backs a criterion."""

    title = forms.CharField(label="Title", required=False, max_length=NAME_LENGTH)
    file = forms.FileField(
        label="File",
        required=False,
        error_messages={"empty": "That file is empty."},
    )
    url = forms.URLField(
        label="Link",
        required=False,
        max_length=500,
        assume_scheme="https",
        error_messages={
            "invalid": "That is not a web address. It should look like https://example.org/report."
        },
    )
    commit = forms.CharField(label="Commit", required=False, max_length=64, help_text="Its SHA.")

    def clean_url(self) -> str:
        url = str(self.cleaned_data["url"])
        if url and not url.startswith(("http://", "https://")):
            raise forms.ValidationError("Only links that begin with https:// or http:// can be kept.")
        return url

    def clean_commit(self) -> str:
        commit = str(self.cleaned_data["commit"]).strip().lower()
        if commit and not _COMMIT.fullmatch(commit):
            raise forms.ValidationError("A commit is named by 7 to 64 hexadecimal digits.")
        return commit

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.errors:
            return cleaned
        if not any(cleaned.get(name) for name in ("file", "url", "commit")):
            self.add_error("file", "Add a file, a link, or a commit.")
        elif cleaned.get("file") and (cleaned.get("url") or cleaned.get("commit")):
            self.add_error("file", "A file by itself, or a link and a commit: one thing at a time.")
        return cleaned
