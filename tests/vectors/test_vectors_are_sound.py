"""The vector files say what they hold.

Checked with the referee libraries and plain arithmetic, never with the code under test: a typing error in a file
fails here, so a failure elsewhere is a fault of the code. The MLS messages have a file of their own.
"""

import dave
import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from nacl.bindings import (
    crypto_aead_xchacha20poly1305_ietf_decrypt as xchacha_open,
)
from nacl.bindings import (
    crypto_aead_xchacha20poly1305_ietf_encrypt as xchacha_seal,
)
from nacl.exceptions import CryptoError

from tests.vectors.files import FOLDER, Vector, cases, load


def unhex(vector: Vector, *names: str) -> list[bytes]:
    return [bytes.fromhex(vector[name]) for name in names]


def test_every_file_names_its_sources() -> None:
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    files = sorted(FOLDER.glob("*.json"))
    assert files
    for file in files:
        document = load(file.name)
        assert document["shows"]
        assert f"`{file.name}`" in readme
        for vector in document["vectors"]:
            if source := vector.get("source"):
                assert source in document["sources"], (file.name, source)


@pytest.mark.parametrize("vector", cases("aead_xchacha20_poly1305.json"))
def test_xchacha20_vector(vector: Vector) -> None:
    key, nonce, aad, plaintext, ciphertext, tag = unhex(
        vector, "key", "nonce", "aad", "plaintext", "ciphertext", "tag"
    )
    assert (len(key), len(nonce), len(tag)) == (32, 24, 16)
    if vector["result"] == "valid":
        assert xchacha_seal(plaintext, aad, nonce, key) == ciphertext + tag
        assert xchacha_open(ciphertext + tag, aad, nonce, key) == plaintext
    else:
        with pytest.raises(CryptoError):
            xchacha_open(ciphertext + tag, aad, nonce, key)


@pytest.mark.parametrize("vector", cases("aead_aes256_gcm.json"))
def test_aes256_gcm_vector(vector: Vector) -> None:
    key, nonce, aad, ciphertext, tag = unhex(vector, "key", "nonce", "aad", "ciphertext", "tag")
    assert (len(key), len(nonce), len(tag)) == (32, 12, 16)
    if vector["result"] == "valid":
        assert AESGCM(key).encrypt(nonce, bytes.fromhex(vector["plaintext"]), aad) == ciphertext + tag
    else:
        with pytest.raises(InvalidTag):
            AESGCM(key).decrypt(nonce, ciphertext + tag, aad)


def check_rtp_header(vector: Vector) -> int:
    """Compares the fixed header and the CSRC list; returns their length."""
    packet = bytes.fromhex(vector["packet"])
    count = packet[0] & 15
    assert packet[0] >> 6 == vector["version"] == 2
    assert bool(packet[0] & 0x20) == bool(vector["padding"])
    assert bool(packet[0] & 0x10) == vector["extension"]
    assert bool(packet[1] & 0x80) == vector["marker"]
    assert packet[1] & 0x7F == vector["payload_type"]
    assert int.from_bytes(packet[2:4], "big") == vector["sequence"]
    assert int.from_bytes(packet[4:8], "big") == vector["timestamp"]
    assert int.from_bytes(packet[8:12], "big") == vector.get("ssrc", int.from_bytes(packet[8:12], "big"))
    csrc = [int.from_bytes(packet[at : at + 4], "big") for at in range(12, 12 + 4 * count, 4)]
    assert csrc == vector["csrc"]
    return 12 + 4 * count


def one_byte_elements(body: bytes) -> list[Vector]:
    found, at = [], 0
    while at < len(body):
        if body[at] == 0:
            at += 1
            continue
        size = (body[at] & 15) + 1
        found.append({"id": body[at] >> 4, "data": body[at + 1 : at + 1 + size].hex()})
        at += 1 + size
    return found


@pytest.mark.parametrize("vector", cases("rtp_packets.json"))
def test_rtp_packet(vector: Vector) -> None:
    packet, start = bytes.fromhex(vector["packet"]), check_rtp_header(vector)
    if vector["extension"]:
        assert packet[start : start + 2].hex() == vector["extension_profile"]
        assert int.from_bytes(packet[start + 2 : start + 4], "big") == vector["extension_words"]
        body = packet[start + 4 : start + 4 + 4 * vector["extension_words"]]
        if vector["extension_profile"] == "bede":
            assert one_byte_elements(body) == vector["extension_elements"]
        start += 4 + len(body)
    if vector["padding"]:
        assert packet[-1] == vector["padding"]
    payload = packet[start : len(packet) - vector["padding"]]
    assert len(payload) == vector.get("payload_length", len(payload))
    assert payload.hex() == vector.get("payload", payload.hex())


