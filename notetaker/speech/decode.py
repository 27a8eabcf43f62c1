"""Opus packets of one speaker to the sound an engine listens to: 16 kHz mono signed 16-bit little-endian PCM.

The RTP clock (RFC 7587 section 4.1: 48 kHz ticks) says where each packet belongs, so that a pause or a lost
packet becomes silence of the right length. Whatever a packet holds, nothing is raised: what libopus refuses
is counted and treated like a lost packet. A short hole is bridged by libopus' own concealment (with 2 % of the
demo's packets lost the built-in engine gets every word instead of missing one in 23), the rest is silence.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple, Protocol

import av
from av.audio.resampler import AudioResampler

SAMPLE_RATE = 16_000
"""Hertz, of the result."""
BYTES_PER_SECOND = 2 * SAMPLE_RATE

_OPUS_RATE = 48_000
_MAX_CONCEALED = 3 * 960
"""Ticks. Concealment repeats what was last heard; after some 60 ms it would be babble or has faded out."""
_MAX_GAP = 2 * _OPUS_RATE
"""Ticks. An utterance is cut at a shorter pause than this, so a wider hole means a clock that cannot be trusted."""
_MAX_SILENCE = 60 * _OPUS_RATE
"""Ticks of silence put into one utterance at most, so that a hostile RTP clock cannot fill the memory."""


_TOC_ONE_FRAME = 0xFC
"""Mask: a table-of-contents byte that says one frame, same mode and duration (RFC 6716 section 3.1)."""


class Packet(Protocol):
    """What is needed of a packet; ``model.audio.AudioFrame`` fits."""

    @property
    def timestamp(self) -> int:
        """RTP timestamp, 48 kHz ticks, wraps at 2^32."""

    @property
    def opus(self) -> bytes: ...


class Sound(NamedTuple):
    pcm: bytes
    """16 kHz mono s16le."""
    corrupt: int
    """Packets that libopus refused: they count as lost."""


def decode(packets: Iterable[Packet]) -> bytes:
    """The PCM of one utterance; see :func:`decode_counted`."""
    return decode_counted(packets).pcm


def decode_counted(packets: Iterable[Packet]) -> Sound:
    """Decode one speaker's packets, of one SSRC and in any order; duplicates count once."""
    timeline = bytearray()  # 48 kHz mono s16le
    filled = corrupt = 0
    position = 0  # ticks on the RTP clock, from the first packet
    decoder = _Decoder()
    for tick, opus in _in_order(packets):
        gap = min(max(tick - position, 0), _MAX_GAP, _MAX_SILENCE - filled)
        filled += gap
        timeline += decoder.conceal(gap)
        if samples := decoder.decode(opus):
            timeline += samples
            position = tick + len(samples) // 2
        else:
            corrupt += 1  # a hole, which the next packet's timestamp shows
            position = max(position, tick)
    return Sound(_resample(bytes(timeline)), corrupt)


def _in_order(packets: Iterable[Packet]) -> Iterator[tuple[int, bytes]]:
    """Packets by time, in ticks from the earliest: the 32-bit clock unwrapped, each timestamp once."""
    by_tick: dict[int, bytes] = {}
    tick = previous = 0
    for packet in packets:
        # the first difference is from 0: it only shifts all ticks alike
        tick += (packet.timestamp - previous + 2**31) % 2**32 - 2**31
        previous = packet.timestamp
        by_tick.setdefault(tick, packet.opus)
    first = min(by_tick, default=0)
    for tick in sorted(by_tick):
        yield tick - first, by_tick[tick]


class _Decoder:
    """libopus. One for each utterance: its state carries from packet to packet."""

    def __init__(self) -> None:
        self._codec = av.AudioCodecContext.create("libopus", "r")
        self._codec.sample_rate = _OPUS_RATE
        self._codec.layout = "mono"
        self._codec.open()
        self._toc = b""  # the last packet's table-of-contents byte, alone

    def decode(self, opus: bytes) -> bytes:
        """48 kHz mono s16le of one packet; empty when the packet is corrupt."""
        if not opus:
            return b""  # an empty packet would tell FFmpeg that the stream has ended
        try:
            frames = self._codec.decode(av.Packet(opus))
        except av.FFmpegError:
            return b""
        self._toc = bytes([opus[0] & _TOC_ONE_FRAME])
        return b"".join(bytes(frame.planes[0])[: 2 * frame.samples] for frame in frames)

    def conceal(self, ticks: int) -> bytes:
        """48 kHz mono s16le for a hole of that many ticks."""
        concealed = b""
        while self._toc and len(concealed) < 2 * min(ticks, _MAX_CONCEALED):
            # a frame of length zero is a lost one (RFC 6716 section 3.2.1)
            concealed += self.decode(self._toc)
        return concealed[: 2 * ticks].ljust(2 * ticks, b"\0")


def _resample(pcm: bytes) -> bytes:
    resampler = AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)
    if not pcm:
        return b""
    frame = av.AudioFrame(format="s16", layout="mono", samples=len(pcm) // 2)
    frame.sample_rate = _OPUS_RATE
    frame.planes[0].update(pcm.ljust(frame.planes[0].buffer_size, b"\0"))
    resampled = [*resampler.resample(frame), *resampler.resample(None)]
    return b"".join(bytes(part.planes[0])[: 2 * part.samples] for part in resampled)
