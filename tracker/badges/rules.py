"""Open Badges 3.0 credentials and the list of those that were withdrawn, as values. Pure.

Sources: 1EdTech, Open Badges Specification 3.0 (credential, and its form as a JSON Web Token in section 8.2);
W3C, Verifiable Credentials Data Model 2.0; W3C, Bitstring Status List 1.0.
"""

import gzip
import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from tracker.milestones.rules.snapshot import CriterionRecord, KeptFile, Snapshot

CREDENTIALS = "https://www.w3.org/ns/credentials/v2"
CONTEXTS = (CREDENTIALS, "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json")
# The least that a list may have, so that a look at it says little about whose bit is looked for.
BITS_A_LIST = 131_072
LONGEST_TOKEN = 65_536


@dataclass(frozen=True, slots=True)
class Issuer:
    """Who signs: this Cairn. `id` is the address of its profile."""

    id: str
    name: str
    url: str

    def as_profile(self) -> dict[str, Any]:
        """The profile as a credential names it."""
        return {"id": self.id, "type": ["Profile"], "name": self.name, "url": self.url}


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose badge it is: a hash that only who knows the address can compare."""

    identity_hash: str
    salt: str


@dataclass(frozen=True, slots=True)
class StatusEntry:
    """Where to look whether a badge was withdrawn: the address of a list, and the place in it."""

    list_url: str
    place: int


def identity_hash(address: str, salt: str) -> str:
    """The address as a badge names it: `sha256$` and the hash of address and salt, in hexadecimal digits."""
    return "sha256$" + hashlib.sha256(f"{address}{salt}".encode()).hexdigest()


def urn(badge_id: UUID) -> str:
    """A badge's own name."""
    return f"urn:uuid:{badge_id}"


def badge_id_in(name: object) -> UUID | None:
    """The way back from `urn`; None for anything else."""
    if not isinstance(name, str) or not name.startswith("urn:uuid:"):
        return None
    try:
        return UUID(name.removeprefix("urn:uuid:"))
    except ValueError:
        return None


def credential(
    snapshot: Snapshot,
    *,
    badge_id: UUID,
    issuer: Issuer,
    holder: Holder,
    achievement_url: str,
    completed_at: datetime,
    issued_at: datetime,
    status: StatusEntry,
    names_files: bool,
) -> dict[str, Any]:
    """The credential of a completed milestone. Links, commits, notes and targets are never in it.

    names_files: whether the names and hashes of files are.
    """
    return {
        "@context": list(CONTEXTS),
        "id": urn(badge_id),
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": snapshot.milestone,
        "issuer": issuer.as_profile(),
        "validFrom": _moment(completed_at),
        "awardedDate": _moment(issued_at),
        "credentialSubject": {
            "type": ["AchievementSubject"],
            "identifier": [
                {
                    "type": "IdentityObject",
                    "hashed": True,
                    "identityHash": holder.identity_hash,
                    "identityType": "emailAddress",
                    "salt": holder.salt,
                }
            ],
            "achievement": {
                "id": achievement_url,
                "type": ["Achievement"],
                "achievementType": "Badge",
                "name": snapshot.milestone,
                "description": f"The milestone of the module {snapshot.title}.",
                "criteria": {"narrative": "\n".join(f"- {row.text}" for row in snapshot.criteria)},
                **({"tag": list(snapshot.editions)} if snapshot.editions else {}),
            },
        },
        "evidence": [_evidence(row, names_files=names_files) for row in snapshot.criteria],
        "credentialStatus": {
            "id": f"{status.list_url}#{status.place}",
            "type": "BitstringStatusListEntry",
            "statusPurpose": "revocation",
            "statusListIndex": str(status.place),
            "statusListCredential": status.list_url,
        },
    }


def _evidence(row: CriterionRecord, *, names_files: bool) -> dict[str, Any]:
    said = [f"Judged by the rules of the lab {row.lab.title}: {row.lab.outcome}."] if row.lab else []
    files = [*(row.lab.files if row.lab else ()), *(each.file for each in row.artefacts if each.file)]
    if names_files:
        said += [_named(file) for file in files]
    elif files:
        said.append(f"Files kept: {len(files)}.")
    return {"type": ["Evidence"], "name": row.text, "narrative": "\n\n".join(said)}


def _named(file: KeptFile) -> str:
    return f"{file.name}, SHA-256 {file.sha256}"


def status_list(issuer: Issuer, url: str, withdrawn: Iterable[int], now: datetime) -> dict[str, Any]:
    """The credential that says which places of a list stand for badges that are not good any more."""
    return {
        "@context": [CREDENTIALS],
        "id": url,
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": issuer.id,
        "validFrom": _moment(now),
        "credentialSubject": {
            "id": f"{url}#list",
            "type": "BitstringStatusList",
            "statusPurpose": "revocation",
            "encodedList": encoded_bits(withdrawn),
        },
    }


def encoded_bits(places: Iterable[int]) -> str:
    """Bits with these set, the first bit leftmost: compressed, in Base64 for addresses, after a `u`."""
    bits = bytearray(BITS_A_LIST // 8)
    for place in places:
        bits[place // 8] |= 128 >> place % 8
    return "u" + urlsafe_b64encode(gzip.compress(bytes(bits), mtime=0)).rstrip(b"=").decode()


def claims(found: dict[str, Any], valid_from: datetime) -> dict[str, Any]:
    """A credential as the content of a token: its own members beside those that every token has."""
    issuer = found["issuer"]
    return {
        **found,
        "iss": issuer["id"] if isinstance(issuer, dict) else issuer,
        "jti": found["id"],
        "nbf": int(valid_from.timestamp()),
    }


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
