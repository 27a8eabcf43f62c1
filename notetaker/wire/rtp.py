"""RTP as Discord uses it (RFC 3550 section 5.1, RFC 8285; Discord docs, Voice Connections).

A packet on the wire, with the "rtpsize" modes::

    in clear, authenticated   fixed header 12 | CSRC 4 each | extension preamble 4, if X
    sealed                    extension body | payload | padding, if P
    in clear                  tag 16 (part of the sealed box) | nonce suffix 4
"""

import struct
from typing import NamedTuple

OPUS_PAYLOAD_TYPE = 120
FRAME_TICKS = 960
"""By how much the timestamp grows with each frame: 20 ms at 48 kHz."""
SILENCE = b"\xf8\xff\xfe"
"""Opus silence; a speaker ends with five of them."""

_FIXED = struct.Struct("!BBHII")
FIXED_BYTES = _FIXED.size


class RtpHeader(NamedTuple):
    padding: bool
    """The sealed part ends with padding whose last byte is its length."""
    marker: bool
    payload_type: int
    sequence: int
    timestamp: int
    ssrc: int
    size: int
    """Bytes in clear, which are the additional data. The sealed part follows."""
    extension_bytes: int
    """Length of the extension body at the start of the sealed part."""


def parse_header(data: bytes) -> RtpHeader | None:
    """Return the header of an RTP packet, or None if ``data`` cannot be one."""
    if len(data) < FIXED_BYTES:
        return None
    first, second, sequence, timestamp, ssrc = _FIXED.unpack_from(data)
    if first >> 6 != 2:
        return None
    size = FIXED_BYTES + 4 * (first & 0x0F)
    extension_bytes = 0
    if first & 0x10:
        size += 4
        if len(data) < size:
            return None
        extension_bytes = 4 * (data[size - 2] << 8 | data[size - 1])
    elif len(data) < size:
        return None
    return RtpHeader(
        first & 0x20 != 0,
        second & 0x80 != 0,
        second & 0x7F,
        sequence,
        timestamp,
        ssrc,
        size,
        extension_bytes,
    )


def strip(plaintext: bytes, header: RtpHeader) -> bytes | None:
    """Remove the extension body, then the padding, and return the payload.

    Both must be gone before DAVE sees the payload (discord.js#11449). Return None if the lengths do not fit, and
    an empty payload if there was only padding.
    """
    start, end = header.extension_bytes, len(plaintext)
    if start > end:
        return None
    if header.padding:
        if start == end or not 0 < plaintext[-1] <= end - start:
            return None
        end -= plaintext[-1]
    return plaintext[start:end]


def pack_header(sequence: int, timestamp: int, ssrc: int) -> bytes:
    """Build a plain header for an Opus packet of ours."""
    return _FIXED.pack(0x80, OPUS_PAYLOAD_TYPE, sequence & 0xFFFF, timestamp & 0xFFFFFFFF, ssrc)
