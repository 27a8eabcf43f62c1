"""After a meeting: one Ogg Opus file per speaker, ``tracks/<user id>.ogg``, in place of the journal.

The Opus packets are muxed as they arrived, never re-encoded. All tracks begin when the meeting began, so that they
play in step.
"""

import hashlib
import logging
import os
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple

from notetaker.recording import opus
from notetaker.recording.journal import JournalReader, Packet, journal_files, sync_directory
from notetaker.recording.ogg import PRE_SKIP, OggError, OggWriter, read_packets
from notetaker.recording.reorder import Reorder

_RESYNC = 48_000
"""Ticks (1 s) by which the RTP clock may differ from the arrival: more than jitter and clock drift make, less than a
pause in which the sender stopped its RTP clock, as music bots do."""
_LONGEST_SILENCE = 24 * 60 * 60 * 50
"""Frames (24 h): a computer without a battery clock may leap by decades, which must not fill the disk."""

_log = logging.getLogger(__name__)


class TrackError(Exception):
    """The tracks do not hold all that the journal holds, so it must stay. The message is a sentence."""


class Track(NamedTuple):
    user_id: int
    """0 for packets whose speaker was never named."""
    path: Path
    packets: int
    """The speaker's Opus packets, not counting those that fill pauses."""
    duration_ms: int
    """From the start of the meeting to the end of the speaker's last packet."""


def write_tracks(folder: Path, started_ns: int) -> list[Track]:
    """Write every speaker's track from the journal, or read the existing tracks once the journal is retired.

    ``started_ns`` is when the meeting started, in Unix nanoseconds. Raises OSError, and OggError for a damaged track.
    May be killed at any moment and called again: a track appears under its name when it is complete.
    """
    tracks = folder / "tracks"
    if journal_files(folder):
        tracks.mkdir(mode=0o700, exist_ok=True)
        _write(folder, tracks, started_ns)
        sync_directory(tracks)
        sync_directory(folder)
    return [_read(path)[0] for path in sorted(tracks.glob("*.ogg"))]


def retire_journal(folder: Path) -> None:
    """Delete the journal after reading every track back: each packet of the journal must be in one.

    Raises TrackError, and leaves the journal, if a packet is not, or if part of the journal cannot be read.
    Raises OSError. May be killed at any moment and called again.
    """
    journal, retired = folder / "journal", folder / "journal.retired"
    if retired.exists():
        shutil.rmtree(retired)
    if not journal.exists():
        return
    expected: dict[int, _Digest] = {}
    for sound in _journal_sound(folder, strict=True):
        expected.setdefault(sound.user_id, _Digest()).add(sound.packet.opus)
    for user_id, digest in expected.items():
        path = folder / "tracks" / f"{user_id}.ogg"
        try:
            _, found = _read(path)
        except (OggError, FileNotFoundError) as error:
            raise TrackError(f"The journal stays, for track {path} cannot be read back: {error}") from error
        if found != digest:
            counts = f"{found.packets} in the track, {digest.packets} in the journal"
            raise TrackError(f"The journal stays, for track {path} does not hold the same packets: {counts}.")
    journal.rename(retired)  # at once: half a journal would pass for a whole one
    sync_directory(folder)
    shutil.rmtree(retired)


@dataclass(slots=True)
class _Digest:
    """Identifies a collection of Opus packets, in any order."""

    packets: int = 0
    sum: int = 0

    def add(self, packet: bytes) -> None:
        """Fillers do not count, nor do packets that look like one: they are just as silent."""
        if packet not in opus.FILLERS:
            self.packets += 1
            self.sum += int.from_bytes(hashlib.sha256(packet).digest(), "big")


class _Sound(NamedTuple):
    """A packet on its way into a track."""

    user_id: int
    segment: int
    packet: Packet
    ticks: int
    """How long it lasts."""


