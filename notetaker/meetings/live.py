"""One meeting while it is recorded: voice sessions in; journal, utterances, speakers and gaps out."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ParamSpec

from notetaker.discordbot import replies
from notetaker.meetings import causes
from notetaker.meetings.open_gaps import Missing, What
from notetaker.model import events
from notetaker.model.audio import AudioFrame
from notetaker.model.meeting import Meeting
from notetaker.model.outcome import Coverage
from notetaker.model.transcript import Gap
from notetaker.model.utterance import Utterance
from notetaker.recording.recorder import Recorder
from notetaker.recording.state import OpenGap, RecordingState, StateFile
from notetaker.wire.losses import Loss

log = logging.getLogger(__name__)

P = ParamSpec("P")


class LiveMeeting:
    """``voice.ports.SessionSink``. Belongs to the event loop's thread; what it collects is stored by others."""

    def __init__(self, meeting: Meeting, folder: Path, now: float) -> None:
        """``folder`` is the meeting's; ``now`` is monotonic seconds."""
        self.meeting = meeting
        self.channel_id = meeting.voice_channel_id
        """Where it is recorded: people may move the bot."""
        self.recorder = Recorder(folder, meeting.id)
        self.utterances: list[Utterance] = []
        """Those that have ended, in the order of their ends."""
        self.gaps: list[Gap] = []
        self.news: list[str] = []
        """What the people in the text channel are to be told."""
        self.unnamed: list[int] = []
        """User ids, in the order in which they joined, of those whose display name is still to be looked up."""
        self.naming: set[asyncio.Task[None]] = set()
        """Those who are looking them up."""
        self.earlier: Sequence[Coverage] | None = ()
        """The counts of earlier lives of the bot; None: they are still being read back from the journal."""
        self.absence: Gap | None = None
        """The last stretch without a voice session that has ended."""
        self.connected = False
        """Whether there has been a voice session."""
        self.stopping = False
        """From now on, a session that closes does so because it was asked to."""
        self.refusal: OSError | None = None
        """Why the disk did not take what came last; None: it did."""
        self.unsafe: OSError | None = None
        """Why the last ``sync`` failed; None: it did not."""
        self.not_stored: set[str] = set()
        """Why it cannot be stored, as far as that was told; empty: it can."""
        self.stored: Counter[int] = Counter()
        """Frames that the journal took, by user id."""
        self._joined: set[int] = set()
        self._open = False
        self._clock = (now, time.time_ns())  # one moment, in monotonic seconds and in Unix nanoseconds
        self._missing = Missing()
        self._left: float | None = None  # when the session closed that was asked to
        self._told_deaf = False
        self._state_file = StateFile(folder)
        self._over = False

    # What the voice stack tells

    def session_opened(self, now: float) -> None:
        self._ensure_open(now)

    def speaker_joined(self, user_id: int, ssrc: int, now: float) -> None:
        if user_id not in self._joined:
            self._joined.add(user_id)
            self.unnamed.append(user_id)
        if self._ensure_open(now):
            self._try(now, self.recorder.add_speaker, user_id, ssrc, now)

    def speaker_left(self, user_id: int, now: float) -> None:
        if self._open:
            self._try(now, self.recorder.remove_speaker, user_id, now)

    def frame(self, frame: AudioFrame) -> None:
        if not (self._open or self._ensure_open(frame.arrival)):
            return
        try:
            self.recorder.write(frame)
        except OSError as error:
            self._begin_refusal(frame.arrival, error)
            return
        self.stored[frame.user_id] += 1
        if self.refusal is not None:
            self._try(frame.arrival, self._end_refusal, frame.arrival)

    def lost(self, loss: Loss) -> None:
        self._gap(
            Gap(
                self._wall_ns(loss.started),
                self._wall_ns(loss.ended),
                causes.packets_lost(loss.packets, loss.outcome),
                loss.user_id or None,
            )
        )

    def deafened(self, now: float, deaf: bool) -> None:
        if deaf:
            self._begin(What.HEARING, now, causes.DEAFENED)
        else:
            self._end(What.HEARING, now)

    def session_closed(self, now: float, reason: str) -> None:
        self._end(What.HEARING, now)  # the next session says whether it still is so
        self._close(now)
        if self.stopping:
            self._left = now
        else:
            self._begin(What.SESSION, now, reason)

    # What the service asks

    def absent(self, now: float, since: OpenGap) -> None:
        """There has been no voice session since then, and there is none now."""
        lasted_s = (self._wall_ns(now) - since.started_ns) / 1e9
        self._missing.begin(What.SESSION, now - max(lasted_s, 0.0), since)

    def tick(self, now: float) -> bool:
        """Collects the utterances that have ended, and news. Tries a disk that has refused something with the mark of
        its gap: nobody may speak for a long time. Returns whether an utterance has ended.
        """
        if self._missing.lasted(What.DISK, now) is not None:
            self._try(now, self._end_refusal, now)
        ended = self.recorder.tick(now)
        self.utterances += ended
        deaf = What.HEARING in self._missing
        if self._open and deaf != self._told_deaf:
            self._told_deaf = deaf
            self.news.append((replies.deafened if deaf else replies.undeafened)(self.channel_id))
        return bool(ended)

    @property
    def state(self) -> RecordingState:
        """What another life of the bot would have to know."""
        return RecordingState(self.channel_id, self._missing.open(), self._over)

    def sync(self, state: RecordingState) -> None:
        """Makes safe what was recorded, with a sign of life. For another thread. Raises OSError."""
        try:
            self.recorder.sync()
            self._state_file.keep(state)
        except OSError as error:
            self.unsafe = error
            raise
        self.unsafe = None

    def end(self, now: float) -> None:
        """Nothing is heard after this, and the meeting is over."""
        self._over = True
        self._end_all(now)

    def suspend(self, now: float) -> None:
        """Nothing is heard in this life of the bot after this; another one may go on with the meeting."""
        since = self._missing.get(What.SESSION)
        if since is not None and since.cause in causes.INTERRUPTIONS:
            self._missing.forget(What.SESSION)  # not heard since an earlier one, which goes on
        else:
            since = OpenGap(self._wall_ns(now if self._left is None else self._left), causes.RESTARTED)
        self._end_all(now)
        self.absent(now, since)

    @property
    def speakers(self) -> int:
        """How many people were heard."""
        earlier = {one.user_id for one in self.earlier or () if one.stored}
        return len(self.stored.keys() | earlier)

    def _ensure_open(self, now: float) -> bool:
        """A voice session's first packets may come before the word that it is up; a full disk may be free again."""
        if not self._open:
            self._clock = (now, time.time_ns())
            self._open = self._try(now, self.recorder.open_session, *self._clock)
            if self._open:
                self.connected = True
                self.absence = self._end(What.SESSION, now)
        return self._open

    def _close(self, now: float) -> None:
        if self._open:
            self._try(now, self.recorder.close_session, now)
            self._open = False

    def _try(self, now: float, write: Callable[P, None], *args: P.args, **kwargs: P.kwargs) -> bool:
        """Whether the journal took it. The first refusal of a run is logged."""
        try:
            write(*args, **kwargs)
        except OSError as error:
            self._begin_refusal(now, error)
            return False
        return True

    def _begin_refusal(self, now: float, error: OSError) -> None:
        self.refusal = error
        if What.DISK not in self._missing:
            self._begin(What.DISK, now, causes.DISK)
            log.critical(
                "Meeting %s is not being recorded: %s",
                self.meeting.id,
                error,
                extra=events.RECORDING_REFUSED.of(self.meeting),
            )

    def _end_refusal(self, now: float) -> None:
        """The disk takes the mark of the gap that it has made. Raises OSError: it does not."""
        gap = self._missing.lasted(What.DISK, now)
        if gap is not None:
            self.recorder.mark_gap(gap)
            self._tell(gap)
            self.gaps.append(gap)
        self._missing.forget(What.DISK)
        self.refusal = None
        log.warning(
            "Meeting %s is being recorded again",
            self.meeting.id,
            extra=events.RECORDING_AGAIN.of(self.meeting),
        )

    def _end_all(self, now: float) -> None:
        for what in What:
            self._end(what, now)
        self._close(now)
        self.tick(now)

    def _begin(self, what: What, now: float, cause: str) -> None:
        self._missing.begin(what, now, OpenGap(self._wall_ns(now), cause))

    def _end(self, what: What, now: float) -> Gap | None:
        gap = self._missing.end(what, now)
        if gap is not None:
            self._gap(gap)
        return gap

    def _gap(self, gap: Gap) -> None:
        """For the store; and for the journal, if there is room, because the store may not get it."""
        if gap.user_id is None:
            self._tell(gap)
        self.gaps.append(gap)
        try:
            self.recorder.mark_gap(gap)
        except OSError as error:
            log.warning("Meeting %s: a gap is not marked in the journal: %s", self.meeting.id, error)

    def _tell(self, gap: Gap) -> None:
        """In the log, which is for gaps in everybody's sound: single packets get lost all the time."""
        gap_ms = round((gap.ended_ns - gap.started_ns) / 1e6)
        extra = events.GAP.of(self.meeting, gap_ms=gap_ms)
        log.warning(
            "Meeting %s: %.1f s were not heard: %s", self.meeting.id, gap_ms / 1e3, gap.cause, extra=extra
        )

    def _wall_ns(self, now: float) -> int:
        then, then_ns = self._clock
        return then_ns + round((now - then) * 1e9)
