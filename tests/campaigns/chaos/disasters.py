"""What strikes every meeting at once: the main connection, Discord as a whole, the bot's own process."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from notetaker.discordsim.server import LocalDiscord
from tests.campaigns.chaos.bot import BotProcess
from tests.campaigns.chaos.fault import Expect, Fault
from tests.campaigns.chaos.patience import comes_true
from tests.campaigns.chaos.room import Room

OUTAGE_S = 60.0
TWIN = "a second bot with the token"
TWIN_S = 60.0
"""By then a second instance has refused to start, on a busy machine too."""


@dataclass
class Stage:
    """What a disaster can lay hands on."""

    local: LocalDiscord
    bot: BotProcess
    rooms: list[Room]
    folder: Path
    meetings: Callable[[], int]
    """How many there have been."""
    killed_at: float | None = None
    """When the bot's process was killed by the disaster."""
    contested: Fault | None = None
    """What is to be expected in the first meeting, if that is something else."""


@dataclass(frozen=True)
class Disaster:
    fault: Fault
    """What is expected in each meeting."""
    strike: Callable[[Stage], Awaitable[None]]
    ends_process: bool = False
    """What the process holds on to cannot be compared with before."""


def _gateway(kind: str, lasts_s: float = 0.0, **fields: Any) -> Callable[[Stage], Awaitable[None]]:
    async def strike(stage: Stage) -> None:
        await stage.rooms[0].fault(kind, everywhere=True, **fields)
        await asyncio.sleep(lasts_s)

    return strike


async def _kill(stage: Stage) -> None:
    stage.killed_at = time.time()
    await stage.bot.kill()
    await stage.bot.begin()


async def _restart(stage: Stage) -> None:
    await stage.bot.terminate()
    await stage.bot.begin()


async def _twin(stage: Stage) -> None:
    """Somebody starts the bot a second time, elsewhere, and sends that one into the first meeting's channel.

    If it does not refuse to start: before it joins, it clears away what it takes for the remains of a dead process.
    """
    witness, bot = stage.rooms[0].witness, stage.bot
    ours = {session.id for session in stage.local.gateway.of_user(bot.user.id)}
    twin = BotProcess(stage.local, bot.user, stage.folder / "twin", stage.folder / "twin.log")
    await twin.launch()
    try:
        if not await comes_true(lambda: not twin.runs, TWIN_S):
            witness.strangers |= {s.id for s in stage.local.gateway.of_user(bot.user.id)} - ours
            stage.contested = CONTESTED
            await stage.rooms[0].says("startnotes")
            await asyncio.sleep(2.0)
    finally:
        await twin.close()


async def _nothing(room: Room) -> None:
    """A disaster has its own strike."""


CONTESTED = Fault(TWIN, "", _nothing, Expect.ENDED)


def catalogue() -> list[Disaster]:
    def fault(name: str, *, lossless: bool = False, says: bool = False, within_s: float = 60.0) -> Fault:
        return Fault(name, "", _nothing, lossless=lossless, says=says, within_s=within_s)

    return [
        Disaster(
            fault("main gateway drops, is resumed", lossless=True), _gateway("gateway_close", 2.0, code=4000)
        ),
        Disaster(fault("main gateway asks to reconnect", lossless=True), _gateway("gateway_reconnect", 2.0)),
        Disaster(fault("main gateway: new session"), _gateway("gateway_invalidate")),
        Disaster(
            fault("main gateway stalls", lossless=True),
            _gateway("gateway_stall", 15.0, seconds=15.0),
        ),
        Disaster(
            fault(f"outage of REST and gateways, {OUTAGE_S:.0f} s", within_s=90.0),
            _gateway("outage", OUTAGE_S, seconds=OUTAGE_S),
        ),
        Disaster(fault("kill -9 of the bot", says=True, within_s=90.0), _kill, ends_process=True),
        Disaster(fault("SIGTERM and start", says=True, within_s=90.0), _restart, ends_process=True),
        Disaster(fault(TWIN, lossless=True), _twin),
    ]
