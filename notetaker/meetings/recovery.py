"""Meetings of an earlier life of the bot: those to resume, those to finish, and what the journal has of both."""

import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

from notetaker.jobs.queue import JobQueue
from notetaker.meetings import causes
from notetaker.model import events
from notetaker.model.audio import UNKNOWN
from notetaker.model.meeting import Meeting, MeetingState, Place
from notetaker.model.outcome import Coverage, Outcome, total
from notetaker.model.transcript import Gap
from notetaker.model.utterance import Clip, Utterance
from notetaker.model.wording import count
from notetaker.recording import opus
from notetaker.recording.clock import MeetingClock, Moment, SignOfLife, read_clocks
from notetaker.recording.journal import JournalReader, Packet, journal_files, read_clip
from notetaker.recording.placement import StreamClock
from notetaker.recording.recovery import scan
from notetaker.recording.reorder import in_order
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
    """The last sign of life of its recording, in the meeting's time."""
    clock: MeetingClock
    """Tells the meeting's time in this life of the bot."""
    place: Place
    """The voice channel that was recorded last."""
    gap: OpenGap
    """Since when, and why, the bot has been away."""
    gaps: tuple[Gap, ...]
    """Other gaps that were open at that time, and ended with that life."""
    segments: int
    """Journal files of that life."""
    stopped: bool
    """People had stopped it."""
    paused: str | None
    """Who had paused it, as ``transcript.paused_by`` says."""
    known: bool
    """Its recording was on this disk."""

    @property
    def away_ns(self) -> int:
        """How long its recording had been without a sign of life when this life of the bot began."""
        return self.clock.began_ns - self.alive_ns


class Recovery:
    """Create it before the first meeting of this life starts. Meant for another thread. Raises StoreError."""

    def __init__(
        self,
        store: Store,
        queue: JobQueue,
        folder: Path,
        resume_window_s: float,
        clocks: Callable[[], Moment] = read_clocks,
    ) -> None:
        self._store = store
        self._queue = queue
        self.finishing = store.meetings_in(MeetingState.FINISHING)
        """Those whose recording had ended."""
        found = self._interrupted(folder, clocks)
        for one in found:
            if not one.stopped:
                _report(one)
        resumable = [
            one for one in found if one.known and not one.stopped and one.away_ns < resume_window_s * 1e9
        ]
        # of several in a guild, all but the last were stopped, which neither disk nor store took
        last_alive = sorted(resumable, key=lambda one: one.away_ns, reverse=True)
        self.resumed = {one.meeting.guild_id: one for one in last_alive}
        """By guild: those to resume."""
        self.not_resumed = [one for one in found if self.resumed.get(one.meeting.guild_id) is not one]
        """Those to finish instead."""

    def _interrupted(self, folder: Path, clocks: Callable[[], Moment]) -> list[Interrupted]:
        """Return all that can be read."""
        found: list[Interrupted] = []
        for meeting in reversed(self._store.meetings_in(MeetingState.RECORDING)):
            try:
                place = self._store.places(meeting)[-1]
                found.append(_interrupted(meeting, place, folder / meeting.id, clocks))
            except OSError as error:
                log.critical(
                    "Cannot recover meeting %s, will retry at the next start: %s",
                    meeting.id,
                    error,
                    extra=events.MEETING_NOT_STORED.of(meeting),
                )
        return found

    # All raise OSError, StoreError and Rejected; run again, they continue.

    def finish_again(self, meeting: Meeting) -> None:
        """Ask the workers for the notes: the crash may have come between the end of a recording and its job."""
        self._queue.finish(meeting.id)

    def finish(self, interrupted: Interrupted) -> None:
        """Hand a meeting that is not resumed to the workers."""
        meeting_id = interrupted.meeting.id
        self._store.set_coverage(meeting_id, self.read_back(interrupted))
        if not interrupted.stopped:
            gap = interrupted.gap
            self._store.add_gap(meeting_id, Gap(gap.started_ns, interrupted.clock.began_ns, gap.cause))
        self._store.end_meeting(meeting_id, interrupted.alive_ns)
        self._queue.finish(meeting_id)

    def read_back(self, interrupted: Interrupted) -> list[Coverage]:
        """Store the utterances and gaps that only the journal has. Returns what had been counted by then."""
        meeting_id = interrupted.meeting.id
        utterances = scan(interrupted.folder, meeting_id, interrupted.segments)
        stored = self._store.utterances(meeting_id)
        nameless = {one.id for one in stored if one.user_id == UNKNOWN}
        named = (one for one in utterances if one.id in nameless and one.user_id != UNKNOWN)
        for utterance in (*_not_covered(interrupted.folder, utterances, stored), *named):
            self._store.add_utterance(utterance)
        for utterance_id in self._store.untranscribed(meeting_id):
            self._queue.transcribe(utterance_id)
        packets, no_opus, gaps = _journal(interrupted.folder, interrupted.segments)
        for gap in (*gaps, *interrupted.gaps):
            self._store.add_gap(meeting_id, gap)
        log.info("Meeting %s: read back %s from its journal", meeting_id, count(len(utterances), "utterance"))
        return _at_least(self._store.coverage(meeting_id), packets, no_opus)


