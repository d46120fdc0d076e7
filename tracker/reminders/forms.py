"""Day, hour and consent of the weekly mail."""

from django import forms

from tracker.library import words

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
    consent = forms.BooleanField(label=CONSENT_WORDING, required=False)
