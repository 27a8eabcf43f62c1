"""What an operator does every other day."""

from __future__ import annotations

import time

from notetaker import __version__
from notetaker.host.exit_codes import ExitCode
from tests.campaigns.supervised.patience import expect
from tests.campaigns.supervisor.stage import BOT, WATCHDOG_LOG, WORKER, Stage

NEW_VERSION = "0.99.0"


async def restart(stage: Stage) -> str:
    """`supervisorctl restart` in mid-meeting: the same meeting, and people are told what was not heard"""
    before = await stage.meeting()
    began = time.monotonic()
    await stage.host.control("restart", BOT)
    told = await stage.goes_on(before)
    took = time.monotonic() - began
    expect("the note-taker was restarted" in told, f"People were told: {told}")
    return f"{told}; heard again after {took:.1f} s"


async def upgrade(stage: Stage) -> str:
    """Newer files and `supervisorctl restart` in mid-meeting: the same meeting with the new version"""
    before = await stage.meeting()
    version = stage.checkout / "notetaker" / "__init__.py"
    version.write_text(version.read_text().replace(__version__, NEW_VERSION))
    await stage.host.control("restart", "notetaker-watchdog", BOT)
    await stage.host.control("restart", WORKER)
    told = await stage.goes_on(before)
    runs = (await stage.said())["version"]
    expect(runs == NEW_VERSION, f"The bot's version is {runs}.")
    return f"{__version__} became {runs}; {told}"


async def stop(stage: Stage) -> str:
    """`supervisorctl stop` and `start` in mid-meeting: leaves voice, exit code 0, and the meeting goes on"""
    before = await stage.meeting()
    await stage.host.control("stop", "notetaker:*")
    for name in (BOT, WORKER):
        shown, code = await stage.shown(name), stage.host.info(name)["exitstatus"]
        expect((shown, code) == ("STOPPED", ExitCode.OK), f"{name} is shown as {shown}, exit code {code}.")
    said = stage.host.log(WATCHDOG_LOG)
    expect(f"{BOT} (process {before}) is stopping: " in said, "The watchdog has not heard that it stops.")
    office = stage.office
    expect(office.bot.id not in office.guild.voice_states, "Discord still shows the bot in voice.")
    state = (await stage.report(stage.meeting_id))["state"]
    expect(state == "recording", f"The meeting is {state}.")
    await stage.told("I'll resume")
    await stage.host.control("start", "notetaker:*")
    return await stage.goes_on(before)
