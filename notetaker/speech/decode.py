"""Opus packets of one speaker to the sound an engine listens to: 16 kHz mono signed 16-bit little-endian PCM.

The RTP clock (RFC 7587 section 4.1: 48 kHz ticks) says where each packet belongs. A pause becomes silence of the
right length. So does a loss, except for two parts of it: the frame right before the next packet is rebuilt from the
copy which that packet carries, if the sender put one there (in-band forward error correction, RFC 6716 section
2.1.7), and the first 60 ms of the rest are concealed.
No packet can make this raise an error: one that libopus refuses is counted and treated as lost.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple, Protocol

from notetaker.speech import libopus
from notetaker.speech.libopus import SAMPLE_RATE, CorruptPacketError

BYTES_PER_SECOND = 2 * SAMPLE_RATE

_TICKS = 48_000 // SAMPLE_RATE
"""Of the RTP clock, in one sample."""
_FRAME = SAMPLE_RATE // 50
"""Samples in 20 ms, Discord's packet."""
_MOST_CONCEALED = 3 * _FRAME
"""Samples. Concealment repeats what was last heard; after some 60 ms it would be babble or has faded out."""
_MAX_GAP = 2 * SAMPLE_RATE
"""Samples. An utterance is cut at a shorter pause than this, so a wider hole means a clock that cannot be trusted."""
_MAX_SILENCE = 180 * SAMPLE_RATE
"""Samples put between the packets of one utterance at most, so that a hostile RTP clock cannot fill the memory."""
_QUIET_BYTES = 3
"""Packets up to this size hold no speech: the silence frame F8 FF FE that Discord's senders end with (Discord docs,
Voice Connections) and discontinuous transmission (RFC 6716 section 2.1.9)."""


class Packet(Protocol):
    """What is needed of a packet; ``model.audio.AudioFrame`` fits."""

    @property
    def timestamp(self) -> int:
        """RTP timestamp, 48 kHz ticks, wraps at 2^32."""

    @property
    def opus(self) -> bytes: ...


class Sound(NamedTuple):
    pcm: bytes
    """16 kHz mono s16le. It begins with the earliest packet."""
    corrupt: int
    """Packets that libopus refused: they count as lost."""
    recovered: int
    """Lost frames that were rebuilt from the packet after them."""
    concealed: int
    """Lost frames of 20 ms that were guessed from the sound before them; part of a frame counts as one."""


def decode(packets: Iterable[Packet]) -> bytes:
    """The PCM of one utterance; see :func:`decode_counted`."""
    return decode_counted(packets).pcm


def decode_counted(packets: Iterable[Packet]) -> Sound:
    """Decode one speaker's packets, of one SSRC and in any order; duplicates count once.

    The sample at index i belongs i / 16 000 s after the earliest packet. If that packet is from the middle of speech,
    the first 80 ms are distorted (RFC 7845 section 4.6): include a few packets from before the part you need.
    """
    timeline = bytearray()
    filled = corrupt = 0
    position = 0  # samples from the first packet: where the last one ended
    speaker = _Speaker()
    for start, opus in _in_order(packets):
        gap = min(max(start - position, 0), _MAX_GAP, _MAX_SILENCE - filled)
        filled += gap
        timeline += speaker.bridge(gap, opus)
        try:
            sound = speaker.decode(opus)
        except CorruptPacketError:
            corrupt += 1  # a hole, which the next packet's timestamp shows
            position = max(position, start)
        else:
            timeline += sound
            position = start + len(sound) // 2
    return Sound(bytes(timeline), corrupt, speaker.recovered, speaker.concealed)


def _in_order(packets: Iterable[Packet]) -> Iterator[tuple[int, bytes]]:
    """Packets by time, in samples from the earliest: the 32-bit clock unwrapped, each timestamp once."""
    by_tick: dict[int, bytes] = {}
    tick = previous = 0
    for packet in packets:
        # the first difference is from 0: it only shifts all ticks alike
        tick += (packet.timestamp - previous + 2**31) % 2**32 - 2**31
        previous = packet.timestamp
        by_tick.setdefault(tick, packet.opus)
    first = min(by_tick, default=0)
    for tick in sorted(by_tick):
        yield (tick - first) // _TICKS, by_tick[tick]


class _Speaker:
    """One speaker's decoder, and what it can do about a loss."""

    def __init__(self) -> None:
        self._decoder = libopus.Decoder()
        self._spoke = False  # whether the last packet held speech: if not, a hole after it is a pause
        self._concealable = 0  # samples that may be concealed before the next packet
        self.recovered = self.concealed = 0

    def decode(self, opus: bytes) -> bytes:
        """The sound of the next packet. Raises CorruptPacketError."""
        sound = self._decoder.decode(opus)
        self._spoke = len(opus) > _QUIET_BYTES
        self._concealable = _MOST_CONCEALED if self._spoke else 0
        return sound

    def bridge(self, gap: int, opus: bytes) -> bytes:
        """The ``gap`` samples before the next packet, ``opus``."""
        recoverable = self._decoder.recoverable(opus) if self._spoke else 0
        if recoverable > gap:  # part of a frame cannot be rebuilt
            recoverable = 0
        sound = self._conceal(gap - recoverable)
        if recoverable:
            sound += self._decoder.recover(opus)
            self.recovered += 1
        return sound

    def _conceal(self, samples: int) -> bytes:
        concealed = min(samples, self._concealable)
        self._concealable -= concealed
        self.concealed += -(-concealed // _FRAME)
        return self._decoder.conceal(concealed).ljust(2 * samples, b"\0")
