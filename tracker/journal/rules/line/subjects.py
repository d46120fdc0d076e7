"""What of the curriculum a typed line names: a module or an activity. Pure.

Words are compared without case, accents, plural and a few endings, with small typing mistakes mended; common
words count little, function words nothing. What is named only in part, or by words that several share, is not
decided: it is returned to be asked.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeVar

from tracker.journal.rules.line.phrases import NUMBER_WORDS
from tracker.journal.rules.line.tokens import Kind, Line, Token, tokens_of

T = TypeVar("T")

MOST_CHOICES = 5
# Joining words, and what is said of study itself: they name no subject.
STOP_WORDS = frozenset([
    "a", "about", "after", "all", "an", "and", "any", "are", "as", "at", "be", "been", "before",
    "between", "but", "by", "can", "did", "do", "does", "doing", "done", "during", "each", "every", "for",
    "from", "get", "got", "had", "has", "have", "how", "i", "if", "in", "into", "is", "it", "its", "just",
    "me", "more", "most", "my", "not", "of", "off", "on", "once", "only", "or", "our", "out", "over",
    "per", "so", "some", "that", "the", "their", "them", "then", "there", "these", "they", "this",
    "those", "through", "till", "to", "too", "under", "until", "up", "us", "vs", "was", "we", "were",
    "what", "when", "where", "which", "while", "who", "why", "will", "with", "you", "your", "read",
    "reading", "write", "writing", "wrote", "written", "worked", "working", "finish", "finished",
    "finishing", "start", "started", "starting", "continue", "continued", "continuing", "went", "still",
    "again", "bit", "part", "rest",
])  # fmt: skip
_JOINING = frozenset({"and", "or", "plus", "vs", "then", "also"})
# These may stand between the words of a title that are typed without the others.
_LINKING = frozenset(
    ["a", "an", "and", "at", "by", "for", "from", "in", "into", "of", "on", "the", "to", "with"]
)
_SHORTEST_MENDED = 5
_LONG_WORD = 8
# A word that so many know says little.
_COMMON_SHARE = 20
_COMMON_FEWEST = 4
WEAK = 0.5
FROM_MODULE = 0.6
# A word with a slip of the finger counts nearly whole, one that is only like it little.
SLIP = 0.9
DOUBT = 0.6
# A word with another ending than the title's: a meeting is not what one meets.
ENDING = 0.8
# What says less than this more is as good.
MARGIN = 0.25
TWO_WORDS = 1.75


@dataclass(frozen=True, slots=True)
class Candidate:
    """A module or an activity that a line can be about.

    `value` is its key; `module_value` and `module_title` are those of an activity's module, "" for a module
    itself. `words` are further words it may be called by. `weight` says how near it is on the plan: of
    choices, those with more come first.
    """

    value: str
    title: str
    module_value: str = ""
    module_title: str = ""
    words: tuple[str, ...] = ()
    weight: float = 0.0


# -- words ---------------------------------------------------------------------------------------------------


def singular(word: str) -> str:
    """A word without the ending of the plural."""
    word = word.removesuffix("'s")
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 3 and word.endswith("s") and not word.endswith("ss"):
        return word[:-1]
    return word


def british(word: str) -> str:
    """A word as the curriculum spells it: defence, authorisation, modelling."""
    for american, here in (("ense", "ence"), ("eling", "elling"), ("eled", "elled")):
        if word.endswith(american):
            word = word.removesuffix(american) + here
    return word.replace("z", "s") if len(word) > 4 else word


def stem(word: str) -> str:
    """A word without the endings that do not tell one subject from another; British and American alike."""
    short = british(singular(word))
    for ending in ("ing", "ed"):
        if short.endswith(ending) and len(short) - len(ending) >= 4:
            short = short.removesuffix(ending)
            break
    short = short.removesuffix("e") if len(short) >= 4 else short
    if len(short) >= 4 and short[-1] == short[-2] and short[-1] not in "aeiou":
        short = short[:-1]
    return short


def _number_of(token: Token) -> str:
    """A number in figures, however it was written; "" for what is none."""
    if token.kind is Kind.NUMBER:
        return token.text
    return str(NUMBER_WORDS.get(token.text, ""))


@dataclass(frozen=True, slots=True)
class _Words:
    """The words of a text: stems, numbers, the stem of each word, and numbers with what is beside them."""

    stems: frozenset[str]
    numbers: frozenset[str]
    written: Mapping[str, str]
    beside_number: frozenset[tuple[str, str]]


def _words_of(tokens: Sequence[Token]) -> _Words:
    stems: list[str] = []
    written: dict[str, str] = {}
    beside: set[tuple[str, str]] = set()
    before = ""
    for at, token in enumerate(tokens):
        number = _number_of(token)
        if token.kind is Kind.WORD and not number and token.text not in STOP_WORDS:
            now = stem(token.text)
            stems.append(now)
            written[token.text] = now
            # Table-top is also typed as one word.
            if at + 2 < len(tokens) and tokens[at + 1].text == "-" and not tokens[at + 1].spaced:
                joined = token.text + tokens[at + 2].text
                stems.append(stem(joined))
                written[joined] = stem(joined)
        elif number:
            now = number
        else:
            continue
        if before and (number or before.isdigit()):
            beside.add((before, now))
        before = now
    numbers = frozenset(_number_of(token) for token in tokens) - {""}
    return _Words(frozenset(stems), numbers, written, frozenset(beside))


@dataclass(frozen=True, slots=True)
class _Entry:
    """A candidate's words. `own` are those of its title and key, `context` those of its module."""

    value: str
    module_value: str
    names: tuple[str, ...]
    own: frozenset[str]
    context: frozenset[str]
    module_names: frozenset[str]
    titles: tuple[frozenset[str], ...]
    key_rest: frozenset[str]
    every: frozenset[str]
    beside_number: frozenset[tuple[str, str]]
    sequences: tuple[tuple[str, ...], ...]


