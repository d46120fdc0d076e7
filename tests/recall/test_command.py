"""`manage.py fsrs_parameters`."""

import pytest
from django.core.management import CommandError, call_command
from fsrs.scheduler import DEFAULT_PARAMETERS

from tracker.people.models import User
from tracker.recall.queries import weights_of


def run(capsys: pytest.CaptureFixture[str], *said: object) -> str:
    call_command("fsrs_parameters", *map(str, said))
    return capsys.readouterr().out.strip()


def test_they_are_shown_set_and_cleared(alice: User, bob: User, capsys: pytest.CaptureFixture[str]) -> None:
    own = (*DEFAULT_PARAMETERS[:2], 50.0, *DEFAULT_PARAMETERS[3:])
    assert "library" in run(capsys, alice.email)
    assert run(capsys, alice.email, "--set", *own) == " ".join(map(str, own))
    assert weights_of([alice.pk, bob.pk]) == {alice.pk: own, bob.pk: None}
    assert "library" in run(capsys, alice.email, "--clear")
    assert weights_of([alice.pk]) == {alice.pk: None}


@pytest.mark.parametrize("numbers", [["1", "2"], ["99"] * 21, ["nan"] * 21])
def test_what_the_library_refuses_changes_nothing(alice: User, numbers: list[str]) -> None:
    with pytest.raises(CommandError, match="Nothing was changed"):
        call_command("fsrs_parameters", alice.email, "--set", *numbers)
    assert weights_of([alice.pk]) == {alice.pk: None}


def test_nobody_has_the_address(db: None) -> None:
    with pytest.raises(CommandError, match="No account has the address"):
        call_command("fsrs_parameters", "nobody@example.org")
