"""Sounds that a microphone picks up while nobody speaks, made from seeded noise and tones at realistic levels.

Each maker gives one channel at 48 kHz, between -1 and 1, for about as many seconds as asked.
"""

import math
from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from tests.campaigns.speech_eval.recordings import RATE, Samples

Floats = NDArray[np.float64]
Maker = Callable[[Generator, float], Floats]


def make(kind: str, seed: int, seconds: float) -> Samples:
    """The same for the same arguments."""
    random = np.random.default_rng([seed, *kind.encode()])
    room = _decibels(-72) * _coloured(random, round(seconds * RATE), -0.5)  # no microphone is without noise
    sound = KINDS[kind](random, seconds)[: len(room)]
    if kind != "silence":
        sound = sound + room[: len(sound)]
    return np.round(np.clip(sound, -1, 1) * 32_767).astype(np.int16)


def _silence(random: Generator, seconds: float) -> Floats:
    return np.zeros(round(seconds * RATE))


def _white(random: Generator, seconds: float) -> Floats:
    return _level(random, -50, -30) * _coloured(random, round(seconds * RATE), 0)


def _pink(random: Generator, seconds: float) -> Floats:
    return _level(random, -48, -28) * _coloured(random, round(seconds * RATE), -0.5)


def _brown(random: Generator, seconds: float) -> Floats:
    return _level(random, -45, -25) * _coloured(random, round(seconds * RATE), -1)


def _hiss(random: Generator, seconds: float) -> Floats:
    return _level(random, -58, -42) * _band(random, round(seconds * RATE), 2_000, 12_000)


def _hum(hertz: float) -> Maker:
    def make_hum(random: Generator, seconds: float) -> Floats:
        ticks = np.arange(round(seconds * RATE)) / RATE
        sound = np.zeros(len(ticks))
        for harmonic in range(1, 12):
            strength = random.uniform(0.3, 1) / harmonic * (1.5 if harmonic % 2 == 0 else 1)
            sound += strength * np.sin(math.tau * (hertz * harmonic * ticks + random.random()))
        return _level(random, -45, -25) * _unit(sound)

    return make_hum


def _fan(random: Generator, seconds: float) -> Floats:
    ticks = np.arange(round(seconds * RATE)) / RATE
    blades = 1 + 0.2 * np.sin(math.tau * random.uniform(20, 90) * ticks)
    air = _coloured(random, len(ticks), -0.8)
    whine = 0.15 * np.sin(math.tau * random.uniform(180, 900) * ticks)
    return _level(random, -45, -28) * _unit(blades * air + whine)


def _keyboard(random: Generator, seconds: float) -> Floats:
    def key() -> Floats:
        down, up = (_click(random, random.uniform(0.004, 0.012), 1_500, 7_000) for _ in range(2))
        thump = 0.6 * _ring(random, random.uniform(120, 300), 0.02)
        return _sum(down, thump, _later(0.4 * up, random.uniform(0.06, 0.11)))

    return _events(random, seconds, key, (0.07, 0.35), (-38, -16))


def _mouse(random: Generator, seconds: float) -> Floats:
    def click() -> Floats:
        down, up = (_click(random, 0.004, 2_000, 9_000) for _ in range(2))
        return _sum(down, _later(0.7 * up, random.uniform(0.05, 0.12)))

    return _events(random, seconds, click, (0.2, 1.8), (-42, -22))


def _breath(random: Generator, seconds: float) -> Floats:
    def breath() -> Floats:
        length = round(random.uniform(0.7, 1.6) * RATE)
        rise = np.sin(np.linspace(0, math.pi, length)) ** 1.5
        low = random.uniform(200, 600)
        return rise * _band(random, length, low, low + random.uniform(1_500, 3_000))

    return _events(random, seconds, breath, (0.4, 1.6), (-45, -24))


