"""What the jobs do. Each runs from its beginning however often it was begun before."""

import logging
import threading
from collections.abc import Callable
from pathlib import Path

from notetaker.jobs.queue import ENDED, JobQueue
from notetaker.jobs.transcriber import Transcriber
from notetaker.model import events
from notetaker.model.notes import Posting
from notetaker.model.utterance import Transcription
from notetaker.notes.citations import check
from notetaker.notes.merge import merge
from notetaker.notes.render import render_message, render_transcript
from notetaker.notes.summary import summarise
from notetaker.recording.ogg import OggError
from notetaker.recording.tracks import TrackError, retire_journal, write_tracks
from notetaker.speech.engine import EngineError
from notetaker.store.store import Store

ENGINE_ATTEMPTS = 3
"""How often an engine may fail on an utterance before the transcript says that it did."""

LONGEST_PAUSE = 300.0
"""Seconds at most between two attempts at a job that fails; the pauses double from one second."""

WAIT_INTERVAL = 0.1
"""Seconds between two looks whether everything is transcribed."""

LOOK_AHEAD = 50
"""Jobs that are looked after at a time while a meeting waits for its transcriptions, oldest first."""

log = logging.getLogger(__name__)


class Interrupted(BaseException):
    """The worker stops. Not an Exception: DBOS would store that as the job's outcome; so it stays to be done."""


class Workflows:
    def __init__(
        self,
        store: Store,
        queue: JobQueue,
        transcriber: Transcriber,
        meetings_folder: Path,
        stopping: threading.Event,
    ) -> None:
        self._store = store
        self._queue = queue
        self._transcriber = transcriber
        self._meetings_folder = meetings_folder
        self._stopping = stopping

    def transcribe_utterance(self, utterance_id: str) -> None:
        """The utterance has a transcription: its words, or a sentence about why there are none."""
        self._until_done(self._transcribe, utterance_id)

    def finish_meeting(self, meeting_id: str) -> None:
        """The notes are in the store, ready to be posted; the tracks have replaced the journal."""
        self._until_done(self._write_notes, meeting_id)  # people wait for the notes: they come first
        self._until_done(self._write_tracks, meeting_id)

    def _until_done(self, job: Callable[[str], None], subject: str) -> None:
        """A job that gave up would lose words. It is tried again until it succeeds, also by later workers."""
        pause = 1.0
        while True:
            try:
                return job(subject)
            except Exception:  # nothing is swallowed: whatever it is, it is logged, and the job stays undone
                name = job.__name__.strip("_")
                log.exception(
                    "%s of %s failed; again in %.0f s", name, subject, pause, extra=events.JOB_FAILED()
                )
            self._pause(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    def _transcribe(self, utterance_id: str) -> None:
        utterance = self._store.utterance(utterance_id)
        if utterance is None:
            log.error("utterance %s is not in the store; its job is dropped", utterance_id)
            return
        if utterance_id not in self._store.untranscribed(utterance.meeting_id):
            return  # an earlier run was killed when it had just stored the words
        folder = self._meetings_folder / utterance.meeting_id
        engine = self._transcriber.engine_name
        for attempt in range(1, ENGINE_ATTEMPTS + 1):
            try:
                transcription = Transcription(self._transcriber.transcribe(folder, utterance.clip), engine)
                break
            except EngineError as error:
                log.warning("utterance %s, attempt %d: %s", utterance_id, attempt, error)
                transcription = Transcription("", engine, str(error))
                self._pause(attempt if attempt < ENGINE_ATTEMPTS else 0.0)
        self._store.set_transcription(utterance_id, transcription)

    def _write_notes(self, meeting_id: str) -> None:
        meeting = self._store.meeting(meeting_id)
        if meeting is None:
            log.error("meeting %s is not in the store; its job is dropped", meeting_id)
            return
        self._await_transcriptions(meeting_id)
        transcript = merge(
            meeting,
            self._store.transcribed(meeting_id),
            self._store.speakers(meeting_id),
            self._store.gaps(meeting_id),
            self._store.coverage(meeting_id),
        )
        notes = summarise(transcript)
        check(notes, transcript)
        posting = Posting(
            meeting_id=meeting_id,
            channel_id=meeting.text_channel_id,
            content=render_message(notes, transcript),
            attachment_name=f"transcript-{meeting_id}.md",
            attachment=render_transcript(transcript, notes),
        )
        self._store.save_notes(notes, posting)

    def _await_transcriptions(self, meeting_id: str) -> None:
        while missing := self._store.untranscribed(meeting_id)[:LOOK_AHEAD]:
            states = self._queue.transcribe_states(missing)
            for utterance_id in missing:
                if utterance_id not in states:
                    self._queue.transcribe(utterance_id)
                elif states[utterance_id] in ENDED:
                    # The worker has died over it again and again. (Or the job has ended just now, with a
                    # transcription: then that one stays.)
                    error = "The transcription of this utterance could not be completed."
                    engine = self._transcriber.engine_name
                    self._store.set_transcription(utterance_id, Transcription("", engine, error))
            self._pause(WAIT_INTERVAL)

    def _write_tracks(self, meeting_id: str) -> None:
        meeting = self._store.meeting(meeting_id)
        if meeting is None:
            return
        folder = self._meetings_folder / meeting_id
        try:
            write_tracks(folder, meeting.started_ns)
            retire_journal(folder)
        except (TrackError, OggError):
            log.exception("the journal of meeting %s stays", meeting_id)

    def _pause(self, seconds: float) -> None:
        if self._stopping.wait(seconds):
            raise Interrupted
