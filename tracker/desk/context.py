"""What the base page needs on every page. No query."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from tracker.desk.device import owner_of

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
    }
