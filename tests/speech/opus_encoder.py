"""Opus packets made for real, as senders make them, and measures of the sound that comes out of them.

Sound is 16-bit samples at 48 kHz before it is encoded, and s16le at 16 kHz after it was decoded.
"""

import math
from functools import cache

import av
import numpy as np
from numpy.typing import NDArray

from notetaker.demo import script

RATE = 48_000
Samples = NDArray[np.int16]


def encode(
    pcm: Samples, *, layout: str = "mono", frame_ms: float = 20, bit_rate: int = 28_000, fec: bool = False
) -> tuple[bytes, ...]:
    """Encode PCM to packets of ``frame_ms`` (2.5 to 60) each, mono or the same on two channels.

    ``fec``: each packet of speech repeats the frame before it, as when the sender expects a loss of 10 %.
    """
    encoder = av.AudioCodecContext.create("libopus", "w")
    encoder.sample_rate, encoder.layout, encoder.format = RATE, layout, "s16"
    encoder.bit_rate = bit_rate
    encoder.options = {"application": "voip", "frame_duration": str(frame_ms)}
    if fec:
        encoder.options |= {"fec": "1", "packet_loss": "10"}
    encoder.open()
    length = round(frame_ms * RATE / 1000)
    packets: list[bytes] = []
    for start in range(0, len(pcm) - length + 1, length):
        interleaved = np.repeat(pcm[start : start + length], 2 if layout == "stereo" else 1)
        frame = av.AudioFrame.from_ndarray(interleaved[np.newaxis], format="s16", layout=layout)
        frame.sample_rate, frame.pts = RATE, start
        packets += (bytes(packet) for packet in encoder.encode(frame))
    return tuple(packets)


def tone(hertz: float = 440, seconds: float = 1) -> Samples:
    """Return a sine wave with an amplitude of 12 000."""
    ticks = np.arange(round(seconds * RATE))
    return np.round(12_000 * np.sin(math.tau * hertz * ticks / RATE)).astype(np.int16)


@cache
def speech() -> Samples:
    """Return the demo's first sentence, about 2.5 s."""
    decoder = av.AudioCodecContext.create("libopus", "r")
    decoder.sample_rate, decoder.layout = RATE, "mono"
    decoder.open()
    packets = script.load().sentences[0].frames
    return np.concatenate([f.to_ndarray()[0] for p in packets for f in decoder.decode(av.Packet(p))])


@cache
def spoken(*, fec: bool) -> tuple[bytes, ...]:
    """Return that sentence in packets of 20 ms."""
    return encode(speech(), fec=fec)


def samples(pcm: bytes) -> NDArray[np.float64]:
    return np.frombuffer(pcm, "<i2").astype(np.float64)


def loudness(pcm: bytes) -> float:
    """Return the root mean square."""
    return float(np.sqrt(np.mean(samples(pcm) ** 2)))


def likeness(pcm: bytes, original: bytes) -> float:
    """Return the signal-to-noise ratio in dB: by how much the original is louder than the difference from it."""
    difference = float(np.sqrt(np.mean((samples(pcm) - samples(original)) ** 2)))
    return 20 * math.log10(loudness(original) / max(difference, 0.1))
