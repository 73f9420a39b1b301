"""Search keys as they are stored and compared."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import permutations

from adapter.pipeline.names import folded

PAPER, NAME = "paper", "name"
"""The kinds that name an identity paper, and a person."""
LONGEST = 255
"""Letters of one."""


@lru_cache(maxsize=2048)  # who is stored is looked for too, in other groups and as declared twice
def search_value(kind: str, value: str) -> str:
    """A key as it is stored and asked for: accents folded, letters upper case, numbers without separators."""
    if kind == NAME:
        return _arranged(name_words(value))
    letters = folded(value)
    return letters[:LONGEST] if letters.isalnum() else "".join(char for char in letters if char.isalnum())[:LONGEST]


_PLAIN = re.compile(r"[A-Z ]*").fullmatch
"""Nearly every name, as passports have it."""
_BETWEEN_WORDS = str.maketrans("-.,</", "     ", "'")


def name_words(name: str) -> list[str]:
    """The words of a name, folded: a hyphen parts two words, an apostrophe is left out, as in passports."""
    letters = folded(name)
    return (letters if _PLAIN(letters) else letters.translate(_BETWEEN_WORDS)).split()


def name_values(words: list[str]) -> list[str]:
    """Under which values a whole name is stored, whose words are given in any order. At least two words."""
    pairs = permutations(range(len(words)), 2)
    made = (_arranged([words[first], *_without(words, first, last), words[last]]) for first, last in pairs)
    return list(dict.fromkeys(made))


def name_ranges(words: list[str]) -> list[tuple[str, tuple[str, ...]]]:
    """With what a stored name begins whose first and last word are those two, and what else it must hold.

    A traveller's middle names are often left out. The first and the last word that are given count as such, either
    way round: what begins so is one range of the index.
    """
    first, *rest, last = words
    ends = dict.fromkeys([(last, first), (first, last)])
    return [(" ".join(each), tuple(rest)) for each in ends]


def _arranged(words: list[str]) -> str:
    """Last word, first word, all others by the alphabet: so a name is found by words in any order, or by its ends."""
    made = words[::-1] if len(words) < 3 else [words[-1], words[0], *sorted(words[1:-1])]
    return " ".join(made)[:LONGEST]


def _without(words: list[str], *places: int) -> list[str]:
    return [word for at, word in enumerate(words) if at not in places]
