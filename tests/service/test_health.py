"""What is judged to be out of control, and what is only bad luck."""

import asyncio
import errno
import os
import threading
import time

import pytest

from notetaker.meetings.recordings import STORING_S
from notetaker.service.health import SILENCE_S, STORE_S, SYNC_S, TICK_S, Health
from tests.harness.bench import GUILD, Bench


class Judged:
    """A health that looks at the bench, and at voice and a main gateway that are whatever a test says."""

    def __init__(self, bench: Bench) -> None:
        self.failure: str | None = None
        self.connected = True
        self.heard_at = time.monotonic()
        self.signs_of_life = 0
        self.health = Health(self, self, bench.recordings, bench.disk, bench.database, self._on_healthy)

    def after(self, seconds: float) -> str | None:
        """What is wrong so much later."""
        return self.health.failure(time.monotonic() + seconds)

    def _on_healthy(self) -> None:
        self.signs_of_life += 1


@pytest.fixture
def judged(bench: Bench) -> Judged:
    return Judged(bench)


async def test_a_sign_of_life_is_given_only_in_control_and_the_log_says_why_not(
    judged: Judged, caplog: pytest.LogCaptureFixture
) -> None:
    judged.health.beat()
    assert judged.signs_of_life == 1
    judged.failure = "an operation is stuck"
    judged.health.beat()
    judged.health.beat()
    assert judged.signs_of_life == 1
    assert [record.getMessage() for record in caplog.records] == ["Unhealthy: an operation is stuck"]
    judged.failure = None
    judged.health.beat()
    assert judged.signs_of_life == 2


async def test_a_connected_gateway_that_says_nothing_is_trouble_and_one_that_is_away_is_none(
    bench: Bench, judged: Judged
) -> None:
    bench.recordings.ticked_at += 10 * SILENCE_S
    bench.recordings.stored_at += 10 * SILENCE_S
    assert judged.after(SILENCE_S - 1) is None
    assert "has been silent for" in (judged.after(SILENCE_S + 1) or "")
    judged.connected = False
    assert judged.after(10 * SILENCE_S) is None


@pytest.mark.parametrize(
    ("number", "bad"),
    [
        *((number, True) for number in (errno.EIO, errno.EROFS, errno.EBADF, errno.EACCES, errno.EMFILE)),
        *((number, False) for number in (errno.ENOSPC, errno.EDQUOT)),
    ],
)
@pytest.mark.parametrize("method", ["write", "sync"])
async def test_a_journal_that_cannot_be_written_is_trouble_unless_the_disk_is_full(
    bench: Bench, judged: Judged, monkeypatch: pytest.MonkeyPatch, method: str, number: int, bad: bool
) -> None:
    meeting = await bench.start()
    assert judged.after(0) is None
    with monkeypatch.context() as broken:

        def refuse(*_: object) -> None:
            raise OSError(number, os.strerror(number))

        broken.setattr(bench.recordings.live[0].recorder, method, refuse)
        bench.voice.hear()
        await bench.recordings.sync()
        if bad:
            assert judged.after(0) == (
                f"cannot write the journal of meeting {meeting.id} ({os.strerror(number)})"
            )
        else:
            assert judged.after(0) is None
    await bench.stop()
    assert judged.after(0) is None


async def test_a_frame_that_the_disk_refuses_is_trouble_until_the_next_one_that_it_takes(
    bench: Bench, judged: Judged, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bench.start()
    live = bench.recordings.live[0]
    with monkeypatch.context() as broken:

        def refuse(*_: object) -> None:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

        broken.setattr(live.recorder, "write", refuse)
        bench.voice.hear()
        assert "Input/output error" in (judged.after(0) or "")
    bench.voice.hear()
    assert judged.after(0) is None


async def test_a_disk_that_is_well_again_is_no_trouble_even_if_nobody_speaks(
    bench: Bench, judged: Judged, monkeypatch: pytest.MonkeyPatch
) -> None:
    meeting = await bench.start()
    recorder = bench.recordings.live[0].recorder
    with monkeypatch.context() as broken:

        def refuse(*_: object) -> None:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

        broken.setattr(recorder, "write", refuse)
        broken.setattr(recorder, "mark_gap", refuse)
        bench.voice.hear()
        now = asyncio.get_running_loop().time()
        await bench.tick(now + 1)
        assert "Input/output error" in (judged.after(0) or "")
    await bench.tick(now + 5)
    assert judged.after(0) is None
    [gap] = bench.store.gaps(meeting.id)
    assert gap.ended_ns - gap.started_ns == pytest.approx(5e9, abs=1e9)


async def test_a_sync_that_fails_is_trouble_until_one_that_does_not(
    bench: Bench, judged: Judged, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bench.start()
    live = bench.recordings.live[0]
    with monkeypatch.context() as broken:

        def refuse() -> None:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

        broken.setattr(live.recorder, "sync", refuse)
        await bench.tick()
        assert "Input/output error" in (judged.after(0) or "")
    await bench.tick()
    assert judged.after(0) is None


async def test_meetings_that_nobody_looks_after_are_trouble(bench: Bench, judged: Judged) -> None:
    judged.connected = False
    assert judged.after(TICK_S - 1) is None
    assert "the meetings have not been updated" in (judged.after(TICK_S + 1) or "")
    bench.recordings.ticked_at += 10_000
    assert judged.after(STORE_S - 1) is None
    assert "no meeting has been stored" in (judged.after(STORE_S + 1) or "")


async def test_a_disk_that_is_slow_is_no_trouble_and_one_that_never_answers_is(
    bench: Bench, judged: Judged
) -> None:
    judged.connected = False
    answer = threading.Event()
    call = asyncio.ensure_future(bench.disk(answer.wait, 20))
    await asyncio.sleep(0)
    assert judged.after(SYNC_S - 1) is None
    assert "the disk has not answered" in (judged.after(SYNC_S + 1) or "")
    answer.set()
    await call
    assert judged.after(TICK_S - 1) is None, "there has to be time for a tick, once it has answered"


async def test_a_database_that_never_answers_is_no_trouble(
    bench: Bench, judged: Judged, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged.connected = False
    real, answer = time.monotonic, threading.Event()
    async with bench.recordings.locks[GUILD]:
        call = asyncio.ensure_future(bench.database(answer.wait, 20))
        await asyncio.sleep(0)
        bench.recordings.ticked_at += 2e6
        monkeypatch.setattr(time, "monotonic", lambda: real() + 1e6)
        assert judged.after(0) is None
        answer.set()
        await call
        assert judged.after(STORE_S - 1) is None


async def test_a_lock_that_whoever_begins_or_ends_a_meeting_keeps_is_trouble(
    bench: Bench, judged: Judged, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged.connected = False
    bench.recordings.ticked_at += 10_000
    bench.recordings.stored_at += 10_000
    patience_s = bench.voice.patience_s + STORING_S
    real = time.monotonic
    async with bench.recordings.locks[GUILD]:
        monkeypatch.setattr(time, "monotonic", lambda: real() + patience_s - 5)
        assert judged.after(0) is None
        monkeypatch.setattr(time, "monotonic", lambda: real() + patience_s + 5)
        assert judged.after(0) == f"a meeting in guild {GUILD} is stuck, 5 s overdue"
    assert judged.after(0) is None
