"""The journal's marks as RTCP: SDES names a speaker, BYE says that one left, APP "NTGP" marks a gap.

Source: RFC 3550 sections 6.5 (SDES, CNAME), 6.6 (BYE), 6.7 (APP). Each mark is one RTCP packet that stands alone,
without a report before it: RFC 5506 section 3.
"""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from notetaker.model.transcript import Gap

_SDES, _BYE, _APP = 202, 203, 204
_CNAME = 1
_GAP_NAME = b"NTGP"
_HEADER = struct.Struct(">BBH")
_GAP = struct.Struct(
    ">QQQ"
)  # start and end in Unix nanoseconds; user id, 0 for everyone; then the cause in UTF-8


class SpeakerNamed(NamedTuple):
    """From here on the SSRC is this user's."""

    user_id: int
    ssrc: int


class SpeakerLeft(NamedTuple):
    ssrc: int


class GapMarked(NamedTuple):
    gap: Gap


Mark = SpeakerNamed | SpeakerLeft | GapMarked


def speaker_named(user_id: int, ssrc: int) -> bytes:
    cname = str(user_id).encode("ascii")
    # a chunk ends with at least one zero byte, and on a 32-bit boundary
    items = struct.pack(">BB", _CNAME, len(cname)) + cname + b"\0"
    return _packet(_SDES, 1, struct.pack(">I", ssrc) + items)


def speaker_left(ssrc: int) -> bytes:
    return _packet(_BYE, 1, struct.pack(">I", ssrc))


def gap_marked(gap: Gap) -> bytes:
    data = _GAP.pack(gap.started_ns, gap.ended_ns, gap.user_id or 0) + gap.cause.encode()
    return _packet(_APP, 0, struct.pack(">I", 0) + _GAP_NAME + data)


def parse(payload: bytes) -> Iterator[Mark]:
    """Yield the marks in an RTCP datagram; none if it is malformed."""
    while len(payload) >= _HEADER.size:
        first, packet_type, words = _HEADER.unpack_from(payload)
        end = 4 * (words + 1)
        if first >> 6 != 2 or end > len(payload):
            return
        body, payload = payload[4:end], payload[end:]
        count = first & 0x1F
        if packet_type == _SDES and count == 1:
            yield from _named(body)
        elif packet_type == _BYE and len(body) >= 4 * count:
            yield from (SpeakerLeft(ssrc) for (ssrc,) in struct.iter_unpack(">I", body[: 4 * count]))
        elif packet_type == _APP and body[4:8] == _GAP_NAME and len(body) >= 8 + _GAP.size:
            yield _gap(body[8:])


def _packet(packet_type: int, count: int, body: bytes) -> bytes:
    body += bytes(-len(body) % 4)
    return _HEADER.pack(0x80 | count, packet_type, len(body) // 4) + body


def _named(body: bytes) -> Iterator[SpeakerNamed]:
    if len(body) < 6 or body[4] != _CNAME:
        return
    cname = body[6 : 6 + body[5]]
    if cname.isdigit() and len(cname) <= 20:  # of bytes, isdigit knows ASCII only; a snowflake is 64 bits
        yield SpeakerNamed(int(cname), int.from_bytes(body[:4], "big"))


def _gap(data: bytes) -> GapMarked:
    started_ns, ended_ns, user_id = _GAP.unpack_from(data)
    cause = data[_GAP.size :].rstrip(b"\0").decode("utf-8", "replace")
    return GapMarked(Gap(started_ns, ended_ns, cause, user_id or None))
