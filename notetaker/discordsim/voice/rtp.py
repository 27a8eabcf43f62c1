"""RTP as Discord uses it (RFC 3550, RFC 8285): the clear header, and the payload once it is opened."""

import struct
from dataclasses import dataclass
from typing import Self

FIXED_HEADER = struct.Struct(">BBHII")
EXTENSION_PREAMBLE = struct.Struct(">HH")
PAYLOAD_TYPE_OPUS = 120
EXTENSION_PROFILE = 0xBEDE
"""Extensions with one-byte headers (RFC 8285); sent with every extension, regardless of the client's."""
RTCP_TYPES = range(200, 208)


class RtpError(ValueError):
    """These bytes are not an RTP packet, or its parts do not fit into it."""


@dataclass(frozen=True)
class Header:
    """The part of a packet that stays in the clear: fixed header, CSRCs, and the preamble of the extension."""

    padding: bool
    marker: bool
    payload_type: int
    sequence: int
    timestamp: int
    ssrc: int
    csrcs: bytes = b""
    extension_words: int | None = None
    """Length of the extension's body in 32-bit words; None without an extension."""

    @classmethod
    def parse(cls, packet: bytes) -> tuple[Self, int]:
        """Return the header and its length in bytes. Raises RtpError."""
        if len(packet) < FIXED_HEADER.size:
            raise RtpError("shorter than an RTP header")
        first, second, sequence, timestamp, ssrc = FIXED_HEADER.unpack_from(packet)
        if first >> 6 != 2:
            raise RtpError("not RTP version 2")
        end = FIXED_HEADER.size + 4 * (first & 0x0F)
        csrcs = packet[FIXED_HEADER.size : end]
        words = None
        if first & 0x10:
            if len(packet) < end + 4:
                raise RtpError("shorter than its header says")
            _, words = EXTENSION_PREAMBLE.unpack_from(packet, end)
            end += 4
        if len(packet) < end:
            raise RtpError("shorter than its header says")
        header = cls(
            padding=bool(first & 0x20),
            marker=bool(second & 0x80),
            payload_type=second & 0x7F,
            sequence=sequence,
            timestamp=timestamp,
            ssrc=ssrc,
            csrcs=csrcs,
            extension_words=words,
        )
        return header, end

    def __bytes__(self) -> bytes:
        extended = self.extension_words is not None
        first = 0x80 | self.padding << 5 | extended << 4 | len(self.csrcs) // 4
        second = self.marker << 7 | self.payload_type
        fixed = FIXED_HEADER.pack(first, second, self.sequence, self.timestamp, self.ssrc)
        preamble = EXTENSION_PREAMBLE.pack(EXTENSION_PROFILE, self.extension_words) if extended else b""
        return fixed + self.csrcs + preamble


def payload(header: Header, opened: bytes) -> bytes:
    """Return the media in an opened payload, without the extension's body and the padding. Raises RtpError."""
    start = 4 * (header.extension_words or 0)
    end = len(opened)
    if header.padding and opened:
        end -= opened[-1]
    if start > end or (header.padding and (not opened or not opened[-1])):
        raise RtpError("extension or padding longer than the packet")
    return opened[start:end]


def padding(size: int) -> bytes:
    """Return RTP padding of 1 to 255 bytes: zeros, and the length as last byte (RFC 3550 section 5.1)."""
    return bytes(size - 1) + bytes([size])
