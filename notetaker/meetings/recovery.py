"""Meetings of an earlier life of the bot: those that go on, those that end here, and what the journal has of both."""

import logging
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

from notetaker.jobs.queue import JobQueue
from notetaker.meetings import causes
from notetaker.model import events
from notetaker.model.meeting import Meeting, MeetingState
from notetaker.model.outcome import Coverage, Outcome, total
from notetaker.model.transcript import Gap
from notetaker.model.utterance import Clip, Utterance
from notetaker.model.wording import count
from notetaker.recording import opus
from notetaker.recording.journal import JournalReader, Packet, journal_files, read_clip
from notetaker.recording.recovery import scan
from notetaker.recording.rtcp import GapMarked
from notetaker.recording.state import OpenGap, RecordingState, StateFile
from notetaker.recording.utterances import QUIET_BYTES
from notetaker.store.store import Store

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Interrupted:
    """A meeting that was being recorded when the bot stopped or died."""

    meeting: Meeting
    folder: Path
    alive_ns: int
    """The last sign of life of its recording."""
    channel_id: int
    """The voice channel in which it was last."""
    absence: OpenGap
    """Since when the note-taker has been away, and why."""
    gaps: tuple[Gap, ...]
    """What else was not heard at that time; it ended with the note-taker."""
    segments: int
    """Journal files of that life."""
    over: bool
    """People had ended it."""
    known: bool
    """Its recording was on this disk."""


class Recovery:
    """Make it before the first meeting of this life starts. Synchronous: for another thread. Raises StoreError."""

    def __init__(self, store: Store, queue: JobQueue, folder: Path, resume_window_s: float) -> None:
        self._store = store
        self._queue = queue
        self._now_ns = time.time_ns()
        self.finishing = store.meetings_in(MeetingState.FINISHING)
        """Those that had ended."""
        self.resumed: dict[int, Interrupted] = {}
        """By guild: those that go on."""
        self.over: list[Interrupted] = []
        """Those that do not, and are to be ended."""
        oldest_ns = self._now_ns - resume_window_s * 1e9
        for meeting in reversed(store.meetings_in(MeetingState.RECORDING)):
            try:
                found = _interrupted(meeting, folder / meeting.id)
            except OSError as error:
                log.critical(
                    "Meeting %s cannot be taken up before the next start: %s",
                    meeting.id,
                    error,
                    extra=events.MEETING_NOT_STORED.of(meeting),
                )
                continue
            if not found.over:
                _tell(found)
            goes_on = found.known and not found.over and found.alive_ns > oldest_ns
            # of several in a guild, the older ones were over, and neither disk nor store could be told
            if goes_on and meeting.guild_id not in self.resumed:
                self.resumed[meeting.guild_id] = found
            else:
                self.over.append(found)

    # All raise OSError, StoreError and Rejected; run again, they continue.

    def hand_over(self, meeting: Meeting) -> None:
        """One that is ``finishing``: the crash may have come between its end and its job."""
        self._queue.finish(meeting.id)

    def end(self, interrupted: Interrupted) -> None:
        """Hands one that is ``over`` to the workers."""
        meeting_id = interrupted.meeting.id
        self._store.set_coverage(meeting_id, self.read_back(interrupted))
        if not interrupted.over:
            absence = interrupted.absence
            self._store.add_gap(meeting_id, Gap(absence.started_ns, self._now_ns, absence.cause))
        self._store.end_meeting(meeting_id, interrupted.alive_ns)
        self._queue.finish(meeting_id)

    def read_back(self, interrupted: Interrupted) -> list[Coverage]:
        """Utterances and gaps that only the journal has reach the store. Returns what had been counted by then."""
        meeting_id = interrupted.meeting.id
        utterances = scan(interrupted.folder, meeting_id, interrupted.segments)
        for utterance in _not_covered(interrupted.folder, utterances, self._store.utterances(meeting_id)):
            self._store.add_utterance(utterance)
        for utterance_id in self._store.untranscribed(meeting_id):
            self._queue.transcribe(utterance_id)
        packets, gaps = _journal(interrupted.folder, interrupted.segments)
        for gap in (*gaps, *interrupted.gaps):
            self._store.add_gap(meeting_id, gap)
        log.info("Meeting %s: read back %s from its journal", meeting_id, count(len(utterances), "utterance"))
        return _at_least(self._store.coverage(meeting_id), packets)


