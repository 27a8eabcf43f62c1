"""The transport ciphers against NIST's, libsodium's and Wycheproof's vectors, and against packets of real calls."""

from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_decrypt
from nacl.exceptions import CryptoError

from notetaker.wire.rtp import parse_header, strip
from notetaker.wire.transport import MODES, choose_mode
from tests.vectors.files import load
from tests.wire.packets import sealed

LIVE = [vector for vector in load("discord_rtp_packets.json")["vectors"] if "key" in vector]


@pytest.mark.parametrize("vector", LIVE, ids=lambda vector: vector["id"])
def test_packets_of_real_calls_open(vector: dict[str, Any]) -> None:
    packet = bytes.fromhex(vector["packet"])
    header = parse_header(packet)
    assert header is not None
    assert (header.sequence, header.timestamp, header.ssrc) == (
        vector["sequence"],
        vector["timestamp"],
        vector["ssrc"],
    )
    assert header.size == vector["clear_header"]
    plaintext = MODES[vector["mode"]](bytes.fromhex(vector["key"])).open(packet, header.size)
    assert plaintext is not None
    assert plaintext.hex() == vector["decrypted"]
    payload = strip(plaintext, header)
    assert payload is not None
    assert payload.hex() == vector["payload"]


@pytest.mark.parametrize("vector", LIVE, ids=lambda vector: vector["id"])
def test_any_changed_byte_and_every_truncation_is_refused(vector: dict[str, Any]) -> None:
    packet = bytes.fromhex(vector["packet"])
    cipher = MODES[vector["mode"]](bytes.fromhex(vector["key"]))
    size = vector["clear_header"]
    for position in range(len(packet)):
        changed = bytearray(packet)
        changed[position] ^= 1
        assert cipher.open(bytes(changed), size) is None, f"byte {position}"
    for length in range(size, len(packet)):
        assert cipher.open(packet[:length], size) is None, f"length {length}"


@pytest.mark.parametrize("mode", MODES)
def test_opens_what_the_bare_library_sealed_and_the_reverse(mode: str) -> None:
    cipher = MODES[mode](bytes(range(32)))
    packet = sealed(b"opus", mode=mode, extension=b"EXTN", csrcs=(7,))
    assert cipher.open(packet, 12 + 4 + 4) == b"EXTNopus"
    first, second = cipher.seal(b"H" * 12, b"payload"), cipher.seal(b"H" * 12, b"payload")
    assert first[-4:] != second[-4:], "a nonce must never be used twice"
    assert cipher.open(first, 12) == cipher.open(second, 12) == b"payload"


def test_the_faster_mode_is_chosen_where_offered() -> None:
    assert (
        choose_mode(["aead_xchacha20_poly1305_rtpsize", "aead_aes256_gcm_rtpsize"])
        == "aead_aes256_gcm_rtpsize"
    )
    assert choose_mode(["aead_xchacha20_poly1305_rtpsize"]) == "aead_xchacha20_poly1305_rtpsize"
    assert choose_mode(["xsalsa20_poly1305", "aead_aes256_gcm"]) is None


def test_the_library_behind_aes_gcm_is_right() -> None:
    for vector in load("aead_aes256_gcm.json")["vectors"]:
        key, nonce, aad, box = (
            bytes.fromhex(part)
            for part in (vector["key"], vector["nonce"], vector["aad"], vector["ciphertext"] + vector["tag"])
        )
        if vector["result"] == "valid":
            assert AESGCM(key).decrypt(nonce, box, aad).hex() == vector["plaintext"], vector["id"]
        else:
            with pytest.raises(InvalidTag):
                AESGCM(key).decrypt(nonce, box, aad)


def test_the_library_behind_xchacha20_is_right() -> None:
    for vector in load("aead_xchacha20_poly1305.json")["vectors"]:
        key, nonce, aad, box = (
            bytes.fromhex(part)
            for part in (vector["key"], vector["nonce"], vector["aad"], vector["ciphertext"] + vector["tag"])
        )
        if vector["result"] == "valid":
            opened = crypto_aead_xchacha20poly1305_ietf_decrypt(box, aad, nonce, key)
            assert opened.hex() == vector["plaintext"], vector["id"]
        else:
            with pytest.raises(CryptoError):
                crypto_aead_xchacha20poly1305_ietf_decrypt(box, aad, nonce, key)
