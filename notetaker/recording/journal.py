"""The journal: every packet of a voice session, on disk before anything else happens to it.

``<meeting folder>/journal/0001.pcap``, ``0002.pcap``, ... one file per voice session, never written again afterwards.
Opus in RTP on UDP port 5004 with its original sequence number, timestamp and SSRC; marks as RTCP on port 5005.
Loss per speaker, without this program: ``tshark -r 0001.pcap -d udp.port==5004,rtp -q -z rtp,streams``
"""

import os
import re
import struct
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from notetaker.model.audio import AudioFrame
from notetaker.model.transcript import Gap
from notetaker.model.utterance import Clip
from notetaker.recording import rtcp
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

RTP_PORT, RTCP_PORT = 5004, 5005  # RFC 3551 section 8
PAYLOAD_TYPE = 120
"""Of Opus in Discord's RTP (Discord docs, Voice Connections)."""

# Addresses mean nothing here; these are for documentation (RFC 5737). One per speaker, for packet tools.
_SPEAKERS_NET = bytes((203, 0, 113))
_RECORDER = bytes((198, 51, 100, 1))

_RTP_BYTES = 12
_RTP_START = bytes(
    (0x80, PAYLOAD_TYPE)
)  # version 2, no padding, extension or CSRC; no marker (RFC 3550 section 5.1)
_SOUND = struct.Struct(
    ">IIII30sHII"
)  # record header; IPv4, UDP, first two bytes of RTP; sequence, timestamp, SSRC
_RTP = struct.Struct(">xxHII")
_SECOND = 1_000_000_000


class JournalError(ValueError):
    """The journal is not what it is said to be. The message is a sentence."""


class Packet(NamedTuple):
    """One packet of sound as the journal has it."""

    user_id: int | None
    """None: nobody was named for the SSRC before it, or reading began behind that place."""
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


class _Stream:
    """An SSRC's speaker and ready-made headers."""

    def __init__(self, user_id: int, address: bytes) -> None:
        self.user_id = user_id
        self.address = address
        self.headers: dict[int, bytes] = {}
        """IPv4, UDP and first two bytes of RTP, by length of the Opus packet."""


