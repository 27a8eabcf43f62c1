"""Decodes one speaker's Opus packets to the PCM that engines expect: 16 kHz mono, signed 16-bit little-endian.

Packets are placed by the RTP clock (RFC 7587 section 4.1: 48 kHz ticks). A pause becomes silence of the right length.
So does a loss, except for two parts of it: the frame right before the next packet is rebuilt from the copy in that
packet, if the sender included one (in-band forward error correction, RFC 6716 section 2.1.7), and the first 60 ms of
the rest are concealed.
No packet can cause an exception: one that libopus rejects is counted and treated as lost.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple, Protocol

from notetaker.speech import libopus
from notetaker.speech.libopus import SAMPLE_RATE, CorruptPacketError

BYTES_PER_SECOND = 2 * SAMPLE_RATE

_TICKS = 48_000 // SAMPLE_RATE
"""RTP ticks per sample."""
_FRAME = SAMPLE_RATE // 50
"""Samples in 20 ms, which is one of Discord's packets."""
_MOST_CONCEALED = 3 * _FRAME
"""Most samples to conceal. Concealment repeats the last sound; after 60 ms it turns into babble or has faded out."""
_MAX_GAP = 2 * SAMPLE_RATE
"""Longest gap in samples. Utterances are cut at shorter pauses, so a clock that shows more cannot be trusted."""
_MAX_SILENCE = 180 * SAMPLE_RATE
"""Most samples to insert into one utterance, so that a hostile RTP clock cannot fill the memory."""
_QUIET_BYTES = 3
"""Size up to which packets contain no speech: the silence frame F8 FF FE with which Discord's senders end (Discord
docs, Voice Connections) and discontinuous transmission (RFC 6716 section 2.1.9)."""


class Packet(Protocol):
    """The part of a packet that is needed here; ``model.audio.AudioFrame`` fits."""

    @property
    def timestamp(self) -> int:
        """The RTP timestamp in 48 kHz ticks, which wraps at 2^32."""

    @property
    def opus(self) -> bytes: ...


class Sound(NamedTuple):
    pcm: bytes
    """16 kHz mono s16le, beginning with the earliest packet."""
    corrupt: int
    """Packets that libopus rejected, which count as lost."""
    recovered: int
    """Lost frames that were rebuilt from the packet after them."""
    concealed: int
    """Lost frames of 20 ms that were guessed from the sound before them; part of a frame counts as one."""


def decode(packets: Iterable[Packet]) -> bytes:
    """Decode one utterance to PCM; see :func:`decode_counted`."""
    return decode_counted(packets).pcm


def decode_counted(packets: Iterable[Packet]) -> Sound:
    """Decode one speaker's packets, which have one SSRC and any order; duplicates count once.

    The sample at index i belongs i / 16 000 s after the earliest packet. If that packet is from the middle of speech,
    the first 80 ms are distorted (RFC 7845 section 4.6), so include a few packets from before the part you need.
    """
    timeline = bytearray()
    filled = corrupt = 0
    position = 0  # end of the last packet, in samples from the start of the first one
    speaker = _Speaker()
    for start, opus in _in_order(packets):
        gap = min(max(start - position, 0), _MAX_GAP, _MAX_SILENCE - filled)
        filled += gap
        timeline += speaker.bridge(gap, opus)
        try:
            sound = speaker.decode(opus)
        except CorruptPacketError:
            corrupt += 1  # leaves a gap, which the next packet's timestamp shows
            position = max(position, start)
        else:
            timeline += sound
            position = start + len(sound) // 2
    return Sound(bytes(timeline), corrupt, speaker.recovered, speaker.concealed)


def _in_order(packets: Iterable[Packet]) -> Iterator[tuple[int, bytes]]:
    """Yield packets in order with their time in samples from the earliest; unwrap the clock, drop duplicates."""
    by_tick: dict[int, bytes] = {}
    tick = previous = 0
    for packet in packets:
        # the first difference, from 0, shifts all ticks equally
        tick += (packet.timestamp - previous + 2**31) % 2**32 - 2**31
        previous = packet.timestamp
        by_tick.setdefault(tick, packet.opus)
    first = min(by_tick, default=0)
    for tick in sorted(by_tick):
        yield (tick - first) // _TICKS, by_tick[tick]


class _Speaker:
    """One speaker's decoder, and its handling of losses."""

    def __init__(self) -> None:
        self._decoder = libopus.Decoder()
        self._spoke = False  # whether the last packet contained speech; if not, a gap after it is a pause
        self._concealable = 0  # samples that may be concealed before the next packet
        self.recovered = self.concealed = 0

    def decode(self, opus: bytes) -> bytes:
        """Decode the next packet. Raises CorruptPacketError."""
        sound = self._decoder.decode(opus)
        self._spoke = len(opus) > _QUIET_BYTES
        self._concealable = _MOST_CONCEALED if self._spoke else 0
        return sound

    def bridge(self, gap: int, opus: bytes) -> bytes:
        """Return the ``gap`` samples before the next packet, ``opus``."""
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
