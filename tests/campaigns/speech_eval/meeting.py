"""A meeting through the product's own path, but not in real time: packets into the recorder, utterances out of its
journal, drafts and final texts by the jobs of a worker. The time is what the packets say it is.
"""

import heapq
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from notetaker.jobs.batches import windows
from notetaker.jobs.queue import JobQueue
from notetaker.jobs.workflows import Preferences, Workflows
from notetaker.model.audio import AudioFrame
from notetaker.model.meeting import Meeting, new_meeting_id
from notetaker.model.utterance import Utterance
from notetaker.model.wording import count
from notetaker.recording.recorder import Recorder
from notetaker.store.store import Store
from tests.campaigns.speech_eval.client import FRAME_S, Run
from tests.campaigns.speech_eval.transcriber import MeasuredTranscriber

STARTED_NS: Final = 1_767_225_600_000_000_000
"""2026-01-01."""
TICK_S: Final = 0.5
"""Seconds of the meeting between two looks for utterances that have ended."""
FRAME_TICKS: Final = 960
NAMES: Final = ("Ada", "Ben", "Chloe", "Dan", "Eve")

Progress = Callable[[float], None]
"""Gets the share of the meeting that is done."""


@dataclass(frozen=True, slots=True)
class Line:
    """An utterance and its texts."""

    user_id: int
    start_s: float
    """Seconds from the start of the meeting."""
    end_s: float
    draft: str
    final: str
    language: str | None
    error: str | None

    @property
    def length_s(self) -> float:
        return self.end_s - self.start_s


class _Asked(JobQueue):
    """Final texts that were asked for: they are made later, so that the draft can be read."""

    def __init__(self) -> None:
        self.batches: list[Sequence[str]] = []

    def refine(self, utterance_ids: Sequence[str]) -> None:
        self.batches.append(utterance_ids)

    def write_part(self, meeting_id: str, key: str) -> None:
        """Nobody reads the notes."""


class OfflineMeeting:
    """One meeting in a folder of its own."""

    def __init__(self, folder: Path, transcriber: MeasuredTranscriber, language: str | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder / "meetings"
        self._store = Store(f"sqlite:///{folder / 'notetaker.db'}")
        self._asked = _Asked()
        self._workflows = Workflows(
            self._store, self._asked, transcriber, self._folder, transcriber.broken, Preferences(language)
        )
        self._id = new_meeting_id(STARTED_NS)
        self._drafts: dict[str, str] = {}

    def hold(self, said: Sequence[Sequence[Run]], progress: Progress = lambda share: None) -> list[Line]:
        """The lines, in time order, of what each person says; the first one is user 1. Can be called once.

        Raises Interrupted when there is a bug, which is logged.
        """
        with closing(self._store):
            self._store.migrate()
            self._begin(len(said))
            ends_s = max((run.end_s for person in said for run in person), default=0.0)
            for utterance in self._record(said):
                progress((utterance.ended_ns - STARTED_NS) / 1e9 / max(ends_s, TICK_S) * 0.95)
                self._transcribe(utterance)
            self._refine_rest(len(said))
            return self._lines()

    def _begin(self, people: int) -> None:
        self._store.add_meeting(
            Meeting(
                id=self._id,
                guild_id=1,
                voice_channel_id=2,
                voice_channel_name="Evaluation",
                text_channel_id=3,
                started_by=1,
                started_ns=STARTED_NS,
            )
        )
        for user_id in range(1, people + 1):
            self._store.name_speaker(self._id, user_id, NAMES[(user_id - 1) % len(NAMES)])

    def _record(self, said: Sequence[Sequence[Run]]) -> Iterator[Utterance]:
        ended: list[Utterance] = []
        recorder = Recorder(self._folder / self._id, self._id, ended.append)
        recorder.open_session(0.0, STARTED_NS)
        ticked_s = end_s = 0.0
        for frame in heapq.merge(
            *(_frames(user_id, person) for user_id, person in enumerate(said, 1)),
            key=lambda frame: frame.arrival,
        ):
            while ticked_s + TICK_S <= frame.arrival:
                ticked_s += TICK_S
                recorder.tick(ticked_s)
                yield from ended
                ended.clear()
            recorder.write(frame)
            end_s = frame.arrival
        recorder.close_session(end_s + FRAME_S)
        yield from ended
        recorder.sync()

    def _transcribe(self, utterance: Utterance) -> None:
        self._store.add_utterance(utterance)
        self._workflows.transcribe_utterance(utterance.id)
        draft = self._store.transcription(utterance.id)
        self._drafts[utterance.id] = draft.text if draft else ""
        while self._asked.batches:
            self._workflows.refine_utterances(self._asked.batches.pop(0))

    def _refine_rest(self, people: int) -> None:
        unfinished = self._store.unfinished(self._id)
        for user_id in range(1, people + 1):
            for window in windows(one for one in unfinished if one.user_id == user_id):
                self._workflows.refine_utterances([one.id for one in window])

    def _lines(self) -> list[Line]:
        return [
            Line(
                utterance.user_id,
                (utterance.started_ns - STARTED_NS) / 1e9,
                (utterance.ended_ns - STARTED_NS) / 1e9,
                self._drafts[utterance.id],
                found.text,
                found.language,
                found.error,
            )
            for utterance, found in self._store.transcribed(self._id)
        ]


def failures(lines: Sequence[Line]) -> list[str]:
    """A sentence for each kind of error that the engine had."""
    errors = Counter(line.error for line in lines if line.error)
    return [f"{count(times, 'utterance')} without a text: {error}" for error, times in errors.items()]


def _frames(user_id: int, person: Sequence[Run]) -> Iterator[AudioFrame]:
    """The packets of one person, in the order in which they arrive."""
    sequence = 0
    for run in person:
        for at_s, opus in run.sent():
            timestamp = round(at_s / FRAME_S) * FRAME_TICKS
            yield AudioFrame(user_id, 1000 + user_id, sequence & 0xFFFF, timestamp & 0xFFFFFFFF, opus, at_s)
            sequence += 1
