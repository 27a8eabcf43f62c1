"""CPU microseconds per packet from the socket to the journal, beside others and beside the bare primitives."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from statistics import median

from tests.campaigns.bench import node
from tests.campaigns.bench.contender import Contender, ContenderFailed, contender, python
from tests.campaigns.bench.report import Result, reached
from tests.campaigns.bench.studio import Person, Studio, say_together
from tests.harness.world import channel_id, the_bot

PEOPLE = 10
AES, XCHACHA = "AES-GCM", "XChaCha20"
OURS, FLOOR, PYCORD, DISCORDJS = "notetaker", "floor", "py-cord", "@discordjs/voice"

BURST = 150
"""Packets sent in a row, faster than anyone takes them: they wait in the socket as on a busy bot, and one wakeup
serves many. More do not fit into the socket of a contender that leaves its size as it is."""
ALONE = 1
"""Every packet wakes the process up, as in a small meeting."""

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
class Cost:
    us: float
    """CPU per packet sent, median of all rounds."""
    came_through: float
    """Share of the packets sent that came out at the other end."""


def entries() -> list[Entry]:
    """Everyone who can take part. py-cord 2.8 knows no AES-GCM mode."""
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


async def run(
    folder: Path, progress: Progress, *, rounds: int = 9, packets: int = 6000, alone: int = 1000
) -> Result:
    """``packets`` in each round of bursts, ``alone`` in each round of single packets."""
    async with Studio(folder) as studio, AsyncExitStack() as stack:
        stage = await _enter(studio, stack, progress)
        bursts = await stage.measure(BURST, rounds, packets)
        singles = await stage.measure(ALONE, max(1, rounds // 2), alone)
    result = Result(
        "receive: CPU per packet, from the socket to the journal, DAVE on",
        ("", "", f"{BURST} at once", "floors", "ours", "one by one", "floors", "ours", "came"),
    )
    for mode in (AES, XCHACHA):
        for name in (FLOOR, OURS, DISCORDJS, PYCORD):
            if (name, mode) in bursts:
                columns = [_columns(costs, name, mode) for costs in (bursts, singles)]
                through = min(costs[name, mode].came_through for costs in (bursts, singles))
                result.rows.append((mode, name, *columns[0], *columns[1], f"{through:.0%}"))
    result.figures = {
        f"us_per_packet_{BURST}_at_once": {", ".join(who): round(cost.us, 2) for who, cost in bursts.items()},
        "us_per_packet_one_by_one": {", ".join(who): round(cost.us, 2) for who, cost in singles.items()},
        "rounds": rounds,
        "packets_per_round": packets,
    }
    _judge(bursts, result)
    if node.command() is None:
        result.notes.append(node.MISSING)
    elif not node.has_xchacha():
        result.notes.append("@discordjs/voice knows XChaCha20 only with a package that is not installed.")
    return result


Costs = dict[tuple[str, str], Cost]
"""By name and mode."""


@dataclass(slots=True)
class _Stage:
    """Everyone in one voice channel."""

    studio: Studio
    guild_id: int
    people: list[Person]
    contenders: dict[Entry, Contender]
    progress: Progress

    async def measure(self, at_once: int, rounds: int, packets: int) -> Costs:
        """Everyone gets the same packets, one after the other, in every round: what disturbs one disturbs all.

        Another one begins each time, for whoever is first finds the machine colder. Round 0 does not count.
        """
        cpu_us: dict[Entry, list[float]] = {entry: [] for entry in self.contenders}
        came = dict.fromkeys(self.contenders, 0)
        for number in range(rounds + 1):
            said = say_together(self.people, packets // PEOPLE)
            order = list(self.contenders.items())
            begin = number % len(order)
            for entry, one in order[begin:] + order[:begin]:
                self.progress(f"{entry.name}, {entry.mode}, {at_once} at once, round {number} of {rounds}")
                sealed = self.studio.seal(self.guild_id, one.user_id, said)
                await one.start(len(sealed))
                try:
                    address = self.studio.address(self.guild_id, one.user_id)
                    await self.studio.send_all(sealed, address, at_once)
                except (KeyError, TimeoutError):
                    words = one.last_words()
                    raise ContenderFailed(f"{entry.name} ({entry.mode}) does not receive. {words}") from None
                await asyncio.sleep(0.1)
                usage = await one.stop()
                if number:
                    cpu_us[entry].append(usage.cpu_us / len(sealed))
                    came[entry] += usage.packets
        sent = rounds * (packets // PEOPLE) * PEOPLE
        for entry in self.contenders:
            if entry.name == OURS and came[entry] != sent:
                raise ContenderFailed(
                    f"of {sent} packets {came[entry]} came into the journal ({entry.mode})."
                )
        return {
            (entry.name, entry.mode): Cost(median(cpu_us[entry]), came[entry] / sent)
            for entry in self.contenders
        }


async def _enter(studio: Studio, stack: AsyncExitStack, progress: Progress) -> _Stage:
    """People and contenders join."""
    world = studio.local.world
    bot = the_bot(world)
    guild = next(iter(world.guilds.values()))
    place = guild.id, channel_id(guild, "Standup")
    people = [await studio.person(*place, 1000 + number) for number in range(PEOPLE)]
    contenders: dict[Entry, Contender] = {}
    ids = count(5000)
    for entry in entries():
        progress(f"{entry.name}, {entry.mode}, joins")
        studio.local.faults.offer_aes_gcm = entry.mode == AES
        contenders[entry] = await stack.enter_async_context(
            contender(
                entry.name,
                entry.command,
                bot.id if entry.name == PYCORD else next(ids),
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
    return _Stage(studio, guild.id, people, contenders, progress)


def _columns(costs: Costs, name: str, mode: str) -> tuple[str, str, str]:
    us = costs[name, mode].us
    return f"{us:.1f} µs", f"{us / costs[FLOOR, mode].us:.2f}", f"{us / costs[OURS, mode].us:.2f}"


def _judge(costs: Costs, result: Result) -> None:
    def times(name: str, other: str, mode: str) -> float:
        return costs[name, mode].us / costs[other, mode].us

    for mode in (AES, XCHACHA):
        floors = times(OURS, FLOOR, mode)
        result.notes.append(reached(f"{mode}: {floors:.2f} floors (at most {TO_FLOOR})", floors <= TO_FLOOR))
    for name, least in ((PYCORD, TO_PYCORD), (DISCORDJS, TO_DISCORDJS)):
        for mode in (AES, XCHACHA):
            if (name, mode) in costs:
                cheaper = times(name, OURS, mode)
                what = f"{mode}: {cheaper:.1f} times cheaper than {name} (at least {least:.0f})"
                result.notes.append(reached(what, cheaper >= least))
