"""Everything that can go wrong at once, in any order: what was wanted last comes true, and nothing is left behind."""

import asyncio
import gc
import logging
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import pytest

from notetaker.discordsim.voice.faults import Step as Moment
from notetaker.model.failure import CLOSE_CODES, Step
from notetaker.model.voice import VoiceState
from notetaker.voice import guild, presence
from notetaker.voice.decision import Stay, decide
from notetaker.voice.ports import JoinFailed
from notetaker.wire.handshake import DEADLINES_S
from tests.voice.call import BOT, CHANNEL, GUILD, Call, Recording, a_call, until
from tests.voice.moods import MOODS, MoodyGateway

ADA = 501
ROOMS = (CHANNEL, CHANNEL + 1, CHANNEL + 2)
ACTIONS = 40
SETTLES_S = 15.0
CODES = [*CLOSE_CODES, 4999]
FRAME = b"\xfc" + bytes(60)


@dataclass
class Ledger(Recording):
    """A sink that notices what does not add up."""

    wrong: list[str] = field(default_factory=list)
    retired: bool = False
    _open: bool = False

    def session_closed(self, now: float, reason: str) -> None:
        super().session_closed(now, reason)
        self._open = False

    def _note(self, event: str) -> None:
        if self.retired or (event == "opened") == self._open:
            self.wrong.append(f"{event} after {self.events[-3:]}{' when retired' if self.retired else ''}")
        self._open = self._open or event == "opened"
        super()._note(event)


@dataclass
class Storm:
    call: Call
    gateway: MoodyGateway
    random: Random
    sinks: list[Ledger] = field(default_factory=list)
    people: list[asyncio.Task[None]] = field(default_factory=list)

    async def blow(self) -> None:
        for _ in range(ACTIONS):
            await self.random.choice(self._actions)()
            await asyncio.sleep(self.random.choice((0, 0, 0.002, 0.01, 0.04)))

    async def subside(self) -> None:
        """No more faults; whatever is under way comes to its end, and the health monitor comes by once."""
        script = self.call.faults.script
        script._armed.clear()
        self.gateway.moods.clear()
        self.gateway.lag_s = 0.0
        self.gateway.come_back()
        await asyncio.sleep(0.05)  # a close frame may be on its way
        await until(lambda: self.gateway.quiet and self.at_rest, SETTLES_S)
        self.call.clock.skip(120)
        await self.call.manager.check()
        await until(lambda: self.at_rest and self.as_wanted, SETTLES_S)
        async with asyncio.timeout(10):
            results = await asyncio.gather(*self.people, return_exceptions=True)
        assert {type(result) for result in results} <= {type(None), JoinFailed}, results

    @property
    def voice(self) -> guild.GuildVoice:
        return self.call.manager._guilds[GUILD]

    @property
    def at_rest(self) -> bool:
        """Nothing is being done."""
        voice = self.voice
        return not voice.lock.locked() and (voice._keeper is None or decide(voice.facts) == Stay())

    @property
    def as_wanted(self) -> bool:
        wanted, connection = self.call.manager.wanted(GUILD), self.voice.reception.connection
        resumed = connection is None or connection.lost_websocket_at is None
        return self.call.manager.channel(GUILD) == wanted == self.gateway.place and resumed

    # What may happen

    @property
    def _actions(self) -> list[Callable[[], Awaitable[None]]]:
        return [
            self._join, self._join, self._join, self._leave, self._want, self._record, self._check, self._someone,
            self._kick, self._move, self._delete, self._migrate, self._close, self._close, self._cut,
            self._bad_handshake, self._bad_handshake, self._mood, self._mood, self._lose_gateway,
            self._find_gateway, self._begin_anew,
        ]  # fmt: skip

    async def _join(self) -> None:
        channel_id = self.random.choice(ROOMS)

        async def ask() -> None:
            self.gateway.wished(channel_id)
            await self.call.manager.join(GUILD, channel_id)

        self.people.append(asyncio.ensure_future(ask()))

    async def _leave(self) -> None:
        async def ask() -> None:
            self.gateway.wished(None)
            await self.call.manager.leave(GUILD)

        self.people.append(asyncio.ensure_future(ask()))

    async def _want(self) -> None:
        channel_id = self.random.choice((*ROOMS, None))
        self.gateway.wished(channel_id)
        self.call.manager.want(GUILD, channel_id)

    async def _record(self) -> None:
        for earlier in self.sinks:
            earlier.retired = True
        sink = Ledger() if self.random.random() < 0.5 else None
        self.sinks += [sink] if sink is not None else []
        self.call.manager.record(GUILD, sink)

    async def _check(self) -> None:
        self.call.clock.skip(self.random.choice((0, 10, 100)))
        await self.call.manager.check()

    async def _someone(self) -> None:
        self.call.manager.receive(VoiceState(GUILD, CHANNEL, ADA, "session of Ada"))

    async def _kick(self) -> None:
        await self.gateway.kick()

    async def _move(self) -> None:
        await self.gateway.move(self.random.choice(ROOMS))

    async def _delete(self) -> None:
        if self.random.random() < 0.3:
            await self.gateway.delete(self.random.choice(ROOMS))

    async def _migrate(self) -> None:
        self.gateway.migrate()

    async def _close(self) -> None:
        self.call.server.hang_up(BOT, self.random.choice(CODES))

    async def _cut(self) -> None:
        self.call.server.cut(BOT)

    async def _bad_handshake(self) -> None:
        moment, times = self.random.choice(list(Moment)), self.random.choice((1, 1, 2, 4))
        if self.random.random() < 0.2:
            self.call.faults.silent_at(BOT, moment)
        else:
            self.call.faults.close_at(BOT, moment, self.random.choice(CODES), times)

    async def _mood(self) -> None:
        self.gateway.moods.append(self.random.choice(MOODS))

    async def _lose_gateway(self) -> None:
        self.gateway.down = True

    async def _find_gateway(self) -> None:
        self.gateway.come_back()

    async def _begin_anew(self) -> None:
        if self.random.random() < 0.5:
            await self.gateway.begin_anew()


