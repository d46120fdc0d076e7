"""How much of a file is read at most. Pure."""

from __future__ import annotations

from dataclasses import dataclass

MB = 1_000_000


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one reading. Whoever crosses one is refused with a sentence that names it."""

    file_bytes: int = 200 * MB
    unpacked_bytes: int = 400 * MB
    """What a gzip file may grow to."""
    document_bytes: int = 20 * MB
    """A file that is one JSON value, which has to be read as a whole."""
    lines: int = 2_000_000
    line_bytes: int = 10 * MB
    depth: int = 100
    """Objects and lists inside one another."""
    values: int = 1_000_000
    """Values of one line or document."""
    results: int = 20_000
    """Evaluations, or attacks, of one report."""


DEFAULT = Limits()
