"""The transport cipher between client and voice server (Discord docs, Voice Connections, Transport Encryption).

Both modes: additional data is the RTP header in clear; the nonce is the 4-byte suffix of the packet followed by
zeros (12 bytes for AES-GCM, 24 for XChaCha20); the tag is 16 bytes.
"""

from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from nacl._sodium import ffi as _ffi  # type: ignore[import-not-found]
from nacl._sodium import lib as _sodium
from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_encrypt

KEY_BYTES = 32
TAG_BYTES = 16
SUFFIX_BYTES = 4
MAX_PLAINTEXT_BYTES = 2048
"""More than any Ethernet frame holds."""

_ZEROS_8, _ZEROS_20 = bytes(8), bytes(20)
_NULL = _ffi.NULL
_open_xchacha20_poly1305 = _sodium.crypto_aead_xchacha20poly1305_ietf_decrypt


class TransportCipher(Protocol):
    """Seals and opens packets with the key of one session."""

    def open(self, data: bytes, header_size: int) -> bytes | None:
        """Return the plaintext behind the first ``header_size`` bytes, or None if it is not authentic."""

    def seal(self, header: bytes, payload: bytes) -> bytes:
        """Return a whole packet."""


class AesGcm:
    """``aead_aes256_gcm_rtpsize``: the cheapest mode, which not every server offers."""

    def __init__(self, key: bytes) -> None:
        self._aead = AESGCM(key)
        self._counter = 0

    def open(self, data: bytes, header_size: int) -> bytes | None:
        try:
            return self._aead.decrypt(data[-4:] + _ZEROS_8, data[header_size:-4], data[:header_size])
        except (InvalidTag, ValueError):  # ValueError: shorter than a tag
            return None

    def seal(self, header: bytes, payload: bytes) -> bytes:
        self._counter += 1
        suffix = (self._counter & 0xFFFFFFFF).to_bytes(SUFFIX_BYTES, "big")
        return header + self._aead.encrypt(suffix + bytes(8), payload, header) + suffix


class XChaCha20Poly1305:
    """``aead_xchacha20_poly1305_rtpsize``: the mode that every server offers.

    Calls libsodium directly: PyNaCl's wrapper checks and allocates for every packet, which costs three times as much
    as the cipher.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._counter = 0
        self._plaintext = _ffi.new("unsigned char[]", MAX_PLAINTEXT_BYTES)
        self._buffer = _ffi.buffer(self._plaintext)

    def open(self, data: bytes, header_size: int) -> bytes | None:
        sealed = data[header_size:-4]
        length = len(sealed) - TAG_BYTES
        if not 0 <= length <= MAX_PLAINTEXT_BYTES:
            return None
        refused = _open_xchacha20_poly1305(
            self._plaintext, _NULL, _NULL, sealed, len(sealed),
            data[:header_size], header_size, data[-4:] + _ZEROS_20, self._key,
        )  # fmt: skip
        return None if refused else self._buffer[:length]

    def seal(self, header: bytes, payload: bytes) -> bytes:
        self._counter += 1
        suffix = (self._counter & 0xFFFFFFFF).to_bytes(SUFFIX_BYTES, "big")
        return (
            header
            + crypto_aead_xchacha20poly1305_ietf_encrypt(payload, header, suffix + bytes(20), self._key)
            + suffix
        )


MODES: dict[str, type[AesGcm] | type[XChaCha20Poly1305]] = {
    "aead_aes256_gcm_rtpsize": AesGcm,
    "aead_xchacha20_poly1305_rtpsize": XChaCha20Poly1305,
}
"""Our modes, best first. Discord has refused all others since 2024-11-18."""


def choose_mode(offered: list[str]) -> str | None:
    """Return our best mode among those offered, or None."""
    return next((mode for mode in MODES if mode in offered), None)
