"""Failures in the middle of a meeting: the process is started again, and the meeting goes on."""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Callable

from tests.campaigns.supervised.patience import expect
from tests.campaigns.supervisor.stage import BOT, BOT_LOG, WATCHDOG, WATCHDOG_LOG, WORKER, Stage

STACKS = "Fatal Python error: Aborted", "Thread 0x"


async def kill(stage: Stage) -> str:
    """`kill -9` of the bot: started again, the same meeting"""
    await stage.meeting()
    await stage.ben_speaks()
    return await stage.goes_on(stage.host.send(BOT, signal.SIGKILL))


async def stopped(stage: Stage) -> str:
    """The bot stopped (SIGSTOP): the watchdog ends it"""
    return await _hangs(stage, lambda pid: os.kill(pid, signal.SIGSTOP))


async def blocked_loop(stage: Stage) -> str:
    """The event loop blocked: the watchdog ends it"""
    return await _hangs(stage, lambda pid: os.kill(pid, signal.SIGUSR1), "_stand_still")


async def stuck_lock(stage: Stage) -> str:
    """A guild's lock that nobody gives back: the watchdog ends it"""
    return await _hangs(stage, lambda pid: os.kill(pid, signal.SIGUSR2), "Unhealthy: ")


async def journal_unwritable(stage: Stage) -> str:
    """The recording's file cannot be written (EFBIG): the watchdog ends it"""

    def forbid_growth(pid: int) -> None:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))

    return await _hangs(stage, forbid_growth, "Unhealthy: ", "(File too large)")


async def worker(stage: Stage) -> str:
    """The worker killed, and another time stopped: started again, the bot untouched"""
    bot = await stage.meeting()
    await stage.host.restarted(WORKER, stage.host.send(WORKER, signal.SIGKILL))
    await stage.ready(WORKER)
    await stage.ended(stage.host.send(WORKER, signal.SIGSTOP), WORKER)
    await stage.ready(WORKER)
    expect(stage.host.pid(BOT) == bot, "The bot was started again, too.")
    return "twice"


async def watchdog(stage: Stage) -> str:
    """`kill -9` of the watchdog: it runs again, hears the bot, and nobody else is started again"""
    bot = await stage.meeting()
    before = stage.starts()
    await stage.host.restarted(WATCHDOG, stage.host.send(WATCHDOG, signal.SIGKILL))
    sign = f"{BOT} (process {bot}) is sending pings"
    await stage.host.until(lambda: sign in stage.host.log(WATCHDOG_LOG))
    await stage.heard()
    expect(stage.starts() == before + 1, "Others were started again, too.")
    return ""


async def _hangs(stage: Stage, hurt: Callable[[int], None], *log: str) -> str:
    """The bot, in a meeting."""
    pid = await stage.meeting()
    before = len(stage.host.log(BOT_LOG))
    hurt(pid)
    await stage.ended(pid)
    said = stage.host.log(BOT_LOG)[before:]
    for text in (*STACKS, *log, "Task voice keeper"):
        expect(text in said, f"The bot's log has no “{text}”.")
    return await stage.goes_on(pid)
