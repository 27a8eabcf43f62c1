"""What is no reason to restart anything."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack

from notetaker.discordsim.entities import Guild, User
from notetaker.discordsim.speaker import Speaker
from tests.supervisor.stage import SILENCE_S, Stage
from tests.systemd.patience import until

IDLE_S = 2 * SILENCE_S
OUTAGE_S = 3.5 * SILENCE_S
REFUSALS = 100
REFUSED_S = 100.0
PER_CONNECTION = 40
"""An attempt takes two commands of the main connection, which has 110 a minute; a new one begins anew."""


async def idle(stage: Stage) -> str:
    """No meeting at all: not one restart"""
    async with stage.undisturbed():
        await asyncio.sleep(IDLE_S)
    return f"{IDLE_S:.0f} s, where silence for {SILENCE_S:.0f} s is allowed"


async def outage(stage: Stage) -> str:
    """Discord down for several times the silence that is allowed: not one restart, and the meeting goes on"""
    async with stage.undisturbed():
        await stage.meeting()
        await stage.fault("outage", seconds=OUTAGE_S)
        began = time.monotonic()
        await asyncio.sleep(OUTAGE_S)
        await stage.heard()
        took = time.monotonic() - began - OUTAGE_S
    return f"{OUTAGE_S:.0f} s down; heard again {took:.1f} s after its end"


async def refused(stage: Stage) -> str:
    """A hundred close codes 4006 in a row, and new main connections: not one restart, and the meeting goes on"""
    async with stage.undisturbed(), AsyncExitStack() as people:
        await stage.meeting()
        before, began = await _count(stage), time.monotonic()
        bot = str(stage.office.bot.id)
        await stage.fault("refuse_identify", user_id=bot, code=4006, times=REFUSALS)
        await stage.fault("voice_close", user_id=bot, code=4006)
        for guild, person in stage.branches:
            await people.enter_async_context(_in_the_room(stage, guild, person))
        await asyncio.gather(*(_join(stage, guild, person) for guild, person in stage.branches))
        for times in range(PER_CONNECTION, REFUSALS, PER_CONNECTION):
            await _met(stage, before + times)
            await stage.fault("gateway_reconnect", user_id=bot)
        await _met(stage, before + REFUSALS)
        took = time.monotonic() - began
        await stage.heard()
    return f"in {took:.0f} s"


def _in_the_room(stage: Stage, guild: Guild, person: User) -> Speaker:
    local = stage.office.local
    return Speaker(
        api_url=f"{local.api_url}/v10", token=person.token, ca_file=local.ca_file,
        guild_id=guild.id, channel_id=_channel(guild, "Room"), name=person.display_name,
    )  # fmt: skip


async def _join(stage: Stage, guild: Guild, person: User) -> None:
    """Returns when the bot has answered, which it does after a few attempts."""
    await stage.office.sim(
        "interactions", user_id=str(person.id), guild_id=str(guild.id),
        channel_id=str(_channel(guild, "general")), command="joinvoice",
    )  # fmt: skip


def _channel(guild: Guild, name: str) -> int:
    return next(channel.id for channel in guild.channels.values() if channel.name == name)


async def _met(stage: Stage, times: int) -> None:
    """Once this process has met close code 4006 so often."""

    async def so_often() -> bool:
        return await _count(stage) >= times

    await until(so_often, REFUSED_S, f"Close code 4006 was not met {times} times.")


async def _count(stage: Stage) -> int:
    codes = (await stage.said())["voice"]["totals"]["close_codes"]
    return sum(code["count"] for code in codes if code["code"] == 4006)
