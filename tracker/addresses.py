"""Whole addresses of pages, for mails, files and whatever else leaves this site."""

from functools import lru_cache

from django.conf import settings
from django.urls import reverse


@lru_cache(maxsize=1024)
def _path(name: str, *args: object) -> str:
    """A page's path. Kept: every mail names the same pages, and much the same activities."""
    return reverse(name, args=args)


def url(name: str, *args: object) -> str:
    """A page's whole address."""
    return settings.PUBLIC_URL + _path(name, *args)


def secret_url(name: str, token: str) -> str:
    """The whole address of a page that a token opens. Kept nowhere."""
    return settings.PUBLIC_URL + reverse(name, args=[token])
