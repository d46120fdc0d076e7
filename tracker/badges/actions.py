"""Issuing badges, and withdrawing them."""

import secrets
from datetime import datetime
from uuid import UUID, uuid4

from django.db import transaction

from tracker.addresses import url
from tracker.badges import queries, rules, signing
from tracker.badges.models import Badge, SigningKey, StatusPlace
from tracker.milestones import queries as milestones_queries
from tracker.milestones.queries import Record
from tracker.people.actions import lock_learner
from tracker.people.models import User
from tracker.people.queries import address_is_confirmed

SKIPPED_PLACES = 1000


class Refused(ValueError):
    """No badge is issued. The message says why, to the learner."""


@transaction.atomic
def issue(learner: User, completion_id: int, *, names_files: bool, now: datetime) -> Badge | None:
    """Signs a badge for a milestone of which Cairn has seen all criteria. A second time it is the same one.

    None where the completion is not the learner's. Raises Refused.
    """
    lock_learner(learner)
    record = next((row for row in milestones_queries.records(learner.pk) if row.pk == completion_id), None)
    if record is None:
        return None
    standing = Badge.objects.filter(completion=record.pk, withdrawn_at=None).first()
    if standing is not None:
        return standing
    if record.reopened_at is not None:
        raise Refused("This milestone was opened again: complete it, then its new record can have a badge.")
    if record.snapshot.state != "evidenced":
        raise Refused("A badge is signed for what Cairn has seen: at least one criterion is only claimed.")
    if not address_is_confirmed(learner):
        raise Refused("A badge is bound to your address: confirm it first, in the settings.")
    badge_id, place = uuid4(), StatusPlace.objects.create(given_at=now)
    token = _signed(learner, record, badge_id, place, names_files=names_files, now=now)
    if len(token) > rules.LONGEST_TOKEN:
        raise Refused("So many files are behind it that the badge is too long. Leave their names out.")
    return Badge.objects.create(
        id=badge_id,
        learner=learner,
        completion_id=record.pk,
        place=place,
        jwt=token,
        names_files=names_files,
        issued_at=now,
    )


def _signed(
    learner: User, record: Record, badge_id: UUID, place: StatusPlace, *, names_files: bool, now: datetime
) -> str:
    salt = secrets.token_urlsafe(16)
    found = rules.credential(
        record.snapshot,
        badge_id=badge_id,
        issuer=signing.issuer(),
        holder=rules.Holder(rules.identity_hash(learner.email.lower(), salt), salt),
        achievement_url=url("curriculum-module", record.module_key),
        completed_at=record.completed_at,
        issued_at=now,
        status=queries.status_of(place.pk),
        names_files=names_files,
    )
    return signing.signed(rules.claims(found, record.completed_at), now)


@transaction.atomic
def withdraw(learner: User, badge_id: UUID, now: datetime) -> bool:
    """From now on every check says that it is not good any more; whether it was the learner's and good."""
    rows = Badge.objects.filter(pk=badge_id, learner=learner, withdrawn_at=None)
    return rows.update(withdrawn_at=now) == 1


@transaction.atomic
def skip_places(now: datetime) -> None:
    """Gives places away to no badge, so that they count as withdrawn.

    For a database that was brought back: badges signed after the backup are lost, and no later one may have
    their place. Where none was ever signed there is none to leave out.
    """
    if not SigningKey.objects.exists():
        return
    StatusPlace.objects.bulk_create(StatusPlace(given_at=now) for _ in range(SKIPPED_PLACES))
