"""CPU microseconds per packet from the socket to the journal, beside others and beside the bare primitives."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from statistics import median

from tests.bench import node
from tests.bench.contender import Contender, ContenderFailed, contender, python
from tests.bench.report import Result, reached
from tests.bench.studio import Person, Studio, say_together

PEOPLE = 10
TICKS_AT_ONCE = 5
"""A burst is 100 ms of ten people: 50 packets, as when 50 people speak."""
AES, XCHACHA = "AES-GCM", "XChaCha20"
OURS, FLOOR, PYCORD, DISCORDJS = "notetaker", "floor", "py-cord 2.8.1", "@discordjs/voice"

TO_FLOOR, TO_PYCORD, TO_DISCORDJS = 2.5, 10.0, 2.0
"""The reach: at most so many floors, at least so many times cheaper than the others."""

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Entry:
    """One contender in one mode."""

    name: str
    mode: str
    command: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Measured:
    us: float
    """CPU per packet sent, median of all rounds."""
    came_through: float
    """Share of the packets sent that came out at the other end."""


def entries() -> list[Entry]:
    """Everyone who can take part. py-cord knows no AES-GCM mode."""
    found = [
        Entry(OURS, AES, python("ours")),
        Entry(FLOOR, AES, python("floor")),
        Entry(OURS, XCHACHA, python("ours")),
        Entry(FLOOR, XCHACHA, python("floor")),
        Entry(PYCORD, XCHACHA, python("pycord")),
    ]
    if (command := node.command()) is not None:
        found.append(Entry(DISCORDJS, AES, command))
        if node.has_xchacha():
            found.append(Entry(DISCORDJS, XCHACHA, command))
    return found


async def run(folder: Path, progress: Progress, *, rounds: int = 9, ticks: int = 500) -> Result:
    """``ticks`` of 20 ms in each round, after one that does not count."""
    async with Studio(folder) as studio, AsyncExitStack() as stack:
        world = studio.local.world
        bot = next(user for user in world.users.values() if user.bot)
        guild = next(iter(world.guilds.values()))
        place = guild.id, next(c.id for c in guild.channels.values() if c.name == "Standup")
        people = [await studio.person(*place, 1000 + number) for number in range(PEOPLE)]
        contenders: dict[Entry, Contender] = {}
        ids = count(5000)
        for entry in entries():
            progress(f"{entry.name}, {entry.mode}: joining")
            studio.local.faults.offer_aes_gcm = entry.mode == AES
            user_id = bot.id if entry.name == PYCORD else next(ids)
            contenders[entry] = await stack.enter_async_context(
                contender(
                    entry.name,
                    entry.command,
                    user_id,
                    place,
                    studio,
                    api_url=studio.local.api_url,
                    token=bot.token,
                    packages=str(node.PACKAGES),
                    people=[str(1000 + number) for number in range(PEOPLE)],
                )
            )
            await contenders[entry].join()
        await studio.until_in_group(people, guild.id, [one.user_id for one in contenders.values()])
        measured = await _rounds(studio, guild.id, people, contenders, progress, rounds, ticks)
    return _result(measured, rounds, ticks)


async def _rounds(
    studio: Studio,
    guild_id: int,
    people: list[Person],
    contenders: dict[Entry, Contender],
    progress: Progress,
    rounds: int,
    ticks: int,
) -> dict[Entry, Measured]:
    """Everyone gets the same packets, one after the other, in every round: what disturbs one disturbs all."""
    sent = ticks * len(people)
    costs: dict[Entry, list[float]] = {entry: [] for entry in contenders}
    packets: dict[Entry, int] = dict.fromkeys(contenders, 0)
    for number in range(rounds + 1):
        said = say_together(people, ticks)
        for entry, one in contenders.items():
            progress(
                f"{entry.name}, {entry.mode}: " + (f"round {number} of {rounds}" if number else "warming up")
            )
            sealed = studio.seal(guild_id, one.user_id, said)
            await one.start(sent)
            await studio.send_all(sealed, studio.address(guild_id, one.user_id), TICKS_AT_ONCE)
            await asyncio.sleep(0.1)
            usage = await one.stop()
            if number:
                costs[entry].append(usage.cpu_us / sent)
                packets[entry] += usage.packets
    for entry, came in packets.items():
        if entry.name == OURS and came != sent * rounds:
            raise ContenderFailed(f"Of {sent * rounds} packets {came} came into the journal ({entry.mode}).")
    return {entry: Measured(median(costs[entry]), packets[entry] / (sent * rounds)) for entry in contenders}


def _result(measured: dict[Entry, Measured], rounds: int, ticks: int) -> Result:
    us = {(entry.name, entry.mode): one.us for entry, one in measured.items()}
    result = Result(
        "receive: CPU per packet, from the socket to the journal",
        ("", "AES-GCM", "XChaCha20", "× floor", "× notetaker", "came through"),
    )
    for name in (FLOOR, OURS, DISCORDJS, PYCORD):
        modes = [mode for mode in (AES, XCHACHA) if (name, mode) in us]
        if not modes:
            continue
        through = min(one.came_through for entry, one in measured.items() if entry.name == name)
        result.rows.append(
            (
                name,
                *(f"{us[name, mode]:.1f} µs" if mode in modes else "–" for mode in (AES, XCHACHA)),
                " / ".join(f"{us[name, mode] / us[FLOOR, mode]:.2f}" for mode in modes),
                " / ".join(f"{us[name, mode] / us[OURS, mode]:.2f}" for mode in modes),
                f"{through:.1%}",
            )
        )
    result.figures = {
        "us_per_packet": {f"{name}, {mode}": round(value, 2) for (name, mode), value in us.items()},
        "rounds": rounds,
        "packets_per_round": ticks * PEOPLE,
    }
    for mode in (AES, XCHACHA):
        ratio = us[OURS, mode] / us[FLOOR, mode]
        result.notes.append(reached(f"{mode}: {ratio:.2f} floors (at most {TO_FLOOR})", ratio <= TO_FLOOR))
    cheaper = us[PYCORD, XCHACHA] / us[OURS, XCHACHA]
    what = f"{XCHACHA}: {cheaper:.1f} times cheaper than py-cord (at least {TO_PYCORD:.0f})"
    result.notes.append(reached(what, cheaper >= TO_PYCORD))
    for mode in (AES, XCHACHA):
        if (DISCORDJS, mode) in us:
            cheaper = us[DISCORDJS, mode] / us[OURS, mode]
            what = f"{mode}: {cheaper:.1f} times cheaper than @discordjs/voice (at least {TO_DISCORDJS:.0f})"
            result.notes.append(reached(what, cheaper >= TO_DISCORDJS))
    if node.command() is None:
        result.notes.append(node.MISSING)
    elif not node.has_xchacha():
        result.notes.append("@discordjs/voice knows XChaCha20 only with a package that is not installed.")
    return result