class JournalWriter:
    """Writes the journal file of one voice session. Every method that writes raises OSError when the disk refuses;
    the journal stays readable, and the next write works as soon as the disk does.
    """

    def __init__(self, folder: Path) -> None:
        """Makes the next free file in ``folder``/journal. Raises OSError."""
        self._directories = (folder / "journal", folder, folder.parent)
        for directory in reversed(self._directories):
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.segment = max((segment for segment, _ in journal_files(folder)), default=0) + 1
        """Number of the file."""
        self.path = segment_path(folder, self.segment)
        self._fd = os.open(
            self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600
        )
        self._fd_lock = threading.Lock()
        """Keeps the descriptor from being closed, and its number reused, under a sync in another thread."""
        self._linked = False
        self._end = 0  # of the last whole record
        self._torn = False
        self._streams: dict[int, _Stream] = {}
        self._speakers: dict[int, bytes] = {}
        try:
            self._append(FILE_HEADER)
        except OSError:
            os.close(self._fd)
            self.path.unlink()
            raise

    def speaker(self, ssrc: int) -> int | None:
        """Whose the SSRC is, if it has been named."""
        stream = self._streams.get(ssrc)
        return None if stream is None else stream.user_id

    def ssrcs(self, user_id: int) -> list[int]:
        """All SSRCs that are this user's."""
        return [ssrc for ssrc, stream in self._streams.items() if stream.user_id == user_id]

    def write(self, frame: AudioFrame, arrival_ns: int) -> tuple[int, int]:
        """Writes one packet of a named speaker. Returns the offsets of its record and of the byte behind it."""
        stream = self._streams[frame.ssrc]
        opus = frame.opus
        length = len(opus)
        headers = stream.headers.get(length)
        if headers is None:
            headers = ip_udp_header(stream.address, _RECORDER, RTP_PORT, _RTP_BYTES + length) + _RTP_START
            stream.headers[length] = headers
        seconds, nanoseconds = divmod(arrival_ns, _SECOND)
        captured = 40 + length
        start = self._end
        self._append(
            _SOUND.pack(
                seconds, nanoseconds, captured, captured, headers, frame.sequence, frame.timestamp, frame.ssrc
            )
            + opus
        )
        return start, self._end

    def name_speaker(self, user_id: int, ssrc: int, time_ns: int) -> None:
        address = self._speakers.get(user_id, _SPEAKERS_NET + bytes((1 + len(self._speakers) % 254,)))
        self._write_mark(time_ns, rtcp.speaker_named(user_id, ssrc), address)
        self._speakers[user_id] = address
        self._streams[ssrc] = _Stream(user_id, address)

    def speaker_left(self, ssrc: int, time_ns: int) -> None:
        """The SSRC is nobody's until it is named again."""
        self._write_mark(time_ns, rtcp.speaker_left(ssrc), self._streams[ssrc].address)
        del self._streams[ssrc]

    def mark_gap(self, gap: Gap) -> None:
        self._write_mark(gap.ended_ns, rtcp.gap_marked(gap), _RECORDER)

    def sync(self) -> None:
        """Returns when everything written before is safe from power loss. For any thread. Raises OSError."""
        with self._fd_lock:
            if self._fd < 0:
                return  # close() has synced it
            fd = os.dup(self._fd)
        try:
            self._fsync(fd)
        finally:
            os.close(fd)

    def close(self) -> None:
        """Syncs and closes. Raises OSError; the file is closed all the same."""
        with self._fd_lock:
            if self._fd < 0:
                return
            fd, self._fd = self._fd, -1
        try:
            if self._torn:
                os.ftruncate(fd, self._end)
            self._fsync(fd)
        finally:
            os.close(fd)

    def _write_mark(self, time_ns: int, payload: bytes, address: bytes) -> None:
        self._append(record(time_ns, ip_udp_header(address, _RECORDER, RTCP_PORT, len(payload)) + payload))

    def _append(self, data: bytes) -> None:
        if self._torn:  # an earlier write failed halfway: what it left would hide everything behind it
            os.ftruncate(self._fd, self._end)
            self._torn = False
        written = os.write(self._fd, data)
        if written < len(data):
            self._torn = True
            while written < len(data):
                written += os.write(self._fd, data[written:])
            self._torn = False
        self._end += written

    def _fsync(self, fd: int) -> None:
        os.fsync(fd)
        if not self._linked:  # a new file survives power loss only if its directory entry does
            for directory in self._directories:
                sync_directory(directory)
            self._linked = True


class JournalReader:
    """The packets and marks of a journal file, in the order written, from ``offset`` (a record's) on.

    Raises OSError, and nothing else whatever the file holds.
    """

    def __init__(self, path: Path, offset: int = len(FILE_HEADER)) -> None:
        self._path = path
        self._offset = offset
        self.damage: Damage | None = None
        """After reading: why it ended before the end of the file."""
        self.foreign = 0
        """Whole records so far that are neither sound nor marks."""

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
        speakers: dict[int, int] = {}
        for offset, end_offset, time_ns, packet in records:
            content = datagram(packet)
            if content is not None and content.port == RTP_PORT and _is_sound(content.payload):
                sequence, timestamp, ssrc = _RTP.unpack_from(content.payload)
                opus = content.payload[_RTP_BYTES:]
                yield Packet(speakers.get(ssrc), ssrc, sequence, timestamp, opus, time_ns, offset, end_offset)
            elif content is not None and content.port == RTCP_PORT:
                for mark in rtcp.parse(content.payload):
                    if isinstance(mark, rtcp.SpeakerNamed):
                        speakers[mark.ssrc] = mark.user_id
                    yield mark
            else:
                self.foreign += 1


def read_clip(folder: Path, clip: Clip) -> list[Packet]:
    """The packets of an utterance, in the order written.

    Raises JournalError when the journal does not reach that far, and OSError: FileNotFoundError once it is retired.
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
    """Number and path of every journal file of a meeting, in order; none when there is no journal."""
    journal = folder / "journal"
    if not journal.is_dir():
        return []
    return sorted(
        (int(path.stem), path) for path in journal.iterdir() if re.fullmatch(r"\d{4,}\.pcap", path.name)
    )


def segment_path(folder: Path, segment: int) -> Path:
    return folder / "journal" / f"{segment:04}.pcap"


def sync_directory(directory: Path) -> None:
    """Returns when the names in a directory are safe from power loss. Raises OSError."""
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _is_sound(payload: bytes) -> bool:
    return len(payload) >= _RTP_BYTES and payload[0] == 0x80 and payload[1] & 0x7F == PAYLOAD_TYPE
