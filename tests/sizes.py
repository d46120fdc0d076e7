"""How large the fault tests are: one place, read by every script, so that `make soak` runs the same ones."""

import os


def fault_learners() -> int:
    """How many learners are due at once (200; `make soak` 2,000)."""
    return int(os.environ.get("CAIRN_FAULT_LEARNERS") or 200)


def fault_kills() -> int:
    """How many moments a process is killed at, one run each (4; `make soak` 40)."""
    return int(os.environ.get("CAIRN_FAULT_KILLS") or 4)
