"""Lengths, days and confidences in a typed line. Pure.

A phrase is found by its words alone; whether it is one, or part of a sentence, depends on what it stands
beside, which `Stands` says and `quick_log` decides. Every search looks at a few tokens from where it begins.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import Enum, auto
from typing import Generic, TypeVar

from tracker.journal.rules import minutes_after_point, read_minutes, refuse_day
from tracker.journal.rules.line.tokens import DASHES, Line

T = TypeVar("T", int, date)

# With the German and French words for them, which are typed into English lines.
HOURS = frozenset({"h", "hr", "hrs", "hour", "hours", "std", "stunde", "stunden", "heure", "heures"})
MINUTES = frozenset({"m", "min", "mins", "minute", "minutes", "minuten", "mn"})
_SMALL = (
    "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = {"twenty": 20, "thirty": 30, "forty": 40, "fourty": 40, "fifty": 50, "sixty": 60, "ninety": 90}
NUMBER_WORDS = {word: number for number, word in enumerate(_SMALL, 1)} | _TENS
_WEEKDAYS = (
    ("mon", "monday"),
    ("tue", "tues", "tuesday"),
    ("wed", "weds", "wednesday"),
    ("thu", "thur", "thurs", "thursday"),
    ("fri", "friday"),
    ("sat", "saturday"),
    ("sun", "sunday"),
)
WEEKDAYS = {name: number for number, names in enumerate(_WEEKDAYS) for name in names}
_DAY_NAMES = tuple(names[-1].capitalize() for names in _WEEKDAYS)
_MONTHS = (
    ("jan", "january"), ("feb", "february"), ("mar", "march"), ("apr", "april"), ("may",), ("jun", "june"),
    ("jul", "july"), ("aug", "august"), ("sep", "sept", "september"), ("oct", "october"), ("nov", "november"),
    ("dec", "december"),
)  # fmt: skip
MONTHS = {name: number for number, names in enumerate(_MONTHS, 1) for name in names}
_ORDINALS = frozenset({"st", "nd", "rd", "th"})
_PARTS_OF_DAY = frozenset({"morning", "afternoon", "evening", "night"})
# Words that make a time of day of the number after them: at 14:00.
CLOCK_WORDS = frozenset({"at", "since", "until", "till", "by", "from", "to", "before", "after", "around"})
# From this many hours on, 9:30 is more often a time of day than a length.
FIRST_CLOCK_HOUR = 6
LONGEST_RANGE = 720
LONGEST_AGO = 36_500
HALF_A_YEAR = 183
# Some day, to see whether words say a day at all.
_ANY_DAY = date(2024, 6, 1)
CONFIDENCE_RANGE = "Confidence goes from 1 to 5."


class Stands(Enum):
    """Where a phrase can stand and still be what it says. *Text* is any word that was not read."""

    ANYWHERE = auto()
    """Whatever is beside it: `45m`."""
    CLOCK = auto()
    """Not after a word that makes a time of day of it: `1:30`."""
    ADVERB = auto()
    """With text on one side at most: `yesterday`."""
    NOUN = auto()
    """Not before text, which it would belong to: `Tue shift`."""
    DATE = auto()
    """Not beside text, where it can be meant nevertheless: `17 Nov`."""
    ALONE = auto()
    """Not beside text, nor meant before it: `3/5`, `17.11.`, `sure`."""
    LAST = auto()
    """As `ALONE`, and not before a subject: `the 3rd` may be the third of it."""
    ON_LAST = auto()
    """Not before text or a subject: `on the 3rd`."""


@dataclass(frozen=True, slots=True)
class Phrase(Generic[T]):
    """The tokens `[first, until)` as what they say.

    Where it is clear, `values` has one value and `sentence` is empty. Where it must be asked, `sentence` asks
    and `values` are the answers to offer; where it is refused, `values` is empty and `sentence` says why.
    `tail` is where a last bare number begins that may not belong to it (`1 h 30`), and `short` the value
    without it. `overnight`: it began on the day before it ended. `is_range`: from one time of day to another.
    """

    first: int
    until: int
    values: tuple[T, ...]
    stands: Stands
    sentence: str = ""
    tail: int = -1
    short: int = 0
    overnight: bool = False
    is_range: bool = False


def hours_words(minutes: int) -> str:
    """A length as the sentences say it."""
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest:02}" if hours and rest else f"{hours} h" if hours else f"{rest} min"


def day_words(day: date) -> str:
    """A day as the sentences say it: `Tue 17 Nov 2026`."""
    name, month = _DAY_NAMES[day.weekday()][:3], _MONTHS[day.month - 1][0][:3].capitalize()
    return f"{name} {day.day} {month} {day.year}"


# -- lengths -------------------------------------------------------------------------------------------------


def length_at(line: Line, at: int) -> Phrase[int] | None:
    """The length that begins at a token, or None."""
    if not line.is_free_before(at):
        return None
    for reading in (_negative, range_at, _clock_length, *_IN_UNITS):
        found = reading(line, at)
        if found and line.is_free_after(found.until):
            return found
    return None


def _length(first: int, until: int, minutes: int, stands: Stands = Stands.ANYWHERE) -> Phrase[int]:
    try:
        # Longer ones are refused alike, whatever their number of digits.
        return Phrase(first, until, (read_minutes(str(min(minutes, 9999))),), stands)
    except ValueError as refusal:
        return Phrase(first, until, (), stands, str(refusal))


def _negative(line: Line, at: int) -> Phrase[int] | None:
    """`-5`, `-45m`: a dash that sticks to a number."""
    if line.sign(at) not in DASHES or not line.digits(at + 1) or not line.is_glued(at + 1):
        return None
    until = at + 2
    for reading in (_clock_length, _hours, _minutes):
        if found := reading(line, at + 1):
            until = found.until
            break
    try:
        read_minutes("-1")
    except ValueError as refusal:
        return Phrase(at, until, (), Stands.ALONE, str(refusal))
    return None


def _clock_length(line: Line, at: int) -> Phrase[int] | None:
    """`1:30`, `1:30 h`."""
    hours, minutes = line.number(at), line.number(at + 2)
    glued = line.is_glued(at + 1) and line.is_glued(at + 2)
    if line.sign(at + 1) != ":" or not glued or not 0 <= hours <= 999 or not 0 <= minutes <= 59:
        return None
    if len(line.digits(at + 2)) > 2:
        return None
    if line.word(at + 3) in HOURS:
        return _length(at, at + 4, hours * 60 + minutes)
    if line.word(at + 3) in {"am", "pm", "o'clock"}:
        return None
    found = _length(at, at + 3, hours * 60 + minutes, Stands.CLOCK)
    if hours < FIRST_CLOCK_HOUR or not found.values or hours >= 24:
        return found
    said = line.said(at, at + 3)
    return replace(
        found,
        sentence=f"“{said}” can be a time of day. Did you study for {hours_words(found.values[0])}?",
    )


def _decimal(line: Line, at: int) -> tuple[float, int] | None:
    """`1.5`, `1,5`, `.5`: the number and where it ends."""
    if line.sign(at) == "." and line.is_glued(at + 1) and 1 <= len(line.digits(at + 1)) <= 2:
        return float(f"0.{line.digits(at + 1)}"), at + 2
    whole, part = line.digits(at), line.digits(at + 2)
    if line.sign(at + 1) in {".", ","} and line.is_glued(at + 1) and line.is_glued(at + 2):
        return (float(f"{whole}.{part}"), at + 3) if 1 <= len(whole) <= 2 and 1 <= len(part) <= 2 else None
    return None


def spelled_number(line: Line, at: int) -> tuple[int, int] | None:
    """`forty-five`, `two`: the number and where it ends."""
    first = NUMBER_WORDS.get(line.word(at))
    if first is None:
        return None
    step = at + 2 if line.sign(at + 1) == "-" else at + 1
    second = NUMBER_WORDS.get(line.word(step), 0)
    if line.word(at) in _TENS and 1 <= second <= 9:
        return first + second, step + 1
    return first, at + 1


_QUARTERS = {("1", "2"): 30, ("1", "4"): 15, ("3", "4"): 45}


def _fraction_figures(line: Line, at: int) -> tuple[int, int] | None:
    """`1/2`, `3/4`, `1 1/2` before a word for hours: minutes and where the figures end."""
    slash = at + 1 if line.sign(at + 1) == "/" else at + 2
    glued = line.is_glued(slash) and line.is_glued(slash + 1)
    part = _QUARTERS.get((line.digits(slash - 1), line.digits(slash + 1)), 0)
    if not part or line.sign(slash) != "/" or not glued or line.word(slash + 2) not in HOURS:
        return None
    if slash == at + 1:
        return part, slash + 2
    whole = line.number(at)
    return (whole * 60 + part, slash + 2) if 1 <= whole <= 24 and not line.is_glued(at + 1) else None


def _fraction_words(line: Line, at: int) -> tuple[int, int] | None:
    """`half an`, `a quarter of an`, `three quarters of an`: minutes of an hour and where the words end."""
    start = at + 1 if line.word(at) == "a" else at
    if line.word(start) == "half":
        minutes = 30
    elif line.word(start) == "quarter":
        minutes = 15
    elif line.word(at) in {"three", "3"} and line.word(at + 1) == "quarters":
        minutes, start = 45, at + 1
    else:
        return None
    until = start + 1
    if line.sign(until) == "-":
        until += 1
    if line.word(until) == "of":
        until += 1
    if line.word(until) in {"a", "an"}:
        until += 1
    return minutes, until


_MORE_OF_AN_HOUR = {
    ("and", "a", "half"): 30,
    ("and", "a", "quarter"): 15,
    ("and", "three", "quarters"): 45,
}


def _hour_minutes(line: Line, at: int) -> tuple[int, int] | None:
    """An amount of hours in minutes, and where its number ends; the unit is not read."""
    if found := _decimal(line, at):
        return round(found[0] * 60), found[1]
    if part := _fraction_figures(line, at) or _fraction_words(line, at):
        return part
    if line.fraction(at):
        return line.fraction(at), at + 2 if line.word(at + 1) == "an" else at + 1
    whole, until = _whole_number(line, at)
    if whole < 0:
        return None
    if line.digits(at) and line.fraction(until):
        return whole * 60 + line.fraction(until), until + 1
    words = (line.word(until), line.word(until + 1), line.word(until + 2))
    minutes = _MORE_OF_AN_HOUR.get(words, 0)
    return whole * 60 + minutes, until + 3 if minutes else until


def _whole_number(line: Line, at: int) -> tuple[int, int]:
    """`2`, `an`, `forty-five`: the number, -1 where there is none, and where it ends."""
    if line.digits(at):
        return (line.number(at) if len(line.digits(at)) <= 4 else -1), at + 1
    if line.word(at) in {"a", "an"}:
        return 1, at + 1
    return spelled_number(line, at) or (-1, at)


def _hour_and(line: Line, at: int) -> Phrase[int] | None:
    """`hour and a half`, without the word before it."""
    rest = _rest_of_hours(line, at + 1) if line.word(at) == "hour" else None
    return _length(at, rest[1], 60 + rest[0]) if rest else None


def _point_or_colon(line: Line, at: int) -> Phrase[int] | None:
    """`1.30 h`, which can be meant as a decimal and as `1:30`: it is asked."""
    number = _decimal(line, at)
    if not number or line.word(number[1]) not in HOURS:
        return None
    minutes, other = round(number[0] * 60), minutes_after_point(line.said(at, number[1]))
    found = _length(at, number[1] + 1, minutes)
    if not other or not found.values:
        return None
    sentence = (
        f"“{line.said(at, number[1] + 1)}” can be {hours_words(minutes)} or {hours_words(other)}. Which?"
    )
    return replace(found, values=(minutes, other), sentence=sentence)


def _hours(line: Line, at: int) -> Phrase[int] | None:
    """`2h`, `1.5 h`, `1h30`, `1 h 30`, `1h 15min`, `an hour and a half`, `one hour thirty`."""
    amount = _hour_minutes(line, at)
    if not amount or line.word(amount[1]) not in HOURS:
        return None
    minutes, until = amount[0], amount[1] + 1
    if rest := _rest_of_hours(line, until):
        return _length(at, rest[1], minutes + rest[0])
    number, after = line.number(until), until + 1
    spelled = spelled_number(line, until)
    if spelled and spelled[0] >= 10:
        number, after = spelled
    if not 0 <= number <= 59 or len(line.digits(until)) > 2 or not line.is_free_after(after):
        return _length(at, until, minutes)
    if line.is_glued(until):
        return _length(at, after, minutes + number)
    if line.word(after) in HOURS or _of_five(line, until) or any(_day_forms(line, until, _ANY_DAY)):
        # The number begins what comes next: 1 h 17 Nov.
        return _length(at, until, minutes)
    return replace(_length(at, after, minutes + number), tail=until, short=minutes)


def _rest_of_hours(line: Line, at: int) -> tuple[int, int] | None:
    """`30min`, `and 5 minutes`, `and a half` after hours: minutes and where they end."""
    start = at + 1 if line.word(at) == "and" else at
    if start > at and line.word(start) == "a" and line.word(start + 1) in {"half", "quarter"}:
        return (30 if line.word(start + 1) == "half" else 15), start + 2
    rest, after = _whole_number(line, start)
    said = 0 <= rest <= 59 and line.word(after) in MINUTES and line.is_free_after(after + 1)
    return (rest, after + 1) if said else None


def _minutes(line: Line, at: int) -> Phrase[int] | None:
    """`45m`, `45 min`, `forty-five minutes`."""
    if line.digits(at):
        number, until = int(line.digits(at)), at + 1
    elif spelled := spelled_number(line, at):
        number, until = spelled
    else:
        return None
    return _length(at, until + 1, number) if line.word(until) in MINUTES else None


def _one_or_other(line: Line, at: int) -> Phrase[int] | None:
    """`1 to 2 hours`, `30 or 40 min`: which of the two is asked."""
    shorter, link = _whole_number(line, at)
    if shorter < 1 or line.word(link) not in {"to", "or"}:
        return None
    longer, until = _whole_number(line, link + 1)
    unit = 60 if line.word(until) in HOURS else 1 if line.word(until) in MINUTES else 0
    if not unit or not shorter < longer:
        return None
    said = line.said(at, until + 1)
    found = _length(at, until + 1, longer * unit)
    if not found.values:
        return found
    sentence = f"“{said}” is no one length. How long was it?"
    return replace(found, values=(shorter * unit, longer * unit), sentence=sentence)


_IN_UNITS = (_one_or_other, _point_or_colon, _hour_and, _hours, _minutes)


@dataclass(frozen=True, slots=True)
class _Time:
    """A time of day in minutes; `half` is am, pm or "" where it was not said. `exact`: with minutes."""

    minutes: int
    until: int
    half: str
    exact: bool


def _time_at(line: Line, at: int) -> _Time | None:
    hour, minute, until = line.number(at), 0, at + 1
    exact = line.sign(until) == ":" and line.is_glued(until) and line.is_glued(until + 1)
    if exact:
        minute, until = line.number(until + 1), until + 2
        if len(line.digits(until - 1)) != 2:
            return None
    half = line.word(until) if line.word(until) in {"am", "pm"} else ""
    if half:
        until += 1
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "pm" else 0)
    if not 0 <= hour * 60 + minute <= 1440 or not 0 <= minute <= 59 or hour < 0:
        return None
    return _Time(hour * 60 + minute, until, half, exact)


def range_at(line: Line, at: int) -> Phrase[int] | None:
    """`14:00-15:30`, `from 9 to 10:30`, `2pm to 3:30pm`."""
    opened = line.word(at) in {"from", "between"}
    begin = _time_at(line, at + 1 if opened else at)
    if begin is None or not line.is_free_before(at):
        return None
    link = begin.until
    if line.sign(link) not in DASHES and line.word(link) not in {"to", "until", "till", "and"}:
        return None
    if line.word(link) == "and" and line.word(at) != "between":
        return None
    end = _time_at(line, link + 1)
    if end is None or not line.is_free_after(end.until):
        return None
    told = begin.exact or end.exact or bool(begin.half or end.half)
    if not told and not opened:
        return None
    stands = Stands.ANYWHERE if told else Stands.ALONE
    found = _from_to(line.said(at, end.until), Phrase(at, end.until, (), stands), begin, end)
    return replace(found, is_range=True)


def _from_to(said: str, phrase: Phrase[int], begin: _Time, end: _Time) -> Phrase[int]:
    if end.half and not begin.half and begin.minutes < 780:
        # 9-11pm began in the evening, 11-1pm in the morning.
        noon = 720 if end.half == "pm" else 0
        later = begin.minutes % 720 + noon
        begin = replace(begin, minutes=later if later < end.minutes else begin.minutes)
    taken = end.minutes - begin.minutes
    clock_of_twelve = not begin.half and not end.half and max(begin.minutes, end.minutes) < 780
    if taken < 0 and clock_of_twelve and taken + 720 > 0:
        sentence = f"“{said}” can be {hours_words(taken + 720)} or more. How long was it?"
        return replace(phrase, values=(taken + 720, taken + 1440), sentence=sentence)
    overnight = taken < 0
    found = _length(phrase.first, phrase.until, taken + 1440 if overnight else taken, phrase.stands)
    if found.values and found.values[0] > LONGEST_RANGE:
        sentence = f"“{said}” would be {hours_words(found.values[0])}. Is that how long you studied?"
        return replace(found, sentence=sentence)
    return replace(found, overnight=overnight)


# -- days ----------------------------------------------------------------------------------------------------


def day_at(line: Line, at: int, today: date) -> Phrase[date] | None:
    """The day that begins at a token, or None."""
    if not line.is_free_before(at):
        return None
    start = at + 1 if line.word(at) == "on" else at
    for found in _day_forms(line, start, today):
        if line.is_free_after(found.until):
            return _with_on(found, at) if start > at else found
    return None


def _with_on(found: Phrase[date], at: int) -> Phrase[date]:
    stands = {Stands.DATE: Stands.NOUN, Stands.ALONE: Stands.NOUN, Stands.LAST: Stands.ON_LAST}
    return replace(found, first=at, stands=stands.get(found.stands, found.stands))


def _day_forms(line: Line, at: int, today: date) -> Iterator[Phrase[date]]:
    """Everything that a token can begin as a day, the longest form first."""
    for form in (
        _relative,
        _ago,
        _more_days,
        _weekday,
        _iso,
        _named_month,
        _dated,
        _numeric,
        _ordinal,
        _vague,
        _perhaps_a_day,
    ):
        if found := form(line, at, today):
            yield found


def _day(first: int, until: int, day: date, today: date, stands: Stands) -> Phrase[date]:
    refusal = refuse_day(day, today)
    return Phrase(first, until, () if refusal else (day,), stands, refusal)


def _no_such_day(line: Line, first: int, until: int, stands: Stands) -> Phrase[date]:
    return Phrase(first, until, (), stands, f"There is no day “{line.said(first, until)}”.")


_DAYS_GONE = {
    "today": 0, "tonight": 0, "yesterday": 1, "yday": 1, "y'day": 1, "yest": 1, "ystd": 1, "tomorrow": -1,
    "tmrw": -1,
}  # fmt: skip


def _relative(line: Line, at: int, today: date) -> Phrase[date] | None:
    """`today`, `yesterday evening`, `last night`, `the day before yesterday`, `tomorrow`."""
    start = at + 1 if line.word(at) == "the" else at
    words = (line.word(start), line.word(start + 1), line.word(start + 2))
    if words in {("day", "before", "yesterday"), ("day", "after", "tomorrow")}:
        gone, until = (2 if words[1] == "before" else -2), start + 3
    elif words[0] in _DAYS_GONE and start == at:
        gone, until = _DAYS_GONE[words[0]], at + (2 if words[1] in _PARTS_OF_DAY else 1)
    elif words[0] == "this" and words[1] in _PARTS_OF_DAY:
        gone, until = 0, at + 2
    elif words[:2] == ("last", "night"):
        gone, until = 1, at + 2
    else:
        return None
    return _day(at, until, today - timedelta(days=gone), today, Stands.ADVERB)


def _ago(line: Line, at: int, today: date) -> Phrase[date] | None:
    """`2 days ago`, `a week ago`, `3d ago`."""
    if line.digits(at):
        number, until = int(line.digits(at)), at + 1
    elif line.word(at) in {"a", "an"}:
        number, until = 1, at + 1
    elif spelled := spelled_number(line, at):
        number, until = spelled
    else:
        return None
    days = {"d": 1, "day": 1, "days": 1, "week": 7, "weeks": 7}.get(line.word(until))
    # Somebody sets things three days back, but nobody a day or a week.
    if days is None or line.word(until + 1) not in ({"ago", "back"} if line.digits(at) else {"ago"}):
        return None
    gone = min(number * days, LONGEST_AGO)
    try:
        day = today - timedelta(days=gone)
    except OverflowError:
        day = date.min
    return _day(at, until + 2, day, today, Stands.ADVERB)


def _weekday(line: Line, at: int, today: date) -> Phrase[date] | None:
    """`Tue`, `last Friday`, `this Monday`, and with a date: `Tue 17 Nov`."""
    which = line.word(at) if line.word(at) in {"last", "past", "this", "next"} else ""
    start = at + 1 if which else at
    number = WEEKDAYS.get(line.word(start))
    if number is None:
        return None
    dated = None if which else _dated_weekday(line, at, today)
    until = start + 2 if line.word(start + 1) in _PARTS_OF_DAY and not line.is_glued(start + 1) else start + 1
    return dated or _which_weekday(at, until, which, number, today)


def _which_weekday(at: int, until: int, which: str, number: int, today: date) -> Phrase[date]:
    gone = (today.weekday() - number) % 7
    latest, before = today - timedelta(days=gone), today - timedelta(days=gone + 7)
    name = _DAY_NAMES[number]
    if which == "next" or (which == "this" and number > today.weekday()):
        return _day(
            at, until, today + timedelta(days=(number - today.weekday()) % 7 or 7), today, Stands.NOUN
        )
    if which == "this":
        return _day(at, until, latest, today, Stands.NOUN)
    if which and not gone:
        return _day(at, until, before, today, Stands.NOUN)
    if which and gone <= today.weekday():
        sentence = f"Last {name}: {day_words(latest)}, or {day_words(before)}?"
        return Phrase(at, until, (latest, before), Stands.NOUN, sentence)
    if not which and not gone:
        sentence = f"Today is {name}. Was it today, or {day_words(before)}?"
        return Phrase(at, until, (latest, before), Stands.NOUN, sentence)
    return _day(at, until, latest, today, Stands.NOUN)


def _dated_weekday(line: Line, at: int, today: date) -> Phrase[date] | None:
    """A weekday with its date; where the two do not belong together it is asked."""
    start = at + 2 if line.sign(at + 1) == "," else at + 1
    for form in (_iso, _named_month, _dated, _numeric, _ordinal):
        found = form(line, start, today)
        if found is None or not line.is_free_after(found.until):
            continue
        whole = replace(found, first=at, stands=Stands.DATE)
        fitting = tuple(day for day in found.values if day.weekday() == WEEKDAYS[line.word(at)])
        if fitting:
            return replace(whole, values=fitting, sentence="" if len(fitting) == 1 else found.sentence)
        if found.values:
            day = found.values[0]
            sentence = f"{day_words(day)} is no {_DAY_NAMES[WEEKDAYS[line.word(at)]]}. Which day was it?"
            return replace(whole, values=(day,), sentence=sentence)
        return whole
    return None


def _exact(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _latest(month: int, day: int, today: date) -> date | None:
    """The last such day of a year that is not to come; None where no year has it."""
    for year in range(today.year, max(today.year - 9, 0), -1):
        found = _exact(year, month, day)
        if found and found <= today:
            return found
    return None


def _iso(line: Line, at: int, today: date) -> Phrase[date] | None:
    """`2026-11-17`, `2026/11/17`."""
    sign = line.sign(at + 1)
    if sign not in {"-", "/"} or line.sign(at + 3) != sign or len(line.digits(at)) != 4:
        return None
    if not all(line.is_glued(place) for place in range(at + 1, at + 5)):
        return None
    found = _exact(line.number(at), line.number(at + 2), line.number(at + 4))
    if found is None:
        return _no_such_day(line, at, at + 5, Stands.DATE)
    return _day(at, at + 5, found, today, Stands.DATE)


def _day_number(line: Line, at: int) -> tuple[int, int]:
    """`17`, `17th`, `17.`: the number and where it ends; 0 where it is none of a month."""
    number = line.number(at)
    if not 1 <= number <= 31 or len(line.digits(at)) > 2:
        return 0, at
    until = at + 1
    dotted = line.sign(until) == "." and line.word(until + 1) in MONTHS
    if line.is_glued(until) and (dotted or line.word(until) in _ORDINALS):
        until += 1
    return number, until


def _named_month(line: Line, at: int, today: date) -> Phrase[date] | None:
    """`17 Nov`, `Nov 17`, `17th of November 2026`, `November 17, 2026`."""
    start = at + 1 if line.word(at) == "the" else at
    number, until = _day_number(line, start)
    if number:
        until = until + 1 if line.word(until) == "of" else until
        month, until = MONTHS.get(line.word(until), 0), until + 1
        doubled = 1 <= line.number(until) <= 31 and not line.is_glued(until) and line.is_free_after(until + 1)
        doubled = doubled and not _has_unit(line, until + 1)
    else:
        month = MONTHS.get(line.word(start), 0)
        dotted = line.sign(start + 1) == "." and line.is_glued(start + 1)
        number, until = _day_number(line, start + 2 if dotted else start + 1)
        doubled = False
        if start > at:
            return None
    if not number or not month:
        return None
    return _month_day(line, at, until, (number, month, doubled), today)


def _has_unit(line: Line, at: int) -> bool:
    return line.word(at) in HOURS | MINUTES | {"day", "days", "d", "week", "weeks"} | MONTHS.keys()


def _month_day(line: Line, at: int, until: int, said: tuple[int, int, bool], today: date) -> Phrase[date]:
    number, month, doubled = said
    year_at = until + 1 if line.sign(until) == "," else until
    if len(line.digits(year_at)) == 4 and 1900 <= line.number(year_at) <= 2999:
        found = _exact(line.number(year_at), month, number)
        if found is None:
            return _no_such_day(line, at, year_at + 1, Stands.DATE)
        return _day(at, year_at + 1, found, today, Stands.DATE)
    found = _latest(month, number, today)
    if found is None:
        return _no_such_day(line, at, until, Stands.DATE)
    if doubled:
        other = _latest(month, line.number(until), today)
        values = tuple(day for day in (found, other) if day)
        return Phrase(at, until + 1, values, Stands.DATE, f"Which day is “{line.said(at, until + 1)}”?")
    return _perhaps_to_come(line, Phrase(at, until, (found,), Stands.DATE), today)


def _perhaps_to_come(line: Line, phrase: Phrase[date], today: date) -> Phrase[date]:
    """A day of a year that was not said, and that comes again sooner than it was: it is asked."""
    day = phrase.values[0]
    if (today - day).days <= HALF_A_YEAR:
        return phrase
    said = line.said(phrase.first, phrase.until)
    sentence = f"The last “{said}” was {day_words(day)}. Is that the day?"
    return replace(phrase, sentence=sentence)


def _pair(line: Line, at: int, signs: str) -> tuple[str, list[tuple[int, int]]]:
    """The sign of two numbers such as `17/11`, and what they can be as day and month; "" where none are."""
    sign = line.sign(at + 1)
    short = 1 <= len(line.digits(at)) <= 2 and 1 <= len(line.digits(at + 2)) <= 2
    if not sign or sign not in signs or not short or not line.is_glued(at + 1) or not line.is_glued(at + 2):
        return "", []
    a, b = line.number(at), line.number(at + 2)
    return sign, [(a, b)] if sign == "." else [(a, b), (b, a)]


def _dated(line: Line, at: int, today: date) -> Phrase[date] | None:
    """`17.11.2026`, `11/17/2026`, `17-11-2026`; a year of two figures is asked."""
    sign, orders = _pair(line, at, "./-")
    figures = len(line.digits(at + 4))
    if not sign or line.sign(at + 3) != sign or figures not in (2, 4):
        return None
    if not line.is_glued(at + 3) or not line.is_glued(at + 4):
        return None
    year = line.number(at + 4) + (2000 if figures == 2 else 0)
    real = sorted({found for day, month in orders if (found := _exact(year, month, day))})
    if not real:
        return _no_such_day(line, at, at + 5, Stands.ALONE) if figures == 4 else None
    if len(real) == 1 and figures == 4:
        return _day(at, at + 5, real[0], today, Stands.ALONE)
    return _which_day(line, at, at + 5, real, today)


def _numeric(line: Line, at: int, today: date) -> Phrase[date] | None:
    """`17.11.`, `17/11`, `5/6`."""
    sign, orders = _pair(line, at, "./")
    until = at + 4 if sign == "." else at + 3
    if sign == "/" and line.word(at + 3) in HOURS:
        return None
    if not sign or (sign == "." and (line.sign(at + 3) != "." or not line.is_glued(at + 3))):
        return None
    real = sorted({found for day, month in orders if (found := _latest(month, day, today))})
    if not real:
        return _no_such_day(line, at, until, Stands.ALONE) if sign == "." else None
    # 3.1. at the end is a number and a full stop as well; 5/6 may begin with the month.
    full_stop = sign == "." and len(line.digits(at + 2)) == 1 and until >= line.until
    if full_stop or (sign == "/" and max(orders[0]) <= 12):
        return _which_day(line, at, until, real, today)
    return _perhaps_to_come(line, Phrase(at, until, (real[0],), Stands.ALONE), today)


def _which_day(line: Line, at: int, until: int, days: Sequence[date], today: date) -> Phrase[date]:
    past = tuple(day for day in days if not refuse_day(day, today))
    return Phrase(at, until, past, Stands.ALONE, f"Which day is “{line.said(at, until)}”?")


_SPANS = frozenset({"week", "weekend", "month", "year"})
_SOME = frozenset({"few", "couple", "several", "some"})
_LONG_AGO = frozenset({"day", "days", "week", "weeks", "month", "months", "year", "years"})


def _more_days(line: Line, at: int, today: date) -> Phrase[date] | None:
    """`mon-tue`, `Mon/Tue`: more days than one."""
    if line.word(at) not in WEEKDAYS or line.word(at + 2) not in WEEKDAYS:
        return None
    if line.sign(at + 1) not in DASHES | {"/", "+", "&"} or not line.is_glued(at + 1):
        return None
    return _no_one_day(line, at, at + 3)


def _vague(line: Line, at: int, today: date) -> Phrase[date] | None:
    """`last week`, `a few days ago`, `in November`, `the other day`: no one day."""
    words = [line.word(at + step) for step in range(3)]
    if words[0] in {"last", "this", "past", "previous"} and words[1] in _SPANS:
        return _no_one_day(line, at, at + 2)
    weekend = at + 1 if words[0] in {"at", "over"} else at
    if line.word(weekend) == "the" and line.word(weekend + 1) == "weekend":
        return _no_one_day(line, at, weekend + 2)
    if words[:3] == ["the", "other", "day"]:
        return _no_one_day(line, at, at + 3)
    month_at = at + 1 if words[0] == "in" else at
    year = len(line.digits(month_at + 1)) == 4
    if line.word(month_at) in MONTHS and (month_at > at or year):
        return _no_one_day(line, at, month_at + 2 if year else month_at + 1)
    place = at + 1 if words[0] == "a" else at
    if line.digits(place) or line.word(place) in NUMBER_WORDS or line.word(place) in _SOME:
        place += 1
    elif place == at:
        return None
    place = place + 1 if line.word(place) == "of" else place
    long_ago = line.word(place) in _LONG_AGO and line.word(place + 1) == "ago"
    return _no_one_day(line, at, place + 2) if long_ago else None


_OTHER_DAYS = {"gestern": 1, "vorgestern": 2, "hier": 1, "ayer": 1, "ieri": 1}
# German and French, in the order of the week; none of them is an English word.
_OTHER_WEEKDAYS = {
    name: number
    for names in (
        ("montag", "dienstag", "mittwoch", "donnerstag", "freitag", "samstag", "sonntag"),
        ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"),
    )
    for number, name in enumerate(names)
}
_LONG_NAMES = ("yesterday", *(names[-1] for names in _WEEKDAYS))


def _perhaps_a_day(line: Line, at: int, today: date) -> Phrase[date] | None:
    """`yesteday`, `wednsday`, `gestern`: words that a day was meant by, which is asked."""
    word = line.word(at)
    if word in _OTHER_DAYS:
        day = today - timedelta(days=_OTHER_DAYS[word])
    elif word in _OTHER_WEEKDAYS:
        day = today - timedelta(days=(today.weekday() - _OTHER_WEEKDAYS[word]) % 7)
    elif meant := next((name for name in _LONG_NAMES if _is_slip(word, name)), ""):
        gone = 1 if meant == "yesterday" else (today.weekday() - WEEKDAYS[meant]) % 7
        day = today - timedelta(days=gone)
    else:
        return None
    return Phrase(at, at + 1, (day,), Stands.ADVERB, f"Does “{line.said(at, at + 1)}” mean {day_words(day)}?")


def _is_slip(word: str, name: str) -> bool:
    """Whether a word is a name with two letters swapped; of a long name, also with one missing or wrong."""
    if word == name or not -2 < len(word) - len(name) < 1:
        return False
    same = next((at for at, (a, b) in enumerate(zip(word, name, strict=False)) if a != b), len(word))
    if len(word) == len(name) and word[same:] == name[same + 1 : same + 2] + name[same] + name[same + 2 :]:
        return True
    return len(name) >= 8 and same > 0 and name[same + 1 :] in {word[same:], word[same + 1 :]}


def _no_one_day(line: Line, at: int, until: int) -> Phrase[date]:
    sentence = f"“{line.said(at, until)}” is not one day. Which day was it?"
    return Phrase(at, until, (), Stands.NOUN, sentence)


def _ordinal(line: Line, at: int, today: date) -> Phrase[date] | None:
    """`the 17th`, `17th`: in this month, or the last one that has it."""
    start = at + 1 if line.word(at) == "the" else at
    number, until = _day_number(line, start)
    if not number or until == start + 1 or line.word(until - 1) not in _ORDINALS:
        return None
    year, month = today.year, today.month
    for _ in range(12):
        found = _exact(year, month, number)
        if found and found <= today:
            return _day(at, until, found, today, Stands.LAST)
        year, month = (year, month - 1) if month > 1 else (year - 1, 12)
    return None


# -- confidence ----------------------------------------------------------------------------------------------

_CONFIDENCE_NAMES = frozenset({"confidence", "confident", "conf"})
_CONFIDENCE_WORDS = {"shaky": 1, "fair": 3, "sure": 5}


def confidence_at(line: Line, at: int) -> Phrase[int] | None:
    """The confidence that begins at a token, or None."""
    if not line.is_free_before(at):
        return None
    for reading in (_named_confidence, _short_confidence, _of_five, _confidence_word):
        found = reading(line, at)
        if found and line.is_free_after(found.until):
            return found
    return None


def _confidence(first: int, until: int, value: int, stands: Stands) -> Phrase[int]:
    good = 1 <= value <= 5
    return Phrase(first, until, (value,) if good else (), stands, "" if good else CONFIDENCE_RANGE)


def _out_of_five(line: Line, at: int) -> int:
    """Where `/5`, `of 5` or `out of 5` ends; `at` where there is none."""
    if line.sign(at) == "/" and line.digits(at + 1) == "5":
        return at + 2
    start = at + 1 if line.word(at) == "out" else at
    return start + 2 if line.word(start) == "of" and line.digits(start + 1) == "5" else at


def _named_confidence(line: Line, at: int) -> Phrase[int] | None:
    """`confidence 3`, `conf: 3`, `confident 4/5`, `confidence three`."""
    if line.word(at) not in _CONFIDENCE_NAMES:
        return None
    linked = line.sign(at + 1) in {":", "="} or line.word(at + 1) in {"level", "of", "is"}
    start = at + 2 if linked else at + 1
    if line.digits(start):
        value, until = line.number(start), start + 1
    elif line.word(start) in _SMALL[:5]:
        value, until = NUMBER_WORDS[line.word(start)], start + 1
    else:
        return None
    return _confidence(at, _out_of_five(line, until), value, Stands.ADVERB)


def _short_confidence(line: Line, at: int) -> Phrase[int] | None:
    """`c3`, `c:3`."""
    start = at + 2 if line.sign(at + 1) in {":", "="} and line.is_glued(at + 1) else at + 1
    if line.word(at) != "c" or len(line.digits(start)) != 1 or not line.is_glued(start):
        return None
    return _confidence(at, start + 1, line.number(start), Stands.NOUN)


def _of_five(line: Line, at: int) -> Phrase[int] | None:
    """`3/5`, `3 of 5`, `3 out of 5`."""
    until = _out_of_five(line, at + 1)
    if until == at + 1 or not 1 <= line.number(at) <= 5:
        return None
    return _confidence(at, until, line.number(at), Stands.ALONE)


def _confidence_word(line: Line, at: int) -> Phrase[int] | None:
    """`shaky`, `fair`, `sure`, as the form calls 1, 3 and 5."""
    value = _CONFIDENCE_WORDS.get(line.word(at))
    return None if value is None else _confidence(at, at + 1, value, Stands.ALONE)