def _interrupted(meeting: Meeting, folder: Path) -> Interrupted:
    """What the recording has left on the disk. Raises OSError."""
    state_file = StateFile(folder)
    alive_ns = state_file.alive_ns()
    known = alive_ns is not None
    alive_ns = alive_ns or meeting.started_ns
    state = state_file.read() or RecordingState(meeting.voice_channel_id)
    absence = OpenGap(alive_ns, causes.CRASHED)
    gaps: list[Gap] = []
    for since in state.missing:
        if since.cause in causes.INTERRUPTIONS:
            absence = since
        elif since.started_ns < alive_ns:
            gaps.append(Gap(since.started_ns, alive_ns, since.cause))
    return Interrupted(
        meeting=meeting,
        folder=folder,
        alive_ns=alive_ns,
        channel_id=state.channel_id,
        absence=absence,
        gaps=tuple(gaps),
        segments=max((segment for segment, _ in journal_files(folder)), default=0),
        over=state.over,
        known=known,
    )


def _tell(interrupted: Interrupted) -> None:
    meeting, cause = interrupted.meeting, interrupted.absence.cause
    level = logging.WARNING if cause == causes.CRASHED else logging.INFO
    extra = events.MEETING_INTERRUPTED.of(meeting)
    log.log(level, "Meeting %s was interrupted: %s", meeting.id, cause, extra=extra)


def _not_covered(
    folder: Path, found: Iterable[Utterance], stored: Iterable[Utterance]
) -> Iterator[Utterance]:
    """What the journal has beyond the stored utterances. An earlier release may have cut the same sound elsewhere,
    and no packet may be in two utterances: its words would be written down twice. Raises OSError.
    """
    clips: defaultdict[tuple[int, int], set[Clip]] = defaultdict(set)
    for utterance in stored:
        clips[utterance.clip.segment, utterance.clip.ssrc].add(utterance.clip)
    for utterance in found:
        clip = utterance.clip
        same = clips[clip.segment, clip.ssrc]
        if clip in same:
            continue
        covering = [
            one for one in same if one.start_offset < clip.end_offset and clip.start_offset < one.end_offset
        ]
        if covering:
            yield from _rest(utterance, read_clip(folder, clip), covering)
        else:
            yield utterance


def _rest(utterance: Utterance, packets: list[Packet], covering: list[Clip]) -> Iterator[Utterance]:
    """An utterance of its own for each run of its packets that no clip covers, from the first sound to the last.
    None begins where another does, so each has its own id.
    """

    def covered(packet: Packet) -> bool:
        return any(one.start_offset <= packet.offset < one.end_offset for one in covering)

    for is_covered, run in groupby(packets, covered):
        parts = [*run]
        sounds = [part for part in parts if len(part.opus) > QUIET_BYTES]
        if is_covered or not sounds:
            continue
        first, last = sounds[0], sounds[-1]
        latest = max(sounds, key=lambda part: part.arrival_ns)
        yield replace(
            utterance,
            clip=replace(utterance.clip, start_offset=first.offset, end_offset=last.end_offset),
            started_ns=min(part.arrival_ns for part in sounds),
            ended_ns=latest.arrival_ns + (opus.duration(latest.opus) or opus.FRAME) * 1_000_000 // 48,
            packets=sum(first.offset <= part.offset <= last.offset for part in parts),
        )


def _journal(folder: Path, segments: int) -> tuple[Counter[int], list[Gap]]:
    """What the journal holds: packets per user, more than the utterances, which leave out silence; and gaps."""
    packets: Counter[int] = Counter()
    gaps: list[Gap] = []
    for segment, path in journal_files(folder):
        if segment > segments:
            break
        for event in JournalReader(path):
            match event:
                case Packet(user_id=int(user_id)):
                    packets[user_id] += 1
                case GapMarked(gap):
                    gaps.append(gap)
    return packets, gaps


def _at_least(coverage: list[Coverage], packets: Counter[int]) -> list[Coverage]:
    """The counts reached the store some seconds before the crash; the journal may have more packets since."""
    counted = {one.user_id: one.stored for one in coverage}
    since = packets - Counter(counted)
    return total(
        [
            *coverage,
            *(Coverage(user_id, Counter({Outcome.HEARD: n}), stored=n) for user_id, n in since.items()),
        ]
    )
