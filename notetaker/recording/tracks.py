"""After a meeting: one Ogg Opus file per speaker, ``tracks/<user id>.ogg``, in place of the journal.

The Opus packets are muxed as they arrived, never re-encoded. All tracks begin when the meeting began, so that they
play in step.
"""

import hashlib
import logging
import os
import shutil
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple

from notetaker.recording import opus
from notetaker.recording.journal import JournalReader, Packet, journal_files, sync_directory
from notetaker.recording.ogg import PRE_SKIP, OggError, OggWriter, read_packets
from notetaker.recording.placement import StreamClock
from notetaker.recording.times import as_sent
from notetaker.recording.utterances import QUIET_BYTES

_PAUSE_NS = 2_500_000
"""A packet that begins so long after the end of the one before does not belong to it without a break."""
_ASTRAY = 1440
"""Ticks (30 ms) by which speech may be too early before silence is put even into the middle of it: a clock that is
off by 100 ppm takes five minutes for that, and nobody speaks so long without a pause. Nothing can be done if speech
comes too late, as from a fast clock that never pauses: each packet is kept."""
_LONGEST_SILENCE = 24 * 60 * 60 * 48_000
"""Ticks (24 h): a computer without a battery clock may leap by decades, which must not fill the disk."""

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

    @property
    def stream(self) -> tuple[int, int, int]:
        """Identifies the sender's clock."""
        return self.user_id, self.segment, self.packet.ssrc


class _TrackWriter:
    """One speaker's track while it is written."""

    def __init__(self, file: BinaryIO, user_id: int, started_ns: int) -> None:
        self._file = file
        self._ogg = OggWriter(file, serial=user_id & 0xFFFFFFFF)
        self._started_ns = started_ns
        self._pausing = True  # the packet before was quiet, or there was none
        self._said_ns = 0  # when the packet before had been said
        self._fill(PRE_SKIP)

    def write(self, sound: _Sound, said_ns: int) -> None:
        """Write a packet at the place where it was said; in the middle of speech, right after the one before."""
        at = PRE_SKIP + (said_ns - self._started_ns) * 48 // 1_000_000
        if self._pausing or said_ns - self._said_ns > _PAUSE_NS or at - self._ogg.ticks > _ASTRAY:
            self._fill(at)
        self._ogg.write(sound.packet.opus, sound.ticks)
        self._pausing = len(sound.packet.opus) <= QUIET_BYTES
        self._said_ns = said_ns + sound.ticks * 1_000_000 // 48

    def close(self) -> None:
        self._ogg.close()
        self._file.flush()
        os.fsync(self._file.fileno())

    def _fill(self, until: int) -> None:
        """Fill with silence up to there; do nothing if that much sound is already written."""
        for filler, ticks in opus.silence(min(max(until - self._ogg.ticks, 0), _LONGEST_SILENCE)):
            self._ogg.write(filler, ticks)


def _write(folder: Path, tracks: Path, started_ns: int) -> None:
    partial: dict[int, Path] = {}
    writers: dict[int, _TrackWriter] = {}
    places = _places(folder)
    with ExitStack() as files:
        for sound in _journal_sound(folder):
            writer = writers.get(sound.user_id)
            if writer is None:
                path = partial[sound.user_id] = tracks / f"{sound.user_id}.ogg.partial"
                file = files.enter_context(_create(path))
                writer = writers[sound.user_id] = _TrackWriter(file, sound.user_id, started_ns)
            writer.write(sound, next(places[sound.stream]))
        for writer in writers.values():
            writer.close()
    for path in partial.values():
        path.rename(path.with_suffix(""))


def _places(folder: Path) -> dict[tuple[int, int, int], Iterator[int]]:
    """Return when the packets of each stream were said, in Unix nanoseconds and in the order of ``_journal_sound``.

    This takes a reading of its own, because later packets show how late earlier ones were.
    """
    clocks: defaultdict[tuple[int, int, int], StreamClock] = defaultdict(StreamClock)
    for sound in _journal_sound(folder, report=False):
        packet = sound.packet
        clocks[sound.stream].add(packet.sequence, packet.timestamp, packet.arrival_ns, sound.ticks)
    return {stream: iter(clock.settle()) for stream, clock in clocks.items()}


def _read(path: Path) -> tuple[Track, _Digest]:
    digest = _Digest()
    ticks = PRE_SKIP
    with path.open("rb") as file:
        for packet in read_packets(file):
            digest.add(packet.data)
            ticks = packet.page_ticks
    return Track(int(path.stem), path, digest.packets, (ticks - PRE_SKIP) // 48), digest


def _journal_sound(folder: Path, *, strict: bool = False, report: bool = True) -> Iterator[_Sound]:
    """Yield the journal's Opus packets, each speaker's in the order sent. If ``strict``, damage raises TrackError.

    What cannot be used is logged, if it is to be reported.
    """
    for segment, path in journal_files(folder):
        journal = JournalReader(path)
        no_opus: Counter[int] = Counter()
        for packet in as_sent(journal):
            user_id = packet.user_id or 0
            ticks = opus.duration(packet.opus)
            if ticks is None:
                no_opus[user_id] += 1
            else:
                yield _Sound(user_id, segment, packet, ticks)
        if not report:
            continue
        for user_id, count in no_opus.items():
            _log.warning(
                "%s: %d packets of user %d are not Opus, leaving them out of the track", path, count, user_id
            )
        if journal.damage is not None:
            _log.warning("%s: %s", path, journal.damage)
            if strict and not journal.damage.torn:
                raise TrackError(f"The journal stays, for {path} can be read only in part: {journal.damage}.")


def _create(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "wb")
