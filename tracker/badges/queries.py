"""Badges, keys and lists as pages take them."""

import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef

from tracker.addresses import url
from tracker.badges import signing
from tracker.badges.models import Badge, SigningKey, StatusPlace
from tracker.badges.rules import (
    BITS_A_LIST,
    StatusEntry,
    badge_id_in,
    claims,
    identity_hash,
    status_list,
)
from tracker.milestones import queries as milestones_queries
from tracker.milestones.queries import Record


@dataclass(frozen=True, slots=True)
class Line:
    """A completed milestone that Cairn has seen evidence for, and its badge where one was issued."""

    record: Record
    badge: Badge | None


def lines_of(learner_id: int) -> list[Line]:
    """The learner's evidenced milestones, the latest first, and those whose badge still stands."""
    badges = {
        row.completion_id: row for row in Badge.objects.filter(learner_id=learner_id, withdrawn_at=None)
    }
    return [
        Line(record, badges.get(record.pk))
        for record in milestones_queries.records(learner_id)
        if record.pk in badges or (record.reopened_at is None and record.snapshot.state == "evidenced")
    ]


def badge(learner_id: int, badge_id: UUID) -> Badge | None:
    """A badge of the learner's that stands; None for anything else."""
    rows = Badge.objects.filter(learner_id=learner_id, pk=badge_id, withdrawn_at=None)
    return rows.select_related("completion").first()


def tokens_of(completion_ids: Collection[int], *, with_files: Collection[int]) -> dict[int, str]:
    """The badges that stand for these completions, by completion. One query.

    with_files: completions of which names and hashes of files may be shown. A badge that names files is left
    out where they may not.
    """
    rows = Badge.objects.filter(completion__in=completion_ids, withdrawn_at=None)
    return {
        completion_id: token
        for completion_id, token, names_files in rows.values_list("completion_id", "jwt", "names_files")
        if completion_id in with_files or not names_files
    }


# --- what is published ------------------------------------------------------------------------------------


def public_keys() -> list[dict[str, Any]]:
    """Every key that signs or has signed, as JWK, the newest first."""
    return [_with_kid(row) for row in SigningKey.objects.order_by("-made_at", "-pk")]


def public_key(kid: str) -> dict[str, Any] | None:
    """One of them."""
    row = signing.key_of(kid)
    return _with_kid(row) if row else None


def _with_kid(row: SigningKey) -> dict[str, Any]:
    return {**row.public, "kid": signing.address_of(row.kid)}


def status_of(place: int) -> StatusEntry:
    """Where the badge with this place is looked up."""
    number, position = divmod(place, BITS_A_LIST)
    return StatusEntry(url("badge-status", number), position)


def signed_status_list(number: int, now: datetime) -> str | None:
    """One of the lists of withdrawn badges, as a signed token; None where there is none yet."""
    first = number * BITS_A_LIST
    given = StatusPlace.objects.filter(pk__gte=first, pk__lt=first + BITS_A_LIST)
    if not given.exists():
        return None
    stands = Badge.objects.filter(place=OuterRef("pk"), withdrawn_at=None)
    withdrawn = given.exclude(Exists(stands)).values_list("pk", flat=True)
    url = status_of(first).list_url
    found = status_list(signing.issuer(), url, (pk - first for pk in withdrawn), now)
    return signing.signed(claims(found, now), now)


# --- checking ---------------------------------------------------------------------------------------------

# What an attempt reads ends at the next tag, so that many beginnings cost no more than their length.
_IN_SVG = re.compile(r"<openbadges:credential\b[^<>]*?\bverify=[\"']([A-Za-z0-9._-]+)[\"']")


@dataclass(frozen=True, slots=True)
class Checked:
    """A badge that this Cairn signed and that is good. `is_theirs`: None where no address was asked about."""

    name: str
    completed_on: date  # in UTC, as the badge has it
    issued_on: date
    criteria: tuple[str, ...]
    is_theirs: bool | None


def checked(text: str, address: str = "") -> Checked:
    """What a badge says: a token, or a picture that holds one. Raises NotOurs with the reason against it.

    address: of who says that it is theirs.
    """
    text = text.strip().strip("\ufeff")
    if text.startswith("<"):
        held = _IN_SVG.search(text)
        if held is None:
            raise signing.NotOurs("This picture holds no badge.")
        text = held[1]
    found = signing.verified(text)
    badge_id = badge_id_in(found.get("jti"))
    if badge_id is None:
        raise signing.NotOurs("This is no badge: it is another paper that this Cairn signed.")
    row = Badge.objects.filter(pk=badge_id).select_related("completion").first()
    if row is None:
        raise signing.NotOurs("It was good once. Its holder has deleted their account here since.")
    if row.withdrawn_at is not None:
        raise signing.NotOurs("It was good once. Its holder has withdrawn it since.")
    [identity] = found["credentialSubject"]["identifier"]
    theirs = identity_hash(address.strip().lower(), identity["salt"]) == identity["identityHash"]
    return Checked(
        found["name"],
        row.completion.completed_at.astimezone(UTC).date(),
        row.issued_at.astimezone(UTC).date(),
        tuple(each["name"] for each in found["evidence"]),
        theirs if address.strip() else None,
    )


def as_json(found: object) -> str:
    """A value as the JSON that is published."""
    return json.dumps(found, ensure_ascii=False, indent=2) + "\n"
