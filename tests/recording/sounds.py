"""Frames to record: real Opus from libopus where it is decoded again, invented bytes where only sizes matter."""

import array
import math
import random
from collections.abc import Iterator
from functools import cache

import av

from notetaker.model.audio import AudioFrame

SILENCE = bytes.fromhex("f8fffe")  # Discord docs, Voice Connections, Voice Data Interpolation
WALL_NS = 1_795_000_000_000_000_000
"""Unix nanoseconds at the monotonic second 0 of these tests."""


@cache
def speech(packets: int, seed: int = 1) -> tuple[bytes, ...]:
    """Something that a speech encoder at 64 kbit/s takes for a voice; 20 ms of stereo Opus per packet."""
    codec = av.AudioCodecContext.create("libopus", "w")
    codec.sample_rate, codec.layout, codec.format, codec.bit_rate = 48_000, "stereo", "s16", 64_000
    codec.options = {"application": "voip", "frame_duration": "20"}
    codec.open()
    noise = random.Random(seed)
    encoded: list[bytes] = []
    for number in range(packets):
        loudness = 6000 + 4000 * math.sin(number / 5)
        step = 2 * math.pi * (200 + 60 * math.sin(number / 9)) / 48_000
        mono = (int(loudness * math.sin(k * step)) + noise.randint(-900, 900) for k in range(960))
        frame = av.AudioFrame(format="s16", layout="stereo", samples=960)
        frame.sample_rate, frame.pts = 48_000, number * 960
        frame.planes[0].update(
            array.array("h", [value for sample in mono for value in (sample, sample)]).tobytes()
        )
        encoded += [bytes(packet) for packet in codec.encode(frame)]
    return tuple(encoded)


def talk(
    opus: tuple[bytes, ...],
    at: float,
    *,
    user_id: int = 7,
    ssrc: int = 70,
    sequence: int = 0,
    end: bool = True,
) -> Iterator[AudioFrame]:
    """The packets, 20 ms apart from ``at`` on, and the five silence frames that Discord's senders end with."""
    for number, packet in enumerate(opus + (SILENCE,) * 5 if end else opus):
        arrival = at + number * 0.02
        timestamp = round(at * 48_000) + number * 960
        yield AudioFrame(user_id, ssrc, (sequence + number) % 2**16, timestamp % 2**32, packet, arrival)
