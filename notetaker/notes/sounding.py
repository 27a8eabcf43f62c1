"""Which words sound alike, as far as spelling tells: what speech to text wrote in place of a name.

Soundex (Russell, US patents 1261167 and 1435663, 1918 and 1922), without its two simplifications: the first letter
counts like any other, so that "Kubernetes" is like "Cooper Netties", and nothing is cut off.
"""

import re
import unicodedata
from collections.abc import Iterable
from itertools import groupby
from typing import Final

_LETTERS: Final = ("bfpv", "cgjkqsxz", "dt", "l", "mn", "r")
_CLASS: Final = {letter: str(number) for number, group in enumerate(_LETTERS, start=1) for letter in group}
_SHORTEST: Final = 3
"""Fewest consonants that make a word recognisable."""
_LONGEST: Final = 4
"""Most words that are heard for one."""


def sound(text: str) -> str:
    """Return the classes of the consonants, repetitions left out; empty for a text that has too few."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    # h and w between two letters of a class do not part them, a vowel does.
    classes = (_CLASS.get(letter, "") for letter in plain if letter.isalpha() and letter not in "hw")
    found = "".join(letter for letter, _ in groupby(classes))
    return found if len(found) >= _SHORTEST else ""


def sounds(text: str) -> set[str]:
    """Return the sound of each word, and of each run of a few words."""
    words = re.findall(r"[\w'’-]+", text)
    runs = {" ".join(words[at : at + n]) for at in range(len(words)) for n in range(1, _LONGEST + 1)}
    return {sound(run) for run in runs} - {""}


def alike(terms: Iterable[str], text: str) -> list[str]:
    """Return the terms that sound like something in the text."""
    found = sounds(text)
    return [term for term in terms if sound(term) in found]
