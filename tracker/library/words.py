"""How Cairn says hours, dates and shares. Page, mail, API and terminal call these alone. Pure."""

from datetime import date

NBSP = "\N{NO-BREAK SPACE}"
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
STATES = {"todo": "To do", "part": "In progress", "done": "Done", "known": "Known before"}
_SMALL = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def hours(minutes: int) -> str:
    """A length as people write it: `50 min`, `4 h`, `4 h 10`."""
    whole, rest = divmod(abs(minutes), 60)
    sign = "\N{MINUS SIGN}" if minutes < 0 else ""
    if not whole:
        return f"{sign}{rest}{NBSP}min"
    return f"{sign}{whole}{NBSP}h{NBSP}{rest:02}" if rest else f"{sign}{whole}{NBSP}h"


def short_date(day: date) -> str:
    """`19 Nov`: a day of a year that is known."""
    return f"{day.day}{NBSP}{MONTHS[day.month - 1][:3]}"


def week_date(day: date) -> str:
    """`Thu 19 Nov`: a day near today."""
    return f"{WEEKDAYS[day.weekday()][:3]}{NBSP}{short_date(day)}"


def long_date(day: date) -> str:
    """`Thu 19 Nov 2026`: a day that may be in any year."""
    return f"{week_date(day)}{NBSP}{day.year}"


def from_to(first: date, last: date, link: str = "to") -> str:
    """`20 Jun to 1 Aug 2027`: two days, the year said once where it is one."""
    year = "" if first.year == last.year else f"{NBSP}{first.year}"
    return f"{short_date(first)}{year} {link} {short_date(last)}{NBSP}{last.year}"


def month(day: date) -> str:
    """`November 2026`."""
    return f"{MONTHS[day.month - 1]}{NBSP}{day.year}"


def weekday(number: int) -> str:
    """The ISO weekday by name: 1 is Monday."""
    return WEEKDAYS[number - 1]


def count(number: int, one: str, many: str = "") -> str:
    """`one activity`, `12 activities`: small numbers in words."""
    noun = one if number == 1 else many or f"{one}s"
    said = _SMALL[number] if 0 <= number < len(_SMALL) else str(number)
    return f"{said} {noun}"


def percent(part: int, whole: int) -> str:
    """A share in per cent, rounded down, so that 100 % means all of it."""
    return f"{part * 100 // whole if whole else 0}{NBSP}%"


def element_id(key: str) -> str:
    """A permanent key as part of an element's id; a dot would break selectors."""
    return key.replace(".", "-")


TOPIC_WORDS = {
    "tactic": ("Tactic", "Tactics"),
    "technique": ("Technique", "Techniques"),
    "mitigation": ("Mitigation", "Mitigations"),
    "case-study": ("Case study", "Case studies"),
    "risk": ("Risk", "Risks"),
    "function": ("Function", "Functions"),
    "category": ("Category", "Categories"),
    "subcategory": ("Subcategory", "Subcategories"),
    "objective": ("Objective", "Objectives"),
    "attack": ("Attack", "Attacks"),
    "article": ("Article", "Articles"),
    "annex": ("Annex", "Annexes"),
    "threat": ("Threat", "Threats"),
    "asset": ("Asset", "Assets"),
    "probe-family": ("Probe family", "Probe families"),
    "probe": ("Probe", "Probes"),
}
BASIS_WORDS = {
    "owner": "stated by the owner",
    "third-party": "stated by a third party",
    "ours": "our own reading",
}
