"""What the jobs do. A job always runs from its beginning, even after earlier starts."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from notetaker.jobs.batches import complete, continues, cut_short, windows
from notetaker.jobs.languages import language_of
from notetaker.jobs.minutes import MinuteTaker
from notetaker.jobs.queue import ENDED, REFINE, JobQueue, refine_name
from notetaker.jobs.so_far import transcript_of, vocabulary_of
from notetaker.jobs.speech_process import ClipToHear
from notetaker.jobs.transcriber import Transcriber
from notetaker.model import events
from notetaker.model.languages import english_name
from notetaker.model.meeting import Meeting, MeetingState
from notetaker.model.notes import Posting
from notetaker.model.notes_kind import NotesKind
from notetaker.model.transcript import Transcript
from notetaker.model.utterance import Transcription, Utterance
from notetaker.model.vocabulary import expected
from notetaker.notes.kinds import STANDARD, Kinds
from notetaker.notes.minutes.writer import Writer
from notetaker.notes.render import render_message, render_transcript
from notetaker.notes.sounding import alike
from notetaker.recording.ogg import OggError
from notetaker.recording.times import when_said
from notetaker.recording.tracks import TrackError, retire_journal, write_tracks
from notetaker.speech.engine import EngineError, Heard, Hints
from notetaker.store.database import StoreError
from notetaker.store.store import Store

T = TypeVar("T")

ENGINE_ATTEMPTS = 3
"""How often to try an utterance alone before the transcript says that it failed."""

LONGEST_PAUSE = 300.0
"""Longest pause in seconds between attempts at a job that fails. The pauses double, starting with one second."""

WAIT_INTERVAL = 0.1
"""Seconds between checks for missing final texts."""

UNSUPPORTED_LANGUAGE = "Meeting %s is in %s, which %s does not support; see notetaker models list"

GIVEN_UP = "Transcribing this utterance failed repeatedly."

EXPECTED = (StoreError, EngineError, OSError)
"""Failures whose messages quote nothing that was said."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Preferences:
    """Settings for the languages that are spoken, and for how transcripts are written."""

    language: str | None = None
    """ISO 639-1 code of the language of all meetings; None to detect it."""
    vocabulary: tuple[str, ...] = ()
    """Names and terms that are likely to come up."""
    time_zone: str = "UTC"
    """IANA name of the time zone of notes and transcripts of meetings that have none of their own."""
    kinds: Kinds = STANDARD
    """The kinds of notes."""


class Interrupted(BaseException):
    """The worker is stopping. This is no Exception, which DBOS would store as the job's outcome."""


