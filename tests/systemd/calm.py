"""What is no reason to restart anything."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack

from notetaker.discordsim.entities import Guild, User
from notetaker.discordsim.speaker import Speaker
from tests.systemd.journal import BOT, WRITTEN_S
from tests.systemd.patience import until
from tests.systemd.stage import Stage

REFUSALS = 100
REFUSED_S = 400.0
PER_CONNECTION = 40
"""An attempt takes two commands of the main connection, which has 110 a minute; a new one begins anew."""


async def idle(stage: Stage) -> str:
    """No meeting at all: not one restart"""
    seconds = 2 * stage.pace.watchdog_s
    async with stage.undisturbed():
        await asyncio.sleep(seconds)
    return f"{seconds:.0f} s, with WatchdogSec={stage.pace.watchdog_s:.0f}"


async def outage(stage: Stage) -> str:
    """Discord down for several times WatchdogSec: not one restart, and the meeting goes on"""
    seconds = stage.pace.outage_s
    async with stage.undisturbed():
        await stage.meeting()
        await stage.fault("outage", seconds=seconds)
        began = time.monotonic()
        await asyncio.sleep(seconds / 2)
        status = (await stage.bot.state()).status
        await asyncio.sleep(seconds / 2)
        await stage.heard()
        took = time.monotonic() - began - seconds
    return f"{seconds:.0f} s down, “{status}”; heard again {took:.1f} s after its end"


async def refused(stage: Stage) -> str:
    """A hundred close codes 4006 in a row, and new main connections: not one restart, and the meeting goes on"""
    async with stage.undisturbed(), AsyncExitStack() as people:
        await stage.meeting()
        before = await _count(stage)
        bot = str(stage.office.bot.id)
        await stage.fault("refuse_identify", user_id=bot, code=4006, times=REFUSALS)
        began = time.monotonic()
        await stage.fault("voice_close", user_id=bot, code=4006)
        for guild, person in stage.branches:
            await people.enter_async_context(_in_the_room(stage, guild, person))
        await asyncio.gather(*(_join(stage, guild, person) for guild, person in stage.branches))

        async def met(times: int) -> None:
            async def so_often() -> bool:
                return await _count(stage) - before >= times

            await until(so_often, REFUSED_S, f"Close code 4006 was not met {times} times.")

        for times in range(PER_CONNECTION, REFUSALS, PER_CONNECTION):
            await met(times)
            await stage.fault("gateway_reconnect", user_id=bot)
        await met(REFUSALS)
        took = time.monotonic() - began
        back = await stage.heard()
        status = (await stage.bot.state()).status

        async def in_the_journal() -> bool:
            return len(await stage.journal.entries("VOICE_CLOSE_CODE=4006", f"--unit={BOT}")) >= REFUSALS

        await until(in_the_journal, WRITTEN_S, "`journalctl VOICE_CLOSE_CODE=4006` does not show all.")
    return f"in {took:.0f} s; “{status}”; heard again {back:.1f} s later"


def _in_the_room(stage: Stage, guild: Guild, person: User) -> Speaker:
    return Speaker(
        api_url=f"{stage.local.api_url}/v10", token=person.token, ca_file=stage.local.ca_file,
        guild_id=guild.id, channel_id=_channel(guild, "Room"), name=person.display_name,
    )  # fmt: skip


async def _join(stage: Stage, guild: Guild, person: User) -> None:
    """Returns when the bot has answered."""
    await stage.office.sim(
        "interactions", user_id=str(person.id), guild_id=str(guild.id),
        channel_id=str(_channel(guild, "general")), command="joinvoice",
    )  # fmt: skip


def _channel(guild: Guild, name: str) -> int:
    return next(channel.id for channel in guild.channels.values() if channel.name == name)


async def _count(stage: Stage) -> int:
    """How often this process has met close code 4006."""
    codes = (await stage.said())["voice"]["totals"]["close_codes"]
    return sum(code["count"] for code in codes if code["code"] == 4006)
