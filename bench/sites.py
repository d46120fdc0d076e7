"""The two sites: how each is set up in an empty directory, and which of its pages are measured."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.server import HOST

WEEKS_OF_HISTORY = 156


@dataclass(frozen=True)
class Page:
    """One page to measure; `marker` is text that only the right page has."""

    name: str
    path: str
    marker: str


@dataclass(frozen=True)
class Site:
    """One site, ready to be served."""

    application: str
    environment: Mapping[str, str]
    port: int
    cookie: str
    pages: tuple[Page, ...]


YARDSTICK_PAGES = (
    Page("hello", "/hello/", marker="A page that knows no one."),
    Page("bare", "/bare/", marker="Signed in as person-001"),
    Page("six", "/six/", marker="1000 entries."),
)

# Later work adds its pages here.
PRODUCT_PAGES = (
    Page("today", "/today/", marker='id="next"'),
    Page("plan", "/plan/", marker='id="road"'),
)


def base_environment() -> dict[str, str]:
    """What any process needs. Nothing of Cairn's own: a run must never reach the user's database or mail."""
    kept = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR")
    return {name: os.environ[name] for name in kept if name in os.environ}


def python(environment: Mapping[str, str], *arguments: str) -> str:
    """What this interpreter prints when run so. RuntimeError, with what it complained of, where it fails."""
    done = subprocess.run(
        [sys.executable, *arguments], env=environment, check=False, capture_output=True, text=True
    )
    if done.returncode:
        raise RuntimeError(f"python {' '.join(arguments)}\n{done.stdout}{done.stderr}")
    return done.stdout


def yardstick_site(directory: Path, port: int, *, users: int = 200) -> Site:
    """Set the yardstick up with that many people. The first is signed in; all have as many rows."""
    environment = {
        **base_environment(),
        "DJANGO_SETTINGS_MODULE": "bench.site.settings",
        "YARDSTICK_DATA": str(directory),
    }
    python(environment, "-m", "bench.site.data", "--users", str(users))
    cookie = python(environment, "-m", "bench.inside", "sign-in", "person-001").strip()
    return Site("bench.site.wsgi:application", environment, port, cookie, YARDSTICK_PAGES)


def product_site(directory: Path, port: int) -> Site:
    """Set the product up in its embedded default, with a learner who has three years behind them."""
    environment = {
        **base_environment(),
        "DJANGO_SETTINGS_MODULE": "tracker.settings",
        "CAIRN_DATA": str(directory),
        "HOST": HOST,
        "PORT": str(port),
    }
    cookie = make_product_data(environment)
    return Site("tracker.wsgi:application", environment, port, cookie, PRODUCT_PAGES)


def make_product_data(environment: Mapping[str, str]) -> str:
    """Make database, curriculum, static files and the demo learner; answers the learner's session cookie."""
    python(environment, "manage.py", "migrate", "--verbosity", "0")
    python(environment, "manage.py", "load_curriculum")
    python(environment, "manage.py", "collectstatic", "--noinput", "--verbosity", "0")
    # Forced, because the product is measured as it is used: with DEBUG off.
    printed = python(environment, "manage.py", "demo", "--weeks", str(WEEKS_OF_HISTORY), "--force")
    address = re.search(r"[\w.+-]+@[\w.-]+\w", printed)
    if address is None:
        raise RuntimeError(f"manage.py demo printed no e-mail address:\n{printed}")
    return python(environment, "-m", "bench.inside", "sign-in", address[0]).strip()
