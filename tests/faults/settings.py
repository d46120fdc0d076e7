"""The product's settings for processes of a fault test, with faults that the test turns on and off.

CAIRN_TEST_CLOCK: seconds by which this process's clock is off. `disk-is-full` in the data folder: while it is
there, SQLite's file may not grow by a page, as on a full disk (SQLITE_FULL). And a mail server that has
fallen silent is left after two seconds.
"""

import os
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from tracker import clock
from tracker.settings import *  # noqa: F403
from tracker.settings import DATA_DIR

EMAIL_TIMEOUT = 2
OFFSET = timedelta(seconds=int(os.environ.get("CAIRN_TEST_CLOCK") or 0))
DISK_IS_FULL = DATA_DIR / "disk-is-full"
MOST_PAGES = 2**31

_now = clock.now


def shifted_now() -> datetime:
    """The present instant as a clock that is off has it."""
    return _now() + OFFSET


clock.now = shifted_now


def limited(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
    """Every statement, on a disk that has room or has none. A limit below the file's size means: no more."""
    connection = context["connection"].connection
    connection.execute(f"PRAGMA max_page_count = {1 if DISK_IS_FULL.exists() else MOST_PAGES}")
    return execute(sql, params, many, context)


def limit(connection: BaseDatabaseWrapper, **_: Any) -> None:
    """A connection was made: what it runs is limited from now on."""
    if connection.vendor == "sqlite" and limited not in connection.execute_wrappers:
        connection.execute_wrappers.append(limited)


connection_created.connect(limit)
