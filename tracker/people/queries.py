"""Who is here, and what programs act for them."""

from datetime import datetime

from allauth.account.models import EmailAddress
from django.db.models import Q, QuerySet

from tracker.people import rules
from tracker.people.models import ApiToken, KeptAnswer, User

ENDED_TOKENS_SHOWN = 20


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


def live_tokens(learner_id: int, now: datetime) -> QuerySet[ApiToken]:
    """A learner's tokens that are good, the newest first."""
    return ApiToken.objects.filter(
        Q(expires_at__isnull=True) | Q(expires_at__gt=now), learner_id=learner_id, revoked_at__isnull=True
    ).order_by("-made_at", "-pk")


def ended_tokens(learner_id: int, now: datetime) -> QuerySet[ApiToken]:
    """A learner's latest tokens that were revoked or ran out, the newest first."""
    ended = ApiToken.objects.filter(
        Q(revoked_at__isnull=False) | Q(expires_at__lte=now), learner_id=learner_id
    ).order_by("-made_at", "-pk")
    return ended[:ENDED_TOKENS_SHOWN]


def token_with(token_hash: str, now: datetime) -> ApiToken | None:
    """The token with this hash and its learner, where it is good and the account is active. One query.

    The hash is looked up in an index: how long that takes tells nothing of the token, of which a guesser
    would have to choose the hash.
    """
    token = ApiToken.objects.select_related("learner").filter(token_hash=token_hash).first()
    if token is None or token.revoked_at is not None or not token.learner.is_active:
        return None
    return token if token.expires_at is None or token.expires_at > now else None


def kept_answer(learner_id: int, key: str) -> KeptAnswer | None:
    """What a program was answered under this key."""
    return KeptAnswer.objects.filter(learner_id=learner_id, key=key).first()
