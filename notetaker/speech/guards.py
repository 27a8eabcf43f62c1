"""What gives an invention away: no engine is believed when its words cannot be what was said.

Source: "Robust Speech Recognition via Large-Scale Weak Supervision" (Radford et al., 2022), section 4.5, for the
compression ratio; the rest was measured (docs/speech.md).
"""

import zlib
from typing import Final

REPETITIVE: Final = 2.4
"""Compression ratio above which a text says the same over and over."""
SHORT: Final = 24
"""Bytes. Any shorter text compresses badly."""
LONG_S: Final = 2.0
"""Seconds of speech ..."""
FEWEST_WORDS: Final = 0.7
"""... in which anybody says more words a second than this."""
MOST_WORDS: Final = 6.0
"""Words a second of speech: nobody says more for long."""
REPEATED_WORDS: Final = 4.0
"""The same where they are all alike: "no, no, no"."""
ECHO_WORDS: Final = 3
"""Words that may be said twice in a row, "no problem, no problem", without a doubt."""


def no_words(text: str) -> bool:
    """Whether there is nothing in it but punctuation, or one letter over and over, as for birdsong."""
    letters = [character for character in text.lower() if character.isalnum()]
    return not letters or (len(letters) > 4 and len(set(letters)) == 1)


def repetitive(text: str) -> bool:
    raw = text.strip().encode()
    return len(raw) > SHORT and len(raw) / len(zlib.compress(raw)) > REPETITIVE


def stutters(text: str) -> bool:
    """Whether it is one word, four times or more."""
    words = ["".join(filter(str.isalnum, word)) for word in text.lower().split()]
    return len(words) >= 4 and len(set(words)) == 1


def echoes(text: str) -> bool:
    """Whether it is one run of words, said twice or more."""
    words = text.lower().split()
    return any(
        len(words) % times == 0
        and len(words) // times >= ECHO_WORDS
        and words == words[: len(words) // times] * times
        for times in range(2, len(words) // ECHO_WORDS + 1)
    )


def too_few_words(text: str, speech_s: float) -> bool:
    """Whether the engine has stopped listening in the middle of ``speech_s`` seconds of speech.

    ``text`` is in a language with blanks between its words.
    """
    return speech_s > LONG_S and len(text.split()) < FEWEST_WORDS * speech_s


def loops(text: str, speech_s: float) -> bool:
    """Whether it says the same over and over, and more often than anybody can in ``speech_s`` seconds of speech."""
    return (repetitive(text) or stutters(text)) and len(text.split()) > REPEATED_WORDS * speech_s + 2


def too_many_words(text: str, speech_s: float) -> bool:
    """Whether nobody can have said so much in ``speech_s`` seconds of speech."""
    return len(text.split()) > MOST_WORDS * speech_s + ECHO_WORDS
