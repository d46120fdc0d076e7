"""What changes a person's account beyond what django-allauth does."""

import hashlib
import secrets
from collections.abc import Collection
from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.db import transaction

from tracker.operations import mailfiles
from tracker.people import queries
from tracker.people.models import ApiToken, KeptAnswer, SetUpAddress, User
from tracker.people.rules import MOST_TOKENS, TOKEN_PREFIX

DAYS_TO_UNDO_DELETION = 7
DAYS_ANSWERS_ARE_KEPT = 30
USE_IS_WRITTEN_EVERY = timedelta(minutes=1)


def token_hash(token: str) -> str:
    """What is kept of a random token: its SHA-256, as hex. The token has 256 bits, so no salt is needed."""
    return hashlib.sha256(token.encode()).hexdigest()


@transaction.atomic
def make_set_up_address(now: datetime) -> str | None:
    """A new one-time token for the first account, or None where somebody is here already.

    The token of an earlier start is void from now on.
    """
    if User.objects.exists():
        return None
    token = secrets.token_urlsafe(32)
    SetUpAddress.objects.update_or_create(id=1, defaults={"token_hash": token_hash(token), "made_at": now})
    return token


@transaction.atomic
def make_first_account(*, token: str, email: str, password: str, zone: str) -> User | None:
    """The first learner: staff, address verified. None where the token is not, or no longer, good.

    The token's row is locked and goes with its use, so two people opening the address at once make one
    account.
    """
    used, _ = SetUpAddress.objects.filter(token_hash=token_hash(token)).delete()
    if not used or User.objects.exists():
        return None
    user = User.objects.create_user(email, password, zone=zone, is_staff=True)
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    return user


@transaction.atomic
def set_zone(learner: User, zone: str) -> None:
    """The learner's days, weeks and reminder hour follow `zone` from now on."""
    learner.zone = zone
    learner.save(update_fields=["zone"])


@transaction.atomic
def ask_for_deletion(learner: User, now: datetime) -> None:
    """Marks the account for deletion in seven days; asking again does not put it off."""
    if learner.deletion_due_at is None:
        learner.deletion_due_at = now + timedelta(days=DAYS_TO_UNDO_DELETION)
        learner.save(update_fields=["deletion_due_at"])


@transaction.atomic
def keep_account(learner: User) -> None:
    """Takes back the wish to delete."""
    User.objects.filter(pk=learner.pk).update(deletion_due_at=None)
    learner.deletion_due_at = None


def delete_due(now: datetime) -> int:
    """Deletes the accounts whose seven days are over, with everything that is theirs. Returns how many.

    Each account is one transaction. Its sessions and its mail files go after it; where that is cut short,
    sessions open nothing any more, and files are left for nobody to read but staff.
    """
    gone: dict[str, str] = {}
    for pk in User.objects.filter(deletion_due_at__lte=now).values_list("pk", flat=True):
        with transaction.atomic():
            # Read again under the lock: it may have been kept in this moment.
            learner = User.objects.select_for_update().filter(pk=pk, deletion_due_at__lte=now).first()
            if learner is not None:
                gone[str(pk)] = learner.email
                learner.delete()
    if gone:
        _end_sessions(gone.keys())
    for address in gone.values():
        mailfiles.forget(address)
    return len(gone)


def _end_sessions(learner_ids: Collection[str]) -> None:
    """Removes the sessions of these people; a session names its person only inside."""
    ended = [
        session.pk
        for session in Session.objects.iterator()
        if session.get_decoded().get(SESSION_KEY) in learner_ids
    ]
    for start in range(0, len(ended), 500):
        Session.objects.filter(pk__in=ended[start : start + 500]).delete()


def lock_learner(learner: User) -> None:
    """For the rest of the transaction nobody else does for this learner what takes this lock."""
    User.objects.select_for_update().only("pk").get(pk=learner.pk)


class TooManyTokens(ValueError):
    """The learner has as many live tokens as one may have; the message is the sentence for them."""


@transaction.atomic
def make_token(
    learner: User, *, name: str, scope: str, expires_at: datetime | None, now: datetime
) -> tuple[ApiToken, str]:
    """A new token for a program, and the row that keeps its hash. The token itself is kept nowhere.

    Raises `TooManyTokens`.
    """
    lock_learner(learner)  # two made at the same moment count one another
    if queries.live_tokens(learner.pk, now).count() >= MOST_TOKENS:
        raise TooManyTokens(f"You have {MOST_TOKENS} tokens. Revoke one that you no longer need.")
    token = TOKEN_PREFIX + secrets.token_urlsafe(32)
    row = ApiToken.objects.create(
        learner=learner,
        name=name,
        scope=scope,
        token_hash=token_hash(token),
        hint=token[-4:],
        made_at=now,
        expires_at=expires_at,
    )
    return row, token


@transaction.atomic
def revoke_token(learner: User, token_id: int, *, now: datetime) -> ApiToken | None:
    """The token does nothing from now on. None where the learner has no such token."""
    token = ApiToken.objects.select_for_update().filter(learner=learner, pk=token_id).first()
    if token is not None and token.revoked_at is None:
        token.revoked_at = now
        token.save(update_fields=["revoked_at"])
    return token


def revoke_all_tokens(now: datetime) -> None:
    """Everybody's tokens do nothing from now on."""
    ApiToken.objects.filter(revoked_at__isnull=True).update(revoked_at=now)


def note_use(token: ApiToken, *, now: datetime) -> None:
    """Keeps when a token was last used, to the minute: most requests write nothing."""
    last = token.last_used_at
    if last is None or now - last >= USE_IS_WRITTEN_EVERY:
        # The same condition in the database, so that of many requests at once one writes.
        used = ApiToken.objects.filter(pk=token.pk, last_used_at=last)
        used.update(last_used_at=now)
        token.last_used_at = now


def keep_answer(learner: User, key: str, request_hash: str, status: int, body: str, *, now: datetime) -> None:
    """Keeps what a request under this key was answered. To be called in the transaction of what it did."""
    KeptAnswer.objects.create(
        learner=learner, key=key, request_hash=request_hash, status=status, body=body, made_at=now
    )


def forget_old_answers(now: datetime) -> int:
    """Removes the answers whose thirty days are over. Returns how many."""
    return KeptAnswer.objects.filter(made_at__lte=now - timedelta(days=DAYS_ANSWERS_ARE_KEPT)).delete()[0]


@transaction.atomic
def set_active(person: User, *, active: bool) -> None:
    """Staff lock an account out, or let it in again. A locked account keeps its data and gets no mail."""
    person.is_active = active
    person.save(update_fields=["is_active"])


@transaction.atomic
def set_staff(person: User, *, staff: bool) -> None:
    """Makes somebody a member of staff, or no longer."""
    person.is_staff = staff
    person.save(update_fields=["is_staff"])
