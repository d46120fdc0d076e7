"""What the pages of milestones show again and again."""

from collections.abc import Iterator, Mapping
from datetime import date
from uuid import UUID

from django import template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from tracker.library import words
from tracker.milestones.rules.snapshot import KeptFile
from tracker.milestones.rules.year import WeekOfYear, YearReview

register = template.Library()

_ORDINALS = {2: "second", 3: "third", 4: "fourth", 5: "fifth"}


@register.filter
def ordinal(number: int) -> str:
    """`second`, `11th`."""
    if number in _ORDINALS:
        return _ORDINALS[number]
    ending = "th" if number % 100 in {11, 12, 13} else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


@register.filter
def day_or_dash(on: date | None) -> str:
    """`19 Nov 2026`, or a dash; the year may stand on a line of its own."""
    return f"{words.short_date(on)} {on.year}" if on else "–"


@register.filter
def against_plan(days: int | None) -> str:
    """`five days later`, `on the day`, `one day earlier`; a dash where nothing was planned."""
    if days is None:
        return "–"
    if not days:
        return "on the day"
    return f"{words.count(abs(days), 'day')} {'later' if days > 0 else 'earlier'}"


@register.filter
def frozen_file(file: KeptFile, kept: Mapping[str, UUID]) -> SafeString:
    """A file of a frozen record: its name, a link to it while it is kept, and its hash either way."""
    pk = kept.get(file.sha256)
    if pk is None:
        name = format_html("{} <span>(not kept any more)</span>", file.name)
    else:
        name = format_html('<a href="{}">{}</a>', reverse("stored-file", args=[pk]), file.name)
    return format_html('<p class="note">{} <span class="hash">SHA-256 {}</span></p>', name, file.sha256)


@register.filter
def times_six(place: int) -> int:
    """Where the bar of a week begins."""
    return place * 6


@register.filter
def week_table(review: YearReview) -> Iterator[tuple[WeekOfYear, list[tuple[str, int]]]]:
    """The weeks with any study: word and minutes of each kind of the year."""
    for place, week in enumerate(review.weeks):
        if week.minutes:
            yield week, [(kind.word, kind.by_week[place]) for kind in review.kinds]
