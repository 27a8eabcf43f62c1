"""Starts that succeed, those that must not be tried again, and those that may be, in time."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from notetaker.cli.processes import SHORTEST_LIFE_S
from notetaker.host.exit_codes import ExitCode
from tests.campaigns.supervised.patience import expect
from tests.campaigns.supervisor.stage import BOT, BOT_LOG, SUPERVISOR_LOG, WATCHDOG, WORKER, Stage, configure

LOOKS_S = 2.5
"""supervisor looks every second whether anything is to be started."""


async def start(stage: Stage) -> str:
    """Bot, worker and watchdog are started, and `supervisorctl status` shows them running"""
    await stage.running()
    for name in (BOT, WORKER, WATCHDOG):
        shown = await stage.shown(name)
        expect(shown == f"RUNNING pid {stage.host.pid(name)}", f"{name} is shown as {shown}.")
    environment = Path(f"/proc/{stage.host.pid(WORKER)}/environ").read_text()
    expect(stage.office.bot.token not in environment, "The worker has the bot's token.")
    return "the worker without a token"


async def second_bot(stage: Stage) -> str:
    """A second bot with the same token: exit code 69, and one sentence that names the first"""
    async with stage.undisturbed(), stage.office.process("bot") as second:
        code = await second.exit_code()
        expect(code == ExitCode.ALREADY_RUNNING, f"The exit code is {code}.")
        [sentence] = [line for line in second.log.splitlines() if line.startswith("notetaker: ")]
        expect(f"process {stage.host.pid(BOT)} " in sentence, f"It says: {sentence}")
    return ""


async def bad_token(stage: Stage) -> str:
    """A token that Discord rejects: EXITED with 77, and no second try"""
    return await _refuses(stage, ExitCode.TOKEN_REJECTED, DISCORD_TOKEN="MTIz.wrong.token")


async def no_token(stage: Stage) -> str:
    """Started without a token: EXITED with 78, and no second try"""
    return await _refuses(stage, ExitCode.CONFIGURATION, DISCORD_TOKEN="")


async def broken(stage: Stage) -> str:
    """A bot that fails at its start is tried again, with a pause that `supervisorctl stop` ends at once"""
    await stage.host.control("stop", BOT)
    configure(stage.office)
    module = stage.checkout / "notetaker" / "service" / "bot.py"
    sound, told = module.read_text(), stage.host.log(BOT_LOG).count("This is a bug in notetaker")
    module.write_text(f"{sound}\nraise RuntimeError('broken')\n")
    try:
        began = time.monotonic()
        await stage.host.control("start", BOT)
        first = stage.host.pid(BOT)
        second = await stage.host.restarted(BOT, first)
        took = time.monotonic() - began
        await stage.host.until(
            lambda: stage.host.log(BOT_LOG).count("This is a bug in notetaker") == told + 2
        )
        await stage.host.control("stop", BOT)
    finally:
        module.write_text(sound)
    expect(took >= SHORTEST_LIFE_S, f"It was tried again after {took:.1f} s.")
    log = stage.host.log(SUPERVISOR_LOG)
    expect("exited: notetaker-bot (exit status 70; not expected)" in log, "It has not ended with 70.")
    expect("stopped: notetaker-bot (terminated by SIGTERM)" in log, f"Process {second} was waited for.")
    return f"again after {took:.1f} s"


async def _refuses(stage: Stage, code: ExitCode, **settings: str) -> str:
    """Returns what it says."""
    await stage.host.control("stop", BOT)
    configure(stage.office, **settings)
    before = stage.starts()
    await stage.host.control("start", BOT)
    await stage.host.until(lambda: stage.host.info(BOT)["statename"] == "EXITED")
    ended = stage.host.info(BOT)["exitstatus"]
    expect(ended == code, f"The exit code is {ended} instead of {code}.")
    await asyncio.sleep(LOOKS_S)
    shown = await stage.shown(BOT)
    expect(shown == "EXITED", f"It is shown as {shown}.")
    expect(stage.starts() == before + 1, "It was started again.")
    return stage.host.log(BOT_LOG).splitlines()[-1]
