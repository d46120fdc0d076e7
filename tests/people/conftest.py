"""What the tests of accounts share: no limits left over, the two ways of mail, and forms filled in."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.core.cache import cache
from django.core.mail import EmailMessage
from django.test import Client

from tests.fixtures.cast import PASSWORD

NEW_PASSWORD = "another long password"


@pytest.fixture(autouse=True)
def no_limits_left_over() -> Iterator[None]:
    """django-allauth counts in the cache who asked how often."""
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def smtp_mode(settings: Any) -> None:
    """Mail goes out (to `mailoutbox`), and an address has to be confirmed."""
    settings.MAIL_AS_FILES = False
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"


@pytest.fixture
def mail_folder(settings: Any, tmp_path: Path) -> Path:
    """Mail is kept as files, here."""
    settings.EMAIL_BACKEND = "tracker.operations.mailfiles.FileBackend"
    settings.MAIL_DIR = tmp_path / "mail"
    return tmp_path / "mail"


def sign_up(client: Client, address: str, **fields: str) -> Any:
    """Fills in the sign-up form."""
    return client.post("/accounts/signup/", {"email": address, "password1": PASSWORD, **fields})


def log_in(client: Client, address: str, password: str = PASSWORD, **fields: str) -> Any:
    """Fills in the login form."""
    return client.post("/accounts/login/", {"login": address, "password": password, **fields})


def is_logged_in(client: Client) -> bool:
    """Whether Settings opens."""
    return bool(client.get("/settings/").status_code == 200)


def link_in(text: str) -> str:
    """The path of the one account link in a mail that opens something."""
    links = set(re.findall(r"https?://[^/\s]+(/accounts/(?:confirm-email|password/reset/key)/\S+)", text))
    assert len(links) == 1, text
    return str(links.pop())


def mails_to(address: str) -> list[EmailMessage]:
    """What went out to an address, the oldest first."""
    return [message for message in mail.outbox if message.to == [address]]


def text_of(response: Any) -> str:
    """The page, as it was sent."""
    return str(response.content.decode())