def _interrupted(meeting: Meeting, place: Place, folder: Path, clocks: Callable[[], Moment]) -> Interrupted:
    """Return what the recording has left on the disk. ``place`` is its last one in the store. Raises OSError."""
    state_file = StateFile(folder)
    found = state_file.alive()
    alive = found or SignOfLife(None, 0, meeting.started_ns, meeting.started_ns)
    alive_ns = alive.meeting_ns
    state = state_file.read() or RecordingState(place.channel_id)
    if state.channel_id != place.channel_id:  # it had just moved
        place = Place(alive_ns, state.channel_id, place.name)
    gap = OpenGap(alive_ns, causes.CRASHED)
    gaps: list[Gap] = []
    for one in state.gaps:
        if one.cause in causes.INTERRUPTIONS:
            gap = one
        elif one.started_ns < alive_ns:
            gaps.append(Gap(one.started_ns, alive_ns, one.cause))
    return Interrupted(
        meeting=meeting,
        folder=folder,
        alive_ns=alive_ns,
        clock=MeetingClock(clocks, alive),
        place=place,
        gap=gap,
        gaps=tuple(gaps),
        segments=max((segment for segment, _ in journal_files(folder)), default=0),
        stopped=state.stopped,
        paused=state.paused,
        known=found is not None,
    )


def _report(interrupted: Interrupted) -> None:
    meeting, cause = interrupted.meeting, interrupted.gap.cause
    level = logging.WARNING if cause == causes.CRASHED else logging.INFO
    extra = events.MEETING_INTERRUPTED.of(meeting)
    log.log(level, "Meeting %s was interrupted: %s", meeting.id, cause, extra=extra)


def _not_covered(
    folder: Path, found: Iterable[Utterance], stored: Iterable[Utterance]
) -> Iterator[Utterance]:
    """Return what the journal has beyond the stored utterances. Raises OSError.

    An earlier release may have cut the same sound elsewhere, and no packet may be in two utterances: its words would
    be written down twice.
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
            packets = [one for one in read_clip(folder, clip) if opus.duration(one.opus) is not None]
            yield from _rest(utterance, packets, covering)
        else:
            yield utterance


def _rest(utterance: Utterance, packets: list[Packet], covering: list[Clip]) -> Iterator[Utterance]:
    """Return an utterance for each run of its packets that no clip covers, from the first sound to the last. No two
    begin at the same place, so each has its own id.
    """

    def covered(packet: Packet) -> bool:
        return any(one.start_offset <= packet.offset < one.end_offset for one in covering)

    said = _said(utterance, packets)
    for is_covered, run in groupby(packets, covered):
        parts = [*run]
        sounds = [part for part in parts if len(part.opus) > QUIET_BYTES]
        if is_covered or not sounds:
            continue
        first, last = sounds[0], sounds[-1]
        yield replace(
            utterance,
            clip=replace(utterance.clip, start_offset=first.offset, end_offset=last.end_offset),
            started_ns=min(said[part.offset] for part in sounds),
            ended_ns=max(said[part.offset] + _ticks(part) * 1_000_000 // 48 for part in sounds),
            packets=sum(first.offset <= part.offset <= last.offset for part in parts),
        )


def _said(utterance: Utterance, packets: list[Packet]) -> dict[int, int]:
    """Return when each packet of an utterance was said, in the meeting's time, by its offset."""
    clock = StreamClock()
    sent = in_order(packets)
    for packet in sent:
        clock.add(packet.sequence, packet.timestamp, packet.arrival_ns, _ticks(packet))
    said = dict(zip((packet.offset for packet in sent), clock.settle(), strict=True))
    # how late its sender's packets are was learnt from what came before it, too
    later_ns = utterance.started_ns - min(said[one.offset] for one in packets if len(one.opus) > QUIET_BYTES)
    return {offset: at_ns + later_ns for offset, at_ns in said.items()}


def _ticks(packet: Packet) -> int:
    return opus.duration(packet.opus) or opus.FRAME


def _journal(folder: Path, segments: int) -> tuple[Counter[int], Counter[int], list[Gap]]:
    """Return the journal's packets per user, more than the utterances have, which leave out silence; how many of them
    are no Opus; and its gaps.
    """
    packets: Counter[int] = Counter()
    no_opus: Counter[int] = Counter()
    gaps: list[Gap] = []
    for segment, path in journal_files(folder):
        if segment > segments:
            break
        for event in JournalReader(path):
            match event:
                case Packet(user_id=user_id):
                    packets[user_id or UNKNOWN] += 1
                    if opus.duration(event.opus) is None:
                        no_opus[user_id or UNKNOWN] += 1
                case GapMarked(gap):
                    gaps.append(gap)
    return packets, no_opus, gaps


def _at_least(coverage: list[Coverage], packets: Counter[int], no_opus: Counter[int]) -> list[Coverage]:
    """Add the packets that the journal has beyond the counts, which were stored some seconds before the crash."""
    stored = _since(packets, Counter({one.user_id: one.stored for one in coverage}))
    useless = _since(no_opus, Counter({one.user_id: one.no_opus for one in coverage}))
    whole = total(
        [
            *coverage,
            *(Coverage(user_id, Counter({Outcome.HEARD: n}), stored=n) for user_id, n in stored.items()),
            *(Coverage(user_id, no_opus=n) for user_id, n in useless.items()),
        ]
    )
    return [one for one in whole if one.user_id != UNKNOWN or one.received or one.lost]


def _since(found: Counter[int], counted: Counter[int]) -> Counter[int]:
    """What nobody had claimed when it was counted may have got a name since."""
    since = found - counted
    since[UNKNOWN] = found[UNKNOWN] - counted[UNKNOWN]
    return since
