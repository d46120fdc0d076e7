"""How many requests are let through, counted in the cache by whole minutes and hours."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from allauth.account.adapter import get_adapter
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.http import HttpRequest
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

MINUTE = 60
HOUR = 3600


@dataclass(frozen=True, slots=True)
class Left:
    """What is left of the window that is nearest to its end: requests, and seconds until it begins anew."""

    allowed: int
    remaining: int
    seconds: int

    @property
    def is_over(self) -> bool:
        return self.remaining < 0

    @property
    def headers(self) -> dict[str, str]:
        """As programs know them."""
        found = {
            "RateLimit-Limit": str(self.allowed),
            "RateLimit-Remaining": str(max(0, self.remaining)),
            "RateLimit-Reset": str(self.seconds),
        }
        return {**found, "Retry-After": str(self.seconds)} if self.is_over else found


def spend(who: str, windows: Sequence[tuple[int, int]], now: datetime) -> Left | None:
    """Counts one request of `who` in each window, given as (seconds, requests), the shortest first.

    A request that one window refuses is not counted in the longer ones. None where the cache does not answer:
    see docs/decisions/0012.
    """
    tightest: Left | None = None
    try:
        for seconds, allowed in windows:
            number, into = divmod(int(now.timestamp()), seconds)
            used = _count(f"api:{who}:{seconds}:{number}", seconds)
            left = Left(allowed, allowed - used, seconds - into)
            if tightest is None or left.remaining < tightest.remaining:
                tightest = left
            if left.is_over:
                break
    except RedisError:
        log.warning("The cache does not answer: a request of %s was let through uncounted.", who)
        return None
    return tightest


def _count(key: str, seconds: int) -> int:
    """One more, and how many that makes."""
    try:
        return int(cache.incr(key))
    except ValueError:
        # The first of its window; of two at once one adds and both count.
        cache.add(key, 0, timeout=2 * seconds)
        return int(cache.incr(key))


def address_of(request: HttpRequest) -> str:
    """The address a request came from, as far as the trusted proxies say."""
    try:
        return str(get_adapter().get_client_ip(request))
    except (ImproperlyConfigured, PermissionDenied):
        # It came past the proxies, or over a socket that has no address.
        return str(request.META.get("REMOTE_ADDR", ""))
