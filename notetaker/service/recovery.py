"""Meetings of an earlier life of the bot: what the journal has becomes utterances and jobs, and the meeting ends."""

import logging
import time
from collections import Counter
from pathlib import Path

from notetaker.jobs.queue import JobQueue
from notetaker.model.meeting import Meeting, MeetingState
from notetaker.model.outcome import Coverage, Outcome
from notetaker.model.transcript import Gap
from notetaker.recording.journal import JournalReader, Packet, journal_files
from notetaker.recording.recovery import scan
from notetaker.recording.rtcp import GapMarked
from notetaker.store.store import Store

log = logging.getLogger(__name__)


class Recovery:
    """Make it before the first meeting of this life starts. Synchronous: for another thread."""

    def __init__(self, store: Store, queue: JobQueue, folder: Path) -> None:
        self._store = store
        self._queue = queue
        self._folder = folder
        self._now_ns = time.time_ns()
        self._interrupted = store.meetings_in(MeetingState.RECORDING)
        self._ended = store.meetings_in(MeetingState.FINISHING)

    def run(self) -> list[Meeting]:
        """Hands all of them over to the workers. Returns those that a crash had interrupted.

        Raises OSError and StoreError; run again, it continues.
        """
        for meeting in self._ended:  # the crash may have come between "ended" and its job
            self._queue.finish(meeting.id)
        for meeting in self._interrupted:
            self._end(meeting)
        return self._interrupted

    def _end(self, meeting: Meeting) -> None:
        folder = self._folder / meeting.id
        utterances = scan(folder, meeting.id)
        for utterance in utterances:
            self._store.add_utterance(utterance)
            self._queue.transcribe(utterance.id)
        ended_ns = max((u.ended_ns for u in utterances), default=meeting.started_ns)
        packets, gaps = _journal(folder)
        for gap in [*gaps, Gap(ended_ns, self._now_ns, "the note-taker had stopped unexpectedly")]:
            self._store.add_gap(meeting.id, gap)
        self._store.set_coverage(meeting.id, _at_least(self._store.coverage(meeting.id), packets))
        self._store.end_meeting(meeting.id, ended_ns)
        self._queue.finish(meeting.id)
        log.warning("Meeting %s was interrupted; %d utterances are safe", meeting.id, len(utterances))


def _journal(folder: Path) -> tuple[Counter[int], list[Gap]]:
    """What the journal holds: packets per user, more than the utterances, which leave out silence; and gaps."""
    packets: Counter[int] = Counter()
    gaps: list[Gap] = []
    for _, path in journal_files(folder):
        for event in JournalReader(path):
            match event:
                case Packet(user_id=int(user_id)):
                    packets[user_id] += 1
                case GapMarked(gap):
                    gaps.append(gap)
    return packets, gaps


def _at_least(coverage: list[Coverage], stored: Counter[int]) -> list[Coverage]:
    """The counts were stored some seconds before the crash; the journal may know of more packets."""
    by_user = {one.user_id: one for one in coverage}
    for user_id, packets in stored.items():
        outcomes = by_user.setdefault(user_id, Coverage(user_id)).outcomes
        outcomes[Outcome.STORED] = max(outcomes[Outcome.STORED], packets)
    return list(by_user.values())
