import io
import shutil
import subprocess
from pathlib import Path

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from notetaker.recording.ogg import PRE_SKIP, OggError, OggWriter, _crc, read_packets
from tests.recording.sounds import SILENCE, speech


def mux(packets: list[bytes]) -> bytes:
    file = io.BytesIO()
    writer = OggWriter(file, serial=7)
    for packet in packets:
        writer.write(packet, 960)
    writer.close()
    return file.getvalue()


def test_crc_is_oggs() -> None:
    # Catalogue of parametrised CRC algorithms, CRC-32/CKSUM (Ogg's polynomial and bit order): check 0x765e7680
    # with all bits inverted at the end, which Ogg does not do
    assert _crc(b"123456789") == 0x765E7680 ^ 0xFFFFFFFF


def test_headers_byte_by_byte() -> None:
    data = mux([])
    # RFC 3533 section 6: capture pattern, version 0, first page, granule 0, serial, page 0
    assert data[:22].hex() == b"OggS".hex() + "00" + "02" + "00" * 8 + "07000000" + "00000000"
    assert data[26:28] == bytes((1, 19))
    # RFC 7845 section 5.1: version 1, 2 channels, pre-skip 3840, 48000 Hz, gain 0, mapping family 0
    assert data[28:47].hex() == b"OpusHead".hex() + "01" + "02" + "000f" + "80bb0000" + "0000" + "00"
    assert data[47 + 28 :].startswith(b"OpusTags\x09\x00\x00\x00notetaker\x00\x00\x00\x00")


@given(st.lists(st.binary(max_size=1500), max_size=300))
def test_packets_of_any_size_come_back(packets: list[bytes]) -> None:
    assert [packet.data for packet in read_packets(io.BytesIO(mux(packets)))] == packets


@pytest.mark.parametrize("size", [0, 1, 254, 255, 256, 510, 65_024])
def test_packets_at_the_edges_of_lacing_come_back(size: int) -> None:
    packets = [bytes(size), b"next", bytes(size)]
    assert [packet.data for packet in read_packets(io.BytesIO(mux(packets)))] == packets


def test_a_file_torn_or_changed_at_any_byte_is_an_error() -> None:
    data = mux([bytes((number,)) * 30 for number in range(5)])
    for position in range(len(data)):
        with pytest.raises(OggError):
            list(read_packets(io.BytesIO(data[:position])))
        changed = data[:position] + bytes((data[position] ^ 1,)) + data[position + 1 :]
        with pytest.raises(OggError):
            list(read_packets(io.BytesIO(changed)))
    with pytest.raises(OggError):
        list(read_packets(io.BytesIO(data + data)))


def test_ffmpeg_reads_the_same_packets_and_decodes_them(tmp_path: Path) -> None:
    packets = [*speech(200), SILENCE]
    path = tmp_path / "a.ogg"
    path.write_bytes(mux(packets))
    with av.open(str(path)) as container:
        (stream,) = container.streams.audio
        demuxed = [bytes(packet) for packet in container.demux(stream) if packet.size]
    with av.open(str(path)) as container:
        samples = sum(frame.samples for frame in container.decode(audio=0))
    assert demuxed == packets
    assert abs(samples - (len(packets) * 960 - PRE_SKIP)) <= 960


@pytest.mark.skipif(shutil.which("opusinfo") is None, reason="opusinfo is not installed")
def test_opusinfo_has_nothing_to_object(tmp_path: Path) -> None:
    path = tmp_path / "a.ogg"
    path.write_bytes(mux([*speech(200), SILENCE]))
    report = subprocess.run(
        ["opusinfo", str(path)], capture_output=True, text=True, check=True, timeout=60
    ).stdout
    assert "Playback length: 0m:03.940s" in report
    warnings = [line for line in report.splitlines() if "WARNING" in line and "muxing delay" not in line]
    assert warnings == []
