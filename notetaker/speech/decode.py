"""Decodes one speaker's Opus packets to the PCM that engines expect: 16 kHz mono, signed 16-bit little-endian.

Every packet is heard, in the order of the sequence numbers. The RTP clock (RFC 7587 section 4.1: 48 kHz ticks) only
tells how long the speaker paused between two of them, and how much was lost. Senders show what they like: the same
time again and again, milliseconds, or a time long past. So what it tells is believed only where packets are missing,
or where so much time had passed when the packet arrived.

A pause becomes silence of the right length. So does a loss, except for two parts of it: the frame right before the
next packet is rebuilt from the copy in that packet, if the sender included one (in-band forward error correction, RFC
6716 section 2.1.7), and the first 60 ms of the rest are concealed.
No packet can cause an exception: one that libopus rejects is counted and treated as lost.
"""

from collections.abc import Iterable, Sequence
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
"""Most samples to insert into one passage, so that a hostile RTP clock cannot fill the memory."""
_MOST_MISSING = 1024
"""Most packets that can be missing between two: 20 s. Where more seem to be, the sender has restarted."""
_QUIET_BYTES = 3
"""Size up to which packets contain no speech: the silence frame F8 FF FE with which Discord's senders end (Discord
docs, Voice Connections) and discontinuous transmission (RFC 6716 section 2.1.9)."""


class Packet(Protocol):
    """The part of a packet that is needed here; ``recording.journal.Packet`` fits."""

    @property
    def sequence(self) -> int:
        """The RTP sequence number, which wraps at 2^16."""

    @property
    def timestamp(self) -> int:
        """The RTP timestamp in 48 kHz ticks, which wraps at 2^32."""

    @property
    def arrival_ns(self) -> int: ...

    @property
    def opus(self) -> bytes: ...


class Sound(NamedTuple):
    pcm: bytes
    """16 kHz mono s16le, beginning with the first packet."""
    corrupt: int
    """Packets that libopus rejected, which count as lost."""
    recovered: int
    """Lost frames that were rebuilt from the packet after them."""
    concealed: int
    """Lost frames of 20 ms that were guessed from the sound before them; part of a frame counts as one."""


def decode(packets: Iterable[Packet]) -> bytes:
    """Decode one utterance to PCM; see :func:`decode_passage`."""
    return decode_counted(packets).pcm


def decode_counted(packets: Iterable[Packet]) -> Sound:
    """Decode one utterance; see :func:`decode_passage`."""
    return decode_passage([packets])[0]


def decode_passage(utterances: Sequence[Iterable[Packet]]) -> list[Sound]:
    """Decode utterances of one SSRC without a pause between them, each as a list of packets in the order sent.

    One decoder hears them all, because its first 80 ms are distorted if it starts in the middle of speech (RFC 7845
    section 4.6). What is missing between two utterances belongs to the later one.
    """
    clock = _Clock()
    speaker = _Speaker()
    return [_decode(packets, clock, speaker) for packets in utterances]


class _Clock:
    """Tells how long nothing was heard before a packet. Lengths are in samples."""

    def __init__(self) -> None:
        self._sequence: int | None = None  # of the packet before
        self._timestamp = 0
        self._length = 0
        self._frame = _FRAME  # the length of the last packet that was heard
        self._ahead = 0  # how far the RTP clock is ahead of what was heard; behind it if negative
        self._sound = self._silence = 0  # what was heard so far, and the gaps in it
        self._earliest = 0  # the least arrival of a packet, minus the sound before it

    def gap(self, packet: Packet) -> tuple[int, bool]:
        """Return how long nothing was heard before ``packet``, and whether packets are missing there."""
        arrival = packet.arrival_ns * SAMPLE_RATE // 1_000_000_000 - self._sound
        if self._sequence is None:
            self._earliest = arrival
            self._sequence, self._timestamp = packet.sequence - 1, packet.timestamp
        missing = (packet.sequence - self._sequence - 1) % 2**16
        if missing > _MOST_MISSING:
            missing = 0
        elapsed = ((packet.timestamp - self._timestamp + 2**31) % 2**32 - 2**31) // _TICKS
        if elapsed >= 0:  # else the sender has set its clock back, which says nothing
            self._ahead = max(self._ahead + elapsed - self._length, -_MAX_GAP)
        self._earliest = min(self._earliest, arrival)
        possible = max(missing * self._frame, arrival - self._earliest - self._silence)
        gap = max(min(self._ahead, possible, _MAX_GAP, _MAX_SILENCE - self._silence), 0)
        self._ahead = min(self._ahead, 0)
        self._silence += gap
        return gap, missing > 0

    def heard(self, packet: Packet, length: int) -> None:
        self._sequence, self._timestamp, self._length = packet.sequence, packet.timestamp, length
        self._frame = length
        self._sound += length

    def rejected(self, packet: Packet) -> None:
        """Let the next packet follow as if this one were missing."""
        self._sequence, self._timestamp, self._length = packet.sequence - 1, packet.timestamp, 0


def _decode(packets: Iterable[Packet], clock: _Clock, speaker: "_Speaker") -> Sound:
    pcm = bytearray()
    corrupt, recovered, concealed = 0, speaker.recovered, speaker.concealed
    for packet in packets:
        gap, lost = clock.gap(packet)
        pcm += speaker.bridge(gap, packet.opus) if lost else bytes(2 * gap)
        try:
            sound = speaker.decode(packet.opus)
        except CorruptPacketError:
            corrupt += 1
            clock.rejected(packet)
        else:
            pcm += sound
            clock.heard(packet, len(sound) // 2)
    return Sound(bytes(pcm), corrupt, speaker.recovered - recovered, speaker.concealed - concealed)


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
