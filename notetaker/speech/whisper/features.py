"""Converts sound to the log-mel spectrogram for Whisper's encoder.

Source: "Robust Speech Recognition via Large-Scale Weak Supervision" (Radford et al., 2022), section 2.2, and the mel
scale of Slaney's Auditory Toolbox (1998), with which Whisper's filters were made.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from notetaker.speech.engine import SAMPLE_RATE

Floats = NDArray[np.float32]

HOP = SAMPLE_RATE // 100
"""Samples from one frame to the next: 10 ms."""
_FFT = 400
"""Samples in a frame: 25 ms."""
_LINEAR_TO_HZ = 1000.0
"""Frequency up to which the mel scale is linear; it is logarithmic above."""
_HZ_PER_MEL = 200 / 3
_LOG_STEP = np.log(6.4) / 27
_LOUD = 0.01
"""Fraction of the power of the loudest parts, 20 dB below them, under which sound is no speech."""
_DYNAMIC_RANGE = 8.0
"""Decades below the loudest spot under which everything counts as silence."""


def samples(pcm: bytes) -> Floats:
    """Convert signed 16-bit little-endian PCM to samples from -1 to 1."""
    return np.frombuffer(pcm, dtype="<i2").astype(np.float32) / np.float32(32768)


def loud_s(sound: Floats) -> tuple[float, float]:
    """Return start and end in seconds of what is loud enough to be speech, without the silence at the edges."""
    frames = sound[: len(sound) // HOP * HOP].reshape(-1, HOP)
    power = np.square(frames).mean(axis=1)
    if not power.any():
        return 0.0, len(sound) / SAMPLE_RATE
    loud = np.flatnonzero(power >= _LOUD * np.quantile(power, 0.95))
    return float(loud[0]) * HOP / SAMPLE_RATE, float(loud[-1] + 1) * HOP / SAMPLE_RATE


class Spectrogram:
    """Log-mel spectrograms with ``bands`` mel bands: 80, or 128 for large-v3."""

    def __init__(self, bands: int) -> None:
        self._filters = _mel_filters(bands)
        self._window: Floats = np.hanning(_FFT + 1)[:-1].astype(np.float32)

    def __call__(self, sound: Floats, window_s: int) -> Floats:
        """Return shape (bands, 100 * window_s) for the sound, padded with silence to ``window_s`` seconds."""
        length = window_s * SAMPLE_RATE
        padded = np.pad(sound[:length], (0, max(length - len(sound), 0)))
        centred = np.pad(padded, _FFT // 2, mode="reflect")
        frames = np.lib.stride_tricks.sliding_window_view(centred, _FFT)[::HOP][:-1]
        power = np.abs(np.fft.rfft(frames * self._window)) ** 2
        mel = self._filters @ power.T.astype(np.float32)
        log = np.log10(np.maximum(mel, 1e-10))
        log = np.maximum(log, log.max() - _DYNAMIC_RANGE)
        spectrogram: Floats = ((log + 4) / 4).astype(np.float32)
        return spectrogram


def _mel_filters(bands: int) -> Floats:
    """Return shape (bands, _FFT / 2 + 1): triangles of equal area, evenly spaced on the mel scale."""
    top = _mel(SAMPLE_RATE / 2)
    edges = _hz(np.linspace(0.0, top, bands + 2))
    bins = np.fft.rfftfreq(_FFT, 1 / SAMPLE_RATE)
    slopes = edges[:, None] - bins[None, :]
    widths = np.diff(edges)[:, None]
    rising, falling = -slopes[:-2] / widths[:-1], slopes[2:] / widths[1:]
    triangles = np.maximum(0, np.minimum(rising, falling))
    filters: Floats = (triangles * (2 / (edges[2:] - edges[:-2]))[:, None]).astype(np.float32)
    return filters


def _mel(hertz: float) -> float:
    return float(_LINEAR_TO_HZ / _HZ_PER_MEL + np.log(hertz / _LINEAR_TO_HZ) / _LOG_STEP)


def _hz(mels: NDArray[Any]) -> NDArray[Any]:
    knee = _LINEAR_TO_HZ / _HZ_PER_MEL
    return np.where(mels < knee, mels * _HZ_PER_MEL, _LINEAR_TO_HZ * np.exp(_LOG_STEP * (mels - knee)))