@pytest.mark.parametrize("vector", cases("discord_rtp_packets.json"))
def test_discord_rtp_packet(vector: Vector) -> None:
    packet, start = bytes.fromhex(vector["packet"]), check_rtp_header(vector)
    assert packet[-4:].hex() == vector["nonce_suffix"]
    assert vector["decrypted"].endswith(vector["payload"])
    if "key" not in vector:
        assert len(packet) == 12 + 16 + len(vector["decrypted"]) // 2 + 4
        return
    if vector["extension"]:
        assert packet[start : start + 2].hex() == vector["extension_profile"]
        assert int.from_bytes(packet[start + 2 : start + 4], "big") == vector["extension_words"]
        start += 4
        assert one_byte_elements(bytes.fromhex(vector["extension_body"])) == vector["extension_elements"]
        assert len(vector["extension_body"]) == 2 * 4 * vector["extension_words"]
        assert vector["decrypted"] == vector["extension_body"] + vector["payload"]
    assert start == vector["clear_header"]
    key, sealed, suffix = bytes.fromhex(vector["key"]), packet[start:-4], packet[-4:]
    if vector["mode"] == "aead_xchacha20_poly1305_rtpsize":
        opened = xchacha_open(sealed, packet[:start], suffix + bytes(20), key)
    else:
        assert vector["mode"] == "aead_aes256_gcm_rtpsize"
        opened = AESGCM(key).decrypt(suffix + bytes(8), sealed, packet[:start])
    assert opened.hex() == vector["decrypted"]
    assert bytes.fromhex(vector["payload"])[0] == vector["opus_toc"]


def test_rtp_padding_cases() -> None:
    for case in load("discord_rtp_packets.json")["padding"]["cases"]:
        payload = bytes.fromhex(case["payload"])
        assert case["accepted"] == (1 <= payload[-1] <= len(payload))
        if case["accepted"]:
            assert payload[: -payload[-1]].hex() == case["stripped"]


@pytest.mark.parametrize("vector", cases("rtcp_packets.json"))
def test_rtcp_packet(vector: Vector) -> None:
    packet = bytes.fromhex(vector["packet"])
    assert packet[0] >> 6 == 2
    assert packet[0] & 31 == vector["count"]
    assert 200 <= packet[1] == vector["type"] <= 206
    assert len(packet) == 4 * (int.from_bytes(packet[2:4], "big") + 1)
    if "ssrc" in vector:
        assert int.from_bytes(packet[4:8], "big") == vector["ssrc"]
    for report in vector.get("reports", []):
        assert report["ssrc"].to_bytes(4, "big") in packet
    for chunk in vector.get("chunks", []):
        assert packet[4:8] == chunk["ssrc"].to_bytes(4, "big")
        assert packet[10 : 10 + packet[9]].decode() == chunk["items"][0][1]


@pytest.mark.parametrize("vector", cases("discord_ip_discovery.json")[:1])
def test_ip_discovery_packet(vector: Vector) -> None:
    packet = bytes.fromhex(vector["packet"])
    assert len(packet) == 4 + vector["length"] == 74
    assert [int.from_bytes(packet[at : at + 2], "big") for at in (0, 2, 72)] == [2, 70, vector["port"]]
    assert int.from_bytes(packet[4:8], "big") == vector["ssrc"]
    assert packet[8:72].rstrip(b"\0").decode() == vector["address"]


def test_gateway_messages_have_opcode_and_data() -> None:
    for vector in load("discord_voice_gateway.json")["vectors"]:
        assert vector["payload"].keys() >= {"op", "d"}
        assert vector["sent_by"] in {"server", "client"}


def test_dave_frame_with_clear_ranges() -> None:
    (vector,) = load("dave_frames.json")["vectors"]
    frame = bytes.fromhex(vector["frame"])
    assert frame.endswith(b"\xfa\xfa")
    assert frame[-3] == vector["supplemental_size"] == len(frame) - vector["interleaved_length"]
    trailer = frame[vector["interleaved_length"] :]
    assert trailer[:8].hex() == vector["tag"]
    assert trailer[8] == vector["nonce"]
    assert list(trailer[9:-3]) == [number for pair in vector["clear_ranges"] for number in pair]


def test_hostile_dave_frames_never_decrypt() -> None:
    decryptor = dave.Decryptor()
    for case in load("dave_frames.json")["hostile"]["cases"]:
        frame = bytes.fromhex(case["frame"])
        assert case["magic"] == frame.endswith(b"\xfa\xfa")
        if case["magic"]:
            assert case["supplemental_size"] == frame[-3]
            assert case["size_fits"] == (12 <= frame[-3] <= len(frame))
        assert decryptor.decrypt(dave.MediaType.audio, frame) is None


def test_dave_frame_tails() -> None:
    for case in load("dave_frames.json")["tails"]["cases"]:
        tail = bytes.fromhex(case["last4"])
        assert case["padding"] == (0 if tail.endswith(b"\xfa\xfa") else tail[-1])


def test_opus_toc_bytes() -> None:
    document = load("opus_toc.json")
    assert [entry["config"] for entry in document["configs"]] == list(range(32))
    for vector in document["vectors"]:
        toc = bytes.fromhex(vector["packet"])[0]
        assert (toc >> 3, bool(toc & 4), toc & 3) == (vector["config"], vector["stereo"], 0)
        assert document["configs"][toc >> 3]["frame_ms"] * vector["frames"] == vector["duration_ms"]
