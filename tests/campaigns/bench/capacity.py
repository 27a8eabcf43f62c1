"""How many people speaking at once one bot process receives on one core, without a single drop."""

import asyncio
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from notetaker.recording.journal import JournalReader, Packet
from tests.campaigns.bench.bot import Bot, Room, a_bot, build
from tests.campaigns.bench.report import Result, reached
from tests.campaigns.bench.sound import FRAME_S
from tests.campaigns.bench.studio import Person, Studio, say_together, udp_sockets

KEEPS_UP_S = 0.2
"""Once the last packet is sent, the sockets must be empty within this time."""
REACH = 500
BUSY = 0.85
"""Of a core: more is as good as all of it on a machine that does other things too."""

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Step:
    people: int
    sent: int
    took_s: float
    dropped: int
    backlog_s: float
    """How long after the last packet was sent a socket still held something."""
    busy: float
    """CPU time of the process over wall time: 1 is a whole core."""

    @property
    def kept_up(self) -> bool:
        return self.dropped == 0 and self.backlog_s <= KEEPS_UP_S


async def run(
    folder: Path,
    progress: Progress,
    *,
    rooms: int = 50,
    people: int = 10,
    seconds: float = 5,
    paces: Sequence[float] = (0.2, 1, 1.5, 2, 2.5, 3, 3.5, 4),
) -> Result:
    """``paces``: how much faster than in reality everyone speaks, until the bot does not keep up."""
    world, built = build(rooms, people)
    async with Studio(folder, world) as studio, a_bot(studio) as bot:
        speakers: list[list[Person]] = []
        for number, room in enumerate(built):
            progress(f"room {number + 1} of {rooms}: {people} people join, the bot takes notes")
            in_room = [await studio.person(room.guild.id, room.voice_id, user) for user in room.user_ids]
            await bot.start_notes(room)
            await studio.until_in_group(in_room, room.guild.id, [bot.user_id], settle_s=0)
            speakers.append(in_room)
        await asyncio.sleep(1)
        cores = sorted(os.sched_getaffinity(0))
        bot.pin(cores[-1])
        if len(cores) > 1:
            os.sched_setaffinity(0, set(cores[:-1]))
        try:
            steps = []
            for pace in paces:
                progress(f"{pace * rooms * people:.0f} people speak at once")
                steps.append(await _step(studio, bot, built, speakers, pace, seconds))
                if not steps[-1].kept_up:
                    break
        finally:
            os.sched_setaffinity(0, set(cores))
        stored = await asyncio.to_thread(_stored, bot.state)
    return _result(steps, stored, rooms, rooms * people)


async def _step(
    studio: Studio, bot: Bot, rooms: list[Room], speakers: list[list[Person]], pace: float, seconds: float
) -> Step:
    ticks = round(seconds * pace / FRAME_S)
    people = sum(len(in_room) for in_room in speakers)
    said = [say_together(in_room, ticks) for in_room in speakers]
    packets = []
    for room, in_room in zip(rooms, said, strict=True):
        sealed = studio.seal(room.guild.id, bot.user_id, in_room)
        size = len(in_room[0])
        packets.append([sealed[at : at + size] for at in range(0, len(sealed), size)])
    addresses = [studio.address(room.guild.id, bot.user_id) for room in rooms]
    ports = [port for _, port in addresses]
    before, dropped = bot.used(), _drops(ports)
    began = time.monotonic()
    await asyncio.to_thread(_play, studio, packets, addresses, FRAME_S / pace)
    sent = time.monotonic()
    while _queued(ports) and time.monotonic() - sent < 10:  # noqa: ASYNC110 - the kernel announces nothing
        await asyncio.sleep(0.002)
    emptied = time.monotonic()
    after = bot.used()
    return Step(
        people=round(people * pace),
        sent=people * ticks,
        took_s=sent - began,
        dropped=_drops(ports) - dropped,
        backlog_s=emptied - sent,
        busy=(after.cpu_s - before.cpu_s) / (emptied - began),
    )


def _play(
    studio: Studio, packets: list[list[list[bytes]]], addresses: list[tuple[str, int]], tick_s: float
) -> None:
    """Sends every tick of every room at its time; the rooms take turns within a tick."""
    began = time.monotonic()
    for number in range(len(packets[0])):
        for room, (ticks, address) in enumerate(zip(packets, addresses, strict=True)):
            due = began + (number + room / len(addresses)) * tick_s
            if (early := due - time.monotonic()) > 0.0005:
                time.sleep(early)
            studio.send(ticks[number], address)


def _queued(ports: list[int]) -> bool:
    sockets = udp_sockets()
    return any(sockets[port].queued for port in ports)


def _drops(ports: list[int]) -> int:
    sockets = udp_sockets()
    return sum(sockets[port].drops for port in ports)


def _stored(state: Path) -> int:
    """Packets in all journals."""
    return sum(
        isinstance(event, Packet)
        for path in (state / "meetings").glob("*/journal/*.pcap")
        for event in JournalReader(path)
    )


def _result(steps: list[Step], stored: int, rooms: int, real: int) -> Result:
    result = Result(
        f"capacity: people speaking at once, in {rooms} voice channels, one bot process on one core",
        ("people at once", "packets/s", "CPU", "dropped", "empty after", "kept up"),
    )
    for step in steps:
        result.rows.append(
            (
                str(step.people),
                f"{step.sent / step.took_s:,.0f}",
                f"{step.busy:.0%}",
                str(step.dropped),
                f"{step.backlog_s * 1e3:.0f} ms",
                "yes" if step.kept_up else "no",
            )
        )
    kept_up = [step for step in steps if step.kept_up]
    most = max((step.people for step in kept_up), default=0)
    sent, dropped = sum(step.sent for step in steps), sum(step.dropped for step in steps)
    result.figures = {
        "people": most,
        "sent": sent,
        "stored": stored,
        "dropped": dropped,
        "steps": [
            {
                "people": s.people,
                "busy": round(s.busy, 3),
                "dropped": s.dropped,
                "backlog_s": round(s.backlog_s, 3),
            }
            for s in steps
        ],
    }
    result.notes.append(reached(f"{most} at once without a drop (at least {REACH})", most >= REACH))
    result.notes.append(
        f"Of {sent:,} packets sent, {stored:,} are in the journals and {dropped:,} were dropped."
    )
    result.notes.append(f"{real} people were there; for more than that they spoke faster.")
    busiest = max(step.busy for step in steps)
    if steps[-1].kept_up:
        result.notes.append("The limit was not found.")
    elif busiest > BUSY:
        result.notes.append(f"What limits: its one core, {busiest:.0%} busy.")
    else:
        result.notes.append(f"What limits: not its CPU, which was {busiest:.0%} busy at most.")
    return result
