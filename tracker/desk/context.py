"""What the base page needs on every page. No query."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

THEMES = ("auto", "light", "dark")


def base_page(request: HttpRequest) -> dict[str, Any]:
    """The chosen theme and whether one may sign up."""
    theme = request.COOKIES.get("theme", "")
    return {
        "theme": theme if theme in THEMES else "auto",
        "sign_up_open": settings.SIGN_UP_OPEN,
        "mail_as_files": settings.MAIL_AS_FILES,
    }
