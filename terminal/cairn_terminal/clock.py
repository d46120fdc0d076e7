"""The day it is where the learner types. The only reader of the clock in this package."""

import time
from datetime import date


def today() -> date:
    """The local day, in the zone of this machine (`TZ`, or the system's)."""
    now = time.localtime()
    return date(now.tm_year, now.tm_mon, now.tm_mday)
