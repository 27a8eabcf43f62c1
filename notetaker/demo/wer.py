"""Word error rate: how much a transcript differs from what was said.

Texts are normalised first, as papers about speech to text do: numbers, contractions and spellings are written alike,
so "two hundred" equals "200" (Radford et al., 2022, appendix C).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import jiwer
from whisper_normalizer.basic import BasicTextNormalizer  # type: ignore[import-untyped]
from whisper_normalizer.english import EnglishTextNormalizer  # type: ignore[import-untyped]

WITHOUT_SPACES: Final = frozenset({"ja", "lo", "my", "th", "yue", "zh"})
"""Languages that are written without spaces between words. Their letters are compared instead."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """Consecutive words that were said, and what the transcript has instead. Either may be empty."""

    said: str
    heard: str


@dataclass(frozen=True, slots=True)
class Comparison:
    right: tuple[bool, ...]
    """For each word that was said, whether the transcript has it."""
    inserted: int
    """Words in the transcript that nobody said."""
    mistakes: tuple[Mistake, ...]

    @property
    def errors(self) -> int:
        """The fewest words to insert, delete or replace (Levenshtein distance)."""
        return self.right.count(False) + self.inserted


def words(text: str, language: str = "en") -> list[str]:
    """Return the normalised words of a text. ``language`` is an ISO 639-1 code."""
    normal = _normaliser(language)(text.replace("’", "'"))
    return [word for word in normal.split() if any(letter.isalnum() for letter in word)]


def compare(said: Sequence[str], heard: Sequence[str]) -> Comparison:
    """Compare the words of a transcript with those that were said."""
    found = jiwer.process_words(" ".join(said), " ".join(heard))
    right = [False] * len(said)
    mistakes = []
    for chunk in found.alignments[0]:
        those_said = slice(chunk.ref_start_idx, chunk.ref_end_idx)
        those_heard = slice(chunk.hyp_start_idx, chunk.hyp_end_idx)
        if chunk.type == "equal":
            right[those_said] = [True] * len(said[those_said])
        else:
            mistakes.append(Mistake(" ".join(said[those_said]), " ".join(heard[those_heard])))
    return Comparison(tuple(right), found.insertions, tuple(mistakes))


def word_error_rate(said: str, heard: str, language: str = "en") -> float:
    """Return the errors per word said; 0 is perfect. Raises ValueError if nothing was said."""
    said_words = words(said, language)
    if not said_words:
        raise ValueError("A word error rate needs at least one word that was said.")
    return compare(said_words, words(heard, language)).errors / len(said_words)


@cache
def _normaliser(language: str) -> Callable[[str], str]:
    if language == "en":
        normaliser: Callable[[str], str] = EnglishTextNormalizer()
    else:
        normaliser = BasicTextNormalizer(split_letters=language in WITHOUT_SPACES)
    return normaliser