class Workflows:
    def __init__(
        self,
        store: Store,
        queue: JobQueue,
        transcriber: Transcriber,
        meetings_folder: Path,
        stopping: threading.Event,
        preferences: Preferences,
        writer: Writer | None = None,
    ) -> None:
        """``writer`` writes the notes; None for the built-in one."""
        self._store = store
        self._queue = queue
        self._transcriber = transcriber
        self._meetings_folder = meetings_folder
        self._stopping = stopping
        self._preferences = preferences
        self._minutes = MinuteTaker(store, queue, writer, self._transcript, self._pause, kind=self._kind)
        self._warned: set[str] = set()
        """Meetings in an unsupported language that have been logged."""

    def transcribe_utterance(self, utterance_id: str) -> None:
        """Store a draft of an utterance, or its final text if no final pass follows."""
        self._until_done(self._transcribe, utterance_id)

    def refine_utterances(self, utterance_ids: Sequence[str]) -> None:
        """Store the final texts of utterances of one speaker, or sentences that say why they have none."""
        self._until_done(self._refine, utterance_ids)

    def write_part(self, meeting_id: str, key: str) -> None:
        """Store the minutes of a part of a meeting, unless the part has other lines by now."""
        self._until_done(self._minutes.write_part, (meeting_id, key))

    def finish_meeting(self, meeting_id: str) -> None:
        """Store the notes, ready to be posted, and replace the journal with tracks."""
        self._until_done(self._write_notes, meeting_id)  # first, because people are waiting for them
        self._until_done(self._write_tracks, meeting_id)

    def _until_done(self, job: Callable[[T], None], subject: T) -> None:
        """Retry a job until it succeeds, because giving up would lose words. After a restart, it is retried, too."""
        pause = 1.0
        while True:
            try:
                return job(subject)
            except Exception as error:  # every failure is logged, and the job stays undone
                name = job.__name__.strip("_")
                log.exception(
                    "%s of %s failed; retrying in %.0f s",
                    name,
                    subject,
                    pause,
                    exc_info=error if isinstance(error, EXPECTED) else events.without_text(error),
                    extra=events.JOB_FAILED(),
                )
            self._pause(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    def _transcribe(self, utterance_id: str) -> None:
        utterance = self._store.utterance(utterance_id)
        if utterance is None:
            log.error("Utterance %s is not in the store; dropping its job", utterance_id)
            return
        if self._store.transcription(utterance_id) is not None:
            return  # an earlier run was killed after storing the text
        meeting = self._store.meeting(utterance.meeting_id)
        if meeting is None or meeting.ended_ns is not None:
            return  # too late for live lines; the final pass transcribes everything
        engine, final = self._transcriber.engine_name, not self._transcriber.two_passes
        hints = self._hints(meeting, [utterance])
        try:
            heard = self._transcriber.draft(self._folder(utterance), utterance.clip, hints)
        except EngineError as error:
            self._pause(0)
            log.warning("No live line for utterance %s: %s", utterance_id, error)
            return  # the final pass tries again, and stores the error if it fails too
        draft = replace(_transcription(heard, engine), final=final)
        self._store.set_draft(utterance_id, draft, time.time_ns())
        if final:
            self._minutes.request_parts(meeting)
        else:
            self._request_final_texts(meeting.id, utterance.ended_ns)

    def _request_final_texts(self, meeting_id: str, now_ns: int) -> None:
        """Request the final texts of all windows that are complete."""
        unfinished = self._store.unfinished(meeting_id)
        missing = {one.id for one in unfinished}
        spoken = self._store.utterances(meeting_id)
        for user_id in {one.user_id for one in unfinished}:
            for window in complete([one for one in spoken if one.user_id == user_id], now_ns):
                if not missing.isdisjoint(one.id for one in window):
                    self._queue.refine([one.id for one in window])

    def _refine(self, utterance_ids: Sequence[str]) -> None:
        found = list(filter(None, map(self._store.utterance, utterance_ids)))
        if not found:
            return
        meeting = self._store.meeting(found[0].meeting_id)
        assert meeting is not None  # a row refers to it
        utterances = [one for one in found if not self._has_final_text(one.id)]
        if utterances:
            texts = self._final_texts(meeting, utterances)
            self._store.set_final(texts, time.time_ns())
        self._minutes.request_parts(meeting)

    def _has_final_text(self, utterance_id: str) -> bool:
        transcription = self._store.transcription(utterance_id)
        return transcription is not None and transcription.final

    def _final_texts(self, meeting: Meeting, utterances: Sequence[Utterance]) -> dict[str, Transcription]:
        """Return final texts by utterance id. If the engine fails on several together, try each of them alone.

        Raises EngineError if the utterances are not to blame and the engine may recover.
        """
        alone = len(utterances) == 1
        for attempt in range(ENGINE_ATTEMPTS if alone else 1):
            self._pause(attempt)
            try:
                return self._heard(meeting, utterances)
            except EngineError as error:
                self._pause(0)
                if error.retryable:
                    raise
                log.warning(
                    "Cannot transcribe %s (%d utterances): %s", utterances[0].id, len(utterances), error
                )
                failed = Transcription("", self._transcriber.engine_name, str(error))
        if alone:
            draft = self._store.transcription(utterances[0].id)
            return {utterances[0].id: replace(draft, final=True) if draft and draft.text else failed}
        texts: dict[str, Transcription] = {}
        for one in utterances:
            texts |= self._final_texts(meeting, [one])
        return texts

    def _heard(self, meeting: Meeting, utterances: Sequence[Utterance]) -> dict[str, Transcription]:
        drafts = [self._store.transcription(one.id) for one in utterances]
        clips = [
            ClipToHear(
                one.clip,
                continues=number > 0 and continues(utterances[number - 1], one),
                speech_s=draft.speech_s if draft else None,
            )
            for number, (one, draft) in enumerate(zip(utterances, drafts, strict=True))
        ]
        heard = self._transcriber.final(
            self._folder(utterances[0]),
            clips,
            self._hints(meeting, utterances, " ".join(draft.text for draft in drafts if draft)),
            urgent=meeting.ended_ns is not None and not self._store.meetings_in(MeetingState.RECORDING),
        )
        engine = self._transcriber.engine_name
        if len(utterances) == 1 and drafts[0] and cut_short(heard[0].text, drafts[0].text):
            return {utterances[0].id: replace(drafts[0], final=True)}
        return {one.id: _transcription(words, engine) for one, words in zip(utterances, heard, strict=True)}

    def _hints(self, meeting: Meeting, utterances: Sequence[Utterance], drafts: str = "") -> Hints:
        """Return what is known about utterances; what sounds like something in their ``drafts`` comes first."""
        vocabulary = expected(
            self._store.speakers(meeting.id).values(),
            vocabulary_of(self._store, meeting, self._preferences.vocabulary),
        )
        vocabulary = tuple(dict.fromkeys((*alike(vocabulary, drafts), *vocabulary)))
        language = meeting.language or self._preferences.language
        known = self._transcriber.languages
        if language is not None and known is not None and language not in known:
            if meeting.id not in self._warned:
                self._warned.add(meeting.id)
                engine = self._transcriber.engine_name
                log.warning(UNSUPPORTED_LANGUAGE, meeting.id, english_name(language), engine)
            return Hints(None, vocabulary)
        if language is None:
            lasts_ns = sum(one.ended_ns - one.started_ns for one in utterances)
            language = language_of(utterances[0].user_id, lasts_ns, self._store.languages(meeting.id))
        return Hints(language, vocabulary)

    def _folder(self, utterance: Utterance) -> Path:
        return self._meetings_folder / utterance.meeting_id

    def _write_notes(self, meeting_id: str) -> None:
        meeting = self._store.meeting(meeting_id)
        if meeting is None:
            log.error("Meeting %s is not in the store; dropping its job", meeting_id)
            return
        self._await_final_texts(meeting_id)
        self._place(meeting_id)
        transcript = self._transcript(meeting)
        minutes, kind = self._minutes.of(transcript), self._kind(meeting)
        posting = Posting(
            meeting_id=meeting_id,
            channel_id=meeting.text_channel_id,
            content=render_message(minutes, transcript, kind),
            attachment_name=f"transcript-{meeting_id}.md",
            attachment=render_transcript(transcript, minutes, kind),
        )
        self._store.save_notes(minutes, posting)

    def _place(self, meeting_id: str) -> None:
        """Store when utterances were said, where later sound shows that they came late."""
        try:
            moved = when_said(self._meetings_folder / meeting_id, self._store.utterances(meeting_id))
        except OSError as error:  # the notes do not wait for a disk
            log.warning("Meeting %s: its utterances keep their live times: %s", meeting_id, error)
            return
        self._store.move(moved)

    def _transcript(self, meeting: Meeting) -> Transcript:
        return transcript_of(self._store, meeting, self._preferences.time_zone, self._preferences.vocabulary)

    def _kind(self, meeting: Meeting) -> NotesKind:
        return self._preferences.kinds.get(meeting.kind)

    def _await_final_texts(self, meeting_id: str) -> None:
        while batches := self._unfinished_batches(meeting_id):
            states = self._queue.states(REFINE, map(refine_name, batches))
            for batch in batches:
                if states.get(refine_name(batch)) not in ENDED:
                    self._queue.refine(batch)
                elif len(batch) > 1:
                    self._give_up_together(batch)
                else:
                    self._give_up(batch[0])
            self._pause(WAIT_INTERVAL)

    def _unfinished_batches(self, meeting_id: str) -> list[list[str]]:
        """Return the windows in which a final text is missing, the same ones as requested during the meeting."""
        unfinished = {one.id for one in self._store.unfinished(meeting_id)}
        if not unfinished:
            return []
        spoken = self._store.utterances(meeting_id)
        batches = [
            [one.id for one in window]
            for user_id in dict.fromkeys(one.user_id for one in spoken)
            for window in windows(one for one in spoken if one.user_id == user_id)
        ]
        return [batch for batch in batches if not unfinished.isdisjoint(batch)]

    def _give_up_together(self, batch: Sequence[str]) -> None:
        """Try each utterance of a failed job alone, because one of them may have killed the worker every time.

        If the job has just ended with texts, those stay.
        """
        states = self._queue.states(REFINE, [refine_name([one]) for one in batch])
        for utterance_id in batch:
            if states.get(refine_name([utterance_id])) not in ENDED:
                self._queue.refine([utterance_id])
            elif not self._has_final_text(utterance_id):
                self._give_up(utterance_id)

    def _give_up(self, utterance_id: str) -> None:
        """Make the draft final, or store a sentence that says why there is no text."""
        draft = self._store.transcription(utterance_id)
        final = Transcription("", self._transcriber.engine_name, GIVEN_UP)
        if draft is not None and draft.text:
            final = replace(draft, final=True)
        self._store.set_final({utterance_id: final}, time.time_ns())

    def _write_tracks(self, meeting_id: str) -> None:
        meeting = self._store.meeting(meeting_id)
        if meeting is None:
            return
        folder = self._meetings_folder / meeting_id
        try:
            write_tracks(folder, meeting.started_ns)
            retire_journal(folder)
        except (TrackError, OggError):
            log.exception("Cannot write the tracks of meeting %s; keeping its journal", meeting_id)

    def _pause(self, seconds: float) -> None:
        """Wait. Raises Interrupted when the worker stops, which is also why an engine may have failed."""
        if self._stopping.wait(seconds):
            raise Interrupted


def _transcription(heard: Heard, engine: str) -> Transcription:
    return Transcription(
        heard.text,
        engine,
        language=heard.language,
        speech_s=heard.speech_s,
        undecodable=heard.undecodable,
    )
