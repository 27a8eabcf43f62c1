"""The engine's process: real clips, the real engine, real deaths."""

import os
import signal
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from notetaker.jobs.transcriber import Transcriber
from notetaker.model.utterance import Clip, Utterance
from notetaker.speech.engine import EngineError, UnknownEngineError
from notetaker.store.store import Store
from tests.jobs.recording import record_meeting, short_sentences
from tests.store.examples import MEETING


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / MEETING.id


@pytest.fixture
def utterances(tmp_path: Path) -> Iterator[list[Utterance]]:
    store = Store(f"sqlite:///{tmp_path}/notetaker.db")
    store.migrate()
    yield record_meeting(tmp_path, store)
    store.close()


@pytest.fixture
def transcriber() -> Iterator[Transcriber]:
    transcriber = Transcriber("pocketsphinx")
    yield transcriber
    transcriber.close()


def test_a_clip_becomes_words(transcriber: Transcriber, folder: Path, utterances: list[Utterance]) -> None:
    transcriber.start()
    heard = set(transcriber.transcribe(folder, utterances[0].clip).split())
    said = set(short_sentences()[0].text.lower().strip(".").split())
    assert len(heard & said) >= len(said) // 2


def test_an_engine_that_dies_is_one_error_and_then_works_again(
    transcriber: Transcriber, folder: Path, utterances: list[Utterance]
) -> None:
    words = transcriber.transcribe(folder, utterances[0].clip)
    assert transcriber.process_id
    os.kill(transcriber.process_id, signal.SIGSTOP)  # so that the request is still open when it dies
    death = threading.Timer(0.5, os.kill, (transcriber.process_id, signal.SIGKILL))
    death.start()
    with pytest.raises(EngineError, match=r"^The speech engine pocketsphinx has died.$"):
        transcriber.transcribe(folder, utterances[0].clip)
    death.join()
    assert transcriber.transcribe(folder, utterances[0].clip) == words


def test_a_damaged_journal_is_one_error_and_no_death(
    transcriber: Transcriber, folder: Path, utterances: list[Utterance]
) -> None:
    transcriber.start()
    process_id = transcriber.process_id
    beyond = replace(utterances[0].clip, end_offset=10**9)
    with pytest.raises(EngineError, match=r"^The recording is damaged.$"):
        transcriber.transcribe(folder, beyond)
    assert transcriber.process_id == process_id


def test_an_engine_that_hangs_is_one_error_and_then_works_again(
    folder: Path, utterances: list[Utterance]
) -> None:
    transcriber = Transcriber("pocketsphinx")
    transcriber.start()
    assert transcriber.process_id
    os.kill(transcriber.process_id, signal.SIGSTOP)
    transcriber.timeout = 0.2
    with pytest.raises(EngineError, match=r"^The speech engine pocketsphinx did not answer in 0.2 s.$"):
        transcriber.transcribe(folder, utterances[0].clip)
    transcriber.timeout = 60.0
    assert transcriber.transcribe(folder, utterances[0].clip)
    transcriber.close()


def test_a_recording_that_is_gone_is_one_sentence(
    transcriber: Transcriber, folder: Path, utterances: list[Utterance]
) -> None:
    with pytest.raises(
        EngineError, match=r"^The recording could not be read \(No such file or directory\).$"
    ):
        transcriber.transcribe(folder, Clip(segment=9, start_offset=24, end_offset=99, ssrc=1))
    assert transcriber.transcribe(folder, utterances[0].clip)


def test_an_unknown_engine_is_refused_at_the_start() -> None:
    with pytest.raises(UnknownEngineError, match=r"no speech engine called 'telepathy'; use one of: "):
        Transcriber("telepathy").start()