def voice_tasks() -> list[str]:
    return sorted(task.get_name() for task in asyncio.all_tasks() if task.get_name().startswith("voice"))


def descriptors() -> int:
    gc.collect()
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    for step in DEADLINES_S:
        monkeypatch.setitem(DEADLINES_S, step, 0.25)


@pytest.mark.parametrize("seed", range(16))
async def test_after_any_storm_all_is_as_it_was_wanted_last(
    seed: int, tmp_path: Path, impatient: None, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    before = descriptors()
    await weather(seed, tmp_path)
    assert descriptors() <= before
    assert [record.getMessage() for record in caplog.records if is_bad(record)] == []


def is_bad(record: logging.LogRecord) -> bool:
    """The DAVE library calls it an error that a commit is refused; ours to say is what comes of it."""
    return record.levelno >= logging.ERROR and record.name != "dave"


async def weather(seed: int, folder: Path) -> None:
    async with AsyncExitStack() as stack:
        call = await stack.enter_async_context(a_call(folder, timeout_s=1, gateway_of=MoodyGateway))
        assert isinstance(call.gateway, MoodyGateway)
        call.clock.deadlines = {
            DEADLINES_S[Step.CREDENTIALS]: 0.15,
            presence.WHAT_NEXT_S: 0.1,
            presence.ALLOCATION_S: 0.3,
        }
        random = call.gateway.random = Random(seed)
        call.gateway.lag_s = random.choice((0.0, 0.003, 0.03))
        storm = Storm(call, call.gateway, random)
        if seed % 2:
            await stack.enter_async_context(call.speaker(ADA))
        await storm._join()
        await storm._record()
        await storm.blow()
        await storm.subside()
        wanted = call.manager.wanted(GUILD)
        gateway = call.gateway
        if gateway.thrown_out:
            assert wanted is None
        else:
            excused = gateway.fates | ({None} if not call.removed.empty() else set())
            assert wanted in {gateway.wish} | (excused if gateway.wish is not None else set())
        there = ["voice connection", "voice keeper", "voice reader", "voice writer"]
        assert voice_tasks() == ([] if wanted is None else there)
        await call.manager.leave(GUILD)
        await until(lambda: gateway.quiet, SETTLES_S)
        assert voice_tasks() == []
        assert gateway.place is None
        assert [sink.wrong for sink in storm.sinks if sink.wrong] == []
        assert call.manager.failure is None
