"""Day, hour and consent as they are typed."""

import pytest

from tracker.reminders.forms import ReminderForm


@pytest.mark.parametrize("consent", [True, False])
def test_a_choice(consent: bool) -> None:
    data = {"weekday": "7", "hour": "18"} | ({"consent": "on"} if consent else {})
    form = ReminderForm(data)
    assert form.is_valid()
    assert form.cleaned_data == {"weekday": 7, "hour": 18, "rhythm": "weekly", "consent": consent}


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("weekday", "", "Choose the day the mail comes."),
        ("weekday", "8", "Choose a day from Monday to Sunday."),
        ("weekday", "Sunday", "Choose a day from Monday to Sunday."),
        ("hour", "24", "Choose a full hour from 00:00 to 23:00."),
        ("hour", "-1", "Choose a full hour from 00:00 to 23:00."),
        ("hour", "9:30", "Choose a full hour from 00:00 to 23:00."),
    ],
)
def test_what_is_no_choice_is_refused_beside_its_field(field: str, value: str, said: str) -> None:
    form = ReminderForm({"weekday": "7", "hour": "18", field: value})
    assert form.errors == {field: [said]}
    assert form[field].value() == value
