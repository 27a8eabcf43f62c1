"""Words as they are searched for: without endings, accents and capitals, so that "batteries" finds "battery"."""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import Protocol

import snowballstemmer  # type: ignore[import-untyped]

from notetaker.model.languages import english_name
from notetaker.notes.stopwords import STOP_WORDS

_WITHOUT_BLANKS = (
    "\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
)
"""Thai, Lao, Tibetan, Burmese, Khmer, Japanese and Chinese letters, for a character class."""
_WORD = re.compile(rf"[{_WITHOUT_BLANKS}]+|(?:(?![{_WITHOUT_BLANKS}])[^\W_])+(?:['’](?=[^\W_])[^\W_]+)*")
_RUN = re.compile(rf"[{_WITHOUT_BLANKS}]")
_SPELLED = re.compile(r"(?<=[A-Za-z])_")
"""Letters as transcribers spell them out: ``L_C_D_``."""
_FUNCTION_WORDS = """
a about all also am an and any are as at be because been being but by can can't could did didn't do does doesn't
doing don't for from get go gonna got had has have he her here him his how i i'd i'll i'm i've if in into is isn't
it it's its just let's like me mhm mm my no not of oh ok okay on or our so some than that that's the their them then
there there's these they they're this those to uh um up us very was we we'll we're we've were what what's when where
which who why will with would yeah yes you you're your
"""
_SILENT = frozenset(_FUNCTION_WORDS.split())
"""English words that are in every passage. Nobody looks for them."""
_LONGEST = 40
"""Characters of a word that count; a longer one is noise."""


class _Stemmer(Protocol):
    def stemWord(self, word: str) -> str: ...


def words(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield every word in lower case, and where it begins and ends in ``text``.

    Of writing without blanks, every two neighbouring letters are a word.
    """
    for match in _WORD.finditer(text):
        begin, end = match.span()
        if _RUN.match(match[0]) and end - begin > 1:
            yield from ((text[at : at + 2], at, at + 2) for at in range(begin, end - 1))
        else:
            yield match[0].casefold().replace("’", "'"), begin, end


def terms(text: str, language: str) -> list[str]:
    """Return what the words of ``text`` are searched by, in their order, without those that are everywhere.

    ``language`` is an ISO 639-1 code. A language without a stemmer keeps its words whole.
    """
    found = (term(word, language) for word, _, _ in words(_SPELLED.sub("", text)))
    return [one for one in found if one]


def tells(word: str, language: str) -> bool:
    """Return whether a lower-case word says what a passage is about."""
    return language != "en" or word.removesuffix("'s") not in STOP_WORDS


@lru_cache(maxsize=50_000)
def term(word: str, language: str) -> str:
    """Return what a lower-case word is searched by: ``batteri`` for batteries; empty for one that is everywhere."""
    if word in _SILENT and language == "en":
        return ""
    word = word.removesuffix("'s")
    stemmer = _stemmer(language)
    stem = word if stemmer is None else stemmer.stemWord(word)
    bare = "".join(
        letter for letter in unicodedata.normalize("NFKD", stem) if not unicodedata.combining(letter)
    )
    return bare[:_LONGEST]


@lru_cache
def _stemmer(language: str) -> _Stemmer | None:
    name = english_name(language).lower()
    return snowballstemmer.stemmer(name) if name in snowballstemmer.algorithms() else None
