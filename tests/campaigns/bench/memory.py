"""Resident memory of the bot process, by recording channels, and whether it grows while it records."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import linear_regression

from tests.campaigns.bench.bot import Bot, Room, a_bot, build
from tests.campaigns.bench.report import Result, reached
from tests.campaigns.bench.studio import Person, Studio, say_together

MB = 1 << 20
FRAMES_A_MINUTE = 3000
RUN_FRAMES = 1500
"""People pause after 30 s of speech: an utterance ends there in real time, too."""
PAUSE_S = 0.9
"""Longer than the pause that ends an utterance."""
FLAT_MB_PER_HOUR = 2.0

Progress = Callable[[str], None]


async def run(
    folder: Path,
    progress: Progress,
    *,
    channels: Sequence[int] = (0, 1, 10, 100),
    minutes: int = 30,
    talkers: int = 4,
) -> Result:
    """``talkers``: in so many of the channels somebody speaks for ``minutes`` of audio."""
    world, rooms = build(max(channels), 1)
    result = Result(
        "memory: resident set of the bot process", ("recording channels", "resident", "per channel")
    )
    async with Studio(folder, world) as studio, a_bot(studio) as bot:
        speakers: list[Person] = []
        rest = 0
        resident = {}
        for count in channels:
            for room in rooms[len(speakers) : count]:
                progress(f"{len(speakers) + 1} of {max(channels)} channels")
                speakers.append(await studio.person(room.guild.id, room.voice_id, room.user_ids[0]))
                await bot.start_notes(room)
                await studio.until_in_group([speakers[-1]], room.guild.id, [bot.user_id], settle_s=0)
            await _talk(studio, bot, rooms, speakers[:count], 50)
            await asyncio.sleep(2)
            resident[count] = bot.used().rss
            rest = rest or resident[count]
            each = f"{(resident[count] - rest) / count / MB:.2f} MB" if count else "–"
            result.rows.append((str(count), f"{resident[count] / MB:.0f} MB", each))
        slope = await _slope(studio, bot, rooms[:talkers], speakers[:talkers], minutes, progress)
    result.figures = {
        "resident_mb": {str(count): round(rss / MB, 1) for count, rss in resident.items()},
        "slope_mb_per_hour": round(slope, 2),
        "minutes": minutes,
    }
    what = f"{slope:+.2f} MB an hour, over {minutes} minutes of audio of {talkers} people"
    result.notes.append(reached(f"{what} (flat: at most {FLAT_MB_PER_HOUR})", slope <= FLAT_MB_PER_HOUR))
    return result


async def _slope(
    studio: Studio, bot: Bot, rooms: list[Room], speakers: list[Person], minutes: int, progress: Progress
) -> float:
    """MB per hour of audio, from the second sixth on: before that, caches fill."""
    points: list[tuple[float, float]] = []
    runs = minutes * FRAMES_A_MINUTE // RUN_FRAMES
    for number in range(runs):
        progress(f"minute {number * RUN_FRAMES / FRAMES_A_MINUTE:.0f} of {minutes}, played fast")
        await _talk(studio, bot, rooms, speakers, RUN_FRAMES)
        await asyncio.sleep(PAUSE_S)
        if number >= runs // 6:
            points.append((number * RUN_FRAMES / FRAMES_A_MINUTE / 60, bot.used().rss / MB))
    return linear_regression([x for x, _ in points], [y for _, y in points]).slope


async def _talk(studio: Studio, bot: Bot, rooms: list[Room], speakers: list[Person], frames: int) -> None:
    """Everyone says so many frames, as fast as the bot takes them."""
    for room, speaker in zip(rooms, speakers, strict=False):
        sealed = studio.seal(room.guild.id, bot.user_id, say_together([speaker], frames))
        await studio.send_all(sealed, studio.address(room.guild.id, bot.user_id), 100)
