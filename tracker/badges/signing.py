"""Signing with the key of this Cairn, and what a token says of who signed it."""

import json
import re
import warnings
from base64 import urlsafe_b64encode
from datetime import datetime
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import IntegrityError, transaction
from joserfc import jws
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import OKPKey

from tracker.addresses import url
from tracker.badges.models import SigningKey
from tracker.badges.rules import LONGEST_TOKEN, Issuer

ALGORITHM = "EdDSA"
# Its newer name (RFC 9864) is one that no program for badges knows yet.
warnings.filterwarnings("ignore", "EdDSA is deprecated", SecurityWarning)

# A header of odd types is refused by a TypeError.
JOSE_ERRORS = (JoseError, ValueError, TypeError, RecursionError)
_THUMBPRINT = re.compile(r"[A-Za-z0-9_-]{43}")


class NotOurs(ValueError):
    """A text is no token that this Cairn signed; the message says why, in a sentence for who asks."""


def issuer() -> Issuer:
    """This Cairn as an issuer of badges."""
    home: str = settings.PUBLIC_URL
    return Issuer(url("badge-issuer"), f"Cairn at {home.partition('://')[2]}", f"{home}/")


def signed(payload: dict[str, Any], now: datetime) -> str:
    """The payload as a JSON Web Token, signed with the current key."""
    row, key = _current(now)
    header = {"alg": ALGORITHM, "typ": "JWT", "kid": address_of(row.kid)}
    content = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
    return jws.serialize_compact(header, content, key, algorithms=[ALGORITHM])


def address_of(kid: str) -> str:
    """Where a key's public part is."""
    return url("badge-key", kid)


def verified(token: str) -> dict[str, Any]:
    """The content of a token that this Cairn signed, wherever it stood then. Raises NotOurs."""
    if len(token) > LONGEST_TOKEN:
        raise NotOurs("This is no badge: it is too long.")
    try:
        header = jws.extract_compact(token.encode()).headers()
    except JOSE_ERRORS as error:
        raise NotOurs("This is no badge: it is not a JSON Web Token.") from error
    # Its last part is the key's thumbprint, which says which key it is on any host.
    kid = header.get("kid")
    row = key_of(kid.rstrip("/").rpartition("/")[2]) if isinstance(kid, str) else None
    if row is None:
        raise NotOurs("It names a key that this Cairn does not have: ask who issued it.")
    try:
        key = OKPKey.import_key(row.public)
        found = json.loads(jws.deserialize_compact(token, key, algorithms=[ALGORITHM]).payload)
    except JOSE_ERRORS as error:
        raise NotOurs("It was changed after it was signed: the signature does not fit.") from error
    if not isinstance(found, dict):
        raise NotOurs("This is no badge: it holds no credential.")
    return found


def key_of(kid: str) -> SigningKey | None:
    """The key with this thumbprint; None for anything else, also for what no database takes."""
    return SigningKey.objects.filter(kid=kid).first() if _THUMBPRINT.fullmatch(kid) else None


# --- keys -------------------------------------------------------------------------------------------------


def _current(now: datetime) -> tuple[SigningKey, OKPKey]:
    """The key that signs now. One is made where there is none, or where SECRET_KEY opens it no more."""
    # Lists are signed for anybody who asks: they wait for no lock.
    row = SigningKey.objects.filter(is_current=True).first()
    key = _opened(row)
    return (row, key) if row and key else _made(now)


@transaction.atomic
def _made(now: datetime) -> tuple[SigningKey, OKPKey]:
    """A new current key, or the one that somebody else has just made."""
    row = SigningKey.objects.select_for_update().filter(is_current=True).first()
    opened = _opened(row)
    if row and opened:
        return row, opened
    if row:
        row.is_current = False
        row.save(update_fields=["is_current"])
    key = OKPKey.generate_key("Ed25519")
    try:
        with transaction.atomic():
            made = SigningKey.objects.create(
                kid=key.thumbprint(),
                public={**key.as_dict(private=False), "alg": ALGORITHM, "use": "sig"},
                sealed=_box().encrypt(json.dumps(key.as_dict(private=True)).encode()).decode(),
                made_at=now,
            )
    except IntegrityError:
        # Somebody else has just made the first.
        return _made(now)
    return made, key


def _opened(row: SigningKey | None) -> OKPKey | None:
    """The private key of a row; None where there is no row, or SECRET_KEY does not open it."""
    try:
        return OKPKey.import_key(json.loads(_box().decrypt(row.sealed.encode()))) if row else None
    except InvalidToken:
        return None


def _box() -> MultiFernet:
    """What seals a private key: made of SECRET_KEY, and opens what an earlier one has sealed."""
    return MultiFernet(
        Fernet(urlsafe_b64encode(HKDF(SHA256(), 32, None, b"cairn badge key").derive(secret.encode())))
        for secret in map(str, (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS))
    )
