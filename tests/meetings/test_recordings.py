"""How soon what has ended is in the store: on a real recorder, store and job queue, with the loops of production."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from notetaker.jobs.queue import TRANSCRIBE
from notetaker.meetings import recordings
from notetaker.model.audio import AudioFrame
from notetaker.model.meeting import MeetingState
from tests.harness.bench import ADA, GUILD, Bench, heard


@pytest.fixture(autouse=True)
def _nothing_is_stored_unasked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recordings, "STORE_EVERY", 1000.0)


@asynccontextmanager
async def running(bench: Bench) -> AsyncIterator[None]:
    task = asyncio.ensure_future(bench.recordings.run())
    yield
    task.cancel()
    await asyncio.wait([task])


def called(bench: Bench, name: str) -> asyncio.Event:
    """Set when that method of the store has been called."""
    loop, event = asyncio.get_running_loop(), asyncio.Event()
    method: Callable[..., Any] = getattr(bench.store, name)

    def wrapped(*args: object) -> None:
        method(*args)
        loop.call_soon_threadsafe(event.set)

    setattr(bench.broken, name, wrapped)
    return event


async def test_an_utterance_that_has_ended_does_not_wait_for_the_next_attempt_to_store(bench: Bench) -> None:
    meeting = await bench.start()
    stored = called(bench, "add_utterance")
    async with running(bench):
        bench.voice.hear()
        await stored.wait()
        await bench.database(lambda: None)  # the job comes after the row
        [utterance] = bench.store.utterances(meeting.id)
        assert bench.queue.states(TRANSCRIBE, [utterance.id]) == {utterance.id: "ENQUEUED"}


async def test_a_disk_that_hangs_does_not_keep_an_utterance_from_the_store(bench: Bench) -> None:
    meeting = await bench.start()
    stored, freed = called(bench, "add_utterance"), threading.Event()
    hanging = asyncio.ensure_future(bench.disk(freed.wait))
    async with running(bench):
        bench.voice.hear()
        await stored.wait()
        assert not hanging.done()
        freed.set()
        await hanging
    assert len(bench.store.utterances(meeting.id)) == 1


async def test_what_somebody_said_has_ended_when_they_leave(bench: Bench) -> None:
    meeting = await bench.start()
    stored = called(bench, "add_utterance")
    async with running(bench):
        bench.voice.hear()
        assert bench.voice.sink is not None
        bench.voice.sink.speaker_left(ADA, asyncio.get_running_loop().time())
        await stored.wait()
        await bench.database(lambda: None)
        assert len(bench.store.utterances(meeting.id)) == 1


async def test_nor_does_the_end_of_a_meeting(bench: Bench) -> None:
    meeting = await bench.start()
    ended = called(bench, "end_meeting")
    async with running(bench):
        await bench.meetings.stop(GUILD, 1000)
        await ended.wait()
    assert [one.id for one in bench.store.meetings_in(MeetingState.FINISHING)] == [meeting.id]


async def test_what_waits_in_the_socket_is_heard_before_anybody_is_taken_to_have_stopped(
    bench: Bench,
) -> None:
    """The host stands still for six seconds, while somebody speaks on."""
    meeting = await bench.start()
    now = asyncio.get_running_loop().time()
    frames = [AudioFrame(ADA, 7, n, 960 * n, b"\xf8" * 60, now + 0.02 * n) for n in range(350)]
    bench.voice.waiting = frames[:50]
    await bench.tick(now + 1.0)
    bench.voice.waiting = frames[50:]
    await bench.tick(now + 7.0)
    await bench.tick(now + 10.0)
    [utterance] = bench.store.utterances(meeting.id)
    assert utterance.packets == 350


async def test_what_is_no_opus_is_stored_with_the_counts_and_read_back_the_same(bench: Bench) -> None:
    meeting = await bench.start()
    bench.voice.hear()
    before = bench.voice.heard
    now = asyncio.get_running_loop().time()
    for number in range(3):
        bench.voice.heard += 1
        assert bench.voice.sink is not None
        bench.voice.sink.frame(AudioFrame(ADA, 7, 900 + number, 0, b"\xff\x00", now + 2 + number))
    expected = [replace(heard(before + 3), no_opus=3)]
    await bench.tick(now)
    assert bench.store.coverage(meeting.id) == expected
    await bench.restart()  # after a crash
    await bench.stop()
    assert bench.store.coverage(meeting.id) == expected
