"""The journal of a meeting as it grows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from notetaker.recording.journal import JournalReader, Packet, journal_files
from notetaker.recording.pcap import FILE_HEADER
from notetaker.recording.rtcp import GapMarked, SpeakerLeft, SpeakerNamed
from tests.campaigns.chaos.truth import Gap, Stored, read_opus

NS = 1_000_000_000


class Tail:
    """Reads on from behind the last packet read. Marks behind that one are given again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read_to: dict[Path, int] = {}
        self._speakers: dict[Path, dict[int, int]] = {}

    def new(self) -> Iterator[Stored | Gap]:
        for _, path in journal_files(self._folder):
            yield from self._new_in(path)

    def _new_in(self, path: Path) -> Iterator[Stored | Gap]:
        offset = self._read_to.get(path, len(FILE_HEADER))
        if path.stat().st_size <= offset:
            return
        speakers = self._speakers.setdefault(path, {})
        for event in JournalReader(path, offset):
            match event:
                case Packet():
                    self._read_to[path] = event.end_offset
                    yield _stored(event, speakers.get(event.ssrc))
                case SpeakerNamed(user_id, ssrc):
                    speakers[ssrc] = user_id
                case SpeakerLeft(ssrc):
                    speakers.pop(ssrc, None)
                case GapMarked(gap):
                    yield Gap(gap.started_ns / NS, gap.ended_ns / NS, gap.cause, gap.user_id)


def _stored(packet: Packet, user_id: int | None) -> Stored:
    sent_by, number = read_opus(packet.opus) or (None, 0)
    return Stored(packet.ssrc, packet.sequence, packet.arrival_ns / NS, user_id, sent_by, number)
