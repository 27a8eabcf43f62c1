import pytest
from hypothesis import given
from hypothesis import strategies as st

from notetaker.model.transcript import Gap
from notetaker.recording import rtcp
from tests.vectors.files import Vector, cases, load

VECTORS = {vector["id"]: bytes.fromhex(vector["packet"]) for vector in load("rtcp_packets.json")["vectors"]}


def test_bye_is_the_packet_of_another_implementation() -> None:
    packet = VECTORS["rtcp_bye"]  # aiortc; its SSRC as asserted there
    assert rtcp.speaker_left(2924645187) == packet
    assert list(rtcp.parse(packet)) == [rtcp.SpeakerLeft(2924645187)]


def test_bye_without_sources_and_with_padding_names_nobody() -> None:
    assert list(rtcp.parse(VECTORS["rtcp_bye_no_sources"] + VECTORS["rtcp_bye_padding"])) == []


def test_sdes_of_another_program_names_no_user() -> None:
    assert list(rtcp.parse(VECTORS["rtcp_sdes"])) == []  # its CNAME is a UUID


@pytest.mark.parametrize("vector", cases("rtcp_packets.json", "invalid"))
def test_malformed_packets_say_nothing(vector: Vector) -> None:
    assert list(rtcp.parse(bytes.fromhex(vector["packet"]))) == []


def test_sdes_byte_by_byte() -> None:
    # RFC 3550 section 6.5: V=2 SC=1, 202, length in words less one; SSRC; CNAME=1, length 4, text; end and padding
    assert (
        rtcp.speaker_named(1234, 0xAABBCCDD).hex() == "81ca0003" + "aabbccdd" + "0104" + "31323334" + "0000"
    )


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**32 - 1))
def test_names_come_back(user_id: int, ssrc: int) -> None:
    packet = rtcp.speaker_named(user_id, ssrc)
    assert len(packet) % 4 == 0
    assert list(rtcp.parse(packet + rtcp.speaker_left(ssrc))) == [(user_id, ssrc), (ssrc,)]


@given(
    st.builds(
        Gap,
        st.integers(0, 2**64 - 1),
        st.integers(0, 2**64 - 1),
        st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=60),
        st.none() | st.integers(1, 2**64 - 1),
    )
)
def test_gaps_come_back(gap: Gap) -> None:
    assert list(rtcp.parse(rtcp.gap_marked(gap))) == [rtcp.GapMarked(gap)]


@given(
    st.binary(max_size=60)
    | st.sampled_from(sorted(VECTORS.values())).flatmap(lambda p: st.binary().map(p.__add__))
)
def test_any_bytes_are_survived(payload: bytes) -> None:
    for mark in rtcp.parse(payload):
        assert isinstance(mark, rtcp.SpeakerNamed | rtcp.SpeakerLeft | rtcp.GapMarked)
