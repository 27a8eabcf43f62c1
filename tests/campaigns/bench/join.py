"""Milliseconds from opcode 4 to the first stored packet, beside @discordjs/voice."""

import asyncio
from collections.abc import Callable
from itertools import count
from pathlib import Path
from statistics import median

from tests.campaigns.bench import node
from tests.campaigns.bench.contender import contender, python
from tests.campaigns.bench.report import Result, reached
from tests.campaigns.bench.sound import talk
from tests.campaigns.bench.studio import Person, Studio

GUILD, CHANNEL = 10, 20
PEOPLE = 4
OURS, DISCORDJS = "notetaker", "@discordjs/voice"

Progress = Callable[[str], None]


async def run(folder: Path, progress: Progress, *, rounds: int = 15) -> Result:
    """In each round each of them joins once, in a fresh process, a channel in which everyone speaks."""
    commands = {OURS: python("ours")}
    if (command := node.command()) is not None:
        commands[DISCORDJS] = command
    took: dict[str, list[float]] = {name: [] for name in commands}
    user_ids = count(5000)
    async with Studio(folder) as studio:
        people = [await studio.person(GUILD, CHANNEL, 1000 + number) for number in range(PEOPLE)]
        speaking = [asyncio.ensure_future(_speak(one, number)) for number, one in enumerate(people)]
        try:
            for number in range(rounds):
                for name, command in commands.items():
                    progress(f"{name}, {number + 1} of {rounds}")
                    took[name].append(
                        await _join(
                            studio, name, command, next(user_ids), [person.user_id for person in people]
                        )
                    )
        finally:
            for task in speaking:
                task.cancel()
            await asyncio.gather(*speaking, return_exceptions=True)
    return _result(took)


async def _join(
    studio: Studio, name: str, command: tuple[str, ...], user_id: int, people: list[int]
) -> float:
    async with contender(
        name,
        command,
        user_id,
        (GUILD, CHANNEL),
        studio,
        packages=str(node.PACKAGES),
        people=[str(person) for person in people],
    ) as one:
        one.tell({"do": "join"})
        ms = float((await one.until("first"))["ms"])
    await studio.local.voice.release(guild_id=GUILD, user_id=user_id)
    await asyncio.sleep(0.2)  # the group gets over it
    return ms


async def _speak(person: Person, number: int) -> None:
    """In real time, without a pause."""
    loop = asyncio.get_running_loop()
    began = loop.time() + number * 0.02 / PEOPLE
    for tick, opus in enumerate(talk(100_000)):
        await asyncio.sleep(began + tick * 0.02 - loop.time())
        await person.link.send_audio(opus)


def _result(took: dict[str, list[float]]) -> Result:
    result = Result(
        "join: from opcode 4 to the first packet, end-to-end encrypted channel of four",
        ("", "median", "fastest", "slowest"),
    )
    for name, ms in took.items():
        result.rows.append((name, f"{median(ms):.0f} ms", f"{min(ms):.0f} ms", f"{max(ms):.0f} ms"))
        result.figures[name] = {"median_ms": round(median(ms), 1), "all_ms": [round(one, 1) for one in ms]}
    if DISCORDJS in took:
        ours, theirs = median(took[OURS]), median(took[DISCORDJS])
        result.notes.append(reached(f"{ours:.0f} ms against {theirs:.0f} ms (not slower)", ours <= theirs))
    else:
        result.notes.append(node.MISSING)
    return result
