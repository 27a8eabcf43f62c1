"""The real bot under a watchdog: what makes it bite, what it leaves behind, and what leaves it calm."""

import asyncio
import resource
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from tests.harness.office import SENTENCE, Office
from tests.harness.process import Process
from tests.harness.watchdog import Watchdog, a_watchdog

SECONDS = 6.0


@asynccontextmanager
async def watched(
    office: Office, tmp_path: Path, sabotage: str = "block loop"
) -> AsyncIterator[tuple[Process, Watchdog]]:
    """A bot that records a meeting, in which Ada goes on and on."""
    settings = {"AT_START": "import sabotage", "SABOTAGE": sabotage}
    async with AsyncExitStack() as stack:
        watchdog = await stack.enter_async_context(a_watchdog(SECONDS))
        bot = await stack.enter_async_context(office.process("bot", **watchdog.settings, **settings))
        await watchdog.until_heard("READY=1")
        ada = await stack.enter_async_context(office.person("Ada"))
        await office.says("startnotes")
        await ada.speak(SENTENCE[:10])
        speaking = asyncio.ensure_future(ada.speak(SENTENCE * 20))
        try:
            yield bot, watchdog
        finally:
            speaking.cancel()
            await asyncio.gather(speaking, return_exceptions=True)


async def bitten(bot: Process, watchdog: Watchdog) -> str:
    """What a bot leaves in the log that was ended by the watchdog."""
    async with asyncio.timeout(4 * SECONDS):
        await watchdog.bitten.wait()
    assert await bot.exit_code() == -signal.SIGABRT
    return bot.log


def unwritable(bot: Process) -> None:
    """Every write to a file fails from now on, with EFBIG; Python ignores SIGXFSZ."""
    resource.prlimit(bot.pid, resource.RLIMIT_FSIZE, (0, 0))


def sabotaged(bot: Process) -> None:
    bot.send_signal(signal.SIGUSR1)


def stopped(bot: Process) -> None:
    bot.send_signal(signal.SIGSTOP)


@pytest.mark.parametrize(
    ("sabotage", "way", "said"),
    [
        ("block loop", sabotaged, "in _block_loop"),
        ("hold locks", sabotaged, "is stuck, "),
        ("", unwritable, "(File too large)"),
        ("", stopped, "Fatal Python error: Aborted"),
    ],
)
async def test_a_bot_that_is_not_in_control_is_ended_and_its_stacks_are_in_the_log(
    office: Office, tmp_path: Path, sabotage: str, way: Callable[[Process], None], said: str
) -> None:
    async with watched(office, tmp_path, sabotage) as (bot, watchdog):
        way(bot)
        log = await bitten(bot, watchdog)
    assert said in log
    assert "Fatal Python error: Aborted" in log, "the stacks of the threads"
    tasks = log.partition("Fatal Python error")[0]
    assert "Task voice keeper (most recent call first):" in tasks
    assert "in poll_event" in tasks, "calls within calls"
    assert office.bot.token not in log


async def test_c_code_that_never_lets_go_of_the_interpreter_ends_the_process_all_the_same(
    office: Office, tmp_path: Path
) -> None:
    async with watched(office, tmp_path, "hold interpreter") as (bot, watchdog):
        sabotaged(bot)
        async with asyncio.timeout(4 * SECONDS):
            await watchdog.bitten.wait()
        assert await bot.exit_code() == 1
    assert "Timeout (0:00:09)!" in bot.log
    assert "in _hold_interpreter" in bot.log


async def test_nothing_that_discord_does_makes_the_watchdog_bite(office: Office, tmp_path: Path) -> None:
    victim = str(office.bot.id)
    async with watched(office, tmp_path) as (bot, watchdog):
        await office.sim("faults", kind="refuse_identify", user_id=victim, code=4006, times=100)
        await office.sim("faults", kind="voice_close", user_id=victim, code=4006)
        await watchdog.until_heard("STATUS=1 meeting, 1 person heard, 1 reconnecting, last 4006")
        await watchdog.until_pinged(5)
        await office.sim("faults", kind="outage", seconds=60)
        await watchdog.until(lambda: watchdog.heard[-1].startswith("STATUS=Waiting for Discord since "))
        assert "1 meeting, 1 person heard" in watchdog.heard[-1]
        await watchdog.until_pinged(5)
        assert not watchdog.bitten.is_set()
        assert await bot.terminate() == 0, bot.log
