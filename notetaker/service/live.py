"""One meeting while it is recorded: voice sessions in; journal, utterances, speakers and gaps out."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable
from typing import ParamSpec

from notetaker.model.audio import AudioFrame
from notetaker.model.meeting import Meeting
from notetaker.model.outcome import Coverage, Outcome
from notetaker.model.transcript import Gap
from notetaker.model.utterance import Utterance
from notetaker.recording.recorder import Recorder

log = logging.getLogger(__name__)

P = ParamSpec("P")

PACKET_NS = 20_000_000
"""Less than one packet of sound is no gap."""


class LiveMeeting:
    """``voice.ports.SessionSink``. Belongs to the event loop's thread; what it collects is stored by others."""

    def __init__(self, meeting: Meeting, recorder: Recorder) -> None:
        self.meeting = meeting
        self.recorder = recorder
        self.utterances: list[Utterance] = []
        """Those that have ended, in the order of their ends."""
        self.gaps: list[Gap] = []
        self.unnamed: list[int] = []
        """User ids, in the order in which they joined, of those whose display name is still to be looked up."""
        self.naming: set[asyncio.Task[None]] = set()
        """Those who are looking them up."""
        self.heard: set[int] = set()
        """User ids of those whose sound was stored."""
        self._joined: set[int] = set()
        self._open = False
        self._clock = (0.0, 0)  # one moment, in monotonic seconds and in Unix nanoseconds
        self._silence: tuple[float, int, str] | None = (
            None  # since when there is no session (both clocks), and why
        )
        self._refused: Counter[int] = Counter()  # frames per user that the disk did not take
        self._refused_since: int | None = None  # Unix ns
        self._stopping = False

    # What the voice stack tells

    def session_opened(self, now: float) -> None:
        self._ensure_open(now)

    def speaker_joined(self, user_id: int, ssrc: int, now: float) -> None:
        if user_id not in self._joined:
            self._joined.add(user_id)
            self.unnamed.append(user_id)
        if self._ensure_open(now):
            self._try(self.recorder.add_speaker, user_id, ssrc, now)

    def speaker_left(self, user_id: int, now: float) -> None:
        if self._open:
            self._try(self.recorder.remove_speaker, user_id, now)

    def frame(self, frame: AudioFrame) -> None:
        if not (self._open or self._ensure_open(frame.arrival)):
            self._refused[frame.user_id] += 1
            return
        try:
            self.recorder.write(frame)
        except OSError as error:
            self._refused[frame.user_id] += 1
            self._begin_refusal(error)
            return
        self.heard.add(frame.user_id)
        if self._refused_since is not None:
            self._end_refusal(frame.arrival)

    def session_closed(self, now: float, reason: str) -> None:
        self._close(now)
        if not self._stopping:
            self._silence = (now, self._wall_ns(now), reason)

    # What the service asks

    def tick(self, now: float) -> None:
        """Collects the utterances that have ended."""
        self.utterances += self.recorder.tick(now)

    def stop(self) -> None:
        """From now on, a session that closes does so because it was asked to."""
        self._stopping = True

    def end(self, now: float) -> None:
        """Nothing is heard after this."""
        self._close(now)
        self._end_refusal(now)
        self._end_silence(now)
        self.tick(now)

    def true_coverage(self, coverage: list[Coverage]) -> list[Coverage]:
        """What the voice stack counted, less what it handed over and the disk refused: that is lost after all."""
        return [
            Coverage(
                user_id=one.user_id,
                outcomes=one.outcomes - Counter({Outcome.STORED: self._refused[one.user_id]}),
                lost=one.lost + self._refused[one.user_id],
            )
            for one in coverage
        ]

    def _ensure_open(self, now: float) -> bool:
        """A voice session's first packets may come before the word that it is up; a full disk may be free again."""
        if not self._open:
            self._clock = (now, time.time_ns())
            self._open = self._try(self.recorder.open_session, *self._clock)
            if self._open:
                self._end_silence(now)
        return self._open

    def _close(self, now: float) -> None:
        if self._open:
            self._try(self.recorder.close_session, now)
            self._open = False

    def _try(self, write: Callable[P, None], *args: P.args, **kwargs: P.kwargs) -> bool:
        """Whether the journal took it. The first refusal of a run is logged; the frames are counted."""
        try:
            write(*args, **kwargs)
        except OSError as error:
            self._begin_refusal(error)
            return False
        return True

    def _begin_refusal(self, error: OSError) -> None:
        if self._refused_since is None:
            self._refused_since = time.time_ns()
            log.critical("Meeting %s is not being recorded: %s", self.meeting.id, error)

    def _end_refusal(self, now: float) -> None:
        if self._refused_since is not None:
            self.gaps.append(
                Gap(self._refused_since, self._wall_ns(now), "the sound could not be written to disk")
            )
            self._refused_since = None
            log.warning("Meeting %s is being recorded again", self.meeting.id)

    def _end_silence(self, now: float) -> None:
        if self._silence is None:
            return
        since, started_ns, cause = self._silence
        self._silence = None
        lasted_ns = round((now - since) * 1e9)
        if lasted_ns < PACKET_NS:  # the new session was there before the old one was left
            return
        gap = Gap(started_ns, started_ns + lasted_ns, cause)
        self.gaps.append(gap)
        self._try(self.recorder.mark_gap, gap)

    def _wall_ns(self, now: float) -> int:
        then, then_ns = self._clock
        return then_ns + round((now - then) * 1e9)
