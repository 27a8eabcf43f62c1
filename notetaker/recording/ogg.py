"""Ogg Opus files: Opus packets in pages, as they are.

Source: RFC 3533 section 6 (pages, lacing, CRC), RFC 7845 sections 3 to 5 (packets, granule positions, headers).
PyAV could mux too, but lets FFmpeg decide about pages and durations; these 27 bytes of header are simpler.
"""

import struct
import zlib
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

PRE_SKIP = 3840
"""48 kHz ticks that a player drops at the start while the decoder settles (RFC 7845 section 4.2)."""

_PAGE = struct.Struct("<4sBBqIIIB")
"""Capture pattern, version, flags, granule position, serial, page number, CRC, segments."""
_CRC_AT = 22
_FIRST, _LAST = 0x02, 0x04
_VENDOR = b"notetaker"
_HEAD = struct.pack("<8sBBHIhB", b"OpusHead", 1, 2, PRE_SKIP, 48_000, 0, 0)
_TAGS = b"OpusTags" + struct.pack("<I", len(_VENDOR)) + _VENDOR + struct.pack("<I", 0)
_MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


class OggError(ValueError):
    """The file is damaged, or not an Ogg Opus file. The message is a sentence."""


class OggWriter:
    """Write one Ogg Opus stream. Raises OSError when the file cannot be written."""

    def __init__(self, file: BinaryIO, serial: int) -> None:
        self._file = file
        self._serial = serial
        self._pages = 0
        self._packets: list[bytes] = []
        self._lacing = bytearray()
        self.ticks = 0
        """48 kHz ticks written so far, pre-skip included: where the next packet begins."""
        for header in (_HEAD, _TAGS):
            self.write(header, 0)
            self._flush(_FIRST if header is _HEAD else 0)

    def write(self, packet: bytes, ticks: int) -> None:
        """Add a packet (less than 65025 bytes) that lasts ``ticks``."""
        lacing = b"\xff" * (len(packet) // 255) + bytes((len(packet) % 255,))
        if len(self._lacing) + len(lacing) > 255:
            self._flush(0)
        self._lacing += lacing
        self._packets.append(packet)
        self.ticks += ticks

    def close(self) -> None:
        """Write the last page. The file stays open."""
        self._flush(_LAST)

    def _flush(self, flags: int) -> None:
        fields = (b"OggS", 0, flags, self.ticks, self._serial, self._pages)
        body = bytes(self._lacing) + b"".join(self._packets)
        crc = _crc(_PAGE.pack(*fields, 0, len(self._lacing)) + body)
        self._file.write(_PAGE.pack(*fields, crc, len(self._lacing)) + body)
        self._pages += 1
        self._packets.clear()
        self._lacing.clear()


class OggPacket(NamedTuple):
    data: bytes
    page_ticks: int
    """Granule position of its page: where the page's last packet ends."""


def read_packets(file: BinaryIO) -> Iterator[OggPacket]:
    """Yield the Opus packets of a file that OggWriter wrote, without headers. Raises OggError if it is damaged."""
    number = 0
    flags = 0
    while header := file.read(_PAGE.size):
        if len(header) < _PAGE.size or flags & _LAST:
            raise OggError(f"Ogg page {number} is torn, or behind the last one.")
        pattern, _, flags, ticks, _, page, crc, segments = _PAGE.unpack(header)
        lacing = file.read(segments)
        body = file.read(sum(lacing))
        whole = header[:_CRC_AT] + bytes(4) + header[_CRC_AT + 4 :] + lacing + body
        if pattern != b"OggS" or page != number or crc != _crc(whole):
            raise OggError(f"Ogg page {number} is damaged.")
        packets = _split(lacing, body)
        if number < 2:
            if packets != [(_HEAD, _TAGS)[number]]:
                raise OggError("The file does not begin as an Ogg Opus track does.")
        else:
            for packet in packets:
                yield OggPacket(packet, ticks)
        number += 1
    if not flags & _LAST:
        raise OggError("The Ogg file has no last page.")


def _split(lacing: bytes, body: bytes) -> list[bytes]:
    packets: list[bytes] = []
    start = end = 0
    for value in lacing:
        end += value
        if value < 255:
            packets.append(body[start:end])
            start = end
    return packets


def _crc(page: bytes) -> int:
    """Ogg's CRC-32: zlib's polynomial, but most significant bit first and without inversions.

    zlib computes it at C speed on mirrored bytes; the result is mirrored back.
    """
    mirrored = zlib.crc32(page.translate(_MIRRORED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int.from_bytes(mirrored.to_bytes(4, "little").translate(_MIRRORED), "big")
