"""Day, hour and consent of the weekly mail; and the form that its link opens."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django import forms
from django.conf import settings

from tracker.journal import rules as journal_rules
from tracker.journal.actions import Entry
from tracker.library import words
from tracker.reminders import destinations
from tracker.reminders.models import Channel, Recipient, Reminder

# Kept with each consent. A change of meaning is a new wording, which a learner agrees to when they next save.
CONSENT_WORDING = (
    "Mail me once a week where my plan stands and what is next. Every mail has a link that ends this at once."
)
DEFAULT_WEEKDAY = 7
DEFAULT_HOUR = 18


class ReminderForm(forms.Form):
    """When the weekly mail comes, and whether it may. Without consent the day and hour are kept, no more."""

    weekday = forms.TypedChoiceField(
        label="Day",
        coerce=int,
        choices=[(number, words.weekday(number)) for number in range(1, 8)],
        initial=DEFAULT_WEEKDAY,
        error_messages={
            "required": "Choose the day the mail comes.",
            "invalid_choice": "Choose a day from Monday to Sunday.",
        },
    )
    hour = forms.TypedChoiceField(
        label="Hour",
        coerce=int,
        choices=[(hour, f"{hour:02}:00") for hour in range(24)],
        initial=DEFAULT_HOUR,
        error_messages={
            "required": "Choose the hour the mail comes.",
            "invalid_choice": "Choose a full hour from 00:00 to 23:00.",
        },
    )
    rhythm = forms.ChoiceField(
        label="How often",
        required=False,
        choices=Recipient.Rhythm.choices,
        initial=Recipient.Rhythm.WEEKLY,
        error_messages={"invalid_choice": "Choose every week or once a month."},
    )
    consent = forms.BooleanField(label=CONSENT_WORDING, required=False)

    def clean_rhythm(self) -> str:
        return str(self.cleaned_data["rhythm"] or Recipient.Rhythm.WEEKLY)


class ChannelForm(forms.Form):
    """Where the message goes. Address and token are those of ntfy or of a web hook; mail needs neither."""

    kind = forms.ChoiceField(
        label="Where it goes",
        widget=forms.RadioSelect,
        choices=[
            (Channel.Kind.MAIL, "Mail"),
            (Channel.Kind.NTFY, "ntfy, a service for notifications"),
            (Channel.Kind.HOOK, "A web hook, for a program of your own"),
        ],
        initial=Channel.Kind.MAIL,
        error_messages={
            "required": "Choose mail, ntfy or a web hook.",
            "invalid_choice": "Choose mail, ntfy or a web hook.",
        },
    )
    # Its length is `destinations`' to judge, in its own words.
    address = forms.CharField(
        label="Address",
        required=False,
        strip=True,
        help_text="Of ntfy the server and the topic, such as https://ntfy.sh/my-topic. "
        "Of a web hook where it takes the message.",
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "inputmode": "url", "spellcheck": "false", "autocapitalize": "none"}
        ),
    )
    token = forms.CharField(
        label="Access token of ntfy",
        required=False,
        help_text="Where the topic asks for one. It is kept readable, because it has to be sent. "
        "Type it again each time.",
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}
        ),
    )

    def clean_token(self) -> str:
        token: str = self.cleaned_data["token"]
        if refusal := destinations.refuse_token(token):
            raise forms.ValidationError(refusal)
        return token

    def clean(self) -> dict[str, object]:
        cleaned = super().clean() or {}
        kind, address = cleaned.get("kind"), str(cleaned.get("address", ""))
        read = {Channel.Kind.NTFY: destinations.read_topic, Channel.Kind.HOOK: destinations.read_address}
        try:
            if kind in read:
                read[kind](address, settings.HOOK_HOSTS)
        except destinations.Refused as refusal:
            self.add_error("address", str(refusal))
        return cleaned


class CodeForm(forms.Form):
    """The code that a test brought."""

    code = forms.CharField(
        label="Code of the test",
        max_length=40,
        error_messages={"required": "Type the code that the test brought."},
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "spellcheck": "false", "class": "short"}
        ),
    )


class MailLogForm(forms.Form):
    """How long, on which activity of the mail, and when, in words that say no date of the account."""

    length = forms.CharField(
        label="How long",
        max_length=40,
        error_messages={"required": "Say how long you studied, such as 45 or 1:30."},
        widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": "45 or 1:30", "class": "short"}),
    )
    activity = forms.ChoiceField(
        label="On what",
        required=False,
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": "Choose one that the mail names, or something else."},
    )
    day = forms.TypedChoiceField(
        label="When",
        coerce=int,
        choices=[(0, "Today"), (1, "Yesterday"), (2, "The day before")],
        initial=0,
        error_messages={"required": "Choose the day.", "invalid_choice": "Choose one of the three days."},
    )
    # The day and minutes that were said to be right, though the day is long.
    confirmed = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: object, activities: Sequence[tuple[str, str]], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        field = self.fields["activity"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [*activities, ("", "Something else")]
        field.initial = activities[0][0] if activities else ""
        self.question = ""  # what is asked where nothing is wrong; `confirms` is the yes to it

    def clean_length(self) -> int:
        try:
            return journal_rules.read_minutes(self.cleaned_data["length"])
        except ValueError as refusal:
            raise forms.ValidationError(str(refusal)) from refusal

    @property
    def confirms(self) -> str:
        """The yes to what is asked, once the form is valid: another day or length is asked about anew."""
        return f"{self.cleaned_data['day']} {self.cleaned_data['length']}"

    @property
    def is_confirmed(self) -> bool:
        """Whether this very length and day were said to be right, once the form is valid."""
        return bool(self.cleaned_data["confirmed"] == self.confirms)

    def entry_on(self, reminder: Reminder, now: datetime) -> Entry:
        """What was said, once the form is valid, on the calendar of whose mail it is."""
        key: str = self.cleaned_data["activity"]
        today: date = now.astimezone(reminder.learner.zone_info).date()
        return Entry(
            minutes=self.cleaned_data["length"],
            studied_on=today - timedelta(days=self.cleaned_data["day"]),
            module_key=key.partition(".")[0],
            activity_key=key,
        )
