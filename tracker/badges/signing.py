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
from django.urls import reverse
from joserfc import jws
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import OKPKey

from tracker.badges.models import SigningKey
from tracker.badges.rules import LONGEST_TOKEN, Issuer

ALGORITHM = "EdDSA"
# Its newer name (RFC 9864) is one that no program for badges knows yet.
warnings.filterwarnings("ignore", "EdDSA is deprecated", SecurityWarning)


JOSE_ERRORS = (JoseError, ValueError, RecursionError)
_THUMBPRINT = re.compile(r"[A-Za-z0-9_-]{43}")


class NotOurs(ValueError):
    """A text is no token that this Cairn signed; the message says why, in a sentence for who asks."""


def issuer() -> Issuer:
    """This Cairn as an issuer of badges."""
    home: str = settings.PUBLIC_URL
    return Issuer(home + reverse("badge-issuer"), f"Cairn at {home.partition('://')[2]}", f"{home}/")


def signed(payload: dict[str, Any], now: datetime) -> str:
    """The payload as a JSON Web Token, signed with the current key."""
    row, key = _current(now)
    header = {"alg": ALGORITHM, "typ": "JWT", "kid": address_of(row.kid)}
    content = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
    return jws.serialize_compact(header, content, key, algorithms=[ALGORITHM])


def address_of(kid: str) -> str:
    """Where a key's public part is."""
    return f"{settings.PUBLIC_URL}{reverse('badge-key', args=[kid])}"


def verified(token: str) -> dict[str, Any]:
    """The content of a token that this Cairn signed, wherever it stood then. Raises NotOurs."""
    if len(token) > LONGEST_TOKEN:
        raise NotOurs("This is no badge: it is too long.")
    try:
        header = jws.extract_compact(token.encode()).headers()
    except (*JOSE_ERRORS, TypeError) as error:
        raise NotOurs("This is no badge: it is not a JSON Web Token.") from error
    # Its last part is the key's thumbprint, which says which key it is on any host.
    kid = header.get("kid")
    row = key_of(kid.rstrip("/").rpartition("/")[2]) if isinstance(kid, str) else None
    if row is None:
        raise NotOurs("It names a key that this Cairn does not have: ask who issued it.")
    try:
        key = OKPKey.import_key(row.public)
        found = json.loads(jws.deserialize_compact(token, key, algorithms=[ALGORITHM]).payload)
    except (*JOSE_ERRORS, TypeError) as error:
        # A header of odd types is refused by a TypeError.
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
    private = _opened(row.sealed) if row else None
    if row is not None and private is not None:
        return row, OKPKey.import_key(private)
    return _made(now)


@transaction.atomic
def _made(now: datetime) -> tuple[SigningKey, OKPKey]:
    """A new current key, or the one that somebody else has just made."""
    row = SigningKey.objects.select_for_update().filter(is_current=True).first()
    private = _opened(row.sealed) if row else None
    if row is not None and private is not None:
        return row, OKPKey.import_key(private)
    if row is not None:
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


def _opened(sealed: str) -> dict[str, Any] | None:
    try:
        opened: dict[str, Any] = json.loads(_box().decrypt(sealed.encode()))
    except InvalidToken:
        return None
    return opened


def _box() -> MultiFernet:
    """What seals a private key: made of SECRET_KEY, and opens what an earlier one has sealed."""
    return MultiFernet(
        Fernet(urlsafe_b64encode(HKDF(SHA256(), 32, None, b"cairn badge key").derive(secret.encode())))
        for secret in map(str, (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS))
    )
