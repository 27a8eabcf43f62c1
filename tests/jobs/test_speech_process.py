"""The way of sound from the recorder to an engine, with real speech, in this process."""

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from notetaker.demo.script import load
from notetaker.jobs import speech_process
from notetaker.model.audio import AudioFrame
from notetaker.speech.engine import Hints
from tests.jobs.engine import POCKETSPHINX
from tests.jobs.recording import record_frames

SENTENCE = load().sentences[0].frames
SENT = tuple(
    AudioFrame(7, 70, number, 960 * number, opus, 0.02 * number) for number, opus in enumerate(SENTENCE)
)
HALF = len(SENT) // 2
Change = Callable[[AudioFrame], AudioFrame]


def words(folder: Path, frames: Iterable[AudioFrame]) -> list[str]:
    return [
        speech_process.draft(POCKETSPHINX, folder, utterance.clip, Hints()).text
        for utterance in record_frames(folder, frames)
    ]


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    heard = words(tmp_path_factory.mktemp("said"), SENT)
    assert len(heard[0].split()) > 5
    return heard


def at(timestamp: Callable[[int], int]) -> Change:
    return lambda frame: frame._replace(timestamp=timestamp(frame.sequence) % 2**32)


@pytest.mark.parametrize(
    "change",
    [
        at(lambda number: 12_345),
        at(lambda number: 20 * number),
        at(lambda number: 1920 * number),
        at(lambda number: number // 2 * 1920),
        at(lambda number: max(number, 70) * 960),
        at(lambda number: number * 960 + (10**6 if number < HALF else 0)),
        at(lambda number: number % HALF * 960),
    ],
    ids=["standing still", "milliseconds", "twice as fast", "in pairs", "late to start", "back", "twice"],
)
def test_every_word_is_heard_whatever_the_senders_clock_shows(
    tmp_path: Path, said: list[str], change: Change
) -> None:
    assert words(tmp_path, map(change, SENT)) == said


@pytest.mark.parametrize("back", [HALF, HALF // 2, 30_000], ids=["from 0", "among its own", "elsewhere"])
def test_every_word_is_heard_of_one_whose_stream_begins_anew(
    tmp_path: Path, said: list[str], back: int
) -> None:
    anew = [
        frame._replace(sequence=(frame.sequence - back) % 2**16, timestamp=(frame.timestamp + 10**9) % 2**32)
        for frame in SENT[HALF:]
    ]
    assert words(tmp_path, [*SENT[:HALF], *anew]) == said


def test_packets_that_overtook_each_other_are_heard_in_the_order_sent(
    tmp_path: Path, said: list[str]
) -> None:
    """Also those with the same timestamp, of which only the sequence numbers tell the order."""
    mixed = [frame for four in zip(*[iter(SENT)] * 4, strict=False) for frame in reversed(four)]
    mixed += SENT[len(mixed) :]
    still = [frame._replace(timestamp=0, arrival=SENT[at].arrival) for at, frame in enumerate(mixed)]
    assert words(tmp_path, still) == said
