"""What muxing needs of Opus: how long a packet lasts, and packets that stand for silence.

Source: RFC 6716 sections 3.1 (TOC byte) and 3.2 (frame packing); RFC 7845 section 4.1 (repairing gaps).
"""

from collections.abc import Iterator

FRAME = 960
"""48 kHz ticks in 20 ms, Discord's packet."""
_LONGEST = 5760
"""48 kHz ticks in 120 ms, the longest packet there is (RFC 6716 section 3.2, requirement 5)."""
_LARGEST = 48 * 1277
"""Bytes: 48 frames of 1275 bytes, each with its length."""

# Ticks per frame by configuration number (RFC 6716 table 2): SILK, hybrid, CELT.
_FRAME_TICKS = (480, 960, 1920, 2880) * 3 + (480, 960) * 2 + (120, 240, 480, 960) * 4
# Ticks per packet by first byte, mono and stereo: of one frame, or two; of code 3, the second byte says how many.
_TICKS = tuple(frames * ticks for ticks in _FRAME_TICKS for frames in (1, 2, 2, 0) * 2)

_TOC = 0xFB
"""CELT, fullband, 20 ms, mono, several frames of equal size: the silence frame's F8 with code 3."""
_SILENT = bytes((_TOC, 6)) + b"\xff\xfe" * 6
"""120 ms of the silence that Discord's senders end with: it brings a decoder to rest."""
_ABSENT = tuple(bytes((_TOC, frames)) for frames in range(1, 7))
"""20 to 120 ms of empty frames, which tell a decoder that nothing was transmitted."""
STEP = 120
"""48 kHz ticks in 2.5 ms, the shortest frame: fillers are multiples of it."""
_BRIEF = tuple(bytes((0xE3, frames)) for frames in range(1, 8))
"""2.5 to 17.5 ms, likewise, of frames of 2.5 ms."""
FILLERS = frozenset((_SILENT, *_ABSENT, *_BRIEF))


def duration(packet: bytes) -> int | None:
    """Return the packet's length in 48 kHz ticks; None if the bytes are not an Opus packet."""
    if not packet or len(packet) > _LARGEST:
        return None
    ticks = _TICKS[packet[0]]
    if ticks:
        return ticks
    if len(packet) < 2:
        return None
    ticks = (packet[1] & 0x3F) * _FRAME_TICKS[packet[0] >> 3]
    return ticks if 0 < ticks <= _LONGEST else None


def silence(ticks: int) -> Iterator[tuple[bytes, int]]:
    """Yield packets and their ticks for a time in which nothing was sent or nothing arrived, to the nearest 2.5 ms.

    The decoder conceals what is too short for a pause; a pause begins with true silence, so that concealment does not
    draw out the last sound. Some 25 bytes a second.
    """
    frames, brief = divmod(round(ticks / STEP), FRAME // STEP)
    if frames > 6:
        yield _SILENT, 6 * FRAME
        frames -= 6
    while frames:
        count = min(frames, 6)
        yield _ABSENT[count - 1], count * FRAME
        frames -= count
    if brief:
        yield _BRIEF[brief - 1], brief * STEP
