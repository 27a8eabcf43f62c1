"""What gives an invention away: no engine is believed when its words cannot be what was said.

Source: "Robust Speech Recognition via Large-Scale Weak Supervision" (Radford et al., 2022), section 4.5.
"""

import zlib

REPETITIVE = 2.4
"""Compression ratio above which a text says the same over and over."""
LONG_S = 8.0
"""Seconds of speech ..."""
FEWEST_WORDS = 0.7
"""... in which anybody says more words a second than this."""
MOST_WORDS = 5.0
"""Words a second of speech: nobody says the same over and over more quickly than this."""
_SHORT = 24
"""Bytes. A shorter text compresses badly, whatever it says."""


def repetitive(text: str) -> bool:
    raw = text.strip().encode()
    return len(raw) > _SHORT and len(raw) / len(zlib.compress(raw)) > REPETITIVE


def too_few_words(text: str, speech_s: float) -> bool:
    """Whether the engine has stopped listening in the middle of ``speech_s`` seconds of speech."""
    return speech_s > LONG_S and len(text.split()) < FEWEST_WORDS * speech_s and text.isascii()


def too_many_words(text: str, speech_s: float) -> bool:
    """Whether nobody can have said so much in ``speech_s`` seconds of speech."""
    return len(text.split()) > MOST_WORDS * max(speech_s, 1.0)
