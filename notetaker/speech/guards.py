"""Signs of invented text: an engine is not believed if its words cannot be what was said.

Source: "Robust Speech Recognition via Large-Scale Weak Supervision" (Radford et al., 2022), section 4.5, for the
compression ratio; the rest was measured (docs/speech.md).
"""

import re
import zlib
from collections.abc import Sequence
from typing import Final

REPETITIVE: Final = 2.4
"""Compression ratio above which a text repeats itself."""
SHORT: Final = 24
"""Bytes up to which a text is too short for a meaningful compression ratio."""
LONG_S: Final = 2.0
"""Shortest speech in seconds to which ``FEWEST_WORDS`` applies."""
FEWEST_WORDS: Final = 0.7
"""Fewest words per second that people say in longer speech."""
MOST_WORDS: Final = 6.0
"""Most words per second that people say for long."""
REPEATED_WORDS: Final = 4.0
"""Most words per second if they are all the same, as in "no, no, no"."""
ECHO_WORDS: Final = 3
"""Fewest words whose repetition is suspicious. People do say "no problem, no problem"."""
RECITED_TERMS: Final = 3
"""Terms of the vocabulary, one right after the other, that are suspicious. People do say "Ada, Ben"."""


def no_words(text: str) -> bool:
    """Return whether the text has no letters, or one letter over and over, as engines write for birdsong."""
    letters = [character for character in text.lower() if character.isalnum()]
    return not letters or (len(letters) > 4 and len(set(letters)) == 1)


def repetitive(text: str) -> bool:
    """Return whether the text repeats itself so much that it compresses well."""
    raw = text.strip().encode()
    return len(raw) > SHORT and len(raw) / len(zlib.compress(raw)) > REPETITIVE


def stutters(text: str) -> bool:
    """Return whether the text is one word, four times or more."""
    words = ["".join(filter(str.isalnum, word)) for word in text.lower().split()]
    return len(words) >= 4 and len(set(words)) == 1


def echoes(text: str) -> bool:
    """Return whether the text is one run of words, twice or more."""
    words = text.lower().split()
    return any(
        len(words) % times == 0
        and len(words) // times >= ECHO_WORDS
        and words == words[: len(words) // times] * times
        for times in range(2, len(words) // ECHO_WORDS + 1)
    )


def too_few_words(text: str, speech_s: float) -> bool:
    """Return whether the engine must have stopped in the middle of ``speech_s`` seconds of speech.

    ``text`` is in a language with spaces between words.
    """
    return speech_s > LONG_S and len(text.split()) < FEWEST_WORDS * speech_s


def loops(text: str, speech_s: float) -> bool:
    """Return whether the text repeats itself more often than a person can in ``speech_s`` seconds of speech."""
    return (repetitive(text) or stutters(text)) and len(text.split()) > REPEATED_WORDS * speech_s + 2


def too_many_words(text: str, speech_s: float) -> bool:
    """Return whether the text has more words than a person can say in ``speech_s`` seconds of speech."""
    return len(text.split()) > MOST_WORDS * speech_s + ECHO_WORDS


def recites(text: str, vocabulary: Sequence[str]) -> bool:
    """Return whether the text is the vocabulary rather than what was said: two or more of its terms and nothing else,
    or three in a row.
    """
    terms = sorted(filter(None, (_letters(term) for term in vocabulary)), key=len, reverse=True)
    words = _letters(text)
    run = longest = others = place = 0
    while place < len(words):
        term = next((term for term in terms if words[place : place + len(term)] == term), None)
        run = 0 if term is None else run + 1
        others += term is None
        longest = max(longest, run)
        place += 1 if term is None else len(term)
    return longest >= RECITED_TERMS or (longest > 1 and not others)


def _letters(text: str) -> list[str]:
    """Return the words in lower case, without punctuation."""
    return re.findall(r"\w+", text.casefold())
