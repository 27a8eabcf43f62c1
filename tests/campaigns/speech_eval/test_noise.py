"""Sounds without speech."""

import numpy as np
import pytest

from tests.campaigns.speech_eval import noise
from tests.campaigns.speech_eval.recordings import RATE


@pytest.mark.parametrize("kind", noise.KINDS)
def test_a_kind_is_the_same_each_time_and_neither_silent_nor_clipped(kind: str) -> None:
    sound = noise.make(kind, 1, 2.0)
    assert len(sound) == 2 * RATE
    assert np.array_equal(sound, noise.make(kind, 1, 2.0))
    level = float(np.sqrt(np.mean((sound / 2**15) ** 2)))
    if kind == "silence":
        assert level == 0
    else:
        assert not np.array_equal(sound, noise.make(kind, 2, 2.0))
        assert -75 < 20 * np.log10(level) < -8
        assert np.mean(np.abs(sound) == 32_767) < 0.001


def test_hum_is_at_the_mains_frequency() -> None:
    spectrum = np.abs(np.fft.rfft(noise.make("hum, 50 Hz", 1, 4.0)))
    loudest = np.fft.rfftfreq(4 * RATE, 1 / RATE)[int(spectrum.argmax())]
    assert loudest % 50 == pytest.approx(0, abs=0.5)
