"""What is no reason to restart anything."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack

from notetaker.discordsim.speaker import Speaker
from tests.systemd.patience import expect, until
from tests.systemd.stage import WATCHDOG_S, Stage

IDLE_S = 2 * WATCHDOG_S
OUTAGE_S = 3.5 * WATCHDOG_S
RETURN_S = 60.0
REFUSALS = 100
REFUSED_S = 200.0


async def idle(stage: Stage) -> str:
    """No meeting at all: not one restart"""
    async with stage.undisturbed():
        await asyncio.sleep(IDLE_S)
    return f"{IDLE_S:.0f} s, with WatchdogSec={WATCHDOG_S:.0f}"


async def outage(stage: Stage) -> str:
    """Discord down for several times WatchdogSec: not one restart, and the meeting goes on"""
    async with stage.undisturbed():
        await stage.meeting()
        await stage.fault("outage", seconds=OUTAGE_S)
        began = time.monotonic()
        await asyncio.sleep(OUTAGE_S / 2)
        status = (await stage.bot.state()).status
        await asyncio.sleep(OUTAGE_S / 2)
        await stage.heard()
        took = time.monotonic() - began - OUTAGE_S
    return f"{OUTAGE_S:.0f} s down, “{status}”; heard again {took:.1f} s after its end"


async def refused(stage: Stage) -> str:
    """A hundred close codes 4006 in a row: not one restart, and then everybody is back"""
    async with stage.undisturbed(), AsyncExitStack() as people:
        await stage.meeting()
        before = await _count(stage)
        bot = str(stage.office.bot.id)
        await stage.fault("refuse_identify", user_id=bot, code=4006, times=REFUSALS)
        began = time.monotonic()
        await stage.fault("voice_close", user_id=bot, code=4006)
        for guild, person in stage.branches:
            room = next(channel.id for channel in guild.channels.values() if channel.name == "Room")
            speaker = Speaker(
                api_url=f"{stage.local.api_url}/v10", token=person.token, ca_file=stage.local.ca_file,
                guild_id=guild.id, channel_id=room, name=person.display_name,
            )  # fmt: skip
            await people.enter_async_context(speaker)
            text = next(channel.id for channel in guild.channels.values() if channel.name == "general")
            await stage.office.sim(
                "interactions", user_id=str(person.id), guild_id=str(guild.id), channel_id=str(text),
                command="joinvoice",
            )  # fmt: skip

        async def all_refused() -> bool:
            return await _count(stage) - before >= REFUSALS

        await until(all_refused, REFUSED_S, f"Close code 4006 was not met {REFUSALS} times.")
        took = time.monotonic() - began
        await stage.heard()
        status = (await stage.bot.state()).status
        entries = await stage.journal.entries("VOICE_CLOSE_CODE=4006", "--unit=notetaker-bot")
        expect(len(entries) >= REFUSALS, f"`journalctl VOICE_CLOSE_CODE=4006` shows {len(entries)} entries.")
    return f"in {took:.0f} s; “{status}”"


async def _count(stage: Stage) -> int:
    """How often this process has met close code 4006."""
    codes = (await stage.said())["voice"]["totals"]["close_codes"]
    return sum(code["count"] for code in codes if code["code"] == 4006)
