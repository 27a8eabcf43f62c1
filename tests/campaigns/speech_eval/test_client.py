"""What a client sends of a sound with pauses in it."""

import numpy as np
import pytest

from notetaker.speech.libopus import redundancy
from tests.campaigns.speech_eval.client import FRAME_S, SILENCE, SILENCE_FRAMES, runs
from tests.campaigns.speech_eval.recordings import RATE
from tests.speech.opus_encoder import speech, tone


def quiet(seconds: float) -> np.typing.NDArray[np.int16]:
    return np.zeros(round(seconds * RATE), np.int16)


def test_nothing_is_sent_in_a_pause() -> None:
    first, second = runs(np.concatenate([quiet(1), tone(), quiet(1), tone(), quiet(1)]))
    assert first.start_s == pytest.approx(1, abs=0.07)
    assert first.end_s == pytest.approx(2, abs=0.35)
    assert second.start_s == pytest.approx(3, abs=0.07)


def test_a_short_pause_is_sent() -> None:
    assert len(runs(np.concatenate([tone(), quiet(0.3), tone()]))) == 1


def test_silence_frames_follow_speech() -> None:
    [run] = runs(tone(), gated=False)
    sent = [*run.sent()]
    assert len(run.packets) == 50
    assert [opus for _, opus in sent] == [*run.packets, *[SILENCE] * SILENCE_FRAMES]
    assert [at_s for at_s, _ in sent] == pytest.approx([number * FRAME_S for number in range(55)])


def test_runs_never_overlap_the_silence_frames_before_them() -> None:
    beeps = np.concatenate([part for _ in range(6) for part in (tone(seconds=0.2), quiet(0.42))])
    sent = [at_s for run in runs(beeps) for at_s, _ in run.sent()]
    assert sent == sorted(set(sent))


def test_without_a_gate_all_is_sent() -> None:
    [run] = runs(quiet(2), gated=False)
    assert (run.start_s, len(run.packets)) == (0, 100)
    assert runs(quiet(2)) == runs(quiet(0), gated=False) == []


@pytest.mark.parametrize("fec", [False, True])
def test_packets_are_those_of_a_voice_channel(fec: bool) -> None:
    packets = [packet for run in runs(speech(), fec=fec) for packet in run.packets]
    assert 50_000 < 8 * sum(map(len, packets)) / len(packets) / FRAME_S < 80_000
    assert any(map(redundancy, packets)) == fec
