"""Transport encryption: one client's key, its counter nonces, and the two modes Discord still offers.

Source: Discord docs, Voice Connections, "Transport Encryption and Sending Voice". On the wire: the clear header,
the sealed body with its 16-byte tag, and a 4-byte nonce that stands at the front of the full, zero-filled nonce.
"""

import os
import struct
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from nacl.bindings import (
    crypto_aead_xchacha20poly1305_ietf_decrypt,
    crypto_aead_xchacha20poly1305_ietf_encrypt,
)
from nacl.exceptions import CryptoError

AES_GCM = "aead_aes256_gcm_rtpsize"
XCHACHA = "aead_xchacha20_poly1305_rtpsize"
MODES = (AES_GCM, XCHACHA)

NONCE_SUFFIX_BYTES = 4
TAG_BYTES = 16


class NotAuthenticError(ValueError):
    """The packet was not sealed with this key, or was changed on its way."""


class TransportKey:
    """A client's secret key in one mode. It seals one direction and opens the other.

    ``first_nonce`` keeps the two directions of one key apart: the client counts from 0.
    """

    def __init__(self, mode: str, secret: bytes, first_nonce: int = 0) -> None:
        self.mode = mode
        self.secret = secret
        self._aes = AESGCM(secret) if mode == AES_GCM else None
        self._counter = first_nonce

    @classmethod
    def generate(cls, mode: str) -> Self:
        """Return a new key, as the server uses it."""
        return cls(mode, os.urandom(32), first_nonce=0x8000_0000)

    def seal(self, header: bytes, body: bytes) -> bytes:
        """Return a packet: ``header`` in the clear but authenticated, ``body`` sealed."""
        suffix = struct.pack(">I", self._counter)
        self._counter = (self._counter + 1) & 0xFFFF_FFFF
        if self._aes:
            sealed = self._aes.encrypt(suffix.ljust(12, b"\0"), body, header)
        else:
            sealed = crypto_aead_xchacha20poly1305_ietf_encrypt(
                body, header, suffix.ljust(24, b"\0"), self.secret
            )
        return header + sealed + suffix

    def open(self, packet: bytes, header_size: int) -> bytes:
        """Return the body of a packet whose clear part is ``header_size`` bytes. Raises NotAuthenticError."""
        header, suffix = packet[:header_size], packet[-NONCE_SUFFIX_BYTES:]
        sealed = packet[header_size:-NONCE_SUFFIX_BYTES]
        if len(packet) < header_size + TAG_BYTES + NONCE_SUFFIX_BYTES:
            raise NotAuthenticError("no room for a tag and a nonce")
        try:
            if self._aes:
                return self._aes.decrypt(suffix.ljust(12, b"\0"), sealed, header)
            return crypto_aead_xchacha20poly1305_ietf_decrypt(
                sealed, header, suffix.ljust(24, b"\0"), self.secret
            )
        except (InvalidTag, CryptoError) as error:
            raise NotAuthenticError("the tag does not match") from error
