"""Packets as a voice server seals them, from the bare libraries and Discord's docs: not from the code under test."""

import struct

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_encrypt

from tests.wire.conversation import GCM, KEY


def sealed(
    payload: bytes,
    *,
    sequence: int = 1,
    timestamp: int = 960,
    ssrc: int = 99,
    extension: bytes | None = None,
    csrcs: tuple[int, ...] = (),
    padding: int = 0,
    marker: bool = False,
    payload_type: int = 120,
    nonce: int = 1,
    mode: str = GCM,
    key: bytes = KEY,
) -> bytes:
    """``extension``: the body, whole 32-bit words. ``padding``: RTP padding bytes behind the payload."""
    first = 0x80 | (0x20 if padding else 0) | (0x10 if extension is not None else 0) | len(csrcs)
    header = struct.pack("!BBHII", first, payload_type | (0x80 if marker else 0), sequence, timestamp, ssrc)
    header += b"".join(struct.pack("!I", csrc) for csrc in csrcs)
    if extension is not None:
        header += b"\xbe\xde" + struct.pack("!H", len(extension) // 4)
    inside = (extension or b"") + payload
    if padding:
        inside += bytes(padding - 1) + bytes([padding])
    suffix = struct.pack("!I", nonce)
    if mode == GCM:
        box = AESGCM(key).encrypt(suffix.ljust(12, b"\0"), inside, header)
    else:
        box = crypto_aead_xchacha20poly1305_ietf_encrypt(inside, header, suffix.ljust(24, b"\0"), key)
    return header + box + suffix
