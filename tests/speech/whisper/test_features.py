"""The spectrogram, compared with that of faster-whisper 1.2.1, whose models we use.

The expected values are its own, the same as ours to the bit when they were made: ``FeatureExtractor(feature_size=N)``
of the sound below, with silence up to 30 s; frame 100, every tenth band.
"""

import numpy as np
import pytest

from notetaker.speech.engine import SAMPLE_RATE
from notetaker.speech.whisper.features import Spectrogram, samples

SECONDS = np.arange(5 * SAMPLE_RATE) / SAMPLE_RATE
CHIRP = (0.5 * np.sin(2 * np.pi * (200 * SECONDS + 150 * SECONDS**2))).astype(np.float32)


@pytest.mark.parametrize(
    ("bands", "expected"),
    [
        (80, [-0.5474, 0.8976, -0.0547, -0.5474, -0.5474, -0.5474, -0.5474, -0.5474]),
        (128, [-0.4957, -0.0822, 1.4023, 0.1317, -0.3305, *[-0.4957] * 8]),
    ],
)
def test_a_chirp_is_what_it_is_elsewhere(bands: int, expected: list[float]) -> None:
    spectrogram = Spectrogram(bands)(CHIRP, 30)
    assert spectrogram.shape == (bands, 3000)
    assert spectrogram.dtype == np.float32
    assert spectrogram[::10, 100] == pytest.approx(expected, abs=1e-4)


def test_a_window_is_filled_with_silence_and_cut_at_its_end() -> None:
    spectrogram = Spectrogram(80)
    assert spectrogram(CHIRP[:100], 15).shape == (80, 1500)
    assert np.array_equal(
        spectrogram(np.tile(CHIRP, 4), 15), spectrogram(np.tile(CHIRP, 4)[: 15 * SAMPLE_RATE], 15)
    )


def test_samples_are_between_minus_one_and_one() -> None:
    pcm = np.array([-32768, 0, 16384, 32767], dtype="<i2").tobytes()
    assert samples(pcm).tolist() == pytest.approx([-1, 0, 0.5, 1], abs=1e-4)
