"""Write a journal file: one system call per packet, and nothing that a crash could leave half done."""

import os
import struct
import threading
from pathlib import Path

from notetaker.model.audio import UNKNOWN, AudioFrame
from notetaker.model.transcript import Gap
from notetaker.recording import rtcp
from notetaker.recording.journal import (
    PAYLOAD_TYPE,
    RTCP_PORT,
    RTP_BYTES,
    RTP_PORT,
    journal_files,
    segment_path,
    sync_directory,
)
from notetaker.recording.pcap import FILE_HEADER, ip_udp_header, record

# Addresses mean nothing here; these are for documentation (RFC 5737). One per speaker, for packet tools.
_SPEAKERS_NET = bytes((203, 0, 113))
_NOBODY = _SPEAKERS_NET + b"\0"
_RECORDER = bytes((198, 51, 100, 1))

# version 2, no padding, extension or CSRC; no marker (RFC 3550 section 5.1)
_RTP_START = bytes((0x80, PAYLOAD_TYPE))
# record header; IPv4, UDP and first two bytes of RTP; sequence, timestamp, SSRC
_SOUND = struct.Struct(">IIII30sHII")
_SECOND = 1_000_000_000


class _Stream:
    """An SSRC's speaker and ready-made headers."""

    def __init__(self, user_id: int, address: bytes) -> None:
        self.user_id = user_id
        self.address = address
        self.headers: dict[int, bytes] = {}
        """IPv4, UDP and first two bytes of RTP, by length of the Opus packet."""


class JournalWriter:
    """Write the journal file of one voice session. Every method that writes raises OSError when the disk fails; the
    journal stays readable, and the next write works as soon as the disk does.
    """

    def __init__(self, folder: Path) -> None:
        """Create the next free file in ``folder``/journal. Raises OSError."""
        self._directories = (folder / "journal", folder, folder.parent)
        for directory in reversed(self._directories):
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.segment = max((segment for segment, _ in journal_files(folder)), default=0) + 1
        """The file's number."""
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
        """Return the user of the SSRC: None before its first packet or name, ``UNKNOWN`` while it has none."""
        stream = self._streams.get(ssrc)
        return None if stream is None else stream.user_id

    def ssrcs(self, user_id: int) -> list[int]:
        """Return the SSRCs of this user."""
        return [ssrc for ssrc, stream in self._streams.items() if stream.user_id == user_id]

    def write(self, frame: AudioFrame, arrival_ns: int) -> tuple[int, int]:
        """Write a packet, after ``name_speaker``. Returns the offsets of its record and of the byte behind it."""
        stream = self._streams[frame.ssrc]
        opus = frame.opus
        length = len(opus)
        headers = stream.headers.get(length)
        if headers is None:
            headers = ip_udp_header(stream.address, _RECORDER, RTP_PORT, RTP_BYTES + length) + _RTP_START
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
        """Name the SSRC's speaker, also of the packets that were ``UNKNOWN``'s; or let it be ``UNKNOWN``'s."""
        if user_id == UNKNOWN:
            if ssrc in self._streams:
                self.speaker_left(ssrc, time_ns)
            self._streams[ssrc] = _Stream(UNKNOWN, _NOBODY)
            return
        address = self._speakers.get(user_id, _SPEAKERS_NET + bytes((1 + len(self._speakers) % 254,)))
        self._write_mark(time_ns, rtcp.speaker_named(user_id, ssrc), address)
        self._speakers[user_id] = address
        self._streams[ssrc] = _Stream(user_id, address)

    def speaker_left(self, ssrc: int, time_ns: int) -> None:
        """Free the SSRC until it is named again."""
        self._write_mark(time_ns, rtcp.speaker_left(ssrc), self._streams[ssrc].address)
        del self._streams[ssrc]

    def mark_gap(self, gap: Gap) -> None:
        self._write_mark(gap.ended_ns, rtcp.gap_marked(gap), _RECORDER)

    def sync(self) -> None:
        """Make everything written before safe from power loss. Thread-safe. Raises OSError."""
        with self._fd_lock:
            if self._fd < 0:
                return  # close() has synced it
            fd = os.dup(self._fd)
        try:
            self._fsync(fd)
        finally:
            os.close(fd)

    def close(self) -> None:
        """Sync and close. Raises OSError; the file is closed all the same."""
        with self._fd_lock:
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
