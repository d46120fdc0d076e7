"""What the base page needs on every page. No query, but one for staff."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from tracker import clock
from tracker.desk.device import owner_of
from tracker.people.models import User
from tracker.reminders import status

THEMES = ("auto", "light", "dark")


def base_page(request: HttpRequest) -> dict[str, Any]:
    """The chosen theme, whether single keys work and whether one may sign up."""
    theme = request.COOKIES.get("theme", "")
    return {
        "theme": theme if theme in THEMES else "auto",
        "keys": request.COOKIES.get("keys") != "off",
        "sign_up_open": settings.SIGN_UP_OPEN,
        "mail_as_files": settings.MAIL_AS_FILES,
        # Called by the template, for somebody logged in alone: to know that looks at the session.
        "device_owner": lambda: owner_of(request.user.pk or 0),
        # Called by the template for staff alone.
        "beat_silence": lambda: beat_silence(request),
    }


def beat_silence(request: HttpRequest) -> str:
    """How long beat has been silent, in words; empty while that is no reason to look."""
    assert isinstance(request.user, User)
    silent = status.silence(request.user.joined_at, clock.now())
    return status.length(silent) if silent else ""
