"""The words of tracker.library.words as template filters; built in, so pages need no `load`."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from tracker.library import prose, words

register = template.Library()

register.filter("hours", words.hours)
register.filter("short_date", words.short_date)
register.filter("week_date", words.week_date)
register.filter("long_date", words.long_date)
register.filter("month", words.month)
register.filter("weekday", words.weekday)
register.filter("element_id", words.element_id)
register.filter("article", prose.article)
register.filter("line", prose.line)


_STONES = {"todo": "s-todo", "part": "s-part", "done": "s-done", "known": "s-known"}


@register.filter
def between(days: tuple[date, date]) -> str:
    """`20 Jun and 1 Aug 2027`."""
    return words.from_to(*days, link="and")


@register.filter
def from_to(days: tuple[date, date]) -> str:
    """`20 Jun to 1 Aug 2027`."""
    return words.from_to(*days)


@register.filter
def stone(state: str) -> str:
    """The shape of a state."""
    return _STONES[state]


@register.filter
def state_word(state: str) -> str:
    """The word that stands beside the shape."""
    return words.STATES[state]


@register.filter
def shown_state(state: str) -> SafeString:
    """The shape of a state and the word beside it."""
    return format_html('<span class="state">{}{}</span>', symbol(_STONES[state]), words.STATES[state])


@register.filter
def weekday_short(on: date) -> str:
    """`Thu`."""
    return words.WEEKDAYS[on.weekday()][:3]


@register.filter
def iso_day(text: str | None) -> str:
    """A date kept as ISO text, in words; a dash where there is none."""
    if not text:
        return "–"
    on = date.fromisoformat(text)
    # The year may stand on a line of its own: the table beside a record is narrow.
    return f"{words.short_date(on)} {on.year}"


@register.filter
def local_day(at: datetime, zone: ZoneInfo) -> date:
    """The day on which a moment fell in `zone`."""
    return at.astimezone(zone).date()


@register.filter
def local_time(at: datetime, zone: ZoneInfo) -> str:
    """`Thu 19 Nov 2026, 18:00` in `zone`."""
    local = at.astimezone(zone)
    return f"{words.long_date(local.date())}, {local:%H:%M}"


@register.filter
def add_px(value: float | str, more: float) -> str:
    """A coordinate moved by so many units."""
    return f"{float(value) + more:.1f}"


@register.filter
def capital(text: str) -> str:
    """The first letter large, the rest as it is."""
    return text[:1].upper() + text[1:]


@register.filter
def count(number: int, nouns: str) -> str:
    """`{{ n|count:"activity,activities" }}`."""
    return words.count(number, *nouns.split(","))


@register.filter
def day(value: date | datetime) -> SafeString:
    """A date in words inside a `time` element."""
    on = value.date() if isinstance(value, datetime) else value
    return format_html('<time datetime="{}">{}</time>', on.isoformat(), words.week_date(on))


@register.filter
def markdown(text: str) -> SafeString:
    """A learner's or the curriculum's Markdown as safe HTML."""
    return prose.render(text)


@register.simple_tag
def symbol(name: str, kind: str = "stone") -> SafeString:
    """A state's shape. The word for it always stands beside, so it is hidden from screen readers."""
    return format_html(
        '<svg class="{}" aria-hidden="true" focusable="false"><use href="#{}"/></svg>', kind, name
    )
