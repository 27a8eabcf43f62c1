"""The journal's file format: pcap with nanosecond timestamps and bare IPv4 packets, big-endian.

Source: draft-ietf-opsawg-pcap sections 4 and 5 (file header, packet record); LINKTYPE_IPV4 (228) of the LINKTYPE
registry of tcpdump.org; RFC 791 section 3.1 (IPv4), RFC 768 (UDP). Every tool that reads pcap reads it.
"""

import struct
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

SNAPLEN = 65_535
"""Bytes: the longest IPv4 packet."""
FILE_HEADER = struct.pack(">IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, SNAPLEN, 228)
"""The same 24 bytes in every journal file."""
RECORD_HEADER = struct.Struct(">IIII")
"""Seconds, nanoseconds, captured length, original length."""
IP_UDP_BYTES = 28

_IPV4 = struct.Struct(">BBHHHBBH4s4s")
_UDP = struct.Struct(">HHHH")
_SECOND = 1_000_000_000


class PcapError(ValueError):
    """The file is not a journal. The message is a sentence."""


class Record(NamedTuple):
    offset: int
    """Byte offset of the record's header in the file."""
    end_offset: int
    time_ns: int
    """Unix nanoseconds."""
    packet: bytes
    """From the IPv4 header on."""


class Damage(NamedTuple):
    """Why reading ended before the end of the file."""

    offset: int
    """Everything before this byte was read."""
    torn: bool
    """The file just ends in the middle of a record, as after a crash. If not, readable data may follow."""

    def __str__(self) -> str:
        return f"a torn record at byte {self.offset}" if self.torn else f"no record at byte {self.offset}"


class Datagram(NamedTuple):
    port: int
    """Destination port."""
    payload: bytes


def ip_udp_header(source: bytes, destination: bytes, port: int, payload_length: int) -> bytes:
    """Return the IPv4 and UDP headers (28 bytes); both ports are ``port``, addresses are 4 bytes each.

    The UDP checksum is zero, "not computed", which RFC 768 allows over IPv4.
    """
    length = IP_UDP_BYTES + payload_length
    # version 4 and 5 words; no service class; identification 0; don't fragment; time to live 64; protocol 17
    fields = (0x45, 0, length, 0, 0x4000, 64, 17)
    checksum = _internet_checksum(_IPV4.pack(*fields, 0, source, destination))
    udp = _UDP.pack(port, port, length - 20, 0)
    return _IPV4.pack(*fields, checksum, source, destination) + udp


def record(time_ns: int, packet: bytes) -> bytes:
    """Return a packet record, header and data."""
    return RECORD_HEADER.pack(*divmod(time_ns, _SECOND), len(packet), len(packet)) + packet


def datagram(packet: bytes) -> Datagram | None:
    """Return the UDP datagram in an IPv4 packet; None if there is none, or an incomplete one."""
    if len(packet) < IP_UDP_BYTES or packet[0] != 0x45 or packet[9] != 17:
        return None
    _, port, length, _ = _UDP.unpack_from(packet, 20)
    if length != len(packet) - 20:
        return None
    return Datagram(port, packet[IP_UDP_BYTES:])


class PcapReader:
    """Iterates over the complete records of a journal file, from ``offset`` (a record's) on.

    A file whose writer was killed may end in the middle of a record: everything before it is read. Reading also ends
    where the bytes make no sense, because nothing after them can be trusted. ``damage`` then says where.
    """

    def __init__(self, file: BinaryIO, offset: int = len(FILE_HEADER)) -> None:
        """Raises PcapError if the file does not begin like a journal."""
        self.damage: Damage | None = None
        """None while everything could be read."""
        self._file = file
        self._offset = offset
        header = file.read(len(FILE_HEADER))
        if not FILE_HEADER.startswith(header):
            raise PcapError(
                "The file is no journal: it does not begin as a big-endian nanosecond IPv4 pcap does."
            )
        if len(header) < len(FILE_HEADER):
            self.damage = Damage(0, torn=True)

    def __iter__(self) -> Iterator[Record]:
        if self.damage is not None:
            return
        self._file.seek(self._offset)
        while header := self._file.read(RECORD_HEADER.size):
            if len(header) < RECORD_HEADER.size:
                self.damage = Damage(self._offset, torn=True)
                return
            seconds, nanoseconds, length, original = RECORD_HEADER.unpack(header)
            if nanoseconds >= _SECOND or length != original or not IP_UDP_BYTES <= length <= SNAPLEN:
                self.damage = Damage(self._offset, torn=False)
                return
            packet = self._file.read(length)
            if len(packet) < length:
                self.damage = Damage(self._offset, torn=True)
                return
            end_offset = self._offset + RECORD_HEADER.size + length
            yield Record(self._offset, end_offset, seconds * _SECOND + nanoseconds, packet)
            self._offset = end_offset


def _internet_checksum(header: bytes) -> int:
    """RFC 1071: the ones' complement of the ones' complement sum of 16-bit words."""
    total: int = sum(struct.unpack(f">{len(header) // 2}H", header))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
