"""The engine's processes, with real clips, a real engine and real crashes."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from notetaker.jobs import speech_process
from notetaker.jobs.speech_process import ClipToHear
from notetaker.jobs.transcriber import FINAL_NICENESS, Transcriber
from notetaker.model.utterance import Clip, Utterance
from notetaker.speech.engine import EngineError, EngineSettingError, Hints
from notetaker.speech.engines import EngineSettings
from notetaker.store.store import Store
from tests.jobs.engine import POCKETSPHINX
from tests.jobs.recording import record_meeting, short_sentences
from tests.store.examples import MEETING

PATIENCE_S = 20.0
LEAST_PRIORITY = 19  # nice(2)


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
    transcriber = Transcriber(POCKETSPHINX, processes=1)
    transcriber.start()
    yield transcriber
    transcriber.close()


@pytest.fixture(autouse=True)
def processes_of_others() -> Iterator[None]:
    """Ignore the processes that earlier tests have left."""
    OTHERS.update(speech_processes())
    yield
    OTHERS.clear()


OTHERS: set[int] = set()


def speech_processes() -> list[int]:
    """Return this process's children that pools have started since the test began."""
    found = []
    for task in Path(f"/proc/{os.getpid()}/task").iterdir():
        for child in map(int, (task / "children").read_text().split()):
            if child not in OTHERS and b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes():
                found.append(child)
    return found


def long_call(transcriber: Transcriber, folder: Path, utterances: list[Utterance]) -> None:
    """Keep the process for live lines busy for many seconds."""
    clips = [ClipToHear(one.clip, continues=False) for one in utterances] * 50
    transcriber._call(transcriber._live, speech_process.final, POCKETSPHINX, folder, clips, Hints())


def test_a_clip_becomes_words(transcriber: Transcriber, folder: Path, utterances: list[Utterance]) -> None:
    heard = set(transcriber.draft(folder, utterances[0].clip, Hints()).text.split())
    said = set(short_sentences()[0].text.lower().strip(".").split())
    assert len(heard & said) >= len(said) // 2


def test_clips_of_one_speaker_become_words_in_their_order(
    transcriber: Transcriber, folder: Path, utterances: list[Utterance]
) -> None:
    clips = [ClipToHear(one.clip, continues=False) for one in utterances]
    finals = transcriber.final(folder, clips, Hints())
    assert [heard.text for heard in finals] == [
        transcriber.draft(folder, one.clip, Hints(thorough=True)).text for one in utterances
    ]


def test_final_texts_leave_the_processors_to_live_lines(
    monkeypatch: pytest.MonkeyPatch, transcriber: Transcriber, folder: Path, utterances: list[Utterance]
) -> None:
    monkeypatch.delenv("PYTHONPATH")  # without the harness, in which all processes are equal
    live = speech_processes()
    transcriber.final(folder, [ClipToHear(utterances[0].clip, continues=False)], Hints())
    [final] = set(speech_processes()) - set(live)
    assert [os.getpriority(os.PRIO_PROCESS, process) for process in live] == [os.nice(0)]
    assert os.getpriority(os.PRIO_PROCESS, final) == min(os.nice(0) + FINAL_NICENESS, LEAST_PRIORITY)


def test_an_engine_that_dies_is_one_error_and_then_works_again(
    transcriber: Transcriber, folder: Path, utterances: list[Utterance]
) -> None:
    words = transcriber.draft(folder, utterances[0].clip, Hints())
    [process] = speech_processes()
    death = threading.Timer(0.2, os.kill, (process, signal.SIGKILL))
    death.start()
    with pytest.raises(EngineError, match=r"^The speech engine pocketsphinx crashed.$") as caught:
        long_call(transcriber, folder, utterances)
    assert not caught.value.retryable, "the sound may be to blame"
    death.join()
    assert transcriber.draft(folder, utterances[0].clip, Hints()) == words


def test_an_engine_that_dies_between_two_calls_is_replaced(
    transcriber: Transcriber, folder: Path, utterances: list[Utterance]
) -> None:
    words = transcriber.draft(folder, utterances[0].clip, Hints())
    [process] = speech_processes()
    os.kill(process, signal.SIGKILL)
    assert transcriber.draft(folder, utterances[0].clip, Hints()) == words


def test_an_engine_that_hangs_is_one_error_and_then_works_again(
    folder: Path, utterances: list[Utterance]
) -> None:
    transcriber = Transcriber(POCKETSPHINX, processes=1, timeout_s=10.0)
    transcriber.start()
    [process] = speech_processes()
    freeze = threading.Timer(0.1, os.kill, (process, signal.SIGSTOP))  # in the middle of a call
    freeze.start()
    with pytest.raises(EngineError, match=r"^The speech engine pocketsphinx did not respond within 10 s.$"):
        long_call(transcriber, folder, utterances)
    assert transcriber.draft(folder, utterances[0].clip, Hints()).text
    transcriber.close()


def test_a_call_under_way_fails_when_the_transcriber_is_closed(
    folder: Path, utterances: list[Utterance]
) -> None:
    transcriber = Transcriber(POCKETSPHINX, processes=1)
    transcriber.start()
    [process] = speech_processes()
    os.kill(process, signal.SIGSTOP)  # so that neither the call that has begun nor the one that waits ends
    with ThreadPoolExecutor() as threads:
        calls = [threads.submit(transcriber.draft, folder, one.clip, Hints()) for one in utterances[:2]]
        while len(transcriber._live._calls) < 2:
            time.sleep(0.01)
        transcriber.close()
        for call in calls:
            with pytest.raises(EngineError, match=r"^The speech engine pocketsphinx crashed.$"):
                call.result(PATIENCE_S)


def test_a_damaged_journal_is_one_error_and_no_death(
    transcriber: Transcriber, folder: Path, utterances: list[Utterance]
) -> None:
    before = speech_processes()
    beyond = replace(utterances[0].clip, end_offset=10**9)
    with pytest.raises(EngineError, match=r"^The recording is damaged.$"):
        transcriber.draft(folder, beyond, Hints())
    assert speech_processes() == before


def test_a_recording_that_is_gone_is_one_sentence(
    transcriber: Transcriber, folder: Path, utterances: list[Utterance]
) -> None:
    with pytest.raises(
        EngineError, match=r"^The recording could not be read \(No such file or directory\).$"
    ):
        transcriber.draft(folder, Clip(segment=9, start_offset=24, end_offset=99, ssrc=1), Hints())
    assert transcriber.draft(folder, utterances[0].clip, Hints()).text


def test_an_unknown_engine_is_refused_at_once() -> None:
    with pytest.raises(EngineSettingError, match=r"no speech engine called 'telepathy'; use one of: auto, "):
        Transcriber(EngineSettings(engine="telepathy"))


def test_no_process_is_left(folder: Path, utterances: list[Utterance]) -> None:
    transcriber = Transcriber(POCKETSPHINX, processes=2)
    transcriber.start()
    transcriber.close()
    end = time.monotonic() + PATIENCE_S
    while speech_processes():
        assert time.monotonic() < end
        time.sleep(0.02)
