"""Failures of the process in the middle of a meeting: systemd ends it, starts it again, and the meeting goes on."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

from notetaker.model import events
from tests.campaigns.supervised.patience import expect, until
from tests.campaigns.systemd.journal import BOT, WRITTEN_S, Journal, message, seconds
from tests.campaigns.systemd.stage import DROP_INS, Stage
from tests.campaigns.systemd.unit import State

LEEWAY_S = 1.5
"""systemd and a busy machine may be late by so much."""
NOTICED_S = 5.0
"""Until the next frame of a speaker, which cannot be written."""
STOP_S = 2.0
"""For a bot that cannot stop. A minute in production."""


async def kill(stage: Stage) -> str:
    """`kill -9`: started again, the same meeting"""
    await stage.meeting()
    await stage.ben_speaks()
    before = await stage.bot.state()
    stage.journal.mark()
    began = time.monotonic()
    await stage.bot.kill("SIGKILL")
    return await _goes_on(stage, before, began, before.restarts + 1)


async def stopped(stage: Stage) -> str:
    """The process stopped (SIGSTOP): the watchdog ends it"""
    return await _watchdog(stage, lambda: stage.bot.kill("SIGSTOP"))


async def blocked_loop(stage: Stage) -> str:
    """The event loop blocked: the watchdog ends it"""
    said = await _watchdog(stage, lambda: stage.bot.kill("SIGUSR1"))
    await _stacks(stage.journal, "_stand_still")
    return said


async def stuck_lock(stage: Stage) -> str:
    """A guild's lock that nobody gives back: the watchdog ends it"""
    said = await _watchdog(stage, lambda: stage.bot.kill("SIGUSR2"), stage.pace.lock_s)
    await stage.journal.the(events.UNHEALTHY)
    return said


async def journal_unwritable(stage: Stage) -> str:
    """The recording's file cannot be written (EFBIG): the watchdog ends it"""

    async def forbid_growth() -> None:
        state = await stage.bot.state()
        await stage.container.check("prlimit", f"--pid={state.pid}", "--fsize=0")

    said = await _watchdog(stage, forbid_growth, NOTICED_S)
    await stage.journal.the(events.UNHEALTHY)
    return said


async def worker(stage: Stage) -> str:
    """A worker killed, and another time stopped: started again, the bot untouched"""
    async with stage.undisturbed():
        await stage.meeting()
        stage.journal.mark()
        before = await stage.worker.state()
        await stage.worker.kill("SIGKILL")
        after = await stage.worker.restarted(before.pid)
        await stage.worker.kill("SIGSTOP")
        await stage.worker.restarted(after.pid)
        said = [message(entry) for entry in await stage.journal.of_manager(stage.worker.name)]
        expect(any("Watchdog timeout" in line for line in said), "The watchdog has not ended the worker.")
        await stage.journal.the(events.ABORTED, unit=stage.worker.name)
        await _stacks(stage.journal, "Fatal Python error: Aborted", "in _sweep", unit=stage.worker.name)
    return "twice; its stacks are in the journal"


async def hung_stop(stage: Stage) -> str:
    """`systemctl restart` while the event loop is blocked: ended when its time to stop is over"""
    await stage.meeting()
    before = await stage.bot.state()
    stage.journal.mark()
    began = time.monotonic()
    hurry = f"{DROP_INS}/{stage.bot.name}.d/hurry.conf"
    stage.container.write(hurry, f"[Service]\nTimeoutStopSec={STOP_S:.0f}\n")
    try:
        await stage.container.check("systemctl", "daemon-reload")
        await stage.bot.kill("SIGUSR1")
        await stage.container.check("systemctl", "restart", stage.bot.name)
    finally:
        stage.container.remove(hurry)
        await stage.container.check("systemctl", "daemon-reload")
    said = await _goes_on(stage, before, began, 0)
    ends = [message(e) for e in await stage.journal.of_manager() if "timed out. Aborting" in message(e)]
    expect(len(ends) == 1, f"systemd has aborted the stop {len(ends)} times.")
    await stage.journal.the(events.ABORTED)
    await _stacks(stage.journal, "Fatal Python error: Aborted", "_stand_still")
    return f"aborted after {STOP_S:.0f} s; {said}"


async def _watchdog(stage: Stage, hurt: Callable[[], Awaitable[None]], noticed_s: float = 0.0) -> str:
    """`noticed_s`: until the bot itself calls it wrong, at most."""
    await stage.meeting()
    before = await stage.bot.state()
    stage.journal.mark()
    wall, began = time.time(), time.monotonic()
    await hurt()
    said = await _goes_on(stage, before, began, before.restarts + 1)
    ends = [e for e in await stage.journal.of_manager() if "Watchdog timeout" in message(e)]
    expect(len(ends) == 1, f"The watchdog has struck {len(ends)} times.")
    took = seconds(ends[0]) - wall
    expect(took <= noticed_s + stage.pace.silence_s + LEEWAY_S, f"The watchdog took {took:.1f} s.")
    [tasks] = await stage.journal.the(events.ABORTED)
    expect("Task voice keeper" in message(tasks), f"The stacks of tasks are missing:\n{message(tasks)}")
    await _stacks(stage.journal, "Fatal Python error: Aborted", "Thread 0x")
    return f"aborted after {took:.1f} s; {said}"


async def _goes_on(stage: Stage, before: State, began: float, restarts: int) -> str:
    """Another process, the same meeting; systemd has started it again so often by itself."""
    after = await stage.bot.restarted(before.pid)
    expect(after.restarts == restarts, f"It was restarted {after.restarts} times instead of {restarts}.")
    ready = time.monotonic() - began
    return f"ready again after {ready:.1f} s, {await stage.goes_on(before.pid)}"


async def _stacks(journal: Journal, *wanted: str, unit: str = BOT) -> None:
    async def told() -> bool:
        log = "\n".join(message(entry) for entry in await journal.of_unit(unit))
        return all(text in log for text in wanted)

    await until(told, WRITTEN_S, f"The journal of {unit} has no stack with {wanted}.")
