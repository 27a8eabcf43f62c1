"""The binding of libopus's decoder, with packets of its own encoder."""

import math
import subprocess
import sys
from ctypes import CDLL
from ctypes.util import find_library
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from notetaker.speech import libopus
from notetaker.speech.libopus import CorruptPacketError, Decoder, LibopusMissingError, redundancy
from tests.speech.opus_encoder import encode, likeness, loudness, speech, spoken, tone
from tests.speech.packets import SILENCE

FRAME = 320
"""Samples in 20 ms."""
DTX = b"\x48"
"""20 ms of SILK, wideband, in which nothing is transmitted."""
CORRUPT = b"\xff\x00"
"""A corrupt packet: code 3 with a frame count of zero (RFC 6716 section 3.2.5, requirement R5)."""


def test_pyavs_own_library_comes_first() -> None:
    path = next(libopus.candidates())
    assert Path(path).name.startswith("libopus")
    assert "site-packages" in path


def test_without_pyav_the_systems_library_is_used() -> None:
    code = "from notetaker.speech import libopus; print(*libopus.candidates())"
    alone = [sys.executable, "-S", "-c", code]  # -S: without site-packages
    found = subprocess.run(alone, check=True, capture_output=True, text=True)
    assert found.stdout.split() == ([find_library("opus")] if find_library("opus") else [])


def test_what_is_no_library_is_passed_over(tmp_path: Path) -> None:
    broken = tmp_path / "libopus.so"
    broken.write_bytes(b"\x7fELF but not really")
    library = libopus.load([str(broken), *libopus.candidates()])
    assert library.opus_decoder_get_size(1) > 0


def test_without_any_library_a_sentence_says_what_to_install() -> None:
    with pytest.raises(LibopusMissingError, match=r"libopus is missing; install PyAV .*\.$"):
        libopus.load([])


@pytest.mark.parametrize("layout", ["mono", "stereo"])
@pytest.mark.parametrize("frame_ms", [2.5, 5, 10, 20, 40, 60])
def test_packets_of_every_length(frame_ms: float, layout: str) -> None:
    decoder = Decoder()
    for packet in encode(speech()[:14_400], frame_ms=frame_ms, layout=layout):
        assert len(decoder.decode(packet)) == 2 * 16 * frame_ms


@pytest.mark.parametrize("bit_rate", [28_000, 64_000])
@pytest.mark.parametrize("hertz", [440, 1_000, 3_000, 5_000, 7_000, 7_500])
def test_a_tone_keeps_its_level(hertz: float, bit_rate: int) -> None:
    pcm = decoded(encode(tone(hertz), bit_rate=bit_rate))
    level = 20 * math.log10(loudness(pcm[8_000:-8_000]) / (12_000 / math.sqrt(2)))
    assert level == pytest.approx(0, abs=0.2)  # dB


@pytest.mark.parametrize("hertz", [9_000, 12_000])
def test_what_is_above_8_khz_leaves_nothing_below(hertz: float) -> None:
    assert loudness(decoded(encode(tone(hertz), bit_rate=64_000))[8_000:-8_000]) < 12_000 / 1_000


@pytest.mark.parametrize("packet", [b"", CORRUPT, SILENCE + bytes(1500)])
def test_a_corrupt_packet(packet: bytes) -> None:
    decoder = Decoder()
    with pytest.raises(CorruptPacketError):
        decoder.decode(packet)
    assert decoder.recoverable(packet) == 0


def test_a_corrupt_packet_leaves_the_decoder_as_it_was() -> None:
    first, *others = spoken(fec=True)
    decoder = Decoder()
    pcm = decoder.decode(first)
    with pytest.raises(CorruptPacketError):
        decoder.decode(CORRUPT)
    assert pcm + b"".join(decoder.decode(packet) for packet in others) == decoded(spoken(fec=True))


def test_redundancy_is_there_when_the_sender_asked_for_it() -> None:
    assert {redundancy(packet) for packet in spoken(fec=False)} == {0}
    with_fec = [redundancy(packet) for packet in spoken(fec=True)]
    assert set(with_fec) == {0, FRAME}  # 0 in silence, which is not repeated
    assert with_fec.count(FRAME) > len(with_fec) / 2


@pytest.mark.parametrize("layout", ["mono", "stereo"])
def test_redundancy_of_long_frames(layout: str) -> None:
    packets = encode(
        speech(), frame_ms=60, bit_rate=16_000 if layout == "mono" else 24_000, layout=layout, fec=True
    )
    assert {redundancy(packet) for packet in packets} <= {0, 3 * FRAME}


@pytest.mark.parametrize("packet", [SILENCE, DTX, CORRUPT, b""])
def test_no_redundancy(packet: bytes) -> None:
    assert redundancy(packet) == 0


def some_packet() -> st.SearchStrategy[bytes]:
    return st.binary(max_size=1500) | st.builds(
        lambda packet, place, byte: packet[:place] + bytes([byte]) + packet[place + 1 :],
        st.sampled_from(spoken(fec=True)),
        st.integers(0, 30),
        st.integers(0, 255),
    )


@given(some_packet())
@example(b"\x4b\x41\x05" + spoken(fec=True)[40][1:] + bytes(5))  # code 3: one frame, five bytes of padding
def test_redundancy_is_what_libopus_says(packet: bytes) -> None:
    library = bundled()
    if packet and hasattr(library, "opus_packet_has_lbrr"):  # since 1.5
        assert (redundancy(packet) > 0) == (library.opus_packet_has_lbrr(packet, len(packet)) > 0)


def test_recovery_is_closer_to_what_was_lost_than_concealment() -> None:
    packets = spoken(fec=True)
    original = recovered = concealed = b""
    recovering, concealing, hearing = Decoder(), Decoder(), Decoder()
    for number, packet in enumerate(packets):
        heard = hearing.decode(packet)
        if number % 10 == 5 and redundancy(packets[number + 1]):
            original += heard
            recovered += recovering.recover(packets[number + 1])
            concealed += concealing.conceal(FRAME)
        else:
            recovering.decode(packet)
            concealing.decode(packet)
    assert len(recovered) == len(concealed) == len(original) > 10 * 2 * FRAME
    assert likeness(recovered, original) > likeness(concealed, original) + 6


def test_nothing_is_recovered_right_after_celt() -> None:
    packets = spoken(fec=True)
    packet = next(packet for packet in packets if redundancy(packet))
    decoder = Decoder()
    assert decoder.recoverable(packet) == FRAME
    decoder.decode(SILENCE)
    assert decoder.recoverable(packet) == 0
    decoder.decode(packets[0])
    assert decoder.recoverable(packet) == FRAME


@given(st.integers(0, 1920))
def test_any_length_can_be_concealed(length: int) -> None:
    decoder = Decoder()
    for packet in spoken(fec=False)[:40]:
        decoder.decode(packet)
    assert len(decoder.conceal(length)) == 2 * length


def test_concealment_fades() -> None:
    decoder = Decoder()
    pcm = [decoder.decode(packet) for packet in encode(tone())]
    faded = [loudness(decoder.conceal(FRAME)) for _ in range(20)]
    assert faded[0] > 4_000
    assert faded[-1] < loudness(pcm[-1]) / 10


def decoded(packets: tuple[bytes, ...]) -> bytes:
    decoder = Decoder()
    return b"".join(decoder.decode(packet) for packet in packets)


def bundled() -> CDLL:
    return CDLL(next(libopus.candidates()))
