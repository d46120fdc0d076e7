"""Which server addresses a token may be sent to. Pure."""

import ipaddress
import re
from urllib.parse import urlsplit

from cairn_terminal.failures import OPEN_QUESTION, Failure


class BadAddress(Failure):
    """Not an address of a Cairn, or one a token is not sent to."""

    exit_code = OPEN_QUESTION


def is_loopback(host: str) -> bool:
    """Whether what is sent there stays on this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def read_address(text: str, *, insecure: bool = False) -> str:
    """The address in one form, without a slash at its end: `https://cairn.example.org`.

    http is taken for this machine alone, elsewhere only where `insecure` says so. Raises BadAddress.
    """
    wanted = "An address looks like https://cairn.example.org"
    # urlsplit drops line ends and tabs silently; what was checked must be what is used.
    if not re.fullmatch(r"[!-~]+", text):
        raise BadAddress(f"{wanted}, without spaces or letters outside ASCII.")
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise BadAddress(f"{wanted}.") from None
    if parts.scheme not in ("https", "http") or not host:
        raise BadAddress(f"{wanted}, with https:// in front.")
    if parts.username is not None or parts.password is not None:
        raise BadAddress("An address holds no user name and no password; the token is asked for by itself.")
    if parts.query or parts.fragment or "\\" in text:
        raise BadAddress(f"{wanted}, without ? and #.")
    if parts.scheme == "http" and not is_loopback(host) and not insecure:
        raise BadAddress(
            f"http://{host} would carry the token and your notes readable for everybody on the way. "
            "Use https; or say --insecure, if that network is yours alone."
        )
    name = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{name}{f':{port}' if port is not None else ''}{parts.path.rstrip('/')}"


def host_of(address: str) -> str:
    """The host, and the port where one is named: how a server is called in sentences."""
    return urlsplit(address).netloc
