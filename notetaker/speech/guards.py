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
_SHORT = 24
"""Bytes. A shorter text compresses badly, whatever it says."""


def repetitive(text: str) -> bool:
    raw = text.strip().encode()
    return len(raw) > _SHORT and len(raw) / len(zlib.compress(raw)) > REPETITIVE


def too_few_words(text: str, speech_s: float) -> bool:
    """Whether the engine has stopped listening in the middle of ``speech_s`` seconds of speech."""
    return speech_s > LONG_S and len(text.split()) < FEWEST_WORDS * speech_s and text.isascii()
