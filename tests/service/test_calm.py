"""What is no reason to begin anew, however long it lasts: the real voice manager, recordings and health, in a time
that passes as fast as they can bear.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from notetaker.discordbot.ports import Refused, Start
from notetaker.discordsim.speaker.link import VoiceLink
from notetaker.meetings.saving import PATIENCE_S
from notetaker.model.voice import SessionBegan
from notetaker.model.voice_status import VoicePhase
from notetaker.recording.clock import Moment, read_clocks
from notetaker.service.health import SILENCE_S, TICK_S, Health
from tests.harness import postgres
from tests.harness.bench import ADA, GENERAL, Bench
from tests.harness.office import SENTENCE
from tests.voice.call import BOT, CHANNEL, GUILD, Call, Gateway, a_call

WISH = Start(GUILD, CHANNEL, "Standup", GENERAL, ADA)
OUTAGE_S, REFUSALS, FREEZE_S, DAY_S = 600.0, 100, 1200.0, 86400.0
SENTENCES = 6
STEP_S = 2.0
"""Less than what a voice connection may be late (``voice.guild.OVERDUE_S``)."""


class MainGateway(Gateway):
    """While it is up, it has always said something just now."""

    heard_at = 0.0

    @property
    def connected(self) -> bool:
        return not self.down


class Life:
    """``beats`` counts the signs of life."""

    def __init__(self, call: Call, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
        assert isinstance(call.gateway, MainGateway)
        self.call = call
        self.bench = bench
        self.gateway = call.gateway
        self.beats = 0
        self.frozen = False
        """The database is."""
        self.health = Health(
            call.manager, self.gateway, bench.recordings, bench.disk, bench.database, self._beat
        )
        self._passed = 0.0
        real = time.monotonic  # which the event loop asks, too
        monkeypatch.setattr(time, "monotonic", lambda: real() + self._passed)
        bench.clocks.read = self._read_clocks
        self.hear()

    def hear(self) -> None:
        self.gateway.heard_at = time.monotonic()

    async def goes_on(self, seconds: float, step_s: float = STEP_S) -> None:
        """For so long, and is in control all the time."""
        for _ in range(round(seconds / step_s)):
            self._passed += step_s
            if self.gateway.connected:
                self.hear()
            beats = self.beats
            for _ in range(10):
                await asyncio.sleep(0)
            await self.until(lambda: self._has_borne_it)
            assert self.beats > beats

    async def hears(self, ada: VoiceLink) -> None:
        """A sentence."""
        heard = self._heard + len(SENTENCE)
        for frame in SENTENCE:
            await ada.send_audio(frame)
        await self.until(lambda: self._heard == heard)

    async def until(self, holds: Callable[[], bool]) -> None:
        """It is in control meanwhile."""
        async with asyncio.timeout(20):
            while not holds():
                assert self.health.failure(time.monotonic()) is None
                await asyncio.sleep(0.001)  # real: threads are at work
        assert self.health.failure(time.monotonic()) is None

    @property
    def phase(self) -> VoicePhase:
        [guild] = self.call.manager.status().guilds
        return guild.phase

    @property
    def _has_borne_it(self) -> bool:
        """The threads and the voice server, whose time is the real one, have done what there was to do."""
        connections = [guild.reception.connection for guild in self.call.manager._guilds.values()]
        answered = all(not one.session.heartbeat._unacked for one in connections if one is not None)
        return answered and not (self.bench.disk.busy or (self.bench.database.busy and not self.frozen))

    @property
    def _heard(self) -> int:
        """Packets in the journal."""
        return sum(one.stored for one in self.call.manager.coverage(GUILD))

    def _read_clocks(self) -> Moment:
        """All clocks of the computer, of which ``read_clocks`` finds one leaping."""
        passed_ns, moment = round(self._passed * 1e9), read_clocks()
        return moment._replace(boot_ns=moment.boot_ns + passed_ns, unix_ns=moment.unix_ns + passed_ns)

    def _beat(self) -> None:
        self.beats += 1


@asynccontextmanager
async def a_life(
    folder: Path, monkeypatch: pytest.MonkeyPatch, database_url: str | None = None
) -> AsyncIterator[Life]:
    async with a_call(folder, gateway_of=MainGateway) as call, asyncio.TaskGroup() as tasks:
        bench = Bench(folder, tasks, manager=call.manager, database_url=database_url)
        life = Life(call, bench, monkeypatch)
        steady = [
            tasks.create_task(bench.recordings.run()),
            tasks.create_task(call.manager.run(life.health.beat)),
        ]
        yield life
        for task in steady:
            task.cancel()
        await asyncio.wait(steady)
        bench.close()


async def test_ten_minutes_without_discord(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with a_life(tmp_path, monkeypatch) as life:
        meeting = await life.bench.start(WISH)
        await life.goes_on(60)
        life.gateway.down = True
        life.call.server.outage(OUTAGE_S)
        await life.goes_on(OUTAGE_S)
        assert time.monotonic() - life.gateway.heard_at > SILENCE_S
        assert life.phase is VoicePhase.WAITING
        life.hear()
        life.gateway.down = False
        life.call.manager.receive(SessionBegan("main 2", frozenset({GUILD})))
        await life.until(lambda: life.phase is VoicePhase.CONNECTED)
        await life.goes_on(60)
        await life.bench.meetings.stop(GUILD, 99)
        [gap] = life.bench.store.gaps(meeting.id)
        assert gap.ended_ns > gap.started_ns


async def test_a_hundred_sessions_refused_in_a_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with a_life(tmp_path, monkeypatch) as life:
        await life.bench.start(WISH)
        life.call.faults.refuse_identify(BOT, 4006, times=REFUSALS)
        assert life.call.server.hang_up(BOT, 4006) == 1
        while (refused := life.call.manager.status().totals.close_codes[4006]) <= REFUSALS:
            await life.until(lambda: life.phase is not VoicePhase.CONNECTING)
            await life.goes_on(60)
        assert refused == REFUSALS + 1
        await life.until(lambda: life.phase is VoicePhase.CONNECTED)
        await life.bench.meetings.stop(GUILD, 99)


async def test_twenty_minutes_with_a_frozen_database(
    tmp_path: Path, postgres_socket: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with (
        a_life(tmp_path, monkeypatch, postgres.new_database(postgres_socket)) as life,
        life.call.speaker(ADA) as ada,
    ):
        meeting = await life.bench.start(WISH)
        state_file = life.bench.folder / meeting.id / "journal" / "state.json"
        await life.hears(ada)
        with postgres.frozen(postgres_socket):
            life.frozen = True
            for _ in range(SENTENCES - 1):
                safe_ns = state_file.stat().st_mtime_ns
                await life.goes_on(FREEZE_S / SENTENCES, step_s=2 * STEP_S)
                assert state_file.stat().st_mtime_ns > safe_ns
                await life.hears(ada)
            assert life.bench.database.waiting_s(time.monotonic()) > FREEZE_S / 2
        life.frozen = False
        await life.goes_on(60)
        await life.bench.meetings.stop(GUILD, 99)
        utterances = life.bench.store.utterances(meeting.id)
        assert sum(one.packets for one in utterances) == SENTENCES * len(SENTENCE)
        assert life.bench.store.gaps(meeting.id) == []
        assert set(life.bench.queue.states("transcribe", (one.id for one in utterances)).values()) == {
            "ENQUEUED"
        }
    assert [line for line in caplog.messages if "stored" in line or "database" in line] == [
        "The database does not answer; audio is safe in the journals until it does",
        "The database answers again",
    ]


async def test_a_day_without_a_meeting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with a_life(tmp_path, monkeypatch) as life:
        await life.goes_on(DAY_S, step_s=TICK_S / 2)
        assert life.call.manager.status().totals.health_checks == pytest.approx(DAY_S / 60, abs=2)


async def test_nobody_waits_for_a_frozen_database(
    tmp_path: Path, postgres_socket: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with a_life(tmp_path, monkeypatch, postgres.new_database(postgres_socket)) as life:
        meetings = life.bench.meetings
        with postgres.frozen(postgres_socket):
            life.frozen = True
            starting = asyncio.ensure_future(meetings.start(WISH, 5))
            await life.until(lambda: life.bench.database.busy)
            await life.goes_on(PATIENCE_S + STEP_S)
            with pytest.raises(Refused, match="can't save anything"):
                await starting
            assert meetings.channel(GUILD) is None
            asking = asyncio.ensure_future(life.bench.database(life.bench.store.due_postings))
            await life.goes_on(PATIENCE_S + STEP_S)
            with pytest.raises(Refused, match="can't save anything"):
                await meetings.start(WISH, 6)
            assert not life.bench.folder.exists(), "neither was begun"
            assert await meetings.leave(GUILD, 7) is None
        life.frozen = False
        assert await asking == []
    assert [line for line in caplog.messages if "start a meeting" in line] == [
        "Cannot start a meeting: the database does not answer"
    ] * 2
