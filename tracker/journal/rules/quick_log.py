"""A quick-log line, `45m garak encoding probes, confident 3`, becomes a study session. Pure. English.

Slips such as `wednsday`, and German and French words for a day, are asked about: they are no note in English.

What can be said, in any order, each at most once:

- a *length*: `45m`, `1h30`, `1 h 30`, `1:30`, `1.5h`, `half an hour`, `two hours`, `14:00-15:30`, `from 9 to
  10:30`; or a bare number of minutes, 10 to 480, that does not stand beside text;
- a *day*: `today`, `yesterday`, `on Tue`, `last Friday`, `2 days ago`, `2026-11-17`, `17 Nov`, `17.11.`, `the
  17th`: the last such day, never one to come;
- a *confidence*: `confidence 3`, `conf 3`, `c3`, `3/5`, or the form's words `shaky`, `fair` and `sure`;
- a *subject*: words of the title or key of a module or activity;
- a *note*: every other word; what stands in double quotes; and all that follows the first ` - `, `: ` or ` #`
  after the length, unless that reads wholly as one of the above.

**When a word for a day is no day.** A note may speak of a day, and no note is eaten. *Text* is a word that
was not read as anything; joining words (`for`, `and`) do not count. A day is read

- as `yesterday` or `2 days ago`, where text stands on one side at most;
- as `Tue`, `on Tue`, `last Friday` or `on 17 Nov`, where no text follows: in `on Tue shift` it belongs to the
  shift;
- as `17 Nov`, `2026-11-17`, `17.11.`, `5/6` or `the 17th`, where no text stands beside it, and the last not
  before a subject either: `the 3rd case study` is a case study;
- never after `for`, `from`, `of`, `since`, `until`, `like` and the other words of `line.sheet.NO_DAY_AFTER`.

Everywhere else it stays in the note, and where it can have been meant it is asked. Lengths and confidences
have rules of the same kind, by `line.phrases.Stands`.

Nothing is guessed: two lengths, two days, a day that can be two, a subject that several share are asked, with
what can have been meant; until then the field is as if nothing had been said.

The work is bounded by the length of a line, which is refused unread above `LONGEST_LINE` characters.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from tracker.journal.rules import read_minutes
from tracker.journal.rules.line.layout import (
    BREAKS,
    FILLERS,
    LONGEST_BARE,
    SHORTEST_BARE,
    bare_number,
    lay_out,
    open_runs,
)
from tracker.journal.rules.line.note import parts_of, read_note
from tracker.journal.rules.line.phrases import (
    CLOCK_WORDS,
    Phrase,
    Stands,
    T,
    confidence_at,
    day_at,
    day_words,
    hours_words,
    spelled_number,
)
from tracker.journal.rules.line.sheet import (
    NO_CONFIDENCE_AFTER,
    NO_DAY_AFTER,
    Ask,
    Field,
    Part,
    Phrases,
    Sheet,
    Side,
    place_found,
    settle,
    word_before,
)
from tracker.journal.rules.line.subjects import (
    MOST_CHOICES,
    STOP_WORDS,
    Candidate,
    Lexicon,
    lexicon_of,
    read_subject,
)
from tracker.journal.rules.line.tokens import DASHES, Line, tokens_of

__all__ = ["LONGEST_LINE", "Ask", "Candidate", "Part", "Reading", "read_quick_log"]

LONGEST_LINE = 300
MISSING_LENGTH = "Say how long you studied, such as 45 or 1:30."
# Beside these, a length is one of several, or none of study.
_OF_SEVERAL = frozenset(["break", "pause", "times", "twice", "x", "×", "*"])
_SEVERAL_OF = frozenset(["blocks", "lots", "rounds", "sessions", "sets", "times"])
_ORDER: tuple[Field, ...] = ("line", "minutes", "studied_on", "subject", "confidence", "note")


@dataclass(frozen=True, slots=True)
class Reading:
    """What a line says.

    `minutes` is None where it must be asked. `studied_on` is today where no day was said or it must be asked.
    `subject` is a candidate's value, "" for something else; where it must be asked, `choices` are the values
    to choose from, at most five, the nearest on the plan first. `parts` are in order and do not overlap.
    """

    minutes: int | None
    studied_on: date
    subject: str = ""
    choices: tuple[str, ...] = ()
    confidence: int | None = None
    note: str = ""
    asks: tuple[Ask, ...] = ()
    parts: tuple[Part, ...] = ()


def read_quick_log(text: str, candidates: Sequence[Candidate], today: date) -> Reading:
    """Read a line, for a learner whose calendar says `today`. Any text is read; none raises an error.

    The order of the candidates does not matter, only their weight.
    """
    if len(text) > LONGEST_LINE:
        limit = f"A line has at most {LONGEST_LINE} characters; this has {len(text)}."
        return Reading(None, today, asks=(Ask("line", f"{limit} Use the form for a long note."),))
    tokens = tokens_of(text)
    line = Line(text, tokens, 0, len(tokens))
    lexicon = lexicon_of(candidates)
    sheet = Sheet(line, today, lay_out(line, lexicon, today))
    place_found(sheet)
    choices, subject = _place_subject(sheet, lexicon, candidates)
    firm, weak = settle(sheet)
    _keep_unsure(sheet)
    minutes = _read_length(sheet, firm, weak)
    studied_on = _read_day(sheet, firm, weak)
    confidence = _read_confidence(sheet, firm.confidences, weak.confidences)
    _ask_odd(sheet, minutes is not None)
    note, spans = read_note(sheet)
    _ask_about_tail(sheet, firm)
    if sheet.unread:
        sheet.ask("note", _not_understood(sheet.unread))
    if minutes is None and not sheet.is_asked("minutes"):
        sheet.ask("minutes", MISSING_LENGTH)
    asks = tuple(sorted(sheet.asks, key=lambda ask: _ORDER.index(ask.field)))
    return Reading(minutes, studied_on, subject, choices, confidence, note, asks, parts_of(sheet, spans))


def _quoted(sheet: Sheet, phrases: Sequence[Phrase[T]]) -> str:
    return " and ".join(f"“{sheet.said(phrase.first, phrase.until)}”" for phrase in phrases[:3])


# -- subject -------------------------------------------------------------------------------------------------


def _place_subject(
    sheet: Sheet, lexicon: Lexicon, candidates: Sequence[Candidate]
) -> tuple[tuple[str, ...], str]:
    """The choices and the subject, of which one is empty; both where the line names none."""
    titles = [title for stretch in sheet.layout.stretches for title in stretch.titles]
    runs: list[list[int]] = []
    for stretch in sheet.layout.stretches:
        runs.extend(open_runs(sheet.line.part(stretch.first, stretch.until), stretch.found()))
    read = read_subject(lexicon, sheet.line, titles, runs)
    asked = len(read.values) > 1 or (bool(read.values) and read.doubtful)
    for first, until in read.spans:
        # What may be no subject is text to those beside it.
        sheet.take(first, until, Side.UNSURE if asked else Side.SUBJECT, "asked" if asked else "subject")
        _keep_in_sentence(sheet, first, until, runs)
        if asked:
            sheet.unsure.append((first, until))
    if not asked:
        return (), read.values[0] if read.values else ""
    weights = {value: max(row.weight for row in candidates if row.value == value) for value in read.values}
    ranked = sorted(read.values, key=lambda value: (-weights[value], read.values.index(value)))
    choices = tuple(ranked[:MOST_CHOICES])
    if len(choices) == 1:
        title = min(row.title for row in candidates if row.value == choices[0])
        sheet.ask("subject", f"Is it on “{title}”?", choices)
    elif len(read.spans) == 1:
        sheet.ask("subject", f"Which do you mean by “{sheet.said(*read.spans[0])}”?", choices)
    else:
        sheet.ask("subject", "Which of these is it on?", choices)
    return choices, ""


def _keep_in_sentence(sheet: Sheet, first: int, until: int, runs: Iterable[Sequence[int]]) -> None:
    """A subject named inside a sentence stays in the note, where the sentence needs it."""
    for run in runs:
        if first not in run:
            continue
        before = [at for at in run if at < first]
        words = [at for at in before if sheet.line.word(at)]
        after = [at for at in run if at >= until and sheet.line.word(at)]
        told = [at for at in words if sheet.line.word(at) not in FILLERS and at not in sheet.sides]
        if told and (after or sheet.line.word(before[-1]) in STOP_WORDS):
            sheet.spoken.update(range(first, until))


def _keep_unsure(sheet: Sheet) -> None:
    """Words for a subject that is asked stay in the note where there is text beside them."""
    for first, until in sheet.unsure:
        if Side.TEXT in (sheet.side(first, -1), sheet.side(until - 1, 1)):
            sheet.spoken.update(range(first, until))


# -- length --------------------------------------------------------------------------------------------------


def _read_length(sheet: Sheet, firm: Phrases, weak: Phrases) -> int | None:
    """The minutes, or None where they are asked or were not said."""
    told = [_questioned(sheet, phrase) for phrase in firm.lengths]
    bare = _bare_lengths(sheet, bool(told), bool(firm.confidences))
    lengths = sorted([*told, *bare], key=lambda phrase: phrase.first)
    if not lengths:
        _ask_weak_length(sheet, weak.lengths)
        return None
    alike = len({phrase.values for phrase in lengths}) == 1
    agreed = alike and (len(lengths) == 1 or any(phrase.is_range for phrase in lengths))
    clear = agreed and not any(phrase.sentence for phrase in lengths)
    for phrase in lengths:
        sheet.take(phrase.first, phrase.until, Side.LENGTH, "minutes" if clear else "asked")
    if clear:
        return lengths[0].values[0]
    sentence = f"There are several lengths, {_quoted(sheet, lengths)}. How long was it?"
    if len(lengths) == 1:
        sentence = lengths[0].sentence
    sheet.ask("minutes", sentence, [minutes for phrase in lengths for minutes in phrase.values])
    return None


def _questioned(sheet: Sheet, phrase: Phrase[int]) -> Phrase[int]:
    """A length with the question it raises where it stands: `1 h 30` before text, `2 x 45m`, `15m break`."""
    line, short = sheet.line, phrase.short
    if phrase.tail >= 0 and sheet.side(phrase.until - 1, 1).is_text:
        spelled = spelled_number(line, phrase.tail)
        tail = spelled[0] if spelled else line.number(phrase.tail)
        sentence = f"Is it {hours_words(short)}, or {hours_words(short + tail)}?"
        values = (short, *phrase.values) if short else phrase.values
        return replace(phrase, values=values, sentence=sentence)
    around = [at for at in (phrase.first - 1, phrase.until) if at not in sheet.sides]
    beside = {line.word(at) or line.sign(at) for at in around}
    counted = line.word(phrase.first - 1) in {"of", "at"} and line.word(phrase.first - 2) in _SEVERAL_OF
    if phrase.values and not phrase.sentence and (counted or beside & _OF_SEVERAL):
        said = sheet.said(phrase.first, phrase.until)
        return replace(phrase, sentence=f"Is “{said}” how long you studied?")
    return phrase


def _bare_numbers(sheet: Sheet) -> Iterator[int]:
    for stretch in sheet.layout.stretches:
        for at in range(stretch.first, stretch.until):
            if at not in sheet.sides and at not in sheet.quoted and bare_number(sheet.line, at) >= 0:
                yield at


def _bare_lengths(sheet: Sheet, has_length: bool, has_confidence: bool) -> list[Phrase[int]]:
    """Numbers without a unit: lengths where they can be nothing else, else asked or left to the note."""
    lengths: list[Phrase[int]] = []
    others: list[int] = []
    beside_text: list[int] = []
    for at in _bare_numbers(sheet):
        fits = SHORTEST_BARE <= sheet.line.number(at) <= LONGEST_BARE
        sides = (sheet.side(at, -1), sheet.side(at, 1))
        beside_words = any(side.is_text for side in sides)
        if fits and not beside_words:
            lengths.append(Phrase(at, at + 1, (sheet.line.number(at),), Stands.ALONE))
        elif not beside_words:
            others.append(at)
        elif Side.EDGE in sides and fits and has_length and Side.TEXT not in sides:
            # Beside a subject that is asked it can be the length; and there is another.
            lengths.append(Phrase(at, at + 1, (sheet.line.number(at),), Stands.ALONE))
        elif Side.EDGE in sides and fits:
            beside_text.append(at)
    told = has_length or bool(lengths)
    for at in others:
        told, has_confidence = _ask_number(sheet, at, told, has_confidence)
    if not told and beside_text:
        number = sheet.line.number(beside_text[0])
        sheet.ask("minutes", f"Is “{number}” how many minutes you studied?", [number])
    return lengths


def _ask_number(sheet: Sheet, at: int, told: bool, sure: bool) -> tuple[bool, bool]:
    """Ask what a number is; returns whether length and confidence are said or asked by now."""
    number, said = sheet.line.number(at), sheet.said(at, at + 1)
    sheet.take(at, at + 1, Side.NUMBER, "asked")
    if not told:
        _ask_minutes(sheet, number, said)
        return True, sure
    if 1 <= number <= 5 and not sure:
        sheet.ask("confidence", f"Is “{said}” how sure you are, from 1 to 5?", [number])
        return told, True
    sheet.unread.append(said)
    return told, sure


def _ask_minutes(sheet: Sheet, number: int, said: str) -> None:
    """Ask about a number that is not the minutes of most sessions."""
    try:
        minutes = read_minutes(said)
    except ValueError as refusal:
        sheet.ask("minutes", str(refusal))
        return
    if number < SHORTEST_BARE:
        sentence = f"Is “{said}” minutes, hours or something else? Write {said} min or {said} h."
        sheet.ask("minutes", sentence, [minutes, minutes * 60])
    else:
        sentence = f"Did you study for {said} minutes, that is {hours_words(minutes)}?"
        sheet.ask("minutes", sentence, [minutes])


def _not_understood(said: Sequence[str]) -> str:
    shown = ", ".join(f"“{one}”" for one in said[:3])
    were = "was" if len(said) == 1 else "were"
    return f"{shown} {were} not understood. What belongs to the note is written after a dash."


def _ask_weak_length(sheet: Sheet, weak: Sequence[Phrase[int]]) -> None:
    weak = [phrase for phrase in weak if phrase.stands is not Stands.CLOCK]
    if weak and not sheet.is_asked("minutes"):
        said = sheet.said(weak[0].first, weak[0].until)
        sentence = f"Is “{said}” how long you studied?" if weak[0].values else weak[0].sentence
        sheet.ask("minutes", sentence, weak[0].values)


def _ask_odd(sheet: Sheet, told: bool) -> None:
    """Ask about what has figures in it and is nothing known, `1e9` or `½`; inside a sentence it is text."""
    told = told or sheet.is_asked("minutes")
    for first, until in _odd(sheet):
        in_words = told and any(sheet.line.word(at) for at in range(first, until))
        sides = (sheet.side(first, -1), sheet.side(until - 1, 1))
        if in_words or any(side.is_text for side in sides) or word_before(sheet, first) in CLOCK_WORDS:
            continue
        said = sheet.said(first, until)
        sheet.take(first, until, Side.NUMBER, "asked")
        if told:
            sheet.unread.append(said)
        else:
            sheet.ask("minutes", _no_length(said))
            told = True


def _no_length(said: str) -> str:
    """Why it is none, as the form says it."""
    try:
        read_minutes(said)
    except ValueError as refusal:
        return str(refusal)
    return _not_understood([said])


def _odd(sheet: Sheet) -> list[tuple[int, int]]:
    """The tokens of things without a gap that have figures in them and were not read."""
    found: list[tuple[int, int]] = []
    for stretch in sheet.layout.stretches:
        line = sheet.line.part(stretch.first, stretch.until)
        at = stretch.first
        while at < stretch.until:
            until = at + 1
            while line.is_glued(until) and line.sign(until) not in BREAKS:
                until += 1
            known = any(place in sheet.sides or place in sheet.quoted for place in range(at, until))
            alone = until == at + 1 and bare_number(line, at) >= 0
            if _begins_with_figures(line, at) and not known and not alone:
                found.append((at, until))
            at = until
    return found


def _begins_with_figures(line: Line, at: int) -> bool:
    if line.sign(at) in DASHES | {"."}:
        return bool(line.digits(at + 1)) and line.is_glued(at + 1)
    return bool(line.digits(at) or line.fraction(at))


# -- day -----------------------------------------------------------------------------------------------------


def _read_day(sheet: Sheet, firm: Phrases, weak: Phrases) -> date:
    """The day, or today where it is asked or was not said."""
    days = firm.days
    if not days:
        _ask_weak_day(sheet, weak.days)
        if any(phrase.overnight for phrase in firm.lengths) and not sheet.is_asked("studied_on"):
            sentence = "That goes past midnight. On which day did it begin?"
            sheet.ask("studied_on", sentence, [sheet.today - timedelta(days=1), sheet.today])
        return sheet.today
    alike = len({phrase.values for phrase in days}) == 1
    if alike and not any(phrase.sentence for phrase in days):
        return days[0].values[0]
    for phrase in days:
        sheet.take(phrase.first, phrase.until, Side.PART, "asked")
    sentence = f"There are several days, {_quoted(sheet, days)}. Which day was it?"
    if len(days) == 1:
        sentence = days[0].sentence
    sheet.ask("studied_on", sentence, [day for phrase in days for day in phrase.values])
    return sheet.today


def _ask_weak_day(sheet: Sheet, weak: Sequence[Phrase[date]]) -> None:
    bound = {Stands.ALONE, Stands.LAST, Stands.ON_LAST}
    for phrase in weak:
        sides = (sheet.side(phrase.first, -1), sheet.side(phrase.until - 1, 1))
        spoken_of = word_before(sheet, phrase.first) in NO_DAY_AFTER
        of_text = phrase.stands in bound and sides[1].is_text
        if spoken_of or of_text or not phrase.values or phrase.values == (sheet.today,):
            continue
        if not any(side.is_text for side in sides):
            sheet.take(phrase.first, phrase.until, Side.PART, "asked")
        _ask_day_or_note(sheet, sheet.said(phrase.first, phrase.until), phrase.values)
        return


def _ask_day_or_note(sheet: Sheet, said: str, days: Sequence[date]) -> None:
    sentence = f"Was it on {day_words(days[0])}, or does “{said}” say something else?"
    sheet.ask("studied_on", sentence, [*days, sheet.today])


# -- confidence ----------------------------------------------------------------------------------------------


def _read_confidence(sheet: Sheet, firm: Sequence[Phrase[int]], weak: Sequence[Phrase[int]]) -> int | None:
    """The confidence, or None where it is asked or was not said."""
    if not firm:
        _ask_weak_confidence(sheet, weak)
        return None
    alike = len({phrase.values for phrase in firm}) == 1
    if alike and firm[0].values:
        return firm[0].values[0]
    for phrase in firm:
        sheet.take(phrase.first, phrase.until, Side.PART, "asked")
    sentence = firm[0].sentence if alike else f"How sure are you, {_quoted(sheet, firm)}?"
    sheet.ask("confidence", sentence, [value for phrase in firm for value in phrase.values])
    return None


def _ask_weak_confidence(sheet: Sheet, weak: Sequence[Phrase[int]]) -> None:
    for phrase in weak:
        spoken_of = word_before(sheet, phrase.first) in NO_CONFIDENCE_AFTER
        of_text = phrase.stands is not Stands.ADVERB and sheet.side(phrase.until - 1, 1).is_text
        if phrase.values and not spoken_of and not of_text and not sheet.is_asked("confidence"):
            _ask_confidence_or_note(sheet, sheet.said(phrase.first, phrase.until), phrase.values)


def _ask_confidence_or_note(sheet: Sheet, said: str, values: Sequence[int]) -> None:
    sheet.ask("confidence", f"Is “{said}” how sure you are, or part of the note?", values)


# -- the end of a marked note --------------------------------------------------------------------------------


def _ask_about_tail(sheet: Sheet, firm: Phrases) -> None:
    """Ask about a day or a confidence that stands by itself at the very end of a marked note."""
    line = sheet.line
    ends = [at for at in range(sheet.layout.note_from, line.until) if line.sign(at) in {",", ";", *DASHES}]
    first = ends[-1] + 1 if ends else line.until
    if first >= line.until or line.is_glued(first):
        return
    said = sheet.said(first, line.until)
    sure, day = confidence_at(line, first), day_at(line, first, sheet.today)
    if sure and sure.until == line.until and sure.values and not firm.confidences:
        if not sheet.is_asked("confidence"):
            _ask_confidence_or_note(sheet, said, sure.values)
        return
    if day and day.until == line.until and day.values and not firm.days and not sheet.is_asked("studied_on"):
        _ask_day_or_note(sheet, said, day.values)
