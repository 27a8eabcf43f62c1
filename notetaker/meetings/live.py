"""One meeting while it is recorded: voice sessions in; journal, utterances, speakers and gaps out."""

import logging
import math
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import ParamSpec

from notetaker.discordbot import replies
from notetaker.meetings import causes
from notetaker.meetings.open_gaps import GapKind, OpenGaps
from notetaker.model import events
from notetaker.model.audio import AudioFrame
from notetaker.model.meeting import Meeting, MeetingState, Place
from notetaker.model.transcript import Gap
from notetaker.model.utterance import Utterance
from notetaker.model.voice import Admission
from notetaker.recording.clock import MeetingClock
from notetaker.recording.recorder import Recorder
from notetaker.recording.state import OpenGap, RecordingState, StateFile
from notetaker.recording.tally import Tally
from notetaker.wire.losses import Loss

log = logging.getLogger(__name__)

LOOK_S = 1.0
"""Monotonic seconds after which a packet, too, has us look whether the computer has slept: a tick may be late."""

P = ParamSpec("P")


class LiveMeeting:
    """Takes what a guild's voice sessions hear: ``voice.ports.SessionSink``.

    It belongs to the event loop's thread, except for :meth:`sync`. Other modules only read its attributes.
    """

    def __init__(
        self,
        meeting: Meeting,
        folder: Path,
        clock: MeetingClock,
        on_utterance: Callable[[], object],
        *,
        place: Place | None = None,
        connected: bool = False,
        gap: OpenGap | None = None,
        held: str | None = None,
    ) -> None:
        """``folder`` and ``clock`` are the meeting's; ``on_utterance`` is called when an utterance has ended.

        ``place``: where it goes on after a restart; None for its first voice channel. ``gap``: since when, and why,
        there has been no voice session; None if there is one now. ``held``: see the attribute.
        """
        self.meeting = meeting
        """As it is now: people may move the bot, or rename the channel."""
        self._place = meeting.first_place
        self.connected = connected
        """There has been a voice session."""
        self.leaving = False
        """It is being stopped or suspended: a session that closes now does so because it was asked to."""
        self.held = held
        """Who has paused it, as ``transcript.paused_by`` says; None if nobody has, or somebody has resumed it."""
        self.admission = Admission(None)
        """Whose sound is taken, unless the meeting is paused."""
        self.session_gap: Gap | None = None
        """The last gap between two voice sessions."""
        self.disk_failure: OSError | None = None
        """Why the disk did not take what came last; None if it did."""
        self.joined: set[int] = set()
        """The user ids of everyone whose stream has been announced."""
        self.waiting: list[Utterance | Gap | Place] = []
        """What has ended, or changed, and is not in the store yet, oldest first."""
        self.recorder = Recorder(folder, meeting.id, self._ended)
        self._on_utterance = on_utterance
        self._stored = Tally()
        self._heard_before: set[int] = set()
        self._open = False
        self._clock = clock
        self._gaps = OpenGaps()
        self._looked = -math.inf  # when it was looked for sleep, in monotonic seconds
        self._left: float | None = None  # when the session closed that was asked to
        self._paused_at: float | None = None  # while nobody is to be recorded
        self._told_deaf = False
        self._stopped = False
        self._state_file = StateFile(folder)
        if gap is not None:
            self._gaps.begin(GapKind.SESSION, gap)
        if place is not None:
            self._set_place(place)

    # For the voice stack

    def session_opened(self, now: float) -> None:
        self._ensure_open(now)

    def speaker_joined(self, user_id: int, ssrc: int, now: float) -> None:
        self.joined.add(user_id)
        self._stored.name(user_id, ssrc)
        if self._ensure_open(now):
            self._write(now, self.recorder.add_speaker, user_id, ssrc, now)

    def speaker_left(self, user_id: int, now: float) -> None:
        if self._open:
            self._write(now, self.recorder.remove_speaker, user_id, now)

    def frame(self, frame: AudioFrame) -> None:
        if frame.arrival - self._looked >= LOOK_S:
            self._notice_sleep(frame.arrival)
        is_open = self._open or self._ensure_open(frame.arrival)
        if not (is_open and self._write(frame.arrival, self.recorder.write, frame)):
            return
        self._stored.add(frame.user_id, frame.ssrc)
        if self.disk_failure is not None:
            self._write(frame.arrival, self._end_disk_gap, frame.arrival)

    def lost(self, loss: Loss) -> None:
        cause = causes.packets_lost(loss.packets, loss.outcome)
        self._add(Gap(self._clock.at(loss.started), self._clock.at(loss.ended), cause, loss.user_id or None))

    def deafened(self, now: float, deaf: bool) -> None:
        if deaf:
            self._begin(GapKind.DEAFENED, now, causes.DEAFENED)
        else:
            self._end(GapKind.DEAFENED, now)

    def session_closed(self, now: float, reason: str) -> None:
        self._end(GapKind.DEAFENED, now)  # the next session says whether it still is so
        if self.leaving:
            self._notice_sleep(now)
            self._left = now
        self._close(now)
        if not self.leaving:
            self._begin(GapKind.SESSION, now, reason)

    @property
    def stored(self) -> Counter[int]:
        """Frames that the journal took, by user id."""
        return self._stored.by_user

    # For the bot

    @property
    def no_opus(self) -> Counter[int]:
        """Those of ``stored`` that are no Opus, by user id."""
        return self.recorder.no_opus.by_user

    def time_ns(self, now: float) -> int:
        """Return the meeting's time at ``now``, Unix nanoseconds."""
        return self._clock.at(now)

    def admit(self, admission: Admission) -> None:
        """Take note of whose sound is taken, unless the meeting is paused."""
        self.admission = admission

    @property
    def opt_in(self) -> bool:
        """Only those are recorded who have agreed."""
        return self.admission.only is not None

    def hold(self, cause: str | None) -> None:
        """Take note of who has paused the meeting, as ``transcript.paused_by`` says; None: it is resumed."""
        self.held = cause

    @property
    def channel_id(self) -> int:
        """The voice channel that is recorded."""
        return self._place.channel_id

    def length_s(self, now: float) -> float:
        """Seconds since the meeting began."""
        return (self._clock.at(now) - self.meeting.started_ns) / 1e9

    def pause(self, now: float, cause: str) -> None:
        """Nobody is recorded from now on, for a cause that ``transcript.is_pause``. What came so far is kept."""
        gap = self._gaps.get(GapKind.PAUSE)
        if gap is None or gap.cause != cause:
            self.resume(now)
            self._paused_at = now
            self._begin(GapKind.PAUSE, now, cause)

    def resume(self, now: float) -> None:
        """People are recorded again."""
        self._paused_at = None
        self._end(GapKind.PAUSE, now)

    def move(self, now: float, channel_id: int, name: str) -> None:
        """The meeting goes on in another voice channel, as a new part."""
        self._set_place(Place(self._clock.at(now), channel_id, name))

    def rename(self, name: str) -> None:
        """Take note of the name of the voice channel."""
        if name and name != self._place.name:
            self._set_place(self._place._replace(name=name))

    @property
    def paused(self) -> str | None:
        """Why nobody is recorded now, a cause that ``transcript.is_pause``; None if people are."""
        gap = self._gaps.get(GapKind.PAUSE)
        return None if gap is None else gap.cause

    def leave(self) -> None:
        """Take note that the bot is about to leave the voice channel on purpose."""
        self.leaving = True

    def tick(self, now: float) -> str | None:
        """End what has been quiet for long enough, and return what people should be told, if anything.

        A disk that has failed is tried again with the mark of its gap: nobody may speak for a long time.
        """
        self._notice_sleep(now)
        if self._gaps.until(GapKind.DISK, self._clock.at(now)) is not None:
            self._write(now, self._end_disk_gap, now)
        self.recorder.tick(now)
        deaf = GapKind.DEAFENED in self._gaps
        if not self._open or deaf == self._told_deaf:
            return None
        self._told_deaf = deaf
        return (replies.deafened if deaf else replies.undeafened)(self.channel_id)

    def drop_waiting(self, count: int) -> None:
        """Take note that the first ``count`` of what is waiting are in the store."""
        del self.waiting[:count]

    @property
    def speakers(self) -> int:
        """How many people were heard."""
        return len(self.stored.keys() | self._heard_before)

    def add_speakers(self, user_ids: Iterable[int]) -> None:
        """Count those who were heard in earlier lives of the bot."""
        self._heard_before.update(user_ids)

    @property
    def state(self) -> RecordingState:
        """What another life of the bot would have to know."""
        return RecordingState(self.channel_id, self._gaps.all(), self._stopped, self.held)

    def sync(self, state: RecordingState) -> None:
        """Make what was recorded safe from power loss. For the disk's thread; raises OSError."""
        self.recorder.sync()
        self._state_file.keep(state, self._clock.sign())

    def stop(self, now: float, stopped_in: int | None = None) -> None:
        """End the meeting: nothing more is heard. One that was paused ended when the pause began. ``stopped_in`` is
        the channel in which someone asked for it.
        """
        self._notice_sleep(now)
        self._stopped = True
        ended = now if self._paused_at is None else self._paused_at
        self._gaps.drop(GapKind.PAUSE)
        self._end_all(ended)
        self.meeting = replace(
            self.meeting,
            ended_ns=self._clock.at(ended),
            state=MeetingState.FINISHING,
            stopped_in=stopped_in,
        )

    def suspend(self, now: float) -> None:
        """End this life's part of the meeting, which another life may resume."""
        self._notice_sleep(now)
        gap = self._gaps.get(GapKind.SESSION)
        if gap is not None and gap.cause in causes.INTERRUPTIONS:
            self._gaps.drop(GapKind.SESSION)  # open since an earlier life, and still
        else:
            gap = OpenGap(self._clock.at(now if self._left is None else self._left), causes.RESTARTED)
        self._end_all(now)
        self._gaps.begin(GapKind.SESSION, gap)

    def _set_place(self, place: Place) -> None:
        self._place = place
        self.waiting.append(place)
        self.meeting = replace(self.meeting, voice_channel_id=place.channel_id, voice_channel_name=place.name)

    # Sessions

    def _ensure_open(self, now: float) -> bool:
        """A session's first packets may come before the news that it is up; a full disk may have room again."""
        if not self._open:
            self._clock.notice_sleep()
            self._open = self._write(now, self.recorder.open_session, now, self._clock.at(now))
            if self._open:
                self.connected = True
                self.session_gap = self._end(GapKind.SESSION, now)
        return self._open

    def _close(self, now: float) -> None:
        if self._open:
            self._write(now, self.recorder.close_session, now)
            self._open = False
            self._stored.end_session()

    def _notice_sleep(self, now: float) -> None:
        """The computer may have slept since this was called last, and the voice session may have outlived it. Nothing
        was heard meanwhile, and what comes now was said after it: for the recorder, that is another session.
        """
        self._looked = now
        asleep = OpenGap(self._clock.at(now), causes.ASLEEP)
        if self._clock.notice_sleep() and self._open:
            self._close(now)
            self._gaps.begin(GapKind.SESSION, asleep)
            self._ensure_open(now)

    def _end_all(self, now: float) -> None:
        for kind in GapKind:
            self._end(kind, now)
        self._close(now)

    # Disk

    def _write(self, now: float, write: Callable[P, None], *args: P.args, **kwargs: P.kwargs) -> bool:
        """Return whether the journal took it. The first failure in a row is logged, and opens a gap."""
        try:
            write(*args, **kwargs)
        except OSError as error:
            self.disk_failure = error
            if GapKind.DISK not in self._gaps:
                self._begin(GapKind.DISK, now, causes.DISK)
                log.critical(
                    "Meeting %s is not being recorded: %s",
                    self.meeting.id,
                    error,
                    extra=events.RECORDING_REFUSED.of(self.meeting),
                )
            return False
        return True

    def _end_disk_gap(self, now: float) -> None:
        """Mark the gap in the journal, which shows that the disk works again. Raises OSError if it does not."""
        gap = self._gaps.until(GapKind.DISK, self._clock.at(now))
        if gap is not None:
            self.recorder.mark_gap(gap)
            self._report(gap)
            self.waiting.append(gap)
        self._gaps.drop(GapKind.DISK)
        self.disk_failure = None
        log.warning(
            "Meeting %s is being recorded again",
            self.meeting.id,
            extra=events.RECORDING_AGAIN.of(self.meeting),
        )

    # What is waiting for the store

    def _ended(self, utterance: Utterance) -> None:
        self.waiting.append(utterance)
        self._on_utterance()

    def _begin(self, kind: GapKind, now: float, cause: str) -> None:
        self._gaps.begin(kind, OpenGap(self._clock.at(now), cause))

    def _end(self, kind: GapKind, now: float) -> Gap | None:
        gap = self._gaps.end(kind, self._clock.at(now))
        if gap is not None:
            self._add(gap)
        return gap

    def _add(self, gap: Gap) -> None:
        """For the store; and for the journal, if there is room, because the store may not get it."""
        if gap.user_id is None:
            self._report(gap)
        self.waiting.append(gap)
        try:
            self.recorder.mark_gap(gap)
        except OSError as error:
            log.warning("Meeting %s: cannot mark a gap in the journal: %s", self.meeting.id, error)

    def _report(self, gap: Gap) -> None:
        """Log a gap in everyone's sound; single packets get lost all the time."""
        if gap.is_pause:
            log.info("Meeting %s was paused: %s", self.meeting.id, gap.cause)
            return
        gap_ms = round((gap.ended_ns - gap.started_ns) / 1e6)
        extra = events.GAP.of(self.meeting, gap_ms=gap_ms)
        log.warning("Meeting %s: gap of %.1f s: %s", self.meeting.id, gap_ms / 1e3, gap.cause, extra=extra)