def _said(tokens: Iterable[Token]) -> tuple[str, ...]:
    """The words and numbers of a text without its signs."""
    return tuple(token.text for token in tokens if token.kind in {Kind.WORD, Kind.NUMBER})


def _entry(
    candidate: Candidate, module: _Words, module_names: frozenset[str]
) -> tuple[_Entry, Mapping[str, str]]:
    slug = candidate.value
    if candidate.module_value:
        slug = slug.removeprefix(candidate.module_value + ".")
    title_tokens, key_tokens = tokens_of(candidate.title), tokens_of(slug)
    title, key, more = (
        _words_of(tokens) for tokens in (title_tokens, key_tokens, tokens_of(" ".join(candidate.words)))
    )
    named = _said(key_tokens)
    sequences = [_said(title_tokens), named]
    if candidate.module_value:
        sequences.append((*_said(tokens_of(candidate.module_value)), *named))
    entry = _Entry(
        value=candidate.value,
        module_value=candidate.module_value,
        names=() if candidate.module_value else named,
        own=title.stems | key.stems | more.stems,
        context=module.stems,
        module_names=module_names,
        titles=(title.stems | title.numbers, key.stems | key.numbers),
        # Keys of activities begin with a verb, which nobody types.
        key_rest=frozenset(stem(word) for word in named[1:] if word not in STOP_WORDS and not word.isdigit()),
        every=frozenset(word for sequence in sequences for word in sequence),
        beside_number=title.beside_number | key.beside_number,
        # Two words can stand beside each other by chance.
        sequences=tuple(sequence for sequence in sequences if len(sequence) > 2),
    )
    return entry, {**module.written, **title.written, **key.written, **more.written}


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The candidates by their words."""

    entries: tuple[_Entry, ...]
    by_stem: Mapping[str, tuple[int, ...]] = field(hash=False)
    by_context: Mapping[str, tuple[int, ...]] = field(hash=False)
    by_first_word: Mapping[str, tuple[tuple[int, tuple[str, ...]], ...]] = field(hash=False)
    names: Mapping[str, tuple[int, ...]] = field(hash=False)
    written: Mapping[str, str] = field(hash=False)
    by_letter: Mapping[str, tuple[str, ...]] = field(hash=False)

    def worth(self, word: str) -> float:
        """What a word says: 1, or less where many candidates know it."""
        common = max(_COMMON_FEWEST, len(self.entries) // _COMMON_SHARE)
        return WEAK if word.isdigit() or len(self.by_stem.get(word, ())) > common else 1.0


def lexicon_of(candidates: Sequence[Candidate]) -> Lexicon:
    """The lexicon of some candidates, whatever their order and weight."""
    rows = {(c.value, c.title, c.module_value, c.module_title, c.words) for c in candidates}
    return _lexicon(tuple(sorted(rows)))


@lru_cache(maxsize=32)
def _lexicon(rows: tuple[tuple[str, str, str, str, tuple[str, ...]], ...]) -> Lexicon:
    entries: list[_Entry] = []
    written: dict[str, str] = {}
    modules: dict[tuple[str, str], tuple[_Words, frozenset[str]]] = {}
    for row in rows:
        candidate = Candidate(*row)
        module = (candidate.module_value, candidate.module_title)
        if module not in modules:
            modules[module] = _words_of(tokens_of(" ".join(module))), _words_of(tokens_of(module[0])).stems
        entry, words = _entry(candidate, *modules[module])
        entries.append(entry)
        written |= words
    by_stem: dict[str, list[int]] = defaultdict(list)
    by_context: dict[str, list[int]] = defaultdict(list)
    first: dict[str, list[tuple[int, tuple[str, ...]]]] = defaultdict(list)
    names: dict[str, list[int]] = defaultdict(list)
    letters: dict[str, list[str]] = defaultdict(list)
    for number, entry in enumerate(entries):
        for word in entry.own:
            by_stem[word].append(number)
        for word in entry.context - entry.own:
            by_context[word].append(number)
        for sequence in set(entry.sequences):
            first[sequence[0]].append((number, sequence))
        if entry.names:
            names[entry.names[0]].append(number)
            if len(entry.names) > 1:
                names["".join(entry.names)].append(number)
    for word in sorted(written):
        if len(word) >= _SHORTEST_MENDED:
            letters[word[0]].append(word)
    return Lexicon(
        tuple(entries),
        _frozen(by_stem),
        _frozen(by_context),
        _frozen(first),
        _frozen(names),
        written,
        _frozen(letters),
    )


def _frozen(found: Mapping[str, list[T]]) -> dict[str, tuple[T, ...]]:
    return {word: tuple(rows) for word, rows in found.items()}


# -- titles and keys written out -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Mention:
    """The tokens `[first, until)` as the candidates they name: one, or several to be asked."""

    first: int
    until: int
    values: tuple[str, ...]


def title_at(lexicon: Lexicon, line: Line, at: int) -> Mention | None:
    """The longest title or key that is written out from a token on, or None."""
    if line.word(at) not in lexicon.by_first_word or not line.is_free_before(at):
        return None
    longest, values = at, set[str]()
    for number, sequence in lexicon.by_first_word[line.word(at)]:
        until = _end_of(line, at, sequence)
        if until >= longest and until > at:
            values = values if until == longest else set()
            values.add(lexicon.entries[number].value)
            longest = until
    return Mention(at, longest, tuple(sorted(values))) if values else None


def _end_of(line: Line, at: int, sequence: Sequence[str]) -> int:
    """Where a sequence of words that begins at a token ends; -1 where it is not there. Signs do not count."""
    place = at
    for word in sequence:
        while line.sign(place):
            place += 1
        if word not in (line.word(place), line.digits(place)):
            return -1
        place += 1
    return place if line.is_free_after(place) else -1


# -- words of titles -----------------------------------------------------------------------------------------


def _is_like(typed: str, meant: str) -> float:
    """How surely a word is another with a mistake: 0, `DOUBT` or `SLIP`. The first letter is never wrong."""
    longer, shorter = (typed, meant) if len(typed) >= len(meant) else (meant, typed)
    if len(longer) - len(shorter) > 1:
        return 0
    same = next((at for at, char in enumerate(shorter) if char != longer[at]), len(shorter))
    if len(longer) > len(shorter):
        if longer[same + 1 :] != shorter[same:]:
            return 0
        doubled = longer[same] in longer[max(same - 1, 0) : same] + longer[same + 1 : same + 2]
        return SLIP if longer is meant or doubled or len(meant) >= _LONG_WORD else DOUBT
    if typed[same + 1 :] == meant[same + 1 :]:
        return SLIP if len(meant) >= _LONG_WORD else DOUBT
    swapped = typed[same : same + 2] == meant[same : same + 2][::-1]
    return SLIP if swapped and typed[same + 2 :] == meant[same + 2 :] else 0


def _meanings(lexicon: Lexicon, word: str) -> dict[str, float]:
    """The stems a typed word can stand for, each with how sure that is."""
    short = stem(word)
    for known, likeness in ((lexicon.written.get(word, ""), 1.0), (short, ENDING)):
        if known in lexicon.by_stem or known in lexicon.by_context:
            same = any(other in lexicon.written for other in (singular(word), british(word)))
            return {known: 1.0 if same else likeness}
    found: dict[str, float] = {}
    if len(word) >= _SHORTEST_MENDED - 1:
        for meant in lexicon.by_letter.get(word[0], ()):
            likeness = _is_like(word, meant)
            if likeness:
                known = lexicon.written[meant]
                found[known] = max(likeness, found.get(known, 0))
    return found


@dataclass(slots=True)
class _Place:
    """A word or number of a run that may say something. `meanings` are stems, or the number itself."""

    token: int
    is_number: bool
    meanings: dict[str, float]


@dataclass(slots=True)
class _Block:
    """What a candidate and a stretch of places have in common.

    `score` is what the common words say, `evidence` what those say that are not of its module.
    """

    entry: int
    first: int
    until: int
    score: float = 0.0
    evidence: float = 0.0
    words: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Match:
    """A candidate that a run names, by the tokens `[first, until)`. `whole`: it takes the whole run."""

    entry: _Entry
    first: int
    until: int
    score: float
    whole: bool
    evidence: float = 1.0


@dataclass(frozen=True, slots=True)
class RunReading:
    """What a run names: `found` is sure, `offered` can be meant."""

    found: tuple[Match, ...] = ()
    offered: tuple[Match, ...] = ()


def _places(lexicon: Lexicon, line: Line, run: Sequence[int]) -> list[_Place]:
    places = []
    for token in run:
        number = _number_of(line.tokens[token])
        if number:
            places.append(_Place(token, True, {number: 1.0}))
        elif line.word(token) and line.word(token) not in STOP_WORDS:
            places.append(_Place(token, False, _meanings(lexicon, line.word(token))))
    return places


def _known_there(lexicon: Lexicon, places: list[_Place], at: int) -> Iterator[tuple[int, str, float, bool]]:
    """The candidates that know a place: entry, word, what it says, whether it is no word of the module."""
    place = places[at]
    if place.is_number:
        yield from _known_numbers(lexicon, places, at)
        return
    for word, likeness in place.meanings.items():
        worth = lexicon.worth(word) * likeness
        for number in lexicon.by_stem.get(word, ()):
            yield number, word, worth, word not in lexicon.entries[number].context
        for number in lexicon.by_context.get(word, ()):
            is_name = word in lexicon.entries[number].module_names
            yield number, word, worth if is_name else worth * FROM_MODULE, False


def _known_numbers(lexicon: Lexicon, places: list[_Place], at: int) -> Iterator[tuple[int, str, float, bool]]:
    """A number counts only beside the word it stands beside in the title: `six cases`, `top 10`."""
    (number,) = places[at].meanings
    pairs: list[tuple[str, str]] = []
    words: set[str] = set()
    for step in (-1, 1):
        if 0 <= at + step < len(places):
            for word in places[at + step].meanings:
                pairs.append((word, number) if step < 0 else (number, word))
                words.add(word)
    near = {row for word in words for row in lexicon.by_stem.get(word, ())}
    for row in sorted(near):
        if any(pair in lexicon.entries[row].beside_number for pair in pairs):
            yield row, number, WEAK, False


def _blocks(lexicon: Lexicon, places: list[_Place]) -> list[_Block]:
    """For each candidate, the stretch of places without a gap that says most of it."""
    open_blocks: dict[int, _Block] = {}
    best: dict[int, _Block] = {}
    for at in range(len(places)):
        known: dict[int, tuple[float, str, float]] = {}
        for number, word, worth, own in _known_there(lexicon, places, at):
            row = (worth, word, worth if own else 0.0)
            known[number] = max(known.get(number, row), row)
        open_blocks = {number: block for number, block in open_blocks.items() if number in known}
        for number, (worth, word, evidence) in known.items():
            block = open_blocks.setdefault(number, _Block(number, at, at))
            if word not in block.words:
                block.score += worth
                block.evidence += evidence
            block.words.add(word)
            block.until = at + 1
            kept = best.setdefault(number, block)
            if (block.evidence, block.score) > (kept.evidence, kept.score):
                best[number] = block
    return sorted(best.values(), key=lambda block: block.entry)


def _share(lexicon: Lexicon, block: _Block) -> float:
    """How much of the title, or of the key, was said; words of the module and common ones aside."""
    entry = lexicon.entries[block.entry]
    if len(entry.key_rest) > 1 and entry.key_rest <= block.words:
        return 1.0
    shares = []
    for title in entry.titles:
        telling = {word for word in title - entry.context if word.isdigit() or lexicon.worth(word) == 1}
        if telling:
            shares.append(len(telling & block.words) / len(telling))
    return max(shares, default=0.0)


def _named_modules(lexicon: Lexicon, line: Line, run: Sequence[int]) -> dict[int, tuple[int, int, int]]:
    """Modules named by their key in a run: entry to (first token, until, how exactly: 2, 1 or 0)."""
    found: dict[int, tuple[int, int, int]] = {}
    for token in run:
        word = line.word(token)
        starts = {name: _same(word, name) for name in _like_names(lexicon, word)}
        for start, exact in starts.items():
            for number in lexicon.names[start]:
                name = lexicon.entries[number].names
                until, sure = token + 1, exact
                for part in name[1:] if start == name[0] else ():
                    until = until + 1 if line.sign(until) else until
                    sure = min(sure, _same(line.word(until), part))
                    until += 1
                if sure >= 0 and sure > found.get(number, (0, 0, -1))[2]:
                    found[number] = (token, until, sure)
    return found


def _like_names(lexicon: Lexicon, word: str) -> list[str]:
    if word in lexicon.names:
        return [word]
    if not word or word in STOP_WORDS or word in lexicon.written:
        return [name for name in lexicon.names if word and singular(name) == singular(word)]
    return [name for name in lexicon.names if _same(word, name) >= 0]


def _same(typed: str, meant: str) -> int:
    """How exactly a word is a name: 2 written so, 1 but for the plural or a slip, 0 perhaps, -1 not."""
    if typed == meant:
        return 2
    if not typed or typed[0] != meant[0]:
        return -1
    if singular(typed) == singular(meant) or stem(typed) == meant:
        return 1
    likeness = _is_like(typed, meant) if min(len(typed), len(meant)) >= _SHORTEST_MENDED - 1 else 0
    return -1 if not likeness else 1 if likeness == SLIP else 0


def read_run(lexicon: Lexicon, line: Line, run: Sequence[int]) -> RunReading:
    """What a run of words names. `run` are the tokens of its words and numbers, in order."""
    places = _places(lexicon, line, run)
    spoken = [at for at, place in enumerate(places) if not place.is_number]
    if not spoken:
        return RunReading()
    named = _named_modules(lexicon, line, run)
    edges = {places[spoken[0]].token, places[spoken[-1]].token}
    found: list[Match] = []
    offered: list[Match] = []
    for block in _blocks(lexicon, places):
        entry = lexicon.entries[block.entry]
        whole = (
            block.first <= spoken[0]
            and block.until > spoken[-1]
            and _takes_all(line, run, places, block, entry)
        )
        first, until = places[block.first].token, places[block.until - 1].token + 1
        name = named.pop(block.entry, None)
        if name and (not first <= name[0] < until):
            first, until = name[0], name[1]
        match = Match(
            entry, first, until, max(block.score, 1.0) if name else block.score, whole, block.evidence
        )
        sure = (
            _is_sure_module(lexicon, block, name, match, edges)
            if entry.names
            else _is_sure(lexicon, block, whole)
        )
        if sure:
            found.append(match)
        elif (whole and _can_be_meant(block, entry)) or (
            name and name[2] >= 0 and {first, until - 1} & edges
        ):
            offered.append(match)
    return RunReading(_winners(line, run, found), tuple(offered))


def _can_be_meant(block: _Block, entry: _Entry) -> bool:
    telling = (block.words & entry.own) - entry.module_names
    return bool(telling) and (len(block.words) > 1 or block.score >= SLIP)


def _takes_all(line: Line, run: Sequence[int], places: list[_Place], block: _Block, entry: _Entry) -> bool:
    """Whether nothing of a run is left beside a block but linking words, and a number at its ends."""
    known = {place.token for place in places[block.first : block.until] if not place.is_number}
    rest = [at for at in run if at not in known and line.word(at) not in _LINKING | entry.every]
    numbers = {at for at in (run[0], run[-1]) if line.digits(at)}
    return all(at in numbers or _number_of(line.tokens[at]) in block.words for at in rest)


def _is_sure(lexicon: Lexicon, block: _Block, whole: bool) -> bool:
    """Whether an activity is named: by two words of its own, or by all that tells it from others."""
    if block.evidence >= TWO_WORDS:
        return True
    return whole and (
        block.evidence >= 2 * WEAK + WEAK or (block.evidence >= WEAK * SLIP and _share(lexicon, block) > 0.5)
    )


def _is_sure_module(
    lexicon: Lexicon, block: _Block, name: tuple[int, int, int] | None, match: Match, edges: Collection[int]
) -> bool:
    """Whether a module is named: by its key, or by words of its title that no other has."""
    if name and name[2] > 0:
        return name[2] == 2 or match.whole or bool({name[0], name[1] - 1} & set(edges))
    if not match.whole:
        return not name and block.score >= TWO_WORDS
    if len(block.words) > 1:
        return block.score >= 2 * WEAK + WEAK
    (word,) = block.words
    elsewhere = [
        row for row in lexicon.by_stem[word] if lexicon.entries[row].module_value != match.entry.value
    ]
    return block.score >= SLIP and elsewhere == [block.entry]


def are_kin(one: _Entry, other: _Entry) -> bool:
    """Whether one is the module of the other."""
    return one.module_value == other.value or other.module_value == one.value


def _winners(line: Line, run: Sequence[int], found: list[Match]) -> tuple[Match, ...]:
    """Of what a run names, what it is about: one, or those that cannot be told apart."""
    found = [match for match in found if match.whole] or found
    if not found:
        return ()
    ranked = sorted(found, key=lambda match: (-match.score, match.first, match.entry.value))
    best = ranked[0].score
    general = [match for match in ranked if match.whole and match.entry.names and match.score > best - MARGIN]
    if len(general) == 1:
        # What is the title of a module and of an activity elsewhere is said of the module.
        return (general[0],)
    winners: list[Match] = []
    for match in ranked:
        if any(are_kin(match.entry, other.entry) and match.score <= other.score for other in winners):
            continue
        beside = all(match.first >= other.until or match.until <= other.first for other in winners)
        if match.score > best - MARGIN or (winners and beside):
            winners.append(match)
    return _at_the_head(line, run, winners)


def _at_the_head(line: Line, run: Sequence[int], winners: list[Match]) -> tuple[Match, ...]:
    """A module at the very beginning is what the line is on; others are spoken of, unless joined to it."""
    begin = next((at for at in run if line.word(at) not in _LINKING), run[0])
    heads = [match for match in winners if match.first <= begin and match.entry.names]
    if len(heads) != 1:
        return tuple(winners)
    head = heads[0]
    kept = [head]
    for match in winners:
        if match is head:
            continue
        between = range(head.until, match.first)
        apart = match.entry.names and not all(
            line.sign(token) or line.word(token) in _JOINING for token in between
        )
        if not apart:
            kept.append(match)
    return tuple(kept)


# -- the subject of a line -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Subject:
    """What a line is on: no value, one, or several to be asked; `doubtful`: one is to be asked too.

    `spans` are the tokens that name it.
    """

    values: tuple[str, ...] = ()
    spans: tuple[tuple[int, int], ...] = ()
    doubtful: bool = False


def read_subject(
    lexicon: Lexicon, line: Line, titles: Sequence[Mention], runs: Sequence[Sequence[int]]
) -> Subject:
    """The subject that titles written out and runs of words name together."""
    by_value = {entry.value: entry for entry in lexicon.entries}
    written = [
        tuple(
            Match(by_value[value], title.first, title.until, float(title.until), True)
            for value in title.values
        )
        for title in titles
    ]
    readings = [(read_run(lexicon, line, run), run) for run in runs]
    named = [reading.found for reading, _ in readings if reading.found]
    groups = _agreed([*written, *named])
    if not groups:
        return _offered(lexicon, line, readings)
    matches = [match for group in groups for match in group]
    values = list(dict.fromkeys(match.entry.value for match in matches))
    if len(values) == 1:
        for reading, _ in readings:
            kin = [
                row
                for row in reading.offered
                if row.whole and row.evidence and row.entry.module_value == values[0]
            ]
            if reading.found and kin and len(kin) <= MOST_CHOICES:
                values = [*_ranked(kin), values[0]]
                matches += kin
    # A module that an activity of it makes more exact is said as well.
    kin_named = [
        row for group in named for row in group if any(are_kin(row.entry, match.entry) for match in matches)
    ]
    spans = [_span(line, match, runs) for match in [*matches, *kin_named]]
    return Subject(tuple(values), _merged(spans))


def _agreed(groups: Sequence[tuple[Match, ...]]) -> list[tuple[Match, ...]]:
    """What several places name, with those left out that another makes more exact."""
    whole = [group for group in groups if all(match.whole for match in group)]
    if whole:
        groups = [group for group in groups if group in whole or _is_kin_of(group, whole)]
    alone = [group[0].entry for group in groups if len(group) == 1]
    kept: list[tuple[Match, ...]] = []
    for group in groups:
        narrow = tuple(match for match in group if any(are_kin(match.entry, entry) for entry in alone))
        kept.append(narrow if len(group) > 1 and narrow else group)
    exact = {module for group in kept if (module := _module_of(group))}
    return [group for group in kept if len(group) > 1 or group[0].entry.value not in exact]


def _module_of(group: tuple[Match, ...]) -> str:
    """The module whose activities a place names, or ""."""
    modules = {match.entry.module_value for match in group}
    return modules.pop() if len(modules) == 1 else ""


def _is_kin_of(group: tuple[Match, ...], others: Sequence[tuple[Match, ...]]) -> bool:
    return any(are_kin(match.entry, row.entry) for match in group for other in others for row in other)


def _ranked(matches: Sequence[Match]) -> list[str]:
    ranked = sorted(matches, key=lambda match: (-match.score, match.entry.value))
    return list(dict.fromkeys(match.entry.value for match in ranked))


def _offered(lexicon: Lexicon, line: Line, readings: Sequence[tuple[RunReading, Sequence[int]]]) -> Subject:
    """What can be meant where nothing is sure; nothing where it is too much to choose from."""
    for reading, run in readings:
        values = _ranked(reading.offered)
        if 0 < len(values) <= MOST_CHOICES:
            spans = [_span(line, match, [run]) for match in reading.offered]
            return Subject(tuple(values), _merged(spans), doubtful=True)
    return Subject()


def _span(line: Line, match: Match, runs: Sequence[Sequence[int]]) -> tuple[int, int]:
    """The tokens of a match with the joining words of its title beside them."""
    first, until = match.first, match.until
    run = next((row for row in runs if first in row), ())
    absorbed = match.entry.every - _LINKING
    while first - 1 in run and line.word(first - 1) in absorbed:
        first -= 1
    while until in run and line.word(until) in absorbed:
        until += 1
    return first, until


def _merged(spans: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    merged: list[tuple[int, int]] = []
    for first, until in sorted(spans):
        if merged and first < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], until))
        else:
            merged.append((first, until))
    return tuple(merged)