class _TrackWriter:
    """One speaker's track while it is written."""

    def __init__(self, file: BinaryIO, user_id: int, started_ns: int) -> None:
        self._file = file
        self._ogg = OggWriter(file, serial=user_id & 0xFFFFFFFF)
        self._started_ns = started_ns
        self._stream: tuple[int, int] | None = None
        self._timestamp = 0  # of the packet before, and
        self._at = 0  # where it began
        self._fill(PRE_SKIP)

    def write(self, sound: _Sound) -> None:
        self._fill(self._place(sound))
        self._ogg.write(sound.packet.opus, sound.ticks)

    def close(self) -> None:
        self._ogg.close()
        self._file.flush()
        os.fsync(self._file.fileno())

    def _place(self, sound: _Sound) -> int:
        """Return where the packet begins, in ticks of the track.

        Within an SSRC and voice session the sender's RTP clock decides, unless it disagrees with the arrival.
        """
        packet = sound.packet
        arrived = PRE_SKIP + (packet.arrival_ns - self._started_ns) * 48 // 1_000_000
        elapsed = (packet.timestamp - self._timestamp + 2**31) % 2**32 - 2**31
        at = self._at + elapsed
        stream = (sound.segment, packet.ssrc)
        if stream != self._stream or abs(at - arrived) > _RESYNC:
            at = arrived
        self._stream, self._timestamp, self._at = stream, packet.timestamp, at
        return at

    def _fill(self, until: int) -> None:
        """Fill with silence up to there; do nothing if that much sound is already written."""
        frames = round((until - self._ogg.ticks) / opus.FRAME)
        for filler, ticks in opus.silence(min(max(frames, 0), _LONGEST_SILENCE)):
            self._ogg.write(filler, ticks)


def _write(folder: Path, tracks: Path, started_ns: int) -> None:
    partial: dict[int, Path] = {}
    writers: dict[int, _TrackWriter] = {}
    with ExitStack() as files:
        for sound in _journal_sound(folder):
            writer = writers.get(sound.user_id)
            if writer is None:
                path = partial[sound.user_id] = tracks / f"{sound.user_id}.ogg.partial"
                file = files.enter_context(_create(path))
                writer = writers[sound.user_id] = _TrackWriter(file, sound.user_id, started_ns)
            writer.write(sound)
        for writer in writers.values():
            writer.close()
    for path in partial.values():
        path.rename(path.with_suffix(""))


def _read(path: Path) -> tuple[Track, _Digest]:
    digest = _Digest()
    ticks = PRE_SKIP
    with path.open("rb") as file:
        for packet in read_packets(file):
            digest.add(packet.data)
            ticks = packet.page_ticks
    return Track(int(path.stem), path, digest.packets, (ticks - PRE_SKIP) // 48), digest


def _journal_sound(folder: Path, *, strict: bool = False) -> Iterator[_Sound]:
    """Yield the journal's Opus packets, each speaker's in the order sent. If ``strict``, damage raises TrackError."""
    for segment, path in journal_files(folder):
        journal = JournalReader(path)
        no_opus: Counter[int] = Counter()
        for packet in _in_order(journal):
            user_id = packet.user_id or 0
            ticks = opus.duration(packet.opus)
            if ticks is None:
                no_opus[user_id] += 1
            else:
                yield _Sound(user_id, segment, packet, ticks)
        for user_id, count in no_opus.items():
            _log.warning(
                "%s: %d packets of user %d are not Opus, leaving them out of the track", path, count, user_id
            )
        if journal.damage is not None:
            _log.warning("%s: %s", path, journal.damage)
            if strict and not journal.damage.torn:
                raise TrackError(f"The journal stays, for {path} can be read only in part: {journal.damage}.")


def _in_order(journal: JournalReader) -> Iterator[Packet]:
    """Yield the packets of one file: each speaker's streams one after the other, each in the order sent."""
    streams: dict[int | None, tuple[int, Reorder]] = {}
    for packet in journal:
        if not isinstance(packet, Packet):
            continue
        ssrc, reorder = streams.get(packet.user_id, (None, None))
        if reorder is None or ssrc != packet.ssrc:
            if reorder is not None:
                yield from reorder.flush()
            reorder = Reorder()
            streams[packet.user_id] = packet.ssrc, reorder
        yield from reorder.add(packet)
    for _, reorder in streams.values():
        yield from reorder.flush()


def _create(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "wb")
