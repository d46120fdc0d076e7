"""Finds the Chromium that the browser tests drive; under CI installs it where there is none."""

import os
import shutil
import subprocess
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
MISSING = (
    "The browser tests need Chromium or Chrome and found none: install it with the system's package manager "
    "(Debian: apt-get install chromium; Fedora: dnf install chromium; macOS: brew install --cask chromium), "
    "or name the program with CHROMIUM=/path/to/it."
)


class NoBrowserError(Exception):
    """There is no Chromium; the sentence says how it is installed."""


def find() -> Path | None:
    """The Chromium or Chrome of this machine; CHROMIUM names it where it is elsewhere."""
    named = os.environ.get("CHROMIUM", "").strip()
    if named:
        found = shutil.which(named)
        if found is None:
            raise NoBrowserError(f"CHROMIUM={named} is not a program.")
        return Path(found)
    for name in (*NAMES, *PLACES):
        found = shutil.which(name)
        if found is not None:
            return Path(found)
    return None


def install() -> None:
    """Installs Debian's chromium, as root or through sudo without a password. NoBrowserError otherwise."""
    apt = shutil.which("apt-get")
    if apt is None:
        raise NoBrowserError(MISSING)
    before = [] if os.geteuid() == 0 else ["sudo", "-n"]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for step in (["update", "-q"], ["install", "-q", "-y", "--no-install-recommends", "chromium"]):
        try:
            done = subprocess.run([*before, apt, *step], env=environment, check=False).returncode == 0
        except OSError:
            done = False
        if not done:
            raise NoBrowserError(f"Under CI, apt-get {step[0]} did not work. {MISSING}")


def chromium() -> Path:
    """The program to drive. NoBrowserError, in one sentence, where there is none."""
    found = find()
    if found is None and os.environ.get("CI"):
        install()
        found = find()
    if found is None:
        raise NoBrowserError(MISSING)
    return found
