"""The skills matrix before and now. Pure.

Growth rows count towards their target. A surplus row is one where an ML engineer starts above what the role
needs: it is shown, it never counts, and a lower rating there is no loss.
"""

from collections.abc import Sequence
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
    return SkillStanding(key, kind, target, ratings[0] if ratings else None, ratings[-1] if ratings else None)


def growth(rows: Sequence[SkillStanding]) -> Growth:
    """What was grown of what was to grow, over the growth rows that were rated."""
    return Growth(sum(row.grown for row in rows), sum(row.wanted for row in rows))
