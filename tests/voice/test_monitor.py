"""The loop from which the watchdog is pinged, what counts as a failure; settings that change meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from notetaker.voice.attempts import REGION_S
from notetaker.voice.guild import UNTIMED_S
from notetaker.voice.manager import LOOK_S
from notetaker.voice.ports import JoinFailed
from notetaker.voice.settings import VoiceSettings
from notetaker.voice.timing import TimedLock
from tests.voice.call import BOT, CHANNEL, GUILD, Call, Gateway, a_call

CONNECTION_TIMEOUT_S = 20.0


class SlowRest(Gateway):
    """A Discord whose REST API lets everybody wait until ``answer`` is set."""

    answer: asyncio.Event
    asked_rest: asyncio.Event

    async def set_voice_region(self, channel_id: int, region: str | None) -> None:
        self.asked_rest.set()
        await self.answer.wait()


@asynccontextmanager
async def checking(call: Call) -> AsyncIterator[asyncio.Queue[float]]:
    """The monitor runs, and is in the middle of a look that waits for Discord; the pings so far."""
    gateway, pings = call.gateway, asyncio.Queue[float]()
    assert isinstance(gateway, SlowRest)
    gateway.answer, gateway.asked_rest = asyncio.Event(), asyncio.Event()

    async def monitor() -> None:
        await call.manager.run(lambda: pings.put_nowait(call.clock.time()))

    running = asyncio.ensure_future(monitor())
    call.clock.skip(61)
    try:
        async with asyncio.timeout(10):
            await gateway.asked_rest.wait()
        yield pings
    finally:
        gateway.answer.set()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def until_after(moment: float, pings: asyncio.Queue[float]) -> None:
    async with asyncio.timeout(10):
        while await pings.get() <= moment:
            pass


async def test_a_discord_that_lets_the_health_monitor_wait_stops_no_ping(tmp_path: Path) -> None:
    (tmp_path / "regions.json").write_text(f'{{"{CHANNEL}": "rotterdam"}}')
    async with a_call(tmp_path, gateway_of=SlowRest) as call, checking(call) as pings:
        await until_after(call.clock.time(), pings)
        assert call.manager.failure is None
        looks = call.manager.status().totals.health_checks
        call.clock.skip(61)
        await until_after(call.clock.time(), pings)
        assert call.manager.status().totals.health_checks == looks == 1, "one at a time"


async def test_a_health_monitor_that_never_comes_back_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "regions.json").write_text(f'{{"{CHANNEL}": "rotterdam"}}')
    async with a_call(tmp_path, gateway_of=SlowRest) as call, checking(call):
        call.clock.skip(REGION_S)
        assert call.manager.failure is None
        call.clock.skip(LOOK_S + 1)
        assert "the health monitor is stuck" in (call.manager.failure or "")


async def test_a_guild_lock_that_somebody_keeps_is_a_failure(tmp_path: Path) -> None:
    async with a_call(tmp_path) as call:
        await call.manager.join(GUILD, CHANNEL)
        await call.manager._guilds[GUILD].lock.acquire()
        assert call.manager.failure is None
        call.clock.skip(UNTIMED_S + 1)
        assert f"an operation in guild {GUILD} is stuck" in (call.manager.failure or "")
        call.manager._guilds[GUILD].lock.release()
        assert "is stuck" not in (call.manager.failure or "")


async def test_a_lock_keeps_the_patience_that_there_was_when_it_was_taken() -> None:
    now, patience = 100.0, 50.0
    lock = TimedLock(lambda: now, lambda: patience)
    assert lock.overdue_s == 0
    async with lock:
        patience = 1.0
        now = 150.0
        assert lock.overdue_s == 0
        now = 152.5
        assert lock.overdue_s == 2.5
    assert lock.overdue_s == 0


async def test_a_lock_waits_for_the_step_that_its_holder_has_begun() -> None:
    now = 100.0
    lock = TimedLock(lambda: now, lambda: 30.0)
    lock.extend(600)  # nobody holds it
    async with lock:
        assert lock.overdue_s == 0
        lock.extend(60)
        lock.extend(1)  # a part of it
        now = 190.0
        assert lock.overdue_s == 0
        now = 191.0
        assert lock.overdue_s == 1


class Stuck(Gateway):
    """Opcode 4 never comes to its end, and pays no heed to being cancelled."""

    sending: asyncio.Event
    goes_on: asyncio.Event

    async def update_voice_state(self, guild_id: int, channel_id: int | None) -> None:
        self.sending.set()
        while not self.goes_on.is_set():
            with suppress(asyncio.CancelledError):
                await self.goes_on.wait()


async def test_an_operation_is_stuck_once_the_step_that_it_is_in_should_be_over(tmp_path: Path) -> None:
    async with a_call(tmp_path, gateway_of=Stuck, timeout_s=CONNECTION_TIMEOUT_S) as call:
        gateway = call.gateway
        assert isinstance(gateway, Stuck)
        gateway.sending, gateway.goes_on = asyncio.Event(), asyncio.Event()
        joining = asyncio.ensure_future(call.manager.join(GUILD, CHANNEL))
        async with asyncio.timeout(10):
            await gateway.sending.wait()
        call.clock.skip(CONNECTION_TIMEOUT_S)
        assert call.manager.failure is None
        call.clock.skip(UNTIMED_S + 1)
        assert f"an operation in guild {GUILD} is stuck" in (call.manager.failure or "")
        gateway.goes_on.set()
        joining.cancel()
        await asyncio.gather(joining, return_exceptions=True)


async def test_settings_that_change_hold_from_the_next_attempt_on(tmp_path: Path) -> None:
    async with a_call(tmp_path, attempts=1) as call:
        call.manager.configure(VoiceSettings(12.0, 2, 5.0, ("us-east",), tmp_path / "others"))
        call.faults.refuse_identify(BOT, 4006, times=9)
        with pytest.raises(JoinFailed, match="Tried 2 times without success"):
            await call.manager.join(GUILD, CHANNEL)
        assert call.gateway.regions_set == ["us-east", None]
        assert len(list((tmp_path / "others").iterdir())) == 3
        [guild] = call.manager.status().guilds
        assert guild.next_try_s is not None
        assert guild.next_try_s <= 5.0
