import io
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notetaker.recording.pcap import (
    FILE_HEADER,
    Damage,
    PcapError,
    PcapReader,
    Record,
    datagram,
    ip_udp_header,
    record,
)

SOURCE, DESTINATION = bytes((192, 168, 0, 1)), bytes((192, 168, 0, 199))
PACKETS = [ip_udp_header(SOURCE, DESTINATION, 5004, size) + bytes(size) for size in (0, 1, 40, 200)]
FILE = FILE_HEADER + b"".join(
    record(number * 10**9 + number, packet) for number, packet in enumerate(PACKETS)
)


def read(data: bytes) -> tuple[list[Record], Damage | None]:
    reader = PcapReader(io.BytesIO(data))
    return list(reader), reader.damage


def test_the_ip_header_is_that_of_the_well_known_example() -> None:
    # Wikipedia, "Internet checksum", example of an IPv4 header of a UDP packet
    header = ip_udp_header(SOURCE, DESTINATION, 5004, 0x73 - 28)
    assert header[:20].hex() == "450000730000400040" + "11b861c0a80001c0a800c7"
    assert header[20:].hex() == "138c" + "138c" + "005f" + "0000"


def test_file_header_is_a_nanosecond_pcap_of_ipv4() -> None:
    # draft-ietf-opsawg-pcap section 4; LINKTYPE_IPV4 is 228 = 0xe4
    assert FILE_HEADER.hex() == "a1b23c4d" + "00020004" + "00000000" + "00000000" + "0000ffff" + "000000e4"


def test_records_come_back_as_written() -> None:
    records, damage = read(FILE)
    assert damage is None
    assert [entry.packet for entry in records] == PACKETS
    assert [entry.time_ns for entry in records] == [0, 1_000_000_001, 2_000_000_002, 3_000_000_003]
    assert [entry.end_offset for entry in records] == [entry.offset for entry in records[1:]] + [len(FILE)]


def test_a_file_torn_at_any_byte_is_read_up_to_there() -> None:
    whole, _ = read(FILE)
    for length in range(len(FILE)):
        records, damage = read(FILE[:length])
        assert records == [entry for entry in whole if entry.end_offset <= length]
        if length in {0, *(entry.offset for entry in whole)}:
            assert damage == (None if length else Damage(0, torn=True))
        else:
            end = records[-1].end_offset if records else len(FILE_HEADER) if length >= len(FILE_HEADER) else 0
            assert damage == Damage(end, torn=True)


def test_garbage_ends_reading_and_says_where() -> None:
    records, damage = read(FILE + bytes(64))  # as a file system leaves it after power loss
    assert len(records) == len(PACKETS)
    assert damage == Damage(len(FILE), torn=False)
    assert str(damage) == f"no record at byte {len(FILE)}"


@pytest.mark.parametrize(
    "header", [(0, 10**9, 40, 40), (0, 0, 40, 41), (0, 0, 27, 27), (0, 0, 65_536, 65_536)]
)
def test_a_record_that_this_program_never_writes_is_garbage(header: tuple[int, int, int, int]) -> None:
    assert read(FILE + struct.pack(">IIII", *header) + bytes(70_000))[1] == Damage(len(FILE), torn=False)


def test_reading_can_begin_at_any_record() -> None:
    whole, _ = read(FILE)
    assert list(PcapReader(io.BytesIO(FILE), whole[2].offset)) == whole[2:]


@pytest.mark.parametrize("data", [b"x", b"\0" * 24, b"\xd4\xc3\xb2\xa1" + FILE_HEADER[4:], b"OggS" * 20])
def test_what_is_no_journal_is_refused_in_a_sentence(data: bytes) -> None:
    with pytest.raises(PcapError, match=r"^The file is no journal: it does not begin as .* does\.$"):
        PcapReader(io.BytesIO(data))


@given(st.binary(max_size=300))
def test_any_bytes_behind_the_header_are_survived(tail: bytes) -> None:
    records, damage = read(FILE + tail)
    assert [entry.packet for entry in records[: len(PACKETS)]] == PACKETS
    end = records[-1].end_offset
    assert (damage is None) == (end == len(FILE + tail))
    assert damage is None or damage.offset == end


@given(st.binary(max_size=80))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        read(data)
    except PcapError:
        assert not FILE_HEADER.startswith(data[:24])


@given(st.binary(max_size=80))
def test_any_packet_is_a_datagram_or_none(packet: bytes) -> None:
    found = datagram(packet)
    assert found is None or packet.endswith(found.payload)


def test_only_whole_udp_packets_are_datagrams() -> None:
    packet = PACKETS[2]
    assert datagram(packet) == (5004, bytes(40))
    assert datagram(packet[:-1]) is None
    assert datagram(packet[:9] + b"\x06" + packet[10:]) is None  # TCP
    assert datagram(b"\x46" + packet[1:]) is None  # with IP options
