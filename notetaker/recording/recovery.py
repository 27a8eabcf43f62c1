"""After a crash: a meeting's utterances from its journal alone, the same ones as were cut while it was written."""

import logging
from pathlib import Path

from notetaker.model.utterance import Utterance
from notetaker.recording.journal import JournalReader, Packet, journal_files
from notetaker.recording.rtcp import SpeakerLeft, SpeakerNamed
from notetaker.recording.utterances import Cutter

_log = logging.getLogger(__name__)


def scan(folder: Path, meeting_id: str, segments: int | None = None) -> list[Utterance]:
    """Return the meeting's utterances, file by file in the order in which they end. Raises OSError.

    ``segments`` limits this to the files up to that number, when a later one is still being written.
    What a crash left unreadable is logged, and the rest is read.
    """
    utterances: list[Utterance] = []
    for segment, path in journal_files(folder):
        if segments is not None and segment > segments:
            break
        journal = JournalReader(path)
        _cut(journal, Cutter(meeting_id, segment, utterances.append))
        if journal.damage is not None:
            _log.warning("%s: %s", path, journal.damage)
    return utterances


def _cut(journal: JournalReader, cutter: Cutter) -> None:
    for event in journal:
        match event:
            case Packet(user_id, ssrc, sequence, timestamp, opus, arrival_ns, offset, end_offset):
                if user_id is not None:  # maybe from a mark that comes later
                    cutter.name_speaker(user_id, ssrc)
                cutter.add(ssrc, opus, sequence, timestamp, arrival_ns, offset, end_offset)
            case SpeakerNamed():
                cutter.name_speaker(event.user_id, event.ssrc)
            case SpeakerLeft():
                cutter.end_speaker(event.ssrc)
    cutter.close()