def _cough(random: Generator, seconds: float) -> Floats:
    def cough() -> Floats:
        bursts = []
        at_s = 0.0
        for _ in range(random.integers(1, 4)):
            length = round(random.uniform(0.15, 0.35) * RATE)
            decay = np.exp(-np.linspace(0, 6, length)) * np.minimum(np.linspace(0, 30, length), 1)
            throat = _band(random, length, 250, 1_200) + 0.6 * _band(random, length, 1_800, 4_500)
            voiced = 0.3 * np.sign(np.sin(math.tau * random.uniform(110, 190) * np.arange(length) / RATE))
            bursts.append(_later(decay * (throat + voiced), at_s))
            at_s += random.uniform(0.25, 0.5)
        return _sum(*bursts)

    return _events(random, seconds, cough, (0.8, 3), (-28, -10))


def _bark(random: Generator, seconds: float) -> Floats:
    def bark() -> Floats:
        length = round(random.uniform(0.12, 0.28) * RATE)
        share = np.linspace(0, 1, length)
        pitch = random.uniform(350, 650) * (1 + 0.5 * np.sin(math.pi * share) - 0.4 * share)
        phase = math.tau * np.cumsum(pitch) / RATE
        voice = sum((np.sin(n * phase) / n**0.7 for n in range(1, 9)), np.zeros(length))
        shape = np.minimum(share * 20, 1) * np.exp(-3 * share)
        return shape * _unit(_unit(voice) + 0.5 * _band(random, length, 800, 3_500))

    return _events(random, seconds, bark, (0.25, 1.4), (-25, -9))


def _birds(random: Generator, seconds: float) -> Floats:
    def song() -> Floats:
        notes = []
        at_s = 0.0
        start, slope = random.uniform(2_500, 5_500), random.uniform(-2_500, 2_500)
        for _ in range(random.integers(2, 9)):
            length = round(random.uniform(0.04, 0.18) * RATE)
            share = np.linspace(0, 1, length)
            trill = random.uniform(0, 400) * np.sin(math.tau * random.uniform(15, 40) * share)
            pitch = np.clip(start + slope * share + trill, 1_500, 8_000)
            notes.append(_later(np.sin(math.pi * share) * np.sin(math.tau * np.cumsum(pitch) / RATE), at_s))
            at_s += length / RATE + random.uniform(0.02, 0.12)
        return _sum(*notes)

    return _events(random, seconds, song, (0.3, 2), (-42, -22))


def _door(random: Generator, seconds: float) -> Floats:
    def slam() -> Floats:
        latch = _click(random, 0.02, 800, 5_000)
        boom = _sum(*(_ring(random, random.uniform(45, 220), random.uniform(0.1, 0.3)) for _ in range(5)))
        rattle = 0.4 * _click(random, 0.15, 200, 2_500)
        return _sum(0.5 * latch, _later(_sum(_unit(boom), rattle), random.uniform(0.03, 0.15)))

    return _events(random, seconds, slam, (1.5, 5), (-26, -8))


