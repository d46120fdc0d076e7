"""What is typed of cohorts."""

from django import forms

from tracker.cohorts.models import NAME_LONGEST, NOTE_LONGEST


class NameForm(forms.Form):
    """A name in one line."""

    name = forms.CharField(
        label="Name",
        max_length=NAME_LONGEST,
        widget=forms.TextInput({"autocomplete": "off"}),
        error_messages={"required": "Give it a name."},
    )

    def clean_name(self) -> str:
        """In one line, without what cannot be seen: two names must look like two."""
        typed = " ".join(str(self.cleaned_data["name"]).split())
        name = "".join(sign for sign in typed if sign.isprintable()).strip()
        if not name:
            raise forms.ValidationError(self.fields["name"].error_messages["required"])
        return name


class JoinForm(NameForm):
    """By which name the lead sees the learner."""

    name = forms.CharField(
        label="Your name in this cohort",
        max_length=NAME_LONGEST,
        widget=forms.TextInput({"autocomplete": "name"}),
        error_messages={"required": "Type the name that the lead knows you by."},
    )


class ProposalForm(forms.Form):
    """Why a revision is proposed."""

    revision = forms.IntegerField(min_value=1, max_value=10**6, widget=forms.HiddenInput())
    note = forms.CharField(
        label="Why",
        required=False,
        max_length=NOTE_LONGEST,
        widget=forms.Textarea({"rows": 3}),
    )
