"""RTP headers, payloads, and both transport modes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notetaker.discordsim.voice import rtp
from notetaker.discordsim.voice.aead import MODES, NotAuthenticError, TransportKey

headers = st.builds(
    rtp.Header,
    padding=st.booleans(),
    marker=st.booleans(),
    payload_type=st.integers(0, 127),
    sequence=st.integers(0, 2**16 - 1),
    timestamp=st.integers(0, 2**32 - 1),
    ssrc=st.integers(0, 2**32 - 1),
    csrcs=st.integers(0, 15).map(lambda count: bytes(4 * count)),
    extension_words=st.none() | st.integers(0, 2**16 - 1),
)


@given(headers)
def test_a_header_is_read_as_it_is_written(header: rtp.Header) -> None:
    data = bytes(header)
    assert rtp.Header.parse(data + b"sealed") == (header, len(data))
    for size in range(len(data)):
        with pytest.raises(rtp.RtpError):
            rtp.Header.parse(data[:size])


def test_a_header_seen_live() -> None:
    """First bytes 90 78: an extension, payload type 120 (discord.js#11419)."""
    header, size = rtp.Header.parse(bytes.fromhex("9078 0102 00000003 00000004 bede 0002"))
    assert (header.payload_type, header.sequence, header.timestamp, header.ssrc) == (120, 0x102, 3, 4)
    assert (header.extension_words, size) == (2, 16)


@given(st.binary(), st.integers(0, 4), st.integers(0, 255))
def test_extension_and_padding_are_cut_off(media: bytes, words: int, padding: int) -> None:
    header = rtp.Header(bool(padding), False, 120, 0, 0, 0, b"", words)
    body = bytes(4 * words) + media + (rtp.padding(padding) if padding else b"")
    assert rtp.payload(header, body) == media


@pytest.mark.parametrize("body", [b"", b"\0", b"\x09" * 8])
def test_padding_that_cannot_be_is_refused(body: bytes) -> None:
    with pytest.raises(rtp.RtpError, match="longer than the packet"):
        rtp.payload(rtp.Header(True, False, 120, 0, 0, 0), body)


@pytest.mark.parametrize("mode", MODES)
def test_a_packet_changed_anywhere_does_not_open(mode: str) -> None:
    key = TransportKey.generate(mode)
    packet = key.seal(b"header", b"body")
    assert key.open(packet, 6) == b"body"
    for size in range(len(packet)):
        with pytest.raises(NotAuthenticError):
            key.open(packet[:size], 6)
    for at in range(len(packet)):
        with pytest.raises(NotAuthenticError):
            key.open(packet[:at] + bytes([packet[at] ^ 1]) + packet[at + 1 :], 6)


@pytest.mark.parametrize("mode", MODES)
def test_no_nonce_is_used_twice_by_one_side(mode: str) -> None:
    key = TransportKey(mode, bytes(32), first_nonce=2**32 - 1)
    assert [key.seal(b"", b"")[-4:] for _ in range(2)] == [b"\xff\xff\xff\xff", b"\0\0\0\0"]