def _music(random: Generator, seconds: float) -> Floats:
    """Four chords, a melody and drums."""
    total = round(seconds * RATE)
    beat_s = 60 / random.uniform(80, 140)
    root = 110 * 2 ** (random.integers(0, 12) / 12)
    sound = np.zeros(total + RATE)
    for beat in range(math.ceil(seconds / beat_s)):
        at = round(beat * beat_s * RATE)
        degree = (0, 5, 9, 7)[beat // 4 % 4]
        third = 3 if degree == 9 else 4
        if beat % 4 == 0:
            for step in (0, third, 7, 12):
                _mix(sound, 0.25 * _tone(root * 2 ** ((degree + step) / 12), 4 * beat_s, 1.5), at)
        for half in range(2):
            step = random.choice((0, 2, 4, 7, 9, 12, 14)) + 24
            if random.random() < 0.7:
                note = 0.4 * _tone(root * 2 ** (step / 12), beat_s / 2, 4)
                _mix(sound, note, at + round(half * beat_s / 2 * RATE))
            _mix(sound, 0.15 * _click(random, 0.03, 6_000, 14_000), at + round(half * beat_s / 2 * RATE))
        drum = _ring(random, 55, 0.12) if beat % 2 == 0 else _click(random, 0.12, 400, 6_000)
        _mix(sound, 0.7 * drum, at)
    return _level(random, -38, -16) * _unit(sound[:total])


KINDS: Final[dict[str, Maker]] = {
    "silence": _silence,
    "hiss": _hiss,
    "hum, 50 Hz": _hum(50),
    "hum, 60 Hz": _hum(60),
    "white noise": _white,
    "pink noise": _pink,
    "brown noise": _brown,
    "fan": _fan,
    "keyboard": _keyboard,
    "mouse": _mouse,
    "breath": _breath,
    "cough": _cough,
    "bark": _bark,
    "birds": _birds,
    "door": _door,
    "music": _music,
}


def _level(random: Generator, low_db: float, high_db: float) -> float:
    """Of the root mean square; 0 dB is full scale."""
    return _decibels(random.uniform(low_db, high_db))


def _decibels(decibels: float) -> float:
    return float(10 ** (decibels / 20))


def _unit(sound: Floats) -> Floats:
    """With a root mean square of 1."""
    return sound / max(float(np.sqrt(np.mean(sound**2))), 1e-9)


def _coloured(random: Generator, length: int, slope: float) -> Floats:
    """Noise whose amplitude goes with the frequency to the power of ``slope``; from 20 Hz up."""
    return _shaped(random, length, lambda hertz: np.where(hertz > 20, np.maximum(hertz, 20.0) ** slope, 0))


def _band(random: Generator, length: int, low: float, high: float) -> Floats:
    """Noise between two frequencies, with soft edges."""
    return _shaped(random, length, lambda hertz: 1 / (1 + (low / (hertz + 1)) ** 6 + (hertz / high) ** 6))


def _shaped(random: Generator, length: int, gain: Callable[[Floats], Floats]) -> Floats:
    """Noise with so much of each frequency, in hertz."""
    spectrum = np.fft.rfft(random.standard_normal(length))
    frequencies = np.fft.rfftfreq(length, 1 / RATE)
    return _unit(np.fft.irfft(spectrum * gain(frequencies.astype(np.float64)), length))


def _click(random: Generator, decay_s: float, low: float, high: float) -> Floats:
    length = round(8 * decay_s * RATE)
    return np.exp(-np.arange(length) / (decay_s * RATE)) * _band(random, length, low, high)


def _ring(random: Generator, hertz: float, decay_s: float) -> Floats:
    ticks = np.arange(round(6 * decay_s * RATE)) / RATE
    return np.exp(-ticks / decay_s) * np.sin(math.tau * (hertz * ticks + random.random()))


def _tone(hertz: float, seconds: float, decay: float) -> Floats:
    """A plucked string, more or less."""
    ticks = np.arange(round(seconds * RATE)) / RATE
    waves = (np.sin(math.tau * hertz * n * ticks) / n**1.5 for n in range(1, 7))
    shape = np.minimum(ticks * 200, 1) * np.exp(-decay * ticks) * np.minimum((seconds - ticks) * 50, 1)
    return shape * sum(waves, np.zeros(len(ticks)))


def _events(
    random: Generator,
    seconds: float,
    event: Callable[[], Floats],
    pauses_s: tuple[float, float],
    levels_db: tuple[float, float],
) -> Floats:
    """One after the other with pauses between; the levels are those of the peaks."""
    sound = np.zeros(round(seconds * RATE))
    peak_db = random.uniform(*levels_db)
    at = round(random.uniform(0.1, 0.6) * RATE)
    while at < len(sound):
        one = event()
        strength = _decibels(peak_db + random.uniform(-4, 2))
        _mix(sound, strength * one / max(float(np.max(np.abs(one))), 1e-9), at)
        at += round(len(one) * 0.7) + round(random.uniform(*pauses_s) * RATE)
    return sound


def _mix(sound: Floats, other: Floats, at: int) -> None:
    end = min(at + len(other), len(sound))
    if end > at:
        sound[at:end] += other[: end - at]


def _later(sound: Floats, seconds: float) -> Floats:
    return np.concatenate([np.zeros(round(seconds * RATE)), sound])


def _sum(*sounds: Floats) -> Floats:
    longest = np.zeros(max(map(len, sounds)))
    for sound in sounds:
        longest[: len(sound)] += sound
    return longest
