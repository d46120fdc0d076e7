"""Who is logged in where: one file, so that a token is never sent to another server than it was made for."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_config_path

from cairn_terminal.address import read_address
from cairn_terminal.failures import Failure, NotLoggedIn
from cairn_terminal.files import read_private, remove, write_private


class NotAToken(Failure):
    """What was given cannot be a token."""


class Token:
    """A secret that does not show itself where it is printed, formatted or reported by accident."""

    def __init__(self, text: str) -> None:
        """Raises NotAToken, without repeating what was given."""
        text = text.strip()
        # Also keeps anything out of the header that could end it.
        if not re.fullmatch(r"cairn_[A-Za-z0-9_-]{43}", text):
            raise NotAToken("That is not a token of Cairn: one begins with cairn_ and has 49 characters.")
        self._text = text

    def reveal(self) -> str:
        """The token itself: for the header and for the file, nowhere else."""
        return self._text

    def __repr__(self) -> str:
        return "Token(…)"


@dataclass(frozen=True, slots=True)
class Account:
    """One learner on one server. What is kept to be sent belongs to one, and is sent to no other."""

    server: str
    email: str

    def __str__(self) -> str:
        return f"{self.email} at {self.server}"


@dataclass(frozen=True, slots=True)
class Login:
    """An account with its token."""

    account: Account
    token: Token


def login_path() -> Path:
    """Where the login is kept."""
    return user_config_path("cairn", appauthor=False) / "login.json"


def save_login(login: Login, *, insecure: bool) -> None:
    """Keeps it, mode 0600 from the first byte on."""
    document = {
        "server": login.account.server,
        "insecure": insecure,
        "email": login.account.email,
        "token": login.token.reveal(),
    }
    write_private(login_path(), json.dumps(document, indent=1).encode())


def read_login() -> Login:
    """Who is logged in. Raises NotLoggedIn, OthersCanRead, BadAddress."""
    path = login_path()
    try:
        document = json.loads(read_private(path))
        server, insecure, email = document["server"], document["insecure"], document["email"]
        if not (isinstance(server, str) and isinstance(insecure, bool) and isinstance(email, str)):
            raise TypeError
        token = Token(document["token"])
    except FileNotFoundError:
        raise NotLoggedIn("You are not logged in here. First: cairn login https://…") from None
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError, NotAToken):
        # `from None`: the error of a JSON reader holds the whole document.
        raise NotLoggedIn(f"{path} cannot be read. Log in again: cairn login https://…") from None
    return Login(Account(read_address(server, insecure=insecure), email), token)


def forget_login() -> bool:
    """Takes the login away; False where there was none."""
    return remove(login_path())
