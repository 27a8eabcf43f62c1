"""The journal: every packet of a voice session, on disk before anything else happens to it.

``<meeting folder>/journal/0001.pcap``, ``0002.pcap``, ... one file per voice session, never written again afterwards.
Opus in RTP on UDP port 5004 with its original sequence number, timestamp and SSRC; marks as RTCP on port 5005. The
mark that names an SSRC's speaker may come behind sound of theirs: it is about all since its last owner has left.
Loss per speaker, without this program: ``tshark -r 0001.pcap -d udp.port==5004,rtp -q -z rtp,streams``
"""

import os
import re
import struct
from bisect import bisect
from collections import defaultdict
from collections.abc import Iterable, Iterator
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

from notetaker.model.utterance import Clip
from notetaker.recording import rtcp
from notetaker.recording.pcap import (
    FILE_HEADER,
    Damage,
    PcapError,
    PcapReader,
    Record,
    datagram,
)

RTP_PORT, RTCP_PORT = 5004, 5005  # RFC 3551 section 8
PAYLOAD_TYPE = 120
"""Of Opus in Discord's RTP (Discord docs, Voice Connections)."""

RTP_BYTES = 12
_RTP = struct.Struct(">xxHII")


class JournalError(ValueError):
    """The journal does not hold what it should. The message is a sentence."""


class Packet(NamedTuple):
    """A packet of sound in the journal."""

    user_id: int | None
    """None if no mark names the SSRC's speaker; in a file that is not read from its start, no mark before it."""
    ssrc: int
    sequence: int
    timestamp: int
    """48 kHz ticks, wraps at 2^32."""
    opus: bytes
    arrival_ns: int
    """Unix nanoseconds."""
    offset: int
    """Byte offset of its record in the file."""
    end_offset: int


class _Name(NamedTuple):
    """A mark that gives an SSRC to a user, or takes it from them."""

    offset: int
    user_id: int | None


_offset = attrgetter("offset")


class JournalReader:
    """Iterates over the packets and marks of a journal file as written, from ``offset`` (a record's) on.

    Raises nothing but OSError, no matter what the file holds.
    """

    def __init__(self, path: Path, offset: int = len(FILE_HEADER)) -> None:
        self._path = path
        self._offset = offset
        self.damage: Damage | None = None
        """Why reading ended before the end of the file, if it did."""

    def __iter__(self) -> Iterator[Packet | rtcp.Mark]:
        with self._path.open("rb") as file:
            try:
                reader = PcapReader(file, self._offset)
            except PcapError:
                self.damage = Damage(0, torn=False)
                return
            yield from self._events(reader)
            self.damage = reader.damage

    def _events(self, records: Iterable[Record]) -> Iterator[Packet | rtcp.Mark]:
        speakers: dict[int, int | None] = {}
        names: dict[int, list[_Name]] | None = None
        for offset, end_offset, time_ns, packet in records:
            content = datagram(packet)
            if content is not None and content.port == RTP_PORT and _is_sound(content.payload):
                sequence, timestamp, ssrc = _RTP.unpack_from(content.payload)
                opus = content.payload[RTP_BYTES:]
                if ssrc not in speakers:
                    if names is None:
                        names = self._names_behind(end_offset)
                    speakers[ssrc] = _next(names.get(ssrc, []), offset)
                yield Packet(speakers[ssrc], ssrc, sequence, timestamp, opus, time_ns, offset, end_offset)
            elif content is not None and content.port == RTCP_PORT:
                for mark in rtcp.parse(content.payload):
                    if isinstance(mark, rtcp.SpeakerNamed):
                        speakers[mark.ssrc] = mark.user_id
                    elif isinstance(mark, rtcp.SpeakerLeft):
                        speakers.pop(mark.ssrc, None)
                    yield mark

    def _names_behind(self, offset: int) -> dict[int, list[_Name]]:
        """Return what the marks behind ``offset`` say of each SSRC. Nearly all are named before their sound."""
        names: defaultdict[int, list[_Name]] = defaultdict(list)
        if self._offset != len(FILE_HEADER):
            return names  # a clip: whose it is, is known
        with self._path.open("rb") as file:
            for at, _, _, packet in PcapReader(file, offset):
                content = datagram(packet)
                if content is None or content.port != RTCP_PORT:
                    continue
                for mark in rtcp.parse(content.payload):
                    if isinstance(mark, rtcp.SpeakerNamed):
                        names[mark.ssrc].append(_Name(at, mark.user_id))
                    elif isinstance(mark, rtcp.SpeakerLeft):
                        names[mark.ssrc].append(_Name(at, None))
        return names


def _next(names: list[_Name], offset: int) -> int | None:
    """Return whose an SSRC's sound at ``offset`` turns out to be."""
    index = bisect(names, offset, key=_offset)
    return names[index].user_id if index < len(names) else None


def read_clip(folder: Path, clip: Clip) -> list[Packet]:
    """Return the packets of an utterance, in the order written.

    Raises JournalError if the journal does not reach that far, and OSError: FileNotFoundError once it is retired.
    """
    path = segment_path(folder, clip.segment)
    packets: list[Packet] = []
    for event in JournalReader(path, clip.start_offset):
        if isinstance(event, Packet) and event.ssrc == clip.ssrc:
            packets.append(event)
            if event.end_offset >= clip.end_offset:
                return packets
    raise JournalError(
        f"{path} does not hold the utterance at bytes {clip.start_offset} to {clip.end_offset}."
    )


def journal_files(folder: Path) -> list[tuple[int, Path]]:
    """Return number and path of every journal file of a meeting, in order."""
    journal = folder / "journal"
    if not journal.is_dir():
        return []
    return sorted(
        (int(path.stem), path) for path in journal.iterdir() if re.fullmatch(r"\d{4,}\.pcap", path.name)
    )


def segment_path(folder: Path, segment: int) -> Path:
    return folder / "journal" / f"{segment:04}.pcap"


def sync_directory(directory: Path) -> None:
    """Make the names in a directory safe from power loss. Raises OSError."""
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _is_sound(payload: bytes) -> bool:
    return len(payload) >= RTP_BYTES and payload[0] == 0x80 and payload[1] & 0x7F == PAYLOAD_TYPE
