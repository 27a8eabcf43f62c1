"""What a Discord client sends of a sound: Opus packets of 20 ms while it hears something, and none in pauses.

Its voice activity detection opens a little before a voice and closes some time after it. What follows are five frames
of silence (Discord docs, Voice Connections, Voice Data Interpolation), and then nothing. How sensitive clients are is
not published; here sound counts down to 40 dB below the loud parts, and at most down to -60 dBFS.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from tests.campaigns.speech_eval.recordings import RATE, Samples
from tests.speech.opus_encoder import encode

FRAME_S: Final = 0.02
FRAME: Final = round(RATE * FRAME_S)
"""Samples."""
BIT_RATE: Final = 64_000
"""Of a voice channel unless its owner changes it (Discord docs, Channel, ``bitrate``)."""
SILENCE: Final = b"\xf8\xff\xfe"
SILENCE_FRAMES: Final = 5

_BEFORE: Final = 3
"""Frames that are sent before the voice begins ..."""
_AFTER: Final = 15
"""... and after it has ended."""
_QUIETEST_DB: Final = -60.0
_RANGE_DB: Final = 40.0


@dataclass(frozen=True, slots=True)
class Run:
    """What is sent between two pauses."""

    start_s: float
    """Seconds from the start of the sound."""
    packets: tuple[bytes, ...]
    """Without the silence frames behind them."""

    @property
    def end_s(self) -> float:
        return self.start_s + FRAME_S * len(self.packets)

    def sent(self) -> Iterator[tuple[float, bytes]]:
        """Every packet with its time, in seconds from the start of the sound; with the silence frames."""
        for number, packet in enumerate([*self.packets, *[SILENCE] * SILENCE_FRAMES]):
            yield self.start_s + number * FRAME_S, packet


def runs(sound: Samples, *, gated: bool = True, fec: bool = False) -> list[Run]:
    """``gated``: with voice activity detection; without it all is sent, as by somebody who holds a key to talk.

    ``fec``: each packet of speech repeats the one before it, as clients do when they expect 10 % of loss.
    """
    padded = np.pad(sound, (0, -len(sound) % FRAME))
    frames = padded.reshape(-1, FRAME)
    spans = _spans(frames) if gated else [(0, len(frames))] if len(frames) else []
    if not spans:
        return []
    sent = np.concatenate([frames[start:end].reshape(-1) for start, end in spans])
    packets = iter(encode(sent, layout="stereo", bit_rate=BIT_RATE, fec=fec))
    return [Run(start * FRAME_S, tuple(next(packets) for _ in range(start, end))) for start, end in spans]


def of_packets(packets: Sequence[bytes], start_s: float = 0.0) -> Run:
    """What is already encoded."""
    return Run(start_s, tuple(packets))


def _spans(frames: Samples) -> list[tuple[int, int]]:
    """First frame, and the one behind the last, of each run. Silence frames fit between two runs."""
    level = np.sqrt(np.mean(frames.astype(np.float64) ** 2, axis=1)) / 2**15
    level_db = 20 * np.log10(np.maximum(level, 1e-9))
    loud_db = float(np.percentile(level_db, 95)) if len(level_db) else 0.0
    spans: list[tuple[int, int]] = []
    for index in np.flatnonzero(level_db > max(_QUIETEST_DB, loud_db - _RANGE_DB)):
        start, end = max(int(index) - _BEFORE, 0), min(int(index) + _AFTER, len(frames))
        if spans and start <= spans[-1][1] + SILENCE_FRAMES:
            spans[-1] = spans[-1][0], end
        else:
            spans.append((start, end))
    return spans
