"""Who is here."""

from allauth.account.models import EmailAddress

from tracker.people import rules
from tracker.people.models import User


def anyone_here() -> bool:
    """Whether the instance has an account."""
    return User.objects.exists()


def address_is_taken(address: str) -> bool:
    """Whether an account has this address (as `rules.plain_address` gives it), confirmed or not."""
    return User.objects.filter(email=address).exists()


def account_with(typed: str) -> User | None:
    """The account of an address, however that is written; None where there is none."""
    try:
        return User.objects.filter(email=rules.plain_address(typed)).first()
    except ValueError:
        return None


def address_is_confirmed(learner: User) -> bool:
    """Whether the address that mail goes to was confirmed by its owner."""
    found = EmailAddress.objects.filter(user=learner, email__iexact=learner.email, verified=True)
    return bool(found.exists())


def any_staff() -> bool:
    """Whether somebody runs the instance."""
    return User.objects.filter(is_staff=True).exists()
