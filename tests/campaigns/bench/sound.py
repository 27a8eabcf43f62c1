"""What people say in the benchmarks: the demo's sentences, encoded as Discord clients encode speech."""

from collections.abc import Iterator
from functools import cache
from itertools import cycle, islice

import av

from notetaker.demo.script import VOICES

BIT_RATE = 64_000
"""Of a voice channel unless its owner changes it (Discord docs, Channel, ``bitrate``)."""
FRAME_S = 0.02
SILENCE = b"\xf8\xff\xfe"


@cache
def speech() -> tuple[bytes, ...]:
    """Opus packets of 20 ms: 48 kHz, stereo, variable bit rate."""
    encoder = av.AudioCodecContext.create("libopus", "w")
    encoder.sample_rate, encoder.layout, encoder.format, encoder.bit_rate = 48_000, "stereo", "s16", BIT_RATE
    encoder.options = {"application": "voip", "frame_duration": "20"}
    encoder.open()
    resampler = av.AudioResampler(format="s16", layout="stereo", rate=48_000, frame_size=960)
    packets: list[bytes] = []
    for path in sorted(VOICES.glob("*.opus")):
        with av.open(str(path)) as ogg:
            for decoded in ogg.decode(audio=0):
                decoded.pts = None
                for frame in resampler.resample(decoded):
                    packets += [bytes(packet) for packet in encoder.encode(frame)]
    return tuple(packets)


def talk(packets: int, start: int = 0) -> Iterator[bytes]:
    """So many packets of somebody who never pauses; ``start`` lets people say different things at once."""
    return islice(cycle(speech()), start, start + packets)
