"""The steps that both campaigns have in common."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from typing import Any

from tests.campaigns.supervised.patience import expect, until
from tests.campaigns.supervised.stage import Stage, whole_gaps
from tests.campaigns.supervised.world import Branch
from tests.harness.people import type_command

REFUSALS = 100
REFUSED_S = 200.0
PER_CONNECTION = 40
"""An attempt takes two commands of the main connection, which has 110 a minute; a new one begins anew."""
NOTES_S = 120.0


async def idle(stage: Stage) -> str:
    """No meeting at all: not one restart"""
    seconds = 2 * stage.pace.silence_s
    async with stage.undisturbed():
        await asyncio.sleep(seconds)
    return f"{seconds:.0f} s, where silence for {stage.pace.silence_s:.0f} s is allowed"


async def outage(stage: Stage) -> str:
    """Discord down for several times the silence that is allowed: not one restart, and the meeting goes on"""
    seconds = stage.pace.outage_s
    async with stage.undisturbed():
        await stage.meeting()
        await stage.fault("outage", seconds=seconds)
        began = time.monotonic()
        await asyncio.sleep(seconds)
        await stage.heard()
        took = time.monotonic() - began - seconds
    return f"{seconds:.0f} s down; heard again {took:.1f} s after its end"


async def refused(stage: Stage) -> str:
    """A hundred close codes 4006 in a row, and new main connections: not one restart, and the meeting goes on"""
    async with stage.undisturbed(), AsyncExitStack() as people:
        await stage.meeting()
        before, began = await _count(stage), time.monotonic()
        bot = str(stage.office.bot.id)
        await stage.fault("refuse_identify", user_id=bot, code=4006, times=REFUSALS)
        await stage.fault("voice_close", user_id=bot, code=4006)
        for branch in stage.branches:
            await people.enter_async_context(branch.in_the_room(stage.office.local))
        await asyncio.gather(*(_join(stage, branch) for branch in stage.branches))
        for times in range(PER_CONNECTION, REFUSALS, PER_CONNECTION):
            await _met(stage, before + times)
            await stage.fault("gateway_reconnect", user_id=bot)
        await _met(stage, before + REFUSALS)
        took = time.monotonic() - began
        back = await stage.heard()
    return f"in {took:.0f} s; heard again {back:.1f} s later"


async def reload(stage: Stage) -> str:
    """The settings read again: what can change does, what cannot is said, and a mistake changes nothing"""
    async with stage.undisturbed():
        await stage.meeting()
        said = await stage.reload(".env: LOG_LEVEL", LOG_LEVEL="DEBUG")
        await stage.reload("METRICS_PORT can only be changed by a restart", METRICS_PORT="9464")
        await stage.reload(
            "Reload failed, keeping the current settings: LOG_LEVEL is invalid", LOG_LEVEL="LOUD"
        )
        await stage.reload("Reloaded settings", LOG_LEVEL="INFO", METRICS_PORT="")
        await stage.heard()
    return said


async def notes(stage: Stage) -> str:
    """/stopnotes: the notes are posted once, with all that was said and every gap"""
    await stage.meeting()
    await stage.ben_speaks()
    meeting_id = await stage.end_meeting()
    report: dict[str, Any] = {}

    async def posted() -> bool:
        report.update(await stage.report(meeting_id))
        return bool(report["state"] == "posted")

    took = await until(posted, NOTES_S, "The notes are not posted.")
    files = [m for m in stage.office.messages() for a in m.attachments if meeting_id in a.filename]
    expect(len(files) == 1, f"The notes were posted {len(files)} times.")
    gaps = len(whole_gaps(report))
    expect(gaps >= stage.absences, f"{stage.absences} absences, and only {gaps} gaps.")
    ben = str(stage.office.user("Ben").id)
    stored = sum(one["stored"] for one in report["speakers"] if one["user_id"] == ben)
    expect(stored >= stage.spoken, f"{stage.spoken} packets were spoken, {stored} are stored.")
    return f"posted after {took:.1f} s; {gaps} gaps are marked"


async def _join(stage: Stage, branch: Branch) -> None:
    """Returns when the bot has answered, which it does after a few attempts."""
    place = branch.person.id, branch.channel("general")
    await type_command(stage.office.http, stage.office.local, *place, "joinvoice")


async def _met(stage: Stage, times: int) -> None:
    """Once this process has met close code 4006 so often."""

    async def so_often() -> bool:
        return await _count(stage) >= times

    await until(so_often, REFUSED_S, f"Close code 4006 was not met {times} times.")


async def _count(stage: Stage) -> int:
    codes = (await stage.said())["voice"]["totals"]["close_codes"]
    return sum(code["count"] for code in codes if code["code"] == 4006)
