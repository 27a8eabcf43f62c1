"""IP discovery: the voice server reports the address at which it sees us (Discord docs, Voice Connections).

74 bytes, big endian: type u16 (1 request, 2 response), length u16 = 70, ssrc u32, address 64 bytes padded with
NUL, port u16.
"""

import struct

_FORMAT = struct.Struct("!HHI64sH")
REQUEST, RESPONSE = 1, 2
LENGTH = 70

RETRY_S = 0.5
"""When to ask again: UDP loses datagrams, and most libraries then wait forever."""
TRIES = 10


def request(ssrc: int) -> bytes:
    """Build the request."""
    return _FORMAT.pack(REQUEST, LENGTH, ssrc, b"", 0)


def parse_response(data: bytes, ssrc: int) -> tuple[str, int] | None:
    """Return our (address, port) as the server sees it, or None if ``data`` is not the answer for ``ssrc``."""
    if len(data) != _FORMAT.size:
        return None
    kind, length, of, address, port = _FORMAT.unpack(data)
    if (kind, length, of) != (RESPONSE, LENGTH, ssrc) or not port:
        return None
    text = address.split(b"\0", 1)[0]
    if not text.isascii() or not text:
        return None
    return text.decode("ascii"), port
