"""Soft hyphens for the narrow columns of a map, which are narrower than a word. Pure."""

LONG_WORD = 9
SOFT_HYPHEN = "\N{SOFT HYPHEN}"
_VOWELS = frozenset("aeiouy")
_ONE_SOUND = frozenset({"th", "sh", "ch", "ph", "gh", "qu"})


def soft(name: str) -> str:
    """A name with soft hyphens in its long words."""
    return " ".join(_soft_word(word) if len(word) > LONG_WORD else word for word in name.split(" "))


def _soft_word(word: str) -> str:
    """A soft hyphen before a consonant that a vowel follows, with three letters or more on either side."""
    parts, begin = [], 0
    for at in range(3, len(word) - 3):
        before, here, after = word[at - 1].lower(), word[at].lower(), word[at + 1].lower()
        if at - begin < 3 or not (before.isalpha() and here.isalpha()) or here in _VOWELS:
            continue
        if after in _VOWELS and f"{before}{here}" not in _ONE_SOUND:
            parts.append(word[begin:at])
            begin = at
    return SOFT_HYPHEN.join([*parts, word[begin:]])
