"""Rates and sizes as words."""

from django import template

from tracker.evidence.rules.reports.rates import Rate

register = template.Library()

NBSP = "\N{NO-BREAK SPACE}"


@register.filter
def rate(value: Rate | None) -> str:
    """An attack success rate: "34 %"; "not scored" where nothing was."""
    return "not scored" if value is None else f"{_percent(value.share)}{NBSP}%"


@register.filter
def interval(value: Rate | None) -> str:
    """The ends of its interval of 95 %: "28 to 41"; empty where there is none."""
    return "" if value is None else f"{_percent(value.low)} to {_percent(value.high)}"


def _percent(share: float) -> str:
    """Rounded, but never to nothing or all where it is not."""
    number = 100 * share
    if 0 < number < 1 or 99 < number < 100:
        return f"{number:.1f}"
    return f"{number:.0f}"


@register.filter
def tool_time(text: str) -> str:
    """A moment as a tool wrote it, without its fractions of a second: "2026-11-22 23:26"."""
    return text[:16].replace("T", " ")


@register.filter
def size(count: int) -> str:
    """A number of bytes in the unit that suits it."""
    if count < 1_000:
        return f"{count}{NBSP}bytes"
    if count < 1_000_000:
        return f"{count / 1_000:.0f}{NBSP}kB"
    return f"{count / 1_000_000:.1f}{NBSP}MB"
