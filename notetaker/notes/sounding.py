"""Which words sound alike, as far as spelling tells: what speech to text wrote in place of a name.

Soundex (Russell, US patents 1261167 and 1435663, 1918 and 1922), without its two simplifications: the first letter
counts like any other, so that "Kubernetes" is like "Cooper Netties", and nothing is cut off.
As "better" sounds like "Petra" then, the letters have to be similar, too.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from difflib import SequenceMatcher
from itertools import groupby
from typing import Final

_LETTERS: Final = ("bfpv", "cgjkqsxz", "dt", "l", "mn", "r")
_CLASS: Final = {letter: str(number) for number, group in enumerate(_LETTERS, start=1) for letter in group}
_SHORTEST: Final = 3
"""Fewest consonants that make a word recognisable."""
_LONGEST: Final = 4
"""Most words that are heard for one."""
_SIMILAR: Final = 0.6
"""Least similarity of two spellings, from 0 to 1."""


def sound(text: str) -> str:
    """Return the classes of the consonants, repetitions left out; empty for a text that has too few."""
    # h and w between two letters of a class do not part them, a vowel does.
    classes = (_CLASS.get(letter, "") for letter in _letters(text) if letter not in "hw")
    found = "".join(letter for letter, _ in groupby(classes))
    return found if len(found) >= _SHORTEST else ""


def alike(terms: Iterable[str], text: str) -> list[str]:
    """Return the terms that sound like a word of the text, or a run of a few, and are spelled not too differently."""
    words = re.findall(r"[\w'’-]+", text)
    runs = {"".join(words[at : at + n]) for at in range(len(words)) for n in range(1, _LONGEST + 1)}
    heard: defaultdict[str, list[str]] = defaultdict(list)
    for run in runs:
        heard[sound(run)].append(_letters(run))
    heard[""] = []
    return [term for term in terms if any(_is_similar(_letters(term), run) for run in heard[sound(term)])]


def _is_similar(one: str, other: str) -> bool:
    return SequenceMatcher(None, one, other, autojunk=False).ratio() >= _SIMILAR


def _letters(text: str) -> str:
    return "".join(letter for letter in unicodedata.normalize("NFKD", text.casefold()) if letter.isalpha())
