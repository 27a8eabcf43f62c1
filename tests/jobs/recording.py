"""Records meetings as the bot does: a journal on disk, utterances in the store. The speech is the demo's."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from notetaker.demo.script import Sentence, load
from notetaker.model.audio import AudioFrame
from notetaker.model.outcome import Coverage, Outcome
from notetaker.model.utterance import Utterance
from notetaker.recording.recorder import Recorder
from notetaker.store.store import Store
from tests.store.examples import MEETING, SECOND

SPEAKERS = {1001: "Ada", 1002: "Chloe", 1003: "Dan"}


def short_sentences() -> list[Sentence]:
    """Return the three sentences that are quickest to transcribe."""
    return sorted(load().sentences, key=lambda sentence: len(sentence.frames))[:3]


def record_meeting(
    meetings_folder: Path, store: Store, *, ended: bool = True, language: str | None = None
) -> list[Utterance]:
    """Record three people who speak in turn, a second apart. Nothing is transcribed yet."""
    user_ids = {name: user_id for user_id, name in SPEAKERS.items()}
    said = [(user_ids[sentence.speaker], sentence) for sentence in short_sentences()]
    return _record(meetings_folder, store, said, ended=ended, language=language)


def record_speech(meetings_folder: Path, store: Store) -> list[Utterance]:
    """Record one person who says all sentences of the demo, a second apart. The meeting is still running."""
    return _record(meetings_folder, store, [(1001, sentence) for sentence in load().sentences], ended=False)


def record_frames(folder: Path, frames: Iterable[AudioFrame]) -> list[Utterance]:
    """Record one voice session into a meeting's folder. Return its utterances."""
    return record_and_count(folder, frames)[0]


def record_and_count(folder: Path, frames: Iterable[AudioFrame]) -> tuple[list[Utterance], list[Coverage]]:
    """Record one voice session into a meeting's folder. Return its utterances, and what it has counted."""
    utterances: list[Utterance] = []
    stored: Counter[int] = Counter()
    recorder = Recorder(folder, MEETING.id, utterances.append)
    recorder.open_session(0.0, MEETING.started_ns)
    now = 0.0
    for frame in frames:
        recorder.write(frame)
        stored[frame.user_id] += 1
        now = frame.arrival
    recorder.close_session(now + 1.0)
    no_opus = recorder.no_opus.by_user
    return utterances, [
        Coverage(user_id, Counter({Outcome.HEARD: n}), stored=n, no_opus=no_opus[user_id])
        for user_id, n in stored.items()
    ]


def _record(
    meetings_folder: Path,
    store: Store,
    said: list[tuple[int, Sentence]],
    *,
    ended: bool,
    language: str | None = None,
) -> list[Utterance]:
    store.add_meeting(replace(MEETING, language=language))
    frames: list[AudioFrame] = []
    now = 0.0
    for number, (user_id, sentence) in enumerate(said):
        for index, opus in enumerate(sentence.frames):
            frames.append(AudioFrame(user_id, user_id, 1000 * number + index, round(now * 48_000), opus, now))
            now += 0.02
        now += 1.0
    utterances = record_frames(meetings_folder / MEETING.id, frames)
    for user_id, name in SPEAKERS.items():
        store.name_speaker(MEETING.id, user_id, name)
    for utterance in utterances:
        store.add_utterance(utterance)
    if ended:
        store.end_meeting(MEETING.id, MEETING.started_ns + round(now) * SECOND)
    return utterances
