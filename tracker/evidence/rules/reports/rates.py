"""Attack success rate with its interval. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass

Z_95 = 1.959963984540054
"""The 97.5 % point of the normal distribution: an interval of 95 % leaves 2.5 % on each side."""


@dataclass(frozen=True, slots=True)
class Rate:
    """A share between 0 and 1 and the ends of its 95 % interval."""

    share: float
    low: float
    high: float


def attack_success_rate(passed: int, evaluated: int) -> Rate | None:
    """The share of scored outputs where the attack worked; None where nothing was scored.

    ValueError where `passed` is not between 0 and `evaluated`.
    """
    if not 0 <= passed <= evaluated:
        raise ValueError(f"{passed} of {evaluated} cannot have passed")
    return wilson(evaluated - passed, evaluated) if evaluated else None


def wilson(hits: int, total: int, z: float = Z_95) -> Rate:
    """Wilson's score interval for `hits` of `total`; unlike share ± z·se it holds at 0 and at `total`."""
    share = hits / total
    spread = z * z / total
    centre = (share + spread / 2) / (1 + spread)
    half = z * math.sqrt(share * (1 - share) / total + spread / total / 4) / (1 + spread)
    # At the ends the rounding of binary fractions must not leave the share outside its own interval.
    return Rate(share, max(0.0, min(share, centre - half)), min(1.0, max(share, centre + half)))
