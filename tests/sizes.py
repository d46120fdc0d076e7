"""How large the fault and fuzz tests are: one place, so that `make soak` runs the same ones."""

import os


def fault_learners() -> int:
    """How many learners are due at once (200; `make soak` 2,000)."""
    return int(os.environ.get("CAIRN_FAULT_LEARNERS") or 200)


def fault_kills() -> int:
    """How many moments a process is killed at, one run each (4; `make soak` 40)."""
    return int(os.environ.get("CAIRN_FAULT_KILLS") or 4)


def fault_seed() -> int | None:
    """What random moments are drawn with (`make soak` draws a new one and says it); None for even ones."""
    seed = os.environ.get("CAIRN_FAULT_SEED")
    return int(seed) if seed else None


def fuzz_inputs() -> int:
    """How many damaged reports are read (2,000; `make soak` 20,000)."""
    return int(os.environ.get("CAIRN_FUZZ_INPUTS") or 2_000)
