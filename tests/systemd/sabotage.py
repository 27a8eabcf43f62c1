"""Put into the bot as `sitecustomize` (module site): two signals make it do what no operator can.

SIGUSR1: its event loop stands still. SIGUSR2: the lock of every guild's voice is taken, and never given back.
"""

import asyncio
import gc
import signal
import time
from types import FrameType

PATIENCE_S = 3.0
"""In production a guild's lock is not overdue before the longest attempt to connect is over."""

HELD: list[object] = []


def _stand_still(number: int, frame: FrameType | None) -> None:
    time.sleep(3600)


def _take_locks(number: int, frame: FrameType | None) -> None:
    loop = asyncio.get_running_loop()
    for guild in [one for one in gc.get_objects() if type(one).__name__ == "GuildVoice"]:
        guild.lock._patience_s = lambda: PATIENCE_S
        HELD.append(loop.create_task(guild.lock.acquire()))


signal.signal(signal.SIGUSR1, _stand_still)
signal.signal(signal.SIGUSR2, _take_locks)
