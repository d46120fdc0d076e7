"""The product's settings, all of them; the addresses are those of bench/beside/urls.py."""

from tracker.settings import *  # noqa: F403

ROOT_URLCONF = "bench.beside.urls"
