import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notetaker.wire.rtp import OPUS_PAYLOAD_TYPE, RtpHeader, pack_header, parse_header, strip
from tests.vectors.files import load


def header(*, padding: bool = False, extension_bytes: int = 0) -> RtpHeader:
    return RtpHeader(padding, False, 120, 1, 2, 3, 12, extension_bytes)


def test_first_bytes_seen_live_are_understood() -> None:
    # 0x90: extension; 0xB0: padding and extension; both are what Discord's servers send (discord.js#11449).
    body = struct.pack("!BHII", 0x78, 0x1234, 0xDEADBEEF, 0xCAFE) + b"\xbe\xde\x00\x02" + bytes(8)
    plain = parse_header(b"\x90" + body)
    assert plain == RtpHeader(False, False, 120, 0x1234, 0xDEADBEEF, 0xCAFE, 16, 8)
    padded = parse_header(b"\xb0" + body)
    assert padded is not None
    assert padded.padding


def test_marker_is_not_part_of_the_payload_type() -> None:
    parsed = parse_header(b"\x80\xf8" + bytes(10))
    assert parsed is not None
    assert (parsed.marker, parsed.payload_type) == (True, 120)


def test_contributing_sources_lengthen_the_part_in_clear() -> None:
    parsed = parse_header(b"\x82\x78" + bytes(10) + bytes(8))
    assert parsed is not None
    assert parsed.size == 20


def test_every_truncation_of_a_full_header_is_refused() -> None:
    whole = b"\x93\x78" + bytes(10) + bytes(12) + b"\xbe\xde\x00\x01"
    assert parse_header(whole) is not None
    assert all(parse_header(whole[:length]) is None for length in range(len(whole)))


@pytest.mark.parametrize("first", [0x00, 0x40, 0xC0])
def test_other_versions_are_refused(first: int) -> None:
    assert parse_header(bytes([first]) + bytes(40)) is None


@given(st.integers(0, 0xFFFF), st.integers(0, 0xFFFFFFFF), st.integers(0, 0xFFFFFFFF))
def test_a_packed_header_parses_back(sequence: int, timestamp: int, ssrc: int) -> None:
    parsed = parse_header(pack_header(sequence, timestamp, ssrc))
    assert parsed == RtpHeader(False, False, 120, sequence, timestamp, ssrc, 12, 0)


@pytest.mark.parametrize("kind", range(192, 224))  # RFC 5761 section 4: types that share the port
def test_rtcp_never_passes_for_opus(kind: int) -> None:
    parsed = parse_header(bytes([0x80, kind]) + bytes(10))
    assert parsed is not None
    assert parsed.payload_type != OPUS_PAYLOAD_TYPE


def test_extension_goes_first_then_padding() -> None:
    assert strip(b"EEEEopus\0\0\3", header(padding=True, extension_bytes=4)) == b"opus"


def test_nothing_but_padding_leaves_an_empty_payload() -> None:
    assert strip(b"EEEE" + bytes(199) + b"\xc8", header(padding=True, extension_bytes=4)) == b""


@pytest.mark.parametrize(
    ("plaintext", "what"),
    [
        (b"EEE", header(extension_bytes=4)),  # the extension is longer than the packet
        (b"opus\0", header(padding=True)),  # a padding length of zero (RFC 3550 section 5.1: counts itself)
        (b"opus\x06", header(padding=True)),  # more padding than there is
        (b"EEEE\x05", header(padding=True, extension_bytes=4)),  # padding that would reach into the extension
        (b"", header(padding=True)),
    ],
)
def test_lengths_that_do_not_fit_are_refused(plaintext: bytes, what: RtpHeader) -> None:
    assert strip(plaintext, what) is None


@given(st.binary(max_size=80), st.booleans(), st.integers(0, 20))
def test_any_bytes_are_stripped_or_refused(plaintext: bytes, padding: bool, words: int) -> None:
    payload = strip(plaintext, header(padding=padding, extension_bytes=4 * words))
    assert payload is None or payload in plaintext


PADDING = load("discord_rtp_packets.json")["padding"]["cases"]


@pytest.mark.parametrize("case", PADDING, ids=lambda case: case["id"])
def test_padding_is_stripped_as_disgo_does(case: dict[str, Any]) -> None:
    payload = strip(bytes.fromhex(case["payload"]), header(padding=True))
    assert payload == (bytes.fromhex(case["stripped"]) if case["accepted"] else None)


@pytest.mark.parametrize("vector", load("rtp_packets.json")["vectors"], ids=lambda vector: vector["id"])
def test_packets_of_other_libraries_parse_to_the_same_fields(vector: dict[str, Any]) -> None:
    packet = bytes.fromhex(vector["packet"])
    parsed = parse_header(packet)
    assert parsed is not None
    for field in ("marker", "payload_type", "sequence", "timestamp"):
        assert getattr(parsed, field) == vector[field], field
    assert parsed.padding == bool(vector["padding"])
    payload = strip(packet[parsed.size :], parsed)
    assert payload is not None
    if "payload" in vector:
        assert payload.hex() == vector["payload"]
    else:
        assert len(payload) == vector["payload_length"]
