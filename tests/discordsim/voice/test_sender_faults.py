"""What comes of a sender whose network or RTP clock is odd, as another client sees it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise

import pytest

from notetaker.discordsim.speaker.link import VoiceLink
from notetaker.discordsim.voice.faults import Clock
from tests.discordsim.voice.conftest import House
from tests.discordsim.voice.listener import Listener

HEARER, ADA = 1, 2
FRAMES = [b"frame %d" % number for number in range(10)]


@asynccontextmanager
async def heard(house: House) -> AsyncIterator[tuple[Listener, VoiceLink]]:
    house.faults.padding_burst_chance = 0.0
    async with Listener(house.place(HEARER), house.client_tls) as listener:
        await listener.join()
        async with VoiceLink(house.place(ADA), house.client_tls) as ada:
            yield listener, ada


async def speaks(ada: VoiceLink, start_s: float) -> None:
    for number, frame in enumerate(FRAMES):
        assert await ada.send_audio(frame, start_s + 0.02 * number)


async def test_what_a_clogged_network_held_back_comes_in_order(house: House) -> None:
    async with heard(house) as (listener, ada):
        began = asyncio.get_running_loop().time()
        house.faults.clog(ADA, 0.3)
        await speaks(ada, began)
        await listener.until(lambda: len(listener.heard.get(ADA, [])) == len(FRAMES))
        assert asyncio.get_running_loop().time() - began > 0.29
        assert listener.heard[ADA] == FRAMES
        await speaks(ada, began + 1.0)
        await listener.until(lambda: len(listener.heard[ADA]) == 2 * len(FRAMES))
        assert listener.heard[ADA] == 2 * FRAMES


@pytest.mark.parametrize(
    ("clock", "steps"),
    [(Clock.CONSTANT, {0}), (Clock.BACKWARDS, {-960 & 0xFFFF_FFFF}), (Clock.IN_RUNS, {0, 4800})],
)
async def test_a_clock_is_odd_for_some_time(house: House, clock: Clock, steps: set[int]) -> None:
    async with heard(house) as (listener, ada):
        house.faults.set_clock(ADA, clock, 60.0)
        await speaks(ada, 1000.0)
        await listener.until(lambda: len(listener.heard.get(ADA, [])) == len(FRAMES))
        assert {(b - a) & 0xFFFF_FFFF for a, b in pairwise(listener.timestamps[ADA])} == steps
        house.faults.set_clock(ADA, clock, 0.0)
        await speaks(ada, 1001.0)
        await listener.until(lambda: len(listener.heard[ADA]) == 2 * len(FRAMES))
        after = listener.timestamps[ADA][len(FRAMES) :]
        assert {(b - a) & 0xFFFF_FFFF for a, b in pairwise(after)} == {960}
