"""The skills matrix before and now. Pure.

Growth rows count towards their target. A surplus row is one where an ML engineer starts above what the role
needs: it is shown, it never counts, and a lower rating there is no loss.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

GROWTH = "growth"
LEVELS = 5


@dataclass(frozen=True, slots=True)
class Rated:
    """A rating: level 0 to 4, the day, and what proves it ("" where nothing was named)."""

    level: int
    on: date
    proof: str


@dataclass(frozen=True, slots=True)
class SkillStanding:
    """A row of the matrix: the first rating, the latest, and the target; None where not rated yet."""

    key: str
    kind: str
    target: int
    before: Rated | None
    now: Rated | None
    highest: Rated | None = None

    @property
    def fallen(self) -> int:
        """Levels below the highest rating ever; shown to the learner, counted nowhere."""
        return self.highest.level - self.now.level if self.highest and self.now else 0

    @property
    def counts(self) -> bool:
        """Whether the row counts towards growth."""
        return self.kind == GROWTH

    @property
    def gap(self) -> int:
        """Levels still to grow; none for a surplus row."""
        if not self.counts:
            return 0
        return max(0, self.target - (self.now.level if self.now else 0))

    @property
    def grown(self) -> int:
        """Levels grown since the first rating, up to the target; a fall counts as none."""
        if not self.counts or self.before is None or self.now is None:
            return 0
        return max(0, min(self.now.level, self.target) - self.before.level)

    @property
    def wanted(self) -> int:
        """Levels that lay between the first rating and the target."""
        if not self.counts or self.before is None:
            return 0
        return max(0, self.target - self.before.level)


@dataclass(frozen=True, slots=True)
class Growth:
    """All growth rows together, in levels."""

    grown: int
    wanted: int


def standing(key: str, kind: str, target: int, ratings: Sequence[Rated]) -> SkillStanding:
    """A row from its ratings, in the order in which they were given."""
    if not ratings:
        return SkillStanding(key, kind, target, None, None)
    # Of several as high as each other the latest: since when it is lower.
    highest = max(reversed(ratings), key=lambda rated: rated.level)
    return SkillStanding(key, kind, target, ratings[0], ratings[-1], highest)


def proved_since(
    proof_modules: Sequence[str], completed: Mapping[str, date], now: Rated | None
) -> tuple[str, ...]:
    """The modules that prove a skill and were completed on a day after its latest rating, in their order.

    completed: days by module key.
    """
    since = {key for key, on in completed.items() if now is None or on > now.on}
    return tuple(key for key in proof_modules if key in since)


def growth(rows: Sequence[SkillStanding]) -> Growth:
    """What was grown of what was to grow, over the growth rows that were rated."""
    return Growth(sum(row.grown for row in rows), sum(row.wanted for row in rows))
